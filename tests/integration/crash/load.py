"""People who make sessions, write, leave and close. What was answered is kept, and what may have happened, and nothing else."""

from harness import PATIENCE, pb
from programs import ACCEPTED
from worker import Worker, closed, tried
from world import CAN_ALL, person, proxy

PEOPLE, NUMBERS = 60, 24


def carriers_of(number):
    """By which carriers it begins; every fourth number changes them later."""
    return [["keeps"], ["forgets"], ["keeps", "forgets"], ["keeps"]][number % 4]


class Talk:
    """A session that was answered for."""

    def __init__(self, request, session):
        self.request = request
        self.sid = session.sid
        self.created = session
        self.sides = [[one] for one in session.participants]  # who was there, in turn
        self.away = [False, False]  # the last one of that side has left, or is about to
        self.coming = [None, None]  # the identifier of who may have joined instead
        self.removed = {}  # participant sid: the life of the server in which that was answered
        self.closing = False  # asked for, and not opened again since
        self.closed = False  # answered
        self.fails = False  # a number of it is to be taken away
        self.failed = False  # answered
        self.disturbed = bool(request.HasField("ttl"))  # something else than texts has happened, or may have
        self.texts = {}  # body: Text, of all that were ever written

    def settled(self):
        """Nothing is under way that would change who is in it."""
        return not any(self.away) and not any(self.coming)

    def active(self):
        return not self.closing and not self.fails


class Text:
    """Something written or sent, and whom it may reach."""

    def __init__(self, talk, side, only=None):
        self.talk = talk
        self.side = side  # of whom it goes to
        self.since = len(talk.sides[side]) - 1  # whoever is or joins there from now on
        self.only = only  # nobody else than this participant
        self.nobody = False  # its writer had left before
        self.brief = False  # it may expire before it is sent
        self.answered = False  # accepted
        self.refused = False
        self.barred = None  # in later lives of the server than this it must not be sent any more

    def ways(self):
        """The participants that it may reach."""
        if self.nobody:
            return []
        return [self.only] if self.only else self.talk.sides[self.side][self.since:]

    def may_go(self, given):
        """Whether this send is right."""
        if self.barred is not None and given.life > self.barred:
            return False
        for one in self.ways():
            if (given.sender, given.recipient) == (one.proxy_identifier, one.identifier):
                return self.talk.removed.get(one.sid, given.life) >= given.life
        # Who was asked to join may have: by which number is not known before the answer.
        return not self.only and not self.nobody and self.talk.coming[self.side] == given.recipient


class Load(Worker):
    """Sessions of its own, with people of its own."""

    def __init__(self, number, service, networks, seed):
        super().__init__(f"load{number}", seed)
        self.number = number
        self.service = service
        self.networks = {network.carrier: network for network in networks}
        self.talks = []
        self.by_body = {}
        self.carriers = {}  # number: all carriers that it may ever have had, of those that change
        self.joined = set()
        self.repeats = []  # (name of stub, method, request, sid of what was made)
        self.numbers = {}  # of its own, outside the pool: proxy: is it there? None: nobody knows
        self.persons = 0
        # What is told may come in any proportion: but each of these some time.
        self.ways = [(self._create, 6), (self._close, 5), (self._reopen, 3), (self._replace, 3), (self._doom, 1),
                     (self._own_number, 3), (self._move_number, 2), (self._repeat, 5), (self._send, 27),
                     (self._hand_in_again, 5), (self._hand_in, 40)]

    def choose(self):
        ways, weights = zip(*self.ways)
        if len([talk for talk in self.talks if talk.active()]) < 3:
            self._create()
        else:
            self.chance.choices(ways, weights)[0]()

    # ---- sessions ----

    def _person(self):
        # No two workers have people in common: who is in use is known here.
        return self.number * PEOPLE + self.chance.randrange(PEOPLE)

    def _stranger(self):
        """Somebody who was never there."""
        self.persons += 1
        return person(5000 + 1000 * self.number + self.persons)

    def _foreigner(self):
        """As above, of a country of which the pool has no number."""
        self.persons += 1
        return f"+44207{1000 * self.number + self.persons:07d}"

    def _create(self):
        name = self.next_name()
        # Nor are the same two joined again: they could have the same numbers, and a late text would be the new session's.
        one, other = self._person(), self._person()
        while one == other or frozenset((one, other)) in self.joined:
            one, other = self._person(), self._person()
        self.joined.add(frozenset((one, other)))
        request = pb.sessions.CreateSessionRequest(
            service=self.service, unique_name=name, request_id=name,
            participants=[{"identifier": person(one)}, {"identifier": person(other)}])
        if self.chance.random() < 0.15:
            request.ttl.nanos = 300 * 1000 * 1000

        def create(server):
            made = tried(server.sessions.CreateSession, request, "ALL_NUMBERS_IN_USE")
            if made:
                self.talks.append(Talk(request, made.session))
                self.repeats.append(("sessions", "CreateSession", request, made.session.sid))
        self.steps = [create]

    def _some(self, wanted):
        found = [talk for talk in self.talks if wanted(talk)]
        return self.chance.choice(found) if found else None

    def _close(self):
        talk = self._some(Talk.active)
        before = [text for text in talk.texts.values() if text.answered]
        talk.closing = talk.disturbed = True

        def close(server):
            # The call before, or its ttl, may have closed it.
            tried(server.sessions.UpdateSession, closed(self.service, talk.sid), "ILLEGAL_STATUS_CHANGE")
            talk.closed = True
            self._bar(before, server)
        self.steps = [close]

    @staticmethod
    def _bar(texts, server):
        for text in texts:
            if text.barred is None:
                text.barred = server.life

    def _reopen(self):
        talk = self._some(lambda talk: talk.closed and talk.settled() and not talk.fails)
        if not talk:
            return
        request = pb.sessions.UpdateSessionRequest(
            service=self.service, session=talk.sid, status=pb.sessions.SESSION_STATUS_IN_PROGRESS)
        talk.closed = False  # perhaps

        def reopen(server):
            answer = tried(server.sessions.UpdateSession, request, "PAIR_IN_USE", "PAIR_COOLING_DOWN", "NUMBER_GONE",
                           "ILLEGAL_STATUS_CHANGE")
            got = answer.session if answer else server.sessions.GetSession(pb.sessions.GetSessionRequest(
                service=self.service, session=talk.sid), timeout=PATIENCE).session
            talk.closing = talk.closed = got.status == pb.sessions.SESSION_STATUS_CLOSED
        self.steps = [reopen]

    def _replace(self):
        """Somebody leaves, and somebody else comes instead."""
        talk = self._some(lambda talk: talk.active() and talk.settled() and not talk.request.HasField("ttl"))
        if not talk:
            return
        side = self.chance.randrange(2)
        leaver = talk.sides[side][-1]
        before = [text for text in talk.texts.values() if text.answered and text.side == side]
        talk.disturbed = True
        talk.away[side] = True
        comer, name = self._stranger(), self.next_name()

        def leave(server):
            tried(server.participants.DeleteParticipant, pb.participants.DeleteParticipantRequest(
                service=self.service, session=talk.sid, participant=leaver.sid), "PARTICIPANT_NOT_FOUND")
            talk.removed[leaver.sid] = server.life
            self._bar(before, server)
            talk.coming[side] = comer

        def come(server):
            request = pb.participants.CreateParticipantRequest(
                service=self.service, session=talk.sid, participant={"identifier": comer}, request_id=name)
            made = tried(server.participants.CreateParticipant, request, "ALL_NUMBERS_IN_USE")
            talk.coming[side] = None
            if made:
                talk.sides[side].append(made.participant)
                talk.away[side] = False
                self.repeats.append(("participants", "CreateParticipant", request, made.participant.sid))
        self.steps = [leave, come]

    # ---- numbers ----

    def _own(self, there):
        found = [number for number, is_there in self.numbers.items() if is_there is there]
        return self.chance.choice(found) if found else None

    def _adding(self, number):
        name = self.next_name()
        def add(server):
            self.numbers[number] = None
            tried(server.phone_numbers.AddPhoneNumber, pb.phone_numbers.AddPhoneNumberRequest(
                service=self.service, capabilities=CAN_ALL, phone_number=number, reserved=True, carriers=["keeps"], request_id=name))
            self.numbers[number] = True
        return add

    def _removing(self, number, force=False):
        def remove(server):
            self.numbers[number] = None
            tried(server.phone_numbers.RemovePhoneNumber, pb.phone_numbers.RemovePhoneNumberRequest(
                service=self.service, phone_number=number, force=force), "PHONE_NUMBER_NOT_FOUND")
            self.numbers[number] = False
        return remove

    def _new_number(self):
        return proxy(1000 * (self.number + 1) + 4 * len(self.numbers))

    def _own_number(self):
        gone, there = self._own(False), self._own(True)
        if there and (len(self.numbers) > 6 or self.chance.random() < 0.5):
            self.steps = [self._removing(there)]
        else:
            self.steps = [self._adding(gone or self._new_number())]

    def _doom(self):
        """A session on numbers of its own, of which one is then taken away, and no other fits who has it."""
        numbers = [self._new_number()]
        self.numbers[numbers[0]] = None
        numbers.append(self._new_number())
        name = self.next_name()
        request = pb.sessions.CreateSessionRequest(
            service=self.service, unique_name=name, request_id=name,
            participants=[{"identifier": who, "proxy_identifier": number}
                          for who, number in zip([self._stranger(), self._foreigner()], numbers)])
        made = []

        def create(server):
            session = server.sessions.CreateSession(request, timeout=PATIENCE).session
            made.append(Talk(request, session))
            self.talks.append(made[-1])
            talk = made[-1]
            talk.fails = talk.disturbed = True  # nobody else is to do anything with it

        def send(index):
            body = "s" + self.next_name()

            def step(server):
                self._send_once(server, made[-1], index, body)
            return step
        removing = self._removing(numbers[1], force=True)

        def remove(server):
            before = [text for text in made[-1].texts.values() if text.answered]
            removing(server)
            made[-1].failed = True
            self._bar(before, server)
        self.numbers[numbers[1]] = None
        self.steps = [self._adding(numbers[0]), self._adding(numbers[1]), create, send(0), send(1), send(0), remove]

    def _move_number(self):
        """Another carrier for a number that is in use; no two workers do it to the same."""
        numbers = [number for number in range(NUMBERS) if number % 4 == 3 and number // 4 % 3 == self.number]
        if not numbers:
            return
        number = proxy(self.chance.choice(numbers))
        carriers = self.chance.choice([["keeps"], ["forgets"], ["keeps", "forgets"]])
        self.carriers.setdefault(number, {"keeps"}).update(carriers)

        def move(server):
            server.phone_numbers.UpdatePhoneNumber(pb.phone_numbers.UpdatePhoneNumberRequest(
                service=self.service, phone_number=number, carriers=carriers), timeout=PATIENCE)
        self.steps = [move]

    # ---- texts ----

    def _write(self, talk, side, body, only=None):
        text = Text(talk, side, only)
        talk.texts[body] = text
        self.by_body[body] = text
        return text

    def _send_once(self, server, talk, index, body):
        to = talk.sides[index][-1]
        text = talk.texts.get(body) or self._write(talk, index, body, only=to)
        request = pb.interactions.SendMessageRequest(
            service=self.service, session=talk.sid, participant=text.only.sid, body=body, request_id=body)
        if body.endswith("7"):
            text.brief = True
            request.max_life.nanos = 200 * 1000 * 1000
        fine = ["SESSION_CLOSED"] if talk.request.HasField("ttl") else []
        made = tried(server.interactions.SendMessage, request, *fine)
        if not made:
            text.refused = True
            return
        if made.interaction.content.body != body or made.interaction.session_sid != talk.sid:
            raise AssertionError(f"answered with another message: {made}")
        text.answered = True
        self.repeats.append(("interactions", "SendMessage", request, made.interaction.sid))

    def _send(self):
        talk = self._some(lambda talk: talk.active() and talk.settled())
        if talk:
            index, body = self.chance.randrange(2), "s" + self.next_name()
            self.steps = [lambda server: self._send_once(server, talk, index, body)]

    def _repeat(self):
        """A request that was answered long ago, perhaps by a server that is dead by now."""
        if not self.repeats:
            return
        stub, method, request, sid = self.chance.choice(self.repeats)

        def repeat(server):
            answer = getattr(getattr(server, stub), method)(request, timeout=PATIENCE)
            got = getattr(answer, answer.DESCRIPTOR.fields[0].name).sid
            if got != sid:
                raise AssertionError(f"{method} with {request.request_id} made {sid}, and again {got}")
        self.steps = [repeat]

    def _hand_in(self):
        talk = self._some(lambda talk: not talk.fails and (talk.active() or self.chance.random() < 0.1))
        if not talk:
            return
        writing = self.chance.randrange(2)
        writer = self.chance.choice(talk.sides[writing])  # may have left
        body = "i" + self.next_name()
        text = self._write(talk, 1 - writing, body)
        text.nobody = writer.sid in talk.removed
        named = carriers_of(int(writer.proxy_identifier[-4:]))
        if writer.proxy_identifier in self.carriers:
            named = sorted(self.carriers[writer.proxy_identifier])
        network = self.networks[self.chance.choice(named)]
        network.hand_in(body, writer.identifier, writer.proxy_identifier, body)
        # Not too far ahead of the server.
        with network.lock:
            network.news.wait_for(lambda: len(network.in_hand) < 100 or not network.said, PATIENCE)
        self._learn()

    def _learn(self):
        """What the networks were answered."""
        for network in self.networks.values():
            with network.lock:
                answers = list(network.answers.items())[-200:]
            for body, (outcome, _) in answers:
                self._note_answer(body, outcome)

    def learn_all(self):
        for network in self.networks.values():
            for body, (outcome, _) in network.answers.items():
                self._note_answer(body, outcome)

    def _note_answer(self, body, outcome):
        text = self.by_body.get(body)
        if text:
            text.answered = text.answered or outcome == ACCEPTED
            text.refused = text.refused or outcome != ACCEPTED

    def _hand_in_again(self):
        network = self.networks[self.chance.choice(sorted(self.networks))]
        with network.lock:
            mine = [body for body in network.answers if body in self.by_body]
        if mine:
            network.hand_in_again(self.chance.choice(mine))


def add_numbers(world):
    for index in range(NUMBERS):
        world.add_number(proxy(index), carriers=carriers_of(index), capabilities=CAN_ALL)
