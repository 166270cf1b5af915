#!/usr/bin/env python3
"""Two spoken turns without sound card, key and network, by real processes over TLS.

A WAV file stands for the microphone: silence, an utterance, silence, another. The kiosk hears it at its own pace, the
button is pressed where each utterance begins, the simulator answers, and what the loudspeaker would have played is a
WAV file too. Exit status 0 only when everything the demo promises was measured to be so.

    board/demo.py --executables .build/release
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import wave

BOARD = os.path.dirname(os.path.realpath(__file__))
SAMPLES = os.path.join(BOARD, "..", "Sources", "realtime-simulator", "Samples")
UTTERANCES = ["spelled-name", "policy-number"]
RATE = 24_000
FRAMES_PER_MS = 24
LEAD_MS = 2_000  # time to connect before the first utterance
REPLY_MS = 3_000  # from the end of an utterance to the start of its answer, and some rest after it
START_LIMIT_S = 10
TURN_LIMIT_S = 20  # from the last release until both turns are in the journal

SETTINGS = """\
[realtime]
url = "wss://localhost:{port}/v1/realtime"
ca_file = "ca.pem"

[turns]
detection = "push-to-talk"

[audio]
capture = "wav:said.wav"
playback = "wav:heard.wav"

[journal]
directory = "journal"

[control]
socket = "control.sock"
"""


class Failed(Exception):
    """What did not hold, in one line."""


def say(words):
    print(f"[demo] {words}", flush=True)


def eventually(what, limit_s, look):
    """Waits until look() returns something true, and returns that."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.005)
    raise Failed(f"not within {limit_s:.0f} s: {what}")


class Program:
    """A process whose output is shown and kept line by line."""

    def __init__(self, arguments, shown):
        self.name = os.path.basename(arguments[0])
        self.lines = []
        # The demo needs no key, so it does not hand one on; a proxy has no part in it either.
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("OPENAI_API_KEY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET")}
        try:
            self.process = subprocess.Popen(
                arguments, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace")
        except OSError as error:
            raise Failed(f"{arguments[0]}: {error.strerror}") from error
        self.reader = threading.Thread(target=self.read, args=(shown,), daemon=True)
        self.reader.start()

    def read(self, shown):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if shown:
                print(line, end="", flush=True)

    def wait_for(self, start):
        """The first line that begins with `start`."""
        def look():
            for line in list(self.lines):
                if line.startswith(start):
                    return line
            if self.process.poll() is not None:
                self.reader.join()
                raise Failed(f"{self.name} ended: {self.lines[-1] if self.lines else 'without a word'}")
            return None
        return eventually(f"{self.name} says '{start}'", START_LIMIT_S, look)

    def stop(self, limit_s):
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name} did not end within {limit_s} s of SIGTERM") from error
        self.reader.join()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run_openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"openssl {arguments[0]}: {done.stderr.strip().splitlines()[-1]}")


def make_certificates(folder, host="localhost"):
    """An authority of its own (ca.pem), and a certificate for the host that it signed (server.pem, server.key)."""
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    run_openssl(folder, *new, "-subj", "/CN=kiosk-agent demo authority",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.pem")
    run_openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={host}", "-keyout", "server.key", "-out", "server.csr")
    with open(os.path.join(folder, "server.ext"), "w") as file:
        file.write(f"subjectAltName=DNS:{host},IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n"
                   "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    run_openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "server.ext", "-out", "server.pem")


def read_wav(name):
    with wave.open(os.path.join(SAMPLES, name)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise Failed(f"{name}: wanted 24 kHz, mono, 16 bit")
        return file.readframes(file.getnframes())


def length_ms(pcm):
    return len(pcm) // 2 // FRAMES_PER_MS


def make_microphone(path, samples):
    """Writes what the microphone hears; returns (from, to) in ms for each utterance."""
    pcm, spans = b"", []
    pause = LEAD_MS
    for sample in samples:
        pcm += bytes(2 * FRAMES_PER_MS * pause)
        begin = length_ms(pcm)
        pcm += read_wav(sample["file"])
        spans.append((begin, length_ms(pcm)))
        pause = length_ms(read_wav(sample["answer_file"])) + REPLY_MS
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(pcm)
    return spans


def read_jsonl(path):
    """The whole lines so far; the last one may still be being written."""
    try:
        with open(path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def journal_segments(folder):
    directory = os.path.join(folder, "journal")
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return [os.path.join(directory, name) for name in names if name.endswith(".jsonl")]


def read_journal(folder):
    return [entry for path in journal_segments(folder) for entry in read_jsonl(path)]


class Demo:
    def __init__(self, folder, executables):
        self.folder = folder
        self.executables = executables
        self.programs = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name, *arguments, shown):
        program = Program([os.path.join(self.executables, name), *arguments], shown)
        self.programs.append(program)
        return program

    def run(self):
        with open(os.path.join(SAMPLES, "samples.json")) as file:
            by_name = {sample["name"]: sample for sample in json.load(file)}
        samples = [by_name[name] for name in UTTERANCES]
        make_certificates(self.folder)
        spans = make_microphone(self.path("said.wav"), samples)

        simulator = self.start(
            "realtime-simulator", "--listen", "127.0.0.1:0", "--tls-cert", self.path("server.pem"), "--tls-key",
            self.path("server.key"), "--samples", SAMPLES, "--report", self.path("report.jsonl"), shown=False)
        address = simulator.wait_for("listening on ").split()[-1]
        say(f"the simulator listens at {address}")
        with open(self.path("kiosk.toml"), "w") as file:
            file.write(SETTINGS.format(port=address.split(":")[2].split("/")[0]))

        kiosk = self.start("kiosk-agent", "run", "--config", self.path("kiosk.toml"), shown=True)
        kiosk.wait_for("[kiosk] ready")
        for sample, (begin, end) in zip(samples, spans):
            self.wait_for_position(kiosk, begin)
            self.button("press")
            self.wait_for_position(kiosk, end)
            self.button("release")
            say(f"said into the microphone: {sample['text']}")
        eventually("two turns in the journal", TURN_LIMIT_S, lambda: len(self.turns()) >= len(samples))
        status = kiosk.stop(5)
        simulator.stop(5)
        self.show(simulator)
        self.check(samples, status)

    def wait_for_position(self, kiosk, position_ms):
        """Waits for a position of the microphone's file; the loudspeaker's file grows with the same clock."""
        def look():
            if kiosk.process.poll() is not None:
                raise Failed("kiosk-agent ended before the demo did")
            try:
                return os.path.getsize(self.path("heard.wav")) - 44 >= position_ms * 2 * FRAMES_PER_MS
            except FileNotFoundError:
                return False
        eventually(f"the microphone is at {position_ms} ms", position_ms / 1000 + START_LIMIT_S, look)

    def button(self, edge):
        button = Program(
            [os.path.join(self.executables, "kiosk-agent"), "button", edge, "--config", self.path("kiosk.toml")], True)
        status = button.process.wait(START_LIMIT_S)
        if status != 0:
            raise Failed(f"kiosk-agent button {edge}: exit status {status}")

    def turns(self):
        return [entry for entry in read_journal(self.folder) if entry["kind"] == "turn"]

    def heard(self):
        return [entry for entry in read_jsonl(self.path("report.jsonl")) if entry.get("kind") == "heard"]

    def show(self, simulator):
        say("what the simulator measured of the audio it received:")
        for line in simulator.lines:
            if line.startswith("heard "):
                print(f"  {line}")
        for path in journal_segments(self.folder):
            say(f"the journal, {path}:")
            with open(path) as file:
                print("  " + "  ".join(file), end="")
        say(f"the loudspeaker played: {self.path('heard.wav')}   the microphone heard: {self.path('said.wav')}")

    def check(self, samples, status):
        faults = []

        def expect(what, found, wanted):
            if found != wanted:
                faults.append(f"{what}: {found!r}, wanted {wanted!r}")

        expect("exit status of kiosk-agent", status, 0)
        turns, heard = self.turns(), self.heard()
        expect("turns in the journal", len(turns), len(samples))
        expect("utterances heard", [entry.get("name") for entry in heard], [sample["name"] for sample in samples])
        for number, (sample, turn) in enumerate(zip(samples, turns), 1):
            for kind in ("realtime", "built_in"):
                expect(f"turn {number}, {kind} transcript", turn[kind]["text"], sample["text"])
                expect(f"turn {number}, {kind} status", turn[kind]["status"], "ok")
            expect(f"turn {number}, assistant", turn["assistant"]["status"], "completed")
        for number, entry in enumerate(heard, 1):
            for end in ("head", "tail"):
                expect(f"turn {number}, ms missing at the {end}", entry.get(f"{end}_missing_ms"), 0)
        if faults:
            raise Failed("; ".join(faults))

    def kill_all(self):
        for program in self.programs:
            program.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executables", required=True, help="the folder of kiosk-agent and realtime-simulator")
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="kiosk-agent-demo-")
    say(f"everything is kept in {folder}")
    demo = Demo(folder, os.path.realpath(arguments.executables))
    try:
        demo.run()
    except Failed as failure:
        print(f"demo failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo stopped", file=sys.stderr)
        return 1
    finally:
        demo.kill_all()
    say("two turns, both transcripts exact, 0 ms missing at head and tail, both answers heard to their end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
