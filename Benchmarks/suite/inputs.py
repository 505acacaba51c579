"""The pictures that the benchmarks work on: real ones where there are any, else made from a seed."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from .errors import BenchmarkError
from .places import Places

CLASSES = 10


def small_jpegs(places: Places) -> tuple[Path, str]:
    """A folder with train/LABEL (50,000) and test/LABEL (10,000) of 32 x 32 JPEGs, and where they are from."""
    archive = places.data / "cifar10-jpeg.tar"
    if archive.exists():
        return _made(places, "cifar10", lambda folder: _extract(archive, folder)), "CIFAR-10"
    return _made(places, "small", lambda folder: _generate(places, "small", folder)), "generated from a seed"


def photos(places: Places) -> tuple[list[Path], str]:
    """JPEGs of 4000 x 3000 pixels, half of them turned by their EXIF orientation, and what they show."""
    source = places.data / "grocery12"
    if source.exists():
        folder = _made(places, "photos", lambda folder: _generate(places, "photos", folder, source))
        return sorted(folder.glob("*.jpg")), "real photos, enlarged twofold and laid side by side"
    folder = _made(places, "scenes", lambda folder: _generate(places, "photos", folder))
    return sorted(folder.glob("*.jpg")), "synthetic scenes"


def make_drop(source: Path, target: Path, per_class: int, offset: int = 0) -> int:
    """Copies so many pictures of each label folder of `source`, from `offset` on; returns how many there are."""
    count = 0
    for label in sorted(path for path in source.iterdir() if path.is_dir()):
        (target / label.name).mkdir(parents=True)
        for path in sorted(label.iterdir())[offset:offset + per_class]:
            shutil.copyfile(path, target / label.name / path.name)
            count += 1
    return count


def _made(places: Places, name: str, make) -> Path:
    """The folder of the given name, made once: under another name until it is whole."""
    folder = places.scratch / "inputs" / name
    if not folder.exists():
        print(f"  making {folder.relative_to(places.root)}, once", flush=True)
        unfinished = folder.with_name(f".{name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(folder)
    return folder


def _extract(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


def _generate(places: Places, kind: str, folder: Path, *source: Path) -> None:
    command = [str(word) for word in (places.python, places.peers / "make_pictures.py", kind, folder, *source)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise BenchmarkError(f"the pictures could not be made: {result.stderr.strip()}")
