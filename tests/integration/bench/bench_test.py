#!/usr/bin/python3
"""maskline-bench itself, with runs too short to tell anything: what it prints, what it leaves, and that it does not believe a bad server."""

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

BENCH = os.path.abspath("client/bench/maskline-bench")
ECHO = os.path.abspath("client/bench/echo-server")
SERVER = os.path.abspath("server/maskline-server")
PATIENCE = 120

# Gives back nothing, as an echo server once did that was taken for a quick one.
EMPTY_ECHO = """#!/usr/bin/python3
import concurrent.futures
import grpc

class Empty(grpc.GenericRpcHandler):
    def service(self, call):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")

server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[Empty()])
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
"""

# Takes a connection, and ends.
DYING_ECHO = """#!/usr/bin/python3
import socket

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
listening.accept()
"""


def children(parent):
    """{process: when it began} of all that have this parent: a process id alone may be taken by another."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_of(int(name))
            if fields and int(fields[1]) == parent:
                found[int(name)] = fields[19]
    return found


def stat_of(process):
    """What stands in /proc behind the name, or None; also when it has ended and nobody has asked for it yet."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields
    except OSError:
        return None


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(shutil.rmtree, self.folder)

    def command(self, *options, echo=ECHO):
        stores = tempfile.mkdtemp(dir=self.folder)
        return [BENCH, "--folder", stores, "--server-program", SERVER, "--echo-program", echo, "--postgres", "", *options]

    def run_it(self, *options, status=0, **keywords):
        done = subprocess.run(self.command(*options, **keywords), capture_output=True, text=True, timeout=PATIENCE, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, f"{options}\n{done.stdout}\n{done.stderr}")
        return done

    def check_sample(self, sample):
        self.assertEqual(sample["failed"], 0)
        self.assertGreater(sample["calls"], 0)
        self.assertGreater(sample["answered_per_second"], 0)
        latency = sample["latency_us"]
        self.assertEqual(list(latency), ["p50", "p90", "p99", "p99.9", "max"])
        self.assertEqual(sorted(latency.values()), list(latency.values()))
        self.assertGreater(latency["p50"], 0)

    def test_the_table_of_bars(self):
        path = os.path.join(self.folder, "report.json")
        said = self.run_it("--seconds", "0.1", "--rounds", "1", "--services", "2", "--pairs", "6", "--sessions", "40",
                           "--subscribers", "30", "--events-rate", "200", "--json", path).stdout
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        self.assertTrue(report["complete"])
        self.assertEqual(report["machine"]["cpus"], os.cpu_count())
        for sample in report["samples"]:
            self.check_sample(sample)
        seen = {(sample["workload"], f"{sample['connections']}x{sample['in_flight']}", sample["peer"])
                for sample in report["samples"]}
        loads = [("message", "1x1"), ("message", "1x64"), ("message", "8x64"), ("message", "64x64"), ("get-session", "8x64"),
                 ("create-session", "8x64"), ("events", "8x64")]
        self.assertEqual(seen, {(*load, peer) for load in loads for peer in ("echo-1", "echo-2", "maskline")}
                         | {(*load, f"durable-{what}") for load in loads if load[0] == "message" for what in (1, 5, "message")}
                         | {(*load, f"durable-{what}") for load in loads if load[0] == "create-session" for what in (7, "session")}
                         | {("get-session", "8x64", "echo-session")})
        for sample in report["samples"]:
            # All that follows is written: three entries and the rows, of a session an entry and rows.
            least = {("maskline", "message"): 128, ("durable-message", "message"): 645, ("durable-session", "create-session"): 900}
            if (sample["peer"], sample["workload"]) in least:
                self.assertGreater(sample["written_bytes_per_call"], least[sample["peer"], sample["workload"]])
            if sample["peer"] == "durable-message" or (sample["peer"] == "maskline" and sample["workload"] == "message"):
                self.assertGreater(sample["sustained_per_second"], 0)
                self.assertLessEqual(sample["sustained_per_second"], sample["answered_per_second"])
        bars, least_bars = ({(ratio["workload"], ratio["measure"], ratio["connections"]): ratio["bar"] for ratio in report["ratios"]
                             if "bar" in ratio and (ratio["of"] == "maskline") == ours} for ours in (True, False))
        self.assertEqual(least_bars, bars)
        self.assertEqual({ratio["of"] for ratio in report["ratios"]}, {"maskline", "durable-message", "durable-session", "echo-session"})
        self.assertEqual(bars, {("message", "answered", 1): 0.6, ("message", "answered", 8): 0.75, ("message", "answered", 64): 0.75,
                                ("message", "sustained", 8): 0.45, ("message", "sustained", 64): 0.45,
                                ("get-session", "answered", 8): 0.9, ("create-session", "answered", 8): 0.4})
        for ratio in report["ratios"]:
            self.assertEqual(ratio["rounds"], 1)
            self.assertTrue(ratio["least"] <= ratio["median"] <= ratio["most"])
        self.assertEqual([figure["unit"] for figure in report["figures"]], ["MiB", "KiB", ""])
        self.assertIn("Maskline over the peer", said)
        self.assertIn("The least that must be done", said)

    def test_an_open_loop_of_a_mix(self):
        done = self.run_it("--mix", "message:2,send:1,get-session:1,create-session:1", "--rate", "400", "--arrivals", "constant",
                           "--seconds", "0.5", "--rounds", "1", "--pairs", "4", "--services", "3", "--sessions", "9",
                           "--echo-threads", "2", "--json", "-", "--", "--threads", "2")
        report = json.loads(done.stdout)
        self.assertEqual([sample["peer"] for sample in report["samples"]], ["echo-2", "durable-1", "durable-5", "durable-message", "durable-7",
                                                                        "durable-session", "echo-session", "maskline"])
        for sample in report["samples"]:
            self.check_sample(sample)
            self.assertEqual(sample["calls"], 200)
            self.assertEqual(sample["rate_asked_per_second"], 400)
        self.assertEqual(set(report["samples"][-1]["latency_us_by_kind"]), {"message", "send", "get-session", "create-session"})
        self.assertEqual(report["ratios"], [])
        self.assertIn("400 calls/s", done.stderr)

    def test_an_echo_without_content_is_no_echo(self):
        fake = os.path.join(self.folder, "echo")
        with open(fake, "w", encoding="ascii") as file:
            file.write(EMPTY_ECHO)
        os.chmod(fake, stat.S_IRWXU)
        done = self.run_it("--mix", "message", "--seconds", "0.1", "--rounds", "1", "--pairs", "1", "--echo-threads", "1",
                           "--load", "1x1", "--json", "-", echo=fake, status=1)
        self.assertIn("not the answer that was asked for", done.stderr)
        self.assertFalse(json.loads(done.stdout)["complete"])

    def test_an_echo_that_ends_is_told(self):
        """As soon as it is called: the run ends in good time, and says why."""
        fake = os.path.join(self.folder, "echo")
        with open(fake, "w", encoding="ascii") as file:
            file.write(DYING_ECHO)
        os.chmod(fake, stat.S_IRWXU)
        done = self.run_it("--mix", "message", "--seconds", "0.1", "--rounds", "1", "--pairs", "1", "--echo-threads", "1",
                           echo=fake, status=1)
        self.assertIn("echo-1", done.stderr)
        self.assertIn("UNAVAILABLE", done.stderr)

    def test_a_server_that_refuses_its_settings_is_told(self):
        done = self.run_it("--mix", "message", "--echo-threads", "0", "--", "--threads", "none", status=1)
        self.assertIn("threads", done.stderr)
        self.assertIn("does not serve", done.stderr)

    def end_in_the_middle(self, number):
        """Its exit code, and the processes that live on; TMPDIR is a folder of its own."""
        command = self.command("--mix", "message", "--seconds", "600", "--echo-threads", "1,2", "--pairs", "1")
        where = command.index("--folder")
        del command[where:where + 2]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env={**os.environ, "TMPDIR": self.folder}) as bench:
            end = time.monotonic() + PATIENCE
            started = {}
            while len(started) < 9 and time.monotonic() < end:
                started = children(bench.pid)
                time.sleep(0.01)
            bench.send_signal(number)
            code = bench.wait(PATIENCE)
        self.assertEqual(len(started), 9)
        end = time.monotonic() + PATIENCE
        left = set(started)
        while left and time.monotonic() < end:
            left = {process for process, since in started.items() if (stat_of(process) or [None] * 20)[19] == since}
            time.sleep(0.01)
        return code, left

    def test_what_it_started_ends_with_it(self):
        self.assertEqual(self.end_in_the_middle(signal.SIGKILL), (-signal.SIGKILL, set()))

    def test_interrupted_it_leaves_nothing(self):
        self.assertEqual(self.end_in_the_middle(signal.SIGINT), (128 + signal.SIGINT, set()))
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("maskline-bench")], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
