#!/usr/bin/python3
"""The checker complains of a server that breaks a promise, and of what."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
sys.path.insert(0, os.path.abspath("tests/integration/crash"))
from checker import Complaint
from story import Story

SEED = os.environ.get("MASKLINE_SEED", "1")
ROUNDS = 12


class Mutants(unittest.TestCase):
    def complaint(self, mutant, play):
        """What the checker says of a server with this rule switched off, within a few rounds."""
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)
        story = Story(f"{SEED}.{mutant}", mutant)
        self.addCleanup(story.end)
        story.create()
        try:
            for _ in range(ROUNDS):
                play(story)
            story.settle()
        except Complaint as complaint:
            print(f"{mutant}, after {story.rounds} rounds: {complaint}", file=sys.stderr)
            return str(complaint)
        self.fail(f"nobody complains of {mutant}")

    def test_answered_before_it_is_durable(self):
        said = self.complaint("answer_before_durable", lambda story: story.at_point("pipeline_before_commit", "load", 20))
        self.assertRegex(said, "is lost|are there|was closed and|others are in|made .* and again|went from|unexpected answers")

    def test_the_mark_of_an_attempt_forgotten(self):
        said = self.complaint("forget_attempt_mark", lambda story: story.at_point("outbox_after_settlement", "load", 10))
        self.assertRegex(said, "given again|went out by two carriers|ended as")

    def test_entries_left_out_of_a_replay(self):
        said = self.complaint("replay_skips_entries", Story.at_random)
        self.assertRegex(said, "is lost|was closed and|others are in|not what the log tells|listed|unexpected answers")


if __name__ == "__main__":
    unittest.main()
