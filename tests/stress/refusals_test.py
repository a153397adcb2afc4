#!/usr/bin/python3
"""What a server does not do: methods that it has not, addresses that it cannot have."""

import os
import sys
import unittest

sys.path[:0] = [os.path.abspath("tests/integration"), os.path.abspath("tests/stress")]
from harness import PATIENCE, Case, grpc
from http2 import Connection

UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED.value[0]


class Refusals(Case):
    def other(self, *flags):
        made = self.server(*flags)
        made.data = os.path.join(self.folder, "other data")
        made.log = os.path.join(self.folder, "other log")
        made.port_file = os.path.join(self.folder, "other port")
        if os.path.exists(made.log):
            os.unlink(made.log)
        return made

    def test_unknown_methods(self):
        server = self.server().start()
        connection = Connection(server.port)
        self.addCleanup(connection.close)
        # More than are waited for at a time, of each kind, and without a deadline: what was not answered at once would never be.
        for path in ["/maskline.v1.Services/Nope", "/maskline.v1.Nope/GetService", "/", "/x", "/maskline.v1.Services/",
                     "/MASKLINE.V1.SERVICES/GETSERVICE", "/" + "x" * 5000, "/maskline.v1.Services/GetService/"]:
            numbers = [connection.open(path, b"") for _ in range(50)]
            connection.until(lambda n=numbers: all(connection.streams[one].over for one in n), path[:60])
            self.assertEqual({connection.streams[one].status for one in numbers}, {UNIMPLEMENTED}, path[:60])
        # Also when no request ever comes.
        number = connection.open("/maskline.v1.Services/Nope")
        connection.until(lambda: connection.streams[number].over)
        self.assertEqual(connection.streams[number].status, UNIMPLEMENTED)
        with self.assertRaises(grpc.RpcError) as caught:
            server.channel.unary_unary("/maskline.v1.Services/Nope")(b"", timeout=PATIENCE)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        self.assertIn("/maskline.v1.Services/Nope", caught.exception.details())

    def test_addresses_that_cannot_be(self):
        for address in ["127.0.0.1:99999", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:", "127.0.0.1:port"]:
            server = self.other("--listen", address)
            self.assertNotEqual(server.launch().wait(), 0)
            self.assertIn(address, server.said())
            self.assertIn("0 to 65535", server.said())
            self.assertFalse(os.path.exists(server.data), "the store was touched")

    def test_a_port_that_another_maskline_has(self):
        first = self.server().start()
        for listen in [["--listen", f"127.0.0.1:{first.port}"],
                       ["--listen", "127.0.0.1:0", "--listen", f"127.0.0.1:{first.port}"],
                       ["--listen", f"[::]:{first.port}", "--insecure"]]:
            server = self.other(*listen)
            self.assertEqual(server.launch().wait(), 1, listen)
            self.assertIn(str(first.port), server.said())
            self.assertIn("already", server.said())
            self.assertFalse(os.path.exists(server.data), "the store was touched")
        # The first has noticed nothing, and its port is free when it has gone.
        self.assertEqual(first.stop(), 0)
        second = self.other("--listen", f"127.0.0.1:{first.port}")
        second.start()
        self.assertEqual(second.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
