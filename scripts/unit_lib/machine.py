"""A throw-away machine: this one's files under a layer in memory, booted by systemd-nspawn, without network."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTROL_GROUPS = Path("/sys/fs/cgroup")

BOOT_SECONDS = 60
STOP_SECONDS = 20
UNIT = "cultivar.service"
TARGET = "cultivar-trial.target"

_TARGET_UNIT = """\
[Unit]
Description=Enough of a machine to try a unit in
Requires=sysinit.target
Wants=dbus.socket
After=sysinit.target dbus.socket
AllowIsolate=yes
"""


class MachineError(Exception):
    """What went wrong, as a plain sentence."""


class Machine:
    """Its mounts are this process's mount namespace's, which has to be a private one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.log = folder / "console.log"
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._groups: list[Path] = []
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-t", "tmpfs", "-o", "mode=755", "cultivar-trial", self.folder)
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        layers = f"lowerdir=/,upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}"
        _run("mount", "-t", "overlay", "-o", layers, "cultivar-trial", self.root)

    def install(self, binary: Path) -> None:
        """What `make install` installs of what is built already, in place of an installation of this machine's."""
        for path in ("etc/cultivar", f"etc/systemd/system/{UNIT}.d", "var/lib/cultivar", "srv/cultivar"):
            if (self.root / path).exists():
                shutil.rmtree(self.root / path)
        _run("make", "-C", ROOT, "-o", "build", "install", f"DESTDIR={self.root}", f"BINARY={binary}")

    # Its life

    def boot(self) -> None:
        """Starts systemd, and of this machine's services only those that every machine needs."""
        self._write_identity()
        command = [
            "systemd-nspawn", f"--directory={self.root}", "--machine=cultivar-trial", "--boot", "--private-network",
            "--console=read-only", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--register=no"]
        # In version 1's, nothing tells a systemd in a container that a service's last process has ended.
        environment = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1")
        if not Path("/run/systemd/system").exists():
            # Nobody here hands out control groups.
            command.append("--keep-unit")
            self._groups = [_own_group(folder) for folder in _hierarchies()]
        with self.log.open("wb") as log:
            self._nspawn = subprocess.Popen(
                [*command, f"systemd.unit={TARGET}"], env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=self._join_groups)
        self.wait_until("systemd has booted", self._has_booted, BOOT_SECONDS)

    def _write_identity(self) -> None:
        """Its own name in the journal, no disks of this machine's, and a target without its services."""
        etc = self.root / "etc"
        (etc / "machine-id").write_text(secrets.token_hex(16) + "\n")
        (etc / "fstab").write_text("")
        (etc / "systemd" / "system" / TARGET).write_text(_TARGET_UNIT)

    def _join_groups(self) -> None:
        for group in self._groups:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def _has_booted(self) -> bool:
        assert self._nspawn
        if self._nspawn.poll() is not None:
            raise MachineError(f"systemd-nspawn ended with {self._nspawn.returncode}:\n{self.log_text()}")
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        if not children:
            return False
        self._leader = int(children[0])
        return self.run("systemctl", "is-active", TARGET).stdout.strip() == "active"

    def halt(self) -> None:
        """Ends it, however it is."""
        if self._nspawn and self._nspawn.poll() is None:
            self._nspawn.send_signal(signal.SIGTERM)
            try:
                self._nspawn.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        for target in (self.root, self.folder):
            _run("umount", "--lazy", target)
        for group in self._groups:
            for parent, _, _ in os.walk(group, topdown=False):
                os.rmdir(parent)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # What is done in it

    def run(self, *command: str | Path, user: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command in it, as root or as somebody logged in, whatever it ends with."""
        enter = ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return subprocess.run(
            [*enter, "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", *become,
             *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def must(self, *command: str | Path, user: str | None = None) -> str:
        """Runs a command that has to succeed; returns what it prints."""
        result = self.run(*command, user=user)
        if result.returncode != 0:
            shown = " ".join(map(str, command))
            raise MachineError(f"{shown} ended with {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    def shell(self, script: str, user: str | None = None) -> str:
        return self.must("sh", "-euc", script, user=user)

    def write(self, path: str, text: str | bytes) -> None:
        """Writes a file of root's, readable by all."""
        target = self.root / path.removeprefix("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)

    def wait_until(self, what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise MachineError(f"waited {seconds:.0f} s in vain: {what}")
            time.sleep(0.1)


def _run(*command: str | Path) -> None:
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise MachineError(f"{' '.join(map(str, command))} failed: {result.stderr.strip()}")


def _hierarchies() -> list[Path]:
    """Where systemd keeps its control groups: the unified hierarchy, or its own among those of version 1."""
    candidates = [CONTROL_GROUPS] if _is_unified() else [CONTROL_GROUPS / "systemd", CONTROL_GROUPS / "unified"]
    return [folder for folder in candidates if (folder / "cgroup.procs").exists()]


def _is_unified() -> bool:
    return (CONTROL_GROUPS / "cgroup.controllers").exists()


def _own_group(hierarchy: Path) -> Path:
    group = hierarchy / f"cultivar-trial-{os.getpid()}"
    group.mkdir()
    return group
