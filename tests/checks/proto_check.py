#!/usr/bin/python3
"""The .proto files pass buf lint and break nothing that was published, and buf can still tell bad ones.

published.binpb is what clients may have been generated from: a FileDescriptorSet, made by

    cd proto && protoc -I. --include_imports --descriptor_set_out=../tests/checks/published.binpb maskline/v1/*.proto

It is made anew when a version is published, and at no other time: a check that fails is a client that breaks."""

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


def buf(folder, *args):
    """What buf says there; empty when all is well."""
    # The program itself, not the Node script that starts it: a test's PATH may know no Node.
    programs = glob.glob(os.path.join(tree.root(), "tests/checks/node_modules/@bufbuild/buf-linux-*/bin/buf"))
    if not programs:
        raise FileNotFoundError("buf is not installed: run bazel/setup")
    with tempfile.TemporaryDirectory() as home:
        run = subprocess.run([programs[0], *args, "--timeout=60s"], cwd=folder, capture_output=True, text=True,
                             check=False, env={**os.environ, "HOME": home, "XDG_CACHE_HOME": home})
    told = run.stdout + run.stderr
    return (told or f"buf ended with {run.returncode}") if run.returncode else ""


def lint(folder):
    return buf(folder, "lint")


def breaks(folder):
    """What somebody would miss who was generated from what was published."""
    return buf(folder, "breaking", "--against", os.path.join(tree.root(), "tests/checks/published.binpb"))


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

    def test_what_breaks_clients_is_found(self):
        snapshot = re.compile(r"^// A participant as events show it.*?^}\n", re.M | re.S)
        moved = snapshot.search(tree.read("proto/maskline/v1/events.proto"))[0]
        for what, told, changes in [
                ("a field is gone", "deleted", {"services": lambda text: text.replace("  string unique_name = 2;\n", "")}),
                ("a field has another type", "type",
                 {"services": lambda text: text.replace("string unique_name = 2;", "bytes unique_name = 2;")}),
                ("a method is gone", "deleted", {"services": lambda text: re.sub(r"\n  rpc GetService\(.*;", "", text)}),
                ("a message is in another file", "ParticipantSnapshot",
                 {"events": lambda text: snapshot.sub("", text).replace(
                     'import "maskline/v1/sessions.proto"', 'import "maskline/v1/participants.proto";\nimport "maskline/v1/sessions.proto"'),
                  "participants": lambda text: text + "\n" + moved}),
        ]:
            with self.subTest(what), tempfile.TemporaryDirectory() as folder:
                protos = os.path.join(folder, "proto")
                shutil.copytree(os.path.join(tree.root(), "proto"), protos, ignore=shutil.ignore_patterns("c"))
                for name, change in changes.items():
                    path = f"maskline/v1/{name}.proto"
                    with open(os.path.join(protos, path), "w", encoding="utf-8") as file:
                        file.write(change(tree.read("proto/" + path)))
                self.assertIn(told, breaks(protos))

    def test_nothing_published_is_broken(self):
        self.assertEqual(breaks(os.path.join(tree.root(), "proto")), "")

    def test_tree(self):
        self.assertTrue([path for path in tree.files() if path.startswith("proto/") and path.endswith(".proto")])
        self.assertEqual(lint(os.path.join(tree.root(), "proto")), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
