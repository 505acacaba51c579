"""However things come into the inbox, and whatever becomes of the watching and of the inbox itself: all is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from harness.case import FaultCase
from harness.installation import Installation
from odd.pngs import numbered

PATIENT = """\
inbox: {settle: 2s}
train: {every: 1d}
"""
"""For what is written straight into the inbox by programs that may be slow on a busy machine."""

NEVER = """\
inbox: {settle: 1h}
train: {every: 1d}
"""

RETRY_SECONDS = 60
"""How long the daemon polls before it tries inotify again."""

WATCHING, POLLING, OVERFLOW = "folders with inotify", "polling the inbox", "too much happened at once"


def pictures(count: int, start: int = 0, labels: int = 10) -> dict[str, bytes]:
    return {f"label{number % labels}/{number}.png": numbered(number) for number in range(start, start + count)}


class WatchingCase(FaultCase):
    def watching(self, settings: str = PATIENT, prefix: Iterable[str] = ()) -> Installation:
        """An installation whose daemon has begun to watch."""
        place = self.installation(settings)
        place.start(tuple(prefix))
        self.wait_for_log(place, WATCHING)
        return place

    def wait_for_log(self, place: Installation, text: str, times: int = 1, seconds: float = 60) -> None:
        place.wait_until(f"the log says {times} times: {text}", lambda: place.log_text().count(text) >= times, seconds)

    def assert_all_taken(self, place: Installation, count: int, seconds: float = 120) -> None:
        """So many files were accepted, and nothing else happened to any."""
        place.wait_taken_in(seconds)
        verdicts = place.rows("SELECT verdict, count(*) FROM files GROUP BY verdict")
        self.assertEqual(verdicts, [("accepted", count)])
        self.assert_sound(place)


class Deliveries(WatchingCase):
    def test_three_hundred_folders_eight_deep_made_at_once(self) -> None:
        place = self.watching()
        folders = [f"{number}/a/b/c/d/e/f/g" for number in range(300)]
        subprocess.run(["mkdir", "-p", *folders], cwd=place.inbox, check=True)
        for number, folder in enumerate(folders):
            content = {f"{number}.png": numbered(number)}
            place.note(folder, content)
            place.write(folder, content)
        self.assert_all_taken(place, 300)

    def test_mkdir_and_file_in_turn(self) -> None:
        """A folder's first file comes before the folder can be watched."""
        place = self.watching()
        for number in range(300):
            folder, content = f"{number}/a/b/c/d/e/f/g", {"1.png": numbered(number)}
            place.note(folder, content)
            place.write(folder, content)
        self.assert_all_taken(place, 300)

    def test_five_thousand_files_copied_straight_in(self) -> None:
        place = self.watching()
        files = pictures(5000)
        place.note("many", files)
        place.write("many", files, self.folder)
        subprocess.run(["cp", "-r", self.folder / "many", place.inbox], check=True)
        self.assert_all_taken(place, 5000)

    def test_fifty_drops_of_a_hundred(self) -> None:
        place = self.watching()
        drops = {f"drop{number}": pictures(100, start=100 * number) for number in range(50)}
        for name, files in drops.items():
            place.prepare(name, files)
        for name, files in drops.items():
            place.deliver(name, files)
        self.assert_all_taken(place, 5000)

    def test_a_folder_renamed_in_is_taken_at_once(self) -> None:
        place = self.watching(NEVER)
        place.drop("hidden", pictures(50))
        place.write("outside", pictures(50, start=50), self.folder)
        place.note("outside", pictures(50, start=50))
        (self.folder / "outside").rename(place.inbox / "outside")
        self.assert_all_taken(place, 100)

    def test_a_folder_renamed_within_is_taken_under_its_last_name(self) -> None:
        place = self.watching()
        place.note("last", pictures(50))
        place.write("first", pictures(50))
        (place.inbox / "first").rename(place.inbox / "second")
        (place.inbox / "second/label0").rename(place.inbox / "second/label0-too")
        (place.inbox / "second/label0-too").rename(place.inbox / "second/label0")
        (place.inbox / "second").rename(place.inbox / "last")
        self.assert_all_taken(place, 50)
        self.assertEqual(place.rows("SELECT name_text FROM drops"), [("last",)])

    def test_a_folder_renamed_while_it_is_taken_in(self) -> None:
        """What has been recorded has the old name, the rest the new one; no file has both."""
        place = self.watching()
        files = pictures(6000, labels=300)
        for name in ("old", "new"):
            place.note(name, files, may_be_gone=True)
        place.prepare("old", files)
        (place.inbox / ".old").rename(place.inbox / "old")
        place.wait_until("the first files are recorded", lambda: place.rows("SELECT count(*) FROM files")[0][0] > 0)
        (place.inbox / "old").rename(place.inbox / "new")
        place.wait_until("no file is left", lambda: not any(names for _, _, names in os.walk(place.inbox)))
        # Empty folders are nobody's drop.
        shutil.rmtree(place.inbox / "new", ignore_errors=True)
        self.assert_all_taken(place, 6000)

    def test_a_folder_moved_out_while_it_is_taken_in(self) -> None:
        """What has been recorded by then stays where it is now: there it is somebody's own."""
        place = self.watching()
        files = pictures(4000, labels=4)
        place.note("old", files, may_be_gone=True)
        place.prepare("old", files)
        (place.inbox / ".old").rename(place.inbox / "old")
        place.wait_until("the first files are copied", lambda: any((place.state / "tmp").iterdir()))
        home = self.folder / "home"
        (place.inbox / "old").rename(home)
        place.wait_taken_in()
        self.assertEqual(sum(len(names) for _, _, names in os.walk(home)), 4000)
        self.assert_sound(place)

    def test_a_label_moved_to_another_drop(self) -> None:
        place = self.watching()
        files = pictures(100, labels=2)
        place.note("there", files)
        place.write("here", files)
        (place.inbox / "there").mkdir()
        for label in ("label0", "label1"):
            (place.inbox / "here" / label).rename(place.inbox / "there" / label)
        place.wait_until("the drop is taken in", lambda: not (place.inbox / "there").exists())
        # An empty folder is nobody's drop.
        (place.inbox / "here").rmdir()
        self.assert_all_taken(place, 100)

    def test_files_dropped_while_the_daemon_is_stopped(self) -> None:
        place = self.installation()
        place.drop("before", pictures(20))
        place.start()
        place.wait_taken_in()
        place.stop()
        place.drop("between", pictures(20, start=20))
        place.note("straight", pictures(20, start=40))
        place.write("straight", pictures(20, start=40))
        place.start()
        self.assert_all_taken(place, 60)


class Limits(WatchingCase):
    """The limits are those of a user namespace of the daemon's own: nothing else on the machine feels them."""

    def limited(self, name: str, value: int) -> list[str]:
        """What to start the daemon under, so that it has so many watches or instances."""
        script = f'echo {value} > /proc/sys/user/{name} && exec "$@"'
        prefix = ["unshare", "--user", "--map-root-user", "--", "sh", "-c", script, "sh"]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
            self.skipTest("no user namespaces, or none that has limits of its own")
        return prefix

    def test_the_queue_overflows(self) -> None:
        """The daemon stands still while more happens than the queue holds; what comes at the end is in no event."""
        place = self.watching()
        queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        for name in ("one", "other"):
            (place.inbox / f"noise-{name}").mkdir()
        with place.paused():
            for _ in range(queue // 2 + 100):
                for name in ("one", "other"):
                    os.utime(place.inbox / f"noise-{name}")
            place.note("unseen", pictures(20))
            place.write("unseen", pictures(20))
        self.wait_for_log(place, OVERFLOW)
        place.wait_until("the drop is taken in", lambda: not (place.inbox / "unseen").exists())
        # Its folders are watched all the same.
        for name in ("one", "other"):
            (place.inbox / f"noise-{name}").rmdir()
        place.drop("later", pictures(20, start=20))
        self.assert_all_taken(place, 40)

    def test_the_watches_run_out(self) -> None:
        place = self.watching(prefix=self.limited("max_inotify_watches", 20))
        place.drop("many", pictures(200, labels=100))
        self.wait_for_log(place, "no inotify watches are left")
        self.assertIn("no inotify watches are left", place.degraded() or "")
        place.drop("while-polling", pictures(20, start=200))
        self.assert_all_taken(place, 220)

    def test_there_is_no_instance_until_the_limit_is_raised(self) -> None:
        place = self.installation(PATIENT)
        daemon = place.start(self.limited("max_inotify_instances", 0))
        self.wait_for_log(place, "inotify can't be set up")
        place.drop("while-polling", pictures(20))
        place.wait_taken_in()
        entered = ["nsenter", "--target", str(daemon.pid), "--user", "--preserve-credentials"]
        subprocess.run([*entered, "sh", "-c", "echo 10 > /proc/sys/user/max_inotify_instances"], check=True)
        self.wait_for_log(place, WATCHING, seconds=RETRY_SECONDS + 30)
        self.assertIsNone(place.degraded())
        place.drop("while-watching", pictures(20, start=20))
        self.assert_all_taken(place, 40)


class OtherInboxes(WatchingCase):
    def test_the_inbox_is_removed_and_made_anew(self) -> None:
        place = self.watching()
        for number in range(3):
            shutil.rmtree(place.inbox)
            place.wait_until("it says so", lambda: "inbox" in (place.degraded() or ""))
            place.inbox.mkdir()
            place.drop(f"new{number}", pictures(20, start=20 * number))
            place.wait_taken_in()
        self.assert_all_taken(place, 60)
        self.assertIsNone(place.degraded())

    def test_the_inbox_is_replaced_at_once(self) -> None:
        """Faster than the daemon can see: only the last one is there for long."""
        place = self.watching()
        for _ in range(20):
            place.inbox.rmdir()
            place.inbox.mkdir()
        place.drop("last", pictures(20))
        self.assert_all_taken(place, 20)

    def test_the_inbox_is_renamed_away_and_comes_back(self) -> None:
        place = self.watching()
        away = self.folder / "away"
        place.inbox.rename(away)
        place.write("away", pictures(20), away)
        place.note("away", pictures(20))
        place.wait_until("it says so", lambda: "inbox" in (place.degraded() or ""))
        away.rename(place.inbox)
        self.assert_all_taken(place, 20)
        self.assertIsNone(place.degraded())

    def test_another_folder_takes_the_inbox_s_place_while_a_drop_is_taken_in(self) -> None:
        """What is under way ends in the old folder; then the new one is looked into."""
        place = self.watching()
        place.prepare("old", pictures(5000))
        place.deliver("old", pictures(5000))
        place.wait_until("the first files are recorded", lambda: place.rows("SELECT count(*) FROM files")[0][0] > 0)
        away = self.folder / "away"
        place.inbox.rename(away)
        place.inbox.mkdir()
        place.drop("new", pictures(20, start=5000))
        place.wait_until("the new drop is taken in", lambda: not place.visible_names() and place.rows(
            "SELECT 1 FROM drops WHERE name_text = 'new' AND finished_at IS NOT NULL"))
        self.assertEqual(os.listdir(away), [])
        self.assert_all_taken(place, 5020)

    def test_another_file_system_is_mounted_over_the_inbox_and_taken_off(self) -> None:
        """In a mount namespace of the daemon's own, which is entered by way of /proc."""
        self.require_root("mount a file system")
        place = self.watching(prefix=["unshare", "--mount", "--propagation", "private"])
        assert place.daemon
        entered = ["nsenter", "--target", str(place.daemon.pid), "--mount"]
        subprocess.run([*entered, "mount", "-t", "tmpfs", "tmpfs", place.inbox], check=True)
        mounted = Path(f"/proc/{place.daemon.pid}/root{place.inbox}")
        place.write("covered", pictures(20))
        place.note("covered", pictures(20))
        place.write("above", pictures(20, start=20), mounted)
        place.note("above", pictures(20, start=20))
        place.wait_until("what is mounted is emptied", lambda: not os.listdir(mounted))
        self.assertEqual(os.listdir(place.inbox), ["covered"])
        # The daemon holds the folder open.
        subprocess.run([*entered, "umount", "--lazy", place.inbox], check=True)
        self.assert_all_taken(place, 40)
