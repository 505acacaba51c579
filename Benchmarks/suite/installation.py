"""A throw-away installation of Cultivar: four folders and a daemon."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .errors import BenchmarkError
from .places import Places

LOOK_SECONDS = 0.02
START_SECONDS = 60
STOP_SECONDS = 30


class Installation:
    """Its folder must not exist; it is on the same file system as the inputs, so that a drop is moved in at once."""

    def __init__(self, places: Places, folder: Path, settings: str) -> None:
        self.places = places
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        self.inbox, self.outbox, self.state = (folder / name for name in ("inbox", "outbox", "state"))
        for path in (self.inbox, self.outbox, self.state):
            path.mkdir(parents=True)
        (folder / "cultivar.yaml").write_text(settings)
        self.daemon: subprocess.Popen[bytes] | None = None

    def command(self, name: str, *arguments: str) -> list[str]:
        return [
            str(self.places.binary), name, "--config", str(self.folder / "cultivar.yaml"), "--inbox", str(self.inbox),
            "--outbox", str(self.outbox), "--state", str(self.state), "--backbones", str(self.places.backbones),
            *arguments,
        ]

    def json(self, name: str, *arguments: str):
        command = self.command(name, *arguments, "--format", "json")
        result = subprocess.run(command, capture_output=True, text=True, env=environment())
        if result.returncode != 0:
            raise BenchmarkError(f"cultivar {name} failed: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def start(self) -> None:
        """Starts the daemon and waits until it watches the inbox."""
        with (self.folder / "daemon.log").open("wb") as log:
            self.daemon = subprocess.Popen(
                self.command("daemon"), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
        self.wait_for("a watching daemon", START_SECONDS, lambda: "cultivar is watching" in self.log())

    def wait_for(self, what: str, seconds: float, condition) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if self.daemon is None or self.daemon.poll() is not None:
                raise BenchmarkError(f"the daemon has ended; its log says: {self.log()[-500:]}")
            if time.monotonic() > end:
                raise BenchmarkError(f"waited {seconds:.0f} s in vain for {what}")
            time.sleep(LOOK_SECONDS)

    def log(self) -> str:
        return (self.folder / "daemon.log").read_text(errors="replace")

    def take(self, drop: Path, count: int, seconds: float = 600) -> float:
        """Moves a drop in and waits until all of it is safe and it has left the inbox; returns how long that took."""
        target = self.inbox / drop.name
        start = time.perf_counter()
        drop.rename(target)
        self.wait_for(f"the drop {drop.name} to be taken in", seconds, lambda: not target.exists())
        taken = time.perf_counter() - start
        rows = [row for row in self.json("drops") if row["name"] == drop.name]
        if len(rows) != 1 or rows[0]["accepted"] + rows[0]["duplicates"] != count or rows[0]["rejected"]:
            raise BenchmarkError(f"not all of the {count} pictures of {drop.name} were accepted: {rows}")
        return taken

    def stop(self) -> None:
        if self.daemon is None:
            return
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.daemon = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def environment() -> dict[str, str]:
    """Without variables that would change Cultivar's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CULTIVAR_")}
