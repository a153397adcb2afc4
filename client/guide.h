/*
 * The guides of client/guides, as they were when the program was built.
 */
#ifndef MASKLINE_CLIENT_GUIDE_H
#define MASKLINE_CLIENT_GUIDE_H

#include <stdbool.h>
#include <stdio.h>

/* What can be read, in the order of the index; NULL ends them. */
extern const char *const guide_names[];

/* A line for each: its name, and what it is about, from the index. */
void guide_list(FILE *out);

/* Prints a guide as it is written, in Markdown. False: there is none of that name. */
bool guide_print(const char *name, FILE *out);

#endif
