#!/usr/bin/python3
"""Completion in real shells: bash and zsh, by their scripts, with a server that answers and without."""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness
import world

MASKLINE = os.path.abspath("client/maskline")

# Completes as bash does for Tab at the end of the line.
TAB = """
source "$SCRIPT"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
read -ra COMP_WORDS <<<"$1"
case $1 in *' ') COMP_WORDS+=('') ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"$(complete -p maskline | sed 's/.*-F \\([^ ]*\\).*/\\1/')" maskline "${COMP_WORDS[COMP_CWORD]}"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


class Shell(harness.Case):
    """What shells see: the command in the path, and its script in a file."""

    shell = "bash"

    def setUp(self):
        super().setUp()
        self.script = os.path.join(self.folder, "script")
        with open(self.script, "wb") as file:
            subprocess.run([MASKLINE, "completion", self.shell], stdout=file, check=True, timeout=harness.PATIENCE)
        self.environment = {**os.environ, "SCRIPT": self.script, "PATH": f"{os.path.dirname(MASKLINE)}:{os.environ['PATH']}",
                            "MASKLINE_SERVER": "127.0.0.1:1", "MASKLINE_COMPLETION_TIMEOUT": f"{harness.PATIENCE}s",
                            "TERM": "dumb", "PS1": "ready> ", "HOME": self.folder, "LC_ALL": "C.UTF-8"}

    def start_server(self):
        up = self.server().start()
        rides = world.World(up, "rides", [world.proxy(1), world.proxy(2)])
        world.World(up, "clinic", [])
        rides.session(world.person(1), world.person(2), unique_name="trip-1")
        rides.session(world.person(3), unique_name="a name with blanks")
        self.environment["MASKLINE_SERVER"] = f"127.0.0.1:{up.port}"
        return up, rides


class Bash(Shell):
    def tab(self, line):
        # The program is named as it is typed; the test names it by its path where it must run.
        done = subprocess.run(["bash", "--norc", "-c", TAB, "tab", line], env=self.environment, capture_output=True, text=True,
                              cwd=self.folder, stdin=subprocess.DEVNULL, timeout=harness.PATIENCE, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def test_what_needs_no_server(self):
        for line, wanted in [("maskline serv", ["serve", "service"]), ("maskline session cl", ["close"]),
                             ("maskline clock ", ["get", "move", "--help"]), ("maskline completion ", ["bash", "zsh"]),
                             ("maskline completion z", ["zsh"]), ("maskline session create --mo", ["--mode"]),
                             ("maskline session create rides --mode ", ["voice-and-message", "message-only", "voice-only"]),
                             ("maskline session create rides --mode=me", ["message-only"]),
                             ("maskline watch rides --color ", ["auto", "always", "never"]),
                             ("maskline number update rides x --state d", ["draining"]),
                             ("maskline help sess", ["session"]), ("maskline number add rides --r", ["--reserved"]),
                             ("maskline events rides --f", ["--follow"]), ("maskline serve --li", ["--listen"]),
                             ("maskline nothing ", []), ("maskline service get rides more ", []),
                             ("maskline session create rides --name ", []), ("maskline __com", [])]:
            self.assertEqual(self.tab(line), wanted, line)
        self.assertIn("--server", self.tab("maskline service list --"))
        self.assertNotIn("--server", self.tab("maskline service list -- --"))

    def test_files_and_folders(self):
        os.mkdir(os.path.join(self.folder, "store"))
        with open(os.path.join(self.folder, "stock.txt"), "w", encoding="ascii"):
            pass
        self.assertEqual(sorted(self.tab("maskline number add rides -f sto")), ["stock.txt", "store"])
        self.assertEqual(self.tab("maskline doctor --data sto"), ["store"])

    def test_names_of_a_server(self):
        up, rides = self.start_server()
        self.assertEqual(self.tab("maskline service get "), ["rides", "clinic"])
        self.assertEqual(self.tab("maskline watch ri"), ["rides"])
        sessions = self.tab("maskline session get rides ")
        self.assertEqual((len(sessions), sessions[0]), (2, "trip-1"))
        self.assertTrue(sessions[1].startswith("KC"), "a name of several words is none for a shell")
        self.assertEqual(self.tab("maskline session --json get "), [])
        self.assertEqual(self.tab("maskline session get --json rides trip"), ["trip-1"])
        self.assertEqual(self.tab("maskline events rides --session tr"), ["trip-1"])
        self.assertEqual(self.tab("maskline number get rides "), [world.proxy(1), world.proxy(2)])
        people = [one.sid for one in rides.get("trip-1").participants]
        self.assertEqual(self.tab("maskline participant remove rides trip-1 "), people)
        self.environment["MASKLINE_SERVER"] = "127.0.0.1:1"
        self.assertEqual(self.tab(f"maskline service get --server 127.0.0.1:{up.port} r"), ["rides"])
        self.assertEqual(self.tab(f"maskline service get --server=127.0.0.1:{up.port} r"), ["rides"])

    def test_a_server_that_does_not_answer_is_not_waited_for(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.environment["MASKLINE_SERVER"] = f"127.0.0.1:{silent.getsockname()[1]}"
        del self.environment["MASKLINE_COMPLETION_TIMEOUT"]
        self.assertEqual(self.tab("maskline service get "), [])

    def test_without_a_server_it_is_silent(self):
        for line in ["maskline service get ", "maskline session get rides ", "maskline watch rides "]:
            self.assertEqual(self.tab(line), [], line)

    def test_the_hidden_command(self):
        done = subprocess.run([MASKLINE, "__complete", "session"], capture_output=True, timeout=harness.PATIENCE, check=False)
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
        for words in [[], ["nothing"], ["session", "a", "--server"]]:
            done = subprocess.run([MASKLINE, "__complete", *words], env=self.environment, capture_output=True,
                                  timeout=harness.PATIENCE, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual((done.stdout, done.stderr), (b"", b""))


class Typed:
    """A shell on a terminal."""

    def __init__(self, test, command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(test.folder)
                os.execvpe(command[0], command, test.environment)
            finally:
                os._exit(127)
        self.said = ""
        test.addCleanup(self.end)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def type(self, text):
        self.said = ""
        os.write(self.terminal, text.encode())

    def until(self, wanted):
        end = time.monotonic() + harness.PATIENCE
        while wanted not in self.said:
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"{wanted!r} does not come: {self.said!r}")
            self.said += os.read(self.terminal, 65536).decode(errors="replace")
        return self.said


class BashTyped(Shell):
    def test_tab(self):
        self.start_server()
        shell = Typed(self, ["bash", "--norc", "--noprofile", "-i"])
        shell.until("ready> ")
        shell.type(f"source {self.script}; bind 'set bell-style none'; echo do''ne\n")
        shell.until("done")
        shell.type("maskline sess\t")
        shell.until("session ")
        shell.type("ge\trid\ttri\t")
        shell.until("get rides trip-1 ")
        shell.type("--server=127.0.0.1:1 --col\talw\t")
        shell.until("--server=127.0.0.1:1 --color always ")
        shell.type("\x15maskline session create rides --mode=mes\t")
        shell.until("--mode=message-only")


class ZshTyped(Shell):
    shell = "zsh"

    def begin(self, setup):
        self.start_server()
        shell = Typed(self, ["zsh", "-f", "-i"])
        shell.until("ready> ")
        # Nothing is asked, and what is typed is only seen when it is complete.
        shell.type("unsetopt prompt_sp prompt_cr zle_bracketed_paste 2>/dev/null; LISTMAX=1000; "
                   f"{setup}; echo do''ne\n")
        shell.until("done")
        shell.until("ready> ")
        return shell

    def check(self, shell):
        shell.type("maskline sess\t")
        shell.until("session ")
        shell.type("ge\trid\ttri\t")
        shell.until("trip-1 ")
        shell.type("--col\talw\t")
        shell.until("always ")
        shell.type("\x15maskline session create rides --mode=mes\t")
        shell.until("message-only")
        shell.type("\x15maskline session \t")
        shell.until("End a session")

    def test_tab(self):
        self.check(self.begin(f"autoload -U compinit && compinit -u -D && source {self.script}"))

    def test_in_the_folder_of_functions(self):
        functions = os.path.join(self.folder, "functions")
        os.mkdir(functions)
        os.rename(self.script, os.path.join(functions, "_maskline"))
        self.check(self.begin(f"fpath=({functions} $fpath); autoload -U compinit && compinit -u -D"))


del Shell

if __name__ == "__main__":
    unittest.main(verbosity=2)
