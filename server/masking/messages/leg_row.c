#include "server/masking/messages/leg_row.h"

enum kv_found leg_row(struct rows *rows, const struct leg_id *id, struct leg_bytes *ret_leg,
                      struct error *error)
{
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
