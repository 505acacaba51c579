"""The program with a fault built in, from a throw-away copy of the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.installation import ROOT

from .disks import run

PARTS = ("Package.swift", "Package.resolved", "Sources", "Tests", "Benchmarks", "Fuzzing")
"""What a build reads beside what was built; weights and the benchmarks' peers, which may lie there too, are large."""


def why_not() -> str | None:
    """Why nothing can be built here; nothing where it can."""
    if not shutil.which("swift"):
        return "there is no swift on PATH"
    if not (ROOT / ".build" / "release").exists():
        return "nothing is built here yet, and a build from the beginning takes long"
    return None


def build(patch: Path, folder: Path) -> Path:
    """Applies the patch to a copy and builds that; returns the binary.

    A build folder holds absolute paths and is of use only where it was made. So the copy takes the checkout's place, in
    a mount namespace of the build's own, and only what the patch changes is compiled.
    """
    copy = folder / "checkout"
    built = [path for path in (ROOT / ".build").iterdir() if path != folder]
    for sources, target in ([ROOT / part for part in PARTS], copy), (built, copy / ".build"):
        target.mkdir()
        run("cp", "--archive", "--reflink=auto", *map(str, sources), str(target))
    # As a part of the checkout's repository, the copy would have it pass over the patch without a word.
    run("env", f"GIT_CEILING_DIRECTORIES={folder}", "git", "-C", str(copy), "apply", str(patch))
    run(
        "unshare", "--mount", "--propagation", "private", "sh", "-c",
        'mount --bind "$1" "$2" && cd "$2" && exec swift build -c release --product cultivar',
        "sh", str(copy), str(ROOT))
    return copy / ".build" / "release" / "cultivar"
