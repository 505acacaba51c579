"""The peers' virtual environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

from .errors import BenchmarkError

PINS = (
    "numpy==2.4.6",
    "onnx==1.23.2",
    "onnxruntime==1.32.0",
    "openvino==2026.4.1",
    "pillow==13.0.0",
    "tensorflow-cpu==2.21.0",
    "torch==2.13.0",
)


def prepare(folder: Path) -> None:
    """Makes the environment anew, unless it has the pinned packages already."""
    stamp = folder / "pins.txt"
    wanted = "\n".join((sys.version, *PINS)) + "\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    started = time.monotonic()
    print(f"installing the peers into {folder}, once: {', '.join(PINS)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    result = subprocess.run([*command, "--only-binary", ":all:", *PINS], capture_output=True, text=True)
    if result.returncode != 0:
        raise BenchmarkError(f"the peers couldn't be installed; pip says:\n{result.stderr.strip()}")
    stamp.write_text(wanted)
    print(f"that took {time.monotonic() - started:.0f} s", flush=True)
