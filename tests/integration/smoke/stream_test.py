#!/usr/bin/python3
"""A Service's log, listed and followed: where streams begin, what passes, how they end."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, reason_of, take

CALL = {"timeout": PATIENCE}


class Stream(Case):
    def setUp(self):
        super().setUp()
        self.now = self.server().start()
        self.service = self.now.services.CreateService(
            pb.services.CreateServiceRequest(unique_name="shop"), **CALL).service
        for i in range(9):
            self.now.sessions.CreateSession(pb.sessions.CreateSessionRequest(service="shop", unique_name=f"{i}"), **CALL)

    def stream(self, **request):
        return self.now.events.StreamEvents(
            pb.events.StreamEventsRequest(**{"service": self.service.sid, **request}), **CALL)

    def list(self, **request):
        return self.now.events.ListEvents(
            pb.events.ListEventsRequest(**{"service": self.service.sid, **request}), **CALL)

    def positions(self, stream, count):
        return [message.event.position for message in take(stream, count)]

    def ended(self, stream):
        """(code, reason, metadata) of a stream that must end with an error now."""
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        return reason_of(caught.exception)

    # holds: EVT-12
    def test_places_to_begin(self):
        for request, first in [({}, 10), ({"from_now": True}, 10), ({"from_oldest": True}, 0),
                               ({"after_position": 0}, 0), ({"after_position": 7}, 7), ({"after_position": 10}, 10)]:
            stream = self.stream(**request)
            self.assertEqual(next(stream).heartbeat.position, first, request)
            if first < 10:
                self.assertEqual(self.positions(stream, 10 - first), list(range(first + 1, 11)))
            stream.cancel()
        self.assertEqual(self.ended(self.stream(after_position=11)),
                         (grpc.StatusCode.OUT_OF_RANGE, "POSITION_NOT_REACHED", {"last_position": "10"}))

    # holds: EVT-12
    def test_what_happens_later_is_told(self):
        stream = self.stream(heartbeat_interval={"seconds": 3600})
        self.assertTrue(next(stream).HasField("heartbeat"))
        for i in range(3):
            self.now.sessions.DeleteSession(
                pb.sessions.DeleteSessionRequest(service="shop", session=str(i)), **CALL)
            event = next(stream).event
            self.assertEqual((event.position, event.session_deleted.unique_name), (11 + i, str(i)))

    # holds: EVT-12 EVT-13
    def test_filter_and_heartbeat(self):
        session = self.now.sessions.GetSession(
            pb.sessions.GetSessionRequest(service="shop", session="4"), **CALL).session
        for name in [session.sid, "4"]:
            stream = self.stream(from_oldest=True, filter={"session": name}, heartbeat_interval={"seconds": 1})
            self.assertEqual(next(stream).heartbeat.position, 0)
            event = next(stream).event
            self.assertEqual((event.position, event.session_sid), (6, session.sid))
            # What does not pass was looked at: the place to go on from moves.
            self.assertEqual(next(stream).heartbeat.position, 10)
            stream.cancel()
        listed = self.list(filter={"types": [pb.events.EVENT_TYPE_SERVICE_CREATED]})
        self.assertEqual([event.position for event in listed.events], [1])
        self.assertEqual((listed.through_position, listed.last_position, listed.oldest_position), (10, 10, 1))
        self.assertEqual(self.ended(self.stream(filter={"session": "none"}))[:2],
                         (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND"))

    # holds: EVT-11
    def test_pages(self):
        self.assertEqual([e.position for e in self.list(page_size=4).events], [1, 2, 3, 4])
        page = self.list(page_size=4, after_position=8)
        self.assertEqual([e.position for e in page.events], [9, 10])
        self.assertEqual(page.through_position, 10)
        self.assertEqual(len(self.list(after_position=10).events), 0)

    def test_stream_ends_with_its_service(self):
        whole, filtered = self.stream(from_oldest=True), self.stream(filter={"session": "3"})
        self.assertTrue(next(filtered).HasField("heartbeat"))
        self.now.services.DeleteService(pb.services.DeleteServiceRequest(service="shop"), **CALL)
        told = [message.event for message in whole if message.HasField("event")]
        self.assertEqual(whole.code(), grpc.StatusCode.OK)
        self.assertEqual([event.position for event in told], list(range(1, len(told) + 1)))
        self.assertEqual(told[-1].WhichOneof("payload"), "service_deleted")
        self.assertEqual([m.event.WhichOneof("payload") for m in filtered if m.HasField("event")], ["session_deleted"])
        self.assertEqual(filtered.code(), grpc.StatusCode.OK)
        # The log can still be read, from any place, and has its end at once.
        for request, count in [({"from_now": True}, 0), ({"from_oldest": True}, len(told)),
                               ({"after_position": len(told) - 1}, 1)]:
            again = list(self.stream(**request))
            self.assertEqual(sum(message.HasField("event") for message in again), count, request)

    # holds: INV-08
    def test_what_is_purged(self):
        self.now.services.UpdateService(pb.services.UpdateServiceRequest(
            service="shop", retention_policy={"events": {"seconds": 3600}}), **CALL)
        end = time.monotonic() + PATIENCE
        # What is purged was written out before, which the server does in its own time.
        while self.list().oldest_position <= 3:
            self.assertLess(time.monotonic(), end)
            self.now.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 3600}), **CALL)
            time.sleep(0.05)
        listed = self.list()
        self.assertEqual([event.position for event in listed.events],
                         list(range(listed.oldest_position, listed.last_position + 1)))
        code, reason, metadata = self.ended(self.stream(after_position=2))
        self.assertEqual((code, reason), (grpc.StatusCode.OUT_OF_RANGE, "EVENTS_PURGED"))
        self.assertGreaterEqual(int(metadata["oldest_position"]), listed.oldest_position)
        self.refused(grpc.StatusCode.OUT_OF_RANGE, "EVENTS_PURGED", self.now.events.ListEvents,
                     pb.events.ListEventsRequest(service="shop", after_position=2))
        self.assertGreaterEqual(next(self.stream(from_oldest=True)).heartbeat.position, listed.oldest_position - 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
