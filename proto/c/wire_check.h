/*
 * What protobuf-c does not look at before it unpacks: whether the bytes may be unpacked at all.
 *
 * A message that passes nests no deeper than the limits say, has no more fields and elements, holds only UTF-8 without NUL in
 * its string fields, and nothing in it makes protobuf-c fail halfway, other than a missing required field (proto2) or a full
 * arena. Some that the format allows are refused, because protobuf-c gets them wrong or might fall over them: groups, a
 * field of another wire type than its own, and a message field that is not repeated but stands there twice (protobuf-c
 * loses values when it merges the two).
 *
 * Nothing is allocated, and the stack used is the same for every message.
 */
#ifndef MASKLINE_PROTO_C_WIRE_CHECK_H
#define MASKLINE_PROTO_C_WIRE_CHECK_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/c/error.h"

struct arena;

enum { WIRE_DEPTH = 64, WIRE_ELEMENTS = 200000 };

/* 0 anywhere means the default. */
struct wire_limits {
    /* Messages in one another, the outermost counted. Default, and the most: WIRE_DEPTH. */
    unsigned depth;
    /* Fields and packed elements at all depths, unknown ones too. Default: WIRE_ELEMENTS. */
    size_t elements;
};

/* Whether the bytes may be unpacked as this message. Limits may be NULL. Errors: INVALID_ARGUMENT with reason
 * MALFORMED_MESSAGE, or INVALID_TEXT for a string that is none; RESOURCE_EXHAUSTED with MESSAGE_TOO_COMPLEX past a limit. */
bool wire_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                const struct wire_limits *limits, struct error *error);

/* Checks and unpacks. The message lives in the arena and is not to be freed; it does not point into the bytes. Errors: also
 * RESOURCE_EXHAUSTED with MESSAGE_TOO_LARGE when the arena is full. What was used of the arena stays used. */
bool message_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                    const struct wire_limits *limits, struct arena *arena,
                    ProtobufCMessage **ret_message, struct error *error);

/* Unpacks what we packed ourselves and may trust. NULL: it is damaged, or the arena is full. */
void *message_unpack_own(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                         size_t size, struct arena *arena);

#endif
