/*
 * Memory for one run: given piece by piece, taken back all at once. One thread.
 *
 * A generator that has no memory can do nothing better than end, so nothing here returns NULL: the process says so on
 * standard error and exits with status 1.
 */
#ifndef GRPC_C_GENERATOR_POOL_H
#define GRPC_C_GENERATOR_POOL_H

#include <stddef.h>

struct pool;

/* With 2 GiB to give: more than any real request needs, and a made-up one shall not take the machine down. */
struct pool *pool_new(void);
struct pool *pool_new_bounded(size_t bytes);

/* Ends everything that the pool gave. NULL is fine. */
void pool_free(struct pool *pool);

/* `count` things of `size` bytes each, zeroed, aligned for any type; lives until pool_free. */
void *pool_get(struct pool *pool, size_t count, size_t size);

/* Strings that live until pool_free. */
char *pool_copy(struct pool *pool, const char *bytes, size_t size);
char *pool_format(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
