#!/usr/bin/python3
"""Calls that reach nobody: why, what the caller is told, what the log tells, and that no phone rings."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, pb
from phones import ANN, BEN, CAT, CallCase, Phone
from world import person, proxy

E, I, V = pb.events, pb.interactions, pb.services
REJECTED = pb.common.INBOUND_OUTCOME_REJECTED


class Refused(CallCase):
    def rejects(self, world, phone, recipient, reason, code=0, notice=None, **more):
        """The call is refused so: by the answer, by the event, and by what the caller hears. The event."""
        count = len(phone.happened)
        answer = phone.start(recipient, **more)
        self.assertEqual((answer.outcome, answer.reason, answer.original_code), (REJECTED, reason, code))
        phone.until("ENDS")
        self.assertEqual([one.text for one in phone.happened[count:] if one.event == pb.simulator.HANDSET_CALL_EVENT_HEARS],
                         [notice] if notice else [])
        event = self.rejected(world)
        told = event.inbound_rejected
        self.assertEqual((told.type, told.reason, told.original_code, told.proxy_identifier, told.notice_sid),
                         (I.INTERACTION_TYPE_VOICE, reason, code, recipient, ""))
        self.assertNotIn(phone.number[1:], str(event))
        return event

    # holds: ERR-80902 OOS-01
    def test_the_last_session_has_ended(self):
        world, talk, ann, ben = self.pair()
        ann_in = talk.participants[0]
        world.close(talk.sid)
        event = self.rejects(world, ann, ann_in.proxy_identifier, "SESSION_CLOSED", 80902)
        self.assertEqual((event.session_sid, event.inbound_rejected.participant_sid, event.inbound_rejected.last_session.sid),
                         (talk.sid, ann_in.sid, talk.sid))
        # A text the same way.
        ann.texts_to(ann_in.proxy_identifier, "Hello?")
        told = self.rejected(world).inbound_rejected
        self.assertEqual((told.type, told.reason, told.original_code), (I.INTERACTION_TYPE_MESSAGE, "SESSION_CLOSED", 80902))
        self.up.services.UpdateService(V.UpdateServiceRequest(service=world.sid, notice_policy={"notices": [
            {"occasion": V.NOTICE_OCCASION_OUT_OF_SESSION, "text": "Your order is done."}]}), timeout=PATIENCE)
        self.rejects(world, ann, ann_in.proxy_identifier, "SESSION_CLOSED", 80902, notice="Your order is done.")
        # Told, not written: the phone has no text of it.
        ann.texts_to(ann_in.proxy_identifier, "Hello?")
        self.assertEqual(ann.text().body, "Your order is done.")
        self.assertEqual((len(ann.texts), ben.happened, ben.texts), (1, [], []))
        self.assertEqual(world.interactions(talk.sid), [])

    # holds: OOS-01 INB-04
    def test_strangers_and_numbers_of_nobody(self):
        world, talk, ann, ben = self.pair()
        cat = Phone(self.up, CAT)
        self.rejects(world, cat, proxy(1), "NO_ROUTE", 80903)
        other = ({proxy(1), proxy(2)} - {talk.participants[0].proxy_identifier}).pop()
        self.rejects(world, ann, other, "NO_ROUTE", 80903)
        # Who hides its number is nobody that could be known.
        self.rejects(world, ann, talk.participants[0].proxy_identifier, "NO_ROUTE", 80903, withhold_caller=True)
        events = len(world.events())
        for recipient in [person(9), proxy(9), "911", "Ann"]:
            answer = ann.start(recipient)
            self.assertEqual((answer.outcome, answer.reason), (REJECTED, "NUMBER_UNKNOWN"))
        self.assertEqual(len(world.events()), events)
        self.assertEqual(ben.happened, [])
        ann.until("ENDS")
        ann.calls(talk.participants[0].proxy_identifier)
        self.assertEqual(ben.until("RINGS").number, 1)

    # holds: ERR-80911 INB-11 GRD-10
    def test_a_session_of_texts(self):
        world, talk, ann, ben = self.pair(session={"mode": pb.common.SESSION_MODE_MESSAGE_ONLY})
        ann_in = talk.participants[0]
        event = self.rejects(world, ann, ann_in.proxy_identifier, "MODE_REFUSED", 80911)
        self.assertEqual((event.session_sid, event.inbound_rejected.participant_sid), (talk.sid, ann_in.sid))
        self.up.services.UpdateService(V.UpdateServiceRequest(service=world.sid, notice_policy={"notices": [
            {"occasion": V.NOTICE_OCCASION_MODE_REFUSED, "text": "Please write instead."}]}), timeout=PATIENCE)
        self.rejects(world, ann, ann_in.proxy_identifier, "MODE_REFUSED", 80911, notice="Please write instead.")
        self.assertEqual((world.interactions(talk.sid), world.get(talk.sid).totals.calls), ([], 0))
        ann.texts_to(ann_in.proxy_identifier, "Hello")
        self.assertEqual(ben.text().body, "Hello")
        self.assertEqual(ben.happened, [])

    # holds: INB-11
    def test_a_session_of_calls(self):
        world, talk, ann, ben = self.pair(session={"mode": pb.common.SESSION_MODE_VOICE_ONLY})
        ann_in = talk.participants[0]
        answer = ann.texts_to(ann_in.proxy_identifier, "Hello?")
        self.assertEqual((answer.outcome, answer.reason, answer.original_code), (REJECTED, "MODE_REFUSED", 80910))
        ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")
        self.assertEqual((ben.texts, ann.texts), ([], []))  # dropped, without a word

    # holds: GRD-02 GRD-10
    def test_blocks(self):
        world, talk, ann, ben = self.pair()
        ann_in, ben_in = talk.participants
        block = pb.blocks.CreateBlockRequest(service=world.sid, identifier=ANN, to_identifier=BEN)
        self.up.blocks.CreateBlock(block, timeout=PATIENCE)
        self.rejects(world, ann, ann_in.proxy_identifier, "BLOCKED")
        answer = ann.texts_to(ann_in.proxy_identifier, "Hello?")
        self.assertEqual(answer.reason, "BLOCKED")
        self.assertEqual((ben.happened, ben.texts), ([], []))
        # In every session, and the other way is free.
        other = world.session(ANN, BEN)
        self.rejects(world, ann, other.participants[0].proxy_identifier, "BLOCKED")
        ben.calls(ben_in.proxy_identifier)
        ann.until("RINGS")
        ben.hangs_up()

    # holds: GRD-10
    def test_caps(self):
        world, talk, ann, ben = self.pair(cap_policy={"session_interactions": 1})
        ann_in = talk.participants[0]
        ann.texts_to(ann_in.proxy_identifier, "One")
        self.rejects(world, ann, ann_in.proxy_identifier, "SESSION_CAP")
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, cap_policy={"person_interactions": 2}, update_mask={"paths": ["cap_policy"]}), timeout=PATIENCE)
        for _ in range(2):
            ann.calls(ann_in.proxy_identifier)
            ben.until("RINGS")
            ben.hangs_up()
            ann.until("ENDS")
        self.rejects(world, ann, ann_in.proxy_identifier, "PERSON_CAP")
        self.assertEqual(world.get(talk.sid).totals.calls, 2)

    # holds: KEY-10
    def test_stop(self):
        """It stops calls only where the Service says so."""
        world, talk, ann, ben = self.pair()
        ann_in, ben_in = talk.participants
        others = world.session(BEN, CAT)
        cat = Phone(self.up, CAT)
        ben.texts_to(ben_in.proxy_identifier, "STOP")
        ann.texts_to(ann_in.proxy_identifier, "Hello?")
        leg = self.newest(world, talk).outbound[0]
        self.assertEqual((leg.status, leg.error.reason), (I.LEG_STATUS_CANCELED, "OPTED_OUT"))
        ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")
        ann.hangs_up()
        ben.until("ENDS")
        ann.until("ENDS")
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, keyword_policy={"opt_out_of_calls": True}), timeout=PATIENCE)
        count = len(ben.happened)
        for phone, one, session in [(ann, ann_in, talk), (cat, others.participants[1], others)]:
            answer = phone.start(one.proxy_identifier)
            self.assertEqual((answer.outcome, answer.reason), (REJECTED, "OPTED_OUT"))
            phone.until("ENDS")
            call = self.newest(world, session)
            self.assertEqual((self.statuses(call)[1:], self.reasons(call)), (["CANCELED"], ["OPTED_OUT"]))
            self.assertEqual((call.status, call.call.duration.seconds), (I.INTERACTION_STATUS_ENDED, 0))
        self.assertEqual(len(ben.happened), count)
        # What it calls itself is its own wish.
        ben.texts_to(ben_in.proxy_identifier, "START")
        ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")

    # holds: GRD-10
    def test_numbers_that_are_locked(self):
        world, talk, ann, ben = self.pair(notice_policy={"notices": [
            {"occasion": V.NOTICE_OCCASION_NUMBER_UNAVAILABLE, "text": "This number rests."}]})
        ann_in, ben_in = talk.participants

        def lock(number, state):
            self.up.phone_numbers.UpdatePhoneNumber(pb.phone_numbers.UpdatePhoneNumberRequest(
                service=world.sid, phone_number=number, state=state), timeout=PATIENCE)

        lock(ann_in.proxy_identifier, pb.phone_numbers.PHONE_NUMBER_STATE_LOCKED)
        self.rejects(world, ann, ann_in.proxy_identifier, "NUMBER_LOCKED", notice="This number rests.")
        lock(ann_in.proxy_identifier, pb.phone_numbers.PHONE_NUMBER_STATE_ACTIVE)
        lock(ben_in.proxy_identifier, pb.phone_numbers.PHONE_NUMBER_STATE_LOCKED)
        answer = ann.start(ann_in.proxy_identifier)
        self.assertEqual((answer.outcome, answer.reason), (REJECTED, "NUMBER_LOCKED"))
        self.assertEqual(ben.happened, [])

    # holds: INB-04
    def test_a_caller_that_is_a_number_of_ours(self):
        """Two numbers that ring each other would ring for ever."""
        world, talk, ann, _ = self.pair(numbers=3)
        loop = Phone(self.up, proxy(3))
        self.rejects(world, loop, talk.participants[0].proxy_identifier, "LOOP")
        looped = world.session(ANN, proxy(4))
        loop = Phone(self.up, proxy(4))
        world.add_number(proxy(4))  # it was a person's own until now
        answer = ann.start(looped.participants[0].proxy_identifier)
        self.assertEqual(answer.outcome, REJECTED)
        call = self.newest(world, looped)
        self.assertEqual((self.statuses(call)[1:], self.reasons(call)), (["CANCELED"], ["LOOP"]))
        self.assertEqual(loop.rung_by(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
