/*
 * Fields of messages by their names in the .proto file, for tables that name them.
 *
 * A name that a message does not have, or that is of another type, is a mistake in a table: it ends the program, and a test looks at
 * all tables.
 */
#ifndef MASKLINE_CLIENT_REFLECT_H
#define MASKLINE_CLIENT_REFLECT_H

#include "proto/c/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* An empty message in the arena; NULL when it is full. */
ProtobufCMessage *reflect_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor);

/* Sets fields; messages on the way of a path "a.b.c" are made. A repeated field gets one value more. What a value is of is said by the
 * field: `text` for strings, `value` for numbers, enums, bools, and microseconds of times and durations. Into a map of texts goes
 * "KEY=VALUE"; nothing when the text is empty. False when the arena is full, or it is a time or a number that the field cannot tell. */
bool reflect_set(struct arena *arena, ProtobufCMessage *message, const char *path, char *text,
                 int64_t value);

/* What a field holds. */
const char *reflect_text(const ProtobufCMessage *message, const char *field);
const ProtobufCMessage *reflect_message(const ProtobufCMessage *message, const char *field);
/* The messages of a repeated field; gives their number. */
size_t reflect_messages(const ProtobufCMessage *message, const char *field,
                        const ProtobufCMessage *const **ret_messages);

bool reflect_has(const ProtobufCMessageDescriptor *descriptor, const char *field);
bool reflect_repeated(const ProtobufCMessageDescriptor *descriptor, const char *field);

/* Whether a repeated field is a map. protobuf-c shows it as a list of messages that protoc names after the field: `tags` has
 * entries TagsEntry {key, value}. */
bool reflect_map(const ProtobufCFieldDescriptor *field);

/* Whether there is such a path, and what is at its end; NULL: there is none. */
const ProtobufCFieldDescriptor *reflect_field(const ProtobufCMessageDescriptor *descriptor,
                                              const char *path);

#endif
