"""The far end of the sound card and of the talk button, inside the board: mouth, ear, finger, and their clocks."""
import os
import subprocess
import time

RATE = 48_000
FORMAT = ["-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE), "-c", "2"]
# The kiosk has device 0, the visitor device 1; what one end plays the other captures.
MICROPHONE, LOUDSPEAKER = "hw:CARD=Loopback,DEV=0,SUBDEV=0", "hw:CARD=Loopback,DEV=0,SUBDEV=1"
MOUTH, EAR = "hw:CARD=Loopback,DEV=1,SUBDEV=0", "hw:CARD=Loopback,DEV=1,SUBDEV=1"
STATUS = "/proc/asound/Loopback"
MOUTH_STATUS, EAR_STATUS = f"{STATUS}/pcm1p/sub0/status", f"{STATUS}/pcm1c/sub1/status"
AGENT_STATUS = {"capture": f"{STATUS}/pcm0c/sub0/status", "playback": f"{STATUS}/pcm0p/sub1/status"}
GPIO = "/sys/kernel/config/gpio-sim/bench"
BUTTON = 4


def mouth(path):
    """Long periods: the visitor must never be the one that loses frames."""
    if path == "-":
        again = subprocess.Popen(["sh", "-c", "while cat said.raw; do :; done"], stdout=subprocess.PIPE)
        return subprocess.Popen(
            ["aplay", *FORMAT, "-D", MOUTH, "--period-time=100000", "--buffer-time=1000000"], stdin=again.stdout)
    return subprocess.Popen(
        ["aplay", *FORMAT, "-D", MOUTH, "--period-time=100000", "--buffer-time=1000000", path])


def ear(path):
    return subprocess.Popen(
        ["arecord", *FORMAT, "-D", EAR, "--period-time=100000", "--buffer-time=1000000", path])


def status(path):
    """The members of a stream's status; the kernel brings the count up to date for it."""
    with open(path) as file:
        return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in file)}


def wait_for(path):
    deadline = time.monotonic() + 5
    while status(path).get("state") != "RUNNING":
        if time.monotonic() > deadline:
            raise RuntimeError(f"{path}: does not run")
        time.sleep(0.002)


def clock(path):
    """When the stream's frame 0 was, by the earliest count seen, as (not before, not after): CLOCK_MONOTONIC, ns.

    snd-aloop counts at the kernel's ticks, 4 ms apart: seen later, a count is the same and seems to be late.
    """
    earliest, latest = None, None
    for _ in range(200):
        before = time.monotonic_ns()
        frames = int(status(path)["hw_ptr"])
        after = time.monotonic_ns()
        ns = frames * 1_000_000_000 // RATE
        earliest = min(before - ns, earliest or before)
        latest = min(after - ns, latest or after)
        time.sleep(0.0007)
    return earliest, latest


class Button:
    """A line of gpio-sim that the visitor connects to ground."""

    def __init__(self):
        for folder in ("", "/bank", f"/bank/line{BUTTON}"):
            os.mkdir(GPIO + folder)
        for name, value in (("bank/num_lines", "8"), ("bank/label", "bench"), (f"bank/line{BUTTON}/name", "TALK"),
                            ("live", "1")):
            write(f"{GPIO}/{name}", value)
        with open(GPIO + "/dev_name") as device, open(GPIO + "/bank/chip_name") as chip:
            folder = f"/sys/devices/platform/{device.read().strip()}/{chip.read().strip()}"
        self.pull = os.open(f"{folder}/sim_gpio{BUTTON}/pull", os.O_WRONLY)
        self.release()

    def press(self):
        """Returns when the wire touched ground."""
        ns = time.monotonic_ns()
        os.pwrite(self.pull, b"pull-down", 0)
        return ns

    def release(self):
        ns = time.monotonic_ns()
        os.pwrite(self.pull, b"pull-up", 0)
        return ns


class Line:
    """The plain client's button: a word on its standard input."""

    def __init__(self, pipe):
        self.pipe = pipe

    def press(self):
        ns = time.monotonic_ns()
        os.write(self.pipe.fileno(), b"press\n")
        return ns

    def release(self):
        ns = time.monotonic_ns()
        os.write(self.pipe.fileno(), b"release\n")
        return ns


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
