"""C code from .proto files by protobuf-c, and their descriptors for server reflection.

    c_proto_library(name = "x", srcs = glob(["maskline/v1/*.proto"]), deps = [...], root = "proto")

makes
    :x                   the generated C library: #include "maskline/v1/sessions.pb-c.h"
                         (messages and enums; for services there is grpc_c_library)
                         `optional` in proto3 makes a oneof of one: for `optional int32 n`, _n_case says whether n is
                         there. Groups are refused. In a message with a field `base`, protobuf-c's own is `base_`.
    :x_descriptors       x_descriptors.bin, a FileDescriptorSet with all imports
    :x_descriptors_c     the same as a C array: #include "<package>/x_descriptors.h"
                         (x_descriptors[], x_descriptors_size)
    :x_protos            the .proto files as CProtoInfo, for other generators
"""

CProtoInfo = provider(
    "Proto files and where their imports are found.",
    fields = {
        "direct": "the library's own .proto files",
        "root": "the folder, from the workspace root, that import paths start at",
        "files": "depset of all .proto files, imports included",
        "paths": "depset of import folders",
    },
)

def related(label, suffix):
    """The label of a library's companion: related("//proto", "_protos") is "//proto:proto_protos"."""
    if ":" in label:
        return label + suffix
    return label + ":" + label.split("/")[-1] + suffix

def import_name(file, root):
    """The name under which other .proto files import this one."""
    path = file.short_path
    if root:
        if not path.startswith(root + "/"):
            fail("%s does not lie below %s/" % (path, root))
        path = path[len(root) + 1:]
    return path

def _protos_impl(ctx):
    root = ctx.attr.root
    infos = [dep[CProtoInfo] for dep in ctx.attr.deps]
    direct = ctx.files.srcs
    paths = []
    for file in direct:
        import_name(file, root)
        path = file.path[:-len(file.short_path)] + root
        if path not in paths:
            paths.append(path if path else ".")
    files = depset(direct, transitive = [i.files for i in infos])
    return [
        DefaultInfo(files = depset(direct)),
        CProtoInfo(
            direct = direct,
            root = root,
            files = files,
            paths = depset(paths, transitive = [i.paths for i in infos]),
        ),
    ]

_protos = rule(
    implementation = _protos_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"], mandatory = True),
        "deps": attr.label_list(providers = [CProtoInfo]),
        "root": attr.string(),
    },
)

def protoc_args(ctx, info):
    """Arguments that every protoc run on `info` begins with."""
    args = ctx.actions.args()
    args.add_all(info.paths, before_each = "-I")
    return args

def _generated_impl(ctx):
    info = ctx.attr.protos[CProtoInfo]
    headers = []
    sources = []
    folder = ctx.label.name
    for file in info.direct:
        stem = folder + "/" + import_name(file, info.root)[:-len(".proto")]
        headers.append(ctx.actions.declare_file(stem + ".pb-c.h"))
        sources.append(ctx.actions.declare_file(stem + ".pb-c.c"))
    args = protoc_args(ctx, info)
    args.add(ctx.executable._plugin, format = "--plugin=protoc-gen-c=%s")
    args.add("--c_out=" + "/".join([p for p in [ctx.bin_dir.path, ctx.label.package, folder] if p]))
    args.add_all([import_name(f, info.root) for f in info.direct])
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [args],
        inputs = info.files,
        tools = [ctx.executable._plugin],
        outputs = headers + sources,
        env = {"PATH": "/usr/bin:/bin"},
        mnemonic = "ProtocC",
        progress_message = "Generating C for %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(headers = depset(headers), sources = depset(sources)),
    ]

_generated = rule(
    implementation = _generated_impl,
    attrs = {
        "protos": attr.label(providers = [CProtoInfo], mandatory = True),
        "_plugin": attr.label(
            default = "//bazel/protoc-gen-grpc-c:messages_only",
            executable = True,
            cfg = "exec",
        ),
    },
)

def _descriptors_impl(ctx):
    info = ctx.attr.protos[CProtoInfo]
    args = protoc_args(ctx, info)
    args.add("--include_imports")
    args.add(ctx.outputs.out, format = "--descriptor_set_out=%s")
    args.add_all([import_name(f, info.root) for f in info.direct])
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [args],
        inputs = info.files,
        outputs = [ctx.outputs.out],
        mnemonic = "ProtocDescriptors",
        progress_message = "Describing %s" % ctx.label,
    )

_descriptors = rule(
    implementation = _descriptors_impl,
    attrs = {
        "protos": attr.label(providers = [CProtoInfo], mandatory = True),
        "out": attr.output(mandatory = True),
    },
)

def c_proto_library(name, srcs, deps = [], root = "proto", visibility = None, testonly = False):
    """See the top of this file. `deps` are other c_proto_library targets whose files are imported."""
    common = {"visibility": visibility, "testonly": testonly}
    _protos(
        name = name + "_protos",
        srcs = srcs,
        root = root,
        deps = [related(dep, "_protos") for dep in deps],
        **common
    )
    _generated(name = name + "_gen", protos = ":" + name + "_protos", testonly = testonly)
    for group in ["headers", "sources"]:
        native.filegroup(
            name = name + "_gen_" + group,
            srcs = [":" + name + "_gen"],
            output_group = group,
            testonly = testonly,
        )

    # The code is protobuf-c's: our warnings do not apply to it.
    native.cc_library(
        name = name,
        srcs = [":" + name + "_gen_sources"],
        hdrs = [":" + name + "_gen_headers"],
        copts = ["-std=gnu11", "-w"],
        strip_include_prefix = name + "_gen",
        linkstatic = True,
        deps = deps + ["//bazel:protobuf_c"],
        **common
    )

    symbol = name + "_descriptors"
    _descriptors(
        name = symbol,
        protos = ":" + name + "_protos",
        out = symbol + ".bin",
        **common
    )
    native.genrule(
        name = symbol + "_embed",
        srcs = [symbol + ".bin"],
        outs = [symbol + ".c", symbol + ".h"],
        cmd = "$(location //bazel:embed) %s $(location %s.bin) $(location %s.c) $(location %s.h)" %
              (symbol, symbol, symbol, symbol),
        tools = ["//bazel:embed"],
        testonly = testonly,
    )
    native.cc_library(
        name = symbol + "_c",
        srcs = [symbol + ".c"],
        hdrs = [symbol + ".h"],
        copts = ["-std=gnu11"],
        linkstatic = True,
        **common
    )
