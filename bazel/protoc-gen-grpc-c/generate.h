/*
 * The whole work: a CodeGeneratorRequest in, a CodeGeneratorResponse out. The same request always gives the same response.
 */
#ifndef GRPC_C_GENERATOR_GENERATE_H
#define GRPC_C_GENERATOR_GENERATE_H

#include "bazel/protoc-gen-grpc-c/pool.h"

#include <stddef.h>
#include <stdint.h>

/* Both are packed messages; the response belongs to the pool. What is wrong with the .proto files stands in the response, for
 * protoc to tell. NULL when the request cannot be read; *ret_error then says why. */
const uint8_t *generate(struct pool *pool, const uint8_t *request, size_t request_size,
                        size_t *ret_size, const char **ret_error);

#endif
