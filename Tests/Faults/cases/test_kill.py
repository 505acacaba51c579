"""kill -9, at every system call that matters and at random moments of training; each time a restart, and the checker.

A kill comes before the call that it is counted at. What has been done is then seen twice: as the dead process left it,
and after the next one has come to rest.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness import tracer
from harness.case import FaultCase, in_parallel
from harness.checker import Dropped
from harness.installation import INTAKE_ONLY, QUICK, Installation, Overdue, environment
from harness.ledger import order_problems, read
from harness.pictures import damaged, data_set, png

WORKERS = 2 * (os.cpu_count() or 1)
"""How many installations are struck at a time: a daemon mostly waits for the inbox to be still."""

SLOW = """\
inbox: {settle: 0.3s}
train: {on_drop: true}
search:
  candidates: 4
  folds: 3
  space: {backbone: [tiny], learning_rate: [0.01, 0.003, 0.001], batch_size: [4], hidden_units: [64, 128]}
fit: {epochs: 40}
backup: {interval: 0s}
"""

KILLED = 128 + 9
RUN_SECONDS = 60


@dataclass(frozen=True)
class Strike:
    """What became of a process that was to be killed at one call."""

    point: int
    call: str | None
    """The call's name and path; None where the process had come to its end before."""
    problems: list[str]


@dataclass(frozen=True)
class Sweep:
    """What is to be killed at each of its calls, and what is done afterwards."""

    make: Callable[[str], Installation]
    act: Callable[[Installation, list[str]], int]
    """Runs it behind the words that trace it; returns the exit status."""
    come_to_rest: Callable[[Installation], None] = lambda installation: None
    """Waits until the daemon that is started afterwards has done what there is to do."""
    first: str = ""
    """What the path of the first call that counts contains."""
    is_sound_when_dead: bool = True
    has_ledger_when_dead: bool = True
    """Whether all of the history must be in the ledger then."""


class SweepCase(FaultCase):
    def setUp(self) -> None:
        super().setUp()
        self.numbers = itertools.count()
        if not tracer.is_supported():
            self.skipTest("the tracer knows Linux on x86-64 only")

    def sweep(self, sweep: Sweep) -> None:
        """Lets the act be killed at each of its calls, each time on an installation of its own."""
        whole, calls = self.strike(sweep, 0)
        strikes = [whole, *self.strike_each(sweep, range(1, len(calls) + WORKERS))]
        # Threads may change places, so that a call has another number than in the unbroken run.
        for _ in range(5):
            struck = {strike.call for strike in strikes}
            missed = [point for point, call in enumerate(calls, 1) if call not in struck]
            near = {max(point + shift, 1) for point in missed for shift in (-2, -1, 0, 1, 2)}
            strikes += self.strike_each(sweep, sorted(near))
        self.report(strikes, [calls[point - 1] for point in missed])

    def strike_each(self, sweep: Sweep, points: Iterable[int]) -> list[Strike]:
        results = in_parallel(lambda point: self.strike(sweep, point)[0], points, WORKERS)
        return [result.result() for result in results]

    def strike(self, sweep: Sweep, point: int) -> tuple[Strike, list[str]]:
        """Lets the act be killed at one call; 0 is none. Gives the calls until then, too."""
        installation = sweep.make(f"point-{point}-{next(self.numbers)}")
        trace = installation.folder / "trace"
        status = sweep.act(installation, tracing(trace, point, sweep.first))
        calls = [plain(line, installation) for line in trace.read_text().splitlines()]
        problems = []
        if sweep.is_sound_when_dead:
            found = installation.problems(has_ledger=sweep.has_ledger_when_dead)
            problems += [f"dead: {problem}" for problem in found]
        try:
            installation.start()
            sweep.come_to_rest(installation)
            problems += installation.problems()
            installation.stop()
        except Exception as error:  # It is this point's result; the others go on.
            problems.append(f"{type(error).__name__}: {error}")
            installation.kill()
        if not problems:
            shutil.rmtree(installation.folder)
        return Strike(point, calls[-1] if status == KILLED else None, problems), calls

    def report(self, strikes: list[Strike], missed: list[str]) -> None:
        """Fails where anything was wrong; says how many calls were struck otherwise."""
        bad = [f"{strike.point} ({strike.call}): {problem}" for strike in strikes for problem in strike.problems]
        if bad:
            self.fail("\n".join([f"{len(bad)} problems:", *bad]))
        self.assertEqual(missed, [], "calls of the unbroken run that no kill came at")
        calls = Counter(strike.call.split(" ")[0] for strike in strikes if strike.call)
        total = sum(calls.values())
        print(f"{total} kills: " + ", ".join(f"{count} {name}" for name, count in sorted(calls.items())), flush=True)

    def copy_of(self, snapshot: Installation, name: str, settings: str | None = None) -> Installation:
        """An installation that begins as another one was left."""
        folder = self.folder / name
        shutil.copytree(snapshot.folder, folder, symlinks=True)
        copy = Installation(folder, settings or snapshot.settings.read_text())
        self.addCleanup(copy.kill)
        copy.dropped = list(snapshot.dropped)
        return copy


class IntakeKills(SweepCase):
    def test_killed_at_every_call_of_taking_in(self) -> None:
        """Of a first start, of a drop whose files are synchronised together, and of one where each is by itself."""
        self.sweep(Sweep(self.with_drops, self.take_in, Installation.wait_taken_in))

    def test_lines_are_on_the_disk_before_their_rows_and_before_the_originals_go(self) -> None:
        """What is only in memory outlives a kill, so that no kill shows it: the order of the calls does."""
        whole, calls = self.strike(Sweep(self.with_drops, self.take_in), 0)
        self.assertEqual(whole.problems, [])
        # Files that are fresh get another name before they are removed.
        unlinks = [call for call in calls if call.startswith("unlink") and "/inbox/" in call]
        removals = {call.split(" ", 1)[1].replace(".cultivar~", "") for call in unlinks}
        self.assertLessEqual({f"/inbox/dozen/fig/{number}.png" for number in range(6)}, removals)
        self.assertEqual(order_problems(calls), [])

    def with_drops(self, name: str) -> Installation:
        installation = self.installation(name=name)
        dozen = {f"fig/{number}.png": png(0, number) for number in range(6)}
        dozen |= {f"plum/deep/{number}.png": png(1, number) for number in range(3)}
        dozen |= {
            "fig/again.png": png(0, 1), "plum/other.png": png(0, 2), "fig/broken.png": damaged(9),
            "plum/text.png": b"no picture " * 20, "beside.png": png(1, 5)}
        installation.prepare("dozen", dozen)
        os.symlink("/etc/passwd", installation.inbox / ".dozen/fig/link.png")
        installation.dropped.append(Dropped.of("dozen/fig/link.png", None))
        (installation.inbox / ".dozen/.DS_Store").touch()
        installation.deliver("dozen", dozen)
        few = {"quince/1.png": png(2, 1), "quince/2.png": png(2, 2), "quince/broken.png": damaged(10)}
        installation.drop("few", few)
        return installation

    def take_in(self, installation: Installation, prefix: list[str]) -> int:
        return run_daemon(installation, prefix, lambda: is_taken_in(installation))


class TakeoverKills(SweepCase):
    """An installation of a release without a ledger gets one from its history."""

    def setUp(self) -> None:
        super().setUp()
        first = self.installation(name="first")
        first.start()
        for number, name in enumerate((b"first", b"n\xff", "zw\u00f6lf \"".encode())):
            files = {b"fig/%d.png" % index: png(0, 100 * number + index) for index in range(5)}
            files |= {b"Plum/\xfe.png": png(1, number), b"plum/again.png": png(1, number)}
            files |= {b"plum/text.png": b"no picture " * 20}
            first.write(name, files)
            first.note(name, files)
            first.wait_taken_in()
        first.stop()
        self.pictures = read(first.state / "ledger").of("picture")
        self.assertEqual(len(self.pictures), 18)
        self.ready = self.copy_of(first, "ready")
        forget_ledger(self.ready.state)

    def test_killed_at_every_call_of_taking_over(self) -> None:
        """And of taking in a drop that came meanwhile."""
        self.sweep(Sweep(self.with_a_drop, self.take_over, self.come_to_rest, has_ledger_when_dead=False))

    def with_a_drop(self, name: str) -> Installation:
        installation = self.copy_of(self.ready, name)
        installation.drop("late", {"quince/1.png": png(2, 1), "fig/1.png": png(0, 1)})
        return installation

    def take_over(self, installation: Installation, prefix: list[str]) -> int:
        return run_daemon(installation, prefix, lambda: is_taken_in(installation))

    def come_to_rest(self, installation: Installation) -> None:
        """Then the ledger says of the first drops what it said when they were taken."""
        installation.wait_taken_in()
        written = read(installation.state / "ledger").of("picture")
        for line in self.pictures:
            self.assertIn(line, written)


def forget_ledger(state: Path) -> None:
    """What a release without a ledger has left."""
    shutil.rmtree(state / "ledger")
    with closing(sqlite3.connect(state / "history.sqlite")) as history, history:
        history.execute("DELETE FROM ledger_position")


class PublishingKills(SweepCase):
    """On an installation whose next run makes its second version."""

    def setUp(self) -> None:
        super().setUp()
        first = self.installation(QUICK, "first")
        first.start()
        first.drop("wrong", data_set(8, 4, seed=1, shift=1))
        self.assertEqual(first.wait_for_run(1)["outcome"], "promoted")
        first.stop()
        self.ready = self.copy_of(first, "ready", INTAKE_ONLY)
        self.ready.start()
        self.ready.drop("right", data_set(40, 8, seed=2))
        self.ready.wait_taken_in()
        self.ready.stop()

    def test_killed_at_every_call_of_publishing(self) -> None:
        """From the first call that stages the version to the one that notes that the outbox agrees."""
        whole = self.copy_of(self.ready, "whole", QUICK)
        whole.start()
        self.assertEqual(whole.wait_for_run(2)["outcome"], "promoted")
        whole.stop()
        model = published_model(whole)

        def publish_again(installation: Installation) -> None:
            installation.wait_for_run(2, RUN_SECONDS)
            self.assertEqual(published_model(installation), model, "another model than an unbroken run's")

        self.sweep(Sweep(
            lambda name: self.copy_of(self.ready, name, QUICK), self.publish, publish_again, first=".staging-v0002"))

    def test_killed_at_every_call_of_a_rollback_and_of_publishing_again(self) -> None:
        self.ready = self.copy_of(self.ready, "published", QUICK)
        self.ready.start()
        self.assertEqual(self.ready.wait_for_run(2)["outcome"], "promoted")
        self.ready.stop()

        def make(name: str) -> Installation:
            return self.copy_of(self.ready, name, INTAKE_ONLY)

        with self.subTest("rollback"):
            self.sweep(Sweep(make, self.roll_back))
        shutil.rmtree(self.ready.outbox / "models/v0002")
        with self.subTest("made again"):
            self.sweep(Sweep(make, self.start_and_stop, is_sound_when_dead=False))

    def publish(self, installation: Installation, prefix: list[str]) -> int:
        return run_daemon(installation, prefix, lambda: is_published(installation))

    def roll_back(self, installation: Installation, prefix: list[str]) -> int:
        return subprocess.run(
            [*prefix, *installation.command("rollback")], env=environment(), timeout=RUN_SECONDS,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def start_and_stop(self, installation: Installation, prefix: list[str]) -> int:
        return run_daemon(installation, prefix, lambda: "cultivar is watching" in installation.log_text())


class BackupKills(SweepCase):
    """On an installation with as many backups as it keeps, so that the new one takes the place of the oldest."""

    OLD = ("history-2020-01-01T00-00-00Z.sqlite", "history-2020-01-02T00-00-00Z.sqlite")
    SETTINGS = INTAKE_ONLY.replace("interval: 0s", "interval: 1d, keep: 2")

    def setUp(self) -> None:
        super().setUp()
        self.ready = self.installation(name="ready")
        self.ready.start()
        self.ready.drop("fruit", data_set(12, 4, seed=6))
        self.ready.wait_taken_in()
        self.ready.stop()
        (self.ready.state / "backups").mkdir()
        for name in self.OLD:
            self.assertEqual(self.ready.run("backup", str(self.ready.state / "backups" / name)).returncode, 0)

    def test_killed_at_every_call_of_a_backup(self) -> None:
        """At any time there are two whole backups, and what is left over goes with the next one."""
        self.sweep(Sweep(
            lambda name: self.copy_of(self.ready, name, self.SETTINGS), self.back_up, self.wait_backed_up,
            first="/backups"))

    def back_up(self, installation: Installation, prefix: list[str]) -> int:
        status = run_daemon(installation, prefix, lambda: self.is_backed_up(installation))
        whole = list(installation.state.glob("backups/history-*.sqlite"))
        self.assertGreaterEqual(len(whole), 2, "the oldest was removed before the new one had its name")
        return status

    def wait_backed_up(self, installation: Installation) -> None:
        installation.wait_until("there is a new backup", lambda: self.is_backed_up(installation))
        installation.wait_until("nothing is left over", lambda: not list(installation.state.glob("backups/.*")))

    def is_backed_up(self, installation: Installation) -> bool:
        return max(os.listdir(installation.state / "backups")) > max(self.OLD)


class TrainingKills(SweepCase):
    MOMENTS = 50

    def setUp(self) -> None:
        super().setUp()
        self.ready = self.installation(name="ready")
        self.ready.start()
        self.ready.drop("fruit", data_set(60, 10, seed=3))
        self.ready.wait_taken_in()
        self.ready.stop()

    def test_killed_at_random_moments_of_training_it_ends_with_the_same_model(self) -> None:
        whole = self.copy_of(self.ready, "whole", SLOW)
        whole.start()
        self.wait_for_training(whole)
        started = time.monotonic()
        self.assertEqual(whole.wait_for_run(1, RUN_SECONDS)["outcome"], "promoted")
        seconds = time.monotonic() - started
        whole.stop()
        model = published_model(whole)
        moments = random.Random(5)
        phases: Counter[str] = Counter()
        for _ in range(10):
            naps = [moments.uniform(0, seconds) for _ in range(self.MOMENTS - sum(phases.values()))]
            results = in_parallel(lambda nap: self.kill_after(nap, model), naps, WORKERS)
            phases += Counter(filter(None, (result.result() for result in results)))
            if sum(phases.values()) >= self.MOMENTS:
                break
        print(f"{sum(phases.values())} kills in runs of {seconds:.1f} s: {dict(phases)}", flush=True)
        self.assertGreaterEqual(sum(phases.values()), self.MOMENTS)

    def kill_after(self, nap: float, model: bytes) -> str | None:
        """Kills a training so many seconds after its start; returns its phase then, None where it was over."""
        installation = self.copy_of(self.ready, f"after-{nap}", SLOW)
        installation.start()
        self.wait_for_training(installation)
        time.sleep(nap)
        phase = json.loads((installation.state / "status.json").read_text())["phase"]
        installation.kill()
        self.assert_sound(installation, f"{nap} s after the start of training")
        installation.start()
        was_running = is_running(installation)
        installation.wait_for_run(1, RUN_SECONDS)
        self.assert_sound(installation, f"after a kill {nap} s after the start of training")
        installation.stop()
        self.assertEqual(published_model(installation), model, "another model than an unbroken run's")
        shutil.rmtree(installation.folder)
        return phase if was_running else None

    def wait_for_training(self, installation: Installation) -> None:
        installation.wait_until("training begins", lambda: "run started" in installation.log_text())


def tracing(log: Path, point: int, first: str) -> list[str]:
    """What a command is put behind to be traced, and killed at one call.

    When the status, the list of what waits and the log are written depends on time, and nothing depends on them, so
    they don't count.
    """
    options = ["--log", str(log), "--kill-at", str(point), "--from", first]
    options += ["--ignore", r"/daemon\.log$|/\.(status|waiting)\.json\.new~$"]
    return [sys.executable, tracer.__file__, *options, "--"]


def plain(line: str, installation: Installation) -> str:
    """A line of the trace without what differs from run to run."""
    call = line.split(" ", 1)[1].replace(str(installation.folder), "")
    call = re.sub(r"/\.cultivar-backup-[0-9a-z]+", "/.cultivar-backup-N", call)
    call = re.sub(r"/history-[-0-9T]+Z\.", "/history-TIME.", call)
    return re.sub(r"tmp/(\d+|etilqs_[0-9a-f]+)", "tmp/N", call)


def run_daemon(installation: Installation, prefix: list[str], is_done: Callable[[], bool]) -> int:
    """Runs the daemon until it is killed, or has done its work and is stopped; returns its exit status."""
    daemon = installation.start(prefix, wait=False)
    end = time.monotonic() + RUN_SECONDS
    while daemon.poll() is None:
        if is_done():
            installation.ask_to_stop()
            return daemon.wait(RUN_SECONDS)
        if time.monotonic() > end:
            raise Overdue(f"neither killed nor done:\n{installation.log_text()}")
        time.sleep(0.02)
    return daemon.returncode


def is_taken_in(installation: Installation) -> bool:
    """Whether the inbox is empty and the history says that all drops are finished."""
    return not installation.visible_names() and is_so(installation, """
        SELECT count(*) FROM drops HAVING count(*) > 0 AND count(finished_at) = count(*)""")


def is_published(installation: Installation) -> bool:
    """Whether the second run has ended and its version is in the outbox."""
    return is_so(installation, """
        SELECT 1 FROM runs r JOIN publications p ON p.version = r.version
        WHERE r.id = 2 AND p.published_at IS NOT NULL""")


def is_running(installation: Installation) -> bool:
    return is_so(installation, "SELECT 1 FROM runs WHERE outcome = 'running'")


def is_so(installation: Installation, query: str) -> bool:
    """Whether the history has such a row; no, while there is no history yet."""
    try:
        return bool(installation.rows(query))
    except sqlite3.OperationalError:
        return False


def published_model(installation: Installation) -> bytes:
    return (installation.outbox / "current/model.onnx").read_bytes()
