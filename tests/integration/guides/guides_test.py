#!/usr/bin/python3
"""The guides work as told: every command of theirs, in its order, against a server that has nothing yet, prints what they say."""

import glob
import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness

FOLDER = os.path.abspath("client/guides")
MASKLINE = os.path.abspath("client/maskline")
BLOCK = re.compile(r"^```(\w+(?: exact)?)\n(.*?)^```$", re.M | re.S)
LIST = re.compile(r"^maskline [\w-]+ list\b", re.M)
# What only looks may look again: a message that was accepted is on its way when the next command runs.
LOOKS = re.compile(r"(?:maskline [\w-]+ (?:list|get|messages) [^\n;|$]*\n)+")
REFUSED = re.compile(r"^(?:maskline|rejected): ", re.M)  # the last thing that a block does


def plain(line):
    return " ".join(line.split())


def steps(name):
    """(commands, what they print, whether they print nothing else) of a guide."""
    with open(os.path.join(FOLDER, name + ".md"), encoding="utf-8") as file:
        blocks = BLOCK.findall(file.read())
    for index, (language, code) in enumerate(blocks):
        assert language == "sh" or index > 0 and blocks[index - 1][0] == "sh", (name, code)
        if language == "sh":
            after = blocks[index + 1] if index + 1 < len(blocks) else ("", "")
            yield code, after[1] if after[0].startswith("text") else "", after[0] == "text exact"


def agrees(printed, expected, exact):
    """None, or the line that is not there, or should not be. The lines come in the order that is told; `exact`: and no others."""
    lines = iter([plain(line) for line in printed.splitlines()])
    for line in expected.splitlines():
        pattern = re.compile(".*".join(re.escape(part.strip()) for part in plain(line).split("...")))
        fits = pattern.fullmatch if exact else pattern.search
        if exact:
            found = next(lines, None)
            if found is None or not fits(found):
                return f"{line} is told, {found} is printed"
        elif not any(fits(found) for found in lines):
            return f"{line} is told, and not printed"
    more = next(lines, None) if exact else None
    return more and f"{more} is printed, and not told"


class Guides(harness.Case):
    def follow(self, name):
        up = self.server().start()
        work = os.path.join(self.folder, name)
        os.mkdir(work)
        environment = {**os.environ, "MASKLINE_SERVER": f"127.0.0.1:{up.port}", "LC_ALL": "C.UTF-8",
                       "PATH": f"{os.path.dirname(MASKLINE)}:{os.environ['PATH']}"}
        count = 0
        for code, expected, exact in steps(name):
            # In two lists, a line of the one would do for the other.
            self.assertLessEqual(len(LIST.findall(code)), 1, code)
            refused = REFUSED.search(expected)
            if refused and expected[refused.start():].startswith("maskline: "):
                self.assertRegex(expected, r"(?m)^maskline: [A-Z_]+ [A-Z_]+: ", f"{name}: a refusal that does not say why\n{code}")
            deadline = time.monotonic() + (harness.PATIENCE if LOOKS.fullmatch(code) else 0)
            while True:
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=work, env=environment, text=True,
                                      check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=2 * harness.PATIENCE)
                wrong = agrees(done.stdout, expected, exact)
                if not wrong or time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            self.assertEqual(done.returncode, 1 if refused else 0, f"{name}:\n{code}\n{done.stdout}")
            self.assertIsNone(wrong, f"{name}: {wrong}\n{code}\n{done.stdout}")
            count += 1
        self.assertGreater(count, 3)
        self.assertEqual(up.stop(), 0)

    def test_what_is_printed_is_compared(self):
        """A list of the wrong session is told from the right one."""
        printed = "HEAD\n1 one\n2 two\n"
        self.assertIsNone(agrees(printed, "... one\n", False))
        self.assertIsNone(agrees(printed, "HEAD\n... one\n2 ...\n", True))
        self.assertIsNone(agrees("", "", True))
        for told, exact in [("... three\n", False), ("... two\n... one\n", False), ("HEAD\n... one\n", True),
                            ("... one\n... two\n", True), ("HEAD\n", True), ("", True), (printed + "3\n", True),
                            ("HEAD\none\n2 two\n", True)]:
            self.assertIsNotNone(agrees(printed, told, exact), told)

    # holds: GUIDE-01
    def test_quickstart(self):
        self.follow("quickstart")
        commands = "".join(code for code, _, _ in steps("quickstart"))
        order = ["service create", "number add rides +15550100001", "number add rides +15550100002", "session create",
                 "interaction send", "handset text +15551230001", "handset text +15551230002", "handset call", "call place"]
        places = [commands.index(step) for step in order]
        self.assertEqual(places, sorted(places))

    # holds: GUIDE-11
    def test_voicemail(self):
        self.follow("voicemail")
        with open(os.path.join(FOLDER, "voicemail.md"), encoding="utf-8") as file:
            told = file.read()
        for setting in ["acceptance", "ring_limit_without_key"]:
            self.assertIn(f"`{setting}`", told)
            self.assertIn(setting, harness.pb.services.VoicePolicy.DESCRIPTOR.fields_by_name)
        self.assertIn("the real number", plain(told))

    # holds: GUIDE-02
    def test_messages(self):
        self.follow("messages")

    # holds: GUIDE-03 GUIDE-10
    def test_numbers(self):
        self.follow("numbers")

    # holds: GUIDE-04
    def test_how_many_numbers(self):
        self.follow("how-many-numbers")
        with open(os.path.join(FOLDER, "how-many-numbers.md"), encoding="utf-8") as file:
            self.assertIn("Create sessions as late as possible", file.read())

    # holds: GUIDE-05
    def test_reserved_numbers(self):
        self.follow("reserved-numbers")

    # holds: GUIDE-09
    def test_late_contact(self):
        self.follow("late-contact")

    # holds: GUIDE-06
    def test_short_codes(self):
        self.follow("short-codes")

    # holds: GUIDE-07
    def test_opt_outs(self):
        self.follow("opt-outs")

    # holds: GUIDE-12
    def test_the_index_names_all_and_asks_for_consent(self):
        with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
            index = file.read()
        self.assertRegex(plain(index), r"Before you store what people write or say, or record them, get their consent")
        names = {os.path.basename(path) for path in glob.glob(os.path.join(FOLDER, "*.md"))} - {"README.md"}
        self.assertEqual(set(re.findall(r"\]\(([\w-]+\.md)\)", index)), names)
        tested = {name[len("test_"):].replace("_", "-") + ".md" for name in dir(self) if name.startswith("test_")}
        self.assertLessEqual(names, tested)


if __name__ == "__main__":
    unittest.main(verbosity=2)
