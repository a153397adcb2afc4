#!/usr/bin/python3
"""Calls of the disk that fail: what storage/README.md says happens, and afterwards nothing that was acknowledged is lost.

Each case ends with a loss of power, which leaves only what was synced: a store that believed a failed sync would be found out.
"""

import os
import random
import shutil
import sys
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/fault"))
from disk import Disk, read_journal
from subject import PATIENCE, Case, Talk

# What becomes of the first change after a fault on its way, and of those that follow at once.
BROKEN = {"unknown": 1, "refused": 2, "why": "STORE_REOPENING"}


def outcomes(answer):
    """Of an append: its counts, and why."""
    words = answer.split()
    return {"durable": int(words[1]), "unknown": int(words[3]), "refused": int(words[5]),
            "why": words[6] if len(words) > 6 else ""}


class Faults(Case):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("before"))
        self.durable = 0
        self.unknown = 0
        self.journal = self.path("journal")

    def open(self, **environment):
        talk = Talk(self, self.journal, SUBJECT_ROWS="20", **environment)
        self.assertEqual(talk.greeting, "open")
        return talk

    def append(self, talk, count):
        told = outcomes(talk.ask(f"append 0 {count}"))
        self.durable += told["durable"]
        self.unknown += told["unknown"]
        return told

    def assert_rows(self, talk):
        """All that was acknowledged is there; what is unknown may be."""
        word, count = talk.ask("rows").split()
        self.assertEqual(word, "ok")
        self.assertGreaterEqual(int(count), self.durable)
        self.assertLessEqual(int(count), self.durable + self.unknown)

    def assert_works(self, talk):
        self.assertEqual(talk.ask("ready"), "ok")
        self.assertEqual(self.append(talk, 5)["durable"], 5)
        self.assert_rows(talk)

    def lose_power(self, talk):
        talk.kill()
        self.faults.set()
        records = read_journal(self.journal)
        os.unlink(self.journal)
        for loss in ("strict", "some"):
            model = Disk(self.path("before"))
            model.play(records, len(records))
            shutil.rmtree(self.root)
            model.image(self.root, loss, random.Random(1))
            again = Talk(self)
            self.assertEqual(again.greeting, "open")
            self.assert_rows(again)
            again.kill()

    def fault(self, *rules, expect, ask="", hits=None):
        """A store with some rows, the fault, the first changes under it; then the fault ends."""
        talk = self.open()
        self.append(talk, 50)
        # Else the fault may meet what is written out in the background.
        self.assertEqual(talk.ask("flush"), "ok")
        self.faults.set(*rules)
        answer = talk.ask(ask) if ask else ""
        told = self.append(talk, 3)
        for name, value in expect.items():
            self.assertEqual(told[name], value, told)
        self.assertTrue(self.faults.hits(), "nothing was hit")
        if hits:
            for hit in hits:
                self.assertTrue(any(hit in line for line in self.faults.hits()), self.faults.hits())
        self.faults.set()
        self.assert_works(talk)
        self.lose_power(talk)
        return answer

    # ---- the engine's log ----

    def test_the_log_cannot_be_written_on_a_full_disk(self):
        self.fault("write *.log ENOSPC", expect=BROKEN)

    def test_the_log_cannot_be_written(self):
        self.fault("write *.log EIO", expect=BROKEN)

    def test_half_a_record_is_written(self):
        self.fault("write *.log tear times 1", expect=BROKEN)

    def test_the_log_cannot_be_synced(self):
        """After a failed sync the next one may say yes about data that the kernel has dropped: nothing of it is believed."""
        self.fault("sync *.log EIO times 1", expect=BROKEN)

    def test_no_sync_at_all_for_a_while(self):
        talk = self.open()
        self.append(talk, 50)
        self.faults.set("sync * EIO")
        self.assertEqual(self.append(talk, 1)["unknown"], 1)
        self.wait_for_hits(6)  # it is reopened in vain
        self.assertEqual(self.append(talk, 3), {"durable": 0, "unknown": 0, "refused": 3, "why": "STORE_REOPENING"})
        self.faults.set()
        self.assert_works(talk)
        self.lose_power(talk)

    def wait_for_hits(self, count):
        """The program looks again by itself, after longer and longer pauses."""
        end = time.monotonic() + PATIENCE
        while len(self.faults.hits()) < count:
            self.assertLess(time.monotonic(), end, f"only {self.faults.hits()}")
            time.sleep(0.01)

    # ---- tables and the manifest ----

    def test_a_table_cannot_be_written_on_a_full_disk(self):
        answer = self.fault("write *.sst ENOSPC", ask="compact", expect=BROKEN)
        self.assertTrue(answer.startswith("failed RESOURCE_EXHAUSTED DISK_FULL: "), answer)

    def test_a_table_cannot_be_synced(self):
        answer = self.fault("sync *.sst EIO times 1", ask="compact", expect=BROKEN)
        self.assertTrue(answer.startswith("failed UNAVAILABLE STORE_FAILED: "), answer)

    def test_the_manifest_cannot_be_written_on_a_full_disk(self):
        answer = self.fault("write *MANIFEST* ENOSPC", ask="compact", expect=BROKEN)
        self.assertTrue(answer.startswith("failed RESOURCE_EXHAUSTED DISK_FULL: "), answer)

    def test_the_manifest_cannot_be_synced(self):
        self.fault("sync *MANIFEST* EIO times 1", ask="compact", expect=BROKEN)

    # ---- a store that is opened again, and meets more ----

    def test_nothing_at_all_can_be_written(self):
        self.fault("write * ENOSPC", expect={"durable": 0})

    def test_the_reopening_fails_on_its_way(self):
        """Each step of it once; an opening that fails is tried again."""
        for steps in (("open *MANIFEST* EMFILE times 1", "read *MANIFEST* EIO times 1"),
                      ("open *.log EMFILE times 1", "read *.log EIO times 1"),
                      ("write *.sst EIO times 1", "sync *.sst EIO times 1"),
                      ("sync */data EIO times 1", "rename */CURRENT EIO times 1"),
                      ("write *MANIFEST* EIO times 1", "sync *MANIFEST* EIO times 1"),
                      ("write *.dbtmp ENOSPC times 1",)):
            with self.subTest(steps=steps):
                shutil.rmtree(self.root)
                os.mkdir(self.root)
                self.durable = self.unknown = 0
                self.fault("sync *.log EIO times 1", *steps, expect=BROKEN)

    def test_an_opening_leaves_no_drafts(self):
        for _ in range(3):
            talk = Talk(self)
            self.append(talk, 5)
            talk.close()
        names = os.listdir(self.path("root", "store", "data"))
        self.assertEqual([name for name in names if name.endswith(".dbtmp")], [])

    # ---- reading ----

    def test_what_cannot_be_read_fails_and_is_not_wrong(self):
        talk = self.open()
        self.append(talk, 50)
        self.assertEqual(talk.ask("compact"), "ok")
        talk.kill()
        os.unlink(self.journal)
        talk = Talk(self)
        self.faults.set("read *.sst EIO")
        answer = talk.ask("rows")
        self.assertTrue(answer.startswith("failed UNAVAILABLE STORE_FAILED: "), answer)
        self.faults.set()
        self.assert_rows(talk)
        # The engine's own reading may have failed as well; the next change meets that.
        self.append(talk, 3)
        self.assert_works(talk)

    def test_a_store_that_cannot_be_read_is_not_opened(self):
        talk = self.open()
        self.append(talk, 50)
        talk.kill()
        for what in ("*.log", "*MANIFEST*", "*CURRENT"):
            self.faults.set(f"read {what} EIO")
            talk = Talk(self)
            self.assertTrue(talk.greeting.startswith("failed "), (what, talk.greeting))
            self.assertIn("Input/output error", talk.greeting, (what, talk.greeting))
        self.faults.set()
        talk = Talk(self)
        self.assert_rows(talk)

    # ---- room ----

    def used(self):
        return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(self.root) for name in names)

    def test_a_disk_that_fills_up_is_left_in_time(self):
        talk = self.open(SUBJECT_LOW="50000")
        self.append(talk, 50)
        self.faults.set(f"quota {self.used() + 100000}")
        told = {"durable": 100}
        while told["durable"] == 100:
            told = self.append(talk, 100)
        self.assertEqual((told["unknown"], told["why"]), (0, "DISK_FULL"))
        self.assert_rows(talk)
        self.assertEqual(self.faults.hits(), [], "the watch came too late")
        # Others take the rest, when what was still in memory has gone to its place.
        self.assertEqual(talk.ask("flush"), "ok")
        self.faults.set("quota 1")
        self.assertEqual(self.append(talk, 3), {"durable": 0, "unknown": 0, "refused": 3, "why": "DISK_FULL"})
        self.assert_rows(talk)
        self.faults.set()
        self.assert_works(talk)
        self.lose_power(talk)

    def fill_to_the_last_block(self, talk):
        """While something is in memory that has to go to its place; on a slow machine that may have gone before."""
        for _ in range(100):
            self.append(talk, 5)
            self.faults.set("quota 1")
            end = time.monotonic() + 5
            while time.monotonic() < end:
                if self.faults.hits():
                    return
                time.sleep(0.01)
            self.faults.set()
            self.assertEqual(talk.ask("ready"), "ok")
        self.fail("nothing was written to the full disk")

    def test_a_disk_that_others_fill_to_the_last_block(self):
        """What is in memory cannot go to its place, and waits there: it is read all the time, until there is room again."""
        talk = self.open(SUBJECT_LOW="50000")
        self.append(talk, 50)
        self.fill_to_the_last_block(talk)
        for _ in range(20):
            self.assertEqual(self.append(talk, 1), {"durable": 0, "unknown": 0, "refused": 1, "why": "DISK_FULL"})
            self.assert_rows(talk)
        self.assertNotIn("open", " ".join(self.faults.hits()), "it was opened again in vain")
        self.faults.set()
        self.assert_works(talk)
        self.lose_power(talk)

    def test_a_store_is_closed_on_a_full_disk(self):
        talk = self.open(SUBJECT_LOW="50000")
        self.append(talk, 50)
        self.fill_to_the_last_block(talk)
        self.assert_rows(talk)
        self.assertEqual(talk.close(), 0)
        self.faults.set()
        again = Talk(self)
        self.assert_works(again)

    # ---- slow ----

    def test_a_slow_disk_makes_groups(self):
        talk = self.open()
        self.append(talk, 5)
        self.faults.set("sync *.log delay 1000")
        self.assertEqual(talk.ask("burst 0 1000").split()[:2], ["durable", "1000"])
        self.durable += 1000
        syncs = len(self.faults.hits())
        self.assertGreater(syncs, 0)
        self.assertLess(syncs, 10, "each second carries many changes")
        self.lose_power(talk)


if __name__ == "__main__":
    unittest.main(verbosity=2)
