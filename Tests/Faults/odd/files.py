"""What an odd file is, and what docs/pictures.md promises for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ACCEPTED = "accepted"
"""Every other verdict is the code of a rejection."""


@dataclass(frozen=True)
class OddFile:
    name: str
    verdict: str
    make: Callable[[], bytes]
    says: str = ""
    """Part of the reason, or of the notes where it is accepted."""
    size: tuple[int, int] | None = None
    """Upright, where it is accepted."""


def accepted(name: str, make: Callable[[], bytes], says: str = "", size: tuple[int, int] | None = None) -> OddFile:
    return OddFile(name, ACCEPTED, make, says, size)


def rejected(code: str, name: str, make: Callable[[], bytes], says: str = "") -> OddFile:
    return OddFile(name, code, make, says)
