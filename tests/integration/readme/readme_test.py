#!/usr/bin/python3
"""What README.md tells people to type works, word by word, against a real server."""

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
ROOT = os.path.dirname(os.path.realpath("WORKSPACE"))
BUF = os.path.join(ROOT, "tests/checks/node_modules/@bufbuild/buf/bin/buf")
NODE_PACKAGES = os.path.join(ROOT, "tests/clients/node/node_modules")
HEADING = re.compile(r"^#+ (.*)$")


def read_sections():
    """{heading: text}; a line of code that begins with # is none."""
    sections, heading, code = {}, "", False
    with open("README.md", encoding="utf-8") as file:
        for line in file:
            if line.startswith("```"):
                code = not code
            found = None if code else HEADING.match(line)
            if found:
                heading = found.group(1)
            else:
                sections[heading] = sections.get(heading, "") + line
    return sections


SECTIONS = read_sections()


def block(heading, language):
    """The one block of code in that language under the heading."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[heading], re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"{len(found)} blocks of {language} under {heading}"
    return found[0]


class Readme(harness.Case):
    def setUp(self):
        super().setUp()
        self.up = self.server().start()
        self.work = os.path.join(self.folder, "work")
        os.makedirs(os.path.join(self.work, "bazel-bin"))
        os.symlink(os.path.dirname(MASKLINE), os.path.join(self.work, "bazel-bin/client"))
        os.symlink(harness.PROTO, os.path.join(self.work, "proto"))
        self.address = f"127.0.0.1:{self.up.port}"

    def begin(self, command, code):
        """Starts the code with our server in place of the usual one; it is ended with the test."""
        self.assertTrue("127.0.0.1:7766" in code or "maskline " in code, code)
        process = subprocess.Popen(command + [code.replace("127.0.0.1:7766", self.address)], cwd=self.work, text=True,
                                   start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL,
                                   env={**os.environ, "MASKLINE_SERVER": self.address, "NODE_PATH": NODE_PACKAGES})
        # Whatever goes wrong, reading ends: the pipe breaks when they are all gone.
        alarm = threading.Timer(harness.PATIENCE, os.killpg, [process.pid, signal.SIGKILL])
        alarm.start()
        self.addCleanup(self.end, process, alarm)
        return process

    def end(self, process, alarm):
        alarm.cancel()
        alarm.join()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(harness.PATIENCE)
        process.stdout.close()

    def whole(self, command, code):
        process = self.begin(command, code)
        said, _ = process.communicate()
        self.assertEqual(process.returncode, 0, said)
        return said

    def until(self, process, *wanted):
        """Reads lines until each of the words was seen, in that order; all that was read."""
        said = ""
        for words in wanted:
            line = ""
            while words not in line:
                line = process.stdout.readline()
                self.assertTrue(line, f"{words!r} does not come:\n{said}")
                said += line
        return said

    def test_calling_it_by_buf(self):
        line = "buf curl" + block("Calling it", "sh").partition("\nbuf curl")[2]
        self.assertIn("--http2-prior-knowledge", line)
        code = f"export HOME=$PWD BUF_CACHE_DIR=$PWD\nbuf() {{ node {BUF} \"$@\"; }}\n{line}"
        self.assertIn('"uniqueName"', self.whole(["bash", "-ec"], code))

    def test_a_server_that_has_nothing(self):
        """The command with which the README and the guides start one."""
        self.assertIn("`bazel-bin/client/maskline serve --data $(mktemp -d)`", SECTIONS["From the command line"])
        process = self.begin(["bash", "-ec"], "exec bazel-bin/client/maskline serve --data $(mktemp -d -p .) --listen 127.0.0.1:0")
        self.until(process, "serving on")

    def test_from_the_command_line(self):
        process = self.begin(["bash", "-ec"], block("From the command line", "sh"))
        self.until(process, "rides", "+15550100001", "+15550100002", "trip-1", "accepted", "On my way.", "service created",
                   "gets it from +15550100002: On my way.", "delivered")

    def test_completion(self):
        """Each line in the shell that it is for."""
        for_bash, for_zsh = block("From the command line", "bash").splitlines()
        environment = {**os.environ, "PATH": f"{os.path.dirname(MASKLINE)}:{os.environ['PATH']}"}
        for shell, code, after in [("bash", for_bash, "complete -p maskline"),
                                   ("zsh", for_zsh, 'autoload -U compinit; compinit -u -D; echo "${_comps[maskline]}"')]:
            begin = f"fpath=({self.work} $fpath)\n" if shell == "zsh" else ""
            done = subprocess.run([shell, "-c", f"{begin}{code}\n{after}"], env=environment, capture_output=True, text=True,
                                  timeout=harness.PATIENCE, stdin=subprocess.DEVNULL, check=True)
            self.assertIn("_maskline", done.stdout, done.stderr)

    def test_from_python(self):
        self.up.services.CreateService(harness.pb.services.CreateServiceRequest(unique_name="rides"), timeout=harness.PATIENCE)
        self.up.phone_numbers.AddPhoneNumber(
            harness.pb.phone_numbers.AddPhoneNumberRequest(service="rides", phone_number="+15550100001"),
            timeout=harness.PATIENCE)
        subprocess.run(["bash", "-ec", block("From Python", "sh").replace("python3", sys.executable)], cwd=self.work, check=True,
                       timeout=harness.PATIENCE, stdin=subprocess.DEVNULL)
        said = self.whole([sys.executable, "-c"], block("From Python", "python"))
        self.assertEqual(said, "+15551230003 dials +15550100001\n+15551230004 dials +15550100001\n")

    def test_from_node(self):
        self.up.services.CreateService(harness.pb.services.CreateServiceRequest(unique_name="rides"), timeout=harness.PATIENCE)
        process = self.begin(["node", "-e"], block("From Node", "js"))
        self.until(process, "1 EVENT_TYPE_SERVICE_CREATED")
        self.assertEqual(self.up.stop(), 0)
        self.until(process, "after_position: 1")
        self.assertEqual(process.wait(harness.PATIENCE), 0)

    def test_methods_and_flags_that_it_names_exist(self):
        with open("README.md", encoding="utf-8") as file:
            text = file.read()
        methods = re.findall(r"maskline\.v1\.(\w+/\w+)", text)
        self.assertTrue(methods)
        self.assertLessEqual(set(methods), {
            f"{service.name}/{method}" for name in harness.SERVICES
            for service in getattr(harness.pb, name).DESCRIPTOR.services_by_name.values() for method in service.methods_by_name})
        told = subprocess.run([MASKLINE, "serve", "--help"], capture_output=True, text=True, check=True,
                              timeout=harness.PATIENCE).stdout
        commands = [line.split()[:2] for line in subprocess.run(
            [MASKLINE, "--help"], capture_output=True, text=True, check=True, timeout=harness.PATIENCE).stdout.splitlines()
            if line.startswith("  ")]
        for noun, verb in re.findall(r"`maskline ([a-z]+) ?([a-z]*)", text):
            self.assertTrue([noun, verb] in commands or noun in [command[0] for command in commands], (noun, verb))
        for flag in re.findall(r"`[^`]*?(--[a-z-]+)", SECTIONS["Running it"] + SECTIONS["Being a carrier"]):
            self.assertIn(flag, told)
        for path in re.findall(r"`([a-z]+/[\w/.-]+)`", text):
            if not path.startswith("bazel-bin"):
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
