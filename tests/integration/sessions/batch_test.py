#!/usr/bin/python3
"""Many sessions over one stream."""

import os
import queue
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, reason_of
from world import World, person, proxy

CODE = {code.value[0]: code for code in grpc.StatusCode}
MANY = 1500


def create(tag, service, *people, **more):
    specs = [pb.participants.ParticipantSpec(identifier=one) for one in people]
    return pb.sessions.BatchSessionsRequest(
        tag=tag, create=pb.sessions.CreateSessionRequest(service=service, participants=specs, **more))


def close(tag, service, session):
    return pb.sessions.BatchSessionsRequest(tag=tag, close=pb.sessions.SessionToClose(service=service, session=session))


class Batch(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(index) for index in range(2)])

    def batch(self, entries):
        return list(self.up.sessions.BatchSessions(iter(entries), timeout=PATIENCE))

    # holds: BAT-01 BAT-02
    def test_thousands_are_made_and_closed(self):
        sid = self.world.sid
        answers = self.batch(create(index, sid, person(2 * index), person(2 * index + 1)) for index in range(MANY))
        self.assertEqual([answer.tag for answer in answers], list(range(MANY)))
        self.assertEqual({answer.WhichOneof("outcome") for answer in answers}, {"session"})
        self.assertEqual([answer.session.participants[1].identifier for answer in answers],
                         [person(2 * index + 1) for index in range(MANY)])
        made = [answer.session.sid for answer in answers]
        self.assertEqual([session.sid for session in self.world.sessions(page_size=1000)], made)
        # Each twice: what is closed stays so.
        answers = self.batch(close(index, sid, made[index // 2]) for index in range(2 * MANY))
        self.assertEqual([answer.session.sid for answer in answers], [made[index // 2] for index in range(2 * MANY)])
        self.assertEqual({answer.session.status for answer in answers}, {pb.sessions.SESSION_STATUS_CLOSED})
        self.assertEqual(self.world.sessions(page_size=1000, statuses=[pb.sessions.SESSION_STATUS_OPEN]), [])
        told = [event.type for event in self.world.events()]
        self.assertEqual(told.count(pb.events.EVENT_TYPE_SESSION_CLOSED), MANY)

    # holds: BAT-03 BAT-05 EVT-10
    def test_each_has_its_own_fate(self):
        sid, ann, bob, cat, dan = self.world.sid, person(1), person(2), person(3), person(4)
        entries = [create(7, sid, ann, bob, unique_name="a"), create(7, sid, cat, unique_name="a"),
                   create(0, sid, "12", metadata={"k": "v"}), pb.sessions.BatchSessionsRequest(tag=9), create(1, "nobody"),
                   create(2, sid, ann, cat), create(3, sid, ann, dan), close(4, sid, "a"), close(5, sid, "b"),
                   create(6, sid, cat, dan, unique_name="b", metadata={"k": "v"}), create(8, sid, ann, cat, dan),
                   create(10, sid, expire_time={"seconds": 1})]
        answers = self.batch(entries)
        self.assertEqual([answer.tag for answer in answers], [entry.tag for entry in entries])
        seen = [answer.error.reason or "made" for answer in answers]
        self.assertEqual(seen, ["made", "SESSION_NAME_TAKEN", "INVALID_IDENTIFIER", "INVALID_FIELD", "SERVICE_NOT_FOUND", "made",
                                "ALL_NUMBERS_IN_USE", "made", "SESSION_NOT_FOUND", "made", "TOO_MANY_PARTICIPANTS",
                                "INVALID_FIELD"])
        taken, bad, empty, missing, used = (answers[index].error for index in (1, 2, 3, 4, 6))
        self.assertEqual((CODE[taken.code], taken.metadata["original_code"]), (grpc.StatusCode.ALREADY_EXISTS, "80603"))
        self.assertEqual([field.field for field in bad.field_violations], ["participants[0].identifier"])
        self.assertEqual(bad.metadata["participant"], "0")
        self.assertEqual([field.field for field in empty.field_violations], ["entry"])
        self.assertEqual(CODE[missing.code], grpc.StatusCode.NOT_FOUND)
        self.assertEqual((CODE[used.code], used.metadata["participant"]), (grpc.StatusCode.FAILED_PRECONDITION, "0"))
        self.assertEqual(dict(answers[9].session.metadata), {"k": "v"})
        told = [event.pool_exhausted.reason for event in self.world.events()
                if event.type == pb.events.EVENT_TYPE_POOL_EXHAUSTED]
        self.assertEqual(told, ["ALL_NUMBERS_IN_USE"])
        for answer in answers:
            self.assertNotIn("+1555100", answer.error.message)
        self.assertEqual([session.unique_name for session in self.world.sessions()], ["a", "", "b"])
        # The same as by the calls for one.
        error = self.refused(CODE[used.code], used.reason, self.up.sessions.CreateSession, entries[6].create)
        self.assertEqual(error.details(), used.message)

    # holds: BAT-04
    def test_a_batch_sent_again_makes_nothing_twice(self):
        sid = self.world.sid
        entries = [create(index, sid, person(index), request_id=f"r{index}") for index in range(300)]
        stream = self.up.sessions.BatchSessions(iter(entries), timeout=PATIENCE)
        first = [next(stream).session.sid for _ in range(100)]
        stream.cancel()
        self.up.kill()
        self.up.start()
        again = self.batch(entries)
        self.assertEqual([answer.session.sid for answer in again[:100]], first)
        self.assertEqual(len(self.world.sessions(page_size=1000)), 300)
        # A request_id of a batch is one of CreateSession.
        made = self.up.sessions.CreateSession(entries[5].create, timeout=PATIENCE).session
        self.assertEqual(made.sid, first[5])
        other = create(0, sid, person(7), request_id="r5")
        self.assertEqual(self.batch([other])[0].error.reason, "REQUEST_ID_REUSED")

    def test_entries_wait_for_who_reads(self):
        """Who writes and does not read is stopped, and loses nothing."""
        sid, waiting = self.world.sid, queue.Queue()
        stream = self.up.sessions.BatchSessions(iter(waiting.get, None), timeout=PATIENCE)
        for index in range(2000):
            waiting.put(create(index, sid))
        self.assertEqual([next(stream).tag for _ in range(2000)], list(range(2000)))
        # An entry is answered while the stream stands open.
        waiting.put(create(5000, sid))
        self.assertEqual(next(stream).tag, 5000)
        waiting.put(None)
        self.assertEqual(list(stream), [])
        self.assertEqual(stream.code(), grpc.StatusCode.OK)

    # holds: API-20 API-22
    def test_what_is_no_request_ends_the_stream(self):
        bad = [b"\x0a\xff", b"\x02\x00", b"\x12\x03\x12\x01\xff", b"\x0f", b"\x12\x80\x01"]
        for raw in bad:
            stream = self.up.channel.stream_stream("/maskline.v1.Sessions/BatchSessions")(
                iter([create(1, self.world.sid).SerializeToString(), raw]), timeout=PATIENCE)
            with self.assertRaises(grpc.RpcError) as caught:
                list(stream)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT, raw)
            self.assertIn(reason_of(caught.exception)[1], ["MALFORMED_MESSAGE", "INVALID_TEXT"], raw)
        wrong = [create(0, self.world.sid, mode=77), create(0, self.world.sid, status=77), create(0, ""), close(0, "", ""),
                 close(0, self.world.sid, ""), close(0, self.world.sid, self.world.sid),
                 create(0, self.world.sid, unique_name="x" * 200000)]
        self.assertEqual([answer.error.reason for answer in self.batch(wrong)],
                         ["INVALID_FIELD"] * 5 + ["INVALID_SID", "MESSAGE_TOO_LARGE"])

    def test_an_empty_batch(self):
        self.assertEqual(self.batch([]), [])

    def test_who_goes_away_leaves_whole_sessions(self):
        sid, waiting = self.world.sid, queue.Queue()
        for index in range(600):
            waiting.put(create(index, sid, person(2 * index), person(2 * index + 1)))
        stream = self.up.sessions.BatchSessions(iter(waiting.get, None), timeout=PATIENCE)
        next(stream)
        stream.cancel()
        waiting.put(None)
        made = self.world.sessions(page_size=1000)
        self.assertGreater(len(made), 0)
        for session in made:
            self.assertEqual(len(session.participants), 2)
        self.assertEqual(self.batch([create(1, sid)])[0].tag, 1)

    def test_the_servers_end_ends_it(self):
        sid, waiting = self.world.sid, queue.Queue()
        stream = self.up.sessions.BatchSessions(iter(waiting.get, None), timeout=PATIENCE)
        waiting.put(create(1, sid))
        self.assertEqual(next(stream).tag, 1)
        self.up.signal(15)
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        waiting.put(None)
        self.up.disconnect()
        self.assertEqual(self.up.wait(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
