/*
 * Command lines at random: the fuzzer's mutator, which knows the tables of commands.
 */
#ifndef MASKLINE_TESTS_FUZZ_OPTIONS_LINES_H
#define MASKLINE_TESTS_FUZZ_OPTIONS_LINES_H

#include "client/command.h"

/* The command of that name, "session create"; some command for what is no name. One that reads its words by its table, hidden or not. */
const struct command *line_command(const char *name);

#endif
