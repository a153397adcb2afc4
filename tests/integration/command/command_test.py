#!/usr/bin/python3
"""The `maskline` command against a real server: what people type, what scripts read, and what it says when it is refused."""

import concurrent.futures
import fcntl
import json
import os
import pty
import re
import socket
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import grpc
import harness

MASKLINE = os.path.abspath("client/maskline")


class Command(harness.Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()

    def run_it(self, *words, status=0, server=True):
        command = [MASKLINE, *words] + (["--server", f"127.0.0.1:{self.up.port}"] if server else [])
        done = subprocess.run(command, capture_output=True, text=True, timeout=harness.PATIENCE, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def rows(self, *words):
        """What --json prints: an object a line."""
        return [json.loads(line) for line in self.run_it(*words, "--json").stdout.splitlines()]

    def test_a_conversation(self):
        self.assertEqual(self.rows("service", "create", "rides", "--default-ttl", "2h")[0]["sessionPolicy"]["defaultTtl"],
                         "7200s")
        for number in ["+15550100001", "+15550100002"]:
            self.run_it("number", "add", "rides", number)
        self.assertEqual([row["phoneNumber"] for row in self.rows("number", "list", "rides")],
                         ["+15550100001", "+15550100002"])
        session, = self.rows("session", "create", "rides", "--name", "trip-1", "--participant", "+15551230001",
                             "--participant", "+15551230002@+15550100002")
        ann, bob = session["participants"]
        self.assertEqual(bob["proxyIdentifier"], "+15550100002")
        for phone in ["+15551230001", "+15551230002"]:
            self.run_it("handset", "add", phone)
        self.assertEqual(self.run_it("handset", "text", "+15551230001", ann["proxyIdentifier"], "Hello").stdout, "accepted\n")
        self.run_it("interaction", "send", "rides", "trip-1", ann["sid"], "Your driver is here.")
        bodies = [row["content"]["body"] for row in self.rows("interaction", "list", "rides", "trip-1")]
        self.assertEqual(bodies, ["Hello", "Your driver is here."])
        table = self.run_it("session", "list", "rides", "--person", "+15551230002", "--status", "in-progress").stdout
        self.assertIn("trip-1", table)
        self.assertEqual(len(table.splitlines()), 2)
        self.assertEqual(self.rows("session", "close", "rides", "trip-1")[0]["status"], "SESSION_STATUS_CLOSED")
        self.run_it("handset", "text", "+15551230001", ann["proxyIdentifier"], "Late", status=1)
        self.assertEqual(self.rows("session", "reopen", "rides", "trip-1")[0]["status"], "SESSION_STATUS_IN_PROGRESS")
        self.run_it("participant", "remove", "rides", "trip-1", bob["sid"])
        self.assertEqual(len(self.rows("participant", "list", "rides", "trip-1")), 1)
        self.assertEqual(len(self.rows("participant", "list", "rides", "trip-1", "--all")), 2)
        self.run_it("session", "delete", "rides", "trip-1")

        events = self.rows("events", "rides")
        self.assertEqual([int(event["position"]) for event in events], list(range(1, len(events) + 1)))
        after = self.rows("events", "rides", "--after", "2", "--type", "phone-number-added")
        self.assertEqual([event["position"] for event in after], ["3"])

    def handset(self, act, phone):
        """As soon as it can."""
        end = time.monotonic() + harness.PATIENCE
        while subprocess.run([MASKLINE, "handset", act, phone, "--server", f"127.0.0.1:{self.up.port}"], capture_output=True,
                             timeout=harness.PATIENCE, check=False, stdin=subprocess.DEVNULL).returncode != 0:
            self.assertLess(time.monotonic(), end, f"{act} {phone}")
            time.sleep(0.05)

    def test_how_a_placed_call_went(self):
        """Whichever side it was that is busy, both are shown, and that."""
        self.run_it("service", "create", "rides", "--acceptance", "pick-up")
        for number in ["+15550100001", "+15550100002"]:
            self.run_it("number", "add", "rides", number)
        session, = self.rows("session", "create", "rides", "--name", "trip-1", "--participant", "+15551230001",
                             "--participant", "+15551230002")
        ann, bob = [one["sid"] for one in session["participants"]]
        for phone in ["+15551230001", "+15551230002"]:
            self.run_it("handset", "add", phone)
        for first_is_busy in [True, False]:
            placed, = self.rows("call", "place", "rides", "trip-1", ann)
            if not first_is_busy:
                self.handset("pick-up", "+15551230001")
            self.handset("hang-up", "+15551230001" if first_is_busy else "+15551230002")
            end = time.monotonic() + harness.PATIENCE
            while "endTime" not in self.rows("interaction", "get", "rides", "trip-1", placed["sid"])[0]["call"]:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            table = self.run_it("interaction", "get", "rides", "trip-1", placed["sid"]).stdout
            self.assertIn(f"{ann}, {bob}", table)
            self.assertIn(" busy ", table)
            self.assertIn("not connected", table)

    def test_how_a_service_calls(self):
        """What is of its own there stands in the table, and else nothing; JSON says all of it."""
        settings = {"ring-limit": "20s", "ring-limit-without-key": "25s", "longest-call": "90m", "acceptance": "pick-up",
                    "whisper": "A call from Rides", "announcement": "Please hold", "recording": "on",
                    "consent-notice": "We record this"}
        self.run_it("service", "create", "plain")
        plain = self.run_it("service", "list").stdout
        self.assertRegex(plain, r"^SID +NAME +STATE +TTL +MODE +SELECTION +COOL-DOWN +CREATED\n.* plain .*\n$")
        for name, value in settings.items():
            self.run_it("service", "create", name, f"--{name}", value)
            heads, row = self.run_it("service", "get", name).stdout.splitlines()
            self.assertEqual(heads.split()[8:], [name.upper()])
            self.assertEqual(row[heads.index(name.upper()):], value)
        table = self.run_it("service", "list").stdout.splitlines()
        self.assertEqual(table[0].split()[8:], [name.upper() for name in settings])
        self.assertEqual(len(table), 2 + len(settings))
        own, = self.rows("service", "get", "ring-limit")
        self.assertEqual((own["voicePolicy"]["ringLimit"], own["voicePolicy"]["longestCall"]), ("20s", "14400s"))
        self.run_it("service", "update", "ring-limit", "--ring-limit", "30s")
        self.assertNotIn("RING-LIMIT", self.run_it("service", "get", "ring-limit").stdout)

    def test_a_number_that_is_too_large(self):
        self.run_it("service", "create", "rides", "--rate", "7")
        self.assertIn("more than can be said", self.run_it("service", "update", "rides", "--rate", "4294967297", status=2).stderr)
        self.assertEqual(self.rows("service", "get", "rides")[0]["ratePolicy"], {"requestsPerSecond": 7})

    def test_metadata_is_given_and_replaced(self):
        self.run_it("service", "create", "rides")
        session, = self.rows("session", "create", "rides", "--name", "a", "--metadata", "order=4711", "--metadata", "note=")
        self.assertEqual(session["metadata"], {"order": "4711", "note": ""})
        session, = self.rows("session", "update", "rides", "a", "--metadata", "x=y=z")
        self.assertEqual(session["metadata"], {"x": "y=z"})
        session, = self.rows("session", "update", "rides", "a", "--metadata", "")
        self.assertNotIn("metadata", session)
        for bad in ["order", "=4711"]:
            self.assertIn("KEY=VALUE", self.run_it("session", "update", "rides", "a", "--metadata", bad, status=2).stderr)

    def test_a_file_of_sessions(self):
        self.run_it("service", "create", "rides")
        for number in ["+15550100001", "+15550100002"]:
            self.run_it("number", "add", "rides", number)
        path = os.path.join(self.folder, "trips")
        with open(path, "w", encoding="utf-8") as file:
            file.write("create a +15551230001 +15551230002 # the first\n\ncreate - +15551230003@+15550100002\n"
                       "create a\nclose b\n  close a\n")
            file.writelines(f"create n{index}\n" for index in range(400))
        done = self.run_it("session", "batch", "rides", "-f", path, "--ttl", "1h", "--request-id", "r", "--json", status=1)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([row.get("uniqueName", "") for row in rows], ["a", "", "a"] + [f"n{index}" for index in range(400)])
        self.assertEqual((rows[0]["ttl"], rows[1]["participants"][0]["proxyIdentifier"], rows[2]["status"]),
                         ("3600s", "+15550100002", "SESSION_STATUS_CLOSED"))
        self.assertIn(f"{path}, line 4:\n", done.stderr)
        self.assertIn(f"{path}, line 5:\n", done.stderr)
        self.assertIn("SESSION_NAME_TAKEN", done.stderr)
        self.assertIn("403 done, 2 refused", done.stderr)
        again = self.run_it("session", "batch", "rides", "-f", path, "--ttl", "1h", "--request-id", "r", "--json", status=1)
        self.assertEqual([json.loads(line)["sid"] for line in again.stdout.splitlines()], [row["sid"] for row in rows])
        for bad in ["open a", "close", "close a b", "create", "create a +1 +2 +3"]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"create -\n{bad}\ncreate -\n")
            done = self.run_it("session", "batch", "rides", "-f", path, status=1)
            self.assertIn(f"{path}, line 2: it is `create", done.stderr)
            self.assertIn("2 done, 1 refused", done.stderr)
            self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertIn("which file?", self.run_it("session", "batch", "rides", status=2).stderr)

    def test_numbers_are_changed_and_removed(self):
        self.run_it("service", "create", "rides")
        self.run_it("number", "add", "rides", "+15550100001", "--name", "first", "--sms")
        number, = self.rows("number", "update", "rides", "+15550100001", "--state", "draining", "--reserved")
        self.assertEqual((number["state"], number["reserved"]), ("PHONE_NUMBER_STATE_DRAINING", True))
        number, = self.rows("number", "update", "rides", "+15550100001", "--not-reserved")
        self.assertNotIn("reserved", number)
        self.assertEqual(number["capabilities"], {"sms": True})
        number, = self.rows("number", "update", "rides", "+15550100001", "--voice", "--no-sms")
        self.assertEqual(number["capabilities"], {"voice": True})
        self.run_it("number", "remove", "rides", "+15550100001")
        self.assertEqual(self.rows("number", "list", "rides"), [])

    def test_following_events(self):
        self.run_it("service", "create", "rides")
        follower = subprocess.Popen([MASKLINE, "events", "rides", "--follow", "--json", "--server", f"127.0.0.1:{self.up.port}"],
                                    stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(json.loads(follower.stdout.readline())["type"], "EVENT_TYPE_SERVICE_CREATED")
            self.run_it("number", "add", "rides", "+15550100001")
            self.assertEqual(json.loads(follower.stdout.readline())["type"], "EVENT_TYPE_PHONE_NUMBER_ADDED")
        finally:
            follower.kill()
            follower.communicate()

    def test_the_clock_moves(self):
        before, = self.rows("clock", "get")
        after, = self.rows("clock", "move", "30d")
        self.assertLess(before["time"], after["time"])

    def test_refusals_say_what_to_do(self):
        done = self.run_it("service", "get", "nowhere", status=1)
        self.assertIn("NOT_FOUND SERVICE_NOT_FOUND", done.stderr)
        self.assertIn("maskline service list", done.stderr)
        self.run_it("service", "create", "rides")
        done = self.run_it("session", "create", "rides", "--participant", "12", status=1)
        self.assertIn("participants[0].identifier", done.stderr)
        done = self.run_it("session", "create", "rides", "--participant", "+15551230001", status=1)
        self.assertIn("POOL_EMPTY", done.stderr)
        self.assertIn("80205", done.stderr)
        self.assertIn("maskline number add", done.stderr)

    def test_wrong_command_lines(self):
        for words in [[], ["nothing"], ["service"], ["service", "fly"], ["service", "get"], ["service", "get", "a", "b"],
                      ["session", "create", "x", "--mode", "loud"], ["events", "x", "--new"],
                      ["number", "update", "x", "+15550100001"], ["service", "list", "--nosuch"], ["number", "add", "x"],
                      ["number", "add", "x", "+15550100001", "-f", "y"], ["number", "add", "x", "-f", "/nonexistent"],
                      ["number", "update", "x", "+15550100001", "--reserved", "--not-reserved"], ["completion", "fish"],
                      ["number", "update", "x", "+15550100001", "--sms", "--no-sms"],
                      ["watch", "x", "--after", "1", "--from-oldest"], ["clock", "move", "soon"], ["help", "nothing"],
                      ["service", "update", "x"], ["doctor", "x"], ["--server", "127.0.0.1:1"], ["--server"],
                      ["--nosuch", "service", "list"], ["--json", "service"], ["--json=1", "service", "list"]]:
            done = self.run_it(*words, status=2, server=False)
            self.assertTrue(done.stderr, words)
            self.assertEqual(done.stdout, "", words)

    def test_a_wrong_command_line_is_told_the_right_one(self):
        self.assertIn("maskline session get SERVICE SESSION\n", self.run_it("session", "get", "a", status=2).stderr)
        self.assertIn("no option -x", self.run_it("service", "list", "-x", status=2).stderr)
        said = self.run_it("service", "create", "", status=1).stderr
        self.assertEqual(said.count("This is needed"), 1, said)
        for options in [[], ["--sessions", "8"], ["--length", "1h"], ["--cool-down", "1h"]]:
            said = self.run_it("pool", "plan", "rides", *options, status=2).stderr
            self.assertIn("--sessions COUNT", said)
            self.assertIn("--length TIME", said)
        self.assertIn("no option --nosuch", self.run_it("--nosuch", "service", "list", status=2).stderr)

    def test_options_of_all_commands_stand_anywhere(self):
        self.run_it("service", "create", "rides")
        server = ["--server", f"127.0.0.1:{self.up.port}"]
        rows = self.run_it("service", "list", "--json").stdout
        self.assertIn("rides", rows)
        for words in [[*server, "--json", "service", "list"], ["--json", "service", *server, "list"],
                      [f"--server={server[1]}", "service", "--json", "list"], ["service", "list", *server, "--json"]]:
            self.assertEqual(self.run_it(*words, server=False).stdout, rows, words)
        self.assertIn("service-created", self.run_it(*server, "events", "rides", server=False).stdout)
        # The value of an option is no command, and a lone -- ends options as ever.
        self.assertIn("is too much", self.run_it(*server, "service", "list", "--", "--json", server=False, status=2).stderr)
        self.assertIn("no server", self.run_it("--timeout", "5s", "--server", "127.0.0.1:1", "service", "list", server=False,
                                               status=3).stderr)
        help_of = self.run_it("help", "session", "create", server=False).stdout
        for words in [["--json", "session", "create", "--help"], ["--help", "--json"]]:
            told = self.run_it(*words, server=False).stdout
            self.assertEqual(told, help_of if words[0] == "--json" else self.run_it("--help", server=False).stdout)
        self.assertEqual(self.run_it("--json", "--version", server=False).stdout,
                         self.run_it("--version", server=False).stdout)

    def on_a_terminal(self, columns, *words):
        """What it writes on a terminal so wide."""
        ours, its = pty.openpty()
        try:
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            subprocess.run([MASKLINE, *words, "--server", f"127.0.0.1:{self.up.port}"], stdin=subprocess.DEVNULL, stdout=its,
                           timeout=harness.PATIENCE, check=True)
            return os.read(ours, 65536).decode().replace("\r", "")
        finally:
            os.close(ours)
            os.close(its)

    def test_a_table_fits_the_terminal(self):
        self.run_it("service", "create", "rides")
        for last in "12":
            self.run_it("number", "add", "rides", "+1555010000" + last)
        self.assertEqual(len(self.on_a_terminal(500, "number", "list", "rides").splitlines()), 3)
        first, second = self.on_a_terminal(40, "number", "list", "rides").split("\n\n")
        self.assertIn("NUMBER    +15550100001\n", first)
        self.assertIn("NUMBER    +15550100002\n", second)

    def test_a_broken_follower_is_told_how_to_go_on(self):
        self.run_it("service", "create", "rides")
        follower = subprocess.Popen([MASKLINE, "events", "rides", "--follow", "--server", f"127.0.0.1:{self.up.port}"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("service-created", follower.stdout.readline())
        self.assertEqual(self.up.stop(), 0)
        _, said = follower.communicate(timeout=harness.PATIENCE)
        self.assertEqual(follower.returncode, 1)
        self.assertIn("maskline events rides --follow --after 1\n", said)

    def test_what_was_meant(self):
        for words, meant in [(["sesion", "list"], "maskline session"), (["session", "crate"], "maskline session create"),
                             (["service", "list", "--jsn"], "--json"), (["help", "wacth"], "maskline watch"),
                             (["help", "number", "ad"], "maskline number add")]:
            said = self.run_it(*words, status=2, server=False).stderr
            self.assertIn("did you mean", said)
            self.assertIn(meant, said)

    def test_many_numbers(self):
        self.run_it("service", "create", "rides")
        path = os.path.join(self.folder, "numbers")
        with open(path, "w", encoding="ascii") as file:
            file.write("# ours\n+15550100001\n\n  +15550100002  # airport\n+1555\n+15550100001\n+15550100003")
        done = self.run_it("number", "add", "rides", "--file", path, "--sms", "--json", status=1)
        self.assertEqual([json.loads(line)["phoneNumber"] for line in done.stdout.splitlines()],
                         ["+15550100001", "+15550100002", "+15550100003"])
        self.assertIn("line 5, +1555:", done.stderr)
        self.assertIn("line 6, +15550100001:", done.stderr)
        self.assertIn("3 added, 2 refused", done.stderr)
        self.assertNotIn("\r", done.stderr)
        self.assertEqual([row["capabilities"] for row in self.rows("number", "list", "rides")], [{"sms": True}] * 3)
        done = self.run_it("number", "add", "nowhere", "-f", path, status=1)
        self.assertEqual(done.stderr.count("SERVICE_NOT_FOUND"), 1, "it goes on although nothing can be added")

    def test_bytes_that_are_no_text(self):
        """A line is never cut where it has a byte 0: it would be another number, or another pair of people."""
        self.run_it("service", "create", "rides")
        path = os.path.join(self.folder, "bytes")
        for bad in [b"+15550100002\0 3\n", b"\0", b"# \0\n", b"\0+15550100002\n", b"+15550100002\n\0"]:
            with open(path, "wb") as file:
                file.write(b"+15550100001\n" + bad + b"+15550100003\n")
            done = self.run_it("number", "add", "rides", "-f", path, status=2)
            line = 3 if bad.startswith(b"+15550100002\n") else 2
            self.assertEqual(done.stderr, f"maskline: {path}, line {line}: a byte of it is 0, so this is no text\n")
            self.assertEqual(self.rows("number", "list", "rides"), [])
        for number in ["+15550100001", "+15550100002"]:
            self.run_it("number", "add", "rides", number)
        with open(path, "wb") as file:
            file.write(b"create a +15551230001 +15551230002\ncreate b\0 +15551230001\nclose a\0b\ncreate c\n")
        done = self.run_it("session", "batch", "rides", "-f", path, "--json", status=1)
        self.assertEqual([json.loads(line)["uniqueName"] for line in done.stdout.splitlines()], ["a", "c"])
        self.assertEqual(done.stderr, "".join(f"maskline: {path}, line {line}: a byte of it is 0, so this is no text\n"
                                              for line in (2, 3)) + "maskline: 2 done, 2 refused\n")
        self.assertEqual({row["uniqueName"]: row["status"] for row in self.rows("session", "list", "rides")},
                         {"a": "SESSION_STATUS_OPEN", "c": "SESSION_STATUS_OPEN"})

    def test_bytes_that_are_no_utf_8(self):
        """They would have the server refuse all that comes with them."""
        self.run_it("service", "create", "rides")
        path = os.path.join(self.folder, "bytes")
        with open(path, "wb") as file:
            file.write(b"+15550100001\n+15550100002 # \xe9\n")
        done = self.run_it("number", "add", "rides", "-f", path, status=2)
        self.assertEqual(done.stderr, f"maskline: {path}, line 2: this is not UTF-8\n")
        for number in ["+15550100001", "+15550100002"]:
            self.run_it("number", "add", "rides", number)
        with open(path, "wb") as file:
            file.write(b"create a +15551230001 +15551230002\ncreate \xe9 +15551230001\ncreate c\n")
        done = self.run_it("session", "batch", "rides", "-f", path, "--json", status=1)
        self.assertEqual([json.loads(line)["uniqueName"] for line in done.stdout.splitlines()], ["a", "c"])
        self.assertEqual(done.stderr, f"maskline: {path}, line 2: this is not UTF-8\nmaskline: 2 done, 1 refused\n")

    def test_files_of_other_systems(self):
        """With the mark at their beginning, which nobody sees, and two bytes at the end of a line."""
        self.run_it("service", "create", "rides")
        path = os.path.join(self.folder, "marked")
        for words, lines in [(["number", "add"], ["+15550100001", "+15550100002"]),
                             (["session", "batch"], ["create a +15551230001 +15551230002", "close a"])]:
            with open(path, "wb") as file:
                file.write(b"\xef\xbb\xbf" + "".join(line + "\r\n" for line in lines).encode())
            done = self.run_it(*words, "rides", "-f", path, "--json")
            self.assertEqual((len(done.stdout.splitlines()), done.stderr), (2, ""))

    def test_a_full_pool(self):
        """What to do is said once, after all that does not fit."""
        self.run_it("service", "create", "rides", "--most-unreserved", "1")
        path = os.path.join(self.folder, "numbers")
        with open(path, "w", encoding="ascii") as file:
            file.write("+15550100001\n+15550100002\n+15550100003\n")
        done = self.run_it("number", "add", "rides", "-f", path, status=1)
        self.assertEqual(done.stderr.count("POOL_FULL"), 2)
        self.assertRegex(done.stderr, r"\nmaskline: 1 added, 2 refused\n  `maskline service update .*--most-unreserved COUNT.*\n\Z")

    def test_what_is_wrong_with_a_field_is_said_once(self):
        self.run_it("service", "create", "rides")
        said = self.run_it("number", "add", "rides", "15550100001", status=1).stderr
        self.assertEqual(said.count("no number in E.164"), 1, said)
        said = self.run_it("session", "create", "rides", "--participant", "15551230001", status=1).stderr
        self.assertIn("participants[0].identifier: ", said)

    def test_many_numbers_from_the_standard_input(self):
        self.run_it("service", "create", "rides")
        done = subprocess.run([MASKLINE, "number", "add", "rides", "-f", "-", "--server", f"127.0.0.1:{self.up.port}"],
                              input="+15550100001\n+15550100002\n", capture_output=True, text=True, check=True,
                              timeout=harness.PATIENCE)
        self.assertEqual((len(done.stdout.splitlines()), done.stderr), (3, ""))

    def test_progress_is_for_terminals(self):
        self.run_it("service", "create", "rides")
        path = os.path.join(self.folder, "numbers")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"+1555010{number:04}\n" for number in range(50))
        ours, its = pty.openpty()
        try:
            subprocess.run([MASKLINE, "number", "add", "rides", "-f", path, "--server", f"127.0.0.1:{self.up.port}"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its, timeout=harness.PATIENCE, check=True)
            said = os.read(ours, 65536).decode()
        finally:
            os.close(ours)
            os.close(its)
        self.assertIn("adding numbers: 0 of 50 (0 %)", said)
        self.assertTrue(said.endswith("\r\x1b[K"), "the line is left behind")

    def test_a_deletion_is_waited_for(self):
        made, = self.rows("service", "create", "rides")
        self.run_it("number", "add", "rides", "+15550100001")
        for name in ["a", "b", "c"]:
            self.run_it("session", "create", "rides", "--name", name)
        self.run_it("session", "delete", "rides", "a")
        gone, = self.rows("service", "delete", "rides", "--wait")
        self.assertEqual((gone["sid"], gone["state"]), (made["sid"], "SERVICE_STATE_DELETED"))
        self.assertEqual(self.rows("events", gone["sid"])[-1]["type"], "EVENT_TYPE_SERVICE_DELETED")

    def test_what_prints_nothing_else_prints_json(self):
        self.run_it("service", "create", "rides")
        self.run_it("number", "add", "rides", "+15550100001")
        self.run_it("session", "create", "rides", "--name", "a")
        self.assertEqual(self.run_it("session", "delete", "rides", "a", "--json").stdout, "{}\n")
        self.assertEqual(self.run_it("number", "remove", "rides", "+15550100001", "--json").stdout, "{}\n")

    def test_names_are_changed(self):
        self.run_it("service", "create", "rides", "--cool-down", "8h")
        row, = self.rows("service", "update", "rides", "--name", "trips", "--idle-cap", "1d", "--default-mode", "message-only")
        self.assertEqual((row["uniqueName"], row["sessionPolicy"]["idleCap"], row["sessionPolicy"]["defaultMode"],
                          row["numberPolicy"]["coolDown"]), ("trips", "86400s", "SESSION_MODE_MESSAGE_ONLY", "28800s"))

    def test_the_server_of_the_environment(self):
        environment = {**os.environ, "MASKLINE_SERVER": f"127.0.0.1:{self.up.port}"}
        for words, status in [(["service", "list"], 0), (["service", "list", "--server", "127.0.0.1:1"], 3)]:
            done = subprocess.run([MASKLINE, *words], env=environment, capture_output=True, timeout=harness.PATIENCE, check=False)
            self.assertEqual(done.returncode, status, done.stderr)

    def test_no_answer_in_time(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        done = subprocess.run([MASKLINE, "service", "list", "--timeout", "50ms", "--server",
                               f"127.0.0.1:{silent.getsockname()[1]}"], capture_output=True, text=True,
                              timeout=harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("--timeout", done.stderr)

    def test_a_reader_that_goes_is_told_nothing(self):
        self.run_it("service", "create", "rides")
        ours, its = os.pipe()
        os.close(ours)
        done = subprocess.run([MASKLINE, "events", "rides", "--server", f"127.0.0.1:{self.up.port}"], stdout=its,
                              stderr=subprocess.PIPE, restore_signals=False, timeout=harness.PATIENCE, check=False)
        os.close(its)
        self.assertEqual((done.returncode, done.stderr), (1, b""))

    def test_no_server(self):
        self.up.kill()
        done = self.run_it("service", "list", status=3)
        self.assertIn("maskline serve", done.stderr)

    def test_help(self):
        self.assertIn("session create", self.run_it("--help", server=False).stdout)
        self.assertEqual(self.run_it("help", server=False).stdout, self.run_it("--help", server=False).stdout)
        for line in self.run_it("--help", server=False).stdout.splitlines():
            if line.startswith("  ") and "--" not in line:
                words = [word for word in line.split("  ")[1].split() if word.islower()]
                told = self.run_it("help", *words, server=False).stdout
                self.assertIn(f"  maskline {' '.join(words)}", told.partition("Examples\n")[2])
                if words != ["serve"]:
                    self.assertEqual(self.run_it(*words, "--help", server=False).stdout, told)
        self.assertIn("session reopen", self.run_it("session", "--help", server=False).stdout)
        self.assertIn("session reopen", self.run_it("help", "session", server=False).stdout)
        self.assertIn("--data", self.run_it("serve", "--help", server=False).stdout)
        self.assertIn("maskline", self.run_it("--version", server=False).stdout)

    def test_the_guides(self):
        """Each guide that there is can be found by --help, and read, without a server; the index says what each is about."""
        folder = os.path.abspath("client/guides")
        names = {name[:-len(".md")] for name in os.listdir(folder) if name.endswith(".md")} - {"README"}
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            about = dict(re.findall(r"^\| \[([\w-]+)\.md\]\(\1\.md\) \| (.+) \|$", file.read(), re.M))
        rows, _, presumed = self.run_it("guide", server=False).stdout.partition("\n\n")
        self.assertIn("    maskline serve --data $(mktemp -d)\n", presumed)
        listed = [tuple(line.split(maxsplit=1)) for line in rows.splitlines()]
        self.assertEqual(listed, list(about.items()))
        self.assertEqual({name for name, _ in listed}, names)
        for name in names:
            with open(os.path.join(folder, name + ".md"), encoding="utf-8") as file:
                self.assertEqual(self.run_it("guide", name, server=False).stdout, file.read())
        self.assertIn("maskline guide", self.run_it("--help", server=False).stdout)
        self.assertIn("opt-outs", self.run_it("guide", "no-such", server=False, status=2).stderr)

    def test_the_demo(self):
        """Again and again, in one Service; and when something of it has been taken away."""
        for _ in range(2):
            said = self.run_it("demo").stdout
            self.assertIn("Neither saw the other's number", said)
            self.assertIn("Bob's phone", said)
        services = self.rows("service", "list")
        self.assertEqual([service["uniqueName"] for service in services], ["maskline-demo"])
        numbers = self.rows("number", "list", "maskline-demo")
        self.run_it("number", "remove", "maskline-demo", numbers[0]["phoneNumber"])
        self.run_it("demo")
        after = self.rows("number", "list", "maskline-demo")
        self.assertEqual((len(after), after[0]["phoneNumber"]), (2, numbers[1]["phoneNumber"]))
        self.run_it("service", "delete", "maskline-demo")
        self.assertIn("A Service with a pool", self.run_it("demo").stdout)
        # The one that is being deleted may still be listed.
        sids = {service["sid"] for service in self.rows("service", "list")}
        self.assertEqual(len(sids - {services[0]["sid"]}), 1)

    def test_two_demos_at_once(self):
        """Each hears the events of both, and counts its own."""
        self.run_it("demo")
        command = [MASKLINE, "demo", "--server", f"127.0.0.1:{self.up.port}"]
        both = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                for _ in range(2)]
        for process in both:
            said, _ = process.communicate(timeout=2 * harness.PATIENCE)
            self.assertEqual(process.returncode, 0, said)

    def test_the_manual(self):
        with open("client/maskline.1", "rb") as file:
            manual = file.read()
        self.assertEqual(self.run_it("man", server=False).stdout.encode(), manual)
        self.assertIn(b"\\fBmaskline guide\\fR", manual)
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "PAGER": "cat", "MANPAGER": "cat"}
        done = subprocess.run(["man", "--warnings=w", "-l", "-"], input=manual, capture_output=True, env=environment,
                              timeout=harness.PATIENCE, check=True)
        self.assertEqual(done.stderr, b"")
        read = re.sub(".\b", "", done.stdout.decode())
        self.assertIn("maskline session create SERVICE [OPTION]...", read)
        self.assertIn("EXIT STATUS", read)
        self.assertIn("--participant NUMBER", read)

    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([MASKLINE, "service", "list", "--server", f"127.0.0.1:{self.up.port}"], stdout=full,
                                  timeout=harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)


class LeavesAllOut(grpc.GenericRpcHandler):
    """Answers everything, and says nothing."""

    def service(self, handler_call_details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")


class Empty(unittest.TestCase):
    def setUp(self):
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[LeavesAllOut()])
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        self.addCleanup(self.server.stop, None)

    def run_it(self, *words):
        return subprocess.run([MASKLINE, *words, "--server", f"127.0.0.1:{self.port}"], capture_output=True, text=True,
                              timeout=harness.PATIENCE, check=False, stdin=subprocess.DEVNULL)

    def test_a_server_that_leaves_out_what_was_asked_for(self):
        for words in [["service", "create", "a"], ["service", "get", "a"], ["service", "update", "a", "--idle-cap", "1d"],
                      ["service", "delete", "a"], ["service", "delete", "a", "--wait"], ["number", "add", "a", "+1555"],
                      ["number", "update", "a", "+1555", "--reserved"], ["session", "create", "a"],
                      ["session", "get", "a", "b"], ["session", "close", "a", "b"], ["participant", "add", "a", "b", "+1555"],
                      ["participant", "get", "a", "b", "c"], ["interaction", "send", "a", "b", "c", "d"],
                      ["interaction", "get", "a", "b", "c"]]:
            for more in [[], ["--json"]]:
                done = self.run_it(*words, *more)
                told = "maskline: the server's answer leaves out what was asked for\n"
                self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", told), (words, more))

    def test_a_server_that_has_nothing(self):
        for words in [["service", "list"], ["number", "list", "a"], ["session", "list", "a"], ["handset", "list"],
                      ["participant", "list", "a", "b"], ["interaction", "list", "a", "b"], ["clock", "get"],
                      ["events", "a"], ["events", "a", "--follow"], ["handset", "watch", "+1555"]]:
            for more in [[], ["--json"]]:
                done = self.run_it(*words, *more)
                self.assertEqual((done.returncode, done.stderr), (0, ""), (words, more))
        self.assertEqual(self.run_it("handset", "text", "+1", "+2", "x").returncode, 1)


class Serve(harness.Case):
    def test_bad_settings_are_refused_before_anything_starts(self):
        data = os.path.join(self.folder, "data")
        for words in [["--listen", "127.0.0.1:99999"], ["--carrier", "pigeon"], ["--nosuch"], ["--cache", "lots"],
                      ["--listen", "0.0.0.0:0"]]:
            done = subprocess.run([MASKLINE, "serve", "--data", data, *words], capture_output=True, text=True,
                                  timeout=harness.PATIENCE, check=False)
            self.assertEqual(done.returncode, 2, f"{words} {done.stderr}")
            self.assertTrue(done.stderr, words)
            self.assertFalse(os.path.exists(data), words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
