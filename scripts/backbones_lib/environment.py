"""The virtual environment for the conversion."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import BackboneError

# onnx with its dependencies, and setuptools, which pip runs to find out what is in a source archive.
PINS = (
    "numpy==2.4.6",
    "onnx==1.23.2",
    "ml_dtypes==0.6.0",
    "protobuf==7.36.2",
    "typing_extensions==4.16.0",
    "setuptools==80.9.0",
)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets only one process at a time create or use the environment in `folder`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(f"{folder.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(folder: Path) -> Path:
    """The environment's Python. The environment is created again unless it already has the pinned packages."""
    python = folder / "bin" / "python"
    stamp = folder / "pins.txt"
    wanted = "\n".join((sys.version, *PINS)) + "\n"
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"creating the virtual environment {folder}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _create(folder)
    print(f"installing {', '.join(PINS)}", flush=True)
    command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", *PINS]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise BackboneError(f"the pinned packages couldn't be installed; pip says:\n{result.stderr.strip()}")
    stamp.write_text(wanted)
    return python


def _create(folder: Path) -> None:
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise BackboneError(
            "Python can't create a virtual environment here; on Debian this needs the package python3-venv, "
            f"which scripts/setup installs ({error})"
        ) from error
