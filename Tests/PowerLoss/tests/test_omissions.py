"""The suite notices what would lose pictures or models: each test leaves one safety out, and must see the loss.

A synchronising call is left out by strace, which has it not made but reported as done; nobody but the daemon that the
disk logs is tampered with. The daemon that is started on what was left is the real one.

Not all of these show on each file system, which may do more than it is asked to. Where ext4 or xfs write one change of
names down, they have written down all that came before it; and btrfs keeps the new name of a file that was synchronised
under its old one. So what is left out there is seen by the order of the calls alone (the fault suite's `kill`), such as
synchronising the ledger's folder when a file in it is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from harness.installation import Installation
from harness.ledger import next_files

from power_loss import patched_build
from power_loss.case import DiskCase
from power_loss.disks import FILE_SYSTEMS
from power_loss.scenario import FEW, MANY, PUBLISHING, Scenario

CHOICES = 100
SEED = 7
PATCH = Path(__file__).with_name("removed_before_recorded.patch")


class OmissionTests(DiskCase):
    def test_without_synchronising_a_batch(self) -> None:
        self.expect_loss("ext4", MANY, "isn't the bytes", "syncfs:retval=0", lambda place: [place.state / "tmp"])

    def test_without_synchronising_the_names_of_a_batch(self) -> None:
        # A batch is synchronised twice: the copies under their temporary names, and their names in the store.
        self.expect_loss(
            "btrfs", MANY, "has a row but no file", "syncfs:retval=0:when=2+2", lambda place: [place.state / "tmp"])

    def test_without_synchronising_single_copies(self) -> None:
        self.expect_loss("ext4", FEW, "isn't the bytes", "fsync:retval=0", copies)

    def test_without_synchronising_the_history(self) -> None:
        self.expect_loss("ext4", MANY, "is nowhere|has no row", "fdatasync,fsync:retval=0", journal)

    def test_without_synchronising_the_ledger(self) -> None:
        self.expect_loss(
            "ext4", MANY, "has no line in the ledger", "fsync:retval=0", lambda place: next_files(place.state))

    def test_without_synchronising_the_model(self) -> None:
        self.expect_loss("ext4", PUBLISHING, "no manifest|isn't what the manifest says", "fsync:retval=0", staged_model)

    def test_removing_files_before_they_are_recorded(self) -> None:
        """Their removal is made durable at once, which the kernel does by itself within seconds, whenever it likes."""
        if reason := patched_build.why_not():
            self.skipTest(reason)
        trial = self.trial(MANY, FILE_SYSTEMS["ext4"])
        wrong = patched_build.build(PATCH, self.folder)
        with mock.patch("harness.installation.BINARY", wrong):
            trial.perform()
        self.assert_loss(trial, "is nowhere")

    def expect_loss(self, name: str, scenario: Scenario, sign: str, injection: str, paths) -> None:
        """Has the calls left out that strace's `injection` names, for these paths; `sign` is a regular expression."""
        trial = self.trial(scenario, FILE_SYSTEMS[name])
        trial.perform(lambda place: tampering(place, injection, paths(place)))
        self.assert_loss(trial, sign)

    def assert_loss(self, trial, sign: str) -> None:
        bad = trial.bad_states(trial.log.states(CHOICES, SEED), stop_at_first=True)
        self.assertTrue(bad, "nothing was lost, or the suite didn't see it")
        print(f"{trial.system.name}: {str(bad[0])[:300]}", flush=True)
        self.assertRegex(" ".join(problem for state in bad for problem in state.problems), sign)


def tampering(place: Installation, injection: str, paths: Sequence[Path]) -> list[str]:
    """The program under which these calls aren't made for these paths."""
    chosen = [text for path in paths for text in ("-P", str(path))]
    calls = injection.split(":")[0]
    # -D: the daemon stays our child.
    return [
        "strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", str(place.folder / "omitted.log"), *chosen,
        "-e", f"trace={calls}", "-e", f"inject={injection}"]


def copies(place: Installation) -> list[Path]:
    return [place.state / "tmp" / f"{number}.picture" for number in range(1, 100)]


def journal(place: Installation) -> list[Path]:
    return [place.state / name for name in ("history.sqlite", "history.sqlite-wal")]


def staged_model(place: Installation) -> list[Path]:
    names = ("model.onnx", "labels.txt", "manifest.json")
    return [
        place.outbox / "models" / f".staging-{version}" / name for version in ("v0001", "v0002") for name in names]
