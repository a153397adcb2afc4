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
    void *memory;
};

/* Copies `count` strings (a NULL counts as empty) and media. False when there is no memory. */
bool text_copy(struct text *ret_text, const char *const *strings, size_t count,
               const struct ingress_media *media, size_t media_count);
void text_done(struct text *text);

/* Copies all of it into the arena; false when that is full. The copy needs no text_done. */
bool text_to_arena(const struct text *text, struct arena *arena, struct text *ret_text);

#endif
