#!/usr/bin/python3
"""What a refusal says: its status by kind, why, the original's code, and every bad field."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, fields_of, grpc, pb
from world import World, person, proxy

C = grpc.StatusCode


def info_of(error):
    """google.rpc.ErrorInfo of a failed call; there is exactly one."""
    found = []
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = pb.status.Status.FromString(value)
            assert (status.code, status.message) == (error.code().value[0], error.details())
            for detail in status.details:
                info = pb.details.ErrorInfo()
                if detail.Unpack(info):
                    found.append(info)
    info, = found
    return info


class Refusals(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])
        self.talk = self.world.session(person(1), person(2), unique_name="talk")

    def caught(self, call, request):
        with self.assertRaises(grpc.RpcError) as caught:
            call(request, timeout=PATIENCE)
        return caught.exception

    def cases(self):
        """(call, request, status, code of the original), of every kind."""
        up, none = self.up, "0" * 32
        where = {"service": "shop", "session": "talk"}
        closed = self.world.session(unique_name="closed")
        self.world.close(closed.sid)
        World(up, "empty")
        World(up, "other", numbers=[proxy(7)])
        asked = {"identifier": person(1), "proxy_identifier": self.talk.participants[0].proxy_identifier}
        create, join = up.sessions.CreateSession, up.participants.CreateParticipant
        session, participant = pb.sessions.CreateSessionRequest, pb.participants.CreateParticipantRequest
        add, number = up.phone_numbers.AddPhoneNumber, pb.phone_numbers.AddPhoneNumberRequest
        return [
            (up.services.CreateService, pb.services.CreateServiceRequest(), C.INVALID_ARGUMENT, "80701"),
            (create, session(service="shop", participants=[{"identifier": "me"}]), C.INVALID_ARGUMENT, "80404"),
            (add, number(service="shop", phone_number="1"), C.INVALID_ARGUMENT, "80406"),
            (up.services.GetService, pb.services.GetServiceRequest(service="KC" + none), C.INVALID_ARGUMENT, "80408"),
            (up.sessions.GetSession, pb.sessions.GetSessionRequest(service="shop", session="KS" + none), C.INVALID_ARGUMENT, "80409"),
            (up.services.GetService, pb.services.GetServiceRequest(service="nowhere"), C.NOT_FOUND, None),
            (up.sessions.GetSession, pb.sessions.GetSessionRequest(service="shop", session="none"), C.NOT_FOUND, "80308"),
            (up.phone_numbers.GetPhoneNumber, pb.phone_numbers.GetPhoneNumberRequest(service="shop", phone_number="PN" + none),
             C.NOT_FOUND, "80301"),
            (up.participants.GetParticipant, pb.participants.GetParticipantRequest(participant="KP" + none, **where),
             C.NOT_FOUND, "80610"),
            (up.services.CreateService, pb.services.CreateServiceRequest(unique_name="shop"), C.ALREADY_EXISTS, "80602"),
            (create, session(**{"service": "shop", "unique_name": "talk"}), C.ALREADY_EXISTS, "80603"),
            (add, number(service="shop", phone_number=proxy(1)), C.ALREADY_EXISTS, "80104"),
            (add, number(service="shop", phone_number=proxy(7)), C.ALREADY_EXISTS, "80101"),
            (join, participant(participant={"identifier": person(2)}, **where), C.ALREADY_EXISTS, "80103"),
            (join, participant(participant={"identifier": person(3)}, **where), C.FAILED_PRECONDITION, "80609"),
            (up.sessions.UpdateSession, pb.sessions.UpdateSessionRequest(service="shop", session="closed", ttl={"seconds": 9}),
             C.FAILED_PRECONDITION, "80607"),
            (up.sessions.UpdateSession, pb.sessions.UpdateSessionRequest(
                status=pb.sessions.SESSION_STATUS_IN_PROGRESS, **where), C.FAILED_PRECONDITION, "80608"),
            (create, session(service="shop", participants=[asked]), C.FAILED_PRECONDITION, "80604"),
            (create, session(service="empty", participants=[{"identifier": person(3)}]), C.FAILED_PRECONDITION, "80205"),
            (create, session(service="shop", participants=[{"identifier": "+442079460018"}]), C.FAILED_PRECONDITION, "80203"),
            (up.phone_numbers.RemovePhoneNumber, pb.phone_numbers.RemovePhoneNumberRequest(
                service="shop", phone_number=self.talk.participants[0].proxy_identifier), C.FAILED_PRECONDITION, "80611"),
        ]

    # holds: API-09 API-10 API-12
    def test_each_says_why(self):
        for call, request, code, original in self.cases():
            error = self.caught(call, request)
            info = info_of(error)
            self.assertEqual(error.code(), code, (original, error.details()))
            self.assertEqual(info.domain, "maskline")
            self.assertRegex(info.reason, r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$")
            self.assertEqual(info.metadata.get("original_code"), original, (info, error.details()))
            self.assertTrue(error.details())
            # The same again, from the same call.
            self.assertEqual(info_of(self.caught(call, request)).reason, info.reason)

    # holds: API-11
    def test_each_bad_field_is_named(self):
        error = self.caught(self.up.services.CreateService, pb.services.CreateServiceRequest(
            unique_name="x", session_policy={"default_ttl": {"seconds": -1}, "default_mode": 99},
            retention_policy={"events": {"seconds": -1}}))
        self.assertEqual(error.code(), C.INVALID_ARGUMENT)
        self.assertEqual(sorted(fields_of(error)),
                         ["retention_policy.events", "session_policy.default_mode", "session_policy.default_ttl"])
        error = self.caught(self.up.sessions.CreateSession, pb.sessions.CreateSessionRequest(
            service="shop", mode=99, ttl={"seconds": -1}, expire_time={"seconds": 2**62},
            participants=[{"identifier": person(3)}, {}]))
        self.assertEqual(sorted(fields_of(error)), ["expire_time", "mode", "participants[1].identifier", "ttl"])
        self.assertEqual(len(self.world.sessions()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
