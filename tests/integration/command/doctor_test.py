#!/usr/bin/python3
"""`maskline doctor`: what it finds on machines that are well, and on such that are not; and that it leaves them as they are."""

import concurrent.futures
import fcntl
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.abspath("tests/integration"))
import harness

DISK = os.path.abspath("tests/fault/libdisk_shim.so")
MASKLINE = os.path.abspath("client/maskline")


def look(folder):
    """All that can be seen of a folder, but for the times of reading."""
    seen = {}
    for path, _, names in os.walk(folder):
        for name in [path] + [os.path.join(path, name) for name in names]:
            state = os.stat(name)
            content = b""
            if os.path.isfile(name):
                with open(name, "rb") as file:
                    content = file.read()
            seen[name] = (state.st_mode, state.st_size, state.st_mtime_ns, state.st_ctime_ns, content)
    return seen


class Doctor(harness.Case):
    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.folder, "data")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.free = f"127.0.0.1:{free.getsockname()[1]}"

    def ask(self, *words, server=None, status=0, data=None, **more):
        """[(check, verdict, text)]"""
        done = subprocess.run([MASKLINE, "doctor", "--json", "--data", data or self.data, "--server", server or self.free, *words],
                              capture_output=True, text=True, timeout=harness.PATIENCE, check=False, stdin=subprocess.DEVNULL,
                              **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(any(one["verdict"] == "fail" for one in found), status == 1, found)
        return [(one["check"], one["verdict"], one["text"]) for one in found]

    def finds(self, check, verdict, words, *more, **how):
        found = self.ask(*more, status=1 if verdict == "fail" else 0, **how)
        self.assertTrue(any(one[0] == check and one[1] == verdict and words in one[2] for one in found),
                        f"{check} {verdict} {words!r} is not in {found}")

    def stopped(self):
        """A store that no server has open."""
        up = self.server().start()
        up.services.CreateService(harness.pb.services.CreateServiceRequest(unique_name="rides"), timeout=harness.PATIENCE)
        self.assertEqual(up.stop(), 0)
        self.data = up.data

    def test_all_is_well(self):
        up = self.server().start()
        up.services.CreateService(harness.pb.services.CreateServiceRequest(unique_name="rides"), timeout=harness.PATIENCE)
        address = f"127.0.0.1:{up.port}"
        found = self.ask(server=address, data=up.data)
        self.assertEqual(sorted({one[0] for one in found}),
                         ["clock", "disk", "files", "lock", "memory", "program", "server", "space", "store", "version"])
        texts = {one[0]: one[2] for one in found}
        self.assertIn(f"process {up.process.pid} (maskline-server)", texts["lock"])
        self.assertEqual(texts["server"], f"one answers at {address}, and serves")
        self.assertIn(("clock", "ok", "the server's agrees with this machine's"), found)
        self.assertTrue(texts["files"].startswith("the server has "), texts)
        up.services.CreateService(harness.pb.services.CreateServiceRequest(unique_name="more"), timeout=harness.PATIENCE)
        up.simulator.MoveClock(harness.pb.simulator.MoveClockRequest(advance={"seconds": 3600}), timeout=harness.PATIENCE)
        self.finds("clock", "warn", "ahead of", server=address, data=up.data)

    def test_for_people(self):
        done = subprocess.run([MASKLINE, "doctor", "--data", self.data, "--server", self.free, "--color", "always"],
                              capture_output=True, text=True, timeout=harness.PATIENCE, check=True)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], "^\x1b\\[32mok  \x1b\\[0m  store      .* is not there yet")
        self.assertRegex(lines[-1], "^Nothing must be mended")

    def test_the_folder_of_the_environment(self):
        for words, folder in [([], self.data), (["--data", "elsewhere"], "elsewhere")]:
            done = subprocess.run([MASKLINE, "doctor", "--server", self.free, *words], capture_output=True, text=True,
                                  env={**os.environ, "MASKLINE_DATA": self.data}, timeout=harness.PATIENCE, check=True)
            self.assertIn(f"{folder} is not there yet", done.stdout)

    def test_nothing_is_changed_or_locked(self):
        self.stopped()
        before = look(self.folder)
        with open(os.path.join(self.data, "lock"), "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.finds("lock", "ok", f"process {os.getpid()} ")
            # What was taken is still held, and could be: nobody waited for it.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.finds("lock", "ok", "no server has the store open")
        self.assertEqual(look(self.folder), before)
        self.server(folder=self.folder).start()

    def test_folders_that_no_store_can_be_in(self):
        self.finds("store", "fail", "cannot be made", data=os.path.join(self.folder, "no", "where"))
        path = os.path.join(self.folder, "file")
        with open(path, "w", encoding="ascii"):
            pass
        self.finds("store", "fail", "is no folder", data=path)
        self.finds("store", "fail", "cannot be looked at", data=os.path.join(path, "below"))
        os.mkdir(self.data, 0o700)
        self.finds("version", "ok", "no store was made in it yet")
        with open(os.path.join(self.data, "holiday.jpg"), "w", encoding="ascii"):
            pass
        self.finds("version", "fail", "holds other files")

    def test_versions(self):
        self.stopped()
        path = os.path.join(self.data, "version")
        self.finds("version", "ok", "version 1")
        for content, words in [("maskline store 99\n", "has version 99"), ("maskline store\n", "says no version"),
                               ("", "says no version")]:
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
            self.finds("version", "fail", words)

    def test_others_may_look(self):
        self.stopped()
        os.chmod(self.data, 0o755)
        self.finds("store", "warn", f"chmod 700 {self.data}")

    def test_space(self):
        self.finds("space", "fail", "make room", "--min-free", "1000000GiB")
        room = shutil.disk_usage(self.folder).free
        self.finds("space", "warn", "make room soon", "--min-free", str(room // 2))
        self.finds("space", "ok", "are free", "--min-free", "0")

    def on_disk(self, *rules):
        """The environment of a program whose disk behaves so."""
        faults = os.path.join(self.folder, "faults")
        with open(faults, "w", encoding="ascii") as file:
            file.write("".join(rule + "\n" for rule in rules))
        needed = subprocess.run(["ldd", MASKLINE], capture_output=True, check=True, text=True).stdout
        first = [line.split("=>")[1].split()[0] for line in needed.splitlines()
                 if any(name in line for name in ("libasan", "libtsan")) and "=>" in line]
        return {**os.environ, "LD_PRELOAD": ":".join(first + [DISK]), "MASKLINE_DISK_FOLDER": self.folder,
                "MASKLINE_DISK_FAULTS": faults}

    def test_disks_that_are_not_well(self):
        os.mkdir(self.data, 0o700)
        self.finds("disk", "warn", "to be durable", env=self.on_disk("sync * delay 60"))
        self.finds("disk", "fail", "cannot be written to: Input/output error", env=self.on_disk("sync * EIO"))
        self.finds("disk", "fail", "cannot be written to: No space left", env=self.on_disk("write * ENOSPC"))
        self.finds("space", "fail", "make room", env=self.on_disk("quota 1000"))

    def test_a_disk_in_memory(self):
        folder = tempfile.mkdtemp(dir="/dev/shm")
        self.addCleanup(shutil.rmtree, folder)
        self.finds("disk", "warn", f"{folder} lies in memory", data=folder)

    def test_a_clock_that_was_set_back(self):
        self.stopped()
        name = next(name for name in os.listdir(os.path.join(self.data, "data")) if name.endswith(".log"))
        os.utime(os.path.join(self.data, "data", name), (time.time() + 3600, time.time() + 3600))
        self.finds("clock", "fail", "set back")

    def test_addresses(self):
        self.finds("server", "ok", f"{self.free} is free for one")
        self.finds("server", "ok", "none answers at unix:", server=f"unix:{self.folder}/s"[:100])
        self.finds("server", "fail", "no address of a server", server="nowhere")
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.finds("server", "fail", "is no Maskline server", "--timeout", "300ms", server=f"127.0.0.1:{silent.getsockname()[1]}")

    def test_somebody_elses_port(self):
        other = socket.create_server(("127.0.0.1", 0))

        def hang_up():
            while True:
                try:
                    other.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up)
        thread.start()
        try:
            self.finds("server", "fail", "no Maskline server", server=f"127.0.0.1:{other.getsockname()[1]}")
        finally:
            other.shutdown(socket.SHUT_RDWR)
            thread.join()
            other.close()

    def test_a_server_elsewhere(self):
        up = self.server().start()
        self.finds("server", "warn", f"process {up.process.pid} has the store open", data=up.data)

    def other_server(self, *metadata):
        """The address of one that says it is well, and tells that besides."""
        def check(_, context):
            context.send_initial_metadata(metadata)
            return b"\x08\x01"
        handlers = {"Check": harness.grpc.unary_unary_rpc_method_handler(check)}
        other = harness.grpc.server(concurrent.futures.ThreadPoolExecutor(1))
        other.add_generic_rpc_handlers((harness.grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers),))
        port = other.add_insecure_port("127.0.0.1:0")
        other.start()
        self.addCleanup(lambda: other.stop(None).wait())
        return f"127.0.0.1:{port}"

    def test_a_server_of_another_version(self):
        up = self.server().start()
        self.finds("program", "ok", f"the server at 127.0.0.1:{up.port} is maskline ", server=f"127.0.0.1:{up.port}")
        self.finds("program", "warn", "is maskline 0.0.9, and this command", server=self.other_server(("maskline-version", "0.0.9")))
        self.finds("program", "warn", "does not say its version", server=self.other_server())

    def version(self, *words, status=0):
        done = subprocess.run([MASKLINE, "version", *words], capture_output=True, text=True, timeout=harness.PATIENCE,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def test_versions_of_command_and_server(self):
        up = self.server().start()
        address = f"127.0.0.1:{up.port}"
        own = subprocess.run([harness.SERVER, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(self.version("--server", address),
                         (f"this command  {own}\nthe server    {own}, at {address}\n", ""))
        number = own.split()[1]
        self.assertEqual(json.loads(self.version("--server", address, "--json")[0]), {"command": number, "server": number})
        self.assertEqual(up.stop(), 0)
        said, why = self.version("--server", address, status=3)
        self.assertEqual(said, f"this command  {own}\n")
        self.assertIn(address, why)
        said, why = self.version("--server", self.other_server(("maskline-version", "0.0.9")))
        self.assertIn("the server    maskline 0.0.9", said)
        self.assertIn("the versions differ", why)
        said, why = self.version("--server", self.other_server(), "--json")
        self.assertEqual(json.loads(said), {"command": number})
        self.assertIn("does not say its version", why)

    def test_a_watcher_of_the_health_is_told_the_version(self):
        up = self.server().start()
        with harness.grpc.insecure_channel(f"127.0.0.1:{up.port}") as channel:
            watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=harness.PATIENCE)
            self.assertEqual(next(watch), b"\x08\x01")
            self.assertIn("maskline-version", dict(watch.initial_metadata()))
            watch.cancel()

    def test_a_program_that_was_replaced(self):
        copy = os.path.join(self.folder, "maskline-server")
        shutil.copy(harness.SERVER, copy)
        up = self.server()
        real, harness.SERVER = harness.SERVER, copy
        try:
            up.start()
        finally:
            harness.SERVER = real
        os.unlink(copy)
        self.finds("lock", "warn", "was replaced", server=f"127.0.0.1:{up.port}", data=up.data)

    def test_limits(self):
        def limited(most):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.finds("files", "fail", "may open 128 files, too few", preexec_fn=limited(128))
        self.finds("files", "warn", "may open 1000 files", preexec_fn=limited(1000))


if __name__ == "__main__":
    unittest.main(verbosity=2)
