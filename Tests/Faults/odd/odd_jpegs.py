"""Odd JPEGs: what cameras and programs really write, and what attackers do."""

from __future__ import annotations

import io
import zipfile
from struct import pack

from .jpegs import (
    BASELINE, EOI, EXTENDED, JFIF, PROGRESSIVE, SOI, Bits, Jpeg, adobe, app, comment, components, exif, huffman,
    orientation, quantisation, restart_interval, segment,
)
from .files import OddFile, accepted, rejected

EXTRANEOUS, NOT_SEQUENTIAL, NO_SCAN = "extraneous bytes", "don't fit a sequential JPEG", "a component has no scan"
LEFT_OVER = "left over after its last block"
MAX_FILE = 256 << 20


def archive() -> bytes:
    """A ZIP file, which is read from its end."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.writestr("payload.sh", "#!/bin/sh\nfalse\n")
    return target.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    return pack(">I4s", len(content) + 8, kind) + content


def mp4() -> bytes:
    return box(b"ftyp", b"mp42\0\0\0\0isom") + box(b"mdat", bytes(5000))


def padded(target: int, jpeg: bytes) -> bytes:
    """Exactly so long, by bytes after the end."""
    return jpeg + b"\xab" * (target - len(jpeg))


def with_comments(target: int) -> bytes:
    """Exactly so long, by comments before the picture."""
    head, rest = b"", target - len(Jpeg().encode())
    while rest > 0:
        # A segment takes 4 bytes at least: what is left must not be less.
        length = rest if rest <= 65_537 else min(65_537, rest - 4)
        head += comment(b"c" * (length - 4))
        rest -= length
    return Jpeg().encode(head=JFIF + head)


# MARK: - Structure


def structure() -> list[OddFile]:
    plain, gray = Jpeg(), Jpeg(parts=components("1x1"))
    body = plain.body()
    table, frame, scan = plain.tables(), plain.frame(), plain.scan()
    return [
        accepted(
            "fill bytes before every marker", lambda: plain.encode(head=b"\xff" * 7 + JFIF, tail=b"\xff" * 9 + EOI)),
        accepted("no JFIF and no Exif", lambda: plain.encode(head=b"")),
        accepted(
            "JFIF of version 9", lambda: plain.encode(head=JFIF.replace(b"JFIF\0\1", b"JFIF\0\x09")), "JFIF version"),
        accepted("bytes between segments", lambda: plain.encode(head=JFIF + b"abc"), EXTRANEOUS),
        rejected("damaged", "three bytes after the last block", lambda: plain.encode(
            body=body + b"\x11\x22\x33"), LEFT_OVER),
        rejected("damaged", "256 different bytes after the last block", lambda: plain.encode(
            body=body + bytes(range(255))), LEFT_OVER),
        accepted("three zeros after the last block", lambda: plain.encode(body=body + bytes(3))),
        accepted("1,000 equal bytes after the last block", lambda: plain.encode(
            body=body + b"\x11" * 1000), EXTRANEOUS),
        accepted(
            "number of lines repeated after the scan", lambda: plain.encode(tail=segment(0xDC, pack(">H", 24)) + EOI)),
        rejected("damaged", "height only after the scan", lambda: plain.encode(
            body=table + plain.frame(height=0) + scan + segment(0xDC, pack(">H", 24)))),
        rejected("damaged", "start of image twice", lambda: SOI + plain.encode()),
        rejected("damaged", "start of image after the tables", lambda: plain.encode(body=table + SOI + frame + scan)),
        rejected("damaged", "two frames", lambda: plain.encode(body=table + frame + frame + scan)),
        rejected("damaged", "two frames of different sizes", lambda: plain.encode(
            body=table + frame + Jpeg(width=4000, height=4000).frame() + scan)),
        rejected("damaged", "frame after its scan", lambda: plain.encode(body=table + scan + frame)),
        rejected("damaged", "a second frame after the first scan", lambda: plain.encode(
            body=body + Jpeg(width=4000, height=4000).frame() + scan)),
        rejected("damaged", "no frame", lambda: plain.encode(body=table)),
        rejected("damaged", "no scan", lambda: plain.encode(body=table + frame)),
        rejected("damaged", "nothing between start and end", lambda: plain.encode(head=JFIF, body=b"")),
        accepted("an application's segment of length 0", lambda: plain.encode(head=JFIF + b"\xff\xe5\0\0")),
        rejected("damaged", "a segment of length 1 in the tables", lambda: plain.encode(body=b"\xff\xdb\0\1" + body)),
        rejected("damaged", "a scan of no components", lambda: plain.encode(
            body=table + frame + segment(0xDA, b"\0\0\x3f\0") + plain.scan_data())),
        rejected("damaged", "a scan of a component that the frame lacks", lambda: plain.encode(
            body=table + frame + plain.scan(components("2x2", identifiers=[77])))),
        rejected(
            "damaged", "a frame of no components", lambda: plain.encode(body=table + Jpeg(parts=[]).frame() + scan)),
        rejected("truncated", "no end marker", lambda: plain.encode(tail=b"")),
        rejected("truncated", "ends within the first segment", lambda: SOI + JFIF[:9]),
        rejected("truncated", "a segment longer than the file", lambda: SOI + JFIF + b"\xff\xe5\xff\xff" + bytes(100)),
        rejected("truncated", "ends after the scan's header", lambda: plain.encode(
            body=table + frame + plain.scan_header(), tail=b"")),
        rejected("truncated", "ends with the first byte of the end marker", lambda: plain.encode(tail=b"\xff")),
        rejected("damaged", "end marker after half the blocks", lambda: plain.encode(
            body=table + frame + plain.scan(units=plain.units(plain.parts) // 2))),
        accepted(
            "a table that belongs to no scan, after the last", lambda: plain.encode(tail=quantisation(3, 1) + EOI)),
        accepted("gray in a scan that calls itself interleaved 2x2", lambda: Jpeg(parts=components("2x2")).encode()),
        accepted("extended sequential", lambda: Jpeg(process=EXTENDED).encode()),
        accepted("a comment that holds a JPEG", lambda: plain.encode(head=JFIF + comment(gray.encode()))),
    ]


# MARK: - Tables and entropy-coded data


def motion_frame() -> bytes:
    """As in an AVI file of type MJPG: the tables are those of T.81, annex K, and left out."""
    jpeg, bits = Jpeg(width=8, height=8, parts=components("1x1")), Bits()
    bits.add(0b100, 3)  # Size 3 of the luminance table, then the difference, then the end of the block.
    bits.add(5, 3)
    bits.add(0b1010, 4)
    head = app(0, b"AVI1\0\0\0\0\0\0\0\0\0\0")
    return jpeg.encode(head=head, body=quantisation() + jpeg.frame() + jpeg.scan_header() + bits.bytes())


def tables() -> list[OddFile]:
    plain, gray = Jpeg(), Jpeg(parts=components("1x1"))
    body, rest = plain.body(), plain.frame() + plain.scan()
    many = b"".join(huffman([0, 0, 0, 12], list(range(12)), index) for index in range(4)) * 3000
    runaway = Jpeg(width=2048, height=512, parts=components("1x1"))
    bits = Bits()
    for _ in range(runaway.units(runaway.parts)):
        bits.add_difference(2047)
        bits.add(0, 1)
    return [
        accepted("no Huffman tables, as in a video's frames", motion_frame, size=(8, 8)),
        accepted("12,000 Huffman tables, one over the other", lambda: plain.encode(body=many + body)),
        accepted("10,000 quantisation tables", lambda: plain.encode(body=quantisation(1, 3) * 10_000 + body)),
        accepted("quantisation in 16 bits", lambda: plain.encode(
            body=quantisation() + quantisation(0, 8, wide=True) + plain.tables() + rest)),
        accepted("quantisation by 0", lambda: plain.encode(body=plain.tables() + quantisation(0, 0) + rest)),
        rejected("damaged", "DC values that run away", lambda: runaway.encode(
            body=runaway.tables() + runaway.frame() + runaway.scan_header() + bits.bytes()), "brighter or darker"),
        rejected(
            "damaged", "no quantisation tables", lambda: plain.encode(
                body=plain.tables()[len(quantisation()):] + rest)),
        rejected("damaged", "a Huffman table of 4,080 codes", lambda: plain.encode(
            body=segment(0xC4, b"\0" + b"\xff" * 16 + bytes(4080)) + body)),
        rejected("damaged", "a Huffman table with too many short codes", lambda: plain.encode(
            body=plain.tables() + huffman([3], [0, 1, 2]) + rest)),
        rejected("damaged", "a Huffman table with more codes than its segment", lambda: plain.encode(
            body=segment(0xC4, b"\0" + b"\x10" * 16) + body)),
        rejected("damaged", "a Huffman table number 7", lambda: plain.encode(body=huffman([1], [0], 7) + body)),
        rejected("damaged", "a DC table with sizes above 15", lambda: plain.encode(
            body=plain.tables() + huffman([0, 0, 0, 12], list(range(200, 212))) + rest)),
        rejected("damaged", "a quantisation table number 9", lambda: plain.encode(body=quantisation(9) + body)),
        rejected("damaged", "a code that the table lacks", lambda: gray.encode(
            body=gray.tables() + gray.frame() + gray.scan_header() + b"\xf0\0" * 40)),
        rejected("damaged", "arithmetic conditioning of table 99", lambda: plain.encode(
            body=segment(0xCC, b"\x63\1") + body)),
    ]


def restarts() -> list[OddFile]:
    plain, gray = Jpeg(width=96), Jpeg(width=96, parts=components("1x1"))
    wrong = Jpeg(width=96, restarts=1).encode().replace(b"\xff\xd0", b"\xff\xd3", 1)
    parts = plain.parts
    return [
        accepted("a restart after every unit", lambda: Jpeg(width=1600, restarts=1).encode(), size=(1600, 24)),
        accepted("a restart interval longer than the picture", lambda: Jpeg(width=96, restarts=65_535).encode()),
        accepted("a restart interval that is taken back", lambda: plain.encode(
            body=restart_interval(1) + plain.tables() + restart_interval(0) + plain.frame() + plain.scan())),
        accepted("a restart interval of its own for each scan", lambda: plain.encode(
            body=plain.tables() + plain.frame() + b"".join(
                restart_interval(number) + plain.scan([part], restarts=number) for number, part in enumerate(parts)))),
        accepted("a restart interval that is changed before every scan of a progressive JPEG", progressive_restarts),
        rejected("damaged", "restarts in the wrong order", lambda: wrong),
        rejected("damaged", "restart markers without an interval", lambda: gray.encode(
            body=gray.tables() + gray.frame() + gray.scan(restarts=4))),
        rejected("damaged", "an interval without restart markers", lambda: gray.encode(
            body=restart_interval(4) + gray.tables() + gray.frame() + gray.scan())),
        rejected("damaged", "a restart interval of 3 bytes", lambda: plain.encode(
            body=segment(0xDD, b"\0\0\1") + plain.body())),
    ]


def progressive_restarts() -> bytes:
    jpeg = Jpeg(process=PROGRESSIVE)
    dc = jpeg.scan_header(spectrum=(0, 0)) + jpeg.scan_data(restarts=2)
    ac = b"".join(restart_interval(1000 + number) + jpeg.progressive_ac(part) for number, part in enumerate(jpeg.parts))
    return jpeg.encode(body=jpeg.tables() + jpeg.frame() + restart_interval(2) + dc + ac)


# MARK: - Components, sampling, scans


def sampling() -> list[OddFile]:
    wide = [
        "4x1 1x1 1x1", "1x4 1x1 1x1", "1x1 2x2 2x2", "2x1 1x2 1x1", "3x1 1x1 1x1", "1x3 1x3 1x1", "4x2 1x1 1x1",
        "2x2 2x1 1x2",
    ]
    files = [
        accepted(f"sampling {text}", lambda text=text: Jpeg(parts=components(*text.split())).encode(), size=(40, 24))
        for text in wide
    ]
    plain = Jpeg()
    one, two, three = plain.parts
    head = plain.tables() + plain.frame()
    swapped = Jpeg(parts=components("1x1", "1x1", "1x1", identifiers=[82, 71, 66]))
    same = Jpeg(parts=components("1x1", "1x1", "1x1", identifiers=[1, 1, 1]))
    zero = Jpeg(parts=components("1x1", "1x1", "1x1", identifiers=[0, 255, 7]))
    ink = Jpeg(parts=components("1x1", "1x1", "1x1", "1x1"))
    return files + [
        rejected("unsupported_variant", "sampling 3x1 2x1 1x1", lambda: Jpeg(
            parts=components("3x1", "2x1", "1x1")).encode(), "sampling"),
        rejected("unsupported_variant", "sampling 1x3 1x2 1x1 in progressive scans", lambda: Jpeg(
            process=PROGRESSIVE, parts=components("1x3", "1x2", "1x1")).encode(), "sampling"),
        rejected("damaged", "sampling 4x4 4x4 4x4", lambda: Jpeg(parts=components("4x4", "4x4", "4x4")).encode()),
        rejected("damaged", "sampling 0x1", lambda: Jpeg(parts=components("0x1")).encode(
            body=plain.tables() + Jpeg(parts=components("0x1")).frame() + plain.scan_header([one]) + b"\0")),
        rejected("damaged", "sampling 5x1", lambda: Jpeg(parts=components("5x1", "1x1", "1x1")).encode()),
        accepted("a scan for each component", lambda: plain.encode(
            body=head + b"".join(plain.scan([part]) for part in plain.parts))),
        accepted("scans in the order 3, 1, 2", lambda: plain.encode(
            body=head + plain.scan([three]) + plain.scan([one]) + plain.scan([two]))),
        accepted("two components in a scan and one alone", lambda: plain.encode(
            body=head + plain.scan([one, two]) + plain.scan([three]))),
        rejected("damaged", "a scan of the first component only", lambda: plain.encode(
            body=head + plain.scan([one])), NO_SCAN),
        rejected("damaged", "a scan of two components of three", lambda: plain.encode(
            body=head + plain.scan([one, two])), NO_SCAN),
        rejected("damaged", "three scans of one component", lambda: plain.encode(
            body=head + plain.scan([one]) * 3), NO_SCAN),
        accepted("components called R, G and B", swapped.encode),
        accepted("components called 0, 255 and 7", zero.encode),
        accepted("three components of one name", same.encode),
        accepted("RGB by the Adobe segment", lambda: Jpeg(parts=components("1x1", "1x1", "1x1")).encode(head=adobe(0))),
        accepted("Adobe segment of YCCK with three components", lambda: plain.encode(head=adobe(2)), "Adobe"),
        accepted("Adobe segment of an unknown transform", lambda: plain.encode(head=adobe(77)), "Adobe"),
        accepted("CMYK without an Adobe segment", lambda: ink.encode(head=b"")),
        accepted("YCCK", lambda: ink.encode(head=adobe(2))),
        accepted("CMYK with an Adobe segment of YCbCr", lambda: ink.encode(head=adobe(1)), "Adobe"),
        accepted("CMYK with JFIF and Adobe", lambda: ink.encode(head=JFIF + adobe(0))),
        accepted("an Adobe segment cut short", lambda: plain.encode(head=app(14, b"Adobe\0"))),
        rejected(
            "unsupported_variant", "two components", lambda: Jpeg(
                parts=components("1x1", "1x1")).encode(), "2 components"),
        rejected("unsupported_variant", "five components", lambda: Jpeg(parts=components(*["1x1"] * 5)).encode(
            body=plain.tables() + Jpeg(parts=components(*["1x1"] * 5)).frame() + plain.scan()), "5 components"),
        accepted("a sequential scan that calls itself progressive", lambda: plain.encode(
            body=head + plain.scan_header(spectrum=(1, 5)) + plain.scan_data()), NOT_SEQUENTIAL),
    ]


def many_scans(count: int, width: int = 40, height: int = 24) -> bytes:
    """A progressive JPEG of so many scans in all."""
    jpeg = Jpeg(width=width, height=height, process=PROGRESSIVE, parts=components("1x1"))
    refinements = jpeg.progressive_ac(jpeg.parts[0]) * (count - 1)
    return jpeg.encode(body=jpeg.tables() + jpeg.frame() + jpeg.progressive_dc() + refinements)


def progressive() -> list[OddFile]:
    jpeg = Jpeg(process=PROGRESSIVE)
    head = jpeg.tables() + jpeg.frame()
    part = jpeg.parts[0]
    return [
        accepted("progressive without its AC scans", lambda: jpeg.encode(body=head + jpeg.progressive_dc())),
        accepted("AC scans before the DC scan", lambda: jpeg.encode(
            body=head + jpeg.progressive_ac(part) + jpeg.progressive_dc()), "out of order"),
        accepted("the same AC scan three times", lambda: jpeg.encode(
            body=head + jpeg.progressive_dc() + jpeg.progressive_ac(part) * 3)),
        accepted("no DC scan", lambda: jpeg.encode(
            body=head + b"".join(map(jpeg.progressive_ac, jpeg.parts))), "out of order"),
        rejected("damaged", "no DC scan, and AC scans of one component", lambda: jpeg.encode(
            body=head + jpeg.progressive_ac(part)), NO_SCAN),
        rejected("damaged", "a DC scan of one component", lambda: jpeg.encode(
            body=head + jpeg.scan_header([part], (0, 0)) + jpeg.scan_data([part])), NO_SCAN),
        accepted("100 scans", lambda: many_scans(100)),
        rejected("too_many_scans", "101 scans", lambda: many_scans(101)),
        rejected("too_many_scans", "20,000 scans", lambda: many_scans(20_000)),
        rejected("too_many_scans", "101 scans of 7,000 x 7,000 pixels", lambda: many_scans(101, 7000, 7000)),
        rejected("damaged", "a spectrum from 40 to 20", lambda: jpeg.encode(
            body=head + jpeg.progressive_dc() + jpeg.progressive_ac(part, (40, 20)))),
        rejected("damaged", "a spectrum up to 64", lambda: jpeg.encode(
            body=head + jpeg.progressive_dc() + jpeg.progressive_ac(part, (1, 64)))),
        rejected("damaged", "AC scan of two components", lambda: jpeg.encode(
            body=head + jpeg.progressive_dc() + jpeg.scan_header(jpeg.parts[:2], (1, 63)) + b"\0\0")),
        rejected("damaged", "a point transform of 14 bits", lambda: jpeg.encode(
            body=head + jpeg.progressive_dc() + jpeg.progressive_ac(part, bits=14))),
    ]


def processes() -> list[OddFile]:
    names = {
        0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xC9: "arithmetic-coded",
        0xCA: "arithmetic-coded", 0xCB: "lossless arithmetic-coded", 0xCD: "hierarchical arithmetic-coded",
        0xF7: "JPEG-LS",
    }
    plain = Jpeg()
    files = [
        rejected("unsupported_variant", f"frame of marker {marker:X}", lambda marker=marker: plain.encode(
            body=plain.tables() + plain.frame(marker) + plain.scan()), name)
        for marker, name in names.items()
    ]
    for bits in (0, 2, 7, 9, 12, 16):
        odd = Jpeg(precision=bits, process=EXTENDED)
        files.append(rejected("unsupported_variant", f"{bits} bits a sample", odd.encode, f"{bits}-bit"))
    return files


# MARK: - Sizes


def sizes() -> list[OddFile]:
    def gray(width: int, height: int, process: int = BASELINE) -> Jpeg:
        return Jpeg(width=width, height=height, process=process, parts=components("1x1"))

    full = Jpeg(width=7000, height=7000, process=PROGRESSIVE, parts=components("1x1", "1x1", "1x1"))
    half = Jpeg(width=7000, height=7000, process=PROGRESSIVE)
    return [
        accepted("1 x 1", gray(1, 1).encode, size=(1, 1)),
        accepted("16,384 x 1", gray(16_384, 1).encode, size=(16_384, 1)),
        accepted("1 x 16,384", gray(1, 16_384).encode, size=(1, 16_384)),
        accepted("7,000 x 7,000 of one gray, baseline", gray(7000, 7000).encode, size=(7000, 7000)),
        accepted("7,000 x 7,000 in colour, progressive, with quarter chroma", half.encode, size=(7000, 7000)),
        rejected("too_much_memory", "7,000 x 7,000 in colour, progressive, with full chroma", full.encode),
        rejected("too_many_pixels", "65,535 x 1", gray(65_535, 1).encode, "65535 x 1"),
        rejected("too_many_pixels", "1 x 65,535", gray(1, 65_535).encode, "1 x 65535"),
        rejected("too_many_pixels", "65,535 x 65,535 in a few bytes", lambda: gray(65_535, 65_535).encode(
            body=gray(8, 8).tables() + gray(65_535, 65_535).frame() + gray(8, 8).scan()), "65535 x 65535"),
        accepted("12,000 x 9,000, as of a phone of 108 megapixels", gray(12_000, 9000).encode, size=(12_000, 9000)),
        accepted(
            "16,320 x 12,240, as of a phone of 200 megapixels", gray(16_320, 12_240).encode, size=(16_320, 12_240)),
        rejected("too_many_pixels", "16,385 x 16,384: a little too wide", lambda: gray(16_385, 16_384).encode(
            body=gray(8, 8).tables() + gray(16_385, 16_384).frame() + gray(8, 8).scan())),
        rejected("damaged", "0 x 24", lambda: gray(0, 24).encode(body=gray(8, 8).tables() + gray(0, 24).frame() + b"")),
        *[
            accepted(f"{size + more} bytes by comments", lambda size=size + more: with_comments(size))
            for size in (32 << 10, 64 << 10, 256 << 10, 1 << 20) for more in (-1, 0, 1)
        ],
        *[
            accepted(f"{size + more} bytes by what follows", lambda size=size + more: padded(size, Jpeg().encode()))
            for size in (32 << 10, 256 << 10, 4 << 20) for more in (-1, 0, 1)
        ],
    ]


def huge_files() -> list[OddFile]:
    """Where a file's own size is what is odd. They take some space."""
    return [
        accepted("the largest file that is taken", lambda: padded(MAX_FILE, Jpeg().encode())),
        rejected("too_large", "a byte more than is taken", lambda: padded(MAX_FILE + 1, Jpeg().encode())),
    ]


# MARK: - Segments of applications, and files that are several things


def thumbnail(jpeg: bytes) -> bytes:
    """An Exif segment whose second directory points at a thumbnail behind it."""
    first = pack(">H", 1) + pack(">HHIHH", 0x0112, 3, 1, 6, 0) + pack(">I", 26)
    second = pack(">H", 2) + pack(">HHII", 0x0201, 4, 1, 56) + pack(">HHII", 0x0202, 4, 1, len(jpeg)) + pack(">I", 0)
    return exif(b"MM\0*" + pack(">I", 8) + first + second + jpeg)


def exifs() -> list[OddFile]:
    plain = Jpeg()

    def with_exif(tiff: bytes) -> bytes:
        return plain.encode(head=exif(tiff))

    entry = pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    upright, turned = (40, 24), (24, 40)
    bomb = plain.encode(body=plain.tables() + Jpeg(width=65_000, height=65_000).frame() + plain.scan())
    return [
        *[
            accepted(f"orientation {value}", lambda value=value: with_exif(orientation(value)), size=(
                turned if 5 <= value <= 8 else upright))
            for value in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65_535)
        ],
        accepted("a directory that is its own next", lambda: with_exif(orientation(6, next_directory=8)), size=turned),
        accepted(
            "a directory within the header", lambda: with_exif(
                b"MM\0*" + pack(">I", 0) + orientation(6)[8:]), size=upright),
        accepted("a directory beyond the segment", lambda: with_exif(b"MM\0*" + pack(">I", 0xFFFF_FFFF)), size=upright),
        accepted(
            "a directory of 65,535 entries", lambda: with_exif(b"MM\0*" + pack(">IH", 8, 65_535) + entry), size=turned),
        accepted("65,535 entries, of which 5,000 are there", lambda: with_exif(
            b"MM\0*" + pack(">IH", 8, 65_535) + pack(">HHII", 0x010F, 2, 9, 0xFFFF_FFF0) * 5000), size=upright),
        accepted("an orientation of 4 billion values", lambda: with_exif(
            b"MM\0*" + pack(">IHHHIHHI", 8, 1, 0x0112, 3, 0xFFFF_FFFF, 6, 0, 0)), size=upright),
        accepted("an orientation of type text", lambda: with_exif(
            b"MM\0*" + pack(">IHHHIHHI", 8, 1, 0x0112, 2, 1, 6, 0, 0)), size=upright),
        accepted("little-endian orientation", lambda: with_exif(
            b"II*\0" + pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 8, 0, 0)), size=turned),
        accepted("two orientations, the first of which counts", lambda: with_exif(
            b"MM\0*" + pack(">IH", 8, 2) + entry + pack(">HHIHH", 0x0112, 3, 1, 1, 0) + pack(">I", 0)), size=turned),
        accepted("two Exif segments, the first of which counts", lambda: plain.encode(
            head=exif(orientation(6)) + exif(orientation(1))), size=turned),
        accepted("Exif after the JFIF and XMP segments", lambda: plain.encode(
            head=JFIF + app(1, b"http://ns.adobe.com/xap/1.0/\0<x/>") + exif(orientation(5))), size=turned),
        accepted("an empty Exif segment", lambda: plain.encode(head=app(1, b"Exif\0\0")), size=upright),
        accepted("an empty Exif segment before another", lambda: plain.encode(
            head=app(1, b"Exif\0\0") + exif(orientation(6))), size=turned),
        accepted("Exif continued in a second segment", lambda: plain.encode(
            head=exif(orientation(6)[:12]) + exif(orientation(6)[12:])), size=turned),
        accepted("Exif after extraneous bytes", lambda: plain.encode(
            head=JFIF + b"abc" + exif(orientation(6))), EXTRANEOUS, size=turned),
        accepted("Exif after a segment of length 0", lambda: plain.encode(
            head=b"\xff\xe5\0\0" + exif(orientation(6))), size=turned),
        accepted("two values of orientation, the first of which counts", lambda: with_exif(
            b"MM\0*" + pack(">IHHHIHHI", 8, 1, 0x0112, 3, 2, 6, 1, 0)), size=turned),
        accepted("an orientation with a sign", lambda: with_exif(
            b"MM\0*" + pack(">IHHHIHHI", 8, 1, 0x0112, 8, 1, 6, 0, 0)), size=turned),
        accepted("an Exif segment as long as a segment can be", lambda: plain.encode(
            head=exif(orientation(6) + bytes(65_527 - len(orientation(6))))), size=turned),
        accepted("a thumbnail as large as a segment allows", lambda: plain.encode(
            head=thumbnail(padded(65_000, Jpeg(width=160, height=120).encode()))), size=turned),
        accepted(
            "a thumbnail that claims 65,000 x 65,000 pixels", lambda: plain.encode(head=thumbnail(bomb)), size=turned),
    ]


def containers() -> list[OddFile]:
    plain, small = Jpeg(), Jpeg(width=20, height=12, parts=components("1x1"))
    mpf = app(2, b"MPF\0MM\0*" + pack(">IH", 8, 1) + pack(">HHI4s", 0xB000, 7, 4, b"0100") + pack(">I", 0))
    gain = app(1, b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
                  b'hdrgm:Version="1.0"/>')
    motion = app(1, b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GCamera:MotionPhoto="1" GCamera:MicroVideo="1"/>')
    xt = b"".join(app(11, b"JP\0\1" + pack(">I", number) + box(b"RESI", bytes(3000))) for number in range(5))
    profile = b"".join(app(2, b"ICC_PROFILE\0" + bytes([number, 3]) + bytes(60_000)) for number in (3, 1, 7))
    jumbf = app(11, b"JP\0\1\0\0\0\1" + box(b"jumb", box(b"jumd", b"c2pa" + bytes(12) + b"\3c2pa\0")))
    html = b"<html><script>alert(1)</script></html>"
    return [
        accepted(
            "MPO: a second JPEG named by the first", lambda: plain.encode(head=mpf) + small.encode(), size=(40, 24)),
        accepted(
            "Ultra HDR: a gain map behind the picture", lambda: plain.encode(head=JFIF + gain + mpf) + small.encode()),
        accepted("a motion photo: a film behind the picture", lambda: plain.encode(head=JFIF + motion) + mp4()),
        accepted("JPEG XT: residual data in segments", lambda: plain.encode(head=JFIF + xt)),
        accepted("content credentials in segments", lambda: plain.encode(head=JFIF + jumbf)),
        accepted("a colour profile in pieces that don't fit", lambda: plain.encode(head=JFIF + profile)),
        accepted(
            "a colour profile of garbage", lambda: plain.encode(head=app(2, b"ICC_PROFILE\0\1\1" + b"\xff" * 5000))),
        accepted("1,000 segments of an application", lambda: plain.encode(head=app(7, bytes(20_000)) * 1000)),
        accepted("an archive behind the picture", lambda: plain.encode() + archive()),
        accepted("a program in a comment", lambda: plain.encode(head=JFIF + comment(b"<?php system($_GET[0]); ?>"))),
        accepted("a web page in a comment", lambda: plain.encode(head=comment(html))),
        accepted("a PDF in a comment", lambda: plain.encode(head=comment(b"%PDF-1.4\n1 0 obj\nendobj\n%%EOF"))),
        accepted("a JPEG behind the JPEG", lambda: plain.encode() + Jpeg(width=9000, height=9000).encode(body=b"")),
        rejected("unsupported_format", "a PDF that holds the picture", lambda: b"%PDF-1.4\n" + plain.encode(), "PDF"),
        rejected("unsupported_format", "an archive that begins with one", lambda: archive() + plain.encode(), "ZIP"),
        rejected("unsupported_format", "a web page before the picture", lambda: html + plain.encode(), "HTML"),
        rejected(
            "not_a_picture", "a line of text before the picture", lambda: b"HTTP/1.1 200 OK\r\n\r\n" + plain.encode()),
        rejected("not_a_picture", "the picture in hexadecimal", lambda: plain.encode().hex().encode()),
    ]


def transfers() -> list[OddFile]:
    plain, large = Jpeg(), Jpeg(width=1200, height=900)
    jpeg, utf8 = plain.encode(), b"\xef\xbf\xbd"
    doubled, seven = "(LF to CR LF): send it in binary mode", bytes(byte & 127 for byte in range(256))
    characters = "read as text"
    return [
        rejected("damaged", "LF to CR LF", lambda: jpeg.replace(b"\n", b"\r\n"), doubled),
        rejected("damaged", "LF to CR LF, large", lambda: large.encode().replace(b"\n", b"\r\n"), doubled),
        rejected("damaged", "LF to CR LF, with a comment", lambda: plain.encode(
            head=JFIF + comment(b"a\nb\n" * 99)).replace(b"\n", b"\r\n"), doubled),
        accepted("line ends of Windows in a comment", lambda: plain.encode(head=JFIF + comment(b"a line\r\n" * 99))),
        accepted("line ends of Unix in a comment", lambda: plain.encode(head=JFIF + comment(b"a line\n" * 99))),
        rejected("damaged", "without the eighth bit", lambda: jpeg.translate(seven), "eighth bit"),
        rejected("damaged", "as UTF-8", lambda: jpeg.decode("latin-1").encode(), characters),
        rejected("damaged", "as UTF-8, what is none replaced", lambda: jpeg.decode(
            errors="replace").encode(), characters),
        rejected("damaged", "in ASCII, what is none replaced", lambda: jpeg.decode(
            "ascii", errors="replace").replace("\ufffd", "?").encode(), characters),
        rejected("not_a_picture", "two characters that are none", lambda: utf8 * 2 + jpeg),
    ]


def odd_jpegs() -> list[OddFile]:
    groups = (structure, tables, restarts, sampling, progressive, processes, sizes, exifs, containers, transfers)
    return [file for group in groups for file in group()]
