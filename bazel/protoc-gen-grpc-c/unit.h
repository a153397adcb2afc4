/*
 * One .proto file as the printers need it: its services and methods with all their names in C.
 */
#ifndef GRPC_C_GENERATOR_UNIT_H
#define GRPC_C_GENERATOR_UNIT_H

#include "bazel/protoc-gen-grpc-c/request.h"

enum method_kind { UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI };

struct method {
    const char *name;    /* in the .proto */
    const char *id;      /* what its names begin with: package_service_method */
    const char *member;  /* in struct package_service_service */
    const char *comment; /* NULL: none */
    bool deprecated;
    enum method_kind kind;
    const struct message_type *request;
    const struct message_type *response;
};

struct service {
    const char *full_name;
    const char *id; /* package_service */
    const char *comment;
    bool deprecated;
    const struct method *methods;
    size_t method_count;
};

struct unit {
    const char *path; /* of the .proto */
    const char *stem; /* without its ending */
    const struct service *services;
    size_t service_count;
    const char *const *includes; /* headers of the messages, sorted */
    size_t include_count;
};

/* Belongs to the pool; refers to the request. NULL when stubs cannot be written for the file; *ret_error then says why. */
const struct unit *unit_build(struct pool *pool, const struct request *request,
                              const Google__Protobuf__FileDescriptorProto *file,
                              const char **ret_error);

/* Whether messages come or go as a stream. */
bool method_reads_stream(const struct method *method);
bool method_writes_stream(const struct method *method);

#endif
