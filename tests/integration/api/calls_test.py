#!/usr/bin/python3
"""What holds for all calls: names and SIDs, times, masks, what is shown of parents, health and reflection."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, SERVICES, Case, grpc, pb, reason_of, shape
from world import World, person, proxy

C = grpc.StatusCode
SID = r"^{}[0-9a-f]{{32}}$"
HOUR = 3600


def methods():
    """All RPCs that take one request: (stub, name, type of request, whether it streams back)."""
    for module in SERVICES:
        for service in getattr(pb, module).DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                if shape(method).startswith("unary"):
                    yield (f"/{service.full_name}/{method.name}", method.name,
                           getattr(getattr(pb, os.path.basename(method.input_type.file.name)[:-len(".proto")]),
                                   method.input_type.name), shape(method) == "unary_stream")


class Calls(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server(environment={"TZ": "Pacific/Chatham"}).start()

    def outcome(self, path, request, streams):
        """Code and reason of one call."""
        call = (self.up.channel.unary_stream if streams else self.up.channel.unary_unary)(path)
        try:
            told = call(request.SerializeToString(), timeout=PATIENCE)
            if streams:
                next(told)
                told.cancel()
        except grpc.RpcError as error:
            return reason_of(error)[:2]
        return C.OK, ""

    def request(self, name, kind, world, session, sent):
        """One that is in order, for every method that this test knows."""
        known = {"phone_number": "+15550009999" if name.startswith("Add") else proxy(1),
                 "participant": session.participants[0].sid, "interaction": sent.sid, "body": "x",
                 "unique_name": "" if name != "UpdateService" else "renamed " + world.sid}
        fields = {field.name: known[field.name] for field in kind.DESCRIPTOR.fields
                  if field.name in known and field.type == field.TYPE_STRING and name not in ("CreateSession", "ListSessions")}
        if name == "CreateParticipant":
            fields["participant"] = {"identifier": person(9)}
        if name == "UpdateParticipant":
            fields["spec"] = {"identifier": person(9)}
        if name.endswith("OptOut"):
            fields["identifier"] = person(9)
        if name == "BatchAddPhoneNumbers":
            fields["phone_numbers"] = [{"phone_number": "+15550009999"}]
        if name == "RemovePhoneNumber":
            fields["force"] = True
        if name == "StreamEvents":
            fields["from_oldest"] = True
        return kind(**fields)

    # holds: API-05 API-06
    def test_a_sid_or_a_name_serves(self):
        """In each call that names a Service or a session, changes and deletions too; each time in a world of its own."""
        seen, worlds = set(), 0
        for path, name, kind, streams in methods():
            fields = kind.DESCRIPTOR.fields_by_name
            if "service" not in fields:
                continue
            forms = [("sid", "sid"), ("name", "sid")]
            if "session" in fields:
                forms += [("sid", "name"), ("name", "name")]
            told = set()
            for index, (service, session_form) in enumerate(forms):
                world = World(self.up, f"{name} {index}", numbers=[])
                number, other = f"+1555888{worlds:04}", f"+1555999{worlds:04}"
                worlds += 1
                world.add_number(number)
                session = world.session(person(1), unique_name="talk")
                sent = world.send(session.sid, session.participants[0].sid, "x")
                code = self.up.short_codes.AddShortCode(pb.short_codes.AddShortCodeRequest(
                    service=world.sid, short_code=f"{10000 + worlds}", country="US"), timeout=PATIENCE).short_code
                request = self.request(name, kind, world, session, sent)
                if name in ("GetPhoneNumber", "UpdatePhoneNumber", "RemovePhoneNumber"):
                    request.phone_number = number
                elif name == "AddPhoneNumber":
                    request.phone_number = other
                elif name == "AddShortCode":
                    request.short_code, request.country = f"{20000 + worlds}", "US"
                elif "short_code" in fields:
                    request.short_code = code.short_code
                elif name == "BatchAddPhoneNumbers":
                    request.phone_numbers[0].phone_number = other
                request.service = world.sid if service == "sid" else f"{name} {index}"
                if "session" in fields:
                    request.session = session.sid if session_form == "sid" else "talk"
                told.add(self.outcome(path, request, streams))
            self.assertEqual(len(told), 1, (name, told))
            self.assertNotIn(next(iter(told))[1], ["SERVICE_NOT_FOUND", "SESSION_NOT_FOUND"], name)
            if next(iter(told))[0] == C.OK:
                seen.add(name)
        for name in ["UpdateService", "DeleteService", "RemovePhoneNumber", "UpdateSession", "DeleteSession", "CreateParticipant",
                     "UpdateParticipant", "DeleteParticipant", "GetInteraction", "SendMessage", "StreamEvents",
                     "BatchAddPhoneNumbers", "CreateOptOut", "ListOptOuts", "AddShortCode", "GetShortCode",
                     "UpdateShortCode", "RemoveShortCode"]:
            self.assertIn(name, seen)

    # holds: API-01 API-24
    def test_everything_shows_its_sid_its_parents_and_its_times(self):
        world = World(self.up, numbers=[proxy(1), proxy(2)])
        session = world.session(person(1), person(2))
        sent = world.send(session.sid, session.participants[0].sid, "x")
        number = self.up.phone_numbers.GetPhoneNumber(pb.phone_numbers.GetPhoneNumberRequest(
            service="shop", phone_number=proxy(1)), timeout=PATIENCE).phone_number
        session = world.get(session.sid)
        for thing, prefix in [(world.service, "KS"), (number, "PN"), (session, "KC"), (session.participants[0], "KP"),
                              (world.newest(session.sid), "KI")]:
            self.assertRegex(thing.sid, SID.format(prefix))
            self.assertTrue(thing.HasField("create_time") and thing.HasField("update_time"), prefix)
            self.assertGreaterEqual(thing.update_time.ToNanoseconds(), thing.create_time.ToNanoseconds(), prefix)
            if prefix != "KS":
                self.assertEqual(thing.service_sid, world.sid, prefix)
            if prefix in ("KP", "KI"):
                self.assertEqual(thing.session_sid, session.sid, prefix)
        self.assertEqual(session.participants[0].proxy_identifier_sid[:2], "PN")
        self.assertEqual(sent.outbound[0].participant_sid, session.participants[0].sid)

    # holds: API-03
    def test_times_are_utc_wherever_the_server_stands(self):
        now = self.up.simulator.GetClock(pb.simulator.GetClockRequest(), timeout=PATIENCE).time
        self.assertLess(abs(now.seconds - time.time()), HOUR / 2)
        world = World(self.up)
        ends = [{"seconds": now.seconds + HOUR, "nanos": 123456000}, {"seconds": 4102444799, "nanos": 999999000}]
        made = [world.session(expire_time=end) for end in ends]
        for zone in ["Pacific/Chatham", "America/St_Johns", "UTC"]:
            for end, session in zip(ends, made):
                got = world.get(session.sid)
                self.assertEqual((got.expire_time.seconds, got.expire_time.nanos), (end["seconds"], end["nanos"]), zone)
                self.assertEqual(got, session, zone)
            self.up.kill()
            self.up.environment = {"TZ": zone}
            self.up.start()
            world.server = self.up

    # holds: API-13
    def test_a_mask_names_all_that_changes(self):
        world = World(self.up, numbers=[proxy(1)], session_policy={"default_ttl": {"seconds": 60}})
        talk = world.session(unique_name="talk")
        day = {"seconds": 24 * HOUR}
        got = world.update(talk.sid, ttl=day, expire_time={"seconds": talk.create_time.seconds + HOUR},
                           update_mask={"paths": ["ttl"]})
        self.assertEqual((got.ttl.seconds, got.HasField("expire_time"), got.status), (24 * HOUR, False, talk.status))
        changed = self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service="shop", unique_name="another", number_policy={"cool_down": day, "quarantine": {"seconds": 1}},
            session_policy={"default_ttl": day}, update_mask={"paths": ["number_policy.cool_down"]}), timeout=PATIENCE).service
        expected = pb.services.Service()
        expected.CopyFrom(world.service)
        expected.number_policy.cool_down.seconds = 24 * HOUR
        expected.update_time.CopyFrom(changed.update_time)
        self.assertEqual(changed, expected)
        number = self.up.phone_numbers.UpdatePhoneNumber(pb.phone_numbers.UpdatePhoneNumberRequest(
            service="shop", phone_number=proxy(1), friendly_name="front desk", reserved=True,
            update_mask={"paths": ["friendly_name"]}), timeout=PATIENCE).phone_number
        self.assertEqual((number.friendly_name, number.reserved), ("front desk", False))

    # holds: API-14 NUM-04
    def test_a_bad_mask_changes_nothing(self):
        world = World(self.up, numbers=[proxy(1)])
        talk = world.session(unique_name="talk")
        for path in ["nothing", "unique_name", "mode", "sid", "create_time"]:
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.UpdateSession, pb.sessions.UpdateSessionRequest(
                service="shop", session="talk", ttl={"seconds": 5}, update_mask={"paths": ["ttl", path]}))
        self.assertEqual(world.get("talk"), talk)
        listing = pb.phone_numbers.GetPhoneNumberRequest(service="shop", phone_number=proxy(1))
        before = self.up.phone_numbers.GetPhoneNumber(listing, timeout=PATIENCE).phone_number
        for path in ["phone_number", "country", "sid", "in_use"]:
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.phone_numbers.UpdatePhoneNumber,
                         pb.phone_numbers.UpdatePhoneNumberRequest(service="shop", phone_number=proxy(1), friendly_name="x",
                                                                   update_mask={"paths": ["friendly_name", path]}))
        self.assertEqual(self.up.phone_numbers.GetPhoneNumber(listing, timeout=PATIENCE).phone_number, before)
        for path in ["sid", "state", "create_time"]:
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.services.UpdateService, pb.services.UpdateServiceRequest(
                service="shop", unique_name="x", update_mask={"paths": ["unique_name", path]}))
        self.assertEqual(self.up.services.GetService(pb.services.GetServiceRequest(service="shop"), timeout=PATIENCE).service,
                         world.service)

    # holds: SES-14
    def test_of_a_session_four_things_change(self):
        request = pb.sessions.UpdateSessionRequest
        self.assertEqual({field.name for field in request.DESCRIPTOR.fields} - {"service", "session", "update_mask"},
                         {"status", "ttl", "expire_time", "metadata"})
        world = World(self.up)
        talk = world.session(unique_name="talk", mode=pb.common.SESSION_MODE_MESSAGE_ONLY)
        end = {"seconds": talk.create_time.seconds + HOUR}
        got = world.update(talk.sid, status=pb.sessions.SESSION_STATUS_CLOSED, ttl={"seconds": 5}, expire_time=end,
                           metadata={"a": "1"}, update_mask={"paths": ["status", "ttl", "expire_time", "metadata"]})
        self.assertEqual((got.status, got.ttl.seconds, got.expire_time.seconds, dict(got.metadata)),
                         (pb.sessions.SESSION_STATUS_CLOSED, 5, end["seconds"], {"a": "1"}))
        self.assertEqual((got.unique_name, got.mode), (talk.unique_name, talk.mode))
        for path in ["unique_name", "mode"]:
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.UpdateSession,
                         request(service="shop", session="talk", update_mask={"paths": [path]}))

    # holds: API-23
    def test_no_name_looks_like_a_sid(self):
        world = World(self.up)
        for name in ["KS" + "0" * 32, "KC" + "f" * 32, "ZZ" + "A" * 32]:
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.services.CreateService,
                         pb.services.CreateServiceRequest(unique_name=name))
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.services.UpdateService,
                         pb.services.UpdateServiceRequest(service="shop", unique_name=name))
            self.refused(C.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.CreateSession,
                         pb.sessions.CreateSessionRequest(service="shop", unique_name=name))
        self.assertEqual(world.sessions(), [])

    # holds: API-19
    def test_health_and_reflection_know_every_service(self):
        names = [service.full_name for module in SERVICES for service in getattr(pb, module).DESCRIPTOR.services_by_name.values()]
        check = self.up.channel.unary_unary("/grpc.health.v1.Health/Check")
        reflections = [self.up.channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
                       for version in ["v1", "v1alpha"]]
        for reflection in reflections:
            listed, = reflection(iter([b"\x3a\x00"]), timeout=PATIENCE)  # list_services
            for name in names:
                self.assertIn(bytes([len(name)]) + name.encode(), listed)
        for name in names:
            text = bytes([len(name)]) + name.encode()
            self.assertEqual(check(b"\x0a" + text, timeout=PATIENCE), b"\x08\x01", name)  # SERVING
            for reflection in reflections:
                answer, = reflection(iter([b"\x22" + text]), timeout=PATIENCE)  # file_containing_symbol
                self.assertIn(name.rpartition(".")[2].encode(), answer)
                self.assertNotIn(b"\x3a", answer[:1], name)  # no error_response

    def test_reflection_knows_the_details_of_errors(self):
        """Who shows them asks for them by name: no method has them."""
        for version in ["v1", "v1alpha"]:
            reflection = self.up.channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
            for field, name in [(b"\x22", "google.rpc.ErrorInfo"), (b"\x22", "google.rpc.BadRequest"),
                                (b"\x22", "google.rpc.RetryInfo"), (b"\x22", "google.rpc.Status"),
                                (b"\x1a", "google/rpc/error_details.proto")]:  # file_containing_symbol, file_by_filename
                answer, = reflection(iter([field + bytes([len(name)]) + name.encode()]), timeout=PATIENCE)
                self.assertNotIn(b"Nothing of that name", answer, name)
                self.assertIn(name.rpartition(".")[2].encode() if field == b"\x22" else name.encode(), answer)
                self.assertIn(b"google/rpc/", answer)

    # holds: CAR-02
    def test_the_simulator_is_there_only_alone(self):
        self.up.stop()
        for flags in [["gateway:net"], ["simulator", "gateway:net"]]:
            self.up = self.server(*[word for flag in flags for word in ("--carrier", flag)]).start()
            seen = set()
            for path, name, kind, streams in methods():
                if ".Simulator/" in path:
                    seen.add(name)
                    for request in [kind(), kind(handset=person(1)) if "handset" in kind.DESCRIPTOR.fields_by_name else kind()]:
                        self.assertEqual(self.outcome(path, request, streams), (C.UNIMPLEMENTED, "SIMULATOR_OFF"), (name, flags))
            self.assertLessEqual({"AddHandset", "SendText", "StartCall", "WatchHandset", "MoveClock"}, seen)
            self.up.stop()

    # holds: INT-10
    def test_interactions_are_made_and_changed_by_few_calls(self):
        service = pb.interactions.DESCRIPTOR.services_by_name["Interactions"]
        self.assertLessEqual({method.name for method in service.methods},
                             {"GetInteraction", "ListInteractions", "SendMessage", "PlaceCall", "EndCall", "RedactInteraction",
                              "DeleteInteraction"})

    # holds: INT-05
    def test_a_leg_has_one_of_the_statuses_of_the_original(self):
        original = """accepted answered busy canceled completed deleted delivered delivery-unknown failed in-progress initiated
            no-answer queued received receiving ringing scheduled sending sent undelivered unknown""".split()
        self.assertEqual(len(original), 21)
        self.assertEqual({value.name for value in pb.interactions.DESCRIPTOR.enum_types_by_name["LegStatus"].values},
                         {"LEG_STATUS_" + name.upper().replace("-", "_") for name in ["unspecified", *original]})

    # holds: IDM-03
    def test_requests_are_compared_by_what_they_say(self):
        """Fields in another order, and a default that is written out, make no other request."""
        world = World(self.up, numbers=[proxy(1), proxy(2)])
        request = pb.sessions.CreateSessionRequest(service=world.sid, unique_name="talk", request_id="r",
                                                   participants=[{"identifier": person(1)}, {"identifier": person(2)}])
        create = self.up.channel.unary_unary("/maskline.v1.Sessions/CreateSession")
        parts = [pb.sessions.CreateSessionRequest(**{field.name: value}).SerializeToString() for field, value in request.ListFields()]
        mode = pb.sessions.CreateSessionRequest.DESCRIPTOR.fields_by_name["mode"].number
        self.assertLess(mode, 16)
        unset = bytes([mode << 3, 0])
        first = create(request.SerializeToString(), timeout=PATIENCE)
        for other in [b"".join(parts[::-1]), unset + b"".join(parts), b"".join(parts) + unset]:
            self.assertNotEqual(other, request.SerializeToString())
            self.assertEqual(create(other, timeout=PATIENCE), first)
        with self.assertRaises(grpc.RpcError) as caught:
            create(b"".join(parts) + bytes([mode << 3, 1]), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[1], "REQUEST_ID_REUSED")
        self.assertEqual(len(world.sessions()), 1)

    # holds: NUM-08
    def test_of_many_who_claim_a_number_one_gets_it(self):
        worlds = [World(self.up, f"shop {i}") for i in range(3)]
        for index in range(20):
            calls = [self.up.phone_numbers.AddPhoneNumber.future(pb.phone_numbers.AddPhoneNumberRequest(
                service=world.sid, phone_number=proxy(index)), timeout=PATIENCE) for world in worlds for _ in range(3)]
            refused = [reason_of(call.exception())[1] for call in calls if call.exception()]
            self.assertEqual(len(refused), len(calls) - 1)
            self.assertLessEqual(set(refused), {"NUMBER_IN_SERVICE", "NUMBER_IN_OTHER_SERVICE"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
