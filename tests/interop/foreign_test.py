#!/usr/bin/python3
"""The generators, run over .proto files that others wrote, as Debian packages bring them; what they make is compiled, the stubs with
all our warnings.

One line for each file. MASKLINE_LONG=1 adds the files that gogo/protobuf tests itself with.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

PATIENCE = 300
# The source tree: the stubs include headers of the runtime.
ROOT = os.path.dirname(os.path.realpath("WORKSPACE"))
PLUGIN = os.path.abspath("bazel/protoc-gen-grpc-c/protoc-gen-grpc-c")
MESSAGES_ONLY = os.path.abspath("bazel/protoc-gen-grpc-c/messages_only")
WARNINGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]

GO = "/usr/share/gocode/src/"
GOGO = GO + "github.com/gogo/protobuf"
GOOGLEAPIS = GO + "github.com/gogo/googleapis"

# name: (the package that brings them, the folder that their imports start at, the folder in it, other folders to import from)
SETS = {
    "protobuf": ("libprotobuf-dev", "/usr/include", "google/protobuf", []),
    "protobuf-c": ("libprotobuf-c-dev", "/usr/include", "protobuf-c", []),
    "grpc": ("grpc-proto", "/usr/share/grpc-proto", "", [GOOGLEAPIS, GOGO]),
    "bazel": ("bazel-bootstrap", "/usr/share/bazel/embedded_tools", "src", []),
    "gitaly": ("golang-gitaly-proto-dev", GO + "gitlab.com/gitlab-org/gitaly-proto", "", []),
    "googleapis": ("golang-github-gogo-googleapis-dev", GOOGLEAPIS, "google", [GOGO]),
    "gogoproto": ("golang-github-gogo-protobuf-dev", GOGO, "gogoproto", []),
    "gogo": ("golang-github-gogo-protobuf-dev", GOGO + "/protoc-gen-gogo/testdata", "", []),
}
LONG_SETS = {
    "gogo-options": ("golang-github-gogo-protobuf-dev", GO, "github.com/gogo/protobuf/gogoproto", []),
    "gogo-test": ("golang-github-gogo-protobuf-dev", GO, "github.com/gogo/protobuf/test", []),
    "gogo-vanity": ("golang-github-gogo-protobuf-dev", GO, "github.com/gogo/protobuf/vanity", []),
    "gogo-proto": ("golang-github-gogo-protobuf-dev", GOGO + "/proto", "", []),
}

# What is refused, and how that is told.
MISSING = r'Import "%s" was not found or had errors\.'
GROUP = r"--c_out: .*: message \w+ has the group \w+, and protobuf-c knows no groups"
REFUSED = {
    # They import what no package brings.
    "grpc/tls/provider/meshca/experimental/config.proto": MISSING % "envoy/config/core/v3/config_source.proto",
    "src/main/protobuf/remote_execution_log.proto": MISSING % "google/bytestream/bytestream.proto",
    # They are no .proto files, and protoc says so.
    "github.com/gogo/protobuf/test/theproto3/footer.proto": r"footer\.proto:9:3: Expected",
    "github.com/gogo/protobuf/test/theproto3/maps.proto": r'"FloatingPoint" is not defined',
    # protobuf-c knows no groups.
    "import_public/sub/a.proto": GROUP,
    "my_test/test.proto": GROUP,
    "test_proto/test.proto": GROUP,
    "github.com/gogo/protobuf/test/group/group.proto": GROUP,
    "github.com/gogo/protobuf/test/unrecognizedgroup/unrecognizedgroup.proto": GROUP,
}

# Files whose messages are those of a file that is refused: there is no code for them.
NOT_MADE = r"%s\.pb-c\.h: No such file or directory"
UNFINISHED = {
    **{f"import_public/{name}.proto": NOT_MADE % "import_public/sub/a" for name in ("a", "b", "importing/importing")},
    "proto3_proto/proto3.proto": NOT_MADE % "test_proto/test",
}

# Files of our own, for limits that none of theirs meets.
LIMITS = {
    "editions.proto": ('edition = "2023"; message M { int32 a = 1; }', r"editions\.proto:1:1: Expected top-level statement"),
    "group.proto": ('syntax = "proto2"; message M { repeated group G = 1 { optional int32 a = 1; } }', GROUP),
}


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def complaint(done):
    """What a program said that failed; None when it did not."""
    said = "\n".join(line for line in done.stderr.splitlines() if "warning" not in line.lower())
    return None if done.returncode == 0 else said or f"ended with {done.returncode}"


def files_of(which):
    package, root, folder, _ = which
    top = os.path.join(root, folder)
    found = sorted(os.path.relpath(os.path.join(place, name), root)
                   for place, _, names in os.walk(top) for name in names if name.endswith(".proto"))
    if not found:
        sys.exit(f"{top} has no .proto files: is the package {package} there? bazel/setup installs it")
    return found


def generate(out, roots, files):
    return complaint(run(["/usr/bin/protoc", *(f"-I{root}" for root in roots), f"--plugin=protoc-gen-grpc-c={PLUGIN}",
                          f"--grpc-c_out={out}", f"--plugin=protoc-gen-c={MESSAGES_ONLY}", f"--c_out={out}", *files]))


def methods_in(path):
    with open(path, encoding="utf-8") as file:
        return file.read().count("    .path = ")


class Compiler:
    """Compiles what was made of the files of one set."""

    def __init__(self, top, name, sets):
        self.out = os.path.join(top, name)
        self.paths = [f"-I{path}" for path in [self.out, *(os.path.join(top, other) for other in sets), ROOT, "/usr/include"]]

    def stem(self, file):
        return os.path.join(self.out, file[:-len(".proto")])

    def stubs(self, file):
        """What is wrong with the stubs, or None."""
        return complaint(run(["gcc", "-fsyntax-only", *WARNINGS, *self.paths, self.stem(file) + ".grpc-c-server.c",
                              self.stem(file) + ".grpc-c-client.c"]))

    def messages(self, file):
        """The same of protobuf-c's code; our warnings do not apply to it. Of a file that says so no code is made."""
        if file.startswith("protobuf-c/"):
            return None
        return complaint(run(["gcc", "-fsyntax-only", "-std=gnu11", "-w", *self.paths, self.stem(file) + ".pb-c.c"]))

    def together(self, ending, flags, files):
        """Whether all of them compile as one piece."""
        text = "".join(f'#include "{self.stem(file)}{ending}"\n' for file in files)
        done = subprocess.run(["gcc", "-fsyntax-only", *flags, *self.paths, "-xc", "-"], input=text, capture_output=True, text=True,
                              check=False, timeout=PATIENCE)
        return done.returncode == 0

    def compile(self, files):
        """{file: (what is wrong or None, how many methods its stubs have)}. Stubs that have methods must compile alone; the others
        have nothing in them, and with protobuf-c's code they are compiled one by one only to see whose fault it is."""
        methods = {file: methods_in(self.stem(file) + ".grpc-c-client.c") for file in files}
        idle = [file for file in files if not methods[file]]
        made = [file for file in files if not file.startswith("protobuf-c/") and file not in UNFINISHED]
        idle_good = all(self.together(f".grpc-c-{side}.c", WARNINGS, idle) for side in ("server", "client"))
        made_good = self.together(".pb-c.c", ["-std=gnu11", "-w"], made)
        wrong = {}
        for file in files:
            wrong[file] = None if not methods[file] and idle_good else self.stubs(file)
            if not wrong[file] and not (made_good and file in made):
                wrong[file] = self.messages(file)
        return {file: (wrong[file], methods[file]) for file in files}


class Log:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.methods = 0

    def tell(self, name, file, wrong, more=""):
        print("FAILED" if wrong else "ok    ", f"{name}: {file}{more}" + (f": {wrong}" if wrong else ""), flush=True)
        if wrong:
            self.failed += 1
        else:
            self.passed += 1


def check_refused(log, name, out, roots, file, pattern):
    said = generate(out, roots, [file])
    wrong = None if said and re.search(pattern, said) else f"should be refused with {pattern}: {said}"
    log.tell(name, file, wrong, f": refused: {said.splitlines()[-1]}" if said else "")


def generate_set(log, top, name, which):
    """Makes the code of all files that are not to be refused. Returns their names."""
    _, root, _, others = which
    out = os.path.join(top, name)
    os.mkdir(out)
    roots = [root, *others, "/usr/include"]
    files = files_of(which)
    good = [file for file in files if file not in REFUSED]
    for file in files:
        if file in REFUSED:
            check_refused(log, name, out, roots, file, REFUSED[file])
    # All at once; one by one only to see whose fault it is.
    if generate(out, roots, good):
        for file in list(good):
            wrong = generate(out, roots, [file])
            if wrong:
                log.tell(name, file, wrong)
                good.remove(file)
    return good


def check_limits(log, top):
    sources, out = os.path.join(top, "limits-in"), os.path.join(top, "limits")
    os.mkdir(sources)
    os.mkdir(out)
    for file, (text, pattern) in LIMITS.items():
        with open(os.path.join(sources, file), "w", encoding="utf-8") as source:
            source.write(text + "\n")
        check_refused(log, "limits", out, [sources], file, pattern)


def tell_compiled(log, name, told):
    for file, (wrong, methods) in told.items():
        log.methods += methods
        if file in UNFINISHED:
            good = wrong and re.search(UNFINISHED[file], wrong)
            log.tell(name, file, None if good else f"should not be whole: {wrong}", ": not whole: it has the messages of a file that is refused")
        else:
            log.tell(name, file, wrong, f": {methods} methods" if methods else "")


def main():
    log = Log()
    sets = {**SETS, **(LONG_SETS if os.environ.get("MASKLINE_LONG") else {})}
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as top:
        check_limits(log, top)
        made = {name: generate_set(log, top, name, which) for name, which in sets.items()}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda name: Compiler(top, name, sets).compile(made[name]), made)
            for name, told in zip(made, results):
                tell_compiled(log, name, told)
    print(f"{log.methods} methods in all")
    print(f"{log.passed} passed, {log.failed} failed")
    return 1 if log.failed or log.methods < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
