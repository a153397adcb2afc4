#!/usr/bin/python3
"""bazel/setup finds out what is missing, whatever is there: nothing at all, all but one, everything. The machine's own tools are not
asked: stand-ins tell what is installed, and write down what was to be installed."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

SETUP = os.path.join(tree.root(), "bazel", "setup")

# Tells of the packages in $INSTALLED, as dpkg-query does with the format that is asked for; and of one that was removed.
DPKG = """#!/bin/sh
shift 3
for name in "$@"; do
    grep -qxF "$name" "$INSTALLED" && echo "ii  $name"
done
[ ! -s "$INSTALLED" ] || echo "rc  g++"
exit 1
"""
# Writes down what it is asked to install, and has it installed.
APT = """#!/bin/sh
for word in "$@"; do
    case $word in -* | *=* | install) ;; *) echo "$word" >>"$ASKED"; echo "$word" >>"$INSTALLED" ;; esac
done
"""


def packages():
    with open(SETUP, encoding="utf-8") as file:
        lists = re.findall(r"^RUN_PACKAGES='\n(.*?)^'", file.read(), re.M | re.S)
    return [line.split()[0] for line in lists[0].splitlines() if line]


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name, text in {"dpkg-query": DPKG, "apt-get": APT, "id": "#!/bin/sh\necho 0\n"}.items():
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755)

    def asked(self, installed):
        """What is installed by the set-up where these packages are there."""
        files = {name: os.path.join(self.folder, name) for name in ["INSTALLED", "ASKED"]}
        for name, lines in {"INSTALLED": installed, "ASKED": []}.items():
            with open(files[name], "w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in lines)
        path = self.folder + os.pathsep + os.environ.get("PATH", "/usr/bin:/bin")
        done = subprocess.run([SETUP, "run"], env={**os.environ, **files, "PATH": path, "TMPDIR": self.folder},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(files["ASKED"], encoding="utf-8") as file:
            return [name for name in file.read().split() if name != "update"]

    def test_nothing_is_there(self):
        self.assertEqual(self.asked([]), packages())

    def test_one_is_missing(self):
        for missing in [packages()[0], "gcc", packages()[-1]]:
            self.assertEqual(self.asked([name for name in packages() if name != missing]), [missing])

    def test_all_are_there(self):
        self.assertEqual(self.asked(packages()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
