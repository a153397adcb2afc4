/*
 * Prints the server's half of a unit. The contract of what is printed stands in server/rpc/stub.h.
 */
#ifndef GRPC_C_GENERATOR_SERVER_H
#define GRPC_C_GENERATOR_SERVER_H

#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/unit.h"

/* What stands between the #includes and the end of x.grpc-c-server.h and x.grpc-c-server.c. */
void server_print_header(struct text *text, const struct service *service);
void server_print_source(struct text *text, const struct service *service);

#endif
