#!/usr/bin/python3
"""Blocks and caps, over the whole server."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, reason_of
from world import World, person, proxy

E, I, V = pb.events, pb.interactions, pb.services
ANN, BEN = person(1), person(2)


class Blocks(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()

    def pair(self, **settings):
        world = World(self.up, numbers=[proxy(1), proxy(2)], **settings)
        for number in [ANN, BEN]:
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=number), timeout=PATIENCE)
        return world, world.session(ANN, BEN)

    def text(self, one, body):
        return self.up.simulator.SendText(pb.simulator.SendTextRequest(
            handset=one.identifier, recipient=one.proxy_identifier, body=body), timeout=PATIENCE)

    # holds: GRD-02 GRD-03 INB-10 EVT-08
    def test_blocks(self):
        world, talk = self.pair()
        ann, ben = talk.participants
        one = pb.blocks.CreateBlockRequest(service=world.sid, identifier=ANN, to_identifier=BEN)
        made = self.up.blocks.CreateBlock(one, timeout=PATIENCE).block
        self.assertEqual((made.identifier, made.to_identifier), (ANN, BEN))
        self.assertEqual(self.up.blocks.CreateBlock(one, timeout=PATIENCE).block, made)
        self.assertEqual(self.text(ann, "Hello?").reason, "BLOCKED")
        told = [event for event in world.events() if event.type == E.EVENT_TYPE_INBOUND_REJECTED][-1]
        self.assertEqual((told.session_sid, told.inbound_rejected.participant_sid, told.inbound_rejected.reason),
                         (talk.sid, ann.sid, "BLOCKED"))
        self.assertEqual(self.text(ben, "Hello!").reason, "")
        all_of = pb.blocks.CreateBlockRequest(service=world.sid, identifier=BEN)
        self.up.blocks.CreateBlock(all_of, timeout=PATIENCE)
        self.assertEqual(self.text(ben, "Hello!").reason, "BLOCKED")
        error = self.refused(grpc.StatusCode.FAILED_PRECONDITION, "BLOCKED", self.up.interactions.SendMessage,
                             pb.interactions.SendMessageRequest(service=world.sid, session=talk.sid, participant=ben.sid, body="x"))
        self.assertNotIn(BEN[1:], error.details())
        listed = self.up.blocks.ListBlocks(pb.blocks.ListBlocksRequest(service=world.sid), timeout=PATIENCE).blocks
        self.assertEqual({(block.identifier, block.to_identifier) for block in listed}, {(ANN, BEN), (BEN, "")})
        for name in [(ANN, BEN), (BEN, "")]:
            lift = pb.blocks.DeleteBlockRequest(service=world.sid, identifier=name[0], to_identifier=name[1])
            self.up.blocks.DeleteBlock(lift, timeout=PATIENCE)
            self.refused(grpc.StatusCode.NOT_FOUND, "BLOCK_NOT_FOUND", self.up.blocks.DeleteBlock, lift)
        self.assertEqual(self.text(ann, "Hello.").reason, "")
        changes = [event for event in world.events() if event.type in [E.EVENT_TYPE_BLOCK_ADDED, E.EVENT_TYPE_BLOCK_REMOVED]]
        self.assertEqual([event.block_added.from_everybody for event in changes[:2]], [False, True])
        self.assertEqual(len(changes), 4)
        self.assertNotIn(ANN[1:].encode(), b"".join(event.SerializeToString() for event in world.events()))

    # holds: GRD-04 GRD-05
    def test_caps(self):
        world, talk = self.pair(cap_policy={"person_interactions": 2, "person_period": {"seconds": 60}})
        ann, ben = talk.participants
        self.assertEqual([self.text(ann, "x").reason for _ in range(3)], ["", "", "PERSON_CAP"])
        send = pb.interactions.SendMessageRequest(service=world.sid, session=talk.sid, participant=ann.sid, body="x")
        error = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "PERSON_CAP", self.up.interactions.SendMessage, send)
        self.assertIn("free_time", reason_of(error)[2])
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 61}), timeout=PATIENCE)
        self.assertEqual(self.text(ann, "x").reason, "")
        changed = self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, cap_policy={"session_interactions": 4}), timeout=PATIENCE).service.cap_policy
        self.assertEqual(changed, V.CapPolicy(person_interactions=2, person_period={"seconds": 60}, session_interactions=4))
        self.assertEqual([self.text(ben, "x").reason for _ in range(2)], ["", "SESSION_CAP"])
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "SESSION_CAP", self.up.interactions.SendMessage,
                     pb.interactions.SendMessageRequest(service=world.sid, session=talk.sid, participant=ben.sid, body="x"))

    # holds: MSG-04
    def test_as_another_participant(self):
        world, talk = self.pair()
        ann, ben = talk.participants
        sent = world.send(talk.sid, ann.sid, "I am downstairs", sender=ben.sid)
        self.assertEqual((sent.sender_participant_sid, sent.HasField("inbound")), (ben.sid, False))
        world.leg_until(sent.sid, I.LEG_STATUS_DELIVERED)
        told = world.until(lambda event: event.type == E.EVENT_TYPE_INTERACTION_CREATED)[-1]
        self.assertEqual(told.interaction_created.interaction.sender_participant_sid, ben.sid)


if __name__ == "__main__":
    unittest.main(verbosity=2)
