/*
 * Memory that is freed all at once: everything of one call, one read, one event.
 *
 * An arena has a bound: what it hands out never adds up to more. Memory is zeroed, as protobuf-c needs it, and aligned
 * to 16 bytes. An arena belongs to one thread at a time; it may be handed from thread to thread.
 */
#ifndef MASKLINE_PROTO_C_ARENA_H
#define MASKLINE_PROTO_C_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* An arena that hands out at most `bound` bytes. NULL when there is no memory. The caller frees it. */
struct arena *arena_new(size_t bound);

/* Frees the arena and all that it handed out. NULL is fine. */
void arena_free(struct arena *arena);

/* Takes back all that was handed out, and keeps about a megabyte of the memory for the next round. */
void arena_reset(struct arena *arena);

/* Zeroed memory that lives as long as the arena. NULL at the bound, or when there is no memory; a size of 0 gives a
 * valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same as it was found, for who writes all of it. */
void *arena_raw(struct arena *arena, size_t size);

/* Room for `count` items of `size` bytes; NULL also when the product does not fit in size_t. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies into the arena; NULL at the bound. */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
/* Adds the NUL. */
char *arena_text(struct arena *arena, const char *text, size_t size);
char *arena_string(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Afterwards so many items of together so many bytes can be had without fail, until something else is. False, as NULL above. */
bool arena_reserve(struct arena *arena, size_t items, size_t bytes);

/* Bytes handed out so far, padding included. */
size_t arena_used(const struct arena *arena);

/* Whether the arena has refused something since it was made or reset: tells a full arena from a bad message. */
bool arena_full(const struct arena *arena);

/* An allocator for protobuf-c's unpack. What it allocates lives as long as the arena: its free does nothing, so
 * *_free_unpacked need not be called. */
ProtobufCAllocator *arena_allocator(struct arena *arena);

/* For `__attribute__((cleanup(arena_done)))`. */
void arena_done(struct arena **arena);

#endif
