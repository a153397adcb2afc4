/*
 * The end of sessions: closing and deleting them, in whatever transaction finds that it is time.
 */
#include "proto/c/fault.h"
#include "server/masking/calls/call_legs.h"
#include "server/masking/errors.h"
#include "server/masking/internal.h"
#include "server/masking/messages/legs.h"
#include "server/masking/derive/session_apply.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_routes.h"

#include <string.h>

bool session_close(struct rows *rows, const Maskline__Store__V1__Service *service,
                   Maskline__Store__V1__Session *session, Maskline__Store__V1__SessionStatus status,
                   Maskline__Store__V1__ClosedReason reason, const char *fail_reason,
                   int64_t end_time, struct error *error)
{
    struct route_list routes;
    struct use_list uses;
    if (!session_routes(rows->arena, session, NULL, &routes) ||
        !session_uses(rows->arena, session, -1, &uses))
        return refuse(error, REFUSED_NO_MEMORY);
    Maskline__Store__V1__SessionClosed closed = MASKLINE__STORE__V1__SESSION_CLOSED__INIT;
    closed.session = session->sid;
    closed.status = status;
    closed.reason = reason;
    closed.fail_reason = borrowed(fail_reason);
    closed.end_time = end_time;
    closed.purge_time = end_time + service->settings->closed_session_retention;
    closed.released = routes.items;
    closed.n_released = routes.count;
    closed.uses = uses.items;
    closed.n_uses = uses.count;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED;
    entry.session_closed = &closed;
    entry_of_session(&entry, session);
    uint64_t position;
    if (!rows_append(rows, service->sid.data, &entry, &position, error))
        return false;
    session_apply_closed(session, &closed, rows->now);
    return true;
}

bool session_close_expired(struct rows *rows, const Maskline__Store__V1__Service *service,
                           Maskline__Store__V1__Session *session, struct error *error)
{
    if (!session_open(session) || session_active(session, rows->now))
        return true;
    int64_t ended;
    Maskline__Store__V1__ClosedReason reason = session_expiry(service, session, &ended);
    if (MUTANT("expiry_counts_from_notice"))
        ended = rows->now;
    return session_close(rows, service, session,
                         MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED, reason, "",
                         ended, error);
}

/* ---- deletion ---- */

enum {
    /* An entry has to stay well below 1 MB. */
    INTERACTIONS_LISTED = 16384,
};

struct interaction_list {
    ProtobufCBinaryData *items;
    size_t count;
    size_t room;
};

static bool list_add(struct arena *arena, struct interaction_list *list, const uint8_t *sid)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 16;
        ProtobufCBinaryData *grown = arena_array(arena, room, sizeof *grown);
        if (!grown)
            return false;
        if (list->count)
            memcpy(grown, list->items, list->count * sizeof *grown);
        list->items = grown;
        list->room = room;
    }
    uint8_t *copy = arena_copy(arena, sid, SID_BYTES);
    list->items[list->count++] = (ProtobufCBinaryData){SID_BYTES, copy};
    return copy;
}

static bool collect(struct rows *rows, const struct key *prefix, struct scan *scan,
                    struct interaction_list *list, struct error *error)
{
    for (; scan_valid(scan); scan_next(scan)) {
        struct bytes key = scan_key(scan);
        sid_bytes sid;
        if (key.size == prefix->size + SID_BYTES && key_last_sid(key, sid) &&
            !list_add(rows->arena, list, sid))
            return refuse(error, REFUSED_NO_MEMORY);
    }
    return scan_ok(scan, error);
}

/* The newest interactions go with the entry, so that replay deletes them again. Where there are more than fit into one, the oldest, which
 * have long been written out, are deleted directly. */
static bool cut_list(struct rows *rows, const Maskline__Store__V1__Service *service,
                     const Maskline__Store__V1__Session *session, struct interaction_list *list,
                     struct error *error)
{
    for (; list->count > INTERACTIONS_LISTED; list->count--) {
        struct key key = key_interaction(rows->tenant, service->sid.data, session->sid.data,
                                         list->items[list->count - 1].data);
        if (!txn_delete(rows->txn, KV_LIVE, key_bytes(&key)))
            return refuse(error, REFUSED_NO_MEMORY);
    }
    return true;
}

/* The newest first. */
static bool find_interactions(struct rows *rows, const Maskline__Store__V1__Service *service,
                              const Maskline__Store__V1__Session *session,
                              struct interaction_list *ret_list, struct error *error)
{
    struct key prefix = key_interactions(rows->tenant, service->sid.data, session->sid.data);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), true);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    *ret_list = (struct interaction_list){NULL, 0, 0};
    bool ok = collect(rows, &prefix, scan, ret_list, error);
    scan_free(scan);
    return ok && cut_list(rows, service, session, ret_list, error);
}

/* Calls that live, of which nothing is left but that they are to be hung up. */
static bool find_calls(struct rows *rows, const Maskline__Store__V1__Service *service,
                       const Maskline__Store__V1__Session *session,
                       Maskline__Store__V1__SessionDeleted *deleted, struct error *error)
{
    size_t room = session->n_live_calls;
    deleted->live_calls = arena_array(rows->arena, room, sizeof *deleted->live_calls);
    if (!deleted->live_calls)
        return refuse(error, REFUSED_NO_MEMORY);
    for (size_t i = 0; i < room; i++) {
        Maskline__Store__V1__Interaction *interaction;
        struct call_sides sides;
        enum kv_found found = rows_interaction(rows, service->sid.data, session->sid.data,
                                               session->live_calls[i].data, &interaction, error);
        if (found == KV_FAILED)
            return false;
        if (found == KV_ABSENT || !call_of(interaction, &sides) || !call_live(interaction))
            continue;
        Maskline__Store__V1__LostCall *call = arena_alloc(rows->arena, sizeof *call);
        if (!call)
            return refuse(error, REFUSED_NO_MEMORY);
        maskline__store__v1__lost_call__init(call);
        call->interaction = interaction->sid;
        call->carrier = sides.call->carrier;
        call->until_time = call_until(&sides);
        call->due_time = sides.call->due_time;
        deleted->live_calls[deleted->n_live_calls++] = call;
    }
    return true;
}

bool session_remove(struct rows *rows, const Maskline__Store__V1__Service *service,
                    Maskline__Store__V1__Session *session, bool purged, bool service_deleted,
                    struct error *error)
{
    /* One that has ended unnoticed ends first, so that its routes rest from that instant on. */
    if (!session_close_expired(rows, service, session, error))
        return false;
    struct interaction_list interactions = {0};
    struct route_list routes;
    struct person_list persons;
    struct use_list uses = {NULL, 0};
    if (!find_interactions(rows, service, session, &interactions, error))
        return false;
    if (!session_routes_ever(rows->arena, session, &routes) ||
        !session_persons_ever(rows->arena, session, &persons) ||
        (session_open(session) && !session_uses(rows->arena, session, -1, &uses)))
        return refuse(error, REFUSED_NO_MEMORY);
    Maskline__Store__V1__SessionDeleted deleted = MASKLINE__STORE__V1__SESSION_DELETED__INIT;
    deleted.session = session->sid;
    deleted.unique_name = session->unique_name;
    deleted.routes = routes.items;
    deleted.n_routes = routes.count;
    deleted.uses = uses.items;
    deleted.n_uses = uses.count;
    deleted.persons = persons.items;
    deleted.n_persons = persons.count;
    deleted.interactions = interactions.items;
    deleted.n_interactions = interactions.count;
    deleted.name_listed = *session->unique_name && service->settings->reused_names;
    deleted.purged = purged;
    deleted.service_deleted = service_deleted;
    if (!find_calls(rows, service, session, &deleted, error))
        return false;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_DELETED;
    entry.session_deleted = &deleted;
    entry_of_session(&entry, session);
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, error);
}
