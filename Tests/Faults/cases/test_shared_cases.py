"""Inputs that intake once fell short on, each as somebody would deliver it, and what must become of it.

The pictures are made here. Where there is a collection of the original ones (../shared/cases), those are delivered too.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.case import FaultCase
from harness.installation import INTAKE_ONLY, QUICK, ROOT, Installation
from harness.pictures import png, truncated
from odd.jpegs import Bits, Component, Jpeg

SHARED = ROOT.parent / "shared" / "cases"
FRUIT = ("fig", "plum", "quince")
Row = Callable[["SharedCases", str], None]


def layout(splits: Mapping[str, int], labels: tuple[str, ...], below: str = "") -> dict[str, bytes]:
    """A data set: so many pictures of each label in each split's folder; no two are the same."""
    files = {}
    for start, (split, count) in enumerate(splits.items()):
        for index, label in enumerate(labels):
            for number in range(count):
                files[f"{below}{split}/{label}/{number}.png"] = png(index, 1000 * start + number)
    return files


def noise_jpeg(seed: int) -> bytes:
    """A picture with every byte in its data, as photographs have."""
    noise = random.Random(seed)
    picture = Jpeg(width=160, height=160, parts=[Component(1)])
    bits, last = Bits(), 0
    for _ in range(20 * 20):
        level = noise.randrange(-120, 120)
        bits.add_difference(level - last)
        bits.add(0, 1)
        last = level
    content = picture.encode(body=picture.tables() + picture.frame() + picture.scan_header() + bits.bytes())
    assert b"\n" in content
    return content


class SharedCases(FaultCase):
    def test_each_is_taken_or_told_of_as_expected(self) -> None:
        """Side by side: daemons mostly wait."""
        self.each(list(ROWS), lambda row: ROWS[row](self, re.sub(r"\W+", "-", row)))

    # Deliveries while something of an earlier one is there

    def second(self, name: str) -> None:
        """The second delivery of the recipe finds its name taken, and mv puts it inside the first."""
        place = self._started(name)
        self._deliver_by_recipe(place, {"A/1.png": png(0, 1), "A/cut.png": truncated(3)})
        place.wait_until("the first picture is in", lambda: self._verdicts(place).get("A/1.png") == "accepted")
        self._deliver_by_recipe(place, {"A/2.png": png(0, 2)})
        self.assertTrue((place.inbox / "photos" / ".photos").exists())
        item = self._wait_for_item(place, "photos/.photos", "hidden")
        self.assertEqual(item["files"], 1)
        self.assertEqual(item["to_do"], "cultivar take photos/.photos")
        place.wait_until("the status is degraded", lambda: "photos/.photos" in (place.degraded() or ""))
        self.assertIn("photos/.photos", place.log_text())
        self.assertIn("photos/.photos", place.run("status").stdout)
        self.assertIn("photos/.photos", place.run("drops", "--waiting").stdout)
        self._take(place, "photos/.photos")
        place.wait_taken_in()
        self.assertEqual(sorted(self._verdicts(place).values()), ["accepted", "accepted", "rejected"])
        self.assertIsNone(place.degraded())

    def _deliver_by_recipe(self, place: Installation, files: Mapping[str, bytes]) -> None:
        place.prepare("photos", files)
        target = place.inbox / "photos"
        # As mv does it without -T.
        (place.inbox / ".photos").rename(target / ".photos" if target.exists() else target)

    def unreadable(self, name: str) -> None:
        """A class that the daemon may not list keeps the drop where it is, until it may."""
        place = self._started(name, unprivileged=True)
        self._write_beside(place, "d", {"A/1.png": png(0, 1), "B/2.png": png(1, 2)})
        (place.folder / "d" / "B").chmod(0o700 if os.geteuid() == 0 else 0)
        (place.folder / "d").rename(place.inbox / "d")
        place.wait_until("the class that can be read is in", lambda: self._verdicts(place) == {"A/1.png": "accepted"})
        item = self._wait_for_item(place, "d/B", "unreadable")
        self.assertTrue(item["degrades"])
        place.wait_until("the status is degraded", lambda: "d/B" in (place.degraded() or ""))
        self.assertEqual(place.visible_names(), [b"d"])
        (place.inbox / "d" / "B").chmod(0o755)
        self._wait_for_the_rest(place)

    def partial(self, name: str) -> None:
        """An upload that is under way keeps the drop where it is, until it has ended."""
        place = self._started(name, unprivileged=True)
        self._write_beside(place, "d", {"A/1.png": png(0, 1), "B/2.png.part": png(1, 2)})
        (place.folder / "d").rename(place.inbox / "d")
        place.wait_until("the whole picture is in", lambda: self._verdicts(place) == {"A/1.png": "accepted"})
        self._wait_for_item(place, "d/B/2.png.part", "partial_name")
        self.assertEqual(os.listdir(place.inbox), ["d"])
        (place.inbox / "d" / "B" / "2.png.part").rename(place.inbox / "d" / "B" / "2.png")
        self._wait_for_the_rest(place)

    def _wait_for_the_rest(self, place: Installation) -> None:
        taken = {"A/1.png": "accepted", "B/2.png": "accepted"}
        place.wait_until("the rest is taken", lambda: self._verdicts(place) == taken, 150)
        # Of another account's files the folder stays, renamed; one's own are gone.
        place.wait_until("the drop has left its name", lambda: not place.visible_names())
        place.wait_until("nothing is degraded", lambda: place.degraded() is None)

    # Data sets as other tools write them

    def roboflow(self, name: str) -> None:
        """`valid` is a split, and the model is as good as with `val`."""
        place = self._started(name, QUICK)
        place.drop("fruit", layout({"train": 12, "valid": 4, "test": 4}, FRUIT))
        run = place.wait_for_run()
        self.assertEqual((run["outcome"], run["train_pictures"], run["test_pictures"]), ("promoted", 48, 12))
        self.assertGreater(run["test_accuracy"], 0.9)
        self._assert_labels(place, FRUIT)

    def long_names(self, name: str) -> None:
        place = self._started(name)
        labels = ("W-Apple", "W-Banana")
        place.drop("set", layout({"training": 3, "testing": 2, "validation": 1}, labels))
        place.wait_taken_in()
        self._assert_labels(place, labels)
        self.assertEqual(self._split_counts(place), {"train": 8, "test": 4})

    def wrapper(self, name: str) -> None:
        place = self._started(name)
        labels = ("Z-Apple", "Z-Banana")
        place.drop("set", layout({"train": 3, "test": 2}, labels, below="archive/"))
        place.wait_taken_in()
        self._assert_labels(place, labels)
        self.assertEqual(self._split_counts(place), {"train": 6, "test": 4})
        self.assertIn("archive", json.dumps(place.json("drops")[0]))
        self.assertIn("archive", place.log_text())

    # Classes whose names mean something to programs

    def dot_class(self, name: str) -> None:
        place = self._started(name)
        files = {"H-java/1.png": png(0, 1), ".net/2.png": png(1, 2), ".net/3.png": png(1, 3)}
        place.drop("d", files)
        place.wait_until("the plain class is in", lambda: self._verdicts(place) == {"H-java/1.png": "accepted"})
        self.assertEqual(self._wait_for_item(place, "d/.net", "hidden")["files"], 2)
        place.wait_until("the log says so", lambda: "d/.net" in place.log_text())
        self._take(place, "d/.net")
        place.wait_until("it is taken", lambda: list(self._verdicts(place).values()) == ["accepted"] * 3)
        place.wait_taken_in()

    def part_class(self, name: str) -> None:
        place = self._started(name)
        labels = ("P-ok", "engine.part", "wheel.tmp")
        place.drop("d", {f"{label}/{number}.png": png(index, number)
                         for index, label in enumerate(labels) for number in range(3)})
        place.wait_taken_in()
        self._assert_labels(place, labels)
        self.assertEqual(set(self._verdicts(place).values()), {"accepted"})

    # Files and names

    def text_mode(self, name: str) -> None:
        place = self._started(name)
        good, picture = noise_jpeg(1), png(0, 1)
        place.drop("d", {
            "a/good.jpg": good, "a/good.png": picture, "a/crlf.jpg": noise_jpeg(2).replace(b"\n", b"\r\n"),
            "a/crlf.png": png(0, 2).replace(b"\n", b"\r\n"), "a/lf.png": png(0, 3).replace(b"\r\n", b"\n")})
        place.wait_taken_in(90)
        self.assertEqual(
            self._verdicts(place),
            {"a/good.jpg": "accepted", "a/good.png": "accepted", "a/crlf.jpg": "rejected", "a/crlf.png": "rejected",
             "a/lf.png": "rejected"})
        reasons = {reject["path"]: reject["reason"] for reject in place.json("rejects")}
        for path in ("a/crlf.png", "a/lf.png"):
            self.assertIn("line ends", reasons[path])

    def joiner(self, name: str) -> None:
        """A label's own characters are published: scripts and emoji need joiners."""
        place = self._started(name, QUICK)
        labels = ("x\u200cy", "plum", "quince")
        place.drop("fruit", layout({"train": 12, "test": 4}, labels))
        self.assertEqual(place.wait_for_run()["outcome"], "promoted")
        current = place.outbox / "current"
        self.assertEqual(sorted((current / "labels.txt").read_text().splitlines()), sorted(labels))
        self.assertEqual(sorted(json.loads((current / "manifest.json").read_text())["labels"]), sorted(labels))
        self.assertIn("x\u200cy".encode(), (current / "model.onnx").read_bytes())
        picture = place.folder / "picture.png"
        picture.write_bytes(png(0, 77))
        self.assertEqual(set(place.json("predict", str(picture))[0]["probabilities"]), set(labels))
        self.assertNotIn("\u200c", place.run("predict", str(picture)).stdout)

    # A class that is too small

    def short_class(self, name: str) -> None:
        place = self._started(name, QUICK)
        place.drop("fruit", layout({"train": 12, "test": 4}, FRUIT) | {"train/Aplle/1.png": png(1, 99)})
        self.assertEqual(place.wait_for_run()["outcome"], "promoted")
        current = place.outbox / "current"
        self.assertEqual((current / "labels.txt").read_text().splitlines(), sorted(FRUIT))
        for what, text in {
            "show": json.dumps(place.json("show")), "status": json.dumps(place.json("status")),
            "manifest": (current / "manifest.json").read_text(),
        }.items():
            self.assertIn("Aplle", text, what)

    def short_class_waits(self, name: str) -> None:
        place = self._started(name, QUICK.replace("on_drop: true", "on_drop: true, short_classes: wait"))
        place.drop("fruit", layout({"train": 12, "test": 4}, FRUIT) | {"train/Aplle/1.png": png(1, 99)})
        run = place.wait_for_run()
        self.assertEqual(run["outcome"], "skipped")
        self.assertIn("Aplle", run["reason"])

    # The original inputs

    def shared_layout(self, name: str, folder: str, labels: tuple[str, ...], **splits: int) -> None:
        place = self._started(name)
        shutil.copytree(self._shared(folder), place.inbox / ".set")
        (place.inbox / ".set").rename(place.inbox / folder)
        place.wait_taken_in()
        self._assert_labels(place, labels)
        self.assertEqual(self._split_counts(place), splits)
        self.assertEqual(set(self._verdicts(place).values()), {"accepted"})

    def shared_text_mode(self, name: str) -> None:
        place = self._started(name)
        place.drop("d", {"a/crlf.jpg": self._shared("text_mode_crlf.jpg").read_bytes()})
        place.wait_taken_in(90)
        self.assertIn("line ends", place.json("rejects")[0]["reason"])

    def shared_dot_class(self, name: str) -> None:
        place = self._started(name)
        shutil.copytree(self._shared("dot_class"), place.inbox / ".set")
        (place.inbox / ".set").rename(place.inbox / "dot_class")
        self.assertEqual(self._wait_for_item(place, "dot_class/.net", "hidden")["files"], 3)
        self._take(place, "dot_class/.net")
        place.wait_until("all are taken", lambda: list(self._verdicts(place).values()) == ["accepted"] * 6)

    def _shared(self, name: str) -> Path:
        if not (SHARED / name).exists():
            raise unittest.SkipTest(f"the original pictures aren't there ({SHARED / name})")
        return SHARED / name

    # What is done and seen

    def _started(self, name: str, settings: str = INTAKE_ONLY, *, unprivileged: bool = False) -> Installation:
        place = self.installation(settings, name)
        account = self.unprivileged(place) if unprivileged else []
        if account:
            place.inbox.chmod(0o1777)
        place.start(account)
        return place

    @staticmethod
    def _write_beside(place: Installation, name: str, files: Mapping[str, bytes]) -> None:
        place.write(name, files, folder=place.folder)

    def _take(self, place: Installation, path: str) -> None:
        result = place.run("take", path)
        self.assertEqual(result.returncode, 0, result.stderr)

    def _wait_for_item(self, place: Installation, path: str, code: str) -> dict:
        """What `status` and `drops` say of a path that waits, once they say it."""
        def find() -> dict | None:
            items = place.json("drops", "--waiting")
            return next((item for item in items if (item["path"], item["code"]) == (path, code)), None)

        place.wait_until(f"{path} is named", lambda: find() is not None)
        self.assertIn(path, [item["path"] for item in place.json("status")["waiting"]["items"]])
        item = find()
        assert item
        return item

    @staticmethod
    def _verdicts(place: Installation) -> dict[str, str]:
        rows = place.rows("SELECT path_text, verdict FROM files ORDER BY id")
        return dict(rows)

    def _assert_labels(self, place: Installation, labels: tuple[str, ...]) -> None:
        found = [name for name, in place.rows("SELECT name FROM labels ORDER BY name")]
        self.assertEqual(found, sorted(labels))

    @staticmethod
    def _split_counts(place: Installation) -> dict[str, int]:
        return dict(place.rows("SELECT split, count(*) FROM pictures GROUP BY split"))


def _shared_layout(*arguments: object, **splits: int) -> Row:
    return lambda case, name: case.shared_layout(name, *arguments, **splits)


ROWS: dict[str, Row] = {
    "a second delivery inside the first": SharedCases.second,
    "a class that can't be listed": SharedCases.unreadable,
    "an upload that is under way": SharedCases.partial,
    "train, valid, test": SharedCases.roboflow,
    "training, testing, validation": SharedCases.long_names,
    "a folder around the data set": SharedCases.wrapper,
    "a class called .net": SharedCases.dot_class,
    "classes called engine.part and wheel.tmp": SharedCases.part_class,
    "line ends that were changed": SharedCases.text_mode,
    "a joiner in a label": SharedCases.joiner,
    "a class with one picture": SharedCases.short_class,
    "a class with one picture that is waited for": SharedCases.short_class_waits,
    "the original train, valid, test": _shared_layout(
        "roboflow_train_valid_test", ("R-Apple", "R-Banana"), train=12, test=6),
    "the original training, testing, validation": _shared_layout(
        "training_testing_validation", ("W-Apple", "W-Banana"), train=12, test=6),
    "the original folder around the data set": _shared_layout(
        "wrapper_folder", ("Z-Apple", "Z-Banana"), train=6, test=6),
    "the original changed line ends": SharedCases.shared_text_mode,
    "the original class called .net": SharedCases.shared_dot_class,
}
