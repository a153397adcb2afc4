#!/usr/bin/python3
"""What events tell: a session's life, numbers that come and go, and nothing of what is not there."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, pb
from world import World, person, proxy

E, S = pb.events, pb.sessions


class Events(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])

    # holds: EVT-03
    def test_a_sessions_life(self):
        world = self.world
        talk = world.session(person(1), ttl={"seconds": 60}, unique_name="talk")
        world.send(talk.sid, talk.participants[0].sid, "first")
        world.send(talk.sid, talk.participants[0].sid, "second")
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 61}), timeout=PATIENCE)
        world.until(lambda event: event.type == E.EVENT_TYPE_SESSION_CLOSED)
        world.update(talk.sid, status=S.SESSION_STATUS_IN_PROGRESS)
        world.close(talk.sid)
        world.delete(talk.sid)
        told = [event for event in world.events() if event.session_sid == talk.sid and event.type != E.EVENT_TYPE_LEG_UPDATED]
        self.assertEqual([event.WhichOneof("payload") for event in told],
                         ["session_created", "interaction_created", "interaction_created", "session_closed", "session_reopened",
                          "session_closed", "session_deleted"])
        self.assertEqual([event.interaction_created.session_started for event in told[1:3]], [True, False])
        self.assertEqual([told[3].session_closed.reason, told[5].session_closed.reason],
                         [S.SESSION_CLOSED_REASON_TTL_EXPIRED, S.SESSION_CLOSED_REASON_API])
        self.assertEqual(told[6].session_deleted.reason, E.SESSION_DELETED_REASON_API)

    # holds: NUM-18
    def test_numbers_come_and_go(self):
        self.world.add_number(proxy(3))
        self.up.phone_numbers.RemovePhoneNumber(pb.phone_numbers.RemovePhoneNumberRequest(
            service="shop", phone_number=proxy(3)), timeout=PATIENCE)
        told = self.world.events()[-2:]
        self.assertEqual([event.WhichOneof("payload") for event in told], ["phone_number_added", "phone_number_removed"])
        self.assertEqual(told[0].phone_number_added.phone_number.phone_number, proxy(3))
        self.assertEqual(told[1].phone_number_removed.phone_number, proxy(3))

    # holds: EVT-07
    def test_what_is_not_there_is_absent(self):
        world = self.world
        talk = world.session(person(1), person(2))
        self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=person(1)), timeout=PATIENCE)
        world.send(talk.sid, talk.participants[0].sid, "from the Service")
        self.up.simulator.SendText(pb.simulator.SendTextRequest(
            handset=person(1), recipient=talk.participants[0].proxy_identifier, body="from Ann"), timeout=PATIENCE)
        by_api, from_ann = [event.interaction_created.interaction for event in world.events()
                            if event.type == E.EVENT_TYPE_INTERACTION_CREATED]
        self.assertFalse(by_api.HasField("inbound"))
        self.assertTrue(from_ann.HasField("inbound"))
        for interaction in [by_api, from_ann]:
            leg, = interaction.outbound
            self.assertEqual([leg.HasField(field) for field in ("error", "sent_time", "end_time")], [False] * 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
