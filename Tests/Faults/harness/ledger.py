"""The ledger, read by what docs/ledger.md says and by nothing of the program's own, and compared with the history."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sqlite3
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

_FILE = re.compile(r"\d{4}-\d\d-\d\d\.jsonl")
_SET_ASIDE = re.compile(_FILE.pattern + r"\.damaged-\d+")
_SUM = re.compile(rb',"sum":"([0-9a-f]{16})"\}')
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_KINDS = {
    "installation": {"split_key"},
    "label": {"label", "spellings"},
    "drop": {"drop", "drop_name"},
    "picture": {
        "bytes", "digest", "drop", "drop_name", "format", "height", "label", "notes", "path", "split", "split_origin",
        "width"},
}
_OPTIONAL = {"notes", "path"}
_NAMES = ("drop_name", "path")
"""What people call things: bytes, which needn't be UTF-8."""


class BadLine(Exception):
    """A line that isn't as the page says, as a plain sentence."""


@dataclass
class Ledger:
    """What the ledger's files say. Names (`drop_name`, `path`) are raw bytes."""

    lines: list[dict] = field(default_factory=list)
    """The readable lines, in the order of the files."""
    problems: list[str] = field(default_factory=list)
    unfinished: str | None = None
    """The file whose last line has no newline."""

    def of(self, kind: str) -> list[dict]:
        return [line for line in self.lines if line["kind"] == kind]


def read(folder: Path) -> Ledger:
    """All files of a ledger; nothing where there is no folder."""
    ledger = Ledger()
    names = sorted(os.listdir(folder)) if folder.exists() else []
    files = [name for name in names if _FILE.fullmatch(name)]
    ledger.problems += [
        f"the ledger's folder has {name}" for name in names
        if not _FILE.fullmatch(name) and not _SET_ASIDE.fullmatch(name)]
    for path in [folder, *(folder / name for name in files)] if files else []:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o027:
            ledger.problems.append(f"{path.name} has the split key, and the mode {mode:o}")
    for name in files:
        _read_file(ledger, folder / name, is_last=name == files[-1])
    return ledger


def _read_file(ledger: Ledger, path: Path, *, is_last: bool) -> None:
    *whole, rest = path.read_bytes().split(b"\n")
    if rest and is_last:
        ledger.unfinished = path.name
    elif rest:
        ledger.problems.append(f"{path.name} ends in the middle of a line, and isn't the newest file")
    for number, text in enumerate(whole, 1):
        try:
            line = parse(text)
        except BadLine as error:
            ledger.problems.append(f"{path.name}:{number}: {error}")
            continue
        if number == 1 and line["kind"] != "installation":
            ledger.problems.append(f"{path.name} begins with a line of the kind {line['kind']}")
        ledger.lines.append(line)


def next_files(state: Path) -> list[Path]:
    """Where the next line goes: two files, as the day may end meanwhile."""
    now = datetime.now(timezone.utc)
    return [state / "ledger" / f"{now + timedelta(days):%Y-%m-%d}.jsonl" for days in (0, 1)]


def parse(text: bytes) -> dict:
    """The members of a line without its newline; throws `BadLine`."""
    end = text.rfind(b',"sum"')
    match = _SUM.fullmatch(text[max(end, 0):])
    if not match:
        raise BadLine("it doesn't end with a sum")
    if hashlib.sha256(text[:end]).hexdigest()[:16] != match[1].decode():
        raise BadLine("its sum is wrong")
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError as error:
        raise BadLine(f"it is no JSON: {error}") from None
    names = [name for name, _ in pairs]
    if names[:-1] != sorted(set(names[:-1])):
        raise BadLine("its members aren't in order")
    return _checked(dict(pairs[:-1]))


def _checked(line: dict) -> dict:
    kind = line.get("kind")
    if not isinstance(kind, str) or line.get("v") != 1:
        raise BadLine(f"it is of the kind {kind!r}, version {line.get('v')!r}")
    if kind not in _KINDS:
        return line  # Of a later release.
    for name in _NAMES:
        if name in _KINDS[kind]:
            _replace_name(line, name)
    missing = (_KINDS[kind] | {"at", "kind", "v"}) ^ line.keys()
    if missing - _OPTIONAL:
        raise BadLine(f"it lacks or must not have {', '.join(sorted(missing - _OPTIONAL))}")
    if not _TIME.fullmatch(line["at"]):
        raise BadLine(f"its time is {line['at']!r}")
    return line


def _replace_name(line: dict, name: str) -> None:
    """Brings the two forms of a name to raw bytes."""
    text, coded = line.pop(name, None), line.pop(name + "_bytes", None)
    if text is not None and coded is not None:
        raise BadLine(f"it has {name} twice")
    if text is not None:
        line[name] = text.encode()
    elif coded is not None:
        line[name] = base64.b64decode(coded, validate=True)
        try:
            line[name].decode()
        except UnicodeDecodeError:
            return
        raise BadLine(f"its {name} is UTF-8, and written as bytes")


def check_ledger(
    state: Path, history: sqlite3.Connection, *, inbox: Path | None = None, is_complete: bool = True
) -> list[str]:
    """What is wrong with a state folder's ledger, or in it and the history doesn't match, each in a sentence.

    A process that ended or failed between the two has left lines without rows. Their files must still be in the inbox;
    without an inbox, there may be none.

    `is_complete` says that all that the history has must be in the ledger. Where an installation of an earlier release
    is being taken over, it needn't.
    """
    ledger = read(state / "ledger")
    problems = list(ledger.problems)
    if history.execute("SELECT 1 FROM sqlite_schema WHERE name = 'installation'").fetchone():
        problems += _key_problems(ledger, history)
        problems += _differences(ledger, history, is_complete)
        problems += _lines_without_rows(ledger, history, inbox)
        if ledger.unfinished and is_complete and not (inbox and any(digests_in(inbox))):
            problems.append(f"the last line of {ledger.unfinished} is unfinished, and the inbox is empty")
    return problems


def _key_problems(ledger: Ledger, history: sqlite3.Connection) -> list[str]:
    keys = {line["split_key"] for line in ledger.of("installation")}
    known = {key.hex() for (key,) in history.execute("SELECT split_key FROM installation")}
    return [f"the ledger has the split key {key}, the history another" for key in sorted(keys - known)]


def _differences(ledger: Ledger, history: sqlite3.Connection, is_complete: bool) -> Iterator[str]:
    """What the history has, and the ledger hasn't or says otherwise."""
    pictures: dict[str, dict] = {}
    for line in ledger.of("picture"):
        # The first one counts.
        pictures.setdefault(line["digest"], line)
    for expected in _pictures(history):
        digest = expected["digest"]
        line = pictures.get(digest)
        if line is None:
            if is_complete:
                yield f"the picture {digest} has no line in the ledger"
            continue
        wrong = [name for name in expected if name in line.keys() | {"notes"} and expected[name] != line.get(name)]
        yield from (
            f"the ledger gives {digest} the {name} {line.get(name)!r}, the history {expected[name]!r}"
            for name in wrong)
    if is_complete:
        yield from _missing_labels_and_drops(ledger, history)
    counts = Counter(line["digest"] for line in ledger.of("picture"))
    yield from (f"the picture {digest} has {count} lines" for digest, count in counts.items() if count > 1)


def _pictures(history: sqlite3.Connection) -> Iterator[dict]:
    """The history's pictures, as the ledger must have them."""
    rows = history.execute("""
        SELECT lower(hex(p.digest)) AS digest, p.bytes, p.format, p.width, p.height, p.notes, l.name AS label, p.split,
            p.split_origin, p.drop_id AS "drop", d.name AS drop_name, p.accepted_at AS at, f.path
        FROM pictures p JOIN labels l ON l.id = p.label_id JOIN drops d ON d.id = p.drop_id
        JOIN files f ON f.picture_id = p.id AND f.verdict = 'accepted'""")
    names = [column[0] for column in rows.description]
    for row in rows:
        yield dict(zip(names, row, strict=True))


def _missing_labels_and_drops(ledger: Ledger, history: sqlite3.Connection) -> Iterator[str]:
    spellings = {(line["label"], spelling) for line in ledger.of("label") for spelling in line["spellings"]}
    rows = history.execute("SELECT l.name, s.spelling FROM label_spellings s JOIN labels l ON l.id = s.label_id")
    yield from (f"the spelling {row[1]!r} of {row[0]!r} isn't in the ledger" for row in rows if row not in spellings)
    drops = {(line["drop"], line["drop_name"], line["at"]) for line in ledger.of("drop")}
    rows = history.execute("SELECT id, name, arrived_at FROM drops WHERE id IN (SELECT drop_id FROM files)")
    yield from (f"the drop {row} isn't in the ledger" for row in rows if row not in drops)


def _lines_without_rows(ledger: Ledger, history: sqlite3.Connection, inbox: Path | None) -> Iterator[str]:
    known = {digest.hex() for (digest,) in history.execute("SELECT digest FROM pictures")}
    strange = {line["digest"] for line in ledger.of("picture")} - known
    lying = {digest.hex() for digest in digests_in(inbox)} if inbox and strange else set()
    yield from (
        f"the ledger has the picture {digest}, which has no row and isn't in the inbox"
        for digest in sorted(strange - lying))


def digests_in(folder: Path) -> Iterator[bytes]:
    """The SHA-256 of all files in a folder, whatever they are called, that can be read."""
    for parent, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            path = os.path.join(parent, name)
            try:
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as stream:
                        yield hashlib.file_digest(stream, "sha256").digest()
            except (FileNotFoundError, PermissionError):
                pass  # It has just been taken, or isn't for our eyes.


def order_problems(calls: Iterable[str]) -> list[str]:
    """Where a process made something durable that the ledger must have first; the calls are tracer.py's ("fsync PATH").

    A row is durable with the history's log, and an original is gone when it is unlinked. Only for a process that begins
    its ledger, takes one drop at a time, and each in one batch: then every line is of the files that are removed next.
    """
    problems: list[str] = []
    begun: set[str] = set()
    pending: set[str] = set()
    synchronised = 0
    for number, call in enumerate(calls, 1):
        name, _, path = call.partition(" ")
        folder, _, file = path.rpartition("/")
        is_synchronising = name in ("fsync", "fdatasync")
        if path in pending and is_synchronising:
            pending.remove(path)
            synchronised += 1
        elif folder.endswith("/ledger") and _FILE.fullmatch(file) and not is_synchronising:
            # The folder has a new name in it, the file new bytes.
            pending |= {path} if path in begun else {path, folder}
            begun.add(path)
        elif is_synchronising and file == "history.sqlite-wal" or name.startswith("unlink") and "/inbox/" in path:
            problems += [f"{number} ({call}) comes before {late} is synchronised" for late in sorted(pending)]
            if name.startswith("unlink") and not synchronised:
                problems.append(f"{number} ({call}) comes before anything is in the ledger")
    return problems
