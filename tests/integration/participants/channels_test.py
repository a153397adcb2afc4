#!/usr/bin/python3
"""People in messaging channels, by the API: the Service's own addresses there, and text both ways."""

import os
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb
from programs import ACCEPTED, TAKEN, Program
from world import World, person, proxy

S = pb.channel_senders
SENDER, PAGE = f"whatsapp:{proxy(9)}", "messenger:1234567890"
ANN, BEN = f"whatsapp:{person(1)}", person(2)
TEXT = "SESSION_MODE_MESSAGE_ONLY"


class Channels(Case):
    def setUp(self):
        super().setUp()
        self.up = self.server("--carrier", "gateway:sms", "--carrier", "gateway:chat").start()
        self.world = World(self.up)
        self.world.add_number(proxy(1), carriers=["sms"])

    def call(self, which, **fields):
        request = getattr(S, which + "Request")(service=self.world.sid, **fields)
        return getattr(self.up.channel_senders, which)(request, timeout=PATIENCE)

    def add(self, address, **more):
        return self.call("AddChannelSender", address=address, **more).channel_sender

    # holds: CHN-03
    def test_life(self):
        sender = self.add(SENDER, carriers=["chat"], request_id="once")
        self.assertEqual(sender, self.add(SENDER, carriers=["chat"], request_id="once"))
        self.assertEqual((sender.address, list(sender.carriers), sender.in_use), (SENDER, ["chat"], 0))
        page = self.add(PAGE)
        self.assertEqual(list(page.carriers), ["sms"])
        self.assertEqual(self.call("GetChannelSender", address=SENDER).channel_sender, sender)
        self.assertEqual(list(self.call("ListChannelSenders").channel_senders), [sender, page])
        now = self.call("UpdateChannelSender", address=PAGE, carriers=["chat"]).channel_sender
        self.assertEqual(list(now.carriers), ["chat"])
        now = self.call("UpdateChannelSender", address=PAGE, update_mask={"paths": ["carriers"]}).channel_sender
        self.assertEqual(list(now.carriers), ["sms"])
        self.call("RemoveChannelSender", address=PAGE)
        self.refused(grpc.StatusCode.NOT_FOUND, "CHANNEL_SENDER_NOT_FOUND", self.up.channel_senders.GetChannelSender,
                     S.GetChannelSenderRequest(service=self.world.sid, address=PAGE))
        told = [event.WhichOneof("payload") for event in self.world.events()]
        self.assertEqual([kind for kind in told if "sender" in kind],
                         2 * ["channel_sender_added"] + 2 * ["channel_sender_updated"] + ["channel_sender_removed"])
        numbers = self.up.phone_numbers.ListPhoneNumbers(
            pb.phone_numbers.ListPhoneNumbersRequest(service=self.world.sid), timeout=PATIENCE).phone_numbers
        self.assertEqual([number.phone_number for number in numbers], [proxy(1)])

    # holds: CHN-01 CHN-04
    def test_text(self):
        self.add(SENDER, carriers=["chat"])
        session = self.world.session({"identifier": ANN, "proxy_identifier": SENDER}, BEN, mode=TEXT)
        ann, ben = session.participants
        self.assertEqual((ann.identifier, ann.proxy_identifier, ann.proxy_identifier_sid), (ANN, SENDER, ""))
        self.assertEqual(self.call("GetChannelSender", address=SENDER).channel_sender.in_use, 1)
        self.assertEqual([one.sid for one in self.world.sessions(identifier=ANN)], [session.sid])
        chat, sms = Program.attached(self.up, "chat"), Program.attached(self.up, "sms")
        self.assertEqual(chat.text("1", ANN, SENDER, "hi").outcome, ACCEPTED)
        send = sms.next("send")
        self.assertEqual((send.sender, send.recipient), (proxy(1), BEN))
        sms.result(send.key, TAKEN)
        self.assertEqual(sms.text("1", BEN, proxy(1), "hello").outcome, ACCEPTED)
        send = chat.next("send")
        self.assertEqual((send.sender, send.recipient), (SENDER, ANN))
        chat.result(send.key, TAKEN)
        self.assertEqual(sms.text("2", ANN, SENDER, "hi").reason, "WRONG_CARRIER")
        for event in self.world.events():
            self.assertNotIn(ANN, str(event))

    # holds: CHN-05 ERR-80304 ERR-80616
    def test_refusals(self):
        self.add(SENDER)
        create = self.up.sessions.CreateSession

        def request(mode, proxy_identifier):
            return pb.sessions.CreateSessionRequest(service=self.world.sid, mode=mode, participants=[
                {"identifier": ANN, "proxy_identifier": proxy_identifier}])

        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "CHANNEL_MODE", create, request(None, SENDER))
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "SENDER_NOT_SERVED", create,
                     request(TEXT, f"whatsapp:{proxy(8)}"))
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "OTHER_CHANNEL", create, request(TEXT, proxy(1)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
