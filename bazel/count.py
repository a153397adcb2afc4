"""Counts what really ran: count.py EVENTS STATUS [--spec] [--table[=FILE]]

EVENTS is the file that `bazel test --build_event_json_file` writes, STATUS its exit status. --spec: all was to run, so tell
how many rules are covered (spec.py); --table: tell for each rule which tests hold it, too. A target counts with the cases
that its log reports, in one of these forms, or else as one:

    83%: Checks: 6, Failures: 1, Errors: 0      Check; summed over the log
    6 passed, 1 failed                          a script; the last such line
    Ran 6 tests in 0.1s                         Python's unittest
"""

import json
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True
import spec

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)\s*$", re.M)
PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in [\d.]+s\s*$", re.M)
UNITTEST_BAD = re.compile(r"^FAILED \((.*)\)\s*$", re.M)
UNITTEST_SKIPPED = re.compile(r"^(?:OK|FAILED) \(.*\bskipped=(\d+).*\)\s*$", re.M)


def count_log(text):
    """(passed, failed) as a log tells it, or None when it tells nothing."""
    passed = failed = 0
    found = False
    for checks, failures, errors in CHECK.findall(text):
        found = True
        bad = int(failures) + int(errors)
        passed += int(checks) - bad
        failed += bad
    plain = PLAIN.findall(text)
    if plain:
        found = True
        passed += int(plain[-1][0])
        failed += int(plain[-1][1])
    elif UNITTEST.search(text):
        found = True
        ran = sum(int(n) for n in UNITTEST.findall(text))
        bad = sum(int(n) for line in UNITTEST_BAD.findall(text)
                  for n in re.findall(r"\b(?:failures|errors|unexpected successes)=(\d+)", line))
        skipped = sum(int(n) for n in UNITTEST_SKIPPED.findall(text))
        passed += ran - bad - skipped
        failed += bad
    return (passed, failed) if found else None


def count_run(ok, text):
    """(passed, failed) of one run of a target; `ok` is Bazel's word on it."""
    told = count_log(text)
    if told is None:
        return (1, 0) if ok else (0, 1)
    passed, failed = told
    if not ok and failed == 0:
        failed = 1  # ended badly after, or in the middle of, cases that went well
    if ok and passed + failed == 0:
        failed = 1  # a test that ran nothing proves nothing
    return passed, failed


def log_text(outputs):
    for output in outputs:
        uri = output.get("uri", "")
        if output.get("name") == "test.log" and uri.startswith("file://"):
            try:
                path = urllib.parse.unquote(uri[len("file://"):])
                with open(path, encoding="utf-8", errors="replace") as log:
                    return log.read()
            except OSError:
                return ""
    return ""


def read_events(lines):
    """(test labels, runs {(label, run, shard): (attempt, ok, outputs)}, labels that failed to build)."""
    tests, runs, broken = set(), {}, set()
    for line in lines:
        event = json.loads(line)
        ident = event["id"]
        if "targetConfigured" in ident:
            label = ident["targetConfigured"]["label"]
            if event.get("aborted") == {}:
                continue  # one of our own flags, which Bazel looks up as it does a target
            if "configured" not in event:
                broken.add(label)
            elif "testSize" in event["configured"]:
                tests.add(label)
        elif "targetCompleted" in ident:
            label = ident["targetCompleted"]["label"]
            if not event.get("completed", {}).get("success"):
                broken.add(label)
        elif "pattern" in ident and "aborted" in event:
            broken.add(" ".join(ident["pattern"].get("pattern", ["pattern"])))
        elif "testResult" in ident and "testResult" in event:
            key = ident["testResult"]
            result = event["testResult"]
            place = (key["label"], key.get("run", 1), key.get("shard", 1))
            attempt = key.get("attempt", 1)
            if place not in runs or runs[place][0] <= attempt:
                ok = result.get("status") in ("PASSED", "FLAKY")
                runs[place] = (attempt, ok, result.get("testActionOutput", []))
    return tests, runs, broken


def tell_coverage(coverage, table, whole):
    if table is not None:
        lines = "".join(line + "\n" for line in coverage.table())
        if table:
            with open(table, "w", encoding="utf-8") as file:
                file.write(lines)
        else:
            print(lines, end="")
        for rules in coverage.uncovered().values():
            print("uncovered: " + " ".join(rules))
    if whole or table is not None:
        covered, rules = coverage.figure()
        print(f"spec coverage{'' if whole else ' of what ran'}: {covered} of {rules} rules")


def main(path, status, whole=False, table=None, coverage=None):
    """`table`: a file for it, or "" for the output. `coverage` is what the tree says, when it is not given."""
    problems = []
    if coverage is None:
        rules = spec.load_rules()
        claims, problems = spec.load_claims(rules)
        coverage = spec.Coverage(rules, claims, spec.load_partly())
    with open(path, encoding="utf-8") as lines:
        tests, runs, broken = read_events(lines)
    passed = failed = 0
    for (label, _, _), (_, ok, outputs) in sorted(runs.items()):
        log = log_text(outputs)
        run_passed, run_failed = count_run(ok, log)
        passed += run_passed
        failed += run_failed
        coverage.add(label, log, ok, run_failed)
        if run_failed:
            print(f"failed: {label} ({run_failed} of {run_passed + run_failed})")
    # With the statuses named here Bazel came to its end: a test without a run was filtered out, not lost.
    lost = broken if status in (0, 1, 3, 4) else broken | tests
    for label in sorted(lost - {label for label, _, _ in runs}):
        failed += 1
        print(f"failed: {label} ({'not built' if label in broken else 'not run'})")
    if status != 0 and failed == 0:
        failed += 1
        print(f"failed: Bazel itself, with status {status}")
    for problem in problems:
        print(f"spec: {problem}")
    if passed + failed == 0:
        print("no test ran")
    tell_coverage(coverage, table, whole)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 and not problems else 1


if __name__ == "__main__":
    options = sys.argv[3:]
    tables = [option.partition("=")[2] for option in options if option.startswith("--table")]
    sys.exit(main(sys.argv[1], int(sys.argv[2]), "--spec" in options, tables[-1] if tables else None))
