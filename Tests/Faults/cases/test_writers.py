"""Whoever writes into the inbox, and however: no file is taken before it is whole, and none is lost or torn."""

from __future__ import annotations

import os
import random
import subprocess
import tarfile
import time
from pathlib import Path

from harness.case import FaultCase
from odd.jpegs import Jpeg, comment
from odd.pngs import numbered

SETTLE = 1.0
SETTINGS = """\
inbox: {settle: 1s}
train: {every: 1d}
"""
PAUSE = 2.5
"""Longer than a drop has to hold still."""

PATIENCE = 33
"""Longer than a file that ends too early is waited for."""

LONG_AGO = 1_000_000_000


def jpeg(number: int, size: int = 20_000, filling: bytes = b"x") -> bytes:
    """A JPEG of about so many bytes; cut anywhere, it is truncated."""
    filled = b"".join(comment(filling * 1000) for _ in range(size // 1000))
    return Jpeg(parts=Jpeg().parts[:1]).encode(head=comment(b"number %d" % number) + filled)


class WriterCase(FaultCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = self.installation(SETTINGS)
        self.place.start()

    def target(self, name: str = "d/label") -> Path:
        folder = self.place.inbox / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def source(self, files: dict[str, bytes]) -> Path:
        """A folder outside the inbox with these files, last written long ago."""
        self.place.write("source", files, self.folder)
        for path in files:
            os.utime(self.folder / "source" / path, (LONG_AGO, LONG_AGO))
        return self.folder / "source"

    def assert_accepted(self, files: dict[str, bytes], seconds: float = 90) -> None:
        """Each of them is in the store, whole, and nothing else has come up."""
        self.place.wait_taken_in(seconds)
        verdicts = self.place.rows("SELECT verdict, count(*) FROM files GROUP BY verdict")
        self.assertEqual(verdicts, [("accepted", len(files))])
        self.assert_sound(self.place)

    def require_rsync(self) -> None:
        self.require_program("rsync")

    def rsync(self, *options: str, files: dict[str, bytes]) -> None:
        source = self.source(files)
        self.place.note("d", files)
        result = subprocess.run(
            ["rsync", "--recursive", "--times", *options, f"{source}/", f"{self.place.inbox}/d/"], capture_output=True,
            text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class SlowWriters(WriterCase):
    def test_pauses_between_files(self) -> None:
        """Each time, what is there is taken, and the folder goes; the writer makes it again, as cp and mkdir -p do."""
        files = {f"label/{number}.jpg": jpeg(number) for number in range(4)}
        self.place.note("d", files)
        for path, content in files.items():
            self.place.write("d", {path: content})
            self.place.wait_taken_in()
        self.assert_accepted(files)

    def test_pauses_within_a_file_that_stays_open(self) -> None:
        files = {f"label/{number}.jpg": jpeg(number) for number in range(3)}
        self.place.note("d", files)
        self.target()
        for path, content in files.items():
            with (self.place.inbox / "d" / path).open("wb", buffering=0) as stream:
                for start in range(0, len(content), len(content) // 3 + 1):
                    stream.write(content[start:start + len(content) // 3 + 1])
                    time.sleep(PAUSE)
        self.assert_accepted(files)

    def test_a_file_whole_but_still_open_is_left_alone(self) -> None:
        """It may go on: a film behind the picture, say."""
        content, more = jpeg(1), b"and more" * 1000
        path = self.target() / "1.jpg"
        with path.open("wb", buffering=0) as stream:
            stream.write(content)
            time.sleep(2 * PAUSE)
            self.assertEqual(path.read_bytes(), content)
            stream.write(more)
        self.place.note("d", {"label/1.jpg": content + more})
        self.assert_accepted({"label/1.jpg": content + more})

    def test_a_file_that_is_closed_and_opened_again(self) -> None:
        """Two thirds of it aren't a whole picture: it is waited for."""
        files = {"label/1.jpg": jpeg(1), "label/2.png": numbered(2)}
        self.place.note("d", files)
        self.target()
        for part in range(3):
            for path, content in files.items():
                third = len(content) // 3 + 1
                with (self.place.inbox / "d" / path).open("ab") as stream:
                    stream.write(content[part * third:(part + 1) * third])
            time.sleep(PAUSE)
        self.assert_accepted(files)

    def test_an_empty_file_that_is_filled_later(self) -> None:
        path = self.target() / "1.jpg"
        path.touch()
        time.sleep(2 * PAUSE)
        path.write_bytes(jpeg(1))
        self.place.note("d", {"label/1.jpg": jpeg(1)})
        self.assert_accepted({"label/1.jpg": jpeg(1)})

    def test_partial_names(self) -> None:
        """Left alone for as long as they are called so, and the files beside them taken."""
        endings = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
        files = {f"label/{number}.jpg": jpeg(number) for number in range(len(endings) + 1)}
        *partial, (whole, content) = files.items()
        self.place.note("d", files)
        for (path, part), ending in zip(partial, endings, strict=True):
            self.place.write("d", {path + ending: part[:1000]})
        self.place.write("d", {whole: content})
        self.place.wait_until("the whole one is taken in", lambda: not (self.place.inbox / "d" / whole).exists())
        for (path, part), ending in zip(partial, endings, strict=True):
            self.place.write("d", {path + ending: part})
            (self.place.inbox / "d" / (path + ending)).rename(self.place.inbox / "d" / path)
        self.assert_accepted(files)


class Programs(WriterCase):
    def test_rsync(self) -> None:
        self.require_rsync()
        files = {f"label{number % 3}/{number}.jpg": jpeg(number) for number in range(300)}
        self.rsync(files=files)
        self.assert_accepted(files)

    def test_rsync_in_place_and_slowly(self) -> None:
        """It writes under the last name, with pauses."""
        self.require_rsync()
        files = {f"label/{number}.jpg": jpeg(number, size=100_000) for number in range(6)}
        self.rsync("--inplace", "--bwlimit=100", files=files)
        self.assert_accepted(files)

    def test_rsync_that_delays_its_updates(self) -> None:
        self.require_rsync()
        files = {f"label/{number}.jpg": jpeg(number, size=100_000) for number in range(6)}
        self.rsync("--delay-updates", "--bwlimit=100", files=files)
        self.assert_accepted(files)

    def test_rsync_that_goes_on_where_it_was_stopped(self) -> None:
        self.require_rsync()
        files = {"label/1.jpg": jpeg(1, size=300_000)}
        source = self.source(files)
        options = ["rsync", "--recursive", "--times", "--partial", f"{source}/", f"{self.place.inbox}/d/"]
        first = subprocess.Popen([*options, "--bwlimit=50"], stderr=subprocess.DEVNULL)
        time.sleep(2)
        first.terminate()
        first.wait()
        time.sleep(PAUSE)
        self.place.note("d", files)
        subprocess.run(options, check=True)
        self.assert_accepted(files)

    def test_tar_with_old_times(self) -> None:
        """When files were last written says nothing of when they came: one that ends too early is waited for."""
        files = {f"label/{number}.jpg": jpeg(number) for number in range(50)}
        broken = "label/49.jpg"
        archive = self.folder / "archive.tar"
        self.place.note("d", files)
        with tarfile.open(archive, "w") as tar:
            source = self.source(files | {broken: files[broken][:500]})
            tar.add(source, "d")
        subprocess.run(["tar", "--extract", "--file", archive], cwd=self.place.inbox, check=True)
        self.place.wait_until("all but one are taken in", lambda: self.place.rows(
            "SELECT count(*) FROM files") == [(len(files) - 1,)])
        time.sleep(PAUSE)
        with (self.place.inbox / "d" / broken).open("ab") as stream:
            stream.write(files[broken][500:])
        self.assert_accepted(files)

    def test_tar_that_is_fed_slowly(self) -> None:
        files = {f"label/{number}.jpg": jpeg(number, size=30_000) for number in range(8)}
        archive = self.folder / "archive.tar"
        self.place.note("d", files)
        with tarfile.open(archive, "w") as tar:
            tar.add(self.source(files), "d")
        content = archive.read_bytes()
        with subprocess.Popen(["tar", "--extract"], cwd=self.place.inbox, stdin=subprocess.PIPE) as process:
            assert process.stdin
            for start in range(0, len(content), 45_000):
                process.stdin.write(content[start:start + 45_000])
                process.stdin.flush()
                time.sleep(SETTLE / 2)
        self.assertEqual(process.returncode, 0)
        self.assert_accepted(files)


class Unsteady(WriterCase):
    def test_files_that_vanish(self) -> None:
        """Half of the files are taken away again, at any moment; the others are taken in."""
        noise = random.Random(1)
        files = {f"label{number % 20}/{number}.jpg": jpeg(number, size=2000) for number in range(3000)}
        doomed = {path for path in files if noise.random() < 0.5}
        self.place.note("d", {path: content for path, content in files.items() if path in doomed}, may_be_gone=True)
        self.place.note("d", {path: content for path, content in files.items() if path not in doomed})
        self.place.prepare("d", files)
        (self.place.inbox / ".d").rename(self.place.inbox / "d")
        for path in sorted(doomed, key=lambda _: noise.random()):
            try:
                (self.place.inbox / "d" / path).unlink()
            except FileNotFoundError:
                pass
            time.sleep(0.001)
        self.clear_empty_folders()
        self.place.wait_taken_in()
        self.assertEqual(self.place.rows("SELECT path_text, reason FROM files WHERE verdict <> 'accepted'"), [])
        self.assertIsNone(self.place.degraded())
        self.assert_sound(self.place)

    def test_folders_that_vanish(self) -> None:
        place = self.place
        files = {f"{number % 40}/deep/er/{number}.jpg": jpeg(number, size=2000) for number in range(2000)}
        place.note("d", files, may_be_gone=True)
        place.prepare("d", files)
        (place.inbox / ".d").rename(place.inbox / "d")
        for number in range(0, 40, 2):
            subprocess.run(["rm", "-rf", place.inbox / "d" / str(number)], check=True)
        self.clear_empty_folders()
        place.wait_taken_in()
        self.assertIsNone(place.degraded())
        self.assert_sound(place)

    def test_files_written_over_while_they_are_copied(self) -> None:
        """In place, bit by bit, from when the daemon begins: what is accepted is one version or the other."""
        count, size = 100, 1_000_000
        old = {f"label/{number}.jpg": jpeg(number, size, b"a") for number in range(count)}
        new = {f"label/{number}.jpg": jpeg(number, size, b"b") for number in range(count)}
        self.place.note("d", old, may_be_gone=True)
        self.place.prepare("d", old)
        (self.place.inbox / ".d").rename(self.place.inbox / "d")
        self.place.wait_until("it has begun", lambda: bool(os.listdir(self.place.state / "tmp")))
        written: dict[str, bytes] = {}
        # From the last on, to meet the daemon, and then those that it is at.
        for path in [*reversed(new), *new]:
            if path not in written and self.write_over(self.place.inbox / "d" / path, new[path]):
                written[path] = new[path]
        self.assertNotEqual(written, {})
        self.place.note("d", written)
        self.place.wait_taken_in()
        self.assertEqual(self.place.rows("SELECT path_text, reason FROM files WHERE verdict <> 'accepted'"), [])
        self.assert_sound(self.place)

    def write_over(self, path: Path, content: bytes) -> bool:
        """As rsync --inplace does; false where the file has gone."""
        try:
            stream = path.open("r+b", buffering=0)
        except FileNotFoundError:
            return False
        with stream:
            for start in range(0, len(content), 200_000):
                stream.seek(start)
                stream.write(content[start:start + 200_000])
        return True

    def test_a_file_that_is_replaced_by_rename_again_and_again(self) -> None:
        versions = {number: jpeg(number, size=200_000) for number in range(200)}
        path = self.target() / "1.jpg"
        for number, content in versions.items():
            is_last = number == len(versions) - 1
            self.place.note("d", {"label/1.jpg": content}, may_be_gone=not is_last)
            self.replace(path, content)
            time.sleep(SETTLE * 1.02 if number % 40 == 0 else 0.005)
        self.place.wait_taken_in()
        self.assert_sound(self.place)

    def replace(self, path: Path, content: bytes) -> None:
        """As editors save. Between the folder's making and the file's, the folder may go with its drop."""
        hidden = path.with_name(".1.jpg.new")
        while True:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                hidden.write_bytes(content)
                break
            except FileNotFoundError:
                continue
        hidden.rename(path)

    def clear_empty_folders(self) -> None:
        """Those that became empty while nothing of them was taken in are nobody's drop."""
        def clear() -> bool:
            # The daemon may be faster; then find complains.
            search = ["find", self.place.inbox, "-mindepth", "1", "-type", "d", "-empty", "-delete"]
            subprocess.run(search, stderr=subprocess.DEVNULL)
            return not self.place.visible_names()

        self.place.wait_until("only empty folders are left", clear)


class WritersOfAnotherAccount(FaultCase):
    """Who writes to a file that isn't its own, the service may not ask the kernel; it has to see them write."""

    NOBODY = 65_534

    def setUp(self) -> None:
        super().setUp()
        self.require_root("start a daemon of another account")
        self.require_program("setpriv")
        self.place = self.installation(SETTINGS)
        self.folder.chmod(0o755)
        for path in [self.place.folder, *self.place.folder.rglob("*")]:
            os.chown(path, self.NOBODY, self.NOBODY)
        self.place.inbox.chmod(0o777)
        account = [f"--reuid={self.NOBODY}", f"--regid={self.NOBODY}", "--clear-groups"]
        self.place.start(["setpriv", *account])
        self.label = self.place.inbox / "d" / "label"
        for path in (self.label.parent, self.label):
            path.mkdir()
            path.chmod(0o777)
        time.sleep(0.3)

    def test_what_is_written_after_long_pauses_is_not_lost(self) -> None:
        whole, first, second = numbered(1), numbered(2), numbered(3)
        self.place.note("d", {"label/whole.png": second, "label/half.png": whole})
        with (self.label / "whole.png").open("wb") as one, (self.label / "half.png").open("wb") as other:
            one.write(first)
            other.write(whole[:70])
            for stream in (one, other):
                stream.flush()
            time.sleep(PATIENCE)
            self.assertEqual(self.place.rows("SELECT * FROM files"), [])
            one.seek(0)
            one.write(second)
            other.write(whole[70:])
        self.assert_accepted(2)

    def test_a_file_that_is_renamed_while_it_is_written(self) -> None:
        content = numbered(4)
        self.place.note("d", {"label/new.png": content})
        with (self.label / "old.png").open("wb") as stream:
            stream.write(content[:70])
            stream.flush()
            (self.label / "old.png").rename(self.label / "new.png")
            time.sleep(PATIENCE)
            self.assertEqual(self.place.rows("SELECT * FROM files"), [])
            stream.write(content[70:])
        self.assert_accepted(1)

    def assert_accepted(self, count: int) -> None:
        self.place.wait_taken_in()
        self.assertEqual(self.place.rows("SELECT verdict, count(*) FROM files GROUP BY verdict"), [("accepted", count)])
        self.assert_sound(self.place)
