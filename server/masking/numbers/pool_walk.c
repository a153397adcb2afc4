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

/* Whether a place is what is wished for. */
static bool near(const char *place, const struct pool_wish *wish, enum scope scope)
{
    const char *wished = geo_place(&wish->geo, scope);
    return *wished ? !strcmp(place, wished) : scope == SCOPE_COUNTRY;
}

/* ---- the index ---- */

static bool index_class(struct pool *pool, const struct number_class *class, enum scope scope)
{
    for (const struct level *level = class->first; level; level = level->higher) {
        for (struct pooled *pooled = level->first; pooled;
             pooled = pooled->places[SCOPE_COUNTRY].next) {
            if (!pooled_index(pool, pooled, scope))
                return false;
        }
    }
    return true;
}

static bool index_scope(struct pool *pool, enum scope scope)
{
    pool->indexed[scope] = true;
    const struct ground *ground = ground_find(pool, SCOPE_COUNTRY, "1");
    for (const struct number_class *class = ground ? ground->classes : NULL; class;
         class = class->next) {
        if (!index_class(pool, class, scope))
            return false;
    }
    return true;
}

bool pool_index(struct pool *pool, const struct pool_wish *wish)
{
    for (enum scope scope = SCOPE_REGION; scope <= wish->narrowest; scope++) {
        if (scope >= wish->widest && !pool->indexed[scope] && !index_scope(pool, scope))
            return false;
    }
    return true;
}

/* ---- what fits ---- */

static void count_ground(const struct ground *ground, const struct pool_wish *wish,
                         struct pool_fits *fits)
{
    for (const struct number_class *class = ground->classes; class; class = class->next) {
        fits->all += class->count;
        fits->sms += class->sms ? class->count : 0;
        fits->voice += class->voice ? class->count : 0;
        if (!able(class, wish))
            continue;
        fits->able += class->count;
        if (!near(ground->place, wish, SCOPE_COUNTRY))
            continue;
        fits->near += class->count;
        fits->choosable += class->choosable;
    }
}

struct pool_fits pool_fit(const struct pool *pool, const struct pool_wish *wish)
{
    struct pool_fits fits = {0};
    for (const struct ground *ground = pool->first[SCOPE_COUNTRY]; ground; ground = ground->next)
        count_ground(ground, wish, &fits);
    if (wish->widest == SCOPE_COUNTRY) {
        fits.in_scope = fits.choosable;
        return fits;
    }
    const struct ground *ground =
        ground_find(pool, wish->widest, geo_place(&wish->geo, wish->widest));
    for (const struct number_class *class = ground ? ground->classes : NULL; class;
         class = class->next)
        fits.in_scope += able(class, wish) ? class->choosable : 0;
    return fits;
}

bool pool_has(const struct pool *pool, const struct pool_wish *wish, const char *proxy,
              enum scope *ret_scope)
{
    const struct pooled *pooled = pooled_find(pool, proxy);
    if (!pooled || !pooled->places[SCOPE_COUNTRY].level ||
        !able(pooled->places[SCOPE_COUNTRY].class, wish))
        return false;
    struct geo geo;
    geo_of(pooled->proxy, &geo);
    enum scope scope = wish->narrowest;
    while (scope > wish->widest && !near(geo_place(&geo, scope), wish, scope))
        scope--;
    *ret_scope = scope;
    return near(geo_place(&geo, scope), wish, scope) || MUTANT("sticky_from_anywhere");
}

/* ---- the walk ---- */

static bool in_tier(const struct pool_walk *walk, const struct number_class *class)
{
    const struct pool_tier *tier = &walk->tiers[walk->tier];
    if (!able(class, &walk->wish))
        return false;
    if (!tier->limited || MUTANT("country_ignored"))
        return true;
    if (*tier->country)
        return !strcmp(class->country, tier->country);
    for (unsigned i = 0; i < walk->tier; i++) {
        if (walk->tiers[i].limited && !strcmp(class->country, walk->tiers[i].country))
            return false;
    }
    return true;
}

static struct ground *first_ground(const struct pool_walk *walk)
{
    enum scope scope = walk->tiers[walk->tier].scope;
    const char *place = geo_place(&walk->wish.geo, scope);
    return *place ? ground_find(walk->pool, scope, place) : walk->pool->first[scope];
}

/* The grounds of a tier: one, or, when any calling code will do, all. */
static struct ground *next_ground(const struct pool_walk *walk, const struct ground *ground)
{
    return *geo_place(&walk->wish.geo, ground->scope) ? NULL : ground->next;
}

static void begin_tier(const struct pool_walk *walk)
{
    for (struct ground *ground = first_ground(walk); ground; ground = next_ground(walk, ground)) {
        for (struct number_class *class = ground->classes; class; class = class->next)
            class->cursor = in_tier(walk, class) && class->first ? class->first->first : NULL;
    }
}

static void add_tier(struct pool_walk *walk, enum scope scope, bool limited, const char *country)
{
    struct pool_tier *tier = &walk->tiers[walk->tier_count++];
    *tier = (struct pool_tier){.scope = scope, .limited = limited};
    memcpy(tier->country, country, strnlen(country, sizeof tier->country - 1));
}

void pool_walk(struct pool *pool, const struct pool_wish *wish, struct pool_walk *ret_walk)
{
    *ret_walk = (struct pool_walk){.pool = pool, .wish = *wish};
    const char *country = wish->geo.country;
    for (enum scope scope = wish->narrowest; scope > SCOPE_COUNTRY && scope >= wish->widest;
         scope--) {
        if (*geo_place(&wish->geo, scope))
            add_tier(ret_walk, scope, false, "");
    }
    if (wish->widest > SCOPE_COUNTRY && !MUTANT("strict_goes_wider")) {
        begin_tier(ret_walk);
        return;
    }
    if (*country)
        add_tier(ret_walk, SCOPE_COUNTRY, true, country);
    /* No carrier sells numbers of most islands: theirs are those of the United States. */
    if (*country && !strcmp(wish->geo.code, "1") && strcmp(country, "US") != 0 &&
        !MUTANT("islands_get_any_number"))
        add_tier(ret_walk, SCOPE_COUNTRY, true, "US");
    add_tier(ret_walk, SCOPE_COUNTRY, *country != '\0', "");
    begin_tier(ret_walk);
}

static struct pooled *after(const struct pooled *pooled, enum scope scope)
{
    const struct place *place = &pooled->places[scope];
    if (place->next)
        return place->next;
    return place->level->higher ? place->level->higher->first : NULL;
}

/* The least used of those that the cursors stand at. */
static struct number_class *least(const struct pool_walk *walk)
{
    struct number_class *found = NULL;
    for (struct ground *ground = first_ground(walk); ground; ground = next_ground(walk, ground)) {
        for (struct number_class *class = ground->classes; class; class = class->next) {
            if (class->cursor &&
                (!found || (class->cursor->load < found->cursor->load && !MUTANT("load_ignored"))))
                found = class;
        }
    }
    return found;
}

const char *pool_walk_next(struct pool_walk *walk)
{
    struct number_class *class = walk->tier < walk->tier_count ? least(walk) : NULL;
    while (!class && walk->tier + 1 < walk->tier_count) {
        walk->tier++;
        begin_tier(walk);
        class = least(walk);
    }
    if (!class)
        return NULL;
    const struct pooled *pooled = class->cursor;
    class->cursor = after(pooled, class->scope);
    walk->load = pooled->load;
    return pooled->proxy;
}

enum scope pool_walk_scope(const struct pool_walk *walk)
{
    return walk->tiers[walk->tier].scope;
}
