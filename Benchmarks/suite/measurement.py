"""Contenders that do the same work in turn, and what their times say."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .errors import BenchmarkError

MAX_ROUNDS = 15
MIN_ROUNDS = 3
# A measurement repeats the work for about so long, so that starting it doesn't count.
MEASUREMENT_SECONDS = 0.3
MAX_REPETITIONS = 500
# Threads of some peers go on spinning for a moment after their work.
PAUSE_SECONDS = 0.05


class Contender(Protocol):
    """Something that does a piece of work as often as it is told to."""

    def start(self) -> None: ...

    def seconds(self, times: int) -> float:
        """How long so many repetitions took."""
        ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Cell:
    """A row of the table: one piece of work, and who does it; a bar of 0 asks for nothing."""

    work: str
    peer: str
    bar: float
    ours: str
    theirs: str


@dataclass
class Comparison:
    """A row with its times, in seconds a repetition; or the reason why there are none."""

    cell: Cell
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    reason: str = ""

    @property
    def ratio_best(self) -> float | None:
        return None if self.reason else min(self.theirs) / min(self.ours)

    @property
    def ratio_median(self) -> float | None:
        return None if self.reason else statistics.median(self.theirs) / statistics.median(self.ours)


@dataclass
class Result:
    """What measuring a work gave: rows, and lines to stand below the table."""

    comparisons: list[Comparison] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """Something that `make bench WORK=…` can name. `measure` takes the `Places` and gives a `Result`."""

    summary: str
    measure: Callable


def compare(
    contenders: dict[str, Contender], cells: list[Cell], budget: float, max_rounds: int = MAX_ROUNDS,
    min_rounds: int = MIN_ROUNDS, repeat: bool = True
) -> list[Comparison]:
    """Lets all contenders do their work in turn, for about `budget` seconds in at most `max_rounds` rounds.

    With `repeat` they are warmed up, and a measurement repeats short work. A contender that can't start or go on leaves
    its rows without ratios; the others go on.
    """
    field = _Field(contenders)
    try:
        field.each(lambda contender: contender.start())
        repetitions = field.each(_repetitions) if repeat else dict.fromkeys(contenders, 1)
        times: dict[str, list[float]] = {name: [] for name in contenders}
        end = time.monotonic() + budget
        for done in range(max_rounds):
            if done >= min_rounds and time.monotonic() > end:
                break
            for name, seconds in field.each_by_name(lambda name, one: one.seconds(repetitions[name])).items():
                times[name].append(seconds / repetitions[name])
    finally:
        for contender in contenders.values():
            contender.stop()
    return [
        Comparison(cell, times[cell.ours], times[cell.theirs], field.failures.get(cell.ours)
                   or field.failures.get(cell.theirs) or "")
        for cell in cells
    ]


class _Field:
    """The contenders, without those that have failed."""

    def __init__(self, contenders: dict[str, Contender]) -> None:
        self.contenders = contenders
        self.failures: dict[str, str] = {}

    def each(self, act: Callable[[Contender], object]) -> dict:
        return self.each_by_name(lambda _, contender: act(contender))

    def each_by_name(self, act: Callable[[str, Contender], object]) -> dict:
        """What `act` gives for each contender, one after the other."""
        results = {}
        for name, contender in self.contenders.items():
            if name in self.failures:
                continue
            try:
                results[name] = act(name, contender)
            except BenchmarkError as error:
                self.failures[name] = str(error)
            time.sleep(PAUSE_SECONDS)
        return results


def _repetitions(contender: Contender) -> int:
    """How often the work fits into a measurement; warms the contender up on the way."""
    contender.seconds(1)
    once = contender.seconds(1)
    return max(1, min(MAX_REPETITIONS, round(MEASUREMENT_SECONDS / once)))
