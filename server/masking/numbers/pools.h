/*
 * The numbers of pools by load, in memory: what selection looks at first.
 *
 * A pool is read from the store when it is first needed, and follows what is derived from then on. What it says is a hint (a decision that
 * was given up may have left its traces); the rows are the law. Writer's thread only.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_POOLS_H
#define MASKLINE_SERVER_MASKING_NUMBERS_POOLS_H

#include "server/masking/numbers/geo.h"
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

/* Nobody chooses a short code, or an address in a channel. */
bool number_in_pool(const Maskline__Store__V1__PhoneNumber *number);

/* Whether it may be chosen for somebody who did not ask for it: it is ACTIVE, and not reserved. */
bool number_is_choosable(const Maskline__Store__V1__PhoneNumber *number);

struct pool_counts {
    unsigned reserved;
    unsigned unreserved;
};
struct pool_counts pool_count(const struct pool *pool);

/* What a number has to be: of the same calling code (empty: any), and near enough. */
struct pool_wish {
    bool sms, voice;
    struct geo geo; /* of whom it is for; its country is preferred */
    /* The narrowest scope that is looked at, and the widest. Both 0: the calling code's numbers, near or far. */
    enum scope narrowest, widest;
};

/* Numbers of a pool are also kept by the wish's scopes from now on. False: no memory, and the pool is not to be used any more. */
bool pool_index(struct pool *pool, const struct pool_wish *wish);

/* How many numbers a wish leaves, step by step (each includes those before it). */
struct pool_fits {
    unsigned all;
    unsigned sms, voice; /* with this capability */
    unsigned able;       /* with those that are wished for */
    unsigned near;       /* and with the calling code */
    unsigned choosable;  /* and ACTIVE and not reserved */
    unsigned in_scope;   /* and within the widest scope */
};
struct pool_fits pool_fit(const struct pool *pool, const struct pool_wish *wish);

/* Whether the number is in the pool, choosable, and as wished; and the narrowest scope of the wish that it is in. */
bool pool_has(const struct pool *pool, const struct pool_wish *wish, const char *proxy,
              enum scope *ret_scope);

/* All choosable numbers as wished, tier by tier: scope after scope from the narrowest on; in the widest, the country, those of the
 * wished country first, then those of the United States where the calling code is theirs, too, then the others. In each tier the
 * least used first. A number of one tier comes again in those after it. */
struct pool_tier {
    enum scope scope;
    bool limited;    /* to one country, or to all but those before */
    char country[3]; /* limited: this one; empty: the rest */
};
struct pool_walk {
    struct pool *pool;
    struct pool_wish wish;
    struct pool_tier tiers[SCOPES + 2];
    unsigned tier_count;
    unsigned tier; /* the one that is walked */
    int64_t load;  /* of the one that was given last */
};
void pool_walk(struct pool *pool, const struct pool_wish *wish, struct pool_walk *ret_walk);
/* The next number in its canonical form; NULL: that was all. */
const char *pool_walk_next(struct pool_walk *walk);
/* The scope in which the number that was given last was found. */
enum scope pool_walk_scope(const struct pool_walk *walk);

#endif
