"""JPEGs made by hand, segment by segment, so that any of them can be wrong in a chosen way.

Blocks have a DC coefficient and nothing else, so that an encoder is a few lines and a picture a few bytes. Marker codes
and tables are those of ITU-T T.81.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import pack

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
JFIF = b"\xff\xe0" + pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS = 0xC0, 0xC1, 0xC2, 0xC3

# The DC table has a code of 4 bits for each of 12 sizes; the AC table is "0" for the end of a block, "10" for 15 blocks
# or zeros more, "110" for the end of 1 (+ 0) blocks and so on, which progressive scans need.
DC_COUNTS, DC_SYMBOLS = [0, 0, 0, 12], list(range(12))
AC_COUNTS, AC_SYMBOLS = [1, 1, 1, 1], [0x00, 0xF0, 0x10, 0xE0]


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + pack(">H", len(content) + 2) + content


def app(number: int, content: bytes) -> bytes:
    return segment(0xE0 + number, content)


def comment(content: bytes) -> bytes:
    return segment(0xFE, content)


def quantisation(index: int = 0, value: int = 8, wide: bool = False) -> bytes:
    return segment(0xDB, bytes([index | wide << 4]) + pack(">H" if wide else "B", value) * 64)


def huffman(counts: list[int], symbols: list[int], index: int = 0, is_ac: bool = False) -> bytes:
    content = bytes([index | is_ac << 4]) + bytes(counts + [0] * (16 - len(counts))) + bytes(symbols)
    return segment(0xC4, content)


def restart_interval(units: int) -> bytes:
    return segment(0xDD, pack(">H", units))


def exif(tiff: bytes) -> bytes:
    return app(1, b"Exif\0\0" + tiff)


def orientation(value: int, next_directory: int = 0) -> bytes:
    """A TIFF structure with one directory of one entry."""
    return b"MM\0*" + pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, value, 0, next_directory)


def adobe(transform: int) -> bytes:
    return app(14, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


class Bits:
    """Entropy-coded data under construction."""

    def __init__(self) -> None:
        self.number, self.count = 0, 0
        self.done = bytearray()

    def add(self, value: int, length: int) -> None:
        self.number = self.number << length | value
        self.count += length
        while self.count >= 8:
            self.count -= 8
            byte = self.number >> self.count
            self.number &= (1 << self.count) - 1
            self.done += b"\xff\0" if byte == 0xFF else bytes([byte])

    def add_difference(self, value: int) -> None:
        """The code for a DC difference in the table above."""
        size = abs(value).bit_length()
        self.add(size, 4)
        self.add(value if value >= 0 else value + (1 << size) - 1, size)

    def fill(self) -> None:
        if self.count:
            self.add((1 << 8 - self.count) - 1, 8 - self.count)

    def bytes(self) -> bytes:
        self.fill()
        return bytes(self.done)


@dataclass
class Component:
    identifier: int
    across: int = 1
    down: int = 1
    level: int = 0
    """Between -128 and 127."""


def components(*samplings: str, identifiers: list[int] | None = None) -> list[Component]:
    """One for each sampling, such as "2x2"."""
    numbers = identifiers or list(range(1, len(samplings) + 1))
    sizes = [tuple(int(side) for side in text.split("x")) for text in samplings]
    return [Component(number, across, down, 20 * number % 100) for number, (across, down) in zip(numbers, sizes)]


@dataclass
class Jpeg:
    """A picture whose blocks are of one colour each; `encode` puts the parts together."""

    width: int = 40
    height: int = 24
    parts: list[Component] = field(default_factory=lambda: components("2x2", "1x1", "1x1"))
    process: int = BASELINE
    precision: int = 8
    restarts: int = 0

    def frame(self, process: int | None = None, height: int | None = None) -> bytes:
        content = pack(">BHHB", self.precision, self.height if height is None else height, self.width, len(self.parts))
        for part in self.parts:
            content += bytes([part.identifier, part.across << 4 | part.down, 0])
        return segment(self.process if process is None else process, content)

    def tables(self) -> bytes:
        restarts = restart_interval(self.restarts) if self.restarts else b""
        return quantisation() + huffman(DC_COUNTS, DC_SYMBOLS) + huffman(AC_COUNTS, AC_SYMBOLS, is_ac=True) + restarts

    def scan_header(
        self, parts: list[Component] | None = None, spectrum: tuple[int, int] = (0, 63), bits: int = 0
    ) -> bytes:
        parts = self.parts if parts is None else parts
        content = bytes([len(parts)]) + b"".join(bytes([part.identifier, 0]) for part in parts)
        return segment(0xDA, content + bytes([*spectrum, bits]))

    def units(self, parts: list[Component]) -> int:
        """How many MCUs a scan of these components has."""
        most_across, most_down = (max(getattr(part, name) for part in self.parts) for name in ("across", "down"))
        if len(parts) > 1:
            return -(-self.width // (8 * most_across)) * -(-self.height // (8 * most_down))
        part = parts[0]
        across, down = -(-self.width * part.across // most_across), -(-self.height * part.down // most_down)
        return -(-across // 8) * -(-down // 8)

    def scan_data(
        self, parts: list[Component] | None = None, restarts: int | None = None, units: int | None = None
    ) -> bytes:
        """The blocks of a scan, each with its DC difference and (but in progressive DC scans) the end of the block."""
        parts = self.parts if parts is None else parts
        restarts = self.restarts if restarts is None else restarts
        units = self.units(parts) if units is None else units
        last: dict[int, int] = {}
        bits = Bits()
        for unit in range(units):
            if restarts and unit and unit % restarts == 0:
                bits.fill()
                bits.done += bytes([0xFF, 0xD0 + (unit // restarts - 1) % 8])
                last = {}
            for number, part in enumerate(parts):
                for _ in range(part.across * part.down if len(parts) > 1 else 1):
                    bits.add_difference(part.level - last.get(number, 0))
                    last[number] = part.level
                    if self.process != PROGRESSIVE:
                        bits.add(0, 1)
        return bits.bytes()

    def scan(self, parts: list[Component] | None = None, **changes) -> bytes:
        return self.scan_header(parts) + self.scan_data(parts, **changes)

    def progressive_dc(self) -> bytes:
        return self.scan_header(spectrum=(0, 0)) + self.scan_data()

    def progressive_ac(self, part: Component, spectrum: tuple[int, int] = (1, 63), bits: int = 0) -> bytes:
        """A scan without a coefficient other than 0: each block ends at once."""
        data = Bits()
        for _ in range(self.units([part])):
            data.add(0, 1)
        return self.scan_header([part], spectrum, bits) + data.bytes()

    def body(self) -> bytes:
        """Everything from the tables to the last scan."""
        if self.process == PROGRESSIVE:
            return self.tables() + self.frame() + self.progressive_dc() + b"".join(map(self.progressive_ac, self.parts))
        return self.tables() + self.frame() + self.scan()

    def encode(self, head: bytes = JFIF, tail: bytes = EOI, body: bytes | None = None) -> bytes:
        return SOI + head + (self.body() if body is None else body) + tail
