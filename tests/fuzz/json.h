/*
 * Whether a text is JSON (RFC 8259), and nothing behind it.
 */
#ifndef MASKLINE_TESTS_FUZZ_JSON_H
#define MASKLINE_TESTS_FUZZ_JSON_H

#include <stdbool.h>

/* False: *ret_at is where it goes wrong. */
bool json_valid(const char *text, const char **ret_at);

#endif
