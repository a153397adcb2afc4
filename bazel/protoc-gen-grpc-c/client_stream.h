/*
 * Prints the client's half of a method that is not unary.
 */
#ifndef GRPC_C_GENERATOR_CLIENT_STREAM_H
#define GRPC_C_GENERATOR_CLIENT_STREAM_H

#include "bazel/protoc-gen-grpc-c/text.h"
#include "bazel/protoc-gen-grpc-c/unit.h"

void client_stream_print_header(struct text *text, const struct service *service,
                                const struct method *method);

/* Its struct grpc_c_client_method, $id$_method, stands before it. */
void client_stream_print_source(struct text *text, const struct service *service,
                                const struct method *method);

#endif
