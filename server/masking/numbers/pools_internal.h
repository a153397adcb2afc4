/*
 * The inside of pools. Numbers that are alike to selection form a class; of each class those that may be chosen stand in levels by
 * load, so that one whose load changes moves to the level beside its own.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_POOLS_INTERNAL_H
#define MASKLINE_SERVER_MASKING_NUMBERS_POOLS_INTERNAL_H

#include "server/masking/numbers/pools.h"
#include "server/masking/rows/table.h"

struct pooled {
    struct table_link link; /* in pool.numbers, by the canonical form */
    struct number_class *class;
    struct level *level; /* NULL: not choosable */
    struct pooled *next; /* in the level */
    struct pooled *previous;
    int64_t load;
    bool reserved;
    char proxy[ADDRESS_SIZE]; /* canonical */
};

/* Never empty. The longest there first, so that load spreads among equals. */
struct level {
    int64_t load;
    struct level *higher;
    struct level *lower;
    struct pooled *first;
    struct pooled *last;
};

struct number_class {
    struct number_class *next;
    char country[3];
    char code[4];
    bool sms, voice;
    unsigned count; /* all of them */
    unsigned choosable;
    struct level *first;   /* the lowest */
    struct pooled *cursor; /* of the walk under way */
};

struct pool {
    struct table_link link;
    sid_bytes sid;
    struct number_class *classes;
    struct table numbers;
    unsigned reserved;
};

struct pooled *pooled_find(const struct pool *pool, const char *proxy);
/* False: no memory, and the pool is not to be used any more. */
bool pooled_add(struct pool *pool, const Maskline__Store__V1__PhoneNumber *number, int64_t load);
void pooled_remove(struct pool *pool, struct pooled *pooled);
bool pooled_load(struct pooled *pooled, int64_t load);

#endif
