#!/usr/bin/python3
"""What was said is taken out: of messages, of the log, and not told again to anybody."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, take
from world import World, person, proxy

E, I = pb.events, pb.interactions


class Redact(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])
        for index in [1, 2]:
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=person(index)), timeout=PATIENCE)
        self.talk = self.world.session(person(1), person(2), metadata={"trip": "7"})
        self.to = self.talk.participants[0].sid

    def name(self, request, sid):
        return request(service=self.world.sid, session=self.talk.sid, interaction=sid)

    def log(self):
        return b"".join(event.SerializeToString() for event in self.world.events())

    # holds: INT-12 EVT-04 INT-10
    def test_redact(self):
        sent = self.world.send(self.talk.sid, self.to, "door 4711", media=[{"url": "https://example.org/secret.jpg"}])
        self.world.leg_until(sent.sid, I.LEG_STATUS_DELIVERED)
        before = self.world.newest(self.talk.sid)
        told = self.world.events()
        redacted = self.up.interactions.RedactInteraction(self.name(I.RedactInteractionRequest, sent.sid), timeout=PATIENCE).interaction
        self.assertEqual(redacted.content, I.MessageContent())
        self.assertTrue(redacted.HasField("redact_time"))
        after = self.world.newest(self.talk.sid)
        self.assertEqual((after.outbound, after.create_time, after.sid), (before.outbound, before.create_time, before.sid))
        self.assertNotIn(b"door 4711", self.log())
        self.assertNotIn(b"secret", self.log())
        again = self.world.events()
        self.assertEqual([(event.position, event.type, event.event_time) for event in again[:-1]],
                         [(event.position, event.type, event.event_time) for event in told])
        last = again[-1]
        self.assertEqual((last.type, last.session_sid), (E.EVENT_TYPE_INTERACTION_REDACTED, self.talk.sid))
        self.assertEqual(last.interaction_redacted, E.InteractionRedacted(interaction_sid=sent.sid))
        self.assertEqual(dict(last.session_metadata), {"trip": "7"})
        # Nor to who follows from the start, nor after a crash.
        stream = self.world.stream()
        self.assertNotIn(b"door 4711", b"".join(message.SerializeToString() for message in take(stream, len(again))))
        stream.cancel()
        self.up.kill()
        self.up.start()
        self.world.server = self.up
        self.assertNotIn(b"door 4711", self.log())
        self.assertEqual(self.world.newest(self.talk.sid), after)

    # holds: EVT-04
    def test_redact_while_followed(self):
        """While somebody follows, the newest entries lie in memory: nobody gets from there what was taken out."""
        start = self.world.events()[-1].position
        first = self.world.stream(after_position=start)
        # A connection of its own, whose window does not grow with what others read.
        channel = grpc.insecure_channel(f"127.0.0.1:{self.up.port}", options=[("grpc.http2.bdp_probe", 0)])
        self.addCleanup(channel.close)
        slow = pb.events_grpc.EventsStub(channel).StreamEvents(
            pb.events.StreamEventsRequest(service=self.world.sid, after_position=start), timeout=PATIENCE)
        take(slow)
        # More than lies on the way to who does not read on.
        for _ in range(200):
            self.world.send(self.talk.sid, self.to, "x" * 1600)
        sent = self.world.send(self.talk.sid, self.to, "door 4711")
        told = next(message for message in first if b"door 4711" in message.SerializeToString())
        made = told.event.position
        self.up.interactions.RedactInteraction(self.name(I.RedactInteractionRequest, sent.sid), timeout=PATIENCE)
        second = self.world.stream(after_position=made - 1)
        for stream in [slow, second]:
            again = next(message for message in stream if message.event.position >= made)
            self.assertEqual(again.event.position, made)
            self.assertNotIn(b"door 4711", again.SerializeToString())
            self.assertTrue(again.event.interaction_created.interaction.HasField("redact_time"))
        for stream in [first, second, slow]:
            stream.cancel()

    # holds: INT-11 EVT-04
    def test_delete(self):
        sent = self.world.send(self.talk.sid, self.to, "door 4711")
        self.world.leg_until(sent.sid, I.LEG_STATUS_DELIVERED)
        request = self.name(I.DeleteInteractionRequest, sent.sid)
        self.up.interactions.DeleteInteraction(request, timeout=PATIENCE)
        self.assertEqual(self.world.interactions(self.talk.sid), [])
        for call, again in [(self.up.interactions.DeleteInteraction, request),
                            (self.up.interactions.GetInteraction, self.name(I.GetInteractionRequest, sent.sid)),
                            (self.up.interactions.RedactInteraction, self.name(I.RedactInteractionRequest, sent.sid))]:
            self.refused(grpc.StatusCode.NOT_FOUND, "INTERACTION_NOT_FOUND", call, again)
        self.assertNotIn(b"door 4711", self.log())
        self.assertTrue(self.world.events()[-1].interaction_redacted.deleted)


if __name__ == "__main__":
    unittest.main(verbosity=2)
