"""A contender that is a process: it says `ready`, then the seconds for each line `run N`."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
from pathlib import Path

from .errors import BenchmarkError
from .places import Places

START_SECONDS = 300
RUN_SECONDS = 900


class Child:
    """`units` is how many pieces of work a repetition does; times are for one."""

    def __init__(self, command: list[str | Path], units: int = 1) -> None:
        self.command = [str(word) for word in command]
        self.units = units
        self.process: subprocess.Popen[str] | None = None
        self.messages = tempfile.TemporaryFile("w+")

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.messages, text=True,
            env=_environment())
        if self._answer(START_SECONDS) != "ready":
            raise BenchmarkError(self._failure())

    def seconds(self, times: int) -> float:
        assert self.process and self.process.stdin
        try:
            self.process.stdin.write(f"run {times}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise BenchmarkError(self._failure()) from None
        answer = self._answer(RUN_SECONDS)
        if not answer:
            raise BenchmarkError(self._failure())
        return float(answer) / self.units

    def stop(self) -> None:
        """Ends the input, and the process where that doesn't."""
        if self.process and self.process.stdin:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
        self.messages.close()

    def _answer(self, seconds: float) -> str:
        """The next line; empty where the process has ended."""
        assert self.process and self.process.stdout
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise BenchmarkError(f"no answer within {seconds:.0f} s from: {' '.join(self.command)}")
        return self.process.stdout.readline().strip()

    def _failure(self) -> str:
        self.messages.seek(0)
        lines = [line for line in self.messages.read().splitlines() if line.strip()]
        return lines[-1] if lines else f"ended without a word: {' '.join(self.command)}"


def driver(places: Places, *arguments: object, units: int = 1) -> Child:
    """Cultivar's side."""
    return Child([places.driver, *map(str, arguments)], units)


def peer(places: Places, name: str, *arguments: object, units: int = 1) -> Child:
    """Another engine, by the name of its module in peers/."""
    return Child([places.python, places.peers / f"{name}.py", *map(str, arguments)], units)


def _environment() -> dict[str, str]:
    """This process's, without what would change a contender."""
    unwanted = ("CULTIVAR_", "OMP_", "MKL_", "TF_", "ORT_", "OPENBLAS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
