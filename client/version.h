/*
 * `maskline version`: which Maskline this command is, and which the server.
 */
#ifndef MASKLINE_CLIENT_VERSION_H
#define MASKLINE_CLIENT_VERSION_H

#include "client/cli.h"
#include "proto/c/version.h"

/* When the manual was last gone through. */
#define MASKLINE_MANUAL_DATE "2026-11-26"

/* Asks the server's health, on the channel. False when there is no answer; *ret_version is NULL when it does not say its version. */
bool version_ask(struct cli *cli, bool *ret_serves, const char **ret_version,
                 struct grpc_c_status *ret_status);

int version(struct cli *cli);

#endif
