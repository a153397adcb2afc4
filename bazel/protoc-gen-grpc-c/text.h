/*
 * A text that grows, and templates: in a template $name$ stands for a value. Templates keep the generated code readable in
 * the generator's own source.
 */
#ifndef GRPC_C_GENERATOR_TEXT_H
#define GRPC_C_GENERATOR_TEXT_H

#include "bazel/protoc-gen-grpc-c/pool.h"

#include <stddef.h>

/* Begin with {.pool = pool}. `bytes` ends with a NUL, and belongs to the pool. */
struct text {
    struct pool *pool;
    char *bytes;
    size_t size;
    size_t capacity;
};

struct text_value {
    const char *name;
    const char *value;
};

void text_add_bytes(struct text *text, const char *bytes, size_t size);
void text_add(struct text *text, const char *string);

/* `values` ends with a name of NULL. A name that is not among them is a mistake in the template, and ends the process. */
void text_fill(struct text *text, const struct text_value *values, const char *template);

#endif
