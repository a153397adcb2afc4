"""People who make sessions, write and close, while the server dies again and again. It keeps what was answered, and only that."""

import random
import threading

import grpc
from harness import PATIENCE, pb, reason_of
from world import person, proxy

# A call that ends so may have had its effect.
UNSURE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
          grpc.StatusCode.DEADLINE_EXCEEDED}
PEOPLE, NUMBERS = 30, 24


class Talk:
    """A session that was answered for."""

    def __init__(self, session):
        self.sid = session.sid
        self.created = session
        self.participants = list(session.participants)
        self.closing = False  # it was asked for
        self.closed = False  # it was answered
        self.bodies = set()  # that were answered with acceptance
        self.refused = set()  # that were answered with refusal

    def way_to(self, index):
        """What a text to that participant must come from and go to."""
        one = self.participants[index]
        return one.proxy_identifier, one.identifier


class Load(threading.Thread):
    """One worker of its own sessions. The test reads its records while it is paused."""

    def __init__(self, number, service, networks, seed):
        super().__init__(daemon=True)
        self.number = number
        self.service = service
        self.networks = networks
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.server = None
        self.ended = False
        self.idle = True
        self.talks = []
        self.expected = {}  # body: (talk, index of whom it goes to)
        self.joined = set()
        self.by_text = {}  # provider id: (talk, body)
        self.count = 0
        self.answered = 0
        self.unsure = None
        self.troubles = []

    def serve(self, server):
        with self.lock:
            self.server = server
            self.news.notify_all()

    def pause(self):
        """Returns when it does nothing."""
        with self.lock:
            self.server = None
            while not self.idle:
                if not self.news.wait(PATIENCE):
                    raise AssertionError("a worker is stuck")

    def end(self):
        with self.lock:
            self.ended = True
            self.news.notify_all()
        self.join(PATIENCE)

    def run(self):
        while True:
            with self.lock:
                self.idle = True
                self.news.notify_all()
                while not self.server and not self.ended:
                    self.news.wait()
                if self.ended:
                    return
                server = self.server
                self.idle = False
            try:
                self._step(server)
                self.answered += 1
            except grpc.RpcError as error:
                if error.code() not in UNSURE:
                    self.troubles.append(f"{error.code()} {reason_of(error)[1]} {error.details()}")
                    self.unsure = None
                with self.lock:
                    if self.server is server:
                        self.server = None
            except ValueError:  # the channel was closed under it
                with self.lock:
                    if self.server is server:
                        self.server = None
            except Exception as error:  # pylint: disable=broad-except
                self.troubles.append(repr(error))
                self.unsure = None

    def _step(self, server):
        if self.unsure:
            self.unsure(server)
            self.unsure = None
            return
        live = [talk for talk in self.talks if not talk.closing]
        what = self.chance.random()
        if len(live) < 3 or what < 0.06:
            self.unsure = self._creating()
        elif what < 0.15:
            self.unsure = self._closing(self.chance.choice(live))
        elif what < 0.5:
            self.unsure = self._sending(self.chance.choice(live))
        else:
            self._hand_in(self.chance.choice(live if what < 0.95 else self.talks))
            return
        self.unsure(server)
        self.unsure = None

    def _next_name(self):
        self.count += 1
        return f"{self.number}-{self.count}"

    def _creating(self):
        """A call that can be repeated until it is answered."""
        name = self._next_name()
        # No two workers have people in common: who is in use is known here.
        mine = range(self.number * PEOPLE, (self.number + 1) * PEOPLE)
        # Nor are the same two joined again: they could have the same numbers, and a late text would be the new session's.
        one, other = self.chance.sample(mine, 2)
        while frozenset((one, other)) in self.joined:
            one, other = self.chance.sample(mine, 2)
        self.joined.add(frozenset((one, other)))
        request = pb.sessions.CreateSessionRequest(
            service=self.service, unique_name=name, request_id=name,
            participants=[{"identifier": person(one)}, {"identifier": person(other)}])

        def call(server):
            try:
                made = server.sessions.CreateSession(request, timeout=PATIENCE).session
            except grpc.RpcError as error:
                if reason_of(error)[1] == "ALL_NUMBERS_IN_USE":
                    return
                raise
            self.talks.append(Talk(made))
        return call

    def _closing(self, talk):
        talk.closing = True
        request = pb.sessions.UpdateSessionRequest(
            service=self.service, session=talk.sid, status=pb.sessions.SESSION_STATUS_CLOSED)

        def call(server):
            try:
                server.sessions.UpdateSession(request, timeout=PATIENCE)
            except grpc.RpcError as error:
                # The call before may have closed it.
                if reason_of(error)[1] not in ("SESSION_CLOSED", "ILLEGAL_STATUS_CHANGE"):
                    raise
            talk.closed = True
        return call

    def _sending(self, talk):
        index = self.chance.randrange(2)
        body = "s" + self._next_name()
        self.expected[body] = (talk, index)
        request = pb.interactions.SendMessageRequest(
            service=self.service, session=talk.sid, participant=talk.participants[index].sid, body=body, request_id=body)

        def call(server):
            made = server.interactions.SendMessage(request, timeout=PATIENCE).interaction
            if made.content.body != body or made.session_sid != talk.sid:
                raise AssertionError(f"answered with another message: {made}")
            talk.bodies.add(body)
        return call

    def _hand_in(self, talk):
        index = self.chance.randrange(2)
        writer = talk.participants[index]
        body = "i" + self._next_name()
        self.expected[body] = (talk, 1 - index)
        self.by_text[body] = talk
        self.networks[int(writer.proxy_identifier[-4:]) % 2].hand_in(
            body, writer.identifier, writer.proxy_identifier, body)
        # Not too far ahead of the server.
        network = self.networks[int(writer.proxy_identifier[-4:]) % 2]
        with network.lock:
            network.news.wait_for(lambda: len(network.in_hand) < 100 or not network.said, PATIENCE)


def add_numbers(world):
    """Those with odd ends belong to the second network."""
    for index in range(NUMBERS):
        world.add_number(proxy(index), carriers=[["keeps", "forgets"][index % 2]])
