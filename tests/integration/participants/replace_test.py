#!/usr/bin/python3
"""Participants get another person, number or name by the API while their session lives."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, fields_of, grpc, pb
from programs import ACCEPTED, REJECTED, TAKEN, Program
from world import World, person, proxy

P = pb.participants
ANN, BEN, CAT = person(1), person(2), person(3)


class Replace(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server("--carrier", "gateway:net").start()
        self.world = World(self.up, numbers=[proxy(i) for i in range(1, 4)])
        self.session = self.world.session(ANN, BEN)
        self.ann, self.ben = self.session.participants

    def request(self, mask=(), **more):
        return P.UpdateParticipantRequest(service=self.world.sid, session=self.session.sid, participant=self.ben.sid,
                                          update_mask={"paths": mask} if mask else None, **more)

    def change(self, *mask, **more):
        return self.up.participants.UpdateParticipant(self.request(mask, **more), timeout=PATIENCE).participant

    # holds: PAR-17 PAR-18 PAR-19
    def test_person(self):
        program = Program.attached(self.up)
        now = self.change(spec={"identifiers": [CAT, person(4)]})
        self.assertEqual((now.sid, now.identifier, list(now.identifiers)), (self.ben.sid, CAT, [CAT, person(4)]))
        self.assertEqual(now.proxy_identifier, self.ben.proxy_identifier)
        self.assertEqual(program.text("1", ANN, self.ann.proxy_identifier, "hi").outcome, ACCEPTED)
        send = program.next("send")
        self.assertEqual((send.sender, send.recipient), (self.ben.proxy_identifier, CAT))
        program.result(send.key, TAKEN)
        late = program.text("2", BEN, self.ben.proxy_identifier, "late")
        self.assertEqual((late.outcome, late.reason), (REJECTED, "NO_ROUTE"))
        told = self.world.events(filter={"types": [pb.events.EVENT_TYPE_PARTICIPANT_UPDATED]})
        self.assertEqual(len(told), 1)
        changed = told[0].participant_updated
        self.assertEqual((changed.person_replaced, changed.number_replaced, changed.number_ended), (True, False, False))
        self.assertEqual((changed.participant.sid, told[0].session_sid), (self.ben.sid, self.session.sid))
        for event in self.world.events():
            for number in [ANN, BEN, CAT]:
                self.assertNotIn(number, str(event))

    # holds: PAR-20 PAR-21 PAR-26
    def test_number(self):
        now = self.change("proxy_identifier", old_number_life={"seconds": 60})
        self.assertNotEqual(now.proxy_identifier, self.ben.proxy_identifier)
        self.assertTrue(now.proxy_identifier_sid.startswith("PN"))
        new, old = now.bindings
        self.assertEqual((new.proxy_identifier, new.HasField("until_time")), (now.proxy_identifier, False))
        self.assertEqual(old.proxy_identifier, self.ben.proxy_identifier)
        self.assertEqual(old.until_time.seconds - new.since_time.seconds, 60)
        self.assertEqual(now, self.world.get(self.session.sid).participants[1])
        program = Program.attached(self.up)
        self.assertEqual(program.text("1", BEN, old.proxy_identifier, "hi").outcome, ACCEPTED)
        asked = self.change(spec={"proxy_identifier": old.proxy_identifier}, old_number_life={})
        self.assertEqual([one.proxy_identifier for one in asked.bindings], [old.proxy_identifier])
        late = program.text("2", BEN, now.proxy_identifier, "late")
        self.assertEqual((late.outcome, late.reason), (REJECTED, "NO_ROUTE"))

    # holds: PAR-03
    def test_as_people_write_it(self):
        written = f"{CAT[:2]} ({CAT[2:5]}) {CAT[5:8]}-{CAT[8:]}"
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_IDENTIFIER", self.up.participants.UpdateParticipant,
                     self.request(spec={"identifier": written}))
        self.assertEqual(self.change(spec={"identifier": written, "lenient": True}).identifier, CAT)

    def test_name(self):
        self.assertEqual(self.change(spec={"friendly_name": "guest"}).friendly_name, "guest")
        self.assertEqual(self.change("friendly_name").friendly_name, "")
        before = self.world.get(self.session.sid).participants[1]
        self.assertEqual(self.change(), before)

    def test_refusals(self):
        before = self.world.events()
        update = self.up.participants.UpdateParticipant

        def bad(*fields, mask=(), **more):
            with self.assertRaises(grpc.RpcError) as caught:
                update(self.request(mask, **more), timeout=PATIENCE)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
            self.assertEqual(fields_of(caught.exception), list(fields))

        bad("update_mask", mask=["bindings"])
        bad("spec.identifier", spec={"identifier": CAT, "identifiers": [CAT]})
        bad("spec.identifier", mask=["identifier"])
        bad("spec.identifier", spec={"identifier": "nobody"})
        bad("spec.friendly_name", spec={"friendly_name": "x" * 256})
        bad("spec.proxy_identifier", spec={"proxy_identifier": "1"})
        bad("spec.proxy_identifier_sid", spec={"proxy_identifier_sid": self.ben.sid})
        bad("old_number_life", mask=["proxy_identifier"], old_number_life={"seconds": 30 * 86400 + 1})
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "IDENTIFIER_IN_SESSION", update,
                     self.request(spec={"identifier": ANN}))
        self.refused(grpc.StatusCode.NOT_FOUND, "PARTICIPANT_NOT_FOUND", update, P.UpdateParticipantRequest(
            service=self.world.sid, session=self.session.sid, participant="KP" + 32 * "0"))
        self.assertEqual(self.world.events(), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
