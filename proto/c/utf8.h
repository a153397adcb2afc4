/*
 * Text in UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef MASKLINE_PROTO_C_UTF8_H
#define MASKLINE_PROTO_C_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the bytes are UTF-8 throughout. A NUL is a character like others. */
bool utf8_valid(const uint8_t *bytes, size_t size);

/* Characters (code points) in a text; each byte that does not belong to one counts as one. */
size_t utf8_length(const char *text);

/* The length in bytes of the longest beginning that has at most `most` bytes and does not end inside a character. */
size_t utf8_prefix(const char *text, size_t most);

/* Puts a question mark for each byte that does not belong to a character. */
void utf8_repair(char *text);

#endif
