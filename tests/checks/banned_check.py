#!/usr/bin/python3
"""No C file calls a function that cannot be used safely, or uses memory that was perhaps never given."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import tree

BANNED = {
    "strcpy": "no bound", "stpcpy": "no bound", "strcat": "no bound", "sprintf": "no bound: snprintf",
    "vsprintf": "no bound: vsnprintf", "gets": "no bound", "scanf": "no bound", "alloca": "no bound on the stack",
    "atoi": "tells no error: strtol", "atol": "tells no error: strtol", "atoll": "tells no error: strtoll",
    "atof": "tells no error: strtod", "strtok": "hidden state", "gmtime": "hidden state: gmtime_r",
    "localtime": "hidden state: localtime_r", "ctime": "hidden state", "asctime": "hidden state",
    "rand": "guessable and shared", "srand": "guessable and shared", "tmpnam": "a race", "tempnam": "a race",
    "mktemp": "a race: mkstemp", "system": "a shell", "popen": "a shell",
}
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
GIVEN = re.compile(r"([A-Za-z_][\w.\->]*(?:\[[^\]]*\])?)\s*=\s*(?:\([^()]*\)\s*)?"
                   r"(malloc|calloc|realloc|reallocarray|strdup|strndup)\s*\(\s*([\w.\->]*)")
# How far below an allocation its check may stand.
REACH = 600


def is_checked(name, after):
    var = re.escape(name) + r"(?![\w.\[\->])"
    return re.search(
        rf"!\s*{var}|(?<![\w.>]){var}\s*(?:[!=]=|&&|\|\||\?)|(?:&&|\|\||\bif \(|\bwhile \(|\breturn|NULL [!=]=)\s*\(?{var}"
        rf"|ck_assert\w*\(\s*{var}", after) is not None


def problems(path, text):
    code = tree.code_only(text)
    found = []
    for call in CALL.finditer(code):
        name = call.group(1)
        found.append(f"{path}:{tree.line_of(code, call.start())}: {name}: {BANNED[name]}")
    for given in GIVEN.finditer(code):
        name, function, first = given.groups()
        where = f"{path}:{tree.line_of(code, given.start())}"
        if function.startswith("realloc") and first == name:
            found.append(f"{where}: {function} into its own argument loses the memory when it fails")
        if not is_checked(name, code[given.end():given.end() + REACH]):
            found.append(f"{where}: nothing asks whether {function} gave {name} its memory")
    return found


class Banned(unittest.TestCase):
    def test_banned_calls_are_found(self):
        for name in BANNED:
            self.assertEqual(len(problems("x.c", f"void f(void)\n{{\n    {name} (a);\n}}\n")), 1, name)

    def test_harmless_text_is_not(self):
        text = 'my_strcpy(a); x->system(1); /* strcpy(a) */ // gets(b)\nputs("sprintf(");\nsnprintf(a, 1, "");\n'
        self.assertEqual(problems("x.c", text), [])

    def test_lines_are_right(self):
        self.assertIn("x.c:4:", problems("x.c", "/* a\n b */\n\natoi(s);\n")[0])

    def test_unchecked_memory_is_found(self):
        for text in ("p = malloc(3);\np->x = 1;\n", "struct a *p = calloc(1, 2);\nuse(p);\n", "s->p = strdup(t);\nreturn s;\n",
                     "p = realloc(p, 3);\nif (!p)\n    return;\n"):
            self.assertEqual(len(problems("x.c", text)), 1, text)

    def test_checked_memory_is_not(self):
        for text in ("p = malloc(3);\nif (!p)\n    return;\n", "char *p = strdup(t);\nif (p == NULL)\n", "return malloc(3);\n",
                     "a = malloc(1);\nb = malloc(1);\nif (!a || !b)\n", "s->p = calloc(1, 2);\nif (s->p)\n",
                     "char *q = realloc(p, 3);\nif (!q)\n", "p = malloc(3);\nck_assert_ptr_nonnull(p);\n"):
            self.assertEqual(problems("x.c", text), [], text)

    def test_tree(self):
        paths = tree.c_files()
        self.assertTrue(paths)
        self.assertEqual([p for path in paths for p in problems(path, tree.read(path))], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
