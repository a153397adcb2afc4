"""Tests that are programs of their own: shell or Python, named by the first line of the file."""

def script_test(name, src, data = [], size = "small", **kwargs):
    """A test that runs `src`, an executable file. Its log should end with `N passed, N failed`, or with what
    Python's unittest prints; a log with neither counts as one case."""
    native.sh_test(
        name = name,
        srcs = [src],
        data = data,
        size = size,
        **kwargs
    )

def tree_test(name, src, data = [], **kwargs):
    """A script_test that reads the whole source tree, found through the file //:WORKSPACE. It runs each time:
    Bazel cannot know what it looks at."""
    script_test(
        name = name,
        src = src,
        data = data + ["//:WORKSPACE"],
        tags = kwargs.pop("tags", []) + ["external", "local"],
        **kwargs
    )
