"""Fuzzers: one source each, which libFuzzer runs for as long as one likes, and bazel/test for a moment.

    fuzzer(name = "x", deps = [...], rounds = 20000)

makes of x.c and corpus/x
    :x_fuzzer   the libFuzzer program; it links with --config=fuzz only (bazel/fuzz builds it)
    :x_test     the corpus, and as many mutations of it, under whatever compiler the build has
"""

load("//bazel:c.bzl", "C_COPTS", "c_binary")

def fuzzer(name, deps = [], srcs = [], rounds = 20000, size = "small", **kwargs):
    deps = deps + [":support"]
    srcs = srcs + [name + ".c"]
    native.cc_test(
        name = name + "_test",
        size = size,
        timeout = "long",  # its long form
        srcs = srcs,
        args = ["tests/fuzz/corpus/" + name, str(rounds)],
        copts = C_COPTS,
        data = native.glob(["corpus/" + name + "/*"]),
        env_inherit = [
            "MASKLINE_FUZZ_SEED",
            "MASKLINE_LONG",
        ],
        linkstatic = True,
        deps = deps + [":drive"],
        **kwargs
    )
    c_binary(
        name = name + "_fuzzer",
        testonly = True,
        srcs = srcs,
        linkstatic = True,
        tags = ["manual"],
        deps = deps,
    )
