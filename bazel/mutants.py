"""Whether tests notice faults that are put in on purpose.

    mutants.py targets [NAME...]     the tests that have to notice: labels, one a line
    mutants.py run FOLDER [NAME...]  runs them with one mutant on after the other; FOLDER is where Bazel has built them

A mutant is a place in the code, MUTANT("name") of proto/c/fault.h, at which MASKLINE_MUTANT=name switches a rule off.
tests/fault/mutants.tsv lists them all. A mutant is caught when one of its tests fails in what it asserts: a test that
crashes, hangs, or does not start has seen nothing. The last line counts mutants: N passed, N failed.
"""

import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
LIST = os.path.join(ROOT, "tests", "fault", "mutants.tsv")
LABEL = re.compile(r"//([\w/.-]*):([\w.-]+)")
PATIENCE = 600  # seconds for one test
WORKERS = 2 * os.cpu_count()  # tests wait for the disk, and some faults make them wait in vain

# What Check, our own tests and unittest say of assertions that did not hold.
FAILURES = [
    re.compile(r"^\d+%: Checks: \d+, Failures: (\d+), Errors: \d+\s*$", re.M),
    re.compile(r"^\d+ passed, (\d+) failed\s*$", re.M),
    re.compile(r"^FAILED \(.*\bfailures=(\d+).*\)\s*$", re.M),
]


def read_list(text):
    """[(name, rule, what it says, [target])] of the list's text."""
    mutants = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, rule, words, targets = line.split("\t")
            mutants.append((name, rule, words, targets.split()))
    return mutants


def load():
    with open(LIST, encoding="utf-8") as file:
        return read_list(file.read())


def noticed(status, log):
    """Whether a test that ended so has failed in what it asserts."""
    return status not in (0, None) and any(int(count) > 0 for form in FAILURES for count in form.findall(log))


def run_test(program, runfiles, mutant, patience=PATIENCE):
    """(exit status, log) of a test program with a mutant on, or without one; status None: it did not end in time."""
    with tempfile.TemporaryDirectory(prefix="maskline-mutant.") as folder:
        workspace = os.path.join(runfiles, "maskline")
        env = {
            "HOME": folder,
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "TEST_SRCDIR": runfiles,
            "TEST_TMPDIR": folder,
            "TEST_WORKSPACE": "maskline",
            # A test that a mutant makes wait for ever has not noticed it; Check's bound is meant for slow machines.
            "CK_TIMEOUT_MULTIPLIER": "0.1",
        }
        if mutant:
            env["MASKLINE_MUTANT"] = mutant
        with tempfile.TemporaryFile("w+", errors="replace") as log:
            process = subprocess.Popen([program], cwd=workspace if os.path.isdir(workspace) else folder, env=env,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                status = None
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            log.seek(0)
            return status, log.read()


def place_of(folder, label):
    """Where Bazel puts the test of a label: (program, runfiles)."""
    package, name = LABEL.fullmatch(label).groups()
    program = os.path.join(folder, package, name)
    return program, program + ".runfiles"


def tail(log, lines=5):
    return "".join(f"    | {line}\n" for line in log.rstrip().splitlines()[-lines:])


def try_mutant(folder, mutant):
    """(caught, line of the table, details)."""
    name, _, words, targets = mutant
    details = []
    began = time.monotonic()
    for target in targets:
        try:
            status, log = run_test(*place_of(folder, target), name)
        except OSError as error:
            details.append(f"  {target} did not start: {error}\n")
            continue
        if noticed(status, log):
            return True, f"caught      {name:34} {time.monotonic() - began:6.1f} s  {target}", ""
        ended = "did not end" if status is None else "passed" if status == 0 else f"ended with status {status}"
        details.append(f"  {target} {ended}\n" + (tail(log) if status != 0 else ""))
    return False, f"NOT CAUGHT  {name:34} {time.monotonic() - began:6.1f} s  {words}", "".join(details)


def chosen(names):
    mutants = load()
    unknown = set(names) - {mutant[0] for mutant in mutants}
    if unknown:
        sys.exit(f"mutants.py: no such mutant: {' '.join(sorted(unknown))}")
    return [mutant for mutant in mutants if not names or mutant[0] in names]


def main(command, *arguments):
    if command == "targets":
        print("\n".join(sorted({target for mutant in chosen(arguments) for target in mutant[3]})))
        return 0
    folder, *names = arguments
    mutants = chosen(names)
    caught = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for is_caught, line, details in pool.map(lambda mutant: try_mutant(folder, mutant), mutants):
            caught += is_caught
            print(line)
            print(details, end="", flush=True)
    print(f"{caught} passed, {len(mutants) - caught} failed")
    return 0 if caught == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
