"""A control group that limits memory, of version 2 or 1, whichever the system has."""

from __future__ import annotations

import os
import time
import unittest
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


class MemoryGroup:
    """Removed when the case ends; its processes have to have ended by then."""

    def __init__(self, case: unittest.TestCase) -> None:
        name = f"cultivar-faults-{os.getpid()}"
        if (_ROOT / "memory/memory.limit_in_bytes").exists():
            self._folder, self._limit = _ROOT / "memory" / name, "memory.limit_in_bytes"
        elif "memory" in _text(_ROOT / "cgroup.subtree_control").split():
            self._folder, self._limit = _ROOT / name, "memory.max"
        else:
            case.skipTest("there is no control group for memory")
        try:
            self._folder.mkdir()
        except OSError as error:
            case.skipTest(f"no control group can be made: {error}")
        case.addCleanup(self._remove)
        if (self._folder / "memory.swap.max").exists():
            (self._folder / "memory.swap.max").write_text("0")

    def limit(self, size: int) -> None:
        (self._folder / self._limit).write_text(str(size))

    def _remove(self) -> None:
        """Its last processes may still be on their way out."""
        end = time.monotonic() + 10
        while (self._folder / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.05)
        self._folder.rmdir()

    @property
    def prefix(self) -> list[str]:
        """What a command is put behind to begin in the group."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self._folder / "cgroup.procs")]


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
