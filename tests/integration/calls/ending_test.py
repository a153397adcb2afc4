#!/usr/bin/python3
"""What makes a call end that people would go on with: a request, and the end of what it rests on."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, grpc, pb
from phones import ANN, BEN, CAT, CallCase, Phone

E, I = pb.events, pb.interactions
C = grpc.StatusCode


class Ending(CallCase):
    def ends(self, world, call, reason, *phones):
        """The call ends on all phones, for that reason; the call as it is then."""
        for phone in phones:
            phone.until("ENDS")
        ended = self.until_ended(world, call)
        self.assertEqual(ended.call.hang_up_reason, reason)
        self.assertEqual(ended.status, I.INTERACTION_STATUS_ENDED)
        return ended

    # holds: VOI-12
    def test_end_call(self):
        world, talk, ann, ben = self.pair()
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        self.end(world, call)
        ended = self.ends(world, call, "END_CALL", ann, ben)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "COMPLETED"])
        # Again: nothing changes.
        before = world.events()
        self.assertEqual(self.end(world, call), ended)
        self.assertEqual(self.get(world, call), ended)
        self.assertEqual(world.events(), before)
        # While it rings; of a call that the Service has placed, on either stage.
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, talk)
        self.end(world, call)
        ended = self.ends(world, call, "END_CALL", ann, ben)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "CANCELED"])
        call = self.place(world, talk, talk.participants[0])
        ann.until("RINGS")
        self.end(world, call)
        ended = self.ends(world, call, "END_CALL", ann)
        self.assertEqual(self.statuses(ended), ["CANCELED", "CANCELED"])
        call = self.place(world, talk, talk.participants[0])
        ann.accepts_alone()
        ben.until("RINGS")
        self.end(world, call)
        ended = self.ends(world, call, "END_CALL", ann, ben)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "CANCELED"])

    # holds: VOI-12
    def test_end_call_of_what_is_none(self):
        world, talk, _, _ = self.pair()
        sent = world.send(talk.sid, talk.participants[0].sid, "Hello")
        for interaction, code, reason in [(sent.sid, C.FAILED_PRECONDITION, "NOT_A_CALL"),
                                          ("KI" + "0" * 32, C.NOT_FOUND, "INTERACTION_NOT_FOUND"),
                                          ("", C.INVALID_ARGUMENT, "INVALID_SID"),
                                          (talk.sid, C.INVALID_ARGUMENT, "INVALID_SID")]:
            self.refused(code, reason, self.up.interactions.EndCall,
                         I.EndCallRequest(service=world.sid, session=talk.sid, interaction=interaction))
        self.refused(C.NOT_FOUND, "SESSION_NOT_FOUND", self.up.interactions.EndCall,
                     I.EndCallRequest(service=world.sid, session="none", interaction=sent.sid))
        self.refused(C.NOT_FOUND, "SERVICE_NOT_FOUND", self.up.interactions.EndCall,
                     I.EndCallRequest(service="none", session=talk.sid, interaction=sent.sid))

    # holds: VOI-13
    def test_the_session_is_closed(self):
        world, talk, ann, ben = self.pair()
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        world.close(talk.sid)
        self.assertEqual(self.statuses(self.ends(world, call, "SESSION_CLOSED", ann, ben)), ["COMPLETED", "COMPLETED"])
        world.update(talk.sid, status=pb.sessions.SESSION_STATUS_IN_PROGRESS)
        # It rings, and is picked up at the same moment: nobody is connected.
        ann.calls(talk.participants[0].proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, talk)
        world.close(talk.sid)
        ended = self.ends(world, call, "SESSION_CLOSED", ann, ben)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "CANCELED"])

    # holds: VOI-13
    def test_the_session_expires(self):
        for settings in [{"ttl": {"seconds": 100}}, {"expire_time": True}]:
            with self.subTest(settings):
                if "expire_time" in settings:
                    settings = {"expire_time": {"seconds": int(self.now()) + 100}}
                world, talk, ann, ben = self.pair(session=settings)
                call = self.talk_to(world, talk, *talk.participants, ann, ben)
                self.clock(101)
                ended = self.ends(world, call, "SESSION_CLOSED", ann, ben)
                self.assertEqual(self.statuses(ended), ["COMPLETED", "COMPLETED"])
                self.assertEqual(world.get(talk.sid).status, pb.sessions.SESSION_STATUS_CLOSED)
                self.doCleanups()
                self.setUp()

    # holds: VOI-13
    def test_nobody_is_rung_after_the_end(self):
        """The session ends while the first of two phones rings: the second never does."""
        world, talk, ann, ben = self.pair(ANN, {"identifiers": [CAT, BEN]}, session={"ttl": {"seconds": 20}})
        cat = Phone(self.up, CAT)
        ann.calls(talk.participants[0].proxy_identifier)
        cat.until("RINGS")
        call = self.newest(world, talk)
        self.clock(31)  # the session's end, and the end of the first one's ringing
        self.ends(world, call, "SESSION_CLOSED", ann, cat)
        fresh = world.session(CAT, BEN)
        cat.calls(fresh.participants[0].proxy_identifier)
        self.assertEqual(ben.until("RINGS").number, 1)

    # holds: VOI-13
    def test_the_session_is_deleted(self):
        world, talk, ann, ben = self.pair()
        self.talk_to(world, talk, *talk.participants, ann, ben)
        world.delete(talk.sid)
        ann.until("ENDS")
        ben.until("ENDS")
        self.refused(C.NOT_FOUND, "SESSION_NOT_FOUND", self.up.sessions.GetSession,
                     pb.sessions.GetSessionRequest(service=world.sid, session=talk.sid))
        fresh = world.session(ANN, BEN)
        ann.calls(fresh.participants[0].proxy_identifier)
        ben.until("RINGS")
        self.up.services.DeleteService(pb.services.DeleteServiceRequest(service=world.sid), timeout=PATIENCE)
        ann.until("ENDS")
        ben.until("ENDS")
        self.assertEqual(ann.names().count("CONNECTED"), 1)

    # holds: VOI-13
    def test_a_participant_leaves_or_is_another(self):
        world, talk, ann, ben = self.pair()
        Phone(self.up, CAT)
        ann_in, ben_in = talk.participants
        call = self.talk_to(world, talk, ann_in, ben_in, ann, ben)
        self.up.participants.UpdateParticipant(pb.participants.UpdateParticipantRequest(
            service=world.sid, session=talk.sid, participant=ben_in.sid, spec={"identifier": CAT}), timeout=PATIENCE)
        for phone in [ann, ben]:
            phone.until("ENDS")
        self.assertIn(self.until_ended(world, call).call.hang_up_reason, ["PARTICIPANT_REMOVED", "ROUTE_CHANGED"])
        fresh = world.session(ANN, BEN)
        ann.calls(fresh.participants[0].proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, fresh)
        self.up.participants.DeleteParticipant(pb.participants.DeleteParticipantRequest(
            service=world.sid, session=fresh.sid, participant=fresh.participants[1].sid), timeout=PATIENCE)
        ended = self.ends(world, call, "PARTICIPANT_REMOVED", ann, ben)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "CANCELED"])

    def test_they_are_kept_apart(self):
        world, talk, ann, ben = self.pair(keyword_policy={"opt_out_of_calls": True})
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        self.up.blocks.CreateBlock(pb.blocks.CreateBlockRequest(service=world.sid, identifier=ANN, to_identifier=BEN), timeout=PATIENCE)
        self.ends(world, call, "BLOCKED", ann, ben)
        self.up.blocks.DeleteBlock(pb.blocks.DeleteBlockRequest(service=world.sid, identifier=ANN, to_identifier=BEN), timeout=PATIENCE)
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        ben.texts_to(talk.participants[1].proxy_identifier, "STOP")
        self.ends(world, call, "OPTED_OUT", ann, ben)

    def test_a_number_is_locked_while_it_rings(self):
        """Nobody is connected through it any more."""
        world, talk, ann, ben = self.pair()
        ann_in, ben_in = talk.participants
        ann.calls(ann_in.proxy_identifier)
        ben.until("RINGS")
        call = self.newest(world, talk)
        locked = pb.phone_numbers.UpdatePhoneNumberRequest(
            service=world.sid, phone_number=ben_in.proxy_identifier, state=pb.phone_numbers.PHONE_NUMBER_STATE_LOCKED)
        self.up.phone_numbers.UpdatePhoneNumber(locked, timeout=PATIENCE)
        ben.picks_up()
        ended = self.ends(world, call, "NUMBER_LOCKED", ann, ben)
        self.assertEqual(self.statuses(ended), ["COMPLETED", "CANCELED"])
        self.assertNotIn("CONNECTED", ann.names() + ben.names())

    def test_a_live_call_is_not_deleted(self):
        world, talk, ann, ben = self.pair()
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        name = {"service": world.sid, "session": talk.sid, "interaction": call.sid}
        self.refused(C.FAILED_PRECONDITION, "CALL_LIVE", self.up.interactions.DeleteInteraction,
                     I.DeleteInteractionRequest(**name))
        self.assertTrue(self.up.interactions.RedactInteraction(
            I.RedactInteractionRequest(**name), timeout=PATIENCE).interaction.HasField("redact_time"))
        ann.hangs_up()
        self.until_ended(world, call)
        self.up.interactions.DeleteInteraction(I.DeleteInteractionRequest(**name), timeout=PATIENCE)
        self.assertEqual(world.interactions(talk.sid), [])

    def test_a_network_that_does_not_hang_up(self):
        """The record ends half a minute after the wish; the carrier hears of it until it obeys."""
        world, talk, ann, ben = self.pair()
        call = self.talk_to(world, talk, *talk.participants, ann, ben)
        self.network(ignores_hang_up=True)
        self.assertFalse(self.end(world, call).call.HasField("end_time"))
        self.clock(31)
        ended = self.until_ended(world, call)
        self.assertEqual((self.statuses(ended), ended.call.hang_up_reason), (["COMPLETED", "COMPLETED"], "END_CALL"))
        self.assertNotIn("ENDS", ann.names())
        self.network()
        self.clock(61)
        ann.until("ENDS")
        ben.until("ENDS")
        self.assertEqual(self.get(world, call).call, ended.call)


if __name__ == "__main__":
    unittest.main(verbosity=2)
