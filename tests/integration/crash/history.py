"""What a log says that there is. It goes by events alone, so that lists and gets can be held against it."""

from harness import PATIENCE, pb
from world import FINAL

E, I, S = pb.events, pb.interactions, pb.sessions
UNKNOWN = I.LEG_STATUS_DELIVERY_UNKNOWN
SETTLED = {I.LEG_STATUS_SENT, I.LEG_STATUS_DELIVERED, I.LEG_STATUS_UNDELIVERED, I.LEG_STATUS_FAILED}


def without_ids(interaction):
    """As events tell it: without the carriers' ids."""
    told = I.Interaction()
    told.CopyFrom(interaction)
    for leg in [*told.outbound] + ([told.inbound] if told.HasField("inbound") else []):
        leg.ClearField("provider_id")
    return told


class History:
    def __init__(self, insist):
        self.insist = insist
        self.time = 0
        self.numbers = {}  # number: SID
        self.active = {}  # session: is it
        self.ends = {}  # session: status
        self.people = {}  # session: {participant: proxy identifier}
        self.talks = {}  # session: [interaction], in order
        self.interactions = {}
        self.bodies = {}  # body: interaction

    def take(self, event):
        time = event.event_time.ToNanoseconds()
        self.insist(time >= self.time, f"time runs back at {event.position}")
        self.time = time
        kind = event.WhichOneof("payload")
        take = getattr(self, "_" + kind, None)
        if take:
            take(event.session_sid, getattr(event, kind), event)

    def _phone_number_added(self, _, payload, event):
        number = payload.phone_number
        self.insist(number.phone_number not in self.numbers, f"added twice, at {event.position}")
        self.numbers[number.phone_number] = number.sid

    def _phone_number_removed(self, _, payload, event):
        self.insist(self.numbers.pop(payload.phone_number, None) == payload.sid, f"removed unadded, at {event.position}")

    def _session_created(self, sid, payload, event):
        self.insist(sid not in self.active, f"created twice, at {event.position}")
        self.active[sid] = True
        self.people[sid] = {one.sid: one.proxy_identifier for one in payload.session.participants}
        self.talks[sid] = []

    def _end(self, sid, status, event):
        self.insist(self.active.get(sid), f"ended though not active, at {event.position}")
        self.active[sid] = False
        self.ends[sid] = status

    def _session_closed(self, sid, _, event):
        self._end(sid, S.SESSION_STATUS_CLOSED, event)

    def _session_failed(self, sid, _, event):
        self._end(sid, S.SESSION_STATUS_FAILED, event)

    def _session_reopened(self, sid, _, event):
        self.insist(self.active.get(sid) is False, f"opened again though active, at {event.position}")
        self.active[sid] = True

    def _participant_added(self, sid, payload, event):
        one = payload.participant
        self.insist(one.sid not in self.people[sid], f"joined twice, at {event.position}")
        self.people[sid][one.sid] = one.proxy_identifier

    def _participant_removed(self, sid, payload, event):
        self.insist(self.people[sid].pop(payload.participant_sid, None), f"left unjoined, at {event.position}")

    def _interaction_created(self, sid, payload, event):
        made = payload.interaction
        self.insist(made.sid not in self.interactions, f"accepted twice, at {event.position}")
        self.insist(made.content.body not in self.bodies, f"{made.content.body} was accepted twice, at {event.position}")
        self.insist(self.active.get(sid), f"accepted in a session that is not active, at {event.position}")
        self.insist(made.outbound[0].participant_sid in self.people[sid], f"for somebody else, at {event.position}")
        self.bodies[made.content.body] = made
        self.interactions[made.sid] = made
        self.talks[sid].append(made)

    def _leg_updated(self, _, payload, event):
        before = self.interactions[payload.interaction_sid].outbound[payload.outbound_index]
        leg = payload.leg
        self.insist(leg.attempts >= before.attempts, f"attempts undone, at {event.position}")
        if before.status == UNKNOWN:
            self.insist(leg.status in SETTLED, f"what was unknown became {leg.status}, at {event.position}")
        elif before.status == I.LEG_STATUS_SENT:
            self.insist(leg.status in FINAL - {UNKNOWN, I.LEG_STATUS_CANCELED}, f"sent, then {leg.status}, at {event.position}")
        else:
            self.insist(before.status not in FINAL, f"a second end, at {event.position}")
        self.insist(leg.HasField("end_time") == (leg.status in FINAL), f"an end without an end, at {event.position}")
        before.CopyFrom(leg)

    # ---- held against what can be asked ----

    def compare(self, world, identifiers):
        """`identifiers` are those of participants, by SID, as far as they are known: no log tells them."""
        insist = self.insist
        page = pb.phone_numbers.ListPhoneNumbersRequest(service=world.sid, page_size=1000)
        numbers = {one.phone_number: one.sid for one in world.server.phone_numbers.ListPhoneNumbers(page, timeout=PATIENCE)
                   .phone_numbers}
        insist(numbers == self.numbers, f"numbers: {sorted(set(numbers) ^ set(self.numbers))}")
        self._compare_routes(identifiers)
        sessions = world.sessions(page_size=1000)
        insist([one.sid for one in sessions] == sorted(self.active), "the list of sessions is not what the log tells")
        for session in sessions:
            self._compare_session(world, session)

    def _compare_routes(self, identifiers):
        routes = {}
        for sid in [sid for sid, active in self.active.items() if active]:
            for one, number in self.people[sid].items():
                if one in identifiers:
                    other = routes.setdefault((identifiers[one], number), sid)
                    self.insist(other == sid, f"one person has {number} in two active sessions, {sid} and {other}")

    def _compare_session(self, world, session):
        insist, sid = self.insist, session.sid
        expected = [self.ends[sid]] if not self.active[sid] else \
            [S.SESSION_STATUS_IN_PROGRESS if self.talks[sid] or sid in self.ends else S.SESSION_STATUS_OPEN]
        # What has ended by itself reads so before anybody writes it down.
        if self.active[sid] and session.ttl.nanos:
            expected.append(S.SESSION_STATUS_CLOSED)
        insist(session.status in expected, f"{sid} is {session.status}, by the log {expected}")
        insist({one.sid: one.proxy_identifier for one in session.participants} == self.people[sid],
               f"who is in {sid} is not what the log tells")
        present = world.server.participants.ListParticipants(pb.participants.ListParticipantsRequest(
            service=world.sid, session=sid), timeout=PATIENCE).participants
        insist([one.sid for one in present] == sorted(self.people[sid]), f"the list of who is in {sid} says otherwise")
        listed = world.interactions(sid, page_size=1000)
        insist([one.sid for one in listed] == [one.sid for one in self.talks[sid]],
               f"the interactions of {sid} are not what the log tells")
        for told, got in zip(self.talks[sid], map(without_ids, listed)):
            insist(told.outbound == got.outbound and told.content == got.content and told.inbound == got.inbound,
                   f"by the log: {told}\nlisted: {got}")
        if listed:
            got = world.server.interactions.GetInteraction(pb.interactions.GetInteractionRequest(
                service=world.sid, session=sid, interaction=listed[-1].sid), timeout=PATIENCE).interaction
            insist(got == listed[-1], f"listed: {listed[-1]}\ngot: {got}")
