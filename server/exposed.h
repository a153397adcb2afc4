/*
 * Whether others than this machine can reach an address that the server listens on.
 */
#ifndef MASKLINE_SERVER_EXPOSED_H
#define MASKLINE_SERVER_EXPOSED_H

#include <stdbool.h>

/* `address` as in grpc_c_server_listen. False for loopback addresses, `localhost` and UNIX sockets; true for what cannot be told. */
bool address_exposed(const char *address);

#endif
