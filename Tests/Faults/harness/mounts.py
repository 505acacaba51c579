"""Small file systems in memory, and other things that a case does to the system and undoes when it ends."""

from __future__ import annotations

import subprocess
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def mount_memory(case: unittest.TestCase, path: Path, size: str) -> Path:
    """Mounts a file system of so many bytes ("64m") at a new folder, until the case ends."""
    path.mkdir(parents=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "cultivar-faults", str(path))
    case.addCleanup(run, "umount", "--lazy", str(path))
    return path


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """A mounted file system that nobody has open for writing."""
    run("mount", "-o", "remount,ro", str(path))
    try:
        yield
    finally:
        run("mount", "-o", "remount,rw", str(path))


@contextmanager
def filled(path: Path, *, spare: int = 0) -> Iterator[None]:
    """Leaves so many bytes free on the file system of a folder."""
    ballast = path / ".ballast"
    with ballast.open("wb", buffering=0) as file:
        block = b"\xa5" * 4096
        try:
            while True:
                file.write(block)
        except OSError:
            pass
        file.truncate(max(file.tell() - spare, 0))
    try:
        yield
    finally:
        ballast.unlink()


def run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.stderr.strip()}")


@contextmanager
def fragile_disk(image: Path, path: Path) -> Iterator[None]:
    """Mounts an ext4 file system that can only be read any more when an error is found in it, as Debian does."""
    with image.open("wb") as file:
        file.truncate(48 << 20)
    run("mkfs.ext4", "-q", "-O", "^has_journal", str(image))
    path.mkdir(exist_ok=True)
    run("mount", "-o", "loop,errors=remount-ro", str(image), str(path))
    try:
        yield
    finally:
        run("umount", "--lazy", str(path))


def break_disk(path: Path) -> None:
    """Has the kernel find an error on the ext4 file system that is mounted there."""
    device = subprocess.run(
        ["findmnt", "--noheadings", "--output", "SOURCE", str(path)], capture_output=True, text=True, check=True).stdout
    (Path("/sys/fs/ext4") / Path(device.strip()).name / "trigger_fs_error").write_text("by the fault suite")
