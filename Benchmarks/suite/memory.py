"""How much memory extraction and search take, and how many extractions a second drop costs."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from .inputs import make_drop, small_jpegs
from .installation import Installation, environment
from .measurement import Result
from .places import Places

PER_CLASS, TEST_PER_CLASS, SECOND_PER_CLASS = 5000, 100, 10
SETTINGS = """\
train:
  every: 365d
augment:
  copies: 0
search:
  candidates: 2
  folds: 3
  space:
    backbone: [mobilenetv2@32]
fit:
  epochs: 2
backup:
  interval: 0s
"""


def measure_memory(places: Places) -> Result:
    pictures, _ = small_jpegs(places)
    folder = places.scratch / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    installation = Installation(places, folder / "installation", SETTINGS)
    try:
        installation.start()
        _deliver(installation, pictures, folder / "first", PER_CLASS, TEST_PER_CLASS, 0)
        installation.stop()
        first = _train(installation)
        rows = _extractions(installation)
        installation.start()
        _deliver(installation, pictures, folder / "second", 0, SECOND_PER_CLASS, TEST_PER_CLASS)
        installation.stop()
        _train(installation)
        second = _extractions(installation) - rows
    finally:
        installation.remove()
        shutil.rmtree(folder, ignore_errors=True)
    return Result(notes=[
        f"Extraction of {rows} pictures: at most {first['before']} MB resident (400 are allowed).",
        f"Search over {10 * PER_CLASS} x 1280 features: at most {first['all']} MB resident (700 are allowed).",
        f"A second drop of {10 * SECOND_PER_CLASS} pictures onto {rows} cost {second} extractions.",
    ])


def _deliver(
    installation: Installation, pictures: Path, drop: Path, train: int, test: int, test_offset: int
) -> None:
    count = make_drop(pictures / "train", drop / "train", train)
    count += make_drop(pictures / "test", drop / "test", test, test_offset)
    installation.take(drop, count)


def _train(installation: Installation) -> dict[str, int]:
    """Runs `cultivar train`; the highest resident megabytes until all features are there, and in all, with those of its
    decoder processes. What they share with each other counts for each of them."""
    total = 10 * (PER_CLASS + TEST_PER_CLASS)
    peak = {"before": 0, "all": 0}
    process = subprocess.Popen(
        installation.command("train"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    extracting = True
    while process.poll() is None:
        resident = sum(map(_resident, [process.pid, *_children(process.pid)]))
        if extracting and (installation.state / "features.sqlite").exists():
            extracting = _extractions(installation) < total
        peak["before"] = max(peak["before"], resident) if extracting else peak["before"]
        peak["all"] = max(peak["all"], resident)
        time.sleep(0.1)
    return peak


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*"):
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _resident(process: int) -> int:
    """Megabytes; 0 where the process has just ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0][1]) // 1000 if lines else 0


def _extractions(installation: Installation) -> int:
    """How many pictures' features the cache has."""
    try:
        with sqlite3.connect(f"file:{installation.state / 'features.sqlite'}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM features").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
