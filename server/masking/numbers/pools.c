#include "server/masking/numbers/pools.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/numbers/pools_internal.h"

#include <stdlib.h>
#include <string.h>

/* More than so many pools are not kept: all are forgotten, and those in use come back. */
enum { POOLS_MOST = 4096 };

struct pools {
    struct table table; /* by SID */
};

static uint64_t sid_hash(const uint8_t *sid)
{
    uint64_t hash;
    memcpy(&hash, sid + SID_BYTES - sizeof hash, sizeof hash);
    return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static struct pool *find(struct pools *pools, const uint8_t *sid)
{
    struct table_link *link = NULL;
    while ((link = table_find(&pools->table, sid_hash(sid), link))) {
        if (!memcmp(((struct pool *)link)->sid, sid, SID_BYTES))
            return (struct pool *)link;
    }
    return NULL;
}

static void free_number(struct table_link *link)
{
    free(link);
}

static void free_ground(struct table_link *link)
{
    struct ground *ground = (struct ground *)link;
    for (struct number_class *class = ground->classes, *next; class; class = next) {
        next = class->next;
        for (struct level *level = class->first, *higher; level; level = higher) {
            higher = level->higher;
            free(level);
        }
        free(class);
    }
    free(ground);
}

static void pool_free(struct table_link *link)
{
    struct pool *pool = (struct pool *)link;
    table_clear(&pool->grounds, free_ground);
    table_clear(&pool->numbers, free_number);
    free(pool);
}

struct pools *pools_new(void)
{
    return calloc(1, sizeof(struct pools));
}

void pools_clear(struct pools *pools)
{
    table_clear(&pools->table, pool_free);
}

void pools_free(struct pools *pools)
{
    if (!pools)
        return;
    pools_clear(pools);
    free(pools);
}

void pools_forget(struct pools *pools, const uint8_t *sid)
{
    struct pool *pool = find(pools, sid);
    if (!pool)
        return;
    table_remove(&pools->table, &pool->link);
    pool_free(&pool->link);
}

bool number_in_pool(const Maskline__Store__V1__PhoneNumber *number)
{
    return (!number->short_code || MUTANT("short_code_is_chosen")) && !number->channel;
}

void pools_number(struct pools *pools, const uint8_t *sid,
                  const Maskline__Store__V1__PhoneNumber *number)
{
    struct pool *pool = find(pools, sid);
    if (!pool || !number_in_pool(number))
        return;
    struct address form = proxy_form(number->phone_number);
    struct pooled *known = pooled_find(pool, form.text);
    int64_t load = known ? known->load : 0;
    if (known)
        pooled_remove(pool, known);
    if (!pooled_add(pool, number, load))
        pools_forget(pools, sid);
}

void pools_number_gone(struct pools *pools, const uint8_t *sid, const char *proxy)
{
    struct pool *pool = find(pools, sid);
    struct address form = proxy_form(proxy);
    struct pooled *known = pool ? pooled_find(pool, form.text) : NULL;
    if (known)
        pooled_remove(pool, known);
}

void pools_use(struct pools *pools, const uint8_t *sid, const char *proxy, int64_t count)
{
    struct pool *pool = find(pools, sid);
    struct pooled *known = pool ? pooled_find(pool, proxy) : NULL;
    if (known && !pooled_load(known, count))
        pools_forget(pools, sid);
}

static bool add_row(struct pool *pool, struct rows *rows, struct bytes value, struct error *error)
{
    int64_t load;
    Maskline__Store__V1__PhoneNumber *number =
        rows_record(rows, &maskline__store__v1__phone_number__descriptor, value, error);
    if (number && !number_in_pool(number))
        return true;
    if (!number || rows_use(rows, pool->sid, number->phone_number, &load, error) == KV_FAILED)
        return false;
    return pooled_add(pool, number, load) || refuse(error, REFUSED_NO_MEMORY);
}

static bool fill(struct pool *pool, struct rows *rows, struct error *error)
{
    struct key prefix = key_numbers(rows->tenant, pool->sid);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (; ok && scan_valid(scan); scan_next(scan))
        ok = add_row(pool, rows, scan_value(scan).bytes, error);
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

bool pools_get(struct pools *pools, struct rows *rows, const uint8_t *sid, struct pool **ret_pool,
               struct error *error)
{
    struct pool *pool = find(pools, sid);
    if (!pool) {
        if (pools->table.count >= POOLS_MOST)
            pools_clear(pools);
        pool = calloc(1, sizeof *pool);
        if (!pool)
            return refuse(error, REFUSED_NO_MEMORY);
        memcpy(pool->sid, sid, SID_BYTES);
        if (!fill(pool, rows, error)) {
            pool_free(&pool->link);
            return false;
        }
        if (!table_add(&pools->table, &pool->link, sid_hash(sid))) {
            pool_free(&pool->link);
            return refuse(error, REFUSED_NO_MEMORY);
        }
    }
    *ret_pool = pool;
    return true;
}
