/*
 * A .proto file made fit for protobuf-c's plug-in, which ends by a crash, or writes what no compiler takes, for some files that are
 * in order.
 */
#ifndef GRPC_C_GENERATOR_MESSAGES_H
#define GRPC_C_GENERATOR_MESSAGES_H

#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/wire.h"

/* Adds a FileDescriptorProto without its services. In a message with a field called `base`, protobuf-c's own member of that name
 * is called `base_` (with more underscores where that is taken too), unless the file says otherwise by pb_c_msg.base_field_name.
 * Returns NULL, or what protobuf-c cannot take: a group; or messages_malformed. */
const char *messages_add_file(struct text *out, const uint8_t *bytes, size_t size);

/* What is said of bytes that are no message: protoc never sends any. */
extern const char messages_malformed[];

void messages_add_varint(struct text *out, uint64_t number);

/* A length-delimited field; the bytes may be NULL when there are none. */
void messages_add_field(struct text *out, uint64_t tag, const void *bytes, size_t size);

/* The first length-delimited field with this tag, as a string in the pool; NULL when there is none. */
const char *messages_text(struct pool *pool, const uint8_t *bytes, size_t size, uint64_t tag);

#endif
