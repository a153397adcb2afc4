#!/usr/bin/python3
"""The checker complains of a server that breaks a promise, and of what."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
sys.path.insert(0, os.path.abspath("tests/integration/crash"))
from checker import Complaint, insist
from harness import pb
from history import History
from load import Text
from programs import DELIVERED, UNDELIVERED
from story import Story
from world import proxy

SEED = os.environ.get("MASKLINE_SEED", "1")
ROUNDS = 12
CANCELED_LEG, DELIVERED_LEG = pb.interactions.LEG_STATUS_CANCELED, pb.interactions.LEG_STATUS_DELIVERED


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
        except (Complaint, RuntimeError) as complaint:  # or it does not start again
            print(f"{mutant}, after {story.rounds} rounds: {complaint}", file=sys.stderr)
            return str(complaint)
        self.fail(f"nobody complains of {mutant}")

    def test_answered_before_it_is_durable(self):
        self.complaint("answer_before_durable", lambda story: story.at_point("pipeline_before_commit", "load", 20))

    def test_the_mark_of_an_attempt_forgotten(self):
        said = self.complaint("attempt_unmarked", lambda story: story.at_point("outbox_after_settlement", "load", 10))
        self.assertRegex(said, "given again|went out by two carriers|ended as")

    def test_entries_left_out_of_a_replay(self):
        self.complaint("replay_skips_entries", Story.at_random)


class Evidence(unittest.TestCase):
    """With a server that does nothing wrong, and evidence that says otherwise."""

    def setUp(self):
        self.story = Story(f"{SEED}.evidence")
        self.addCleanup(self.story.end)
        self.story.create()
        self.story.at_random()
        self.checker = self.story.checker
        self.checker.after_crash()

    def complains(self, of):
        with self.assertRaisesRegex(Complaint, of):
            self.checker.after_crash()

    def some_given(self):
        """(network, send) of one that was taken."""
        return next((network, one) for network in self.story.networks for one in network.given if one.taken)

    def test_an_event_retold(self):
        told = self.story.follower.told
        event = pb.events.Event.FromString(told[-1])
        event.event_time.nanos ^= 1000
        told[-1] = event.SerializeToString(deterministic=True)
        self.checker.log = []
        self.complains("told differently")

    def test_an_event_that_is_gone(self):
        self.story.follower.told += [b""] * (len(self.checker.log) + 1)
        self.complains("are there")

    def test_a_send_to_somebody_else(self):
        _, one = self.some_given()
        one.recipient = one.recipient[:-1] + "x"
        self.complains("went from")

    def test_a_send_after_the_end(self):
        _, one = self.some_given()
        text = next(load.by_body[one.body] for load in self.story.loads if one.body in load.by_body)
        text.barred = one.life - 1
        self.complains("went from")

    def test_a_send_to_who_had_left(self):
        _, one = self.some_given()
        text = next(load.by_body[one.body] for load in self.story.loads if one.body in load.by_body)
        text.talk.removed.update({way.sid: one.life - 1 for way in text.ways()})
        self.complains("went from")

    def test_a_send_by_the_wrong_carrier(self):
        network, one = self.some_given()
        network.carrier = "another"
        self.complains("does not name")

    def test_a_text_by_two_carriers(self):
        network, one = self.some_given()
        for load in self.story.loads:
            load.carriers[one.sender] = {"keeps", "forgets"}
        next(other for other in self.story.networks if other is not network).given.append(one)
        self.complains("by two carriers")

    def test_a_text_that_is_lost(self):
        load = next(load for load in self.story.loads if load.talks)
        load.talks[-1].texts["never"] = text = Text(load.talks[-1], 0)
        text.answered = True
        self.complains("accepted and is lost")

    def test_a_number_that_is_lost(self):
        self.story.loads[0].numbers[proxy(999)] = True
        self.complains("listed False")

    def test_ends(self):
        self.story.settle()
        history = History(insist)
        for event in self.checker.log:
            history.take(pb.events.Event.FromString(event))
        again = next(event for event in map(pb.events.Event.FromString, reversed(self.checker.log))
                     if event.HasField("leg_updated") and event.leg_updated.leg.status == DELIVERED_LEG)
        again.leg_updated.leg.status = CANCELED_LEG
        again.event_time.CopyFrom(pb.events.Event.FromString(self.checker.log[-1]).event_time)
        with self.assertRaisesRegex(Complaint, "a second end"):
            history.take(again)
        network, one = self.some_given()
        network.fates[one.key] = UNDELIVERED if network.fates[one.key] != UNDELIVERED else DELIVERED
        with self.assertRaisesRegex(Complaint, "and the network says"):
            self.checker.at_end()


if __name__ == "__main__":
    unittest.main(verbosity=2)
