"""A thread that makes calls while the server dies again and again: each is repeated until it is answered."""

import random
import threading

import grpc
from harness import PATIENCE, pb, reason_of

# A call that ends so may have had its effect.
UNSURE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
          grpc.StatusCode.DEADLINE_EXCEEDED}


def tried(call, request, *fine):
    """The call's answer, or None when it is refused for one of these reasons."""
    try:
        return call(request, timeout=PATIENCE)
    except grpc.RpcError as error:
        if reason_of(error)[1] in fine:
            return None
        raise


class Worker(threading.Thread):
    """What it does is a list of steps, each a function of the server that can be called again. The test reads its records while it
    is paused."""

    def __init__(self, name, seed):
        super().__init__(daemon=True)
        self.label = name
        self.chance = random.Random(f"{name} {seed}")
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.server = None
        self.ended = False
        self.idle = True
        self.count = 0
        self.answered = 0
        self.steps = []  # the first one may have been made
        self.rest = 0  # seconds between steps, so that long rounds do no more than short ones
        self.troubles = []

    def choose(self):
        """Sets `steps`, or does what needs no answer."""
        raise NotImplementedError

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
                    raise AssertionError(f"{self.label} is stuck")

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
                if self.rest:
                    self.pace(self.rest)
                continue
            except grpc.RpcError as error:
                if error.code() not in UNSURE:
                    self.troubles.append(f"{self.label}: {error.code()} {reason_of(error)[1]} {error.details()}")
                    self.steps = []
                    continue
            except ValueError:
                pass  # the channel was closed under it
            except Exception as error:  # pylint: disable=broad-except
                self.troubles.append(f"{self.label}: {error!r}")
                self.steps = []
                continue
            with self.lock:
                if self.server is server:
                    self.server = None

    def _step(self, server):
        if not self.steps:
            self.choose()
        if self.steps:
            self.steps[0](server)
            self.steps.pop(0)

    def next_name(self):
        self.count += 1
        return f"{self.label}-{self.count}"

    def pace(self, seconds):
        """So that others have the most of the machine."""
        with self.lock:
            self.news.wait_for(lambda: not self.server or self.ended, seconds)


def closed(service, session):
    return pb.sessions.UpdateSessionRequest(service=service, session=session, status=pb.sessions.SESSION_STATUS_CLOSED)
