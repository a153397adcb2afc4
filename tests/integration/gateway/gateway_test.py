#!/usr/bin/python3
"""A program is the carrier: what it hands in and gets, what its answers do, and what happens when it goes."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import Case, grpc, pb, reason_of
from programs import (ACCEPTED, DELIVERED, FAILED, QUEUED, REFUSED, REJECTED, RETRY, SENT, TAKEN, UNDELIVERED, UNKNOWN,
                      Program)
from world import World, person, proxy

I = pb.interactions
ANN, BEN, CAT = person(1), person(2), person(3)


class Gateway(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server("--carrier", "gateway:net").start()

    def pair(self, **more):
        """A world with one session of Ann and Ben."""
        world = World(self.up, numbers=[proxy(1), proxy(2)], **more)
        session = world.session(ANN, BEN)
        return world, session, *session.participants

    def leg(self, world, session, index=-1):
        return world.interactions(session.sid)[index].outbound[0]

    # holds: CAR-06 EVT-08 INV-02 INV-04
    def test_each_text_goes_where_its_session_says(self):
        world = World(self.up, numbers=[proxy(i) for i in range(1, 4)])
        people = [ANN, BEN, CAT]
        sessions = [world.session(ANN, BEN), world.session(BEN, CAT), world.session(CAT, ANN)]
        expected = {}  # body: (from, to)
        texts = []
        for number, session in enumerate(sessions):
            for one, other in [(0, 1), (1, 0)]:
                writer, reader = session.participants[one], session.participants[other]
                for part in range(8):
                    body = f"{number}:{one}:{part}"
                    expected[body] = (reader.proxy_identifier, reader.identifier)
                    texts.append((body, writer.identifier, writer.proxy_identifier, body))
        # Two people never share a number for two sessions.
        self.assertEqual(len({(p.identifier, p.proxy_identifier) for s in sessions for p in s.participants}), 6)
        chance = random.Random(3)
        order = {}
        for text in texts:
            order.setdefault(text[1:3], []).append(text)
        program = Program.attached(self.up)
        lanes = [list(lane) for lane in order.values()]
        while lanes:
            lane = chance.choice(lanes)
            program.hand_in(*lane.pop(0))
            lanes = [lane for lane in lanes if lane]
        got, held, ends = {}, [], {}
        while len(got) < len(expected) or held:
            if len(got) < len(expected) and (len(held) < 4 and not (held and chance.random() < 0.3)):
                send = program.next("send")
                self.assertNotIn(send.body, got)
                self.assertEqual((send.sender, send.recipient), expected[send.body])
                self.assertIn(send.recipient, people)
                self.assertLessEqual(len(send.key), 127)
                for number in people:
                    self.assertNotIn(number[1:], send.key)
                got[send.body] = len(got)
                held.append(send)
                continue
            send = held.pop(chance.randrange(len(held)))
            ends[send.body] = self.answer_oddly(program, send, chance)
        for lane in order.values():
            numbers = [got[text[0]] for text in lane]
            self.assertEqual(numbers, sorted(numbers), "texts to one person keep their order")
        for text in texts:
            self.assertEqual(program.next("inbound_result").outcome, ACCEPTED)
        for session in sessions:
            for interaction in world.interactions(session.sid):
                world.leg_until(interaction.sid, ends[interaction.content.body])
            for interaction in world.interactions(session.sid):
                self.assertEqual(interaction.outbound[0].status, ends[interaction.content.body])
        self.assertEqual(program.half_close(), grpc.StatusCode.OK)
        self.assertEqual(len(program.sends), len(expected))
        for event in world.events():
            for number in people:
                self.assertNotIn(number, str(event))

    def answer_oddly(self, program, send, chance):
        """Result and receipts in any order; the status that must come of it."""
        def receipt(status):
            told = program.receipt(send.key, status, tag=chance.getrandbits(64))
            self.assertEqual((told.key, told.outcome), (send.key, ACCEPTED))

        def result(outcome=TAKEN, **more):
            program.result(send.key, outcome, **more)

        case = chance.randrange(7)
        if case == 0:
            result(provider_id="x")
            result(REFUSED)  # nobody asks any more
            for status in [QUEUED, SENT, SENT, DELIVERED, DELIVERED]:
                receipt(status)
            return I.LEG_STATUS_DELIVERED
        if case == 1:
            for status in [DELIVERED, SENT]:
                receipt(status)
            result()
            receipt(QUEUED)
            return I.LEG_STATUS_DELIVERED
        if case == 2:
            receipt(SENT)
            result()
            receipt(UNDELIVERED)
            receipt(DELIVERED)  # too late: it ended
            return I.LEG_STATUS_UNDELIVERED
        if case == 3:
            receipt(FAILED)
            result(UNKNOWN)
            return I.LEG_STATUS_FAILED
        if case == 4:
            receipt(QUEUED)
            result(REFUSED)
            return I.LEG_STATUS_FAILED
        if case == 5:
            receipt(DELIVERED)
            result(REFUSED)
            receipt(UNDELIVERED)
            return I.LEG_STATUS_DELIVERED
        receipt(QUEUED)
        receipt(UNDELIVERED)
        result()
        return I.LEG_STATUS_UNDELIVERED

    def test_what_results_do(self):
        world, session, ann, _ = self.pair()
        program = Program.attached(self.up)

        def sent(body):
            interaction = world.send(session.sid, ann.sid, body)
            send = program.next("send")
            self.assertEqual((send.body, send.sender, send.recipient), (body, ann.proxy_identifier, ANN))
            return interaction.sid, send

        sid, send = sent("taken")
        self.assertEqual(self.leg(world, session).status, I.LEG_STATUS_QUEUED)
        program.result(send.key, TAKEN, provider_id="net-1")
        leg = world.leg_until(sid, I.LEG_STATUS_SENT)
        self.assertEqual((leg.attempts, leg.carrier, leg.HasField("error"), leg.HasField("sent_time")),
                         (1, "net", False, True))

        sid, send = sent("refused")
        program.result(send.key, REFUSED, carrier_code="é" * 70)
        leg = world.leg_until(sid, I.LEG_STATUS_FAILED)
        self.assertEqual((leg.error.reason, leg.error.original_code, leg.error.carrier_code),
                         ("CARRIER_REFUSED", 80613, "é" * 64))
        program.result(send.key, TAKEN)  # nobody asks any more
        program.result("no such key", TAKEN)

        sid, send = sent("once more")
        program.result(send.key, RETRY, carrier_code="busy")
        again = program.next("send")
        self.assertEqual(again, send)
        leg = self.leg(world, session)
        self.assertEqual((leg.status, leg.attempts, leg.error.reason, leg.error.original_code, leg.error.carrier_code),
                         (I.LEG_STATUS_QUEUED, 1, "CARRIER_ERROR", 80502, "busy"))
        program.result(again.key, REFUSED)
        self.assertEqual(world.leg_until(sid, I.LEG_STATUS_FAILED).attempts, 2)

        for outcome in [UNKNOWN, pb.carrier_gateway.CARRIER_SEND_OUTCOME_UNSPECIFIED, 77]:
            sid, send = sent(f"unknown {outcome}")
            program.result(send.key, outcome)
            leg = world.leg_until(sid, I.LEG_STATUS_DELIVERY_UNKNOWN)
            self.assertEqual((leg.error.reason, leg.attempts), ("RESULT_UNKNOWN", 1))
            self.assertEqual(program.receipt(send.key, SENT).outcome, ACCEPTED)
            self.assertEqual(self.leg(world, session).status, I.LEG_STATUS_SENT)
            self.assertEqual(program.receipt(send.key, DELIVERED).outcome, ACCEPTED)
            self.assertEqual(self.leg(world, session).status, I.LEG_STATUS_DELIVERED)
        self.assertEqual(program.half_close(), grpc.StatusCode.OK)
        self.assertEqual(len(program.sends), 7)

    def test_a_result_that_never_comes(self):
        """30 s are waited for it: the one test here that takes its time."""
        self.up.stop()
        self.up = self.server("--carrier", "gateway:net", "--carrier", "gateway:other").start()
        world = World(self.up)
        for index, carrier in enumerate(["net", "other"]):
            world.add_number(proxy(2 * index), carriers=[carrier])
            world.add_number(proxy(2 * index + 1), carriers=[carrier])
        keeps, forgets = Program.attached(self.up, "net", True), Program.attached(self.up, "other", False)
        sent = []
        for index, program in enumerate([keeps, forgets]):
            session = world.session(
                {"identifier": ANN, "proxy_identifier": proxy(2 * index)},
                {"identifier": BEN, "proxy_identifier": proxy(2 * index + 1)})
            sent.append((session, world.send(session.sid, session.participants[0].sid, "?").sid, program.next("send")))
        leg = world.leg_until(sent[1][1], I.LEG_STATUS_DELIVERY_UNKNOWN)
        self.assertEqual(leg.error.reason, "RESULT_UNKNOWN")
        again = keeps.next("send")
        self.assertEqual(again, sent[0][2])
        keeps.result(again.key, TAKEN)
        self.assertEqual(world.leg_until(sent[0][1], I.LEG_STATUS_SENT).attempts, 2)
        self.assertEqual(forgets.receipt(sent[1][2].key, DELIVERED).outcome, ACCEPTED)
        self.assertEqual(self.leg(world, sent[1][0]).status, I.LEG_STATUS_DELIVERED)
        self.assertEqual((keeps.half_close(), forgets.half_close()), (grpc.StatusCode.OK, grpc.StatusCode.OK))
        self.assertEqual((len(keeps.sends), len(forgets.sends)), (2, 1))

    def test_what_receipts_are_refused(self):
        self.up.stop()
        self.up = self.server("--carrier", "gateway:net", "--carrier", "gateway:other").start()
        world, session, ann, _ = self.pair()
        program, other = Program.attached(self.up), Program.attached(self.up, "other")
        world.send(session.sid, ann.sid, "Hello")
        key = program.next("send").key
        for forged in ["", "x", key[:-1], key + "0", key[:-1] + ("0" if key[-1] != "0" else "1"), "ÿ" * 300]:
            told = program.receipt(forged, DELIVERED, tag=5)
            self.assertEqual((told.tag, told.key, told.outcome), (5, forged, REJECTED), forged)
            self.assertIn(told.reason, ["KEY_NOT_FOUND", "KEY_OF_OTHER_CARRIER"])
        told = other.receipt(key, DELIVERED)
        self.assertEqual((told.outcome, told.reason), (REJECTED, "KEY_OF_OTHER_CARRIER"))
        for bad in [{"status": 0}, {"status": 99}, {"status": DELIVERED, "carrier_code": "x" * 65},
                    {"status": DELIVERED, "provider_id": "x" * 256}]:
            told = program.receipt(key, **bad)
            self.assertEqual((told.outcome, told.reason), (REJECTED, "INVALID_FIELD"), bad)
        other.result(key, TAKEN)  # not its own
        self.assertEqual(self.leg(world, session).status, I.LEG_STATUS_QUEUED)
        self.assertEqual(program.receipt(key, UNDELIVERED, carrier_code="30003").outcome, ACCEPTED)
        leg = self.leg(world, session)
        self.assertEqual((leg.status, leg.error.reason, leg.error.carrier_code),
                         (I.LEG_STATUS_UNDELIVERED, "NOT_DELIVERED", "30003"))

    # holds: IDM-09 IDM-10
    def test_what_comes_in_twice(self):
        world, session, ann, ben = self.pair()
        program = Program.attached(self.up)
        first = ("id-1", ANN, ann.proxy_identifier, "Hello")
        for _ in range(5):  # the later ones while the first is under way
            program.hand_in(*first)
        answers = [program.next("inbound_result") for _ in range(5)]
        self.assertEqual([a.outcome for a in answers], [ACCEPTED] * 5)
        self.assertEqual(sorted(a.repeated_id for a in answers), [False] + [True] * 4)
        self.assertEqual(len(world.interactions(session.sid)), 1)
        # The same id with other content is another text.
        changed = ("id-1", ANN, ann.proxy_identifier, "Hello!")
        self.assertEqual([program.text(*changed).repeated_id for _ in range(2)], [False, True])
        with_media = {"media": [{"url": "https://a.example/1.jpg"}]}
        self.assertEqual([program.text(*first, **with_media).repeated_id for _ in range(2)], [False, True])
        self.assertTrue(program.text(*first).repeated_id)
        self.assertFalse(program.text("id-1", BEN, ben.proxy_identifier, "Hello").repeated_id)
        self.assertEqual(len(world.interactions(session.sid)), 4)
        warnings = [e.warning for e in world.events() if e.type == pb.events.EVENT_TYPE_WARNING]
        self.assertEqual([w.reason for w in warnings], ["PROVIDER_ID_REUSED"] * 3)
        # A refusal is remembered, too, and outlives the server.
        refused = ("id-2", CAT, ann.proxy_identifier, "Hello")
        told = program.text(*refused)
        self.assertEqual((told.outcome, told.reason, told.original_code, told.repeated_id),
                         (REJECTED, "NO_ROUTE", 80903, False))
        self.up.kill()
        self.up.start()
        program = Program.attached(self.up)
        for text, outcome in [(first, ACCEPTED), (changed, ACCEPTED), (refused, REJECTED)]:
            told = program.text(*text)
            self.assertEqual((told.outcome, told.repeated_id), (outcome, True), text)
        world.server = self.up
        self.assertEqual(len(world.interactions(session.sid)), 4)

    # holds: GRD-06 INB-01 INB-02
    def test_what_does_not_come_in(self):
        self.up.stop()
        self.up = self.server("--carrier", "gateway:net", "--carrier", "gateway:other").start()
        world, session, ann, ben = self.pair()
        program, other = Program.attached(self.up), Program.attached(self.up, "other")
        for index in (3, 4, 5):
            world.add_number(proxy(index), capabilities={"sms": True, "voice": True})
        alone = world.session({"identifier": ANN, "proxy_identifier": proxy(3)})
        voice = world.session({"identifier": ANN, "proxy_identifier": proxy(4)}, CAT,
                              mode=pb.common.SESSION_MODE_VOICE_ONLY)
        proxies = [ann.proxy_identifier, ben.proxy_identifier]
        url = "https://a.example/"
        cases = [
            ("NUMBER_UNKNOWN", 0, (ANN, "+15559990000", "x"), {}),
            ("NUMBER_UNKNOWN", 0, (ANN, "", "x"), {}),
            ("NUMBER_UNKNOWN", 0, (ANN, "rubbish", "x"), {}),
            ("NO_ROUTE", 80903, (CAT, ann.proxy_identifier, "x"), {}),
            ("NO_ROUTE", 80903, ("", ann.proxy_identifier, "x"), {}),
            ("NO_ROUTE", 80903, ("TaxiCorp", ann.proxy_identifier, "x"), {}),
            ("NO_ROUTE", 80903, ("+1", ann.proxy_identifier, "x"), {}),
            ("NO_ROUTE", 80903, (ANN, proxy(5), "x"), {}),
            ("LOOP", 0, (proxies[1], proxies[0], "x"), {}),
            ("NO_PARTNER", 80614, (ANN, proxy(3), "x"), {}),
            ("MODE_REFUSED", 80910, (ANN, proxy(4), "x"), {}),
            ("TOO_LONG", 0, (ANN, ann.proxy_identifier, "é" * 1601), {}),
            ("TOO_MUCH_MEDIA", 0, (ANN, ann.proxy_identifier, "x"), {"media": [{"url": url}] * 11}),
            ("TOO_MUCH_MEDIA", 0, (ANN, ann.proxy_identifier, "x"), {"media": [{"url": url + "x" * 2048}]}),
            ("MEDIA_INVALID", 0, (ANN, ann.proxy_identifier, "x"), {"media": [{"url": url}, {"url": ""}]}),
            ("MEDIA_INVALID", 0, (ANN, ann.proxy_identifier, "x"), {"media": [{"url": "ftp://a.example/1"}]}),
            ("MEDIA_INVALID", 0, (ANN, ann.proxy_identifier, "x"), {"media": [{"url": url + "\r\nX-Header: y"}]}),
        ]
        for index, (reason, original, text, more) in enumerate(cases):
            told = program.text(f"n{index}", *text, **more)
            self.assertEqual((told.provider_id, told.outcome, told.reason, told.original_code),
                             (f"n{index}", REJECTED, reason, original), (text[:2], told))
        told = other.text("o", ANN, ann.proxy_identifier, "x")
        self.assertEqual((told.outcome, told.reason), (REJECTED, "WRONG_CARRIER"))
        for bad in ["", "x" * 256]:
            self.assertEqual(program.text(bad, ANN, ann.proxy_identifier, "x").outcome, REJECTED, bad)
        self.assertEqual([world.interactions(s.sid) for s in [session, alone, voice]], [[], [], []])
        self.assertEqual(program.text("long", ANN, ann.proxy_identifier, "é" * 1600).outcome, ACCEPTED)
        world.close(session.sid)
        told = program.text("late", ANN, ann.proxy_identifier, "x")
        self.assertEqual((told.outcome, told.reason, told.original_code), (REJECTED, "SESSION_CLOSED", 80902))
        self.assertLessEqual({send.body for send in program.sends}, {"é" * 1600})

    # holds: API-12
    def test_takeover(self):
        world, session, ann, ben = self.pair()
        first = Program.attached(self.up, honours_keys=True)
        self.assertFalse(first.greeting.took_over)
        handed = world.send(session.sid, ann.sid, "handed over").sid
        key = first.next("send").key
        behind = world.send(session.sid, ann.sid, "right behind it").sid
        # Else it could be allowed before the server knows that the one before was lost, and go first.
        self.assertEqual(first.next("send").body, "right behind it")
        second = Program.attached(self.up, honours_keys=True)
        self.assertTrue(second.greeting.took_over)
        self.assertEqual(first.end(), grpc.StatusCode.ABORTED)
        self.assertEqual(reason_of(first.error)[1], "CARRIER_TAKEN_OVER")
        self.assertEqual(second.next("send").key, key)
        second.result(key, TAKEN)
        self.assertEqual(world.leg_until(handed, I.LEG_STATUS_SENT).attempts, 2)
        send = second.next("send")
        self.assertEqual(send.body, "right behind it")
        # One that cannot tell a repeat gets nothing again that may have gone out.
        third = Program.attached(self.up, honours_keys=False)
        self.assertEqual(second.end(), grpc.StatusCode.ABORTED)
        self.assertEqual(world.leg_until(behind, I.LEG_STATUS_DELIVERY_UNKNOWN).error.reason, "RESULT_UNKNOWN")
        self.assertEqual(third.receipt(send.key, DELIVERED).outcome, ACCEPTED)
        self.assertEqual([i.outbound[0].status for i in world.interactions(session.sid)],
                         [I.LEG_STATUS_SENT, I.LEG_STATUS_DELIVERED])
        self.assertEqual(third.half_close(), grpc.StatusCode.OK)
        self.assertEqual(third.sends, [])

    # holds: OUT-09 OUT-10
    def test_detaching_with_sends_under_way(self):
        world, session, ann, ben = self.pair()
        for honours, leave in [(True, Program.vanish), (True, Program.half_close),
                               (False, Program.vanish), (False, Program.half_close)]:
            program = Program.attached(self.up, honours_keys=honours)
            sids = [world.send(session.sid, one.sid, f"{honours} {leave.__name__}").sid for one in [ann, ben]]
            sends = [program.next("send") for _ in sids]
            leave(program)
            back = Program.attached(self.up, honours_keys=honours)
            if honours:
                again = [back.next("send") for _ in sids]
                self.assertEqual(sorted(s.key for s in again), sorted(s.key for s in sends))
                for send in again:
                    back.result(send.key, TAKEN)
                for sid in sids:
                    self.assertEqual(world.leg_until(sid, I.LEG_STATUS_SENT).attempts, 2)
            else:
                for sid in sids:
                    leg = world.leg_until(sid, I.LEG_STATUS_DELIVERY_UNKNOWN)
                    self.assertEqual((leg.attempts, leg.error.reason), (1, "RESULT_UNKNOWN"))
                for send in sends:  # what the program before did is told by this one
                    self.assertEqual(back.receipt(send.key, SENT).outcome, ACCEPTED)
            self.assertEqual(back.half_close(), grpc.StatusCode.OK)
            self.assertEqual(len(back.sends), 2 if honours else 0)
        self.assertEqual([i.outbound[0].status for i in world.interactions(session.sid)], [I.LEG_STATUS_SENT] * 8)

    def test_half_closing_answers_what_was_handed_in(self):
        world, session, ann, _ = self.pair()
        program = Program.attached(self.up)
        for index in range(200):
            program.hand_in(str(index), ANN, ann.proxy_identifier, f"text {index}")
        self.assertEqual(program.half_close(), grpc.StatusCode.OK)
        self.assertEqual([told.outcome for told in program.waiting["inbound_result"]], [ACCEPTED] * 200)
        self.assertEqual([i.content.body for i in world.interactions(session.sid)], [f"text {i}" for i in range(200)])

    # holds: INV-02 OUT-02
    def test_nobody_is_reached_who_is_not_meant_any_more(self):
        world, session, ann, ben = self.pair()
        doomed = [world.send(session.sid, ann.sid, "to one who left").sid]
        world.server.participants.DeleteParticipant(pb.participants.DeleteParticipantRequest(
            service=world.sid, session=session.sid, participant=ann.sid), timeout=60)
        # Although no program is there to send it.
        world.leg_until(doomed[0], I.LEG_STATUS_CANCELED)
        again = world.server.participants.CreateParticipant(pb.participants.CreateParticipantRequest(
            service=world.sid, session=session.sid, participant={"identifier": ANN}), timeout=60).participant
        doomed.append(world.send(session.sid, again.sid, "to a closed session").sid)
        doomed.append(world.send(session.sid, ben.sid, "to a closed session").sid)
        world.close(session.sid)
        # The same two people may have the same numbers at once; what was said before is not theirs.
        other = world.session(BEN, ANN)
        meant = {p.identifier: p.proxy_identifier for p in other.participants}
        for one in other.participants:
            world.send(other.sid, one.sid, "meant")
        program = Program.attached(self.up)
        for _ in range(2):
            send = program.next("send")
            self.assertEqual((send.body, send.sender), ("meant", meant[send.recipient]))
            program.result(send.key, TAKEN)
        for sid, reason in zip(doomed, ["PARTICIPANT_REMOVED", "SESSION_CLOSED", "SESSION_CLOSED"]):
            leg = world.leg_until(sid, I.LEG_STATUS_CANCELED)
            self.assertEqual((leg.error.reason, leg.HasField("sent_time")), (reason, False))
        self.assertEqual(program.half_close(), grpc.StatusCode.OK)
        self.assertEqual(len(program.sends), 2)

    def test_who_may_attach(self):
        self.up.stop()
        self.up = self.server("--carrier", "gateway:net", "--carrier", "simulator").start()

        def refused(code, reason, *messages):
            program = Program(self.up)
            for message in messages:
                program.said.put(message)
            if not messages:
                program.said.put(None)
            self.assertEqual(program.end(), code)
            self.assertEqual(reason_of(program.error)[1], reason)

        request = pb.carrier_gateway.AttachRequest
        hello = request(hello={"carrier": "net"})
        refused(grpc.StatusCode.NOT_FOUND, "CARRIER_NOT_FOUND", request(hello={"carrier": "nobody"}))
        refused(grpc.StatusCode.FAILED_PRECONDITION, "CARRIER_NOT_GATEWAY", request(hello={"carrier": "simulator"}))
        bad = grpc.StatusCode.INVALID_ARGUMENT
        refused(bad, "INVALID_FIELD", request(hello={"carrier": ""}))
        refused(bad, "HELLO_EXPECTED", request(receipt={"key": "x"}))
        refused(bad, "HELLO_EXPECTED", request())
        refused(bad, "HELLO_EXPECTED")
        refused(bad, "HELLO_EXPECTED", hello, hello)
        refused(bad, "INVALID_FIELD", hello, request())
        self.assertFalse(Program.attached(self.up).greeting.took_over)


if __name__ == "__main__":
    unittest.main(verbosity=2)
