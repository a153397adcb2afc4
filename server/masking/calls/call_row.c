#include "server/masking/calls/call_row.h"

#include "server/masking/errors.h"
#include "server/masking/outbox/outbound_key.h"

#include <string.h>

enum {
    LEG_OF_CALLS = 65535,   /* no message has so many */
    FORGET_LOOKS_AT = 4096, /* rows; one that is not among them goes by its time */
};

_Static_assert((int)CALL_KEY_SIZE >= (int)OUTBOUND_KEY_SIZE, "a call's key fits its place");

static struct leg_id as_leg(const struct call_id *id)
{
    struct leg_id leg = {.log = id->log, .leg = LEG_OF_CALLS};
    memcpy(leg.session, id->session, SID_BYTES);
    memcpy(leg.interaction, id->interaction, SID_BYTES);
    return leg;
}

void call_key_write(const struct call_id *id, const uint8_t *hash_key, const char *carrier,
                    char ret_key[CALL_KEY_SIZE])
{
    struct leg_id leg = as_leg(id);
    outbound_key_write(&leg, hash_key, carrier, ret_key);
}

bool call_key_read(const char *key, struct call_id *ret_id)
{
    struct leg_id leg;
    if (!outbound_key_read(key, &leg) || leg.leg != LEG_OF_CALLS)
        return false;
    ret_id->log = leg.log;
    memcpy(ret_id->session, leg.session, SID_BYTES);
    memcpy(ret_id->interaction, leg.interaction, SID_BYTES);
    return true;
}

enum kv_found call_row(struct rows *rows, const struct call_id *id, struct call_sides *ret_sides,
                       struct error *error)
{
    Maskline__Store__V1__Interaction *interaction;
    enum kv_found found = rows_interaction(rows, log_service(&id->log), id->session,
                                           id->interaction, &interaction, error);
    return found == KV_FOUND && !call_of(interaction, ret_sides) ? KV_ABSENT : found;
}

bool call_append(struct rows *rows, const uint8_t *service, struct call_sides *sides,
                 int64_t due_before, bool ends, struct error *error)
{
    const Maskline__Store__V1__Interaction *interaction = sides->interaction;
    Maskline__Store__V1__CallChanged changed = MASKLINE__STORE__V1__CALL_CHANGED__INIT;
    changed.session = interaction->session;
    changed.interaction = interaction->sid;
    changed.inbound = interaction->inbound;
    changed.outbound = interaction->outbound;
    changed.n_outbound = interaction->n_outbound;
    changed.call = interaction->call;
    changed.previous_due_time = due_before;
    changed.ended = ends;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_CALL_CHANGED;
    entry.call_changed = &changed;
    entry.session_metadata = interaction->session_metadata;
    entry.n_session_metadata = interaction->n_session_metadata;
    uint64_t position;
    if (!rows_append(rows, service, &entry, &position, error))
        return false;
    sides->interaction->update_time = rows->now;
    return true;
}

static bool drop(struct rows *rows, const struct key *key, struct error *error)
{
    return txn_delete(rows->txn, KV_IDX, key_bytes(key)) || refuse(error, REFUSED_NO_MEMORY);
}

bool call_row_forget(struct rows *rows, const struct call_id *id, int64_t likely,
                     struct error *error)
{
    struct key place =
        key_call(rows->tenant, log_service(&id->log), likely, id->session, id->interaction);
    struct kv_value value;
    enum kv_found there = likely ? rows_get(rows, KV_IDX, &place, &value, error) : KV_ABSENT;
    if (there != KV_ABSENT)
        return there == KV_FOUND && drop(rows, &place, error);
    struct key prefix = key_calls(rows->tenant, log_service(&id->log));
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    struct key found = {.size = 0};
    unsigned looked = 0;
    for (; scan_valid(scan) && !found.size && looked < FORGET_LOOKS_AT; scan_next(scan), looked++) {
        struct bytes key = scan_key(scan);
        sid_bytes session, interaction;
        if (!key_call_sids(key, session, interaction) ||
            memcmp(interaction, id->interaction, SID_BYTES) != 0)
            continue;
        memcpy(found.data, key.data, key.size);
        found.size = key.size;
    }
    bool ok = scan_valid(scan) || scan_ok(scan, error);
    scan_free(scan);
    if (!ok || !found.size)
        return ok;
    return drop(rows, &found, error);
}
