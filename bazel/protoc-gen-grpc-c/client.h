/*
 * Prints the client's half of a unit. The contract of what is printed stands in client/rpc/stub.h.
 */
#ifndef GRPC_C_GENERATOR_CLIENT_H
#define GRPC_C_GENERATOR_CLIENT_H

#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/unit.h"

/* What stands between the #includes and the end of x.grpc-c-client.h and x.grpc-c-client.c. */
void client_print_header(struct text *text, const struct service *service);
void client_print_source(struct text *text, const struct service *service);

#endif
