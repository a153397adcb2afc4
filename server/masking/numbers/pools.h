/*
 * The numbers of pools by load, in memory: what selection looks at first.
 *
 * A pool is read from the store when it is first needed, and follows what is derived from then on. What it says is a hint (a decision that
 * was given up may have left its traces); the rows are the law. Writer's thread only.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_POOLS_H
#define MASKLINE_SERVER_MASKING_NUMBERS_POOLS_H

#include "server/masking/rows/rows.h"

struct pools;
struct pool;

/* NULL when there is no memory. */
struct pools *pools_new(void);
/* NULL is fine. */
void pools_free(struct pools *pools);
/* Everything is read again when it is needed. */
void pools_clear(struct pools *pools);

/* What is derived. Pools that were not read yet are not concerned. When there is no memory a pool is forgotten, and read again. */
void pools_number(struct pools *pools, const uint8_t *pool,
                  const Maskline__Store__V1__PhoneNumber *number);
void pools_number_gone(struct pools *pools, const uint8_t *pool, const char *proxy);
void pools_use(struct pools *pools, const uint8_t *pool, const char *proxy, int64_t count);
void pools_forget(struct pools *pools, const uint8_t *pool);

/* A pool, read from the store when it is not in memory; until the next one of these functions is called. */
bool pools_get(struct pools *pools, struct rows *rows, const uint8_t *sid, struct pool **ret_pool,
               struct error *error);

/* Whether it may be chosen for somebody who did not ask for it: it is ACTIVE, and not reserved. */
bool number_is_choosable(const Maskline__Store__V1__PhoneNumber *number);

struct pool_counts {
    unsigned reserved;
    unsigned unreserved;
};
struct pool_counts pool_count(const struct pool *pool);

/* What a number has to be. */
struct pool_wish {
    bool sms, voice;
    char code[4];    /* the calling code; empty: any */
    char country[3]; /* preferred among those that share the code; empty: all alike */
};

/* How many numbers a wish leaves, step by step (each includes those before it). */
struct pool_fits {
    unsigned all;
    unsigned sms, voice; /* with this capability */
    unsigned able;       /* with those that are wished for */
    unsigned near;       /* and with the calling code */
    unsigned choosable;  /* and ACTIVE and not reserved */
};
struct pool_fits pool_fit(const struct pool *pool, const struct pool_wish *wish);

/* Whether the number is in the pool, choosable, and as wished. */
bool pool_has(const struct pool *pool, const struct pool_wish *wish, const char *proxy);

/* All choosable numbers as wished: those of the wished country first, then the others; in each group the least used first. */
struct pool_walk {
    struct pool *pool;
    struct pool_wish wish;
    bool others;  /* the second group */
    int64_t load; /* of the one that was given last */
};
void pool_walk(struct pool *pool, const struct pool_wish *wish, struct pool_walk *ret_walk);
/* The next number in its canonical form; NULL: that was all. */
const char *pool_walk_next(struct pool_walk *walk);

#endif
