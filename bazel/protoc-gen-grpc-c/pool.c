#include "bazel/protoc-gen-grpc-c/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

struct pool {
    struct block *blocks; /* the first one is being filled */
    size_t left;          /* for further blocks */
};

static void *or_exit(void *memory)
{
    if (!memory) {
        fputs("protoc-gen-grpc-c: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

struct pool *pool_new(void)
{
    return pool_new_bounded((size_t)2 << 30);
}

struct pool *pool_new_bounded(size_t bytes)
{
    struct pool *pool = or_exit(calloc(1, sizeof *pool));
    pool->left = bytes;
    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    while (pool->blocks) {
        struct block *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
    free(pool);
}

static struct block *block_with(struct pool *pool, size_t size)
{
    struct block *first = pool->blocks;
    if (first && first->size - first->used >= size)
        return first;
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    if (room > pool->left)
        return or_exit(NULL);
    pool->left -= room;
    struct block *block = or_exit(calloc(1, sizeof *block + room));
    block->size = room;
    block->next = first;
    pool->blocks = block;
    return block;
}

void *pool_get(struct pool *pool, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
        return or_exit(NULL);
    total = (total + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct block *block = block_with(pool, total);
    char *memory = (char *)block->bytes + block->used;
    block->used += total;
    return memory;
}

char *pool_copy(struct pool *pool, const char *bytes, size_t size)
{
    char *copy = pool_get(pool, size + 1, 1);
    memcpy(copy, bytes, size);
    return copy;
}

char *pool_format(struct pool *pool, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *string = pool_get(pool, size < 0 ? 1 : (size_t)size + 1, 1);
    if (size > 0) {
        va_start(arguments, format);
        vsnprintf(string, (size_t)size + 1, format, arguments);
        va_end(arguments);
    }
    return string;
}
