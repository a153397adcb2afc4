#!/usr/bin/python3
"""Clients that we did not write, against a real server: grpc-js with .proto files and by reflection, and buf curl."""

import base64
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness

ROOT = os.path.dirname(os.path.realpath("WORKSPACE"))
NODE = os.path.join(ROOT, "tests/clients/node")
BUF = os.path.join(ROOT, "tests/checks/node_modules/@bufbuild/buf/bin/buf")


class Node(harness.Case):
    def tell(self, *words):
        up = self.server().start()
        done = subprocess.run(["node", os.path.join(NODE, "story.js"), f"127.0.0.1:{up.port}", *words], capture_output=True,
                              text=True, timeout=2 * harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}\n{up.said()}")
        self.assertIn("story", done.stdout)
        self.assertEqual(up.stop(), 0, up.said())

    def test_with_proto_files(self):
        self.tell("files", harness.PROTO)

    def test_by_reflection(self):
        self.tell("reflection")


class BufCurl(harness.Case):
    """`buf curl` reads the API by reflection; grpcurl speaks the same protocol."""

    def setUp(self):
        super().setUp()
        self.up = self.server().start()

    def curl(self, method, request=None, status=0, options=()):
        url = f"http://127.0.0.1:{self.up.port}"
        command = ["node", BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", *options]
        if request is not None:
            command += ["--data", json.dumps(request)]
        command.append(f"{url}/{method}" if method else url)
        done = subprocess.run(command, capture_output=True, text=True, timeout=harness.PATIENCE, check=False,
                              cwd=self.folder, env={**os.environ, "HOME": self.folder, "BUF_CACHE_DIR": self.folder})
        self.assertEqual(done.returncode != 0, status != 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done

    def call(self, method, request):
        return json.loads(self.curl("maskline.v1." + method, request).stdout or "{}")

    def test_it_walks_the_api(self):
        methods = self.curl("", options=["--list-methods"]).stdout
        for name in ["maskline.v1.Sessions/CreateSession", "maskline.v1.Events/StreamEvents", "grpc.health.v1.Health/Check",
                     "maskline.v1.CarrierGateway/Attach"]:
            self.assertIn(name, methods)
        service = self.call("Services/CreateService", {"uniqueName": "rides"})["service"]
        self.assertTrue(service["sid"].startswith("KS"))
        for last in "12":
            self.call("PhoneNumbers/AddPhoneNumber", {"service": "rides", "phoneNumber": "+1555010000" + last})
        self.call("PhoneNumbers/UpdatePhoneNumber",
                  {"service": "rides", "phoneNumber": "+15550100001", "friendlyName": "first", "updateMask": "friendlyName"})
        self.assertEqual(len(self.call("PhoneNumbers/ListPhoneNumbers", {"service": "rides"})["phoneNumbers"]), 2)
        people = [{"identifier": "+15551230001"}, {"identifier": "+15551230002"}]
        session = self.call("Sessions/CreateSession", {"service": "rides", "uniqueName": "t", "participants": people})["session"]
        participant = session["participants"][0]["sid"]
        self.call("Simulator/AddHandset", {"phoneNumber": "+15551230001"})
        sent = self.call("Simulator/SendText", {"handset": "+15551230001", "body": "hi",
                                                "recipient": session["participants"][0]["proxyIdentifier"]})
        self.assertEqual(sent["outcome"], "INBOUND_OUTCOME_ACCEPTED")
        self.call("Interactions/SendMessage", {"service": "rides", "session": "t", "participant": participant, "body": "x"})
        self.assertEqual(len(self.call("Interactions/ListInteractions", {"service": "rides", "session": "t"})["interactions"]), 2)
        self.assertEqual(self.call("Participants/ListParticipants", {"service": "rides", "session": "t"})["participants"],
                         session["participants"])
        self.call("Simulator/MoveClock", {"advance": "60s"})
        self.call("Sessions/UpdateSession", {"service": "rides", "session": "t", "status": "SESSION_STATUS_CLOSED"})
        events = self.call("Events/ListEvents", {"service": "rides", "afterPosition": "0"})["events"]
        self.assertEqual(events[0]["type"], "EVENT_TYPE_SERVICE_CREATED")
        self.call("Sessions/DeleteSession", {"service": "rides", "session": "t"})
        gone = self.call("Services/DeleteService", {"service": "rides"})["service"]
        # The deletion ends the stream, so this ends by itself.
        streamed = self.curl("maskline.v1.Events/StreamEvents", {"service": gone["sid"], "fromOldest": True}).stdout
        self.assertIn("EVENT_TYPE_SERVICE_DELETED", streamed)

    def test_errors_come_with_details(self):
        done = self.curl("maskline.v1.Services/GetService", {"service": "nowhere"}, status=1)
        told = json.loads(done.stderr)
        self.assertEqual(told["code"], "not_found")
        detail, = told["details"]
        self.assertEqual(detail["type"], "google.rpc.ErrorInfo")
        self.assertIn(b"SERVICE_NOT_FOUND", base64.b64decode(detail["value"] + "=="))

    def test_health(self):
        done = self.curl("grpc.health.v1.Health/Check", {"service": "maskline.v1.Sessions"})
        self.assertIn("SERVING", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
