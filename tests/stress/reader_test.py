#!/usr/bin/python3
"""Readers that stand still while a great deal happens: each costs a little, once, and holds up nobody, also not on its connection."""

import os
import sys
import time
import unittest

sys.path[:0] = [os.path.abspath("tests/integration"), os.path.abspath("tests/stress")]
from harness import PATIENCE, Case, grpc, pb
from http2 import CANCEL, RST_STREAM, Connection, frame, window
from memory import MIB, Memory
from world import World, person, proxy

STREAM_EVENTS = "/maskline.v1.Events/StreamEvents"
LIST = "/maskline.v1.Services/ListServices"
LONG = os.environ.get("MASKLINE_LONG")
TEXTS = 20000 if LONG else 3000
STILL = 50
WRITE_BUFFERS = 64 if LONG else 0  # MiB


class Readers(Case):
    def test_readers_that_stand_still(self):
        server = self.server("--write-timeout", "1h").start()
        world = World(server, numbers=[proxy(1), proxy(2)])
        session = world.session(person(1), person(2))
        ann = session.participants[0].sid
        wanted = pb.events.StreamEventsRequest(service=world.sid, from_now=True,
                                               heartbeat_interval={"seconds": 3600}).SerializeToString()
        self.send(world, session.sid, ann, TEXTS)  # what so many cost the first time is not the readers'

        # Fifty that take 4 KiB each, and beside them, on the same connection, one that reads on.
        connection = Connection(server.port, stream_window=4096)
        self.addCleanup(connection.close)
        connection.reads = False
        connection.send(window(0, 1 << 30))  # the connection itself stays open
        still = [connection.open(STREAM_EVENTS, wanted) for _ in range(STILL)]
        reading = connection.open(STREAM_EVENTS, wanted)
        connection.send(window(reading, 1 << 30))
        # And one whose whole connection is closed: it has 64 KiB, and says no more.
        deaf = Connection(server.port, stream_window=1 << 20)
        self.addCleanup(deaf.close)
        deaf.reads = False
        silenced = deaf.open(STREAM_EVENTS, wanted)
        deaf.until(lambda: deaf.streams[silenced].data)
        connection.until(lambda: all(s.data for s in connection.streams.values()), "the first words")

        memory = Memory(server.process)
        self.send(world, session.sid, ann, TEXTS)
        last = world.events()[-1].position
        connection.until(lambda: self.newest(connection.streams[reading]) >= last, "all of it, by who reads")
        with_readers = memory.grown()
        for number in still:
            self.assertLessEqual(len(connection.streams[number].data), 4096)
        # Calls over that connection are answered as ever.
        connection.reads = True
        for _ in range(20):
            self.assertEqual(connection.call(LIST).status, 0)
        connection.reads = False
        for number in still:
            connection.send(frame(RST_STREAM, 0, number, bytes([0, 0, 0, CANCEL])))
        deaf.close()

        memory = Memory(server.process)
        self.send(world, session.sid, ann, TEXTS)
        without = memory.grown()
        print(f"{TEXTS} texts, {last} events: {with_readers / MIB:.1f} MiB with {STILL + 1} readers that stand "
              f"still, {without / MIB:.1f} MiB without", flush=True)
        # With so many texts the store's write buffers fill and empty, too. Were each reader owed all that happened, it would be a gigabyte.
        self.assertLess(with_readers - without, memory.allowed((16 + WRITE_BUFFERS) * MIB))

        # Who stood still can go on from where it was: the log is its queue.
        told = world.until(lambda event: event.position == last, after_position=0)
        self.assertEqual([event.position for event in told], list(range(1, last + 1)))
        connection.close()
        self.assertEqual(server.stop(), 0)

    def test_who_takes_nothing_is_sent_away_in_the_end(self):
        server = self.server("--write-timeout", "1s").start()
        world = World(server, numbers=[proxy(1), proxy(2)])
        session = world.session(person(1), person(2))
        wanted = pb.events.StreamEventsRequest(service=world.sid, from_oldest=True,
                                               heartbeat_interval={"seconds": 3600}).SerializeToString()
        connection = Connection(server.port, stream_window=64)
        self.addCleanup(connection.close)
        connection.reads = False
        number = connection.open(STREAM_EVENTS, wanted)
        stream = connection.streams[number]
        connection.until(lambda: stream.over, "the end of a stream that nobody reads")
        # Its trailers need no window.
        self.assertIn(stream.status, [None, grpc.StatusCode.UNAVAILABLE.value[0]])
        self.assertLessEqual(len(stream.data), 64)
        connection.reads = True
        self.assertEqual(connection.call(LIST).status, 0)
        world.send(session.sid, session.participants[0].sid, "on it goes")
        connection.close()
        self.assertEqual(server.stop(), 0)

    def newest(self, stream):
        """The position of the last event that has come; positions are looked at once."""
        said = pb.events.StreamEventsResponse.FromString(stream.messages()[-1])
        return said.event.position if said.HasField("event") else 0

    def send(self, world, session, participant, count):
        """As many texts, and their receipts."""
        under_way = []
        for index in range(count):
            under_way.append(world.server.interactions.SendMessage.future(pb.interactions.SendMessageRequest(
                service=world.sid, session=session, participant=participant, body=f"{index} " + "x" * 200),
                timeout=5 * PATIENCE))
            if len(under_way) == 100:
                for answer in under_way:
                    answer.result()
                under_way = []
        for answer in under_way:
            answer.result()


if __name__ == "__main__":
    unittest.main(verbosity=2)
