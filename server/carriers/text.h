/*
 * Copies of what belongs to a text: its strings and its media, in one piece of memory or in an arena.
 */
#ifndef MASKLINE_SERVER_CARRIERS_TEXT_H
#define MASKLINE_SERVER_CARRIERS_TEXT_H

#include "proto/c/arena.h"
#include "server/masking/ingress.h"

enum { TEXT_STRINGS = 5 };

struct text {
    const char *strings[TEXT_STRINGS]; /* what they are is the owner's affair; never NULL */
    struct ingress_media *media;
    size_t media_count;
    size_t bytes; /* how much memory it takes */
    void *memory; /* its own, or NULL */
};

/* Copies `count` strings (a NULL counts as empty) and media. False when there is no memory. */
bool text_copy(struct text *ret_text, const char *const *strings, size_t count,
               const struct ingress_media *media, size_t media_count);
void text_done(struct text *text);

/* The same in memory of the caller's, of text_size bytes, where a pointer may lie. The copy lives as long as that, and needs no text_done. */
size_t text_size(const char *const *strings, size_t count, const struct ingress_media *media,
                 size_t media_count);
void text_put(struct text *ret_text, void *memory, size_t size, const char *const *strings,
              size_t count, const struct ingress_media *media, size_t media_count);

/* Copies all of it into the arena; false when that is full. The copy needs no text_done. */
bool text_to_arena(const struct text *text, struct arena *arena, struct text *ret_text);

#endif
