#include "proto/c/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
/* So that a read past an item whose size is a multiple of the alignment is seen, too. Not counted as handed out. */
enum { GAP = 16 };
#else
#define POISON(at, size)   ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
enum { GAP = 0 };
#endif

enum {
    ALIGNMENT = 16,
    FIRST_PIECE = 4096 - 256,
    LARGEST_PIECE = 256 * 1024,
    KEPT_BYTES = 1024 * 1024, /* over a reset, besides the first piece */
};

/* No object is larger than PTRDIFF_MAX; the rest is for what surrounds an item. */
static const size_t MOST = PTRDIFF_MAX - 4096;

struct piece {
    struct piece *next;
    size_t size;
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

/* Lies in front of its first piece, in the same allocation. */
struct arena {
    ProtobufCAllocator allocator;
    size_t bound;
    size_t used;
    size_t next_size; /* of the next piece */
    uint8_t *at;      /* the free rest of the current piece */
    uint8_t *end;
    bool full;
    struct piece *more; /* newest first, without the first one */
    struct piece *
        kept; /* of the time before the last reset; the newest first, which mostly are the largest */
    struct piece first;
};

static void *allocator_alloc(void *data, size_t size)
{
    return arena_alloc(data, size);
}

static void allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

static void start(struct arena *arena)
{
    arena->used = 0;
    arena->full = false;
    arena->next_size = 2 * FIRST_PIECE;
    arena->more = NULL;
    arena->at = arena->first.bytes;
    arena->end = arena->first.bytes + arena->first.size;
    POISON(arena->first.bytes, arena->first.size);
}

static void free_pieces(struct piece *piece)
{
    for (struct piece *next; piece; piece = next) {
        next = piece->next;
        UNPOISON(piece->bytes, piece->size);
        free(piece);
    }
}

/* Keeps some of the pieces: asking the system for the same memory again and again costs more than all that is done with it. */
static void keep_pieces(struct arena *arena)
{
    size_t kept = 0;
    for (struct piece *piece = arena->kept; piece; piece = piece->next)
        kept += piece->size;
    struct piece **end = &arena->kept;
    while (*end)
        end = &(*end)->next;
    while (arena->more && kept + arena->more->size <= KEPT_BYTES) {
        struct piece *piece = arena->more;
        arena->more = piece->next;
        piece->next = NULL;
        POISON(piece->bytes, piece->size);
        kept += piece->size;
        *end = piece;
        end = &piece->next;
    }
    free_pieces(arena->more);
}

struct arena *arena_new(size_t bound)
{
    struct arena *arena = NULL;
    if (posix_memalign((void **)&arena, ALIGNMENT, sizeof(*arena) + FIRST_PIECE))
        return NULL;
    arena->allocator = (ProtobufCAllocator){
        .alloc = allocator_alloc, .free = allocator_free, .allocator_data = arena};
    arena->bound = bound;
    arena->first.next = NULL;
    arena->first.size = FIRST_PIECE;
    arena->kept = NULL;
    start(arena);
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    free_pieces(arena->more);
    free_pieces(arena->kept);
    UNPOISON(arena->first.bytes, arena->first.size);
    free(arena);
}

void arena_done(struct arena **arena)
{
    arena_free(*arena);
}

void arena_reset(struct arena *arena)
{
    keep_pieces(arena);
    start(arena);
}

/* One more piece, of which nothing is handed out yet. */
static struct piece *add_piece(struct arena *arena, size_t size)
{
    struct piece *piece = arena->kept;
    if (piece && piece->size >= size) {
        arena->kept = piece->next;
    } else {
        piece = NULL;
        if (posix_memalign((void **)&piece, ALIGNMENT, sizeof(*piece) + size))
            return NULL;
        piece->size = size;
    }
    piece->next = arena->more;
    arena->more = piece;
    POISON(piece->bytes, piece->size);
    return piece;
}

/* The piece is the current one from now on; the rest of the last one is given up. */
static void go_on_in(struct arena *arena, struct piece *piece)
{
    arena->at = piece->bytes;
    arena->end = piece->bytes + piece->size;
}

bool arena_reserve(struct arena *arena, size_t items, size_t bytes)
{
    size_t around, room;
    bool fits = !__builtin_mul_overflow(items, ALIGNMENT + GAP, &around) &&
                !__builtin_add_overflow(bytes, around, &room) &&
                room <= arena->bound - arena->used && room <= MOST;
    if (fits && (size_t)(arena->end - arena->at) >= room)
        return true;
    size_t size = arena->kept ? arena->kept->size : arena->next_size;
    struct piece *piece = fits ? add_piece(arena, room > size ? room : size) : NULL;
    if (!piece) {
        arena->full = true;
        return false;
    }
    go_on_in(arena, piece);
    return true;
}

/* Room from the current piece, or from the next. A large item has a piece of its own, so that the current one is not
 * given up for it. */
static uint8_t *find_room(struct arena *arena, size_t room)
{
    if ((size_t)(arena->end - arena->at) < room) {
        size_t size = arena->kept ? arena->kept->size : arena->next_size;
        bool large = room > size / 2;
        struct piece *piece = add_piece(arena, large ? room : size);
        if (!piece)
            return NULL;
        if (large)
            return piece->bytes;
        if (size >= arena->next_size && arena->next_size < LARGEST_PIECE)
            arena->next_size *= 2;
        go_on_in(arena, piece);
    }
    uint8_t *found = arena->at;
    arena->at += room;
    return found;
}

/* Memory as it was found, where there is no room left in the piece, or no more than this may be handed out. */
static void *take_more(struct arena *arena, size_t size, size_t padded)
{
    size_t left = arena->bound - arena->used;
    bool fits = padded >= size && padded <= left && padded <= MOST;
    uint8_t *taken = fits ? find_room(arena, padded + GAP) : NULL;
    if (!taken) {
        arena->full = true;
        return NULL;
    }
    arena->used += padded;
    UNPOISON(taken, size);
    return taken;
}

/* Memory as it was found, not zeroed. */
static inline void *take(struct arena *arena, size_t size)
{
    if (size == 0)
        size = 1;
    size_t padded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    size_t room = (size_t)(arena->end - arena->at);
    if (size > room || padded + GAP > room || padded > arena->bound - arena->used)
        return take_more(arena, size, padded);
    uint8_t *taken = arena->at;
    arena->at += padded + GAP;
    arena->used += padded;
    UNPOISON(taken, size);
    return taken;
}

void *arena_raw(struct arena *arena, size_t size)
{
    return take(arena, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *taken = take(arena, size);
    if (taken)
        memset(taken, 0, size);
    return taken;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t product;
    if (__builtin_mul_overflow(count, size, &product)) {
        arena->full = true;
        return NULL;
    }
    return arena_alloc(arena, product);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = take(arena, size);
    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(struct arena *arena, const char *text, size_t size)
{
    char *copy = take(arena, size + 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : take(arena, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

bool arena_full(const struct arena *arena)
{
    return arena->full;
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
