"""The terminal at the other end of a guest's serial cable, which the guest itself directs.

The guest writes one order to the file `terminal` of a folder that both see, and waits for `terminal-done`, which holds
"ok" or what went wrong:

    read         takes what comes, as fast as it comes
    stuck        takes nothing any more
    type HEX     types these bytes
    find TEXT    waits until TEXT has come since the last `type`
"""
import threading
import time

FIND_LIMIT_S = 60


class Terminal(threading.Thread):
    """terminal = Terminal(machine.serial_socket(), shared_folder, "console.txt"); terminal.start()"""

    def __init__(self, cable, folder, capture):
        super().__init__(daemon=True)
        self.cable, self.folder, self.capture = cable, folder, capture
        self.cable.setblocking(False)
        self.shown = b""
        self.typed_at = 0
        self.find_until = None
        self.is_stuck = False
        self.is_over = False

    def run(self):
        with open(self.capture, "wb", buffering=0) as file:
            while not self.is_over:
                if not self.is_stuck:
                    self.take(file)
                self.look()
                time.sleep(0.005)
            if not self.is_stuck:
                self.take(file)

    def end(self):
        self.is_over = True
        self.join()
        self.cable.close()

    def take(self, file):
        try:
            while data := self.cable.recv(65536):
                file.write(data)
                self.shown += data.replace(b"\r\n", b"\n")
        except (BlockingIOError, ConnectionError):
            pass

    def look(self):
        order = self.folder / "terminal"
        if not order.exists() or (self.folder / "terminal-done").exists():
            return
        word, _, rest = order.read_text().rstrip("\n").partition(" ")
        answer = "ok"
        if word in ("read", "stuck"):
            self.is_stuck = word == "stuck"
        elif word == "type":
            self.typed_at = len(self.shown)
            self.cable.send(bytes.fromhex(rest))
        elif word == "find":
            # The guest goes on meanwhile; this looks again until the text is there.
            self.find_until = self.find_until or time.monotonic() + FIND_LIMIT_S
            if rest.encode() not in self.shown[self.typed_at:]:
                if time.monotonic() < self.find_until:
                    return
                answer = f"not shown: {rest}: {self.shown[self.typed_at:][-500:].decode(errors='replace')}"
            self.find_until = None
        else:
            answer = f"unknown: {word}"
        order.unlink()
        (self.folder / "terminal-done").write_text(answer)
