"""A store's life with many crashes: the server, those who use it and outlive it, and who checks."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from brief import Brief
from calls import Calls, Exchange
from checker import Checker
from follower import Follower
from harness import PATIENCE, Server, pb
from load import Load, add_numbers
from network import Network
from world import World

FAULTY = os.path.abspath("tests/fault/maskline-server")
KILLED = -signal.SIGKILL
LEAST, MOST = 40, 250  # answers in a round
START_WAIT = 1  # seconds that a server which was to die while it starts may go on serving; longer when it has to
LONG_WAIT = 15
STARTING = 0.2  # seconds that a start takes, about
# What waits for time: the flusher, for a second, the timers, for what ends by itself. Then less is done meanwhile.
SLOW = ("flush", "layers", "trim", "timers", "deletion")
RESTING = 0.03
OLD = 1.5  # seconds until something of the log that is soonest thrown away is old enough


class FaultyServer(Server):
    """It counts its starts, and can be told where to die."""

    program = FAULTY
    life = 0

    def __init__(self, folder, *flags, mutant=None):
        super().__init__(folder, *flags)
        self.mutant = mutant
        self.surroundings = {}  # of every start
        self.on_death = lambda: None

    def begin(self, point=None, wait=True):
        """Whether it serves; if not, it has died at the failpoint."""
        self.life += 1
        self.environment = dict(self.surroundings)
        if self.mutant:
            self.environment["MASKLINE_MUTANT"] = self.mutant
        if point:
            self.environment["MASKLINE_FAILPOINT"] = point
        try:
            if wait:
                self.start()
            else:
                self.launch()
            return True
        except RuntimeError:
            if not point or self.process.poll() != KILLED:
                raise
            self.left = True
            return False

    def died(self):
        """It has ended, or ends now, by itself."""
        code = self.process.wait(PATIENCE)
        self.left = True
        if code != KILLED:
            raise AssertionError(f"the server ended with {code}:\n{self.said()}")
        self.on_death()

    def cut(self):
        if self.process.poll() is None:
            self.process.kill()
        self.died()


def read_failpoints():
    """{what they are reached by: [names]}"""
    found = {}
    with open("tests/fault/failpoints.tsv", encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                name, reached, _ = line.rstrip("\n").split("\t")
                found.setdefault(reached, []).append(name)
    return found


class Story:
    def __init__(self, seed, mutant=None):
        self.chance = random.Random(f"story {seed}")
        self.folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.up = FaultyServer(self.folder.name, "--carrier", "gateway:keeps", "--carrier", "gateway:forgets", "--carrier", "gateway:calls",
                               mutant=mutant)
        self.reached = []  # failpoints at which it died
        self.rounds = 0
        self.threads = []
        self.seed = seed

    def create(self, points=()):
        """The store is made; at each of these points the server dies, and it is tried again."""
        for point in points:
            if self.up.begin(f"{point}:1", wait=True):
                raise AssertionError(f"{point} was not reached by the making of a store")
            self.reached.append(point)
            self.rounds += 1
        self.up.begin()
        self.world = World(self.up)
        add_numbers(self.world)
        self.networks = [Network("keeps", True, self.seed), Network("forgets", False, self.seed)]
        self.loads = [Load(number, self.world.sid, self.networks, self.seed) for number in range(3)]
        self.brief = Brief(self.seed)
        self.brief.begin(self.up)
        self.exchange = Exchange(self.seed)
        self.calls = Calls(self.exchange, self.seed)
        self.calls.begin(self.up)
        self.follower = Follower(self.world.sid)
        self.checker = Checker(self.world, self.loads, self.networks, self.follower, self.brief, self.calls)
        self.threads = [*self.networks, *self.loads, self.brief, self.exchange, self.calls, self.follower]
        for thread in self.threads:
            thread.start()

    def end(self):
        with contextlib.suppress(AssertionError):
            self.up.kill()
        for thread in self.threads:
            thread.serve(None)
            thread.end()
        self.folder.cleanup()

    # ---- rounds: each begins and ends with a server that serves and a load that is paused ----

    def _serve(self):
        for thread in self.threads:
            thread.serve(self.up)

    def _answered(self):
        return sum(load.answered for load in self.loads) + sum(len(network.answers) for network in self.networks)

    def _load(self, count=None, seconds=PATIENCE):
        """Lets the load go on until so much more was answered (None: no end), or the server has died, or the time is over."""
        self._serve()
        end = self._answered() + (count or 1 << 40)
        until = time.monotonic() + seconds
        network = self.networks[0]
        with network.lock:
            while self._answered() < end and time.monotonic() < until and self.up.process.poll() is None:
                network.news.wait(0.05)
        return self.up.process.poll() is not None

    def _pause(self):
        for thread in [*self.loads, self.brief, self.calls]:
            thread.pause()
        self.up.disconnect()

    def _kill(self):
        self.up.cut()
        self._pause()

    def _check(self):
        if self.chance.random() < 0.2:
            # Crashes come in pairs: killed again at any instant of its start.
            self.up.begin(wait=False)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.up.process.wait(self.chance.uniform(0, STARTING))
                raise AssertionError(f"the server ended by itself:\n{self.up.said()}")
            self.up.cut()
        self.up.begin()
        self.checker.after_crash()
        self.rounds += 1

    def at_random(self):
        """Killed at any instant."""
        for load in self.loads:
            load.rest = 0
        end = self._answered() + self.chance.randint(LEAST, MOST)
        if self._load(end - self._answered()):
            raise AssertionError(f"the server ended by itself: {self.up.process.poll()}\n{self.up.said()}")
        if self._answered() < end:
            raise AssertionError(f"the load goes no further: {self._answered()} of {end}\n{self.up.said()}")
        self._kill()
        self._check()

    def at_point(self, point, kind, passes=1):
        """Killed where the failpoint stands, at its so-many-th pass. Whether it came there."""
        for load in self.loads:
            load.rest = RESTING if point.startswith(SLOW) else 0
        came = {"load": self._at_load, "start": self._at_start, "stop": self._at_stop}[kind](point, passes)
        if came:
            self.reached.append(point)
        self._check()
        return came

    def _at_load(self, point, passes):
        old = point.startswith("trim")
        if old:
            # Logs are looked at when a server starts, and every hour; and thrown away is only what was written out.
            self._load(seconds=OLD)
        if old or self.chance.random() < 0.3:
            self._pause()
            self.up.stop()
        else:
            self._kill()
        came = not self.up.begin(f"{point}:{passes}") or self._load(seconds=OLD if old else 4 if passes > 1 else LONG_WAIT)
        self._kill()
        return came

    def _at_start(self, point, passes):
        self._load(self.chance.randint(LEAST, MOST))
        self._kill()
        if not self.up.begin(f"{point}:{passes}"):
            return True
        try:
            self.up.process.wait(START_WAIT if passes > 1 else 5 * START_WAIT)
        except subprocess.TimeoutExpired:
            self._kill()
            return False
        self._kill()
        return True

    def _at_stop(self, point, passes):
        self._kill()
        served = self.up.begin(f"{point}:{passes}")
        if not served:
            return True
        self._load(self.chance.randint(LEAST, MOST))
        self.up.signal(signal.SIGTERM)
        self._pause()
        code = self.up.wait()
        if code not in (0, KILLED):
            raise AssertionError(f"the server ended with {code}:\n{self.up.said()}")
        return code == KILLED

    def settle(self):
        """Lets all come to its end, without new load, and checks everything; then once more after a last crash."""
        for thread in [*self.networks, self.exchange, self.follower]:
            thread.serve(self.up)
        open_legs = set()
        stream = self.up.events.StreamEvents(pb.events.StreamEventsRequest(
            service=self.world.sid, from_oldest=True, heartbeat_interval={"seconds": 1}), timeout=3 * PATIENCE)
        for message in stream:
            if not message.HasField("event"):
                # Nothing has happened for a second; held results go out now.
                if all([network.is_quiet() for network in [*self.networks, self.exchange]]) and not open_legs:
                    break
                continue
            event = message.event
            if event.type == pb.events.EVENT_TYPE_INTERACTION_CREATED:
                open_legs.add(event.interaction_created.interaction.sid)
            elif event.type == pb.events.EVENT_TYPE_LEG_UPDATED:
                change = event.leg_updated
                (open_legs.discard if change.leg.HasField("end_time") else open_legs.add)(change.interaction_sid)
        else:
            raise AssertionError(f"legs come to no end: {open_legs}")
        stream.cancel()
        counts = self.checker.at_end()
        self._kill()
        self.up.begin()
        self.checker.at_end()
        self.rounds += 1
        print(f"seed {self.seed}: {self.rounds} rounds, {len(self.checker.log)} events, legs by status {counts}, "
              f"sends {[len(network.given) for network in self.networks]}", file=sys.stderr)
