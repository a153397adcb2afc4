#include "server/masking/sessions/routes.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"

#include <stdlib.h>
#include <string.h>

static bool has(const Maskline__Store__V1__Route *route, const struct person *person)
{
    for (size_t i = 0; i < route->n_peers; i++) {
        if (route->peers[i].len == PERSON_SIZE &&
            !memcmp(route->peers[i].data, person->bytes, PERSON_SIZE))
            return true;
    }
    return false;
}

/* Whether whatever a late reply could reach now is what it was meant for. */
static bool same_people(const struct joining *joining, const Maskline__Store__V1__Route *route)
{
    for (size_t i = 0; i < joining->peer_count; i++) {
        if (!has(route, &joining->peers[i]) && !MUTANT("cool_down_for_nobody_new"))
            return false;
    }
    return joining->peer_count > 0 && !MUTANT("cool_down_for_the_same_people");
}

/* When the route was given up; 0: its session is active. A session may have ended without anybody having noticed yet. */
static bool route_released(struct rows *rows, const Maskline__Store__V1__Service *service,
                           const Maskline__Store__V1__Route *route, int64_t *ret_time,
                           struct error *error)
{
    *ret_time = route->release_time;
    if (route->release_time)
        return true;
    if (route->session.len != SID_BYTES)
        return rows_unreadable(rows, error);
    Maskline__Store__V1__Session *session;
    enum kv_found found =
        rows_session(rows, service->sid.data, route->session.data, &session, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT)
        *ret_time = route->taken_time;
    else if (!session_open(session))
        *ret_time = session->end_time;
    else if (!session_active(session, rows->now) && !MUTANT("ended_session_keeps_pairs"))
        session_expiry(service, session, ret_time);
    /* An earlier number's time may be over before its session's is. */
    int64_t until = route->until_time;
    if (until && until <= rows->now && (!*ret_time || until < *ret_time) &&
        !MUTANT("old_number_is_held_for_ever"))
        *ret_time = until;
    return true;
}

enum pair_state route_judge(struct rows *rows, const struct joining *joining,
                            const Maskline__Store__V1__Route *route, struct pair *ret_pair,
                            struct error *error)
{
    int64_t released;
    ret_pair->taken_time = route->taken_time;
    ret_pair->free_time = 0;
    ret_pair->state = PAIR_FREE;
    if (route->session.len == SID_BYTES &&
        !memcmp(route->session.data, joining->session, SID_BYTES))
        return PAIR_FREE;
    if (!route_released(rows, joining->service, route, &released, error)) {
        ret_pair->state = PAIR_FAILED;
    } else if (!released && !MUTANT("taken_pair_is_free")) {
        ret_pair->state = PAIR_TAKEN;
        memcpy(ret_pair->session, route->session.data, SID_BYTES);
    } else {
        ret_pair->free_time = released + joining->service->settings->cool_down -
                              MUTANT("cool_down_ends_a_tick_early");
        if (rows->now < ret_pair->free_time && !same_people(joining, route) &&
            !MUTANT("cool_down_ignored"))
            ret_pair->state = PAIR_COOLING;
    }
    return ret_pair->state;
}

/* Of a person with several identifiers: what bars one of them bars the person. */
static void merge(struct pair *into, const struct pair *other)
{
    if (other->taken_time > into->taken_time)
        into->taken_time = other->taken_time;
    if (other->state < into->state || MUTANT("first_identifier_decides"))
        return;
    if (other->state > into->state || other->free_time > into->free_time)
        into->free_time = other->free_time;
    into->state = other->state;
    memcpy(into->session, other->session, SID_BYTES);
}

bool pair_find(struct rows *rows, const struct joining *joining, const char *proxy,
               struct pair *ret_pair, struct error *error)
{
    *ret_pair = (struct pair){.state = PAIR_FREE};
    for (size_t i = 0; i < joining->count; i++) {
        Maskline__Store__V1__Route *route;
        struct pair pair = {.state = PAIR_FREE};
        enum kv_found found = rows_route(rows, joining->service->pool.data, &joining->persons[i],
                                         proxy, &route, error);
        if (found == KV_FAILED)
            return false;
        if (found == KV_ABSENT)
            continue;
        if (route_judge(rows, joining, route, &pair, error) == PAIR_FAILED)
            return false;
        merge(ret_pair, &pair);
    }
    return true;
}

static int by_proxy(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->proxy, ((const struct pair *)b)->proxy);
}

/* A list that grows in the arena. */
static struct pair *pair_add(struct rows *rows, struct pairs *pairs, size_t *room)
{
    if (pairs->count == *room) {
        size_t more = *room ? 2 * *room : 16;
        struct pair *grown = arena_array(rows->arena, more, sizeof *grown);
        if (!grown)
            return NULL;
        if (pairs->count)
            memcpy(grown, pairs->pairs, pairs->count * sizeof *grown);
        pairs->pairs = grown;
        *room = more;
    }
    return &pairs->pairs[pairs->count++];
}

static bool read_route(struct rows *rows, const struct joining *joining, const struct scan *scan,
                       struct pair *ret_pair, struct error *error)
{
    struct bytes proxy;
    if (!key_route_proxy(scan_key(scan), &proxy) || proxy.size >= sizeof ret_pair->proxy)
        return rows_unreadable(rows, error);
    memcpy(ret_pair->proxy, proxy.data, proxy.size);
    Maskline__Store__V1__Route *route =
        rows_record(rows, &maskline__store__v1__route__descriptor, scan_value(scan).bytes, error);
    return route && route_judge(rows, joining, route, ret_pair, error) != PAIR_FAILED;
}

static bool read_person(struct rows *rows, const struct joining *joining,
                        const struct person *person, struct pairs *pairs, size_t *room,
                        struct error *error)
{
    struct key prefix = key_routes(rows->tenant, joining->service->pool.data, person);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (; ok && scan_valid(scan); scan_next(scan)) {
        struct pair *pair = pair_add(rows, pairs, room);
        ok = pair ? read_route(rows, joining, scan, pair, error) : refuse(error, REFUSED_NO_MEMORY);
    }
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

bool pairs_read(struct rows *rows, const struct joining *joining, struct pairs *ret_pairs,
                struct error *error)
{
    size_t room = 0;
    *ret_pairs = (struct pairs){NULL, 0};
    for (size_t i = 0; i < joining->count; i++) {
        if (!read_person(rows, joining, &joining->persons[i], ret_pairs, &room, error))
            return false;
    }
    if (joining->count < 2 || !ret_pairs->count)
        return true; /* a scan is sorted already */
    qsort(ret_pairs->pairs, ret_pairs->count, sizeof *ret_pairs->pairs, by_proxy);
    size_t kept = 0;
    for (size_t i = 1; i < ret_pairs->count; i++) {
        if (by_proxy(&ret_pairs->pairs[kept], &ret_pairs->pairs[i]) == 0)
            merge(&ret_pairs->pairs[kept], &ret_pairs->pairs[i]);
        else
            ret_pairs->pairs[++kept] = ret_pairs->pairs[i];
    }
    ret_pairs->count = kept + 1;
    return true;
}

static void warm_person(struct rows *rows, const uint8_t *service, const struct person *person)
{
    struct error error;
    struct key prefix = key_routes(rows->tenant, service, person);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    for (; scan && scan_valid(scan); scan_next(scan)) {
        const Maskline__Store__V1__Route *route = rows_record(
            rows, &maskline__store__v1__route__descriptor, scan_value(scan).bytes, &error);
        if (!route)
            break;
        /* Of what was given up long ago the decision asks the route alone. */
        if (route->release_time || route->session.len != SID_BYTES)
            continue;
        struct kv_value value;
        struct key key = key_session(rows->tenant, service, route->session.data);
        (void)rows_get(rows, KV_LIVE, &key, &value, &error);
    }
    scan_free(scan);
}

void pairs_warm(struct rows *rows, const uint8_t *service, const struct person *persons,
                size_t count)
{
    for (size_t i = 0; i < count; i++)
        warm_person(rows, service, &persons[i]);
}

const struct pair *pairs_find(const struct pairs *pairs, const char *proxy)
{
    if (!pairs->count)
        return NULL;
    struct pair wanted;
    struct address form = proxy_form(proxy);
    memcpy(wanted.proxy, form.text, sizeof wanted.proxy);
    return bsearch(&wanted, pairs->pairs, pairs->count, sizeof wanted, by_proxy);
}
