"""The table and bench.json."""

from __future__ import annotations

import json
from pathlib import Path

from . import machine
from .measurement import Comparison, Result


def print_progress(result: Result) -> None:
    for row in result.comparisons:
        print(f"  {row.cell.work}, against {row.cell.peer}: {verdict(row)}", flush=True)
    for note in result.notes:
        print(f"  {note}", flush=True)


def print_table(comparisons: list[Comparison], notes: list[str]) -> None:
    """How many times as fast as the peer: best against best, median against median, and what is asked for."""
    header = ("work", "peer", "ours", "peer's", "best", "median", "bar", "")
    table = [header, *map(_columns, comparisons)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    print()
    for row in table if comparisons else []:
        cells = [text.ljust(width) if column < 2 else text.rjust(width)
                 for column, (text, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    if notes:
        print()
    for note in notes:
        print(note)
    if machine.busy():
        print(f"\nSomething else may be running: {machine.describe()}")


def write_json(comparisons: list[Comparison], path: Path) -> None:
    """One object a row; the ratios of a row that couldn't be measured are null."""
    rows = [
        {
            "work": row.cell.work, "peer": row.cell.peer, "ratio_best": _rounded(row.ratio_best),
            "ratio_median": _rounded(row.ratio_median), "bar": row.cell.bar,
        }
        for row in comparisons
    ]
    path.write_text(json.dumps(rows, indent=2) + "\n")


def _columns(row: Comparison) -> tuple[str, ...]:
    cell = row.cell
    if row.ratio_best is None or row.ratio_median is None:
        return (cell.work, cell.peer, "", "", "-", "-", f"{cell.bar:g}", row.reason)
    return (
        cell.work, cell.peer, _duration(min(row.ours)), _duration(min(row.theirs)), f"{row.ratio_best:.2f}",
        f"{row.ratio_median:.2f}", f"{cell.bar:g}", "" if row.ratio_best >= cell.bar else "below")


def verdict(row: Comparison) -> str:
    """The ratios in a line, or why there are none."""
    if row.ratio_best is None or row.ratio_median is None:
        return f"not measured: {row.reason}"
    bar = f", asked for {row.cell.bar:g}" if row.cell.bar else ""
    return f"{row.ratio_best:.2f} (best), {row.ratio_median:.2f} (median){bar}; {len(row.ours)} rounds"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 3)
