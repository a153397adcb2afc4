/*
 * What protoc asks for: a CodeGeneratorRequest, checked so far that nothing below can stumble over a missing name, with all
 * message types of all files found by name.
 */
#ifndef GRPC_C_GENERATOR_REQUEST_H
#define GRPC_C_GENERATOR_REQUEST_H

#include "bazel/protoc-gen-grpc-c/pool.h"

#include "google/protobuf/compiler/plugin.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message_type {
    const char *full_name;  /* "package.Outer.Inner" */
    const char *type;       /* in C */
    const char *descriptor; /* in C */
    const char *path;       /* of the .proto file that defines it */
    bool generated;         /* false: its file asks protobuf-c to generate nothing */
};

/* Belongs to the pool that it was read into. */
struct request {
    const Google__Protobuf__Compiler__CodeGeneratorRequest *message;
    struct message_type *types; /* sorted by full_name */
    size_t type_count;
};

/* NULL when the bytes are no request, or one with something missing; *ret_error then says what. */
struct request *request_read(struct pool *pool, const uint8_t *bytes, size_t size,
                             const char **ret_error);

/* NULL when the request does not describe it. */
const Google__Protobuf__FileDescriptorProto *request_file(const struct request *request,
                                                          const char *path);

/* The package as far as names in C go: an option of protobuf-c's may give another one. Empty when there is none. */
const char *request_c_package(struct pool *pool, const Google__Protobuf__FileDescriptorProto *file);

/* By its name as a method refers to it, with a dot before it. NULL when no file defines it. */
const struct message_type *request_type(const struct request *request, const char *reference);

#endif
