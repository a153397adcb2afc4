/*
 * Completion for shells: scripts made from the tables of commands, and the live names that they ask for.
 */
#ifndef MASKLINE_CLIENT_COMPLETION_H
#define MASKLINE_CLIENT_COMPLETION_H

#include "client/cli.h"

/* Prints the script for "bash" or "zsh". */
void completion_print(const char *shell, FILE *out);

/* `maskline __complete KIND [WORD]...`: names of that kind, one a line, a tab and a note behind it; the words are the arguments that
 * stand before. Quick, and silent when it knows nothing. */
int completion_names(struct cli *cli);

#endif
