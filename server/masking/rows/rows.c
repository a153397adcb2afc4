#include "server/masking/rows/rows.h"

#include "proto/c/fault.h"
#include "proto/c/wire_check.h"
#include "proto/c/wire_write.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/kept.h"

#include <string.h>

/* Who does not say it is the default one. */
static uint32_t tenant_of(uint32_t said)
{
    return said && !MUTANT("tenants_are_one") ? said : TENANT_DEFAULT;
}

struct rows rows_of_view(struct view *view, const struct store *store, struct arena *arena)
{
    return (struct rows){
        .view = view,
        .arena = arena,
        .hash_key = store_hash_key(store),
        .tenant = tenant_of(view_tenant(view)),
        .now = view_now(view),
        .kept = view_data(view),
    };
}

struct rows rows_of_txn(struct txn *txn, const struct store *store)
{
    return (struct rows){
        .txn = txn,
        .arena = txn_arena(txn),
        .hash_key = store_hash_key(store),
        .tenant = tenant_of(txn_tenant(txn)),
        .now = txn_now(txn),
    };
}

enum kv_found rows_get(struct rows *rows, enum kv_family family, const struct key *key,
                       struct kv_value *ret_value, struct error *error)
{
    if (rows->txn)
        return txn_get(rows->txn, family, key_bytes(key), ret_value, error);
    return view_get(rows->view, family, key_bytes(key), rows->arena, ret_value, error);
}

struct scan *rows_scan(struct rows *rows, enum kv_family family, struct bytes from, struct bytes to,
                       bool backwards)
{
    if (rows->txn)
        return txn_scan(rows->txn, family, from, to, backwards);
    return view_scan(rows->view, family, from, to, backwards);
}

bool rows_unreadable(const struct rows *rows, struct error *error)
{
    return refuse(error, arena_full(rows->arena) ? REFUSED_NO_MEMORY : REFUSED_RECORD_UNREADABLE);
}

void *rows_record(struct rows *rows, const ProtobufCMessageDescriptor *kind, struct bytes bytes,
                  struct error *error)
{
    void *record = message_unpack_own(kind, bytes.data, bytes.size, rows->arena);
    if (!record)
        rows_unreadable(rows, error);
    return record;
}

/* Records that many decisions or reads ask for, and few change. */
static bool is_kept(const struct rows *rows, const ProtobufCMessageDescriptor *kind)
{
    if (kind == &maskline__store__v1__service__descriptor)
        return rows->kept;
    return rows->kept && rows->txn &&
           (kind == &maskline__store__v1__session__descriptor ||
            kind == &maskline__store__v1__phone_number__descriptor);
}

/* Reads a row as a record. */
static enum kv_found get_record(struct rows *rows, enum kv_family family, const struct key *key,
                                const ProtobufCMessageDescriptor *kind, void *ret_record,
                                struct error *error)
{
    struct kv_value value;
    enum kv_found found = rows_get(rows, family, key, &value, error);
    if (found != KV_FOUND)
        return found;
    void *record = is_kept(rows, kind) ? kept_record(rows->kept, rows, key, kind, &value) : NULL;
    if (!record)
        record = rows_record(rows, kind, value.bytes, error);
    if (!record)
        return KV_FAILED;
    memcpy(ret_record, &record, sizeof record);
    return KV_FOUND;
}

enum kv_found rows_service(struct rows *rows, const uint8_t *service,
                           Maskline__Store__V1__Service **ret_service, struct error *error)
{
    struct key key = key_service(rows->tenant, service);
    enum kv_found found = get_record(rows, KV_META, &key, &maskline__store__v1__service__descriptor,
                                     ret_service, error);
    if (found == KV_FOUND)
        rows->service = *ret_service;
    return found;
}

/* The Service of what is read; mostly it has just been read. */
static enum kv_found last_service(struct rows *rows, const uint8_t *service, struct error *error)
{
    if (rows->service && !memcmp(rows->service->sid.data, service, SID_BYTES))
        return KV_FOUND;
    Maskline__Store__V1__Service *read;
    return rows_service(rows, service, &read, error);
}

enum kv_found rows_session(struct rows *rows, const uint8_t *service, const uint8_t *session,
                           Maskline__Store__V1__Session **ret_session, struct error *error)
{
    struct key key = key_session(rows->tenant, service, session);
    enum kv_found found = get_record(rows, KV_LIVE, &key, &maskline__store__v1__session__descriptor,
                                     ret_session, error);
    if (found == KV_FOUND)
        found = rows_session_settle(rows, service, *ret_session, error);
    return found;
}

enum kv_found rows_session_settle(struct rows *rows, const uint8_t *service,
                                  Maskline__Store__V1__Session *session, struct error *error)
{
    if (!session_open(session))
        return KV_FOUND;
    /* The Service's idle cap holds for sessions that exist, too: what their rows say of their end may be older than it. */
    enum kv_found found = last_service(rows, service, error);
    if (found == KV_FOUND)
        session->effective_expire_time = session_expire_time(rows->service, session);
    return found;
}

enum kv_found rows_number(struct rows *rows, const uint8_t *pool, const char *proxy,
                          Maskline__Store__V1__PhoneNumber **ret_number, struct error *error)
{
    struct address form = proxy_form(proxy);
    struct key key = key_number(rows->tenant, pool, form.text);
    return get_record(rows, KV_LIVE, &key, &maskline__store__v1__phone_number__descriptor,
                      ret_number, error);
}

enum kv_found rows_claim(struct rows *rows, const char *proxy,
                         Maskline__Store__V1__NumberClaim **ret_claim, struct error *error)
{
    struct address form = proxy_form(proxy);
    struct key key = key_claim(form.text);
    return get_record(rows, KV_META, &key, &maskline__store__v1__number_claim__descriptor,
                      ret_claim, error);
}

enum kv_found rows_use(struct rows *rows, const uint8_t *pool, const char *proxy,
                       int64_t *ret_count, struct error *error)
{
    struct address form = proxy_form(proxy);
    struct key key = key_use(rows->tenant, pool, form.text);
    Maskline__Store__V1__NumberUse *use;
    enum kv_found found =
        get_record(rows, KV_LIVE, &key, &maskline__store__v1__number_use__descriptor, &use, error);
    if (found == KV_FOUND)
        *ret_count = use->count;
    else if (found == KV_ABSENT)
        *ret_count = 0;
    return found;
}

enum kv_found rows_route(struct rows *rows, const uint8_t *pool, const struct person *person,
                         const char *proxy, Maskline__Store__V1__Route **ret_route,
                         struct error *error)
{
    struct address form = proxy_form(proxy);
    struct key key = key_route(rows->tenant, pool, person, form.text);
    return get_record(rows, KV_LIVE, &key, &maskline__store__v1__route__descriptor, ret_route,
                      error);
}

enum kv_found rows_interaction(struct rows *rows, const uint8_t *service, const uint8_t *session,
                               const uint8_t *interaction,
                               Maskline__Store__V1__Interaction **ret_interaction,
                               struct error *error)
{
    struct key key = key_interaction(rows->tenant, service, session, interaction);
    return get_record(rows, KV_LIVE, &key, &maskline__store__v1__interaction__descriptor,
                      ret_interaction, error);
}

struct person rows_person(const struct rows *rows, const struct address *address)
{
    struct address canonical = address_canonical(address);
    return person_of(rows->hash_key, canonical.text);
}

static _Thread_local const Maskline__Store__V1__Entry *appending;

const Maskline__Store__V1__Entry *rows_appending(void)
{
    return appending;
}

/* For how long the entry's request is known. */
static bool keep_request(struct rows *rows, const uint8_t *service,
                         const Maskline__Store__V1__Entry *entry, struct error *error)
{
    if (entry->change_case == MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED) {
        entry->request->kept = entry->service_created->service->settings->request_retention;
        return true;
    }
    enum kv_found found = last_service(rows, service, error);
    if (found == KV_FOUND && rows->service->settings)
        entry->request->kept = rows->service->settings->request_retention;
    return found != KV_FAILED;
}

bool rows_append(struct rows *rows, const uint8_t *service, Maskline__Store__V1__Entry *entry,
                 uint64_t *ret_position, struct error *error)
{
    entry->time = rows->now;
    if (entry->request && !keep_request(rows, service, entry, error))
        return false;
    uint8_t room[WIRE_WRITE_ROOM];
    struct bytes packed;
    packed.data = wire_write(&entry->base, room, sizeof room, &packed.size);
    if (!packed.data)
        packed.data = wire_pack(&entry->base, rows->arena, &packed.size);
    if (!packed.data)
        return refuse(error, REFUSED_NO_MEMORY);
    struct log_id log = key_log(rows->tenant, service);
    appending = entry;
    bool ok = txn_append(rows->txn, &log, packed, ret_position, error);
    appending = NULL;
    return ok;
}
