#!/usr/bin/python3
"""What time does to sessions, numbers, messages and logs; the clock is moved, and never waited for."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, reason_of
from world import World, person, proxy

E, I, S = pb.events, pb.interactions, pb.sessions
ANN, BEN, CAT = person(1), person(2), person(3)
HOUR, DAY = 3600, 86400
ACTIVE = [S.SESSION_STATUS_OPEN, S.SESSION_STATUS_IN_PROGRESS]


def us(time):
    return time.seconds * 10**6 + time.nanos // 1000


class Lifecycle(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()

    def move(self, seconds=0, micros=0):
        total = seconds * 10**6 + micros
        return us(self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(
            advance={"seconds": total // 10**6, "nanos": total % 10**6 * 1000}), timeout=PATIENCE).time)

    def now(self):
        return us(self.up.simulator.GetClock(pb.simulator.GetClockRequest(), timeout=PATIENCE).time)

    def handset(self, number, **behavior):
        self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=number, behavior=behavior), timeout=PATIENCE)

    def text(self, one, body="x"):
        """From that participant's phone."""
        return self.up.simulator.SendText(pb.simulator.SendTextRequest(
            handset=one.identifier, recipient=one.proxy_identifier, body=body), timeout=PATIENCE)

    def pair(self, *, settings=None, **more):
        world = World(self.up, numbers=[proxy(1), proxy(2)], **(settings or {}))
        for number in [ANN, BEN, CAT]:
            self.handset(number)
        return world, world.session(ANN, BEN, **more)

    def closed_events(self, world, session):
        return [e for e in world.events() if e.session_sid == session and e.type == E.EVENT_TYPE_SESSION_CLOSED]

    def assert_closed(self, world, session, reason, end_time):
        got = world.get(session)
        self.assertEqual((got.status, got.closed_reason, us(got.end_time)), (S.SESSION_STATUS_CLOSED, reason, end_time))
        told = world.until(lambda e: e.session_sid == session and e.type == E.EVENT_TYPE_SESSION_CLOSED)[-1].session_closed
        self.assertEqual((told.reason, us(told.end_time)), (reason, end_time))

    # holds: ERR-80904 EXP-01 EXP-14 SES-29
    def test_ttl_counts_anew_with_each_interaction(self):
        world, talk = self.pair(ttl={"seconds": HOUR})
        ann, ben = talk.participants
        self.assertEqual(us(talk.effective_expire_time), us(talk.create_time) + HOUR * 10**6)
        for one in [ann, ben, ann]:
            self.move(HOUR - 60)
            self.assertIn(world.get(talk.sid).status, ACTIVE)
            self.assertEqual(self.text(one).outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)
        self.move(HOUR - 60)
        world.send(talk.sid, ann.sid, "from the Service")
        last = world.get(talk.sid)
        self.assertEqual(us(last.effective_expire_time), us(last.last_interaction_time) + HOUR * 10**6)
        end = us(last.effective_expire_time)
        self.move(micros=end - self.now() + 1)
        self.assert_closed(world, talk.sid, S.SESSION_CLOSED_REASON_TTL_EXPIRED, end)
        told = self.text(ann)
        self.assertEqual((told.outcome, told.reason, told.original_code),
                         (pb.common.INBOUND_OUTCOME_REJECTED, "SESSION_EXPIRED", 80904))
        with self.assertRaises(grpc.RpcError) as caught:
            world.send(talk.sid, ann.sid, "late")
        self.assertEqual(reason_of(caught.exception)[1], "SESSION_CLOSED")
        again = world.update(talk.sid, status=S.SESSION_STATUS_IN_PROGRESS)
        self.assertIn(again.status, ACTIVE)
        self.assertGreaterEqual(us(again.effective_expire_time), end + HOUR * 10**6)
        self.assertEqual(self.text(ann).outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)

    # holds: EXP-08 EXP-09
    def test_expiry_is_seen_by_whoever_looks_first(self):
        world, talk = self.pair(expire_time={"seconds": self.now() // 10**6 + HOUR})
        end = us(talk.expire_time)
        for _ in range(10):  # the clock runs: a machine that is slow comes too late for the edge
            before = self.now()
            self.move(micros=max(1, (end - before) * 9 // 10))
            got = world.get(talk.sid)
            if self.now() < end:
                self.assertIn(got.status, ACTIVE)
        # An interaction does not put it off.
        self.text(talk.participants[0])
        if self.now() < end:
            self.move(micros=end - self.now())
        told = self.text(talk.participants[1])
        self.assertEqual((told.outcome, told.reason), (pb.common.INBOUND_OUTCOME_REJECTED, "SESSION_EXPIRED"))
        self.assert_closed(world, talk.sid, S.SESSION_CLOSED_REASON_DATE_EXPIRED, end)
        self.assertEqual(len(self.closed_events(world, talk.sid)), 1)
        self.up.kill()
        self.up.start()
        world.server = self.up
        self.assert_closed(world, talk.sid, S.SESSION_CLOSED_REASON_DATE_EXPIRED, end)

    # holds: EXP-10
    def test_ends_that_come_while_the_server_is_down(self):
        world, talk = self.pair(ttl={"seconds": HOUR})
        others = [world.session(ttl={"seconds": HOUR + i}) for i in range(150)]
        self.up.kill()
        self.up.start()
        world.server = self.up
        self.move(2 * HOUR)
        world.until(lambda e: e.type == E.EVENT_TYPE_SESSION_CLOSED and e.session_sid == others[-1].sid)
        for one in [talk, *others]:
            self.assert_closed(world, one.sid, S.SESSION_CLOSED_REASON_TTL_EXPIRED, us(one.effective_expire_time))
        told = [e for e in world.events() if e.type == E.EVENT_TYPE_SESSION_CLOSED]
        self.assertEqual(len(told), 151)

    # holds: EXP-06
    def test_idle_cap(self):
        world, talk = self.pair(settings={"session_policy": {"idle_cap": {"seconds": HOUR}}}, ttl={"seconds": 10 * HOUR})
        short = world.session(ttl={"seconds": 60})
        self.assertEqual(us(talk.effective_expire_time), us(talk.create_time) + HOUR * 10**6)
        self.move(HOUR - 60)
        self.text(talk.participants[0])
        self.assertEqual(world.get(short.sid).closed_reason, S.SESSION_CLOSED_REASON_TTL_EXPIRED)
        # A change holds for those that exist.
        self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=world.sid, session_policy={"idle_cap": {"seconds": 1800}}), timeout=PATIENCE)
        got = world.get(talk.sid)
        end = us(got.last_interaction_time) + 1800 * 10**6
        self.assertEqual(us(got.effective_expire_time), end)
        self.move(1801)
        self.assert_closed(world, talk.sid, S.SESSION_CLOSED_REASON_IDLE_CAP, end)

    # holds: CDN-01 CDN-02 CDN-05
    def test_cool_down(self):
        world, talk = self.pair()
        ann, ben = talk.participants
        mine = ann.proxy_identifier
        world.close(talk.sid)
        asked = {"identifier": ANN, "proxy_identifier": mine}
        with self.assertRaises(grpc.RpcError) as caught:
            world.session(asked, CAT)
        code, reason, metadata = reason_of(caught.exception)
        self.assertEqual((code, reason, metadata["participant"]),
                         (grpc.StatusCode.FAILED_PRECONDITION, "PAIR_COOLING_DOWN", "0"))
        self.assertIn("free_time", metadata)
        # Nobody else has to wait, and neither do the same two.
        other = world.session(CAT, {"identifier": person(9), "proxy_identifier": mine})
        again = world.session({"identifier": ANN, "proxy_identifier": mine}, BEN)
        self.assertEqual(self.text(ann, "to the new one").outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)
        self.assertEqual([i.content.body for i in world.interactions(again.sid)], ["to the new one"])
        self.assertEqual(world.interactions(talk.sid), [])
        self.assertEqual(world.interactions(other.sid), [])
        world.close(again.sid)
        self.move(4 * HOUR - 60)
        with self.assertRaises(grpc.RpcError):
            world.session(asked, CAT)
        self.move(61)
        late = world.session(asked, CAT)
        self.assertEqual(late.participants[0].proxy_identifier, mine)
        with self.assertRaises(grpc.RpcError) as caught:
            world.update(again.sid, status=S.SESSION_STATUS_IN_PROGRESS)
        self.assertEqual(reason_of(caught.exception)[1], "PAIR_IN_USE")

    # holds: CDN-04
    def test_cool_down_counts_from_the_instant_of_expiry(self):
        world, talk = self.pair(ttl={"seconds": HOUR})
        asked = {"identifier": ANN, "proxy_identifier": talk.participants[0].proxy_identifier}
        self.move(5 * HOUR + 1)
        self.assertEqual(world.session(asked, CAT).participants[0].proxy_identifier, asked["proxy_identifier"])

    # holds: CDN-11 ERR-80611 NUM-10 SES-28
    def test_quarantine(self):
        world, talk = self.pair()
        ann = talk.participants[0]
        remove = pb.phone_numbers.RemovePhoneNumberRequest
        with self.assertRaises(grpc.RpcError) as caught:
            self.up.phone_numbers.RemovePhoneNumber(remove(service="shop", phone_number=ann.proxy_identifier), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[1], "NUMBER_IN_USE")
        self.up.phone_numbers.RemovePhoneNumber(
            remove(service="shop", phone_number=ann.proxy_identifier, force=True), timeout=PATIENCE)
        got = world.get(talk.sid)
        self.assertEqual(got.status, S.SESSION_STATUS_OPEN)
        other = talk.participants[1].proxy_identifier
        self.assertEqual([one.proxy_identifier for one in got.participants], [other, other])
        changed = [e.participant_updated for e in world.events() if e.type == E.EVENT_TYPE_PARTICIPANT_UPDATED]
        self.assertEqual([(one.participant.sid, one.participant.proxy_identifier, one.number_replaced, one.number_ended)
                          for one in changed], [(ann.sid, other, True, True)])
        self.up.phone_numbers.RemovePhoneNumber(remove(service="shop", phone_number=other, force=True), timeout=PATIENCE)
        got = world.get(talk.sid)
        self.assertEqual((got.status, got.fail_reason), (S.SESSION_STATUS_FAILED, "NUMBER_REMOVED"))
        told = self.text(ann)
        self.assertEqual((told.outcome, told.reason), (pb.common.INBOUND_OUTCOME_REJECTED, "NUMBER_QUARANTINED"))
        gone = [e.phone_number_removed for e in world.events() if e.type == E.EVENT_TYPE_PHONE_NUMBER_REMOVED]
        self.assertTrue(gone[0].forced)
        self.assertGreater(us(gone[0].quarantine_end_time), self.now() + 6 * DAY * 10**6)
        self.move(7 * DAY + 1)
        self.assertEqual(self.text(ann, "after").reason, "NUMBER_UNKNOWN")
        other = World(self.up, "other", numbers=[ann.proxy_identifier])
        self.assertEqual(self.text(ann, "elsewhere").reason, "NO_ROUTE")
        self.assertTrue(other.sid)

    # holds: INV-08 SES-23
    def test_retention(self):
        day = {"seconds": DAY}
        world, talk = self.pair(settings={"retention_policy": {"closed_sessions": day, "events": {"seconds": 2 * DAY}}},
                                unique_name="talk")
        self.text(talk.participants[0])
        world.close(talk.sid)
        open_one = world.session(unique_name="open")
        self.move(DAY - 60)
        self.assertEqual(len(world.interactions(talk.sid)), 1)
        self.move(61)
        world.until(lambda e: e.type == E.EVENT_TYPE_SESSION_DELETED
                    and e.session_deleted.reason == E.SESSION_DELETED_REASON_RETENTION)
        for name in [talk.sid, "talk"]:
            with self.assertRaises(grpc.RpcError) as caught:
                world.get(name)
            self.assertEqual(reason_of(caught.exception)[1], "SESSION_NOT_FOUND")
        self.assertEqual([s.sid for s in world.sessions()], [open_one.sid])
        self.assertNotEqual(world.session(unique_name="talk").sid, talk.sid)
        last = world.events()[-1].position
        before = {e.position: e for e in world.events()}
        # Only what has left the memory can be dropped, and logs are looked at once an hour.
        self.assertEqual(self.up.stop(), 0)
        self.up.start()
        world.server = self.up
        self.move(3 * DAY)
        world.session(unique_name="newest")
        page = self.wait_for_trim(world, 1)
        self.assertEqual(page.oldest_position, last + 1)
        self.assertEqual([e.position for e in page.events], list(range(last + 1, page.last_position + 1)))
        for after in [0, last - 1]:
            for call in [lambda: self.up.events.ListEvents(E.ListEventsRequest(service="shop", after_position=after),
                                                           timeout=PATIENCE),
                         lambda: next(world.stream(after_position=after))]:
                with self.assertRaises(grpc.RpcError) as caught:
                    call()
                code, reason, metadata = reason_of(caught.exception)
                self.assertEqual((code, reason, metadata["oldest_position"]),
                                 (grpc.StatusCode.OUT_OF_RANGE, "EVENTS_PURGED", str(last + 1)))
        self.up.kill()
        self.up.start()
        world.server = self.up
        again = self.up.events.ListEvents(E.ListEventsRequest(service="shop"), timeout=PATIENCE)
        self.assertEqual((again.oldest_position, list(again.events)), (page.oldest_position, list(page.events)))
        self.assertEqual(world.session(unique_name="after").status, S.SESSION_STATUS_OPEN)
        self.assertEqual(world.events()[-1].position, page.last_position + 1)
        self.assertEqual(len(before), last)

    def wait_for_trim(self, world, beyond):
        """Old events are dropped by a thread of its own; asks until they are."""
        for _ in range(20000):
            page = self.up.events.ListEvents(E.ListEventsRequest(service=world.sid, page_size=1000), timeout=PATIENCE)
            if page.oldest_position > beyond:
                return page
        return self.fail("nothing was dropped")

    # holds: OUT-06
    def test_life_of_a_message(self):
        world, talk = self.pair()
        ann, ben = talk.participants
        self.up.simulator.SetHandsetBehavior(pb.simulator.SetHandsetBehaviorRequest(
            handset=BEN, behavior={"send": pb.simulator.SIMULATED_SEND_RETRY, "carrier_code": "BUSY"}), timeout=PATIENCE)
        short = world.send(talk.sid, ben.sid, "short", max_life={"seconds": 600})
        self.text(ann, "long")
        self.move(601)
        leg = world.leg_until(short.sid, I.LEG_STATUS_FAILED)
        self.assertEqual((leg.error.reason, leg.HasField("sent_time")), ("MESSAGE_EXPIRED", False))
        self.assertGreaterEqual(us(leg.end_time), us(short.expire_time))
        long = world.newest(talk.sid)
        self.assertEqual((long.content.body, us(long.expire_time) - us(long.create_time)), ("long", HOUR * 10**6))
        world.until(lambda e: e.type == E.EVENT_TYPE_LEG_UPDATED and e.leg_updated.interaction_sid == long.sid
                    and e.leg_updated.leg.error.carrier_code == "BUSY")
        self.up.simulator.SetHandsetBehavior(pb.simulator.SetHandsetBehaviorRequest(handset=BEN), timeout=PATIENCE)
        self.move(120)
        leg = world.leg_until(long.sid, I.LEG_STATUS_DELIVERED)
        self.assertGreater(leg.attempts, 1)
        watch = self.up.simulator.WatchHandset(pb.simulator.WatchHandsetRequest(handset=BEN), timeout=PATIENCE)
        self.assertEqual(next(watch).ready.received_count, 1)
        self.assertEqual(next(watch).text.body, "long")
        watch.cancel()

    # holds: EVT-02 INT-09
    def test_receipts_that_come_late(self):
        world, talk = self.pair()
        _, ben = talk.participants
        for receipt, status in [("UNDELIVERED", I.LEG_STATUS_UNDELIVERED), ("FAILED", I.LEG_STATUS_FAILED),
                                ("DELIVERED", I.LEG_STATUS_DELIVERED)]:
            self.up.simulator.SetHandsetBehavior(pb.simulator.SetHandsetBehaviorRequest(handset=BEN, behavior={
                "receipt": getattr(pb.simulator, "SIMULATED_RECEIPT_" + receipt), "receipt_copies": 3,
                "receipt_delay": {"seconds": 2 * HOUR}}), timeout=PATIENCE)
            sent = world.send(talk.sid, ben.sid, receipt)
            world.leg_until(sent.sid, I.LEG_STATUS_SENT)
            self.move(2 * HOUR + 1)  # longer than its life: it was sent within that
            world.leg_until(sent.sid, status)
        told = [e for e in world.events() if e.type == E.EVENT_TYPE_LEG_UPDATED]
        self.assertEqual(len(told), 6, "a repeated receipt tells nothing")

    def test_phones_are_there_after_a_restart(self):
        """What waits for a phone while the server is away reaches it, and it behaves as before."""
        world, talk = self.pair()
        ann, ben = talk.participants
        odd = {"send": pb.simulator.SIMULATED_SEND_REFUSED, "send_count": 3, "receipt_copies": 2,
               "receipt_delay": {"seconds": 5}, "carrier_code": "zwölf x"}
        self.handset(person(9), **odd)
        self.up.simulator.SetHandsetBehavior(pb.simulator.SetHandsetBehaviorRequest(
            handset=BEN, behavior={"send": pb.simulator.SIMULATED_SEND_RETRY}), timeout=PATIENCE)
        self.assertEqual(self.text(ann, "wait for it").outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)
        before = list(self.up.simulator.ListHandsets(pb.simulator.ListHandsetsRequest(), timeout=PATIENCE).handsets)
        self.assertEqual(len(before), 4)
        for end in (self.up.kill, self.up.stop):
            end()
            self.up.start()
            world.server = self.up
            self.assertEqual(list(self.up.simulator.ListHandsets(pb.simulator.ListHandsetsRequest(), timeout=PATIENCE).handsets),
                             before)
        self.up.simulator.SetHandsetBehavior(pb.simulator.SetHandsetBehaviorRequest(handset=BEN), timeout=PATIENCE)
        self.move(120)
        for response in self.up.simulator.WatchHandset(pb.simulator.WatchHandsetRequest(handset=BEN), timeout=PATIENCE):
            if response.WhichOneof("message") == "text":
                self.assertEqual(response.text.body, "wait for it")
                break
        else:
            self.fail("the phone's stream ends without the text")
        with self.assertRaises(grpc.RpcError) as caught:
            self.handset(ANN)
        self.assertEqual(reason_of(caught.exception)[:2], (grpc.StatusCode.ALREADY_EXISTS, "HANDSET_EXISTS"))

    def phones(self):
        found = self.up.simulator.ListHandsets(pb.simulator.ListHandsetsRequest(), timeout=PATIENCE).handsets
        return [phone.phone_number for phone in found]

    def test_nobody_else_can_read_a_store(self):
        """Also in a folder that others may look into."""
        self.assertEqual(self.up.stop(), 0)
        shutil.rmtree(self.up.data)
        os.mkdir(self.up.data)
        os.chmod(self.up.data, 0o755)
        usual = os.umask(0o022)
        try:
            self.up.start()
        finally:
            os.umask(usual)
        self.handset(ANN)
        self.assertEqual(os.stat(self.up.port_file).st_mode & 0o777, 0o644)
        self.assertEqual(self.up.stop(), 0)
        seen = 0
        for folder, folders, files in os.walk(self.up.data):
            for name in folders + files:
                path = os.path.join(folder, name)
                self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
                seen += 1
        self.assertGreater(seen, 5)

    def test_phones_that_cannot_be_read(self):
        """A record that was cut off was never answered; of a damaged file the phones before the damage stay."""
        self.handset(ANN)
        self.assertEqual(self.up.stop(), 0)
        path = os.path.join(self.up.data, "phones")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        size = os.path.getsize(path)
        with open(path, "ab") as file:
            file.write(b"+1555")
        self.up.start()
        self.handset(BEN)
        self.handset(CAT)
        self.assertEqual(self.up.stop(), 0)
        self.up.start()
        self.assertEqual(self.phones(), [ANN, BEN, CAT])
        self.assertEqual(self.up.stop(), 0)
        with open(path, "r+b") as file:
            file.seek(size)
            file.write(b"nonsense ")
        self.up.start()
        self.assertIn(f"phones in {path} cannot be read: from phone 2 on", self.up.said())
        self.assertEqual(self.phones(), [ANN])
        self.handset(CAT)
        self.assertEqual(self.up.stop(), 0)
        self.up.start()
        self.assertEqual(self.phones(), [ANN, CAT])

    def test_phones_that_cannot_be_written(self):
        """They are there until the server ends, and it says so."""
        path = os.path.join(self.up.data, "phones")
        os.mkdir(path)
        self.handset(ANN)
        self.handset(BEN)
        self.assertEqual(self.phones(), [ANN, BEN])
        self.assertEqual(self.up.said().count("will be forgotten"), 1)
        self.assertEqual(self.up.stop(), 0)
        self.up.start()
        self.assertEqual(self.phones(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
