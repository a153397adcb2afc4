/*
 * `maskline watch`: follows a Service's log, over restarts of the server.
 */
#ifndef MASKLINE_CLIENT_WATCH_H
#define MASKLINE_CLIENT_WATCH_H

#include "client/cli.h"

int watch(struct cli *cli);

#endif
