#!/usr/bin/python3
"""The server is killed while a call rings, and while two people talk: no phone rings on, nothing is told twice or forgotten."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, pb
from phones import ANN, BEN, CallCase, status_name
from programs import ACCEPTED, CARRIES_CALLS, REJECTED, SECOND, FIRST, Program, status
from world import World, proxy

E, I = pb.events, pb.interactions


class Simulated(CallCase):
    """The simulator's network ends with the server, and with it every call."""

    def crash(self, world, *phones):
        self.up.kill()
        self.up.start()
        world.server = self.up
        for phone in phones:
            phone.server = self.up
            phone.watch()

    # holds: INV-01
    def test_calls_of_all_stages(self):
        world, talk, ann, ben = self.pair()
        ann_in = talk.participants[0]
        for stage in ["rings", "picked up", "talk", "placed"]:
            with self.subTest(stage):
                if stage == "placed":
                    call = self.place(world, talk, ann_in)
                    ann.until("RINGS")
                elif stage == "talk":
                    call = self.talk_to(world, talk, *talk.participants, ann, ben)
                else:
                    ann.calls(ann_in.proxy_identifier)
                    ben.until("RINGS")
                    call = self.newest(world, talk)
                    if stage == "picked up":
                        ben.picks_up()
                        ben.until("ASKED_FOR_KEY")
                        self.until_outbound(world, call, "ANSWERED")
                before = world.events()
                self.crash(world, ann, ben)
                ended = self.until_ended(world, call)
                self.assertEqual(ended.status, I.INTERACTION_STATUS_ENDED)
                self.assertEqual(world.events()[:len(before)], before)
                self.assertIn("CALL_LOST", [ended.call.hang_up_reason, *self.reasons(ended)])
                self.assertEqual(self.statuses(ended)[-1],
                                 {"rings": "FAILED", "picked up": "FAILED", "talk": "COMPLETED", "placed": "CANCELED"}[stage])
                totals = world.get(talk.sid).totals
                calls = world.interactions(talk.sid)
                self.assertEqual((totals.calls, totals.call_duration.seconds),
                                 (len(calls), sum(one.call.duration.seconds for one in calls)))
                # The phones are free, and the next call goes as the first did.
                self.assertEqual(ann.names(call.sid), [])
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        ann.hangs_up()
        self.assertEqual(self.statuses(self.until_ended(world, call)), ["COMPLETED", "COMPLETED"])


class Gateway(CallCase):
    """A program's network outlives the server."""

    flags = ("--carrier", "gateway:net")

    def setUp(self):
        super().setUp()
        self.world = World(self.up)
        for index in [1, 2]:
            self.world.add_number(proxy(index), carriers=["net"])
        self.talk = self.world.session(ANN, BEN)
        self.net = Program.attached(self.up, **CARRIES_CALLS)

    def crash(self):
        # The server is gone before its clients are.
        self.up.process.kill()
        self.up.process.wait(PATIENCE)
        self.net.end()
        self.up.left = True
        self.up.disconnect()
        self.up.start()
        self.world.server = self.up
        self.net = Program.attached(self.up, **CARRIES_CALLS)

    def calls(self):
        result = self.net.call("c1", ANN, self.talk.participants[0].proxy_identifier)
        self.assertEqual(result.outcome, ACCEPTED)
        return result.plan

    def step(self, plan, side, name):
        result = self.net.progress(plan.key, side, status(name))
        self.assertEqual(result.outcome, ACCEPTED)
        return result.hang_up

    # holds: INV-01
    def test_it_rings_on(self):
        plan = self.calls()
        self.assertFalse(self.step(plan, SECOND, "RINGING"))
        self.crash()
        again = self.net.call("c1", ANN, self.talk.participants[0].proxy_identifier)
        self.assertEqual((again.outcome, again.repeated_id, again.plan.key), (ACCEPTED, True, plan.key))
        self.assertEqual(again.plan, plan)
        self.assertFalse(self.step(plan, SECOND, "PICKED_UP"))
        self.assertFalse(self.step(plan, SECOND, "CONNECTED"))
        self.crash()
        self.step(plan, SECOND, "COMPLETED")
        call, = self.world.interactions(self.talk.sid)
        self.assertEqual(self.statuses(call), ["COMPLETED", "COMPLETED"])
        told = [status_name(event.call_updated.outbound[0]) for event in self.world.events()
                if event.type == E.EVENT_TYPE_CALL_UPDATED]
        self.assertEqual(told, ["RINGING", "ANSWERED", "IN_PROGRESS", "COMPLETED"])

    # holds: VOI-13
    def test_what_ended_while_it_was_down(self):
        """The session is closed, and the server killed, before the program hears that it must hang up."""
        plan = self.calls()
        self.step(plan, SECOND, "RINGING")
        self.net.vanish()
        self.world.close(self.talk.sid)
        self.crash()
        self.assertEqual(self.net.next("hang_up").key, plan.key)
        self.assertTrue(self.step(plan, SECOND, "PICKED_UP"))
        self.step(plan, SECOND, "CANCELED")
        call, = self.world.interactions(self.talk.sid)
        self.assertEqual((self.statuses(call), call.call.hang_up_reason), (["COMPLETED", "CANCELED"], "SESSION_CLOSED"))

    # holds: VOI-13
    def test_a_deleted_session_while_it_was_down(self):
        plan = self.calls()
        self.step(plan, SECOND, "RINGING")
        self.step(plan, SECOND, "PICKED_UP")
        self.step(plan, SECOND, "CONNECTED")
        self.net.vanish()
        self.world.delete(self.talk.sid)
        self.crash()
        self.assertEqual(self.net.next("hang_up").key, plan.key)
        self.step(plan, SECOND, "COMPLETED")

    def test_a_call_that_was_to_be_placed(self):
        """Nobody knows whether the program got it: it is not placed again, and is hung up."""
        made = self.place(self.world, self.talk, self.talk.participants[0])
        plan = self.net.next("place_call")
        self.crash()
        self.assertEqual(self.net.next("hang_up").key, plan.key)
        result = self.net.progress(plan.key, FIRST, status("GONE"))
        self.assertEqual(result.outcome, ACCEPTED)
        self.net.half_close()
        self.assertEqual(self.net.waiting.get("place_call", []), [])
        ended = self.get(self.world, made)
        self.assertEqual((ended.status, ended.call.hang_up_reason), (I.INTERACTION_STATUS_ENDED, "CALL_LOST"))
        self.assertEqual(self.statuses(ended), ["FAILED", "CANCELED"])

    def test_a_program_that_went_before(self):
        """It took a call, and both it and the server are gone before it says so: should it ring, it is told to hang up."""
        made = self.place(self.world, self.talk, self.talk.participants[0])
        plan = self.net.next("place_call")
        self.net.vanish()
        self.net.end()
        self.until_ended(self.world, made)
        self.crash()
        self.assertTrue(self.step(plan, FIRST, "RINGING"))
        self.assertTrue(self.step(plan, FIRST, "PICKED_UP"))
        self.assertEqual(self.statuses(self.get(self.world, made)), ["FAILED", "CANCELED"])

    def test_an_id_that_was_rejected(self):
        self.world.close(self.talk.sid)
        for _ in range(2):
            result = self.net.call("c9", ANN, self.talk.participants[0].proxy_identifier)
            self.assertEqual((result.outcome, result.reason, result.original_code), (REJECTED, "SESSION_CLOSED", 80902))
            self.crash()
        rejected = [event for event in self.world.events() if event.type == E.EVENT_TYPE_INBOUND_REJECTED]
        self.assertEqual(len(rejected), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
