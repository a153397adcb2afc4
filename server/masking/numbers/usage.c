/*
 * How a pool is used: its numbers are all looked at; of its people, those that come first, when there are very many. Persons are
 * keyed by a hash, so that these are a fair sample.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/numbers/geo.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/numbers/pool_numbers.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/rows/forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARES_MOST = 2000,   /* more countries and areas than there are */
    ROUTES_MOST = 200000, /* that are looked at */
    NUMBERS_MOST = 200000,
    NEARLY = 85,         /* percent */
    SESSIONS_GOOD = 100, /* of one number; beyond that carriers may throttle or filter it */
    ROW_MEMORY = 64 * 1024,
};

/* Which shares a number counts in. */
struct counted {
    char proxy[ADDRESS_SIZE]; /* canonical */
    short country, area;      /* shares; -1: none */
};

struct counting {
    struct pool_usage *usage;
    const uint8_t *pool;
    struct counted *numbers; /* by proxy, as the rows are */
    size_t count, room;
    short last_country, last_area;
    uint64_t person;
};

/* ---- numbers ---- */

static short find_share(struct counting *counting, const char *country, const char *area,
                        short near)
{
    struct pool_usage *usage = counting->usage;
    if (near >= 0 && !strcmp(usage->shares[near].country, country) &&
        !strcmp(usage->shares[near].area, area))
        return near;
    for (size_t i = 0; i < usage->count; i++) {
        if (!strcmp(usage->shares[i].country, country) && !strcmp(usage->shares[i].area, area))
            return (short)i;
    }
    if (usage->count == SHARES_MOST)
        return -1;
    struct number_share *share = &usage->shares[usage->count];
    *share = (struct number_share){.size = 0};
    snprintf(share->country, sizeof share->country, "%s", country);
    snprintf(share->area, sizeof share->area, "%s", area);
    return (short)usage->count++;
}

static void count_in(struct counting *counting, short index,
                     const Maskline__Store__V1__PhoneNumber *number, int64_t sessions)
{
    if (index < 0)
        return;
    struct number_share *share = &counting->usage->shares[index];
    share->size++;
    share->reserved += number->reserved ? 1u : 0u;
    share->choosable += number_is_choosable(number) ? 1u : 0u;
    share->in_use += sessions > 0 ? 1u : 0u;
    share->crowded += sessions > SESSIONS_GOOD && !MUTANT("crowded_number_untold") ? 1u : 0u;
    if (sessions > share->most_sessions)
        share->most_sessions = sessions;
}

static bool remember(struct counting *counting, const struct counted *number)
{
    if (counting->count == counting->room) {
        size_t room = counting->room ? 2 * counting->room : 1024;
        struct counted *grown =
            room <= 2 * NUMBERS_MOST ? realloc(counting->numbers, room * sizeof *grown) : NULL;
        if (!grown)
            return false;
        counting->numbers = grown;
        counting->room = room;
    }
    counting->numbers[counting->count++] = *number;
    return true;
}

static bool count_number(void *data, struct rows *rows,
                         const Maskline__Store__V1__PhoneNumber *number, struct error *error)
{
    struct counting *counting = data;
    int64_t sessions;
    struct geo geo;
    geo_of(number->phone_number, &geo);
    const char *country = *number->country ? number->country : geo.country;
    struct counted counted = {
        .country = find_share(counting, country, "", counting->last_country),
        .area = -1,
    };
    if (*geo.area)
        counted.area = find_share(counting, country, geo.area, counting->last_area);
    counting->last_country = counted.country;
    counting->last_area = counted.area;
    if (rows_use(rows, counting->pool, number->phone_number, &sessions, error) == KV_FAILED)
        return false;
    count_in(counting, counted.country, number, sessions);
    count_in(counting, counted.area, number, sessions);
    struct address form = proxy_form(number->phone_number);
    memcpy(counted.proxy, form.text, sizeof counted.proxy);
    return remember(counting, &counted) || refuse(error, REFUSED_NO_MEMORY);
}

/* ---- persons ---- */

static int by_proxy(const void *a, const void *b)
{
    return strcmp(((const struct counted *)a)->proxy, ((const struct counted *)b)->proxy);
}

static void person_has(struct counting *counting, short index)
{
    if (index < 0)
        return;
    struct number_share *share = &counting->usage->shares[index];
    if (share->person != counting->person)
        share->persons_count = 0;
    share->person = counting->person;
    share->persons_count++;
    if (share->persons_count > share->most_of_a_person)
        share->most_of_a_person = share->persons_count;
}

static void count_route(struct counting *counting, struct bytes proxy)
{
    struct counted wanted;
    if (proxy.size >= sizeof wanted.proxy)
        return;
    memcpy(wanted.proxy, proxy.data, proxy.size);
    wanted.proxy[proxy.size] = '\0';
    const struct counted *found =
        counting->count
            ? bsearch(&wanted, counting->numbers, counting->count, sizeof wanted, by_proxy)
            : NULL;
    if (!found)
        return;
    person_has(counting, found->country);
    person_has(counting, found->area);
}

static bool look_at_route(struct counting *counting, struct rows *rows, const struct scan *scan,
                          uint8_t person[PERSON_SIZE], struct error *error)
{
    struct bytes key = scan_key(scan), proxy;
    const uint8_t *whose = key_route_person(key);
    if (!whose || !key_route_proxy(key, &proxy))
        return rows_unreadable(rows, error);
    if (memcmp(whose, person, PERSON_SIZE) != 0)
        counting->person++;
    memcpy(person, whose, PERSON_SIZE);
    const Maskline__Store__V1__Route *route =
        rows_record(rows, &maskline__store__v1__route__descriptor, scan_value(scan).bytes, error);
    if (!route)
        return false;
    if ((!route->release_time && !route->deleted) || MUTANT("usage_counts_the_past"))
        count_route(counting, proxy);
    return true;
}

static bool count_persons(struct counting *counting, struct rows *rows, struct error *error)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(ROW_MEMORY);
    struct key prefix = key_all_routes(rows->tenant, counting->pool);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    uint8_t person[PERSON_SIZE] = {0};
    if (!arena || !scan) {
        scan_free(scan);
        return refuse(error, REFUSED_NO_MEMORY);
    }
    struct rows each = *rows;
    each.arena = arena;
    counting->person = 1;
    bool ok = true;
    unsigned looked = 0;
    for (; ok && scan_valid(scan) && looked < ROUTES_MOST;
         scan_next(scan), arena_reset(arena), looked++)
        ok = look_at_route(counting, &each, scan, person, error);
    counting->usage->sampled = ok && scan_valid(scan);
    ok = ok && (scan_valid(scan) || scan_ok(scan, error));
    scan_free(scan);
    return ok;
}

/* ---- the whole ---- */

static bool nearly(uint64_t part, uint64_t whole)
{
    return whole && 100 * part >= NEARLY * whole && !MUTANT("usage_warns_of_nothing");
}

static int by_place(const void *a, const void *b)
{
    const struct number_share *x = a, *y = b;
    int order = strcmp(x->country, y->country);
    return order ? order : strcmp(x->area, y->area);
}

bool numbers_usage(struct view *view, const struct store *store, const char *service,
                   struct arena *arena, struct pool_usage *ret_usage, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *found;
    struct counting counting = {.usage = ret_usage, .last_country = -1, .last_area = -1};
    *ret_usage = (struct pool_usage){.count = 0};
    if (!rows_find_active_service(&rows, service, &found, error))
        return false;
    ret_usage->shares = arena_array(arena, SHARES_MOST, sizeof *ret_usage->shares);
    if (!ret_usage->shares)
        return refuse(error, REFUSED_NO_MEMORY);
    counting.pool = found->pool.data;
    bool ok = pool_numbers(&rows, counting.pool, count_number, &counting, error) &&
              count_persons(&counting, &rows, error);
    free(counting.numbers);
    for (size_t i = 0; i < ret_usage->count; i++) {
        struct number_share *share = &ret_usage->shares[i];
        share->nearly_all_in_use = nearly(share->in_use, share->size);
        share->person_nearly_out = nearly(share->most_of_a_person, share->choosable);
    }
    qsort(ret_usage->shares, ret_usage->count, sizeof *ret_usage->shares, by_place);
    return ok;
}
