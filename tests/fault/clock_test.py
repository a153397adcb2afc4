#!/usr/bin/python3
"""The machine's wall clock jumps: the server's time never runs back, and it goes on."""

import os
import sys
import unittest

for part in ("tests/integration", "tests/fault"):
    sys.path.insert(0, os.path.abspath(part))
from harness import PATIENCE, Case, pb
from machine import Machine
from world import World, person, proxy

HOUR = 3600
YEAR = 365 * 24 * HOUR
ANN, BEN = person(1), person(2)
OPEN = [pb.sessions.SESSION_STATUS_OPEN, pb.sessions.SESSION_STATUS_IN_PROGRESS]


class Clock(Case):
    def setUp(self):
        super().setUp()
        self.machine = Machine(self.folder)

    def begin(self, *flags):
        self.up = self.machine.install(self.server(*flags or ("--carrier", "simulator")))
        self.up.start()
        self.world = World(self.up, numbers=[proxy(n) for n in range(4)])
        if not flags:
            self.add_phones()

    def add_phones(self):
        for phone in (ANN, BEN):
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=phone), timeout=PATIENCE)

    def behave(self, **behavior):
        self.up.simulator.SetHandsetBehavior(pb.simulator.SetHandsetBehaviorRequest(handset=BEN, behavior=behavior),
                                             timeout=PATIENCE)

    def deliver(self, session, body):
        """A text from Ann to Ben arrives."""
        sent = self.world.send(session.sid, session.participants[1].sid, body)
        self.world.leg_until(sent.sid, pb.interactions.LEG_STATUS_DELIVERED)
        return sent

    def until_closed(self, session):
        self.world.until(lambda event: event.type == pb.events.EVENT_TYPE_SESSION_CLOSED
                         and event.session_sid == session.sid)
        self.assertEqual(self.world.get(session.sid).status, pb.sessions.SESSION_STATUS_CLOSED)

    def assert_in_order(self):
        events = self.world.events()
        self.assertEqual([event.position for event in events], list(range(1, len(events) + 1)))
        times = [event.event_time.ToNanoseconds() for event in events]
        self.assertEqual(times, sorted(times))
        sids = [event.interaction_created.interaction.sid for event in events if event.HasField("interaction_created")]
        self.assertEqual(sids, sorted(sids))
        sids = [session.sid for session in self.world.sessions()]
        self.assertEqual(sids, sorted(sids))
        return events

    def go_back(self, seconds):
        self.begin()
        old = self.world.session(ANN, BEN, ttl={"seconds": HOUR})
        self.deliver(old, "before")
        self.machine.shift_clock(seconds)
        self.deliver(old, "after")
        self.assertIn(self.world.get(old.sid).status, OPEN)
        new = self.world.session(person(3), person(4))
        self.assertGreater(new.sid, old.sid)
        self.assertGreater(new.create_time.ToNanoseconds(), old.create_time.ToNanoseconds())
        self.assert_in_order()
        self.assertEqual(self.up.stop(), 0)

    # holds: API-02 API-04
    def test_back_by_hours(self):
        self.go_back(-2 * HOUR)

    # holds: API-02 API-04
    def test_back_by_years(self):
        self.go_back(-30 * YEAR)

    def test_time_goes_on_after_it(self):
        """What is due a little later still becomes due: another attempt, and a session's end."""
        self.begin()
        session = self.world.session(ANN, BEN)
        self.deliver(session, "before")
        self.machine.shift_clock(-5 * HOUR)
        self.behave(send=pb.simulator.SIMULATED_SEND_RETRY, send_count=1)
        self.deliver(session, "at the second attempt")
        brief = self.world.session(person(3), person(4), ttl={"seconds": 1})
        self.until_closed(brief)
        self.assertIn(self.world.get(session.sid).status, OPEN)
        self.assert_in_order()
        self.assertEqual(self.up.stop(), 0)

    def test_forward_while_it_runs(self):
        """By the wall clock a ttl has passed then; and it stays so when the clock is set right again."""
        self.begin()
        hour = self.world.session(ANN, BEN, ttl={"seconds": HOUR})
        for_ever = self.world.session(person(3), person(4))
        self.machine.shift_clock(3 * HOUR)
        self.until_closed(hour)
        self.machine.shift_clock(0)
        again = self.world.session(person(5), person(6), ttl={"seconds": HOUR})
        self.assertGreater(again.create_time.ToSeconds(), hour.effective_expire_time.ToSeconds())
        self.assertIn(self.world.get(again.sid).status, OPEN)
        self.assertIn(self.world.get(for_ever.sid).status, OPEN)
        brief = self.world.session(person(3), person(4), ttl={"seconds": 1})
        self.until_closed(brief)
        self.assertIn(self.world.get(again.sid).status, OPEN)
        self.assert_in_order()
        self.assertEqual(self.up.stop(), 0)

    def start_in_the_past(self, *flags):
        """The store knows how late it was."""
        self.begin(*flags)
        old = self.world.session(ANN, BEN, ttl={"seconds": HOUR})
        self.up.kill()
        self.machine.shift_clock(-20 * YEAR)
        self.up.start()
        self.world.server = self.up
        self.assertIn(self.world.get(old.sid).status, OPEN)
        brief = self.world.session(person(3), person(4), ttl={"seconds": 1})
        self.assertGreater(brief.sid, old.sid)
        self.until_closed(brief)
        self.assertIn(self.world.get(old.sid).status, OPEN)
        self.assert_in_order()
        self.assertEqual(self.up.stop(), 0)

    # holds: API-02 API-04
    def test_a_start_in_the_past_with_a_simulator(self):
        self.start_in_the_past()

    # holds: API-02 API-04
    def test_a_start_in_the_past_with_a_carrier(self):
        self.start_in_the_past("--carrier", "gateway:net")

    def test_a_start_in_the_future(self):
        self.begin()
        old = self.world.session(ANN, BEN, ttl={"seconds": HOUR})
        self.up.kill()
        self.machine.shift_clock(5 * HOUR)
        self.up.start()
        self.world.server = self.up
        self.until_closed(old)
        self.deliver(self.world.session(ANN, BEN), "hours later")
        self.assert_in_order()
        self.assertEqual(self.up.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
