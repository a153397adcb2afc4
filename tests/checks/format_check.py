#!/usr/bin/python3
"""Every C file is as clang-format leaves it."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree


def complaints(top, paths):
    if not paths:
        return ""
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=3", *paths],
                         cwd=top, capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else ""


class Format(unittest.TestCase):
    def test_a_wrong_file_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, ".clang-format"), "w", encoding="utf-8") as style:
                style.write(tree.read(".clang-format"))
            with open(os.path.join(folder, "bad.c"), "w", encoding="utf-8") as bad:
                bad.write("int  f( void ){return 1 ;}\n")
            self.assertIn("bad.c", complaints(folder, ["bad.c"]))

    def test_tree(self):
        paths = tree.c_files()
        self.assertTrue(paths)
        self.assertEqual(complaints(tree.root(), paths), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
