"""Which rules of tests/spec/rules.tsv are held by tests that ran and passed.

A test names the rules that it holds in comments directly above it, each a line of its own:

    /* holds: SEL-04 SEL-05 */      above a START_TEST of Check
    # holds: SEL-04 SEL-05          above a method of Python's unittest

A program that names no cases in its log has the comment above its main, or above the function that a fuzzer calls; it stands
for the whole program. The file x_test.c, x_test.py or x_check.py is the test target of that name in the nearest package; a
fuzzer x.c is x_test.

A rule is covered when a test that names it passed, and none that names it failed; but not while a part of what it speaks of is
not there, as partly.tsv says: no test can hold that.
"""

import ast
import collections
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
RULES = os.path.join("tests", "spec", "rules.tsv")
PARTLY = os.path.join("tests", "spec", "partly.tsv")
COUNTED, NEVER = "engine", "none"
STAGES = (COUNTED, "streams", "carriers", "trust", NEVER)
WHOLE = "main"

RULE = r"[A-Z]{3,}-\d+"
EXACT = {
    ".c": re.compile(rf"/\* holds: ({RULE}(?: {RULE})*) \*/"),
    ".py": re.compile(rf" *# holds: ({RULE}(?: {RULE})*)"),
}
# What is meant to be one.
MEANT = re.compile(r"^\s*(?:/?\*+|//+|#+)\s*holds?\b\s*(?::|[A-Z]{3,}-\d)", re.I | re.M)

C_TEST = re.compile(r"START_TEST\((\w+)\)")
C_WHOLE = re.compile(r"int (?:main|LLVMFuzzerTestOneInput)\(")

CHECK_CASE = re.compile(r"^\S+\.[ch]:-?\d+:([PFE]):[^:\n]*:(\w+):\d+:", re.M)
# What else was printed can stand before and after any of unittest's words, but for those at the end.
UNITTEST_CASE = re.compile(r"(?<!: )(?<!  )(test\w*) \(__main__\.(\w+)\.\1\)(?=\s)")
UNITTEST_SAID = re.compile(r"(ok|FAIL|ERROR|expected failure|unexpected success|skipped '.*')$", re.M)
UNITTEST_END = re.compile(r"^(?:={70}|-{70})$", re.M)
UNITTEST_BAD = re.compile(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (test\w*) \(__main__\.(\w+)", re.M)

Test = collections.namedtuple("Test", "label name")
Rule = collections.namedtuple("Rule", "id stage source words note")


def read_rules(text):
    """{id: Rule}, in the list's order."""
    rules = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            rule = Rule(*(line.split("\t") + [""] * 5)[:5])
            rules[rule.id] = rule
    return rules


def load_rules(root=ROOT):
    with open(os.path.join(root, RULES), encoding="utf-8") as file:
        return read_rules(file.read())


def read_partly(text):
    """{rule: what is not there}"""
    return dict(line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def load_partly(root=ROOT):
    with open(os.path.join(root, PARTLY), encoding="utf-8") as file:
        return read_partly(file.read())


# ---- what tests say of themselves ----


def tests_in(path, text):
    """{line: name} of what a comment may stand above, the first line being 1."""
    lines = text.splitlines()
    if path.endswith(".c"):
        tests = {at: hit.group(1) for at, line in enumerate(lines, 1) if (hit := C_TEST.match(line))}
        whole = [at for at, line in enumerate(lines, 1) if C_WHOLE.match(line)]
    else:
        top = ast.parse(text).body
        tests = {min([node.lineno] + [mark.lineno for mark in node.decorator_list]): f"{case.name}.{node.name}"
                 for case in top if isinstance(case, ast.ClassDef)
                 for node in case.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test")}
        whole = [node.lineno for node in top if isinstance(node, ast.FunctionDef) and node.name == "main"]
    return tests or {at: WHOLE for at in whole}


def claims_in(path, text):
    """([(name, [rule])], problems) of a file."""
    claims, problems, held = [], [], []
    exact = EXACT.get(os.path.splitext(path)[1])
    if not MEANT.search(text):
        return claims, problems
    tests = tests_in(path, text) if exact else {}
    for at, line in enumerate(text.splitlines() + [""], 1):
        if MEANT.match(line):
            hit = exact and exact.fullmatch(line)
            if hit:
                held += hit.group(1).split()
            else:
                problems.append(f"{path}:{at}: not in the form of a holds comment")
        elif held:
            if at in tests:
                claims.append((tests[at], held))
            else:
                problems.append(f"{path}:{at}: a holds comment stands above what is no test")
            held = []
    return claims, problems


def label_of(path, is_package):
    """The test target of a file, or None."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    if not stem.endswith(("_test", "_check")):
        stem += "_test"
    while folder and not is_package(folder):
        folder = os.path.dirname(folder)
    return f"//{folder}:{stem}" if folder else None


def claims_of(files, rules, is_package):
    """({Test: [rule]}, problems) of {path: text}."""
    claims, problems, places = {}, [], {}
    for path, text in sorted(files.items()):
        found, wrong = claims_in(path, text)
        problems += wrong
        label = label_of(path, is_package)
        if found and places.setdefault(label, path) != path:
            problems.append(f"{path}: {label} is also {places[label]}")
        for name, held in found:
            for rule in held:
                if rule not in rules:
                    problems.append(f"{path}: {name}: there is no rule {rule}")
                elif rules[rule].stage == NEVER:
                    problems.append(f"{path}: {name}: {rule} is not to be built")
                elif held.count(rule) > 1:
                    problems.append(f"{path}: {name}: {rule} stands there twice")
            claims[Test(label, name)] = [rule for rule in held if rule in rules]
    return claims, problems


def load_claims(rules, root=ROOT):
    files = {}
    for folder, folders, names in os.walk(os.path.join(root, "tests")):
        folders[:] = [name for name in folders if name not in ("node_modules", "corpus", "__pycache__")]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(tuple(EXACT)):
                with open(path, encoding="utf-8", errors="replace") as file:
                    files[os.path.relpath(path, root)] = file.read()
    return claims_of(files, rules, lambda folder: os.path.isfile(os.path.join(root, folder, "BUILD")))


# ---- what came of them ----


def outcomes(log, ok, failures):
    """{name: whether it passed} of the cases that a log names, and of the whole program. `ok` is Bazel's word on the run, and
    `failures` how many cases failed. When something failed and the log does not say which case, all of them did."""
    told = {}
    for kind, name in CHECK_CASE.findall(log):
        told[name] = told.get(name, True) and kind == "P"
    starts = list(UNITTEST_CASE.finditer(log))
    for start, end in zip(starts, [hit.start() for hit in starts[1:]] + [len(log)]):
        said = UNITTEST_SAID.findall(UNITTEST_END.split(log[start.end():end])[0])
        if "ok" in said or "FAIL" in said or "ERROR" in said:
            told[f"{start.group(2)}.{start.group(1)}"] = set(said) == {"ok"}
    for name, case in UNITTEST_BAD.findall(log):
        told[f"{case}.{name}"] = False
    good = ok and failures == 0
    if not good and all(told.values()):
        told = dict.fromkeys(told, False)
    told.setdefault(WHOLE, good)
    return told


class Coverage:
    def __init__(self, rules, claims, partly=()):
        self.rules = rules
        self.claims = claims
        self.partly = dict(partly)
        self.told = {}

    def add(self, label, log, ok, failures):
        """One run of a target: one of several, it may be."""
        for name, passed in outcomes(log, ok, failures).items():
            test = Test(label, name)
            self.told[test] = self.told.get(test, True) and passed

    def tests_of(self, rule):
        """[(Test, whether it passed, or None: it did not run)]"""
        return [(test, self.told.get(test)) for test, held in sorted(self.claims.items()) if rule in held]

    def is_covered(self, rule):
        told = [passed for _, passed in self.tests_of(rule)]
        return True in told and False not in told and rule not in self.partly

    def counted(self):
        return [rule for rule in self.rules.values() if rule.stage == COUNTED]

    def figure(self):
        """(covered, all)"""
        return sum(self.is_covered(rule.id) for rule in self.counted()), len(self.counted())

    def table(self):
        """Lines: rule, what came of the test, the test. A counted rule that no test names has a line, too."""
        words = {True: "passed", False: "FAILED", None: "did not run"}
        for rule in self.rules:
            tests = self.tests_of(rule)
            for test, passed in tests:
                yield f"{rule}\t{words[passed]}\t{test.label} {test.name}"
            if rule in self.partly:
                yield f"{rule}\tnot there: {self.partly[rule]}"
            elif not tests and self.rules[rule].stage == COUNTED:
                yield f"{rule}\tuncovered"

    def uncovered(self):
        """{area: [rule]}"""
        areas = {}
        for rule in self.counted():
            if not self.is_covered(rule.id):
                areas.setdefault(rule.id.split("-")[0], []).append(rule.id)
        return areas
