"""What becomes of an installation whose ledger or history is lost, damaged, old, or another one's."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import unittest
from pathlib import Path

from harness.case import FaultCase
from harness.installation import INTAKE_ONLY
from harness.ledger import BadLine, order_problems, parse, read
from harness.pictures import png

TEST_SHARE = 0.5
SETTINGS = INTAKE_ONLY.replace("settle: 0.3s", f"settle: 0.3s, test_share: {TEST_SHARE}")


def line(**members: object) -> bytes:
    """A line as the program writes it, without its newline."""
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()[:-1]
    return text + b',"sum":"%s"}' % hashlib.sha256(text).hexdigest()[:16].encode()


def label(name: str = "fig", at: str = "2026-11-29T23:09:38.637Z", **members: object) -> bytes:
    return line(**{"at": at, "kind": "label", "label": name, "spellings": [name], "v": 1} | members)


class LineTests(unittest.TestCase):
    def test_a_line_is_read_as_it_was_written(self) -> None:
        self.assertEqual(parse(label())["spellings"], ["fig"])
        drop = line(at="2026-11-29T23:09:38.637Z", drop=2, drop_name_bytes="YmFk/w==", kind="drop", v=1)
        self.assertEqual(parse(drop)["drop_name"], b"bad\xff")

    def test_a_kind_of_a_later_release_is_read(self) -> None:
        self.assertEqual(parse(line(at="", kind="withdrawal", v=1))["kind"], "withdrawal")

    def test_any_changed_byte_is_noticed(self) -> None:
        text = label()
        for position in range(len(text)):
            changed = bytearray(text)
            changed[position] ^= 1
            with self.assertRaises(BadLine, msg=f"byte {position}"):
                parse(bytes(changed))

    def test_what_is_no_line_of_the_ledger_is_refused(self) -> None:
        self.assert_refused(b"", "doesn't end with a sum")
        self.assert_refused(label()[:-1], "doesn't end with a sum")
        self.assert_refused(label(at="yesterday"), "its time is 'yesterday'")
        self.assert_refused(label(kind="drop"), "must not have")
        self.assert_refused(label(colour="blue"), "must not have colour")
        self.assert_refused(label(v=2), "version 2")
        text = b'{"v":1,"kind":"label"'
        digits = hashlib.sha256(text).hexdigest()[:16].encode()
        self.assert_refused(text + b',"sum":"%s"}' % digits, "aren't in order")
        plain = line(at="2026-11-29T23:09:38.637Z", drop=1, drop_name_bytes="YmFk", kind="drop", v=1)
        self.assert_refused(plain, "is UTF-8, and written as bytes")

    def assert_refused(self, text: bytes, reason: str) -> None:
        with self.assertRaisesRegex(BadLine, reason):
            parse(text)


class OrderTests(unittest.TestCase):
    FILE, FOLDER, LOG = "/state/ledger/2026-11-29.jsonl", "/state/ledger", "/state/history.sqlite-wal"
    RIGHT = [
        f"pwrite64 {LOG}", f"fdatasync {LOG}", f"openat {FILE}", f"pwrite64 {FILE}", f"fsync {FILE}", f"fsync {FOLDER}",
        f"pwrite64 {LOG}", f"fdatasync {LOG}", "unlinkat /inbox/fruit/1.png", f"openat {FILE}", f"pwrite64 {FILE}",
        f"fsync {FILE}", f"fdatasync {LOG}", "unlinkat /inbox/fruit/2.png"]

    def test_the_right_order_is_right(self) -> None:
        self.assertEqual(order_problems(self.RIGHT), [])

    def test_each_synchronisation_that_is_left_out_is_noticed(self) -> None:
        for number in (4, 5, 11):
            calls = self.RIGHT[:number] + self.RIGHT[number + 1 :]
            late = self.RIGHT[number].split(" ")[1]
            self.assertTrue(
                any(problem.endswith(f"comes before {late} is synchronised") for problem in order_problems(calls)),
                self.RIGHT[number])

    def test_a_row_or_a_removal_that_comes_too_early_is_noticed(self) -> None:
        for moved in ("fdatasync " + self.LOG, "unlinkat /inbox/fruit/1.png"):
            self.assertNotEqual(order_problems(self.RIGHT[:4] + [moved] + self.RIGHT[4:]), [], moved)

    def test_a_removal_without_any_line_is_noticed(self) -> None:
        calls = [call for call in self.RIGHT if "ledger" not in call]
        self.assertIn("before anything is in the ledger", " ".join(order_problems(calls)))


class LedgerCase(FaultCase):
    """An installation that has taken two drops, of which the names aren't simple, and is stopped."""

    def setUp(self) -> None:
        super().setUp()
        self.place = self.installation(SETTINGS)
        self.place.start()
        self.take("fruit", {f"Fig/{number}.png": png(0, number) for number in range(8)})
        self.take(b"n\xff", {b"fig/\xfe.png": png(0, 50), "Zwölf \"plums\"/1.png": png(1, 51)})
        self.place.stop()
        self.ledger = self.place.state / "ledger"
        self.history = self.place.state / "history.sqlite"
        self.pictures = self.known()
        self.lines = read(self.ledger).of("picture")
        self.assertEqual(len(self.pictures), 10)

    def take(self, name: str | bytes, files: dict) -> None:
        self.place.write(name, files)
        self.place.note(name, files)
        self.place.wait_taken_in()

    def known(self) -> list[tuple]:
        """What the history says of its pictures, but for their numbers."""
        return self.place.rows("""
            SELECT p.digest, l.name, p.split, p.split_origin, d.name, f.path, p.accepted_at FROM pictures p
            JOIN labels l ON l.id = p.label_id JOIN drops d ON d.id = p.drop_id
            JOIN files f ON f.picture_id = p.id AND f.verdict = 'accepted' ORDER BY p.digest""")

    @property
    def file(self) -> Path:
        """The ledger's newest file."""
        return max(self.ledger.glob("*.jsonl"))

    def start(self) -> str:
        """Starts the daemon and returns what it has logged until it watches the inbox."""
        self.place.start()
        return self.place.log_text()

    def take_more_and_check(self) -> None:
        """The daemon goes on as if nothing had happened."""
        self.take("more", {"fig/more.png": png(0, 99), "Fig/0.png": png(0, 0)})
        self.assert_sound(self.place)
        self.assertEqual(self.place.stop(), 0)
        self.assertLess(set(self.pictures), set(self.known()))

    def assert_refuses(self, *reasons: str) -> None:
        """The daemon doesn't start, says why, and changes nothing."""
        before = self.contents()
        status = self.place.start(wait=False).wait(30)
        self.assertNotEqual(status, 0)
        for reason in reasons:
            self.assertIn(reason, self.place.log_text())
        self.assertEqual(self.contents(), before)

    def contents(self) -> tuple[dict[str, bytes], list[tuple]]:
        """What is in the ledger's files and in the history."""
        files = {path.name: path.read_bytes() for path in self.ledger.glob("*")}
        return files, self.known() if self.history.exists() else []

    def repair(self) -> list[dict]:
        findings = self.place.json("doctor", "--repair")
        self.assertNotIn("wrong", [finding["status"] for finding in findings], findings)
        return findings


class LostLedgers(LedgerCase):
    def test_a_ledger_that_is_gone_is_written_again(self) -> None:
        shutil.rmtree(self.ledger)
        self.assertIn("history and ledger brought into agreement", self.start())
        self.assertEqual(sorted(read(self.ledger).of("picture"), key=str), sorted(self.lines, key=str))
        self.take_more_and_check()

    def test_a_day_that_is_gone_is_written_again(self) -> None:
        self.file.rename(self.ledger / "2020-02-29.jsonl")
        self.start()
        self.take_more_and_check()
        self.assertEqual(len(list(self.ledger.glob("*.jsonl"))), 2)
        (self.ledger / "2020-02-29.jsonl").unlink()
        self.assertIn("history and ledger brought into agreement", self.start())
        self.assert_sound(self.place)

    def test_a_line_that_was_never_completed_is_cut_off(self) -> None:
        whole = self.file.read_bytes()
        with self.file.open("ab") as file:
            file.write(whole.splitlines()[-1][:-9])
        self.assertIn("cut off the ledger's last line", self.start())
        self.assertEqual(self.file.read_bytes(), whole)
        self.take_more_and_check()

    def test_lines_that_are_damaged_are_found_and_written_again(self) -> None:
        text = bytearray(self.file.read_bytes())
        for digest, *_ in self.pictures[2:4]:
            text[text.index(digest.hex().encode()) + 3] ^= 1
        self.file.write_bytes(text)
        found = self.place.run("doctor")
        self.assertEqual(found.returncode, 1)
        self.assertIn("it has changed since it was written", found.stdout)
        self.repair()
        (set_aside,) = self.ledger.glob("*.damaged-1")
        self.assertTrue(set_aside.read_bytes().startswith(text), "nothing of it is lost")
        self.start()
        self.take_more_and_check()

    def test_lines_of_a_later_release_are_kept_and_passed_over(self) -> None:
        later = line(at="2026-11-29T23:09:38.637Z", kind="withdrawal", digest=self.pictures[0][0].hex(), v=1)
        with self.file.open("ab") as file:
            file.write(later + b"\n")
        self.start()
        self.take_more_and_check()
        self.assertIn(later + b"\n", self.file.read_bytes())
        self.assertEqual(self.place.run("doctor").returncode, 0)


class OtherLedgers(LedgerCase):
    def test_the_ledger_of_another_installation_is_refused(self) -> None:
        other = self.installation(SETTINGS, "other")
        other.start()
        other.drop("fruit", {"fig/1.png": png(0, 1)})
        other.wait_taken_in()
        other.stop()
        own = self.place.folder / "own"
        self.ledger.rename(own)
        shutil.copytree(other.state / "ledger", self.ledger)
        self.assert_refuses("split keys differ", str(self.ledger), str(self.history))
        shutil.rmtree(self.ledger)
        own.rename(self.ledger)
        self.start()
        self.take_more_and_check()

    def test_a_day_of_another_installation_is_refused(self) -> None:
        other = line(at="2020-02-29T00:00:00.000Z", kind="installation", split_key="00" * 32, v=1) + b"\n"
        stranger = self.ledger / "2020-02-29.jsonl"
        stranger.write_bytes(other)
        stranger.chmod(0o640)
        self.assert_refuses("split keys differ", str(self.ledger), str(self.history))
        stranger.unlink()
        self.start()
        self.take_more_and_check()


class LostHistories(LedgerCase):
    def remove_history(self) -> None:
        for name in ("", "-wal", "-shm"):
            Path(f"{self.history}{name}").unlink()

    def test_an_older_history_gets_what_the_ledger_has(self) -> None:
        """Of pictures; who restores a backup needs no repair."""
        backup = self.place.folder / "backup.sqlite"
        self.assertEqual(self.place.run("backup", str(backup)).returncode, 0)
        self.start()
        self.take("late", {"fig/late.png": png(0, 60), "late/late.png": png(2, 61)})
        self.place.stop()
        known = self.known()
        self.remove_history()
        backup.rename(self.history)
        self.assertIn("history and ledger brought into agreement", self.start())
        self.assertEqual(self.known(), known)
        self.take_more_and_check()

    def test_a_lost_history_is_made_again_with_the_same_splits(self) -> None:
        key = self.place.rows("SELECT split_key FROM installation")[0][0]
        self.remove_history()
        self.assert_refuses(str(self.history), "is missing or empty", "cultivar doctor")
        self.repair()
        self.assertEqual(self.known(), self.pictures)
        self.start()
        self.take("again", {f"fig/{number}.png": png(0, number) for number in range(8)})
        self.assertEqual(self.place.rows("SELECT duplicates FROM drops ORDER BY id DESC LIMIT 1"), [(8,)])
        self.take("new", {f"fig/{number}.png": png(0, 200 + number) for number in range(40)})
        splits = {digest: split for digest, _, split, *_ in self.known()}
        self.assertEqual(splits, {digest: split_by_key(key, digest) for digest in splits})
        self.assertEqual(set(splits.values()), {"train", "test"})
        self.take_more_and_check()

    def test_pictures_whose_lines_are_lost_too_get_their_splits_when_they_are_dropped_again(self) -> None:
        lost = [png(0, number) for number in range(4)]
        digests = [hashlib.sha256(content).digest() for content in lost]
        text = bytearray(self.file.read_bytes())
        for digest in digests:
            text[text.index(digest.hex().encode())] ^= 0x80
        self.file.write_bytes(text)
        self.remove_history()
        self.repair()
        kept = [row for row in self.pictures if row[0] not in digests]
        self.assertEqual(self.known(), kept)
        self.assertEqual(
            self.place.rows("SELECT count(*) FROM files WHERE reason_code = 'label_lost'"), [(len(lost),)])
        self.start()
        self.take("again", {f"Fig/{number}.png": content for number, content in enumerate(lost)})
        self.assertEqual(
            [row[:4] for row in self.known()], [row[:4] for row in self.pictures], "label, split, and its origin")
        self.assertEqual(self.place.stop(), 0)


def split_by_key(key: bytes, digest: bytes) -> str:
    """By the rule that docs/history-schema.md gives."""
    number = int.from_bytes(hmac.digest(key, digest, "sha256")[:8], "big") >> 11
    return "test" if number / 2**53 < TEST_SHARE else "train"
