#!/usr/bin/python3
"""A whole server on a disk that fills up, fails or is slow, and without descriptors: it says so, goes on reading, and recovers."""

import os
import resource
import subprocess
import sys
import threading
import time
import unittest

for part in ("tests/integration", "tests/fault"):
    sys.path.insert(0, os.path.abspath(part))
from harness import PATIENCE, SERVER, Case, grpc, pb, reason_of
from machine import Machine
from world import World, person, proxy

ANN, BEN = person(1), person(2)


class Troubled(Case):
    def setUp(self):
        super().setUp()
        self.machine = Machine(self.folder)

    def begin(self, *flags, journal=False):
        self.up = self.machine.install(self.server("--carrier", "gateway:net", *flags), journal=journal)
        self.up.start()
        self.world = World(self.up, numbers=[proxy(1), proxy(2)])
        self.session = self.world.session(ANN, BEN)
        self.sent = []

    def send(self, count=1):
        for _ in range(count):
            body = f"text {len(self.sent)}"
            self.sent.append(self.world.send(self.session.sid, self.session.participants[1].sid, body, request_id=body).sid)

    def failing(self, *expected):
        """A text fails so; what it was is sent again later."""
        body = f"text {len(self.sent)}"
        with self.assertRaises(grpc.RpcError) as caught:
            self.world.send(self.session.sid, self.session.participants[1].sid, body, request_id=body)
        self.assertIn(reason_of(caught.exception)[:2], expected, caught.exception.details())

    def assert_all_there(self):
        self.assertEqual([interaction.sid for interaction in self.world.interactions(self.session.sid)], self.sent)

    def send_until_well(self, *also):
        """What fails is repeated as a client would, until the store is back; with those codes besides."""
        for _ in range(100000):
            try:
                self.send()
                return
            except grpc.RpcError as error:
                self.assertIn(error.code(), [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, *also])
        self.fail("the store does not come back")


class Disk(Troubled):
    def says(self, what):
        """In its log, where an operator looks."""
        end = time.monotonic() + PATIENCE
        while what not in self.up.said():
            self.assertLess(time.monotonic(), end, self.up.said())
            time.sleep(0.05)

    def used(self):
        return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(self.machine.root) for name in names)

    # holds: STO-02
    def test_a_disk_that_fills_up(self):
        self.begin("--min-free", "1MiB")
        self.send(3)
        self.machine.faults.set(f"quota {self.used() + (1 << 20) + 20000}")
        full = None
        for _ in range(1000):
            try:
                self.send()
            except grpc.RpcError as error:
                full = error
                break
        self.assertEqual(reason_of(full)[:2], (grpc.StatusCode.RESOURCE_EXHAUSTED, "DISK_FULL"), full)
        self.assert_all_there()
        self.failing((grpc.StatusCode.RESOURCE_EXHAUSTED, "DISK_FULL"))
        self.assertEqual(self.machine.faults.hits(), [], "the watch came too late")
        self.says("no changes are taken: The disk is nearly full")
        self.machine.faults.set()
        self.send(3)
        self.says("changes are taken again")
        self.assertEqual(self.up.said().count("are taken"), 2)
        self.assert_all_there()
        self.assertEqual(self.up.stop(), 0)

    def fill_to_the_last_block(self):
        """While something is in memory that has to go to its place; on a slow machine that may have gone before."""
        for _ in range(100):
            self.send_until_well(grpc.StatusCode.RESOURCE_EXHAUSTED)
            self.machine.faults.set("quota 1")
            end = time.monotonic() + 5
            while time.monotonic() < end:
                if self.machine.faults.hits():
                    return
                self.world.get(self.session.sid)
            self.machine.faults.set()
        self.fail("nothing was written to the full disk")

    def test_a_disk_that_others_fill_to_the_last_block(self):
        """What cannot go to its place is read from memory, and goes there when there is room."""
        self.begin("--min-free", "1MiB")
        self.fill_to_the_last_block()
        for _ in range(20):
            self.assert_all_there()
            self.failing((grpc.StatusCode.RESOURCE_EXHAUSTED, "DISK_FULL"))
        self.machine.faults.set()
        self.send_until_well(grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assert_all_there()
        self.assertEqual(self.up.stop(), 0)

    # holds: STO-01
    def test_a_log_that_cannot_be_synced(self):
        """The call that met it does not know; the store is opened again; a repeated request finds what it did."""
        self.begin()
        self.send(3)
        self.machine.faults.set("sync *.log EIO times 1")
        self.failing((grpc.StatusCode.UNKNOWN, "STORE_FAILED"), (grpc.StatusCode.UNAVAILABLE, "STORE_REOPENING"))
        self.send_until_well()
        self.send(3)
        self.assert_all_there()
        self.assertEqual(self.up.stop(), 0)

    # holds: STO-01
    def test_a_disk_that_fails_for_a_while(self):
        self.begin()
        self.send(3)
        self.machine.faults.set("write * EIO", "sync * EIO", "read * EIO")
        self.failing((grpc.StatusCode.UNKNOWN, "STORE_FAILED"), (grpc.StatusCode.UNAVAILABLE, "STORE_REOPENING"))
        self.failing((grpc.StatusCode.UNAVAILABLE, "STORE_REOPENING"))
        self.refused(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", self.up.sessions.GetSession,
                     pb.sessions.GetSessionRequest(service=self.world.sid, session=self.session.sid))
        self.machine.faults.set()
        self.send_until_well()
        self.assert_all_there()
        self.assertEqual(self.up.stop(), 0)

    def test_a_slow_disk(self):
        """Nothing is answered before its sync, many are answered by one, and reads do not wait."""
        self.begin(journal=True)
        self.send(3)
        self.machine.faults.set("sync *.log delay 1000")
        order, lock = [], threading.Lock()

        def text(index):
            sent = self.world.send(self.session.sid, self.session.participants[1].sid, f"slow {index}")
            with lock:
                order.append("sent")
                self.sent.append(sent.sid)
        threads = [threading.Thread(target=text, args=(index,)) for index in range(40)]
        for thread in threads:
            thread.start()
        while not self.machine.faults.hits():  # a sync is under way
            pass
        self.world.get(self.session.sid)
        with lock:
            order.append("read")
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(len(order), 41)
        self.assertLess(order.index("read"), 40, "the read has waited for all the writes")
        self.assertLess(len(self.machine.faults.hits()), 20, "each sync carries many texts")
        self.up.kill()
        self.machine.faults.set()
        self.machine.lose_power("strict", None)
        self.up.start()
        self.world.server = self.up
        self.assertEqual({interaction.sid for interaction in self.world.interactions(self.session.sid)}, set(self.sent))
        self.assertEqual(self.up.stop(), 0)


class Descriptors(Troubled):
    def limit(self, soft):
        _, hard = resource.prlimit(self.up.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.up.process.pid, resource.RLIMIT_NOFILE, (soft, hard))

    def in_use(self):
        return 1 + max(int(name) for name in os.listdir(f"/proc/{self.up.process.pid}/fd"))

    def test_too_few_at_the_start(self):
        server = self.machine.install(self.server("--carrier", "gateway:net"))
        for few in (8, 12, 16):
            command = [SERVER, "--data", server.data, "--listen", "127.0.0.1:0", "--port-file", server.port_file,
                       "--carrier", "gateway:net"]
            done = subprocess.run(["prlimit", f"--nofile={few}:{few}", *command], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=PATIENCE, check=False, text=True)
            self.assertGreater(done.returncode, 0, f"{few}: {done.stdout}")
            self.assertIn("Too many open files", done.stdout)
        server.start()
        World(server)
        self.assertEqual(server.stop(), 0)

    def test_none_left_for_the_store(self):
        """The store is opened again in vain, until there are some again."""
        self.begin()
        self.send(3)
        self.machine.faults.set("sync *.log EIO times 1", "open * EMFILE")
        # The write that failed may have been that of an earlier text's receipt.
        self.failing((grpc.StatusCode.UNKNOWN, "STORE_FAILED"), (grpc.StatusCode.UNAVAILABLE, "STORE_REOPENING"))
        self.failing((grpc.StatusCode.UNAVAILABLE, "STORE_REOPENING"))
        self.machine.faults.set()
        self.send_until_well()
        self.assert_all_there()
        self.assertEqual(self.up.stop(), 0)

    def test_none_left_for_connections(self):
        """Who is connected goes on; who comes waits, and is served when there are some again."""
        self.begin()
        self.send(3)
        self.limit(self.in_use())
        with grpc.insecure_channel(f"127.0.0.1:{self.up.port}", options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            other = pb.services_grpc.ServicesStub(channel)
            waiting = other.GetService.future(pb.services.GetServiceRequest(service=self.world.sid),
                                              timeout=PATIENCE, wait_for_ready=True)
            self.send(3)
            self.assertFalse(waiting.done())
            self.limit(1024)
            self.assertEqual(waiting.result().service.sid, self.world.sid)
        self.assert_all_there()
        self.assertEqual(self.up.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
