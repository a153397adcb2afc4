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

    def rejected(self, sender, recipient):
        """What the log tells of a text that reaches nobody."""
        through = self.world.events()[-1].position
        self.up.simulator.SendText(pb.simulator.SendTextRequest(handset=sender, recipient=recipient, body="?"), timeout=PATIENCE)
        return self.world.until(lambda event: event.type == E.EVENT_TYPE_INBOUND_REJECTED, after_position=through)[-1]

    # holds: OOS-02 OOS-03
    def test_out_of_session_traffic_tells_of_the_last_session(self):
        world = self.world
        for one in (1, 2, 3):
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=person(one)), timeout=PATIENCE)
        talk = world.session(person(1), person(2), unique_name="talk", ttl={"seconds": 60}, mode=pb.common.SESSION_MODE_MESSAGE_ONLY)
        ann, bob = talk.participants
        self.assertFalse(self.rejected(person(3), ann.proxy_identifier).inbound_rejected.HasField("last_session"))
        world.send(talk.sid, ann.sid, "first")
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 20}), timeout=PATIENCE)
        world.send(talk.sid, ann.sid, "second")
        ended = world.close(talk.sid)
        event = self.rejected(person(1), ann.proxy_identifier)
        last = event.inbound_rejected.last_session
        self.assertEqual(event.session_sid, talk.sid)
        self.assertEqual([last.sid, last.unique_name, last.status, last.mode, last.closed_reason, last.ttl.seconds],
                         [talk.sid, "talk", S.SESSION_STATUS_CLOSED, pb.common.SESSION_MODE_MESSAGE_ONLY,
                          S.SESSION_CLOSED_REASON_API, 60])
        self.assertEqual([last.create_time, last.start_time, last.last_interaction_time, last.end_time],
                         [ended.create_time, ended.start_time, ended.last_interaction_time, ended.end_time])
        self.assertLess(last.start_time.ToNanoseconds(), last.last_interaction_time.ToNanoseconds())
        self.assertEqual([(one.sid, one.proxy_identifier, one.proxy_identifier_sid) for one in last.participants],
                         [(one.sid, one.proxy_identifier, one.proxy_identifier_sid) for one in (ann, bob)])
        for number in (person(1), person(2)):
            self.assertNotIn(number, str(event))
        # Of a later session of the same two it tells instead; and that it expired, when it is the text that finds it so.
        later = world.session({"identifier": person(1), "proxy_identifier": ann.proxy_identifier},
                              {"identifier": person(2), "proxy_identifier": bob.proxy_identifier}, ttl={"seconds": 60})
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 61}), timeout=PATIENCE)
        last = self.rejected(person(1), ann.proxy_identifier).inbound_rejected.last_session
        self.assertEqual([last.sid, last.status, last.closed_reason, last.unique_name],
                         [later.sid, S.SESSION_STATUS_CLOSED, S.SESSION_CLOSED_REASON_TTL_EXPIRED, ""])
        self.assertEqual(last.end_time.ToNanoseconds(), later.effective_expire_time.ToNanoseconds())
        self.assertFalse(last.HasField("start_time") or last.HasField("last_interaction_time"))
        world.delete(later.sid)
        world.delete(talk.sid)
        self.assertFalse(self.rejected(person(1), ann.proxy_identifier).inbound_rejected.HasField("last_session"))

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
