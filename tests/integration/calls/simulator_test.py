#!/usr/bin/python3
"""The simulator's phones and its clock, as people use them to try Maskline out."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, fields_of, grpc, pb
from phones import ANN, BEN, CAT, PICKS_UP, CallCase, Phone, event_name
from world import World, proxy

I, S, V = pb.interactions, pb.simulator, pb.services
C = grpc.StatusCode
PICTURE = {"url": "https://example.org/car.png", "content_type": "image/png"}


class Simulator(CallCase):
    # holds: CAR-03
    def test_phones(self):
        world, talk, ann, ben = self.pair(notice_policy={"notices": [
            {"occasion": V.NOTICE_OCCASION_OUT_OF_SESSION, "text": "Nobody is here."}]})
        ann_in, ben_in = talk.participants
        self.up.simulator.SendText(S.SendTextRequest(handset=ANN, recipient=ann_in.proxy_identifier, body="Look", media=[PICTURE]),
                                   timeout=PATIENCE)
        got = ben.text()
        self.assertEqual((got.sender, got.body, [(one.url, one.content_type) for one in got.media]),
                         (ben_in.proxy_identifier, "Look", [tuple(PICTURE.values())]))
        answer = ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")
        ben.picks_up()
        ben.until("ASKED_FOR_KEY")
        ben.presses()
        ben.until("CONNECTED")
        ann.until("CONNECTED")
        ben.hangs_up()
        for phone in [ann, ben]:
            phone.until("ENDS")
        self.assertEqual([name for name in ben.names() if name != "HEARS"],
                         ["RINGS", "PICKED_UP", "ASKED_FOR_KEY", "CONNECTED", "ENDS"])
        self.assertEqual(ben.rung_by(), [ben_in.proxy_identifier])
        self.assertEqual([(event_name(one), one.other) for one in ann.happened[:1]], [("CALLS", ann_in.proxy_identifier)])
        self.assertEqual(ann.names()[-2:], ["CONNECTED", "ENDS"])
        self.assertEqual({one.provider_id for one in ann.happened}, {answer.provider_id})
        self.assertEqual([one.number for one in ann.happened], list(range(1, len(ann.happened) + 1)))
        # Notices, written and spoken.
        world.close(talk.sid)
        ann.texts_to(ann_in.proxy_identifier, "Hello?")
        self.assertEqual(ann.text().body, "Nobody is here.")
        ann.start(ann_in.proxy_identifier)
        self.assertEqual(ann.until("HEARS").text, "Nobody is here.")
        # Who looks later sees the same.
        seen = len(ben.happened)
        late = S.WatchHandsetRequest(handset=BEN)
        stream = self.up.simulator.WatchHandset(late, timeout=PATIENCE)
        self.assertEqual(next(stream).ready.received_count, 1)
        told = [next(stream) for _ in range(seen + 1)]
        stream.cancel()
        self.assertEqual([one.call for one in told if one.HasField("call")], ben.happened)
        self.assertEqual([one.text for one in told if one.HasField("text")], ben.texts)

    # holds: CAR-03
    def test_what_phones_cannot(self):
        world, talk, ann, ben = self.pair()
        cat = Phone(self.up, CAT)
        simulator = self.up.simulator
        for call, request in [(simulator.PickUp, S.PickUpRequest), (simulator.HangUp, S.HangUpRequest),
                              (simulator.PressKey, S.PressKeyRequest), (simulator.StartCall, S.StartCallRequest)]:
            more = {"key": "1"} if call == simulator.PressKey else {"recipient": "1"} if call == simulator.StartCall else {}
            self.refused(C.NOT_FOUND, "HANDSET_NOT_FOUND", call, request(handset="+15551009999", **more))
        self.refused(C.FAILED_PRECONDITION, "HANDSET_NOT_RINGING", simulator.PickUp, S.PickUpRequest(handset=ANN))
        self.refused(C.FAILED_PRECONDITION, "HANDSET_NOT_IN_CALL", simulator.HangUp, S.HangUpRequest(handset=ANN))
        self.refused(C.FAILED_PRECONDITION, "HANDSET_NOT_IN_CALL", simulator.PressKey, S.PressKeyRequest(handset=ANN, key="1"))
        for request, field in [(S.PressKeyRequest(handset=ANN, key="12"), "key"), (S.PressKeyRequest(handset=ANN, key="x"), "key"),
                               (S.PressKeyRequest(handset=ANN), "key")]:
            error = self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", simulator.PressKey, request)
            self.assertEqual(fields_of(error), [field])
        for request, field in [(S.StartCallRequest(handset=ANN), "recipient"),
                               (S.StartCallRequest(handset=ANN, recipient="1" * 65), "recipient"),
                               (S.StartCallRequest(handset=ANN, recipient="1", provider_id="x" * 256), "provider_id")]:
            error = self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", simulator.StartCall, request)
            self.assertEqual(fields_of(error), [field])
        self.refused(C.NOT_FOUND, "CARRIER_NOT_FOUND", simulator.SetNetworkBehavior, S.SetNetworkBehaviorRequest(carrier="none"))
        # One call at a time: who calls it finds it busy.
        self.talk_to(world, talk, *talk.participants, ann, ben)
        self.refused(C.FAILED_PRECONDITION, "HANDSET_BUSY", simulator.StartCall,
                     S.StartCallRequest(handset=ANN, recipient=talk.participants[0].proxy_identifier))
        other = world.session(CAT, BEN)
        cat.calls(other.participants[0].proxy_identifier)
        cat.until("ENDS")
        self.assertEqual(self.statuses(self.until_ended(world, self.newest(world, other))), ["COMPLETED", "BUSY"])

    # holds: CAR-04
    def test_the_clock(self):
        """Ttl, expiry, ring times, cool-down and retention go by it."""
        world = World(self.up, numbers=[proxy(1)], number_policy={"cool_down": {"seconds": 4 * 3600}},
                      retention_policy={"closed_sessions": {"seconds": 24 * 3600}})
        ann, ben = Phone(self.up, ANN), Phone(self.up, BEN)
        now = self.up.simulator.GetClock(S.GetClockRequest(), timeout=PATIENCE).time.seconds
        by_ttl = world.session(ANN, BEN, ttl={"seconds": 600})
        other = proxy(1)
        by_date = world.session(CAT, expire_time={"seconds": now + 1000})
        ben.behaves(call=PICKS_UP, keys="1", pick_up_delay={"seconds": 25})
        ann.calls(other)
        self.clock(24)
        self.assertNotIn("CONNECTED", ann.names())
        self.assertEqual(self.statuses(self.newest(world, by_ttl)), ["IN_PROGRESS", "RINGING"])
        self.clock(1)
        ann.until("CONNECTED")
        ann.hangs_up()
        self.clock(400)
        status = pb.sessions
        self.assertEqual([world.get(one.sid).status for one in [by_ttl, by_date]],
                         [status.SESSION_STATUS_IN_PROGRESS, status.SESSION_STATUS_OPEN])
        self.clock(600)
        self.assertEqual([(world.get(one.sid).status, world.get(one.sid).closed_reason) for one in [by_ttl, by_date]],
                         [(status.SESSION_STATUS_CLOSED, status.SESSION_CLOSED_REASON_TTL_EXPIRED),
                          (status.SESSION_STATUS_CLOSED, status.SESSION_CLOSED_REASON_DATE_EXPIRED)])
        # The number is kept from Ann and others for a while; it is free again 4 h after the session's end.
        make = pb.sessions.CreateSessionRequest(service=world.sid, participants=[{"identifier": ANN}, {"identifier": CAT}])
        self.refused(C.FAILED_PRECONDITION, "ALL_NUMBERS_IN_USE", self.up.sessions.CreateSession, make)
        self.clock(4 * 3600)
        self.up.sessions.CreateSession(make, timeout=PATIENCE)
        self.clock(24 * 3600)
        for one in [by_ttl, by_date]:
            self.refused(C.NOT_FOUND, "SESSION_NOT_FOUND", self.up.sessions.GetSession,
                         pb.sessions.GetSessionRequest(service=world.sid, session=one.sid))


if __name__ == "__main__":
    unittest.main(verbosity=2)
