"""The writes of a block device in their order, and what a power loss may leave of them.

The log is in the format of Linux's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst), as QEMU's
`blklogwrites` writes it: a superblock, then for each request a header of one sector and its data.

A disk keeps everything that it had acknowledged before a flush. Of what came later it may have written any part, in
any order, down to single blocks; so a state is a flush up to which all is there, and a choice among what follows it.
"""

from __future__ import annotations

import errno
import os
import random
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SECTOR = 512
# A disk may tear a request, but no block of this size.
BLOCK = 4096

_MAGIC = 0x6A736677736872
_SUPERBLOCK = struct.Struct("<QQQI")
_HEADER = struct.Struct("<QQQQ")
_FLUSH, _FUA, _DISCARD, _MARK = 1, 2, 4, 8
_PIECE = 1 << 20


class LogError(Exception):
    """The log can't be read, as a plain sentence."""


@dataclass(frozen=True)
class Request:
    """What the device was asked for: a write, a discard, a flush, or a flush and then a write."""

    offset: int
    length: int
    flags: int
    # Where the data are in the log, and where the log goes on behind them.
    data: int
    end: int

    @property
    def is_flush(self) -> bool:
        return bool(self.flags & _FLUSH)

    @property
    def is_durable(self) -> bool:
        return bool(self.flags & _FUA)

    @property
    def is_discard(self) -> bool:
        return bool(self.flags & _DISCARD)

    @property
    def changes(self) -> bool:
        return self.length > 0 and not self.flags & _MARK


@dataclass(frozen=True)
class State:
    """What is on the disk after a power loss that came when `cut` requests had been made.

    Without a seed, all of them are there. With one, those up to the last flush, and a choice of the blocks after it.
    """

    cut: int
    seed: int | None = None

    def __str__(self) -> str:
        return f"{self.cut}" if self.seed is None else f"{self.cut}/{self.seed}"


class BlockLog:
    """A log that is complete: the device that wrote it is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests = list(_requests(path))

    @cached_property
    def flushes(self) -> list[int]:
        """The cuts right behind a flush, where something was written since the flush before."""
        cuts, has_changed = [], True
        for index, request in enumerate(self.requests):
            if request.is_flush:
                if has_changed:
                    cuts.append(index + 1)
                has_changed = False
            has_changed |= request.changes
        return cuts

    def cut_at(self, size: int) -> int:
        """How many requests had been logged when the log had this many bytes, a started one included."""
        return sum(request.data - SECTOR < size for request in self.requests)

    def states(self, subsets: int, seed: int) -> list[State]:
        """Every flush, and `subsets` choices of what is between two of them, spread over the whole log."""
        chosen = [State(cut) for cut in self.flushes]
        gaps = [(start, end) for start, end in self._gaps() if end - start > 1]
        source = random.Random(seed)
        for number in range(subsets if gaps else 0):
            start, end = gaps[number * len(gaps) // subsets]
            chosen.append(State(source.randint(start + 1, end), source.randrange(1 << 32)))
        return sorted(chosen, key=lambda state: (state.cut, state.seed is not None))

    def _gaps(self) -> list[tuple[int, int]]:
        """From behind a flush to before the next one."""
        ends = [index for index, request in enumerate(self.requests) if request.is_flush] + [len(self.requests)]
        starts = [0] + [end + 1 for end in ends[:-1]]
        return list(zip(starts, ends))


class Replay:
    """Makes images of states, one after another in the order of their cuts, from the image that the log began with."""

    def __init__(self, log: BlockLog, image: Path) -> None:
        self.log = log
        # Has all requests before `applied`, which lies right behind a flush.
        self.image = image
        self.applied = 0
        self._last_flush = 0
        self._seen = 0

    def write(self, state: State, target: Path) -> None:
        """Writes a state's image to a new file."""
        self._advance(state.cut)
        copy_sparse(self.image, target)
        later = self.log.requests[self.applied : state.cut]
        with self.log.path.open("rb") as source, target.open("r+b") as image:
            choice = None if state.seed is None else random.Random(state.seed)
            # Each state has a share of its own, so that both almost nothing and almost everything come up.
            share = 1.0 if choice is None else choice.random()
            for request in later:
                _apply(request, source, image, choice, share)

    def _advance(self, cut: int) -> None:
        """Brings the image to the last flush before the cut."""
        assert cut >= self._seen, "states are made in the order of their cuts"
        self._seen = cut
        flush = max((index for index in range(self.applied, cut) if self.log.requests[index].is_flush), default=None)
        if flush is None:
            return
        # The data of a flush that carries some come after it.
        with self.log.path.open("rb") as source, self.image.open("r+b") as image:
            for request in self.log.requests[self.applied : flush]:
                _apply(request, source, image, None, 1.0)
        self.applied = flush


def _apply(request: Request, source, image, choice: random.Random | None, share: float) -> None:
    if not request.changes:
        return
    is_whole = choice is None or request.is_durable
    source.seek(request.data)
    data = bytes(request.length) if request.is_discard else source.read(request.length)
    position = request.offset
    while position < request.offset + request.length:
        end = min((position // BLOCK + 1) * BLOCK, request.offset + request.length)
        if is_whole or choice.random() < share:
            image.seek(position)
            image.write(data[position - request.offset : end - request.offset])
        position = end


def copy_sparse(source: Path, target: Path, offset: int = 0) -> None:
    """Copies a file without filling its holes, to a place in another file, which is made if it isn't there."""
    with source.open("rb") as old, target.open("r+b" if target.exists() else "xb") as new:
        size = os.fstat(old.fileno()).st_size
        new.truncate(max(os.fstat(new.fileno()).st_size, offset + size))
        position = 0
        while (start := _next_data(old.fileno(), position)) is not None:
            position = os.lseek(old.fileno(), start, os.SEEK_HOLE)
            old.seek(start)
            new.seek(offset + start)
            for left in range(position - start, 0, -_PIECE):
                new.write(old.read(min(left, _PIECE)))


def _next_data(descriptor: int, position: int) -> int | None:
    """Where the next data begin; nothing where only a hole is left."""
    try:
        return os.lseek(descriptor, position, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


def _requests(path: Path):
    with path.open("rb") as log:
        magic, _, count, sector = _SUPERBLOCK.unpack(log.read(SECTOR)[: _SUPERBLOCK.size])
        if magic != _MAGIC or sector != SECTOR:
            raise LogError(f"{path} is no log of block writes with sectors of {SECTOR} bytes")
        size = os.fstat(log.fileno()).st_size
        position = SECTOR
        for _ in range(count):
            log.seek(position)
            header = log.read(_HEADER.size)
            if len(header) < _HEADER.size:
                raise LogError(f"{path} ends before its {count} requests do")
            first, sectors, flags, _ = _HEADER.unpack(header)
            data = position + SECTOR
            position = data if flags & _DISCARD else data + sectors * SECTOR
            if position > size:
                raise LogError(f"{path} ends in the middle of a request")
            yield Request(first * SECTOR, sectors * SECTOR, flags, data, position)
