"""A client that speaks HTTP/2 by hand, so that it can do what no library would: stand still, flood, lie about lengths.

One thread, one connection: `pump` reads what has come and answers as a peer should, unless it was told not to.
"""

import os
import select
import socket
import struct
import sys
import time

import hpack

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE = 4, 6
NO_ERROR, PROTOCOL_ERROR, CANCEL, ENHANCE_YOUR_CALM = 0, 1, 8, 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MOST_WINDOW = 2**31 - 1


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(name, value):
    return struct.pack(">HI", name, value)


def window(stream, more):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more))


def message(packed, compressed=False, length=None):
    """What gRPC puts around a message; the length may be a lie."""
    return struct.pack(">BI", compressed, len(packed) if length is None else length) + packed


def _number(value, bits):
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    out, value = bytes([most]), value - most
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def literal(name, value):
    """A header that leaves no trace in the peer's table."""
    name, value = name.encode(), value.encode()
    return b"\0" + _number(len(name), 7) + name + _number(len(value), 7) + value


def request(path, *more):
    pairs = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
             ("content-type", "application/grpc"), ("te", "trailers"), *more]
    return b"".join(literal(name, value) for name, value in pairs)


class Stream:
    def __init__(self):
        self.headers = {}
        self.data = bytearray()
        self.ended = False
        self.reset = None  # the code that it was reset with

    def messages(self):
        """Those that have come whole."""
        found, at = [], 0
        while at + 5 <= len(self.data):
            size, = struct.unpack_from(">I", self.data, at + 1)
            if at + 5 + size > len(self.data):
                break
            found.append(bytes(self.data[at + 5:at + 5 + size]))
            at += 5 + size
        return found

    @property
    def status(self):
        return int(self.headers["grpc-status"]) if "grpc-status" in self.headers else None

    @property
    def over(self):
        return self.ended or self.reset is not None


class Connection:
    """`stream_window` is what each stream may be sent at first; windows are opened again as data come while `reads`."""

    def __init__(self, port, stream_window=65535, greets=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.streams = {}
        self.next = 1
        self.input = bytearray()
        self.decoder = hpack.Decoder()
        self.reads = True  # opens windows again
        self.acks = True  # answers pings and settings
        self.pings = 0  # that came
        self.pongs = 0
        self.settled = False  # the peer has taken our settings
        self.settings = {}
        self.goaways = []  # (last stream, code, text)
        self.closed = False  # by the peer
        if greets:
            # Not `send`: an answer to the server's settings must not come first.
            self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, stream_window)))

    def close(self):
        self.socket.close()

    def send(self, data):
        """False when the peer has gone. What the peer says meanwhile is heard, or both would wait for ever."""
        view, end = memoryview(data), time.monotonic() + PATIENCE
        while view and not self.closed:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 1)
            if readable:
                self._receive()
            if writable and not self.closed:
                try:
                    view = view[self.socket.send(view[:1 << 16], socket.MSG_DONTWAIT):]
                    end = time.monotonic() + PATIENCE
                except BlockingIOError:
                    pass
                except OSError:
                    self.closed = True
            if time.monotonic() > end:
                raise AssertionError("the server takes nothing more")
        return not self.closed

    def open(self, path, packed=None, *more, end=True):
        """Begins a call, with its request if there is one; the stream's number."""
        number = self.next
        self.next += 2
        self.streams[number] = Stream()
        out = frame(HEADERS, END_HEADERS, number, request(path, *more))
        if packed is not None:
            out += frame(DATA, END_STREAM if end else 0, number, message(packed))
        self.send(out)
        return number

    def pump(self, seconds=0):
        """Takes what is there, or what comes first within that time. False when nothing came."""
        if self.closed or not select.select([self.socket], [], [], seconds)[0]:
            return False
        return self._receive()

    def until(self, wanted, what="what was waited for", patience=PATIENCE):
        end = time.monotonic() + patience
        while not wanted():
            if self.closed and not wanted():
                raise AssertionError(f"the server has closed the connection before {what}; {self.goaways}")
            if time.monotonic() > end:
                raise AssertionError(f"in vain: {what}")
            self.pump(0.1)

    def until_closed(self, patience=PATIENCE):
        end = time.monotonic() + patience
        while not self.closed:
            if time.monotonic() > end:
                raise AssertionError("the server does not close the connection")
            self.pump(0.1)

    def call(self, path, packed=b"", *more):
        """A whole call; the stream as it was at its end."""
        number = self.open(path, packed, *more)
        self.until(lambda: self.streams[number].over, f"the end of {path}")
        return self.streams.pop(number)

    def _receive(self):
        try:
            got = self.socket.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            got = b""
        if not got:
            self.closed = True
            return False
        self.input += got
        self._frames()
        return True

    def _frames(self):
        at, taken, answers = 0, 0, []
        while len(self.input) - at >= 9:
            size = int.from_bytes(self.input[at:at + 3], "big")
            if len(self.input) - at < 9 + size:
                break
            kind, flags = self.input[at + 3], self.input[at + 4]
            number = int.from_bytes(self.input[at + 5:at + 9], "big") & MOST_WINDOW
            self._take(kind, flags, number, bytes(self.input[at + 9:at + 9 + size]), answers)
            taken += size if kind == DATA else 0
            at += 9 + size
        del self.input[:at]
        if taken and self.reads:
            answers.append(window(0, taken))
        if answers:
            # Not `send`: it would come back here. Answers are small.
            try:
                self.socket.sendall(b"".join(answers))
            except OSError:
                self.closed = True

    def _take(self, kind, flags, number, payload, answers):
        stream = self.streams.get(number) or Stream()
        if kind == HEADERS:
            # The core sends whole header blocks.
            for name, value in self.decoder.decode(payload):
                stream.headers[name] = value
        elif kind == DATA:
            stream.data += payload
            if self.reads and payload:
                answers.append(window(number, len(payload)))
        elif kind == RST_STREAM:
            stream.reset, = struct.unpack(">I", payload)
        elif kind == SETTINGS and flags & ACK:
            self.settled = True
        elif kind == SETTINGS:
            self.settings.update(struct.iter_unpack(">HI", payload))
            if self.acks:
                answers.append(frame(SETTINGS, ACK))
        elif kind == PING and flags & ACK:
            self.pongs += 1
        elif kind == PING:
            self.pings += 1
            if self.acks:
                answers.append(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            last, code = struct.unpack_from(">II", payload)
            self.goaways.append((last, code, payload[8:].decode(errors="replace")))
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            stream.ended = True
