/*
 * Packed messages for the tests of checking and unpacking, and a look at what was unpacked.
 */
#ifndef MASKLINE_TESTS_UNIT_PROTO_C_SAMPLES_H
#define MASKLINE_TESTS_UNIT_PROTO_C_SAMPLES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/c/arena.h"

enum { SAMPLES = 4 };

/* A packed message of its type, in the arena. */
struct sample {
    const ProtobufCMessageDescriptor *descriptor;
    uint8_t *bytes;
    size_t size;
};

/* Kinds with everything in it, Kinds with little, Choices, Strict. */
void samples_make(struct arena *arena, struct sample ret_samples[SAMPLES]);

/* Looks at every text and every byte of a message, and counts its texts. `length_of` gives the length of the text as it
 * was unpacked, or is NULL. */
size_t message_visit(const ProtobufCMessage *message, size_t (*length_of)(const char *text));

#endif
