"""The log is read as it was written, and the images of its states hold what a disk may hold."""

from __future__ import annotations

import struct
import tempfile
import unittest
from pathlib import Path

from power_loss.block_log import BLOCK, SECTOR, BlockLog, LogError, Replay, State

BLOCKS = 16
WRITE, FLUSH, FUA, DISCARD = 0, 1, 2, 4


def block(value: int) -> bytes:
    return bytes([value]) * BLOCK


class BlockLogTests(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.image = self.folder / "before.img"
        self.image.write_bytes(bytes(BLOCKS * BLOCK))

    def log(self, *requests: tuple[int, int, bytes], count: int | None = None) -> BlockLog:
        """Of requests with their flags, the number of their first block, and data."""
        text = struct.pack("<QQQI", 0x6A736677736872, 1, len(requests) if count is None else count, SECTOR)
        text = text.ljust(SECTOR, b"\0")
        for flags, first, data in requests:
            header = struct.pack("<QQQQ", first * BLOCK // SECTOR, len(data) // SECTOR, flags, 0)
            text += header.ljust(SECTOR, b"\0") + (b"" if flags & DISCARD else data)
        path = self.folder / "log"
        path.write_bytes(text)
        return BlockLog(path)

    def blocks(self, replay: Replay, state: State) -> list[int]:
        """The value of each block in a state."""
        target = self.folder / "state.img"
        target.unlink(missing_ok=True)
        replay.write(state, target)
        content = target.read_bytes()
        for number in range(BLOCKS):
            self.assertEqual(len(set(content[number * BLOCK : (number + 1) * BLOCK])), 1, "a block is torn")
        return [content[number * BLOCK] for number in range(BLOCKS)]

    def test_a_state_without_a_seed_has_every_request_before_its_cut(self) -> None:
        log = self.log((WRITE, 0, block(1)), (FLUSH, 0, b""), (WRITE, 1, block(2)), (WRITE, 0, block(3)))
        replay = Replay(log, self.image)
        self.assertEqual(self.blocks(replay, State(1))[:2], [1, 0])
        self.assertEqual(self.blocks(replay, State(3))[:2], [1, 2])
        self.assertEqual(self.blocks(replay, State(4))[:2], [3, 2])

    def test_choices_keep_what_was_flushed_and_any_part_of_the_rest(self) -> None:
        log = self.log((WRITE, 0, block(1) * 4), (FLUSH, 0, b""), (WRITE, 2, block(2) * 4))
        replay = Replay(log, self.image)
        found = {tuple(self.blocks(replay, State(3, seed))) for seed in range(200)}
        self.assertEqual({blocks[:2] for blocks in found}, {(1, 1)})
        self.assertEqual({blocks[2:6] for blocks in found}, {
            (a, b, c, d) for a in (1, 2) for b in (1, 2) for c in (0, 2) for d in (0, 2)})

    def test_nothing_of_a_cut_is_chosen_from_behind_it(self) -> None:
        log = self.log((WRITE, 0, block(1)), (WRITE, 1, block(2)))
        replay = Replay(log, self.image)
        self.assertEqual({self.blocks(replay, State(1, seed))[1] for seed in range(20)}, {0})

    def test_a_write_through_the_cache_is_always_there(self) -> None:
        log = self.log((WRITE, 0, block(1)), (FUA, 1, block(2)))
        replay = Replay(log, self.image)
        self.assertEqual({self.blocks(replay, State(2, seed))[1] for seed in range(20)}, {2})

    def test_a_flush_with_data_comes_before_its_data(self) -> None:
        log = self.log((WRITE, 0, block(1)), (FLUSH, 1, block(2)))
        replay = Replay(log, self.image)
        found = {tuple(self.blocks(replay, State(2, seed))[:2]) for seed in range(50)}
        self.assertEqual(found, {(1, 0), (1, 2)})

    def test_a_discarded_block_is_empty(self) -> None:
        log = self.log((WRITE, 0, block(1) * 2), (DISCARD, 1, block(9)))
        self.assertEqual(self.blocks(Replay(log, self.image), State(2))[:2], [1, 0])

    def test_the_same_seed_gives_the_same_image(self) -> None:
        log = self.log((WRITE, 0, block(1) * BLOCKS))
        replay = Replay(log, self.image)
        self.assertEqual(self.blocks(replay, State(1, 5)), self.blocks(replay, State(1, 5)))

    def test_states_are_every_flush_that_ends_something_and_choices_between_flushes(self) -> None:
        log = self.log(
            (WRITE, 0, block(1)), (WRITE, 1, block(1)), (FLUSH, 0, b""), (FLUSH, 0, b""), (WRITE, 2, block(1)),
            (WRITE, 3, block(1)), (FLUSH, 0, b""))
        states = log.states(20, seed=1)
        self.assertEqual([state.cut for state in states if state.seed is None], [3, 7])
        self.assertEqual({state.cut for state in states if state.seed is not None}, {1, 2, 5, 6})
        self.assertEqual(len(states), 22)

    def test_what_was_logged_by_a_size_is_known(self) -> None:
        log = self.log((WRITE, 0, block(1)), (FLUSH, 0, b""))
        self.assertEqual([log.cut_at(size) for size in (SECTOR, SECTOR + 1, 2 * SECTOR + BLOCK, 3 * SECTOR + BLOCK)],
                         [0, 1, 1, 2])

    def test_a_log_that_ends_too_early_is_refused(self) -> None:
        with self.assertRaisesRegex(LogError, "ends before its 2 requests do"):
            self.log((WRITE, 0, block(1)), count=2)
        with self.assertRaisesRegex(LogError, "no log of block writes"):
            (self.folder / "log").write_bytes(bytes(SECTOR))
            BlockLog(self.folder / "log")


if __name__ == "__main__":
    unittest.main()
