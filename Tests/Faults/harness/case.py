"""The base of all cases: installations that are cleared away, and reasons to be skipped."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from .installation import INTAKE_ONLY, Installation


NOBODY = 65_534
"""The account of an unprivileged daemon, where root runs the tests."""

Value = TypeVar("Value")
Result = TypeVar("Result")


def in_parallel(
    body: Callable[[Value], Result], values: Iterable[Value], workers: int | None = None
) -> list[Future[Result]]:
    """Runs `body` on each value in threads until all have ended; an interruption drops what hasn't begun."""
    values = list(values)
    pool = ThreadPoolExecutor(workers or max(len(values), 1))
    try:
        results = [pool.submit(body, value) for value in values]
        wait(results)
        return results
    finally:
        pool.shutdown(cancel_futures=True)


class FaultCase(unittest.TestCase):
    """A test of the built daemon. Its installations and daemons end with it, however it ends.

    Whatever a test is about, ledger and history must agree in the end.
    """

    is_short = False
    """Whether a run is to take no longer than the other tests of the project, which it is a part of."""
    under_way: list[FaultCase] = []
    """For `run`, which clears away after an interruption, as unittest doesn't."""

    def setUp(self) -> None:
        self.under_way.append(self)
        self.addCleanup(self.under_way.remove, self)
        self.folder = Path(tempfile.mkdtemp(prefix="cultivar-faults-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def installation(self, settings: str = INTAKE_ONLY, name: str = "installation", **folders: Path) -> Installation:
        """A fresh installation in a folder of its own."""
        result = Installation(self.folder / name, settings, **folders)
        self.addCleanup(self._end, result)
        return result

    def _end(self, installation: Installation) -> None:
        installation.kill()
        self.assertEqual(installation.ledger_problems(), [], f"{installation.folder.name}, killed in the end")

    def each(self, values: Sequence[object], body: Callable[[object], None]) -> None:
        """A subtest for each value, all at a time: a daemon mostly waits, after a fault for half a minute."""
        for value, result in zip(values, in_parallel(body, values), strict=True):
            with self.subTest(value):
                result.result()

    def assert_sound(self, installation: Installation, when: str = "") -> None:
        """Nothing that the checker looks for is wrong."""
        problems = installation.problems()
        if problems:
            self.fail("\n".join([f"unsound {when}:", *problems, "the daemon's log:", installation.log_text()]))

    def unprivileged(self, *installations: Installation) -> list[str]:
        """What to start a daemon under that has no more rights than anybody: nothing where this process has no more.

        The installations are given to the account of the daemon.
        """
        if os.geteuid() != 0:
            return []
        self.require_program("setpriv")
        self.folder.chmod(0o755)
        for place in installations:
            for path in [place.folder, *place.folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]

    def require_root(self, why: str) -> None:
        if os.geteuid() != 0:
            self.skipTest(f"only root can {why}")

    def require_strace(self) -> None:
        """To attach to a daemon that runs already."""
        self.require_program("strace")
        scope = Path("/proc/sys/kernel/yama/ptrace_scope")
        if os.geteuid() != 0 and scope.exists() and scope.read_text().strip() != "0":
            self.skipTest("only root can trace here (kernel.yama.ptrace_scope)")

    def require_program(self, name: str) -> None:
        if shutil.which(name) is None:
            self.skipTest(f"{name} isn't installed; scripts/setup faults installs it")
