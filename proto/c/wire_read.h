/*
 * The quick way from bytes to a message: one pass that checks and unpacks. It knows what encoders write; whatever else it meets, damage or
 * an oddity, it leaves to wire_check and protobuf-c, which say what is wrong, or make of it what it is.
 */
#ifndef MASKLINE_PROTO_C_WIRE_READ_H
#define MASKLINE_PROTO_C_WIRE_READ_H

#include "proto/c/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* The message in the arena, as protobuf-c would have unpacked it; it passes wire_check with as many elements and as much depth.
 * NULL: the quick way does not go there, or the arena is full. What was used of the arena stays used. */
ProtobufCMessage *wire_read(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                            size_t size, size_t elements, unsigned depth, struct arena *arena);

#endif
