#!/usr/bin/python3
"""The model of a disk that loses its power, on journals written by hand."""

import os
import random
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.abspath("tests/fault"))
from disk import CREATE, MKDIR, OPEN, RENAME, RESIZE, SYNC, SYNC_FAILED, UNLINK, WRITE, Disk

CHANCE = random.Random(1)
# A file with a name that is durable, and its folder's handle.
FILE = [(OPEN, 9, 0, b"."), (CREATE, 1, 0, b"file"), (SYNC, 9, 2, b"")]


class Model(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.base = os.path.join(self.folder, "base")
        os.mkdir(self.base)

    def left(self, records, loss="strict", chance=CHANCE):
        """{path: bytes, or None for a folder} after that journal."""
        disk = Disk(self.base)
        disk.play(records, len(records))
        image = os.path.join(self.folder, "image")
        shutil.rmtree(image, ignore_errors=True)
        disk.image(image, loss, chance)
        found = {}
        for folder, folders, names in os.walk(image):
            for name in folders:
                found[os.path.relpath(os.path.join(folder, name), image)] = None
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.relpath(os.path.join(folder, name), image)] = file.read()
        return found

    def test_what_was_there_stays(self):
        with open(os.path.join(self.base, "old"), "wb") as file:
            file.write(b"text")
        self.assertEqual(self.left([]), {"old": b"text"})

    def test_a_write_lasts_when_it_was_synced(self):
        records = FILE + [(WRITE, 1, 0, b"one"), (SYNC, 1, 4, b""), (WRITE, 1, 3, b"two")]
        self.assertEqual(self.left(records), {"file": b"one"})
        self.assertEqual(self.left(records, "all"), {"file": b"onetwo"})

    def test_a_write_that_came_while_a_sync_ran_is_not_in_it(self):
        records = FILE + [(WRITE, 1, 0, b"one"), (WRITE, 1, 3, b"two"), (SYNC, 1, 4, b"")]
        self.assertEqual(self.left(records), {"file": b"one"})

    def test_a_name_lasts_when_its_folder_was_synced(self):
        made = [(OPEN, 9, 0, b"."), (CREATE, 1, 0, b"file"), (WRITE, 1, 0, b"one"), (SYNC, 1, 3, b"")]
        self.assertEqual(self.left(made), {})
        self.assertEqual(self.left(made + [(SYNC, 9, 4, b"")]), {"file": b"one"})

    def test_a_folder_in_an_unsynced_folder_is_gone_with_all_in_it(self):
        records = [(MKDIR, 0, 0, b"below"), (OPEN, 8, 0, b"below"), (CREATE, 1, 0, b"below/file"), (SYNC, 8, 3, b"")]
        self.assertEqual(self.left(records), {})
        self.assertEqual(self.left(records + [(OPEN, 9, 0, b"."), (SYNC, 9, 5, b"")]),
                         {"below": None, "below/file": b""})

    def test_what_was_removed_comes_back(self):
        records = FILE + [(WRITE, 1, 0, b"one"), (SYNC, 1, 4, b""), (UNLINK, 0, 0, b"file")]
        self.assertEqual(self.left(records), {"file": b"one"})
        self.assertEqual(self.left(records + [(SYNC, 9, 6, b"")]), {})

    def test_a_rename_is_whole_or_not_at_all(self):
        records = FILE + [(CREATE, 2, 0, b"new"), (WRITE, 2, 0, b"two"), (SYNC, 2, 5, b""), (SYNC, 9, 5, b""),
                          (RENAME, 0, 0, b"new\0file")]
        self.assertEqual(self.left(records), {"file": b"", "new": b"two"})
        self.assertEqual(self.left(records + [(SYNC, 9, 8, b"")]), {"file": b"two"})

    def test_what_a_failed_sync_held_is_never_durable(self):
        records = FILE + [(WRITE, 1, 0, b"one"), (SYNC_FAILED, 1, 4, b""), (WRITE, 1, 3, b"two"), (SYNC, 1, 6, b"")]
        self.assertEqual(self.left(records), {"file": b"\0\0\0two"})

    def test_sizes_are_writes(self):
        records = FILE + [(WRITE, 1, 0, b"long"), (SYNC, 1, 4, b""), (RESIZE, 1, 1, b"")]
        self.assertEqual(self.left(records), {"file": b"long"})
        self.assertEqual(self.left(records + [(SYNC, 1, 6, b"")]), {"file": b"l"})

    def test_some_of_it_is_a_beginning_of_it_or_torn(self):
        records = FILE + [(WRITE, 1, 0, b"aaaa"), (WRITE, 1, 4, b"bbbb"), (WRITE, 1, 8, b"cccc")]
        seen = {self.left(records, "some", random.Random(seed)).get("file", b"") for seed in range(200)}
        whole = b"aaaabbbbcccc"
        for data in seen:
            self.assertTrue(whole.startswith(data.rstrip(b"\0")), data)
        self.assertIn(b"", seen)
        self.assertIn(whole, seen)
        self.assertTrue(any(len(data.rstrip(b"\0")) % 4 for data in seen), "none was torn")


if __name__ == "__main__":
    unittest.main(verbosity=2)
