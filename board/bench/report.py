"""What a run in the board has to say: the table, and the figures that miss their bars."""
import array
import base64
import json
import os
import statistics

from . import signals, wakeups

# By processor: amd64's is for Swift 6.3; 6.0, which arm64's board is built with, asks more at run time (Package.swift).
CPU_BAR_S = {"amd64": 0.80, "arm64": 1.10}
IDLE_BAR_PERCENT = 0.5
START_BAR_MS = 150
MEMORY_BAR_KB = 16 * 1024
MICROPHONE_BAR_MS = 26
SOUND_BAR_MS = 10
SILENCE_BAR_MS = 20
WAKE_UP_BAR_US = 100
TICK_FRAMES = 192  # the kernel's, 4 ms at 48 kHz: snd-aloop hands frames on at these


class Report:
    def __init__(self, folder, arch, has_bars):
        self.arch = arch
        self.has_bars = has_bars
        with open(os.path.join(folder, "run.json")) as file:
            self.run = json.load(file)
        self.folder = folder
        self.faults = []

    def line(self, name, value, unit, bar=None, note=""):
        bar = bar if self.has_bars else None
        limit = "" if bar is None else f"bar {bar} {unit}"
        missed = bar is not None and value > bar
        print(f"{name:44}{value:10.2f} {unit:4}{limit:14}{'MISSED ' if missed else ''}{note}", flush=True)
        if missed:
            self.faults.append(f"{name}: {value:.2f} {unit}, wanted at most {bar} {unit}")

    def spread(self, name, values, unit, bar=None):
        values = sorted(values)
        if not values:
            self.faults.append(f"{name}: nothing was measured")
            return
        p99 = values[min(len(values) - 1, -(-len(values) * 99 // 100) - 1)]
        self.line(name + ", p99", p99, unit, bar,
                  f"{len(values)} of them: {values[0]:.2f} to {values[-1]:.2f}, median {statistics.median(values):.2f}")

    # MARK: Cost

    def idle(self):
        self.line("exec to connect, devices open", self.run["knock_ms"], "ms", START_BAR_MS)
        self.cost("CPU a minute without a visitor", IDLE_BAR_PERCENT / 100 * 60)

    def conversation(self):
        self.cost("CPU a minute of conversation", CPU_BAR_S[self.arch])

    def cost(self, name, bar):
        begin, end = self.run["looks"]
        minutes = (end["at"] - begin["at"]) / 60e9
        spent = {}
        for thread, after in end["threads"].items():
            before = begin["threads"].get(thread, {"ns": 0, "runs": 0})
            runs = after["runs"] - before["runs"]
            spent[after["name"]] = ((after["ns"] - before["ns"]) / 1e9 / minutes, runs / minutes)
        usage = self.run["usage"]
        start = sum(thread["ns"] for thread in begin["threads"].values()) / 1e9
        total = sum(seconds for seconds, _ in spent.values())
        self.line(name, total, "s", bar, f"start-up {start:.3f} s more")
        for name, (seconds, runs) in sorted(spent.items(), key=lambda entry: -entry[1][0]):
            print(f"    {name:40}{seconds:10.3f} s   {runs:.0f} wake-ups, {seconds / max(runs, 1) * 1e6:.0f} us each")
        user, system = end["user"] - begin["user"], end["system"] - begin["system"]
        print(f"    user {user / minutes:.2f} s, system {system / minutes:.2f} s; whole life: user "
              f"{usage['user']:.3f} s, system {usage['system']:.3f} s, page faults {end['faults']} "
              f"(major {end['major_faults']})")
        memory = self.run["memory"]
        self.line("memory, high-water mark", memory["VmHWM"] / 1024, "MB", MEMORY_BAR_KB / 1024,
                  f"now {memory['VmRSS']} kB: anonymous {memory['RssAnon']}, files {memory['RssFile']}")
        print("    " + ", ".join(f"{name} {memory['rollup'][name]} kB" for name in
                                 ("Pss", "Private_Dirty", "Private_Clean", "Shared_Clean", "Locked")))
        for name, (size, resident, dirty) in memory["mappings"][:14]:
            print(f"    {name:52}{resident:8} kB resident of {size}, {dirty} dirty")

    def wake_ups(self):
        waited, worked = wakeups.times(self.folder)
        for name in wakeups.THREADS:
            self.spread(f"{name}: woken to running", waited[name], "us")
            # The loudspeaker's first wake-up of an answer fills the whole buffer of the card.
            bar = WAKE_UP_BAR_US if name == "capture" else None
            self.spread(f"{name}: running until asleep again", worked[name], "us", bar)

    # MARK: Soak

    def soak(self):
        begin, end = self.run["looks"]
        seconds = (end["at"] - begin["at"]) / 1e9
        starts = self.run["starts"]
        for name in ("capture", "playback"):
            self.line(f"restarts of {name}", len(starts[name]) - 1, "", 0, f"looked {sum(starts[name].values())} times")
            if not all(start.endswith("RUNNING") for start in starts[name]):
                self.faults.append(f"{name} was not running: {starts[name]}")
        print(f"    {seconds / 60:.1f} minutes; {self.run['sent'] / 5:.0f} s of answer sent, "
              f"{self.run['appended'] / 64_000:.0f} s of microphone received")

    # MARK: Microphone

    def microphone(self):
        """From the instant a marker stands before the microphone to its append's arrival at the server."""
        heard = []
        for ns, audio in self.run["appends"]:
            samples = array.array("h", base64.b64decode(audio))
            heard += [ns] * (1 if max(map(abs, samples), default=0) >= signals.MARKER_THRESHOLD else 0)
        said = [self.run["mouth_ns"] + frame * 1_000_000_000 // signals.CARD_RATE
                for frame in self.run["scene"]["markers"]]
        # One marker may lie across two appends.
        first = [ns for index, ns in enumerate(heard) if index == 0 or ns - heard[index - 1] > 60_000_000]
        if len(first) != len(said):
            self.faults.append(f"{len(said)} markers said, {len(first)} heard")
        else:
            late = [(ns - at) / 1e6 for ns, at in zip(first, said)]
            self.spread("microphone to server", late, "ms", MICROPHONE_BAR_MS)
        frames = [len(base64.b64decode(audio)) // 48 for _, audio in self.run["appends"]]
        print(f"    {len(frames)} appends, median {statistics.median(frames):.0f} ms")

    # MARK: Loudspeaker

    def loudspeaker(self):
        samples = array.array("h")
        with open(os.path.join(self.folder, "ear.raw"), "rb") as file:
            samples.frombytes(file.read())
        sounds = signals.sounds(samples[0::2], signals.CARD_RATE // 10)
        sent = [ns for ns, what in self.run["notes"] if what == "first delta"]
        if len(sounds) != len(sent):
            self.faults.append(f"{len(sent)} answers sent, {len(sounds)} heard")
            return
        self.spread("first delta to first sound", [(self.audible(sound.first) - ns) / 1e6
                                                    for sound, ns in zip(sounds, sent)], "ms", SOUND_BAR_MS)
        broken = sum(len(sound.breaks) for sound in sounds)
        heard = sum(sound.last + 1 - sound.first for sound in sounds) / signals.CARD_RATE
        self.line("gaps and jumps in all answers", broken, "", 0, f"in {heard:.1f} s")
        lengths = [(sound.last + 1 - sound.first) / 48 for sound in sounds]
        print(f"    heard of the answers: {min(lengths):.1f} to {max(lengths):.1f} ms")
        presses = [ns for what, ns in self.run["edges"] if what == "press"]
        late = []
        for sound in sounds:
            begin, end = self.audible(sound.first), self.audible(sound.last)
            late += [(end - press) / 1e6 for press in presses if begin < press < end + 5_000_000][:1]
        if late:
            self.spread("press to silence", late, "ms", SILENCE_BAR_MS)

    def audible(self, frame):
        """When a frame of the recording was handed on: at the tick that ends its part."""
        frame = -(-(frame + 1) // TICK_FRAMES) * TICK_FRAMES
        return self.run["ear_ns"] + frame * 1_000_000_000 // signals.CARD_RATE


def show(what, arch, folder):
    report = Report(folder, arch, has_bars=what != "reference")
    print(f"--- {what}: kernel {report.run['kernel']}", flush=True)
    if what in ("cost", "reference"):
        report.conversation()
    if what == "idle":
        report.idle()
    if what == "wakeups":
        report.wake_ups()
    elif what == "soak":
        report.soak()
    elif what != "idle":
        report.microphone()
        report.loudspeaker()
    with open(os.path.join(folder, "agent.err")) as file:
        for line in file:
            report.faults.append(f"the kiosk said: {line.rstrip()}")
    return report.faults
