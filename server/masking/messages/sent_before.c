#include "server/masking/messages/sent_before.h"

#include "server/masking/errors.h"

bool sent_before(struct rows *rows, const Maskline__Store__V1__Service *service, uint64_t position,
                 Maskline__Store__V1__Interaction **ret_interaction, struct error *error)
{
    struct log_id log = key_log(rows->tenant, service->sid.data);
    struct key key = key_log_entry(&log, position);
    struct kv_value value;
    Maskline__Store__V1__Entry *entry = NULL;
    if (rows_get(rows, KV_LOG, &key, &value, error) == KV_FOUND)
        entry = maskline__store__v1__entry__unpack(arena_allocator(rows->arena), value.bytes.size,
                                                   value.bytes.data);
    if (!entry || entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED)
        return refuse(error, REFUSED_REQUEST_ANSWER_GONE);
    *ret_interaction = entry->interaction_created->interaction;
    return true;
}
