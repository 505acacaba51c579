"""A throw-away installation: four folders, settings that make everything quick, and a daemon that works with them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from . import backbone
from .checker import Dropped, check, history_of
from .ledger import check_ledger

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("FAULTS_BINARY", ROOT / ".build" / "release" / "cultivar"))

INTAKE_ONLY = """\
inbox: {settle: 0.3s}
train: {every: 1d}
backup: {interval: 0s}
"""
"""Without backups, because calls are counted and disks are small; cases about them replace the interval."""

QUICK = """\
inbox: {settle: 0.3s}
train: {on_drop: true}
search:
  candidates: 2
  folds: 2
  space: {backbone: [tiny], learning_rate: [0.01, 0.003], batch_size: [16], hidden_units: [8]}
fit: {epochs: 6}
backup: {interval: 0s}
"""

START_SECONDS = 30
STOP_SECONDS = 15


class Overdue(Exception):
    """Something didn't happen in a time in which it should have happened many times over."""


class Installation:
    """The folders may lie anywhere; those that aren't given are made in `folder`."""

    def __init__(
        self, folder: Path, settings: str = INTAKE_ONLY, *, inbox: Path | None = None, outbox: Path | None = None,
        state: Path | None = None
    ) -> None:
        self.folder = folder
        self.inbox = inbox or folder / "inbox"
        self.outbox = outbox or folder / "outbox"
        self.state = state or folder / "state"
        self.backbones = folder / "backbones"
        self.settings = folder / "cultivar.yaml"
        self.log = folder / "daemon.log"
        self.dropped: list[Dropped] = []
        """Everything that was ever put into the inbox, for the checker."""
        self.daemon: subprocess.Popen[bytes] | None = None
        for path in (folder, self.inbox, self.outbox, self.state, self.backbones):
            path.mkdir(exist_ok=True)
        (self.backbones / "tiny.onnx").write_bytes(backbone.tiny())
        self.settings.write_text(settings)

    # Commands

    def command(self, *arguments: str) -> list[str]:
        """A command line for this installation."""
        folders = {"--config": self.settings, "--inbox": self.inbox, "--outbox": self.outbox, "--state": self.state}
        folders["--backbones"] = self.backbones
        options = [text for name, path in folders.items() for text in (name, str(path))]
        return [str(BINARY), arguments[0], *options, *arguments[1:]]

    def run(self, *arguments: str, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, whatever it ends with; under another program where one is given."""
        return subprocess.run(
            [*prefix, *self.command(*arguments)], env=environment(), capture_output=True, text=True, timeout=120)

    def json(self, *arguments: str):
        """What a command prints with `--format json`."""
        result = self.run(*arguments, "--format", "json")
        if result.returncode != 0:
            raise AssertionError(f"cultivar {arguments[0]} failed: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def degraded(self) -> str | None:
        """What keeps the daemon from its work, as `cultivar status` says it."""
        status = self.json("status")["status"]
        return status and status["degraded"]

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Rows of the history, read beside the daemon."""
        uri = f"file:{self.state / 'history.sqlite'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    # The daemon

    def start(
        self, prefix: Sequence[str] = (), *, variables: Mapping[str, str] | None = None, wait: bool = True, **options
    ) -> subprocess.Popen[bytes]:
        """Starts the daemon, under another program where one is given, and waits until it watches the inbox.

        `options` go to Popen. The log is begun anew.
        """
        assert not self.is_running, "a daemon runs already"
        with self.log.open("wb") as log:
            self.daemon = subprocess.Popen(
                [*prefix, *self.command("daemon")], env=environment(variables), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, **options)
        if wait:
            self.wait_until("the daemon watches the inbox", lambda: "cultivar is watching" in self.log_text(),
                            START_SECONDS)
        return self.daemon

    @property
    def is_running(self) -> bool:
        return self.daemon is not None and self.daemon.poll() is None

    def stop(self) -> int:
        """Asks the daemon to stop, as systemd does; returns its exit status."""
        assert self.daemon
        self.ask_to_stop()
        try:
            return self.daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Overdue(f"the daemon didn't stop within {STOP_SECONDS} s of SIGTERM:\n{self.log_text()}") from None

    def ask_to_stop(self) -> None:
        assert self.daemon
        self.daemon.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the daemon, and whatever it was started under, without warning."""
        if self.daemon is None:
            return
        try:
            os.killpg(self.daemon.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.daemon.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The daemon stands still meanwhile."""
        assert self.daemon
        self.daemon.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.daemon.send_signal(signal.SIGCONT)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # Drops

    def write(self, name: str | bytes, files: Mapping[str | bytes, bytes], folder: Path | None = None) -> None:
        """Writes a drop's files into a folder, the inbox where none is given, and notes nothing."""
        for path, content in files.items():
            target = os.path.join(os.fsencode(folder or self.inbox), os.fsencode(name), os.fsencode(path))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as stream:
                stream.write(content)

    def note(self, name: str | bytes, files: Mapping[str | bytes, bytes | None], *, may_be_gone: bool = False) -> None:
        """Notes a drop's files for the checker."""
        self.dropped += [
            Dropped.of(os.fsencode(name) + b"/" + os.fsencode(path), content, may_be_gone=may_be_gone)
            for path, content in files.items()]

    def prepare(self, name: str, files: Mapping[str | bytes, bytes]) -> None:
        """Writes a drop under a hidden name, to be delivered later."""
        self.write(f".{name}", files)

    def deliver(self, name: str, files: Mapping[str | bytes, bytes]) -> None:
        """Gives a prepared drop its name."""
        self.note(name, files)
        (self.inbox / f".{name}").rename(self.inbox / name)

    def drop(self, name: str, files: Mapping[str | bytes, bytes]) -> None:
        """Drops a folder as people should: under a hidden name, renamed when it is complete."""
        self.prepare(name, files)
        self.deliver(name, files)

    # Waiting and checking

    def wait_until(self, what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Waits until the condition holds; a daemon that ends meanwhile is an error."""
        end = time.monotonic() + seconds
        while not condition():
            if self.daemon is not None and self.daemon.poll() is not None:
                raise AssertionError(f"the daemon ended with {self.daemon.returncode}:\n{self.log_text()}")
            if time.monotonic() > end:
                raise Overdue(f"waited {seconds:.0f} s in vain: {what}\n{self.log_text()}")
            time.sleep(0.02)

    def wait_taken_in(self, seconds: float = 60) -> None:
        """Waits until the inbox is empty but for hidden names, and every drop is finished."""
        self.wait_until("the inbox is empty", lambda: not self.visible_names() and not self._unfinished(), seconds)

    def wait_for_run(self, number: int = 1, seconds: float = 60) -> dict:
        """Waits until a run has ended, and the model, if it gave one, is in the outbox; returns the run."""
        def ended() -> bool:
            rows = self.rows("SELECT outcome FROM runs WHERE id = ?", number)
            waiting = self.rows("SELECT 1 FROM publications WHERE published_at IS NULL")
            return bool(rows) and rows[0][0] != "running" and not waiting

        self.wait_until(f"run {number} ends", ended, seconds)
        return next(run for run in self.json("history") if run["run"] == number)

    def visible_names(self) -> list[bytes]:
        return [name for name in os.listdir(os.fsencode(self.inbox)) if not name.startswith(b".")]

    def _unfinished(self) -> bool:
        return bool(self.rows("SELECT 1 FROM drops WHERE finished_at IS NULL"))

    def problems(self, **options: bool) -> list[str]:
        """What the checker finds of everything that was dropped here; `options` are the checker's."""
        return check(self, self.dropped, is_running=self.is_running, **options)

    def ledger_problems(self) -> list[str]:
        """What is wrong with the ledger, or doesn't match the history, when no daemon runs."""
        if not (self.state / "history.sqlite").exists():
            return []
        with history_of(self.state, is_running=False) as history:
            return check_ledger(self.state, history, inbox=self.inbox)


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without what would change the daemon's settings."""
    unwanted = ("CULTIVAR_", "NOTIFY_SOCKET", "WATCHDOG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | dict(variables or {})
