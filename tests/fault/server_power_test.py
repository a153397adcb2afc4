#!/usr/bin/python3
"""A whole server under load loses its power, again and again: all that crash_test.py demands after kill -9 holds here, too."""

import os
import random
import sys
import unittest

for part in ("tests/integration", "tests/integration/crash", "tests/fault"):
    sys.path.insert(0, os.path.abspath(part))
import crash_test
import harness
from harness import Case, grpc, pb
from machine import FAULTY, Machine
from world import World, proxy

LONG = bool(os.environ.get("MASKLINE_LONG"))
SEED = int(os.environ.get("MASKLINE_SEED", "1"))
crash_test.ROUNDS = 20 if LONG else 3


class Power(crash_test.Crash):
    def setUp(self):
        self.machine = None
        super().setUp()

    def server(self, *flags, **more):
        made = super().server(*flags, **more)
        self.machine = Machine(self.folder)
        return self.machine.install(made, journal=True)

    def crash_after(self, count):
        super().crash_after(count)
        loss = self.chance.choice(["strict", "some"])
        self.machine.lose_power(loss, self.chance)
        print(f"{count} more answers, {loss}", file=sys.stderr)


class Unsynced(Case):
    def test_a_server_that_does_not_sync_is_found_out(self):
        """The same server, the same loss, with its sync and without."""
        self.addCleanup(setattr, harness, "SERVER", harness.SERVER)
        harness.SERVER = FAULTY
        machine = Machine(self.folder)
        server = machine.install(self.server("--carrier", "simulator"), journal=True)
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
    unittest.main()
