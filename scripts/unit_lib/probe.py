"""Tries what a service that has been taken over might try, and says as JSON what came of each.

It runs in the unit's place, with all that the unit says, and once more outside it: a trial that fails in both would
show nothing.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

CLONE_NEWUSER = 0x1000_0000
LIBC = ctypes.CDLL(None, use_errno=True)


def call(function: str, *arguments: object) -> None:
    """A function of libc's that gives -1 where it fails."""
    if getattr(LIBC, function)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), function)


def write(folder: str) -> None:
    descriptor, path = tempfile.mkstemp(dir=folder)
    os.close(descriptor)
    os.unlink(path)


def make_memory_executable() -> None:
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call("mprotect", ctypes.c_void_p(address), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)


def become_root() -> None:
    """By a program that belongs to root and is setuid."""
    said = subprocess.run(["/usr/local/bin/setuid-id", "-u"], capture_output=True, text=True, check=True).stdout
    if int(said) != 0:
        raise PermissionError(errno.EPERM, "the program runs as whoever starts it")


def see_process_one() -> None:
    Path("/proc/1/status").read_text()


def make_setuid_file() -> None:
    path = Path(os.environ["STATE"]) / "setuid"
    path.touch()
    try:
        path.chmod(0o4755)
    finally:
        path.unlink()


TRIALS: dict[str, Callable[[], object]] = {
    "open an Internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "map memory to write and to execute": lambda: mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "make written memory executable": make_memory_executable,
    "become root": become_root,
    "make a user namespace": lambda: call("unshare", CLONE_NEWUSER),
    "change the personality": lambda: call("personality", ctypes.c_ulong(0x0040000)),
    "make a setuid file": make_setuid_file,
    "see process 1": see_process_one,
    "read the load": lambda: Path("/proc/loadavg").read_text(),
    "read a file in /home": lambda: Path("/home/open/secret").read_text(),
    "read a file in /tmp": lambda: Path("/tmp/secret").read_text(),
    "write to an open folder of the system's": lambda: write("/usr/local/open"),
    "write to an open folder in /srv": lambda: write("/srv/open"),
    "write to an open folder in /var": lambda: write("/var/open"),
    "write to the inbox": lambda: write("/srv/cultivar/inbox"),
    "write to the outbox": lambda: write("/srv/cultivar/outbox"),
    "write to the state": lambda: write("/var/lib/cultivar"),
    "write to its own /tmp": lambda: write("/tmp"),
}


def outcome(trial: Callable[[], object]) -> str:
    """The error's name, or that there was none."""
    try:
        trial()
    except OSError as error:
        return errno.errorcode[error.errno] if error.errno else type(error).__name__
    return "done"


def main() -> None:
    # Each in a process of its own, because some change it for good.
    if len(sys.argv) > 1:
        print(outcome(TRIALS[sys.argv[1]]), end="")
        return
    found = {
        name: subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True).stdout
        for name in TRIALS}
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    facts = {name: status[name] for name in ("NoNewPrivs", "Seccomp", "CapBnd", "CapEff")}
    # The first two lines are headings.
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    facts["interfaces"] = " ".join(sorted(line.split(":")[0].strip() for line in lines))
    json.dump({"trials": found, "facts": facts}, sys.stdout)


if __name__ == "__main__":
    main()
