"""The source tree as the checks see it: every file that could be committed, and what it says."""

import os

# Folders that tools fill, and links that Bazel leaves.
SKIPPED_FOLDERS = {".git", "node_modules", "__pycache__", ".cache"}
TEXT_ENDINGS = (".c", ".h", ".py", ".sh", ".bzl", ".proto", ".md", ".json", ".yaml", ".tsv", ".txt", ".js", ".mjs")


def root():
    """The workspace: the folder that the WORKSPACE file really lies in."""
    here = os.path.join(os.environ.get("TEST_SRCDIR", ""), os.environ.get("TEST_WORKSPACE", ""), "WORKSPACE")
    if not os.path.exists(here):
        here = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "WORKSPACE")
    return os.path.dirname(os.path.realpath(here))


def files(top=None):
    """Paths from the workspace root, sorted."""
    top = top or root()
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders
                            if f not in SKIPPED_FOLDERS and not os.path.islink(os.path.join(folder, f)))
        for name in names:
            path = os.path.join(folder, name)
            if name != ".git" and not os.path.islink(path):  # a file, in a worktree
                found.append(os.path.relpath(path, top))
    return sorted(found)


def c_files(top=None):
    return [path for path in files(top) if path.endswith((".c", ".h"))]


def is_text(path):
    """Whether the file is written by people: by its ending, or, without one, by where it lies."""
    name = os.path.basename(path)
    return name.endswith(TEXT_ENDINGS) or "." not in name.lstrip(".")


def read(path, top=None):
    with open(os.path.join(top or root(), path), encoding="utf-8", errors="replace") as file:
        return file.read()


def code_only(text):
    """C with comments and the inside of literals blanked out; line breaks stay, so that lines can be counted."""
    out = []
    i, n = 0, len(text)
    while i < n:
        two = text[i:i + 2]
        if two == "//":
            end = text.find("\n", i)
            i = n if end < 0 else end
        elif two == "/*":
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
            out.append("\n" * text.count("\n", i, end) or " ")
            i = end
        elif text[i] in "\"'":
            quote, start = text[i], i
            i += 1
            while i < n and text[i] not in (quote, "\n"):
                i += 2 if text[i] == "\\" else 1
            i = min(i + 1, n)
            out.append(quote + "\n" * text.count("\n", start, i) + quote)
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def line_of(text, position):
    return text.count("\n", 0, position) + 1
