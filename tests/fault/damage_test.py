#!/usr/bin/python3
"""Bytes that change on the disk: what is read is right, or the store says that it is damaged, at the opening or at the read."""

import glob
import os
import random
import shutil
import sys
import unittest
from collections import Counter

sys.path.insert(0, os.path.abspath("tests/fault"))
from subject import Case, Talk

TIMES = 10 if os.environ.get("MASKLINE_LONG") else 1
SEED = int(os.environ.get("MASKLINE_SEED", "1"))
REFUSED = "failed DATA_LOSS STORE_CORRUPT: "
# A version is a number, and another one may be what is left of it.
NEWER = "failed FAILED_PRECONDITION STORE_TOO_NEW: "


class Damage(Case):
    def setUp(self):
        super().setUp()
        print(f"MASKLINE_SEED={SEED}", file=sys.stderr)
        self.chance = random.Random(SEED)
        self.count = 0
        self.make_store()

    def make_store(self):
        """With tables, and a log that has more than they."""
        talk = Talk(self, SUBJECT_ROWS="50")
        for step in ("append 0 150", "append 1 150", "compact", "append 2 200", "append 0 50", "compact", "append 1 150", "flush"):
            answer = talk.ask(step)
            if step.startswith("append"):
                self.assertIn(" unknown 0 refused 0", answer)
                self.count += int(answer.split()[1])
        talk.kill()
        os.rename(self.root, self.path("good"))

    def files(self, pattern):
        found = sorted(glob.glob(self.path("good", "store", pattern)))
        self.assertTrue(found, pattern)
        return [os.path.relpath(file, self.path("good")) for file in found]

    def outcome(self, harm, name):
        """What becomes of the store when that is done to a file: refused at the opening, at a read, or all is well."""
        shutil.copytree(self.path("good"), self.root)
        path = os.path.join(self.root, name)
        with open(path, "rb") as file:
            data = bytearray(file.read())
        harm(data)
        with open(path, "wb") as file:
            file.write(data)
        talk = Talk(self)
        answer = talk.ask("rows") if talk.greeting == "open" else ""
        talk.kill()
        shutil.rmtree(self.root)
        if talk.greeting != "open":
            fits = (REFUSED, NEWER) if name == "store/version" else REFUSED
            self.assertTrue(talk.greeting.startswith(fits), talk.greeting)
            return "opening"
        if answer.startswith("failed"):
            self.assertTrue(answer.startswith(REFUSED), answer)
            return "read"
        self.assertEqual(answer, f"ok {self.count}")
        return "well"

    def flip(self, data):
        """One byte becomes another."""
        at = self.chance.randrange(len(data))
        self.harm = f"byte {at} of {len(data)}"
        data[at] ^= self.chance.randint(1, 255)

    def cut(self, data):
        at = self.chance.randrange(len(data))
        self.harm = f"cut at {at} of {len(data)}"
        del data[at:]

    def damage(self, pattern, times, *harms):
        outcomes = Counter()
        for name in self.files(pattern):
            if not os.path.getsize(self.path("good", name)):
                continue
            for _ in range(times * TIMES):
                for harm in harms:
                    self.harm = ""
                    with self.subTest(file=name, harm=harm.__name__):
                        try:
                            outcomes[self.outcome(harm, name)] += 1
                        except AssertionError:
                            print(f"{name}: {self.harm}", file=sys.stderr)
                            raise
        self.assertGreater(sum(outcomes.values()), 0, f"nothing of {pattern} is there to be damaged")
        print(f"{pattern}: {dict(outcomes)}", file=sys.stderr)
        return outcomes

    def test_tables(self):
        outcomes = self.damage("data/*.sst", 3, self.flip)
        self.assertGreater(outcomes["read"] + outcomes["opening"], 0)

    def test_tables_that_were_cut_off(self):
        outcomes = self.damage("data/*.sst", 1, self.cut)
        self.assertEqual(outcomes["well"], 0)

    def test_the_log(self):
        """What was acknowledged stands in its middle; rows that can be made again stand at its end."""
        outcomes = self.damage("data/*.log", 6, self.flip, self.cut)
        self.assertGreater(outcomes["opening"], 0)

    def test_all_other_files(self):
        for pattern in ("data/MANIFEST-*", "data/CURRENT", "version"):
            self.damage(pattern, 2, self.flip, self.cut)
        for pattern in ("data/IDENTITY", "reached"):
            self.damage(pattern, 1, self.flip, self.cut)

    def test_a_file_that_is_gone(self):
        kinds = [self.files(pattern) for pattern in ("data/*.sst", "data/*.log", "data/MANIFEST-*")]
        self.assertTrue(all(kinds), kinds)
        for name in sum(kinds, []):
            with self.subTest(file=name):
                shutil.copytree(self.path("good"), self.root)
                os.unlink(os.path.join(self.root, name))
                talk = Talk(self)
                self.assertTrue(talk.greeting.startswith(REFUSED), talk.greeting)
                talk.kill()
                shutil.rmtree(self.root)


if __name__ == "__main__":
    unittest.main(verbosity=2)
