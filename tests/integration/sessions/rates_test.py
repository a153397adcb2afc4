#!/usr/bin/python3
"""A Service's rate of calls, and its other settings, as clients see them."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb
from world import World, person, proxy

TRIES = 5000


class Rates(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])

    def update(self, **settings):
        return self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=self.world.sid, **settings), timeout=PATIENCE).service

    def retry_of(self, error):
        for key, value in error.trailing_metadata():
            if key == "grpc-status-details-bin":
                for detail in pb.status.Status.FromString(value).details:
                    retry = pb.details.RetryInfo()
                    if detail.Unpack(retry):
                        return retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        return None

    def exhaust(self, call):
        """Calls until it is refused."""
        for count in range(TRIES):
            try:
                call()
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                return count, error
        self.fail("it is never refused")

    # holds: ERR-80621 LIM-04 LIM-06
    def test_calls_are_limited(self):
        world = self.world
        session = world.session(person(1), person(2))
        self.assertEqual(self.update(rate_policy={"requests_per_second": 2}).rate_policy.requests_per_second, 2)
        count, error = self.exhaust(lambda: world.get(session.sid))
        self.assertGreaterEqual(count, 10)
        self.assertIn(b"RATE_LIMITED", dict(error.trailing_metadata())["grpc-status-details-bin"])
        delay = self.retry_of(error)
        self.assertTrue(0 < delay <= 5, delay)
        # Other methods, other Services, streams, and what names no Service.
        self.assertEqual([listed.sid for listed in world.sessions()], [session.sid])
        other = World(self.up, name="other")
        for _ in range(30):
            other.session()
        told = world.until(lambda event: event.type == pb.events.EVENT_TYPE_SERVICE_UPDATED)
        self.assertEqual(told[-1].service_updated.service.rate_policy.requests_per_second, 2)
        self.update(update_mask={"paths": ["rate_policy"]})
        for _ in range(30):
            world.get(session.sid)

    # holds: LIM-07
    def test_carriers_are_not(self):
        world = self.world
        session = world.session(person(1), person(2))
        ann = session.participants[0]
        self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=ann.identifier), timeout=PATIENCE)
        self.update(rate_policy={"requests_per_second": 1})
        for _ in range(30):
            sent = self.up.simulator.SendText(pb.simulator.SendTextRequest(
                handset=ann.identifier, recipient=ann.proxy_identifier, body="x"), timeout=PATIENCE)
            self.assertEqual(sent.outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)

    # holds: ERR-80621
    def test_entries_of_a_batch_count_as_calls(self):
        self.update(rate_policy={"requests_per_second": 1})
        entry = pb.sessions.BatchSessionsRequest(create=pb.sessions.CreateSessionRequest(service=self.world.sid))
        answers = list(self.up.sessions.BatchSessions(iter([entry] * 1000), timeout=PATIENCE))
        refused = [answer.error for answer in answers if answer.HasField("error")]
        self.assertGreater(len(refused), 0)
        self.assertEqual({error.reason for error in refused}, {"RATE_LIMITED"})
        self.assertTrue(all(error.HasField("retry_delay") for error in refused))
        self.assertEqual(len(self.world.sessions(page_size=1000)), 1000 - len(refused))

    # holds: SVC-10
    def test_every_setting_is_read_back_and_changed_by_mask(self):
        """All fields of all policies, also those that are added later."""
        def policies():
            for field in pb.services.Service.DESCRIPTOR.fields:
                if field.name.endswith("_policy"):
                    yield field
        def value(field, number):
            if field.message_type:
                short = field.name.startswith("ring_limit") or field.name.endswith("_deadline")
                return {"seconds": 40 + number if short else (4 + number) * 3600}
            if field.type == field.TYPE_STRING:
                return "x" * number
            return field.enum_type.values[-1].number if field.enum_type else True if field.type == field.TYPE_BOOL else 7
        standard = self.up.services.GetService(pb.services.GetServiceRequest(service=self.world.sid), timeout=PATIENCE).service
        seen = set()
        for policy in policies():
            for field in policy.message_type.fields:
                if field.message_type and field.message_type.full_name != "google.protobuf.Duration":
                    continue
                path, before = f"{policy.name}.{field.name}", getattr(standard, policy.name)
                given = {policy.name: {field.name: value(field, 1)}}
                if path in ("number_policy.late_reply_window", "message_policy.max_life", "number_policy.cool_down"):
                    # They depend on each other.
                    given = {"number_policy": {"cool_down": {"seconds": 12 * 3600}}, **given}
                    if path == "number_policy.cool_down":
                        given = {policy.name: {field.name: {"seconds": 12 * 3600}}}
                    elif path == "number_policy.late_reply_window":
                        given["number_policy"] = {"cool_down": {"seconds": 12 * 3600}, field.name: value(field, 1)}
                changed = self.update(**given)
                self.assertNotEqual(getattr(getattr(changed, policy.name), field.name), getattr(before, field.name), path)
                # By a mask that does not name it nothing changes.
                same = self.update(update_mask={"paths": ["unique_name"]}, unique_name="shop",
                                   **{policy.name: {field.name: value(field, 2)}})
                self.assertEqual(getattr(getattr(same, policy.name), field.name),
                                 getattr(getattr(changed, policy.name), field.name), path)
                back = self.update(update_mask={"paths": [path, "number_policy.cool_down"]})
                self.assertEqual(getattr(getattr(back, policy.name), field.name), getattr(before, field.name), path)
                seen.add(path)
        self.assertLessEqual({"session_policy.idle_cap", "voice_policy.whisper", "rate_policy.requests_per_second"}, seen)


if __name__ == "__main__":
    unittest.main(verbosity=2)
