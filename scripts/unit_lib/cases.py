"""What the unit is tried for."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
import unittest
from pathlib import Path

from .machine import ROOT, UNIT, Machine, MachineError

sys.path.insert(0, str(ROOT / "Tests" / "Faults"))

from harness import backbone  # noqa: E402 (the path comes first)
from harness.pictures import data_set, png  # noqa: E402

GROWER, READER, STRANGER = "trial-grower", "trial-reader", "trial-stranger"
"""Two members of the group, who deliver and look, and somebody who isn't."""
INBOX = "/srv/cultivar/inbox"
MOST_EXPOSURE = 0.6
STOP_SECONDS = 5.0

QUICK = """\
inbox: {settle: 1s}
train: {on_drop: true}
search:
  candidates: 2
  folds: 2
  space: {backbone: [tiny], learning_rate: [0.01, 0.003], batch_size: [16], hidden_units: [8]}
fit: {epochs: 6}
"""

LONG = """\
inbox: {settle: 1s}
train: {on_drop: true}
search:
  candidates: 3
  space: {backbone: [tiny], learning_rate: [0.00001, 0.000003], hidden_units: [512], dropout: [0]}
fit: {epochs: 12000, validation_share: 0}
"""
"""A search of many trials, each of which takes a second or two."""

SANDBOXED = {
    "open an Internet socket": "EAFNOSUPPORT",
    "open a netlink socket": "EAFNOSUPPORT",
    "map memory to write and to execute": "EPERM",
    "make written memory executable": "EPERM",
    "become root": "EPERM",
    "make a user namespace": "EPERM",
    "change the personality": "EPERM",
    "make a setuid file": "EPERM",
    "see process 1": "ENOENT",
    "read the load": "ENOENT",
    "read a file in /home": "EACCES",
    "read a file in /tmp": "ENOENT",
    "write to an open folder of the system's": "EROFS",
    "write to an open folder in /srv": "EROFS",
    "write to an open folder in /var": "EROFS",
}
"""What the sandbox keeps from a service that could do it otherwise."""

USABLE = {
    "open a local socket", "write to the inbox", "write to the outbox", "write to the state", "write to its own /tmp"}


class UnitTests(unittest.TestCase):
    """One machine for all; each test sets the unit up as it needs it, with an empty state folder."""

    binary: Path
    machine: Machine

    @classmethod
    def setUpClass(cls) -> None:
        folder = Path(tempfile.mkdtemp(prefix="cultivar-trial-"))
        cls.addClassCleanup(folder.rmdir)
        cls.machine = Machine(folder)
        cls.addClassCleanup(cls.machine.halt)
        cls.machine.install(cls.binary)
        started = time.monotonic()
        cls.machine.boot()
        print(f"booted in {time.monotonic() - started:.1f} s", file=sys.stderr)
        cls._set_up()

    @classmethod
    def _set_up(cls) -> None:
        """As the README says, with people."""
        machine = cls.machine
        machine.must("systemd-sysusers")
        machine.must("systemd-tmpfiles", "--create")
        for user in (GROWER, READER, STRANGER):
            machine.must("useradd", "--create-home", user)
        for user in (GROWER, READER):
            machine.must("usermod", "--append", "--groups=cultivar", user)
        machine.write("/var/lib/cultivar/backbones/tiny.onnx", backbone.tiny())
        machine.must("systemctl", "daemon-reload")

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        self.result = result
        return super().run(result)

    def setUp(self) -> None:
        self.started = time.time()
        self.failures_before = self._failures()

    def _failures(self) -> int:
        return len(self.result.errors) + len(self.result.failures) if self.result else 0

    def tearDown(self) -> None:
        if self._failures() > self.failures_before:
            print(self.log(), file=sys.stderr)
        self.machine.must("systemctl", "stop", UNIT)
        self.machine.run("systemctl", "reset-failed", UNIT)
        self.machine.shell(f"rm -rf /run/systemd/system/{UNIT}.d; systemctl daemon-reload")
        self.machine.shell(f"""
            rm -rf {INBOX}/* {INBOX}/.[a-z]* /srv/cultivar/outbox/* /home/*/harvest /home/*/later
            find /var/lib/cultivar -mindepth 1 -maxdepth 1 ! -name backbones -exec rm -rf {{}} +""")

    # Its state

    def start(self, settings: str = QUICK, drop_in: str = "") -> None:
        self.machine.write("/etc/cultivar/cultivar.yaml", settings)
        if drop_in:
            folder = f"/run/systemd/system/{UNIT}.d"
            self.machine.shell(f"mkdir -p {folder}; printf %s '{drop_in}' > {folder}/trial.conf")
            self.machine.must("systemctl", "daemon-reload")
        self.machine.must("systemctl", "start", UNIT)

    def show(self, name: str) -> str:
        return self.machine.must("systemctl", "show", "--value", "-p", name, UNIT).strip()

    @property
    def process(self) -> int:
        return int(self.show("MainPID"))

    def wait_for_status(self, pattern: str, seconds: float = 60) -> str:
        """Waits until the unit's status line matches."""
        found: list[str] = []

        def matches() -> bool:
            found.append(self.show("StatusText"))
            return re.search(pattern, found[-1]) is not None

        try:
            self.machine.wait_until(f"a status like {pattern}", matches, seconds)
        except MachineError as error:
            raise MachineError(f"{error}; there were {sorted(set(found))}") from None
        return found[-1]

    def restarted(self, earlier: int) -> bool:
        return self.show("ActiveState") == "active" and self.process not in (0, earlier)

    def log(self) -> str:
        return self.machine.must("journalctl", "-u", UNIT, f"--since=@{self.started:.0f}", "-o", "cat")

    # Its users

    def deliver(self, name: str, files: dict[str, bytes], user: str = GROWER) -> None:
        """As docs/operations.md tells a member of the group to."""
        self._write_home(name, files, user)
        hidden = f"{INBOX}/.{name}"
        self.machine.shell(f"cp -r ~{user}/{name} {hidden}; chmod -R g+rwX {hidden}; mv {hidden} {INBOX}/{name}", user)

    def move_in(self, name: str, files: dict[str, bytes], user: str = READER) -> None:
        """The other way, for a folder that was made elsewhere."""
        self._write_home(name, files, user)
        self.machine.shell(f"cd ~{user}; chgrp -R cultivar {name}; chmod -R g+rwX {name}; mv {name} {INBOX}/", user)

    def make_there(self, name: str, content: bytes, user: str = GROWER) -> None:
        """By a program that leaves permissions to the system, of somebody who shares nothing."""
        self.machine.write(f"/home/{user}/fig.png", content)
        folder = f"{INBOX}/.{name}/fig"
        self.machine.shell(
            f"umask 077; mkdir -p {folder}; cat ~{user}/fig.png > {folder}/1.png; mv {INBOX}/.{name} {INBOX}/{name}",
            user)

    def _write_home(self, name: str, files: dict[str, bytes], user: str) -> None:
        for path, content in files.items():
            self.machine.write(f"/home/{user}/{name}/{path}", content)
        self.machine.must("chown", "-R", f"{user}:{user}", f"/home/{user}/{name}")

    def cultivar(self, *arguments: str, user: str = READER) -> object:
        return json.loads(self.machine.must("cultivar", *arguments, "--format", "json", user=user))

    def _counts(self) -> dict[str, int]:
        return self.cultivar("status")["counts"]

    def run_has(self, outcome: str) -> bool:
        runs = self.cultivar("history")
        return bool(runs) and runs[0]["outcome"] == outcome

    # The tests

    def test_the_unit_is_in_order_and_hardly_exposed(self) -> None:
        verified = self.machine.run("systemd-analyze", "verify", UNIT)
        self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, ""))
        path = self.show("FragmentPath")
        threshold = f"--threshold={MOST_EXPOSURE * 10:.0f}"
        result = self.machine.run("systemd-analyze", "security", "--offline=true", "--no-pager", threshold, path)
        level = re.search(r"Overall exposure level for \S+: ([\d.]+) (\w+)", result.stdout)
        assert level, result.stdout + result.stderr
        print(f"exposure {level[1]} {level[2]}", file=sys.stderr)
        self.assertEqual((result.returncode, level[2]), (0, "SAFE"))
        self.assertLessEqual(float(level[1]), MOST_EXPOSURE)

    def test_it_is_enabled_for_the_next_boot(self) -> None:
        self.machine.must("systemctl", "enable", UNIT)
        self.assertEqual(self.machine.must("systemctl", "is-enabled", UNIT).strip(), "enabled")
        self.assertIn(UNIT, self.machine.must("systemctl", "list-dependencies", "--plain", "multi-user.target"))

    def test_a_members_drop_becomes_a_model_that_another_member_uses(self) -> None:
        self.start()
        self.assertEqual((self.show("ActiveState"), self.show("SubState")), ("active", "running"))
        self.wait_for_status("^watching the inbox")
        self.deliver("harvest", data_set(train=12, test=4, seed=1) | {"train/fig/notes.txt": b"no picture " * 20})
        self.machine.wait_until("a promoted model", lambda: self.run_has("promoted"))
        self.wait_for_status("^watching the inbox, last drop harvest: 48 accepted, 0 duplicates, 1 rejected$")
        self.assertEqual(self._inbox(), [])
        self.move_in("later", data_set(train=2, test=1, seed=8))
        self.make_there("made", png(0, 77_777))
        self.machine.wait_until("three drops to be taken in", lambda: self._counts()["drops"] == 3)
        self.machine.wait_until("the inbox to be empty", lambda: self._inbox() == [])
        self.assertEqual(self.cultivar("status")["current"], "v0001")
        self.machine.wait_until("a backup", lambda: self.cultivar("status")["last_backup"] is not None)
        self.assertEqual(self.cultivar("rejects")[0]["code"], "not_a_picture")
        self.machine.write(f"/home/{READER}/fig.png", png(0, 99_999))
        self.assertEqual(self.cultivar("predict", f"/home/{READER}/fig.png")[0]["label"], "fig")
        self.assertTrue(self.machine.must("cat", "/srv/cultivar/outbox/current/labels.txt", user=STRANGER))
        refused = self.machine.run("cultivar", "history", user=STRANGER)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("ermission", refused.stderr)
        denied = self.machine.run("touch", f"{INBOX}/stranger.png", user=STRANGER)
        self.assertNotEqual(denied.returncode, 0)
        self.assertNotIn("picture decoder", self.log())

    def test_pictures_are_decoded_in_confined_children(self) -> None:
        self.start()
        children: dict[int, str] = {}
        self.deliver("harvest", data_set(train=150, test=20, seed=2))

        def seen() -> bool:
            children.update(self._children(self.process))
            return self._counts()["train_pictures"] == 450

        self.machine.wait_until("the pictures are in", seen)
        self.assertTrue(children, "no decoder process was seen")
        for status in children.values():
            self.assertRegex(status, r"(?m)^Seccomp:\t2$")
            self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")
        self.assertNotIn("picture decoder", self.log())

    def _children(self, process: int) -> dict[int, str]:
        """The status of each child of a process of the machine's, by its number."""
        script = (
            f"for task in /proc/{process}/task/*; do for child in $(cat $task/children); do "
            "echo \"== $child\"; cat /proc/$child/status; done; done 2>/dev/null || true")
        parts = self.machine.shell(script).split("== ")[1:]
        pairs = (part.split("\n", 1) for part in parts)
        return {int(number): status for number, status in pairs if "Seccomp" in status}

    def test_the_status_line_follows_a_run_and_a_stop_in_its_middle_is_quick_and_clean(self) -> None:
        self.start(LONG)
        self.deliver("harvest", data_set(train=12, test=4, seed=3))
        first = self.wait_for_status(r"^run 1: searching.*trial [2-9] of 9")
        self.assertRegex(self.machine.must("systemctl", "status", "--no-pager", UNIT), r'Status: "run 1: searching')
        self.wait_for_status(f"^(?!{re.escape(first)}$)run 1: ")
        begin = time.monotonic()
        self.machine.must("systemctl", "stop", UNIT)
        seconds = time.monotonic() - begin
        print(f"stopped in {seconds:.2f} s", file=sys.stderr)
        self.assertLess(seconds, STOP_SECONDS)
        self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))
        self.assertTrue(self.run_has("running"))
        self.machine.must("systemctl", "start", UNIT)
        self.machine.wait_until("the run to be ended", lambda: self.run_has("promoted"), 400)
        self.assertIn("resuming an interrupted run", self.log())

    def test_a_hang_is_noticed_and_the_service_started_again(self) -> None:
        self.start(drop_in="[Service]\nWatchdogSec=3\nRestartSec=1\n")
        earlier = self.process
        time.sleep(7)
        self.assertEqual(self.process, earlier, "it didn't answer the watchdog while it was well")
        self.machine.must("kill", "-STOP", str(earlier))
        self.machine.wait_until("the watchdog to strike", lambda: self.restarted(earlier), 40)
        self.assertEqual(self.show("NRestarts"), "1")
        self.assertIn("watchdog", self.log().lower())
        self._require_work()

    def test_a_killed_service_is_started_again_and_goes_on_with_its_run(self) -> None:
        self.start(LONG)
        self.deliver("harvest", data_set(train=12, test=4, seed=4))
        self.wait_for_status(r"^run 1: searching.*trial [2-9] of 9")
        earlier = self.process
        begin = time.monotonic()
        self.machine.must("kill", "-KILL", str(earlier))
        self.machine.wait_until("the service to be back", lambda: self.restarted(earlier), 15)
        print(f"back {time.monotonic() - begin:.1f} s after kill -9", file=sys.stderr)
        self.assertEqual(self.show("NRestarts"), "1")
        self.machine.wait_until("the run to be ended", lambda: self.run_has("promoted"), 400)
        self.assertIn("resuming an interrupted run", self.log())

    def test_an_inbox_that_is_made_anew_or_mounted_later_is_watched_and_emptied(self) -> None:
        self.start()
        self.machine.shell(f"rmdir {INBOX}; systemd-tmpfiles --create")
        self._require_work()
        self.machine.must("mount", "-t", "tmpfs", "trial", INBOX)
        self.addCleanup(self.machine.must, "umount", INBOX)
        self.machine.must("systemd-tmpfiles", "--create")
        self.deliver("later", data_set(train=1, test=1, seed=6))
        self.machine.wait_until("the drop to be gone", lambda: self._inbox() == [])

    def _inbox(self) -> list[str]:
        return self.machine.must("ls", "-A", INBOX).split()

    def _require_work(self) -> None:
        self.deliver("harvest", data_set(train=12, test=4, seed=5))
        self.machine.wait_until("a promoted model", lambda: self.run_has("promoted"))
        self.assertEqual(self._inbox(), [])

    def test_the_running_service_has_no_rights(self) -> None:
        self.start()
        process = self.process
        status = self.machine.must("cat", f"/proc/{process}/status")
        for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"):
            self.assertIn(f"\n{line}\n", status)
        user = self.machine.must("id", "-u", "cultivar").strip()
        self.assertIn(f"\nUid:\t{user}\t{user}\t{user}\t{user}\n", status)
        interfaces = self.machine.must("cat", f"/proc/{process}/net/dev").splitlines()[2:]
        self.assertEqual([line.split(":")[0].strip() for line in interfaces], ["lo"])

    def test_a_service_that_is_taken_over_can_do_no_harm(self) -> None:
        self._lay_out_temptations()
        free = self._probe("--property=User=cultivar", "--property=Group=cultivar")
        held = self._probe_in_unit()
        self.assertEqual(free["trials"] | dict.fromkeys(SANDBOXED, "done"), free["trials"], "a trial shows nothing")
        for trial, expected in SANDBOXED.items():
            with self.subTest(trial):
                self.assertEqual(held["trials"][trial], expected)
        for trial in USABLE:
            with self.subTest(trial):
                self.assertEqual(held["trials"][trial], "done")
        nothing = "0000000000000000"
        self.assertEqual(
            held["facts"],
            {"NoNewPrivs": "1", "Seccomp": "2", "CapBnd": nothing, "CapEff": nothing, "interfaces": "lo"})

    def _lay_out_temptations(self) -> None:
        """Files and folders that the account could use but for the sandbox."""
        self.machine.write("/usr/local/lib/trial/probe.py", (Path(__file__).parent / "probe.py").read_bytes())
        self.machine.shell("""
            install -d -m 0777 /usr/local/open /srv/open /var/open
            install -d -m 0755 /home/open
            echo secret > /home/open/secret
            echo secret > /tmp/secret
            install -m 4755 /usr/bin/id /usr/local/bin/setuid-id""")

    def _probe(self, *properties: str) -> dict:
        return json.loads(self.machine.must(
            "systemd-run", "--quiet", "--pipe", "--wait", "--setenv=STATE=/var/lib/cultivar", *properties,
            "/usr/bin/python3", "/usr/local/lib/trial/probe.py"))

    def _probe_in_unit(self) -> dict:
        """The unit with the probe in the daemon's place; whatever else it says stays."""
        report = "/var/lib/cultivar/probe.json"
        drop_in = f"""\
[Service]
Type=oneshot
Restart=no
Environment=STATE=/var/lib/cultivar
StandardOutput=truncate:{report}
ExecStart=
ExecStart=/usr/bin/python3 /usr/local/lib/trial/probe.py
"""
        self.start(drop_in=drop_in)
        return json.loads(self.machine.must("cat", report))
