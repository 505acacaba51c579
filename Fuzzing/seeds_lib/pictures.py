"""JPEG and PNG files of a few pixels, of every kind that the decoder tells apart."""

import random
import struct
import zlib

WIDTH, HEIGHT = 13, 9
ORIENTATION = 0x0112


def files():
    return {**pngs(), **jpegs(), **others(), **answers()}


def words():
    markers = [bytes([0xFF, marker]) for marker in (*range(0xC0, 0xD0), *range(0xD0, 0xE0), 0xE0, 0xE1, 0xEE, 0xFE)]
    chunks = [name.encode() for name in (
        "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP bKGD pHYs sBIT tEXt zTXt iTXt tIME eXIf acTL fcTL fdAT".split())]
    return markers + chunks + [b"Exif\0\0", b"II*\0", b"MM\0*", b"Adobe", b"JFIF\0", b"\x01\x12", b"\x12\x01"]


# PNG


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(depth=8, colour=2, interlaced=False, before=b"", after=b"", width=WIDTH, height=HEIGHT, parts=1):
    """Pixels in stored, not compressed blocks: a changed byte changes a pixel, not all that follows."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, right in passes if interlaced else [(0, 0, 1, 1)]:
        columns = len(range(left, width, right))
        for row in range(top, height, down) if columns else ():
            count = (columns * bits + 7) // 8
            rows += bytes([row % 5]) + bytes((row * 37 + index * 11) % 256 for index in range(count))
    data = zlib.compress(rows, 0)
    size = -(-len(data) // parts)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(range(3 * 2**min(depth, 4)))) if colour == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + palette
            + b"".join(chunk(b"IDAT", data[at:at + size]) for at in range(0, len(data), size)) + after + chunk(b"IEND"))


def pngs():
    kinds = [(0, depth) for depth in (1, 2, 4, 8, 16)] + [(3, depth) for depth in (1, 2, 4, 8)]
    kinds += [(colour, depth) for colour in (2, 4, 6) for depth in (8, 16)]
    result = {f"colour-{colour}-depth-{depth}-{'adam7' if interlaced else 'rows'}.png": png(depth, colour, interlaced)
              for colour, depth in kinds for interlaced in (False, True)}
    extras = {
        "gamma": chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"sRGB", b"\0"),
        "profile": chunk(b"iCCP", b"name\0\0" + zlib.compress(b"no profile")),
        "texts": chunk(b"tEXt", b"Title\0words") + chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"words" * 99)),
        "transparent": chunk(b"tRNS", bytes(6)) + chunk(b"bKGD", bytes(6)),
        "animated": chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", bytes(26)),
    }
    result |= {f"{name}.png": png(before=before) for name, before in extras.items()}
    result |= {f"exif-{value}.png": png(before=chunk(b"eXIf", exif(value, ">"))) for value in (1, 6)}
    result["exif-behind.png"] = png(after=chunk(b"eXIf", exif(8, "<")))
    result["parts.png"] = png(parts=5)
    result["unknown-critical.png"] = png(before=chunk(b"ABCD", b"1"))
    result["huge.png"] = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 4096, 8, 2, 0, 0, 0))
    return result


def exif(orientation, order, kind=3):
    value = {1: struct.pack(order + "B3x", orientation), 3: struct.pack(order + "H2x", orientation),
             4: struct.pack(order + "I", orientation)}[kind]
    entries = struct.pack(order + "HHII", 0x010F, 2, 4, 0x616263) + struct.pack(order + "HHI", ORIENTATION, kind, 1)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IH", 8, 2) + entries + value + bytes(4)


# JPEG


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def table(kind, lengths, symbols):
    return segment(0xC4, bytes([kind]) + bytes(lengths.count(length) for length in range(1, 17)) + bytes(symbols))


# Codes of one length are in the order of their symbols.
DC_LENGTHS, DC_SYMBOLS = [4] * 12, list(range(12))
AC_SYMBOLS = [0x00, 0x01, 0x02, 0x11, 0x03, 0x21, 0x31, 0x04, 0xF0, 0x12, 0x10, 0x20]
AC_LENGTHS = [2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 14]


def codes(lengths, symbols):
    code, last, result = 0, lengths[0], {}
    for length, symbol in zip(lengths, symbols):
        code <<= length - last
        result[symbol] = f"{code:0{length}b}"
        code, last = code + 1, length
    return result


DC, AC = codes(DC_LENGTHS, DC_SYMBOLS), codes(AC_LENGTHS, AC_SYMBOLS)


def signed(value):
    """The bits behind a symbol (T.81, F.1.2.1); their number is that of the magnitude's."""
    size = abs(value).bit_length()
    return size, f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else ""


def packed(bits):
    bits += "1" * (-len(bits) % 8)
    return int(bits or "11111111", 2).to_bytes(max(len(bits) // 8, 1), "big").replace(b"\xff", b"\xff\0")


def block(numbers):
    """A block's bits: a DC difference and a few coefficients."""
    size, value = signed(numbers.randrange(-40, 41))
    bits = DC[size] + value
    for _ in range(numbers.randrange(4)):
        symbol = numbers.choice(AC_SYMBOLS[1:8])
        bits += AC[symbol] + "".join(numbers.choice("01") for _ in range(symbol & 15))
    return bits + AC[0]


def frame(sampling, marker=0xC0, width=WIDTH, height=HEIGHT, precision=8):
    body = struct.pack(">BHHB", precision, height, width, len(sampling))
    return segment(marker, body + b"".join(bytes([i + 1, h << 4 | v, 0]) for i, (h, v) in enumerate(sampling)))


def scan(components, first=0, last=63, approximation=0):
    body = bytes([len(components)]) + b"".join(bytes([component, 0]) for component in components)
    return segment(0xDA, body + bytes([first, last, approximation]))


def head(extra=b""):
    return (b"\xff\xd8" + extra + segment(0xDB, b"\0" + bytes(8 + index // 4 for index in range(64)))
            + table(0x00, DC_LENGTHS, DC_SYMBOLS) + table(0x10, AC_LENGTHS, AC_SYMBOLS))


def units(sampling):
    """Blocks in a unit, and units in the picture."""
    if len(sampling) == 1:
        return 1, -(-WIDTH // 8) * -(-HEIGHT // 8)
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    return sum(h * v for h, v in sampling), -(-WIDTH // (8 * across)) * -(-HEIGHT // (8 * down))


def sequential(sampling, restarts=False, extra=b"", marker=0xC0):
    numbers = random.Random(len(sampling) * 7 + sampling[0][0])
    blocks, count = units(sampling)
    coded = ["".join(block(numbers) for _ in range(blocks)) for _ in range(count)]
    data = (b"".join(packed(unit) + (bytes([0xFF, 0xD0 + i % 8]) if i + 1 < count else b"")
                     for i, unit in enumerate(coded)) if restarts else packed("".join(coded)))
    interval = segment(0xDD, struct.pack(">H", 1)) if restarts else b""
    return (head(extra) + frame(sampling, marker) + interval + scan(range(1, len(sampling) + 1)) + data + b"\xff\xd9")


def progressive(sampling, extra=b""):
    """Scans of DC and of AC coefficients, the first bits and the last one."""
    blocks, count = units(sampling)
    everything = range(1, len(sampling) + 1)
    of_one = -(-WIDTH // 8) * -(-HEIGHT // 8)
    scans = scan(everything, 0, 0, 0x01) + packed((DC[2] + "10") * blocks * count)
    scans += scan([1], 1, 5, 0x02) + packed((AC[0x11] + "1" + AC[0]) * of_one)
    scans += scan([1], 6, 63, 0x02) + packed(AC[0x10] + "1" + AC[0] * max(of_one - 3, 0))
    scans += scan([1], 1, 63, 0x21) + packed((AC[0] + "1") * of_one)
    scans += scan(everything, 0, 0, 0x10) + packed("01" * (blocks * count))
    return head(extra) + frame(sampling, 0xC2) + scans + b"\xff\xd9"


def jpegs():
    adobe = {transform: segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)) for transform in range(3)}
    jfif = segment(0xE0, b"JFIF\0\1\2\0" + struct.pack(">HHBB", 1, 1, 0, 0))
    layouts = {"gray": [(1, 1)], "gray-2x2": [(2, 2)], "444": [(1, 1)] * 3, "420": [(2, 2), (1, 1), (1, 1)],
               "422": [(2, 1), (1, 1), (1, 1)], "440": [(1, 2), (1, 1), (1, 1)], "411": [(4, 1), (1, 1), (1, 1)],
               "odd": [(3, 1), (1, 1), (1, 1)], "chroma": [(1, 1), (2, 2), (1, 1)], "cmyk": [(1, 1)] * 4}
    result = {f"{name}.jpg": sequential(sampling) for name, sampling in layouts.items()}
    result |= {f"{name}-restarts.jpg": sequential(layouts[name], True, jfif) for name in ("gray", "420", "cmyk")}
    result |= {f"adobe-{number}-{name}.jpg": sequential(layouts[name], extra=extra)
               for number, extra in adobe.items() for name in ("444", "cmyk")}
    result |= {f"progressive-{name}.jpg": progressive(layouts[name]) for name in ("gray", "444", "420", "cmyk")}
    result |= {f"exif-{value}-{order}-{kind}.jpg": sequential(
        layouts["444"], extra=segment(0xE1, b"Exif\0\0" + exif(value, {"big": ">", "little": "<"}[order], kind)))
        for value, order, kind in ((3, "big", 3), (5, "little", 3), (6, "big", 1), (8, "little", 4))}
    result |= {f"frame-{marker:02x}.jpg": sequential(layouts["444"], marker=marker)
               for marker in (0xC1, 0xC3, 0xC5, 0xC9, 0xCA, 0xF7)}
    result["precision-12.jpg"] = head() + frame(layouts["gray"], precision=12) + scan([1]) + b"\0\xff\xd9"
    result["huge.jpg"] = head() + frame(layouts["444"], width=65535, height=65535) + scan([1, 2, 3]) + b"\0\xff\xd9"
    result["no-end.jpg"] = sequential(layouts["420"])[:-2]
    result["behind-the-end.jpg"] = sequential(layouts["gray"]) * 2
    return result


def others():
    texts = {"webp": b"RIFF\x20\0\0\0WEBPVP8 ", "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "gif": b"GIF89a",
             "html": b"\n <!DOCTYPE html><html>", "svg": b"<?xml version='1.0'?><svg xmlns='x'>", "empty": b""}
    # The name's end says what is used; these are no pictures.
    return {f"{name}.jpg": content for name, content in texts.items()}


def answers():
    """What decoder processes say of files, as the service reads it (Sources/Decoding/DecoderMessages.swift)."""
    def text(words):
        return struct.pack("<H", len(words)) + words

    valid = b"\1" + struct.pack("<II", 29, 19) + text(b"jpeg") + text(b"unknown JFIF version")
    invalid = b"\2" + text(b"damaged") + text(b"the PNG is damaged: \xff\x1b")
    incomplete = b"\3" + text(b"truncated") + text(b"the JPEG is truncated: its data end too early")
    parts = {"valid": valid, "invalid": invalid, "three": valid + invalid + incomplete, "out-of-memory": b"\4"}
    return {f"answer-{name}.bin": content for name, content in parts.items()}
