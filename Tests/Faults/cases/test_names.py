"""Names of any bytes, and things that aren't plain files: none leads out of the inbox, and none is lost or mixed up."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
import unicodedata
from pathlib import Path

from harness.case import FaultCase
from harness.checker import Dropped
from odd.jpegs import Jpeg, comment
from odd.pngs import numbered

SETTINGS = """\
inbox: {settle: 0.5s}
train: {every: 1d}
"""

LONG = b"l" * 255
# What ends a line, drives a terminal or turns the direction of text.
HARMFUL = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))}

# With lines' ends, sequences that drive a terminal, what is no UTF-8, what shells, printf, SQL and Windows take for
# more than a name, the longest names, and what this program itself gives a meaning to.
NAMES = [
    b"two\nlines", b"\x1b[31mred\x1b[0m", b"\x07", b"\x01", b"a\rb", b"\t", b" space ", b"a...",
    b"\xff\xfe\x80", b"caf\xc3", b"\xc0\xaf", b"\xed\xa0\x80", "\u202egpj.evil".encode(), "\u200b".encode(),
    "🐈‍⬛".encode(), b"-rf", b"--", b"*?[a]", b"'\"`", b"$(reboot)", b"\\x41\\", b"%s%n%00", b"'; DROP TABLE files; --",
    b"CON", b"C:\\a:b",
    LONG, b"\xfe" * 255, b"0", b"1~2", b"1.reason.txt",
]


class NameCase(FaultCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = self.installation(SETTINGS)
        self.place.start()

    def verdicts(self) -> dict[str, int]:
        return dict(self.place.rows("SELECT verdict, count(*) FROM files GROUP BY verdict"))

    def reasons(self) -> dict[bytes, str]:
        """Of the rejected files, by path."""
        return dict(self.place.rows("SELECT path, reason FROM files WHERE verdict = 'rejected'"))

    def hidden_label(self, name: str) -> Path:
        """The label's folder of a drop under way; `finish` gives the drop its name."""
        path = self.place.inbox / f".{name}"
        (path / "label").mkdir(parents=True)
        return path / "label"

    def finish(self, name: str, files: dict[str, bytes], others: tuple[str, ...] = ()) -> None:
        """Delivers a drop of these files, and of other things that aren't files."""
        self.place.prepare(name, {f"label/{path}": content for path, content in files.items()})
        self.place.dropped += [Dropped.of(f"{name}/label/{path}", None) for path in others]
        self.place.deliver(name, {f"label/{path}": content for path, content in files.items()})
        self.place.wait_taken_in()


class Names(NameCase):
    def test_any_bytes_in_every_place(self) -> None:
        """As names of drops, labels, folders and files; of files that are taken and of files that aren't. Pictures in a
        folder whose name can't be a label are rejected."""
        count = 0
        for number, name in enumerate(NAMES):
            for drop, label in ((name, b"label"), (b"plain-%d" % number, name)):
                files = {}
                for path in (label + b"/" + name, label + b"/" + name + b"/" + name):
                    # A file and a folder can't both have a name.
                    path = path if path.count(b"/") == 2 else label + b"/" + b"f" + name[:254]
                    count += 2
                    files[path] = numbered(count)
                    files[os.path.dirname(path) + b"/t" + name[:254]] = b"no picture %d" % count
                self.place.write(drop, files)
                self.place.note(drop, files)
        self.place.wait_taken_in()
        refused = 2 * sum(not is_label(name) for name in NAMES)
        self.assertGreater(refused, 10)
        self.assertEqual(
            self.verdicts(), {"accepted": 4 * len(NAMES) - refused, "rejected": 4 * len(NAMES) + refused})
        self.assertEqual(
            self.place.rows("SELECT count(*) FROM files WHERE reason_code = 'bad_label'"), [(2 * refused,)])
        self.assert_sound(self.place)
        self.assert_plain()

    def assert_plain(self) -> None:
        """Nothing that is shown to people can drive a terminal or begin a new line."""
        rows = self.place.rows("""
            SELECT name_text FROM drops UNION ALL SELECT path_text FROM files
            UNION ALL SELECT reason FROM files WHERE reason IS NOT NULL""")
        texts = [text for (text,) in rows]
        for (label,) in self.place.rows("SELECT name FROM labels"):
            self.assertFalse(harmful(label), repr(label))
        texts += self.place.log_text().splitlines()
        for command in ("drops", "rejects"):
            texts += self.place.run(command, "--limit", "1000").stdout.splitlines()
        for text in texts:
            odd = [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
            self.assertEqual(odd, [], repr(text))

    def test_loose_files_of_any_name(self) -> None:
        for number, name in enumerate(NAMES):
            content = numbered(number)
            (Path(os.fsdecode(os.fsencode(self.place.inbox) + b"/" + name))).write_bytes(content)
            self.place.dropped.append(Dropped.of(name, content))
        self.place.wait_taken_in()
        self.assertEqual(self.verdicts(), {"rejected": len(NAMES)})
        self.assert_sound(self.place)

    def test_labels_that_differ_in_case_or_in_form_are_one(self) -> None:
        spellings = ["Café", "CAFÉ", "café", *(unicodedata.normalize("NFD", text) for text in ("Café", "cAFÉ"))]
        files = {f"{label}/same name.png": numbered(number) for number, label in enumerate(spellings)}
        files |= {f"Straße/{1}.png": numbered(100), f"STRASSE/{1}.png": numbered(101)}
        self.place.drop("d", files)
        self.place.wait_taken_in()
        self.assertEqual(self.verdicts(), {"accepted": len(files)})
        labels = {row[0] for row in self.place.rows("SELECT name FROM labels")}
        self.assertEqual(len(labels), 2, labels)
        self.assert_sound(self.place)

    def test_drops_and_files_that_differ_in_case_or_in_form_are_several(self) -> None:
        names = ["Ärger", "ärger", unicodedata.normalize("NFD", "Ärger")]
        number = 0
        for drop in names:
            files = {}
            for path in (f"{folder}/{file}" for folder in names for file in names):
                files |= {f"label/{path}.png": numbered(number), f"label/{path}.txt": b"text %d" % number}
                number += 1
            self.place.drop(drop, files)
        self.place.wait_taken_in()
        self.assertEqual(self.verdicts(), {"accepted": 27, "rejected": 27})
        self.assert_sound(self.place)

    def test_the_longest_path(self) -> None:
        """Folders of 255 bytes, as deep as is taken: the path is longer than a system call may name."""
        self.drop_deep(numbered(1))
        self.assertEqual(self.verdicts(), {"accepted": 1})
        self.assert_sound(self.place)

    def test_a_refused_file_at_the_end_of_the_longest_path(self) -> None:
        self.drop_deep(b"no picture " * 20)
        self.assertEqual(self.verdicts(), {"rejected": 1})
        self.assert_sound(self.place)

    def drop_deep(self, content: bytes) -> None:
        above = os.open(self.place.inbox, os.O_DIRECTORY)
        os.mkdir(b".d", dir_fd=above)
        folder = os.open(b".d", os.O_DIRECTORY, dir_fd=above)
        for _ in range(16):
            os.mkdir(LONG, dir_fd=folder)
            below = os.open(LONG, os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = below
        with open(os.open(LONG, os.O_WRONLY | os.O_CREAT, dir_fd=folder), "wb") as stream:
            stream.write(content)
        os.close(folder)
        os.close(above)
        (self.place.inbox / ".d").rename(self.place.inbox / "d")
        self.place.dropped.append(Dropped.of(b"d/" + b"/".join([LONG] * 17), content))
        self.place.wait_taken_in()


class Things(NameCase):
    def test_links_lead_nowhere(self) -> None:
        outside = self.folder / "outside"
        self.place.write("outside", {"label/1.png": numbered(1)}, self.folder)
        label = self.hidden_label("d")
        (label / "to a file").symlink_to(outside / "label/1.png")
        (label / "to a folder").symlink_to(outside)
        (label / "to nothing").symlink_to("nowhere")
        (label / "to itself").symlink_to("to itself")
        (label / "to the inbox").symlink_to(self.place.inbox)
        (label / "to the state").symlink_to(self.place.state)
        (label / "picture.png").symlink_to("/dev/zero")
        (self.place.inbox / "loose").symlink_to(outside)
        self.place.dropped.append(Dropped.of("loose", None))
        links = ("to a file", "to a folder", "to nothing", "to itself", "to the inbox", "to the state", "picture.png")
        self.finish("d", {"real.png": numbered(2)}, links)
        self.assertEqual(self.verdicts(), {"accepted": 1, "rejected": len(links) + 1})
        self.assertIn("a symbolic link to nowhere", self.reasons()[b"label/to nothing"])
        self.assertEqual((outside / "label/1.png").read_bytes(), numbered(1))
        self.assert_sound(self.place)

    def test_pipes_sockets_and_devices_are_not_opened(self) -> None:
        label = self.hidden_label("d")
        os.mkfifo(label / "pipe")
        os.mkfifo(self.place.inbox / "loose pipe")
        others = ["pipe", "socket"]
        with socket.socket(socket.AF_UNIX) as listener:
            # The path of a socket may have 107 bytes.
            os.symlink(label, self.folder / "s")
            listener.bind(str(self.folder / "s/socket"))
            if os.geteuid() == 0:
                os.mknod(label / "zeros", stat.S_IFCHR | 0o666, os.makedev(1, 5))
                os.mknod(label / "disk", stat.S_IFBLK | 0o666, os.makedev(7, 250))
                others += ["zeros", "disk"]
            self.place.dropped.append(Dropped.of("loose pipe", None))
            self.finish("d", {"real.png": numbered(1)}, tuple(others))
        self.assertEqual(self.verdicts(), {"accepted": 1, "rejected": len(others) + 1})
        self.assertIn("a named pipe", self.reasons()[b"label/pipe"])
        self.assertIn("a socket", self.reasons()[b"label/socket"])
        self.assert_sound(self.place)

    def test_names_of_one_file(self) -> None:
        """Each is a file of its own; what is linked outside the inbox stays there."""
        outside = self.folder / "outside.png"
        outside.write_bytes(numbered(1))
        label = self.hidden_label("d")
        for name in ("1.png", "2.png", "3.png"):
            os.link(outside, label / name)
        os.link(outside, self.place.inbox / "loose.png")
        (label / "text").write_bytes(b"a text")
        os.link(label / "text", label / "text too")
        self.place.dropped.append(Dropped.of("loose.png", numbered(1)))
        files = {f"label/{number}.png": numbered(1) for number in (1, 2, 3)} | {
            "label/text": b"a text", "label/text too": b"a text"}
        self.place.deliver("d", files)
        self.place.wait_taken_in()
        self.assertEqual(self.verdicts(), {"accepted": 1, "duplicate": 2, "rejected": 3})
        self.assertEqual(outside.read_bytes(), numbered(1))
        self.assert_sound(self.place)

    def test_folders_that_are_swapped_for_links_all_the_time(self) -> None:
        """To a folder outside that has files of the same names: none of them is ever read, moved or removed."""
        outside = self.folder / "outside"
        secrets = {f"{number}.png": numbered(10_000 + number) for number in range(200)}
        self.place.write("outside", secrets, self.folder)
        files = {f"label/{number}.png": padded(number) for number in range(200)}
        self.place.prepare("d", files)
        self.place.deliver("d", files)
        label, aside = self.place.inbox / "d/label", self.folder / "aside"
        swapper = Swapper(label, aside, outside)
        swapper.start()
        time.sleep(6)
        swapper.stop()
        self.place.wait_until("the rest is taken in", lambda: not label.exists())
        self.place.wait_taken_in()
        self.assertGreater(swapper.swaps, 100)
        self.assertEqual(sorted(os.listdir(outside)), sorted(secrets))
        for name, content in secrets.items():
            self.assertEqual((outside / name).read_bytes(), content)
        # The link itself may have been met, and is then rejected.
        self.assertEqual(self.verdicts().get("accepted"), 200)
        self.assert_sound(self.place)

    def test_what_may_not_be_read_stays(self) -> None:
        """For a daemon that isn't root: the others of the drop are taken in, and this one when it may be read."""
        self.require_root("run the daemon as somebody else")
        self.place.stop()
        nobody = 65_534
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, nobody, nobody)
        self.place.start(["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", "--"])
        files = {"label/1.png": numbered(1), "secret/2.png": numbered(2), "label/3.png": numbered(3)}
        self.place.prepare("d", files)
        hidden = self.place.inbox / ".d"
        for path in (hidden, *hidden.rglob("*")):
            os.chown(path, nobody, nobody)
        (hidden / "label/1.png").chmod(0)
        (hidden / "secret").chmod(0)
        self.place.deliver("d", files)
        drop = self.place.inbox / "d"
        self.place.wait_until("what may be read is taken in", lambda: not (drop / "label/3.png").exists())
        time.sleep(2)
        self.assertEqual(self.verdicts(), {"accepted": 1})
        self.assertTrue((drop / "label/1.png").exists() and (drop / "secret/2.png").exists())
        (drop / "label/1.png").chmod(0o600)
        (drop / "secret").chmod(0o700)
        self.place.wait_taken_in()
        self.assertEqual(self.verdicts(), {"accepted": 3})
        self.assert_sound(self.place)


def harmful(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text) or bool(
        HARMFUL & set(text))


def is_label(name: bytes) -> bool:
    """Whether a folder of this name is a label; what is no UTF-8 is escaped."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return True
    seen = [character for character in text if not character.isspace() and unicodedata.category(character) != "Cf"]
    return bool(seen) and not harmful(text)


def padded(number: int) -> bytes:
    """Large enough that copying takes a while."""
    return Jpeg().encode(head=comment(b"number %d" % number) + comment(bytes(60_000)) * 5)


class Swapper(threading.Thread):
    """Puts a link in a folder's place and the folder back, again and again."""

    def __init__(self, folder: Path, aside: Path, target: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.aside, self.target = folder, aside, target
        self.swaps = 0
        self.is_stopped = threading.Event()

    def run(self) -> None:
        while not self.is_stopped.is_set():
            try:
                self.folder.rename(self.aside)
            except FileNotFoundError:
                return
            self.folder.symlink_to(self.target)
            time.sleep(0.002)
            try:
                self.folder.unlink()
            except FileNotFoundError:
                pass
            self.aside.rename(self.folder)
            self.swaps += 1
            time.sleep(0.002)

    def stop(self) -> None:
        self.is_stopped.set()
        self.join()
