"""The base of all cases: installations that are cleared away, and reasons to be skipped."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .installation import INTAKE_ONLY, Installation


class FaultCase(unittest.TestCase):
    """A test of the built daemon. Its installations and daemons end with it, however it ends."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cultivar-faults-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def installation(self, settings: str = INTAKE_ONLY, name: str = "installation", **folders: Path) -> Installation:
        """A fresh installation in a folder of its own."""
        result = Installation(self.folder / name, settings, **folders)
        self.addCleanup(result.kill)
        return result

    def each(self, values: Sequence[object], body: Callable[[object], None]) -> None:
        """A subtest for each value, all at a time: a daemon mostly waits, after a fault for half a minute."""
        with ThreadPoolExecutor(len(values)) as pool:
            results = [pool.submit(body, value) for value in values]
        for value, result in zip(values, results, strict=True):
            with self.subTest(value):
                result.result()

    def assert_sound(self, installation: Installation, when: str = "") -> None:
        """Nothing that the checker looks for is wrong."""
        problems = installation.problems()
        if problems:
            self.fail("\n".join([f"unsound {when}:", *problems, "the daemon's log:", installation.log_text()]))

    def require_root(self, why: str) -> None:
        if os.geteuid() != 0:
            self.skipTest(f"only root can {why}")

    def require_program(self, name: str) -> None:
        if shutil.which(name) is None:
            self.skipTest(f"{name} isn't installed; scripts/setup faults installs it")
