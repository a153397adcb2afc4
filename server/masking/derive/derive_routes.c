#include "proto/c/fault.h"
#include "server/masking/derive/derive.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/known.h"
#include "server/masking/numbers/pools.h"
#include "server/masking/sessions/routes.h"

#include <string.h>

static bool route_key(struct deriving *d, const Maskline__Store__V1__RouteChange *change,
                      struct key *ret_key)
{
    struct person person;
    if (!derive_person(&change->person, &person))
        return false;
    struct address form = proxy_form(change->proxy_identifier);
    *ret_key = key_route(d->tenant, d->service, &person, form.text);
    if (!MUTANT("changed_route_still_known"))
        known_route_changed(d->masking->known, ret_key);
    return true;
}

bool derive_taken(struct deriving *d, const uint8_t *session, int64_t release_time,
                  Maskline__Store__V1__RouteChange **taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct key key;
        Maskline__Store__V1__Route route = MASKLINE__STORE__V1__ROUTE__INIT;
        route.session = (ProtobufCBinaryData){SID_BYTES, (uint8_t *)(uintptr_t)session};
        route.participant = taken[i]->participant;
        route.generation = taken[i]->generation;
        route.taken_time = d->entry->time;
        route.release_time = release_time;
        route.until_time = taken[i]->until_time;
        route.n_peers = taken[i]->n_peers;
        route.peers = taken[i]->peers;
        if (!route_key(d, taken[i], &key) ||
            !derive_record(d, KV_LIVE, &key, &route.base, 0, ROW_WITH_ENTRY))
            return false;
    }
    return true;
}

static bool of_session(const Maskline__Store__V1__Route *route, const uint8_t *session)
{
    return route->session.len == SID_BYTES && !memcmp(route->session.data, session, SID_BYTES);
}

/* A route that is still this one's: another session may have taken it since. */
static bool still_its(const Maskline__Store__V1__Route *route, const uint8_t *session,
                      const Maskline__Store__V1__RouteChange *change)
{
    return of_session(route, session) && route->generation == change->generation &&
           route->participant.len == change->participant.len &&
           !memcmp(route->participant.data, change->participant.data, change->participant.len);
}

static enum row_state old_route(struct deriving *d, const Maskline__Store__V1__RouteChange *change,
                                struct key *ret_key, Maskline__Store__V1__Route **ret_route)
{
    if (!route_key(d, change, ret_key))
        return ROW_FAILED;
    return derive_old_record(d, KV_LIVE, ret_key, &maskline__store__v1__route__descriptor,
                             ret_route);
}

bool derive_released(struct deriving *d, const uint8_t *session, int64_t release_time,
                     Maskline__Store__V1__RouteChange **released, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct key key;
        Maskline__Store__V1__Route *route;
        enum row_state old = old_route(d, released[i], &key, &route);
        if (old == ROW_FAILED)
            return false;
        if (old != ROW_PRESENT || route->release_time ||
            (!still_its(route, session, released[i]) && !MUTANT("route_of_another_is_released")))
            continue;
        bool over = route->until_time && route->until_time < release_time;
        route->release_time = over ? route->until_time : release_time;
        if (!derive_record(d, KV_LIVE, &key, &route->base, 0, ROW_LATER))
            return false;
    }
    return true;
}

bool derive_peers(struct deriving *d, const uint8_t *session,
                  Maskline__Store__V1__RouteChange **changed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct key key;
        Maskline__Store__V1__Route *route;
        enum row_state old = old_route(d, changed[i], &key, &route);
        if (old == ROW_FAILED)
            return false;
        if (old != ROW_PRESENT || !still_its(route, session, changed[i]))
            continue;
        route->n_peers = changed[i]->n_peers;
        route->peers = changed[i]->peers;
        if (!derive_record(d, KV_LIVE, &key, &route->base, 0, ROW_LATER))
            return false;
    }
    return true;
}

bool derive_forgotten(struct deriving *d, const Maskline__Store__V1__SessionDeleted *deleted)
{
    for (size_t i = 0; i < deleted->n_routes; i++) {
        struct key key;
        Maskline__Store__V1__Route *route;
        if (deleted->service_deleted) { /* the pool goes, too */
            if (!route_key(d, deleted->routes[i], &key) ||
                !derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_LATER))
                return false;
            continue;
        }
        enum row_state old = old_route(d, deleted->routes[i], &key, &route);
        if (old == ROW_FAILED)
            return false;
        if (old != ROW_PRESENT || !of_session(route, deleted->session.data))
            continue;
        route->deleted = true;
        if (!route->release_time)
            route->release_time = d->entry->time;
        if (!derive_record(d, KV_LIVE, &key, &route->base, route->release_time + ROUTE_KEPT,
                           ROW_LATER))
            return false;
    }
    return true;
}

/* So that whoever takes a number away finds its sessions. */
static bool put_user(struct deriving *d, const char *form, const uint8_t *session, bool is_new,
                     int64_t delta)
{
    struct key key = key_number_session(d->tenant, d->service, form, session);
    if (delta < 0)
        return derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER);
    if (MUTANT("users_not_listed"))
        return true;
    /* Of a session that ends soon the disk never hears. */
    return is_new ? derive_put_new(d->derivation, KV_IDX, key_bytes(&key), (struct bytes){"", 0}, 0)
                  : derive_text(d, KV_IDX, &key, (struct bytes){"", 0}, ROW_LATER);
}

bool derive_uses(struct deriving *d, const uint8_t *session, bool is_new,
                 Maskline__Store__V1__UseChange **uses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct address form = proxy_form(uses[i]->proxy_identifier);
        struct key key = key_use(d->tenant, d->service, form.text);
        if (!put_user(d, form.text, session, is_new, uses[i]->delta))
            return false;
        Maskline__Store__V1__NumberUse fresh = MASKLINE__STORE__V1__NUMBER_USE__INIT, *use = &fresh;
        enum row_state old =
            derive_old_record(d, KV_LIVE, &key, &maskline__store__v1__number_use__descriptor, &use);
        if (old == ROW_FAILED)
            return false;
        if (old == ROW_DONE)
            continue;
        use->count += MUTANT("uses_not_counted") ? 0 : uses[i]->delta;
        if (use->count < 0)
            use->count = 0;
        pools_use(d->masking->pools, d->service, form.text, use->count);
        if (!derive_record(d, KV_LIVE, &key, &use->base, 0, ROW_LATER))
            return false;
    }
    return true;
}
