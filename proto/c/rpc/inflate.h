/*
 * Inflating what was received, within a bound. The core would inflate first and measure then: a megabyte that came could
 * take a gigabyte. So a channel or server that reads with rpc_message_unpack leaves it to that, by the argument
 * GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION = 0.
 */
#ifndef MASKLINE_PROTO_C_RPC_INFLATE_H
#define MASKLINE_PROTO_C_RPC_INFLATE_H

#include "proto/c/error.h"

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether the buffer holds a message that was compressed. */
bool rpc_is_compressed(const grpc_byte_buffer *buffer);

/* The inflated bytes, in a slice that the caller gives back. Errors: RESOURCE_EXHAUSTED with MESSAGE_TOO_LARGE for more than
 * `max_size` bytes; INTERNAL with BAD_COMPRESSION for what cannot be read. */
bool rpc_inflate(const grpc_byte_buffer *buffer, size_t max_size, grpc_slice *ret_bytes,
                 struct error *error);

#endif
