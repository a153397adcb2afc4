#!/usr/bin/python3
"""Every example of every help works, in the order in which a reader meets them, against a real server."""

import os
import re
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness

MASKLINE = os.path.abspath("client/maskline")
ROW = re.compile(r"^  ((?:[a-z][a-z-]* ?)+)")
# They take away what the others need, and come last, the innermost first.
REMOVING = {"delete", "remove"}
# What goes on until it is ended, and what it prints when it does what it should.
ENDLESS = {"serve": "serving on", "events --follow": "rides|session|number", "watch": "wrote to|session opened|service created",
           "handset watch": "Are you there"}


def told(*words):
    return subprocess.run([MASKLINE, *words], capture_output=True, text=True, check=True, timeout=harness.PATIENCE).stdout


def commands():
    """("session", "create") and so on, as --help lists them before its options."""
    for line in told("--help").partition("\nOptions of")[0].splitlines():
        row = ROW.match(line)
        if row:
            yield tuple(row.group(1).split())


def examples():
    found = {words: [line.strip() for line in told("help", *words).partition("\nExamples\n")[2].splitlines()]
             for words in commands()}
    last = [words for words in found if words[-1] in REMOVING]
    for words in [words for words in found if words not in last] + last[::-1]:
        for line in found[words]:
            yield words, line


class Examples(harness.Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.address = f"127.0.0.1:{self.up.port}"
        self.work = os.path.join(self.folder, "work")
        os.mkdir(self.work)
        for name, start in [("numbers.txt", 10), ("more.txt", 20)]:
            with open(os.path.join(self.work, name), "w", encoding="ascii") as file:
                file.writelines(f"+155501000{number}\n" for number in range(start, start + 3))
        with open(os.path.join(self.work, "trips.txt"), "w", encoding="ascii") as file:
            file.write("create trip-3 +15551230006\nclose trip-3\n")
        self.environment = {**os.environ, "MASKLINE_SERVER": self.address, "PAGER": "cat", "MANPAGER": "cat", "LC_ALL": "C.UTF-8",
                            "PATH": f"{os.path.dirname(MASKLINE)}:{os.environ['PATH']}"}

    def sids(self):
        """Those of trip-1 that examples show in made-up form."""
        participants = self.up.participants.ListParticipants(harness.pb.participants.ListParticipantsRequest(
            service="rides", session="trip-1"), timeout=harness.PATIENCE).participants
        interactions = self.up.interactions.ListInteractions(harness.pb.interactions.ListInteractionsRequest(
            service="rides", session="trip-1"), timeout=harness.PATIENCE).interactions
        return {"KP": participants[-1].sid, "KI": interactions[-1].sid if interactions else ""}

    def real(self, line):
        """The example with our server, and with SIDs that there are."""
        line = line.replace("127.0.0.1:7766", self.address).replace("127.0.0.1:7767", "127.0.0.1:0")
        return re.sub(r"\b(K[PI])[0-9a-f]{32}\b", lambda found: self.sids()[found.group(1)], line)

    def begin(self, line, out=subprocess.PIPE):
        process = subprocess.Popen(["bash", "-ec", line], cwd=self.work, env=self.environment, text=True, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        alarm = threading.Timer(harness.PATIENCE, os.killpg, [process.pid, signal.SIGKILL])
        alarm.start()
        return process, alarm

    def run_to_its_end(self, line):
        process, alarm = self.begin(line)
        said, _ = process.communicate()
        alarm.cancel()
        self.assertEqual(process.returncode, 0, f"{line}\n{said}")

    def run_endless(self, line, wanted):
        """Until it has printed what it should; what it waits for happens meanwhile, again and again."""
        process, alarm = self.begin(f"exec {line}")
        enough = threading.Event()

        def write():
            while not enough.wait(0.1) and process.poll() is None:
                self.up.interactions.SendMessage(harness.pb.interactions.SendMessageRequest(
                    service="rides", session="trip-1", participant=self.sids()["KP"], body="Hello"), timeout=harness.PATIENCE)

        writer = threading.Thread(target=write)
        if line.startswith("maskline watch"):
            writer.start()
        said = ""
        while not re.search(wanted, said):
            part = process.stdout.readline()
            said += part
            if not part:
                break
        enough.set()
        if writer.ident:
            writer.join()
        process.send_signal(signal.SIGINT)
        process.communicate()
        alarm.cancel()
        self.assertRegex(said, wanted, line)
        self.assertIn(process.returncode, [0] if line.startswith("maskline serve") else [-signal.SIGINT], line)

    def test_examples(self):
        count = 0
        for words, line in examples():
            with self.subTest(line):
                self.assertTrue(line.startswith("maskline " + " ".join(words)), line)
                endless = [wanted for which, wanted in ENDLESS.items() if all(part in line.split() for part in which.split())]
                if endless and words[0] in {"serve", "events", "watch", "handset"}:
                    self.run_endless(self.real(line), endless[-1])
                else:
                    self.run_to_its_end(self.real(line))
            count += 1
        self.assertGreater(count, 50)
        # Nothing but what examples made is left, and what they delete is gone.
        names = [one.unique_name for one in self.up.services.ListServices(
            harness.pb.services.ListServicesRequest(), timeout=harness.PATIENCE).services]
        self.assertEqual(names, ["maskline-demo"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
