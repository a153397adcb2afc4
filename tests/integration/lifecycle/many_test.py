#!/usr/bin/python3
"""Many sessions: a Service is deleted in pieces, over a crash, too; lists and filters while others write."""

import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, reason_of
from world import World, person, proxy

E, S = pb.events, pb.sessions
MANY = 700


class Many(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()

    def fill(self, world, count):
        calls = [self.up.sessions.CreateSession.future(S.CreateSessionRequest(
            service=world.sid, unique_name=f"talk {i}", participants=[{"identifier": person(i)}]), timeout=PATIENCE)
            for i in range(count)]
        return [call.result().session for call in calls]

    def delete(self, world):
        return self.up.services.DeleteService(pb.services.DeleteServiceRequest(service=world.sid), timeout=PATIENCE).service

    def service(self, world):
        return self.up.services.GetService(pb.services.GetServiceRequest(service=world.sid), timeout=PATIENCE).service

    def check_end(self, world, sessions, told):
        """The log of a deleted Service: each session went once, and nothing came after the last event."""
        self.assertEqual([e.position for e in told], list(range(1, len(told) + 1)))
        self.assertEqual(told[-1].type, E.EVENT_TYPE_SERVICE_DELETED)
        begin = [e.type for e in told].index(E.EVENT_TYPE_SERVICE_DELETING)
        gone = [e.session_sid for e in told[begin:] if e.type == E.EVENT_TYPE_SESSION_DELETED]
        self.assertEqual(sorted(gone), sorted(s.sid for s in sessions))
        for event in told[begin:]:
            if event.type == E.EVENT_TYPE_SESSION_DELETED:
                self.assertEqual(event.session_deleted.reason, E.SESSION_DELETED_REASON_SERVICE_DELETED)
        self.assertEqual(self.service(world).state, pb.services.SERVICE_STATE_DELETED)
        self.assertEqual(list(self.up.services.ListServices(pb.services.ListServicesRequest(), timeout=PATIENCE).services), [])

    def ended_stream(self, world):
        """A stream of the log ends by itself with the Service."""
        return [m.event for m in world.stream() if m.HasField("event")]

    # holds: SVC-04 SVC-12 SVC-16 SVC-18
    def test_deleting(self):
        world = World(self.up, numbers=[proxy(1), proxy(2)])
        sessions = self.fill(world, MANY)
        follower = world.stream()
        self.assertTrue(next(follower).HasField("heartbeat"))
        deleting = self.delete(world)
        self.assertIn(deleting.state, [pb.services.SERVICE_STATE_DELETING, pb.services.SERVICE_STATE_DELETED])
        with self.assertRaises(grpc.RpcError) as caught:
            world.session()
        self.assertEqual(reason_of(caught.exception)[:2], (grpc.StatusCode.NOT_FOUND, "SERVICE_DELETED"))
        told = [m.event for m in follower if m.HasField("event")]
        self.assertEqual(follower.code(), grpc.StatusCode.OK)
        self.check_end(world, sessions, told)
        self.assertEqual(self.delete(world).state, pb.services.SERVICE_STATE_DELETED)
        # Its name is free at once, its numbers are when late replies are not to be feared any more.
        again = World(self.up)
        with self.assertRaises(grpc.RpcError) as caught:
            again.add_number(proxy(1))
        self.assertEqual(reason_of(caught.exception)[:2], (grpc.StatusCode.FAILED_PRECONDITION, "NUMBER_NOT_AVAILABLE"))
        self.assertIn("free_time", reason_of(caught.exception)[2])
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 4 * 3600}), timeout=PATIENCE)
        again.add_number(proxy(1))
        self.assertNotEqual(again.sid, world.sid)
        self.assertEqual(self.ended_stream(world), told)
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 8 * 86400}), timeout=PATIENCE)
        for _ in range(20000):
            try:
                self.service(world)
            except grpc.RpcError as error:
                self.assertIn(reason_of(error)[1], ["SERVICE_NOT_FOUND", "SERVICE_DELETED"])
                break
        else:
            self.fail("it never goes")
        self.assertEqual(again.session().service_sid, again.sid)

    # holds: INV-08 SVC-15
    def test_deleting_over_crashes(self):
        world = World(self.up, numbers=[proxy(1), proxy(2)])
        sessions = self.fill(world, MANY)
        before = [e.SerializeToString() for e in world.events()]
        self.delete(world)
        for _ in range(3):
            self.up.kill()
            self.up.start()
            world.server = self.up
            now = [e.SerializeToString() for e in world.events()]
            self.assertEqual(now[:len(before)], before)
            before = now
        told = self.ended_stream(world)
        self.assertEqual([e.SerializeToString() for e in told][:len(before)], before)
        self.check_end(world, sessions, told)
        self.assertEqual(self.up.stop(), 0)
        self.up.start()
        self.assertEqual([e.SerializeToString() for e in self.ended_stream(world)], [e.SerializeToString() for e in told])

    # holds: LST-05
    def test_lists_while_others_write(self):
        world = World(self.up, numbers=[proxy(1), proxy(2)])
        sessions = self.fill(world, 300)
        doomed = {s.sid for s in sessions[::3]}
        stay = {s.sid for s in sessions} - doomed
        stop, begun = threading.Event(), threading.Event()
        failures = []

        def write():
            try:
                for index, sid in enumerate(sorted(doomed)):
                    if stop.is_set():
                        return
                    world.delete(sid)
                    world.session(unique_name=f"new {index}")
                    begun.set()
            except grpc.RpcError as error:
                failures.append(error)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            self.assertTrue(begun.wait(PATIENCE), failures)
            for size in [1, 7, 50, 1000]:
                found = [s.sid for s in world.sessions(page_size=size)]
                self.assertEqual(len(found), len(set(found)))
                self.assertEqual(stay - set(found), set(), size)
                self.assertEqual(found, sorted(found), "oldest first")
        finally:
            stop.set()
            writer.join(PATIENCE)
        self.assertEqual(failures, [])

    # holds: LST-06 SES-27
    def test_filters(self):
        world = World(self.up, numbers=[proxy(i) for i in range(3)])
        people = [person(1), person(2), person(3)]
        made = {}
        for index, (one, other) in enumerate([(0, 1), (1, 2), (0, 2)]):
            made[index] = world.session(people[one], people[other], unique_name=f"talk {index}")
            self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 60}), timeout=PATIENCE)
        texts = world.session(mode=pb.common.SESSION_MODE_MESSAGE_ONLY)
        world.close(made[0].sid)
        world.send(made[1].sid, made[1].participants[0].sid, "Hello")
        sids = {made[i].sid: i for i in made} | {texts.sid: 3}

        def found(**filters):
            return [sids[s.sid] for s in world.sessions(**filters)]

        self.assertEqual(found(), [0, 1, 2, 3])
        self.assertEqual(found(statuses=[S.SESSION_STATUS_CLOSED]), [0])
        self.assertEqual(found(statuses=[S.SESSION_STATUS_OPEN]), [2, 3])
        self.assertEqual(found(statuses=[S.SESSION_STATUS_IN_PROGRESS, S.SESSION_STATUS_CLOSED]), [0, 1])
        self.assertEqual(found(statuses=[S.SESSION_STATUS_FAILED]), [])
        self.assertEqual(found(mode=pb.common.SESSION_MODE_MESSAGE_ONLY), [3])
        self.assertEqual(found(unique_name="talk 1"), [1])
        self.assertEqual(found(unique_name="talk"), [])
        self.assertEqual([found(identifier=one) for one in people], [[0, 2], [0, 1], [1, 2]])
        self.assertEqual(found(identifier=person(9)), [])
        self.assertEqual(found(identifier=people[0], statuses=[S.SESSION_STATUS_OPEN]), [2])
        at = made[1].create_time
        self.assertEqual(found(created={"start_time": at}), [1, 2, 3])
        self.assertEqual(found(created={"end_time": at}), [0])
        self.assertEqual(found(created={"start_time": at, "end_time": made[2].create_time}), [1])
        self.assertEqual(found(created={"start_time": at, "end_time": at}), [])
        self.assertEqual(found(ended={"start_time": {"seconds": 1}}), [0])
        self.assertEqual(found(last_interaction={"start_time": {"seconds": 1}}), [1])
        # One that has passed its end is CLOSED in lists, too, at once.
        world.update(texts.sid, ttl={"seconds": 60})
        self.up.simulator.MoveClock(pb.simulator.MoveClockRequest(advance={"seconds": 61}), timeout=PATIENCE)
        self.assertEqual(found(statuses=[S.SESSION_STATUS_CLOSED]), [0, 3])
        # With small pages it is the same.
        self.assertEqual([sids[s.sid] for s in world.sessions(page_size=1, identifier=people[2])], [1, 2])
        # A clock that was moved by hand stands, after a crash, where the last that was written has it.
        world.until(lambda e: e.type == E.EVENT_TYPE_SESSION_CLOSED and e.session_sid == texts.sid)
        self.up.kill()
        self.up.start()
        world.server = self.up
        self.assertEqual(found(statuses=[S.SESSION_STATUS_CLOSED]), [0, 3])
        self.assertEqual([found(identifier=one) for one in people], [[0, 2], [0, 1], [1, 2]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
