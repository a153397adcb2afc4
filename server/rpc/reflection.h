/*
 * Server reflection, v1 and v1alpha: tells grpcurl, buf curl and the like what the server serves, so that they need no
 * .proto files.
 */
#ifndef MASKLINE_SERVER_RPC_REFLECTION_H
#define MASKLINE_SERVER_RPC_REFLECTION_H

#include "proto/c/error.h"
#include "server/rpc/server.h"

#include <stdbool.h>
#include <stddef.h>

/* A google.protobuf.FileDescriptorSet with all imports, as c_proto_library embeds it. */
struct grpc_c_descriptors {
    const unsigned char *bytes;
    size_t size;
};

struct grpc_c_reflection;

/* The bytes are not copied and must live as long as the reflection. A file that stands in several sets is taken once. Health and
 * reflection themselves need not be given. INVALID_ARGUMENT for bytes that are no FileDescriptorSet. */
struct grpc_c_reflection *grpc_c_reflection_new(const struct grpc_c_descriptors *sets, size_t count,
                                                struct error *error);

/* Before the server starts; lists the services that the server has, also those added later. The reflection must live as long as
 * the server. */
bool grpc_c_reflection_add(struct grpc_c_reflection *reflection, struct grpc_c_server *server,
                           struct error *error);

/* After the server was freed. NULL is fine. */
void grpc_c_reflection_free(struct grpc_c_reflection *reflection);

#endif
