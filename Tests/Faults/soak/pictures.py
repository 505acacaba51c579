"""Pictures that can't all be told apart, so that more of them keep giving other models."""

from __future__ import annotations

import random

from harness.pictures import png_file

SIDE = 24
_SPREAD = 40
"""Of a picture's colour around its class's, in gray levels: about as much as the classes are apart."""


def picture(label: int, dice: random.Random) -> bytes:
    """A picture whose class is in its colour, more or less; no two are the same."""
    means = (70 + 50 * label, 185 - 50 * label, 90 + 70 * (label % 2))
    pixels = bytearray(SIDE * SIDE * 3)
    for channel, mean in enumerate(means):
        pixels[channel::3] = _plane(mean + round(dice.gauss(0, _SPREAD)), dice)
    rows = (b"\0" + pixels[start : start + SIDE * 3] for start in range(0, len(pixels), SIDE * 3))
    return png_file(SIDE, SIDE, b"".join(rows))


def _plane(mean: int, dice: random.Random) -> bytes:
    """One colour with noise."""
    values = bytes(min(max(mean + noise % 32 - 16, 0), 255) for noise in range(256))
    return dice.randbytes(SIDE * SIDE).translate(values)
