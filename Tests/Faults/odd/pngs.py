"""PNGs made by hand, chunk by chunk (ISO/IEC 15948), so that any of them can be wrong in a chosen way."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from struct import pack

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
# Of each pass of an interlaced picture: first column and row, distances between them.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, content: bytes = b"", checksum: int | None = None, length: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return pack(">I", len(content) if length is None else length) + kind + content + pack(">I", checksum)


END = chunk(b"IEND")


@dataclass
class Png:
    width: int = 40
    height: int = 24
    colour: int = RGB
    depth: int = 8
    interlaced: bool = False
    value: int = 0x5A
    """Every byte of every row but a palette's, whose indices are 0."""

    def header(self, **changes: int) -> bytes:
        fields = {"width": self.width, "height": self.height, "depth": self.depth, "colour": self.colour,
                  "compression": 0, "filtering": 0, "interlace": int(self.interlaced)} | changes
        return chunk(b"IHDR", pack(">IIBBBBB", *fields.values()))

    def row(self, width: int, filtering: int = 0) -> bytes:
        count = -(-width * CHANNELS[self.colour] * self.depth // 8)
        return bytes([filtering]) + bytes([0 if self.colour == PALETTE else self.value]) * count

    def rows(self, filtering: int = 0) -> bytes:
        if not self.interlaced:
            return self.row(self.width, filtering) * self.height
        passes = (
            (len(range(column, self.width, across)), len(range(line, self.height, down)))
            for column, line, across, down in ADAM7
        )
        return b"".join(self.row(width, filtering) * height for width, height in passes if width and height)

    def data(self) -> bytes:
        return zlib.compress(self.rows(), 9)

    def encode(
        self, before: bytes = b"", after: bytes = b"", header: bytes | None = None, data: bytes | None = None,
        end: bytes = END,
    ) -> bytes:
        """With chunks before and after the pixels; `data` are whole chunks instead of one that holds all."""
        header = self.header() if header is None else header
        data = chunk(b"IDAT", self.data()) if data is None else data
        return SIGNATURE + header + before + data + after + end


@functools.cache
def bomb(megabytes: int) -> bytes:
    """Zeros, packed a thousandfold."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


def numbered(number: int) -> bytes:
    """A small file that takes no time to make, unlike that of any other number."""
    return Png(width=8, height=8, colour=GRAY).encode(before=chunk(b"tEXt", b"number\0%d" % number))
