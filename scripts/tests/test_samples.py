"""Tests of scripts/samples on a made-up data set: `python3 -m unittest discover scripts/tests`."""

from __future__ import annotations

import gzip
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "samples"


def write_split(folder: Path, prefix: str, count: int) -> None:
    """Pictures of 3 x 2 pixels, classes in turn; picture i has the values i, i + 1, …"""
    pixels = bytes((index + pixel) % 256 for index in range(count) for pixel in range(6))
    with gzip.open(folder / f"{prefix}-images-idx3-ubyte.gz", "wb") as file:
        file.write(struct.pack(">IIII", 0x803, count, 2, 3) + pixels)
    with gzip.open(folder / f"{prefix}-labels-idx1-ubyte.gz", "wb") as file:
        file.write(struct.pack(">II", 0x801, count) + bytes(index % 10 for index in range(count)))


def chunks(png: bytes) -> dict[bytes, bytes]:
    """A PNG file's chunks by kind, their checksums checked."""
    position, found = 8, {}
    while position < len(png):
        (size,) = struct.unpack_from(">I", png, position)
        kind, content = png[position + 4 : position + 8], png[position + 8 : position + 8 + size]
        assert struct.unpack_from(">I", png, position + 8 + size)[0] == zlib.crc32(kind + content)
        found[kind] = content
        position += 12 + size
    return found


class SampleTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.output = Path(folder.name) / "data", Path(folder.name) / "out"
        self.source.mkdir()
        write_split(self.source, "train", 40)
        write_split(self.source, "t10k", 20)

    def run_script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [sys.executable, SCRIPT, self.output, "--source", self.source, *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def files(self) -> list[str]:
        return sorted(str(file.relative_to(self.output)) for file in self.output.rglob("*.png"))

    def test_a_picture_keeps_its_pixels(self) -> None:
        self.assertEqual(self.run_script("--per-class", "2", "--offset", "1").returncode, 0)
        self.assertEqual(len(self.files()), 20)
        found = chunks((self.output / "Trouser" / "00021.png").read_bytes())
        self.assertEqual(struct.unpack(">IIBBBBB", found[b"IHDR"]), (3, 2, 8, 0, 0, 0, 0))
        self.assertEqual(zlib.decompress(found[b"IDAT"]), bytes([0, 21, 22, 23, 0, 24, 25, 26]))

    def test_test_pictures_have_a_folder_of_their_own(self) -> None:
        self.run_script("--per-class", "1", "--test-per-class", "1", "--test-offset", "1")
        self.assertEqual(len(self.files()), 20)
        self.assertIn("train/Bag/00008.png", self.files())
        self.assertIn("test/Ankle-boot/00019.png", self.files())

    def test_more_pictures_than_there_are_is_an_error(self) -> None:
        result = self.run_script("--per-class", "3", "--offset", "2")
        self.assertEqual(result.returncode, 1)
        self.assertIn("T-shirt has only 4 pictures, but 3 are wanted after the first 2", result.stderr)

    def test_a_damaged_file_is_an_error_that_names_it(self) -> None:
        file = self.source / "train-images-idx3-ubyte.gz"
        file.write_bytes(gzip.compress(b"\0\0\x08\x03"))
        result = self.run_script("--per-class", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(file), result.stderr)


if __name__ == "__main__":
    unittest.main()
