#!/usr/bin/python3
"""Short codes by the API: added, found, changed, taken away; text goes over them both ways."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, fields_of, grpc, pb
from programs import ACCEPTED, TAKEN, Program
from world import World, person, proxy

S = pb.short_codes
ANN, BEN = person(1), person(2)


class ShortCodes(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server("--carrier", "gateway:net").start()
        self.world = World(self.up, numbers=[proxy(1)])

    def call(self, which, **fields):
        request = getattr(S, which + "Request")(service=self.world.sid, **fields)
        return getattr(self.up.short_codes, which)(request, timeout=PATIENCE)

    def add(self, digits, **more):
        return self.call("AddShortCode", short_code=digits, country="US", **more).short_code

    # holds: SHC-01 SHC-03
    def test_life(self):
        code = self.add("24687", request_id="once")
        self.assertEqual(code, self.add("24687", request_id="once"))
        self.assertRegex(code.sid, "^SC[0-9a-f]{32}$")
        self.assertEqual((code.short_code, code.country, code.reserved, list(code.carriers)), ("24687", "US", False, ["net"]))
        self.assertEqual((code.capabilities.sms, code.capabilities.mms, code.capabilities.voice), (True, True, False))
        self.assertEqual(self.call("GetShortCode", short_code=code.sid).short_code, code)
        self.assertEqual(self.call("GetShortCode", short_code="24687").short_code, code)
        others = [self.add(str(digits)) for digits in range(100, 103)]
        found, token = [], ""
        while not found or token:
            page = self.call("ListShortCodes", page_size=2, page_token=token)
            found += page.short_codes
            token = page.next_page_token
        self.assertEqual(found, [code, *others])
        self.assertEqual(len(self.call("ListShortCodes", country="MX").short_codes), 0)
        now = self.call("UpdateShortCode", short_code="24687", reserved=True).short_code
        self.assertTrue(now.reserved)
        now = self.call("UpdateShortCode", short_code=code.sid, update_mask={"paths": ["reserved"]}).short_code
        self.assertFalse(now.reserved)
        self.call("RemoveShortCode", short_code="24687")
        self.refused(grpc.StatusCode.NOT_FOUND, "SHORT_CODE_NOT_FOUND", self.up.short_codes.GetShortCode,
                     S.GetShortCodeRequest(service=self.world.sid, short_code="24687"))
        told = [event.WhichOneof("payload") for event in self.world.events()]
        self.assertEqual([kind for kind in told if "short_code" in kind],
                         4 * ["short_code_added"] + 2 * ["short_code_updated"] + ["short_code_removed"])
        self.assertEqual(len(self.world.events(filter={"types": [pb.events.EVENT_TYPE_SHORT_CODE_REMOVED]})), 1)
        # The pool knows nothing of them.
        numbers = self.up.phone_numbers.ListPhoneNumbers(
            pb.phone_numbers.ListPhoneNumbersRequest(service=self.world.sid), timeout=PATIENCE).phone_numbers
        self.assertEqual([number.phone_number for number in numbers], [proxy(1)])

    # holds: SHC-02
    def test_refusals(self):
        for field, more in [("short_code", {"short_code": "12", "country": "US"}),
                            ("short_code", {"short_code": proxy(2), "country": "US"}),
                            ("country", {"short_code": "24687"}),
                            ("capabilities", {"short_code": "24687", "country": "US", "capabilities": {}}),
                            ("carriers[0]", {"short_code": "24687", "country": "US", "carriers": ["nobody's"]})]:
            with self.assertRaises(grpc.RpcError) as caught:
                self.call("AddShortCode", **more)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
            self.assertEqual(fields_of(caught.exception), [field])

    # holds: SHC-04
    def test_text(self):
        code = self.add("24687")
        session = self.world.session({"identifier": ANN, "proxy_identifier": "24687"}, BEN,
                                     mode="SESSION_MODE_MESSAGE_ONLY")
        ann, ben = session.participants
        self.assertEqual((ann.proxy_identifier, ann.proxy_identifier_sid), ("24687", code.sid))
        self.assertEqual(ann.bindings[0].proxy_identifier_sid, code.sid)
        self.assertEqual(ben.proxy_identifier, proxy(1))
        self.assertEqual(self.call("GetShortCode", short_code="24687").short_code.in_use, 1)
        program = Program.attached(self.up)
        for name, (writer, reader) in enumerate([(ann, ben), (ben, ann)]):
            result = program.text(str(name), writer.identifier, writer.proxy_identifier, "hi")
            self.assertEqual(result.outcome, ACCEPTED)
            send = program.next("send")
            self.assertEqual((send.sender, send.recipient), (reader.proxy_identifier, reader.identifier))
            program.result(send.key, TAKEN)
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "NUMBER_IN_USE", self.up.short_codes.RemoveShortCode,
                     S.RemoveShortCodeRequest(service=self.world.sid, short_code="24687"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
