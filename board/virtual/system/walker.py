"""What both boots of the walk share: types commands on a terminal of their own and keeps what a person would see.

/results/walk.json gets [step, what was typed, what was seen, exit status] for each; steps.json holds [step, command].
"""
import json
import os
import pathlib
import pty
import re
import select
import time

STEPS = pathlib.Path("/usr/lib/board/steps.json")
SEEN = pathlib.Path("/results/walk.json")
HOME = "/home/pi"
LIMIT_S = 300


def steps():
    return [tuple(step) for step in json.loads(STEPS.read_text())]


def note(step, typed, seen, status=0):
    notes = json.loads(SEEN.read_text()) if SEEN.exists() else []
    SEEN.write_text(json.dumps([*notes, [step, typed, seen, status]], indent=1))


def type_command(step, command, answers=()):
    """Types the command, and each of (prompt, answer) when its prompt is there. The exit status."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(HOME)
        # debconf would complain of the dialogs that this Debian has not.
        os.environ.update(HOME=HOME, TERM="linux", DEBIAN_FRONTEND="noninteractive", LANG="C.UTF-8",
                          PATH="/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        os.execv("/bin/bash", ["bash", "-c", command])
    seen, waiting, end = b"", list(answers), time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if waiting and waiting[0][0].encode() in seen:
            os.write(terminal, waiting.pop(0)[1].encode())
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:    # Linux's way to say that the other end is closed.
            data = b""
        if not data:
            break
        seen += data
    else:
        seen += f"\n(not through within {LIMIT_S} s)".encode()
        os.kill(child, 9)
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    note(step, command, shown(seen.decode(errors="replace")), status)
    return status


def shown(text):
    """What is left on a screen: a line that is written over shows its last writing."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]", "", text.replace("\r\n", "\n"))
    return "\n".join(line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.strip("\n").split("\n"))
