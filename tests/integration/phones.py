"""Phones of the simulator that call, and what tests of calls ask for again and again."""

from harness import PATIENCE, Case, pb
from world import World, person, proxy

S, I, E = pb.simulator, pb.interactions, pb.events

PICKS_UP, RINGS, BUSY, UNREACHABLE = (S.SIMULATED_CALL_PICKS_UP, S.SIMULATED_CALL_RINGS, S.SIMULATED_CALL_BUSY,
                                      S.SIMULATED_CALL_UNREACHABLE)
ANN, BEN, CAT = person(1), person(2), person(3)


def event_name(happened):
    """RINGS, HEARS and so on."""
    return S.HandsetCallEvent.Name(happened.event).removeprefix("HANDSET_CALL_EVENT_")


def status_name(leg):
    return I.LegStatus.Name(leg.status).removeprefix("LEG_STATUS_")


class Phone:
    """One that is watched from when it is switched on."""

    def __init__(self, server, number, **behavior):
        self.number = number
        self.happened = []  # all that its stream has told of calls, in order
        self.texts = []
        self.raw = b""  # all of it, as it came
        self.server = server
        server.simulator.AddHandset(S.AddHandsetRequest(phone_number=number, behavior=behavior or None), timeout=PATIENCE)
        self.watch()

    def watch(self):
        self.stream = self.server.simulator.WatchHandset(S.WatchHandsetRequest(handset=self.number), timeout=2 * PATIENCE)
        assert next(self.stream).HasField("ready")

    def behaves(self, **behavior):
        self.server.simulator.SetHandsetBehavior(S.SetHandsetBehaviorRequest(handset=self.number, behavior=behavior),
                                                 timeout=PATIENCE)

    def start(self, recipient, **more):
        """The network's answer to a call."""
        return self.server.simulator.StartCall(S.StartCallRequest(handset=self.number, recipient=recipient, **more), timeout=PATIENCE)

    def calls(self, recipient, **more):
        """A call that must be accepted."""
        answer = self.start(recipient, **more)
        assert answer.outcome == pb.common.INBOUND_OUTCOME_ACCEPTED, answer
        return answer

    def picks_up(self):
        self.server.simulator.PickUp(S.PickUpRequest(handset=self.number), timeout=PATIENCE)

    def presses(self, key="1"):
        self.server.simulator.PressKey(S.PressKeyRequest(handset=self.number, key=key), timeout=PATIENCE)

    def hangs_up(self):
        self.server.simulator.HangUp(S.HangUpRequest(handset=self.number), timeout=PATIENCE)

    def accepts(self):
        """Picks up and presses the key, as soon as it can; the two talk then."""
        self.accepts_alone()
        self.until("CONNECTED")

    def accepts_alone(self):
        """The same while the other side is still to be rung."""
        self.until("RINGS")
        self.picks_up()
        self.until("ASKED_FOR_KEY")
        self.presses()

    def texts_to(self, recipient, body):
        return self.server.simulator.SendText(S.SendTextRequest(handset=self.number, recipient=recipient, body=body), timeout=PATIENCE)

    def read(self):
        message = next(self.stream)
        self.raw += message.SerializeToString()
        if message.HasField("call"):
            self.happened.append(message.call)
            return message.call
        if message.HasField("text"):
            self.texts.append(message.text)
        return None

    def until(self, name):
        """The next that happens of that name; what comes before is kept in `happened`."""
        while True:
            happened = self.read()
            if happened and event_name(happened) == name:
                return happened

    def text(self):
        """The next text that comes."""
        count = len(self.texts)
        while len(self.texts) == count:
            self.read()
        return self.texts[-1]

    def names(self, provider_id=None):
        """What has happened to it so far, in the call of that id or in all."""
        return [event_name(one) for one in self.happened if provider_id in (None, one.provider_id)]

    def heard(self):
        """All that was said to it."""
        return [one.text for one in self.happened if event_name(one) in ("HEARS", "ASKED_FOR_KEY")]

    def rung_by(self):
        return [one.other for one in self.happened if event_name(one) == "RINGS"]


class CallCase(Case):
    """A server whose carrier is the simulator, with a Service and two people who have phones."""

    flags = ()

    def setUp(self):
        super().setUp()
        self.up = self.server(*self.flags).start()

    def pair(self, *people, numbers=2, session=None, **settings):
        """(world, session, phones of Ann and Ben)."""
        world = World(self.up, numbers=[proxy(index + 1) for index in range(numbers)], **settings)
        talk = world.session(*(people or (ANN, BEN)), **(session or {}))
        return world, talk, Phone(self.up, ANN), Phone(self.up, BEN)

    def network(self, **behavior):
        self.up.simulator.SetNetworkBehavior(S.SetNetworkBehaviorRequest(**behavior), timeout=PATIENCE)

    def clock(self, seconds):
        """Moves it by that."""
        whole = int(seconds)
        self.up.simulator.MoveClock(S.MoveClockRequest(
            advance={"seconds": whole, "nanos": round((seconds - whole) * 1e9)}), timeout=PATIENCE)

    def now(self):
        """The server's time in seconds."""
        return self.up.simulator.GetClock(S.GetClockRequest(), timeout=PATIENCE).time.ToNanoseconds() / 1e9

    # ---- calls ----

    def get(self, world, call):
        return self.up.interactions.GetInteraction(I.GetInteractionRequest(
            service=world.sid, session=call.session_sid, interaction=call.sid), timeout=PATIENCE).interaction

    def newest(self, world, talk):
        return world.interactions(talk.sid)[-1]

    def place(self, world, talk, participant, **more):
        return self.up.interactions.PlaceCall(I.PlaceCallRequest(
            service=world.sid, session=talk.sid, participant=participant.sid, **more), timeout=PATIENCE).interaction

    def end(self, world, call):
        return self.up.interactions.EndCall(I.EndCallRequest(
            service=world.sid, session=call.session_sid, interaction=call.sid), timeout=PATIENCE).interaction

    def follow(self, world, call, wanted):
        """The call's events up to the first that is as wanted."""
        told = world.until(lambda event: event.type == E.EVENT_TYPE_CALL_UPDATED
                           and event.call_updated.interaction_sid == call.sid and wanted(event.call_updated))
        return [event.call_updated for event in told
                if event.type == E.EVENT_TYPE_CALL_UPDATED and event.call_updated.interaction_sid == call.sid]

    def until_ended(self, world, call):
        """The call as it is once it has ended; its event was told."""
        self.follow(world, call, lambda updated: updated.call.HasField("end_time"))
        return self.get(world, call)

    def until_outbound(self, world, call, *names):
        """Waits for an event with these statuses of its outbound legs."""
        return self.follow(world, call, lambda updated: [status_name(leg) for leg in updated.outbound] == list(names))

    def talk_to(self, world, talk, caller, callee, caller_phone, callee_phone):
        """A call of the one that is accepted by the other: the interaction, while they talk."""
        caller_phone.calls(caller.proxy_identifier)
        callee_phone.accepts()
        caller_phone.until("CONNECTED")
        call = self.newest(world, talk)
        self.until_outbound(world, call, "IN_PROGRESS")
        return self.get(world, call)

    def statuses(self, call):
        """Of the inbound leg, if there is one, and of the outbound ones."""
        return ([status_name(call.inbound)] if call.HasField("inbound") else []) + [status_name(leg) for leg in call.outbound]

    def reasons(self, call):
        return [leg.error.reason for leg in call.outbound]

    def rejected(self, world):
        """The newest rejection that the log tells of."""
        return [event for event in world.events() if event.type == E.EVENT_TYPE_INBOUND_REJECTED][-1]
