"""What happens outside the board: the agent is built, a scene is written, and played in the board (inside.py)."""
import os
import subprocess

import demo
from virtual import disk

from . import scene

BOARD = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
ROOT = os.path.dirname(BOARD)
# A core of 500 million instructions a second.
INSTRUCTION_NS = 2
# Half an hour of a core that is never idle is long: on a core that is four times slower it is over sooner, and harder.
SOAK_INSTRUCTION_NS = 8
# Of the disk that the disk hog writes to.
DISK_MIB = 128

SCENES = {"cost": scene.conversation, "idle": scene.idle, "reference": scene.conversation,
          "presses": scene.interruptions, "wakeups": lambda: scene.interruptions(10), "soak": None}


def build(arch):
    """Returns the agent's path."""
    if arch == "arm64":
        subprocess.run([os.path.join(BOARD, "build-arm64")], check=True)
        return os.path.join(ROOT, ".build/arm64/board/kiosk-agent")
    subprocess.run([os.path.join(BOARD, "install-packages"), "--board"], check=True)
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib"]
    subprocess.run(command + ["--product", "kiosk-agent"], cwd=ROOT, check=True)
    shown = subprocess.run(command + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return os.path.join(shown.stdout.strip(), "kiosk-agent")


def run(what, arch, agent, results, minutes=0, blocks=None):
    """Plays one scene in the board; its results are in the folder. `blocks`: board/vm's."""
    os.makedirs(results, exist_ok=True)
    folder = os.path.join(results, "scene")
    os.makedirs(folder, exist_ok=True)
    demo.make_certificates(folder)
    scene.write(folder, *(scene.quiet(minutes) if what == "soak" else SCENES[what]()))
    if what == "reference":
        agent = ""
        compile(folder, "reference", "-lasound", "-lssl", "-lcrypto")
    if what == "soak":
        compile(folder, "hog")
    # The board sees the agent's folder by this name.
    environment = {**os.environ, "BOARD_EXECUTABLES": os.path.dirname(agent) or folder}
    instruction_ns = SOAK_INSTRUCTION_NS if what == "soak" else INSTRUCTION_NS
    command = [os.path.join(BOARD, "vm"), "run", "--arch", arch, "--instruction-ns", str(instruction_ns),
               "--limit", "7200"]
    if what == "soak":
        disk.make(folder + "/disk.img", DISK_MIB)
        command += ["--disk", folder + "/disk.img"]
    if blocks:
        command += ["--blocks", blocks]
    command += ["--results", results, "--", os.path.join(BOARD, "bench-audio"), "--inside", "--agent", agent, what]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def compile(folder, name, *libraries):
    source = os.path.join(BOARD, "bench", name + ".c")
    subprocess.run(["gcc", "-O2", "-o", os.path.join(folder, name), source, *libraries], check=True)
