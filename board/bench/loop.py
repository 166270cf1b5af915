"""One thread that serves one client by WebSocket over TLS, and does things at their time."""
import base64
import hashlib
import heapq
import itertools
import select
import socket
import ssl
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"   # RFC 6455, 1.3
SOCKET_BYTES = 4 << 20  # a whole answer, so that sending never waits


class Loop:
    """Actions at their instant (CLOCK_MONOTONIC, ns), and one socket."""

    def __init__(self):
        self.agenda = []
        self.order = itertools.count()
        self.link = None
        # When what is done now was due.
        self.now = 0

    def at(self, ns, action, key=None):
        heapq.heappush(self.agenda, (ns, next(self.order), key, action))

    def drop(self, key):
        self.agenda = [entry for entry in self.agenda if entry[2] != key]
        heapq.heapify(self.agenda)

    def run(self, until):
        """Until `until()` is true, asked after each thing that happened and every 50 ms."""
        while not until():
            now = time.monotonic_ns()
            if self.agenda and self.agenda[0][0] <= now:
                self.now, _, _, action = heapq.heappop(self.agenda)
                action()
                continue
            wait = min(self.agenda[0][0] - now if self.agenda else 50_000_000, 50_000_000)
            if select.select([self.link] if self.link else [], [], [], wait / 1e9)[0]:
                self.link.process()


class Link:
    """The server's end of the WebSocket: `received(text, ns)` for each message, `opened()` once it is there."""

    def __init__(self, listener, context, opened, received):
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        connection.setblocking(False)
        self.socket = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.opened = opened
        self.received = received
        self.is_secure = self.is_open = self.is_over = False
        self.bytes = bytearray()

    def fileno(self):
        return self.socket.fileno()

    def process(self):
        try:
            if not self.is_secure:
                self.socket.do_handshake()
                self.is_secure = True
            while block := self.socket.recv(1 << 16):
                # Before anything is done with it: this is when it was there.
                ns = time.monotonic_ns()
                self.bytes += block
                self.take(ns)
            self.is_over = True
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.is_over = True

    def take(self, ns):
        if not self.is_open:
            head, found, rest = self.bytes.partition(b"\r\n\r\n")
            if not found:
                return
            key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
                       if line.lower().startswith(b"sec-websocket-key:"))
            accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
            self.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            self.bytes = rest
            self.is_open = True
            self.opened()
        while frame := self.frame():
            opcode, payload = frame
            if opcode == 1:
                self.received(payload, ns)
            elif opcode == 8:
                self.write(b"\x88" + bytes([len(payload)]) + payload)
            elif opcode == 9:
                self.write(b"\x8a" + bytes([len(payload)]) + payload)

    def frame(self):
        """The next whole frame, unmasked. Clients' messages are not fragmented here."""
        have = len(self.bytes)
        if have < 6:
            return None
        length, start = self.bytes[1] & 0x7F, 2
        if length > 125:
            start = 4 if length == 126 else 10
            length = int.from_bytes(self.bytes[2:start], "big")
        if have < start + 4 + length:
            return None
        mask = bytes(self.bytes[start:start + 4])
        masked = self.bytes[start + 4:start + 4 + length]
        whole = (mask * (length // 4 + 1))[:length]
        payload = (int.from_bytes(masked, "little") ^ int.from_bytes(whole, "little")).to_bytes(length, "little")
        opcode = self.bytes[0] & 0x0F
        del self.bytes[:start + 4 + length]
        return opcode, payload

    def send(self, text):
        length = len(text)
        head = (bytes([0x81, length]) if length < 126
                else b"\x81\x7e" + length.to_bytes(2, "big") if length < 1 << 16
                else b"\x81\x7f" + length.to_bytes(8, "big"))
        self.write(head + text)

    def write(self, data):
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest):]
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                select.select([], [self.socket], [], 1)


class Door:
    """A listening socket that lets one client in, which is then the loop's."""

    def __init__(self, loop, context, opened, received):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.loop = loop
        self.context = context
        self.opened = opened
        self.received = received
        # When the client came.
        self.knocked_ns = None

    def fileno(self):
        return self.listener.fileno()

    def process(self):
        self.knocked_ns = self.knocked_ns or time.monotonic_ns()
        self.loop.link = Link(self.listener, self.context, self.opened, self.received)
