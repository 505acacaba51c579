#!/usr/bin/env python3
"""Compares `cultivar predict` with onnxruntime on a published model and pictures decoded by Pillow.

Usage: published_model.py CULTIVAR OUTBOX PICTURES [COUNT]

CULTIVAR is the binary, OUTBOX a folder with `current`, PICTURES a folder of JPEG or PNG files at any depth. Needs numpy,
onnxruntime and pillow. Exits with 1 where a probability differs by more than 1e-3.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy
import onnxruntime
from PIL import Image, ImageOps

TOLERANCE = 1e-3


def spread(paths: list[Path], count: int) -> list[Path]:
    """At most `count` of the paths, evenly spread."""
    return [paths[index * len(paths) // count] for index in range(min(count, len(paths)))]


def pillow_pixels(path: Path, size: int) -> numpy.ndarray:
    """A picture as the manifest says a user should prepare it: upright, RGB, resized bilinearly, (size, size, 3)."""
    picture = Image.open(path)
    picture.draft("RGB", (size, size))
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    return numpy.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))


def cultivar_probabilities(binary: str, outbox: Path, paths: list[Path], labels: list[str]) -> numpy.ndarray:
    command = [binary, "predict", "--outbox", str(outbox), "--format", "json", *map(str, paths)]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return numpy.array([[row["probabilities"][label] for label in labels] for row in rows])


def main() -> int:
    binary, outbox, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 100
    suffixes = {".jpg", ".jpeg", ".png"}
    paths = spread(sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes), count)
    manifest = json.loads((outbox / "current" / "manifest.json").read_text())
    size = manifest["input"]["width"]
    session = onnxruntime.InferenceSession(outbox / "current" / "model.onnx", providers=["CPUExecutionProvider"])
    pixels = numpy.stack([pillow_pixels(path, size) for path in paths])
    expected = session.run(None, {manifest["input"]["name"]: pixels})[0]
    found = cultivar_probabilities(binary, outbox, paths, manifest["labels"])
    difference = numpy.abs(expected - found)
    print(f"{len(paths)} pictures, {manifest['version']}: largest difference {difference.max():.2e},", end=" ")
    print(f"same class {numpy.mean(expected.argmax(1) == found.argmax(1)):.1%}")
    return int(difference.max() > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
