#!/usr/bin/python3
"""Clients that go at any moment, also in the middle of a commit: what was acknowledged is there, nothing is there twice, nothing is
left behind in the server, and its memory stays as it was."""

import os
import random
import sys
import threading
import unittest

sys.path[:0] = [os.path.abspath("tests/integration"), os.path.abspath("tests/stress")]
from harness import PATIENCE, Case, grpc, pb
from http2 import CANCEL, END_HEADERS, HEADERS, RST_STREAM, Connection, frame, request
from memory import MIB, Memory
from world import World, person, proxy

LONG = os.environ.get("MASKLINE_LONG")
ROUNDS = 20000 if LONG else 3000
SEND = "/maskline.v1.Interactions/SendMessage"


class Gone(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(os.environ.get("MASKLINE_SEED", "1"))
        self.now = self.server().start()
        self.world = World(self.now, numbers=[proxy(1), proxy(2)])
        self.session = self.world.session(person(1), person(2))
        self.ann = self.session.participants[0].sid

    def text(self, body):
        return pb.interactions.SendMessageRequest(service=self.world.sid, session=self.session.sid,
                                                  participant=self.ann, body=body, request_id=body)

    def check(self, acknowledged, asked):
        """Each text at most once, those that were acknowledged for certain; and the server ends as it should: with no call left."""
        there = [interaction.content.body for interaction in self.world.interactions(self.session.sid, page_size=1000)]
        self.assertEqual(len(there), len(set(there)))
        self.assertLessEqual(acknowledged, set(there))
        self.assertLessEqual(set(there), asked)
        self.assertEqual(self.now.stop(), 0, self.now.said())

    # holds: API-17
    def test_deadlines_and_cancels_in_the_middle_of_a_commit(self):
        acknowledged, asked, gone = set(), set(), 0
        memory = None
        for number in range(ROUNDS // 50):
            if number == ROUNDS // 150:
                memory = Memory(self.now.process)
            under_way = []
            for index in range(50):
                body = f"{number}.{index}"
                asked.add(body)
                late = self.random.random() < 0.4
                timeout = self.random.uniform(0.0005, 0.02) if late else PATIENCE
                under_way.append((body, self.now.interactions.SendMessage.future(self.text(body), timeout=timeout)))
            for body, call in under_way:
                if self.random.random() < 0.4:
                    call.cancel()
            for body, call in under_way:
                try:
                    call.result()
                    acknowledged.add(body)
                except grpc.RpcError as error:
                    self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
                    gone += 1
                except grpc.FutureCancelledError:
                    gone += 1
        grown = memory.grown()
        print(f"{ROUNDS} texts, {gone} given up: {grown / MIB:.1f} MiB more for {len(asked)} asked", flush=True)
        self.assertGreater(gone, ROUNDS // 20)
        self.assertGreater(len(acknowledged), ROUNDS // 20)
        # What was given up may be asked for again, by the same name: it is made once.
        for body in sorted(asked - acknowledged)[:50]:
            self.now.interactions.SendMessage(self.text(body), timeout=PATIENCE)
            acknowledged.add(body)
        self.assertLess(grown, memory.allowed(40 * MIB))
        self.check(acknowledged, asked)

    def test_requests_that_stop_halfway(self):
        """Reset before, within and after the request, and connections that are cut."""
        packed = self.text("halfway").SerializeToString()
        whole = b"\0" + len(packed).to_bytes(4, "big") + packed
        memory = None
        for number in range(ROUNDS // 100):
            if number == ROUNDS // 300:
                memory = Memory(self.now.process)
            connection = Connection(self.now.port)
            for index in range(99):
                stream, connection.next = connection.next, connection.next + 2
                out = frame(HEADERS, END_HEADERS, stream, request(SEND))
                cut = self.random.randrange(len(whole) - 1)
                out += frame(0, 0, stream, whole[:cut]) if index % 3 else b""
                out += frame(RST_STREAM, 0, stream, bytes([0, 0, 0, CANCEL])) if index % 2 else b""
                connection.send(out)
            connection.close()
        grown = memory.grown()
        print(f"{ROUNDS} halves of requests: {grown / MIB:.1f} MiB", flush=True)
        self.assertLess(grown, memory.allowed(10 * MIB))
        # The same request, when it is whole, is one.
        connection = Connection(self.now.port)
        self.addCleanup(connection.close)
        self.assertEqual(connection.call(SEND, packed).status, 0)
        self.check({"halfway"}, {"halfway"})

    def test_streams_that_are_left_while_they_catch_up(self):
        for index in range(200):
            self.world.send(self.session.sid, self.ann, f"{index}" + "x" * 1000)
        memory, stop, sent = None, threading.Event(), []

        def more():
            while not stop.is_set():
                self.world.send(self.session.sid, self.ann, f"more {len(sent)}")
                sent.append(True)
            sent.append(None)  # to the end without a failure

        writer = threading.Thread(target=more)
        writer.start()
        try:
            for number in range(ROUNDS // 10):
                if number == ROUNDS // 30:
                    memory = Memory(self.now.process)
                stream = self.world.stream()
                for _ in range(self.random.randrange(30)):
                    next(stream)
                stream.cancel()
        finally:
            stop.set()
            writer.join()
        grown = memory.grown()
        print(f"{ROUNDS // 10} streams left, {len(sent)} texts meanwhile: {grown / MIB:.1f} MiB", flush=True)
        self.assertGreater(len(sent), 1)
        self.assertIsNone(sent[-1], "a text was refused")
        self.assertLess(grown, memory.allowed(40 * MIB))
        self.assertEqual(self.now.stop(), 0, self.now.said())


if __name__ == "__main__":
    unittest.main(verbosity=2)
