"""What the suite's client and server in Python share: messages, and seeing whether one came compressed."""

import gzip
import os
import sys
import zlib

import grpc

# The messages are made by the test, which names the folder: they lie beside grpc's own modules.
grpc.__path__.append(os.path.join(os.environ["INTEROP_STUBS"], "grpc"))
from grpc.testing import empty_pb2 as empty  # noqa: E402
from grpc.testing import messages_pb2 as messages  # noqa: E402
from grpc.testing import test_pb2_grpc as stubs  # noqa: E402

SERVICE = "grpc.testing.TestService"
ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"
LARGEST = 16 << 20

# The library tells nobody whether a message came compressed. Told not to inflate, it hands over what came, and that tells it.
UNINFLATED = [("grpc.per_message_decompression", 0), ("grpc.max_receive_message_length", LARGEST)]


def reader(kind):
    """A deserializer that gives (message, whether it came compressed). No message of the suite begins like gzip or zlib."""

    def read(data):
        if data[:2] == b"\x1f\x8b":
            return kind.FromString(gzip.decompress(data)), True
        if data[:1] == b"\x78":
            return kind.FromString(zlib.decompress(data)), True
        return kind.FromString(data), False

    return read


def flag(name, default=None):
    """The value of --name on the command line."""
    for at, word in enumerate(sys.argv):
        if word == "--" + name:
            return sys.argv[at + 1]
    if default is None:
        sys.exit(f"--{name} is missing")
    return default
