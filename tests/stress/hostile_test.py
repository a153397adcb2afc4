#!/usr/bin/python3
"""Peers that mean harm: what they do costs a bounded amount of memory, and those beside them are served all the while.

The figures behind each attack are what the server may grow by; what it did grow by is printed.
"""

import gzip
import os
import struct
import sys
import threading
import time
import unittest

sys.path[:0] = [os.path.abspath("tests/integration"), os.path.abspath("tests/stress")]
from harness import PATIENCE, Case, grpc, pb
from http2 import (CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS,
                   INITIAL_WINDOW_SIZE, MOST_WINDOW, PING, PREFACE, PRIORITY, RST_STREAM, SETTINGS, Connection, Stream,
                   frame, literal, message, request, setting, window)
from memory import MIB, Memory

LIST = "/maskline.v1.Services/ListServices"
CLOCK = "/maskline.v1.Simulator/GetClock"
STREAM_EVENTS = "/maskline.v1.Events/StreamEvents"
QUOTA = 64  # MiB
PIECE = 16000
LONG = os.environ.get("MASKLINE_LONG")


class Neighbour:
    """Makes one call after the other over a connection of its own."""

    def __init__(self, server):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{server.port}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.services = pb.services_grpc.ServicesStub(self.channel)
        self.served, self.errors, self.slowest = 0, [], 0.0
        self.cut = []  # errors of calls that the server has cut to get memory back
        self.leaves = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.leaves.is_set() and not self.errors:
            began = time.monotonic()
            try:
                self.services.ListServices(pb.services.ListServicesRequest(), timeout=PATIENCE)
            except grpc.RpcError as error:
                is_cut = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
                (self.cut if is_cut else self.errors).append(error)
                continue
            self.served += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    def is_served(self, calls=3):
        """Waits until it was served anew so often."""
        wanted, end = self.served + calls, time.monotonic() + PATIENCE
        while self.served < wanted and not self.errors:
            if time.monotonic() > end:
                raise AssertionError("the neighbour is not served")
            time.sleep(0.005)

    def leave(self):
        self.leaves.set()
        self.thread.join()
        self.channel.close()


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.now = self.server("--max-memory", f"{QUOTA}MiB").start()
        self.now.services.CreateService(pb.services.CreateServiceRequest(unique_name="shop"), timeout=PATIENCE)
        self.neighbour = Neighbour(self.now)
        self.addCleanup(self.neighbour.leave)
        self.neighbour.is_served()
        self.memory = Memory(self.now.process)

    def connect(self, **more):
        made = Connection(self.now.port, **more)
        self.addCleanup(made.close)
        return made

    def survived(self, most, cuts=0):
        """The server serves others as ever, and never held more than so many MiB beyond what it had. Where the bound on memory is
        reached, a neighbour may be cut, too, and has to come again."""
        self.neighbour.is_served()
        self.assertEqual(self.neighbour.errors, [])
        self.assertLessEqual(len(self.neighbour.cut), cuts)
        fresh = self.connect()
        self.assertEqual(fresh.call(LIST).status, 0)
        grown = self.memory.grown_at_most()
        print(f"{self.id().rsplit('.', 1)[1]}: {grown / MIB:.1f} MiB, slowest neighbour {self.neighbour.slowest:.2f} s",
              flush=True)
        self.assertLess(grown, self.memory.allowed(most * MIB))

    def quiet(self, connection):
        """All that was sent was taken: what comes back by ping came behind it. Or the server has closed."""
        before = connection.pongs
        if connection.send(frame(PING, 0, 0, b"are done")):
            end = time.monotonic() + PATIENCE
            while connection.pongs == before and not connection.closed:
                self.assertLess(time.monotonic(), end)
                connection.pump(0.1)

    # ---- streams that are begun and given up ----

    def begun_and_reset(self, path, packed, rounds, ending):
        """The server goes through all of them; the next ones find the memory of those before."""
        connection = self.connect()
        grown = []
        for _ in range(3):
            for _ in range(rounds):
                out = []
                for _ in range(100):
                    number = connection.next
                    connection.next += 2
                    out += [frame(HEADERS, END_HEADERS, number, request(path)),
                            frame(DATA, END_STREAM, number, message(packed)), ending(number)]
                if not connection.send(b"".join(out)):
                    return connection
            # Of one method calls are begun in the order in which they came.
            self.assertEqual(connection.call(path, b"").over, True)
            grown.append(self.memory.grown())
        print(f"after {300 * rounds} streams: {[round(g / MIB, 1) for g in grown]} MiB", flush=True)
        return connection

    def test_rapid_reset(self):
        rounds = 200 if LONG else 30
        self.begun_and_reset(LIST, b"", rounds, lambda n: frame(RST_STREAM, 0, n, struct.pack(">I", CANCEL)))
        # Each costs up to 16 KiB until the server has come to it.
        self.survived(10 + 300 * rounds * 16 / 1024)

    def test_streams_that_are_reset_at_once(self):
        rounds = 200 if LONG else 30
        wanted = pb.events.StreamEventsRequest(service="shop", from_now=True).SerializeToString()
        self.begun_and_reset(STREAM_EVENTS, wanted, rounds, lambda n: frame(RST_STREAM, 0, n, struct.pack(">I", CANCEL)))
        self.survived(10 + 300 * rounds * 16 / 1024)

    def test_resets_that_the_server_is_made_to_send(self):
        connection = self.begun_and_reset(LIST, b"", 30, lambda n: window(n, 0))
        connection.until_closed()
        self.survived(10)

    def test_more_streams_than_are_allowed(self):
        connection = self.connect()
        for _ in range(120):
            out = []
            for _ in range(100):
                out.append(frame(HEADERS, END_HEADERS, connection.next, request(LIST)))
                connection.next += 2
            if not connection.send(b"".join(out)):
                break
        connection.until_closed()
        # 10,000 are allowed, of 12 KiB each.
        self.survived(160)

    # ---- frames of which one is cheap ----

    def test_pings(self):
        connection = self.connect()
        for _ in range(200):
            if not connection.send(frame(PING, 0, 0, b"12345678") * 500):
                break
        connection.until_closed()
        self.assertEqual([code for _, code, _ in connection.goaways], [ENHANCE_YOUR_CALM])
        self.survived(100)

    def test_pings_whose_answers_nobody_reads(self):
        connection = self.connect()
        with self.assertRaises(OSError):
            for _ in range(400):
                connection.socket.sendall(frame(PING, 0, 0, b"12345678") * 500)
        self.survived(100)

    def test_settings(self):
        connection = self.connect()
        for _ in range(200):
            connection.send(frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 65535)) * 500)
        self.quiet(connection)
        self.survived(30)

    def test_settings_whose_answers_nobody_reads(self):
        connection = self.connect()
        connection.socket.settimeout(5)
        try:
            for _ in range(1000):
                connection.socket.sendall(frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 65535)) * 500)
        except OSError:
            pass  # the server takes no more, or has closed
        self.survived(30)

    def test_frames_that_say_nothing(self):
        for one in [frame(PRIORITY, 0, 1, b"\0\0\0\0\1"), frame(DATA, 0, 1), frame(0xfa, 0, 1, b"unknown")]:
            connection = self.connect()
            connection.open(LIST)
            for _ in range(100):
                if not connection.send(one * 1000):
                    break
            self.quiet(connection)
        self.survived(10)

    # ---- headers ----

    def headers(self, block, last=True, connection=None):
        """Sent in pieces, with a request behind them when they have an end; the connection, and the stream. A new connection has
        acknowledged the server's settings before: until then the core does not hold it to the bound on headers."""
        if not connection:
            connection = self.connect()
            self.assertEqual(connection.call(CLOCK).over, True)
        number = connection.next
        connection.next += 2
        connection.streams[number] = Stream()
        pieces = [block[at:at + PIECE] for at in range(0, len(block), PIECE)]
        for index, piece in enumerate(pieces):
            ends = END_HEADERS if last and index == len(pieces) - 1 else 0
            if not connection.send(frame(CONTINUATION if index else HEADERS, ends, number, piece)):
                break
        if last:
            connection.send(frame(DATA, END_STREAM, number, message(b"")))
        return connection, connection.streams[number]

    def refused(self, connection, stream):
        """The stream is refused, or the connection ends."""
        end = time.monotonic() + PATIENCE
        while not connection.closed and not stream.over:
            self.assertLess(time.monotonic(), end)
            connection.pump(0.1)
        self.assertNotEqual(stream.status, 0)

    def test_a_huge_header(self):
        # The core looks at all that it has of a header with each piece that comes: the time grows with the square.
        self.refused(*self.headers(request(CLOCK) + literal("x-huge", "v" * (4 << 20 if LONG else 256 << 10))))
        self.survived(40)

    def test_many_headers(self):
        self.refused(*self.headers(request(CLOCK) + b"".join(literal(f"x-{i}", "v") for i in range(100000))))
        self.survived(4)

    def test_large_headers_of_one_who_acknowledges_nothing(self):
        """It was told of no bound, and is held to one all the same."""
        connection = self.connect()
        connection.acks = False
        large = request(LIST) + b"".join(literal(f"x-{i}", "v" * 15000) for i in range(30))
        for _ in range(20):
            connection, stream = self.headers(large, connection=connection)
            connection.until(lambda s=stream: s.over)
            self.assertEqual(stream.status, grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
        # Without their requests the calls are not begun: there the bound on memory is what cuts them off.
        for _ in range(400):
            number, connection.next = connection.next, connection.next + 2
            for at in range(0, len(large), PIECE):
                connection.send(frame(CONTINUATION if at else HEADERS, END_HEADERS if at + PIECE >= len(large) else 0,
                                      number, large[at:at + PIECE]))
            if connection.closed:
                break
        self.quiet(connection)
        self.survived(5 * QUOTA, cuts=100)

    def test_headers_without_end(self):
        endless = b"".join(literal(f"x-{i}", "v" * 100) for i in range(100000))
        self.refused(*self.headers(request(CLOCK) + endless, last=False))
        # Pieces with nothing in them are no harm: the call is answered in the end, or the connection closed.
        connection = self.connect()
        stream = connection.streams[1] = Stream()
        if connection.send(frame(HEADERS, 0, 1, request(CLOCK))):
            for _ in range(100):
                if not connection.send(frame(CONTINUATION, 0, 1) * 1000):
                    break
        connection.send(frame(CONTINUATION, END_HEADERS, 1) + frame(DATA, END_STREAM, 1, message(b"")))
        end = time.monotonic() + PATIENCE
        while not connection.closed and not stream.over:
            self.assertLess(time.monotonic(), end)
            connection.pump(0.1)
        self.survived(10)

    # ---- windows and lengths ----

    def test_windows_that_do_not_open(self):
        connection = self.connect()
        connection.send(window(connection.open(CLOCK), 0))
        connection.until_closed()
        connection = self.connect()
        connection.send(window(0, 0))
        connection.until_closed()
        self.survived(10)

    def test_windows_that_overflow(self):
        """The core leaves them alone; it must not send more than it was allowed before, nor break."""
        connection = self.connect()
        number = connection.open(CLOCK)
        connection.send(window(number, MOST_WINDOW) * 3 + window(0, MOST_WINDOW) * 3)
        self.quiet(connection)
        self.survived(10)

    def test_data_on_streams_that_are_closed(self):
        connection = self.connect()
        number = connection.open(CLOCK, b"")
        connection.until(lambda: connection.streams[number].over)
        for _ in range(100):
            connection.send(frame(DATA, END_STREAM, number, message(b"x" * 100)) * 100)
            connection.pump()
        connection.send(frame(DATA, END_STREAM, 9999, message(b"")))
        self.quiet(connection)
        self.survived(10)

    def test_a_length_that_is_absurd(self):
        for end in [END_STREAM, 0]:
            connection = self.connect()
            for _ in range(200):
                number = connection.open(CLOCK)
                connection.send(frame(DATA, end, number, message(b"x", length=2**32 - 1)))
            if end:
                connection.until(lambda c=connection: all(s.over for s in c.streams.values()))
                self.assertNotIn(0, [s.status for s in connection.streams.values()])
            self.quiet(connection)
        self.survived(10)

    def test_requests_that_never_end(self):
        """Nearly 4 MiB each, 400 of them, over one connection: the bound on memory cuts it off."""
        connection = self.connect()
        for _ in range(400):
            number = connection.open(LIST)
            connection.send(frame(DATA, 0, number, struct.pack(">BI", 0, 4 << 20)))
            for _ in range(250):
                if not connection.send(frame(DATA, 0, number, bytes(16384))):
                    break
            if connection.closed:
                break
        self.assertTrue(connection.closed)
        self.survived(QUOTA + 64, cuts=100)

    def test_bombs(self):
        """300 MiB each when inflated."""
        connection = self.connect()
        bomb = message(gzip.compress(bytes(300 << 20), 1), compressed=True)
        self.assertLess(len(bomb), 2 << 20)
        for _ in range(5):
            number = connection.open(LIST, None, ("grpc-encoding", "gzip"))
            for at in range(0, len(bomb), PIECE):
                connection.send(frame(DATA, END_STREAM if at + PIECE >= len(bomb) else 0, number, bomb[at:at + PIECE]))
            connection.until(lambda n=number: connection.streams[n].over)
            self.assertEqual(connection.streams[number].status, grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
        self.survived(20)

    # ---- peers that are slow, or something else ----

    def test_slow_ones(self):
        """300 that never come to the end of their greeting, and one that is slow but right."""
        silent = [self.connect(greets=False) for _ in range(300)]
        slow = self.connect(greets=False)
        packed = b"".join([PREFACE, frame(SETTINGS), frame(HEADERS, END_HEADERS, 1, request(LIST)),
                           frame(DATA, END_STREAM, 1, message(b""))])
        slow.streams[1] = Stream()
        slow.acks = slow.reads = False
        for at in range(len(packed)):
            slow.socket.sendall(packed[at:at + 1])
            if at % 10 == 0:
                for connection in silent[at % 3::3]:
                    connection.socket.send(PREFACE[at // 30 % 20:][:1])
        slow.until(lambda: slow.streams[1].over)
        self.assertEqual(slow.streams[1].status, 0)
        # Whoever has not greeted is sent away in the end.
        for connection in silent:
            connection.until_closed()
        self.survived(30)

    def test_other_tongues(self):
        for words in [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
                      bytes(100000), PREFACE + bytes(range(256)) * 400]:
            connection = self.connect(greets=False)
            connection.acks = connection.reads = False
            connection.decoder = None  # what it says is of no interest
            connection._frames = connection.input.clear
            connection.send(words)
            connection.until_closed()
        self.survived(10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
