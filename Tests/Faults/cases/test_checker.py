"""The checker finds what it is there to find: each test breaks one thing in a sound installation."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from harness.case import FaultCase
from harness.checker import Dropped, blob, check
from harness.installation import QUICK, Installation
from harness.pictures import damaged, data_set, png


class CheckerTests(FaultCase):
    """One installation with every verdict and two versions is made once, and copied for each test."""

    sound: Installation

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cultivar-faults-"))
        cls.sound = Installation(Path(folder) / "sound", QUICK)
        cls.addClassCleanup(cls.sound.kill)
        cls.sound.start()
        cls.sound.drop("fruit", data_set(train=12, test=4, seed=1))
        run = cls.sound.wait_for_run(1)
        assert run["outcome"] == "promoted", run
        cls.sound.drop("odd", {
            "plum/again.png": png(0, 10_000), "fig/again.png": png(0, 10_000), "fig/broken.png": damaged(3),
            "fig/text.png": b"no picture " * 20, "beside.png": png(1, 77)})
        os.symlink("/etc/passwd", cls.sound.inbox / "link")
        cls.sound.dropped.append(Dropped.of("link", None))
        cls.sound.wait_taken_in()
        cls.sound.stop()

    def setUp(self) -> None:
        super().setUp()
        shutil.copytree(self.sound.folder, self.folder / "copy", symlinks=True)
        self.copy = Installation(self.folder / "copy", QUICK)
        self.copy.dropped = list(self.sound.dropped)

    def test_a_sound_installation_has_no_problems(self) -> None:
        self.assertEqual(self.found(), [])
        verdicts = dict(self.copy.rows("SELECT verdict, count(*) FROM files GROUP BY verdict"))
        self.assertEqual(verdicts, {"accepted": 48, "duplicate": 1, "rejected": 5})

    def test_it_finds_a_file_that_is_nowhere(self) -> None:
        self.copy.note("fruit", {"train/fig/lost.png": b"lost"})
        self.assert_found("'fruit/train/fig/lost.png' is nowhere")

    def test_it_finds_a_removed_row(self) -> None:
        self.change("DELETE FROM files WHERE path_text = 'train/fig/0.png'")
        self.assert_found("'fruit/train/fig/0.png' is nowhere")

    def test_it_finds_a_row_twice(self) -> None:
        columns = "drop_id, path, path_text, verdict, bytes, picture_id, recorded_at"
        self.change(f"INSERT INTO files ({columns}) SELECT {columns} FROM files WHERE path_text = 'train/fig/0.png'")
        self.assert_found("'fruit/train/fig/0.png' has 2 rows, but was dropped 1 times")

    def test_it_finds_a_file_that_is_recorded_and_in_the_inbox(self) -> None:
        self.copy.write("fruit", {"train/fig/0.png": png(0, 10_000)})
        self.assert_found("'fruit/train/fig/0.png' is recorded and in the inbox")

    def test_before_the_restart_a_recorded_file_may_be_in_the_inbox(self) -> None:
        self.copy.write("fruit", {"train/fig/0.png": png(0, 10_000)})
        self.assertEqual(check(self.copy, self.copy.dropped, is_running=False), [])

    def test_it_finds_a_removed_blob(self) -> None:
        digest = self.picture()
        blob(self.copy.state, digest).unlink()
        self.assert_found(f"the picture {digest.hex()} has a row but no file")

    def test_it_finds_a_changed_blob(self) -> None:
        digest = self.picture()
        spoil(blob(self.copy.state, digest))
        self.assert_found(f"the picture {digest.hex()} isn't the bytes that its row says")

    def test_it_finds_bytes_that_nobody_dropped(self) -> None:
        self.copy.dropped = [file for file in self.copy.dropped if file.path != b"fruit/train/fig/0.png"]
        self.assertIn("nobody has dropped it", "\n".join(self.found()))

    def test_it_finds_a_rejected_file_without_its_bytes_or_its_reason(self) -> None:
        (self.copy.state / "rejected/odd/fig/broken.png").unlink()
        (self.copy.state / "rejected/odd/fig/text.png.reason.txt").unlink()
        self.assert_found("'odd/fig/broken.png' is rejected, but not in rejected/ with its reason")
        self.assert_found("'odd/fig/text.png' is rejected, but not in rejected/ with its reason")

    def test_it_finds_a_rejected_link_without_its_reason(self) -> None:
        (self.copy.state / "rejected/link.reason.txt").unlink()
        self.assert_found("'link' is rejected, but not in rejected/ with its reason")

    def test_it_finds_a_changed_model(self) -> None:
        spoil(self.copy.outbox / "models/v0001/model.onnx")
        self.assert_found("v0001: model.onnx isn't what the manifest says")

    def test_it_finds_a_model_that_predicts_something_else(self) -> None:
        first = "(SELECT min(picture_id) FROM predictions)"
        self.change(f"UPDATE predictions SET probability = probability - 0.01 WHERE picture_id = {first}")
        self.assertIn("the history says", "\n".join(self.found()))

    def test_it_finds_a_missing_current(self) -> None:
        (self.copy.outbox / "current").unlink()
        self.assert_found("a version is published, but there is no outbox/current")

    def test_it_finds_a_current_that_nobody_decided_on(self) -> None:
        (self.copy.outbox / "current").unlink()
        (self.copy.outbox / "current").symlink_to("models/v0002")
        self.assert_found("outbox/current shows v0002, which nobody has decided on")

    def test_it_finds_leftovers(self) -> None:
        (self.copy.state / "tmp/1.picture").touch()
        (self.copy.outbox / "models/.staging-v0002").mkdir()
        self.assert_found("tmp holds 1.picture")
        self.assert_found("the outbox holds .staging-v0002")

    def test_it_finds_a_damaged_history(self) -> None:
        (self.copy.state / "history.sqlite-wal").unlink()
        with (self.copy.state / "history.sqlite").open("r+b") as file:
            file.truncate(file.seek(0, os.SEEK_END) // 8192 * 4096)
        self.assertNotEqual(self.found(), [])

    def test_it_finds_a_picture_without_a_line(self) -> None:
        digest = self.picture().hex()
        self.change_ledger(lambda lines: [line for line in lines if digest.encode() not in line])
        self.assert_found(f"the picture {digest} has no line in the ledger")

    def test_it_finds_a_changed_line(self) -> None:
        self.change_ledger(lambda lines: [lines[0].replace(b"Z", b"z"), *lines[1:]])
        self.assertTrue(any(problem.endswith(".jsonl:1: its sum is wrong") for problem in self.found()))

    def test_it_finds_a_line_that_says_otherwise(self) -> None:
        digest = self.picture()
        self.change(f"UPDATE pictures SET label_id = label_id % 3 + 1 WHERE digest = x'{digest.hex()}'")
        start = f"the ledger gives {digest.hex()} the label"
        self.assertTrue(any(problem.startswith(start) for problem in self.found()))

    def test_it_finds_a_picture_with_two_lines(self) -> None:
        digest = self.picture().hex()
        self.change_ledger(lambda lines: lines + [line for line in lines if digest.encode() in line])
        self.assert_found(f"the picture {digest} has 2 lines")

    def test_it_finds_a_label_and_a_drop_without_lines(self) -> None:
        self.change_ledger(lambda lines: [line for line in lines if b'"kind":"picture"' in line or line == lines[0]])
        self.assert_found("the spelling 'fig' of 'fig' isn't in the ledger")
        self.assertTrue(any(problem.startswith("the drop (1, b'fruit'") for problem in self.found()))

    def test_a_line_without_a_row_needs_its_file_in_the_inbox(self) -> None:
        picture = png(0, 10_000)
        digest = hashlib.sha256(picture).hexdigest()
        for table, column in (("files", "picture_id"), ("pictures", "id")):
            self.change(f"DELETE FROM {table} WHERE {column} = (SELECT id FROM pictures WHERE digest = x'{digest}')")
        problem = f"the ledger has the picture {digest}, which has no row and isn't in the inbox"
        self.assert_found(problem)
        self.copy.write("fruit", {"train/fig/0.png": picture})
        self.assertNotIn(problem, self.found())

    def test_an_unfinished_line_needs_a_file_in_the_inbox(self) -> None:
        self.change_ledger(lambda lines: [*lines, lines[-1][:-10]], end=b"")
        self.assertTrue(any("is unfinished" in problem for problem in self.found()))
        self.copy.write("fruit", {"train/fig/0.png": png(0, 99)})
        self.assertFalse(any("is unfinished" in problem for problem in self.found()))

    def test_it_finds_a_ledger_of_another_installation(self) -> None:
        self.change("UPDATE installation SET split_key = zeroblob(32)")
        self.assertTrue(any("the history another" in problem for problem in self.found()))

    def test_it_finds_a_split_key_that_everybody_may_read(self) -> None:
        self.ledger_file().chmod(0o644)
        self.assert_found(f"{self.ledger_file().name} has the split key, and the mode 644")

    def test_it_finds_a_damaged_backup(self) -> None:
        (self.copy.state / "backups").mkdir()
        (self.copy.state / "backups/history-2026-01-01T00-00-00Z.sqlite").write_bytes(b"no database " * 1000)
        self.assert_found("history-2026-01-01T00-00-00Z.sqlite: file is not a database")

    def found(self) -> list[str]:
        """As if a daemon were running, which allows least."""
        return check(self.copy, self.copy.dropped, is_running=True)

    def assert_found(self, problem: str) -> None:
        self.assertIn(problem, self.found())

    def ledger_file(self) -> Path:
        """The newest one: the installation is made in seconds, so that there is hardly ever another."""
        return max((self.copy.state / "ledger").iterdir())

    def change_ledger(self, change: Callable[[list[bytes]], list[bytes]], end: bytes = b"\n") -> None:
        """Writes other lines for those that are there."""
        file = self.ledger_file()
        file.write_bytes(b"\n".join(change(file.read_bytes().splitlines())) + end)

    def picture(self) -> bytes:
        return self.copy.rows("SELECT digest FROM pictures WHERE split = 'train' LIMIT 1")[0][0]

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.copy.state / "history.sqlite")) as connection, connection:
            self.assertGreater(connection.execute(statement).rowcount, 0, statement)


def spoil(path: Path) -> None:
    """Changes one byte of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)
