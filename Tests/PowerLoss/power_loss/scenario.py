"""What the daemon does while the disk logs all that reaches it: drops, runs, promotions, a rollback.

All that is ever dropped is on the disk before the log begins, in the inbox under hidden names: no file may be missing
in any state.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from harness.checker import Dropped
from harness.installation import QUICK, Installation
from harness.pictures import LABELS, damaged, data_set, png

INTAKE_ONLY = """\
inbox: {settle: 0.2s}
train: {every: 1d}
backup: {interval: 0s}
"""
SETTLE_SECONDS = 90


@dataclass(frozen=True)
class Acknowledged:
    """What the history showed to others at a moment: from then on no power loss may take it."""

    pictures: frozenset = frozenset()
    runs: frozenset = frozenset()
    publications: frozenset = frozenset()

    @staticmethod
    def by(installation: Installation) -> Acknowledged:
        """What the history shows now; nothing while there is none."""
        try:
            uri = f"file:{installation.state / 'history.sqlite'}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=30)) as history:
                history.execute("BEGIN")  # All of it from one moment.
                return Acknowledged(*(frozenset(history.execute(query)) for query in (
                    "SELECT id, digest, label_id, split FROM pictures",
                    "SELECT id, outcome, version FROM runs WHERE outcome <> 'running'",
                    "SELECT id, version, kind FROM publications")))
        except sqlite3.OperationalError:
            return Acknowledged()

    def missing_in(self, later: Acknowledged) -> list[str]:
        return [
            f"{len(lost)} of the {name} that the history had shown are gone, such as {min(lost, key=str)}"
            for name in ("pictures", "runs", "publications")
            if (lost := getattr(self, name) - getattr(later, name))]


@dataclass
class Recording:
    """What the history showed when: at which size of the log."""

    moments: list[tuple[int, Acknowledged]] = field(default_factory=list)

    def note(self, installation: Installation, log: Path) -> Acknowledged:
        """Looks into the history first and at the log then: what is shown must be in the log by now."""
        seen = Acknowledged.by(installation)
        if not self.moments or seen != self.moments[-1][1]:
            self.moments.append((log.stat().st_size, seen))
        return seen


@dataclass(frozen=True)
class Scenario:
    """Drops, one after another, each taken in before the next is delivered."""

    name: str
    settings: str
    drops: tuple[str, ...]
    # With training: a run after each drop, of which the first two are promoted, and a rollback at the end.
    trains: bool = False
    # Somebody synchronises the inbox all the time, so that what the daemon does reaches the disk in small steps, and
    # what it removes at once.
    has_busy_uploader: bool = False
    # File systems: with two, the inbox has one of its own, whose changes reach the disk when they like.
    parts: int = 1

    @cached_property
    def dropped(self) -> list[Dropped]:
        """For the checker."""
        return [Dropped.of(f"{name}/{path}", content) for name in self.drops for path, content in files(name).items()]

    def prepare(self, installation: Installation) -> None:
        for name in self.drops:
            installation.write(f".{name}", files(name))

    def deliver(self, installation: Installation, name: str) -> None:
        """Gives a drop its name, unless that was done before the power went."""
        hidden = installation.inbox / f".{name}"
        if hidden.exists():
            hidden.rename(installation.inbox / name)

    def perform(self, installation: Installation, log: Path, prefix: Sequence[str] = ()) -> Recording:
        """Runs the daemon, under another program where one is given, through all of it."""
        recording = Recording()
        try:
            installation.start(prefix)
            with busy_uploader(installation.inbox) if self.has_busy_uploader else nullcontext():
                for name in self.drops:
                    self.deliver(installation, name)
                    self._wait(installation, lambda: recording.note(installation, log))
                if self.trains:
                    self._roll_back(installation, recording.note(installation, log))
                    recording.note(installation, log)
            installation.stop()
        finally:
            installation.kill()
        return recording

    def recover(self, installation: Installation) -> None:
        """As after a power cut: starts the daemon, delivers what wasn't yet, and waits until it has come to rest."""
        installation.start()
        for name in self.drops:
            self.deliver(installation, name)
        self._wait(installation)

    def _wait(self, installation: Installation, look=lambda: None) -> None:
        def is_at_rest() -> bool:
            look()
            return is_settled(installation, self.trains)

        installation.wait_until("all is taken in and trained on", is_at_rest, SETTLE_SECONDS)

    def _roll_back(self, installation: Installation, seen: Acknowledged) -> None:
        promoted = sorted(version for _, outcome, version in seen.runs if outcome == "promoted")
        if promoted[:2] != ["v0001", "v0002"]:
            raise AssertionError(f"two versions should have been promoted: {sorted(seen.runs)}")
        result = installation.run("rollback", "v0001")
        if result.returncode != 0:
            raise AssertionError(f"cultivar rollback failed: {result.stderr.strip()}")


def is_settled(installation: Installation, trains: bool) -> bool:
    """Whether all is taken in and, with training, every picture has been seen by a run that has ended."""
    if installation.visible_names():
        return False
    condition = "NOT EXISTS (SELECT 1 FROM drops WHERE finished_at IS NULL)"
    if trains:
        condition += """
            AND NOT EXISTS (SELECT 1 FROM runs WHERE outcome = 'running')
            AND NOT EXISTS (SELECT 1 FROM publications WHERE published_at IS NULL)
            AND (SELECT max(id) FROM pictures) = (SELECT max(last_picture_id) FROM runs)"""
    return bool(installation.rows(f"SELECT {condition}")[0][0])


@cache
def files(drop: str) -> dict[str, bytes]:
    """The files of a drop.

    `first`, `second` and `many` have so many that the store synchronises its file system as a whole; `third` and `few`
    have so few that it synchronises files and folders one by one. `first` trains a bad model, so that the one of
    `second` is better. `many` and `few` have no file that is refused, because keeping those synchronises once more.
    """
    known = png(0, 10_000)
    if drop == "first":
        odd = {"train/plum/again.png": known, "train/plum/notes.txt": b"These are notes. " * 40}
        return mislabeled(data_set(train=6, test=4, seed=1)) | odd
    if drop == "many":
        return data_set(train=6, test=2, seed=4)
    if drop == "few":
        return {f"train/fig/{number}.png": png(0, 50_000 + number) for number in range(3)}
    if drop == "second":
        return data_set(train=10, test=4, seed=2)
    assert drop == "third"
    return {
        "train/fig/new.png": png(0, 30_000), "test/plum/new.png": png(1, 30_001), "train/plum/known.png": known,
        "train/quince/contradiction.png": known, "train/quince/broken.png": damaged(30_002)}


def mislabeled(data_set: dict[str, bytes]) -> dict[str, bytes]:
    """Each training picture in the folder of the next label."""
    def moved(path: str) -> str:
        split, label, name = path.split("/")
        return path if split == "test" else f"{split}/{LABELS[(LABELS.index(label) + 1) % len(LABELS)]}/{name}"

    return {moved(path): content for path, content in data_set.items()}


@contextmanager
def busy_uploader(inbox: Path) -> Iterator[None]:
    """Synchronises the inbox's folders and a file of its own, again and again, as a careful uploader may."""
    has_ended = threading.Event()

    def work() -> None:
        with (inbox / ".upload").open("wb", buffering=0) as file:
            while not has_ended.wait(0.002):
                file.write(b".")
                os.fsync(file.fileno())
                for folder, _, _ in os.walk(inbox):
                    synchronise_folder(folder)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            yield
        finally:
            has_ended.set()
            future.result()


def synchronise_folder(path: str) -> None:
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:  # The daemon has removed it.
        return
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


PUBLISHING = Scenario("publishing", QUICK, ("first", "second", "third"), trains=True)
TAKING_IN = Scenario("taking in", INTAKE_ONLY, ("first", "third"), has_busy_uploader=True, parts=2)
FEW = Scenario("a few pictures", INTAKE_ONLY, ("few",), has_busy_uploader=True, parts=2)
MANY = Scenario("many pictures", INTAKE_ONLY, ("many",), has_busy_uploader=True, parts=2)
