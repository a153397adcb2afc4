#!/usr/bin/python3
"""A server that is told to end in the midst of calls, many times: every call that it has begun gets its own answer, so what is kept is
what was acknowledged, no more and no less."""

import collections
import os
import signal
import sys
import unittest

sys.path[:0] = [os.path.abspath("tests/integration"), os.path.abspath("tests/stress")]
from harness import Case, grpc, pb, reason_of
from world import World, person, proxy

LONG = os.environ.get("MASKLINE_LONG")
RUNS = 200 if LONG else 8
CALLS = 150


class Drains(Case):
    def test_what_is_kept_is_what_was_acknowledged(self):
        ends = collections.Counter()
        server = self.server("--grace", "30s")
        world = None
        expected = set()
        for run in range(RUNS):
            server.start()
            if world is None:
                world = World(server, numbers=[proxy(1), proxy(2)])
                session = world.session(person(1), person(2))
            world.server = server
            events = world.stream(from_now=True)
            next(events)
            answers = []
            for index in range(CALLS):
                body = f"{run}.{index}"
                answers.append((body, server.interactions.SendMessage.future(pb.interactions.SendMessageRequest(
                    service=world.sid, session=session.sid, participant=session.participants[0].sid, body=body),
                    timeout=120)))
            answers[0][1].result()
            server.signal(signal.SIGTERM)
            for body, answer in answers:
                try:
                    answer.result()
                    expected.add(body)
                    ends["OK"] += 1
                except grpc.RpcError as error:
                    code, reason, _ = reason_of(error)
                    ends[f"{code.name} {reason}"] += 1
                    # By the server, or by the core for what came behind its goodbye.
                    self.assertIn((code.name, reason), [("UNAVAILABLE", "SERVER_STOPPING"), ("CANCELLED", ""),
                                                        ("UNAVAILABLE", "")])
            with self.assertRaises(grpc.RpcError) as caught:
                for _ in events:
                    pass
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            server.disconnect()
            self.assertEqual(server.wait(), 0, server.said())
        server.start()
        world.server = server
        there = [interaction.content.body for interaction in world.interactions(session.sid, page_size=1000)]
        print(f"{RUNS} drains: {dict(ends)}", flush=True)
        self.assertEqual(len(there), len(set(there)))
        self.assertEqual(set(there), expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
