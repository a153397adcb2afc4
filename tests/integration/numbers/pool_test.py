#!/usr/bin/python3
"""Pools as clients see them: thousands of numbers in one call, caps, how a pool is used, and how many numbers it needs."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from google.protobuf import duration_pb2, field_mask_pb2
from harness import PATIENCE, Case, fields_of, grpc, pb, reason_of
from programs import Program
from world import World

HOUR = 3600


class Pools(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up)

    def add_many(self, numbers, **more):
        return self.up.phone_numbers.BatchAddPhoneNumbers(pb.phone_numbers.BatchAddPhoneNumbersRequest(
            service=self.world.sid, phone_numbers=numbers, **more), timeout=PATIENCE)

    def let(self, **policy):
        self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=self.world.sid, number_policy=policy), timeout=PATIENCE)

    # holds: NUM-14 LIM-03 ERR-80622 ERR-80624
    def test_thousands_in_one_call(self):
        numbers = [{"phone_number": f"+1555{i:07}"} for i in range(5000)]
        answer = self.add_many(numbers)
        self.assertEqual((answer.added, len(answer.results)), (500, 5000))
        self.assertEqual(answer.results[500].refused.reason, "POOL_FULL")
        self.assertEqual(answer.results[500].refused.original_code, 80622)
        self.assertEqual(answer.results[500].refused.phone_number, "+15550000500")
        self.let(most_unreserved=5000)
        answer = self.add_many(numbers)
        self.assertEqual(answer.added, 4500)
        self.assertEqual(answer.results[499].refused.reason, "NUMBER_IN_SERVICE")
        added = answer.results[4999].phone_number
        found = self.up.phone_numbers.GetPhoneNumber(pb.phone_numbers.GetPhoneNumberRequest(
            service=self.world.sid, phone_number="+15550004999"), timeout=PATIENCE).phone_number
        self.assertEqual(added, found)
        warnings = [event.warning for event in self.world.events() if event.WhichOneof("payload") == "warning"]
        self.assertEqual([(one.reason, one.original_code) for one in warnings], [("POOL_NEARLY_FULL", 80624), ("POOL_FULL", 80622), ("POOL_NEARLY_FULL", 80624)])
        self.assertEqual(self.add_many([]).added, 0)
        with self.assertRaises(grpc.RpcError) as caught:
            self.add_many(numbers + numbers[:1])
        self.assertEqual(reason_of(caught.exception)[1], "INVALID_FIELD")

    # holds: NUM-03 NUM-06
    def test_each_of_many_has_what_it_was_given(self):
        given = [{"phone_number": "+12129990001", "friendly_name": "front", "reserved": True,
                  "capabilities": {"sms": True}},
                 {"phone_number": "+15559990001", "country": "CA", "carriers": ["simulator"]},
                 {"phone_number": "+15559990002", "carriers": ["nobody"]},
                 {"phone_number": "+15559990003", "capabilities": {}}]
        answer = self.add_many(given)
        first, second = (one.phone_number for one in answer.results[:2])
        self.assertEqual((first.friendly_name, first.reserved, first.country), ("front", True, "US"))
        self.assertEqual((first.capabilities.sms, first.capabilities.voice), (True, False))
        self.assertEqual((second.country, second.reserved, second.capabilities.mms), ("CA", False, True))
        self.assertEqual([one.refused.reason for one in answer.results[2:]], ["INVALID_FIELD"] * 2)

    # holds: NUM-06
    def test_a_number_can_do_what_its_carrier_can(self):
        self.up.stop()
        up = self.server("--carrier", "gateway:net").start()
        world = World(up, "numbers")

        def can(number):
            what = number.capabilities
            return what.sms, what.mms, what.voice

        self.assertEqual(can(world.add_number("+15559990001")), (True, True, True))
        up.phone_numbers.RemovePhoneNumber(pb.phone_numbers.RemovePhoneNumberRequest(
            service=world.sid, phone_number="+15559990001"), timeout=PATIENCE)
        Program.attached(up, no_media=True).half_close()
        self.assertEqual(can(world.add_number("+15559990002")), (True, False, False))
        answer = up.phone_numbers.BatchAddPhoneNumbers(pb.phone_numbers.BatchAddPhoneNumbersRequest(
            service=world.sid, phone_numbers=[{"phone_number": "+15559990003"},
                                              {"phone_number": "+15559990004", "reserved": True, "capabilities": {"mms": True}}]),
            timeout=PATIENCE)
        self.assertEqual([can(one.phone_number) for one in answer.results], [(True, False, False), (False, True, False)])
        with self.assertRaises(grpc.RpcError) as caught:
            world.session("+12125550001")
        self.assertEqual(reason_of(caught.exception)[1], "NO_VOICE_NUMBER")
        world.session("+12125550001", mode=pb.common.SESSION_MODE_MESSAGE_ONLY)
        Program.attached(up, no_texts=True, carries_calls=True).half_close()
        self.assertEqual(can(world.add_number("+15559990005")), (False, False, True))
        world.session("+12125550001", mode=pb.common.SESSION_MODE_VOICE_ONLY)
        Program.attached(up, no_texts=True).half_close()
        with self.assertRaises(grpc.RpcError) as caught:
            world.add_number("+15559990006")
        self.assertEqual((reason_of(caught.exception)[1], fields_of(caught.exception)), ("INVALID_FIELD", ["capabilities"]))

    # holds: NUM-04 NUM-06
    def test_what_a_number_can_do_is_changed(self):
        self.up.stop()
        up = self.server("--carrier", "gateway:net").start()
        world = World(up, "numbers")
        number = world.add_number("+15559990001")

        def change(*paths, **fields):
            answer = up.phone_numbers.UpdatePhoneNumber(pb.phone_numbers.UpdatePhoneNumberRequest(
                service=world.sid, phone_number=number.sid, update_mask=field_mask_pb2.FieldMask(paths=paths), **fields),
                timeout=PATIENCE).phone_number.capabilities
            return answer.sms, answer.mms, answer.voice

        # It was there before its program, which is heard now.
        Program.attached(up, no_media=True).half_close()
        self.assertEqual(change("friendly_name", friendly_name="front"), (True, True, True))
        self.assertEqual(change("capabilities"), (True, False, False))
        with self.assertRaises(grpc.RpcError) as caught:
            world.session("+12125550001", mode=pb.common.SESSION_MODE_VOICE_ONLY)
        self.assertEqual(reason_of(caught.exception)[1], "NO_VOICE_NUMBER")
        self.assertEqual(change("capabilities.voice", capabilities={"voice": True, "mms": True}), (True, False, True))
        world.session("+12125550001", mode=pb.common.SESSION_MODE_VOICE_ONLY)
        self.assertEqual(change("capabilities.sms"), (False, False, True))
        self.assertEqual(change(capabilities={"sms": True}), (True, False, False))
        for nothing in (["capabilities.sms"], ["capabilities.sms", "capabilities.mms"]):
            with self.assertRaises(grpc.RpcError) as caught:
                change(*nothing)
            self.assertEqual((reason_of(caught.exception)[1], fields_of(caught.exception)), ("INVALID_FIELD", ["capabilities"]))
        changed = [event.phone_number_updated.phone_number.capabilities.voice for event in world.events()
                   if event.WhichOneof("payload") == "phone_number_updated"]
        self.assertEqual(changed, [True, False, True, True, False])

    # holds: PLN-01 PLN-02
    def test_usage(self):
        self.add_many([{"phone_number": number} for number in ("+12129990001", "+12129990002", "+442071234567")])
        self.world.session("+12125550001", "+442079876501")
        self.world.session("+12125550001")
        answer = self.up.phone_numbers.GetPoolUsage(pb.phone_numbers.GetPoolUsageRequest(
            service=self.world.sid), timeout=PATIENCE)
        seen = {(one.country, one.area_code): one for one in answer.shares}
        self.assertEqual(set(seen), {("GB", ""), ("US", ""), ("US", "212")})
        self.assertFalse(answer.sampled)
        for place in ("", "212"):
            share = seen["US", place]
            self.assertEqual((share.size, share.in_use, share.busiest_person, share.busiest_number), (2, 2, 2, 1))
            self.assertEqual(list(share.warnings), [pb.phone_numbers.POOL_WARNING_NEARLY_ALL_IN_USE,
                                                    pb.phone_numbers.POOL_WARNING_PERSON_NEARLY_OUT])

    # holds: PLN-03 PLN-04 PLN-07
    def test_plan(self):
        def plan(**more):
            return self.up.phone_numbers.PlanPool(pb.phone_numbers.PlanPoolRequest(
                most_sessions=8, session_length=duration_pb2.Duration(seconds=HOUR), **more), timeout=PATIENCE)
        answer = plan()
        self.assertEqual((answer.without_cool_down, answer.numbers, answer.numbers_in_bursts, answer.shared_numbers,
                          answer.present, answer.missing, answer.cool_down.seconds), (8, 40, 40, 75, 0, 0, 4 * HOUR))
        self.world.add_number("+12129990001")
        answer = plan(service=self.world.sid, country="US", cool_down=duration_pb2.Duration())
        self.assertEqual((answer.numbers, answer.present, answer.missing), (8, 1, 7))
        answer = plan(service=self.world.sid, country="US", cool_down=duration_pb2.Duration(seconds=HOUR // 2))
        self.assertEqual((answer.numbers, answer.numbers_in_bursts, answer.missing, answer.missing_in_bursts), (12, 16, 11, 15))
        with self.assertRaises(grpc.RpcError) as caught:
            self.up.phone_numbers.PlanPool(pb.phone_numbers.PlanPoolRequest(), timeout=PATIENCE)
        self.assertEqual(reason_of(caught.exception)[1], "INVALID_FIELD")


if __name__ == "__main__":
    unittest.main(verbosity=2)
