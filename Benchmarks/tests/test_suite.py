"""Tests of the turn-taking and of what is written; nothing here is timed."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from suite import report
from suite.catalogue import WORKS
from suite.child import Child
from suite.errors import BenchmarkError
from suite.measurement import Cell, compare

BENCH = Path(__file__).resolve().parents[1] / "bench"


class Fixed:
    """A contender whose times are known in advance; after them it fails."""

    def __init__(self, *seconds: float) -> None:
        self.left = list(seconds)
        self.stopped = False

    def start(self) -> None:
        if not self.left:
            raise BenchmarkError("it has no times")

    def seconds(self, times: int) -> float:
        if not self.left:
            raise BenchmarkError("it has run out of times")
        return self.left.pop(0) * times

    def stop(self) -> None:
        self.stopped = True


def row(ours: Fixed, theirs: Fixed, rounds: int = 3):
    contenders = {"ours": ours, "theirs": theirs}
    cell = Cell("work", "peer", 1.5, "ours", "theirs")
    return compare(contenders, [cell], 100, max_rounds=rounds, repeat=False)[0]


class Comparing(unittest.TestCase):
    def test_ratios_are_of_the_best_and_of_the_medians(self):
        result = row(Fixed(2, 1, 4), Fixed(9, 6, 3))
        self.assertEqual(result.ratio_best, 3)
        self.assertEqual(result.ratio_median, 3)

    def test_a_contender_that_fails_leaves_its_row_without_ratio(self):
        for broken in (Fixed(), Fixed(1, 1)):
            other = Fixed(1, 1, 1)
            result = row(broken, other)
            self.assertIsNone(result.ratio_best)
            self.assertIn("times", result.reason)
            self.assertEqual(other.left, [])
            self.assertTrue(broken.stopped and other.stopped)

    def test_short_work_is_repeated(self):
        contenders = {"ours": Fixed(*[0.1] * 5), "theirs": Fixed(*[0.2] * 5)}
        (result,) = compare(contenders, [Cell("work", "peer", 1, "ours", "theirs")], 100, max_rounds=3)
        self.assertEqual(len(result.ours), 3)
        self.assertAlmostEqual(result.ratio_best, 2)

    def test_a_process_that_ends_gives_its_last_words(self):
        child = Child([sys.executable, "-c", "import sys; sys.exit('nothing to do')"])
        with self.assertRaisesRegex(BenchmarkError, "nothing to do"):
            child.start()
        child.stop()


class Writing(unittest.TestCase):
    def test_json_has_the_five_keys_and_null_where_nothing_was_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.json"
            report.write_json([row(Fixed(2, 1, 4), Fixed(9, 6, 3)), row(Fixed(), Fixed(1, 1, 1))], path)
            found = json.loads(path.read_text())
        rest = {"work": "work", "peer": "peer", "bar": 1.5}
        self.assertEqual(found, [
            {**rest, "ratio_best": 3, "ratio_median": 3}, {**rest, "ratio_best": None, "ratio_median": None}])


class Naming(unittest.TestCase):
    def test_an_unknown_work_lists_those_that_there_are(self):
        result = subprocess.run([sys.executable, BENCH, "--check", "nonsense"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        for name in WORKS:
            self.assertIn(name, result.stderr)


if __name__ == "__main__":
    unittest.main()
