"""No power loss loses anything: every flush, and choices of what is written between two, on three file systems."""

from __future__ import annotations

import os
import time
from pathlib import Path

from power_loss.case import DiskCase
from power_loss.disks import FILE_SYSTEMS
from power_loss.scenario import PUBLISHING, TAKING_IN, Scenario

# Choices of unflushed writes, each scenario and file system.
CHOICES = int(os.environ.get("POWER_LOSS_CHOICES", "100"))
SEED = 42
KEEP = os.environ.get("POWER_LOSS_KEEP")


class FileSystemTests(DiskCase):
    def test_ext4_taking_in(self) -> None:
        self.check("ext4", TAKING_IN)

    def test_ext4_publishing(self) -> None:
        self.check("ext4", PUBLISHING)

    def test_xfs_taking_in(self) -> None:
        self.check("xfs", TAKING_IN)

    def test_xfs_publishing(self) -> None:
        self.check("xfs", PUBLISHING)

    def test_btrfs_taking_in(self) -> None:
        self.check("btrfs", TAKING_IN)

    def test_btrfs_publishing(self) -> None:
        self.check("btrfs", PUBLISHING)

    def check(self, name: str, scenario: Scenario) -> None:
        started = time.monotonic()
        trial = self.trial(scenario, FILE_SYSTEMS[name])
        trial.perform()
        states = trial.log.states(CHOICES, SEED)
        bad = trial.bad_states(states, keep=Path(KEEP) if KEEP else None)
        flushes = len(trial.log.flushes)
        print(f"{name}, {scenario.name}: {len(states)} states ({flushes} flushes, {len(states) - flushes} choices of "
              f"what is between them), {len(bad)} bad, {time.monotonic() - started:.0f} s", flush=True)
        if bad:
            self.fail("\n".join([f"{len(bad)} of {len(states)} states are bad:", *map(str, bad[:20])]))
