#!/usr/bin/python3
"""Thousands of subscribers who wait for something to happen: what each costs, that all hear of it, and that all are sent away in the end."""

import os
import signal
import sys
import time
import unittest

sys.path[:0] = [os.path.abspath("tests/integration"), os.path.abspath("tests/stress")]
from harness import PATIENCE, Case, grpc, pb
from http2 import Connection
from memory import Memory
from world import World

STREAMS = 10000
CONNECTIONS = 5
MOST_EACH = 20 << 10
STREAM_EVENTS = "/maskline.v1.Events/StreamEvents"


class Subscribers(Case):
    def test_what_many_streams_cost(self):
        server = self.server("--grace", "30s").start()
        world = World(server)
        connections = [Connection(server.port) for _ in range(CONNECTIONS)]
        for connection in connections:
            self.addCleanup(connection.close)
        wanted = pb.events.StreamEventsRequest(
            service=world.sid, from_now=True, heartbeat_interval={"seconds": 3600}).SerializeToString()
        # What the first calls take once for all is not theirs.
        for connection in connections:
            self.open(connection, wanted, 20)
        memory = Memory(server.process)
        more = STREAMS // CONNECTIONS
        for connection in connections:
            self.open(connection, wanted, more)
        grown = memory.grown()
        print(f"{STREAMS} streams over {CONNECTIONS} connections: {grown / STREAMS / 1024:.1f} KiB each", flush=True)
        self.assertLess(grown, memory.allowed(STREAMS * MOST_EACH))

        world.session(unique_name="news")
        newest = world.events()[-1].position
        for connection in connections:
            connection.until(lambda c=connection: all(self.newest(s) == newest for s in c.streams.values()),
                             "the news on every stream", 5 * PATIENCE)

        server.signal(signal.SIGTERM)
        end = time.monotonic() + 5 * PATIENCE
        while any(not stream.over for c in connections for stream in c.streams.values()):
            self.assertLess(time.monotonic(), end, "streams are open still")
            for connection in connections:
                connection.pump(0.01)
        for connection in connections:
            for stream in connection.streams.values():
                self.assertEqual(stream.status, grpc.StatusCode.UNAVAILABLE.value[0], stream.headers)
                self.assertIn("connect again", stream.headers["grpc-message"])
        server.disconnect()
        self.assertEqual(server.wait(), 0, server.said())

    def open(self, connection, wanted, count):
        """As many streams, each of which has told where it stands."""
        numbers = [connection.open(STREAM_EVENTS, wanted) for _ in range(count)]
        connection.until(lambda: all(connection.streams[n].data for n in numbers), "the first words", 5 * PATIENCE)
        for number in numbers:
            said = pb.events.StreamEventsResponse.FromString(connection.streams[number].messages()[0])
            self.assertTrue(said.HasField("heartbeat"))

    def newest(self, stream):
        said = pb.events.StreamEventsResponse.FromString(stream.messages()[-1])
        return said.event.position if said.HasField("event") else 0


if __name__ == "__main__":
    unittest.main(verbosity=2)
