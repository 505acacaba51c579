"""What a process holds, and whether it comes to hold more and more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

_PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True)
class Sample:
    seconds: float
    """Since the beginning."""
    memory: int
    """Resident bytes."""
    descriptors: int
    threads: int


def sample(process: int, seconds: float) -> Sample | None:
    """Of a living process; None where it has just ended."""
    try:
        with open(f"/proc/{process}/statm") as file:
            pages = int(file.read().split()[1])
        folder = f"/proc/{process}"
        return Sample(seconds, pages * _PAGE, len(os.listdir(f"{folder}/fd")), len(os.listdir(f"{folder}/task")))
    except (FileNotFoundError, ProcessLookupError):
        return None


def second_half(samples: Sequence[Sample]) -> list[Sample]:
    """The samples of the second half of the time."""
    middle = (samples[0].seconds + samples[-1].seconds) / 2
    return [entry for entry in samples if entry.seconds >= middle]


def growth(samples: Sequence[Sample], field: str) -> float:
    """By how much a line through the samples (least squares) rises from the first to the last."""
    times = [entry.seconds for entry in samples]
    values = [float(getattr(entry, field)) for entry in samples]
    mean_time, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    if spread == 0:
        raise ValueError("a line takes samples of two times")
    slope = sum((time - mean_time) * (value - mean) for time, value in zip(times, values)) / spread
    return slope * (times[-1] - times[0])


def summary(samples: Sequence[Sample], parts: int = 10) -> list[str]:
    """A line for each part of the time: the mean and the largest of each value."""
    first, last = samples[0].seconds, samples[-1].seconds
    lines = []
    for part in range(parts):
        begin, end = (first + (last - first) * share / parts for share in (part, part + 1))
        chosen = [entry for entry in samples if begin <= entry.seconds <= end]
        if chosen:
            lines.append(f"{begin / 60:6.1f} min  " + "  ".join(
                f"{name} {_mean(chosen, name) / unit:6.1f} (at most {_most(chosen, name) / unit:.1f})"
                for name, unit in (("memory", 2**20), ("descriptors", 1), ("threads", 1))))
    return lines


def _mean(samples: Sequence[Sample], field: str) -> float:
    return sum(getattr(entry, field) for entry in samples) / len(samples)


def _most(samples: Sequence[Sample], field: str) -> float:
    return max(getattr(entry, field) for entry in samples)
