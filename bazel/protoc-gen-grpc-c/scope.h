/*
 * The names that a program linked with a file's stubs sees. Two services or methods may come to the same name in C (GetURL and
 * GetUrl; the reply of Foo, and FooReply): the one declared first has it, later ones get a number. This looks at one .proto
 * file only: what two files of a package have in common shows when they are linked.
 */
#ifndef GRPC_C_GENERATOR_SCOPE_H
#define GRPC_C_GENERATOR_SCOPE_H

#include "bazel/protoc-gen-grpc-c/pool.h"

/* Begin with {.pool = pool}. */
struct scope {
    struct pool *pool;
    const char **slots;
    size_t count;
    size_t capacity;
};

/* The first of stem, stem_2, stem_3, ... for which no name (a pattern with the candidate for %) was claimed before; claims these
 * names. `patterns` ends with NULL. Tags of structs and other names do not meet in C: write tags with "struct " before them. */
const char *scope_claim(struct scope *scope, const char *stem, const char *const *patterns);

#endif
