"""What the audio threads do between being woken and sleeping again, seen by the kernel's tracer: the agent as it is.

The time on the processor is a bound for "period wake-up to ring": all that our code does for a period, the system
calls and the way back to sleep included.
"""
import os
import re
import subprocess

from . import inside

TRACING = "/sys/kernel/tracing"
THREADS = ("capture", "playback")
BUFFER_KB = 32 * 1024
EVENT = re.compile(r"\s(\d+)\.(\d{6}): (sched_\w+): (.*)")


class Wakeups(inside.Talk):
    def plan(self):
        super().plan()
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=False)
        either = " || ".join(f'{{0}} == "{name}"' for name in THREADS)
        switch = f"({either.format('prev_comm')}) || ({either.format('next_comm')})"
        for name, value in (
                ("trace_clock", "mono"), ("buffer_size_kb", str(BUFFER_KB)),
                ("events/sched/sched_switch/filter", switch), ("events/sched/sched_switch/enable", "1"),
                ("events/sched/sched_wakeup/filter", either.format("comm")), ("events/sched/sched_wakeup/enable", "1")):
            with open(f"{TRACING}/{name}", "w") as file:
                file.write(value)

    def write(self, results, found):
        with open(f"{TRACING}/trace") as trace, open(results + "/trace.txt", "w") as file:
            file.write(trace.read())
        super().write(results, found)


def times(folder):
    """By thread: us from each wake-up to the processor, and us on the processor until it slept again."""
    waited, worked = ({name: [] for name in THREADS} for _ in range(2))
    woken, started, spent = {}, {}, {}
    with open(os.path.join(folder, "trace.txt")) as file:
        for line in file:
            event = EVENT.search(line)
            if not event:
                continue
            us = int(event[1]) * 1_000_000 + int(event[2])
            if event[3] == "sched_wakeup":
                woken[re.search(r"comm=(\S+)", event[4])[1]] = us
                continue
            before, state, after = re.search(r"prev_comm=(\S+) .*prev_state=(\S+) .*next_comm=(\S+)", event[4]).groups()
            if after in woken:
                waited[after].append(us - woken.pop(after))
            if after in waited:
                started[after] = us
            if before in started:
                spent[before] = spent.get(before, 0) + us - started.pop(before)
                if not state.startswith("R"):
                    worked[before].append(spent.pop(before))
    return waited, worked
