#!/usr/bin/env python3
"""Lets two daemons work for hours under random drops, rollbacks and clock changes, and checks that nothing is lost.

One, `steady`, lives all the time: its memory, descriptors and threads must not grow. The other, `stormy`, is killed and
stopped at random too. Everything that they do is in a folder that is removed at the end if all is well.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from harness.installation import BINARY  # noqa: E402 (the path comes first)
from soak.field import Field, Unsound  # noqa: E402
from soak.vitals import growth, second_half, summary  # noqa: E402

CHECKS = 10
"""In the whole time, evenly."""
TICK_SECONDS = 0.25
LEAST_PROMOTIONS_AN_HOUR = 3

JUDGED_HOURS = 0.5
"""Memory settles with the first runs; in less time its growth is told, but not judged."""
MEMORY_GROWTH = 0.05
"""As a share of the mean: the databases' caches and the training set grow with the pictures, of which few come then."""
COUNT_GROWTH = 1.0
"""Of descriptors and of threads."""


class Soak(unittest.TestCase):
    hours = 2.0
    seed = ""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cultivar-soak-"))
        self.fields: list[Field] = []
        self.begin = time.monotonic()

    def test_nothing_is_lost_and_nothing_grows(self) -> None:
        say(f"{self.hours:g} hours with the seed {self.seed} in {self.folder}")
        try:
            for name in ("steady", "stormy"):
                self.fields.append(Field(name, self.folder / name, self.seed, is_stormy=name == "stormy"))
                self.fields[-1].start()
            self.go_on()
            self.finish()
        finally:
            for field in self.fields:
                field.installation.kill()
        self.require_flat(self.fields[0])
        shutil.rmtree(self.folder)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def go_on(self) -> None:
        pause = next_check = self.hours * 3600 / CHECKS
        while self.seconds < self.hours * 3600:
            for field in self.fields:
                field.step(self.seconds, self.seconds / (self.hours * 3600))
            if self.seconds >= next_check:
                self.check()
                next_check = self.seconds + pause
            time.sleep(TICK_SECONDS)

    def check(self) -> None:
        for field in self.fields:
            field.rest_and_check()
            say(f"{self.seconds / 60:.0f} min, sound. {field.described()}")

    def finish(self) -> None:
        for field in self.fields:
            field.stop_and_check()
            say(f"{self.seconds / 60:.0f} min, sound after its end. {field.described()}")
            self.assertGreaterEqual(field.promotions(), int(LEAST_PROMOTIONS_AN_HOUR * self.hours), field.name)

    def require_flat(self, field: Field) -> None:
        say(f"{field.name}, {len(field.samples)} samples (memory in MiB):", *summary(field.samples))
        half = second_half(field.samples)
        mean = sum(entry.memory for entry in half) / len(half)
        bounds = {"memory": MEMORY_GROWTH * mean, "descriptors": COUNT_GROWTH, "threads": COUNT_GROWTH}
        grown = {name: growth(half, name) for name in bounds}
        for name, value in grown.items():
            unit = 2**20 if name == "memory" else 1
            say(f"second half: {name} by {value / unit:+.2f}, at most {bounds[name] / unit:.2f} allowed")
        if self.hours < JUDGED_HOURS:
            say(f"not judged in less than {JUDGED_HOURS} hours")
            return
        for name, value in grown.items():
            self.assertLessEqual(value, bounds[name], name)


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--seed", default=os.urandom(4).hex(), help="draws the same events again")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    if not BINARY.exists():
        print(f"{BINARY} is missing: run `make build` first", file=sys.stderr)
        return 1
    Soak.hours, Soak.seed = arguments.hours, arguments.seed
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Soak)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
