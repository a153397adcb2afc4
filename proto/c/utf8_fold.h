/*
 * Words compared as people mean them: without regard to case, in the scripts that have one, and whether or not an accent is a character of
 * its own.
 *
 * It is a table of our own: Latin, Greek, Cyrillic and Armenian letters, the wide forms of ASCII, and the accents of Latin letters. What
 * is not in it equals itself alone. Turkish letters fold as if the dot made no difference, since networks lose it.
 */
#ifndef MASKLINE_PROTO_C_UTF8_FOLD_H
#define MASKLINE_PROTO_C_UTF8_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text. */
struct utf8_part {
    const char *begin;
    size_t size; /* bytes */
};

/* The text without the white space around it, that of Unicode included, and without marks that show nothing. */
struct utf8_part utf8_trim(const char *text);

/* Whether two are the same word. */
bool utf8_same_word(struct utf8_part one, struct utf8_part other);

#endif
