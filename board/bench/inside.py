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

    def __init__(self, scene, agent):
        shutil.copytree(scene, FOLDER)
        os.chdir(FOLDER)
        with open("scene.json") as file:
            self.scene = json.load(file)
        self.agent = agent
        self.loop = loop.Loop()
        with open("answer.raw", "rb") as file:
            self.session = session.Session(file.read(), self.schedule, self.loop.drop)
        self.edges = []
        self.looks = []

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
            file.write(SETTINGS.format(port=door.port, microphone=card.MICROPHONE, loudspeaker=card.LOUDSPEAKER))
        # Reads the programs from this machine's disk once: a first run would measure that.
        os.system(f"{self.agent or './reference'} check --config kiosk.toml >/dev/null 2>&1; arecord --version >/dev/null")

        # The kiosk takes what the other end has chosen, so both other ends are open before it.
        mouth, ear = card.mouth("said.raw"), card.ear("ear.raw")
        card.wait_for(card.MOUTH_STATUS)
        card.wait_for(card.EAR_STATUS)
        mouth_ns, ear_ns = card.clock(card.MOUTH_STATUS)[0], card.clock(card.EAR_STATUS)[1]
        if self.agent:
            button = card.Button()
            kiosk = process.Process([self.agent, "run", "--config", "kiosk.toml"], FOLDER)
        else:
            kiosk = process.Process(
                ["./reference", str(door.port), "ca.pem", card.MICROPHONE, card.LOUDSPEAKER], FOLDER, is_fed=True)
            button = card.Line(kiosk.process.stdin)
        deadline = time.monotonic() + READY_LIMIT_S
        self.loop.run(lambda: kiosk.said("[kiosk] ready") or time.monotonic() > deadline)
        ready_ns = time.monotonic_ns()
        if not kiosk.said("[kiosk] ready"):
            raise RuntimeError("the kiosk is not ready: " + open(kiosk.errors).read())

        def at(ms, action):
            self.loop.at(mouth_ns + int(ms * 1e6), action)

        self.is_over = False
        for turn in self.scene["turns"]:
            at(turn["press_ms"], lambda: self.edges.append(("press", button.press())))
            at(turn["release_ms"], lambda: self.edges.append(("release", button.release())))
        at(self.scene["lead_ms"], lambda: self.looks.append(kiosk.look()))
        at(self.scene["end_ms"], self.end)
        gc.disable()
        self.loop.run(lambda: self.is_over or not kiosk.is_running())
        self.looks.append(kiosk.look())
        memory = kiosk.memory()
        usage = kiosk.end()
        time.sleep(0.3)
        for program in (mouth, ear):
            program.terminate()
            program.wait()

        with open(results + "/run.json", "w") as file:
            json.dump({
                "scene": self.scene, "mouth_ns": mouth_ns, "ear_ns": ear_ns, "ready_ns": ready_ns,
                "kernel": os.uname().release, "edges": self.edges, "looks": self.looks, "memory": memory,
                "usage": usage, "notes": self.session.notes,
                "appends": [(ns, json.loads(text)["audio"]) for ns, text in self.session.appends]}, file)
        for name in ("ear.raw", "agent.out", "agent.err"):
            shutil.copy(name, results)
        if self.agent:
            shutil.copytree("journal", results + "/journal", dirs_exist_ok=True)

    def end(self):
        self.is_over = True


def main(scene, agent, results):
    Talk(scene, agent).run(results)
