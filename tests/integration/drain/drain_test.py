#!/usr/bin/python3
"""How a server ends, and what it refuses to begin with."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb
from programs import ACCEPTED, TAKEN, Program
from world import World, person, proxy

ANN, BEN = person(1), person(2)
SERVING, NOT_SERVING = 1, 2
# How a call ends that the server has never seen whole.
NOT_BEGUN = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED]


def health_answer(packed):
    """HealthCheckResponse has one field: the status."""
    return packed[1] if packed else 0


def files_of(folder):
    """Each file's bytes, by name."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


class Ending(Case):
    def watch_health(self, server):
        stream = server.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=PATIENCE)
        self.assertEqual(health_answer(next(stream)), SERVING)
        return stream

    def ended(self, stream):
        """A stream must end so that its client comes back; what it told before."""
        told = []
        with self.assertRaises(grpc.RpcError) as caught:
            for message in stream:
                told.append(message)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertTrue(caught.exception.details())
        return told

    def test_calls_and_streams_in_flight(self):
        server = self.server("--carrier", "gateway:net", "--grace", "30s").start()
        world = World(server, numbers=[proxy(1), proxy(2)])
        session = world.session(ANN, BEN)
        program = Program.attached(server)
        health = self.watch_health(server)
        events = world.stream()
        self.assertTrue(next(events).HasField("heartbeat"))
        ann = session.participants[0]
        held = world.send(session.sid, ann.sid, "under way")
        self.assertEqual(program.next("send").body, "under way")

        # A unary call whose request comes only after the signal is as good as one that was never begun.
        go = threading.Event()

        def late():
            go.wait(PATIENCE)
            yield pb.sessions.CreateSessionRequest(service=world.sid, unique_name="late").SerializeToString()

        slow = server.channel.stream_unary("/maskline.v1.Sessions/CreateSession").future(late(), timeout=PATIENCE)
        # Writes that are answered, or refused so that the client knows that nothing happened.
        answers = []
        for index in range(100):
            answers.append((str(index), server.interactions.SendMessage.future(pb.interactions.SendMessageRequest(
                service=world.sid, session=session.sid, participant=ann.sid, body=str(index)), timeout=PATIENCE)))
        answers[0][1].result()
        server.signal(signal.SIGTERM)
        self.assertEqual(health_answer(next(health)), NOT_SERVING)
        self.ended(health)
        self.ended(events)
        self.assertEqual(program.end(), grpc.StatusCode.UNAVAILABLE)
        self.assertTrue(program.error.details())
        go.set()
        self.assertIn(slow.exception(PATIENCE).code(), NOT_BEGUN)
        kept, errors = set(), {}
        for body, answer in answers:
            try:
                answer.result()
                kept.add(body)
            except grpc.RpcError as error:
                self.assertIn(error.code(), NOT_BEGUN)
                errors[body] = f"{error.code()} {error.details()}"
        server.disconnect()
        self.assertEqual(server.wait(), 0, server.said())

        server.start()
        world.server = server
        self.assertEqual([s.sid for s in world.sessions()], [session.sid])
        there = world.interactions(session.sid, page_size=1000)
        self.assertEqual({i.content.body for i in there}, kept | {"under way"}, errors)
        # The program honours keys: what it had is given to it again.
        program = Program.attached(server)
        send = program.next("send")
        self.assertEqual(send.body, "under way")
        program.result(send.key, TAKEN)
        world.leg_until(held.sid, pb.interactions.LEG_STATUS_SENT)
        self.assertEqual(server.stop(), 0)

    def test_what_a_program_hands_in_at_the_end(self):
        server = self.server("--carrier", "gateway:net").start()
        world = World(server, numbers=[proxy(1), proxy(2)])
        ann, _ = world.session(ANN, BEN).participants
        program = Program.attached(server)
        for index in range(500):
            program.hand_in(str(index), ANN, ann.proxy_identifier, f"text {index}")
        program.next("inbound_result")
        server.signal(signal.SIGTERM)
        self.assertEqual(program.end(), grpc.StatusCode.UNAVAILABLE)
        answered = {told.provider_id for told in program.waiting["inbound_result"] if told.outcome == ACCEPTED} | {"0"}
        server.disconnect()
        self.assertEqual(server.wait(), 0)
        server.start()
        world.server = server
        there = {i.content.body for i in world.interactions(ann.session_sid, page_size=1000)}
        self.assertLessEqual({f"text {id}" for id in answered}, there)
        program = Program.attached(server)
        for index in range(500):
            told = program.text(str(index), ANN, ann.proxy_identifier, f"text {index}")
            self.assertEqual(told.outcome, ACCEPTED)
            self.assertEqual(told.repeated_id, f"text {index}" in there)
        self.assertEqual(len(world.interactions(ann.session_sid, page_size=1000)), 500)

    def test_no_new_calls(self):
        server = self.server("--grace", "30s").start()
        go = threading.Event()
        self.addCleanup(go.set)

        def late():
            go.wait(PATIENCE)
            yield pb.services.GetServiceRequest(service="none").SerializeToString()

        slow = server.channel.stream_unary("/maskline.v1.Services/GetService").future(late(), timeout=PATIENCE)
        health = self.watch_health(server)
        server.signal(signal.SIGTERM)
        self.assertEqual(health_answer(next(health)), NOT_SERVING)
        self.ended(health)
        fresh = grpc.insecure_channel(f"127.0.0.1:{server.port}")
        self.addCleanup(fresh.close)
        with self.assertRaises(grpc.RpcError) as caught:
            fresh.unary_unary("/maskline.v1.Services/ListServices")(b"", timeout=PATIENCE)
        self.assertIn(caught.exception.code(), NOT_BEGUN, caught.exception)
        self.assertIsNone(server.process.poll())
        go.set()
        self.assertIn(slow.exception(PATIENCE).code(), NOT_BEGUN)
        server.disconnect()
        self.assertEqual(server.wait(), 0)

    def stuck(self, server):
        """A call that never comes to its end by itself."""
        go = threading.Event()
        self.addCleanup(go.set)

        def nothing():
            go.wait(PATIENCE)
            yield from ()

        call = server.channel.stream_unary("/maskline.v1.Services/GetService").future(nothing(), timeout=PATIENCE)
        self.ended_unlike = self.watch_health(server)  # the call before has arrived, too
        return call

    def test_the_grace_ends(self):
        server = self.server("--grace", "500ms").start()
        call = self.stuck(server)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        self.assertIn(call.exception(PATIENCE).code(), NOT_BEGUN)

    def test_second_signal_is_quicker(self):
        for first, second in [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)]:
            server = self.server("--grace", "1h").start()
            call = self.stuck(server)
            server.signal(first)
            self.assertEqual(health_answer(next(self.ended_unlike)), NOT_SERVING)
            self.assertIsNone(server.process.poll())
            server.signal(second)
            self.assertEqual(server.wait(), 0)
            self.assertIsNotNone(call.exception(PATIENCE))
            server.disconnect()
            shutil.rmtree(server.data)

    def test_signals_one_after_the_other(self):
        """Also in the midst of starting: it ends, and the store is as it was."""
        server = self.server()
        for count in [1, 2, 5]:
            server.launch()
            for _ in range(count):
                server.signal(signal.SIGTERM)
            self.assertIn(server.wait(), [0, -signal.SIGTERM])
        server.start()
        self.assertEqual(server.stop(), 0)


class Beginning(Case):
    def other(self, *flags):
        made = self.server(*flags)
        made.log = os.path.join(self.folder, "other log")
        if os.path.exists(made.log):
            os.unlink(made.log)
        made.port_file = os.path.join(self.folder, "other port")
        return made

    def refused(self, server, *words):
        self.assertEqual(server.launch().wait(), 1, server.said())
        for word in words:
            self.assertIn(word, server.said())
        self.assertLess(len(server.said()), 2000)

    def test_second_server_on_one_store(self):
        server = self.server().start()
        world = World(server, numbers=[proxy(1)])
        self.refused(self.other(), server.data, "another")
        self.assertEqual(world.events()[-1].position, 2)
        server.kill()
        server.start()  # a lock does not outlive its holder
        self.assertEqual(server.stop(), 0)

    def test_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            server = self.other("--listen", f"127.0.0.1:{port}")
            self.refused(server, port)
            self.assertFalse(os.path.exists(server.data), "the store was touched")

    def filled(self):
        server = self.server().start()
        world = World(server, numbers=[proxy(1), proxy(2)])
        world.session(ANN, BEN, unique_name="kept")
        self.assertEqual(server.stop(), 0)
        return server, world

    def damaged(self, server, name, change, *words):
        """That file is changed; the server must refuse the store and leave every byte of it."""
        path = os.path.join(server.data, name)
        with open(path, "rb") as file:
            before = file.read()
        with open(path, "wb") as file:
            file.write(change(before))
        files = files_of(server.data)
        self.refused(self.other(), server.data, *words)
        after = files_of(server.data)
        # What RocksDB says about its opening is no data.
        for found in [files, after]:
            for noise in [n for n in found if os.path.basename(n).startswith("LOG")]:
                del found[noise]
        self.assertEqual(after, files, server.said())
        with open(path, "wb") as file:
            file.write(before)

    def test_damaged_stores(self):
        server, world = self.filled()
        names = files_of(server.data)
        current, = [n for n in names if os.path.basename(n) == "CURRENT"]
        manifest, = [n for n in names if os.path.basename(n).startswith("MANIFEST")]
        self.damaged(server, current, lambda _: b"rubbish\n")
        self.damaged(server, manifest, lambda old: old[:20] + bytes([old[20] ^ 255]) + old[21:])
        self.damaged(server, manifest, lambda old: b"")
        for name in names:
            if name.endswith(".sst"):
                self.damaged(server, name, lambda old: old[:len(old) // 2])
        with open(os.path.join(server.data, "version"), "rb") as file:
            text = file.read()
        number = b"".join(bytes([c]) for c in text if 48 <= c <= 57)
        for newer in [text.replace(number, b"%d" % (int(number) + 1)), text.replace(number, b"999999")]:
            self.assertNotEqual(newer, text)
            self.damaged(server, "version", lambda _, newer=newer: newer, "this program knows versions up to")
        for bad in [b"", b"rubbish\n", text[:-2], b"\0" * 64]:
            self.damaged(server, "version", lambda _, bad=bad: bad)
        server.start()
        world.server = server
        self.assertEqual(world.get("kept").unique_name, "kept")
        self.assertEqual(server.stop(), 0)

    def test_folder_that_is_no_store(self):
        data = os.path.join(self.folder, "data")
        os.mkdir(data)
        with open(os.path.join(data, "letter.txt"), "w", encoding="ascii") as file:
            file.write("not yours")
        self.refused(self.other(), data)
        self.assertEqual(os.listdir(data), ["letter.txt"])
        shutil.rmtree(data)
        with open(data, "w", encoding="ascii") as file:
            file.write("a file")
        self.refused(self.other(), data)
        with open(data, encoding="ascii") as file:
            self.assertEqual(file.read(), "a file")

    def test_full_circle(self):
        server, world = self.filled()
        for _ in range(3):
            before = [event.SerializeToString(deterministic=True) for event in self.read(server, world)]
            self.assertEqual([event.SerializeToString(deterministic=True) for event in self.read(server, world)], before)

    def read(self, server, world):
        server.start()
        world.server = server
        events = world.events()
        self.assertEqual(server.stop(), 0)
        return events


if __name__ == "__main__":
    unittest.main(verbosity=2)
