#!/usr/bin/python3
"""What `bazel/test --mutants` relies on: faults can be switched on, and only a failed assertion counts as noticed."""

import os
import stat
import sys
import tempfile
import unittest

RUNFILES = os.environ["TEST_SRCDIR"]
TREE = os.path.join(RUNFILES, os.environ["TEST_WORKSPACE"])
sys.path.insert(0, os.path.join(TREE, "bazel"))
sys.dont_write_bytecode = True
import mutants

LEGS = os.path.join(TREE, "tests/fault/legs_test")


def check(checks, failures, errors):
    return f"Running suite(s): x\n50%: Checks: {checks}, Failures: {failures}, Errors: {errors}\nx.c:1:F:x\n"


class Mutants(unittest.TestCase):
    def write_program(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "program_test")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def test_without_a_fault_the_test_passes(self):
        status, log = mutants.run_test(LEGS, RUNFILES, None)
        self.assertEqual(status, 0, log)
        self.assertFalse(mutants.noticed(status, log))

    def test_a_fault_is_noticed(self):
        for name in ("receipt_goes_back", "unknown_is_retried", "carrier_code_tells_number"):
            status, log = mutants.run_test(LEGS, RUNFILES, name)
            self.assertTrue(mutants.noticed(status, log), f"{name}: status {status}\n{log}")

    def test_a_fault_elsewhere_is_not(self):
        status, log = mutants.run_test(LEGS, RUNFILES, "cool_down_ignored")
        self.assertEqual(status, 0, log)

    def test_only_a_failed_assertion_counts(self):
        for status, log, counts in [
                (1, check(2, 1, 0), True),
                (1, check(2, 1, 1), True),
                (1, check(2, 0, 2), False),  # crashed, or out of time
                (0, check(2, 1, 0), False),
                (None, check(2, 1, 0), False),
                (1, "3 passed, 1 failed\n", True),
                (1, "3 passed, 0 failed\n", False),
                (1, "Ran 2 tests in 0.1s\n\nFAILED (failures=1)\n", True),
                (1, "Ran 2 tests in 0.1s\n\nFAILED (errors=1)\n", False),
                (1, "Ran 2 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n", True),
                (139, "", False),
        ]:
            self.assertEqual(mutants.noticed(status, log), counts, f"{status}: {log}")

    def test_what_does_not_end_is_ended(self):
        program = self.write_program("sleep 1000 &\necho $!\nwait\n")
        status, log = mutants.run_test(program, RUNFILES, None, patience=2)
        self.assertIsNone(status)
        with self.assertRaises(ProcessLookupError):  # nor what it has started
            for _ in range(100000):
                os.kill(int(log), 0)

    def test_what_is_not_noticed_is_told(self):
        program = self.write_program("echo all is well\n")
        folder, name = os.path.split(program)
        rows = [("x", "-", "A rule.", [f"//:{name}"]), ("y", "-", "Another.", ["//:nothing_of_the_kind"])]
        self.assertEqual([mutants.try_mutant(folder, row)[0] for row in rows], [False, False])
        self.assertIn("passed", mutants.try_mutant(folder, rows[0])[2])
        self.assertIn("did not start", mutants.try_mutant(folder, rows[1])[2])

    def test_a_fault_that_is_noticed_is_told(self):
        program = self.write_program('[ "$MASKLINE_MUTANT" != x ] || { echo "1 passed, 1 failed"; exit 1; }\n')
        folder, name = os.path.split(program)
        self.assertTrue(mutants.try_mutant(folder, ("x", "-", "A rule.", [f"//:{name}"]))[0])
        self.assertFalse(mutants.try_mutant(folder, ("y", "-", "A rule.", [f"//:{name}"]))[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
