#!/usr/bin/python3
"""Lists of sessions and interactions, and names that are taken again, as clients see them."""

import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, fields_of, grpc, pb
from world import World, person, proxy

CLOSED, OPEN = pb.sessions.SESSION_STATUS_CLOSED, pb.sessions.SESSION_STATUS_OPEN
IN_PROGRESS = pb.sessions.SESSION_STATUS_IN_PROGRESS


def sids(rows):
    return [row.sid for row in rows]


class Lists(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.world = World(self.up, numbers=[proxy(index) for index in range(8)])

    # holds: SES-27 LST-04 LST-06
    def test_all_given_filters_hold(self):
        world, text = self.world, pb.common.SESSION_MODE_MESSAGE_ONLY
        made = [world.session(person(0), person(index + 1), unique_name=f"n{index}", mode=text if index % 2 else 0)
                for index in range(6)]
        sent = world.send(made[2].sid, made[2].participants[0].sid, "Hello")
        ended = [world.close(made[index].sid) for index in (1, 4)]
        everything = sids(world.sessions(page_size=2))
        self.assertEqual(everything, sids(made))

        def listed(**filters):
            found = sids(world.sessions(page_size=2, **filters))
            self.assertEqual(found, [sid for sid in everything if sid in found])
            return [everything.index(sid) for sid in found]
        self.assertEqual(listed(statuses=[CLOSED]), [1, 4])
        self.assertEqual(listed(statuses=[CLOSED, IN_PROGRESS]), [1, 2, 4])
        self.assertEqual(listed(mode=text), [1, 3, 5])
        self.assertEqual(listed(mode=text, statuses=[CLOSED]), [1])
        self.assertEqual(listed(unique_name="n3"), [3])
        self.assertEqual(listed(unique_name="n3", statuses=[CLOSED]), [])
        self.assertEqual(listed(identifier=person(0)), [0, 1, 2, 3, 4, 5])
        self.assertEqual(listed(identifier=person(3)), [2])
        self.assertEqual(listed(identifier=person(3), unique_name="n3"), [])
        self.assertEqual(listed(identifier=person(3), statuses=[OPEN]), [])
        self.assertEqual(listed(created={"start_time": made[3].create_time}), [3, 4, 5])
        self.assertEqual(listed(created={"end_time": made[3].create_time}), [0, 1, 2])
        self.assertEqual(listed(created={"start_time": made[1].create_time}, identifier=person(0), mode=text), [1, 3, 5])
        self.assertEqual(listed(ended={"start_time": ended[1].end_time}), [4])
        self.assertEqual(listed(ended={"end_time": ended[1].end_time}), [1])
        self.assertEqual(listed(last_interaction={"start_time": sent.create_time}), [2])
        self.assertEqual(listed(last_interaction={"end_time": sent.create_time}), [])

    # holds: LST-01 LST-02 LST-03 LST-08
    def test_pages_and_their_tokens(self):
        world, ask = self.world, pb.sessions.ListSessionsRequest
        made = [world.session().sid for _ in range(51)]
        first = self.up.sessions.ListSessions(ask(service=world.sid), timeout=PATIENCE)
        self.assertEqual(sids(first.sessions), made[:50])
        more = self.up.sessions.ListSessions(ask(service=world.sid, page_token=first.next_page_token), timeout=PATIENCE)
        self.assertEqual((sids(more.sessions), more.next_page_token), (made[50:], ""))
        whole = self.up.sessions.ListSessions(ask(service=world.sid, page_size=2000), timeout=PATIENCE)
        self.assertEqual((len(whole.sessions), whole.next_page_token), (51, ""))
        other = World(self.up, name="other")
        token = first.next_page_token
        bad = [ask(service=other.sid, page_token=token), ask(service=world.sid, page_token=token[:-1]),
               ask(service=world.sid, page_token=token, filter={"statuses": [OPEN]}),
               ask(service=world.sid, page_token=token, filter={"unique_name": "x"}),
               ask(service=world.sid, page_token=token, filter={"identifier": person(1)})]
        for request in bad:
            error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.ListSessions, request)
            self.assertEqual(fields_of(error), ["page_token"])
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", self.up.interactions.ListInteractions,
                             pb.interactions.ListInteractionsRequest(service=world.sid, session=made[0], page_token=token))
        self.assertEqual(fields_of(error), ["page_token"])
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.ListSessions,
                             ask(service=world.sid, page_size=-1))
        self.assertEqual(fields_of(error), ["page_size"])

    # holds: LST-05
    def test_paging_beside_writers(self):
        world = self.world
        stays = [world.session(unique_name=f"s{index}").sid for index in range(60)]
        done = threading.Event()

        def write():
            while not done.is_set():
                made = world.session().sid
                world.close(made)
                world.delete(made)
        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        try:
            for size in (1, 3, 7):
                found = [sid for sid in sids(world.sessions(page_size=size)) if sid in stays]
                self.assertEqual(found, stays)
        finally:
            done.set()
            for writer in writers:
                writer.join(PATIENCE)

    def test_interactions_by_type_status_and_time(self):
        world = self.world
        session = world.session(person(1), person(2))
        sent = [world.send(session.sid, session.participants[index % 2].sid, str(index)) for index in range(5)]
        for message in sent:  # no handset is there: each fails
            world.until(lambda event: event.type == pb.events.EVENT_TYPE_LEG_UPDATED
                        and event.leg_updated.interaction_sid == message.sid
                        and event.leg_updated.leg.HasField("end_time"))
        status = world.interactions(session.sid)[0].outbound[0].status

        def listed(**filters):
            found = sids(world.interactions(session.sid, page_size=2, filter=filters))
            return [sids(sent).index(sid) for sid in found]
        self.assertEqual(listed(), [0, 1, 2, 3, 4])
        self.assertEqual(listed(type=pb.interactions.INTERACTION_TYPE_MESSAGE), [0, 1, 2, 3, 4])
        self.assertEqual(listed(type=pb.interactions.INTERACTION_TYPE_VOICE), [])
        self.assertEqual(listed(outbound_statuses=[status]), [0, 1, 2, 3, 4])
        self.assertEqual(listed(outbound_statuses=[pb.interactions.LEG_STATUS_QUEUED]), [])
        self.assertEqual(listed(created={"start_time": sent[1].create_time, "end_time": sent[3].create_time}), [1, 2])
        self.assertEqual(listed(created={"start_time": sent[3].create_time}, outbound_statuses=[status]), [3, 4])

    # holds: SES-05 SES-06
    def test_statuses(self):
        world, status = self.world, pb.sessions.SessionStatus
        self.assertEqual(set(status.keys()), {f"SESSION_STATUS_{name}" for name in
                                              ("UNSPECIFIED", "OPEN", "IN_PROGRESS", "CLOSED", "FAILED", "UNKNOWN")})
        self.assertEqual(world.session().status, OPEN)
        for name, value in status.items():
            request = pb.sessions.CreateSessionRequest(service=world.sid, status=value)
            if value in (pb.sessions.SESSION_STATUS_FAILED, pb.sessions.SESSION_STATUS_UNKNOWN):
                error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", self.up.sessions.CreateSession, request)
                self.assertEqual(fields_of(error), ["status"], name)
            else:
                self.assertEqual(world.session(status=value).status, value or OPEN)
        for session in world.sessions():
            self.refused(grpc.StatusCode.FAILED_PRECONDITION, "ILLEGAL_STATUS_CHANGE", self.up.sessions.UpdateSession,
                         pb.sessions.UpdateSessionRequest(service=world.sid, session=session.sid,
                                                          status=pb.sessions.SESSION_STATUS_UNKNOWN))
        self.assertEqual({session.status for session in world.sessions()}, {OPEN, IN_PROGRESS, CLOSED})
        self.assertEqual(world.sessions(statuses=[pb.sessions.SESSION_STATUS_UNKNOWN]), [])

    # holds: API-07 SES-03
    def test_names_of_ended_sessions(self):
        world = self.world
        first = world.session(unique_name="a").sid
        world.close(first)
        create, again = self.up.sessions.CreateSession, pb.sessions.CreateSessionRequest(service=world.sid, unique_name="a")
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "SESSION_NAME_TAKEN", create, again)
        changed = self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=world.sid, session_policy={"reuse_names": True}), timeout=PATIENCE).service
        self.assertTrue(changed.session_policy.reuse_names)
        second = world.session(unique_name="a").sid
        self.assertEqual(world.get("a").sid, second)
        self.assertEqual(sids(world.sessions(unique_name="a", page_size=1)), [first, second])
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "SESSION_NAME_TAKEN", self.up.sessions.UpdateSession,
                     pb.sessions.UpdateSessionRequest(service=world.sid, session=first, status=IN_PROGRESS))
        changed = self.up.services.UpdateService(pb.services.UpdateServiceRequest(
            service=world.sid, update_mask={"paths": ["session_policy.reuse_names"]}), timeout=PATIENCE).service
        self.assertFalse(changed.session_policy.reuse_names)
        world.close(second)
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "SESSION_NAME_TAKEN", create, again)


if __name__ == "__main__":
    unittest.main(verbosity=2)
