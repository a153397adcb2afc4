#!/usr/bin/python3
"""The power goes at any moment: the store opens, has all that was acknowledged, no gap, and the rows that follow from its logs."""

import os
import random
import shutil
import sys
import unittest

sys.path.insert(0, os.path.abspath("tests/fault"))
from disk import CREATE, MKDIR, NOTE, RENAME, SYNC, UNLINK, Disk
from subject import FAULTY, PROGRAM, Case, notes_in

LIVES, LOSSES = (40, 12) if os.environ.get("MASKLINE_LONG") else (4, 8)
SEED = int(os.environ.get("MASKLINE_SEED", "1"))


def contents(root):
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.relpath(file.name, root)] = file.read()
    return found


class Power(Case):
    def setUp(self):
        super().setUp()
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)
        self.chance = random.Random(SEED)
        self.rounds = 0

    def cuts(self, records, count):
        """Moments in a life, in order: any, and more often than others those around syncs, names and acknowledgements."""
        special = [i for i, record in enumerate(records) if record[0] in (SYNC, CREATE, MKDIR, RENAME, UNLINK, NOTE)]
        names = [i for i, record in enumerate(records) if record[0] in (CREATE, MKDIR, RENAME, UNLINK)]
        found = []
        for _ in range(count):
            which = self.chance.random()
            if which < 0.3:
                found.append(self.chance.randint(0, len(records)))
            else:
                found.append(self.chance.choice(names if which < 0.6 else special) + self.chance.randint(0, 1))
        return sorted(found)

    def lives(self, lives, program=PROGRAM, losses=("strict", "some", "some", "all"), disk=None, **environment):
        """Life after life on what the last loss left. Gives the first thing that is wrong."""
        kept = []  # acknowledged before this life, and in the part of it that the disk knows
        for life in range(lives):
            shutil.copytree(self.root, self.path("before"))
            self.faults.set()
            done, records = self.load(self.rounds, self.chance.randint(50, 300), program,
                                      SUBJECT_ROWS=str(self.chance.choice([10, 50, 1000])), **environment)
            self.assertEqual(done.returncode, 0, done.stdout)
            model = (disk or Disk)(self.path("before"))
            for cut in self.cuts(records, LOSSES):
                self.rounds += 1
                model.play(records, cut)
                loss = self.chance.choice(losses)
                image = self.path("image")
                shutil.rmtree(image, ignore_errors=True)
                model.image(image, loss, self.chance)
                shutil.copytree(image, self.path("after"))
                notes = kept + notes_in(records[:cut])
                wrong = self.check(image, notes)
                if wrong:
                    return f"life {life} cut {cut} of {len(records)} {loss}: {wrong}"
                shutil.rmtree(self.root)
                # The next life begins with what the loss left, or with what was mended of it.
                shutil.move(self.path("after") if self.chance.random() < 0.5 else image, self.root)
                shutil.rmtree(self.path("after"), ignore_errors=True)
            kept = notes
            shutil.rmtree(self.path("before"))
        return ""

    # holds: INV-01
    def test_the_journal_tells_all(self):
        """Played to its end it gives the very files that are there: no call has passed by it."""
        os.mkdir(self.path("before"))
        for seed in range(2):
            done, records = self.load(seed, 200)
            self.assertEqual(done.returncode, 0, done.stdout)
            model = Disk(self.path("before"))
            model.play(records, len(records))
            model.image(self.path("image"), "all", self.chance)
            self.assertEqual(contents(self.path("image")), contents(self.root))
            shutil.rmtree(self.path("image"))
            shutil.rmtree(self.path("before"))
            shutil.copytree(self.root, self.path("before"))

    # holds: INV-01
    def test_nothing_that_was_acknowledged_is_lost(self):
        self.assertEqual(self.lives(LIVES), "")
        print(f"{self.rounds} losses", file=sys.stderr)

    # holds: INV-01
    def test_a_store_without_sync_is_found_out(self):
        wrong = self.lives(2, FAULTY, ["strict"], MASKLINE_MUTANT="no_sync")
        self.assertRegex(wrong, "lost: entry|refused STORE_CORRUPT")

    # holds: INV-01
    def test_a_store_that_does_not_sync_its_folder_is_found_out(self):
        wrong = self.lives(2, FAULTY, ["strict"], MASKLINE_MUTANT="no_folder_sync")
        self.assertRegex(wrong, "lost: entry")

    # holds: INV-01
    def test_a_disk_that_forgets_names_is_found_out(self):
        """RocksDB relies on the sync of a folder, too."""
        wrong = self.lives(2, disk=lambda path: Disk(path, folders_sync_themselves=False), losses=["strict"])
        self.assertRegex(wrong, "lost: entry|refused STORE_CORRUPT")


if __name__ == "__main__":
    unittest.main(verbosity=2)
