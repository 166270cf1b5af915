"""What happens inside the board: a kiosk between card, button and server, and a visitor who keeps to a timetable."""
import gc
import json
import os
import shutil
import ssl
import time

from . import card, loop, process, session

SETTINGS = """\
[realtime]
url = "wss://localhost:{port}/v1/realtime"
ca_file = "ca.pem"
[audio]
capture = "{microphone}"
playback = "{loudspeaker}"
[gpio]
chip = "bench"
button = "TALK"
[journal]
directory = "journal"
[control]
socket = "control.sock"
"""
READY_LIMIT_S = 5
FOLDER = "/tmp/kiosk-bench"


class Talk:
    """`agent` is the kiosk's executable; None is the plain client, which lies in the scene."""

    Session = session.Session
    settings = ""
    mouth, ear = "said.raw", "ear.raw"

    def __init__(self, scene, agent):
        shutil.copytree(scene, FOLDER)
        os.chdir(FOLDER)
        with open("scene.json") as file:
            self.scene = json.load(file)
        self.agent = agent
        self.loop = loop.Loop()
        with open("answer.raw", "rb") as file:
            self.session = self.Session(file.read(), self.schedule, self.loop.drop)
        self.edges = []
        self.looks = []
        self.is_over = False

    def schedule(self, ms, key, event, note=None):
        """The session's: sends an event, or does something, so much later."""
        def action():
            if callable(event):
                return event()
            ns = time.monotonic_ns()
            self.loop.link.send(event)
            if note:
                self.session.note(note, ns)
        self.loop.at(time.monotonic_ns() + int(ms * 1e6), action, key)

    def run(self, results):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem", "server.key")
        self.loop.link = door = loop.Door(self.loop, context, self.session.open, self.session.receive)
        with open("kiosk.toml", "w") as file:
            file.write(SETTINGS.format(
                port=door.port, microphone=card.MICROPHONE, loudspeaker=card.LOUDSPEAKER) + self.settings)
        # Reads the programs from this machine's disk once: a first run would measure that.
        warm_up = f"{self.agent or './reference'} check --config kiosk.toml"
        os.system(f"{warm_up} >/dev/null 2>&1; arecord --version >/dev/null")

        # The kiosk takes what the other end has chosen, so both other ends are open before it.
        others = [card.mouth(self.mouth), card.ear(self.ear)]
        card.wait_for(card.MOUTH_STATUS)
        card.wait_for(card.EAR_STATUS)
        self.mouth_ns, self.ear_ns = card.clock(card.MOUTH_STATUS)[0], card.clock(card.EAR_STATUS)[1]
        self.started_ns = time.monotonic_ns()
        self.start(door.port)
        deadline = time.monotonic() + READY_LIMIT_S
        self.loop.run(lambda: self.kiosk.said("[kiosk] ready") or time.monotonic() > deadline)
        if not self.kiosk.said("[kiosk] ready"):
            raise RuntimeError("the kiosk is not ready: " + open(self.kiosk.errors).read())

        self.plan()
        self.at(self.scene["lead_ms"], lambda: self.looks.append(self.kiosk.look()))
        self.at(self.scene["end_ms"], self.end)
        gc.disable()
        self.loop.run(lambda: self.is_over or not self.kiosk.is_running())
        self.looks.append(self.kiosk.look())
        found = {"memory": self.kiosk.memory(), "usage": self.kiosk.end()}
        time.sleep(0.3)
        for program in others:
            program.terminate()
            program.wait()
        self.write(results, {**found, "knock_ms": (door.knocked_ns - self.started_ns) / 1e6})

    def start(self, port):
        """Starts what is measured, and its button."""
        if self.agent:
            self.button = card.Button()
            self.kiosk = process.Process([self.agent, "run", "--config", "kiosk.toml"], FOLDER)
        else:
            self.kiosk = process.Process(
                ["./reference", str(port), "ca.pem", card.MICROPHONE, card.LOUDSPEAKER], FOLDER, is_fed=True)
            self.button = card.Line(self.kiosk.process.stdin)

    def at(self, ms, action):
        """By the visitor's clock, which begins with the first frame that is said."""
        self.loop.at(self.mouth_ns + int(ms * 1e6), action)

    def plan(self):
        for turn in self.scene["turns"]:
            self.at(turn["press_ms"], lambda: self.edges.append(("press", self.button.press())))
            self.at(turn["release_ms"], lambda: self.edges.append(("release", self.button.release())))

    def write(self, results, found):
        with open(results + "/run.json", "w") as file:
            json.dump({
                **found, "scene": self.scene, "mouth_ns": self.mouth_ns, "ear_ns": self.ear_ns,
                "kernel": os.uname().release, "edges": self.edges, "looks": self.looks, "notes": self.session.notes,
                "appends": [(ns, json.loads(text)["audio"]) for ns, text in self.session.appends]}, file)
        for name in ("ear.raw", "agent.out", "agent.err"):
            if os.path.exists(name):
                shutil.copy(name, results)
        if self.agent:
            shutil.copytree("journal", results + "/journal", dirs_exist_ok=True)

    def end(self):
        self.is_over = True
