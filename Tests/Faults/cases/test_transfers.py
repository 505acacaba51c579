"""Pictures that a program took for text: each whose bytes were changed is to be refused, and none else.

What is missed, by size, is printed: a CR LF that became LF is a byte less, and where the codes of a JPEG fall into step
again within the same block, nothing in the file shows it.
"""

from __future__ import annotations

import re
import tarfile
import unittest
from collections import Counter
from collections.abc import Callable
from functools import cache

from harness.case import FaultCase
from harness.installation import ROOT
from odd.encoders import encoded, encoders

DATA = ROOT.parent / "shared" / "data"
PHOTOS, THUMBNAILS = DATA / "grocery12", DATA / "cifar10-jpeg.tar"
SECONDS = 600
TAKEN = ("accepted", "duplicate")

CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "LF to CR LF": (lambda content: content.replace(b"\n", b"\r\n"), "(LF to CR LF)"),
    "lone LF to CR LF": (lambda content: re.sub(rb"(?<!\r)\n", b"\r\n", content), "(LF to CR LF)"),
    "CR LF to LF": (lambda content: content.replace(b"\r\n", b"\n"), "(CR LF to LF)"),
    "eighth bit cut": (lambda content: content.translate(bytes(byte & 127 for byte in range(256))), "eighth bit"),
    "LF to CR": (lambda content: content.replace(b"\n", b"\r"), "(LF to CR)"),
    "CR to LF": (lambda content: content.replace(b"\r", b"\n"), "(CR to LF)"),
}
"""What is done to a picture, and a part of the sentence that says so."""

MAY_MISS = {"CR LF to LF": 0.45, "LF to CR": 0.05, "CR to LF": 0.05}
"""The share of photos that may be missed; of changes that aren't here, none."""
SMALL_MAY_MISS = {"CR LF to LF": 0.5, "LF to CR": 1, "CR to LF": 1}
DRAWN_MAY_MISS = SMALL_MAY_MISS | {"LF to CR LF": 0.02, "lone LF to CR LF": 0.02}
"""Of a picture of one colour, or with tables of its own, bytes may be changed without a trace."""

SIZES = (1 << 10, 4 << 10, 16 << 10, 24 << 10, 32 << 10, 64 << 10)
SIZE_NAMES = [f"below {size >> 10} KiB" for size in SIZES] + [f"{SIZES[-1] >> 10} KiB and more"]



def photos() -> list[bytes]:
    return [path.read_bytes() for path in sorted(PHOTOS.rglob("*.jpg"))]


def thumbnails() -> list[bytes]:
    with tarfile.open(THUMBNAILS) as archive:
        return [archive.extractfile(entry).read() for entry in archive if entry.name.endswith(".jpg")]


def size_class(content: bytes) -> int:
    """An index of SIZE_NAMES."""
    return sum(len(content) >= size for size in SIZES)


@cache
def encoded_photos() -> dict[str, list[bytes]]:
    return encoded(photos()[::25])


class TransferCase(FaultCase):
    def verdicts(self, groups: dict[str, list[bytes]]) -> dict[str, list[tuple[str, str]]]:
        """Each file's verdict or code, and its reason, in the order of each group."""
        place = self.installation()
        place.start()
        for number, contents in enumerate(groups.values()):
            place.drop(f"{number:03}", {f"odd/{index:06}": content for index, content in enumerate(contents)})
        place.wait_taken_in(SECONDS)
        self.assert_sound(place)
        rows = place.rows("""
            SELECT d.name_text, f.path_text, coalesce(f.reason_code, f.verdict), coalesce(f.reason, '')
            FROM files f JOIN drops d ON d.id = f.drop_id ORDER BY 1, 2""")
        found: dict[str, list[tuple[str, str]]] = {name: [] for name in groups}
        for drop, _, verdict, reason in rows:
            found[list(groups)[int(drop)]].append((verdict, reason))
        for name, contents in groups.items():
            self.assertEqual(len(found[name]), len(contents), name)
        return found

    def check_changes(self, contents: list[bytes], may_miss: dict[str, float]) -> None:
        groups = {
            name: [changed for content in contents if (changed := change(content)) != content]
            for name, (change, _) in CHANGES.items()}
        found = self.verdicts(groups)
        print(flush=True)
        for name, (_, says) in CHANGES.items():
            missed, of_size, unnamed = Counter(), Counter(), []
            for content, (verdict, reason) in zip(groups[name], found[name], strict=True):
                of_size[size_class(content)] += 1
                missed[size_class(content)] += verdict in TAKEN
                if verdict not in TAKEN and (verdict != "damaged" or says not in reason):
                    unnamed.append(f"{verdict}: {reason}")
            for size in sorted(of_size):
                print(f"    {name}, {SIZE_NAMES[size]}: {missed[size]} of {of_size[size]} missed", flush=True)
            share = may_miss.get(name, 0)
            self.assertLessEqual(missed.total(), share * of_size.total(), name)
            # A CR LF that is missing among metadata may damage what is behind them in any way.
            if share < 0.5:
                self.assertEqual(unnamed, [], name)

    def check_undamaged(self, groups: dict[str, list[bytes]]) -> None:
        found = self.verdicts(groups)
        refused = [
            f"{name} {number}: {verdict}: {reason}" for name, outcomes in found.items()
            for number, (verdict, reason) in enumerate(outcomes) if verdict not in TAKEN]
        self.assertEqual(refused, [])
        print(", ".join(f"{len(contents)} of {name}" for name, contents in groups.items()), "... ", end="", flush=True)


@unittest.skipUnless(PHOTOS.exists(), "the photos aren't beside the project")
class Photos(TransferCase):
    def test_changed(self) -> None:
        self.check_changes(photos(), MAY_MISS)

    def test_undamaged(self) -> None:
        self.check_undamaged({"photos": photos()})


@unittest.skipUnless(encoders(), "no encoder is installed: cjpeg, convert, gm, ffmpeg or Pillow")
class Encoders(TransferCase):
    def test_changed(self) -> None:
        self.check_changes([jpeg for jpegs in encoded_photos().values() for jpeg in jpegs], DRAWN_MAY_MISS)

    def test_undamaged(self) -> None:
        self.check_undamaged(encoded_photos())


@unittest.skipUnless(THUMBNAILS.exists(), "the thumbnails aren't beside the project")
class Thumbnails(TransferCase):
    def test_changed(self) -> None:
        # Few have a CR LF.
        pairs = [content for content in thumbnails() if b"\r\n" in content]
        self.check_changes(list(dict.fromkeys(thumbnails()[::10] + pairs)), SMALL_MAY_MISS)

    def test_undamaged(self) -> None:
        self.check_undamaged({"thumbnails": thumbnails()})
