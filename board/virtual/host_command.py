"""Runs one of this machine's commands inside the board: output, exit status and results come through."""
import contextlib
import os
import pathlib
import re
import selectors
import shlex
import shutil
import signal
import sys
import tempfile
import time

from . import cross
from .machine import Machine

# As `timeout` and `env` have them: what went wrong is ours, not the command's.
TIMED_OUT = 124
BROKEN = 125


def run(board, options):
    with tempfile.TemporaryDirectory(prefix="board-") as scratch:
        scratch = pathlib.Path(scratch)
        log = scratch / "kernel.log"
        log.touch()
        status, wrong = attempt(board, options, scratch, log)
        if status != 0 and (wrong or options.results):
            kept = shutil.copy(log, options.results or tempfile.mkdtemp(prefix="board-log-"))
            if wrong:
                print(f"board/vm: {wrong}; the guest's kernel log: {kept}", file=sys.stderr)
        return status


def attempt(board, options, scratch, log):
    results = pathlib.Path(options.results or scratch / "results").absolute()
    results.mkdir(parents=True, exist_ok=True)
    command = scratch / "command"
    command.write_text(script(options.command, own_root=board.system is not None))

    shift = options.instruction_ns.bit_length() - 1
    machine = Machine(board, log, real_time=options.real_time, shift=shift)
    machine.share("results", results, read_only=False)
    machine.serial_cable()
    if options.disk:
        machine.drive(options.disk, snapshot=True)
    if options.blocks:
        machine.write_blocks(os.path.abspath(options.blocks))
    machine.append(f"board.command={command}")
    output, status = machine.port("output"), machine.port("status")
    # From before there is a guest: one that a signal finds half started ends with us.
    with ended_by_signals():
        process = machine.start()
        try:
            return follow(process, output, status, options.limit, log)
        finally:
            process.kill()
            process.wait()


def script(command, own_root):
    """What the guest runs: same folder, same PATH. A guest with a root of its own has of this machine's files only the
    folders that the command needs."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "BOARD_EXECUTABLES") if name in os.environ}
    if "BOARD_EXECUTABLES" in kept:
        kept["BOARD_EXECUTABLES"] = os.path.abspath(kept["BOARD_EXECUTABLES"])
    if own_root:
        # The tests' Swift is not where they were built.
        kept.update(PATH="/usr/sbin:/usr/bin", LD_LIBRARY_PATH=f"/{cross.LIBRARIES}")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in kept.items()]
    # Fresh in the guest: what the command needs from there is bound into it.
    wanted = [os.getcwd(), kept.get("BOARD_EXECUTABLES"), os.path.dirname(shutil.which(command[0]) or "")]
    folders = [os.path.abspath(path) + "/" for path in filter(None, wanted)]
    if own_root:
        hidden = [path for path in folders if path != "/" and not path.startswith(("/usr/", "/bin/", "/sbin/"))]
    else:
        hidden = [path for path in folders if path.startswith(("/tmp/", "/run/"))]
    lines += [f"from_host {shlex.quote(os.path.abspath(path))}" for path in dict.fromkeys(hidden)]
    return "\n".join(lines + [f"cd {shlex.quote(os.getcwd())} || exit {BROKEN}", f"run {shlex.join(command)}", ""])


def follow(process, output, status, limit, log):
    """Copies output until the guest tells the exit status. Returns it, and what went wrong if not the command did."""
    deadline = time.monotonic() + limit
    told = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        selector.register(status, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0, deadline - time.monotonic()))
            # Asked even when there is output: a guest may hang and never be silent.
            if not ready or time.monotonic() >= deadline:
                return TIMED_OUT, f"the guest did not end within {limit:g} s (--limit)"
            for key, _ in ready:
                block = key.fileobj.recv(1 << 16)
                if key.fileobj is output:
                    sys.stdout.buffer.write(block)
                    sys.stdout.buffer.flush()
                else:
                    told += block
                if not block:
                    selector.unregister(key.fileobj)
                if told.endswith(b"\n"):
                    # Told after all output was taken: what is still to be read is in the socket.
                    drain(output)
                    return int(told), None
    words = process.communicate()[1].decode(errors="replace").strip()
    panic = re.search(r"Kernel panic[^\r\n]*", log.read_text(errors="replace"))
    reason = words or (panic.group() if panic else "no reason given")
    return BROKEN, f"the guest ended before its command did: {reason}"


def drain(output):
    output.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while block := output.recv(1 << 16):
            sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()


@contextlib.contextmanager
def ended_by_signals():
    """A signal ends us as an exit with its status, which ends the guest and leaves nothing behind."""
    def end(number, _):
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
