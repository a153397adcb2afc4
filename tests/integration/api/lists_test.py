#!/usr/bin/python3
"""What holds for all lists: pages of 50, the oldest first, to an empty token; what is deleted is shown only on request."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, pb
from world import World, person, proxy

MANY = 60


class Lists(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up)
        self.talk = self.world.session(unique_name="talk")

    def come_and_go(self, index):
        one = self.up.participants.CreateParticipant(pb.participants.CreateParticipantRequest(
            service="shop", session="talk", participant={"identifier": person(index)}), timeout=PATIENCE).participant
        self.up.participants.DeleteParticipant(pb.participants.DeleteParticipantRequest(
            service="shop", session="talk", participant=one.sid), timeout=PATIENCE)

    def fill(self):
        """Of everything more than a page; the participants have left again."""
        self.world.add_number(proxy(0))
        for index in range(MANY):
            self.come_and_go(index)
            self.world.session(unique_name=f"talk {index}")
            World(self.up, f"shop {index}")
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=person(index)), timeout=PATIENCE)
        for index in range(1, MANY):
            self.world.add_number(proxy(index))
        self.said = self.world.session(person(70), unique_name="said")
        for index in range(MANY):
            self.world.send(self.said.sid, self.said.participants[0].sid, str(index))

    def lists(self):
        where = {"service": "shop", "session": "talk"}
        return [
            (self.up.services.ListServices, pb.services.ListServicesRequest, {}, MANY + 1),
            (self.up.phone_numbers.ListPhoneNumbers, pb.phone_numbers.ListPhoneNumbersRequest, {"service": "shop"}, MANY),
            (self.up.sessions.ListSessions, pb.sessions.ListSessionsRequest, {"service": "shop"}, MANY + 2),
            (self.up.participants.ListParticipants, pb.participants.ListParticipantsRequest, {"include_deleted": True, **where},
             MANY),
            (self.up.interactions.ListInteractions, pb.interactions.ListInteractionsRequest,
             {"service": "shop", "session": "said"}, MANY),
            (self.up.simulator.ListHandsets, pb.simulator.ListHandsetsRequest, {}, MANY)]

    # holds: LST-01 LST-02 LST-04 LST-08
    def test_pages(self):
        self.fill()
        for call, request, where, count in self.lists():
            page = call(request(**where), timeout=PATIENCE)
            rows_field = page.DESCRIPTOR.fields[0].name
            rows = list(getattr(page, rows_field))
            self.assertEqual(len(rows), 50, rows_field)
            while page.next_page_token:
                page = call(request(page_token=page.next_page_token, **where), timeout=PATIENCE)
                rows += getattr(page, rows_field)
            self.assertEqual(len(rows), count, rows_field)
            for size in [1000, 2000]:
                whole = call(request(page_size=size, **where), timeout=PATIENCE)
                self.assertEqual((list(getattr(whole, rows_field)), whole.next_page_token), (rows, ""), rows_field)
            if rows_field == "handsets":
                continue  # have no SIDs, and stand in the order of their numbers
            sids = [row.sid for row in rows]
            self.assertEqual(sids, sorted(set(sids)), rows_field)
            times = [row.create_time.ToNanoseconds() for row in rows]
            self.assertEqual(times, sorted(times), rows_field)

    # holds: LST-09
    def test_what_is_deleted_is_shown_on_request(self):
        self.world.add_number(proxy(0))
        for index in range(3):
            self.come_and_go(index)
        self.up.participants.CreateParticipant(pb.participants.CreateParticipantRequest(
            service="shop", session="talk", participant={"identifier": person(9)}), timeout=PATIENCE)

        def listed(**more):
            return [one.identifier for one in self.up.participants.ListParticipants(pb.participants.ListParticipantsRequest(
                service="shop", session="talk", **more), timeout=PATIENCE).participants]

        self.assertEqual(listed(), [person(9)])
        self.assertEqual(listed(include_deleted=True), [person(0), person(1), person(2), person(9)])
        self.assertEqual([one.identifier for one in self.world.get("talk").participants], [person(9)])
        self.world.delete("talk")
        gone = World(self.up, "gone")
        self.up.services.DeleteService(pb.services.DeleteServiceRequest(service=gone.sid), timeout=PATIENCE)
        self.assertTrue(list(gone.stream()))  # to its end: then it is gone, and not only going
        self.assertEqual(self.world.sessions(), [])
        self.assertEqual([one.sid for one in self.up.services.ListServices(
            pb.services.ListServicesRequest(), timeout=PATIENCE).services], [self.world.sid])


if __name__ == "__main__":
    unittest.main(verbosity=2)
