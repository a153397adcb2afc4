/*
 * The server's program, which is one of its own, so that the command does not link it: beside this one when installed, in the
 * server's folder in a build tree.
 */
#ifndef MASKLINE_CLIENT_SERVER_PROGRAM_H
#define MASKLINE_CLIENT_SERVER_PROGRAM_H

#include "client/input.h"

#include <stdbool.h>
#include <stddef.h>

/* Becomes it; returns the exit status when that fails, after it said why. */
int server_program_become(struct words arguments);

/* What it prints for one argument, as much as there is room for. False when it cannot be run or fails. */
bool server_program_says(const char *argument, char *ret_text, size_t room);

#endif
