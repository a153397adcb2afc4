/*
 * The word that somebody meant who mistyped it.
 */
#ifndef MASKLINE_CLIENT_NEAREST_H
#define MASKLINE_CLIENT_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *typed;
    size_t size;
    size_t distance;  /* of `word`, in letters to change, add, drop or swap */
    const char *word; /* the best so far; NULL: none is near */
};

/* `typed` lives as long as the search. */
struct nearest nearest_to(const char *typed, size_t size);
void nearest_try(struct nearest *nearest, const char *word);

#endif
