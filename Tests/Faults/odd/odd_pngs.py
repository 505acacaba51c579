"""Odd PNGs: what programs really write, and what attackers do."""

from __future__ import annotations

import zlib
from struct import pack

from .jpegs import Jpeg, orientation
from .files import OddFile, accepted, rejected
from .odd_jpegs import archive
from .pngs import CHANNELS, END, GRAY, GRAY_ALPHA, PALETTE, RGB, RGBA, SIGNATURE, Png, bomb, chunk

DEPTHS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GRAY_ALPHA: (8, 16), RGBA: (8, 16)}
NAMES = {GRAY: "gray", RGB: "RGB", PALETTE: "palette", GRAY_ALPHA: "gray and alpha", RGBA: "RGBA"}


def palette(count: int) -> bytes:
    return chunk(b"PLTE", bytes(value % 256 for value in range(3 * count)))


def colours() -> list[OddFile]:
    files = []
    for colour, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                png = Png(colour=colour, depth=depth, interlaced=interlaced)
                before = palette(2) + chunk(b"tRNS", b"\x80") if colour == PALETTE else transparent(colour)
                name = f"{NAMES[colour]} of {depth} bits{', interlaced' if interlaced else ''}, with transparency"
                files.append(accepted(name, lambda png=png, before=before: png.encode(before), size=(40, 24)))
    return files


def transparent(colour: int) -> bytes:
    """A transparent colour, for the types that may have one."""
    return chunk(b"tRNS", pack(">H", 0x5A) * CHANNELS[colour]) if colour in (GRAY, RGB) else b""


def palettes() -> list[OddFile]:
    indexed = Png(colour=PALETTE)
    rows = b"".join(b"\0" + bytes((row + column) % 256 for column in range(40)) for row in range(24))
    beyond = chunk(b"IDAT", zlib.compress(rows))
    return [
        accepted("indices beyond the palette", lambda: indexed.encode(palette(3), data=beyond)),
        accepted("more transparencies than colours", lambda: indexed.encode(palette(3) + chunk(b"tRNS", bytes(200)))),
        accepted("transparency before the palette", lambda: indexed.encode(chunk(b"tRNS", b"\1") + palette(3))),
        rejected("damaged", "two palettes in an RGB picture", lambda: Png().encode(palette(3) * 2)),
        accepted("a palette in a gray picture", lambda: Png(colour=GRAY).encode(palette(3))),
        accepted("transparency in an RGBA picture", lambda: Png(colour=RGBA).encode(chunk(b"tRNS", bytes(6)))),
        accepted("a palette of 256 colours for 1 bit", lambda: Png(colour=PALETTE, depth=1).encode(palette(256))),
        rejected("damaged", "no palette", lambda: indexed.encode()),
        rejected("damaged", "an empty palette", lambda: indexed.encode(palette(0))),
        rejected("damaged", "a palette of 257 colours", lambda: indexed.encode(palette(257))),
        rejected("damaged", "a palette of 4 bytes", lambda: indexed.encode(chunk(b"PLTE", b"abcd"))),
        rejected("damaged", "the palette after the pixels", lambda: indexed.encode(after=palette(3))),
    ]


def headers() -> list[OddFile]:
    png = Png()
    tiny = Png(width=1, height=1)
    largest = 0x7FFF_FFFF

    def of(**changes: int) -> bytes:
        return png.encode(header=png.header(**changes))

    files = [
        rejected("damaged", f"{name} {value}", lambda name=name, value=value: of(**{name: value}))
        for name, values in {"depth": (0, 3, 17, 32, 255), "colour": (1, 5, 7, 255), "compression": (1,),
                             "filtering": (1, 64), "interlace": (2, 255)}.items()
        for value in values
    ]
    return files + [
        accepted("1 x 1", tiny.encode, size=(1, 1)),
        accepted("1 x 1, interlaced", Png(width=1, height=1, interlaced=True).encode, size=(1, 1)),
        accepted("16,384 x 1", Png(width=16_384, height=1).encode, size=(16_384, 1)),
        accepted("1 x 16,384", Png(width=1, height=16_384).encode, size=(1, 16_384)),
        rejected("damaged", "RGB of 4 bits", lambda: of(depth=4)),
        rejected("damaged", "palette of 16 bits", lambda: of(depth=16, colour=PALETTE)),
        rejected("damaged", "0 x 24", lambda: of(width=0)),
        rejected("damaged", "40 x 0", lambda: of(height=0)),
        *[
            rejected("too_many_pixels", f"{width} x {height} pixels", lambda width=width, height=height: of(
                width=width, height=height), f"{width} x {height}")
            for width, height in (
                (largest, largest), (1 << 31, 1), (1, 1 << 31), (0xFFFF_FFFF, 0xFFFF_FFFF), (16_385, 1), (7072, 7072))
        ],
        rejected("damaged", "a header of 14 bytes", lambda: png.encode(
            header=chunk(b"IHDR", pack(">IIBBBBBB", 40, 24, 8, 2, 0, 0, 0, 0)))),
        rejected("damaged", "a header of 12 bytes", lambda: png.encode(
            header=chunk(b"IHDR", pack(">IIBBBB", 40, 24, 8, 2, 0, 0)))),
        rejected("damaged", "two headers", lambda: png.encode(before=png.header())),
        rejected("damaged", "a second header of another size", lambda: png.encode(before=png.header(width=30_000))),
        rejected("damaged", "the header after a text", lambda: SIGNATURE + chunk(b"tEXt", b"a\0b") + png.encode()[8:]),
        rejected(
            "damaged", "as Apple's programs pack it (CgBI)", lambda: (
                SIGNATURE + chunk(b"CgBI", b"\x50\0\x20\2") + png.encode()[8:])),
        rejected("damaged", "a wrong checksum of the header", lambda: png.encode(
            header=png.header()[:-4] + b"\1\2\3\4")),
        rejected(
            "damaged", "the eighth bit of the signature cut off", lambda: b"\x09" + png.encode()[1:], "eighth bit"),
        rejected("truncated", "a signature and nothing more", lambda: SIGNATURE),
        rejected("unsupported_format", "MNG", lambda: b"\x8aMNG\r\n\x1a\n" + png.encode()[8:], "MNG"),
    ]


def pixels() -> list[OddFile]:
    png, data = Png(), Png().data()
    pieces = b"".join(chunk(b"IDAT", data[offset:offset + 1]) for offset in range(len(data)))
    whole = chunk(b"IDAT", data)
    half = chunk(b"IDAT", data[:len(data) // 2])
    wrong_sum = data[:-4] + bytes(byte ^ 0x55 for byte in data[-4:])

    def of(stream: bytes) -> bytes:
        return png.encode(data=chunk(b"IDAT", stream))

    return [
        accepted("a byte to a chunk", lambda: png.encode(data=pieces)),
        accepted("10,000 empty chunks before, amid and after the pixels", lambda: png.encode(
            data=(chunk(b"IDAT") * 10_000).join([b"", half, chunk(b"IDAT", data[len(data) // 2:]), b""]))),
        accepted("pixels after the end", lambda: png.encode() + whole + END),
        accepted("more rows than the header says", lambda: of(zlib.compress(png.rows() + bytes(5000)))),
        accepted("bytes behind the compressed data", lambda: of(data + bytes(300))),
        accepted("stored, not compressed", lambda: of(zlib.compress(png.rows(), 0))),
        accepted("compressed with a window of 512 bytes", lambda: of(small_window(png.rows()))),
        accepted("every filter", lambda: of(zlib.compress(
            b"".join(png.row(40, row % 5) for row in range(24))))),
        rejected("damaged", "a filter of type 5", lambda: of(zlib.compress(png.rows(filtering=5)))),
        rejected("damaged", "a filter of type 255 in the last row", lambda: of(zlib.compress(
            png.row(40) * 23 + png.row(40, 255)))),
        rejected("damaged", "half the rows", lambda: of(zlib.compress(png.rows()[:1400]))),
        rejected("damaged", "compressed data cut short", lambda: png.encode(data=half)),
        rejected("damaged", "no pixels", lambda: png.encode(data=b"")),
        rejected("damaged", "an empty chunk of pixels and no other", lambda: png.encode(data=chunk(b"IDAT"))),
        rejected("damaged", "another chunk amid the pixels", lambda: png.encode(
            data=half + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", data[len(data) // 2:]))),
        rejected(
            "damaged", "a wrong checksum of the pixels", lambda: png.encode(data=chunk(b"IDAT", data, checksum=7))),
        rejected("damaged", "no compressed data at all", lambda: of(b"just a text that is no stream of zlib's")),
        rejected("damaged", "compressed with a preset dictionary", lambda: of(b"\x78\xbb" + data[2:])),
        rejected("damaged", "compressed by method 9", lambda: of(b"\x79\x9c" + data[2:])),
        rejected("damaged", "a distance before the beginning", lambda: of(b"\x78\x9c\x4b\x04\x11\0" + bytes(20))),
        rejected("damaged", "a wrong checksum of the unpacked pixels", lambda: of(wrong_sum)),
        rejected("truncated", "no end chunk", lambda: png.encode(end=b"")),
        rejected("truncated", "an end chunk cut short", lambda: png.encode(end=END[:-1])),
        rejected("truncated", "the pixels cut short", lambda: png.encode()[:70]),
    ]


def small_window(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=9)
    return packer.compress(data) + packer.flush()


def ancillary() -> list[OddFile]:
    png = Png()
    profile = b"profile\0\0"
    texts = b"".join(chunk(b"tEXt", b"key\0%d" % number) for number in range(50_000))
    foreign = Png(width=9).encode()
    return [
        accepted("a profile of 200 MB, packed", lambda: png.encode(chunk(b"iCCP", profile + bomb(200)))),
        accepted("a text of 200 MB, packed", lambda: png.encode(chunk(b"zTXt", b"key\0\0" + bomb(200)))),
        accepted(
            "an international text of 200 MB, packed", lambda: png.encode(
                chunk(b"iTXt", b"key\0\1\0\0\0" + bomb(200)))),
        accepted("such a text after the pixels", lambda: png.encode(after=chunk(b"zTXt", b"key\0\0" + bomb(200)))),
        accepted("50,000 texts", lambda: png.encode(texts)),
        accepted("a text of 20 MB", lambda: png.encode(chunk(b"tEXt", b"key\0" + b"x" * (20 << 20)))),
        accepted("two profiles", lambda: png.encode(chunk(b"iCCP", profile + zlib.compress(b"x" * 999)) * 2)),
        accepted("a profile that isn't packed", lambda: png.encode(chunk(b"iCCP", profile + b"no zlib"))),
        accepted("gamma of 0", lambda: png.encode(chunk(b"gAMA", bytes(4)))),
        accepted("chromaticities beyond all bounds", lambda: png.encode(chunk(b"cHRM", b"\xff" * 32))),
        accepted("a time on the 99th", lambda: png.encode(chunk(b"tIME", b"\x07\xe0\x63\x63\x63\x63\x63"))),
        accepted("suggested palettes without a name", lambda: png.encode(chunk(b"sPLT", b"\0" * 600))),
        accepted("empty chunks of known kinds", lambda: png.encode(
            b"".join(map(chunk, (b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs", b"bKGD", b"hIST", b"sBIT", b"tIME"))))),
        accepted("unknown chunks", lambda: png.encode(chunk(b"abCd", bytes(999)), chunk(b"zzZz", bytes(999)))),
        accepted("a wrong checksum of a text", lambda: png.encode(chunk(b"tEXt", b"a\0b", checksum=1))),
        accepted("an orientation", lambda: png.encode(chunk(b"eXIf", orientation(6))), size=(24, 40)),
        accepted("a broken orientation", lambda: png.encode(chunk(b"eXIf", orientation(6)[:18])), size=(40, 24)),
        accepted("a directory that is its own next", lambda: png.encode(
            chunk(b"eXIf", orientation(8, next_directory=8))), size=(24, 40)),
        accepted("a program in a text", lambda: png.encode(chunk(b"tEXt", b"a\0<?php system($_GET[0]); ?>"))),
        accepted("an archive behind the picture", lambda: png.encode() + archive()),
        accepted("a PNG behind the picture", lambda: png.encode() + foreign),
        accepted("a JPEG behind the picture", lambda: png.encode() + Jpeg().encode()),
        rejected("damaged", "an unknown critical chunk", lambda: png.encode(chunk(b"ABCD", b"x"))),
        rejected("damaged", "a chunk whose name is no letters", lambda: png.encode(chunk(b"\0\1\2\3", b"x"))),
        rejected(
            "truncated", "a text of 2 GB that isn't there", lambda: png.encode(
                chunk(b"tEXt", b"a", length=0x7FFF_FFFF))),
        rejected(
            "damaged", "a text of 4 GB that isn't there", lambda: png.encode(chunk(b"tEXt", b"a", length=0xFFFF_FFFF))),
        rejected(
            "truncated", "a text of 100 MB that isn't there", lambda: png.encode(
                chunk(b"tEXt", b"a", length=100 << 20))),
    ]


def animations() -> list[OddFile]:
    png = Png()

    def control(number: int, width: int = 40, height: int = 24, left: int = 0) -> bytes:
        return chunk(b"fcTL", pack(">IIIIIHHBB", number, width, height, left, 0, 1, 10, 0, 0))

    frame = chunk(b"fdAT", pack(">I", 2) + png.data())
    start = chunk(b"acTL", pack(">II", 2, 0)) + control(0)
    endless = chunk(b"acTL", pack(">II", 0x7FFF_FFFF, 0)) + control(0)
    return [
        accepted("an animation", lambda: png.encode(start, control(1) + frame), size=(40, 24)),
        accepted("an animation of 2 billion frames", lambda: png.encode(endless, control(1) + frame)),
        accepted("an animation of 20,000 frames", lambda: png.encode(endless, (control(1) + frame) * 20_000)),
        accepted(
            "a frame of 2 billion pixels a side", lambda: png.encode(
                start, control(1, 0x7FFF_FFFF, 0x7FFF_FFFF) + frame)),
        accepted("a frame that unpacks to 200 MB", lambda: png.encode(
            start, control(1) + chunk(b"fdAT", pack(">I", 2) + bomb(200)))),
        accepted("a frame beyond the picture", lambda: png.encode(start, control(1, left=4_000_000_000) + frame)),
        accepted("an animation of no frames", lambda: png.encode(chunk(b"acTL", bytes(8)))),
    ]


def transfers() -> list[OddFile]:
    png, told = Png().encode(), ": send it in binary mode"
    seven = bytes(byte & 127 for byte in range(256))
    return [
        rejected("damaged", "LF to CR LF", lambda: png.replace(b"\n", b"\r\n"), "(LF to CR LF)" + told),
        rejected("damaged", "LF without CR to CR LF", lambda: png.replace(b"\r\n", b"\n").replace(
            b"\n", b"\r\n"), "(LF to CR LF)" + told),
        rejected("damaged", "CR LF to LF", lambda: png.replace(b"\r\n", b"\n"), "(CR LF to LF)" + told),
        rejected("damaged", "LF to CR", lambda: png.replace(b"\n", b"\r"), "(LF to CR)" + told),
        rejected("damaged", "CR to LF", lambda: png.replace(b"\r", b"\n"), "(CR to LF)" + told),
        rejected("damaged", "without the eighth bit", lambda: png.translate(seven), "eighth bit"),
        rejected("damaged", "as UTF-8", lambda: png.decode("latin-1").encode(), "read as text"),
        rejected("damaged", "as UTF-8 from Windows", lambda: "\u2030".encode() + png[1:], "read as text"),
        rejected("damaged", "as UTF-8, what is none replaced", lambda: png.decode(
            errors="replace").encode(), "read as text"),
        rejected("truncated", "ended by Ctrl-Z in its signature", lambda: png[:6]),
    ]


def large() -> list[OddFile]:
    """The most pixels that are taken, packed so well that unpacking is all of the work."""
    return [
        accepted(f"50 million pixels: {NAMES[colour]} of {depth} bits", lambda colour=colour, depth=depth: Png(
            width=7071, height=7071, colour=colour, depth=depth).encode(), size=(7071, 7071))
        for colour, depth in ((GRAY, 1), (RGB, 8), (RGBA, 16))
    ]


def odd_pngs() -> list[OddFile]:
    groups = (colours, palettes, headers, pixels, ancillary, animations, transfers)
    return [file for group in groups for file in group()]
