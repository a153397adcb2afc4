/*
 * The quick way from a message to bytes: one pass, back to front, so that the size of what lies inside is known when it is needed. Messages
 * of proto3 only; whatever it does not know it leaves to protobuf-c.
 */
#ifndef MASKLINE_PROTO_C_WIRE_WRITE_H
#define MASKLINE_PROTO_C_WIRE_WRITE_H

#include "proto/c/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* Room that nearly all messages find enough, on a stack. */
enum { WIRE_WRITE_ROOM = 2048 };

/* The bytes that protobuf-c would have packed, at the end of the `size` bytes of `room`. NULL: they do not fit, or the quick way does not
 * go there. */
const uint8_t *wire_write(const ProtobufCMessage *message, uint8_t *room, size_t size,
                          size_t *ret_size);

/* The same of any message, in the arena; NULL when that is full. */
const uint8_t *wire_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_size);

#endif
