#include "proto/c/fault.h"
#include "server/masking/numbers/calling_code.h"
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

static void leave_level(struct pooled *pooled)
{
    struct level *level = pooled->level;
    if (!level)
        return;
    if (pooled->previous)
        pooled->previous->next = pooled->next;
    else
        level->first = pooled->next;
    if (pooled->next)
        pooled->next->previous = pooled->previous;
    else
        level->last = pooled->previous;
    pooled->level = NULL;
    pooled->next = pooled->previous = NULL;
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

static void enter_level(struct pooled *pooled, struct level *level)
{
    pooled->level = level;
    pooled->next = NULL;
    pooled->previous = level->last;
    if (level->last)
        level->last->next = pooled;
    else
        level->first = pooled;
    level->last = pooled;
}

bool pooled_load(struct pooled *pooled, int64_t load)
{
    if (pooled->load == load)
        return true;
    pooled->load = load;
    struct level *before = pooled->level;
    if (!before)
        return true;
    struct level *after = level_of(pooled->class, before, load);
    if (!after)
        return false;
    leave_level(pooled);
    enter_level(pooled, after);
    drop_empty(pooled->class, before);
    return true;
}

/* ---- classes ---- */

static struct number_class *class_of(struct pool *pool,
                                     const Maskline__Store__V1__PhoneNumber *number)
{
    struct number_class like = {.sms = number->sms, .voice = number->voice};
    calling_code(number->phone_number, like.code);
    snprintf(like.country, sizeof like.country, "%s", number->country);
    for (struct number_class *class = pool->classes; class; class = class->next) {
        if (class->sms == like.sms && class->voice == like.voice &&
            !strcmp(class->code, like.code) && !strcmp(class->country, like.country))
            return class;
    }
    struct number_class *class = malloc(sizeof *class);
    if (!class)
        return NULL;
    *class = like;
    class->next = pool->classes;
    pool->classes = class;
    return class;
}

bool number_is_choosable(const Maskline__Store__V1__PhoneNumber *number)
{
    if (number->reserved && !MUTANT("reserved_number_is_chosen"))
        return false;
    return number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_ACTIVE ||
           MUTANT("number_in_any_state_is_chosen");
}

bool pooled_add(struct pool *pool, const Maskline__Store__V1__PhoneNumber *number, int64_t load)
{
    struct number_class *class = class_of(pool, number);
    struct pooled *pooled = calloc(1, sizeof *pooled);
    bool choosable = number_is_choosable(number);
    struct level *level = class && choosable ? level_of(class, NULL, load) : NULL;
    if (!class || !pooled || (choosable && !level))
        goto no_memory;
    struct address form = proxy_form(number->phone_number);
    memcpy(pooled->proxy, form.text, sizeof pooled->proxy);
    if (!table_add(&pool->numbers, &pooled->link, proxy_hash(pooled->proxy)))
        goto no_memory;
    pooled->class = class;
    pooled->load = load;
    pooled->reserved = number->reserved;
    if (level)
        enter_level(pooled, level);
    class->count++;
    class->choosable += choosable ? 1u : 0u;
    pool->reserved += number->reserved ? 1u : 0u;
    return true;
no_memory:
    drop_empty(class, level);
    free(pooled);
    return false;
}

void pooled_remove(struct pool *pool, struct pooled *pooled)
{
    struct number_class *class = pooled->class;
    struct level *level = pooled->level;
    class->count--;
    class->choosable -= level ? 1u : 0u;
    pool->reserved -= pooled->reserved ? 1u : 0u;
    leave_level(pooled);
    drop_empty(class, level);
    table_remove(&pool->numbers, &pooled->link);
    free(pooled);
}
