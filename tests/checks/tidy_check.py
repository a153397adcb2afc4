#!/usr/bin/python3
"""The tree is in order: what lies at its top, how long files are, what they must not say."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

TOP = {"proto", "server", "client", "storage", "tests", "bazel", "WORKSPACE", "BUILD", "README.md"}
LONGEST = 600
# Prose, data and locks may be long; code may not.
UNMEASURED = (".md", ".tsv", ".txt", ".json")
# What tests say of rules (bazel/spec.py) is no code, either.
HOLDS = re.compile(r"^ *(?:#|/\*) holds: .*\n", re.M)

FORBIDDEN = [
    (re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"), "work left undone"),
    (re.compile(r"(?<![\w./-])/(?:work|home|root|Users|tmp/(?:plan|bz))/\w"), "a path of one machine"),
    (re.compile(r"registry\.(?:npmjs|yarnpkg)|deb\.debian\.org|pypi\.org"), "the host of a registry"),
    (re.compile(r"^(?:<{7}|>{7}) ", re.M), "a merge left undone"),
    (re.compile(r"[ \t]+$", re.M), "blanks at the end of a line"),
]


def top_problems(names):
    return [f"{name}: does not belong at the top" for name in sorted(names)
            if name not in TOP and not name.startswith((".", "bazel-"))]


def text_problems(path, text):
    found = []
    lines = HOLDS.sub("", text).count("\n")
    if lines > LONGEST and not path.endswith(UNMEASURED):
        found.append(f"{path}: {lines} lines, of at most {LONGEST}")
    for pattern, what in FORBIDDEN:
        for hit in pattern.finditer(text):
            found.append(f"{path}:{tree.line_of(text, hit.start())}: {what}")
    if text and not text.endswith("\n"):
        found.append(f"{path}: the last line has no end")
    return found


class Tidy(unittest.TestCase):
    def test_the_top_is_guarded(self):
        self.assertEqual(top_problems({"proto", "README.md", ".bazelrc", "bazel-bin"}), [])
        self.assertEqual(len(top_problems({"src", "notes.txt", "proto"})), 2)

    def test_bad_text_is_found(self):
        for text in ("// TO" "DO: later\n", "FIX" "ME\n", "cd /wo" "rk/main\n", "'/ho" "me/me/x'\n", "https://registry" ".npmjs.org/a\n",
                     "<<<<<<" "< HEAD\n", "int x; \n", "int x;", "x\n" * 601):
            self.assertEqual(len(text_problems("x.c", text)), 1, text[:40])

    def test_good_text_is_not(self):
        for text in ("", "a homework/x\n", "see //client/rpc\n", "mktemp x.XXXXXX\n", "x\n" * 600,
                     "/* holds: API-01 */\n" + "x\n" * 600):
            self.assertEqual(text_problems("x.c", text), [], text[:40])
        self.assertEqual(text_problems("long.md", "x\n" * 5000), [])

    def test_tree(self):
        found = top_problems(os.listdir(tree.root()))
        for path in tree.files():
            if tree.is_text(path):
                found += text_problems(path, tree.read(path))
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
