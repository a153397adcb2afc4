#!/usr/bin/python3
"""`maskline watch` against a real server: what it shows of a conversation, to whom, and how it goes on and ends."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness
import world

MASKLINE = os.path.abspath("client/maskline")
ESCAPE = re.compile(r"\x1b\[[0-9]*m")


class Watcher:
    """One that runs; it is ended with the test, and reading from it ends in time."""

    def __init__(self, test, *words, server=None, environment=None, terminal=False, **more):
        command = [MASKLINE, "watch", *words, "--server", server or f"127.0.0.1:{test.up.port}"]
        self.terminal, out = pty.openpty() if terminal else (None, subprocess.PIPE)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "TERM": "xterm", **(environment or {})}, **more)
        self.stdout = self.process.stdout
        if terminal:
            os.close(out)
            self.stdout = open(self.terminal, encoding="utf-8", newline="\n")  # closed by end()
        self.alarm = threading.Timer(harness.PATIENCE, self.process.kill)
        self.alarm.start()
        test.addCleanup(self.end)

    def end(self):
        self.alarm.cancel()
        self.alarm.join()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(harness.PATIENCE)
        self.stdout.close()
        self.process.stderr.close()

    def until(self, wanted):
        """Lines up to the one with those words."""
        lines = []
        while not lines or wanted not in lines[-1]:
            line = self.stdout.readline()
            if not line:
                raise AssertionError(f"{wanted!r} does not come:\n{''.join(lines)}{self.process.stderr.read()}")
            lines.append(line)
        return lines


class Watch(harness.Case):
    def setUp(self):
        super().setUp()
        # A server that is started anew takes another port; its socket stays. The path of one may not be long.
        sockets = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, sockets)
        self.socket = f"unix:{sockets}/socket"
        self.up = self.server("--listen", self.socket).start()
        self.world = world.World(self.up, "rides", [world.proxy(1), world.proxy(2)])
        self.session = self.world.session({"identifier": world.person(1), "friendly_name": "Ann"},
                                          {"identifier": world.person(2), "friendly_name": "Bob"}, unique_name="trip-1")
        self.ann, self.bob = self.session.participants
        for index in [1, 2]:
            self.up.simulator.AddHandset(harness.pb.simulator.AddHandsetRequest(phone_number=world.person(index)),
                                         timeout=harness.PATIENCE)

    def text(self, body, index=1):
        self.up.simulator.SendText(harness.pb.simulator.SendTextRequest(
            handset=world.person(index), recipient=(self.ann, self.bob)[index - 1].proxy_identifier, body=body),
            timeout=harness.PATIENCE)

    def test_a_conversation_in_words(self):
        watcher = Watcher(self, "rides", "--from-oldest")
        lines = watcher.until("session opened")
        self.assertIn("service created", lines[0])
        self.assertIn(f"Ann dials {self.ann.proxy_identifier}, Bob dials {self.bob.proxy_identifier}", lines[-1])
        self.text("On my \x1b[31mway.")
        wrote = watcher.until("On my")[-1]
        self.assertIn(f"Ann wrote to {self.ann.proxy_identifier}; Bob gets it from {self.bob.proxy_identifier}: ", wrote)
        self.assertIn("trip-1", wrote)
        self.assertNotIn("\x1b", wrote)
        message = re.search(r"KI\.\.[0-9a-f]{6}", wrote).group()
        self.assertIn(f"{message} to Bob: delivered", watcher.until("delivered")[-1])
        self.world.send("trip-1", self.ann.sid, "Rate your trip.")
        self.assertIn(f"the Service wrote to Ann, from {self.ann.proxy_identifier}: Rate your trip.",
                      watcher.until("the Service")[-1])
        self.world.close("trip-1")
        self.assertIn("session closed: api", watcher.until("session closed")[-1])
        self.text("Late")
        self.assertIn(f"Ann wrote to {self.ann.proxy_identifier}: reached nobody, SESSION_CLOSED",
                      watcher.until("reached nobody")[-1])
        self.world.update("trip-1", status=harness.pb.sessions.SESSION_STATUS_IN_PROGRESS)
        watcher.until("session opened again")
        self.up.participants.DeleteParticipant(harness.pb.participants.DeleteParticipantRequest(
            service="rides", session="trip-1", participant=self.bob.sid), timeout=harness.PATIENCE)
        watcher.until("Bob was taken out")
        added = self.up.participants.CreateParticipant(harness.pb.participants.CreateParticipantRequest(
            service="rides", session="trip-1", participant={"identifier": world.person(3)}), timeout=harness.PATIENCE).participant
        self.assertIn(f"KP..{added.sid[-6:]} joined, and dials {added.proxy_identifier}", watcher.until("joined")[-1])
        self.up.services.DeleteService(harness.pb.services.DeleteServiceRequest(service="rides"), timeout=harness.PATIENCE)
        watcher.until("service deleted")
        self.assertEqual(watcher.process.wait(harness.PATIENCE), 0)

    def test_no_real_number_is_shown(self):
        watcher = Watcher(self, "rides", "--from-oldest")
        self.text("Hello")
        told = "".join(watcher.until("delivered"))
        for index in [1, 2]:
            self.assertNotIn(world.person(index), told)

    def test_one_session(self):
        other = self.world.session(world.person(5), world.person(6))
        watcher = Watcher(self, "rides", "trip-1", "--from-oldest")
        watcher.until("session opened")
        self.world.send(other.sid, other.participants[0].sid, "elsewhere")
        self.text("here")
        self.assertNotIn("elsewhere", "".join(watcher.until("here")))
        shown = Watcher(self, "rides", other.sid, "--from-oldest").until("elsewhere")
        self.assertIn(f"KC..{other.sid[-6:]}", shown[-1])

    def test_where_it_begins(self):
        self.text("first")
        self.world.leg_until(self.world.newest("trip-1").sid, harness.pb.interactions.LEG_STATUS_DELIVERED)
        last = self.world.events()[-1].position
        self.assertIn("second", self.first_line("rides", "--after", str(last), body="second"))
        self.world.leg_until(self.world.newest("trip-1").sid, harness.pb.interactions.LEG_STATUS_DELIVERED)
        # The clock of the server counts, not ours.
        self.up.simulator.MoveClock(harness.pb.simulator.MoveClockRequest(advance={"seconds": 3600}), timeout=harness.PATIENCE)
        self.text("third")
        self.assertIn("third", Watcher(self, "rides", "--since", "30m").until("\n")[0])
        self.assertIn("service created", Watcher(self, "rides", "--since", "2h").until("\n")[0])
        self.assertIn("service created", Watcher(self, "rides", "--since", "2020-01-02T03:04:05Z").until("\n")[0])

    def first_line(self, *words, body):
        watcher = Watcher(self, *words)
        self.text(body)
        return watcher.until("\n")[0]

    def test_json_is_the_events(self):
        watcher = Watcher(self, "rides", "--from-oldest", "--json")
        told = [json.loads(watcher.until("\n")[0]) for _ in range(4)]
        self.assertEqual([event["position"] for event in told], ["1", "2", "3", "4"])
        self.assertEqual(told[3]["type"], "EVENT_TYPE_SESSION_CREATED")

    def test_colours(self):
        for words, environment, terminal, coloured in [
                ([], {"NO_COLOR": ""}, True, True), ([], {"NO_COLOR": "1"}, True, False), ([], {"TERM": "dumb"}, True, False),
                (["--color", "never"], {}, True, False), (["--color", "always"], {"NO_COLOR": "1"}, False, True),
                (["--color", "auto"], {}, False, False)]:
            watcher = Watcher(self, "rides", "--from-oldest", *words, environment=environment, terminal=terminal)
            line = watcher.until("session opened")[-1]
            self.assertEqual(bool(ESCAPE.search(line)), coloured, f"{words} {environment} {line!r}")
            self.assertIn("Ann dials", ESCAPE.sub("", line))
            watcher.end()

    def test_it_goes_on_after_a_restart(self):
        watcher = Watcher(self, "rides", "--from-oldest", server=self.socket)
        watcher.until("session opened")
        for body, end in [("after the crash", self.up.kill), ("after the restart", self.up.stop)]:
            end()
            self.assertIn("has gone", watcher.process.stderr.readline())
            self.up.start()
            self.world.send("trip-1", self.ann.sid, body)
            lines = watcher.until(body)
            self.assertIn("the server is back; going on behind event", watcher.process.stderr.readline())
            self.assertEqual(sum("the Service wrote" in line for line in lines), 1, "told twice, or not at all")
            self.assertFalse(any("service created" in line for line in lines), lines)

    def test_names_that_mean_others_after_a_restart(self):
        watcher = Watcher(self, "rides", "trip-1", "--from-oldest", server=self.socket)
        watcher.until("session opened")
        self.up.services.UpdateService(harness.pb.services.UpdateServiceRequest(service="rides", unique_name="trips"),
                                       timeout=harness.PATIENCE)
        other = world.World(self.up, "rides", [world.proxy(3)])
        other.session(world.person(5), unique_name="trip-1")
        self.up.kill()
        self.up.start()
        self.world.send(self.session.sid, self.ann.sid, "still here")
        self.assertNotIn("KP..", "".join(watcher.until("still here")))

    def test_an_address_without_a_server_is_not_waited_for(self):
        watcher = Watcher(self, "rides", server=f"{self.socket}.nowhere")
        self.assertEqual(watcher.process.wait(harness.PATIENCE), 3)
        watcher = Watcher(self, "nothing")
        self.assertEqual(watcher.process.wait(harness.PATIENCE), 1)
        self.assertIn("SERVICE_NOT_FOUND", watcher.process.stderr.read())

    def test_what_does_not_reach_whom_it_is_for(self):
        """Who wrote STOP gets nothing, and no line says otherwise."""
        watcher = Watcher(self, "rides", "--from-oldest")
        self.text("STOP")
        self.assertRegex(watcher.until("keyword")[-1],
                         r"trip-1 +Ann wrote a keyword to \+\d+: opt-out; it is answered by KI\.\.\w+\n\Z")
        self.assertRegex(watcher.until("delivered")[-1], r" KI\.\.\w+ a notice: delivered\n\Z")
        self.text("are you there?", 2)
        self.assertRegex(watcher.until("are you there?")[-1], r"Bob wrote to \+\d+; Ann does not get it, OPTED_OUT: are you there\?\n\Z")
        self.text("START")
        self.text("are you back?", 2)
        self.assertRegex(watcher.until("are you back?")[-1], r"; Ann gets it from \+\d+: are you back\?\n\Z")

    def test_ctrl_c_ends_it(self):
        watcher = Watcher(self, "rides", "--from-oldest")
        watcher.until("session opened")
        watcher.process.send_signal(signal.SIGINT)
        self.assertEqual(watcher.process.wait(harness.PATIENCE), -signal.SIGINT)
        self.assertEqual(watcher.process.stderr.read(), "")

    def test_a_reader_that_goes_ends_it(self):
        for restore in [True, False]:
            watcher = Watcher(self, "rides", "--from-oldest", restore_signals=restore)
            watcher.until("session opened")
            watcher.stdout.close()
            self.text("nobody reads this")
            self.assertIn(watcher.process.wait(harness.PATIENCE), [-signal.SIGPIPE] if restore else [1])
            self.assertEqual(watcher.process.stderr.read(), "")

    def test_a_reader_that_goes_ends_all_that_follow(self):
        """Also while nothing happens: `maskline events SERVICE --follow | grep -m1 WORD` ends when it has found it."""
        self.text("for Bob's phone")
        for words in [["watch", "rides", "--from-oldest"], ["events", "rides", "--follow"], ["handset", "watch", world.person(2)]]:
            for restore in [True, False]:
                process = subprocess.Popen([MASKLINE, *words, "--server", f"127.0.0.1:{self.up.port}"], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, restore_signals=restore)
                self.addCleanup(process.kill)
                process.stdout.readline()
                time.sleep(0.2)
                process.stdout.close()
                self.assertEqual(process.wait(harness.PATIENCE), -signal.SIGPIPE if restore else 1, words)
                self.assertEqual(process.stderr.read(), b"")
                process.stderr.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
