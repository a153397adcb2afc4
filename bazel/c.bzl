"""C targets of this project: Bazel's own rules with the language and the warnings we hold ourselves to."""

C_COPTS = [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wconversion",
    "-Werror",
]

def c_library(name, copts = [], **kwargs):
    """A library; `linkstatic` by default, so that a program is one file that can be copied."""
    kwargs.setdefault("linkstatic", True)
    native.cc_library(name = name, copts = C_COPTS + copts, **kwargs)

def c_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = C_COPTS + copts, **kwargs)

def c_test(name, srcs, deps = [], copts = [], size = "small", **kwargs):
    """A program of Check test cases; it links the Check library by itself."""
    kwargs.setdefault("linkstatic", True)
    deps = deps if "//bazel:check" in deps else deps + ["//bazel:check"]
    native.cc_test(
        name = name,
        srcs = srcs,
        copts = C_COPTS + copts,
        deps = deps,
        size = size,
        **kwargs
    )
