#!/usr/bin/python3
"""maskline-bench --selection-curve: a line for each point, all of it measured, and nothing left."""

import os
import subprocess
import tempfile
import unittest

BENCH = os.path.abspath("client/bench/maskline-bench")
PATIENCE = 240


class Curve(unittest.TestCase):
    def test_points(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([BENCH, "--selection-curve", "--quick"], env={**os.environ, "TMPDIR": folder},
                                  capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertEqual(os.listdir(folder), [])
        rows = [line.split() for line in done.stdout.splitlines() if line.split()[0].isdigit()]
        self.assertEqual([row[:3] for row in rows],
                         [["10", "0", "0"], ["1000", "0", "0"], ["1000", "1000", "0"], ["1000", "0", "4"]])
        for row in rows:
            self.assertTrue(all(float(figure) > 0 for figure in row[3:]), row)


if __name__ == "__main__":
    unittest.main(verbosity=2)
