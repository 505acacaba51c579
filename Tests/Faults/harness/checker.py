"""What must hold after any fault, whatever was going on when it struck.

Every file that was ever dropped is in the inbox, in the store with a row, or in rejected/ with a row and a reason: in
one of them, and in one only. Every picture's line is in the ledger. The version that the outbox shows is whole and
predicts what the history says that it predicts. The databases are sound.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .ledger import check_ledger

TOLERANCE = 1e-3
"""How far a probability may be from the one in the history."""

_REASON = b".reason.txt"


@dataclass(frozen=True)
class Dropped:
    """A file that somebody put into the inbox."""

    path: bytes
    """Relative to the inbox, as raw bytes."""
    digest: bytes | None
    """SHA-256 of its bytes; None for what isn't a regular file."""
    size: int | None
    may_be_gone: bool = False
    """Whether its owner may have taken it away again or written over it before it was taken in."""

    @staticmethod
    def of(path: str | bytes, content: bytes | None, *, may_be_gone: bool = False) -> Dropped:
        size = None if content is None else len(content)
        digest = None if content is None else hashlib.sha256(content).digest()
        return Dropped(os.fsencode(path), digest, size, may_be_gone)

    @property
    def key(self) -> tuple[bytes, bytes]:
        """The drop's name and the path in it, as the history has them; a loose file is its own drop."""
        name, _, rest = self.path.partition(b"/")
        return name, rest or name


def check(
    installation, dropped: Iterable[Dropped], *, is_running: bool, has_outbox: bool = True, has_ledger: bool = True
) -> list[str]:
    """Everything that is wrong with an installation, each in a sentence; nothing where all is well.

    `installation` is an Installation: its inbox, state and outbox are looked at, and its `cultivar predict` is run.

    `is_running` says that a daemon runs and has come to rest. Where none does, a file may be recorded and still lie in
    the inbox, copies may lie in tmp, and the outbox may be behind the history.

    `has_outbox` says that the outbox is to be looked at, for which a command is run that opens the history;
    `has_ledger` that all of the history must be in the ledger, as it is once a daemon has begun its work.
    """
    state, inbox = Path(installation.state), Path(installation.inbox)
    if not (state / "history.sqlite").exists():
        return _without_history(inbox, list(dropped))
    with history_of(state, is_running) as history:
        problems = _database_problems(history, "history.sqlite") + _backup_problems(state)
        if problems:
            return problems
        records = _Records(history, state)
        problems += _placement_problems(inbox, records, list(dropped), is_running)
        problems += _store_problems(records, state)
        problems += check_ledger(state, history, inbox=inbox, is_complete=has_ledger)
        if has_outbox and _has_table(history, "publications"):
            problems += _outbox_problems(installation, history, is_running)
    if is_running:
        problems += [f"tmp holds {name}" for name in sorted(os.listdir(state / "tmp"))]
    return problems


@contextmanager
def history_of(state: Path, is_running: bool) -> Iterator[sqlite3.Connection]:
    """Where no daemon runs, a copy, in which SQLite has recovered what is in the log.

    Reading the file itself would write its log back, which is the daemon's to do.
    """
    if is_running:
        with closing(sqlite3.connect(f"file:{state / 'history.sqlite'}?mode=ro", uri=True, timeout=30)) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="history-") as folder:
        for name in ("history.sqlite", "history.sqlite-wal"):
            if (state / name).exists():
                shutil.copyfile(state / name, Path(folder) / name)
        with closing(sqlite3.connect(Path(folder) / "history.sqlite")) as connection:
            yield connection


def _without_history(inbox: Path, dropped: list[Dropped]) -> list[str]:
    """Before the daemon has made its history, everything lies where it was put."""
    return [f"{_shown(file)} is nowhere" for file in dropped if not file.may_be_gone and not _lies_in(inbox, file)]


def _has_table(history: sqlite3.Connection, name: str) -> bool:
    """A daemon that was killed at its very first start may not have made its tables yet."""
    return history.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", [name]).fetchone() is not None


def _database_problems(history: sqlite3.Connection, name: str) -> list[str]:
    try:
        found = [row[0] for row in history.execute("PRAGMA quick_check")]
        keys = history.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [f"{name}: {error}"]
    problems = [f"{name}: quick_check: {line}" for line in found if line != "ok"]
    return problems + [f"{name}: foreign_key_check: {row}" for row in keys]


def _backup_problems(state: Path) -> list[str]:
    """Every backup that has its name is whole."""
    problems = []
    for path in sorted((state / "backups").glob("history-*.sqlite")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as backup:
            found = _database_problems(backup, path.name)
        if path.exists():  # A running daemon may have removed it meanwhile.
            problems += found
    return problems


class _Records:
    """What the history and rejected/ say of every file."""

    def __init__(self, history: sqlite3.Connection, state: Path) -> None:
        self.pictures: dict[bytes, int] = {}
        self.kept: Counter[tuple[tuple[bytes, bytes], bytes]] = Counter()
        """Accepted and duplicate files, by key and digest."""
        self.refused: dict[tuple[bytes, bytes], list[_Refusal]] = {}
        if _has_table(history, "files"):
            self._read(history)
        self.rejected = dict(_rejected_files(state / "rejected"))

    def _read(self, history: sqlite3.Connection) -> None:
        self.pictures = dict(history.execute("SELECT digest, bytes FROM pictures"))
        rows = history.execute("""
            SELECT d.name, f.path, d.name_text, f.path_text, f.verdict, f.bytes, f.reason, p.digest
            FROM files f JOIN drops d ON d.id = f.drop_id LEFT JOIN pictures p ON p.id = f.picture_id""")
        for name, path, name_text, path_text, verdict, size, reason, digest in rows:
            if verdict != "rejected":
                self.kept[(name, path), digest] += 1
                continue
            shown = {f"{name_text}/{path_text}"} | ({path_text} if name == path else set())
            self.refused.setdefault((name, path), []).append(_Refusal(shown, size, reason, digest))

    def refusals(self, file: Dropped) -> list[_Refusal]:
        """The rows that may be of this file: without a picture's row they don't say of which bytes they are."""
        return [
            refusal for refusal in self.refused.get(file.key, [])
            if (refusal.digest == file.digest if refusal.digest else refusal.size == file.size)]

    def has_rejected(self, file: Dropped, refusal: _Refusal) -> bool:
        return any(file.digest in self.rejected.get(shown, {}) for shown in refusal.shown)


@dataclass(frozen=True)
class _Refusal:
    shown: set[str]
    """What the reason's file may call the path."""
    size: int | None
    reason: str
    digest: bytes | None


def _rejected_files(folder: Path) -> Iterator[tuple[str, dict[bytes | None, str]]]:
    """By the path that the reason names: the digests of what is kept (None where there is only the reason)."""
    found: dict[str, dict[bytes | None, str]] = {}
    for parent, _, names in os.walk(os.fsencode(folder)):
        present = set(names)
        for name in names:
            path = os.path.join(parent, name)
            # What has a reason of its own is a refused file, whatever it is called.
            if name.endswith(_REASON) and name + _REASON not in present:
                content = name.removesuffix(_REASON)
                digest = _digest(os.path.join(parent, content)) if content in present else None
                shown, _, reason = Path(os.fsdecode(path)).read_text().partition(": ")
                found.setdefault(shown, {})[digest] = reason
    yield from found.items()


def _placement_problems(inbox: Path, records: _Records, dropped: list[Dropped], is_running: bool) -> list[str]:
    """Each file is somewhere, and not in more places than it was delivered."""
    problems = []
    deliveries = Counter((file.key, file.digest) for file in dropped)
    ambiguous = Counter((file.key, file.size) for file in set(dropped))
    for file in dict.fromkeys(dropped):
        refusals = records.refusals(file)
        if ambiguous[file.key, file.size] > 1:
            refusals = [refusal for refusal in refusals if records.has_rejected(file, refusal)]
        rows = records.kept[file.key, file.digest or b""] + len(refusals)
        lies = _lies_in(inbox, file)
        # A contradiction is found out by recording it; its bytes are kept after that, yet before the source goes.
        if is_running or not lies:
            problems += [
                f"{_shown(file)} is rejected, but not in rejected/ with its reason"
                for refusal in refusals if not records.has_rejected(file, refusal) and not _is_set_aside(inbox, file)]
        delivered = deliveries[file.key, file.digest]
        if rows + lies == 0 and not file.may_be_gone:
            problems.append(f"{_shown(file)} is nowhere")
        if rows > delivered:
            problems.append(f"{_shown(file)} has {rows} rows, but was dropped {delivered} times")
        if lies and rows >= delivered and is_running:
            problems.append(f"{_shown(file)} is recorded and in the inbox")
    return problems + _foreign_rows(records, dropped)


def _foreign_rows(records: _Records, dropped: list[Dropped]) -> list[str]:
    known = {(file.key, file.digest) for file in dropped}
    return [
        f"{os.fsdecode(b'/'.join(key))}: {digest.hex()} was accepted, but nobody has dropped it"
        for key, digest in records.kept if (key, digest) not in known]


def _store_problems(records: _Records, state: Path) -> list[str]:
    """Each picture's bytes are what its row says."""
    problems = []
    for digest, size in records.pictures.items():
        path = blob(state, digest)
        if not path.exists():
            problems.append(f"the picture {digest.hex()} has a row but no file")
        elif _digest(path) != digest or path.stat().st_size != size:
            problems.append(f"the picture {digest.hex()} isn't the bytes that its row says")
    return problems


def blob(state: Path, digest: bytes) -> Path:
    """Where a picture's bytes are."""
    return state / "pictures" / digest.hex()[:2] / digest.hex()


def _outbox_problems(installation, history: sqlite3.Connection, is_running: bool) -> list[str]:
    """`current` is the version that was decided on, is whole, and predicts what was noted of it."""
    outbox = Path(installation.outbox)
    decisions = history.execute("SELECT version, published_at FROM publications ORDER BY id").fetchall()
    current = outbox / "current"
    if not current.is_symlink():
        return ["a version is published, but there is no outbox/current"] if _is_due(decisions, is_running) else []
    version = os.path.basename(os.readlink(current))
    if version not in [name for name, _ in decisions]:
        return [f"outbox/current shows {version}, which nobody has decided on"]
    problems = []
    if is_running and decisions[-1][0] != version:
        problems.append(f"outbox/current shows {version}, the history {decisions[-1][0]}")
    if is_running and decisions[-1][1] is None:
        problems.append(f"the history doesn't say that {version} is published")
    for folder in sorted((outbox / "models").iterdir()):
        if not folder.name.startswith("."):
            problems += _version_problems(folder)
        elif is_running:
            problems.append(f"the outbox holds {folder.name}")
    return problems or _prediction_problems(installation, history, version)


def _is_due(decisions: list[tuple[str, str | None]], is_running: bool) -> bool:
    return bool(decisions) if is_running else any(published for _, published in decisions)


def _version_problems(folder: Path) -> list[str]:
    try:
        files = json.loads((folder / "manifest.json").read_text())["files"]
    except (OSError, ValueError, KeyError) as error:
        return [f"{folder.name}: no manifest: {error!r}"]
    return [
        f"{folder.name}: {name} isn't what the manifest says" for name, digest in files.items()
        if not (folder / name).exists() or _digest(folder / name).hex() != digest]


def _prediction_problems(installation, history: sqlite3.Connection, version: str) -> list[str]:
    golden = history.execute(
        """
        SELECT p.digest, l.name, r.probability FROM predictions r
        JOIN pictures p ON p.id = r.picture_id JOIN labels l ON l.id = r.label_id
        WHERE r.evaluation_id = (
            SELECT max(e.id) FROM evaluations e LEFT JOIN runs ON runs.id = e.run_id
            WHERE e.version = ?1 OR (e.role = 'challenger' AND runs.version = ?1))
        ORDER BY p.id LIMIT 500""",
        [version]).fetchall()
    if not golden:
        return [f"the history has no test predictions of {version}"]
    paths = [str(blob(Path(installation.state), digest)) for digest, _, _ in golden]
    result = installation.run("predict", "--format", "json", *paths)
    if result.returncode != 0:
        return [f"{version} doesn't predict: {result.stderr.strip()}"]
    problems = []
    for (digest, label, expected), found in zip(golden, json.loads(result.stdout), strict=True):
        probability = found["probabilities"].get(label)
        if found["version"] != version or probability is None or abs(probability - expected) > TOLERANCE:
            problems.append(
                f"{version} gives {digest.hex()} the probability {probability} for {label}, "
                f"the history says {expected}")
    return problems


def _lies_in(inbox: Path, file: Dropped) -> bool:
    """Under its name, or under the hidden one of a drop that isn't delivered yet."""
    return any(_is_at(os.path.join(os.fsencode(inbox), prefix + file.path), file) for prefix in (b"", b"."))


def _is_at(path: bytes, file: Dropped) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    if file.digest is None:
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    return stat.S_ISREG(mode) and _digest(path) == file.digest


def _is_set_aside(inbox: Path, file: Dropped) -> bool:
    """Whether it was moved to the folder of what is too large, which is never copied."""
    folder = inbox / ".too-large"
    return folder.is_dir() and any(_digest(path) == file.digest for path in folder.iterdir() if path.is_file())


def _digest(path: Path | bytes) -> bytes:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _shown(file: Dropped) -> str:
    return repr(os.fsdecode(file.path))
