/*
 * The wire format itself, as far as two things need it: options that descriptor.proto does not know, and a look at how deep
 * a message is nested before protobuf-c, which recurses without a limit, unpacks it.
 */
#ifndef GRPC_C_GENERATOR_WIRE_H
#define GRPC_C_GENERATOR_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    const uint8_t *at;
    const uint8_t *end;
};

struct wire_field {
    uint64_t tag;
    uint64_t number;      /* of a varint */
    const uint8_t *bytes; /* of a length-delimited field; NULL for all others */
    size_t size;
};

/* False at the end, and where the bytes are no message; `wire->at` is at the end only in the first case. */
bool wire_next(struct wire *wire, struct wire_field *ret_field);

/* The fields of an unknown field that is a message. False when it cannot be one. */
bool wire_open(struct wire *wire, const ProtobufCMessageUnknownField *field);

/* Whether the bytes are a message, nested no deeper than `depth` where the descriptor knows the fields. */
bool wire_is_shallow(const uint8_t *bytes, size_t size,
                     const ProtobufCMessageDescriptor *descriptor, int depth);

#endif
