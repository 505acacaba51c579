"""The base of the tests that need disks: a folder in memory, and reasons to be skipped."""

from __future__ import annotations

import unittest
from pathlib import Path

from .disks import FileSystem, scratch, why_not
from .scenario import Scenario
from .trial import Trial


class DiskCase(unittest.TestCase):
    """Each test has a folder in memory, which holds its disks and is gone with it."""

    folder: Path

    def setUp(self) -> None:
        if reason := why_not():
            self.skipTest(reason)
        self.folder = self.enterContext(scratch(6144))

    def trial(self, scenario: Scenario, system: FileSystem) -> Trial:
        if reason := system.why_not(self.folder):
            self.skipTest(f"{system.name} can't be used here: {reason}")
        return Trial(scenario, system, self.folder)
