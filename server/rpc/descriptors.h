/*
 * What is declared in which .proto file: an index over FileDescriptorSets. Made once, then only read, by any thread.
 */
#ifndef MASKLINE_SERVER_RPC_DESCRIPTORS_H
#define MASKLINE_SERVER_RPC_DESCRIPTORS_H

#include "proto/c/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct descriptor_index;

struct descriptor_index *descriptor_index_new(void);
void descriptor_index_free(struct descriptor_index *index);

/* Takes the files of a set, which are not copied; those whose name is known are passed over. After the last one: sort. */
bool descriptor_index_add(struct descriptor_index *index, const unsigned char *bytes, size_t size,
                          struct error *error);
void descriptor_index_sort(struct descriptor_index *index);

/* The number of a file; -1 when there is none. Symbols are full names of messages, fields, enums and their values,
 * services, methods and extensions. */
int descriptor_index_file(const struct descriptor_index *index, const char *name);
int descriptor_index_symbol(const struct descriptor_index *index, const char *name);
bool descriptor_index_is_message(const struct descriptor_index *index, const char *name);

/* The file and all that it imports, directly or not, itself first: packed FileDescriptorProtos, the list in the arena.
 * False when the arena is full. */
bool descriptor_index_closure(const struct descriptor_index *index, int file, struct arena *arena,
                              ProtobufCBinaryData **ret_files, size_t *ret_count);

#endif
