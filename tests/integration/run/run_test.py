#!/usr/bin/python3
"""bazel/run as people use it: to its end, and with Ctrl-C at its beginning, in its middle and at its end.

The script is the real one, with its server and its conversation. What is not is Bazel, which does not run in itself: a stand-in
has built already, or builds until it is stopped.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness

ROOT = os.path.dirname(os.path.realpath("WORKSPACE"))
BUILT = os.path.abspath(".")

BAZEL = """#!/bin/bash
case "$*" in
*build*)
    [ -n "${BUILDS_LONG:-}" ] || exit 0
    # As Bazel does: it ends well when it is interrupted, and says 8.
    trap 'exit 8' INT
    echo building >&2
    while :; do read -r -t 1 <>"$LONG" || :; done
    ;;
*bazel-bin*) echo "$BUILT" ;;
*output_base*) echo /tmp ;;
esac
"""


class Run(harness.Case):
    def setUp(self):
        super().setUp()
        self.tree = os.path.join(self.folder, "tree")
        self.temporary = os.path.join(self.folder, "tmp")
        os.makedirs(os.path.join(self.tree, "bazel"))
        os.mkdir(self.temporary)
        os.mkfifo(os.path.join(self.folder, "long"))
        bazel = os.path.join(self.folder, "bazel")
        self.write(bazel, BAZEL)
        self.write(os.path.join(self.tree, "bazel/setup"), "#!/bin/bash\n")
        shutil.copy(os.path.join(ROOT, "bazel/run"), os.path.join(self.tree, "bazel/run"))
        with open(os.path.join(ROOT, "bazel/lib.sh"), encoding="utf-8") as file:
            lib = file.read()
        self.assertIn("BAZEL=/usr/bin/bazel\n", lib)
        self.write(os.path.join(self.tree, "bazel/lib.sh"), lib.replace("BAZEL=/usr/bin/bazel\n", f"BAZEL={bazel}\n"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environment = {**os.environ, "TMPDIR": self.temporary, "BUILT": BUILT, "LONG": os.path.join(self.folder, "long"),
                            "HOME": self.folder}

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def begin(self, *words, **environment):
        """In a session of its own, as on a terminal of its own."""
        process = subprocess.Popen([os.path.join(self.tree, "bazel/run"), "--port", str(self.port), *words], text=True,
                                   env={**self.environment, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        alarm = threading.Timer(harness.PATIENCE, os.killpg, [process.pid, signal.SIGKILL])
        alarm.start()
        self.addCleanup(process.stdout.close)
        self.addCleanup(alarm.cancel)
        return process

    def until(self, process, wanted):
        said = ""
        while wanted not in said:
            line = process.stdout.readline()
            self.assertTrue(line, f"{wanted!r} does not come:\n{said}")
            said += line
        return said

    def nothing_is_left(self, process, said):
        self.assertEqual(os.listdir(self.temporary), [], said)
        with self.assertRaises(ProcessLookupError, msg="a process is left"):
            os.killpg(process.pid, 0)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port)).close()

    def interrupt(self, wanted, times=1, **environment):
        process = self.begin(**environment)
        said = self.until(process, wanted)
        for _ in range(times):
            # To all of them, as a terminal does.
            os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate()
        self.assertEqual(process.returncode, 130, said + rest)
        self.nothing_is_left(process, said + rest)
        return said + rest

    def test_to_its_end(self):
        process = self.begin("--once")
        said, _ = process.communicate()
        self.assertEqual(process.returncode, 0, said)
        self.assertIn("Neither saw the other's number", said)
        self.nothing_is_left(process, said)

    def test_ctrl_c_while_it_builds(self):
        self.assertNotIn("serving", self.interrupt("building\n", BUILDS_LONG="yes"))

    def test_ctrl_c_in_the_conversation(self):
        self.interrupt("Its events, live")

    def test_ctrl_c_when_it_serves(self):
        said = self.interrupt("grpcurl")
        self.assertRegex(said, re.compile(rf"maskline service list --server 127\.0\.0\.1:{self.port}$", re.M))

    def test_ctrl_c_twice(self):
        self.interrupt("grpcurl", times=2)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", self.port)):
            process = self.begin("--once")
            said, _ = process.communicate()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn(f"port {self.port} is taken", said)

    def test_the_store_is_kept(self):
        """Also what was played in it: another conversation is one more of the same Service."""
        data = os.path.join(self.folder, "kept")
        for again in [False, True, True]:
            process = self.begin("--once", "--data", data)
            said, _ = process.communicate()
            self.assertEqual(process.returncode, 0, said)
            self.assertIn("Neither saw the other's number", said)
            self.assertEqual("The Service of the demo before" in said, again, said)
            self.assertEqual("SERVICE_CREATED" in said.upper().replace("-", "_"), not again, said)
            self.assertTrue(os.path.exists(os.path.join(data, "version")))
            self.nothing_is_left(process, said)
            self.assertEqual(os.stat(data).st_mode & 0o777, 0o700)
        process = self.begin("--data", data)
        said = self.until(process, "grpcurl")
        listed = [line.split() for line in self.ask("service", "list").splitlines()]
        self.assertEqual([row[1] for row in listed], ["NAME", "maskline-demo"])
        self.assertEqual(len(self.ask("number", "list", "maskline-demo").splitlines()), 1 + 2)
        self.assertEqual(len(self.ask("session", "list", "maskline-demo").splitlines()), 1 + 4)
        os.killpg(process.pid, signal.SIGINT)
        said += process.communicate()[0]
        self.assertEqual(process.returncode, 130, said)
        self.nothing_is_left(process, said)

    def ask(self, *words):
        return subprocess.run([os.path.join(BUILT, "client/maskline"), *words, "--server", f"127.0.0.1:{self.port}"], text=True,
                              capture_output=True, check=True, stdin=subprocess.DEVNULL, timeout=harness.PATIENCE).stdout

    def server_of(self, said):
        return int(re.search(r"serving at \S+ \(process (\d+),", said).group(1))

    def test_its_server_is_killed(self):
        """That is told in its own words, and the shell adds none."""
        # Not SEGV, which a sanitizer takes for a fault of its own process.
        for which, told in [(signal.SIGKILL, "was ended by a signal, KILL"), (signal.SIGABRT, "was ended by a signal, ABRT"),
                            (signal.SIGTERM, r"ended by itself \(status 0\)")]:
            process = self.begin()
            said = self.until(process, "grpcurl")
            os.kill(self.server_of(said), which)
            rest, _ = process.communicate()
            self.assertEqual(process.returncode, 1, rest)
            self.assertRegex(rest, rf"\Amaskline: the server {told}; its last words:\n")
            self.assertNotIn(": line ", rest)
            self.assertNotIn("bazel/run", rest)
            self.nothing_is_left(process, said + rest)

    def test_its_server_is_killed_in_the_conversation(self):
        """That is told, too, wherever the conversation was, and at once: it does not wait for what cannot come any more."""
        cut = 0
        for where in ["Its events, live", "event 5 ", "Ann calls", "Ann's phone    talks"]:
            for which, told in [(signal.SIGKILL, "was ended by a signal, KILL"), (signal.SIGTERM, r"ended by itself \(status 0\)")]:
                process = self.begin()
                said = self.until(process, where)
                began = time.monotonic()
                os.kill(self.server_of(said), which)
                rest, _ = process.communicate()
                self.assertLess(time.monotonic() - began, 10, rest)
                self.assertEqual(process.returncode, 1, rest)
                # On a busy machine it may have come to its end before.
                played = "Neither saw the other's number" in rest
                cut += not played
                wrong = "" if played else r"maskline: the conversation went wrong \(status [13]\)\n"
                self.assertRegex(rest, rf"{wrong}maskline: the server {told}; its last words:\n")
                self.assertNotIn(": line ", rest)
                self.nothing_is_left(process, said + rest)
        self.assertGreater(cut, 0)

    def test_a_folder_that_cannot_be_made(self):
        process = self.begin("--once", "--data", "/proc/none")
        said, _ = process.communicate()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("cannot make the data folder /proc/none", said)
        self.nothing_is_left(process, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
