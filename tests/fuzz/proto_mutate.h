/*
 * Messages changed at random where their fields are: what comes out is a message again, so that a fuzzer gets behind the door.
 */
#ifndef MASKLINE_TESTS_FUZZ_PROTO_MUTATE_H
#define MASKLINE_TESTS_FUZZ_PROTO_MUTATE_H

#include "proto/c/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts that a fuzzer wants to see in fields; NULL at the end. */
typedef const char *const *word_list;

/* Texts for fields of this name; the table ends with a NULL name. */
struct field_words {
    const char *field;
    word_list words;
};

struct vocabulary {
    word_list words; /* may be NULL */
    const struct field_words
        *by_name; /* may be NULL: what is in it is mostly right for its field */
};

/* Changes a packed message of this kind (bytes that are none become one) within `most` bytes; returns its new size. Now and then the
 * bytes are changed instead, so that what is no message comes up, too. The same seed makes the same change. */
size_t message_mutate(const ProtobufCMessageDescriptor *kind, uint8_t *bytes, size_t size,
                      size_t most, unsigned seed, word_list words);

/* As message_mutate, with words for certain fields: a message that is made anew has them set. */
size_t message_mutate_with(const ProtobufCMessageDescriptor *kind, uint8_t *bytes, size_t size,
                           size_t most, unsigned seed, const struct vocabulary *vocabulary);

/* As message_mutate, for fuzzers whose first byte says which of some kinds the rest is. */
size_t message_mutate_one_of(const ProtobufCMessageDescriptor *const *kinds, size_t count,
                             uint8_t *bytes, size_t size, size_t most, unsigned seed,
                             word_list words);

/* Each message in a message, itself first; then its texts. False ends the walk. */
struct message_visitor {
    void *data;
    bool (*message)(void *data, ProtobufCMessage *message, unsigned depth);
    bool (*text)(void *data, const ProtobufCFieldDescriptor *field, char **text);
};
bool message_visit(ProtobufCMessage *message, const struct message_visitor *visitor);

/* How many values a field has, and where the first of them is. */
size_t field_values(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                    char **ret_values);
size_t field_width(const ProtobufCFieldDescriptor *field);

#endif
