#!/usr/bin/python3
"""People opt out and in from their phones, and clients do it for them; over the whole server."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, take
from world import World, person, proxy

E, I, V = pb.events, pb.interactions, pb.services
ANN, BEN = person(1), person(2)


class Keywords(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()

    def pair(self, **settings):
        world = World(self.up, numbers=[proxy(1), proxy(2)], **settings)
        for number in [ANN, BEN]:
            self.up.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=number), timeout=PATIENCE)
        return world, world.session(ANN, BEN, metadata={"trip": "7"})

    def text(self, one, body):
        return self.up.simulator.SendText(pb.simulator.SendTextRequest(
            handset=one.identifier, recipient=one.proxy_identifier, body=body), timeout=PATIENCE)

    def opt_outs(self, world, **more):
        return self.up.opt_outs.ListOptOuts(pb.opt_outs.ListOptOutsRequest(service=world.sid, **more), timeout=PATIENCE).opt_outs

    def keywords(self, world):
        return [event for event in world.events() if event.type == E.EVENT_TYPE_KEYWORD_RECEIVED]

    # holds: KEY-01 KEY-14 KEY-15 EVT-06 EVT-08
    def test_stop_and_start(self):
        world, talk = self.pair()
        ann, ben = talk.participants
        self.text(ann, "Stop")
        told = self.keywords(world)[-1]
        self.assertEqual((told.session_sid, dict(told.session_metadata)), (talk.sid, {"trip": "7"}))
        self.assertEqual(told.keyword_received, E.KeywordReceived(
            action=V.KEYWORD_ACTION_OPT_OUT, proxy_identifier=ann.proxy_identifier, carrier="simulator",
            original_code=80901, participant_sid=ann.sid, changed=True, notice_sid=told.keyword_received.notice_sid))
        self.assertNotIn(ANN[1:].encode(), b"".join(event.SerializeToString() for event in world.events()))
        send = pb.interactions.SendMessageRequest(service=world.sid, session=talk.sid, participant=ann.sid, body="x")
        error = self.refused(grpc.StatusCode.FAILED_PRECONDITION, "OPTED_OUT", self.up.interactions.SendMessage, send)
        self.assertNotIn(ANN[1:], error.details())
        self.text(ben, "Are you there?")
        leg = world.newest(talk.sid).outbound[0]
        self.assertEqual((leg.status, leg.error.reason, leg.error.original_code), (I.LEG_STATUS_CANCELED, "OPTED_OUT", 21610))
        self.assertEqual([(one.identifier, one.proxy_identifier, one.word) for one in self.opt_outs(world)], [(ANN, "", "STOP")])
        # Over a crash, and until the person says otherwise.
        self.up.kill()
        self.up.start()
        world.server = self.up
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "OPTED_OUT", self.up.interactions.SendMessage, send)
        self.text(ann, "start")
        sent = self.up.interactions.SendMessage(send, timeout=PATIENCE).interaction
        world.leg_until(sent.sid, I.LEG_STATUS_DELIVERED)
        self.assertEqual(len(self.opt_outs(world)), 0)

    # holds: KEY-15
    def test_by_request(self):
        world, talk = self.pair()
        make = pb.opt_outs.CreateOptOutRequest(service=world.sid, identifier=ANN)
        made = self.up.opt_outs.CreateOptOut(make, timeout=PATIENCE).opt_out
        self.assertEqual((made.identifier, made.proxy_identifier, made.word), (ANN, "", ""))
        self.assertEqual(self.up.opt_outs.CreateOptOut(make, timeout=PATIENCE).opt_out, made)
        self.up.opt_outs.CreateOptOut(pb.opt_outs.CreateOptOutRequest(
            service=world.sid, identifier=BEN, proxy_identifier=talk.participants[1].proxy_identifier), timeout=PATIENCE)
        self.assertEqual(len(self.opt_outs(world)), 2)
        self.assertEqual(list(self.opt_outs(world, identifier=ANN)), [made])
        page = self.up.opt_outs.ListOptOuts(pb.opt_outs.ListOptOutsRequest(service=world.sid, page_size=1), timeout=PATIENCE)
        rest = self.up.opt_outs.ListOptOuts(pb.opt_outs.ListOptOutsRequest(
            service=world.sid, page_size=1, page_token=page.next_page_token), timeout=PATIENCE)
        self.assertEqual({one.identifier for one in [*page.opt_outs, *rest.opt_outs]}, {ANN, BEN})
        take_back = pb.opt_outs.DeleteOptOutRequest(service=world.sid, identifier=ANN)
        self.assertEqual(self.up.opt_outs.DeleteOptOut(take_back, timeout=PATIENCE).opt_out, made)
        self.refused(grpc.StatusCode.NOT_FOUND, "OPT_OUT_NOT_FOUND", self.up.opt_outs.DeleteOptOut, take_back)
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_IDENTIFIER", self.up.opt_outs.CreateOptOut,
                     pb.opt_outs.CreateOptOutRequest(service=world.sid, identifier="Ann"))
        types = [event.type for event in world.events()]
        self.assertEqual(types.count(E.EVENT_TYPE_OPT_OUT_ADDED), 2)
        self.assertEqual(types.count(E.EVENT_TYPE_OPT_OUT_REMOVED), 1)
        self.assertNotIn(ANN[1:].encode(), b"".join(event.SerializeToString() for event in world.events()))

    # holds: KEY-16 KEY-17
    def test_settings(self):
        word = V.Keyword(word="ВІДПИСАТИСЯ", action=V.KEYWORD_ACTION_OPT_OUT, language="uk")
        world, talk = self.pair(keyword_policy={"keywords": [word]})
        self.text(talk.participants[0], "відписатися")
        self.assertTrue(self.keywords(world)[-1].keyword_received.changed)
        shown = self.up.services.GetService(V.GetServiceRequest(service=world.sid), timeout=PATIENCE).service.keyword_policy
        self.assertEqual(shown, V.KeywordPolicy(handling=V.KEYWORD_HANDLING_ON, opt_out_scope=V.OPT_OUT_SCOPE_SERVICE, keywords=[word]))
        changed = self.up.services.UpdateService(V.UpdateServiceRequest(
            service=world.sid, keyword_policy={"handling": V.KEYWORD_HANDLING_OFF},
            update_mask={"paths": ["keyword_policy"]}), timeout=PATIENCE).service.keyword_policy
        self.assertEqual(changed.handling, V.KEYWORD_HANDLING_OFF)
        self.assertEqual(len(changed.keywords), 21)  # what is named and absent has its default
        self.text(talk.participants[0], "STOP")
        self.assertEqual(world.newest(talk.sid).content.body, "STOP")

    def told(self, world, kind, payload):
        """Waits until the notice that answers the newest event of this kind has arrived."""
        notice = getattr([event for event in world.events() if event.type == kind][-1], payload).notice_sid
        self.assertRegex(notice, "^KI[0-9a-f]{32}$")
        self.assertEqual(world.leg_until(notice, I.LEG_STATUS_DELIVERED).participant_sid, "")

    # holds: KEY-18 SVC-20 OOS-01 EVT-08
    def test_notices(self):
        notices = [V.Notice(occasion=V.NOTICE_OCCASION_OUT_OF_SESSION, text="Nobody reads this."),
                   V.Notice(occasion=V.NOTICE_OCCASION_OPT_OUT, text="Bye.")]
        world, talk = self.pair(notice_policy={"notices": notices})
        shown = self.up.services.GetService(V.GetServiceRequest(service=world.sid), timeout=PATIENCE).service.notice_policy
        self.assertEqual(list(shown.notices), notices)
        ann = talk.participants[0]
        other = proxy(1) if ann.proxy_identifier == proxy(2) else proxy(2)
        phone = self.up.simulator.WatchHandset(pb.simulator.WatchHandsetRequest(handset=ANN), timeout=PATIENCE)
        self.assertTrue(next(phone).HasField("ready"))
        self.up.simulator.SendText(pb.simulator.SendTextRequest(handset=ANN, recipient=other, body="Hello?"), timeout=PATIENCE)
        self.told(world, E.EVENT_TYPE_INBOUND_REJECTED, "inbound_rejected")
        self.text(ann, "stop")
        self.told(world, E.EVENT_TYPE_KEYWORD_RECEIVED, "keyword_received")
        came = [(message.text.sender, message.text.body) for message in take(phone, 2)]
        phone.cancel()
        self.assertEqual(came, [(other, "Nobody reads this."), (ann.proxy_identifier, "Bye.")])
        self.assertNotIn(ANN[1:].encode(), b"".join(event.SerializeToString() for event in world.events()))
        self.assertEqual(world.interactions(talk.sid), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
