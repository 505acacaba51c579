"""One daemon under its workload, and what strikes it."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.clock import Clock
from harness.installation import Installation, environment

from .vitals import Sample, sample
from .workload import Workload

SETTINGS = """\
inbox: {settle: 1s}
train: {every: 30s}
search:
  candidates: 3
  folds: 2
  space: {backbone: [tiny], learning_rate: [0.01, 0.003], batch_size: [32], hidden_units: [8]}
fit: {epochs: 6}
augment: {copies: 1}
backup: {interval: 1min, keep: 3}
"""

HOUR, DAY = 3600, 86_400
CLOCKS = (0, 0, HOUR, -HOUR, DAY, -DAY, 400 * DAY, -400 * DAY)
STOP_SECONDS = 10
"""A stop takes less than 5 s on a machine with nothing else to do."""
REST_SECONDS = 240
GROWING_SHARE = 0.4
"""Of the time: the pictures have to be about as many as before when growth is looked for."""


class Unsound(Exception):
    """What must hold doesn't; says all of it."""


@dataclass
class Event:
    """Something that happens at random."""

    mean_seconds: float
    happen: Callable[[], None]
    due: float = 0


class Field:
    """An installation whose clock is its own."""

    def __init__(self, name: str, folder: Path, seed: str, *, is_stormy: bool) -> None:
        folder.mkdir()
        self.name = name
        self.installation = _Clocked(folder / "installation", SETTINGS, Clock(folder))
        self.workload = Workload(self.installation, f"{seed}/{name}/work")
        self.samples: list[Sample] = []
        self.counts = {"lives": 0, "clock changes": 0, "rollbacks": 0, "kill -9": 0, "SIGTERM": 0}
        self.slowest_stop = 0.0
        self._dice = random.Random(f"{seed}/{name}/events")
        self._restart_at: float | None = None
        self._next_sample = 0.0
        events = [Event(8, self.workload.drop), Event(90, self._move_clock), Event(240, self._roll_back),
                  Event(60, self._look)]
        if is_stormy:
            events += [Event(100, self._kill), Event(180, self._terminate)]
        self._events = events

    def start(self) -> None:
        self.installation.start()
        self.counts["lives"] += 1
        for event in self._events:
            self._schedule(event)

    def step(self, seconds: float, share: float) -> None:
        """What is due by now: `seconds` after the beginning, with that share of the time gone."""
        now = time.monotonic()
        self.workload.is_growing = share < GROWING_SHARE
        self._be_alive(now)
        self.workload.go_on()
        for event in self._events:
            if event.due <= now:
                event.happen()
                self._schedule(event)
        daemon = self.installation.daemon
        if self.installation.is_running and daemon and self._next_sample <= now:
            self._next_sample = now + 2
            self.samples += filter(None, [sample(daemon.pid, seconds)])

    def rest_and_check(self) -> None:
        """Lets everything be taken in, and throws `Unsound` where something isn't as it must be."""
        while self.workload.is_writing:
            self.workload.go_on()
            time.sleep(0.1)
        self._restart_at = self._restart_at and 0
        self._be_alive(time.monotonic())
        self.installation.wait_taken_in(REST_SECONDS)
        self.installation.wait_until("a run ends", self._is_idle, REST_SECONDS)
        self._require_sound()
        for event in self._events:
            self._schedule(event)

    def stop_and_check(self) -> None:
        """Stops the daemon, and looks at what it leaves."""
        self.rest_and_check()
        self._terminate()
        self._require_sound()

    def promotions(self) -> int:
        return self.installation.rows("SELECT count(*) FROM publications WHERE kind = 'promotion'")[0][0]

    def described(self) -> str:
        counts = self.counts | {"promotions": self.promotions(), "files": len(self.installation.dropped)}
        counts["runs"] = self.installation.rows("SELECT count(*) FROM runs")[0][0]
        counts["pictures"] = self.installation.rows("SELECT count(*) FROM pictures")[0][0]
        text = ", ".join(f"{count} {name}" for name, count in counts.items())
        drops = ", ".join(f"{count} {name}" for name, count in sorted(self.workload.counts.items()))
        last = self.samples[-1]
        return (
            f"{self.name}: {last.memory / 2**20:.1f} MiB, {last.descriptors} descriptors; {text}; "
            f"slowest stop {self.slowest_stop:.1f} s; drops: {drops}")

    def _schedule(self, event: Event) -> None:
        event.due = time.monotonic() + self._dice.expovariate(1 / event.mean_seconds)

    # What happens

    def _be_alive(self, now: float) -> None:
        if self._restart_at is not None and self._restart_at <= now:
            self._restart_at = None
            self.installation.start()
            self.counts["lives"] += 1
        elif self._restart_at is None and not self.installation.is_running:
            raise Unsound(f"{self.name}: the daemon has ended by itself:\n{self.installation.log_text()}")

    def _kill(self) -> None:
        if not self.installation.is_running:
            return
        self.counts["kill -9"] += 1
        decoders = _children(self.installation.daemon.pid)
        self.installation.kill()
        _require_gone(decoders)
        if self._dice.random() < 0.2:
            self._require_sound()
        self._plan_restart()

    def _terminate(self) -> None:
        if not self.installation.is_running:
            return
        self.counts["SIGTERM"] += 1
        begin = time.monotonic()
        self.installation.daemon.send_signal(signal.SIGTERM)
        try:
            status = self.installation.daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Unsound(f"{self.name}: the daemon runs {STOP_SECONDS} s after SIGTERM") from None
        self.slowest_stop = max(self.slowest_stop, time.monotonic() - begin)
        if status != 0:
            raise Unsound(f"{self.name}: the daemon ended with {status}:\n{self.installation.log_text()}")
        self._plan_restart()

    def _plan_restart(self) -> None:
        self._restart_at = time.monotonic() + self._dice.choice((0, 0, 1, 5))

    def _move_clock(self) -> None:
        self.counts["clock changes"] += 1
        self.installation.clock.set(self._dice.choice(CLOCKS))

    def _roll_back(self) -> None:
        """To the first model, which a later one beats again."""
        versions = [row[0] for row in self.installation.rows("SELECT version FROM models ORDER BY run_id")]
        current = self.installation.rows("SELECT version FROM publications ORDER BY id DESC LIMIT 1")
        if not current or versions[0] == current[0][0]:
            return
        self.counts["rollbacks"] += 1
        result = self.installation.run("rollback", versions[0])
        if result.returncode != 0:
            raise Unsound(f"{self.name}: rollback failed: {result.stderr}")

    def _look(self) -> None:
        for command in ("status", "history", "rejects"):
            self.installation.json(command)

    # What must hold

    def _is_idle(self) -> bool:
        status = self.installation.json("status")["status"]
        return status is not None and status["phase"] == "idle" and status["degraded"] is None

    def _require_sound(self) -> None:
        problems = self.installation.problems()
        if self.installation.is_running:
            problems += self.workload.wrong_verdicts()
        if problems:
            raise Unsound("\n".join([f"{self.name} is unsound:", *problems, self.installation.log_text()]))


class _Clocked(Installation):
    """All of its programs see its own clock. Its log goes on through restarts, as a journal does."""

    def __init__(self, folder: Path, settings: str, clock: Clock) -> None:
        super().__init__(folder, settings)
        self.clock = clock

    def start(self, *arguments, **options):
        return super().start(*arguments, variables=self.clock.variables, **options)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), env=environment(self.clock.variables), capture_output=True, text=True,
            timeout=120)


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def _require_gone(processes: list[int]) -> None:
    """Decoder processes end with their parent."""
    deadline = time.monotonic() + STOP_SECONDS
    left = processes
    while left := [process for process in left if _is_decoder(process)]:
        if time.monotonic() > deadline:
            raise Unsound(f"processes that outlive their daemon: {left}")
        time.sleep(0.05)


def _is_decoder(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
