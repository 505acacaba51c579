"""What isn't the files' fault: full and failing disks, no descriptors, no permission, odd clocks, no time, no memory.

While it lasts the daemon says that it is degraded and the files stay in the inbox; when it has passed all are taken in.
"""

from __future__ import annotations

import os
import re
import resource
import stat
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from harness import unfiltered
from harness.case import FaultCase
from harness.checker import blob
from harness.injection import failing
from harness.installation import INTAKE_ONLY, QUICK, Installation, environment
from harness.ledger import next_files
from harness.mounts import break_disk, filled, fragile_disk, mount_memory, read_only, run
from harness.pictures import damaged, data_set, png

NO_SPACE = "No space left on device|disk is full"
"""As the system says it, and as SQLite does."""

RECOVERY_SECONDS = 75
"""The daemon tries again after 30 seconds."""


class EnvironmentCase(FaultCase):
    def assert_survives(
        self, installation: Installation, fault: AbstractContextManager, *, expecting: str, name: str = "struck",
        takes_nothing: bool = False
    ) -> None:
        """A drop that arrives during the fault waits for its end: as a whole, where nothing of it can be taken."""
        files = {f"fig/{number}.png": png(0, 1_000 + number) for number in range(10)}
        files |= {"plum/text.png": b"no picture " * 20}
        with fault:
            installation.drop(name, files)
            self.wait_degraded(installation, expecting)
            self.assert_sound(installation, "while the fault lasts")
            self.assertEqual(self.lost(installation, name, files), [], "taken out of the inbox, but not recorded")
            if takes_nothing:
                self.assertEqual(installation.rows("SELECT count(*) FROM files"), [(0,)])
                self.assertEqual(len(list(installation.inbox.glob(f"{name}/*/*"))), len(files))
        self.wait_well(installation)
        installation.wait_taken_in(RECOVERY_SECONDS)
        self.assert_sound(installation, "after the fault")

    def lost(self, installation: Installation, name: str, files: dict[str, bytes]) -> list[str]:
        """The files that are neither in the inbox nor recorded."""
        recorded = {path for (path,) in installation.rows("SELECT path_text FROM files")}
        return [path for path in files if not (installation.inbox / name / path).exists() and path not in recorded]

    def wait_degraded(self, installation: Installation, expecting: str) -> None:
        installation.wait_until(
            f"it says that it is degraded: {expecting}",
            lambda: re.search(expecting, installation.degraded() or "") is not None)

    def wait_well(self, installation: Installation) -> None:
        installation.wait_until("it says that it is well again", lambda: not installation.degraded(), RECOVERY_SECONDS)

    def wait_published(self, installation: Installation) -> None:
        installation.wait_until(
            "the model is published", lambda: (installation.outbox / "current").exists(), RECOVERY_SECONDS)
        self.wait_well(installation)

    def started(
        self, settings: str = INTAKE_ONLY, name: str = "installation", **folders: Path
    ) -> Installation:
        installation = self.installation(settings, name, **folders)
        installation.start()
        return installation


class FullDisks(EnvironmentCase):
    def setUp(self) -> None:
        super().setUp()
        self.require_root("mount a small file system")

    def test_no_space_in_the_state_folder(self) -> None:
        """Whatever little is left: for a few copies, for a part of the history's log, for nothing at all."""
        self.each((0, 8 << 10, 24 << 10, 48 << 10), self.survive_with)

    def survive_with(self, spare: int) -> None:
        state = mount_memory(self, self.folder / f"state-{spare}", "24m")
        installation = self.started(state=state, name=f"installation-{spare}")
        self.assert_survives(installation, filled(state, spare=spare), expecting=NO_SPACE)

    def test_a_file_that_the_disk_has_no_room_for(self) -> None:
        """It waits; what lies beside it doesn't."""
        state = mount_memory(self, self.folder / "state", "48m")
        installation = self.started(state=state)
        files = {f"fig/{number}.png": png(0, number) for number in range(10)}
        installation.prepare("fruit", files)
        with (installation.inbox / ".fruit/fig/large.png").open("wb") as stream:
            stream.truncate(100 << 20)
        installation.deliver("fruit", files)
        self.wait_degraded(installation, "no room for a copy")
        self.assertEqual(installation.rows("SELECT count(*) FROM files WHERE verdict = 'accepted'"), [(10,)])
        smaller = {"fig/large.png": png(0, 10)}
        installation.note("fruit", smaller)
        installation.write("fruit", smaller)
        installation.wait_taken_in()
        self.wait_well(installation)
        self.assert_sound(installation)

    def test_no_room_for_a_backup(self) -> None:
        """Drops are taken meanwhile, and the backup is made later."""
        state = mount_memory(self, self.folder / "state", "48m")
        installation = self.started(INTAKE_ONLY.replace("interval: 0s", "interval: 1s"), state=state)
        with filled(state, spare=8 << 20):
            for number in range(2):
                installation.drop(f"fruit-{number}", {"fig/1.png": png(0, number)})
                installation.wait_taken_in()
                self.wait_degraded(installation, f"isn't backed up: can't write .*({NO_SPACE})")
            self.assertEqual(os.listdir(state / "backups"), [])
        self.wait_well(installation)
        self.assertNotEqual(list(state.glob("backups/history-*.sqlite")), [])
        self.assert_sound(installation)

    def test_no_space_in_the_outbox(self) -> None:
        outbox = mount_memory(self, self.folder / "outbox", "1m")
        installation = self.started(QUICK, outbox=outbox)
        with filled(outbox):
            installation.drop("fruit", data_set(12, 4, seed=1))
            self.wait_degraded(installation, NO_SPACE)
            self.assert_sound(installation, "while the outbox is full")
        self.wait_published(installation)
        self.assert_sound(installation, "when there is room again")


class OtherFileSystems(EnvironmentCase):
    """The inbox, the state folder and the outbox each on a file system of its own, as systemd's sandbox has them."""

    def setUp(self) -> None:
        super().setUp()
        self.require_root("mount file systems")
        self.folders = {
            name: mount_memory(self, self.folder / "mounts" / name, "64m") for name in ("inbox", "state", "outbox")}

    def test_the_whole_job_across_file_systems(self) -> None:
        installation = self.started(QUICK, **self.folders)
        odd = {"train/fig/broken.png": damaged(1), "beside.png": png(0, 5), "test/fig/again.png": png(0, 10_000)}
        installation.drop("fruit", data_set(12, 4, seed=1) | odd)
        self.assertEqual(installation.wait_for_run()["outcome"], "promoted")
        installation.wait_taken_in()
        self.assert_sound(installation)
        verdicts = dict(installation.rows("SELECT verdict, count(*) FROM files GROUP BY 1"))
        self.assertEqual(verdicts, {"accepted": 48, "duplicate": 1, "rejected": 2})

    def test_an_inbox_that_can_only_be_read(self) -> None:
        """The files are taken in once, and removed when that is possible again."""
        installation = self.started(**self.folders)
        files = {f"fig/{number}.png": png(0, number) for number in range(10)}
        installation.drop("fruit", files)
        with read_only(installation.inbox):
            self.wait_degraded(installation, "Read-only file system")
        installation.wait_taken_in(RECOVERY_SECONDS)
        self.wait_well(installation)
        self.assert_sound(installation)
        self.assertEqual(installation.rows("SELECT count(*) FROM files"), [(10,)])

    def test_an_outbox_that_can_only_be_read(self) -> None:
        installation = self.started(QUICK, **self.folders)
        with read_only(installation.outbox):
            installation.drop("fruit", data_set(12, 4, seed=1))
            self.wait_degraded(installation, "Read-only file system")
        self.wait_published(installation)
        self.assert_sound(installation)


class FailingDisks(EnvironmentCase):
    def setUp(self) -> None:
        super().setUp()
        self.require_strace()

    def test_writes_to_the_history_fail_for_want_of_space(self) -> None:
        installation = self.started()
        log = installation.state / "history.sqlite-wal"
        fault = failing(installation.daemon.pid, "pwrite64", "ENOSPC", log)
        self.assert_survives(installation, fault, expecting=NO_SPACE)

    def test_writes_to_the_ledger_fail(self) -> None:
        """Nothing gets a row that has no line."""
        self.each(("pwrite64", "fsync"), self.survive_without_lines)

    def survive_without_lines(self, call: str) -> None:
        installation = self.started(name=call)
        error, expecting = ("ENOSPC", NO_SPACE) if call == "pwrite64" else ("EIO", "Input/output error")
        fault = failing(installation.daemon.pid, call, error, *next_files(installation.state))
        self.assert_survives(installation, fault, expecting=expecting, takes_nothing=True)

    def test_a_line_whose_synchronisation_failed_once_is_written_again(self) -> None:
        """The system may have dropped what a second synchronisation would report as written."""
        installation = self.started()
        log = installation.folder / "calls"
        ledger = next_files(installation.state)
        with failing(installation.daemon.pid, "fsync", "EIO", *ledger, when="1", watching="pwrite64", log=log):
            installation.drop("fruit", {f"fig/{number}.png": png(0, number) for number in range(10)})
            installation.wait_until(
                "all is taken in", lambda: installation.rows("SELECT count(*) FROM pictures") == [(10,)],
                RECOVERY_SECONDS)
        calls = re.findall(r"(fsync|pwrite64)(?:\(| resumed).*= (-?\d+)", log.read_text())
        writes, synchronisations = calls[::2], calls[1::2]
        self.assertEqual({name for name, _ in synchronisations}, {"fsync"})
        self.assertEqual([result for _, result in synchronisations[-2:]], ["-1", "0"])
        self.assertEqual(writes, [writes[0]] * len(synchronisations), "all of it each time")
        installation.wait_taken_in()
        self.assert_sound(installation)

    def test_synchronising_fails(self) -> None:
        """Of the file system, when many files come; of the files, when few do; of the history."""
        self.each(("syncfs", "fsync,fdatasync"), self.survive_failing)

    def survive_failing(self, calls: str) -> None:
        installation = self.started(name=calls)
        fault = failing(installation.daemon.pid, calls, "EIO")
        self.assert_survives(installation, fault, expecting="Input/output error|disk I/O error")

    def test_a_synchronisation_that_failed_once_is_not_taken_for_success_the_second_time(self) -> None:
        """The copies are made again from the sources."""
        installation = self.started()
        with failing(installation.daemon.pid, "syncfs", "EIO", when="1"):
            installation.drop("fruit", {f"fig/{number}.png": png(0, number) for number in range(10)})
            self.wait_degraded(installation, "Input/output error")
            self.assertEqual(list((installation.state / "tmp").iterdir()), [], "the copies are gone")
            self.assertEqual(len(list(installation.inbox.glob("fruit/fig/*.png"))), 10)
        installation.wait_taken_in(RECOVERY_SECONDS)
        self.assert_sound(installation)

    def test_a_source_that_cant_be_read(self) -> None:
        installation = self.started()
        bad = installation.inbox / "struck/fig/3.png"
        self.assert_survives(
            installation, failing(installation.daemon.pid, "read", "EIO", bad), expecting="Input/output error")

    def test_a_folder_that_cant_be_read(self) -> None:
        """The drops beside it are taken in."""
        installation = self.started()
        files = {f"fig/{number}.png": png(0, number) for number in range(10)}
        with failing(installation.daemon.pid, "getdents64", "EIO", installation.inbox / "bad/fig"):
            installation.drop("bad", files)
            self.wait_degraded(installation, "can't list the folder .*/bad/fig: Input/output error")
            installation.drop("good", {"plum/1.png": png(1, 1)})
            installation.wait_until("the other one is taken in", lambda: installation.visible_names() == [b"bad"])
        installation.wait_taken_in(RECOVERY_SECONDS)
        self.wait_well(installation)
        self.assert_sound(installation)

    def test_a_stored_picture_that_a_run_cant_read(self) -> None:
        """The run comes to nothing and says why; the next one finds the picture as it was."""
        installation = self.started(QUICK.replace("on_drop: true", "every: 1d"))
        installation.drop("fruit", data_set(12, 4, seed=1))
        installation.wait_taken_in()
        (digest,) = installation.rows("SELECT digest FROM pictures ORDER BY id LIMIT 1")[0]
        with failing(installation.daemon.pid, "read", "EIO", blob(installation.state, digest)):
            request = subprocess.Popen(
                installation.command("train"), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(request.wait)
            self.addCleanup(request.kill)
            installation.wait_until("it says what is wrong", lambda: "Input/output error" in installation.log_text())
            self.assertFalse((installation.outbox / "current").exists())
        request.kill()
        request.wait()
        if installation.json("history")[0]["outcome"] == "failed":
            installation.run("train")
        self.wait_published(installation)
        self.assert_sound(installation)


class BrokenDisks(EnvironmentCase):
    def setUp(self) -> None:
        super().setUp()
        self.require_root("mount a file system")
        self.require_program("mkfs.ext4")
        if not list(Path("/dev").glob("loop*")):
            self.skipTest("there are no loop devices")

    def test_the_state_folders_disk_finds_an_error_and_can_only_be_read(self) -> None:
        """Nothing can be said in the state folder then. The files stay in the inbox until the disk is well again."""
        image, state = self.folder / "disk", self.folder / "state"
        files = {f"fig/{number}.png": png(0, number) for number in range(10)}
        with fragile_disk(image, state):
            installation = self.started(state=state)
            break_disk(state)
            installation.drop("fruit", files)
            installation.wait_until("the log says so", lambda: "drop not taken" in installation.log_text())
            self.assertEqual(len(list(installation.inbox.glob("fruit/fig/*.png"))), 10)
            self.assertEqual(installation.stop(), 0)
        subprocess.run(["fsck.ext4", "-y", str(image)], capture_output=True)
        run("mount", "-o", "loop", str(image), str(state))
        self.addCleanup(run, "umount", "--lazy", str(state))
        self.addCleanup(installation.kill)
        installation.start()
        installation.wait_taken_in()
        self.assert_sound(installation)


class NoDescriptors(EnvironmentCase):
    def test_no_descriptor_is_left(self) -> None:
        installation = self.started()
        self.assert_survives(installation, few_descriptors(installation.daemon.pid), expecting="Too many open files")


@contextmanager
def few_descriptors(process: int, spare: int = 2) -> Iterator[None]:
    """Lets a process open hardly any more than it has."""
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir(f"/proc/{process}/fd"))
    resource.prlimit(process, resource.RLIMIT_NOFILE, (highest + 1 + spare, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_NOFILE, limits)


class DecoderProcesses(EnvironmentCase):
    def test_none_can_be_started(self) -> None:
        self.require_strace()
        installation = self.started()
        fault = failing(installation.daemon.pid, "memfd_create", "ENOMEM")
        self.assert_survives(installation, fault, expecting="can't start a decoder process: Cannot allocate memory")

    def test_they_cant_be_confined(self) -> None:
        """The log and the status say so, nothing stops, and the limits of resources remain."""
        installation = self.installation(QUICK)
        installation.start(unfiltered.prefix())
        installation.drop("fruit", data_set(12, 4, seed=1))
        self.assertEqual(installation.wait_for_run()["outcome"], "promoted")
        said = "no system call filters"
        self.assertEqual(installation.log_text().count(said), 1)
        status = installation.json("status")["status"]
        self.assertIn(said, status["weak_sandbox"])
        self.assertIsNone(status["degraded"])
        self.assertRegex(installation.run("status").stdout, rf"(?m)^decoders \(!\) .*{said}")
        decoders = children(installation.daemon.pid)
        self.assertTrue(decoders, "the intake keeps its processes")
        for decoder in decoders:
            limits = Path(f"/proc/{decoder}/limits").read_text()
            self.assertRegex(limits, r"(?m)^Max address space +\d+ ")
            for resource_name in ("file size", "core file size", "processes"):
                self.assertRegex(limits, rf"(?m)^Max {resource_name} +0 ")
        self.assert_sound(installation)


def children(process: int) -> list[int]:
    """A process's own processes."""
    lists = [(task / "children").read_text() for task in Path(f"/proc/{process}/task").iterdir()]
    return [int(child) for one in lists for child in one.split()]


class NoPermission(EnvironmentCase):
    """The daemon as a user who isn't root."""

    USER = 65534

    def setUp(self) -> None:
        super().setUp()
        self.user: dict[str, object] = {}
        if os.geteuid() == 0:
            self.user = {"user": self.USER, "group": self.USER, "extra_groups": []}
            self.folder.chmod(0o755)
            self.addCleanup(os.umask, os.umask(0))  # What root drops, the daemon's user may remove.

    def started_as_user(self, name: str) -> Installation:
        installation = self.installation(name=name)
        if self.user:
            for path in (installation.inbox, installation.outbox, installation.state):
                os.chown(path, self.USER, self.USER)
        installation.start(**self.user)
        return installation

    def test_a_store_that_may_not_be_written(self) -> None:
        self.each(("tmp", "pictures", "rejected", "ledger"), self.survive_without)

    def survive_without(self, folder: str) -> None:
        installation = self.started_as_user(folder)
        self.assert_survives(installation, closed(installation.state / folder), expecting="Permission denied")


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """A folder in which nothing can be made."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(mode & ~0o222)
    try:
        yield
    finally:
        folder.chmod(mode)
