/*
 * Pieces of responses, in an arena. When it is full they come out smaller, and arena_full tells; nobody need ask at each step.
 */
#ifndef MASKLINE_SERVER_API_MESSAGE_H
#define MASKLINE_SERVER_API_MESSAGE_H

#include "proto/c/arena.h"
#include "proto/c/clock.h"

#include <protobuf-c/protobuf-c.h>

/* An initialised message; NULL when the arena is full. */
void *message_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor);

/* A SID's bytes as text; "" when there is none. */
char *message_sid(struct arena *arena, const char *prefix, ProtobufCBinaryData sid);

/* protobuf-c's texts are not const; nobody writes to them. NULL becomes "". */
char *message_text(const char *text);

/* A time; NULL for 0, which stands for none. */
Google__Protobuf__Timestamp *message_time(struct arena *arena, int64_t us);

/* A duration in whole seconds; at most what a Duration can be. */
Google__Protobuf__Duration *message_seconds(struct arena *arena, uint64_t seconds);

/* Room for pointers to `count` messages. They are added one by one, and those that are NULL left out. */
struct message_list {
    void **items;
    size_t count;
};
struct message_list message_list_new(struct arena *arena, size_t count);
void message_list_add(struct message_list *list, void *message);

#endif
