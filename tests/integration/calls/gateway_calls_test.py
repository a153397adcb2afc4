#!/usr/bin/python3
"""A program that carries calls: the plans that it gets, what it reports, and what it is told when a call must not go on."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb
from phones import ANN, BEN, CAT, status_name
from programs import ACCEPTED, CARRIES_CALLS, FIRST, REJECTED, SECOND, Program, status
from world import World, proxy

E, G, I, V = pb.events, pb.carrier_gateway, pb.interactions, pb.services
C = grpc.StatusCode
ENDS = {"COMPLETED", "BUSY", "NO_ANSWER", "FAILED", "CANCELED", "GONE"}


class Gateway(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server("--carrier", "gateway:net", "--carrier", "gateway:other").start()

    def world(self, *people, carriers=("net",), **settings):
        world = World(self.up, **settings)
        for index in [1, 2]:
            world.add_number(proxy(index), carriers=list(carriers))
        return world, world.session(*(people or (ANN, BEN)))

    def attach(self, carrier="net", **can):
        return Program.attached(self.up, carrier, **{**CARRIES_CALLS, **can})

    def calls(self, net, talk, provider_id="c1"):
        """Ann calls; the plan."""
        result = net.call(provider_id, ANN, talk.participants[0].proxy_identifier)
        self.assertEqual((result.outcome, result.provider_id, result.reason), (ACCEPTED, provider_id, ""))
        return result.plan

    def goes_on(self, net, plan, *steps):
        """Each must be taken, and without a word of hanging up unless it is the end."""
        for side, name, *more in steps:
            result = net.progress(plan.key, side, status(name), *more)
            self.assertEqual((result.outcome, result.hang_up), (ACCEPTED, name in ENDS), (name, result))

    def connects(self, net, plan):
        self.goes_on(net, plan, (SECOND, "RINGING"), (SECOND, "PICKED_UP"), (SECOND, "CONNECTED"))

    def newest(self, world, talk):
        return world.interactions(talk.sid)[-1]

    def statuses(self, call):
        return ([status_name(call.inbound)] if call.HasField("inbound") else []) + [status_name(leg) for leg in call.outbound]

    def end(self, world, call):
        return self.up.interactions.EndCall(I.EndCallRequest(
            service=world.sid, session=call.session_sid, interaction=call.sid), timeout=PATIENCE).interaction

    def place(self, world, talk, one=0):
        return self.up.interactions.PlaceCall(I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=talk.participants[one].sid), timeout=PATIENCE).interaction

    def warnings(self, world):
        return [(event.warning.reason, event.warning.original_code) for event in world.events() if event.type == E.EVENT_TYPE_WARNING]

    # holds: VOI-01 VOI-02
    def test_a_call_from_its_beginning_to_its_end(self):
        world, talk = self.world(ANN, {"identifiers": [BEN, CAT]}, voice_policy={
            "whisper": "Your order", "announcement": "One moment", "longest_call": {"seconds": 900}})
        ben_in = talk.participants[1]
        net = self.attach()
        plan = self.calls(net, talk)
        self.assertFalse(plan.HasField("first"))
        self.assertEqual([(target.caller_id, target.number) for target in plan.second.targets],
                         [(ben_in.proxy_identifier, BEN), (ben_in.proxy_identifier, CAT)])
        self.assertEqual((plan.announcement, plan.whisper, plan.ask_key, plan.record, plan.key_limit.seconds),
                         ("One moment", "Your order", True, False, 10))
        self.assertEqual((plan.ring_limit.seconds, plan.longest_call.seconds), (30, 900))
        self.assertLessEqual(len(plan.key), 127)
        for number in [ANN, BEN, CAT]:
            self.assertNotIn(number[1:], plan.key)
        self.goes_on(net, plan, (SECOND, "RINGING"), (SECOND, "RINGING", 1), (SECOND, "PICKED_UP", 1), (SECOND, "CONNECTED", 1))
        call = self.newest(world, talk)
        self.assertEqual((self.statuses(call), call.outbound[0].attempts), (["IN_PROGRESS", "IN_PROGRESS"], 2))
        self.assertEqual((call.inbound.provider_id, call.outbound[0].carrier), ("c1", "net"))
        self.goes_on(net, plan, (SECOND, "COMPLETED", 1))
        call = self.newest(world, talk)
        self.assertEqual((self.statuses(call), call.status), (["COMPLETED", "COMPLETED"], I.INTERACTION_STATUS_ENDED))
        self.assertTrue(call.call.HasField("duration"))
        net.half_close()

    # holds: VOI-09
    def test_a_carrier_that_cannot_ask_for_a_key(self):
        world, talk = self.world()
        net = self.attach(asks_keys=False)
        plan = self.calls(net, talk)
        self.assertEqual((plan.ask_key, plan.ring_limit.seconds), (False, 18))
        self.connects(net, plan)
        self.goes_on(net, plan, (FIRST, "COMPLETED"))
        # The limit for keys says nothing there; its own does.
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, voice_policy={"ring_limit": {"seconds": 60}}), timeout=PATIENCE)
        plan = self.calls(net, talk, "c2")
        self.assertEqual((plan.ask_key, plan.ring_limit.seconds), (False, 18))
        self.goes_on(net, plan, (FIRST, "CANCELED"))
        self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, voice_policy={"ring_limit_without_key": {"seconds": 12}}), timeout=PATIENCE)
        plan = self.calls(net, talk, "c3")
        self.assertEqual((plan.ask_key, plan.ring_limit.seconds), (False, 12))
        self.goes_on(net, plan, (FIRST, "CANCELED"))
        net.half_close()
        # The same Service, by a program that can ask.
        net = self.attach()
        plan = self.calls(net, talk, "c4")
        self.assertEqual((plan.ask_key, plan.ring_limit.seconds), (True, 60))

    def test_a_carrier_that_can_do_little(self):
        """It is asked for nothing that it cannot do: no words, no recording without them, and one number."""
        world, talk = self.world(ANN, {"identifiers": [BEN, CAT]}, voice_policy={
            "whisper": "w", "announcement": "a", "recording": V.CALL_RECORDING_ON})
        net = Program.attached(self.up, carries_calls=True)
        plan = self.calls(net, talk)
        self.assertEqual([target.number for target in plan.second.targets], [BEN])
        self.assertEqual((plan.announcement, plan.whisper, plan.consent_notice, plan.record, plan.ask_key), ("", "", "", False, False))
        self.refused(C.UNAVAILABLE, "CARRIER_UNAVAILABLE", self.up.interactions.PlaceCall, I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=talk.participants[0].sid))
        self.goes_on(net, plan, (FIRST, "CANCELED"))
        net.half_close()
        net = self.attach(speaks=False)
        self.assertFalse(self.calls(net, talk, "c2").record)
        net.half_close()

    def test_no_program_and_one_that_carries_texts_alone(self):
        world, talk = self.world()
        name = I.PlaceCallRequest(service=world.sid, session=talk.sid, participant=talk.participants[0].sid)
        self.refused(C.UNAVAILABLE, "CARRIER_UNAVAILABLE", self.up.interactions.PlaceCall, name)
        net = Program.attached(self.up)
        self.refused(C.UNAVAILABLE, "CARRIER_UNAVAILABLE", self.up.interactions.PlaceCall, name)
        self.assertEqual(world.interactions(talk.sid), [])
        net.half_close()

    # holds: INB-04
    def test_the_same_call_again(self):
        world, talk = self.world()
        net = self.attach()
        plan = self.calls(net, talk)
        again = net.call("c1", ANN, talk.participants[0].proxy_identifier)
        self.assertEqual((again.outcome, again.repeated_id, again.plan), (ACCEPTED, True, plan))
        self.assertEqual(len(world.interactions(talk.sid)), 1)
        self.goes_on(net, plan, (FIRST, "CANCELED"))
        again = net.call("c1", ANN, talk.participants[0].proxy_identifier)
        self.assertEqual((again.outcome, again.repeated_id, again.reason), (REJECTED, True, "CALL_ENDED"))
        self.assertFalse(again.HasField("plan"))
        # Whom it would ring may be another by now: it rings nobody.
        plan = self.calls(net, talk, "c2")
        self.up.participants.UpdateParticipant(pb.participants.UpdateParticipantRequest(
            service=world.sid, session=talk.sid, participant=talk.participants[1].sid, spec={"identifier": CAT}), timeout=PATIENCE)
        again = net.call("c2", ANN, talk.participants[0].proxy_identifier)
        self.assertEqual(again.outcome, REJECTED)
        self.assertFalse(again.HasField("plan"))
        # A text with the call's id is another thing.
        sent = net.text("c1", ANN, talk.participants[0].proxy_identifier, "")
        self.assertFalse(sent.repeated_id)

    # holds: ERR-80906
    def test_what_is_told_of_a_call_that_has_ended(self):
        world, talk = self.world()
        net = self.attach()
        plan = self.calls(net, talk)
        self.connects(net, plan)
        self.goes_on(net, plan, (SECOND, "COMPLETED"))
        ended = self.newest(world, talk)
        events = len(world.events())
        # The same once more says nothing; what contradicts is told, and changes nothing.
        self.assertEqual(net.progress(plan.key, SECOND, status("COMPLETED")).outcome, ACCEPTED)
        self.assertEqual(len(world.events()), events)
        result = net.progress(plan.key, SECOND, status("NO_ANSWER"))
        self.assertEqual(result.outcome, ACCEPTED)
        self.assertEqual(self.warnings(world), [("CALL_ALREADY_ENDED", 80906)])
        warning = world.events()[-1]
        self.assertEqual((warning.session_sid, warning.warning.interaction_sid, warning.warning.carrier), (talk.sid, ended.sid, "net"))
        self.assertEqual(self.newest(world, talk), ended)
        # A text's receipt the same way.
        sent = world.send(talk.sid, talk.participants[0].sid, "x")
        send = net.next("send")
        net.result(send.key, G.CARRIER_SEND_OUTCOME_TAKEN)
        net.receipt(send.key, G.CARRIER_RECEIPT_STATUS_DELIVERED)
        net.receipt(send.key, G.CARRIER_RECEIPT_STATUS_UNDELIVERED)
        self.assertEqual(self.warnings(world)[1:], [("RECEIPT_CONTRADICTS", 80906)])
        self.assertEqual(self.newest(world, talk).outbound[0].status, I.LEG_STATUS_DELIVERED)
        self.assertEqual(self.newest(world, talk).sid, sent.sid)
        # A step of one that has ended: it must not go on.
        self.assertTrue(net.progress(plan.key, SECOND, status("CONNECTED")).hang_up)

    # holds: ERR-80907
    def test_what_is_told_of_no_call(self):
        world, talk = self.world()
        net = self.attach()
        plan = self.calls(net, talk)
        self.goes_on(net, plan, (FIRST, "CANCELED"))
        call = self.newest(world, talk)
        self.up.interactions.DeleteInteraction(I.DeleteInteractionRequest(
            service=world.sid, session=talk.sid, interaction=call.sid), timeout=PATIENCE)
        before = len(world.events())
        result = net.progress(plan.key, SECOND, status("RINGING"))
        self.assertTrue(result.hang_up)
        told = world.events()[before:]
        self.assertEqual([(event.type, event.warning.reason, event.warning.original_code) for event in told],
                         [(E.EVENT_TYPE_WARNING, "CALL_NOT_OPEN", 80907)])
        self.assertEqual(world.interactions(talk.sid), [])
        result = net.progress("nothing", SECOND, status("RINGING"))
        self.assertEqual((result.outcome, result.reason, result.hang_up), (REJECTED, "KEY_NOT_FOUND", True))
        self.assertEqual(len(world.events()), before + 1)

    def test_what_cannot_be_told(self):
        world, talk = self.world()
        net = self.attach()
        plan = self.calls(net, talk)
        for wrong in [{"side": 0, "status": 1}, {"side": 9, "status": 1}, {"side": 2, "status": 0}, {"side": 2, "status": 99},
                      {"side": 2, "status": 1, "target": 1}, {"side": 2, "status": 1, "target": 2**32 - 1},
                      {"side": 2, "status": 1, "provider_id": "x" * 256}, {"side": 2, "status": 7, "carrier_code": "x" * 65}]:
            result = net.progress(plan.key, wrong.pop("side"), wrong.pop("status"), wrong.pop("target", 0), **wrong)
            self.assertEqual((result.outcome, result.reason), (REJECTED, "INVALID_FIELD"), result)
        other = self.attach("other")
        result = other.progress(plan.key, SECOND, status("COMPLETED"))
        self.assertEqual((result.outcome, result.reason), (REJECTED, "KEY_OF_OTHER_CARRIER"))
        self.assertEqual(self.statuses(self.newest(world, talk)), ["IN_PROGRESS", "INITIATED"])
        # What a carrier counts is taken as far as it can be true.
        self.connects(net, plan)
        self.goes_on(net, plan, (SECOND, "COMPLETED"))
        plan = self.calls(net, talk, "c2")
        self.connects(net, plan)
        net.progress(plan.key, SECOND, status("COMPLETED"), duration={"seconds": 10**9}, recorded=True)
        self.assertLess(self.newest(world, talk).call.duration.seconds, 2 * PATIENCE)

    # holds: VOI-13
    def test_a_step_is_a_question(self):
        """Between its steps the session ends: the program is told not to go on, and to hang up."""
        world, talk = self.world()
        net = self.attach()
        plan = self.calls(net, talk)
        self.goes_on(net, plan, (SECOND, "RINGING"))
        world.close(talk.sid)
        self.assertTrue(net.progress(plan.key, SECOND, status("PICKED_UP")).hang_up)
        self.assertEqual(net.next("hang_up").key, plan.key)
        self.goes_on_to_end(net, plan)
        call = self.newest(world, talk)
        self.assertEqual((self.statuses(call)[0], call.call.hang_up_reason), ("COMPLETED", "SESSION_CLOSED"))

    def goes_on_to_end(self, net, plan):
        result = net.progress(plan.key, SECOND, status("CANCELED"))
        self.assertEqual(result.outcome, ACCEPTED)

    # holds: VOI-10 VOI-11
    def test_a_call_is_placed(self):
        world, talk = self.world()
        ann_in, ben_in = talk.participants
        net = self.attach()
        call = self.place(world, talk)
        plan = net.take_call()
        self.assertEqual([[(target.caller_id, target.number) for target in party.targets] for party in [plan.first, plan.second]],
                         [[(ann_in.proxy_identifier, ANN)], [(ben_in.proxy_identifier, BEN)]])
        self.goes_on(net, plan, (FIRST, "RINGING"), (FIRST, "PICKED_UP"), (SECOND, "RINGING"), (SECOND, "PICKED_UP"),
                     (SECOND, "CONNECTED"))
        self.assertEqual(self.statuses(self.newest(world, talk)), ["IN_PROGRESS", "IN_PROGRESS"])
        self.goes_on(net, plan, (FIRST, "COMPLETED"))
        self.assertEqual(self.statuses(self.newest(world, talk)), ["COMPLETED", "COMPLETED"])
        self.assertEqual(self.newest(world, talk).sid, call.sid)
        self.place(world, talk)
        plan = net.take_call()
        self.goes_on(net, plan, (FIRST, "RINGING"), (FIRST, "BUSY"))
        self.assertEqual(self.statuses(self.newest(world, talk)), ["BUSY", "CANCELED"])
        # Refused afterwards.
        self.place(world, talk)
        plan = net.next("place_call")
        net.say(place_call_result={"key": plan.key, "taken": False, "carrier_code": "NO_TRUNK"})
        world.until(lambda event: event.type == E.EVENT_TYPE_CALL_UPDATED and status_name(event.call_updated.outbound[0]) == "FAILED")
        leg = self.newest(world, talk).outbound[0]
        self.assertEqual((leg.error.reason, leg.error.original_code, leg.error.carrier_code), ("CARRIER_REFUSED", 80613, "NO_TRUNK"))

    def test_at_most_eight_live(self):
        world, talk = self.world()
        net = self.attach()
        plans = [self.calls(net, talk, f"c{index}") for index in range(7)]
        self.place(world, talk)
        net.take_call()
        self.assertEqual(len({plan.key for plan in plans}), 7)
        result = net.call("c8", ANN, talk.participants[0].proxy_identifier)
        self.assertEqual((result.outcome, result.reason), (REJECTED, "TOO_MANY_CALLS"))
        self.refused(C.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", self.up.interactions.PlaceCall, I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=talk.participants[0].sid))
        self.goes_on(net, plans[3], (FIRST, "CANCELED"))
        self.calls(net, talk, "c9")

    def test_numbers_of_other_carriers(self):
        world = World(self.up)
        world.add_number(proxy(1), carriers=["net"])
        world.add_number(proxy(2), carriers=["other"])
        talk = world.session({"identifier": ANN, "proxy_identifier": proxy(1)}, {"identifier": BEN, "proxy_identifier": proxy(2)})
        net = self.attach()
        result = net.call("c1", ANN, proxy(1))
        self.assertEqual((result.outcome, result.reason), (REJECTED, "CARRIER_MISMATCH"))
        leg = self.newest(world, talk).outbound[0]
        self.assertEqual((status_name(leg), leg.error.reason), ("FAILED", "CARRIER_MISMATCH"))
        self.refused(C.FAILED_PRECONDITION, "CARRIER_MISMATCH", self.up.interactions.PlaceCall, I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=talk.participants[0].sid))
        # And a call by a carrier that the number does not name goes nowhere.
        other = self.attach("other")
        result = other.call("c1", ANN, proxy(1))
        self.assertEqual((result.outcome, result.reason), (REJECTED, "WRONG_CARRIER"))

    # holds: VOI-12
    def test_the_program_goes_and_comes_back(self):
        """A call goes on without its program's stream; what is to be hung up is told to the next one."""
        world, talk = self.world()
        net = self.attach()
        plan = self.calls(net, talk)
        self.connects(net, plan)
        net.vanish()
        net.end()
        call = self.newest(world, talk)
        self.assertEqual(call.status, I.INTERACTION_STATUS_IN_PROGRESS)
        self.end(world, call)
        net = self.attach()
        self.assertEqual(net.next("hang_up").key, plan.key)
        result = net.progress(plan.key, SECOND, status("COMPLETED"))
        self.assertEqual(result.outcome, ACCEPTED)
        self.assertEqual(self.statuses(self.newest(world, talk)), ["COMPLETED", "COMPLETED"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
