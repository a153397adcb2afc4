#include "proto/c/fault.h"
#include "server/masking/rows/forms.h"
#include "server/masking/numbers/pools_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t proxy_hash(const char *proxy)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *proxy; proxy++)
        hash = (hash ^ (uint8_t)*proxy) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

struct pooled *pooled_find(const struct pool *pool, const char *proxy)
{
    struct table_link *link = NULL;
    while ((link = table_find(&pool->numbers, proxy_hash(proxy), link))) {
        if (!strcmp(((struct pooled *)link)->proxy, proxy))
            return (struct pooled *)link;
    }
    return NULL;
}

/* ---- levels ---- */

static void leave_level(struct pooled *pooled, enum scope scope)
{
    struct place *place = &pooled->places[scope];
    struct level *level = place->level;
    if (!level)
        return;
    if (place->previous)
        place->previous->places[scope].next = place->next;
    else
        level->first = place->next;
    if (place->next)
        place->next->places[scope].previous = place->previous;
    else
        level->last = place->previous;
    place->level = NULL;
    place->next = place->previous = NULL;
}

static void drop_empty(struct number_class *class, struct level *level)
{
    if (!level || level->first)
        return;
    if (level->lower)
        level->lower->higher = level->higher;
    else
        class->first = level->higher;
    if (level->higher)
        level->higher->lower = level->lower;
    free(level);
}

/* The level of a load, made when there is none; looked for from `near` on. */
static struct level *level_of(struct number_class *class, struct level *near, int64_t load)
{
    struct level *lower = near ? near : class->first;
    while (lower && lower->load > load)
        lower = lower->lower;
    while (lower && lower->higher && lower->higher->load <= load)
        lower = lower->higher;
    if (lower && lower->load == load)
        return lower;
    struct level *level = calloc(1, sizeof *level);
    if (!level)
        return NULL;
    level->load = load;
    level->lower = lower;
    level->higher = lower ? lower->higher : class->first;
    if (level->higher)
        level->higher->lower = level;
    if (lower)
        lower->higher = level;
    else
        class->first = level;
    return level;
}

static void enter_level(struct pooled *pooled, enum scope scope, struct level *level)
{
    struct place *place = &pooled->places[scope];
    place->level = level;
    place->next = NULL;
    place->previous = level->last;
    if (level->last)
        level->last->places[scope].next = pooled;
    else
        level->first = pooled;
    level->last = pooled;
}

static bool move(struct pooled *pooled, enum scope scope)
{
    struct place *place = &pooled->places[scope];
    struct level *before = place->level;
    if (!before)
        return true;
    struct level *after = level_of(place->class, before, pooled->load);
    if (!after)
        return false;
    leave_level(pooled, scope);
    enter_level(pooled, scope, after);
    drop_empty(place->class, before);
    return true;
}

bool pooled_load(struct pooled *pooled, int64_t load)
{
    if (pooled->load == load)
        return true;
    pooled->load = load;
    for (enum scope scope = SCOPE_COUNTRY; scope < SCOPES; scope++) {
        if (!move(pooled, scope))
            return false;
    }
    return true;
}

/* ---- grounds and classes ---- */

static uint64_t ground_hash(enum scope scope, const char *place)
{
    return proxy_hash(place) + (uint64_t)scope;
}

struct ground *ground_find(const struct pool *pool, enum scope scope, const char *place)
{
    struct table_link *link = NULL;
    while ((link = table_find(&pool->grounds, ground_hash(scope, place), link))) {
        struct ground *ground = (struct ground *)link;
        if (ground->scope == scope && !strcmp(ground->place, place))
            return ground;
    }
    return NULL;
}

struct ground *ground_of(struct pool *pool, enum scope scope, const char *place)
{
    struct ground *ground = ground_find(pool, scope, place);
    if (ground)
        return ground;
    ground = calloc(1, sizeof *ground);
    if (!ground)
        return NULL;
    ground->scope = scope;
    snprintf(ground->place, sizeof ground->place, "%s", place);
    if (!table_add(&pool->grounds, &ground->link, ground_hash(scope, place))) {
        free(ground);
        return NULL;
    }
    ground->next = pool->first[scope];
    pool->first[scope] = ground;
    return ground;
}

static struct number_class *class_of(struct ground *ground, const struct number_class *like)
{
    for (struct number_class *class = ground->classes; class; class = class->next) {
        if (class->sms == like->sms && class->voice == like->voice &&
            !strcmp(class->country, like->country))
            return class;
    }
    struct number_class *class = calloc(1, sizeof *class);
    if (!class)
        return NULL;
    class->scope = ground->scope;
    class->sms = like->sms;
    class->voice = like->voice;
    memcpy(class->country, like->country, sizeof class->country);
    class->next = ground->classes;
    ground->classes = class;
    return class;
}

bool number_is_choosable(const Maskline__Store__V1__PhoneNumber *number)
{
    if (number->reserved && !MUTANT("reserved_number_is_chosen"))
        return false;
    return number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_ACTIVE ||
           MUTANT("number_in_any_state_is_chosen");
}

/* It stands in the ground, and, when it may be chosen, in the level of its load. */
static bool stand(struct ground *ground, const struct number_class *like, struct pooled *pooled,
                  bool choosable)
{
    struct number_class *class = ground ? class_of(ground, like) : NULL;
    if (!class)
        return false;
    struct level *level = choosable ? level_of(class, NULL, pooled->load) : NULL;
    if (choosable && !level)
        return false;
    pooled->places[class->scope].class = class;
    if (level)
        enter_level(pooled, class->scope, level);
    class->count++;
    class->choosable += choosable ? 1u : 0u;
    return true;
}

static void step_out(struct pooled *pooled, enum scope scope)
{
    struct place *place = &pooled->places[scope];
    struct number_class *class = place->class;
    struct level *level = place->level;
    if (!class)
        return;
    class->count--;
    class->choosable -= level ? 1u : 0u;
    leave_level(pooled, scope);
    drop_empty(class, level);
    place->class = NULL;
}

bool pooled_index(struct pool *pool, struct pooled *pooled, enum scope scope)
{
    struct number_class like = *pooled->places[SCOPE_COUNTRY].class;
    struct geo geo;
    geo_of(pooled->proxy, &geo);
    const char *place = geo_place(&geo, scope);
    if (!*place)
        return true;
    like.country[0] = '\0'; /* the place tells */
    return stand(ground_of(pool, scope, place), &like, pooled, true);
}

static void leave_all(struct pooled *pooled)
{
    for (enum scope scope = SCOPE_COUNTRY; scope < SCOPES; scope++)
        step_out(pooled, scope);
}

static bool stand_everywhere(struct pool *pool, const Maskline__Store__V1__PhoneNumber *number,
                             struct pooled *pooled)
{
    struct number_class like = {.sms = number->sms, .voice = number->voice};
    bool choosable = number_is_choosable(number);
    struct geo geo;
    geo_of(number->phone_number, &geo);
    snprintf(like.country, sizeof like.country, "%s",
             *number->country ? number->country : geo.country);
    bool ok = stand(ground_of(pool, SCOPE_COUNTRY, geo.code), &like, pooled, choosable);
    for (enum scope scope = SCOPE_REGION; ok && choosable && scope < SCOPES; scope++)
        ok = !pool->indexed[scope] || pooled_index(pool, pooled, scope);
    return ok;
}

bool pooled_add(struct pool *pool, const Maskline__Store__V1__PhoneNumber *number, int64_t load)
{
    struct pooled *pooled = calloc(1, sizeof *pooled);
    if (!pooled)
        return false;
    struct address form = proxy_form(number->phone_number);
    memcpy(pooled->proxy, form.text, sizeof pooled->proxy);
    pooled->load = load;
    pooled->reserved = number->reserved;
    if (!stand_everywhere(pool, number, pooled) ||
        !table_add(&pool->numbers, &pooled->link, proxy_hash(pooled->proxy))) {
        leave_all(pooled);
        free(pooled);
        return false;
    }
    pool->reserved += number->reserved ? 1u : 0u;
    return true;
}

void pooled_remove(struct pool *pool, struct pooled *pooled)
{
    pool->reserved -= pooled->reserved ? 1u : 0u;
    leave_all(pooled);
    table_remove(&pool->numbers, &pooled->link);
    free(pooled);
}
