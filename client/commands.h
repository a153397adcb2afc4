/*
 * What the files of commands share.
 */
#ifndef MASKLINE_CLIENT_COMMANDS_H
#define MASKLINE_CLIENT_COMMANDS_H

#include "client/cli.h"
#include "google/protobuf/field_mask.pb-c.h"

#include <string.h>

/* A value of an enum by the word that show_enum shows: "in-progress". False after it said which words there are. */
bool parse_enum(const char *option, const ProtobufCEnumDescriptor *descriptor, const char *word,
                int *ret_value);

/* An update mask of these paths, in the arena; NULL when there are none. */
Google__Protobuf__FieldMask *mask_new(struct arena *arena, char **paths, size_t count);

/* Prints rows of messages: as JSON one a line, else as a table. `row` adds one message's cells. */
struct listing {
    struct cli *cli;
    struct table *table;
    void (*row)(struct arena *arena, struct table *table, const ProtobufCMessage *message);
};
struct listing listing_begin(struct cli *cli, const char *const *heads, size_t columns,
                             void (*row)(struct arena *arena, struct table *table,
                                         const ProtobufCMessage *message));
void listing_add(struct listing *listing, const ProtobufCMessage *message);
void listing_end(struct listing *listing);

/* One message. */
int show_one(struct cli *cli, const char *const *heads, size_t columns,
             void (*row)(struct arena *arena, struct table *table, const ProtobufCMessage *message),
             const ProtobufCMessage *message);

#endif
