/*
 * Where a channel may go: "host:port", "[v6]:port", "unix:/path", "unix-abstract:name".
 */
#ifndef MASKLINE_CLIENT_RPC_TARGET_H
#define MASKLINE_CLIENT_RPC_TARGET_H

#include "proto/c/error.h"

#include <stdbool.h>

/* The core takes nearly any text and says what is wrong with it only when a call fails, or goes to another port than the one
 * that was named: so it is checked first. Errors: INVALID_ARGUMENT with reason INVALID_TARGET. */
bool target_check(const char *target, struct error *error);

#endif
