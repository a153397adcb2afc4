#!/usr/bin/python3
"""The .proto files pass buf lint, and buf can still tell a bad one."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

BAD = ('syntax = "proto3";\npackage maskline.v1;\nmessage not_a_name { string NotAField = 1; }\n'
       '// Every service says what it is for.\nservice Plural {}\n')

# Comment and declaration of messages and fields.
MESSAGE = re.compile(r"((?:^//[^\n]*\n)*)^message (\w+) \{$(.*?)^\}$", re.M | re.S)
FIELD = re.compile(r"((?:^  //[^\n]*\n)*)^  (?:repeated )?[\w.]+ (\w+) = \d+;$", re.M)
# What people are known by, what they say, and what must name nobody.
PERSONAL = {"Participant": {"identifier", "identifiers"}, "ParticipantSpec": {"identifier", "identifiers"},
            "MessageContent": {"body", "media"}, "SendMessageRequest": {"body", "media"}}
IMPERSONAL = {"Service": {"unique_name"}, "Session": {"unique_name"}, "Participant": {"friendly_name"},
              "ParticipantSpec": {"friendly_name"}, "PhoneNumber": {"friendly_name"}}


def fields_that_say(text, words):
    """{message: its fields} whose comments, or the message's, say so."""
    return {message: {field for comment, field in FIELD.findall(body) if re.search(words, comment + about)}
            for about, message, body in MESSAGE.findall(text)}


def unmarked(text):
    """What should be marked as personal data, or as none, and is not."""
    found = []
    for wanted, words in [(PERSONAL, r"(?<!No )[Pp]ersonal data"), (IMPERSONAL, "No personal data")]:
        marked = fields_that_say(text, words)
        found += [f"{message}.{field}: {words}" for message, fields in wanted.items()
                  for field in sorted(fields - marked.get(message, set()))]
    return found


def lint(folder):
    # The program itself, not the Node script that starts it: a test's PATH may know no Node.
    programs = glob.glob(os.path.join(tree.root(), "tests/checks/node_modules/@bufbuild/buf-linux-*/bin/buf"))
    if not programs:
        raise FileNotFoundError("buf is not installed: run bazel/setup")
    with tempfile.TemporaryDirectory() as home:
        run = subprocess.run([programs[0], "lint", "--timeout=60s"], cwd=folder, capture_output=True, text=True,
                             check=False, env={**os.environ, "HOME": home, "XDG_CACHE_HOME": home})
    return run.stdout + run.stderr if run.returncode else ""


class Protos(unittest.TestCase):
    def test_a_bad_file_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(tree.root(), "proto/buf.yaml"), folder)
            os.makedirs(os.path.join(folder, "maskline/v1"))
            with open(os.path.join(folder, "maskline/v1/bad.proto"), "w", encoding="utf-8") as bad:
                bad.write(BAD)
            told = lint(folder)
        self.assertIn("not_a_name", told)
        self.assertIn("NotAField", told)
        self.assertNotIn("Plural", told)  # services are plural nouns here, without a suffix

    # holds: PII-02
    def test_personal_data_is_marked(self):
        protos = [path for path in tree.files() if path.startswith("proto/maskline/v1/") and path.endswith(".proto")]
        text = "".join(tree.read(path) for path in protos)
        self.assertEqual(unmarked(text), [])
        for word in ["Personal data", "No personal data"]:
            self.assertTrue(unmarked(text.replace(word, "Data")), word)

    def test_tree(self):
        self.assertTrue([path for path in tree.files() if path.startswith("proto/") and path.endswith(".proto")])
        self.assertEqual(lint(os.path.join(tree.root(), "proto")), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
