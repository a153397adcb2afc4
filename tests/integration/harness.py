"""What tests of a whole server share: stubs made from the .proto files, and a server of their own that they start, kill and stop.

Nothing sleeps to let something happen: answers, streams and files are waited for, each with a bound.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
import unittest

import grpc
from google.protobuf import descriptor_pb2

# How long anything may take that should happen at once: sanitizers and a busy machine are slow.
PATIENCE = 60

PROTO = os.path.abspath("proto")
SERVER = os.path.abspath("server/maskline-server")
SERVICES = ["services", "phone_numbers", "short_codes", "channel_senders", "sessions", "participants", "interactions", "events",
            "simulator", "carrier_gateway", "opt_outs", "blocks"]
FILES = SERVICES + ["common", "exhaustion"]


def _make_stubs():
    """Modules made by grpcio-tools, as a stranger would make them. Returns them all by name, without `_pb2`."""
    from grpc_tools import protoc
    folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
    files = [f"maskline/v1/{name}.proto" for name in FILES]
    files += [f"google/rpc/{name}.proto" for name in ["code", "error_details", "status"]]
    if protoc.main(["protoc", f"-I{PROTO}", f"--python_out={folder}", f"--grpc_python_out={folder}"] + files) != 0:
        raise RuntimeError("protoc failed")
    sys.path.insert(0, folder)
    # google.rpc lies beside google.protobuf, which is installed elsewhere.
    import google
    google.__path__.append(os.path.join(folder, "google"))
    found = types.SimpleNamespace()
    for name in FILES:
        setattr(found, name, __import__(f"maskline.v1.{name}_pb2", fromlist=["x"]))
        setattr(found, name + "_grpc", __import__(f"maskline.v1.{name}_pb2_grpc", fromlist=["x"]))
    found.details = __import__("google.rpc.error_details_pb2", fromlist=["x"])
    found.status = __import__("google.rpc.status_pb2", fromlist=["x"])
    shutil.rmtree(folder)
    return found


pb = _make_stubs()


def reason_of(error):
    """(code, reason, metadata) of a failed call."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in pb.status.Status.FromString(value).details:
                info = pb.details.ErrorInfo()
                if detail.Unpack(info):
                    return error.code(), info.reason, dict(info.metadata)
    return error.code(), "", {}


def fields_of(error):
    """The bad fields of a failed call."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in pb.status.Status.FromString(value).details:
                bad = pb.details.BadRequest()
                if detail.Unpack(bad):
                    return [violation.field for violation in bad.field_violations]
    return []


def shape(method):
    """How a method is called, as a channel's function for it is named: unary_unary, unary_stream and so on."""
    told = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(told)
    return "_".join("stream" if streams else "unary" for streams in (told.client_streaming, told.server_streaming))


class Server:
    """A server in a folder, on a port of its own. It can be started again on what it left."""

    program = None  # another than SERVER

    def __init__(self, folder, *flags, environment=None):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "log")
        self.port_file = os.path.join(folder, "port")
        self.flags = list(flags)
        self.environment = environment
        self.process = None
        self.channel = None
        self.left = False  # its end was asked for or waited for

    def launch(self):
        """Starts the program and does not wait for it."""
        command = [self.program or SERVER, "--data", self.data, "--listen", "127.0.0.1:0", "--port-file", self.port_file, *self.flags]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **(self.environment or {})})
        self.left = False
        return self

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.port_file)
        self.launch()
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.port_file):
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.said()}")
            if time.monotonic() > end:
                raise RuntimeError(f"the server does not serve:\n{self.said()}")
            time.sleep(0.005)
        with open(self.port_file, encoding="ascii") as file:
            self.port = int(file.readline())
        self.connect()
        return self

    def connect(self):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        for name in SERVICES:
            stub = "".join(part.capitalize() for part in name.split("_")) + "Stub"
            setattr(self, name, getattr(getattr(pb, name + "_grpc"), stub)(self.channel))

    def disconnect(self):
        if self.channel:
            self.channel.close()
            self.channel = None

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait(self):
        """Its exit code."""
        self.left = True
        return self.process.wait(PATIENCE)

    def signal(self, which):
        self.process.send_signal(which)

    def kill(self):
        """As a crash would. A server that has ended by itself is a failure, and tells what it said."""
        self.disconnect()
        if not self.process or self.left:
            return
        self.left = True
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended by itself with {self.process.returncode}:\n{self.said()}")
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        """As it should be; its exit code. An idle client in Python looks at its connection every 5 s only, so it goes first."""
        self.signal(signal.SIGTERM)
        self.disconnect()
        return self.wait()


class Case(unittest.TestCase):
    """A test with a folder of its own. Servers that it made are ended with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(shutil.rmtree, self.folder)

    def server(self, *flags, folder=None, environment=None):
        """A server that is not started yet."""
        made = Server(folder or self.folder, *flags, environment=environment)
        self.addCleanup(made.kill)
        return made

    def refused(self, code, reason, call, *arguments, **keywords):
        """The call must fail so; returns the error."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, timeout=PATIENCE, **keywords)
        self.assertEqual(reason_of(caught.exception)[:2], (code, reason), caught.exception.details())
        return caught.exception


def take(stream, count=1):
    """The next messages of a stream; the call's deadline bounds the wait."""
    return [next(stream) for _ in range(count)]
