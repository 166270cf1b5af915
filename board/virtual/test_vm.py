#!/usr/bin/env python3
"""Tests of board/vm, on the prepared board: that of $BOARD_ARCH, or amd64. About half a minute."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import unittest
import unittest.mock

sys.dont_write_bytecode = True
BOARD = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BOARD))

from virtual import architecture, board, cache, host_command, machine, packages  # noqa: E402

ARCHITECTURE = architecture.ALL[os.environ.get("BOARD_ARCH", "amd64")]
EVERY_BYTE = bytes(range(256)) * 4096


def vm(verb, *arguments, **options):
    return subprocess.run(
        [BOARD / "vm", verb, "--arch", ARCHITECTURE.name, *arguments], capture_output=True, **options)


class Commands(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.results = self.folder / "results"

    def test_a_command_runs_as_if_it_were_here(self):
        """One start of the guest for all: output byte by byte, exit status, results, read-only host, left processes."""
        (self.folder / "bytes").write_bytes(EVERY_BYTE)
        script = """
            cat bytes
            sleep 1000 &
            echo "checked: 1" >>$BOARD_RESULTS/figures.txt
            touch written && echo "the host's folder can be written" >&2
            grep -q Loopback /proc/asound/cards && grep -q Spare /proc/asound/cards || echo "no sound cards" >&2
            [ -d /sys/kernel/config/gpio-sim ] || echo "no gpio-sim" >&2
            [ "$(id -u)" = 0 ] || echo "not root" >&2
            before=$(cut -d. -f1 /proc/uptime); sleep 30; after=$(cut -d. -f1 /proc/uptime)
            [ $((after - before)) -le 31 ] || echo "sleep 30: $((after - before)) s" >&2
            stty -F $BOARD_CONSOLE raw -echo; stty -F $BOARD_CABLE raw -echo
            (sleep 1; echo "through the cable" >$BOARD_CONSOLE) & line=$(timeout 5 head -n 1 $BOARD_CABLE)
            [ "$line" = "through the cable" ] || echo "the cable gave: $line" >&2
            exit 7
        """
        done = vm("run", "--limit", "120", "--results", self.results, "--", "sh", "-c", script, cwd=self.folder)
        self.assertEqual(done.stdout[len(EVERY_BYTE):].decode(errors="replace"), self.read_only())
        self.assertEqual(done.stdout[:len(EVERY_BYTE)], EVERY_BYTE)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertEqual((self.results / "figures.txt").read_text(), "checked: 1\n")
        self.assertFalse((self.folder / "written").exists())
        self.assertIn("Linux version", (self.results / "kernel.log").read_text())

    def read_only(self):
        return "touch: cannot touch 'written': Read-only file system\n"

    def test_what_a_program_executed_is_written(self):
        script = "od --address-radix=n --format=x8 --skip-bytes=24 --read-bytes=8 /usr/bin/true; " \
                 "setarch --addr-no-randomize /usr/bin/true"
        done = vm("run", "--blocks", self.folder / "blocks", "--", "sh", "-c", script)
        self.assertEqual(done.returncode, 0, done.stderr)
        entry = machine.PROGRAM_BASE[ARCHITECTURE.name] + int(done.stdout, 16)
        addresses = [int(line.split(":")[0], 16) for line in (self.folder / "blocks").read_text().splitlines()
                     if line.startswith("0x")]
        self.assertIn(entry, addresses)

    def test_a_guest_that_hangs_is_ended_at_the_limit(self):
        started = time.monotonic()
        done = vm("run", "--limit", "2", "--results", self.results, "--", "sleep", "1000")
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(done.returncode, 124)
        self.assertIn("the guest did not end within 2 s (--limit)", done.stderr.decode())
        self.assertTrue((self.results / "kernel.log").exists())

    def test_a_guest_that_never_stops_talking_is_ended_at_the_limit(self):
        output, talks = socket.socketpair()
        status, silent = socket.socketpair()
        # Slower than the talker, so that there is always output to read.
        reader = unittest.mock.Mock()
        reader.buffer.write.side_effect = lambda _: time.sleep(0.02)
        with subprocess.Popen(["yes"], stdout=talks) as talker:
            self.addCleanup(talker.wait)
            self.addCleanup(talker.kill)
            with contextlib.redirect_stdout(reader):
                started = time.monotonic()
                told, wrong = host_command.follow(talker, output, status, 1, None)
            self.assertLess(time.monotonic() - started, 2)
            talker.kill()
        self.assertEqual((told, wrong), (124, "the guest did not end within 1 s (--limit)"))
        for end in (output, talks, status, silent):
            end.close()

    def test_a_panic_is_told_and_its_log_kept(self):
        crash = "echo before; echo c >/proc/sysrq-trigger"
        done = vm("run", "--limit", "60", "--results", self.results, "--", "sh", "-c", crash)
        self.assertEqual(done.returncode, 125)
        self.assertEqual(done.stdout, b"before\n")
        self.assertIn("the guest ended before its command did: Kernel panic", done.stderr.decode())
        self.assertIn("sysrq triggered crash", (self.results / "kernel.log").read_text())

    def test_a_qemu_that_does_not_start_is_told_in_its_words(self):
        emulator = self.folder / ARCHITECTURE.emulator
        emulator.write_text("#!/bin/sh\necho 'no such machine' >&2; exit 1\n")
        emulator.chmod(0o755)
        path = f"{self.folder}:{os.environ['PATH']}"
        done = vm("run", "--results", self.results, "--", "true", env=dict(os.environ, PATH=path))
        self.assertEqual(done.returncode, 125)
        self.assertIn("no such machine", done.stderr.decode())

    def test_a_signal_while_the_guest_is_being_started_ends_it_too(self):
        started = []

        def start(machine):
            os.kill(os.getpid(), signal.SIGTERM)
            started.append(machine)

        options = types.SimpleNamespace(
            command=["true"], results=None, disk=None, blocks=None, real_time=False, instruction_ns=1, limit=10)
        with unittest.mock.patch.object(host_command.Machine, "start", start):
            with self.assertRaises(SystemExit) as raised:
                host_command.run(board.prepare(ARCHITECTURE), options)
        self.assertEqual((raised.exception.code, started), (143, []))

    def test_signals_end_the_guest_too(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)):
            process = subprocess.Popen(
                [BOARD / "vm", "run", "--arch", ARCHITECTURE.name, "--", "sleep", "1000"], stderr=subprocess.DEVNULL)
            guest = child_of(process)
            process.send_signal(number)
            self.assertEqual(process.wait(10), status)
            self.assertTrue(ended(guest), f"the guest outlives signal {number}")


class Preparation(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(self.folder))

    def test_a_second_preparation_does_nothing(self):
        self.assertEqual(vm("prepare").returncode, 0)
        started = time.monotonic()
        done = vm("prepare", env=dict(os.environ, https_proxy="http://localhost:1", http_proxy="http://localhost:1"))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertLess(time.monotonic() - started, 2)

    def test_a_killed_download_is_taken_up(self):
        fetch = """if True:
            import sys
            sys.path.insert(0, sys.argv[1])
            from virtual import board, cache, host_command, packages
            with cache.locked("board") as lock:
                archive = packages.Archive("bookworm")
                archive.update()
                with open(archive.folder / "apt.conf", "a") as file:
                    file.write('Acquire::http::Dl-Limit "%s";\\n' % sys.argv[2])
                print(archive.fetch("busybox-static", lock=lock)["busybox-static"])
        """
        command = [sys.executable, "-B", "-c", fetch, BOARD]
        first = subprocess.Popen([*command, "200"], env=self.environment, stderr=subprocess.PIPE)
        self.assertIn(b"downloading busybox-static", first.stderr.readline())
        time.sleep(1)
        first.kill()
        first.wait()
        first.stderr.close()
        partial = next(self.folder.rglob("*.partial"))
        self.assertLess(0, partial.stat().st_size)
        second = subprocess.run([*command, "0"], env=self.environment, capture_output=True, text=True)
        self.assertEqual(second.returncode, 0, second.stderr)
        package = pathlib.Path(second.stdout.strip())
        subprocess.run(["dpkg-deb", "--info", package], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual([path.name for path in package.parent.iterdir()], [package.name])

    def test_an_interrupted_folder_never_has_its_name(self):
        path = self.folder / "board-1-key"
        with contextlib.suppress(KeyboardInterrupt):
            with cache.made(path) as folder:
                (folder / "old").touch()
                raise KeyboardInterrupt
        self.assertFalse(path.exists())
        with cache.made(path) as folder:
            self.assertEqual(list(folder.iterdir()), [])
        self.assertTrue(path.exists())

    def test_a_package_with_wrong_contents_is_fetched_again(self):
        file = self.folder / "package"
        file.write_bytes(b"abc")
        right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        self.assertTrue(packages.whole(file, 3, "SHA256", right))
        self.assertFalse(packages.whole(file, 3, "SHA256", right[::-1]))
        self.assertFalse(packages.whole(file, 4, "SHA256", right))


def child_of(process):
    """The qemu that `process` started, once it runs."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in children.read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().startswith("qemu"):
                return int(child)
        time.sleep(0.05)
    raise AssertionError("no guest was started")


def ended(guest):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if pathlib.Path(f"/proc/{guest}/stat").read_text().rsplit(")")[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
