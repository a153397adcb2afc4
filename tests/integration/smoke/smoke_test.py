#!/usr/bin/python3
"""Two people text through proxy numbers; a crash loses nothing; the server ends as it should."""

import os
import queue
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
from harness import PATIENCE, Case, grpc, pb, take

ALICE, BOB = "+15550001001", "+15550001002"
PROXIES = ["+15557770001", "+15557770002"]


class Smoke(Case):
    def make_session(self, server):
        call = {"timeout": PATIENCE}
        service = server.services.CreateService(
            pb.services.CreateServiceRequest(unique_name="shop"), **call).service
        for number in PROXIES:
            server.phone_numbers.AddPhoneNumber(
                pb.phone_numbers.AddPhoneNumberRequest(service="shop", phone_number=number), **call)
        for number in [ALICE, BOB]:
            server.simulator.AddHandset(pb.simulator.AddHandsetRequest(phone_number=number), **call)
        session = server.sessions.CreateSession(pb.sessions.CreateSessionRequest(
            service=service.sid, unique_name="order 1",
            participants=[pb.participants.ParticipantSpec(identifier=ALICE),
                          pb.participants.ParticipantSpec(identifier=BOB)]), **call).session
        return service, session

    def text(self, server, sender, recipient, body):
        sent = server.simulator.SendText(pb.simulator.SendTextRequest(
            handset=sender, recipient=recipient, body=body), timeout=PATIENCE)
        self.assertEqual(sent.outcome, pb.common.INBOUND_OUTCOME_ACCEPTED, sent)
        return sent

    def watch(self, server, handset):
        """A stream of what a phone gets; it has begun."""
        stream = server.simulator.WatchHandset(pb.simulator.WatchHandsetRequest(handset=handset), timeout=PATIENCE)
        self.assertTrue(next(stream).HasField("ready"))
        return stream

    # holds: CAR-01 EVT-08 INV-07
    def test_conversation_and_crash(self):
        server = self.server("--grace", "2s").start()
        service, session = self.make_session(server)
        alice, bob = session.participants
        self.assertEqual({alice.proxy_identifier, bob.proxy_identifier} - set(PROXIES), set())
        events = server.events.StreamEvents(
            pb.events.StreamEventsRequest(service="shop", from_oldest=True), timeout=PATIENCE)
        self.assertEqual(next(events).heartbeat.position, 0)
        bobs, alices = self.watch(server, BOB), self.watch(server, ALICE)

        self.text(server, ALICE, alice.proxy_identifier, "Where are you?")
        got = next(bobs).text
        self.assertEqual((got.sender, got.body, got.number), (bob.proxy_identifier, "Where are you?", 1))
        self.text(server, BOB, bob.proxy_identifier, "At the door.")
        got = next(alices).text
        self.assertEqual((got.sender, got.body), (alice.proxy_identifier, "At the door."))

        told, delivered = [], 0
        while delivered < 2:
            told += [message.event for message in take(events)]
            delivered += told[-1].leg_updated.leg.status == pb.interactions.LEG_STATUS_DELIVERED
        self.assertEqual([event.position for event in told], list(range(1, len(told) + 1)))
        kinds = [event.WhichOneof("payload") for event in told]
        self.assertEqual(kinds[:4], ["service_created", "phone_number_added", "phone_number_added", "session_created"])
        self.assertEqual(kinds.count("interaction_created"), 2)
        for event in told:
            self.assertNotIn(ALICE, str(event))
            self.assertNotIn(BOB, str(event))

        server.kill()
        server.start()
        again = server.sessions.GetSession(
            pb.sessions.GetSessionRequest(service=service.sid, session="order 1"), timeout=PATIENCE).session
        self.assertEqual(again.sid, session.sid)
        self.assertEqual(again.status, pb.sessions.SESSION_STATUS_IN_PROGRESS)
        self.assertEqual([p.identifier for p in again.participants], [ALICE, BOB])
        kept = server.interactions.ListInteractions(
            pb.interactions.ListInteractionsRequest(service="shop", session=session.sid), timeout=PATIENCE).interactions
        self.assertEqual([i.content.body for i in kept], ["Where are you?", "At the door."])
        listed = server.events.ListEvents(
            pb.events.ListEventsRequest(service="shop", page_size=1000), timeout=PATIENCE)
        self.assertEqual(list(listed.events)[:len(told)], told)
        self.assertEqual(server.stop(), 0)

    def test_drain_tells_streams_to_come_back(self):
        server = self.server("--grace", "5s").start()
        self.make_session(server)
        events = server.events.StreamEvents(pb.events.StreamEventsRequest(service="shop"), timeout=PATIENCE)
        self.assertTrue(next(events).HasField("heartbeat"))
        watched = self.watch(server, ALICE)
        server.signal(signal.SIGTERM)
        for stream in [events, watched]:
            with self.assertRaises(grpc.RpcError) as caught:
                next(stream)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertIn("connect again", caught.exception.details())
        server.disconnect()
        self.assertEqual(server.wait(), 0)

    def test_second_signal_is_quicker(self):
        server = self.server("--grace", "1h").start()
        hold = threading.Event()
        self.addCleanup(hold.set)

        def nothing():
            hold.wait(PATIENCE)
            yield from ()

        # A call whose request never comes stays in flight.
        stuck = server.channel.stream_unary("/maskline.v1.Services/GetService").future(nothing(), timeout=PATIENCE)
        events = server.events.StreamEvents(pb.events.StreamEventsRequest(service="none"), timeout=PATIENCE)
        with self.assertRaises(grpc.RpcError):
            next(events)
        server.signal(signal.SIGTERM)
        with self.assertRaises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait(), 0)
        self.assertIsNotNone(stuck.exception(PATIENCE))

    def test_second_server_on_one_store_is_refused(self):
        server = self.server().start()
        other = self.server()
        other.log = os.path.join(self.folder, "other log")
        other.port_file = os.path.join(self.folder, "other port")
        other.launch()
        self.assertEqual(other.wait(), 1)
        self.assertIn(server.data, other.said())
        self.assertEqual(server.stop(), 0)

    def test_folder_of_others_is_refused_and_left_alone(self):
        server = self.server()
        os.mkdir(server.data)
        with open(os.path.join(server.data, "letter"), "w", encoding="ascii") as file:
            file.write("dear")
        self.assertEqual(server.launch().wait(), 1)
        self.assertIn(server.data, server.said())
        self.assertEqual(os.listdir(server.data), ["letter"])

    def test_bad_settings_are_refused_before_anything_starts(self):
        for flags in [["--threads=0"], ["--listen=0.0.0.0:0"], ["--carrier=pigeon"], ["--nothing"]]:
            server = self.server(*flags)
            self.assertEqual(server.launch().wait(), 2, flags)
            self.assertFalse(os.path.exists(server.data), flags)

    # holds: EVT-05 INT-02
    def test_program_is_a_carrier(self):
        server = self.server("--carrier", "gateway:radio").start()
        call = {"timeout": PATIENCE}
        self.refused(grpc.StatusCode.UNIMPLEMENTED, "SIMULATOR_OFF", server.simulator.GetClock,
                     pb.simulator.GetClockRequest())
        server.services.CreateService(pb.services.CreateServiceRequest(unique_name="shop"), **call)
        for number in PROXIES:
            server.phone_numbers.AddPhoneNumber(
                pb.phone_numbers.AddPhoneNumberRequest(service="shop", phone_number=number), **call)
        alice, bob = server.sessions.CreateSession(pb.sessions.CreateSessionRequest(
            service="shop", participants=[{"identifier": ALICE}, {"identifier": BOB}]), **call).session.participants
        said = queue.Queue()
        told = server.carrier_gateway.Attach(iter(said.get, None), **call)
        said.put(pb.carrier_gateway.AttachRequest(hello={"carrier": "radio", "honours_keys": True}))
        attached = next(told).attached
        self.assertEqual((attached.carrier, attached.took_over), ("radio", False))

        said.put(pb.carrier_gateway.AttachRequest(inbound_message={
            "provider_id": "1", "sender": ALICE, "recipient": alice.proxy_identifier, "body": "Hello"}))
        got = {message.WhichOneof("message"): message for message in take(told, 2)}
        self.assertEqual(got["inbound_result"].inbound_result.outcome, pb.common.INBOUND_OUTCOME_ACCEPTED)
        send = got["send"].send
        self.assertEqual((send.sender, send.recipient, send.body), (bob.proxy_identifier, BOB, "Hello"))
        said.put(pb.carrier_gateway.AttachRequest(send_result={
            "key": send.key, "outcome": pb.carrier_gateway.CARRIER_SEND_OUTCOME_TAKEN, "provider_id": "x"}))
        said.put(pb.carrier_gateway.AttachRequest(receipt={
            "key": send.key, "tag": 7, "status": pb.carrier_gateway.CARRIER_RECEIPT_STATUS_DELIVERED, "provider_id": "x"}))
        result = next(told).receipt_result
        self.assertEqual((result.tag, result.key, result.outcome),
                         (7, send.key, pb.common.INBOUND_OUTCOME_ACCEPTED))
        said.put(pb.carrier_gateway.AttachRequest(receipt={"key": "nothing", "tag": 8, "status": 3}))
        result = next(told).receipt_result
        self.assertEqual((result.outcome, result.reason), (pb.common.INBOUND_OUTCOME_REJECTED, "KEY_NOT_FOUND"))
        listed = server.interactions.ListInteractions(
            pb.interactions.ListInteractionsRequest(service="shop", session=alice.session_sid), **call).interactions
        self.assertEqual(listed[0].outbound[0].status, pb.interactions.LEG_STATUS_DELIVERED)
        self.assertEqual((listed[0].inbound.provider_id, listed[0].outbound[0].provider_id), ("1", "x"))
        for event in server.events.ListEvents(pb.events.ListEventsRequest(service="shop"), **call).events:
            self.assertNotIn("provider_id", str(event))
        said.put(None)
        self.assertEqual(list(told), [])
        self.assertEqual(told.code(), grpc.StatusCode.OK)
        self.assertEqual(server.stop(), 0)

    # holds: EXP-07
    def test_clock_is_moved(self):
        server = self.server().start()
        _, session = self.make_session(server)
        server.sessions.UpdateSession(pb.sessions.UpdateSessionRequest(
            service="shop", session=session.sid, ttl={"seconds": 3600}), timeout=PATIENCE)
        before = server.simulator.GetClock(pb.simulator.GetClockRequest(), timeout=PATIENCE).time
        after = server.simulator.MoveClock(
            pb.simulator.MoveClockRequest(advance={"seconds": 3601}), timeout=PATIENCE).time
        self.assertGreaterEqual(after.seconds - before.seconds, 3600)
        got = server.sessions.GetSession(
            pb.sessions.GetSessionRequest(service="shop", session=session.sid), timeout=PATIENCE).session
        self.assertEqual(got.status, pb.sessions.SESSION_STATUS_CLOSED)
        self.assertEqual(got.closed_reason, pb.sessions.SESSION_CLOSED_REASON_TTL_EXPIRED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
