"""Whether our .proto files of the suite mean what those of Debian's package grpc-proto mean."""

import os
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

THEIRS = "/usr/share/grpc-proto"


def meaning(root):
    """{(message, enum or service, member): what it is}."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
        path = os.path.join(folder, "set")
        subprocess.run(["/usr/bin/protoc", f"-I{root}", "--include_imports", "-o", path, "grpc/testing/test.proto"], check=True)
        with open(path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    found = {}
    for file in files:
        for message in file.message_type:
            found.update({(message.name, field.name): (field.number, field.type, field.label, field.type_name)
                          for field in message.field})
        for enum in file.enum_type:
            found.update({(enum.name, value.name): value.number for value in enum.value})
        for service in file.service:
            found.update({(service.name, method.name): (method.input_type, method.output_type, method.client_streaming,
                                                        method.server_streaming) for method in service.method})
    return found


def check(log, ours):
    mine, theirs = meaning(ours), meaning(THEIRS)
    wrong = {key: (value, theirs.get(key)) for key, value in mine.items() if theirs.get(key) != value}
    log.tell(not wrong and len(mine) > 40, f"what our .proto files say is what the package grpc-proto says, {len(mine)} times {wrong or ''}")
    # Reports of a server's load are not in ours; everything else of these messages and services is.
    mine_too = {key for key in theirs if key[0] in {name for name, _ in mine} and "orca" not in key[1]}
    log.tell(mine_too <= mine.keys(), f"and nothing is left out {mine_too - mine.keys() or ''}")
