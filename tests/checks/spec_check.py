#!/usr/bin/python3
"""The list of rules is sound, tests and mutants name rules that it has, and bazel/spec.py counts what ran and passed."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

sys.path.insert(0, os.path.join(tree.root(), "bazel"))
sys.dont_write_bytecode = True
import mutants
import spec

SHORTEST, LONGEST = 10, 220
CODE = re.compile(r"\b80[1-9][0-9]{2}\b")


def list_problems(text):
    """What is wrong with a list of rules."""
    found, words, last = [], {}, ""
    for at, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        rule, count = spec.Rule(*(line.split("\t") + [""] * 5)[:5]), line.count("\t") + 1
        number = rule.id.rpartition("-")[2]
        for wrong, why in [
            (count not in (4, 5), f"{count} columns"),
            (not re.fullmatch(r"[A-Z]{3,}-(?:[0-9]{2}|80[0-9]{3})", rule.id), "no id"),
            (rule.id <= last, f"stands after {last}"),
            (rule.stage not in spec.STAGES, f"no stage: {rule.stage}"),
            (rule.source not in ("original", "own"), f"from nowhere: {rule.source}"),
            (not SHORTEST <= len(rule.words) <= LONGEST, f"a rule of {len(rule.words)} letters"),
            (len(rule.note) > LONGEST, f"a note of {len(rule.note)} letters"),
            (rule.words in words, f"the same as {words.get(rule.words)}"),
            (rule.stage == spec.NEVER and not rule.note, "is not to be built, and nobody knows why"),
            (rule.id.startswith("ERR-") and number not in rule.words, "does not name its code"),
            (not re.fullmatch(r"[\t -~]*", line) or re.search(r"^ |  | $|\t | \t", line), "odd letters or blanks"),
        ]:
            if wrong:
                found.append(f"{at}: {rule.id}: {why}")
        words[rule.words] = rule.id
        last = max(last, rule.id)
    return found if words else found + ["no rules"]


def code_problems(files, rules):
    """Codes of the original in {path: text} that the list does not have, or says that nobody uses."""
    return [f"{path}: there is no rule for the code {code}" for path, text in sorted(files.items())
            for code in sorted(set(CODE.findall(text)))
            if f"ERR-{code}" not in rules or rules[f"ERR-{code}"].stage == spec.NEVER]


def partly_problems(partly, rules):
    return [f"{rule}: {'has' if rule in rules else 'is'} nothing to be built" for rule, missing in partly.items()
            if rule not in rules or rules[rule].stage != spec.COUNTED or not missing]


def mutant_problems(rows, rules):
    return [f"{name}: there is no rule {rule}" for name, rule, _, _ in rows if rule != "-" and rule not in rules]


def silent(path, text):
    """Whether the log of a test does not name its cases."""
    if path.endswith(".py"):
        return "unittest.main(" in text and "unittest.main(verbosity=2)" not in text
    return "srunner_run_all(" in text and "CK_VERBOSE)" not in text


def target_exists(label):
    """Whether a BUILD file names the test, or what a list of tests there is made from."""
    package, name = label[2:].split(":")
    text = tree.read(os.path.join(package, "BUILD"))
    return f'"{name}"' in text or f'"{name.rpartition("_")[0]}"' in text


def text_of(*rows):
    return "".join("\t".join(row) + "\n" for row in rows)


RULES = spec.read_rules(text_of(
    ("API-01", "engine", "own", "The first rule."), ("API-02", "engine", "own", "The second rule."),
    ("API-03", "streams", "own", "The third rule."), ("API-04", "none", "own", "The fourth rule.", "why not")))
LABEL = "//tests/x:y_test"

# Not where a comment would be taken for this file's own.
HOLDS = "holds:"
C_FILE = f"""/* What it is. */
/* {HOLDS} API-01 */
/* {HOLDS} API-02 API-03 */
START_TEST(goes_out)
{{
}}
END_TEST

START_TEST(holds_nothing)
"""

PY_FILE = f"""class Way(unittest.TestCase):
    # {HOLDS} API-01
    @decorated
    def test_there(self):
        pass

    def test_back(self):
        pass
"""


class Lists(unittest.TestCase):
    GOOD = ("API-01", "engine", "own", "A rule in some words.", "a note")

    def test_what_is_wrong_is_found(self):
        self.assertEqual(list_problems("# words\n" + text_of(self.GOOD)), [])
        for row in [("API-1",) + self.GOOD[1:], ("API-01", "motor") + self.GOOD[2:], ("API-01", "engine", "2.1") + self.GOOD[3:],
                    self.GOOD[:3] + ("Short.",), self.GOOD[:3] + ("long " * 45,), self.GOOD[:4] + ("n" * 221,),
                    self.GOOD + ("more",), ("API-01", "none", "own", "A rule in some words."),
                    ("ERR-80101", "engine", "own", "A rule without a code."), self.GOOD[:3] + ("A rule  in some words.",)]:
            self.assertTrue(list_problems(text_of(row)), row)
        self.assertEqual(len(list_problems(text_of(self.GOOD, self.GOOD))), 2)
        self.assertEqual(len(list_problems(text_of(self.GOOD, ("AAA-01",) + self.GOOD[1:3] + ("Other words.",)))), 1)
        self.assertEqual(len(list_problems("")), 1)

    def test_codes_and_mutants(self):
        rules = {"ERR-80101": RULES["API-01"], "ERR-80102": RULES["API-04"]}
        self.assertEqual(code_problems({"x.c": "80101, port 8010, 180102"}, rules), [])
        self.assertEqual(len(code_problems({"x.c": "{80102}, 80103"}, rules)), 2)
        self.assertEqual(len(partly_problems(spec.read_partly("# x\nAPI-01\tcalls\nAPI-03\tcalls\nAPI-09\tcalls\nAPI-02\t\n"),
                                             RULES)), 3)
        self.assertEqual(len(mutant_problems([("a", "API-01", "", []), ("b", "-", "", []), ("c", "API-09", "", [])], RULES)), 1)

    def test_tree(self):
        self.assertEqual(list_problems(tree.read(spec.RULES)), [])
        rules = spec.load_rules(tree.root())
        files = {path: tree.read(path) for path in tree.files()
                 if path.endswith((".c", ".h", ".proto")) and not path.startswith("tests/")}
        self.assertEqual(code_problems(files, rules), [])
        self.assertEqual(mutant_problems(mutants.load(), rules), [])
        partly = spec.load_partly(tree.root())
        self.assertEqual(partly_problems(partly, rules), [])
        self.assertEqual(list(partly), sorted(partly))


class Claims(unittest.TestCase):
    def claims(self, text, path="tests/x/y_test.c"):
        return spec.claims_of({path: text}, RULES, "tests/x".__eq__)

    def test_forms(self):
        self.assertEqual(self.claims(C_FILE), ({(LABEL, "goes_out"): ["API-01", "API-02", "API-03"]}, []))
        self.assertEqual(self.claims(PY_FILE, "tests/x/deep/y_test.py"), ({(LABEL, "Way.test_there"): ["API-01"]}, []))
        for text in ("/* holds: API-01 */\nint main(void)\n", "/* holds: API-01 */\nint LLVMFuzzerTestOneInput(const uint8_t *data,"):
            self.assertEqual(self.claims(text, "tests/x/y.c"), ({(LABEL, "main"): ["API-01"]}, []))
        self.assertEqual(self.claims("# holds: API-01\ndef main():\n    pass\n", "tests/x/y_test.py"),
                         ({(LABEL, "main"): ["API-01"]}, []))

    def test_a_rule_that_is_none_is_found(self):
        for ids in ("API-09", "API-04", "API-01 API-02"):
            self.assertTrue(self.claims(C_FILE.replace("API-01", ids))[1], ids)

    def test_what_is_no_test_is_found(self):
        comment = "/* holds: API-01 */\n"
        for text in (comment, comment + "\nSTART_TEST(x)\n", comment + "static void x(void)\n", comment + "/* What. */\nSTART_TEST(x)\n",
                     C_FILE + comment + "int main(void)\n"):
            self.assertEqual(len(self.claims(text)[1]), 1, text)
        for text in (PY_FILE.replace("test_there", "go_there"), "# holds: API-01\n" + PY_FILE,
                     PY_FILE + "    # holds: API-02\n    x = 1\n"):
            self.assertEqual(len(self.claims(text, "tests/x/y_test.py")[1]), 1, text)

    def test_other_forms_are_found(self):
        for form in ("/* Holds: API-01 */", "/* holds API-01 */", "/* hold: API-01 */", "/* holds: API-01, API-02 */", "// holds: API-01",
                     "/* holds: api-01 */", "/* holds: API-01\n * API-02 */", " /* holds: API-01 */", "/* holds: */"):
            claims, problems = self.claims(form + "\nSTART_TEST(x)\n")
            self.assertEqual((claims, bool(problems)), ({}, True), form)
        self.assertTrue(self.claims("// holds: API-01\ntest('x', () => {});\n", "tests/x/y_test.js")[1])

    def test_one_file_a_target(self):
        files = {"tests/x/a/y_test.c": C_FILE, "tests/x/b/y_test.c": C_FILE}
        self.assertEqual(len(spec.claims_of(files, RULES, "tests/x".__eq__)[1]), 1)

    def test_silent_tests_are_found(self):
        for path, text, is_silent in [("a.py", "    unittest.main()", True), ("a.py", "    unittest.main(verbosity=2)", False),
                                      ("a.c", "srunner_run_all(runner, CK_NORMAL);", True), ("a.c", C_FILE, False),
                                      ("a.c", "srunner_run_all(runner, CK_VERBOSE);", False)]:
            self.assertEqual(silent(path, text), is_silent, text)

    def test_tree(self):
        rules = spec.load_rules(tree.root())
        claims, problems = spec.load_claims(rules, tree.root())
        problems += [f"{label}: a test of that name is needed" for label in sorted({test.label for test in claims})
                     if not target_exists(label)]
        problems += [f"{path}: holds comments stand in tests only" for path in tree.files()
                     if not path.startswith("tests/") and path.endswith(tuple(spec.EXACT)) and path != "bazel/spec.py"
                     and spec.MEANT.search(tree.read(path))]
        problems += [f"{path}: its log does not name its cases" for path in tree.files()
                     if path.endswith(tuple(spec.EXACT)) and "holds:" in tree.read(path) and silent(path, tree.read(path))]
        problems += [f"{path}: here nobody collects holds comments" for path in tree.files("tests")
                     if path.endswith((".js", ".sh", ".bzl", "BUILD")) and spec.MEANT.search(tree.read(path, "tests"))]
        self.assertEqual(problems, [])


class Outcomes(unittest.TestCase):
    CHECK = """Running suite(s): x
66%: Checks: 3, Failures: 1, Errors: 0
tests/x/y_test.c:7:P:x:good:0: Passed
tests/x/y_test.c:8:P:x:bad:0: Passed
tests/x/y_test.c:9:F:x:bad:1: Assertion '1 == 2' failed: tests/x/y_test.c:7:P is no case
"""
    UNITTEST = """test_good (__main__.Way.test_good)
It has a docstring. ... ok
test_noisy (__main__.Way.test_noisy) ... a server says ok
this and that
ok
half a linetest_last (__main__.Way.test_last) ... {}
{}
----------------------------------------------------------------------
Ran 3 tests in 0.1s

{}
"""

    def test_check(self):
        self.assertEqual(spec.outcomes(self.CHECK, False, 1), {"good": True, "bad": False, "main": False})
        self.assertEqual(spec.outcomes(self.CHECK.replace(":F:", ":P:"), True, 0), {"good": True, "bad": True, "main": True})

    def test_unittest(self):
        def told(ok, *words):
            return spec.outcomes(self.UNITTEST.format(*words), ok, 0 if ok else 1)
        good = {"Way.test_good": True, "Way.test_noisy": True}
        self.assertEqual(told(True, "ok", "", "OK"), {**good, "Way.test_last": True, "main": True})
        self.assertEqual(told(True, "skipped 'ok'", "", "OK (skipped=1)"), {**good, "main": True})
        self.assertEqual(told(True, "expected failure", "", "OK"), {**good, "main": True})
        header = "=" * 70 + "\n{}: test_last (__main__.Way.test_last){}\n" + "-" * 70 + "\nok\n"
        bad = {**good, "Way.test_last": False, "main": False}
        self.assertEqual(told(False, "FAIL", header.format("FAIL", ""), "FAILED (failures=1)"), bad)
        self.assertEqual(told(False, "\n  test_last (__main__.Way.test_last) (i=1) ... FAIL", header.format("FAIL", " (i=1)"), ""), bad)
        self.assertEqual(told(False, "ok", header.format("ERROR", ""), "FAILED (errors=1)"), bad)

    def test_a_failure_that_no_case_tells_of_is_all_of_theirs(self):
        self.assertEqual(spec.outcomes(self.CHECK.replace(":F:", ":P:"), False, 1), {"good": False, "bad": False, "main": False})
        self.assertEqual(spec.outcomes("3 passed, 1 failed\n", True, 1), {"main": False})
        self.assertEqual(spec.outcomes("4 passed, 0 failed\n", True, 0), {"main": True})


class Coverage(unittest.TestCase):
    def told(self, *cases):
        claims = spec.claims_of({"tests/x/y_test.c": C_FILE, "tests/x/z_test.c": C_FILE.replace("goes_out", "other")},
                                RULES, "tests/x".__eq__)[0]
        coverage = spec.Coverage(RULES, claims)
        for label, kind, case in cases:
            coverage.add(label, f"y.c:1:{kind}:x:{case}:0: x\n", kind == "P", int(kind != "P"))
        return coverage

    def test_only_what_ran_and_passed_counts(self):
        self.assertEqual(self.told().figure(), (0, 2))
        self.assertEqual(self.told((LABEL, "P", "goes_out")).figure(), (2, 2))
        self.assertEqual(self.told((LABEL, "P", "holds_nothing")).figure(), (0, 2))
        self.assertEqual(self.told(("//tests/x:w_test", "P", "goes_out")).figure(), (0, 2))
        self.assertEqual(self.told((LABEL, "F", "goes_out")).figure(), (0, 2))

    def test_a_failing_test_takes_its_rules_away(self):
        good, other = (LABEL, "P", "goes_out"), ("//tests/x:z_test", "F", "other")
        self.assertEqual(self.told(good, other).figure(), (0, 2))
        self.assertEqual(self.told(good, (LABEL, "E", "goes_out")).figure(), (0, 2))

    def test_what_is_there_in_part_does_not_count(self):
        coverage = self.told((LABEL, "P", "goes_out"))
        coverage.partly = {"API-02": "calls"}
        self.assertEqual(coverage.figure(), (1, 2))
        self.assertIn("API-02\tnot there: calls", list(coverage.table()))
        self.assertEqual(coverage.uncovered(), {"API": ["API-02"]})

    def test_table(self):
        coverage = self.told((LABEL, "P", "goes_out"))
        self.assertEqual(list(coverage.table())[:2], [f"API-01\tpassed\t{LABEL} goes_out",
                                                      "API-01\tdid not run\t//tests/x:z_test other"])
        self.assertEqual(coverage.uncovered(), {})
        self.assertEqual(self.told().uncovered(), {"API": ["API-01", "API-02"]})
        self.assertEqual(list(spec.Coverage(RULES, {}).table()), ["API-01\tuncovered", "API-02\tuncovered"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
