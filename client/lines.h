/*
 * Lines of a file that somebody wrote, with whatever editor.
 */
#ifndef MASKLINE_CLIENT_LINES_H
#define MASKLINE_CLIENT_LINES_H

#include <stddef.h>

/* Takes away the mark with which some editors begin a file in UTF-8: nobody sees it, and what stands first would be another
 * word with it. `line` counts from 1. */
void lines_unmark(char *text, size_t *size, unsigned line);

/* Why a line is no text, for people; NULL when it is. What stands behind a byte 0 would be lost, and a server refuses all that
 * comes with a text that is not UTF-8. */
const char *lines_fault(const char *text, size_t size);

#endif
