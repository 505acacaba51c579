"""Small pictures made from numbers, and files that are none."""

from __future__ import annotations

import random
import struct
import zlib

LABELS = ("fig", "plum", "quince")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(label: int, seed: int, side: int = 32) -> bytes:
    """A picture that tells its class by colour and stripes; no two seeds give the same one."""
    noise = random.Random(f"{label}/{seed}")
    shade = 60 + 45 * label
    colour = (shade, 255 - shade, 80 if label % 2 == 0 else 180)
    phase = noise.randrange(8)
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            stripe = 30 if (x * (label % 3 + 1) + y * ((label + 1) % 2) + phase) % 8 < 4 else -30
            rows += bytes(min(max(base + stripe + noise.randrange(-10, 11), 0), 255) for base in colour)
    return png_file(side, side, bytes(rows))


def png_file(width: int, height: int, rows: bytes) -> bytes:
    """An 8-bit RGB file of filtered rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def damaged(seed: int) -> bytes:
    """A PNG whose pixels don't have the checksum that it says."""
    content = bytearray(png(0, seed))
    content[content.index(b"IDAT") + 20] ^= 0xFF
    return bytes(content)


def truncated(seed: int) -> bytes:
    """The first half of a PNG: it may still be on its way, and is refused only when it has been still for a while."""
    content = png(1, seed)
    return content[: len(content) // 2]


def data_set(train: int, test: int, seed: int, shift: int = 0) -> dict[str, bytes]:
    """So many pictures of each class in train/ and test/ folders; the training ones labeled `shift` classes too far."""
    files = {}
    for index, label in enumerate(LABELS):
        for number in range(train + test):
            is_train = number < train
            shown = (index + shift) % len(LABELS) if is_train else index
            files[f"{'train' if is_train else 'test'}/{label}/{number}.png"] = png(shown, seed * 10_000 + number)
    return files
