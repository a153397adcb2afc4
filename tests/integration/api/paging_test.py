#!/usr/bin/python3
"""Paging through every list while rows come and go, those among them at which a page ended; and tokens that are of another list."""

import itertools
import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, SERVICES, Case, fields_of, grpc, pb
from world import World, person, proxy

MANY = 12   # rows at the start; every other one goes while it is paged
GROWS = 30  # pages between which rows come and go; then the list is left to end

ANN, BEN = person(9001), person(9002)
DEAD = pb.sessions.SESSION_STATUS_CLOSED


def paged():
    """Each RPC that has pages, as (stub, method)."""
    return {(file, method.name) for file in SERVICES for service in getattr(pb, file).DESCRIPTOR.services_by_name.values()
            for method in service.methods if "next_page_token" in method.output_type.fields_by_name}


class Listed:
    """A list with what it needs besides its page; makes its n-th row, and may take one away."""

    def __init__(self, name, where, make, drop=None):
        self.name, self.where, self.make, self.drop = name, where, make, drop

    def __repr__(self):
        return f"{self.name} {self.where}"


def key(row):
    """What tells a row from all others."""
    if "sid" in row.DESCRIPTOR.fields_by_name:
        return row.sid
    names = ["identifier", "proxy_identifier", "to_identifier", "address", "phone_number"]
    return tuple(getattr(row, name) for name in names if name in row.DESCRIPTOR.fields_by_name)


class Paging(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(index) for index in range(4)])
        # A person's numbers rest when a session ends, so each session has another.
        self.busy = World(self.up, "busy", session_policy={"reuse_names": True})
        self.ask(("phone_numbers", "BatchAddPhoneNumbers"), service="busy",
                 phone_numbers=[{"phone_number": proxy(9000 + index)} for index in range(250)])
        self.room = self.world.session(unique_name="room").sid
        self.said = self.world.session(ANN, unique_name="said")
        self.gone = set()
        self.numbers = itertools.count(10)

    def ask(self, name, **fields):
        file, method = name
        request = getattr(getattr(pb, file), method + "Request")(**fields)
        return getattr(getattr(self.up, file), method)(request, timeout=PATIENCE)

    # ---- rows ----

    def session(self, *people, name=""):
        """One that has ended, so that others may have its name."""
        return self.busy.close(self.busy.session(*people, unique_name=name).sid)

    def come_and_go(self, index):
        one = self.ask(("participants", "CreateParticipant"), service="shop", session=self.room,
                       participant={"identifier": person(index)}).participant
        self.ask(("participants", "DeleteParticipant"), service="shop", session=self.room, participant=one.sid)
        return one

    def taker(self, stub, name, of, **more):
        """Takes a row away by an RPC that names it by one field."""
        more.setdefault("service", "shop")

        def take(row):
            self.ask((stub, name), **{of: row.sid if "sid" in row.DESCRIPTOR.fields_by_name else getattr(row, of)}, **more)
        return take

    def lists(self):
        shop, busy = {"service": "shop"}, {"service": "busy"}
        room, said = {**shop, "session": self.room}, {**shop, "session": self.said.sid}
        ann = self.said.participants[0].sid
        end_session = self.taker("sessions", "DeleteSession", "session", service="busy")
        numbers = self.taker("phone_numbers", "RemovePhoneNumber", "phone_number")
        codes = self.taker("short_codes", "RemoveShortCode", "short_code")
        unsaid = self.taker("interactions", "DeleteInteraction", "interaction", session=self.said.sid)

        def opt_out(index, who=ANN):
            return self.ask(("opt_outs", "CreateOptOut"), identifier=who, proxy_identifier=proxy(index), **shop).opt_out

        def block(index, who=ANN):
            return self.ask(("blocks", "CreateBlock"), identifier=who, to_identifier=person(index), **shop).block

        def opt_in(row):
            self.ask(("opt_outs", "DeleteOptOut"), identifier=row.identifier, proxy_identifier=row.proxy_identifier, **shop)

        def lift(row):
            self.ask(("blocks", "DeleteBlock"), identifier=row.identifier, to_identifier=row.to_identifier, **shop)

        def say(index):
            return self.world.send(self.said.sid, ann, str(index))

        def short_code(index):
            return self.ask(("short_codes", "AddShortCode"), short_code=str(20000 + index), country="US", **shop).short_code

        def number(index):
            return self.world.add_number(proxy(1000 + index), reserved=True)
        sessions = ("sessions", "ListSessions")
        return [
            Listed(sessions, busy, lambda _: self.session(), end_session),
            Listed(sessions, {**busy, "filter": {"identifier": BEN}}, lambda _: self.session(BEN), end_session),
            Listed(sessions, {**busy, "filter": {"unique_name": "a"}}, lambda _: self.session(name="a"), end_session),
            Listed(sessions, {**busy, "filter": {"identifier": BEN, "unique_name": "b", "statuses": [DEAD]}},
                   lambda _: self.session(BEN, name="b"), end_session),
            Listed(("services", "ListServices"), {}, lambda index: World(self.up, f"shop {index}").service,
                   lambda row: self.ask(("services", "DeleteService"), service=row.sid)),
            Listed(("phone_numbers", "ListPhoneNumbers"), shop, number, numbers),
            Listed(("phone_numbers", "ListPhoneNumbers"), {**shop, "filter": {"reserved": True}}, number, numbers),
            Listed(("short_codes", "ListShortCodes"), shop, short_code, codes),
            Listed(("short_codes", "ListShortCodes"), {**shop, "country": "US"}, short_code, codes),
            Listed(("channel_senders", "ListChannelSenders"), shop, lambda index: self.ask(
                ("channel_senders", "AddChannelSender"), address=f"whatsapp:+1555888{index:04}", **shop).channel_sender,
                   self.taker("channel_senders", "RemoveChannelSender", "address")),
            Listed(("participants", "ListParticipants"), {**room, "include_deleted": True}, self.come_and_go),
            Listed(("interactions", "ListInteractions"), said, say, unsaid),
            Listed(("interactions", "ListInteractions"),
                   {**said, "filter": {"type": pb.interactions.INTERACTION_TYPE_MESSAGE}}, say, unsaid),
            Listed(("opt_outs", "ListOptOuts"), shop, lambda index: opt_out(index, person(index)), opt_in),
            Listed(("opt_outs", "ListOptOuts"), {**shop, "identifier": ANN}, opt_out, opt_in),
            Listed(("blocks", "ListBlocks"), shop, lambda index: block(index, person(index + 5000)), lift),
            Listed(("blocks", "ListBlocks"), {**shop, "identifier": ANN}, block, lift),
            Listed(("simulator", "ListHandsets"), {}, lambda index: self.ask(
                ("simulator", "AddHandset"), phone_number=person(index)).handset),
        ]

    def page(self, listed, **more):
        page = self.ask(listed.name, **listed.where, **more)
        return list(getattr(page, page.DESCRIPTOR.fields[0].name)), page.next_page_token

    def whole(self, listed):
        rows, token = self.page(listed, page_size=1000)
        self.assertEqual(token, "", listed)
        return [key(row) for row in rows]

    def test_each_list_is_here(self):
        self.assertEqual({listed.name for listed in self.lists()}, paged())

    # ---- LST-05 ----

    def drop(self, listed, row):
        listed.drop(row)
        self.gone.add(key(row))

    def page_beside_a_writer(self, listed, size):
        """All that the pages told, while between two of them a row comes, one that came goes, and so does the one at which a page ended."""
        made = [listed.make(next(self.numbers)) for _ in range(MANY)]
        goes = {key(row) for row in made[1::2]} if listed.drop else set()
        # A Service that is deleted is listed until it is gone.
        stays = [one for one in self.whole(listed) if one not in goes | self.gone]
        self.assertGreaterEqual(len(stays), MANY // 2, listed)
        told, token, came = [], "", None
        for pages in range(10 * (GROWS + len(stays) + MANY)):
            rows, token = self.page(listed, page_size=size, page_token=token)
            told += [key(row) for row in rows]
            if not token:
                break
            if pages >= GROWS:
                continue
            if rows and key(rows[-1]) in goes:
                goes.remove(key(rows[-1]))
                self.drop(listed, rows[-1])
            if came and listed.drop:
                self.drop(listed, came)
            came = listed.make(next(self.numbers))
        self.assertEqual(token, "", listed)
        self.assertEqual([one for one in told if one in stays], stays, listed)
        self.assertEqual(len(told), len(set(told)), listed)

    # holds: LST-05
    def test_paging_beside_a_writer(self):
        for listed in self.lists():
            for size in (1, 3):
                with self.subTest(listed=listed, size=size):
                    self.page_beside_a_writer(listed, size)

    # ---- LST-01, 03, 04, 08 ----

    # holds: LST-01 LST-04 LST-08
    def test_the_size_of_pages_and_their_order(self):
        ordered = {"opt_outs", "blocks", "simulator"}  # theirs means nothing, and is the same each time
        for listed in self.lists():
            if "filter" in listed.where or "identifier" in listed.where or "country" in listed.where:
                continue  # the same rows again
            with self.subTest(listed=listed):
                for _ in range(52):
                    listed.make(next(self.numbers))
                first, token = self.page(listed)
                self.assertEqual(len(first), 50)
                rest, end = self.page(listed, page_token=token)
                self.assertTrue(rest)
                while end:
                    more, end = self.page(listed, page_token=end)
                    rest += more
                keys = [key(row) for row in first + rest]
                self.assertEqual(keys, self.whole(listed))
                self.assertEqual(len(keys), len(set(keys)))
                if listed.name[0] in ordered:
                    continue
                times = [row.create_time.ToNanoseconds() for row in first + rest]
                self.assertEqual(times, sorted(times))

    # holds: LST-03
    def test_a_token_is_of_its_list_and_filter(self):
        lists, tokens = self.lists(), []
        for listed in lists:
            for _ in range(3):
                listed.make(next(self.numbers))
            tokens.append(self.page(listed, page_size=1)[1])
            self.assertTrue(tokens[-1], listed)
        other = World(self.up, "other", numbers=[proxy(8000)])
        elsewhere = {"session": other.session(unique_name="room").sid, "service": other.sid}
        for place, listed in enumerate(lists):
            for another, token in enumerate(tokens):
                with self.subTest(listed=listed, token=lists[another]):
                    self.tries(listed, listed.where, token, place == another)
            if "service" in listed.where:
                moved = {**listed.where, **{name: value for name, value in elsewhere.items() if name in listed.where}}
                with self.subTest(listed=listed, service="other"):
                    self.tries(listed, moved, tokens[place], False)
            if listed.name[1] == "ListHandsets":
                continue  # a bare number is not sealed
            mine = tokens[place]
            for bad in [mine[:-1], mine + "A", ("B" if mine[0] == "A" else "A") + mine[1:], "x", "=", "A" * 4000]:
                with self.subTest(listed=listed, bad=bad):
                    self.tries(listed, listed.where, bad, False)

    def tries(self, listed, where, token, right):
        if right:
            self.assertTrue(self.ask(listed.name, page_size=1, page_token=token, **where))
            return
        with self.assertRaises(grpc.RpcError) as caught:
            self.ask(listed.name, page_size=1, page_token=token, **where)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(fields_of(caught.exception), ["page_token"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
