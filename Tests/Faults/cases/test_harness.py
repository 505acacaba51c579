"""What strikes the daemon strikes what it says."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from harness import tracer
from harness.case import FaultCase
from harness.clock import Clock
from harness.injection import failing

WRITER = """
import os, sys, threading
def write(name):
    with open(name, "w") as file:
        file.write(name)
write("a")
thread = threading.Thread(target=write, args=["b"])
thread.start()
thread.join()
write("c")
"""


class TracerTests(FaultCase):
    """A program that makes three files, the second one in another thread: five calls before the third is made."""

    def setUp(self) -> None:
        super().setUp()
        if not tracer.is_supported():
            self.skipTest("the tracer knows Linux on x86-64 only")

    def test_it_counts_the_calls_of_all_threads(self) -> None:
        status, calls = self.trace()
        self.assertEqual(status, 0)
        self.assertEqual([call.split(" ")[:2] for call in calls], [
            ["1", "openat"], ["2", "write"], ["3", "openat"], ["4", "write"], ["5", "openat"], ["6", "write"]])

    def test_it_kills_before_the_call(self) -> None:
        status, calls = self.trace("--kill-at", "5")
        self.assertEqual((status, len(calls)), (128 + 9, 5))
        self.assertEqual(self.files(), {"a": "a", "b": "b"})

    def test_it_begins_where_it_is_told_to_and_passes_over_what_doesnt_count(self) -> None:
        status, calls = self.trace("--kill-at", "2", "--from", "/b", "--ignore", "/a$")
        self.assertEqual(status, 128 + 9)
        self.assertEqual([call.split(" ")[1] for call in calls], ["openat", "write"])
        self.assertEqual(self.files(), {"a": "a", "b": ""})

    def trace(self, *options: str) -> tuple[int, list[str]]:
        log = self.folder / "trace"
        (self.folder / "made").mkdir()
        names = WRITER.replace("open(name", f"open({str(self.folder / 'made')!r} + '/' + name")
        result = subprocess.run(self.command(names, ["--log", str(log), *options]))
        return result.returncode, log.read_text().splitlines()

    def command(self, program: str, options: Sequence[str]) -> list[str]:
        return [sys.executable, tracer.__file__, *options, "--", sys.executable, "-I", "-B", "-c", program]

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.folder / "made").iterdir()}


class InjectionTests(FaultCase):
    PROGRAM = """
import os, sys, time
while True:
    time.sleep(0.05)
    try:
        os.fsync(1)
        print("well", flush=True)
    except OSError as error:
        print(error.errno, flush=True)
"""

    def test_calls_fail_while_it_lasts(self) -> None:
        self.require_strace()
        output = self.folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen([sys.executable, "-c", self.PROGRAM], stdout=file)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        with failing(process.pid, "fsync", "EIO"):
            time.sleep(0.5)
        lines = len(output.read_text().splitlines())
        self.assertIn("5", output.read_text().splitlines())
        time.sleep(0.5)
        self.assertEqual(set(output.read_text().splitlines()[lines + 1:]), {"well"})


class ClockTests(FaultCase):
    def test_the_time_of_day_moves_and_nothing_else(self) -> None:
        self.require_program("cc")
        clock = Clock(self.folder)
        clock.set(86_400)
        text = subprocess.run(
            [sys.executable, "-c", "import time; print(time.time(), time.monotonic())"], env=clock.variables,
            capture_output=True, text=True, check=True).stdout
        day, monotonic = map(float, text.split())
        self.assertAlmostEqual(day, time.time() + 86_400, delta=5)
        self.assertAlmostEqual(monotonic, time.monotonic(), delta=5)

    def test_a_wait_until_a_moment_takes_no_longer(self) -> None:
        self.require_program("cc")
        clock = Clock(self.folder)
        clock.set(86_400)
        program = """
import ctypes, time
libc, semaphore = ctypes.CDLL(None), ctypes.create_string_buffer(64)
libc.sem_init(semaphore, 0, 0)
end = time.time() + 0.3
moment = (ctypes.c_long * 2)(int(end), int(end % 1 * 1e9))
print(libc.sem_timedwait(semaphore, moment))
"""
        start = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-c", program], env=clock.variables, capture_output=True, text=True, check=True,
            timeout=30)
        self.assertEqual(result.stdout.strip(), "-1", "nobody posts")
        self.assertGreater(time.monotonic() - start, 0.3)
