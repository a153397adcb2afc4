/*
 * Records with something in every field, and the question whether a message has something in every field: so that a field that a
 * conversion forgets is noticed.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_API_FILL_H
#define MASKLINE_TESTS_UNIT_SERVER_API_FILL_H

#include "proto/c/arena.h"

#include <protobuf-c/protobuf-c.h>

/* What no event may show. */
#define REAL_NUMBER "+15550009999"
#define PROVIDER_ID "provider-own-id"
#define PERSON_HASH "hash-of-a-person!"

/* Two elements in each list, 16 bytes in a SID, the first value that is not zero in an enum, a time in 2023 in a 64-bit number. What lies in
 * a oneof is left out. */
void *filled(struct arena *arena, const ProtobufCMessageDescriptor *descriptor);

/* Puts a filled message into the oneof's member that has this number. */
void fill_member(struct arena *arena, ProtobufCMessage *message, unsigned number);

/* The name of a field, at any depth, that is empty; NULL when there is none. `except` are names that may be, NULL at the end. Of a
 * oneof some member must be set. */
const char *empty_field(const ProtobufCMessage *message, const char *const *except);

#endif
