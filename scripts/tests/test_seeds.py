"""The fuzzing's seeds are those that `Fuzzing/seeds` makes of today's settings."""

import filecmp
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


class SeedTests(unittest.TestCase):
    def test_they_are_up_to_date(self):
        with tempfile.TemporaryDirectory() as name:
            copy = pathlib.Path(name)
            ignored = shutil.ignore_patterns("__pycache__", "Driver", "CLibFuzzer")
            shutil.copytree(ROOT / "Fuzzing", copy / "Fuzzing", ignore=ignored)
            shutil.copytree(ROOT / "systemd", copy / "systemd")
            subprocess.run([sys.executable, copy / "Fuzzing" / "seeds"], check=True)
            for part in ("Seeds", "Dictionaries"):
                made, committed = copy / "Fuzzing" / part, ROOT / "Fuzzing" / part
                self.assertEqual(files(made), files(committed))
                changed = filecmp.cmpfiles(made, committed, files(committed), shallow=False)[1:]
                self.assertEqual(changed, ([], []), "run Fuzzing/seeds and commit what it writes")


if __name__ == "__main__":
    unittest.main()
