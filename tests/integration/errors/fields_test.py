#!/usr/bin/python3
"""Each field at the edges of what it takes: the last value that goes, the first that does not, and what is said of it."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, fields_of, grpc, pb, reason_of
from world import World, person, proxy

BAD = grpc.StatusCode.INVALID_ARGUMENT
MOST_TTL = 2147483646
DAY = 86400


class Fields(Case):
    @classmethod
    def setUpClass(cls):
        cls.count = 0

    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(i) for i in range(4)])

    def fresh(self, prefix=""):
        type(self).count += 1
        return f"{prefix}{self.count}"

    def takes(self, call, request, **fields):
        """The answer, which must be there."""
        try:
            return call(request(**fields), timeout=PATIENCE)
        except grpc.RpcError as error:
            self.fail(f"{str(fields)[:300]}: {error.code()} {reason_of(error)} {fields_of(error)}")

    def refuses(self, field, call, request, **fields):
        """INVALID_FIELD, and that field is named."""
        with self.assertRaises(grpc.RpcError, msg=str(fields)[:300]) as caught:
            call(request(**fields), timeout=PATIENCE)
        code, reason, metadata = reason_of(caught.exception)
        self.assertEqual((code, reason), (BAD, "INVALID_FIELD"), (str(fields)[:300], caught.exception.details()))
        self.assertEqual(metadata.get("original_code"), "80701")
        self.assertIn(field, fields_of(caught.exception), str(fields)[:300])

    def edge(self, field, call, request, good, bad, key=None, **others):
        for value in good:
            self.takes(call, request, **others, **{key or field: value})
        for value in bad:
            self.refuses(field, call, request, **others, **{key or field: value})

    # holds: API-20 API-23 LIM-08 LIM-09 LIM-11
    def test_lengths_of_names(self):
        services, request = self.up.services, pb.services.CreateServiceRequest
        self.edge("unique_name", services.CreateService, request,
                  ["a" * 191, "é" * 191, "👻" * 191], ["", "a" * 192, "é" * 192, "👻" * 192, "KS" + "0" * 32, "ZZ" + "f" * 32])
        self.edge("request_id", services.CreateService, request, ["é" * 64], ["é" * 65, "x" * 1000], unique_name="other")
        for name in ["KS", "KS" + "g" * 32, "ks" + "0" * 32, "KS" + "0" * 31, " ", "+15551000001"]:
            self.takes(services.CreateService, request, unique_name=name)
        self.refuses("unique_name", services.UpdateService, pb.services.UpdateServiceRequest,
                     service=self.world.sid, unique_name="x" * 192)
        sessions, request = self.up.sessions, pb.sessions.CreateSessionRequest
        self.edge("unique_name", sessions.CreateSession, request, ["a" * 191, "é" * 191], ["a" * 192, "KC" + "0" * 32],
                  service=self.world.sid)
        numbers, request = self.up.phone_numbers, pb.phone_numbers.AddPhoneNumberRequest
        self.refuses("friendly_name", numbers.AddPhoneNumber, request, service="shop", phone_number="+15559990001",
                     friendly_name="é" * 256)
        self.takes(numbers.AddPhoneNumber, request, service="shop", phone_number="+15559990001", friendly_name="é" * 255)
        self.edge("friendly_name", numbers.UpdatePhoneNumber, pb.phone_numbers.UpdatePhoneNumberRequest,
                  ["x" * 255], ["x" * 256], service="shop", phone_number="+15559990001")
        talk = self.world.session()
        people, request = self.up.participants, pb.participants.CreateParticipantRequest
        self.refuses("participant.friendly_name", people.CreateParticipant, request, service="shop", session=talk.sid,
                     participant={"identifier": person(1), "friendly_name": "x" * 256})
        self.takes(people.CreateParticipant, request, service="shop", session=talk.sid,
                   participant={"identifier": person(1), "friendly_name": "👻" * 255})

    # holds: API-20
    def test_lengths_of_messages(self):
        talk = self.world.session(person(1), person(2))
        where = {"service": "shop", "session": talk.sid, "participant": talk.participants[0].sid}
        call, request = self.up.interactions.SendMessage, pb.interactions.SendMessageRequest
        self.edge("body", call, request, ["a" * 1600, "é" * 1600, "👻" * 1600], ["", "a" * 1601, "é" * 1601, "👻" * 1601],
                  **where)
        url = "https://a.example/"
        self.takes(call, request, media=[{"url": url}] * 10, **where)
        self.refuses("media", call, request, media=[{"url": url}] * 11, **where)
        self.takes(call, request, media=[{"url": url + "x" * (2048 - len(url))}], **where)
        self.refuses("media[1].url", call, request, media=[{"url": url}, {"url": url + "x" * (2049 - len(url))}], **where)
        for bad in ["", "ftp://a.example/", "javascript:alert(1)", "a.example"]:
            self.refuses("media[0].url", call, request, media=[{"url": bad}], **where)
        self.takes(call, request, media=[{"url": url, "content_type": "x" * 255}], **where)
        self.refuses("media[0].content_type", call, request, media=[{"url": url, "content_type": "x" * 256}], **where)
        self.edge("max_life", call, request, [{"nanos": 1000}, {"seconds": 3600}, {"seconds": 10**9}],
                  [{}, {"seconds": -1}, {"nanos": -1}, {"seconds": 1, "nanos": -1}, {"nanos": 10**9},
                   {"seconds": 2**62}, {"seconds": -2**63}], body="x", **where)
        self.edge("request_id", call, request, ["x" * 64], ["x" * 65], body="x", **where)

    # holds: CDN-07 ERR-80701 LIM-13 SES-13
    def test_durations(self):
        call, request = self.up.services.CreateService, pb.services.CreateServiceRequest
        negative = [{"seconds": -1}, {"nanos": -1}, {"seconds": 2**63 - 1}, {"seconds": -2**63}, {"seconds": 1, "nanos": 2**31 - 1}]
        for policy, field, good, bad in [
                ("session_policy", "default_ttl", [0, 1, MOST_TTL], [MOST_TTL + 1]),
                ("session_policy", "idle_cap", [0, 1, MOST_TTL], [MOST_TTL + 1]),
                ("number_policy", "cool_down", [4 * 3600, 366 * DAY], [366 * DAY + 1]),
                ("number_policy", "late_reply_window", [0, 3 * 3600], [366 * DAY + 1]),
                ("number_policy", "quarantine", [0, 366 * DAY], [366 * DAY + 1]),
                ("message_policy", "max_life", [1, 3600], [0, 7 * DAY + 1]),
                ("message_policy", "closing_grace", [0, 7 * DAY], [7 * DAY + 1]),
                ("retention_policy", "closed_sessions", [1, 3660 * DAY], [0, 3660 * DAY + 1]),
                ("retention_policy", "events", [1, 3660 * DAY], [0, 3660 * DAY + 1])]:
            for seconds in good:
                made = self.takes(call, request, unique_name=self.fresh("s"), **{policy: {field: {"seconds": seconds}}}).service
                self.assertEqual(getattr(getattr(made, policy), field).seconds, seconds, field)
            for value in [{"seconds": s} for s in bad] + negative:
                self.refuses(f"{policy}.{field}", call, request, unique_name="never", **{policy: {field: value}})
                self.refuses(f"{policy}.{field}", self.up.services.UpdateService, pb.services.UpdateServiceRequest,
                             service="shop", **{policy: {field: value}})
        with self.assertRaises(grpc.RpcError) as caught:
            call(request(unique_name="short", number_policy={"cool_down": {"seconds": 4 * 3600 - 1}}), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[:2], (grpc.StatusCode.FAILED_PRECONDITION, "COOL_DOWN_TOO_SHORT"))
        create = self.up.sessions.CreateSession, pb.sessions.CreateSessionRequest
        self.edge("ttl", *create, [{}, {"seconds": 1}, {"seconds": MOST_TTL}], [{"seconds": MOST_TTL + 1}] + negative,
                  service="shop")
        now = self.up.simulator.GetClock(pb.simulator.GetClockRequest()).time.seconds
        self.edge("expire_time", *create, [{"seconds": now + 60}, {"seconds": 253402300799}],
                  [{"seconds": now - 1}, {}, {"seconds": -1}, {"seconds": 253402300800}, {"seconds": now + 60, "nanos": -1},
                   {"seconds": now + 60, "nanos": 10**9}, {"seconds": 2**63 - 1}, {"seconds": -2**63}], service="shop")
        move = self.up.simulator.MoveClock, pb.simulator.MoveClockRequest
        self.edge("advance", *move, [], [{}, {"seconds": -1}, {"seconds": 3660 * DAY + 1}, {"seconds": 2**63 - 1}])
        for beat, good in [({}, False), ({"nanos": 999999999}, False), ({"seconds": 1}, True), ({"seconds": 3600}, True),
                           ({"seconds": 3600, "nanos": 1000}, False), ({"seconds": -1}, False)]:
            stream = self.up.events.StreamEvents(pb.events.StreamEventsRequest(service="shop", heartbeat_interval=beat),
                                                 timeout=PATIENCE)
            if good:
                self.assertTrue(next(stream).HasField("heartbeat"))
                stream.cancel()
                continue
            with self.assertRaises(grpc.RpcError) as caught:
                next(stream)
            self.assertEqual((reason_of(caught.exception)[1], fields_of(caught.exception)),
                             ("INVALID_FIELD", ["heartbeat_interval"]), beat)

    # holds: API-14
    def test_masks(self):
        talk = self.world.session()
        for call, request, base in [
                (self.up.services.UpdateService, pb.services.UpdateServiceRequest, {"service": "shop"}),
                (self.up.phone_numbers.UpdatePhoneNumber, pb.phone_numbers.UpdatePhoneNumberRequest,
                 {"service": "shop", "phone_number": proxy(1)}),
                (self.up.sessions.UpdateSession, pb.sessions.UpdateSessionRequest, {"service": "shop", "session": talk.sid})]:
            for paths in [["nothing"], [""], ["*"], ["ttl", "nothing"], ["service"], ["sid"], ["ttl.seconds"], ["Ttl"],
                          ["session_policy."], ["x" * 1000], ["update_mask"]]:
                self.refuses("update_mask", call, request, update_mask={"paths": paths}, **base)
            self.takes(call, request, **base)  # changes nothing
        for page in ["session_policy", "number_policy.cool_down", "message_policy.max_life", "retention_policy.events"]:
            self.takes(self.up.services.UpdateService, pb.services.UpdateServiceRequest, service="shop",
                       update_mask={"paths": [page]})

    # holds: PAR-01 PAR-02
    def test_identifiers(self):
        call, request = self.up.sessions.CreateSession, pb.sessions.CreateSessionRequest
        for bad in ["", "+", "15551000001", "+1555", "+1555100000100000", "+0155510001", "+1555100000a", "+1 555 100 0001",
                    "tel:+15551000001", "+٠٥٥٥١٠٠٠٠٠١", "+15551000001\n", "x" * 300]:
            with self.assertRaises(grpc.RpcError) as caught:
                call(request(service="shop", participants=[{"identifier": person(1)}, {"identifier": bad}]), timeout=PATIENCE)
            code, reason, metadata = reason_of(caught.exception)
            self.assertEqual(code, BAD, bad)
            self.assertIn(reason, ["INVALID_IDENTIFIER", "INVALID_FIELD"], bad)
            self.assertIn("participants[1].identifier", " ".join(fields_of(caught.exception)) + str(metadata), bad)
        several = [person(i) for i in range(1, 12)]
        self.takes(call, request, service="shop", participants=[{"identifiers": several[:10]}])
        for bad in [{"identifiers": several}, {"identifiers": [person(1), person(1)]},
                    {"identifier": person(1), "identifiers": [person(2)]}]:
            with self.assertRaises(grpc.RpcError) as caught:
                call(request(service="shop", participants=[bad]), timeout=PATIENCE)
            self.assertEqual(caught.exception.code(), BAD, bad)
        with self.assertRaises(grpc.RpcError) as caught:
            call(request(service="shop", participants=[{"identifier": person(i)} for i in (21, 22, 23)]), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[1], "TOO_MANY_PARTICIPANTS")
        with self.assertRaises(grpc.RpcError) as caught:
            call(request(service="shop", participants=[{"identifier": person(21)}] * 2), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[1], "IDENTIFIER_IN_SESSION")
        numbers, add = self.up.phone_numbers.AddPhoneNumber, pb.phone_numbers.AddPhoneNumberRequest
        for bad in ["", "+1", "5551", "+1555999000x", "+1234567890123456", "x" * 300]:
            with self.assertRaises(grpc.RpcError) as caught:
                numbers(add(service="shop", phone_number=bad), timeout=PATIENCE)
            self.assertEqual(reason_of(caught.exception)[:2], (BAD, "INVALID_PHONE_NUMBER"), bad)
        where = {"service": "shop", "phone_number": "+15559990009"}
        for country in ["us", "USA", "U", "1A", "éé"]:
            self.refuses("country", numbers, add, country=country, **where)
        self.refuses("capabilities", numbers, add, capabilities={}, **where)
        for carriers in [["nobody"], [""], ["simulator", "simulator"], ["x" * 300], ["simulator"] * 9]:
            with self.assertRaises(grpc.RpcError) as caught:
                numbers(add(carriers=carriers, **where), timeout=PATIENCE)
            self.assertEqual(reason_of(caught.exception)[1], "INVALID_FIELD", carriers)
            self.assertIn("carriers", fields_of(caught.exception)[0], carriers)
        self.takes(numbers, add, carriers=["simulator"], country="US", **where)

    def lists(self):
        """(call, request, what it needs besides its page)."""
        talk = self.world.session(person(1), person(2))
        for i in range(5):
            self.world.send(talk.sid, talk.participants[0].sid, str(i))
            self.world.session(unique_name=self.fresh("t"))
            self.takes(self.up.services.CreateService, pb.services.CreateServiceRequest, unique_name=self.fresh("v"))
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=person(50 + i)))
        where = {"service": "shop", "session": talk.sid}
        return [
            (self.up.services.ListServices, pb.services.ListServicesRequest, {}),
            (self.up.phone_numbers.ListPhoneNumbers, pb.phone_numbers.ListPhoneNumbersRequest, {"service": "shop"}),
            (self.up.sessions.ListSessions, pb.sessions.ListSessionsRequest, {"service": "shop"}),
            (self.up.participants.ListParticipants, pb.participants.ListParticipantsRequest, where),
            (self.up.interactions.ListInteractions, pb.interactions.ListInteractionsRequest, where),
            (self.up.simulator.ListHandsets, pb.simulator.ListHandsetsRequest, {})]

    # holds: LST-02 LST-03
    def test_pages(self):
        tokens = []
        lists = self.lists()
        for call, request, where in lists:
            for size in [-1, -2**31]:
                self.refuses("page_size", call, request, page_size=size, **where)
            self.assertEqual(self.takes(call, request, page_size=2**31 - 1, **where).next_page_token, "")
            page = self.takes(call, request, page_size=1, **where)
            self.assertTrue(page.next_page_token)
            tokens.append(page.next_page_token)
        self.refuses("page_size", self.up.events.ListEvents, pb.events.ListEventsRequest, service="shop", page_size=-1)
        for index, (call, request, where) in enumerate(lists):
            mine = tokens[index]
            forged = [mine[:-4], mine + "AAAA", ("B" if mine[0] != "B" else "C") + mine[1:],
                      mine[:len(mine) // 2] + ("x" if mine[len(mine) // 2] != "x" else "y") + mine[len(mine) // 2 + 1:],
                      "x", "=", "é" * 40, "A" * 5000, " " + mine]
            if "handsets" in request.DESCRIPTOR.name.lower():
                forged = forged[4:]  # a bare number: those are not sealed
            for token in forged + [other for other in tokens if other != mine]:
                self.refuses("page_token", call, request, page_size=1, page_token=token, **where)
        other = World(self.up, "another")
        for name, filters in [("another", {}), ("shop", {"statuses": [pb.sessions.SESSION_STATUS_OPEN]})]:
            self.refuses("page_token", self.up.sessions.ListSessions, pb.sessions.ListSessionsRequest, page_size=1,
                         service=name, filter=filters, page_token=tokens[2])
        self.assertTrue(other.sid)
        # The Service's other name is the same list.
        self.takes(self.up.sessions.ListSessions, pb.sessions.ListSessionsRequest, page_size=1, service=self.world.sid,
                   page_token=tokens[2])

    def test_filters(self):
        call, request = self.up.sessions.ListSessions, pb.sessions.ListSessionsRequest
        for field in ["created", "ended", "last_interaction"]:
            for bad in [{"start_time": {"seconds": 10}, "end_time": {"seconds": 9}},
                        {"start_time": {"seconds": 1, "nanos": -1}}, {"end_time": {"seconds": 2**62}}]:
                with self.assertRaises(grpc.RpcError) as caught:
                    call(request(service="shop", filter={field: bad}), timeout=PATIENCE)
                self.assertEqual(reason_of(caught.exception)[:2], (BAD, "INVALID_FIELD"), bad)
                self.assertIn(f"filter.{field}", fields_of(caught.exception)[0])
            self.takes(call, request, service="shop", filter={field: {"start_time": {"seconds": 10}, "end_time": {"seconds": 10}}})
        with self.assertRaises(grpc.RpcError) as caught:
            call(request(service="shop", filter={"identifier": "rubbish"}), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[:2], (BAD, "INVALID_IDENTIFIER"))
        listing = self.up.events.ListEvents, pb.events.ListEventsRequest
        self.refuses("filter.types", *listing, service="shop", filter={"types": [10] * 65})
        with self.assertRaises(grpc.RpcError) as caught:
            listing[0](listing[1](service="shop", after_position=2**64 - 1), timeout=PATIENCE)
        code, reason, metadata = reason_of(caught.exception)
        self.assertEqual((code, reason, metadata["last_position"]), (grpc.StatusCode.OUT_OF_RANGE, "POSITION_NOT_REACHED", "5"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
