#!/usr/bin/python3
"""Whatever becomes of a call, nobody is shown or told the other's real number: not on a phone, not in an answer, not in an event."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import grpc, pb
from phones import ANN, BEN, BUSY, PICKS_UP, UNREACHABLE, CallCase
from programs import CARRIES_CALLS, SECOND, Program, status
from world import World, proxy

I, V = pb.interactions, pb.services
NUMBERS = [ANN, BEN]


def tells(blob, number):
    """Whether the number stands in it, however it is written: its national digits, in a row, are enough."""
    digits = number[2:]
    return digits.encode() in blob or digits in "".join(character for character in blob.decode("latin-1") if character.isdigit())


class Masked(CallCase):
    def everything(self):
        return {"voice_policy": {"announcement": "Hold the line.", "whisper": "A call for you.", "recording": V.CALL_RECORDING_ON},
                "notice_policy": {"notices": [{"occasion": occasion, "text": "It is not possible."} for occasion in [4, 5, 6]]},
                "keyword_policy": {"opt_out_of_calls": True}}

    # holds: INV-06 VOI-08
    def test_phones(self):
        """Each of two people calls, and each is called by the Service, with every end that there is."""
        world, talk, ann, ben = self.pair(**self.everything())
        answers = b""
        for caller, callee, caller_in, callee_in in [(ann, ben, *talk.participants), (ben, ann, *reversed(talk.participants))]:
            greets = {"voicemail_delay": {"seconds": 5}}  # its greeting tells the number
            for behavior in [{"call": BUSY}, {"call": UNREACHABLE}, {}, greets, {"call": BUSY, **greets},
                             {"call": PICKS_UP, "keys": "9"}, {"call": PICKS_UP, "keys": "1"}]:
                callee.behaves(**behavior)
                answers += caller.calls(caller_in.proxy_identifier).SerializeToString()
                call = self.newest(world, talk)
                if behavior.get("keys") == "1":
                    caller.until("CONNECTED")
                    caller.hangs_up()
                else:
                    self.clock(6)
                    self.clock(60)
                self.until_ended(world, call)
                caller.until("ENDS")
                placed = self.place(world, talk, callee_in)
                answers += placed.SerializeToString()
                self.clock(6)
                self.clock(60)
                self.end(world, placed)
                self.until_ended(world, placed)
            callee.behaves()
            caller.behaves()
            self.assertIn("CONNECTED", caller.names())
            self.assertGreaterEqual(len(caller.heard()), 3)
        # What is refused, too.
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SID", self.up.interactions.PlaceCall,
                             I.PlaceCallRequest(service=world.sid, session=talk.sid, participant=BEN))
        world.close(talk.sid)
        for phone, one in zip([ann, ben], talk.participants):
            answers += phone.start(one.proxy_identifier).SerializeToString()
            phone.until("ENDS")
        answers += error.details().encode()
        self.assertFalse(tells(ann.raw, BEN))
        self.assertFalse(tells(ben.raw, ANN))
        events = b"".join(event.SerializeToString() for event in world.events())
        interactions = b"".join(one.SerializeToString() for one in world.interactions(talk.sid))
        for number in NUMBERS:
            self.assertFalse(tells(answers, number))
            self.assertFalse(tells(events, number))
            self.assertFalse(tells(interactions, number))
        # The scan would find one, in either form.
        self.assertTrue(tells(b"call " + BEN.encode(), BEN))
        self.assertTrue(tells(f"{BEN[2:5]}-{BEN[5:8]} {BEN[8:]}".encode(), BEN))
        # And what phones show of others is their own numbers there.
        self.assertEqual(set(ann.rung_by()), {talk.participants[0].proxy_identifier})
        self.assertEqual(set(ben.rung_by()), {talk.participants[1].proxy_identifier})


class Plans(CallCase):
    flags = ("--carrier", "gateway:net")

    # holds: INV-06
    def test_plans(self):
        """A plan has real numbers where they are to be rung, and nowhere else."""
        world = World(self.up, voice_policy={"announcement": "a", "whisper": "w", "recording": V.CALL_RECORDING_ON})
        for index in [1, 2]:
            world.add_number(proxy(index), carriers=["net"])
        talk = world.session(ANN, BEN)
        net = Program.attached(self.up, **CARRIES_CALLS)
        inbound = net.call("c1", ANN, talk.participants[0].proxy_identifier)
        self.place(world, talk, talk.participants[1])
        placed = net.take_call()
        for plan, rung in [(inbound.plan, [BEN]), (placed, [BEN, ANN])]:
            self.assertEqual([target.number for party in [plan.first, plan.second] for target in party.targets], rung)
            for party in [plan.first, plan.second]:
                for target in party.targets:
                    self.assertIn(target.caller_id, [proxy(1), proxy(2)])
                    target.number = ""
            for number in NUMBERS:
                self.assertFalse(tells(plan.SerializeToString(), number))
        # What the program says of a side is the network's, and no event tells it.
        key = inbound.plan.key
        net.progress(key, SECOND, status("RINGING"), provider_id=BEN)
        net.progress(key, SECOND, status("FAILED"), provider_id=BEN, carrier_code=BEN)
        told = world.events()
        self.assertIn("call_updated", [event.WhichOneof("payload") for event in told])
        for event in told:
            for number in NUMBERS:
                self.assertFalse(tells(event.SerializeToString(), number), event)


if __name__ == "__main__":
    unittest.main(verbosity=2)
