#!/usr/bin/python3
"""SIGKILL at any instant, and between any two steps: what was answered is there, nobody wrong is reached, and the log is told once."""

import concurrent.futures
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
AT_ONCE = 2  # stories of this shard: they wait most of the time
STORIES = 40 if LONG else 1  # beside those that come to every failpoint of this shard
ROUNDS = 13 if LONG else 6  # of such a story
PASSES = 20  # a failpoint's pass is one of the first so many
TRIES = 5  # to come to a failpoint that has to be reached
KINDS = ["load", "start", "stop"]


def shown(what, began):
    if os.environ.get("MASKLINE_VERBOSE"):
        print(f"{what}: {time.monotonic() - began:.2f} s", file=sys.stderr)


class Crash(unittest.TestCase):
    def setUp(self):
        self.points = read_failpoints()
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)

    def told(self, name, tell):
        """One story from its beginning to its end; returns it."""
        story = Story(f"{SEED}.{SHARD}.{name}")
        try:
            tell(story)
            story.settle()
            self.assertEqual(story.up.stop(), 0)
        finally:
            story.end()
        return story

    def all_told(self, stories):
        """Some at once. `stories`: (name, how it is told)."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            telling = [pool.submit(self.told, *story) for story in stories]
            return [one.result() for one in telling]

    def come_to(self, creating, points):
        """A story that comes to each of these failpoints."""
        def tell(story):
            story.create(creating)
            story.at_random()
            for kind, name in points:
                began, tries = time.monotonic(), 1
                while not story.at_point(name, kind):
                    self.assertLess(tries, TRIES, f"{name} is not reached")
                    tries += 1
                shown(name, began)
        return tell

    # holds: EVT-01 INV-01 INV-02 INV-03 INV-07 INV-08 NUM-09
    def test_every_failpoint(self):
        """Each is reached, at its first pass, by one of the shards."""
        chance = random.Random(f"points {SEED} {SHARD}")
        mine = [(kind, name) for kind in KINDS for name in self.points[kind]][SHARD::SHARDS]
        chance.shuffle(mine)
        # Nothing is old enough to be thrown away at first.
        mine.sort(key=lambda point: point[1].startswith("trim"))
        creating = self.points["create"][SHARD::SHARDS]
        stories = self.all_told([(f"points{part}", self.come_to(creating[part::AT_ONCE], mine[part::AT_ONCE]))
                                 for part in range(AT_ONCE)])
        self.assertEqual(sorted(name for story in stories for name in story.reached),
                         sorted(creating + [name for _, name in mine]))

    def at_random(self, story):
        chance = random.Random(f"rounds {story.seed}")
        points = [(kind, name) for kind in KINDS for name in self.points[kind]]
        story.create()
        for _ in range(ROUNDS):
            began, what = time.monotonic(), "random"
            if chance.random() < 0.6:
                story.at_random()
            else:
                kind, what = chance.choice(points)
                story.at_point(what, kind, chance.randint(1, PASSES))
            shown(what, began)

    # holds: EVT-01 INV-01 INV-02 INV-03 INV-07 INV-08 NUM-09
    def test_at_random(self):
        """Instants, and failpoints at any pass."""
        stories = self.all_told([(number, self.at_random) for number in range(STORIES)])
        self.assertGreaterEqual(sum(story.rounds for story in stories), STORIES * ROUNDS)


if __name__ == "__main__":
    with open(os.environ.get("TEST_SHARD_STATUS_FILE", os.devnull), "w", encoding="ascii"):
        pass  # so Bazel knows that this divides itself
    unittest.main(verbosity=2)
