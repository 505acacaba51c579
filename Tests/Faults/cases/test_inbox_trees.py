"""Random trees in the inbox of a daemon without rights: at rest, every file is taken, or waits for a reason that is told."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.accounting import PASSING, Fate, Obstacle, TreeFile, document_problems, unaccounted
from harness.case import NOBODY, FaultCase
from harness.trees import LIMITS, Grower, Tree

SETTINGS = f"""\
inbox: {{settle: 0.3s}}
train: {{every: 1d}}
limits: {{{", ".join(f"{name}: {value}" for name, value in LIMITS.items())}}}
"""

TREES, TREES_OF_SHORT_RUN, BATCH = 2_000, 100, 500
REST_SECONDS = 150
"""A cut-off file waits for half a minute, and what no event tells of is found within two."""


@dataclass
class _Sight:
    """What is to be seen of an installation at one moment."""

    rows: list[tuple[bytes, bytes]]
    lying: list[bytes]
    waiting: list[dict]
    status: dict = field(compare=False)

    def is_at_rest(self, earlier: _Sight | None) -> bool:
        return self == earlier and not any(item["code"] in PASSING for item in self.waiting)


class InboxTrees(FaultCase):
    def setUp(self) -> None:
        super().setUp()
        self.seed = int(os.environ.get("FAULTS_SEED", random.randrange(1 << 32)))
        self.place = self.installation(SETTINGS)
        self.account = self.unprivileged(self.place)
        self.owner = NOBODY if self.account else None
        self.grower = Grower(self.seed)
        self.random = random.Random(f"{self.seed} changes")
        self.files: list[TreeFile] = []
        self.addCleanup(self._open_folders)
        print(f"the seed is {self.seed}; FAULTS_SEED={self.seed} repeats it", file=sys.stderr)

    def test_at_rest_nothing_is_unaccounted_for(self) -> None:
        """Half of each batch just comes to rest; the other half is renamed and closed to readers while it is taken in, and
        what kept the first half waiting is done away with meanwhile."""
        count = TREES_OF_SHORT_RUN if self.is_short else TREES
        self.place.start(self.account)
        for start in range(0, count, BATCH):
            trees = [self.grower.tree() for _ in range(min(BATCH, count - start))]
            first, second = trees[::2], trees[1::2]
            self._drop(first)
            self._come_to_rest(f"{len(first)} trees from {start} on")
            self._drop(second)
            storm = threading.Thread(target=self._disturb, args=[second])
            storm.start()
            self._release(first)
            storm.join()
            self._come_to_rest(f"{len(trees)} trees from {start} on, after changes")
        self.assertEqual(self.place.stop(), 0)

    # What people do

    def _drop(self, trees: Sequence[Tree]) -> None:
        """Renamed into the inbox as a whole, or written there: only what is open to everybody, or it isn't yet closed
        when it is seen."""
        inbox, beside = os.fsencode(self.place.inbox), os.fsencode(self.place.folder / "beside")
        os.makedirs(beside, exist_ok=True)
        for tree in trees:
            self.files += [file for file, _ in tree.files]
            if not tree.modes and self.random.random() < 0.5:
                tree.make(inbox, self.owner)
            else:
                tree.make(beside, self.owner)
                os.rename(os.path.join(beside, tree.top), os.path.join(inbox, tree.top))

    def _release(self, trees: Sequence[Tree]) -> None:
        """Does most of what files are waiting for."""
        obstacles = [
            obstacle for tree in trees for obstacle in tree.obstacles
            if obstacle.change != "nothing" and self.random.random() < 0.8]
        self.random.shuffle(obstacles)
        for obstacle in obstacles:
            getattr(self, f"_{obstacle.change}")(obstacle)
            obstacle.is_gone = True
            time.sleep(self.random.choice([0, 0, 0.01, 0.05]))

    def _rename(self, obstacle: Obstacle) -> None:
        os.rename(self._inbox_path(obstacle.path), self._inbox_path(obstacle.target))
        for file in self.files:
            file.moved(obstacle.path, obstacle.target)

    def _chmod(self, obstacle: Obstacle) -> None:
        os.chmod(self._inbox_path(obstacle.path), 0o755)

    def _take(self, obstacle: Obstacle) -> None:
        result = self.place.run("take", os.fsdecode(self._inbox_path(obstacle.path)), prefix=self.account)
        self.assertEqual(result.returncode, 0, f"take {obstacle.path!r}: {result.stderr}")

    def _disturb(self, trees: Sequence[Tree]) -> None:
        """Gives ordinary files other names, and closes them for a moment, whether or not they are there any more."""
        noise = random.Random(f"{self.seed} disturbance {len(self.files)}")
        files = [file for tree in trees for file, _ in tree.files if file.fate is Fate.TAKEN]
        for number, file in enumerate(noise.sample(files, len(files) // 3)):
            path = self._inbox_path(file.path)
            try:
                if noise.random() < 0.3:
                    os.chmod(path, 0)
                    time.sleep(noise.random() * 0.02)
                    os.chmod(path, 0o644)
                else:
                    renamed = file.path.rpartition(b"/")[0] + b"/renamed%d.png" % number
                    if b"/" in file.path:
                        # It may be taken by either name from now on.
                        source, file.former = file.path, [*file.former, renamed]
                        os.rename(path, self._inbox_path(renamed))
                        file.moved(source, renamed)
            except FileNotFoundError:
                pass
            time.sleep(noise.choice([0, 0.005, 0.02]))

    # What is to be seen

    def _come_to_rest(self, what: str) -> None:
        """Waits until nothing moves and all is well; then it must have stayed so."""
        end = time.monotonic() + REST_SECONDS
        earlier: _Sight | None = None
        problems = ["nothing was seen"]
        while time.monotonic() < end:
            sight = self._look()
            problems = self._problems(sight)
            if sight.is_at_rest(earlier) and not problems:
                return
            earlier = sight
            time.sleep(1)
        shown = "\n".join(problems[:40]) or "it doesn't come to rest"
        self.fail(f"seed {self.seed}, {what}: {len(problems)} problems\n{shown}\n{self._log_tail()}")

    def _problems(self, sight: _Sight) -> list[str]:
        return unaccounted(self.files, sight.rows, sight.lying, sight.waiting) + document_problems(
            sight.status, sight.waiting)

    def _look(self) -> _Sight:
        self.assertTrue(self.place.is_running, f"the daemon has ended:\n{self._log_tail()}")
        waiting = self.place.json("drops", "--waiting")
        rows = self.place.rows("SELECT d.name, f.path FROM files f JOIN drops d ON d.id = f.drop_id ORDER BY f.id")
        return _Sight(rows, sorted(self._walk()), waiting, self.place.json("status"))

    def _walk(self) -> Iterator[bytes]:
        """Everything in the inbox; seen by an account that may look everywhere, or by looking in folders' parents only."""
        inbox = os.fsencode(self.place.inbox)
        for parent, folders, names in os.walk(inbox):
            for name in folders + names:
                yield os.path.relpath(os.path.join(parent, name), inbox)
        if self.owner is None:
            closed = {file.path for file in self.files if file.fate is Fate.NAMED}
            yield from (path for path in closed if self._is_behind_closed_door(path))

    def _is_behind_closed_door(self, path: bytes) -> bool:
        folder = os.path.dirname(self._inbox_path(path))
        return os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK)

    def _inbox_path(self, path: bytes) -> bytes:
        return os.path.join(os.fsencode(self.place.inbox), path)

    def _log_tail(self) -> str:
        return "the daemon's log ends:\n" + "\n".join(self.place.log_text().splitlines()[-40:])

    def _open_folders(self) -> None:
        """So that they can be cleared away without root's rights."""
        for parent, folders, _ in os.walk(os.fsencode(self.folder)):
            for name in folders:
                path = os.path.join(parent, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
