#include "proto/c/fault.h"
#include "server/masking/numbers/pools_internal.h"

#include <string.h>

struct pool_counts pool_count(const struct pool *pool)
{
    unsigned all = (unsigned)pool->numbers.count;
    return (struct pool_counts){.reserved = pool->reserved, .unreserved = all - pool->reserved};
}

static bool able(const struct number_class *class, const struct pool_wish *wish)
{
    return (class->sms || !wish->sms) && (class->voice || !wish->voice);
}

static bool near(const struct number_class *class, const struct pool_wish *wish)
{
    return !*wish->code || !strcmp(class->code, wish->code);
}

struct pool_fits pool_fit(const struct pool *pool, const struct pool_wish *wish)
{
    struct pool_fits fits = {0};
    for (const struct number_class *class = pool->classes; class; class = class->next) {
        fits.all += class->count;
        fits.sms += class->sms ? class->count : 0;
        fits.voice += class->voice ? class->count : 0;
        if (!able(class, wish))
            continue;
        fits.able += class->count;
        if (!near(class, wish))
            continue;
        fits.near += class->count;
        fits.choosable += class->choosable;
    }
    return fits;
}

bool pool_has(const struct pool *pool, const struct pool_wish *wish, const char *proxy)
{
    const struct pooled *pooled = pooled_find(pool, proxy);
    return pooled && pooled->level && able(pooled->class, wish) && near(pooled->class, wish);
}

/* Whether the class belongs to the group that is walked now. */
static bool in_group(const struct pool_walk *walk, const struct number_class *class)
{
    const struct pool_wish *wish = &walk->wish;
    bool own = !*wish->country || !strcmp(class->country, wish->country);
    return (own || MUTANT("country_ignored")) != walk->others && able(class, wish) &&
           near(class, wish);
}

static void begin_group(const struct pool_walk *walk)
{
    for (struct number_class *class = walk->pool->classes; class; class = class->next)
        class->cursor = in_group(walk, class) && class->first ? class->first->first : NULL;
}

void pool_walk(struct pool *pool, const struct pool_wish *wish, struct pool_walk *ret_walk)
{
    *ret_walk = (struct pool_walk){.pool = pool, .wish = *wish};
    begin_group(ret_walk);
}

static struct pooled *after(const struct pooled *pooled)
{
    if (pooled->next)
        return pooled->next;
    return pooled->level->higher ? pooled->level->higher->first : NULL;
}

/* The least used of those that the cursors stand at. */
static struct number_class *least(const struct pool *pool)
{
    struct number_class *found = NULL;
    for (struct number_class *class = pool->classes; class; class = class->next) {
        if (class->cursor &&
            (!found || (class->cursor->load < found->cursor->load && !MUTANT("load_ignored"))))
            found = class;
    }
    return found;
}

const char *pool_walk_next(struct pool_walk *walk)
{
    struct number_class *class = least(walk->pool);
    if (!class && !walk->others && *walk->wish.country) {
        walk->others = true;
        begin_group(walk);
        class = least(walk->pool);
    }
    if (!class)
        return NULL;
    const struct pooled *pooled = class->cursor;
    class->cursor = after(pooled);
    walk->load = pooled->load;
    return pooled->proxy;
}
