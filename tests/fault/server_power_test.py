#!/usr/bin/python3
"""A whole server under load loses its power, again and again: all that crash_test.py demands after kill -9 holds here, too."""

import os
import random
import sys
import unittest

for part in ("tests/integration", "tests/integration/crash", "tests/fault"):
    sys.path.insert(0, os.path.abspath(part))
from harness import Case, grpc, pb
from machine import FAULTY, Machine
from story import Story
from world import World, proxy

LONG = bool(os.environ.get("MASKLINE_LONG"))
SEED = int(os.environ.get("MASKLINE_SEED", "1"))
ROUNDS = 20 if LONG else 3


class Power(unittest.TestCase):
    # holds: INV-01 INV-02 INV-03 INV-07 INV-08
    def test_it_is_lost_again_and_again(self):
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)
        chance = random.Random(f"power {SEED}")
        story = Story(f"{SEED}.power")
        self.addCleanup(story.end)
        machine = Machine(story.folder.name)
        story.up.surroundings = machine.install(story.up, journal=True).environment

        def lose():
            if not os.path.exists(machine.journal):
                return  # it had not come so far as to touch its disk
            loss = chance.choice(["strict", "some"])
            machine.lose_power(loss, chance)
            print(f"power lost, {loss}", file=sys.stderr)
        story.up.on_death = lose
        story.create()
        for _ in range(ROUNDS):
            story.at_random()
        story.settle()


class Unsynced(Case):
    def test_a_server_that_does_not_sync_is_found_out(self):
        """The same server, the same loss, with its sync and without."""
        machine = Machine(self.folder)
        server = machine.install(self.server("--carrier", "simulator"), journal=True)
        server.program = FAULTY
        for mutant in ("", "no_sync"):
            server.environment["MASKLINE_MUTANT"] = mutant
            world = World(server.start(), name=f"shop{mutant}", numbers=[proxy(len(mutant))])
            server.kill()
            machine.lose_power("strict", random.Random(SEED))
            server.environment["MASKLINE_MUTANT"] = ""
            server.start()
            if mutant:
                self.refused(grpc.StatusCode.NOT_FOUND, "SERVICE_NOT_FOUND", server.services.GetService,
                             pb.services.GetServiceRequest(service=world.sid))
            else:
                self.assertEqual([event.position for event in world.events()], [1, 2])
            server.kill()
            machine.keep()


if __name__ == "__main__":
    unittest.main(verbosity=2)
