"""File systems on throw-away disks: one that logs its writes, and images of what a power loss left of it.

All of this happens in mount and process namespaces of our own (see `enter_namespaces`), so that mounts, loop devices
and the process behind the logging disk are gone when the suite is, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.installation import ROOT

from .block_log import copy_sparse

_MARK = "CULTIVAR_POWER_LOSS_NAMESPACES"
_START_SECONDS = 20

# linux/loop.h: struct loop_config, in which only the file, offset, size limit and flags aren't 0.
_LOOP_CONFIG = struct.Struct("=II24xQQ12xI240x")
_LOOP_CONFIGURE, _LOOP_CTL_GET_FREE, _LOOP_AUTOCLEAR = 0x4C0A, 0x4C82, 4
_LOOP_TRIES = 100

TOOLS = ("qemu-storage-daemon", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mount", "umount", "unshare", "strace")


class DiskError(Exception):
    """A disk that couldn't be made or mounted, as a plain sentence."""


@dataclass(frozen=True)
class FileSystem:
    name: str
    megabytes: int
    make: tuple[str, ...]
    # Lets a copy of a file system be mounted beside it.
    options: str = ""

    def format(self, image: Path, parts: int) -> None:
        """Makes a disk with so many parts, each with a file system of its own."""
        with image.open("xb") as disk:
            disk.truncate(parts * self._size)
        for number in range(parts):
            part = image.with_name(f"{image.name}.part")
            with part.open("xb") as file:
                file.truncate(self._size)
            run(*self.make, str(part))
            copy_sparse(part, image, number * self._size)
            part.unlink()

    @property
    def _size(self) -> int:
        return self.megabytes << 20

    @contextmanager
    def mounted(self, image: Path, folder: Path, parts: int) -> Iterator[list[Path]]:
        """Mounts a disk's parts in a folder, and unmounts them even if a file system has gone wrong."""
        with ExitStack() as stack:
            places = [folder / f"part-{number}" for number in range(parts)]
            for number, place in enumerate(places):
                place.mkdir(parents=True, exist_ok=True)
                with _loop_device(image, number * self._size, self._size) as device:
                    run("mount", "-t", self.name, "-o", f"noatime,{self.options}".rstrip(","), device, str(place))
                stack.callback(_unmount, place)
            yield places

    def why_not(self, folder: Path) -> str | None:
        """Why it can't be used on this machine, whose kernel may lack it; nothing where it can."""
        try:
            with self._probe(folder) as image, self.mounted(image, folder / "probe", 1):
                return None
        except DiskError as error:
            return str(error)

    def mounts_copies(self, folder: Path) -> bool:
        """Whether a copy can be mounted beside the original: with btrfs, Linux 6.7 or later."""
        with self._probe(folder) as image, self.mounted(image, folder / "probe", 1):
            copy = folder / "copy.img"
            copy_sparse(image, copy)
            try:
                with self.mounted(copy, folder / "copy", 1):
                    return True
            except DiskError:
                return False
            finally:
                copy.unlink()

    @contextmanager
    def _probe(self, folder: Path) -> Iterator[Path]:
        image = folder / "probe.img"
        try:
            self.format(image, 1)
            yield image
        finally:
            image.unlink(missing_ok=True)


FILE_SYSTEMS = {
    system.name: system
    for system in (
        FileSystem("ext4", 64, ("mkfs.ext4", "-q", "-F")),
        FileSystem("xfs", 320, ("mkfs.xfs", "-q"), "nouuid"),
        FileSystem("btrfs", 256, ("mkfs.btrfs", "-q")),
    )
}


@contextmanager
def logging_disk(image: Path, log: Path, folder: Path) -> Iterator[Path]:
    """A file that shows the image, and writes down in `log` whatever is written to it.

    The process behind it has a mount namespace of its own, in which the disk isn't mounted. Otherwise it could be the
    last one there when all are killed, and the kernel would have it unmount a disk that it no longer serves: for ever.
    """
    export, ready = folder / "disk.img", folder / "disk.pid"
    for path in (export, log):
        path.touch(exist_ok=False)
    process = subprocess.Popen([
        "unshare", "--mount", "--propagation", "private", "qemu-storage-daemon", "--pidfile", str(ready),
        "--blockdev", f"driver=file,node-name=image,filename={image}",
        "--blockdev", f"driver=file,node-name=log,filename={log}",
        "--blockdev", "driver=blklogwrites,node-name=logged,file=image,log=log,log-super-update-interval=1",
        "--export", f"type=fuse,id=disk,node-name=logged,mountpoint={export},writable=on,allow-other=off",
    ], stdin=subprocess.DEVNULL)
    try:
        # The pid file is written last.
        _wait(ready.exists, process, "the logging disk")
        yield Path(f"/proc/{process.pid}/root{export}")
    finally:
        process.terminate()
        try:
            process.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def scratch(megabytes: int) -> Iterator[Path]:
    """A folder in memory, of which nothing is seen outside our own namespaces."""
    folder = ROOT / ".build" / "power-loss"
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _unmount(folder)


def enter_namespaces() -> None:
    """Runs this program again as the first process of namespaces of its own, and ends as that ends.

    Returns where it runs there already, or can't.
    """
    if os.environ.pop(_MARK, None) or why_not():
        return
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
    process = subprocess.Popen([*command, sys.executable, *sys.argv], env={**os.environ, _MARK: "1"})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # A terminal sends it to the one in the namespaces, too.
    signal.signal(signal.SIGTERM, lambda *_: process.kill())  # With it goes all that is in the namespaces.
    sys.exit(process.wait())


def why_not() -> str | None:
    """Why disks can't be made on this machine; nothing where they can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        return f"these programs are missing (scripts/setup power installs them): {', '.join(missing)}"
    for device in ("/dev/loop-control", "/dev/fuse"):
        if not os.path.exists(device):
            return f"there is no {device}"
    return None


@contextmanager
def _loop_device(image: Path, offset: int, size: int) -> Iterator[str]:
    """A block device that shows a part of a file. Once it isn't open any more, it goes as soon as it isn't mounted.

    mount and losetup would look the file up by its canonical path, which is another one in another mount namespace.
    """
    with open("/dev/loop-control") as control, image.open("r+b", buffering=0) as file:
        config = _LOOP_CONFIG.pack(file.fileno(), 0, offset, size, _LOOP_AUTOCLEAR)
        for _ in range(_LOOP_TRIES):
            name = f"/dev/loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}"
            with open(name, "r+b", buffering=0) as device:
                try:
                    fcntl.ioctl(device, _LOOP_CONFIGURE, config)
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        raise DiskError(f"{name} can't show {image}: {error.strerror}") from None
                    continue  # Somebody else has taken it meanwhile.
                yield name
                return
    raise DiskError(f"no loop device stays free for {image}")


def run(*command: str) -> str:
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise DiskError(f"{' '.join(command)}: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def _unmount(folder: Path) -> None:
    if subprocess.run(["umount", str(folder)], capture_output=True).returncode != 0:
        # Somebody has still a file open there, or the file system is broken: out of the way, and gone when it can.
        run("umount", "--lazy", str(folder))


def _wait(condition, process: subprocess.Popen, what: str) -> None:
    end = time.monotonic() + _START_SECONDS
    while not condition():
        if process.poll() is not None:
            raise DiskError(f"{what} ended with status {process.returncode}")
        if time.monotonic() > end:
            raise DiskError(f"waited {_START_SECONDS} s in vain for {what}")
        time.sleep(0.02)
