#include "server/masking/sessions/reopen.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/numbers/selection.h"
#include "server/masking/derive/session_apply.h"
#include "server/masking/sessions/renumber.h"
#include "server/masking/sessions/session_name.h"
#include "server/masking/sessions/session_routes.h"

#include <string.h>

/* The number has to be in the pool still, or again, to stay, and to do what the mode needs. It may be DRAINING or LOCKED: that bars new
 * sessions. */
static bool check_number(struct rows *rows, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__Session *session,
                         Maskline__Store__V1__RouteChange *change, struct error *error)
{
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found =
        rows_number(rows, service->pool.data, change->proxy_identifier, &number, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || (number->removal_time && !MUTANT("leaving_number_is_taken")))
        return refuse(error, REFUSED_NUMBER_GONE);
    change->number = number->sid;
    return number_fits_mode(number, session->mode, error);
}

/* Whether a pair is still this session's, or has come free of what took it since. */
static bool check_route(struct rows *rows, const Maskline__Store__V1__Service *service,
                        const Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__RouteChange *change, struct error *error)
{
    struct person person;
    struct person *peers = arena_array(rows->arena, change->n_peers, sizeof *peers);
    if (!peers)
        return refuse(error, REFUSED_NO_MEMORY);
    memcpy(person.bytes, change->person.data, PERSON_SIZE);
    for (size_t i = 0; i < change->n_peers; i++)
        memcpy(peers[i].bytes, change->peers[i].data, PERSON_SIZE);
    const struct joining joining = {
        .service = service,
        .session = session->sid.data,
        .persons = &person,
        .count = 1,
        .peers = peers,
        .peer_count = change->n_peers,
    };
    struct pair pair;
    return pair_find(rows, &joining, change->proxy_identifier, &pair, error) &&
           pair_allowed(&pair, rows->now, error);
}

static bool append(struct rows *rows, const Maskline__Store__V1__Service *service,
                   Maskline__Store__V1__Session *session, const struct session_life *life,
                   const struct metadata *metadata, bool takes_name,
                   const struct route_list *routes, const struct use_list *uses,
                   struct error *error)
{
    Maskline__Store__V1__Session after = *session;
    after.ttl = life->ttl;
    after.expire_date = life->expire_date;
    after.reopen_time = rows->now;
    Maskline__Store__V1__SessionReopened reopened = MASKLINE__STORE__V1__SESSION_REOPENED__INIT;
    reopened.session = session->sid;
    reopened.ttl = life->ttl;
    reopened.ttl_given = life->ttl_given;
    reopened.expire_date = life->expire_date;
    reopened.effective_expire_time = session_expire_time(service, &after);
    /* The generation of its people was the session's own before it closed. */
    reopened.generation =
        MUTANT("reopening_keeps_generation") ? session->generation - 1 : session->generation + 1;
    for (size_t i = 0; i < routes->count; i++)
        routes->items[i]->generation = reopened.generation;
    if (takes_name)
        reopened.unique_name = session->unique_name;
    reopened.taken = routes->items;
    reopened.n_taken = routes->count;
    reopened.uses = uses->items;
    reopened.n_uses = uses->count;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_REOPENED;
    entry.session_reopened = &reopened;
    entry_of_session(&entry, session);
    if (metadata) {
        reopened.set_metadata = true;
        entry.session_metadata = metadata->items;
        entry.n_session_metadata = metadata->count;
    }
    uint64_t position;
    if (!rows_append(rows, service->sid.data, &entry, &position, error))
        return false;
    session_apply_reopened(session, &reopened, &entry);
    return true;
}

/* One that failed for a number gets another in its place. */
static bool find_numbers(struct masking *masking, struct rows *rows,
                         const Maskline__Store__V1__Service *service,
                         Maskline__Store__V1__Session *session, struct error *error)
{
    return session->status != MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED ||
           MUTANT("failed_session_waits_for_its_number") ||
           session_renumber_lost(masking, rows, service, session, error) == RENUMBERED_ALL;
}

bool session_reopen(struct masking *masking, struct rows *rows,
                    const Maskline__Store__V1__Service *service,
                    Maskline__Store__V1__Session *session, const struct session_life *life,
                    const struct metadata *metadata, struct error *error)
{
    struct route_list routes;
    struct use_list uses;
    struct name_taken name = {.held = true};
    if (*session->unique_name &&
        !session_name_take(rows, service, session->unique_name, session->sid.data, &name, error))
        return false;
    if (!find_numbers(masking, rows, service, session, error))
        return false;
    if (!session_routes(rows->arena, session, NULL, &routes) ||
        !session_uses(rows->arena, session, 1, &uses))
        return refuse(error, REFUSED_NO_MEMORY);
    for (size_t i = 0; i < routes.count; i++) {
        if (!check_number(rows, service, session, routes.items[i], error) ||
            (!MUTANT("reopening_takes_pairs") &&
             !check_route(rows, service, session, routes.items[i], error)))
            return false;
    }
    return append(rows, service, session, life, metadata, !name.held, &routes, &uses, error);
}
