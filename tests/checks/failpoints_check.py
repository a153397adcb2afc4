#!/usr/bin/python3
"""Every failpoint is in tests/fault/failpoints.tsv, once, and every line there stands for one in the tree."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

LIST = "tests/fault/failpoints.tsv"
REACHED = {"create", "start", "load", "stop", "unit"}
POINT = re.compile(r"\bFAILPOINT\(\s*([^)]*)\)")
NAME = re.compile(r'"([a-z][a-z0-9_]*)"\s*')


def read_list(text):
    """(names in order, what is wrong)."""
    names, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not all(fields) or fields[1] not in REACHED:
            wrong.append(f"{LIST}:{number}: want name, one of {sorted(REACHED)}, and where it stands")
        names.append(fields[0])
    return names, wrong


def points(path, text):
    """(names, what is wrong) of one file; what stands in comments counts for nothing."""
    names, wrong = [], []
    code = tree.code_only(text)
    for found in POINT.finditer(code):
        # The code without literals is shorter: the same one of the text is looked for, by its line.
        line = tree.line_of(code, found.start())
        said = POINT.search(text.splitlines()[line - 1])
        name = NAME.fullmatch(said.group(1)) if said else None
        if not name:
            wrong.append(f"{path}:{line}: a failpoint's name is a literal in lower_snake, on its line")
        else:
            names.append(name.group(1))
    return names, wrong


def problems(listed, files):
    """`files` yields (path, text)."""
    names, wrong = read_list(listed)
    found = []
    for path, text in files:
        here, bad = points(path, text)
        found += here
        wrong += bad
    for name in sorted(set(names) | set(found)):
        if names.count(name) != 1:
            wrong.append(f"{name} stands {names.count(name)} times in {LIST}")
        if found.count(name) != 1:
            wrong.append(f"{name} stands {found.count(name)} times in the tree")
    return wrong


class Failpoints(unittest.TestCase):
    def found(self, listed, text):
        return len(problems(listed, [("a.c", text)]))

    def test_both_ways(self):
        line = "a_b\tload\tsomewhere\n"
        self.assertEqual(self.found(line, 'FAILPOINT("a_b");'), 0)
        self.assertEqual(self.found("", 'FAILPOINT("a_b");'), 1)
        self.assertEqual(self.found(line, ""), 1)
        self.assertEqual(self.found(line, '/* FAILPOINT("a_b"); */'), 1)
        self.assertEqual(self.found(line, 'FAILPOINT("a_b");\nFAILPOINT("a_b");'), 1)
        self.assertEqual(self.found(line + line, 'FAILPOINT("a_b");'), 1)

    def test_form(self):
        self.assertEqual(self.found("a_b\tsometimes\tsomewhere\n", 'FAILPOINT("a_b");'), 1)
        self.assertEqual(self.found("a_b\tload\n", 'FAILPOINT("a_b");'), 1)
        self.assertEqual(self.found("", "FAILPOINT(name);"), 1)
        self.assertEqual(self.found("", 'FAILPOINT("A-b");'), 1)
        self.assertEqual(self.found("a_b\tload\tx\n", 'say("\\"");\n/* . */ FAILPOINT("a_b");'), 0)

    def test_tree(self):
        paths = [path for path in tree.c_files() if path != "proto/c/fault.h"]
        self.assertEqual(problems(tree.read(LIST), [(path, tree.read(path)) for path in paths]), [])
        self.assertGreater(len(read_list(tree.read(LIST))[0]), 40)


if __name__ == "__main__":
    unittest.main(verbosity=2)
