#!/usr/bin/python3
"""The list of mutants is that of the code, and the tests that it names exist."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

sys.path.insert(0, os.path.join(tree.root(), "bazel"))
sys.dont_write_bytecode = True
import mutants

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
USE = re.compile(r"\bMUTANT\(([^)]*)\)")
NAME = re.compile(r'"([a-z][a-z0-9]*(?:_[a-z0-9]+)*)"')
DEFINED = "proto/c/fault.h"


def uses(files):
    """(names, problems) of {path: text}."""
    names, found = set(), []
    for path, text in sorted(files.items()):
        for use in USE.finditer(COMMENT.sub("", text)):
            name = NAME.fullmatch(use.group(1).strip())
            if name:
                names.add(name.group(1))
            else:
                found.append(f"{path}: MUTANT({use.group(1)}): a name in lower_snake is needed")
    return names, found


def problems(files, rows, target_exists):
    used, found = uses(files)
    listed = [name for name, _, _, _ in rows]
    found += [f"{name} stands twice in the list" for name in sorted(set(listed)) if listed.count(name) > 1]
    found += [f"{name} is not in the list" for name in sorted(used - set(listed))]
    found += [f"{name} is nowhere in the code" for name in sorted(set(listed) - used)]
    for name, rule, words, targets in rows:
        if not rule or not words or not targets:
            found.append(f"{name}: the rule, its words and a test are needed")
        found += [f"{name}: there is no test {target}" for target in targets if not target_exists(target)]
    return found


def target_exists(label):
    """Whether a BUILD file names the test, or what a list of tests there is made from."""
    if not mutants.LABEL.fullmatch(label):
        return False
    package, name = mutants.LABEL.fullmatch(label).groups()
    build = os.path.join(package, "BUILD")
    if not name.endswith("_test") or not os.path.isfile(os.path.join(tree.root(), build)):
        return False
    text = tree.read(build)
    return f'"{name}"' in text or f'"{name[:-len("_test")]}"' in text


class Mutants(unittest.TestCase):
    ROW = ("late", "-", "A rule.", ["//tests/unit/x:y_test"])

    def found(self, text, *rows):
        return len(problems({"server/x.c": text}, rows, "//tests/unit/x:y_test".__eq__))

    def test_what_is_wrong_is_found(self):
        code = 'if (now < end || MUTANT("late"))'
        self.assertEqual(self.found(code, self.ROW), 0)
        self.assertEqual(self.found(code), 1)
        self.assertEqual(self.found("", self.ROW), 1)
        self.assertEqual(self.found(f"/* {code} */", self.ROW), 1)
        self.assertEqual(self.found(code, self.ROW, self.ROW), 1)
        self.assertEqual(self.found(code + code, self.ROW), 0)
        self.assertEqual(self.found(code + "MUTANT(name)", self.ROW), 1)
        self.assertEqual(self.found(code + 'MUTANT("Late")', self.ROW), 1)
        self.assertEqual(self.found(code, ("late", "-", "A rule.", ["//tests/unit/x:z_test"])), 1)
        self.assertEqual(self.found(code, ("late", "-", "A rule.", [])), 1)
        self.assertEqual(self.found(code, ("late", "", "A rule.", self.ROW[3])), 1)

    def test_targets(self):
        self.assertTrue(target_exists("//tests/model:model_test"))
        self.assertTrue(target_exists("//tests/unit/server/masking:legs_test"))
        for label in ("//tests/model:modal_test", "//tests/model:model", "//tests/nowhere:x_test", "tests/model:model_test"):
            self.assertFalse(target_exists(label), label)

    def test_tree(self):
        files = {path: tree.read(path) for path in tree.c_files()
                 if path != DEFINED and not path.startswith("tests/")}
        rows = mutants.load()
        self.assertTrue(rows)
        self.assertEqual(problems(files, rows, target_exists), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
