"""Runs the program of subject.h on the disk of disk_shim.h."""

import os
import shutil
import subprocess
import tempfile
import unittest

from disk import NOTE, Faults, read_journal

PROGRAM = os.path.abspath("tests/fault/store_subject")
FAULTY = os.path.abspath("tests/fault/faulty_subject")
# How long anything may take that should happen at once.
PATIENCE = 120


class Case(unittest.TestCase):
    """Has a folder of its own; the disk is `root` in it, and the store lies in `root/store`."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = self.path("root")
        os.mkdir(self.root)
        self.faults = Faults(self.path("faults"))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def environment(self, journal=None, **more):
        made = {**os.environ, "MASKLINE_DISK_FOLDER": self.root, "MASKLINE_DISK_FAULTS": self.faults.path, **more}
        if journal:
            made["MASKLINE_DISK_JOURNAL"] = journal
        return made

    def load(self, seed, count, program=PROGRAM, **environment):
        """A life of the store: (what the program said, its journal's records)."""
        journal = self.path(f"journal{seed}")
        done = subprocess.run([program, "load", self.path("root", "store"), str(seed), str(count)],
                              env=self.environment(journal, **environment), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        records = read_journal(journal)
        os.unlink(journal)
        return done, records

    def check(self, root, notes):
        """What is wrong with the store there; empty when nothing is."""
        path = self.path("notes")
        with open(path, "wb") as file:
            file.write(b"".join(notes))
        done = subprocess.run([PROGRAM, "check", os.path.join(root, "store"), path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        if done.returncode == 0:
            return ""
        return f"exit {done.returncode}: {done.stdout.decode(errors='replace')}"


def notes_in(records):
    return [data for kind, _, _, data in records if kind == NOTE]


class Talk:
    """The program in conversation."""

    def __init__(self, case, journal=None, **environment):
        self.process = subprocess.Popen([PROGRAM, "talk", case.path("root", "store")],
                                        env=case.environment(journal, **environment), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        case.addCleanup(self._end)
        self.greeting = self._line()

    def _line(self):
        return self.process.stdout.readline().strip()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._line()

    def close(self):
        """As it should be; its exit code."""
        self.process.stdin.close()
        self.process.stdout.read()
        return self.process.wait(PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def _end(self):
        self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
