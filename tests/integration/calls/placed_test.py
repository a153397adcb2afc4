#!/usr/bin/python3
"""Calls that the Service places: one participant is rung first, then the partner, and neither sees the other's number."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, fields_of, grpc, pb
from phones import ANN, BEN, BUSY, CAT, CallCase, Phone, status_name
from world import person

E, I, V = pb.events, pb.interactions, pb.services
C = grpc.StatusCode


class Placed(CallCase):
    def call_refused(self, code, reason, world, talk, participant, **more):
        error = self.refused(code, reason, self.up.interactions.PlaceCall, I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=participant, **more))
        for number in [ANN, BEN, CAT]:
            self.assertNotIn(number[1:], error.details())
        return error

    # holds: VOI-10 INT-01 INT-07
    def test_the_two_are_connected(self):
        world, talk, ann, ben = self.pair(voice_policy={"announcement": "We connect you.", "whisper": "It is about your parcel."})
        ann_in, ben_in = talk.participants
        call = self.place(world, talk, ann_in)
        self.assertEqual((call.type, call.HasField("inbound"), self.statuses(call)),
                         (I.INTERACTION_TYPE_VOICE, False, ["INITIATED", "QUEUED"]))
        self.assertEqual([leg.participant_sid for leg in call.outbound], [ann_in.sid, ben_in.sid])
        self.assertEqual(ann.until("RINGS").other, ann_in.proxy_identifier)
        self.until_outbound(world, call, "RINGING", "QUEUED")
        ann.picks_up()
        ann.until("ASKED_FOR_KEY")
        ann.presses()
        self.assertEqual(ben.until("RINGS").other, ben_in.proxy_identifier)
        self.assertEqual(ben.happened[0].number, 1)
        self.until_outbound(world, call, "ANSWERED", "RINGING")
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        ben.presses()
        for phone in [ann, ben]:
            phone.until("CONNECTED")
        self.until_outbound(world, call, "IN_PROGRESS", "IN_PROGRESS")
        self.assertIn("We connect you.", ann.heard())
        self.assertNotIn("It is about your parcel.", ann.heard())
        self.assertIn("It is about your parcel.", ben.heard())
        self.assertNotIn("We connect you.", ben.heard())
        self.clock(20)
        ann.hangs_up()
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "COMPLETED"])
        self.assertGreaterEqual(ended.call.duration.seconds, 20)
        self.assertEqual([one.sid for one in world.interactions(talk.sid)], [call.sid])
        self.assertEqual(world.get(talk.sid).totals.calls, 1)
        self.assertEqual(world.get(talk.sid).last_interaction_time, call.create_time)
        # The other way round.
        ben.until("ENDS")
        ann.until("ENDS")
        self.place(world, talk, ben_in)
        self.assertEqual(ben.until("RINGS").other, ben_in.proxy_identifier)

    # holds: VOI-11
    def test_the_partner_is_left_alone(self):
        """It is never rung when the first one is busy, does not pick up, or picks up and presses no key."""
        world, talk, ann, ben = self.pair()
        ann_in = talk.participants[0]
        ann.behaves(call=BUSY)
        ended = self.until_ended(world, self.place(world, talk, ann_in))
        self.assertEqual(self.statuses(ended), ["BUSY", "CANCELED"])
        ann.behaves()
        call = self.place(world, talk, ann_in)
        ann.until("RINGS")
        self.clock(31)
        self.assertEqual(self.statuses(self.until_ended(world, call)), ["NO_ANSWER", "CANCELED"])
        ann.until("ENDS")
        ann.behaves(voicemail_delay={"seconds": 10})
        call = self.place(world, talk, ann_in)
        ann.until("RINGS")
        self.clock(11)
        self.until_outbound(world, call, "ANSWERED", "INITIATED")
        self.clock(60)
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["NO_ANSWER", "CANCELED"])
        self.assertEqual(self.reasons(ended), ["NOT_ACCEPTED", "OTHER_SIDE_GONE"])
        ann.behaves()
        call = self.place(world, talk, ann_in)
        ann.until("RINGS")
        ann.picks_up()
        ann.until("ASKED_FOR_KEY")
        ann.hangs_up()
        self.assertEqual(self.statuses(self.until_ended(world, call))[1], "CANCELED")
        for event in world.events():
            if event.type == E.EVENT_TYPE_CALL_UPDATED:
                self.assertIn(status_name(event.call_updated.outbound[1]), ["QUEUED", "INITIATED", "CANCELED"])
                self.assertEqual(event.call_updated.outbound[1].attempts, 0)
        ann.until("ENDS")
        ben_in = talk.participants[1]
        self.place(world, talk, ben_in)
        self.assertEqual(ben.until("RINGS").number, 1)

    def test_the_partner_does_not_pick_up(self):
        world, talk, ann, ben = self.pair()
        call = self.place(world, talk, talk.participants[0])
        ann.until("RINGS")
        ann.picks_up()
        ann.until("ASKED_FOR_KEY")
        ann.presses()
        ben.until("RINGS")
        self.clock(31)
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "NO_ANSWER"])
        self.assertEqual(ended.call.duration.seconds, 0)
        ann.until("ENDS")

    def test_the_first_gives_up(self):
        world, talk, ann, ben = self.pair()
        call = self.place(world, talk, talk.participants[0])
        ann.until("RINGS")
        ann.picks_up()
        ann.until("ASKED_FOR_KEY")
        ann.presses()
        ben.until("RINGS")
        ann.hangs_up()
        ben.until("ENDS")
        ended = self.until_ended(world, call)
        self.assertEqual((self.statuses(ended), self.reasons(ended)), (["COMPLETED", "CANCELED"], ["", "OTHER_SIDE_GONE"]))

    def test_a_repeat_rings_nobody_again(self):
        world, talk, ann, _ = self.pair()
        ann_in, ben_in = talk.participants
        call = self.place(world, talk, ann_in, request_id="once")
        ann.until("RINGS")
        again = self.place(world, talk, ann_in, request_id="once")
        self.assertEqual(again.sid, call.sid)
        self.call_refused(C.FAILED_PRECONDITION, "REQUEST_ID_REUSED", world, talk, ben_in.sid, request_id="once")
        ann.hangs_up()
        self.until_ended(world, call)
        self.assertEqual(self.place(world, talk, ann_in, request_id="once").sid, call.sid)
        self.assertEqual(len(world.interactions(talk.sid)), 1)
        self.place(world, talk, ann_in, request_id="twice")
        self.assertEqual([ann.until("RINGS").other, ann.names().count("RINGS")], [ann_in.proxy_identifier, 2])

    def test_what_cannot_be(self):
        world, talk, _, _ = self.pair()
        ann_in = talk.participants[0]
        nobody = "KP" + "0" * 32
        for service, session, participant, code, reason in [
                ("none", talk.sid, ann_in.sid, C.NOT_FOUND, "SERVICE_NOT_FOUND"),
                (world.sid, "none", ann_in.sid, C.NOT_FOUND, "SESSION_NOT_FOUND"),
                (world.sid, talk.sid, nobody, C.NOT_FOUND, "PARTICIPANT_NOT_FOUND"),
                (world.sid, talk.sid, "", C.INVALID_ARGUMENT, "INVALID_SID"),
                (world.sid, talk.sid, ANN, C.INVALID_ARGUMENT, "INVALID_SID")]:
            self.refused(code, reason, self.up.interactions.PlaceCall,
                         I.PlaceCallRequest(service=service, session=session, participant=participant))
        error = self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.interactions.PlaceCall, I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=ann_in.sid, request_id="x" * 65))
        self.assertEqual(fields_of(error), ["request_id"])
        alone = world.session(person(7))
        self.call_refused(C.FAILED_PRECONDITION, "NO_PARTNER", world, alone, alone.participants[0].sid)
        world.close(talk.sid)
        self.call_refused(C.FAILED_PRECONDITION, "SESSION_CLOSED", world, talk, ann_in.sid)
        self.assertEqual(world.interactions(talk.sid), [])

    # holds: GRD-10 GRD-02 ERR-80911
    def test_guards(self):
        """As of SendMessage: who may not be written to is not rung."""
        world, talk, ann, ben = self.pair(numbers=3, cap_policy={"session_interactions": 2}, keyword_policy={"opt_out_of_calls": True})
        ann_in, ben_in = talk.participants
        written = world.session(ANN, BEN, mode=pb.common.SESSION_MODE_MESSAGE_ONLY)
        error = self.call_refused(C.FAILED_PRECONDITION, "MODE_REFUSED", world, written, written.participants[0].sid)
        self.assertIn("80911", str(error.trailing_metadata()))
        # Whoever of the two has opted out, and whichever way a block goes.
        for one in [ANN, BEN]:
            self.up.opt_outs.CreateOptOut(pb.opt_outs.CreateOptOutRequest(service=world.sid, identifier=one), timeout=PATIENCE)
            self.call_refused(C.FAILED_PRECONDITION, "OPTED_OUT", world, talk, ann_in.sid)
            self.up.opt_outs.DeleteOptOut(pb.opt_outs.DeleteOptOutRequest(service=world.sid, identifier=one), timeout=PATIENCE)
        for one, other in [(ANN, BEN), (BEN, ANN), (ANN, ""), (BEN, "")]:
            self.up.blocks.CreateBlock(pb.blocks.CreateBlockRequest(
                service=world.sid, identifier=one, to_identifier=other), timeout=PATIENCE)
            self.call_refused(C.FAILED_PRECONDITION, "BLOCKED", world, talk, ann_in.sid)
            self.up.blocks.DeleteBlock(pb.blocks.DeleteBlockRequest(
                service=world.sid, identifier=one, to_identifier=other), timeout=PATIENCE)
        locked = pb.phone_numbers.UpdatePhoneNumberRequest(
            service=world.sid, phone_number=ben_in.proxy_identifier, state=pb.phone_numbers.PHONE_NUMBER_STATE_LOCKED)
        self.up.phone_numbers.UpdatePhoneNumber(locked, timeout=PATIENCE)
        self.call_refused(C.FAILED_PRECONDITION, "NUMBER_LOCKED", world, talk, ann_in.sid)
        locked.state = pb.phone_numbers.PHONE_NUMBER_STATE_ACTIVE
        self.up.phone_numbers.UpdatePhoneNumber(locked, timeout=PATIENCE)
        self.assertEqual(world.interactions(talk.sid), [])
        # None of them was rung until now, nor is beyond the cap.
        for _ in range(2):
            call = self.place(world, talk, ann_in)
            ann.until("RINGS")
            ann.hangs_up()
            self.until_ended(world, call)
            ann.until("ENDS")
        self.call_refused(C.FAILED_PRECONDITION, "SESSION_CAP", world, talk, ann_in.sid)
        self.assertEqual((ann.names().count("RINGS"), ann.happened[0].number), (2, 1))
        fresh = world.session(ANN, CAT)
        Phone(self.up, CAT)
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, cap_policy={"person_interactions": 1}), timeout=PATIENCE)
        for_ann = self.place(world, fresh, fresh.participants[0])
        ann.until("RINGS")
        ann.hangs_up()
        self.until_ended(world, for_ann)
        self.call_refused(C.RESOURCE_EXHAUSTED, "PERSON_CAP", world, fresh, fresh.participants[0].sid)
        self.assertEqual(ben.happened, [])

    # holds: GRD-10
    def test_opt_outs_of_messages_alone(self):
        """Where the Service does not say so, STOP does not stop calls."""
        world, talk, ann, _ = self.pair()
        self.up.opt_outs.CreateOptOut(pb.opt_outs.CreateOptOutRequest(service=world.sid, identifier=ANN), timeout=PATIENCE)
        self.place(world, talk, talk.participants[0])
        ann.until("RINGS")

    def test_a_network_that_places_none(self):
        world, talk, ann, _ = self.pair()
        self.network(places_no_calls=True)
        self.call_refused(C.UNAVAILABLE, "CARRIER_UNAVAILABLE", world, talk, talk.participants[0].sid)
        self.assertEqual(world.interactions(talk.sid), [])
        self.network()
        self.place(world, talk, talk.participants[0])
        self.assertEqual(ann.until("RINGS").number, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
