#!/usr/bin/python3
"""No #include crosses the layer table (layers.tsv)."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# The first pattern that fits a generated header names its group.
GENERATED = [
    ("@server", re.compile(r".*\.grpc-c-server\.h$")),
    ("@client", re.compile(r".*\.grpc-c-client\.h$")),
    ("@store", re.compile(r"maskline/store/.*\.(pb|grpc)-c\.h$")),
    ("@api", re.compile(r"maskline/v\d\w*/.*\.(pb|grpc)-c\.h$")),
    ("@google", re.compile(r"google/.*\.(pb|grpc)-c\.h$")),
    ("@standard", re.compile(r"grpc/.*\.(pb|grpc)-c\.h$")),
]
# Anything else that Bazel makes: judged by the folder it is made in.
MADE = re.compile(r".*(\.(pb|grpc)-c|_descriptors|_embedded|_sql)\.h$")

FOREIGN = [
    ("grpc", re.compile(r"grpc(\+\+|pp)?/")),
    ("rocksdb", re.compile(r"rocksdb/")),
    ("curl", re.compile(r"curl/")),
    ("microhttpd", re.compile(r"microhttpd\.h$")),
    ("sodium", re.compile(r"sodium(\.h$|/)")),
    ("protobuf-c", re.compile(r"protobuf-c/")),
    ("check", re.compile(r"check\.h$")),
    ("sockets", re.compile(r"(sys/(socket|un|epoll)|netdb|poll)\.h$|(netinet|arpa|net)/")),
    ("files", re.compile(r"(fcntl|dirent|ftw|glob|sys/(stat|mman|statvfs|file))\.h$")),
]


def read_table(text):
    """{folder: (project words, foreign words)}"""
    table = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            folder, project, foreign = line.split("\t")
            table[folder] = (project.split(), foreign.split())
    return table


def row_of(table, path):
    """(folder, row) that judges the file, or None."""
    folder = os.path.dirname(path)
    if "=" + folder in table:
        return folder, table["=" + folder]
    while folder:
        if folder in table:
            return folder, table[folder]
        folder = os.path.dirname(folder)
    return None


def lies_in(path, place):
    return path == place or path.startswith(place + "/")


def covers(table, place, path):
    """Whether a word of the table allows a path. A subfolder with a row of its own is not lent by the one above."""
    if place.endswith("/..."):
        return lies_in(path, place[:-len("/...")])
    if not lies_in(path, place):
        return False
    return not any(lies_in(path, other) for other in table if other != place and lies_in(other, place))


def group_of(groups, header):
    return next((group for group, pattern in groups if pattern.match(header)), None)


def problem(table, exists, path, style, header):
    """What is wrong with one #include, or None."""
    folder, (project, foreign) = row_of(table, path)
    if style == "<":
        group = group_of(FOREIGN, header)
        return None if group is None or group in foreign else f"{folder} may not use {group}"
    if exists(header):
        if any(covers(table, place, header) for place in [folder] + project):
            return None
        return f"{folder} may not include {os.path.dirname(header)}"
    group = group_of(GENERATED, header)
    if group:
        return None if group in project else f"{folder} may not include {group}"
    if MADE.match(header):
        if any(covers(table, place, header) for place in [folder, "bazel", "proto"] + project):
            return None
        return f"{folder} may not include what {os.path.dirname(header)} makes"
    return "no such header from the workspace root"


def problems(table, exists, path, text):
    if row_of(table, path) is None:
        return [f"{path}: its folder has no row in layers.tsv"]
    found = []
    for include in INCLUDE.finditer(text):
        what = problem(table, exists, path, *include.groups())
        if what:
            found.append(f"{path}:{tree.line_of(text, include.start())}: {include.group(2)}: {what}")
    return found


class Layers(unittest.TestCase):
    def setUp(self):
        self.table = read_table(tree.read("tests/checks/layers.tsv"))
        self.headers = {"proto/c/arena.h", "proto/c/rpc/slice.h", "server/rpc/server.h", "server/masking/route.h", "server/masking/ingress.h",
                        "server/api/sessions.h", "server/events/log.h", "server/carriers/carrier.h", "storage/kv.h",
                        "client/rpc/channel.h"}

    def refused(self, path, *includes):
        text = "".join(f"#include {include}\n" for include in includes)
        return len(problems(self.table, self.headers.__contains__, path, text))

    def test_what_crosses_a_layer_is_found(self):
        for path, include in [
                ("server/masking/route.c", "<grpc/grpc.h>"),
                ("server/masking/route.c", "<rocksdb/c.h>"),
                ("server/masking/route.c", "<curl/curl.h>"),
                ("server/masking/route.c", '"server/rpc/server.h"'),
                ("server/masking/route.c", '"server/api/sessions.h"'),
                ("server/masking/route.c", '"server/carriers/carrier.h"'),
                ("server/masking/deep/route.c", "<grpc/grpc.h>"),
                ("server/events/log.c", '"server/masking/route.h"'),
                ("server/api/sessions.c", "<grpc/grpc.h>"),
                ("server/api/sessions.c", "<rocksdb/c.h>"),
                ("server/api/sessions.c", '"storage/kv.h"'),
                ("server/rpc/server.c", '"server/masking/route.h"'),
                ("server/rpc/server.c", '"maskline/v1/sessions.pb-c.h"'),
                ("server/carriers/twilio/send.c", '"server/masking/route.h"'),
                ("server/carriers/twilio/send.c", "<grpc/grpc.h>"),
                ("storage/kv.c", '"server/masking/route.h"'),
                ("storage/kv.c", "<grpc/grpc.h>"),
                ("storage/kv.c", '"maskline/v1/sessions.pb-c.h"'),
                ("client/rpc/channel.c", '"server/rpc/server.h"'),
                ("client/main.c", '"server/masking/route.h"'),
                ("client/main.c", '"maskline/v1/sessions.grpc-c-server.h"'),
                ("proto/c/arena.c", '"storage/kv.h"'),
                ("proto/c/arena.c", "<sys/socket.h>"),
                ("proto/c/arena.c", '"proto/c/rpc/slice.h"'),
                ("server/masking/route.c", '"proto/c/rpc/slice.h"'),
                ("server/masking/route.c", "<check.h>"),
        ]:
            self.assertEqual(self.refused(path, include), 1, f"{path} {include}")

    def test_what_keeps_to_its_layer_is_not(self):
        for path, include in [
                ("server/masking/route.c", '"storage/kv.h"'),
                ("server/masking/route.c", '"server/events/log.h"'),
                ("server/masking/route.c", '"proto/c/arena.h"'),
                ("server/masking/route.c", "<stdlib.h>"),
                ("server/carriers/twilio/send.c", '"server/masking/ingress.h"'),
                ("server/carriers/twilio/send.c", '"server/carriers/carrier.h"'),
                ("server/api/sessions.c", '"maskline/v1/sessions.grpc-c-server.h"'),
                ("server/rpc/server.c", "<grpc/grpc.h>"),
                ("server/rpc/server.c", '"proto/c/rpc/slice.h"'),
                ("server/rpc/server.c", '"bazel/x_descriptors.h"'),
                ("server/main.c", '"server/rpc/server.h"'),
                ("tests/unit/proto/c/arena_test.c", '"proto/c/rpc/slice.h"'),
                ("storage/kv.c", "<rocksdb/c.h>"),
                ("client/main.c", '"client/rpc/channel.h"'),
                ("tests/unit/storage/kv_test.c", "<check.h>"),
        ]:
            self.assertEqual(self.refused(path, include), 0, f"{path} {include}")

    def test_headers_and_folders_must_be_known(self):
        self.assertEqual(self.refused("server/masking/route.c", '"route.h"'), 1)
        self.assertEqual(self.refused("server/novelty/x.c", "<stdio.h>"), 1)
        self.assertEqual(self.refused("server/main.c", '"server/api/sessions.h"'), 0)

    def test_tree(self):
        top = tree.root()
        paths = tree.c_files()
        self.assertTrue(paths)

        def exists(header):
            return os.path.isfile(os.path.join(top, header))

        self.assertEqual([p for path in paths for p in problems(self.table, exists, path, tree.read(path))], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
