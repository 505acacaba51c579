"""50,000 small JPEGs from the inbox to accepted and durable, against decoding, copying and syncing the same files."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from .child import Child, peer
from .inputs import make_drop, small_jpegs
from .installation import Installation
from .measurement import Cell, Result, compare
from .places import Places

PER_CLASS = 5000
SETTINGS = "train:\n  every: 365d\nbackup:\n  interval: 0s\n"


class Ingest:
    """Cultivar's daemon; each repetition gets a fresh installation and a fresh copy of the drop."""

    def __init__(self, places: Places, pictures: Path) -> None:
        self.places = places
        self.pictures = pictures
        self.folder = places.scratch / "ingest"

    def start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def seconds(self, times: int) -> float:
        return sum(self._once() for _ in range(times))

    def stop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _once(self) -> float:
        installation = Installation(self.places, self.folder / "installation", SETTINGS)
        drop = self.folder / "drop"
        count = make_drop(self.pictures, drop, PER_CLASS)
        os.sync()
        installation.start()
        try:
            return installation.take(drop, count)
        finally:
            installation.remove()


class CopyAndDecode:
    """Pillow decodes all files; `cp -r` copies them and `sync` waits for the disk."""

    def __init__(self, places: Places, pictures: Path) -> None:
        self.pictures = pictures
        self.folder = places.scratch / "copy"
        self.pillow: Child = peer(places, "pillow_files", pictures)

    def start(self) -> None:
        self.pillow.start()

    def seconds(self, times: int) -> float:
        return sum(self._once() for _ in range(times))

    def stop(self) -> None:
        self.pillow.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _once(self) -> float:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.sync()
        decoding = self.pillow.seconds(1)
        start = time.perf_counter()
        subprocess.run(["cp", "-r", str(self.pictures), str(self.folder)], check=True)
        subprocess.run(["sync"], check=True)
        return decoding + time.perf_counter() - start


def measure_ingest(places: Places) -> Result:
    pictures, origin = small_jpegs(places)
    train = pictures / "train"
    contenders = {"ours": Ingest(places, train), "theirs": CopyAndDecode(places, train)}
    cell = Cell(
        "ingest of 50,000 JPEGs, from inbox to accepted, durable", "Pillow decode + cp + sync", 1, "ours", "theirs")
    rows = compare(contenders, [cell], budget=90, max_rounds=4, min_rounds=3, repeat=False)
    return Result(rows, [f"Ingest: the JPEGs are {origin}."])
