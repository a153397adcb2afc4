"""What must hold after any crash, from what was acknowledged, what the networks were given, and what the log says."""

import functools

import grpc
from harness import PATIENCE, pb, reason_of
from history import History
from load import carriers_of
from programs import DELIVERED, FAILED, REFUSED, UNDELIVERED

I, S = pb.interactions, pb.sessions
STATUS = {DELIVERED: I.LEG_STATUS_DELIVERED, UNDELIVERED: I.LEG_STATUS_UNDELIVERED, FAILED: I.LEG_STATUS_FAILED}
TAIL = 200


class Complaint(AssertionError):
    """Something is not as it must be."""


def insist(condition, what):
    if not condition:
        raise Complaint(what)


def complaining(check):
    """What should be there and cannot be asked for is a complaint, too."""
    @functools.wraps(check)
    def checked(self):
        try:
            return check(self)
        except grpc.RpcError as error:
            raise Complaint(f"{reason_of(error)[:2]} {error.details()}") from error
    return checked


class Checker:
    """The load is paused whenever it looks; networks may go on."""

    def __init__(self, world, loads, networks, follower, brief, calls):
        self.world = world
        self.loads = loads
        self.networks = networks
        self.follower = follower
        self.brief = brief
        self.calls = calls
        self.log = []  # events, packed, as they were read last

    @complaining
    def after_crash(self):
        self._troubles()
        for load in self.loads:
            load.learn_all()
        self._log(max(0, len(self.log) - TAIL))
        self._sends()
        for load in self.loads:
            for talk in load.talks[-12:]:
                self._talk(talk)
            self._numbers(load)
        self.brief.check(self.world.server, insist)
        self.calls.check(self.world.server, insist)
        self._troubles()

    @complaining
    def at_end(self):
        """When all has come to its end."""
        self._troubles()
        for load in self.loads:
            load.learn_all()
        self._log(0)
        self._sends()
        for load in self.loads:
            for talk in load.talks:
                self._talk(talk)
            self._numbers(load)
        history = History(insist)
        for event in self.log:
            history.take(pb.events.Event.FromString(event))
        history.compare(self.world, {one.sid: one.identifier for load in self.loads for talk in load.talks
                                     for side in talk.sides for one in side})
        counts = self._ends(history)
        self.calls.check(self.world.server, insist, over=True)
        self._troubles()
        return counts

    def _troubles(self):
        for thread in [*self.networks, *self.loads, self.follower, self.brief, self.calls]:
            insist(not thread.troubles, f"unexpected answers: {thread.troubles[:5]}")
        for network in self.networks:
            with network.lock:
                insist(not network.wrong, network.wrong[:5])

    def _log(self, after):
        """It goes on where it was, and tells the same, event by event and byte by byte."""
        read = [event.SerializeToString(deterministic=True) for event in self.world.events(after=after)]
        for number, event in enumerate(read):
            position = pb.events.Event.FromString(event).position
            insist(position == after + number + 1, f"position {position} where {after + number + 1} should be")
        with self.follower.lock:
            told = list(self.follower.told)
        log = self.log[:after] + read
        for before, who in [(self.log, "a list"), (told, "a stream")]:
            insist(len(log) >= len(before), f"{who} has told {len(before)} events, and {len(log)} are there")
            for position in range(after, len(before)):
                insist(log[position] == before[position], f"event {position + 1} of {who} is told differently: "
                       f"{pb.events.Event.FromString(before[position])}\nnow:\n{pb.events.Event.FromString(log[position])}")
        self.log = log

    def _texts(self):
        return {body: text for load in self.loads for body, text in load.by_body.items()}

    def carriers(self, number):
        """All that it may have named."""
        found = set(carriers_of(int(number[-4:]))) if number[-4] == "0" else {"keeps"}
        for load in self.loads:
            found |= load.carriers.get(number, set())
        return found

    def _sends(self):
        """Whatever reached anybody was meant for them at that time, came from the right number by one of its carriers, and came once."""
        texts, taken = self._texts(), {}
        for network in self.networks:
            with network.lock:
                given = list(network.given)
            keys = {}
            for one in given:
                text = texts[one.body]
                insist(text.may_go(one), f"{one.body} went from {one.sender} to {one.recipient}, by start {one.life} of the "
                       f"server; it might go to {[(p.proxy_identifier, p.identifier) for p in text.ways()]}, "
                       f"barred after {text.barred}, its session after {text.talk.removed}")
                insist(not text.refused, f"{one.body} was refused and sent")
                insist(network.carrier in self.carriers(one.sender), f"{one.body} by a carrier that {one.sender} does not name")
                insist(keys.setdefault(one.body, one.key) == one.key, f"{one.body} has two keys")
                if one.taken:
                    insist(taken.setdefault(one.body, network) is network, f"{one.body} went out by two carriers")
            insist(len(set(keys.values())) == len(keys), "two texts have one key")

    def _talk(self, talk):
        got = self.world.get(talk.sid)
        insist(got.unique_name == talk.created.unique_name, f"{talk.sid} has another name")
        if talk.settled():
            insist([(p.sid, p.identifier, p.proxy_identifier) for p in got.participants] == sorted(
                (side[-1].sid, side[-1].identifier, side[-1].proxy_identifier) for side in talk.sides),
                f"others are in {talk.sid}: {got.participants}")
        if talk.failed:
            insist(got.status == S.SESSION_STATUS_FAILED, f"{talk.sid} is {got.status}, and has no number any more")
        elif talk.closed:
            insist(got.status == S.SESSION_STATUS_CLOSED, f"{talk.sid} was closed and is {got.status}")
        elif talk.active() and not talk.request.HasField("ttl"):
            insist(got.status in (S.SESSION_STATUS_OPEN, S.SESSION_STATUS_IN_PROGRESS), f"{talk.sid} is {got.status}")
        bodies = [interaction.content.body for interaction in self.world.interactions(talk.sid, page_size=1000)]
        insist(len(bodies) == len(set(bodies)), f"something is there twice in {talk.sid}")
        for body, text in talk.texts.items():
            insist(not (text.answered and text.refused), f"{body} was both accepted and refused")
            insist(not text.answered or body in bodies, f"{body} was accepted and is lost")
            insist(not text.refused or body not in bodies, f"{body} was refused and is there")
        insist(set(bodies) <= set(talk.texts), f"others' texts are in {talk.sid}")

    def _numbers(self, load):
        request = pb.phone_numbers.ListPhoneNumbersRequest(service=self.world.sid, page_size=1000)
        numbers = {one.phone_number for one in
                   self.world.server.phone_numbers.ListPhoneNumbers(request, timeout=PATIENCE).phone_numbers}
        for number, there in load.numbers.items():
            insist(there is None or (number in numbers) == there, f"{number}: {there}, and listed {number in numbers}")

    def _ends(self, history):
        """Each text came to the one end that what the networks know demands. How many came to which."""
        counts, fates, tried = {}, {}, set()
        for network in self.networks:
            with network.lock:
                for one in network.given:
                    tried.add(one.body)
                    if one.key in network.fates:
                        fates.setdefault(one.body, set()).add(network.fates[one.key])
        for load in self.loads:
            for body, text in load.by_body.items():
                made = history.bodies.get(body)
                if not made:
                    continue
                leg = made.outbound[0]
                counts[leg.status] = counts.get(leg.status, 0) + 1
                insist(leg.HasField("end_time"), f"{body} has come to no end: {leg}")
                self._end(body, text, leg, fates.get(body, set()), history)
        return counts

    def _end(self, body, text, leg, fates, history):
        reached = fates - {REFUSED}
        if reached:
            insist(leg.status == STATUS[next(iter(reached))], f"{body} ended as {leg}, and the network says {reached}")
            return
        fine = set()
        keyed = self.carriers(history.people[text.talk.sid].get(leg.participant_sid, "+0000")) == {"keeps"}
        if text.talk.disturbed:
            fine |= {I.LEG_STATUS_CANCELED, I.LEG_STATUS_DELIVERY_UNKNOWN}
        if not keyed:
            # Begun, and the crash came before it was handed over or its refusal was known.
            fine.add(I.LEG_STATUS_DELIVERY_UNKNOWN)
        if text.brief:
            fine |= {I.LEG_STATUS_FAILED, I.LEG_STATUS_DELIVERY_UNKNOWN}
        if REFUSED in fates:
            fine.add(I.LEG_STATUS_FAILED)
        insist(leg.status in fine, f"{body} ended as {leg}; might be {fine}")
