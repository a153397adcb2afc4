#!/usr/bin/python3
"""What a Service says of its calls: who hears what and when, how long it rings, how long a call lasts, and what a voicemail may tell."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import pb
from phones import BEN, PICKS_UP, CallCase, event_name

I, V = pb.interactions, pb.services
GREETING = f"You have reached {BEN}. Please leave a message."


class Policy(CallCase):
    # holds: VOI-03 VOI-04 VOI-05
    def test_what_is_said_to_whom_and_when(self):
        world, talk, ann, ben = self.pair(voice_policy={
            "whisper": "A call about your flat.", "announcement": "Please hold.", "recording": V.CALL_RECORDING_ON,
            "consent_notice": "We record this."})
        ann.calls(talk.participants[0].proxy_identifier)
        rings = ben.until("RINGS")
        ann.until("HEARS")
        self.assertEqual(ann.heard(), ["Please hold."])
        self.assertLessEqual(ann.happened[-1].time.ToNanoseconds(), rings.time.ToNanoseconds())
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        self.assertEqual(ann.heard(), ["Please hold."])  # of what was told until now
        ben.presses()
        ben.until("RECORDING")
        ann.until("RECORDING")
        ann.hangs_up()
        for phone in [ann, ben]:
            phone.until("ENDS")
        # The whisper is the callee's alone, before the two talk; the consent is both's, before the recording begins.
        self.assertEqual(ann.heard(), ["Please hold.", "We record this."])
        heard = ben.heard()
        self.assertEqual((heard[0], heard[-1], len(heard)), ("A call about your flat.", "We record this.", 3))
        for phone in [ann, ben]:
            names = phone.names()
            self.assertEqual(names.count("RECORDING"), 1)
            consent = [index for index, one in enumerate(phone.happened) if one.text == "We record this."]
            self.assertEqual(len(consent), 1)
            self.assertLess(consent[0], names.index("RECORDING"))
        whisper = [index for index, one in enumerate(ben.happened) if one.text == "A call about your flat."]
        self.assertLess(whisper[0], ben.names().index("CONNECTED"))
        self.assertLess(ben.names().index("PICKED_UP"), whisper[0])
        self.assertTrue(self.until_ended(world, self.newest(world, talk)).call.recorded)

    # holds: VOI-05
    def test_nothing_is_recorded_by_default(self):
        world, talk, ann, ben = self.pair()
        shown = world.service.voice_policy
        self.assertEqual((shown.recording, shown.consent_notice, shown.acceptance),
                         (V.CALL_RECORDING_OFF, "This call is recorded.", V.CALL_ACCEPTANCE_KEY))
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        ann.hangs_up()
        self.assertFalse(self.until_ended(world, call).call.recorded)
        ann.until("ENDS")
        ben.until("ENDS")
        self.assertEqual([name for phone in [ann, ben] for name in phone.names() if name == "RECORDING"], [])
        self.assertEqual(ann.heard(), [])
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, voice_policy={"recording": V.CALL_RECORDING_ON}), timeout=60)
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        ann.hangs_up()
        self.assertTrue(self.until_ended(world, call).call.recorded)
        ann.until("ENDS")
        self.assertEqual(ann.heard(), ["This call is recorded."])

    # holds: VOI-06 CAR-04
    def test_it_rings_for_so_long(self):
        for limit, settings in [(30, {}), (45, {"ring_limit": {"seconds": 45}})]:
            with self.subTest(limit):
                world, talk, ann, ben = self.pair(voice_policy=settings)
                ann.calls(talk.participants[0].proxy_identifier)
                ben.until("RINGS")
                call = self.newest(world, talk)
                self.clock(limit - 10)
                self.assertEqual(self.statuses(self.get(world, call))[1], "RINGING")
                self.clock(10)
                ben.until("ENDS")
                ann.until("ENDS")
                ended = self.until_ended(world, call)
                self.assertEqual((self.statuses(ended), ended.call.duration.seconds), (["COMPLETED", "NO_ANSWER"], 0))
                self.assertNotIn("CONNECTED", ann.names() + ben.names())
                self.doCleanups()
                self.setUp()

    # holds: VOI-07 CAR-04
    def test_it_lasts_for_so_long(self):
        world, talk, ann, ben = self.pair(voice_policy={"longest_call": {"seconds": 600}})
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        self.clock(500)
        self.assertEqual(self.get(world, call).status, I.INTERACTION_STATUS_IN_PROGRESS)
        self.clock(101)
        for phone in [ann, ben]:
            phone.until("ENDS")
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "COMPLETED"])
        self.assertEqual(ended.call.duration.seconds, 600)
        shown = self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, update_mask={"paths": ["voice_policy.longest_call"]}), timeout=60).service
        self.assertEqual(shown.voice_policy.longest_call.seconds, 4 * 3600)
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        self.clock(4 * 3600 + 1)
        self.assertEqual(self.until_ended(world, call).call.duration.seconds, 4 * 3600)

    # holds: VOI-07
    def test_a_network_that_never_ends_a_call(self):
        """The carrier should end it by itself. When it does not, it is told to, and else the record ends without it."""
        world, talk, ann, ben = self.pair(voice_policy={"longest_call": {"seconds": 600}})
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        self.network(loses_reports=True)
        self.clock(600 + 40)
        self.clock(40)
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "COMPLETED"])
        self.assertIn(ended.call.hang_up_reason, ["LONGEST_CALL", "NOT_REPORTED"])
        for phone in [ann, ben]:
            phone.until("ENDS")

    # holds: VOI-08
    def test_a_voicemail_presses_no_key(self):
        world, talk, ann, ben = self.pair()
        ben.behaves(voicemail_delay={"seconds": 20}, voicemail_greeting=GREETING)
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, talk)
        self.clock(21)
        self.until_outbound(world, call, "ANSWERED")
        self.clock(20)
        ann.until("ENDS")
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "NO_ANSWER"])
        self.assertEqual(self.reasons(ended), ["NOT_ACCEPTED"])
        self.assertNotIn("CONNECTED", ann.names())
        self.assertNotIn(BEN[1:].encode(), ann.raw)
        self.assertEqual(ann.heard(), [])

    # holds: VOI-08
    def test_another_key_is_no_yes(self):
        world, talk, ann, ben = self.pair()
        ben.behaves(call=PICKS_UP, keys="23#")
        ann.calls(talk.participants[0].proxy_identifier)
        call = self.newest(world, talk)
        self.until_outbound(world, call, "ANSWERED")
        self.clock(15)
        self.assertEqual(self.statuses(self.until_ended(world, call)), ["COMPLETED", "NO_ANSWER"])
        ann.until("ENDS")
        self.assertNotIn("CONNECTED", ann.names() + ben.names())
        ben.behaves(call=PICKS_UP, keys="1")
        ann.calls(talk.participants[0].proxy_identifier)
        ann.until("CONNECTED")

    # holds: VOI-08
    def test_whoever_wants_no_key_gets_none(self):
        """What the default keeps away from the caller, and what it would be without."""
        world, talk, ann, ben = self.pair(voice_policy={"acceptance": V.CALL_ACCEPTANCE_PICK_UP,
                                                        "ring_limit_without_key": {"seconds": 40}})
        ben.behaves(voicemail_delay={"seconds": 20}, voicemail_greeting=GREETING)
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        self.clock(21)
        ann.until("CONNECTED")
        self.assertEqual(ann.until("HEARS").text, GREETING)
        ann.hangs_up()
        ann.until("ENDS")
        # By default it is not rung for that long.
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, update_mask={"paths": ["voice_policy.ring_limit_without_key"]}), timeout=60)
        count = len(ann.happened)
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, talk)
        self.clock(30)
        self.assertEqual(self.statuses(self.until_ended(world, call)), ["COMPLETED", "NO_ANSWER"])
        ann.until("ENDS")
        self.assertNotIn("CONNECTED", [event_name(one) for one in ann.happened[count:]])

    # holds: VOI-09
    def test_a_network_that_cannot_ask(self):
        world, talk, ann, ben = self.pair()
        self.network(asks_no_keys=True)
        ben.behaves(voicemail_delay={"seconds": 20}, voicemail_greeting=GREETING)
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, talk)
        self.clock(60)
        ended = self.until_ended(world, call)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "NO_ANSWER"])
        rang = ended.outbound[0].end_time.ToNanoseconds() - ended.outbound[0].sent_time.ToNanoseconds()
        self.assertLessEqual(rang / 1e9, 19)
        ann.until("ENDS")
        self.assertEqual((ann.heard(), ann.names().count("CONNECTED")), ([], 0))
        self.assertNotIn(BEN[1:].encode(), ann.raw)
        # Who picks up itself is connected without being asked.
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        ben.picks_up()
        ann.until("CONNECTED")
        self.assertNotIn("ASKED_FOR_KEY", ben.names())


if __name__ == "__main__":
    unittest.main(verbosity=2)
