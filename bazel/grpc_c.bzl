"""Typed C stubs for the gRPC services of a c_proto_library.

    grpc_c_library(name = "x", proto = "//proto:maskline_c_proto")

makes, for each a/b.proto of that library,
    :x_server   a/b.grpc-c.h, a/b.grpc-c-server.h
    :x_client   a/b.grpc-c.h, a/b.grpc-c-client.h
A file without services gives headers with nothing in them.
"""

load("//bazel:c.bzl", "c_library")
load("//bazel:c_proto.bzl", "CProtoInfo", "import_name", "protoc_args", "related")

_KINDS = {
    "common_headers": ".grpc-c.h",
    "server_headers": ".grpc-c-server.h",
    "server_sources": ".grpc-c-server.c",
    "client_headers": ".grpc-c-client.h",
    "client_sources": ".grpc-c-client.c",
}

def _stubs_impl(ctx):
    info = ctx.attr.protos[CProtoInfo]
    groups = {kind: [] for kind in _KINDS}
    folder = ctx.label.name
    for file in info.direct:
        stem = folder + "/" + import_name(file, info.root)[:-len(".proto")]
        for kind, ending in _KINDS.items():
            groups[kind].append(ctx.actions.declare_file(stem + ending))
    outputs = [file for files in groups.values() for file in files]
    args = protoc_args(ctx, info)
    args.add(ctx.executable._plugin, format = "--plugin=protoc-gen-grpc-c=%s")
    args.add("--grpc-c_out=" + "/".join([p for p in [ctx.bin_dir.path, ctx.label.package, folder] if p]))
    args.add_all([import_name(f, info.root) for f in info.direct])
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [args],
        inputs = info.files,
        tools = [ctx.executable._plugin],
        outputs = outputs,
        mnemonic = "GrpcCStubs",
        progress_message = "Generating gRPC stubs for %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(outputs)),
        OutputGroupInfo(**{kind: depset(files) for kind, files in groups.items()}),
    ]

_stubs = rule(
    implementation = _stubs_impl,
    attrs = {
        "protos": attr.label(providers = [CProtoInfo], mandatory = True),
        "_plugin": attr.label(
            default = "//bazel/protoc-gen-grpc-c:protoc-gen-grpc-c",
            executable = True,
            cfg = "exec",
        ),
    },
)

def grpc_c_library(name, proto, visibility = None, testonly = False):
    """See the top of this file."""
    stubs = name + "_stubs"
    _stubs(name = stubs, protos = related(proto, "_protos"), testonly = testonly)
    for group in _KINDS:
        native.filegroup(
            name = stubs + "_" + group,
            srcs = [":" + stubs],
            output_group = group,
            testonly = testonly,
        )
    native.cc_library(
        name = name + "_common",
        hdrs = [":" + stubs + "_common_headers"],
        strip_include_prefix = stubs,
        deps = [proto],
        visibility = visibility,
        testonly = testonly,
    )
    for side in ["server", "client"]:
        c_library(
            name = name + "_" + side,
            srcs = [":" + stubs + "_" + side + "_sources"],
            hdrs = [":" + stubs + "_" + side + "_headers"],
            strip_include_prefix = stubs,
            deps = [":" + name + "_common", proto, "//" + side + "/rpc:rpc"],
            visibility = visibility,
            testonly = testonly,
        )
