#!/usr/bin/python3
"""Every RPC is fed what it cannot want: each refusal has a right code and a reason, and the server goes on."""

import os
import random
import re
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, SERVICES, Case, grpc, pb, reason_of, shape
from world import World, person, proxy

C = grpc.StatusCode
# What a client's mistake never is.
WRONG = {C.OK, C.INTERNAL, C.UNKNOWN, C.DATA_LOSS, C.UNAVAILABLE, C.CANCELLED, C.UNIMPLEMENTED, C.DEADLINE_EXCEEDED}
NEEDS_NOTHING = {"ListServices", "ListHandsets", "GetClock", "SetNetworkBehavior"}
MAY_BE_EMPTY = {("PlanPool", "service")}
NOBODY = "0" * 32
CODES = {code.value[0]: code for code in C}


def methods():
    """All RPCs, by name: path, type of request, shape; less the one that is a conversation."""
    found = {}
    for module in SERVICES:
        for service in getattr(pb, module).DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                if method.name != "Attach":
                    found[method.name] = (f"/{service.full_name}/{method.name}", method.input_type, shape(method))
    return found


METHODS = methods()


def number(field, kind, value=b""):
    """A field's bytes on the wire."""
    tag = field << 3 | kind
    out = b""
    while tag > 127:
        out += bytes([tag & 127 | 128])
        tag >>= 7
    return out + bytes([tag]) + value


def length(size):
    out = b""
    while size > 127:
        out += bytes([size & 127 | 128])
        size >>= 7
    return out + bytes([size])


def part(field, value):
    return number(field, 2, length(len(value)) + value)


class Rubbish(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])
        self.session = self.world.session(person(1), person(2), unique_name="talk")
        self.interaction = self.world.send(self.session.sid, self.session.participants[0].sid, "Hello")
        self.short_code = self.up.short_codes.AddShortCode(pb.short_codes.AddShortCodeRequest(
            service=self.world.sid, short_code="24687", country="US"), timeout=PATIENCE).short_code
        self.pn = self.session.participants[0].proxy_identifier_sid

    def tearDown(self):
        # It has not ended, and answers.
        self.assertEqual(self.world.get("talk").sid, self.session.sid)
        self.assertEqual(self.up.stop(), 0)
        for word in ["INTERNAL", "UNKNOWN", "DATA_LOSS"]:
            self.assertNotIn(f"ended with {word}", self.up.said())

    def answer(self, name, request):
        """The first answer to these bytes."""
        path, _, form = METHODS[name]
        call = getattr(self.up.channel, form)(path)
        if form == "unary_unary":
            return call(request, timeout=PATIENCE)
        told = call(iter([request]) if form == "stream_stream" else request, timeout=PATIENCE)
        first = next(told)
        told.cancel()
        return first

    def raw(self, name, request):
        """The outcome of one call with these bytes: code and reason. A batch goes well, and its first entry has the outcome."""
        error = None
        try:
            answer = self.answer(name, request)
        except grpc.RpcError as failed:
            return reason_of(failed)[:2]
        if name == "BatchSessions":
            told = pb.sessions.BatchSessionsResponse.FromString(answer)
            error = told.error if told.HasField("error") else None
        elif name == "BatchAddPhoneNumbers":
            told = pb.phone_numbers.BatchAddPhoneNumbersResponse.FromString(answer).results[0]
            error = told.refused if told.HasField("refused") else None
        return (CODES[error.code], error.reason) if error else (C.OK, "")

    def assert_refused(self, name, request, *codes, what=""):
        code, reason = self.raw(name, request)
        self.assertNotIn(code, WRONG, (name, what, request[:80], reason))
        self.assertRegex(reason, r"^[A-Z][A-Z0-9_]+$", (name, what, code))
        if codes:
            self.assertIn(code, codes, (name, what, reason))
        return reason

    def assert_fine_or_refused(self, name, request, what=""):
        code, reason = self.raw(name, request)
        if code != C.OK:
            self.assertNotIn(code, WRONG, (name, what, request[:80], reason))
            self.assertRegex(reason, r"^[A-Z][A-Z0-9_]+$", (name, what, code))

    # holds: API-22
    def test_empty_requests(self):
        for name in METHODS:
            if name in NEEDS_NOTHING:
                self.assertEqual(self.raw(name, b"")[0], C.OK, name)
            else:
                self.assert_refused(name, b"", C.INVALID_ARGUMENT, C.NOT_FOUND)

    # holds: API-20 API-22
    def test_bytes_that_are_no_message(self):
        deep = b""
        for _ in range(20000):
            deep = part(1, deep[:100000])
        groups = number(1, 3) * 10000
        for name, (_, kind, _) in METHODS.items():
            for what, request in [
                    ("truncated", b"\x0a\xff"), ("endless number", b"\x08" + b"\xff" * 20), ("field 0", b"\x02\x00"),
                    ("group", groups), ("wire type 7", b"\x0f"), ("size past the end", b"\x0a\xff\xff\xff\xff\x0f")]:
                self.assert_refused(name, request, C.INVALID_ARGUMENT, C.RESOURCE_EXHAUSTED, what=what)
            for field in kind.fields:
                if field.type == field.TYPE_STRING:
                    for bad in [b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"a\x00b", b"\xf4\x90\x80\x80", b"\xe2\x82"]:
                        self.assert_refused(name, part(field.number, bad), C.INVALID_ARGUMENT, what=(field.name, bad))
                elif field.type == field.TYPE_MESSAGE:
                    self.assert_refused(name, part(field.number, deep), C.INVALID_ARGUMENT, C.RESOURCE_EXHAUSTED,
                                        what="deep")
                    self.assert_refused(name, number(field.number, 0, b"\x01"), C.INVALID_ARGUMENT, what="wire type")

    # holds: API-22
    def test_random_bytes(self):
        chance = random.Random(11)
        for name, (_, kind, _) in METHODS.items():
            for _ in range(60):
                request = b""
                for _ in range(chance.randrange(1, 6)):
                    field = chance.choice(kind.fields).number if kind.fields and chance.random() < 0.8 else chance.randrange(1, 40)
                    content = bytes(chance.randrange(256) for _ in range(chance.randrange(12)))
                    request += number(field, chance.choice([0, 1, 2, 2, 2, 5]),
                                      chance.choice([content, length(len(content)) + content]))
                self.assert_fine_or_refused(name, request, "random")

    # holds: API-22
    def test_huge_requests(self):
        for name in METHODS:
            with self.assertRaises(grpc.RpcError) as caught:
                self.answer(name, part(1, b"x" * (5 << 20)))
            self.assertEqual(caught.exception.code(), C.RESOURCE_EXHAUSTED, name)
            # What just goes through is refused by its content.
            self.assert_fine_or_refused(name, part(1, b"x" * (3 << 20)))
            # Very many elements.
            self.assert_refused(name, b"\xfa\x07\x00" * 300000, C.RESOURCE_EXHAUSTED, C.INVALID_ARGUMENT)

    # holds: API-08 API-22
    def test_names_and_sids_of_everything(self):
        """Each field that names something is given what names something else, or nothing."""
        right = {"service": self.world.sid, "session": self.session.sid, "interaction": self.interaction.sid,
                 "participant": self.session.participants[0].sid, "phone_number": self.pn, "handset": person(1),
                 "short_code": self.short_code.sid}
        kinds = {"service": "KS", "session": "KC", "interaction": "KI", "participant": "KP", "phone_number": "PN",
                 "short_code": "SC"}
        for name, (_, kind, _) in METHODS.items():
            strings = [f.name for f in kind.fields if f.name in right and f.type == f.TYPE_STRING]
            message = getattr(pb, self.module_of(kind))
            request_type = getattr(message, kind.name)
            for field in strings:
                if field == "handset" or (field in ("phone_number", "short_code") and name.startswith("Add")):
                    continue
                base = {other: right[other] for other in strings}
                if name == "AddPhoneNumber":
                    base["phone_number"] = "+15550007777"
                if name == "AddShortCode":
                    base |= {"short_code": "13579", "country": "US"}
                if name == "AddChannelSender":
                    base["address"] = "whatsapp:+15550007777"
                if name == "PlanPool":
                    base |= {"most_sessions": 1, "session_length": {"seconds": 60}}
                if name == "CreateParticipant":
                    base["participant"] = {"identifier": person(9)}
                if name.endswith(("OptOut", "Block")):
                    base["identifier"] = person(9)
                if name == "SendMessage":
                    base["body"] = "to nobody"
                if name == "BatchAddPhoneNumbers":
                    base["phone_numbers"] = [{"phone_number": "+15550007777"}]
                for given in [k + NOBODY for k in ["KS", "KC", "KP", "KI", "PN", "SC", "ZZ"]] + [
                        right["service"], right["session"], right["interaction"], right["participant"], right["phone_number"],
                        right["short_code"], "", "x" * 300, "é" * 192, "KS123", right[field][:-1], right[field] + "0", right[field].upper(),
                        right[field].lower(), " " + right[field], "%s%n", "../..", "\n", "a/b", "👻" * 200]:
                    if given == right[field] or (not given and (name, field) in MAY_BE_EMPTY):
                        continue
                    request = request_type(**{**base, field: given}).SerializeToString()
                    code, reason = self.raw(name, request)
                    self.assertIn(code, [C.NOT_FOUND, C.INVALID_ARGUMENT], (name, field, given, reason))
                    self.assertRegex(reason, r"^[A-Z][A-Z0-9_]+$", (name, field, given))
                    if re.fullmatch("[A-Z]{2}[0-9a-f]{32}", given):
                        same_kind = given[:2] == kinds[field]
                        self.assertEqual(code, C.NOT_FOUND if same_kind else C.INVALID_ARGUMENT,
                                         (name, field, given, reason))
                        if not same_kind:
                            self.assertEqual(reason, "INVALID_SID", (name, field, given))
        self.assertEqual(len(self.world.sessions()), 1)
        self.assertEqual(self.world.get("talk").status, pb.sessions.SESSION_STATUS_IN_PROGRESS)

    def module_of(self, kind):
        return os.path.basename(kind.file.name)[:-len(".proto")]

    # holds: API-16 API-22
    def test_unknown_enum_values(self):
        """In every field of an enum type, whatever else is missing."""
        seen = set()
        for name, (_, kind, _) in METHODS.items():
            request_type = getattr(getattr(pb, self.module_of(kind)), kind.name)
            for path, message, field in self.enums(request_type(), ()):
                for value in [77, 2**31 - 1, -1]:
                    if field.label == field.LABEL_REPEATED:
                        getattr(message, field.name)[:] = [value]
                    else:
                        setattr(message, field.name, value)
                    root = path[0]
                    for key, right in [("service", "shop"), ("session", "talk"), ("handset", person(1)),
                                       ("participant", self.session.participants[0].sid), ("phone_number", proxy(1))]:
                        if any(f.name == key and f.type == f.TYPE_STRING for f in kind.fields):
                            setattr(root, key, right)
                    if name in ("AddHandset", "AddPhoneNumber"):
                        root.phone_number = "+15550008888"
                    if name == "CreateService":
                        root.unique_name = f"never {value}"
                    self.assert_refused(name, root.SerializeToString(), C.INVALID_ARGUMENT, what=(field.full_name, value))
                seen.add(field.full_name)
        # Also in what stands within another, and where there may be several.
        self.assertLessEqual({"maskline.v1.CreateSessionRequest.mode", "maskline.v1.VoicePolicy.recording",
                              "maskline.v1.EventFilter.types"}, seen)

    def enums(self, message, path):
        """Each time a fresh request with one enum in it: (path, the message it stands in, the field)."""
        for field in message.DESCRIPTOR.fields:
            if field.type == field.TYPE_ENUM:
                root, inner = self.fresh(message, path)
                yield (root,), inner, field
            elif field.type == field.TYPE_MESSAGE and field.message_type.full_name.startswith("maskline.") \
                    and field.label != field.LABEL_REPEATED and len(path) < 3:
                root = path[0] if path else message
                inner = getattr(message, field.name)
                yield from self.enums(inner, (root, *path[1:], field.name))

    def fresh(self, message, path):
        """A new request, and in it the message that stands where `message` does."""
        root = type(path[0])() if path else type(message)()
        inner = root
        for name in path[1:]:
            inner = getattr(inner, name)
        return root, inner


if __name__ == "__main__":
    unittest.main(verbosity=2)
