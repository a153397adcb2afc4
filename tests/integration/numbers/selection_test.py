#!/usr/bin/python3
"""How near a number is: the settings, as clients give and read them, and what the answers and refusals say."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from google.protobuf import field_mask_pb2
from harness import PATIENCE, Case, grpc, pb, reason_of
from world import World

LEVELS = ["COUNTRY", "AREA_CODE", "OVERLAY", "RADIUS", "EXTENDED_AREA_CODE", "REGION"]
ANN, BOB = "+12125550001", "+447400123456"


def level(name):
    return getattr(pb.common, "GEO_MATCH_LEVEL_" + name)


class Selection(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up)

    def settle(self, *paths, **policy):
        mask = field_mask_pb2.FieldMask(paths=["number_policy." + path for path in paths])
        return self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=self.world.sid, number_policy=policy, update_mask=mask), timeout=PATIENCE).service.number_policy

    def choice(self, session, index=0):
        return session.participants[index].bindings[0].choice

    # holds: GEO-08
    def test_all_spellings_of_a_level_are_taken(self):
        for name in LEVELS:
            policy = self.settle("geo_match_level", geo_match_level=level(name))
            kept = "OVERLAY" if name == "EXTENDED_AREA_CODE" else name
            self.assertEqual(policy.geo_match_level, level(kept))
        # Of the mask's fields that are absent the default; others stay.
        self.settle(geo_matching=pb.services.GEO_MATCHING_BEST_EFFORT)
        policy = self.settle("geo_match_level")
        self.assertEqual(policy.geo_match_level, level("COUNTRY"))
        self.assertEqual(policy.geo_matching, pb.services.GEO_MATCHING_BEST_EFFORT)
        self.assertEqual(self.settle("geo_matching").geo_matching, pb.services.GEO_MATCHING_STRICT)
        for bad in ({"geo_match_level": 7}, {"geo_matching": 3}):
            with self.assertRaises(grpc.RpcError) as caught:
                self.settle(**bad)
            self.assertEqual(reason_of(caught.exception)[1], "INVALID_FIELD")

    # holds: SEL-09 SEL-10 SEL-11 ERR-80206 EVT-10
    def test_answers_and_refusals_say_why(self):
        self.settle(geo_match_level=level("EXTENDED_AREA_CODE"))
        self.world.add_number("+12149990001")
        self.world.add_number("+442071234567")
        with self.assertRaises(grpc.RpcError) as caught:
            self.world.session(ANN, BOB)
        code, reason, metadata = reason_of(caught.exception)
        self.assertEqual((code, reason), (grpc.StatusCode.FAILED_PRECONDITION, "NO_NEAR_NUMBER"))
        self.assertEqual(metadata["original_code"], "80206")
        self.assertEqual(metadata["participant"], "0")
        self.assertEqual(metadata["needed_numbers"], "1")
        self.assertEqual(metadata["needed_place"], "212 332 646 917")
        self.assertEqual(metadata["left"], "all=2 able=2 country=1 choosable=1 near=0 free=0")
        told = [event for event in self.world.events() if event.type == pb.events.EVENT_TYPE_POOL_EXHAUSTED]
        self.assertEqual([(event.session_sid, event.pool_exhausted.reason, event.pool_exhausted.original_code)
                          for event in told], [("", "NO_NEAR_NUMBER", 80206)])
        exhausted = told[0].pool_exhausted
        self.assertEqual((exhausted.country, exhausted.calling_code, exhausted.place), ("US", "1", "212 332 646 917"))
        self.assertTrue(exhausted.needs_sms and exhausted.needs_voice)
        self.settle(geo_matching=pb.services.GEO_MATCHING_BEST_EFFORT)
        session = self.world.session(ANN, BOB)
        self.assertEqual(session.participants[0].proxy_identifier, "+12149990001")
        why = self.choice(session)
        self.assertEqual(why.reason, pb.participants.NUMBER_CHOICE_REASON_LEAST_USED)
        self.assertEqual(why.matched_level, level("COUNTRY"))
        self.assertEqual(list(why.relaxed), [pb.participants.NUMBER_RELAXATION_WIDER_LEVEL])
        self.assertEqual(list(self.choice(session, 1).relaxed), [pb.participants.NUMBER_RELAXATION_NO_AREAS])
        self.assertEqual(self.choice(self.world.get(session.sid)), why)
        asked = self.world.session({"identifier": ANN, "proxy_identifier": "+442071234567"})
        self.assertEqual(self.choice(asked).reason, pb.participants.NUMBER_CHOICE_REASON_ASKED)
        self.assertEqual(self.choice(asked).matched_level, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
