"""The program with a fault built in, from a throw-away copy of the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.installation import ROOT

from .disks import run


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
    run("cp", "--archive", "--reflink=auto", str(ROOT), str(copy))
    run("git", "-C", str(copy), "apply", str(patch))
    run(
        "unshare", "--mount", "--propagation", "private", "sh", "-c",
        'mount --bind "$1" "$2" && cd "$2" && exec swift build -c release --product cultivar',
        "sh", str(copy), str(ROOT))
    return copy / ".build" / "release" / "cultivar"
