#!/usr/bin/python3
"""bazel/count.py counts what ran, and does not take silence for success."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

sys.path.insert(0, os.path.join(tree.root(), "bazel"))
sys.dont_write_bytecode = True
import count
import spec


def configured(label, test=True):
    return {"id": {"targetConfigured": {"label": label}}, "configured": {"testSize": "SMALL"} if test else {}}


def completed(label, success=True):
    return {"id": {"targetCompleted": {"label": label}}, "completed": {"success": True} if success else {}}


class Count(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def ran(self, label, status, log, attempt=1):
        path = os.path.join(self.folder, f"{abs(hash((label, attempt)))}.log")
        with open(path, "w", encoding="utf-8") as file:
            file.write(log)
        return {"id": {"testResult": {"label": label, "run": 1, "shard": 1, "attempt": attempt}},
                "testResult": {"status": status, "testActionOutput": [{"name": "test.log", "uri": "file://" + path}]}}

    def run_main(self, status, events, **options):
        path = os.path.join(self.folder, "events")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = count.main(path, status, **options)
        return out.getvalue().splitlines(), code

    def told(self, status, *events):
        lines, code = self.run_main(status, events, coverage=spec.Coverage({}, {}))
        return lines[-1], code

    def covered(self, *events, **options):
        """What is printed with a tree in which one test holds two rules."""
        rules = {name: spec.Rule(name, "engine", "own", "", "") for name in ("API-01", "API-02", "API-03")}
        coverage = spec.Coverage(rules, {spec.Test("//a:t", "works"): ["API-01", "API-03"]})
        return self.run_main(0, events, coverage=coverage, **options)[0]

    def test_logs(self):
        self.assertEqual(count.count_log("100%: Checks: 4, Failures: 0, Errors: 0\n50%: Checks: 2, Failures: 0, Errors: 1\n"), (5, 1))
        self.assertEqual(count.count_log("1 passed, 0 failed\n7 passed, 2 failed\n"), (7, 2))
        self.assertEqual(count.count_log("Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"), (2, 3))
        self.assertEqual(count.count_log("Ran 5 tests in 0.1s\n\nOK (skipped=2)\n"), (3, 0))
        self.assertIsNone(count.count_log("all is well\n"))

    def test_good_run(self):
        self.assertEqual(self.told(0, configured("//a:t"), completed("//a:t"),
                                   self.ran("//a:t", "PASSED", "100%: Checks: 3, Failures: 0, Errors: 0\n"),
                                   self.ran("//a:u", "PASSED", "quiet\n")), ("4 passed, 0 failed", 0))

    def test_a_crash_after_good_cases_counts(self):
        self.assertEqual(self.told(3, self.ran("//a:t", "FAILED", "3 passed, 0 failed\n")), ("3 passed, 1 failed", 1))
        self.assertEqual(self.told(3, self.ran("//a:t", "TIMEOUT", "")), ("0 passed, 1 failed", 1))

    def test_failures_that_a_test_hides_count(self):
        self.assertEqual(self.told(0, self.ran("//a:t", "PASSED", "3 passed, 2 failed\n")), ("3 passed, 2 failed", 1))
        self.assertEqual(self.told(0, self.ran("//a:t", "PASSED", "0 passed, 0 failed\n")), ("0 passed, 1 failed", 1))

    def test_what_was_not_built_counts(self):
        good = self.ran("//a:t", "PASSED", "")
        self.assertEqual(self.told(1, configured("//a:b"), completed("//a:b", False), good), ("1 passed, 1 failed", 1))
        self.assertEqual(self.told(1, configured("//a:lib", False), completed("//a:lib", False), good), ("1 passed, 1 failed", 1))
        self.assertEqual(self.told(1, good), ("1 passed, 1 failed", 1))

    def test_a_flag_is_no_target(self):
        good = self.ran("//a:t", "PASSED", "")
        looked_up = {"id": {"targetConfigured": {"label": "//a:flag"}}, "aborted": {}}
        broken = {"id": {"targetConfigured": {"label": "//a:b"}}, "aborted": {"reason": "ANALYSIS_FAILURE"}}
        self.assertEqual(self.told(0, looked_up, good), ("1 passed, 0 failed", 0))
        self.assertEqual(self.told(1, looked_up, broken, good), ("1 passed, 1 failed", 1))
        self.assertEqual(self.told(1, looked_up, good), ("1 passed, 1 failed", 1))

    def test_what_an_interrupt_left_out_counts(self):
        self.assertEqual(self.told(8, configured("//a:b"), self.ran("//a:t", "PASSED", "")), ("1 passed, 1 failed", 1))

    def test_a_filtered_test_does_not_count(self):
        self.assertEqual(self.told(0, configured("//a:b"), self.ran("//a:t", "PASSED", "")), ("1 passed, 0 failed", 0))

    def test_the_last_attempt_counts(self):
        self.assertEqual(self.told(0, self.ran("//a:t", "FAILED", "0 passed, 1 failed\n"),
                                   self.ran("//a:t", "PASSED", "1 passed, 0 failed\n", 2)), ("1 passed, 0 failed", 0))

    def test_nothing_is_not_success(self):
        self.assertEqual(self.told(0), ("0 passed, 0 failed", 1))
        self.assertEqual(self.told(4), ("0 passed, 1 failed", 1))

    def test_coverage(self):
        log = "100%: Checks: 1, Failures: 0, Errors: 0\nt.c:1:P:t:{}:0: Passed\n"
        good, other = self.ran("//a:t", "PASSED", log.format("works")), self.ran("//a:u", "PASSED", log.format("works"))
        self.assertEqual(self.covered(good), ["1 passed, 0 failed"])
        self.assertEqual(self.covered(good, whole=True), ["spec coverage: 2 of 3 rules", "1 passed, 0 failed"])
        self.assertEqual(self.covered(other, whole=True), ["spec coverage: 0 of 3 rules", "1 passed, 0 failed"])
        self.assertEqual(self.covered(good, table=""), ["API-01\tpassed\t//a:t works", "API-02\tuncovered",
                                                        "API-03\tpassed\t//a:t works", "uncovered: API-02",
                                                        "spec coverage of what ran: 2 of 3 rules", "1 passed, 0 failed"])
        path = os.path.join(self.folder, "table")
        self.assertEqual(self.covered(good, whole=True, table=path)[0], "uncovered: API-02")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 3)

    def test_a_failed_run_covers_nothing(self):
        log = "0%: Checks: 1, Failures: 1, Errors: 0\nt.c:1:F:t:works:0: 1 == 2\n"
        self.assertIn("spec coverage: 0 of 3 rules", self.covered(self.ran("//a:t", "FAILED", log), whole=True))
        self.assertIn("spec coverage: 0 of 3 rules", self.covered(self.ran("//a:t", "PASSED", log), whole=True))
        again = self.ran("//a:t", "PASSED", log.replace(":F:", ":P:").replace("Failures: 1", "Failures: 0"), 2)
        self.assertIn("spec coverage: 2 of 3 rules", self.covered(self.ran("//a:t", "FAILED", log), again, whole=True))


if __name__ == "__main__":
    unittest.main(verbosity=2)
