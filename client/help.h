/*
 * What --help prints.
 */
#ifndef MASKLINE_CLIENT_HELP_H
#define MASKLINE_CLIENT_HELP_H

#include "client/command.h"

void help_all(FILE *out);
/* The commands of one noun. */
void help_noun(const char *noun, FILE *out);
void help_command(const struct command *command, FILE *out);

/* Text with line breaks where `width` ends, each line behind `indent` blanks. */
void help_wrap(const char *text, int indent, int width, FILE *out);

#endif
