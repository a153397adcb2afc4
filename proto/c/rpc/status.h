/*
 * Errors as the end of a call, and back: status code, message, and grpc-status-details-bin.
 */
#ifndef MASKLINE_PROTO_C_RPC_STATUS_H
#define MASKLINE_PROTO_C_RPC_STATUS_H

#include "proto/c/error.h"
#include "proto/c/rpc/metadata.h"

#include <grpc/grpc.h>

/* Peers take 8 KiB of metadata as a rule; details leave room for the rest. */
enum { RPC_DETAILS_MAX = 4096 };

/* The code of an error as the core knows it. */
grpc_status_code rpc_status_code(const struct error *error);

/* Adds the error's details, as far as it has any that code and message do not say, to what is sent at the end. */
void rpc_status_add_details(const struct error *error, struct rpc_metadata *trailing);

/* What a client got, as an error: the details as far as they can be read, and code and message where they say nothing.
 * `details` may be NULL. Of a code that does not exist UNKNOWN is made. Reads texts of any content. */
void rpc_status_read(grpc_status_code code, const char *message, const uint8_t *details,
                     size_t details_size, struct error *ret_error);

#endif
