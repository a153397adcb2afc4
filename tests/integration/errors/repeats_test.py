#!/usr/bin/python3
"""request_id: the same answer for the same request, once, over everything that may come in between."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, reason_of
from world import World, person, proxy

REUSED = (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")


class Repeats(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(i) for i in range(4)])
        self.talk = self.world.session(person(1))

    def calls(self):
        """Each RPC that takes a request_id: stub and method, request, and a change that makes it another."""
        where = {"service": "shop", "session": self.talk.sid}
        ann = self.talk.participants[0].sid
        return [
            (("services", "CreateService"), pb.services.CreateServiceRequest(unique_name="new"), {"unique_name": "newer"}),
            (("phone_numbers", "AddPhoneNumber"),
             pb.phone_numbers.AddPhoneNumberRequest(service="shop", phone_number="+15559990001"), {"reserved": True}),
            (("sessions", "CreateSession"),
             pb.sessions.CreateSessionRequest(service="shop", participants=[{"identifier": person(5)}]),
             {"unique_name": "named"}),
            (("participants", "CreateParticipant"),
             pb.participants.CreateParticipantRequest(participant={"identifier": person(2)}, **where),
             {"participant": pb.participants.ParticipantSpec(identifier=person(3))}),
            (("interactions", "SendMessage"),
             pb.interactions.SendMessageRequest(participant=ann, body="Hello", **where), {"body": "Bye"}),
        ]

    def call(self, name, request):
        return getattr(getattr(self.up, name[0]), name[1])(request, timeout=PATIENCE)

    def changed(self, request, change):
        other = type(request)()
        other.CopyFrom(request)
        for field, value in change.items():
            if hasattr(value, "CopyFrom"):
                getattr(other, field).CopyFrom(value)
            else:
                setattr(other, field, value)
        return other

    def sid(self, answer):
        return getattr(answer, answer.DESCRIPTOR.fields[0].name).sid

    # holds: IDM-01 IDM-04 IDM-08
    def test_a_repeat_gets_the_first_answer(self):
        kept = []
        for name, request, change in self.calls():
            request.request_id = f"id {name[1]}"
            first = self.call(name, request)
            self.assertEqual(self.call(name, request), first)
            self.assertEqual(REUSED, self.refusal(name, self.changed(request, change)))
            self.assertEqual(self.call(name, request), first)
            kept.append((name, request, change, first))
        ends = self.world.events()
        self.up.kill()
        self.up.start()
        self.world.server = self.up
        for name, request, change, first in kept:
            self.assertEqual(self.sid(self.call(name, request)), self.sid(first))
            self.assertEqual(REUSED, self.refusal(name, self.changed(request, change)))
        told = self.world.events()
        self.assertEqual([e.position for e in told if e.type in self.creations()],
                         [e.position for e in ends if e.type in self.creations()])
        # After a day it is forgotten.
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 86401}), timeout=PATIENCE)
        again = self.call(*kept[4][:2])
        self.assertNotEqual(self.sid(again), self.sid(kept[4][3]))

    def creations(self):
        return {pb.events.EVENT_TYPE_SESSION_CREATED, pb.events.EVENT_TYPE_PARTICIPANT_ADDED,
                pb.events.EVENT_TYPE_INTERACTION_CREATED, pb.events.EVENT_TYPE_PHONE_NUMBER_ADDED}

    def refusal(self, name, request):
        with self.assertRaises(grpc.RpcError) as caught:
            self.call(name, request)
        return reason_of(caught.exception)[:2]

    # holds: IDM-07
    def test_many_at_once(self):
        for name, request, change in self.calls():
            request.request_id = "at once"
            method = getattr(getattr(self.up, name[0]), name[1])
            other = self.changed(request, change)
            calls = [(wanted, method.future(wanted, timeout=PATIENCE)) for _ in range(20) for wanted in (request, other)]
            answers = {}
            for wanted, call in calls:
                error = call.exception()
                if error:
                    self.assertEqual(reason_of(error)[:2], REUSED, name)
                else:
                    answers.setdefault(self.sid(call.result()), []).append(wanted)
            self.assertEqual(len(answers), 1, name)
            winners, = answers.values()
            self.assertEqual(len(winners), 20, name)
            self.assertTrue(all(one == winners[0] for one in winners), name)

    # holds: IDM-06
    def test_a_failure_leaves_no_trace(self):
        for name, request, _ in self.calls():
            if name[0] == "services":
                continue
            request.request_id = "failed first"
            bad = self.changed(request, {"service": "nowhere"})
            self.assertEqual(self.refusal(name, bad)[1], "SERVICE_NOT_FOUND")
            self.call(name, request)
        request = pb.sessions.CreateSessionRequest(service="shop", request_id="no number", participants=[
            {"identifier": person(30), "proxy_identifier": "+15551119999"}])
        self.assertEqual(self.refusal(("sessions", "CreateSession"), request)[1], "PROXY_NOT_FOUND")
        self.world.add_number("+15551119999")
        self.call(("sessions", "CreateSession"), request)

    # holds: IDM-02
    def test_an_id_counts_for_one_method_of_one_service(self):
        other = World(self.up, "other", numbers=[proxy(10)])
        made = set()
        for service in ["shop", "other"]:
            for name, request, _ in self.calls():
                if name[0] == "sessions":
                    made.add(self.sid(self.call(name, self.changed(
                        pb.sessions.CreateSessionRequest(request_id="same"), {"service": service}))))
                elif name[0] == "phone_numbers":
                    self.call(name, pb.phone_numbers.AddPhoneNumberRequest(
                        service=service, phone_number=f"+1555999{len(made):04}", request_id="same"))
        self.assertEqual(len(made), 2)
        # By its SID it is the same Service.
        request = pb.sessions.CreateSessionRequest(service="shop", request_id="named")
        by_name = self.call(("sessions", "CreateSession"), request)
        request.service = self.world.sid
        try:
            self.assertEqual(self.call(("sessions", "CreateSession"), request), by_name)
        except grpc.RpcError as error:
            self.assertEqual(reason_of(error)[:2], REUSED)
        self.assertEqual(len(other.sessions()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
