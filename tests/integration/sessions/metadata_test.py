#!/usr/bin/python3
"""Metadata and totals of sessions, as clients see them."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, fields_of, grpc, pb
from world import World, person, proxy


class Metadata(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])

    # holds: EVT-06 SES-25
    def test_it_is_told_in_every_event_of_the_session(self):
        world, given = self.world, {"order": "4711", "city": "Tromsø", "": ""}
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.CreateSession,
                             pb.sessions.CreateSessionRequest(service=world.sid, metadata=given))
        self.assertEqual(fields_of(error), ["metadata"])
        del given[""]
        session = world.session(person(1), person(2), metadata=given)
        self.assertEqual(dict(session.metadata), given)
        self.assertEqual(dict(world.get(session.sid).metadata), given)
        world.send(session.sid, session.participants[0].sid, "Hello")
        world.until(lambda event: event.type == pb.events.EVENT_TYPE_LEG_UPDATED)
        world.close(session.sid)
        told = [event for event in world.events() if event.session_sid]
        self.assertEqual([event.session_sid for event in told], [session.sid] * len(told))
        self.assertGreaterEqual(len(told), 4)
        for event in told:
            self.assertEqual(dict(event.session_metadata), given, event)
        for event in world.events():
            self.assertTrue(event.session_sid or not event.session_metadata, event)

    def test_an_update_replaces_all_of_it(self):
        world = self.world
        session = world.session(person(1), metadata={"a": "1", "b": "2"})
        self.assertEqual(dict(world.update(session.sid, metadata={"a": "3"}).metadata), {"a": "3"})
        self.assertEqual(dict(world.update(session.sid, ttl={"seconds": 60}).metadata), {"a": "3"})
        changed = world.update(session.sid, metadata={"c": "4"}, update_mask={"paths": ["ttl"]})
        self.assertEqual((dict(changed.metadata), changed.HasField("ttl")), ({"a": "3"}, False))
        self.assertEqual(dict(world.update(session.sid, update_mask={"paths": ["metadata"]}).metadata), {})
        told = [event for event in world.events() if event.type == pb.events.EVENT_TYPE_SESSION_UPDATED]
        self.assertEqual([dict(event.session_metadata) for event in told], [{"a": "3"}, {"a": "3"}, {"a": "3"}, {}])

    def test_a_repeat_is_one_in_whatever_order(self):
        """A map has no order: clients send it as they like."""
        def ask(*pairs):
            entries = b"".join(b"\xc2\x07" + bytes([len(pair)]) + pair for pair in pairs)
            request = pb.sessions.CreateSessionRequest(service=self.world.sid, request_id="once").SerializeToString()
            call = self.up.channel.unary_unary("/maskline.v1.Sessions/CreateSession", request_serializer=lambda raw: raw,
                                               response_deserializer=pb.sessions.CreateSessionResponse.FromString)
            return call(request + entries, timeout=PATIENCE).session
        first = ask(b"\x0a\x01a\x12\x011", b"\x0a\x01b\x12\x012")
        self.assertEqual(dict(first.metadata), {"a": "1", "b": "2"})
        # The other way round; and with a pair that a later one replaces, as in any map of protobuf.
        self.assertEqual(ask(b"\x0a\x01b\x12\x012", b"\x0a\x01a\x12\x011").sid, first.sid)
        self.assertEqual(ask(b"\x0a\x01a\x12\x019", b"\x0a\x01b\x12\x012", b"\x0a\x01a\x12\x011").sid, first.sid)
        with self.assertRaises(grpc.RpcError) as caught:
            ask(b"\x0a\x01a\x12\x011")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)

    def test_totals_agree_with_the_interactions(self):
        world = self.world
        session = world.session(person(1), person(2))
        self.assertEqual(session.totals.messages, 0)
        for index in range(3):
            world.send(session.sid, session.participants[index % 2].sid, f"number {index}")
        self.assertEqual(world.get(session.sid).totals.messages, 3)
        self.assertEqual(len(world.interactions(session.sid)), 3)
        self.up.kill()
        self.up.start()
        self.assertEqual(world.get(session.sid).totals.messages, 3)
        self.assertEqual([listed.totals.messages for listed in world.sessions()], [3])


if __name__ == "__main__":
    unittest.main(verbosity=2)
