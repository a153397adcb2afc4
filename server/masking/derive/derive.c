#include "server/masking/derive/derive.h"

#include "proto/c/fault.h"
#include "proto/c/wire_check.h"
#include "server/masking/derive/entry_check.h"
#include "server/masking/rows/known.h"
#include "server/masking/rows/requests.h"

#include <string.h>

/* What a repeat of the request will find. */
static bool derive_request(struct deriving *d)
{
    const Maskline__Store__V1__RequestId *request = d->entry->request;
    if (!request || request->key.len != HASH_SIZE)
        return true;
    Maskline__Store__V1__RequestMark mark = MASKLINE__STORE__V1__REQUEST_MARK__INIT;
    mark.body_hash = request->body_hash;
    mark.position = derivation_position(d->derivation);
    struct key key = key_request(d->tenant, d->service, request->key.data);
    enum kv_family family = KV_LIVE;
    if (d->entry->change_case == MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED) {
        key = key_service_request(MUTANT("request_of_any_tenant") ? TENANT_DEFAULT : d->tenant,
                                  request->key.data);
        family = KV_META;
        mark.service = d->entry->service_created->service->sid;
    }
    int64_t kept =
        request->kept && !MUTANT("request_ids_kept_a_day") ? request->kept : REQUEST_KEPT;
    kept *= 1 + MUTANT("request_ids_kept_longer");
    return derive_record(d, family, &key, &mark.base, d->entry->time + kept, ROW_LATER);
}

static bool derive_change(struct deriving *d)
{
    switch (d->entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_UPDATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETING:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETED:
        known_changed(d->masking->known, d->entry);
        return derive_services(d);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_REMOVED:
        known_changed(d->masking->known, d->entry);
        return derive_numbers(d);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_UPDATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_REOPENED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_DELETED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_REMOVED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED:
        return derive_sessions(d);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_REDACTED:
        return derive_messages(d);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_CALL_CHANGED:
        return derive_call_changed(d, d->entry->call_changed);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_KEYWORD_RECEIVED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_REMOVED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_REMOVED:
        return derive_bars(d);
    default:
        return true; /* an entry that only tells */
    }
}

/* The entries that come most often need not be read from the bytes that were made of them a moment ago. */
static const Maskline__Store__V1__Entry *entry_at_hand(struct derivation *derivation)
{
    const Maskline__Store__V1__Entry *entry =
        derivation_replays(derivation) ? NULL : rows_appending();
    switch (entry ? entry->change_case : MASKLINE__STORE__V1__ENTRY__CHANGE__NOT_SET) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED:
        return entry;
    default:
        return NULL;
    }
}

/* Whatever the log holds: NULL when no rows can be made of it. */
static const Maskline__Store__V1__Entry *read_entry(const struct deriving *d, struct bytes bytes)
{
    ProtobufCMessage *message;
    struct error ignored;
    if (!message_unpack(&maskline__store__v1__entry__descriptor, bytes.data, bytes.size, NULL,
                        d->arena, &message, &ignored))
        return NULL;
    const Maskline__Store__V1__Entry *entry = (const Maskline__Store__V1__Entry *)(void *)message;
    return entry_sound(entry, d->service) ? entry : NULL;
}

bool derive_entry(void *data, struct derivation *derivation, struct bytes bytes)
{
    struct deriving d = {
        .masking = data,
        .derivation = derivation,
        .arena = derivation_arena(derivation),
        .tenant = log_tenant(derivation_log(derivation)),
        .service = log_service(derivation_log(derivation)),
        .packed = bytes,
    };
    d.entry = entry_at_hand(derivation);
    if (!d.entry)
        d.entry = read_entry(&d, bytes);
    return d.entry && derive_change(&d) && derive_request(&d);
}
