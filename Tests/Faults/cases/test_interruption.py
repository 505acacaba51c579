"""A daemon that is stopped, held up, sent back in time or short of memory: it ends in order, and nothing is lost."""

from __future__ import annotations

import random
import signal
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator

from harness.case import FaultCase
from harness.cgroup import MemoryGroup
from harness.clock import Clock
from harness.installation import INTAKE_ONLY, QUICK, Installation
from harness.notification import NotificationSocket
from harness.pictures import chunk, data_set, png

RUN_SECONDS = 60


class Terminations(FaultCase):
    MOMENTS = 30

    def test_terminated_in_the_middle_of_everything(self) -> None:
        """At random moments of starting, taking in, training and publishing; always within seconds, with status 0."""
        moments = random.Random(7)
        installation = self.installation(QUICK)
        for number in range(self.MOMENTS):
            if number % 3 == 0:
                installation.drop(f"drop-{number}", data_set(20, 4, seed=number, shift=(number // 3 + 1) % 2))
            installation.start(wait=moments.random() < 0.9)
            time.sleep(moments.uniform(0, 1.5))
            self.assertIn(installation.stop(), self.endings(installation))
            self.assert_sound(installation, f"after termination {number}")
        installation.start()
        installation.wait_taken_in()
        installation.wait_until("no run is under way", lambda: self.is_at_rest(installation), RUN_SECONDS)
        self.assert_sound(installation, "at the end")
        self.assertGreater(installation.json("status")["counts"]["models"], 0)

    def endings(self, installation: Installation) -> tuple[int, ...]:
        """Before it watches the inbox it may be ended by the signal itself: there is nothing to be ended in order."""
        return (0,) if "cultivar is watching" in installation.log_text() else (0, -signal.SIGTERM)

    def is_at_rest(self, installation: Installation) -> bool:
        """Whether the last run has ended and has seen all pictures."""
        last = installation.rows("SELECT outcome, last_picture_id FROM runs ORDER BY id DESC LIMIT 1")
        unpublished = installation.rows("SELECT 1 FROM publications WHERE published_at IS NULL")
        pictures = installation.rows("SELECT max(id) FROM pictures")[0][0]
        return bool(last) and last[0][0] != "running" and last[0][1] == pictures and not unpublished


class Watchdog(FaultCase):
    SECONDS = 2.0

    def test_a_stopped_daemon_is_not_heard_of_and_its_successor_takes_all_in(self) -> None:
        installation = self.installation()
        manager = NotificationSocket(self, self.folder / "notify")
        variables = manager.variables(self.SECONDS)
        installation.start(variables=variables)
        self.assertTrue(manager.hears("READY=1", 10))
        self.assertTrue(manager.hears("WATCHDOG=1", self.SECONDS))
        installation.drop("fruit", data_set(80, 20, seed=1))
        installation.wait_until("it is at work", lambda: any((installation.state / "tmp").iterdir()))
        installation.daemon.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        manager.forget()
        self.assertFalse(manager.hears("WATCHDOG=1", self.SECONDS), "a stopped daemon was heard of")
        installation.kill()  # As systemd does when it hasn't been heard of.
        self.assert_sound(installation, "when it was killed for its silence")
        installation.start(variables=variables)
        self.assertTrue(manager.hears("WATCHDOG=1", self.SECONDS))
        installation.wait_taken_in()
        self.assert_sound(installation, "after the restart")


class Clocks(FaultCase):
    """The time of day set by a day, forward and back, while the daemon runs. Its monotonic clocks go on as they do."""

    DAY = 86_400

    def test_set_by_a_day_forward_and_back(self) -> None:
        self.require_program("cc")
        clock = Clock(self.folder)
        installation = self.installation(QUICK)
        installation.start(variables=clock.variables)
        for number, days in enumerate((0, 1, -1, 0)):
            installation.write(f"drop-{number}", self.pictures(number))  # It has to settle, over the change of time.
            installation.note(f"drop-{number}", self.pictures(number))
            clock.set(days * self.DAY)
            self.assert_taken_in(installation, number + 1)
            self.assert_sound(installation, f"with the clock set by {days} days")
        days = {row[0][:10] for row in installation.rows("SELECT recorded_at FROM files")}
        self.assertEqual(len(days), 3, "the daemon has seen the clock change")
        self.assertEqual(installation.stop(), 0)

    def pictures(self, number: int) -> dict[str, bytes]:
        return data_set(8 + 8 * number, 4, seed=number, shift=1 - min(number, 1))

    def assert_taken_in(self, installation: Installation, runs: int) -> None:
        installation.wait_taken_in(20)
        self.assertIn(installation.wait_for_run(runs, 20)["outcome"], ("promoted", "kept"))


class Memory(FaultCase):
    SIDE = 7_000

    def setUp(self) -> None:
        super().setUp()
        self.require_root("make a control group")
        self.group = MemoryGroup(self)

    def test_taking_in_with_hardly_enough_memory(self) -> None:
        """With some of it not even for the start; what is ended then is ended without warning."""
        endings = []
        for megabytes in (12, 16, 20, 24, 32):
            installation = self.installation(name=f"installation-{megabytes}")
            self.group.limit(megabytes << 20)
            installation.drop("fruit", {f"fig/{number}.png": png(0, number, side=64) for number in range(300)})
            daemon = installation.start(self.group.prefix, wait=False)
            try:
                daemon.wait(3)
            except subprocess.TimeoutExpired:
                pass
            endings.append(daemon.poll())
            installation.kill()
            self.assert_sound(installation, f"with {megabytes} MB")
            installation.start()
            installation.wait_taken_in()
            self.assert_sound(installation, f"after {megabytes} MB")
            installation.stop()
        print(f"with 12, 16, 20, 24, 32 MB: {endings}", flush=True)
        self.assertIn(-signal.SIGKILL, endings, "memory was to run out")

    def test_a_training_that_runs_out_of_memory_goes_on_where_there_is_more(self) -> None:
        installation = self.installation(INTAKE_ONLY)
        installation.start()
        installation.drop("fruit", data_set(12, 4, seed=1) | {"train/fig/large.png": large_picture(self.SIDE)})
        installation.wait_taken_in()
        installation.stop()
        installation.settings.write_text(QUICK)
        self.group.limit(96 << 20)
        daemon = installation.start(self.group.prefix, wait=False)
        self.assertEqual(daemon.wait(RUN_SECONDS), -signal.SIGKILL, "the kernel was to end it")
        self.assert_sound(installation, "when memory had run out")
        installation.start()
        self.assertEqual(installation.wait_for_run(1, RUN_SECONDS)["outcome"], "promoted")
        self.assert_sound(installation, "with more memory")


def large_picture(side: int) -> bytes:
    """A square of one colour: a small file, and 3 bytes for each of its pixels when it is decoded."""
    def rows() -> Iterator[bytes]:
        packer = zlib.compressobj(1)
        row = b"\0" + bytes((200, 60, 90)) * side
        for _ in range(side):
            yield packer.compress(row)
        yield packer.flush()

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", b"".join(rows())), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
