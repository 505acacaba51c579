"""The accounting of inbox trees finds what it is there to find, on made-up documents; and the trees are what they say."""

from __future__ import annotations

import copy
import os
import tempfile
import unittest
from collections import Counter
from pathlib import Path

from harness.accounting import Fate, Obstacle, TreeFile, document_problems, escaped, unaccounted
from harness.trees import LIMITS, Grower


def waits(path: str, code: str, files: int = 1, **changes: object) -> dict:
    return {"path": path, "code": code, "files": files, "since": "2026-01-02T03:04:05Z", "waits_for": "its day",
            "to_do": None, "degrades": False} | changes


class AccountingTests(unittest.TestCase):
    def setUp(self) -> None:
        self.hidden = Obstacle(b"d/.net", "take")
        self.taken = TreeFile(b"d/label/1.png", Fate.TAKEN)
        self.named = TreeFile(b"d/.net/deep/2.png", Fate.TAKEN, [self.hidden])
        self.clutter = TreeFile(b"d/.DS_Store", Fate.CLUTTER)
        self.loose = TreeFile(b"loose.png", Fate.TAKEN)
        self.any = TreeFile(b"many/1.png", Fate.ANY)
        self.marker = TreeFile(b"camera/.keep", Fate.MARKER)
        self.files = [self.taken, self.named, self.clutter, self.loose, self.any, self.marker]
        self.rows = [(b"d", b"label/1.png"), (b"loose.png", b"loose.png")]
        self.lying = [
            b"d", b"d/.net", b"d/.net/deep", b"d/.net/deep/2.png", b"d/.DS_Store", b"many", b"many/1.png", b"camera",
            b"camera/.keep"]
        self.waiting = [waits("d/.net", "hidden", degrades=True), waits("many", "too_many_files", 85)]
        self.status = {
            "waiting": {"total": 2, "degraded": 1, "items": list(self.waiting)}, "status": {"degraded": "d/.net waits"}}

    def found(self) -> str:
        problems = unaccounted(self.files, self.rows, self.lying, self.waiting)
        return "\n".join(problems + document_problems(self.status, self.waiting))

    def test_what_is_accounted_for_is_no_problem(self) -> None:
        self.assertEqual(self.found(), "")

    def test_a_file_that_is_nowhere(self) -> None:
        self.rows.pop(0)
        self.assertIn("'d/label/1.png' must be taken, and is gone", self.found())
        self.lying.remove(b"d/.net/deep/2.png")
        self.assertIn("'d/.net/deep/2.png' must wait, and is gone", self.found())

    def test_a_file_that_waits_in_silence(self) -> None:
        del self.waiting[1]
        self.assertIn("'many/1.png' lies in the inbox, has no row and isn't named", self.found())
        self.waiting[0]["path"] = "d/.n"
        self.assertIn("'d/.net/deep/2.png' lies in the inbox, has no row and isn't named", self.found())
        self.assertIn("'d/.n' is said to wait as hidden, and isn't there", self.found())

    def test_a_file_that_waits_for_nothing(self) -> None:
        self.rows.pop(0)
        self.lying.append(b"d/label/1.png")
        self.assertIn("'d/label/1.png' must be taken, and isn't named", self.found())
        self.waiting.append(waits("d/label", "unreadable"))
        self.assertIn("'d/label/1.png' must be taken, and waits as unreadable", self.found())

    def test_a_file_that_must_wait_and_was_taken(self) -> None:
        self.rows.append((b"d", b".net/deep/2.png"))
        self.assertIn("'d/.net/deep/2.png' must wait, and has a row", self.found())

    def test_what_was_taken_by_hand_may_be_in_a_drop_of_its_own(self) -> None:
        self.hidden.is_gone = True
        self.assertIn("must be taken, and waits as hidden", self.found())
        self.rows.append((b".net", b"deep/2.png"))
        self.lying = [path for path in self.lying if not path.startswith(b"d")]
        del self.waiting[0]
        self.status |= {"waiting": {"total": 1, "degraded": 0, "items": self.waiting}}
        self.assertEqual(self.found(), "")

    def test_a_renamed_file_may_be_taken_by_either_name(self) -> None:
        self.taken.moved(b"d/label", b"d/other")
        self.assertEqual(self.taken.path, b"d/other/1.png")
        self.assertEqual(self.found(), "")
        self.rows[0] = (b"d", b"other/1.png")
        self.assertEqual(self.found(), "")
        self.rows[0] = (b"d", b"else/1.png")
        self.assertIn("'d/other/1.png' must be taken, and is gone", self.found())

    def test_what_stays_in_a_drop_of_which_all_is_in_is_named_there(self) -> None:
        self.files.append(TreeFile(b"fixed/.gitkeep", Fate.NAMED))
        self.lying += [b".done-fixed", b".done-fixed/.gitkeep"]
        self.assertIn("'.done-fixed/.gitkeep' lies in the inbox, has no row and isn't named", self.found())
        self.waiting.append(waits(".done-fixed/.gitkeep", "dot_file"))
        self.status["waiting"] |= {"total": 3, "items": list(self.waiting)}
        self.assertEqual(self.found(), "")

    def test_clutter_goes_with_its_drop_and_is_no_picture(self) -> None:
        self.waiting[0]["path"] = "other"
        self.assertIn("'d/.DS_Store' is clutter, and left behind by its drop", self.found())
        self.lying.remove(b"d/.DS_Store")
        self.assertNotIn("clutter", self.found())
        self.rows.append((b"d", b".DS_Store"))
        self.assertIn("'d/.DS_Store' is clutter, and has a row", self.found())

    def test_the_file_that_keeps_a_folder_stays(self) -> None:
        self.lying.remove(b"camera/.keep")
        self.assertIn("'camera/.keep' must stay, and is gone", self.found())

    def test_an_entry_of_no_files_accounts_for_none(self) -> None:
        self.waiting[1]["files"] = 0
        self.assertIn("'many/1.png' waits as too_many_files, of no files", self.found())
        self.waiting[1]["code"] = "unreadable"
        self.assertEqual(self.found(), "")

    def test_what_is_said_of_taken_files_accounts_for_no_other(self) -> None:
        self.waiting[1]["code"] = "not_removed"
        self.assertIn("'many/1.png' lies in the inbox, has no row and isn't named", self.found())

    def test_documents_that_dont_agree_or_lack_something(self) -> None:
        sound = copy.deepcopy((self.status, self.waiting))
        changes = [
            (lambda: self.waiting[0].pop("to_do"), "'d/.net' lacks to_do"),
            (lambda: self.waiting[0].update(code="odd"), "'d/.net' waits for the unknown reason 'odd'"),
            (lambda: self.waiting[0].update(waits_for=""), "'d/.net' waits without a sentence"),
            (lambda: self.waiting[0].update(code="dot_file"), "'d/.net' degrades as dot_file"),
            (lambda: self.waiting[0].update(since="2026-01-02T03:04:05"), "which has no zone"),
            (lambda: self.status["waiting"].update(total=3), "status has 3 waiting, drops 2"),
            (lambda: self.status["waiting"].update(items=[]), "status lists 0 of 2"),
            (lambda: self.status["waiting"].update(degraded=0), "status has 0 that degrade, drops 1"),
            (lambda: self.status["status"].update(degraded=None), "1 degrade, but the status isn't degraded"),
        ]
        for change, problem in changes:
            with self.subTest(problem):
                self.status, self.waiting = copy.deepcopy(sound)
                change()
                self.assertIn(problem, self.found())

    def test_paths_are_escaped_as_cultivar_shows_them(self) -> None:
        for path, shown in [
            (b"a b/\xc3\xa9", "a b/é"), (b"caf\xc3/1", "caf\\xc3/1"), (b"a\nb", "a\\x0ab"), (b"a\\b", "a\\\\b"),
            ("x\u200cy".encode(), "x\\xe2\\x80\\x8cy"), (b"\xff\xfe", "\\xff\\xfe"), ("🐈".encode(), "🐈"),
        ]:
            self.assertEqual(escaped(path), shown)


class TreeTests(unittest.TestCase):
    def test_the_same_seed_gives_the_same_trees(self) -> None:
        def grown(seed: int) -> list[tuple]:
            grower = Grower(seed)
            trees = [grower.tree() for _ in range(50)]
            return [(tree.top, [(file.path, file.fate, content) for file, content in tree.files]) for tree in trees]

        self.assertEqual(grown(5), grown(5))
        self.assertNotEqual(grown(5), grown(6))

    def test_every_kind_comes_up_and_can_be_written(self) -> None:
        grower = Grower(7)
        trees = [grower.tree() for _ in range(400)]
        fates = Counter(file.fate for tree in trees for file, _ in tree.files)
        self.assertEqual(set(fates), set(Fate))
        self.assertGreater(fates[Fate.TAKEN], sum(fates.values()) / 3)
        changes = {obstacle.change for tree in trees for obstacle in tree.obstacles}
        self.assertEqual(changes, {"rename", "chmod", "take", "nothing"})
        self.assertEqual(len({tree.shape for tree in trees}), 13)
        with tempfile.TemporaryDirectory() as folder:
            for tree in trees:
                tree.modes = []
                tree.make(os.fsencode(folder), None)
            for tree in trees:
                for file, content in tree.files:
                    written = Path(os.path.join(folder, os.fsdecode(file.path)))
                    size = content if isinstance(content, int) else len(content)
                    self.assertEqual(written.stat().st_size, size)
                    self.assertTrue(size <= LIMITS["max_file_bytes"] or file.base is Fate.NAMED)
                for path, _ in tree.others:
                    self.assertTrue(os.path.lexists(os.path.join(os.fsencode(folder), path)))

    def test_an_obstacle_is_where_its_files_are(self) -> None:
        grower = Grower(8)
        for tree in (grower.tree() for _ in range(200)):
            for file, _ in tree.files:
                for obstacle in file.obstacles:
                    self.assertTrue(file.path == obstacle.path or file.path.startswith(obstacle.path + b"/"))
                    self.assertIn(obstacle, tree.obstacles)
