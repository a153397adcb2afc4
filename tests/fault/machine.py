"""A whole server on the disk of disk_shim.h, with the clock of clock_shim.h."""

import os
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.abspath("tests/integration"))
from disk import Disk, Faults, read_journal
from harness import SERVER

DISK = os.path.abspath("tests/fault/libdisk_shim.so")
CLOCK = os.path.abspath("tests/fault/libclock_shim.so")
FAULTY = os.path.abspath("tests/fault/maskline-server")


def preloaded(*libraries):
    """What to load before the server; a sanitizer's runtime wants to be the first."""
    needed = subprocess.run(["ldd", SERVER], stdout=subprocess.PIPE, check=True, text=True).stdout
    first = [line.split("=>")[1].split()[0] for line in needed.splitlines()
             if any(name in line for name in ("libasan", "libtsan")) and "=>" in line]
    return ":".join(first + list(libraries))


class Machine:
    """Where a test's server runs. Its disk is the folder `root`."""

    def __init__(self, folder):
        self.folder = folder
        self.root = os.path.join(folder, "root")
        self.before = os.path.join(folder, "before")
        self.journal = os.path.join(folder, "journal")
        self.offset = os.path.join(folder, "offset")
        os.mkdir(self.root)
        self.faults = Faults(os.path.join(folder, "faults"))
        self.shift_clock(0)

    def environment(self, *, journal=False):
        made = {"LD_PRELOAD": preloaded(DISK, CLOCK), "MASKLINE_DISK_FOLDER": self.root,
                "MASKLINE_DISK_FAULTS": self.faults.path, "MASKLINE_CLOCK_OFFSET": self.offset}
        if journal:
            made["MASKLINE_DISK_JOURNAL"] = self.journal
        return made

    def install(self, server, *, journal=False):
        """The server runs here from its next start on."""
        server.data = os.path.join(self.root, "data")
        server.environment = self.environment(journal=journal)
        if journal:
            self.keep()
        return server

    def keep(self):
        """The disk as it is now is what the journal goes on from."""
        shutil.rmtree(self.before, ignore_errors=True)
        shutil.copytree(self.root, self.before)
        if os.path.exists(self.journal):
            os.unlink(self.journal)

    def lose_power(self, loss, chance):
        """After the server was killed."""
        records = read_journal(self.journal)
        disk = Disk(self.before)
        disk.play(records, len(records))
        shutil.rmtree(self.root)
        disk.image(self.root, loss, chance)
        self.keep()

    def shift_clock(self, seconds):
        """From now on the wall clock shows so much more than it should, or less."""
        mode = "r+b" if os.path.exists(self.offset) else "wb"
        with open(self.offset, mode, buffering=0) as file:
            file.write(struct.pack("<q", int(seconds * 1_000_000_000)))
