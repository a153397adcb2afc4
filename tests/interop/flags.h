/*
 * The command line of the suite's programs: "--name value" and "--name=value".
 */
#ifndef MASKLINE_TESTS_INTEROP_FLAGS_H
#define MASKLINE_TESTS_INTEROP_FLAGS_H

#include <stdbool.h>

struct flag {
    const char *name; /* with its dashes; NULL ends a list */
    const char **value;
};

/* Writes the values of the flags that are there; several may share one value. The suite's flags for TLS are taken when they say
 * false. Returns false when there is another word, which *ret_word is then, or a flag without its value. */
bool flags_read(int argc, char **argv, const struct flag *flags, const char **ret_word);

#endif
