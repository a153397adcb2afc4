#!/usr/bin/python3
"""SIGKILL at any instant, and between any two steps: what was answered is there, nobody wrong is reached, and the log is told once."""

import os
import random
import sys
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
sys.path.insert(0, os.path.abspath("tests/integration/crash"))
from story import Story, read_failpoints

LONG = bool(os.environ.get("MASKLINE_LONG"))
SEED = int(os.environ.get("MASKLINE_SEED", "1"))
SHARD = int(os.environ.get("TEST_SHARD_INDEX", "0"))
SHARDS = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
STORIES = 40 if LONG else 1  # beside the first one, which comes to every failpoint of this shard
ROUNDS = 13 if LONG else 6  # of such a story
PASSES = 20  # a failpoint's pass is one of the first so many
TRIES = 5  # to come to a failpoint that has to be reached


class Crash(unittest.TestCase):
    def setUp(self):
        self.chance = random.Random(f"crash {SEED} {SHARD}")
        self.points = read_failpoints()
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)

    def begin(self, number, points=()):
        story = Story(f"{SEED}.{SHARD}.{number}")
        self.addCleanup(story.end)
        story.create(points)
        return story

    def shown(self, what, began):
        if os.environ.get("MASKLINE_VERBOSE"):
            print(f"{what}: {time.monotonic() - began:.2f} s", file=sys.stderr)

    def test_every_failpoint(self):
        """Each is reached, at its first pass, by one of the shards."""
        mine = [(kind, name) for kind in ["load", "start", "stop"] for name in self.points[kind]][SHARD::SHARDS]
        # Nothing is old enough to be thrown away at first.
        self.chance.shuffle(mine)
        mine.sort(key=lambda point: point[1].startswith("trim"))
        creating = self.points["create"][SHARD::SHARDS]
        story = self.begin("points", creating)
        story.at_random()
        for kind, name in mine:
            began = time.monotonic()
            tries = 1
            while not story.at_point(name, kind):
                self.assertLess(tries, TRIES, f"{name} is not reached")
                tries += 1
            self.shown(name, began)
        began = time.monotonic()
        story.settle()
        self.shown("settle", began)
        self.assertEqual(sorted(story.reached), sorted(creating + [name for _, name in mine]))
        self.assertEqual(story.up.stop(), 0)

    def test_at_random(self):
        """Instants, and failpoints at any pass."""
        points = [(kind, name) for kind in ["load", "start", "stop"] for name in self.points[kind]]
        rounds = 0
        for number in range(STORIES):
            story = self.begin(number)
            for _ in range(ROUNDS):
                began, what = time.monotonic(), "random"
                if self.chance.random() < 0.6:
                    story.at_random()
                else:
                    kind, what = self.chance.choice(points)
                    story.at_point(what, kind, self.chance.randint(1, PASSES))
                self.shown(what, began)
            story.settle()
            rounds += story.rounds
            self.assertEqual(story.up.stop(), 0)
            story.end()
        self.assertGreaterEqual(rounds, STORIES * ROUNDS)


if __name__ == "__main__":
    with open(os.environ.get("TEST_SHARD_STATUS_FILE", os.devnull), "w", encoding="ascii"):
        pass  # so Bazel knows that this divides itself
    unittest.main()
