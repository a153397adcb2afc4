#include "server/masking/messages/leg_row.h"

#include "proto/c/fault.h"
#include "server/masking/messages/notices.h"

/* Other interactions go with their sessions, when their Service goes. */
static enum kv_found is_there(struct rows *rows, const struct leg_id *id, struct error *error)
{
    struct leg_id its = *id;
    const ProtobufCBinaryData session = {SID_BYTES, its.session};
    Maskline__Store__V1__Service *service;
    if (!is_notice_session(&session) || MUTANT("notice_outlives_service"))
        return KV_FOUND;
    enum kv_found found = rows_service(rows, log_service(&id->log), &service, error);
    bool gone = found == KV_FOUND &&
                service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE;
    return gone ? KV_ABSENT : found;
}

enum kv_found leg_row(struct rows *rows, const struct leg_id *id, struct leg_bytes *ret_leg,
                      struct error *error)
{
    enum kv_found there = is_there(rows, id, error);
    if (there != KV_FOUND)
        return there;
    struct key key =
        key_interaction(log_tenant(&id->log), log_service(&id->log), id->session, id->interaction);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_LIVE, &key, &value, error);
    if (found != KV_FOUND || leg_bytes_read(value.bytes, id->leg, rows->arena, ret_leg))
        return found;
    rows_unreadable(rows, error);
    return KV_FAILED;
}

bool leg_append(struct rows *rows, const struct leg_id *id, Maskline__Store__V1__Leg *leg,
                const struct metadata *metadata, int64_t due_before, struct error *error)
{
    struct leg_id its = *id;
    Maskline__Store__V1__LegChanged changed = MASKLINE__STORE__V1__LEG_CHANGED__INIT;
    changed.session = (ProtobufCBinaryData){SID_BYTES, its.session};
    changed.interaction = (ProtobufCBinaryData){SID_BYTES, its.interaction};
    changed.leg = its.leg;
    changed.now = leg;
    changed.previous_due_time = due_before;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED;
    entry.leg_changed = &changed;
    entry.session_metadata = metadata->items;
    entry.n_session_metadata = metadata->count;
    uint64_t position;
    return rows_append(rows, log_service(&id->log), &entry, &position, error);
}
