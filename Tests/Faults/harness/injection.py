"""System calls of a running process that fail for a while, by strace."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ATTACH_SECONDS = 20


@contextmanager
def failing(
    process: int, calls: str, error: str, *paths: Path, when: str = "1+", watching: str = "",
    log: Path = Path("/dev/null")
) -> Iterator[None]:
    """Lets a process's calls ("fsync,fdatasync") fail with an error ("EIO") while the context lasts.

    `paths` limits it to calls that are about these files; `when` is strace's: the first, `1+` all, counted for each
    thread. `watching` names more calls that are written down in `log` as strace does, and don't fail.
    """
    selection = [word for path in paths for word in ("-P", str(path))]
    strace = subprocess.Popen(
        ["strace", "-f", "-q", "-o", str(log), "-e", f"trace={','.join(filter(None, [calls, watching]))}", *selection,
         "-e", f"inject={calls}:error={error}:when={when}", "-p", str(process)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait_until_attached(process, strace)
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        _, errors = strace.communicate(timeout=ATTACH_SECONDS)
        if not Path(f"/proc/{process}").exists():
            raise AssertionError(f"process {process} ended while its calls failed: {errors.decode()}")


def _wait_until_attached(process: int, strace: subprocess.Popen[bytes]) -> None:
    """Until every thread has its tracer."""
    end = time.monotonic() + ATTACH_SECONDS
    while not all(_is_traced(task) for task in Path(f"/proc/{process}/task").iterdir()):
        if strace.poll() is not None or time.monotonic() > end:
            strace.kill()
            raise AssertionError(f"strace doesn't attach: {strace.communicate()[1].decode()}")
        time.sleep(0.02)


def _is_traced(task: Path) -> bool:
    return "\nTracerPid:\t0\n" not in (task / "status").read_text()
