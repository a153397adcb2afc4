#!/usr/bin/python3
"""Texts that are to be asked about while nobody is there to be asked; over the whole server."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from google.protobuf import field_mask_pb2
from harness import PATIENCE, Case, grpc, pb
from world import World, person, proxy

I, V = pb.interactions, pb.services
ANN, BEN = person(1), person(2)


class Interception(Case):
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

    def let(self, world, *paths, **policy):
        mask = field_mask_pb2.FieldMask(paths=["interception_policy." + path for path in paths])
        return self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=world.sid, interception_policy=policy, update_mask=mask), timeout=PATIENCE).service.interception_policy

    # holds: SVC-10
    def test_settings(self):
        world, _ = self.pair()
        policy = world.service.interception_policy
        self.assertEqual((policy.messages, policy.failure), (False, V.INTERCEPTION_FAILURE_OPEN))
        self.assertEqual((policy.message_deadline.seconds, policy.call_deadline.seconds), (5, 3))
        policy = self.let(world, "failure", "call_deadline", messages=True, failure=V.INTERCEPTION_FAILURE_CLOSED,
                          call_deadline={"seconds": 60})
        self.assertEqual((policy.messages, policy.failure), (False, V.INTERCEPTION_FAILURE_CLOSED))
        self.assertEqual((policy.message_deadline.seconds, policy.call_deadline.seconds), (5, 60))
        for wrong in ({"seconds": 0}, {"seconds": 61}, {"seconds": -1}):
            with self.assertRaises(grpc.RpcError) as caught:
                self.let(world, "message_deadline", message_deadline=wrong)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    # holds: ICP-08 INT-15 ERR-80909
    def test_nobody_attends(self):
        world, talk = self.pair(interception_policy={"messages": True, "failure": V.INTERCEPTION_FAILURE_CLOSED})
        ann = talk.participants[0]
        self.text(ann, "is anybody there?")
        kept = world.newest(talk.sid)
        self.assertEqual((kept.status, list(kept.outbound)), (I.INTERACTION_STATUS_BLOCKED, []))
        self.assertEqual(kept.block, I.InteractionBlock(reason="NOBODY_ATTENDS", original_code=80909))
        self.assertEqual((kept.inbound.participant_sid, kept.content.body), (ann.sid, "is anybody there?"))
        told = [event.interaction_created.interaction for event in world.events()
                if event.type == pb.events.EVENT_TYPE_INTERACTION_CREATED]
        self.assertEqual([(one.sid, one.status, one.block.original_code) for one in told],
                         [(kept.sid, I.INTERACTION_STATUS_BLOCKED, 80909)])
        # Over a crash, too; and with OPEN the next one passes.
        self.up.kill()
        self.up.start()
        world.server = self.up
        self.assertEqual(world.newest(talk.sid), kept)
        self.let(world, failure=V.INTERCEPTION_FAILURE_OPEN)
        self.text(ann, "and now?")
        sent = world.newest(talk.sid)
        self.assertFalse(sent.HasField("block"))
        world.leg_until(sent.sid, I.LEG_STATUS_DELIVERED)

    # holds: ICP-08 INT-15 ERR-80909
    def test_nobody_attends_to_calls(self):
        world, talk = self.pair(interception_policy={"calls": True, "failure": V.INTERCEPTION_FAILURE_CLOSED})
        ann = talk.participants[0]

        def call():
            return self.up.simulator.StartCall(pb.simulator.StartCallRequest(
                handset=ann.identifier, recipient=ann.proxy_identifier), timeout=PATIENCE)

        answer = call()
        self.assertEqual((answer.outcome, answer.reason, answer.original_code),
                         (pb.common.INBOUND_OUTCOME_REJECTED, "NOBODY_ATTENDS", 80909))
        kept = world.newest(talk.sid)
        self.assertEqual((kept.type, kept.status, list(kept.outbound)),
                         (I.INTERACTION_TYPE_VOICE, I.INTERACTION_STATUS_BLOCKED, []))
        self.assertEqual(kept.block, I.InteractionBlock(reason="NOBODY_ATTENDS", original_code=80909))
        self.assertEqual(kept.inbound.participant_sid, ann.sid)
        told = [event.interaction_created.interaction for event in world.events()
                if event.type == pb.events.EVENT_TYPE_INTERACTION_CREATED]
        self.assertEqual([(one.sid, one.status, one.block.original_code) for one in told],
                         [(kept.sid, I.INTERACTION_STATUS_BLOCKED, 80909)])
        # Texts are not put to anybody, nor are calls when the switch is off again.
        self.text(ann, "then a text")
        self.assertFalse(world.newest(talk.sid).HasField("block"))
        self.let(world, "calls")
        self.assertEqual(call().outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
