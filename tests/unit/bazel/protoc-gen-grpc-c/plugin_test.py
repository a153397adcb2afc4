#!/usr/bin/python3
"""protoc runs the plug-ins: what they write is what it was, has protobuf-c's names, and errors reach the user.

    bazel run //tests/unit/bazel/protoc-gen-grpc-c:plugin_test -- renew

writes the expected files anew; look at what changed before you commit it.
"""

import glob
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"]) if "TEST_SRCDIR" in os.environ else os.getcwd()
HERE = os.path.join(ROOT, "tests/unit/bazel/protoc-gen-grpc-c")
PLUGIN = os.path.join(ROOT, "bazel/protoc-gen-grpc-c/protoc-gen-grpc-c")
MESSAGES_ONLY = os.path.join(ROOT, "bazel/protoc-gen-grpc-c/messages_only")
GOLDEN = ["golden/talk.proto", "golden/words.proto"]


def protoc(folder, files, *options, sources=HERE, c_plugin=None):
    """Runs protoc; the stubs, and protobuf-c's code when `c_plugin` is given, go to `folder`."""
    command = ["/usr/bin/protoc", f"-I{sources}", f"--plugin=protoc-gen-grpc-c={PLUGIN}", f"--grpc-c_out={folder}", *options]
    if c_plugin:
        command += [f"--plugin=protoc-gen-c={c_plugin}", f"--c_out={folder}"]
    return subprocess.run(command + files, capture_output=True, text=True, check=False, timeout=60)


def written(folder):
    """{path: content} of all files in a folder."""
    found = {}
    for path in glob.glob("**/*", root_dir=folder, recursive=True):
        if os.path.isfile(os.path.join(folder, path)):
            with open(os.path.join(folder, path), encoding="utf-8") as file:
                found[path] = file.read()
    return found


def run_raw(program, request):
    return subprocess.run([program], input=request, capture_output=True, check=False, timeout=60)


def random_name(chance, used):
    """A legal name that protobuf-c can turn into a C identifier, and that differs from others in C too."""
    while True:
        first = chance.choice("abcXYZ_")
        name = first + "".join(chance.choice("abzABZ019__") for _ in range(chance.randrange(8)))
        key = re.sub("[^a-z0-9]", "", name.lower())
        if key and not key[0].isdigit() and key not in used:
            used.add(key)
            return name


class Plugin(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = os.path.join(folder.name, "out")
        self.sources = os.path.join(folder.name, "in")
        os.mkdir(self.out)
        os.mkdir(self.sources)

    def source(self, path, text):
        with open(os.path.join(self.sources, path), "w", encoding="utf-8") as file:
            file.write(text)

    def generate(self, files, *options, **kwargs):
        run = protoc(self.out, files, *options, **kwargs)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return written(self.out)

    def test_golden_files(self):
        made = self.generate(GOLDEN)
        expected = {}
        for path in glob.glob(os.path.join(HERE, "golden/*.expected")):
            with open(path, encoding="utf-8") as file:
                expected["golden/" + os.path.basename(path)[:-len(".expected")]] = file.read()
        self.assertEqual(sorted(made), sorted(expected))
        self.maxDiff = None
        for path, content in made.items():
            self.assertEqual(content, expected[path], path)

    def test_order_of_files_does_not_matter(self):
        first = self.generate(GOLDEN)
        second = self.generate(list(reversed(GOLDEN)))
        alone = self.generate(GOLDEN[:1])
        self.assertEqual(first, second)
        self.assertTrue(alone.items() <= first.items())

    def test_names_are_those_of_protobuf_c(self):
        chance = random.Random(20)
        for number in range(30):
            used = {"m", "s"}
            package = ".".join(random_name(chance, used) for _ in range(chance.randrange(4)))
            top, methods = [], []
            for _ in range(4):
                outer, inner, innermost = (random_name(chance, used) for _ in range(3))
                top.append(f"message {outer} {{ message {inner} {{ message {innermost} {{}} }} }}")
                for name in (outer, f"{outer}.{inner}", f"{outer}.{inner}.{innermost}"):
                    full = f".{package}.{name}" if package else f".{name}"
                    methods.append(f"rpc M{len(methods)}({full}) returns ({full});")
            self.source(f"n{number}.proto", 'syntax = "proto3";\n' + (f"package {package};\n" if package else "") +
                        "\n".join(top) + "\nservice S {\n" + "\n".join(methods) + "\n}\n")
            made = self.generate([f"n{number}.proto"], sources=self.sources, c_plugin=MESSAGES_ONLY)
            theirs = made[f"n{number}.pb-c.h"]
            ours = made[f"n{number}.grpc-c-server.c"]
            types = re.findall(r"^typedef struct (\w+) \1;", theirs, re.M)
            descriptors = re.findall(r"^extern const ProtobufCMessageDescriptor (\w+);", theirs, re.M)
            self.assertEqual(len(types), 12)
            self.assertEqual(re.findall(r"\.request = &(\w+),", ours), descriptors)
            self.assertEqual(re.findall(r"\(const (\w+) \*\)request", ours), types)

    def test_package_for_c(self):
        self.source("p.proto", 'syntax = "proto3";\npackage a.b;\nimport "protobuf-c/protobuf-c.proto";\n'
                    'option (pb_c_file).c_package = "Other.one_two";\nmessage Msg { message In {} }\n'
                    "service S { rpc Do(Msg) returns (Msg.In); }\n")
        made = self.generate(["p.proto"], "-I/usr/include", sources=self.sources, c_plugin=MESSAGES_ONLY)
        types = re.findall(r"^typedef struct (\w+) \1;", made["p.pb-c.h"], re.M)
        descriptors = re.findall(r"^extern const ProtobufCMessageDescriptor (\w+);", made["p.pb-c.h"], re.M)
        self.assertEqual(types, ["Other__OneTwo__Msg", "Other__OneTwo__Msg__In"])
        for name in types + descriptors + ["other_one_two_s_do_reply", '"/a.b.S/Do"']:
            self.assertIn(name, made["p.grpc-c-server.c"])

    def test_optional_is_no_obstacle(self):
        self.source("o.proto", 'syntax = "proto3";\nmessage M { optional int32 a = 1; }\nservice S { rpc Do(M) returns (M); }\n')
        made = self.generate(["o.proto"], sources=self.sources, c_plugin=MESSAGES_ONLY)
        self.assertIn("bool s_do(", made["o.grpc-c-client.h"])
        self.assertIn("M__ACase _a_case;", made["o.pb-c.h"])

    def test_a_plugin_that_is_not_there(self):
        run = subprocess.run([MESSAGES_ONLY], input=b"", capture_output=True, check=False, timeout=60, env={"PATH": self.out})
        self.assertEqual((run.returncode, run.stdout, run.stderr), (1, b"", b"protoc-gen-c: No such file or directory\n"))

    def test_a_plugin_that_fails(self):
        for end, told in (("exit 3", "failed"), ("kill -9 $$", "ended by signal 9")):
            path = os.path.join(self.out, "protoc-gen-c")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{end}\n")
            os.chmod(path, 0o700)
            run = subprocess.run([MESSAGES_ONLY], input="", capture_output=True, text=True, check=False, timeout=60, env={"PATH": self.out})
            self.assertEqual((run.returncode, run.stdout, run.stderr), (1, "", f"protoc-gen-c: {told}\n"))

    def test_errors_are_told(self):
        run = protoc(self.out, GOLDEN, "--grpc-c_opt=fast")
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(run.stderr, "--grpc-c_out: unknown option fast: there are none\n")
        self.assertEqual(written(self.out), {})

    def test_rubbish_is_refused(self):
        for request in (b"\xff", b"hello", b"\x0a\x05abc", b"\x7a\x02\x0a\x00", b"\x0a\x01a\x0b"):
            run = run_raw(PLUGIN, request)
            self.assertEqual((run.returncode, run.stdout), (1, b""), request)
            self.assertRegex(run.stderr, rb"^protoc-gen-grpc-c: .+\n$")
        self.assertEqual(run_raw(MESSAGES_ONLY, b"\xff").returncode, 1)

    def test_deep_nesting_is_refused(self):
        heads, size = [], 0  # from the inside
        while size < 1000000:
            heads.append(b"\x1a" + varint(size))
            size += len(heads[-1])
        inner = b"".join(reversed(heads))
        file = b"\x0a\x01a\x22" + varint(len(inner)) + inner
        run = run_raw(PLUGIN, b"\x7a" + varint(len(file)) + file)
        self.assertEqual((run.returncode, run.stderr),
                         (1, b"protoc-gen-grpc-c: the request is no message, or nested too deep\n"))

    def test_a_reader_that_goes_away(self):
        run = subprocess.run(["/bin/sh", "-c", '"$0" </dev/null >/dev/full', PLUGIN], capture_output=True, text=True,
                             check=False, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (1, "protoc-gen-grpc-c: the response could not be written\n"))

    def test_people_who_start_it_are_helped(self):
        run = subprocess.run([PLUGIN, "--help"], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertIn("protoc --grpc-c_out=FOLDER", run.stderr)

    def test_services_are_taken_from_protobuf_c(self):
        self.source("s.proto", 'syntax = "proto3";\n// Kept.\nmessage M {\n// Too.\nint32 a = 1; }\nenum E { ZERO = 0; }\n'
                    "service S { rpc Register(M) returns (M); }\n")
        made = self.generate(["s.proto"], sources=self.sources, c_plugin=MESSAGES_ONLY)["s.pb-c.h"]
        plain = self.generate(["s.proto"], sources=self.sources, c_plugin="/usr/bin/protoc-gen-c")["s.pb-c.h"]
        self.assertIn("S_Service", plain)
        self.assertNotIn("S_Service", made)
        for text in ("Kept.", "Too.", "struct  M", "E__ZERO"):
            self.assertIn(text, made)

    def test_a_field_called_base(self):
        """protobuf-c calls the first member of each struct so; it gets another name where it must."""
        self.source("b.proto", 'syntax = "proto2";\nimport "protobuf-c/protobuf-c.proto";\n'
                    "message Free { message Taken { optional int32 base = 1; }\noptional int32 a = 1; }\n"
                    "message More { optional int32 base = 1; optional int32 base_ = 2; }\n"
                    "message Told { option (pb_c_msg).base_field_name = \"mine\"; optional int32 base = 1; }\n")
        made = self.generate(["b.proto"], "-I/usr/include", sources=self.sources, c_plugin=MESSAGES_ONLY)["b.pb-c.h"]
        self.assertEqual(re.findall(r"struct  (\w+)\n{\n  ProtobufCMessage (\w+);", made),
                         [("Free__Taken", "base_"), ("Free", "base"), ("More", "base__"), ("Told", "mine")])
        compiled = subprocess.run(["gcc", "-fsyntax-only", "-Wall", "-Werror", f"-I{self.out}", os.path.join(self.out, "b.pb-c.c")],
                                  capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)

    def test_groups_are_refused(self):
        """protobuf-c's plug-in would end by a crash."""
        self.source("g.proto", 'syntax = "proto2";\nmessage M { message In { optional group Some = 1 { optional int32 a = 1; } } }\n')
        self.source("i.proto", 'syntax = "proto2";\nimport "g.proto";\nmessage N { optional M.In in = 1; }\n')
        run = protoc(self.out, ["g.proto"], sources=self.sources, c_plugin=MESSAGES_ONLY)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(run.stderr, "--c_out: g.proto: message In has the group some, and protobuf-c knows no groups\n")
        self.assertIn("M__In *in;", self.generate(["i.proto"], sources=self.sources, c_plugin=MESSAGES_ONLY)["i.pb-c.h"])


def varint(number):
    out = b""
    while number > 0x7f:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def renew():
    top = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if not top:
        sys.exit("run me by bazel run")
    target = os.path.join(top, "tests/unit/bazel/protoc-gen-grpc-c")
    with tempfile.TemporaryDirectory() as folder:
        run = protoc(folder, GOLDEN, sources=target)
        if run.returncode:
            sys.exit(run.stderr)
        for path in glob.glob(os.path.join(target, "golden/*.expected")):
            os.remove(path)
        for path, content in written(folder).items():
            with open(os.path.join(target, path + ".expected"), "w", encoding="utf-8") as file:
                file.write(content)


if __name__ == "__main__":
    if sys.argv[1:] == ["renew"]:
        renew()
    else:
        unittest.main(verbosity=2)
