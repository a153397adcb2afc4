/*
 * Messages as the core carries them: byte buffers and slices.
 */
#ifndef MASKLINE_PROTO_C_RPC_MESSAGE_H
#define MASKLINE_PROTO_C_RPC_MESSAGE_H

#include "proto/c/error.h"
#include "proto/c/wire_check.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct arena;

/* A message packed into a new byte buffer, which the caller destroys. One per send: the send empties it, but does not free it. */
grpc_byte_buffer *rpc_message_pack(const ProtobufCMessage *message);

/* Checks and unpacks what was received; the message lives in the arena and does not point into the buffer, which stays the
 * caller's. NULL limits are the defaults. Errors: those of message_unpack; RESOURCE_EXHAUSTED with MESSAGE_TOO_LARGE for more
 * than `max_size` bytes, inflated; INTERNAL with BAD_COMPRESSION when what was compressed cannot be read (see inflate.h). */
bool rpc_message_unpack(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *buffer,
                        size_t max_size, const struct wire_limits *limits, struct arena *arena,
                        ProtobufCMessage **ret_message, struct error *error);

/* The bytes of a slice and a NUL behind them, in the arena; NULL when it is full. */
char *rpc_slice_text(struct arena *arena, grpc_slice slice);

#endif
