#!/usr/bin/python3
"""The interoperability suite: our client and server with each other, and with clients and servers in Python and Node.

One line for each pair and case. What a library cannot do is named in IMPOSSIBLE, and seen to fail just so. MASKLINE_LONG=1 makes
all thousand calls of concurrent_large_unary with every pair.
"""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

import beyond
import protos

PATIENCE = 240
HERE = os.path.abspath("tests/interop")
# The Node packages lie in the source tree, where the set-up installed them.
NODE = os.path.join(os.path.dirname(os.path.realpath("WORKSPACE")), "tests/clients/node/interop")
CLIENT = os.path.join(HERE, "client")

C, PYTHON, NODE_JS = "C", "python3-grpcio", "grpc-js"
PAIRS = [(C, C), (PYTHON, C), (NODE_JS, C), (C, PYTHON), (C, NODE_JS)]

CASES = """empty_unary cacheable_unary large_unary client_compressed_unary server_compressed_unary client_streaming
    client_compressed_streaming server_streaming server_compressed_streaming ping_pong empty_stream custom_metadata
    status_code_and_message special_status_message unimplemented_method unimplemented_service cancel_after_begin
    cancel_after_first_response timeout_on_sleeping_server concurrent_large_unary""".split()

# (client, server, case): why it cannot be, and what is said then.
NOT_PER_MESSAGE = ("the library compresses all messages of a call or none",
                   r"the call ended with INVALID_ARGUMENT \(The message came compressed\.\)")
NO_REQUEST_FLAG = ("the library does not tell a server whether a message came compressed",
                   r"the call ended with OK \(.*\), not with INVALID_ARGUMENT")
NO_COMPRESSION = ("the library's server compresses nothing", r"the answer came as it is, not compressed")
IMPOSSIBLE = {
    (PYTHON, C, "client_compressed_streaming"): NOT_PER_MESSAGE,
    (C, NODE_JS, "client_compressed_unary"): NO_REQUEST_FLAG,
    (C, NODE_JS, "client_compressed_streaming"): NO_REQUEST_FLAG,
    (C, NODE_JS, "server_compressed_unary"): NO_COMPRESSION,
    (C, NODE_JS, "server_compressed_streaming"): NO_COMPRESSION,
}

# Cases that go through the tap: with every pair the one that is about a proxy; with grpc-js, which does not tell its programs
# what came compressed, those that are about that. There the flags of the answers are looked at.
KEPT = {"cacheable_unary": None}
SEEN = {"server_compressed_unary": [[True], [False]], "server_compressed_streaming": [[True, False]]}
UNKEPT = r"two equal requests were answered differently: no proxy has kept the first"


def calls_of(pair):
    """How many calls concurrent_large_unary makes: others than ours take long for a thousand, grpc-js much longer than ten times
    a hundred."""
    if pair == (C, C) or os.environ.get("MASKLINE_LONG"):
        return 1000
    return 100 if NODE_JS in pair else 300


class Program:
    """Something that tells its port first, and more lines later. Ends by SIGTERM or, others than ours, with its standard input."""

    def __init__(self, *command, ours=False):
        self.ours = ours
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()
        if not self.port:
            raise RuntimeError(f"{command} tells no port, and ended with {self.process.wait(PATIENCE)}")

    def stop(self):
        """What else it told; raises when it does not end well."""
        if self.ours:
            self.process.send_signal(signal.SIGTERM)
        try:
            told, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args} ended with {self.process.returncode}")
        return told


def start_server(kind):
    if kind == C:
        return Program(os.path.join(HERE, "server"), "--port", "0", ours=True)
    if kind == PYTHON:
        return Program("/usr/bin/python3", os.path.join(HERE, "peer_server.py"), "--port", "0")
    return Program("node", os.path.join(NODE, "server.js"), "--port", "0")


def run_client(kind, port, cases, calls):
    """{case: None, or why it does not hold}."""
    common = ["--port", port, "--calls", str(calls), "--case"]
    if kind == C:
        return {case: run_ours(common + [case]) for case in cases}
    start = ["/usr/bin/python3", os.path.join(HERE, "peer_client.py")] if kind == PYTHON else \
        ["node", os.path.join(NODE, "client.js")]
    done = subprocess.run(start + common + [",".join(cases)], capture_output=True, text=True, timeout=PATIENCE, check=False)
    told = {}
    for line in done.stdout.splitlines():
        case, holds, why = re.fullmatch(r"(\w+)(?:( holds)|: (.*))", line).groups()
        told[case] = None if holds else why
    return {case: told.get(case, f"the client ended with {done.returncode}: {done.stderr[-1000:]}") for case in cases}


def run_ours(flags):
    done = subprocess.run([CLIENT, *flags], capture_output=True, text=True, timeout=PATIENCE, check=False)
    if (done.returncode, done.stdout) == (0, f"{flags[-1]} holds\n"):
        return None
    why = re.fullmatch(rf"client: {flags[-1]}: (.+)\n", done.stderr, re.S) if done.returncode == 1 else None
    return why.group(1) if why else f"the client ended with {done.returncode}: {done.stderr[-1000:]}"


def run_tapped(client, port, cases):
    """The same, through the tap."""
    tap = Program("node", os.path.join(NODE, "tap.js"), "--to", port, "--keep", "yes")
    told = run_client(client, tap.port, cases, 1)
    answered = [json.loads(line)["answered"] for line in tap.stop().splitlines()]
    for case, wanted in cases.items():
        if wanted is None:
            answered = answered[1:]  # the second call was answered by the tap itself
            continue
        seen, answered = answered[:len(wanted)], answered[len(wanted):]
        if told[case] is None and seen != wanted:
            told[case] = f"compressed were {seen}, not {wanted}"
    return told


class Log:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def tell(self, good, line):
        print("ok    " if good else "FAILED", line, flush=True)
        if good:
            self.passed += 1
        else:
            self.failed += 1

    def tell_case(self, pair, case, why):
        name = f"{pair[0]} client, {pair[1]} server: {case}"
        impossible = IMPOSSIBLE.get((*pair, case))
        if impossible and why is None:
            self.tell(False, f"{name}: holds, and should not: {impossible[0]}")
        elif impossible:
            self.tell(bool(re.fullmatch(impossible[1], why)), f"{name}: not possible: {impossible[0]} [{why}]")
        else:
            self.tell(why is None, name + (f": {why}" if why else ""))


def run_pair(pair):
    """{case: None, or why it does not hold}; and, of our client, that it finds out when no proxy is there."""
    client, server = pair
    tapped = {**KEPT, **(SEEN if client == NODE_JS else {})}
    up = start_server(server)
    told = run_client(client, up.port, [case for case in CASES if case not in tapped], calls_of(pair))
    told.update(run_tapped(client, up.port, tapped))
    unkept = run_client(client, up.port, ["cacheable_unary"], 1)["cacheable_unary"]
    up.stop()
    return told, unkept


def make_stubs(folder):
    made = subprocess.run(["/usr/bin/python3", "-m", "grpc_tools.protoc", f"-I{HERE}", f"--python_out={folder}",
                           f"--grpc_python_out={folder}", *(f"grpc/testing/{name}.proto" for name in ("empty", "messages", "test"))],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        sys.exit(made.stderr)
    os.environ["INTEROP_STUBS"] = folder


def check_use(log):
    """The command line of our client."""
    for words in (["--port", "1", "--case", "tea"], ["--port", "1", "--use_tls", "true", "--case", "empty_unary"],
                  ["--port", "1", "--case"], ["--case", "empty_unary"]):
        done = subprocess.run([CLIENT, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)
        listed = done.stderr.partition("cases:\n")[2].split()
        log.tell(done.returncode == 2 and listed == CASES, f"the client refuses {' '.join(words)}, and lists the cases")
    up = start_server(C)
    done = subprocess.run([CLIENT, "--server_host=127.0.0.1", f"--server_port={up.port}", "--test_case=empty_unary",
                           "--use_tls=false"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    log.tell(done.returncode == 0, "the client takes the flags of other implementations")
    up.stop()
    done = subprocess.run([CLIENT, f"--port={up.port}", "--case=timeout_on_sleeping_server"], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    log.tell(done.returncode == 0, "a call that finds no server ends with its deadline")


def main():
    log = Log()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
        make_stubs(folder)
        protos.check(log, HERE)
        check_use(log)
        up = start_server(C)
        beyond.check(log, up.port)
        up.stop()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for pair, (told, unkept) in zip(PAIRS, pool.map(run_pair, PAIRS)):
                for case in CASES:
                    log.tell_case(pair, case, told[case])
                log.tell(bool(re.fullmatch(UNKEPT, unkept or "")), f"{pair[0]} client, {pair[1]} server: without a proxy: {unkept}")
    print(f"{log.passed} passed, {log.failed} failed")
    return 1 if log.failed else 0


if __name__ == "__main__":
    sys.exit(main())
