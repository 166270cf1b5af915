"""Half an hour of audio both ways without a pause, beside a CPU hog and a disk hog."""
import base64
import os
import subprocess
import time

from . import card, inside, session, signals

DELTA_MS = 200  # whole cycles of the tone: each delta goes on where the one before ended
LEAD_DELTAS = 5
LOOK_MS = 1_000
DISK = "/tmp/disk"
HOGS = {
    "cpu": "exec ./hog",
    # As much as a disk that waits now and then.
    "disk": f"while :; do dd if=/dev/zero of={DISK}/hog bs=1M count=4 conv=fsync; sleep 0.3; done",
}


class Stream(session.Session):
    """Hears a turn at once, and answers it for ever."""

    def __init__(self, pcm, schedule, drop):
        super().__init__(pcm, schedule, drop)
        self.delta = base64.b64encode(signals.tone(session.RATE, DELTA_MS).tobytes())
        self.appended = self.sent = self.began = 0

    def open(self):
        super().open()
        self.schedule(1_000, None, self.begin)

    def receive(self, text, ns):
        if b'"input_audio_buffer.append"' in text:
            self.appended += len(text)
        else:
            super().receive(text, ns)

    def begin(self):
        buffer, item = "input_audio_buffer.", "item_User00000000000000001"
        self.schedule(0, None, session.event(buffer + "speech_started", audio_start_ms=0, item_id=item))
        self.schedule(0, None, session.event(buffer + "speech_stopped", audio_end_ms=500, item_id=item))
        self.commit()
        response, _, self.head = self.begin_answer(100)
        for _ in range(LEAD_DELTAS):
            self.schedule(100, response, self.head + self.delta + b'"}')
        self.schedule(100, response, self.go_on)

    def go_on(self):
        # From the first delta on, not from the last: being late must not add up.
        self.began = self.began or time.monotonic_ns()
        self.sent += 1
        self.schedule(0, None, self.head + self.delta + b'"}')
        due = self.began + self.sent * DELTA_MS * 1_000_000
        self.schedule(max(0, (due - time.monotonic_ns()) / 1e6), None, self.go_on)


class Soak(inside.Talk):
    Session = Stream
    settings = '[turns]\ndetection = "server-vad"\nmicrophone_while_speaking = "open"\n'
    mouth, ear = "-", "/dev/null"

    def plan(self):
        # A restart of a stream, for whatever reason, is a new time of its start.
        self.starts = {name: {} for name in card.AGENT_STATUS}
        os.mkdir(DISK)
        subprocess.run(["mount", "/dev/pmem0", DISK], check=True)
        self.hogs = [subprocess.Popen(["sh", "-c", words], stderr=subprocess.DEVNULL) for words in HOGS.values()]
        self.at(self.scene["lead_ms"], self.look)

    def look(self):
        for name, path in card.AGENT_STATUS.items():
            status = card.status(path)
            start = status.get("trigger_time", "closed") + " " + status.get("state", "")
            self.starts[name][start] = self.starts[name].get(start, 0) + 1
        self.loop.at(self.loop.now + LOOK_MS * 1_000_000, self.look)

    def write(self, results, found):
        for hog in self.hogs:
            hog.kill()
        super().write(results, {**found, "starts": self.starts, "appended": self.session.appended,
                                "sent": self.session.sent})
