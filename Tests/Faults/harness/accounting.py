"""Whether everything that was put into an inbox is accounted for, once nothing moves any more.

Each regular file has a row in the history, or lies in the inbox and is named by `cultivar drops --waiting` with a reason,
or is what operating systems and tools leave behind and is gone with its drop. Nothing else may become of one, and nothing
may be named that isn't there.
"""

from __future__ import annotations

import enum
import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

CODES = frozenset({
    "hidden", "partial_name", "unreadable", "open", "incomplete", "settling", "changed", "no_space", "too_large",
    "too_deep", "too_many_files", "drop_too_large", "name_taken", "failed", "empty_folder", "dot_file", "ignored",
    "set_aside", "not_removed"})
"""Why something may wait."""

PASSING = frozenset({"open", "incomplete", "settling", "changed"})
"""Those that go by without anybody's doing anything."""

EMPTY = frozenset({"empty_folder", "not_removed"})
"""Those that say nothing of a file that has no row."""

UNSEEN = frozenset({"unreadable", "failed"})
"""Those of which nobody knows how many files they are."""

HARMLESS = frozenset({"empty_folder", "dot_file"})
"""Those that never make the status degraded."""

KEYS = {"path", "code", "files", "since", "waits_for", "to_do", "degrades"}


class Fate(enum.Enum):
    """What must become of a file."""

    TAKEN = "has a row"
    NAMED = "waits, with a reason"
    CLUTTER = "is passed over, and gone when its drop is"
    ANY = "has a row, or waits with a reason"
    MARKER = "stays, and says so of its folder"


@dataclass(eq=False)
class Obstacle:
    """What keeps files waiting until somebody does something about it."""

    path: bytes
    """What the change is made to."""
    change: str
    """rename, chmod, take or nothing."""
    target: bytes = b""
    """The new path, of a rename."""
    is_gone: bool = False


@dataclass(eq=False)
class TreeFile:
    """A regular file that was put into the inbox."""

    path: bytes
    """Where it is as far as its owner knows, relative to the inbox."""
    base: Fate
    """What becomes of it where no obstacle is left."""
    obstacles: list[Obstacle] = field(default_factory=list)
    former: list[bytes] = field(default_factory=list)
    """Where it was before; it may have been taken in from there."""

    @property
    def fate(self) -> Fate:
        waits = self.base is Fate.TAKEN and any(not obstacle.is_gone for obstacle in self.obstacles)
        return Fate.NAMED if waits else self.base

    @property
    def was_taken_by_hand(self) -> bool:
        return any(obstacle.is_gone and obstacle.change == "take" for obstacle in self.obstacles)

    def moved(self, source: bytes, target: bytes) -> None:
        """The file, or a folder that it is in, has another name now."""
        if self.path == source or self.path.startswith(source + b"/"):
            self.former.append(self.path)
            self.path = target + self.path[len(source):]


def escaped(path: bytes) -> str:
    """A path as cultivar shows it: other bytes than UTF-8's and control characters as \\xNN, a backslash twice."""
    result = ""
    for character in path.decode(errors="surrogateescape"):
        raw = os.fsencode(character)
        if character == "\\":
            result += "\\\\"
        elif unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
            result += "".join(f"\\x{byte:02x}" for byte in raw)
        else:
            result += character
    return result


def unaccounted(
    files: Iterable[TreeFile], rows: Iterable[tuple[bytes, bytes]], lying: Iterable[bytes], waiting: Sequence[dict]
) -> list[str]:
    """What is wrong, a sentence each; nothing where each file's fate is what it must be.

    `rows` are drops and the paths in them, of every file in the history; `lying` the paths of everything in the inbox,
    folders too; `waiting` what `drops --waiting` lists.
    """
    account = _Account(rows, lying, waiting)
    problems = [problem for file in files if (problem := account.problem(file))]
    return problems + _false_names(account, waiting)


def document_problems(status: dict, waiting: Sequence[dict]) -> list[str]:
    """What is wrong with the documents themselves: of `status --format json`, and of `drops --waiting --format json`."""
    problems = [problem for item in waiting for problem in _item_problems(item)]
    summary = status["waiting"]
    if summary["total"] != len(waiting):
        problems.append(f"status has {summary['total']} waiting, drops {len(waiting)}")
    if len(summary["items"]) != min(len(waiting), 1000):
        problems.append(f"status lists {len(summary['items'])} of {len(waiting)}")
    degraded = sum(bool(item.get("degrades")) for item in waiting)
    if summary["degraded"] != degraded:
        problems.append(f"status has {summary['degraded']} that degrade, drops {degraded}")
    if degraded and status["status"] is not None and status["status"]["degraded"] is None:
        problems.append(f"{degraded} degrade, but the status isn't degraded")
    return problems


def _item_problems(item: dict) -> list[str]:
    name = repr(item.get("path"))
    if set(item) < KEYS:
        return [f"{name} lacks {', '.join(sorted(KEYS - set(item)))}"]
    problems = []
    if item["code"] not in CODES:
        problems.append(f"{name} waits for the unknown reason {item['code']!r}")
    if not item["waits_for"] or item["to_do"] == "":
        problems.append(f"{name} waits without a sentence")
    if item["code"] in HARMLESS and item["degrades"]:
        problems.append(f"{name} degrades as {item['code']}")
    if datetime.fromisoformat(item["since"]).tzinfo is None:
        problems.append(f"{name} waits since {item['since']}, which has no zone")
    return problems


class _Account:
    """The history's rows, the inbox and what is said to wait there."""

    def __init__(
        self, rows: Iterable[tuple[bytes, bytes]], lying: Iterable[bytes], waiting: Sequence[dict]
    ) -> None:
        self.rows = set(rows)
        self.tails = {path.rpartition(b"/")[2] for _, path in self.rows}
        self.lying = set(lying)
        self.waiting: dict[str, dict] = {item["path"]: item for item in waiting if item["code"] not in EMPTY}

    def problem(self, file: TreeFile) -> str | None:
        """What is wrong with the file, in a sentence."""
        place = self.place(file.path)
        name, item = repr(os.fsdecode(place)), self.item(place)
        has_row, lies = self.has_row(file), place in self.lying
        wait = "isn't named" if item is None else f"waits as {item['code']}"
        match file.fate:
            case Fate.TAKEN if not has_row:
                return f"{name} must be taken, and {wait if lies else 'is gone'}"
            case Fate.NAMED if has_row:
                return f"{name} must wait, and has a row"
            case Fate.NAMED | Fate.ANY if not has_row and not lies:
                return f"{name} must wait, and is gone"
            case Fate.NAMED | Fate.ANY if not has_row and item is None:
                return f"{name} lies in the inbox, has no row and isn't named"
            case Fate.NAMED | Fate.ANY if not has_row and not item["files"] and item["code"] not in UNSEEN:
                return f"{name} waits as {item['code']}, of no files"
            case Fate.MARKER if has_row or not lies:
                return f"{name} must stay, and {'has a row' if has_row else 'is gone'}"
            case Fate.CLUTTER if has_row:
                return f"{name} is clutter, and has a row"
            case Fate.CLUTTER if lies and not self.is_held_open(place):
                return f"{name} is clutter, and left behind by its drop"
        return None

    def place(self, path: bytes) -> bytes:
        """Where the file is: a drop of which all pictures are in has another name, where it may not be removed."""
        return b".done-" + path if path not in self.lying and b".done-" + path in self.lying else path

    def has_row(self, file: TreeFile) -> bool:
        """A file that was taken by hand may be in a drop of its own: there, its name is enough."""
        found = any(self._key(path) in self.rows for path in [file.path, *file.former])
        return found or (file.was_taken_by_hand and file.path.rpartition(b"/")[2] in self.tails)

    def item(self, path: bytes) -> dict | None:
        """What is said of the file: of itself, or of a folder that it is in."""
        parts = escaped(path).split("/")
        names = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((self.waiting[name] for name in names if name in self.waiting), None)

    def is_held_open(self, path: bytes) -> bool:
        """Whether something else waits in the file's drop, or the file with it."""
        top = escaped(path.partition(b"/")[0])
        return any(name == top or name.startswith(top + "/") for name in self.waiting)

    @staticmethod
    def _key(path: bytes) -> tuple[bytes, bytes]:
        name, _, rest = path.partition(b"/")
        return name, rest or name


def _false_names(account: _Account, waiting: Sequence[dict]) -> list[str]:
    there = {escaped(path) for path in account.lying}
    return [f"{item['path']!r} is said to wait as {item['code']}, and isn't there"
            for item in waiting if item["path"] not in there]
