"""Undamaged JPEGs by as many encoders as this machine has, of pictures that are easy and hard to encode."""

from __future__ import annotations

import functools
import io
import random
import shutil
import subprocess
from collections.abc import Iterator
from itertools import cycle, islice

from .jpegs import comment

try:
    from PIL import Image, ImageFile
except ImportError:
    Image = None

QUALITIES = (1, 20, 40, 60, 75, 85, 95, 100)

CJPEG = (
    ["-baseline"], ["-optimize"], ["-progressive"], ["-restart", "1"], ["-restart", "7B"], ["-sample", "4x1"],
    ["-sample", "1x2"], ["-sample", "4x2"], ["-grayscale"], ["-dct", "fast"], ["-dct", "float"], ["-rgb"],
    ["-smooth", "20"],
)
JPEGTRAN = (
    ["-rotate", "90"], ["-flip", "horizontal"], ["-optimize"], ["-progressive"], ["-grayscale"],
    ["-crop", "24x24+8+8"], ["-restart", "2"], ["-restart", "1B", "-optimize"], ["-transpose", "-progressive"],
)
IMAGEMAGICK = (
    [], ["-interlace", "Plane"], ["-sampling-factor", "4:2:0"], ["-sampling-factor", "4:4:4"],
    ["-sampling-factor", "4:2:2"], ["-colorspace", "gray"], ["-colorspace", "CMYK"],
    ["-define", "jpeg:optimize-coding=false"], ["-set", "comment", "a\nb\r\nc\n" * 60],
)
GRAPHICSMAGICK = ([], ["-interlace", "Line"], ["-colorspace", "gray"], ["-sampling-factor", "1x1"])
FFMPEG = [
    ["-pix_fmt", pixels, "-huffman", table]
    for pixels in ("yuvj420p", "yuvj422p", "yuvj444p") for table in ("default", "optimal")
]
PILLOW = (
    {}, {"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 3}, {"restart_marker_rows": 1},
    {"comment": b"line\r\nline\n" * 400}, {"comment": b"a\r\nb\r\n" * 50, "optimize": True},
)


def portable_pixmap(width: int, height: int, samples: bytes) -> bytes:
    return b"P6\n%d %d\n255\n" % (width, height) + samples


def drawn(seed: int) -> bytes:
    """Noise, one colour, black letters on white, gradients and a grid of dots by turns, of any size."""
    chance = random.Random(seed)
    width, height = chance.randint(24, 500), chance.randint(24, 400)
    across, down = range(width), range(height)
    match seed % 5:
        case 0: samples = chance.randbytes(width * height * 3)
        case 1: samples = chance.randbytes(3) * (width * height)
        case 2:
            letters = [chance.random() < 0.3 for _ in range(400)]
            samples = b"".join(
                bytes(3) if letters[(x // 3 + y // 5 * 17) % 400] else b"\xff" * 3 for y in down for x in across)
        case 3: samples = bytes(
            level for y in down for x in across for level in (x * 255 // width, y * 255 // height, (x + y) % 256))
        case _: samples = b"".join(
            b"\xff" * 3 if x % 2 == 0 and y % 2 == 0 else bytes(3) for y in down for x in across)
    return portable_pixmap(width, height, samples)


def sources(photos: list[bytes]) -> list[bytes]:
    """Portable pixmaps: some are drawn, and where libjpeg's program is there some are photos."""
    pictures = [drawn(seed) for seed in range(40)]
    if shutil.which("djpeg"):
        pictures += [filtered(["djpeg", "-ppm"], photo) for photo in photos]
    random.Random(1).shuffle(pictures)
    return pictures


def filtered(command: list[str], content: bytes) -> bytes:
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def commands() -> Iterator[tuple[str, list[str]]]:
    """What makes a JPEG of a pixmap: the encoder's name, and its command."""
    for quality in map(str, QUALITIES):
        for options in CJPEG:
            yield "cjpeg", ["cjpeg", "-quality", quality, *options]
        for options in IMAGEMAGICK:
            yield "convert", ["convert", "ppm:-", "-quality", quality, *options, "jpg:-"]
        for options in GRAPHICSMAGICK:
            yield "gm", ["gm", "convert", "ppm:-", "-quality", quality, *options, "jpg:-"]
        for options in FFMPEG:
            scale = str(max(1, 31 - int(quality) * 3 // 10))
            yield "ffmpeg", [
                "ffmpeg", "-f", "ppm_pipe", "-i", "-", "-frames:v", "1", "-q:v", scale, *options, "-f", "mjpeg", "-"]


def by_pillow(pictures: Iterator[bytes]) -> Iterator[bytes]:
    # Or it gives up on pictures that grow.
    ImageFile.MAXBLOCK = 1 << 24
    for quality in QUALITIES:
        for options in PILLOW:
            for subsampling in (0, 1, 2):
                yield saved(Image.open(io.BytesIO(next(pictures))), quality, subsampling=subsampling, **options)
        for mode in ("L", "CMYK"):
            yield saved(Image.open(io.BytesIO(next(pictures))).convert(mode), quality)


def saved(picture, quality: int, **options) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality, **options)
    return target.getvalue()


@functools.cache
def programs() -> list[str]:
    """The encoders on this machine that work: a program may have the name of one and be another."""
    first = dict(reversed(list(commands())))
    return [name for name, command in first.items() if shutil.which(name) and works(command)]


def works(command: list[str]) -> bool:
    made = subprocess.run(command, input=drawn(0), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return made.returncode == 0 and made.stdout.startswith(b"\xff\xd8")


def encoders() -> list[str]:
    """Those that there are on this machine, but for jpegtran, which needs JPEGs."""
    return programs() + ["Pillow"] * bool(Image)


def encoded(photos: list[bytes]) -> dict[str, list[bytes]]:
    """JPEGs by the name of their encoder; every fifth has a comment with many line ends."""
    pictures = cycle(sources(photos))
    made: dict[str, list[bytes]] = {}
    for name, command in commands():
        if name in programs():
            made.setdefault(name, []).append(filtered(command, next(pictures)))
    if shutil.which("jpegtran") and photos:
        begun = cycle(photos)
        made["jpegtran"] = [
            filtered(["jpegtran", *options], jpeg) for options in JPEGTRAN for jpeg in islice(begun, 12)]
    if Image:
        made["Pillow"] = list(by_pillow(pictures))
    for jpegs in made.values():
        for number in range(0, len(jpegs), 5):
            text = b"line\n" * 900 if number % 2 else b"a line, %d\r\n" % number * 90
            jpegs[number] = jpegs[number][:2] + comment(text) + jpegs[number][2:]
    return made
