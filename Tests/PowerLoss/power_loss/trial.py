"""One trial: a scenario on a file system whose disk logs, and the daemon on what a power loss would have left of it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.installation import Installation, Overdue

from .block_log import BlockLog, Replay, State, copy_sparse
from .disks import DiskError, FileSystem, logging_disk
from .scenario import Acknowledged, Scenario

# A state waits more than it computes.
WORKERS = 8


@dataclass(frozen=True)
class BadState:
    state: State
    problems: list[str]

    def __str__(self) -> str:
        return f"state {self.state}: {'; '.join(problem.splitlines()[0] for problem in self.problems[:3])}"


class Trial:
    """The log of one performance."""

    def __init__(self, scenario: Scenario, system: FileSystem, folder: Path) -> None:
        self.scenario, self.system, self.folder = scenario, system, folder
        self._image = folder / "before.img"
        self.log: BlockLog
        # By the number of requests in the log.
        self._moments: list[tuple[int, Acknowledged]] = []

    def perform(self, wrapper: Callable[[Installation], Sequence[str]] = lambda _: ()) -> None:
        """Runs the daemon through the scenario, under the program that `wrapper` names."""
        self.system.format(self._image, self.scenario.parts)
        with self._mounted(self._image, self.folder) as installation:
            self.scenario.prepare(installation)
        live, log = self.folder / "live.img", self.folder / "log"
        copy_sparse(self._image, live)
        with logging_disk(live, log, self.folder) as device, self._mounted(device, self.folder) as installation:
            recording = self.scenario.perform(installation, log, wrapper(installation))
        live.unlink()
        self.log = BlockLog(log)
        self._moments = [(self.log.cut_at(size), seen) for size, seen in recording.moments]

    def bad_states(
        self, states: Sequence[State], *, stop_at_first: bool = False, keep: Path | None = None
    ) -> list[BadState]:
        """Lets the daemon work on every state; says which came out wrong, and keeps their images. To be called once."""
        replay = Replay(self.log, self._image)
        found: list[BadState] = []
        workers = WORKERS if self.system.mounts_copies(self.folder) else 1
        free = threading.Semaphore(workers)  # So that no more images lie about than are worked on.
        with ThreadPoolExecutor(workers) as pool:
            futures: list[Future[None]] = []
            for state in states:
                free.acquire()
                if stop_at_first and found:
                    free.release()
                    break
                image = self.folder / f"state-{state.cut}-{state.seed}.img"
                replay.write(state, image)
                future = pool.submit(self._examine, state, image, found, keep)
                future.add_done_callback(lambda _: free.release())
                futures.append(future)
            for future in futures:
                future.result()
        return sorted(found, key=lambda bad: bad.state.cut)

    def _examine(self, state: State, image: Path, found: list[BadState], keep: Path | None) -> None:
        kept = keep and keep / f"{self.system.name}-{image.name}"
        try:
            if kept:
                copy_sparse(image, kept)
            problems = self._problems(state, image)
            if problems:
                found.append(BadState(state, problems))
            elif kept:
                kept.unlink()
        finally:
            image.unlink()

    def _problems(self, state: State, image: Path) -> list[str]:
        """Mounts the image, and says what is wrong with it at once, or once the daemon has been started and rests.

        When it starts, the daemon makes up for what either the history or the ledger lacks; so these are compared
        before.
        """
        folder = image.with_suffix("")
        folder.mkdir()
        try:
            with self._mounted(image, folder) as installation:
                installation.dropped = self.scenario.dropped
                if problems := installation.problems(has_outbox=False):
                    return [f"at once: {problem}" for problem in problems]
                try:
                    self.scenario.recover(installation)
                    lost = self._acknowledged(state).missing_in(Acknowledged.by(installation))
                    problems = installation.problems() + lost
                    installation.stop()
                    return problems
                finally:
                    installation.kill()
        except (DiskError, Overdue, AssertionError) as error:
            return [str(error)]
        finally:
            shutil.rmtree(folder)

    def _acknowledged(self, state: State) -> Acknowledged:
        """What had been shown by then."""
        return next((seen for cut, seen in reversed(self._moments) if cut <= state.cut), Acknowledged())

    @contextmanager
    def _mounted(self, image: Path, folder: Path) -> Iterator[Installation]:
        """Settings, backbone and log aren't on the disk that loses its power."""
        with self.system.mounted(image, folder / "disk", self.scenario.parts) as parts:
            yield Installation(
                folder / "farm", self.scenario.settings, inbox=parts[0] / "inbox", outbox=parts[-1] / "outbox",
                state=parts[-1] / "state")
