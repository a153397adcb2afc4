/*
 * Names in C. Those of messages follow protobuf-c's generator letter by letter; those of services are our own.
 *
 * Our own names are in lower case with single underscores, and neither begin nor end with one. Thus they are never reserved, and
 * never one of protobuf-c's, whose functions and descriptors all hold a double underscore.
 */
#ifndef GRPC_C_GENERATOR_NAMES_H
#define GRPC_C_GENERATOR_NAMES_H

#include "bazel/protoc-gen-grpc-c/pool.h"

#include <stdbool.h>

/* protobuf-c: "a.b_c.FooBar" is the type A__BC__FooBar and the descriptor a__b_c__foo_bar__descriptor. */
char *name_type(struct pool *pool, const char *full_name);
char *name_descriptor(struct pool *pool, const char *full_name);

/* "scope.name", or just the name when the scope is NULL or empty. */
char *name_join(struct pool *pool, const char *scope, const char *name);

/* The path of a .proto file without its ending, as protobuf-c cuts it: "a/b.proto" is "a/b". */
char *name_stem(struct pool *pool, const char *path);

/* "a.b_c.FooBar" is a_b_c_foo_bar; "GetHTTPUrl2" is get_http_url2. Never empty, never begins with a digit. */
char *name_snake(struct pool *pool, const char *name);

/* The prefix of a service's names: name_snake, kept away from the prefixes of the libraries that the stubs are linked with. */
char *name_prefix(struct pool *pool, const char *full_name);

/* A snake name as a member beside `void *data`: an underscore behind it when it is a keyword, a macro or `data`. */
char *name_member(struct pool *pool, const char *snake);

/* A path as part of an include guard; different paths have different guards. */
char *name_guard(struct pool *pool, const char *path);

/* Whether it can be the name of something in a .proto file, "a.B" included where dots are allowed. */
bool name_is_legal(const char *name, bool dots);

/* Whether a path can stand between the quotes of an #include, and in a comment. */
bool name_is_includable(const char *path);

#endif
