#!/usr/bin/python3
"""request_id: the same answer for the same request, once, over everything that may come in between."""

import concurrent.futures
import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, SERVICES, Case, grpc, pb, reason_of
from world import World, person, proxy

CODES = {code.value[0]: code for code in grpc.StatusCode}
REUSED = (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")


def takes_id(message, depth=0):
    """Whether a request, or an entry in it, has a request_id."""
    return "request_id" in message.fields_by_name or depth < 2 and any(
        field.message_type and takes_id(field.message_type, depth + 1) for field in message.fields)


def named():
    """Each RPC that takes a request_id, as it is called: (stub, method)."""
    return {(file, method.name) for file in SERVICES for service in getattr(pb, file).DESCRIPTOR.services_by_name.values()
            for method in service.methods if takes_id(method.input_type)}


def entry(request):
    """What has the request_id: a batch's one entry, or the request itself."""
    name = request.DESCRIPTOR.name
    return (request.phone_numbers[0] if name == "BatchAddPhoneNumbersRequest"
            else request.create if name == "BatchSessionsRequest" else request)


class Repeats(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(i) for i in range(6)])
        self.talk = self.world.session(person(1))
        self.ring = self.world.session(person(11), person(12))

    def calls(self):
        """Each RPC that takes a request_id: stub and method, request, and a change that makes it another."""
        where = {"service": "shop", "session": self.talk.sid}
        ann = self.talk.participants[0].sid
        first, second = (one.sid for one in self.ring.participants)
        numbers = pb.phone_numbers
        return [
            (("services", "CreateService"), pb.services.CreateServiceRequest(unique_name="new"), {"unique_name": "newer"}),
            (("phone_numbers", "AddPhoneNumber"),
             numbers.AddPhoneNumberRequest(service="shop", phone_number="+15559990001"), {"reserved": True}),
            (("phone_numbers", "BatchAddPhoneNumbers"),
             numbers.BatchAddPhoneNumbersRequest(service="shop", phone_numbers=[{"phone_number": "+15559990002"}]),
             {"reserved": True}),
            (("short_codes", "AddShortCode"),
             pb.short_codes.AddShortCodeRequest(service="shop", short_code="12345", country="US"), {"short_code": "12346"}),
            (("channel_senders", "AddChannelSender"),
             pb.channel_senders.AddChannelSenderRequest(service="shop", address="whatsapp:+15559990003"),
             {"address": "whatsapp:+15559990004"}),
            (("sessions", "CreateSession"),
             pb.sessions.CreateSessionRequest(service="shop", participants=[{"identifier": person(5)}]),
             {"unique_name": "named"}),
            (("sessions", "BatchSessions"),
             pb.sessions.BatchSessionsRequest(tag=7, create={"service": "shop", "participants": [{"identifier": person(6)}]}),
             {"unique_name": "in a batch"}),
            (("participants", "CreateParticipant"),
             pb.participants.CreateParticipantRequest(participant={"identifier": person(2)}, **where),
             {"participant": pb.participants.ParticipantSpec(identifier=person(3))}),
            (("interactions", "SendMessage"),
             pb.interactions.SendMessageRequest(participant=ann, body="Hello", **where), {"body": "Bye"}),
            (("interactions", "PlaceCall"),
             pb.interactions.PlaceCallRequest(service="shop", session=self.ring.sid, participant=first), {"participant": second}),
            (("opt_outs", "CreateOptOut"),
             pb.opt_outs.CreateOptOutRequest(service="shop", identifier=person(20)), {"identifier": person(21)}),
            (("blocks", "CreateBlock"),
             pb.blocks.CreateBlockRequest(service="shop", identifier=person(22)), {"to_identifier": person(23)}),
        ]

    def asked(self, name, request):
        """What was made, and how it was refused: of a batch, that of its one entry."""
        method = getattr(getattr(self.up, name[0]), name[1])
        try:
            if name[1] == "BatchSessions":
                answer, = method(iter([request]), timeout=PATIENCE)
                if answer.HasField("error"):
                    return None, (CODES[answer.error.code], answer.error.reason)
                return answer.session, None
            answer = method(request, timeout=PATIENCE)
        except grpc.RpcError as error:
            return None, reason_of(error)[:2]
        if name[1] != "BatchAddPhoneNumbers":
            return getattr(answer, answer.DESCRIPTOR.fields[0].name), None
        result, = answer.results
        self.assertEqual(answer.added, 1 if result.HasField("phone_number") else 0)
        if result.HasField("refused"):
            return None, (CODES[result.refused.code], result.refused.reason)
        return result.phone_number, None

    def made(self, name, request):
        row, refusal = self.asked(name, request)
        self.assertIsNone(refusal, name)
        return row

    def refusal(self, name, request):
        row, refusal = self.asked(name, request)
        self.assertIsNone(row, name)
        return refusal

    def changed(self, request, change):
        other = type(request)()
        other.CopyFrom(request)
        for field, value in change.items():
            whole = field == "service" and "service" in other.DESCRIPTOR.fields_by_name
            target = other if whole else entry(other)
            if hasattr(value, "CopyFrom"):
                getattr(target, field).CopyFrom(value)
            else:
                setattr(target, field, value)
        return other

    def name_of(self, row):
        """What tells a row from others, whatever has become of it since."""
        return row.sid if "sid" in row.DESCRIPTOR.fields_by_name else row.SerializeToString(deterministic=True)

    def test_each_call_with_an_id_is_here(self):
        self.assertEqual({name for name, _, _ in self.calls()}, named())

    # holds: IDM-01 IDM-04 IDM-08
    def test_a_repeat_gets_the_first_answer(self):
        kept = []
        for name, request, change in self.calls():
            entry(request).request_id = f"id {name[1]}"
            first = self.made(name, request)
            self.assertEqual(self.made(name, request), first)
            self.assertEqual(REUSED, self.refusal(name, self.changed(request, change)))
            self.assertEqual(self.made(name, request), first)
            kept.append((name, request, change, first))
        ends = self.world.events()
        self.up.kill()
        self.up.start()
        self.world.server = self.up
        for name, request, change, first in kept:
            self.assertEqual(self.name_of(self.made(name, request)), self.name_of(first))
            self.assertEqual(REUSED, self.refusal(name, self.changed(request, change)))
        told = self.world.events()
        self.assertEqual([e.position for e in told if e.type in self.creations()],
                         [e.position for e in ends if e.type in self.creations()])
        # After a day it is forgotten.
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 86401}), timeout=PATIENCE)
        (name, request, _, first), = [one for one in kept if one[0][1] == "SendMessage"]
        self.assertNotEqual(self.made(name, request).sid, first.sid)

    def creations(self):
        types = pb.events.EventType
        return {value for name, value in types.items() if name.endswith(("_CREATED", "_ADDED")) and "SERVICE" not in name}

    # holds: IDM-07
    def test_many_at_once(self):
        for name, request, change in self.calls():
            entry(request).request_id = f"at once {name[1]}"
            other = self.changed(request, change)
            wanted = [one for _ in range(10) for one in (request, other)]
            with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
                answers = list(pool.map(lambda one, of=name: self.asked(of, one), wanted))
            rows, winners = set(), []
            for one, (row, refusal) in zip(wanted, answers):
                if refusal:
                    self.assertEqual(refusal, REUSED, name)
                else:
                    rows.add(self.name_of(row))
                    winners.append(one)
            self.assertEqual((len(rows), len(winners)), (1, 10), name)
            self.assertTrue(all(one == winners[0] for one in winners), name)

    # holds: IDM-06
    def test_a_failure_leaves_no_trace(self):
        for name, request, _ in self.calls():
            if name[0] == "services":
                continue
            entry(request).request_id = f"failed first {name[1]}"
            bad = self.changed(request, {"service": "nowhere"})
            self.assertEqual(self.refusal(name, bad)[1], "SERVICE_NOT_FOUND")
            self.made(name, request)
        request = pb.sessions.CreateSessionRequest(service="shop", request_id="no number", participants=[
            {"identifier": person(30), "proxy_identifier": "+15551119999"}])
        self.assertEqual(self.refusal(("sessions", "CreateSession"), request)[1], "PROXY_NOT_FOUND")
        self.world.add_number("+15551119999")
        self.made(("sessions", "CreateSession"), request)

    # holds: IDM-02
    def test_an_id_counts_for_one_method_of_one_service(self):
        other = World(self.up, "other", numbers=[proxy(10)])
        made = set()
        for service in ["shop", "other"]:
            for name, request, _ in self.calls():
                if name[1] == "CreateSession":
                    made.add(self.name_of(self.made(name, self.changed(
                        pb.sessions.CreateSessionRequest(request_id="same"), {"service": service}))))
                elif name[1] == "AddPhoneNumber":
                    self.made(name, pb.phone_numbers.AddPhoneNumberRequest(
                        service=service, phone_number=f"+1555999{len(made):04}", request_id="same"))
        self.assertEqual(len(made), 2)
        # By its SID it is the same Service.
        request = pb.sessions.CreateSessionRequest(service="shop", request_id="named")
        by_name = self.made(("sessions", "CreateSession"), request)
        request.service = self.world.sid
        row, refusal = self.asked(("sessions", "CreateSession"), request)
        self.assertEqual(refusal or row, REUSED if refusal else by_name)
        self.assertEqual(len(other.sessions()), 1)

    # holds: IDM-01 IDM-08
    def test_a_repeat_does_not_undo_what_came_later(self):
        """Somebody who was opted in, or whose block was lifted, or a number that was removed meanwhile, stays so."""
        bars = [("opt_outs", "OptOut"), ("blocks", "Block")]

        def ask(bar, verb, index, **more):
            message = getattr(getattr(pb, bar[0]), f"{verb}{bar[1]}Request")
            return self.made((bar[0], verb + bar[1]), message(service="shop", identifier=person(index), **more))

        def listed(bar):
            method = getattr(getattr(self.up, bar[0]), f"List{bar[1]}s")
            page = method(getattr(getattr(pb, bar[0]), f"List{bar[1]}sRequest")(service="shop"), timeout=PATIENCE)
            return [row.identifier for row in getattr(page, bar[0])]
        first = {}
        for bar in bars:
            first[bar] = ask(bar, "Create", 30, request_id="new")
            # One that is there already makes nothing, and its id is known all the same.
            there = ask(bar, "Create", 31)
            self.assertEqual(ask(bar, "Create", 31, request_id="there"), there)
            self.assertEqual(ask(bar, "Create", 31), there)
            self.assertEqual(sorted(listed(bar)), [person(30), person(31)])
            ask(bar, "Delete", 30)
            ask(bar, "Delete", 31)
        batch = pb.phone_numbers.BatchAddPhoneNumbersRequest(service="shop", phone_numbers=[
            {"phone_number": "+15559990005", "request_id": "gone"}])
        number = self.made(("phone_numbers", "BatchAddPhoneNumbers"), batch)
        self.up.phone_numbers.RemovePhoneNumber(pb.phone_numbers.RemovePhoneNumberRequest(
            service="shop", phone_number=number.sid), timeout=PATIENCE)
        self.up.kill()
        self.up.start()
        for bar in bars:
            self.assertEqual(ask(bar, "Create", 30, request_id="new"), first[bar])
            ask(bar, "Create", 31, request_id="there")
            self.assertEqual(listed(bar), [])
            ask(bar, "Create", 30, request_id="another")
            self.assertEqual(listed(bar), [person(30)])
        self.assertEqual(self.made(("phone_numbers", "BatchAddPhoneNumbers"), batch), number)
        self.refused(grpc.StatusCode.NOT_FOUND, "PHONE_NUMBER_NOT_FOUND", self.up.phone_numbers.GetPhoneNumber,
                     pb.phone_numbers.GetPhoneNumberRequest(service="shop", phone_number="+15559990005"))

    # holds: IDM-01 IDM-02 IDM-04
    def test_the_entries_of_a_batch(self):
        add, many = ("phone_numbers", "AddPhoneNumber"), self.up.phone_numbers.BatchAddPhoneNumbers
        batch = pb.phone_numbers.BatchAddPhoneNumbersRequest(service="shop", phone_numbers=[
            {"phone_number": "+15559990010", "request_id": "a"}, {"phone_number": "+15559990011", "request_id": "a"},
            {"phone_number": "+15559990012", "request_id": "b"}, {"phone_number": "+15559990013"},
            {"phone_number": "+15559990014", "request_id": "x" * 65},
            {"phone_number": "+15559990010", "request_id": "a"}])

        def outcome(result):
            return result.phone_number.sid or (CODES[result.refused.code], result.refused.reason)
        first = [outcome(result) for result in many(batch, timeout=PATIENCE).results]
        self.assertEqual(first[1], REUSED)
        self.assertEqual(first[4], (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"))
        self.assertEqual(first[5], first[0])
        self.assertEqual([sid[:2] for sid in (first[0], first[2], first[3])], ["PN"] * 3)
        again = [outcome(result) for result in many(batch, timeout=PATIENCE).results]
        self.assertEqual(again[3], (grpc.StatusCode.ALREADY_EXISTS, "NUMBER_IN_SERVICE"))
        self.assertEqual(again[:3] + again[4:], first[:3] + first[4:])
        # As if each came by itself.
        alone = pb.phone_numbers.AddPhoneNumberRequest(service="shop", phone_number="+15559990010", request_id="a")
        self.assertEqual(self.made(add, alone).sid, first[0])
        alone.phone_number = "+15559990015"
        self.assertEqual(self.refusal(add, alone), REUSED)
        sids = [number.phone_number for number in self.up.phone_numbers.ListPhoneNumbers(
            pb.phone_numbers.ListPhoneNumbersRequest(service="shop"), timeout=PATIENCE).phone_numbers]
        self.assertEqual(sids[6:], ["+15559990010", "+15559990012", "+15559990013"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
