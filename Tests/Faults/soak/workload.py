"""What people, cameras and attackers put into an inbox, drawn at random."""

from __future__ import annotations

import os
import random
import stat
import struct
import time
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import pictures
from harness.checker import Dropped
from harness.installation import ROOT, Installation
from harness.pictures import LABELS

from .pictures import picture

SHARED_DATA = ROOT.parent / "shared" / "data"
"""Photographs and odd pictures, where they are there."""
LARGEST_FILE = 200_000
"""Large pictures would make the memory's use jump, and a slow rise hard to see."""

RECORDED_SECONDS = 90
"""After so long a dropped picture is taken in, and its bytes may be dropped again with an outcome that is certain."""

Files = Mapping[str | bytes, bytes]


class Workload:
    """Drops into one installation, and notes what should become of them."""

    def __init__(self, installation: Installation, seed: str) -> None:
        self.installation = installation
        self.expected: dict[tuple[bytes, bytes], str] = {}
        """The verdict by drop and path, where there can be one only."""
        self.counts: dict[str, int] = {}
        self.is_growing = True
        """Whether drops bring many new pictures; else they bring few, so that there are about as many as before."""
        self._dice = random.Random(seed)
        self._number = 0
        self._recent: deque[tuple[float, str, bytes]] = deque()
        self._known: list[tuple[str, bytes]] = []
        self._writers: list[Iterator[None]] = []
        self._kinds = {
            self._new: 8, self._duplicates: 3, self._contradictions: 2, self._broken: 3, self._odd_kinds: 2,
            self._odd_names: 2, self._slow: 3, self._rewritten: 2, self._loose: 1, self._deep: 1}
        self._photos, self._oddities = _files(SHARED_DATA / "grocery12"), _files(SHARED_DATA / "oddball")
        if self._photos and self._oddities:
            self._kinds |= {self._photographs: 3, self._strange_pictures: 2}

    @property
    def is_writing(self) -> bool:
        """Whether a slow drop is under way."""
        return bool(self._writers)

    def drop(self) -> None:
        """Drops something, or begins to."""
        self._learn_known()
        kind = self._dice.choices(list(self._kinds), self._kinds.values())[0]
        self._number += 1
        name = kind.__name__.removeprefix("_")
        self.counts[name] = self.counts.get(name, 0) + 1
        kind(f"{name}-{self._number}")

    def go_on(self) -> None:
        """Gives each slow writer a turn."""
        self._writers = [writer for writer in self._writers if next(writer, writer) is not writer]

    def wrong_verdicts(self) -> list[str]:
        """Where the history says something else than what must have become of a file."""
        rows = self.installation.rows("SELECT d.name, f.path, f.verdict FROM files f JOIN drops d ON d.id = f.drop_id")
        found = {(name, path): verdict for name, path, verdict in rows}
        return [
            f"{key!r} should be {verdict}, but is {found.get(key)}"
            for key, verdict in self.expected.items() if found.get(key) != verdict]

    # Kinds of drops

    def _new(self, name: str) -> None:
        self._deliver(name, self._fresh(self._dice.randint(4, 16)), "accepted")

    def _duplicates(self, name: str) -> None:
        chosen = self._some_known(6)
        self._deliver(name, {f"{label}/{i}.png": content for i, (label, content) in enumerate(chosen)}, "duplicate")

    def _contradictions(self, name: str) -> None:
        chosen = self._some_known(4)
        self._deliver(name, {
            f"{self._other(label)}/{i}.png": content for i, (label, content) in enumerate(chosen)}, "rejected")

    def _broken(self, name: str) -> None:
        label, seed = self._dice.choice(LABELS), self._dice.getrandbits(32)
        broken = {
            "damaged.png": pictures.damaged(seed), "half.png": pictures.truncated(seed), "empty.png": b"",
            "notes.txt": b"Pick the figs in the evening. " * 9, "noise.jpg": b"\xff\xd8\xff\xe0" + os.urandom(900),
            "photo.webp": b"RIFF\x40\0\0\0WEBPVP8 " + bytes(52), "huge.png": _huge()}
        chosen = self._dice.sample(sorted(broken), 4)
        self._deliver(name, {f"{label}/{file}": broken[file] for file in chosen}, "rejected")

    def _odd_kinds(self, name: str) -> None:
        """Links, pipes and sockets beside pictures."""
        files = self._fresh(3)
        installation = self.installation
        installation.prepare(name, files)
        folder = installation.inbox / f".{name}" / LABELS[0]
        folder.mkdir(exist_ok=True)
        (folder / "link.png").symlink_to("/etc/passwd")
        (folder / "folder").symlink_to("/etc")
        os.mkfifo(folder / "pipe.png")
        os.mknod(folder / "socket.png", stat.S_IFSOCK | 0o600)
        odd = {f"{LABELS[0]}/{file}": None for file in ("link.png", "folder", "pipe.png", "socket.png")}
        installation.note(name, odd)
        self._expect(name, odd, "rejected")
        self._finish(name, files, "accepted")

    def _odd_names(self, name: str) -> None:
        label = self._dice.choice(LABELS)
        names = [
            b"-rf.png", b"new\nline.png", b"\x1b[31mred.png", b"\xff\xfe.png", b"x" * 251 + b".png",
            "\u00fc.png".encode(), "u\u0308.png".encode(), b"$(reboot).png", b"quote'\".png"]
        files = {
            label.encode() + b"/" + file: picture(LABELS.index(label), self._dice)
            for file in self._dice.sample(names, 4)}
        self._deliver(name, files, "accepted", remember=False)

    def _slow(self, name: str) -> None:
        """A copy straight into the inbox, with pauses that are longer than the settle time now and then."""
        self._writers.append(self._write_slowly(name, self._fresh(self._dice.randint(3, 8))))

    def _write_slowly(self, name: str, files: Files) -> Iterator[None]:
        for path, content in files.items():
            cut = self._dice.randint(1, len(content) - 1)
            for part in (content[:cut], content):
                # What is there so far may be taken, with its folder.
                self.installation.note(name, {path: part}, may_be_gone=part is not content)
                self.installation.write(name, {path: part})
                for _ in range(self._dice.choice((0, 0, 1, 2, 8))):
                    yield
        self._remember(files)

    def _rewritten(self, name: str) -> None:
        """Files that are written over, renamed or taken away again about when they are taken in."""
        self._writers.append(self._change_minds(name, self._fresh(6)))

    def _change_minds(self, name: str, files: Files) -> Iterator[None]:
        self.installation.note(name, files, may_be_gone=True)
        self.installation.write(name, files)
        # One stays: a folder that its owner has emptied would stay in the inbox.
        for path in self._dice.sample(sorted(files), len(files) // 2):
            for _ in range(self._dice.randint(0, 4)):
                yield
            target = self.installation.inbox / name / os.fsdecode(path)
            if not target.exists():
                continue
            if self._dice.random() < 0.5:
                target.unlink(missing_ok=True)
            else:
                other = {path: picture(0, self._dice)}
                self.installation.note(name, other)
                self.installation.write(name, other)

    def _loose(self, name: str) -> None:
        """A file that lies in the inbox itself."""
        content = picture(0, self._dice)
        path = os.fsencode(f"{name}.png")
        self.installation.dropped.append(Dropped.of(path, content))
        self.expected[path, path] = "rejected"
        hidden = self.installation.inbox / f".{name}.png"
        hidden.write_bytes(content)
        hidden.rename(self.installation.inbox / f"{name}.png")

    def _deep(self, name: str) -> None:
        """Folders in folders below a label."""
        label = self._dice.choice(LABELS)
        files = {f"{label}/{'a/' * depth}{depth}.png": picture(LABELS.index(label), self._dice) for depth in range(9)}
        self._deliver(name, files, "accepted", remember=False)

    def _photographs(self, name: str) -> None:
        self._deliver_files(name, self._dice.sample(self._photos, 4))

    def _strange_pictures(self, name: str) -> None:
        self._deliver_files(name, self._dice.sample(self._oddities, 3))

    def _deliver_files(self, name: str, sources: list[Path]) -> None:
        """Under the label that their bytes choose, so that they never contradict themselves."""
        files = {}
        for number, source in enumerate(sources):
            content = source.read_bytes()
            files[f"{LABELS[zlib.crc32(content) % len(LABELS)]}/{number}{source.suffix}"] = content
        self.installation.drop(name, files)

    # Their parts

    def _deliver(self, name: str, files: Files, verdict: str, *, remember: bool = True) -> None:
        if not files:
            return
        self.installation.prepare(name, files)
        self._finish(name, files, verdict, remember=remember)

    def _finish(self, name: str, files: Files, verdict: str, *, remember: bool = True) -> None:
        self._expect(name, files, verdict)
        self.installation.deliver(name, files)
        if remember and verdict == "accepted":
            self._remember(files)

    def _expect(self, name: str, files: Mapping[str | bytes, bytes | None], verdict: str) -> None:
        self.expected |= {(os.fsencode(name), os.fsencode(path)): verdict for path in files}

    def _fresh(self, count: int) -> dict[str, bytes]:
        """So many pictures that nobody has seen; a few are labeled wrongly, as people do."""
        files = {}
        for number in range(count if self.is_growing else 2):
            label = self._dice.randrange(3)
            shown = label if self._dice.random() < 0.95 else self._dice.randrange(3)
            files[f"{LABELS[label]}/{number}.png"] = picture(shown, self._dice)
        return files

    def _remember(self, files: Files) -> None:
        now = time.monotonic()
        self._recent.extend((now, os.fsdecode(path).split("/")[0], content) for path, content in files.items())

    def _learn_known(self) -> None:
        while self._recent and self._recent[0][0] < time.monotonic() - RECORDED_SECONDS:
            self._known.append(self._recent.popleft()[1:])
        del self._known[:-500]

    def _some_known(self, most: int) -> list[tuple[str, bytes]]:
        return self._dice.sample(self._known, min(most, len(self._known)))

    def _other(self, label: str) -> str:
        return self._dice.choice([name for name in LABELS if name != label])


def _files(folder: Path) -> list[Path]:
    found = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if path.suffix != ".tsv" and path.stat().st_size <= LARGEST_FILE)


def _huge() -> bytes:
    """A PNG that says it has 3.6 thousand million pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return pictures.png_file(1, 1, bytes(4)).replace(
        pictures.chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), pictures.chunk(b"IHDR", header))
