#!/usr/bin/python3
"""SIGKILL at any moment under load, again and again: what was answered is there, nobody wrong is reached, and the log is told once."""

import os
import random
import sys
import threading
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
sys.path.insert(0, os.path.abspath("tests/integration/crash"))
from harness import PATIENCE, Case, grpc, pb
from load import Load, add_numbers
from network import Network
from programs import ACCEPTED
from world import World

ROUNDS = 25 if os.environ.get("MASKLINE_LONG") else 5
SEED = int(os.environ.get("MASKLINE_SEED", "1"))
I = pb.interactions


class Follower(threading.Thread):
    """Follows the log over all crashes, and keeps each event as it was told first."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service = service
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.server = None
        self.ended = False
        self.told = []  # packed; the event at position n is the (n-1)th
        self.troubles = []

    def serve(self, server):
        with self.lock:
            self.server = server
            self.news.notify_all()

    def run(self):
        while True:
            with self.lock:
                while not self.server and not self.ended:
                    self.news.wait()
                if self.ended:
                    return
                server = self.server
            try:
                for message in server.events.StreamEvents(pb.events.StreamEventsRequest(
                        service=self.service, after_position=len(self.told)), timeout=20 * PATIENCE):
                    if message.HasField("event"):
                        if message.event.position != len(self.told) + 1:
                            self.troubles.append(f"{message.event.position} was told after {len(self.told)}")
                        with self.lock:
                            self.told.append(message.event.SerializeToString(deterministic=True))
                            self.news.notify_all()
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    self.troubles.append(f"{error.code()} {error.details()}")
            except ValueError:
                pass
            with self.lock:
                if self.server is server:
                    self.server = None

    def end(self):
        with self.lock:
            self.ended = True
            self.news.notify_all()
        self.join(PATIENCE)


class Crash(Case):
    def setUp(self):
        super().setUp()
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)
        self.chance = random.Random(SEED)
        self.up = self.server("--carrier", "gateway:keeps", "--carrier", "gateway:forgets").start()
        self.world = World(self.up)
        add_numbers(self.world)
        self.networks = [Network("keeps", True, SEED), Network("forgets", False, SEED)]
        self.loads = [Load(number, self.world.sid, self.networks, SEED + number) for number in range(3)]
        self.follower = Follower(self.world.sid)
        self.log = []  # as it was read last
        self.threads = [*self.networks, *self.loads, self.follower]
        for thread in self.threads:
            thread.start()
        self.addCleanup(self.end_all)

    def end_all(self):
        self.up.disconnect()
        for thread in self.threads:
            thread.serve(None)
            thread.end()

    def answered(self):
        return sum(load.answered for load in self.loads) + sum(len(network.answers) for network in self.networks)

    def crash_after(self, count):
        """When so much more was answered."""
        end = self.answered() + count
        network = self.networks[0]
        with network.lock:
            if not network.news.wait_for(lambda: self.answered() >= end, PATIENCE):
                troubles = [t for thread in self.threads for t in thread.troubles][:20]
                self.fail(f"the load goes no further: {self.answered()} of {end}\n{troubles}\n{self.up.said()}")
        self.assertIsNone(self.up.process.poll(), self.up.said())
        self.up.process.kill()
        self.up.process.wait(PATIENCE)
        self.up.left = True
        for load in self.loads:
            load.pause()
        self.up.disconnect()

    def assert_no_troubles(self):
        self.assertEqual([t for thread in self.threads for t in thread.troubles], [])
        for network in self.networks:
            with network.lock:
                self.assertEqual(network.changed, [])
                self.assertEqual(network.refused, [])
                self.assertEqual(network.again, [], "given again although nobody can tell whether it went out before")

    def check_sessions(self):
        """With the load paused."""
        for load in self.loads:
            with load.networks[0].lock, load.networks[1].lock:
                texts = {body: answer for network in self.networks for body, answer in network.answers.items()
                         if body in load.by_text}
            for body, (outcome, _) in texts.items():
                talk = load.by_text[body]
                (talk.bodies if outcome == ACCEPTED else talk.refused).add(body)
            for talk in load.talks:
                self.check_talk(talk, load)

    def check_talk(self, talk, load):
        got = self.world.get(talk.sid)
        self.assertEqual(got.unique_name, talk.created.unique_name)
        self.assertEqual([(p.sid, p.identifier, p.proxy_identifier) for p in got.participants],
                         [(p.sid, p.identifier, p.proxy_identifier) for p in talk.participants])
        if talk.closed:
            self.assertEqual(got.status, pb.sessions.SESSION_STATUS_CLOSED)
        elif not talk.closing:
            self.assertIn(got.status, [pb.sessions.SESSION_STATUS_OPEN, pb.sessions.SESSION_STATUS_IN_PROGRESS])
        bodies = [interaction.content.body for interaction in self.world.interactions(talk.sid, page_size=1000)]
        self.assertEqual(len(bodies), len(set(bodies)), "something is there twice")
        self.assertEqual(talk.bodies - set(bodies), set(), "something that was answered is lost")
        self.assertEqual(talk.refused & set(bodies), set(), "something that was refused is there")
        for body in bodies:
            self.assertIs(load.expected[body][0], talk)

    def check_log(self):
        """It goes on where it was, and tells the same."""
        log = []
        for event in self.world.events():
            self.assertEqual(event.position, len(log) + 1)
            log.append(event.SerializeToString(deterministic=True))
        with self.follower.lock:
            told = list(self.follower.told)
        for before in [self.log, told]:
            same = min(len(before), len(log))
            self.assertEqual(log[:same], before[:same])
        self.assertGreaterEqual(len(log), len(self.log), "the log has lost its end")
        self.assertGreaterEqual(len(log), len(told), "something was told that was not durable")
        self.log = log

    def check_sends(self):
        """Whatever reached anybody was meant for them, at every moment."""
        expected = {body: way for load in self.loads for body, way in load.expected.items()}
        for index, network in enumerate(self.networks):
            with network.lock:
                given = list(network.given)
            keys = {}
            for key, sender, recipient, body in given:
                talk, to = expected[body]
                self.assertEqual((sender, recipient), talk.way_to(to), body)
                self.assertEqual(int(sender[-4:]) % 2, index, "by a carrier that the number does not name")
                self.assertEqual(keys.setdefault(body, key), key, "one text, two keys")
            self.assertEqual(len(set(keys.values())), len(keys), "two texts, one key")

    def start_again(self):
        self.up.start()
        self.check_log()
        self.check_sessions()
        self.check_sends()
        self.assert_no_troubles()

    def settle(self):
        """Lets all come to its end, without new load."""
        for thread in [*self.networks, self.follower]:
            thread.serve(self.up)
        wanted = set()
        ended = set()
        stream = self.world.stream(after_position=0)
        for message in stream:
            if not message.HasField("event"):
                # Nothing has happened for a second; held results go out now.
                if all([network.is_quiet() for network in self.networks]) and wanted == ended:
                    stream.cancel()
                    return
                continue
            event = message.event
            if event.type == pb.events.EVENT_TYPE_INTERACTION_CREATED:
                wanted.add(event.interaction_created.interaction.sid)
            elif event.type == pb.events.EVENT_TYPE_LEG_UPDATED:
                if event.leg_updated.leg.HasField("end_time"):
                    ended.add(event.leg_updated.interaction_sid)
        self.fail("the stream ended")

    def check_ends(self):
        """Each text came to the end that what the networks know demands."""
        given = [{body: key for key, _, _, body in network.given if key in network.final} for network in self.networks]
        count = {}
        for load in self.loads:
            for talk in load.talks:
                for interaction in self.world.interactions(talk.sid, page_size=1000):
                    body = interaction.content.body
                    sender, _ = talk.way_to(load.expected[body][1])
                    index = int(sender[-4:]) % 2
                    status = interaction.outbound[0].status
                    count[status] = count.get(status, 0) + 1
                    if index == 0 and talk.closing and status == I.LEG_STATUS_CANCELED:
                        # It may be out: of what a carrier that honours keys had before a crash nothing is known, and after it
                        # the session was closed.
                        pass
                    elif body in given[index]:
                        self.assertEqual(status, I.LEG_STATUS_DELIVERED, interaction)
                    elif talk.closing:
                        self.assertIn(status, [I.LEG_STATUS_CANCELED, I.LEG_STATUS_DELIVERY_UNKNOWN], interaction)
                    else:
                        # Begun, and the crash came before it was handed over or its refusal was known.
                        self.assertEqual((status, index), (I.LEG_STATUS_DELIVERY_UNKNOWN, 1), interaction)
        self.assertGreater(count[I.LEG_STATUS_DELIVERED], 10 * ROUNDS)
        print(f"legs by status: {count}, events: {len(self.log)}", file=sys.stderr)

    def test_killed_again_and_again(self):
        for _ in range(ROUNDS):
            for thread in self.threads:
                thread.serve(self.up)
            self.crash_after(self.chance.randint(40, 400))
            self.start_again()
        self.settle()
        self.check_log()
        self.check_sessions()
        self.check_sends()
        self.check_ends()
        self.assert_no_troubles()
        self.up.process.kill()
        self.up.process.wait(PATIENCE)
        self.up.left = True
        self.up.disconnect()
        self.start_again()
        self.check_ends()
        self.assertEqual(self.up.stop(), 0)


if __name__ == "__main__":
    unittest.main()
