#!/usr/bin/python3
"""People call each other through proxy numbers: who is rung, what each sees, and what the call's row and events tell."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, pb
from phones import ANN, BEN, BUSY, CAT, UNREACHABLE, CallCase, Phone, status_name
from world import proxy

E, I = pb.events, pb.interactions
# What legs of calls may be; and what each may become.
CALL_STATUSES = {"INITIATED", "QUEUED", "RINGING", "ANSWERED", "IN_PROGRESS", "COMPLETED", "BUSY", "NO_ANSWER", "CANCELED", "FAILED"}


class Bridge(CallCase):
    # holds: VOI-01 VOI-02 INT-01 INT-04 INT-07 INT-08 INB-04 INB-06
    def test_two_people_talk(self):
        world, talk, ann, ben = self.pair()
        ann_in, ben_in = talk.participants
        self.assertNotEqual(ann_in.proxy_identifier, ben_in.proxy_identifier)
        ann.calls(ann_in.proxy_identifier)
        rung = ben.until("RINGS")
        self.assertEqual(rung.other, ben_in.proxy_identifier)
        call = self.newest(world, talk)
        self.assertEqual((call.type, call.inbound.participant_sid, [leg.participant_sid for leg in call.outbound]),
                         (I.INTERACTION_TYPE_VOICE, ann_in.sid, [ben_in.sid]))
        self.assertFalse(call.HasField("content"))
        self.until_outbound(world, call, "RINGING")
        self.assertEqual(self.statuses(self.get(world, call)), ["IN_PROGRESS", "RINGING"])
        self.assertFalse(self.get(world, call).call.HasField("duration"))
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        self.until_outbound(world, call, "ANSWERED")
        ben.presses()
        ben.until("CONNECTED")
        ann.until("CONNECTED")
        self.until_outbound(world, call, "IN_PROGRESS")
        lives = self.get(world, call)
        self.assertEqual((self.statuses(lives), lives.status), (["IN_PROGRESS", "IN_PROGRESS"], I.INTERACTION_STATUS_IN_PROGRESS))
        self.assertTrue(lives.call.HasField("connect_time"))
        self.assertFalse(lives.call.HasField("duration") or lives.call.HasField("end_time"))
        self.clock(65)
        ben.hangs_up()
        ann.until("ENDS")
        ben.until("ENDS")
        ended = self.until_ended(world, call)
        self.assertEqual((self.statuses(ended), ended.status), (["COMPLETED", "COMPLETED"], I.INTERACTION_STATUS_ENDED))
        self.assertGreaterEqual(ended.call.duration.seconds, 65)
        self.assertLess(ended.call.duration.seconds, 65 + PATIENCE)
        self.assertEqual((ended.call.duration.nanos, ended.call.recorded, ended.call.hang_up_reason), (0, False, ""))
        spans = ended.call.end_time.ToNanoseconds() - ended.call.connect_time.ToNanoseconds()
        self.assertLess(abs(spans / 1e9 - ended.call.duration.seconds), 2)
        # One row all the while.
        self.assertEqual([one.sid for one in world.interactions(talk.sid)], [call.sid])
        told = [event for event in world.events() if event.type == E.EVENT_TYPE_CALL_UPDATED]
        legs = [status_name(event.call_updated.outbound[0]) for event in told]
        self.assertEqual(legs, ["RINGING", "ANSWERED", "IN_PROGRESS", "COMPLETED"])
        self.assertEqual([status_name(event.call_updated.inbound) for event in told], ["IN_PROGRESS"] * 3 + ["COMPLETED"])
        self.assertTrue(all(event.session_sid == talk.sid for event in told))
        created = [event.interaction_created for event in world.events() if event.type == E.EVENT_TYPE_INTERACTION_CREATED]
        self.assertEqual([(one.interaction.sid, one.session_started) for one in created], [(call.sid, True)])
        self.assertEqual(self.statuses(created[0].interaction), ["IN_PROGRESS", "INITIATED"])

    # holds: INB-08 INB-06 INT-01
    def test_ring_back(self):
        """Whoever calls the number that it saw reaches the same session's other person, who sees its own."""
        world, talk, ann, ben = self.pair()
        others = world.session(ANN, CAT)  # a distraction: Ann's other talk, by another number
        self.assertNotIn(others.participants[0].proxy_identifier, [talk.participants[0].proxy_identifier])
        ann.calls(talk.participants[0].proxy_identifier)
        seen = ben.until("RINGS").other
        ben.hangs_up()
        ben.until("ENDS")
        ann.until("ENDS")
        ben.calls(seen)
        self.assertEqual(ann.until("RINGS").other, talk.participants[0].proxy_identifier)
        ann.hangs_up()
        self.assertEqual([one.inbound.participant_sid for one in world.interactions(talk.sid)],
                         [one.sid for one in talk.participants])
        self.assertEqual(world.interactions(others.sid), [])
        ben.until("ENDS")
        ann.until("ENDS")
        # A text and a call go the same way.
        ben.texts_to(seen, "It was me.")
        self.assertEqual(ann.text().sender, talk.participants[0].proxy_identifier)

    # holds: PAR-14 INB-04
    def test_one_number_for_both(self):
        world, talk, ann, ben = self.pair(numbers=1)
        ann_in, ben_in = talk.participants
        self.assertEqual((ann_in.proxy_identifier, ben_in.proxy_identifier), (proxy(1), proxy(1)))
        for caller, callee, caller_in, callee_in in [(ann, ben, ann_in, ben_in), (ben, ann, ben_in, ann_in)]:
            caller.texts_to(proxy(1), "Now?")
            self.assertEqual(callee.text().sender, proxy(1))
            call = self.talk_to(world, talk, caller_in, callee_in, caller, callee)
            self.assertEqual(callee.rung_by()[-1], proxy(1))
            self.assertEqual((call.inbound.participant_sid, call.outbound[0].participant_sid), (caller_in.sid, callee_in.sid))
            caller.hangs_up()
            self.until_ended(world, call)
            caller.until("ENDS")
            callee.until("ENDS")

    # holds: PAR-18 INB-04
    def test_another_person_takes_over(self):
        world, talk, ann, ben = self.pair()
        cat = Phone(self.up, CAT)
        ann_in, ben_in = talk.participants
        replaced = self.up.participants.UpdateParticipant(pb.participants.UpdateParticipantRequest(
            service=world.sid, session=talk.sid, participant=ben_in.sid, spec={"identifier": CAT}), timeout=PATIENCE).participant
        self.assertEqual(world.get(talk.sid).participants[0].proxy_identifier, ann_in.proxy_identifier)
        ann.texts_to(ann_in.proxy_identifier, "Hello?")
        self.assertEqual(cat.text().sender, replaced.proxy_identifier)
        call = self.talk_to(world, talk, ann_in, replaced, ann, cat)
        self.assertEqual(cat.rung_by(), [replaced.proxy_identifier])
        ann.hangs_up()
        self.until_ended(world, call)
        ann.until("ENDS")
        cat.until("ENDS")
        cat.calls(replaced.proxy_identifier)
        self.assertEqual(ann.until("RINGS").other, ann_in.proxy_identifier)
        ann.hangs_up()
        cat.until("ENDS")
        # The one before hears nothing of all that, and reaches nobody.
        self.assertEqual(ben.start(ben_in.proxy_identifier).outcome, pb.common.INBOUND_OUTCOME_REJECTED)
        ben.until("ENDS")
        self.assertEqual((ben.rung_by(), ben.texts), ([], []))

    # holds: VOI-14
    def test_several_phones_of_one_person(self):
        world, talk, ann, ben = self.pair(ANN, {"identifiers": [CAT, BEN]})
        cat = Phone(self.up, CAT)
        ann_in, ben_in = talk.participants
        # The first is not picked up in time, the second is.
        ann.calls(ann_in.proxy_identifier)
        self.assertEqual(cat.until("RINGS").other, ben_in.proxy_identifier)
        call = self.newest(world, talk)
        self.clock(30)
        cat.until("ENDS")
        self.assertEqual(ben.until("RINGS").other, ben_in.proxy_identifier)
        self.assertEqual(ben.happened[0].number, 1)  # it did not ring while the first did
        self.follow(world, call, lambda updated: updated.outbound[0].attempts == 2)
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        ben.presses()
        ann.until("CONNECTED")
        ann.hangs_up()
        ended = self.until_ended(world, call)
        self.assertEqual((self.statuses(ended), ended.outbound[0].attempts), (["COMPLETED", "COMPLETED"], 2))
        ben.until("ENDS")
        ann.until("ENDS")
        # The first is picked up: the second is left alone.
        call = self.talk_to(world, talk, ann_in, ben_in, ann, cat)
        ann.hangs_up()
        self.assertEqual(self.until_ended(world, call).outbound[0].attempts, 1)
        self.assertEqual(len(ben.rung_by()), 1)
        ann.until("ENDS")
        # None is: the last one's end is the leg's.
        cat.behaves(call=UNREACHABLE)
        ben.behaves(call=BUSY)
        ann.calls(ann_in.proxy_identifier)
        ended = self.until_ended(world, self.newest(world, talk))
        self.assertEqual(self.statuses(ended), ["COMPLETED", "BUSY"])

    # holds: VOI-02 INT-07
    def test_how_calls_end(self):
        world, talk, ann, ben = self.pair()
        ann_in, ben_in = talk.participants
        seen = set()
        for behavior, status in [({"call": BUSY}, "BUSY"), ({"call": UNREACHABLE}, "FAILED")]:
            ben.behaves(**behavior)
            ann.calls(ann_in.proxy_identifier)
            ann.until("ENDS")
            ended = self.until_ended(world, self.newest(world, talk))
            self.assertEqual(self.statuses(ended), ["COMPLETED", status])
            self.assertEqual((ended.call.duration.seconds, ended.call.HasField("connect_time")), (0, False))
        ben.behaves()
        # It declines.
        ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")
        ben.hangs_up()
        ann.until("ENDS")
        self.assertEqual(self.statuses(self.until_ended(world, self.newest(world, talk))), ["COMPLETED", "BUSY"])
        # It picks up, and does not want to talk.
        ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        ben.hangs_up()
        ann.until("ENDS")
        ended = self.until_ended(world, self.newest(world, talk))
        self.assertEqual(self.statuses(ended), ["COMPLETED", "NO_ANSWER"])
        self.assertNotIn("CONNECTED", ann.names())
        for event in world.events():
            if event.type == E.EVENT_TYPE_CALL_UPDATED:
                seen |= {status_name(leg) for leg in event.call_updated.outbound}
        self.assertLessEqual(seen, CALL_STATUSES)
        # What has ended says so once, and stays.
        for call in world.interactions(talk.sid):
            ends = [event for event in world.events() if event.call_updated.interaction_sid == call.sid
                    and event.call_updated.call.HasField("end_time")]
            self.assertEqual(len(ends), 1)

    # holds: VOI-15
    def test_the_caller_gives_up(self):
        world, talk, ann, ben = self.pair()
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        ann.hangs_up()
        ben.until("ENDS")
        ended = self.until_ended(world, self.newest(world, talk))
        self.assertEqual((self.statuses(ended), self.reasons(ended)), (["COMPLETED", "CANCELED"], ["OTHER_SIDE_GONE"]))
        self.assertEqual(ended.call.duration.seconds, 0)
        ann.until("ENDS")
        # While the other is asked for its key, too.
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        ann.hangs_up()
        ben.until("ENDS")
        ended = self.until_ended(world, self.newest(world, talk))
        self.assertEqual((self.statuses(ended), self.reasons(ended)), (["COMPLETED", "CANCELED"], ["OTHER_SIDE_GONE"]))
        self.assertNotIn("CONNECTED", ben.names())

    # holds: SES-26 INT-01 INT-03 INT-04 INT-08 INB-06
    def test_totals_and_types(self):
        world, talk, ann, ben = self.pair()
        ann_in, ben_in = talk.participants
        for length in [3, 70]:
            call = self.talk_to(world, talk, ann_in, ben_in, ann, ben)
            self.clock(length)
            ann.hangs_up()
            self.until_ended(world, call)
            ann.until("ENDS")
            ben.until("ENDS")
        self.up.simulator.SendText(pb.simulator.SendTextRequest(
            handset=ANN, recipient=ann_in.proxy_identifier, body="That was it.", media=[{"url": "https://example.org/a.png"}]),
            timeout=PATIENCE)
        sent = self.newest(world, talk)
        self.assertEqual((sent.inbound.participant_sid, status_name(sent.inbound), sent.content.body, len(sent.content.media)),
                         (ann_in.sid, "RECEIVED", "That was it.", 1))
        world.send(talk.sid, ben_in.sid, "Rate it.")
        ben.behaves(call=BUSY)
        ann.calls(ann_in.proxy_identifier)
        self.until_ended(world, self.newest(world, talk))
        listed = world.interactions(talk.sid)
        calls = world.interactions(talk.sid, filter={"type": I.INTERACTION_TYPE_VOICE})
        messages = world.interactions(talk.sid, filter={"type": I.INTERACTION_TYPE_MESSAGE})
        self.assertEqual((len(calls), len(messages), len(listed)), (3, 2, 5))
        self.assertEqual({one.type for one in listed}, {I.INTERACTION_TYPE_VOICE, I.INTERACTION_TYPE_MESSAGE})
        self.assertTrue(all(one.HasField("call") and not one.HasField("content") for one in calls))
        self.assertTrue(all(one.HasField("content") and not one.HasField("call") for one in messages))
        self.assertIn("INTERACTION_TYPE_UNSPECIFIED", I.InteractionType.keys())
        for _ in range(2):
            totals = world.get(talk.sid).totals
            self.assertEqual((totals.messages, totals.calls), (2, 3))
            self.assertEqual(totals.call_duration.seconds, sum(one.call.duration.seconds for one in calls))
            self.assertGreaterEqual(totals.call_duration.seconds, 73)
            self.up.kill()
            self.up.start()
            world.server = self.up


if __name__ == "__main__":
    unittest.main(verbosity=2)
