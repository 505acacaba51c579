"""Odd files as drops: each gets the verdict that docs/pictures.md promises, quickly, and nothing dies of it.

Each file is a drop of its own, all delivered at once, so that the history says how long each took.
"""

from __future__ import annotations

import csv
import os
import re
import threading
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

from harness.case import FaultCase
from harness.installation import ROOT, Installation
from odd.files import OddFile
from odd.odd_jpegs import huge_files, odd_jpegs
from odd.odd_pngs import large, odd_pngs
from odd.pngs import numbered

COLLECTION = ROOT.parent / "shared" / "data" / "oddball"
PATIENCE = 31
"""Seconds: how long a file that ends too early is waited for, and a little more."""
MEMORY = 300 << 20
"""What the daemon and all the processes that it decodes in may take together."""
SECONDS = 1.0
"""How long a file may take from the beginning of its drop to its end; where the machine is busy, of processor time,
which grows, too, when others use the same cores' caches: a photo of 13 million pixels took 0.52 s beside two builds."""
PIXELS_SECONDS = 5
"""The same for as many pixels and bytes as are taken at all."""
TRIES = 3


TAKEN = {"accepted", "duplicate"}
"""Several kinds of the collection have a file in common."""
UNREADABLE = {"damaged", "truncated", "not_a_picture"}
VARIANT, TOO_LARGE = {"unsupported_variant"}, {"too_many_pixels", "too_much_memory", "too_many_scans"}

KINDS = {
    "apng": TAKEN, "exif_rotated": TAKEN, "grayscale_jpeg": TAKEN, "no_eoi_decodes": TAKEN, "odd_sampling": TAKEN,
    "png_modes": TAKEN, "progressive": TAKEN, "rgb_adobe0": TAKEN, "tiny_le8px": TAKEN,
    "big_real_12MP+": TAKEN | {"too_many_pixels"}, "cmyk_ycck": TAKEN | {"damaged"},
    "mpo_mpf": TAKEN | {"truncated"}, "multi_icc_or_icc": TAKEN | {"damaged"},
    "arithmetic": VARIANT | UNREADABLE, "lossless_sof3": VARIANT, "prec12_16": VARIANT, "zero_dim": {"damaged"},
    "truncated": UNREADABLE | TOO_LARGE, "huge_header": UNREADABLE | VARIANT | TOO_LARGE,
}
"""Which verdicts a kind's files may have; the other kinds are mixed, and only the rules for all hold for them."""

FORMATS = {
    "webp": "WebP", "gif": "GIF", "heif": "HEIC", "avif": "AVIF", "jp2": "JPEG 2000", "bmp": "BMP", "tiff": "TIFF",
}
"""What the reason calls a format, by what the manifest calls it."""

UNREAD_PARTS = {
    "corrupt/TwelveMonkeys__jfif-bogus-empty-jfif-segment.jpg", "png_broken/Pillow__chunk_no_fctl.png",
    "png_broken/Pillow__unknown_compression_method.png", "png_broken/Pillow__png_decompression_dos.png",
}
"""What is wrong with these isn't in their pixels; Pillow can't read them, we can."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    verdict: str
    """`accepted`, `duplicate`, or the code of the rejection."""
    text: str
    """The reason, or the notes of the picture."""
    size: tuple[int, int] | None
    seconds: float


class OddFileCase(FaultCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = self.installation()

    def take(self, contents: dict[str, bytes], seconds: float = 300) -> dict[str, Outcome]:
        """Drops each file as a whole drop of its own; returns what became of each, by its name."""
        for number, content in enumerate(contents.values()):
            self.place.prepare(f"{number:04}", {"odd/file": content})
        time.sleep(PATIENCE)
        self.place.start()
        with MemoryWatch(self.place) as memory:
            for number, content in enumerate(contents.values()):
                self.place.deliver(f"{number:04}", {"odd/file": content})
            self.place.wait_taken_in(seconds)
        self.assert_unharmed()
        print(f"at most {memory.peak >> 20} MiB ... ", end="", flush=True)
        self.assertLess(memory.peak, MEMORY)
        rows = self.place.rows("""
            SELECT d.name_text, coalesce(f.reason_code, f.verdict), coalesce(f.reason, p.notes, ''), p.width, p.height,
                (julianday(d.finished_at) - julianday(d.arrived_at)) * 86400
            FROM files f JOIN drops d ON d.id = f.drop_id LEFT JOIN pictures p ON p.id = f.picture_id""")
        self.assertEqual(len(rows), len(contents))
        names = list(contents)
        return {
            names[int(drop)]: Outcome(verdict, text, width and (width, height), took)
            for drop, verdict, text, width, height, took in rows}

    def assert_unharmed(self) -> None:
        """No process has died, and nothing is lost."""
        self.assertNotIn("picture decoder", self.place.log_text())
        self.assertEqual(self.place.rows("SELECT count(*) FROM decoder_attempts"), [(0,)])
        self.assert_sound(self.place)

    def assert_quick(
        self, contents: dict[str, bytes], outcomes: dict[str, Outcome], limit: float = SECONDS
    ) -> None:
        """Files that took long are taken once more, alone, in case that something else kept the machine busy."""
        slow = [name for name, outcome in outcomes.items() if outcome.seconds > limit]
        seconds = {name: self.least_processor_time(name, contents[name], limit) for name in slow}
        self.assertEqual({name: used for name, used in seconds.items() if used > limit}, {}, f"more than {limit} s")

    def least_processor_time(self, name: str, content: bytes, limit: float) -> float:
        """What the decoders take for a file, in seconds: the least of some tries, until it is within the limit."""
        least = float("inf")
        for number in range(TRIES):
            before = processor_time(self.place)
            self.place.drop(f"again {number} {abs(hash(name))}", {"odd/file": content})
            self.place.wait_taken_in()
            least = min(least, processor_time(self.place) - before)
            if least <= limit:
                break
        return least


def children(installation: Installation) -> list[int]:
    assert installation.daemon
    folder = Path(f"/proc/{installation.daemon.pid}/task")
    return [int(child) for path in folder.glob("*/children") for child in path.read_text().split()]


def processor_time(installation: Installation) -> float:
    """Of the daemon's children, in seconds."""
    ticks = 0
    for process in children(installation):
        # Behind the name, which is in brackets: the times in user and in system mode are the 12th and 13th field.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class MemoryWatch(threading.Thread):
    """Looks again and again at what the daemon and its children have in memory that the kernel can't take back."""

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.peak = 0
        self._installation = installation
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(0.02):
            assert self._installation.daemon
            processes = [self._installation.daemon.pid, *children(self._installation)]
            self.peak = max(self.peak, sum(map(held_memory, processes)))

    def __enter__(self) -> MemoryWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()


def held_memory(process: int) -> int:
    """Bytes of its own, and its part of those that it shares; 0 of a process that has ended."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(size) << 10 for size in re.findall(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", text, re.MULTILINE))


class MadeFiles(OddFileCase):
    """Files that odd/ makes."""

    def check(self, files: list[OddFile], limit: float = SECONDS) -> None:
        self.assertEqual(len({file.name for file in files}), len(files), "each has a name of its own")
        contents = {file.name: file.make() for file in files}
        self.assertEqual(len(set(contents.values())), len(files), "each has bytes of its own")
        outcomes = self.take(contents)
        wrong = [text for file in files for text in problems(file, outcomes[file.name])]
        if wrong:
            self.fail("\n".join(wrong))
        self.assert_quick(contents, outcomes, limit)

    def test_jpegs(self) -> None:
        self.check(odd_jpegs())

    def test_pngs(self) -> None:
        self.check(odd_pngs())

    def test_as_many_pixels_as_are_taken(self) -> None:
        self.check(large(), PIXELS_SECONDS)

    def test_as_many_bytes_as_are_taken(self) -> None:
        self.place = self.installation("inbox: {settle: 0.3s, too_large: move}\ntrain: {every: 1d}\n", "moving")
        self.check(huge_files(), PIXELS_SECONDS)

    def test_many_that_fill_what_goes_to_a_decoder_at_once(self) -> None:
        """To the last byte, or to one less or more: 64 files, of 4 MiB together, of 256 KiB each."""
        self.place.start()
        sizes = [(4 << 20) // 64] * 512 + [256 << 10] * 64 + [(256 << 10) + 1] * 16 + [(4 << 20) // 64 + 1] * 128
        self.place.drop("d", {f"odd/{number}": sized(size, number) for number, size in enumerate(sizes)})
        self.place.wait_taken_in()
        verdicts = self.place.rows("SELECT verdict, count(*) FROM files GROUP BY verdict")
        self.assertEqual(verdicts, [("accepted", len(sizes))])
        self.assert_unharmed()


def sized(size: int, number: int) -> bytes:
    """A picture of so many bytes."""
    picture = numbered(number)
    return picture + bytes(size - len(picture))


def problems(file: OddFile, outcome: Outcome) -> list[str]:
    found = f"{file.name}: {outcome.verdict} {outcome.size or ''} {outcome.text!r}"
    if outcome.verdict != file.verdict:
        return [f"{found} instead of {file.verdict}"]
    if file.says not in outcome.text:
        return [f"{found} doesn't say {file.says!r}"]
    return [f"{found} isn't {file.size}"] if file.size and outcome.size != file.size else []


@unittest.skipUnless(COLLECTION.exists(), "the collection of odd files isn't beside the project")
class CollectedFiles(OddFileCase):
    """Files that people have come upon, by kind."""

    def test_every_file(self) -> None:
        with (COLLECTION / "MANIFEST.tsv").open(newline="") as stream:
            lines = [line for line in csv.DictReader(stream, delimiter="\t") if (COLLECTION / line["path"]).is_file()]
        contents = {line["path"]: (COLLECTION / line["path"]).read_bytes() for line in lines}
        self.assertGreater(len(contents), 500)
        outcomes = self.take(contents)
        wrong = [text for line in lines for text in unexpected(line, outcomes[line["path"]])]
        if wrong:
            self.fail("\n".join(wrong))
        self.assert_quick(contents, outcomes)


def unexpected(line: dict[str, str], outcome: Outcome) -> list[str]:
    """What is wrong with the outcome of a file, which `line` of the manifest describes."""
    found = f"{line['path']}: {outcome.verdict} {outcome.size or ''} {outcome.text!r}"
    name = FORMATS.get(line["magic"])
    if name:
        is_named = outcome.verdict == "unsupported_format" and name in outcome.text
        return [] if is_named else [f"{found} instead of {name} by name"]
    if outcome.verdict not in KINDS.get(line["kind"], {outcome.verdict}):
        return [f"{found} isn't for the kind"]
    if outcome.verdict not in TAKEN:
        return []
    if line["pillow"] != "ok" and line["path"] not in UNREAD_PARTS:
        return [f"{found}, but Pillow says {line['pillow']!r}"]
    size = upright_size(line)
    return [f"{found} isn't {size}"] if size and outcome.size != size else []


def upright_size(line: dict[str, str]) -> tuple[int, int] | None:
    sides = [int(side) for side in line["dims"].split("x") if side]
    if len(sides) != 2:
        return None
    turned = line["exif_orientation"] in ("5", "6", "7", "8")
    return (sides[1], sides[0]) if turned else (sides[0], sides[1])
