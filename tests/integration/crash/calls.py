"""Calls over all starts of a server: a telephone exchange that outlives it, and who calls by it, places calls and ends them."""

import queue
import random
import time

from across import Across
from harness import PATIENCE, pb
from programs import ACCEPTED, CARRIES_CALLS, FIRST, SECOND, status
from worker import Worker, closed, tried
from world import CAN_ALL, person, proxy

I = pb.interactions
FAILED, REJECTED = pb.common.INBOUND_OUTCOME_FAILED, pb.common.INBOUND_OUTCOME_REJECTED
PEOPLE = 9000  # from here on; two neighbours are in one session
TALK = [(SECOND, "RINGING"), (SECOND, "PICKED_UP"), (SECOND, "CONNECTED"), (FIRST, "COMPLETED")]
WAYS = [TALK, TALK, TALK[:1] + [(SECOND, "NO_ANSWER")], [(SECOND, "BUSY")], TALK[:2] + [(SECOND, "CANCELED")]]
PLACED = [[(FIRST, "RINGING"), (FIRST, "PICKED_UP")] + TALK, [(FIRST, "RINGING"), (FIRST, "NO_ANSWER")], [(FIRST, "FAILED")]]


def partner(number):
    """Of a person."""
    return number[:-1] + str(int(number[-1]) ^ 1)


class Going:
    """A call that the exchange carries."""

    def __init__(self, steps):
        self.steps = list(steps)
        self.waits = None  # tag of the step whose answer it waits for
        self.over = False


class Exchange(Across):
    def __init__(self, seed):
        super().__init__("exchange")
        self.chance = random.Random(f"exchange {seed}")
        self.said = None  # towards the server, while attached
        self.calls = {}  # key: Going
        self.placed = set()
        self.in_hand = {}  # provider id: call that nobody has answered
        self.keys = {}  # provider id: key, of those that were accepted
        self.callers = {}  # provider id: who calls
        self.reports = {}  # tag: progress that nobody has answered
        self.wrong = []
        self.tags = 0

    # ---- what the test does ----

    def hand_in(self, provider_id, caller, called):
        with self.lock:
            self.callers[provider_id] = caller
            self.in_hand[provider_id] = {"provider_id": provider_id, "caller": caller, "called": called}
            self._say(inbound_call=self.in_hand[provider_id])

    def is_quiet(self):
        with self.lock:
            return not self.in_hand and not self.reports and all(call.over for call in self.calls.values())

    # ---- the thread ----

    def _leave(self):
        if self.said:
            self.said.put(None)

    def _left(self):
        self.said = None

    def _stay(self, server):
        said = queue.Queue()
        said.put(pb.carrier_gateway.AttachRequest(hello={"carrier": "calls", **CARRIES_CALLS}))
        try:
            for message in server.carrier_gateway.Attach(iter(said.get, None), timeout=20 * PATIENCE):
                with self.lock:
                    which = message.WhichOneof("message")
                    if which == "attached":
                        self.said = said
                        for call in self.in_hand.values():
                            self._say(inbound_call=call)
                        for report in self.reports.values():
                            self._say(call_progress=report)
                    else:
                        getattr(self, "_take_" + which)(getattr(message, which))
                    self.news.notify_all()
        finally:
            said.put(None)

    # ---- with the lock ----

    def _say(self, **message):
        if self.said:
            self.said.put(pb.carrier_gateway.AttachRequest(**message))

    def _step(self, key):
        call = self.calls[key]
        side, name = call.steps.pop(0)
        call.over = not call.steps
        self._report(key, side, name)
        call.waits = self.tags

    def _report(self, key, side, name):
        self.tags += 1
        self.reports[self.tags] = {"key": key, "tag": self.tags, "side": side, "status": status(name)}
        self._say(call_progress=self.reports[self.tags])

    def _check_party(self, party, number):
        if [one.number for one in party.targets] != [number] or not party.targets[0].caller_id.startswith("+1555777"):
            self.wrong.append(f"{number} was to be rung, and not {party}")

    def _take_inbound_call_result(self, told):
        if told.outcome == FAILED:
            self._say(inbound_call=self.in_hand[told.provider_id])
            return
        self.in_hand.pop(told.provider_id, None)
        if told.outcome != ACCEPTED:
            return
        plan = told.plan
        if self.keys.setdefault(told.provider_id, plan.key) != plan.key:
            self.wrong.append(f"{told.provider_id} is two calls")
        self._check_party(plan.second, partner(self.callers[told.provider_id]))
        if plan.key not in self.calls:
            self.calls[plan.key] = Going(self.chance.choice(WAYS))
            self._step(plan.key)

    def _take_place_call(self, plan):
        if plan.key in self.placed:
            self.wrong.append(f"{plan.key} is placed twice")
        self.placed.add(plan.key)
        self._check_party(plan.second, partner(plan.first.targets[0].number))
        self._check_party(plan.first, plan.first.targets[0].number)
        self._say(place_call_result={"key": plan.key, "taken": True})
        self.calls[plan.key] = Going(self.chance.choice(PLACED))
        self._step(plan.key)

    def _take_call_progress_result(self, told):
        if told.outcome == FAILED:
            self._say(call_progress=self.reports[told.tag])
            return
        report = self.reports.pop(told.tag, None)
        call = self.calls.get(told.key)
        if told.outcome == REJECTED:
            self.wrong.append(f"a report was refused: {told}")
        if not report or not call or call.over:
            return
        if told.hang_up:
            self._hang_up(told.key)
        elif call.waits == told.tag:
            self._step(told.key)

    def _hang_up(self, key):
        call = self.calls.setdefault(key, Going([]))
        if not call.over:
            call.over = True
            self._report(key, SECOND, "CANCELED")

    def _take_hang_up(self, told):
        known = self.calls.get(told.key)
        if known and not known.over and known.steps:
            self._hang_up(told.key)
        else:
            self._report(told.key, FIRST, "GONE")


class Calls(Worker):
    """Sessions of its own Service, with calls in them."""

    def __init__(self, exchange, seed):
        super().__init__("calls", seed)
        self.exchange = exchange
        self.sessions = []
        self.placed = []  # (session, interaction), answered

    def begin(self, server):
        self.sid = server.services.CreateService(pb.services.CreateServiceRequest(unique_name="calls"), timeout=PATIENCE).service.sid
        for side in range(2):
            server.phone_numbers.AddPhoneNumber(pb.phone_numbers.AddPhoneNumberRequest(
                service=self.sid, capabilities=CAN_ALL, phone_number=proxy(7000 + side), carriers=["calls"]), timeout=PATIENCE)

    def choose(self):
        self.pace(0.01)
        self.steps = [self._create, self._call, self._place, self._end, self._call, self._place]
        if self.chance.random() < 0.5:
            self.steps.append(self._close)
        self.label_now = self.next_name()
        first = PEOPLE + 2 * (self.count % 450)
        self.people = [person(first), person(first + 1)]

    def _create(self, server):
        made = tried(server.sessions.CreateSession, pb.sessions.CreateSessionRequest(
            service=self.sid, request_id=self.label_now, participants=[{"identifier": one} for one in self.people]),
            "ALL_NUMBERS_IN_USE")
        if not made:
            # On a slow machine it goes on until the same people's turn comes again, and half of the sessions stay open.
            del self.steps[1:]
            return
        self.session = made.session
        self.sessions.append(self.session.sid)

    def _call(self, _):
        one = self.session.participants[self.chance.randrange(2)]
        self.exchange.hand_in(f"{self.label_now} {len(self.exchange.callers)}", one.identifier, one.proxy_identifier)

    def _place(self, server):
        made = tried(server.interactions.PlaceCall, I.PlaceCallRequest(
            service=self.sid, session=self.session.sid, participant=self.session.participants[0].sid,
            request_id=f"{self.label_now} {len(self.steps)}"), "CARRIER_UNAVAILABLE")
        if made:
            self.placed.append((self.session.sid, made.interaction.sid))

    def _end(self, server):
        if self.placed:
            session, call = self.placed[-1]
            server.interactions.EndCall(I.EndCallRequest(service=self.sid, session=session, interaction=call), timeout=PATIENCE)

    def _close(self, server):
        tried(server.sessions.UpdateSession, closed(self.sid, self.session.sid), "ILLEGAL_STATUS_CHANGE")

    # ---- what holds; paused ----

    def check(self, server, insist, over=False):
        """`over`: all of them have come to their end."""
        placed = set(self.placed)
        for sid in self.sessions if over else self.sessions[-8:]:
            listed, totals = self._read(server, sid, over)
            if totals is None:
                insist(not over, f"calls of {sid} come to no end: {listed}")
                continue  # the exchange goes on meanwhile
            seconds = sum(one.call.duration.seconds for one in listed)
            insist((totals.calls, totals.call_duration.seconds) == (len(listed), seconds), f"totals of {sid}: {totals} of {listed}")
            here = {one.sid for one in listed}
            lost = [call for session, call in placed if session == sid and call not in here]
            insist(not lost, f"calls are lost in {sid}: {lost}")
            ids = [one.inbound.provider_id for one in listed if one.HasField("inbound")]
            insist(len(ids) == len(set(ids)), f"a call is there twice in {sid}: {ids}")
        with self.exchange.lock:
            insist(not self.exchange.wrong, self.exchange.wrong[:5])
            insist(not self.exchange.troubles, self.exchange.troubles[:5])

    def _read(self, server, sid, over):
        """The session's calls and totals when nothing goes on; no totals: something does."""
        until = time.monotonic() + (PATIENCE if over else 0)
        while True:
            before = self._totals(server, sid)
            listed = server.interactions.ListInteractions(I.ListInteractionsRequest(
                service=self.sid, session=sid, page_size=1000), timeout=PATIENCE).interactions
            if self._settled(listed) and self._totals(server, sid) == before:
                return listed, before
            if time.monotonic() > until:
                return listed, None
            time.sleep(0.2)

    def _totals(self, server, sid):
        return server.sessions.GetSession(pb.sessions.GetSessionRequest(service=self.sid, session=sid), timeout=PATIENCE).session.totals

    def _settled(self, listed):
        return all(one.call.HasField("end_time") and all(leg.HasField("end_time") for leg in one.outbound) for one in listed)
