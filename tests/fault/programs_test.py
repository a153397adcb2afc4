#!/usr/bin/python3
"""The server with faults in it lies beside the one without: a test that has both gets each where it is named."""

import unittest


def has_faults(path):
    with open(path, "rb") as file:
        return b"MASKLINE_MUTANT" in file.read()


class Programs(unittest.TestCase):
    def test_each_is_what_it_is_called(self):
        self.assertTrue(has_faults("tests/fault/maskline-server"))
        self.assertFalse(has_faults("server/maskline-server"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
