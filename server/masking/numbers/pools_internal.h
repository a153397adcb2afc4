/*
 * The inside of pools. Numbers that are alike to selection form a class; of each class those that may be chosen stand in levels by
 * load, so that one whose load changes moves to the level beside its own.
 *
 * The classes of one calling code are a ground. A Service that looks at narrower scopes has grounds of these, too, with the numbers
 * that may be chosen; they are made when they are first asked for.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_POOLS_INTERNAL_H
#define MASKLINE_SERVER_MASKING_NUMBERS_POOLS_INTERNAL_H

#include "server/masking/numbers/pools.h"
#include "server/masking/rows/table.h"

/* Where a number stands in a scope. */
struct place {
    struct number_class *class; /* NULL: nowhere */
    struct level *level;        /* NULL: not choosable */
    struct pooled *next;        /* in the level */
    struct pooled *previous;
};

struct pooled {
    struct table_link link; /* in pool.numbers, by the canonical form */
    struct place places[SCOPES];
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
    struct number_class *next; /* of the ground */
    enum scope scope;
    char country[3];
    bool sms, voice;
    unsigned count; /* all of them */
    unsigned choosable;
    struct level *first;   /* the lowest */
    struct pooled *cursor; /* of the walk under way */
};

struct ground {
    struct table_link link; /* in pool.grounds, by scope and place */
    struct ground *next;    /* of the same scope */
    enum scope scope;
    char place[8];
    struct number_class *classes;
};

struct pool {
    struct table_link link;
    sid_bytes sid;
    struct table grounds;
    struct ground *first[SCOPES];
    bool indexed[SCOPES]; /* the country's always */
    struct table numbers;
    unsigned reserved;
};

/* NULL: there is none. */
struct ground *ground_find(const struct pool *pool, enum scope scope, const char *place);
/* The ground is made when there is none. NULL: no memory. */
struct ground *ground_of(struct pool *pool, enum scope scope, const char *place);

struct pooled *pooled_find(const struct pool *pool, const char *proxy);
/* False: no memory, and the pool is not to be used any more. */
bool pooled_add(struct pool *pool, const Maskline__Store__V1__PhoneNumber *number, int64_t load);
void pooled_remove(struct pool *pool, struct pooled *pooled);
bool pooled_load(struct pooled *pooled, int64_t load);
/* A choosable number stands in one scope more. False: no memory. */
bool pooled_index(struct pool *pool, struct pooled *pooled, enum scope scope);

#endif
