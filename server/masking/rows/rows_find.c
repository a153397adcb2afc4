#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/rows.h"

#include <string.h>

/* A text in the form of a SID is one: of this kind, or refused. */
static bool read_sid(const char *prefix, const char *text, enum refusal refusal, sid_bytes ret_sid,
                     struct error *error)
{
    return sid_parse(prefix, text, ret_sid) || refuse(error, refusal);
}

static bool needed(const char *path, const char *text, struct error *error)
{
    if (*text)
        return true;
    error_clear(error);
    return error_field(error, path, "This is needed.");
}

/* A row of an index whose value is a SID. */
static enum kv_found look_up(struct rows *rows, enum kv_family family, const struct key *key,
                             sid_bytes ret_sid, struct error *error)
{
    struct kv_value value;
    enum kv_found found = rows_get(rows, family, key, &value, error);
    if (found != KV_FOUND)
        return found;
    if (value.bytes.size != SID_BYTES) {
        refuse(error, REFUSED_RECORD_UNREADABLE);
        return KV_FAILED;
    }
    memcpy(ret_sid, value.bytes.data, SID_BYTES);
    return KV_FOUND;
}

enum kv_found rows_service_named(struct rows *rows, const char *name, sid_bytes ret_service,
                                 struct error *error)
{
    uint8_t hash[HASH_SIZE];
    name_hash(rows->hash_key, name, hash);
    struct key key = key_service_name(rows->tenant, hash);
    return look_up(rows, KV_META, &key, ret_service, error);
}

enum kv_found rows_name_holder(struct rows *rows, const uint8_t *service, const char *name,
                               sid_bytes ret_session, struct error *error)
{
    uint8_t hash[HASH_SIZE];
    name_hash(rows->hash_key, name, hash);
    struct key key = key_session_name(rows->tenant, service, hash);
    return look_up(rows, KV_IDX, &key, ret_session, error);
}

enum kv_found rows_name_last(struct rows *rows, const uint8_t *service, const char *name,
                             sid_bytes ret_session, struct error *error)
{
    uint8_t hash[HASH_SIZE];
    name_hash(rows->hash_key, name, hash);
    struct key prefix = key_name_sessions(rows->tenant, service, hash);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), true);
    if (!scan) {
        refuse(error, REFUSED_NO_MEMORY);
        return KV_FAILED;
    }
    enum kv_found found = KV_ABSENT;
    for (; scan_valid(scan) && found == KV_ABSENT; scan_next(scan)) {
        Maskline__Store__V1__Session *session;
        if (!key_last_sid(scan_key(scan), ret_session))
            continue;
        found = rows_session(rows, service, ret_session, &session, error);
        if (found == KV_FOUND && session_purged(session, rows->now))
            found = KV_ABSENT;
    }
    if (found == KV_ABSENT && !scan_valid(scan) && !scan_ok(scan, error))
        found = KV_FAILED;
    scan_free(scan);
    return found;
}

/* Whether the Service, which was read just now, has let names be taken again. */
static bool reused_names(const struct rows *rows)
{
    return rows->service && rows->service->settings && rows->service->settings->reused_names;
}

enum kv_found rows_session_named(struct rows *rows, const uint8_t *service, const char *name,
                                 sid_bytes ret_session, struct error *error)
{
    enum kv_found found = rows_name_holder(rows, service, name, ret_session, error);
    if (!reused_names(rows) || MUTANT("purged_holder_has_name"))
        return found;
    Maskline__Store__V1__Session *holder;
    if (found == KV_FOUND)
        found = rows_session(rows, service, ret_session, &holder, error);
    if (found == KV_FOUND && session_purged(holder, rows->now))
        found = KV_ABSENT; /* it is gone, whoever comes to purge it */
    return found == KV_ABSENT ? rows_name_last(rows, service, name, ret_session, error) : found;
}

static enum kv_found service_sid(struct rows *rows, const char *name, sid_bytes ret_sid,
                                 struct error *error)
{
    if (!needed("service", name, error))
        return KV_FAILED;
    if (!sid_shaped(name))
        return rows_service_named(rows, name, ret_sid, error);
    return read_sid("KS", name, REFUSED_SERVICE_SID, ret_sid, error) ? KV_FOUND : KV_FAILED;
}

bool rows_find_service(struct rows *rows, const char *name,
                       Maskline__Store__V1__Service **ret_service, struct error *error)
{
    sid_bytes sid;
    enum kv_found found = service_sid(rows, name, sid, error);
    if (found == KV_FOUND)
        found = rows_service(rows, sid, ret_service, error);
    if (found == KV_ABSENT)
        refuse(error, REFUSED_SERVICE_NOT_FOUND);
    return found == KV_FOUND;
}

bool rows_find_active_service(struct rows *rows, const char *name,
                              Maskline__Store__V1__Service **ret_service, struct error *error)
{
    Maskline__Store__V1__Service *service;
    if (!rows_find_service(rows, name, &service, error))
        return false;
    if (service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return refuse(error, REFUSED_SERVICE_DELETED);
    *ret_service = service;
    return true;
}

bool rows_find_session(struct rows *rows, const Maskline__Store__V1__Service *service,
                       const char *name, Maskline__Store__V1__Session **ret_session,
                       struct error *error)
{
    sid_bytes sid;
    if (!needed("session", name, error))
        return false;
    bool by_sid = sid_shaped(name);
    enum kv_found found = KV_FOUND;
    if (by_sid) {
        if (!read_sid("KC", name, REFUSED_SESSION_SID, sid, error))
            return false;
    } else {
        found = rows_session_named(rows, service->sid.data, name, sid, error);
    }
    Maskline__Store__V1__Session *session;
    if (found == KV_FOUND)
        found = rows_session(rows, service->sid.data, sid, &session, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || session_purged(session, rows->now))
        return refuse(error, by_sid ? REFUSED_SESSION_NOT_FOUND : REFUSED_SESSION_NAME_NOT_FOUND);
    *ret_session = session;
    return true;
}

bool rows_warm_service(struct rows *rows, const char *name, sid_bytes ret_service)
{
    struct error error;
    struct kv_value value;
    if (service_sid(rows, name, ret_service, &error) != KV_FOUND)
        return false;
    struct key key = key_service(rows->tenant, ret_service);
    return rows_get(rows, KV_META, &key, &value, &error) == KV_FOUND;
}

void rows_warm_session(struct rows *rows, const uint8_t *service, const char *name)
{
    struct error error;
    sid_bytes sid;
    if (sid_shaped(name)) {
        if (!sid_parse("KC", name, sid))
            return;
        struct kv_value value;
        struct key key = key_session(rows->tenant, service, sid);
        (void)rows_get(rows, KV_LIVE, &key, &value, &error);
        return;
    }
    Maskline__Store__V1__Service *owner;
    Maskline__Store__V1__Session *session;
    if (rows_service(rows, service, &owner, &error) == KV_FOUND)
        (void)rows_find_session(rows, owner, name, &session, &error);
}

enum kv_found rows_number_by_sid(struct rows *rows, const uint8_t *pool, const uint8_t *number,
                                 Maskline__Store__V1__PhoneNumber **ret_number, struct error *error)
{
    struct key key = key_number_sid(rows->tenant, pool, number);
    struct kv_value value;
    enum kv_found found = rows_get(rows, KV_IDX, &key, &value, error);
    if (found != KV_FOUND)
        return found;
    char proxy[ADDRESS_SIZE] = "";
    if (value.bytes.size >= sizeof proxy) {
        refuse(error, REFUSED_RECORD_UNREADABLE);
        return KV_FAILED;
    }
    memcpy(proxy, value.bytes.data, value.bytes.size);
    return rows_number(rows, pool, proxy, ret_number, error);
}

enum number_kind number_kind(const Maskline__Store__V1__PhoneNumber *number)
{
    return number->short_code ? NUMBER_SHORT_CODE : number->channel ? NUMBER_CHANNEL : NUMBER_PHONE;
}

static bool parse_phone(const char *text, struct address *ret_address)
{
    return address_parse(text, ADDRESS_STRICT, ret_address);
}

static bool parse_channel(const char *text, struct address *ret_address)
{
    return address_scheme(text) && proxy_parse(text, ret_address);
}

/* What each kind is named by. */
static const struct number_form {
    const char *field;
    const char *prefix; /* NULL: they have no SIDs */
    bool (*parse)(const char *text, struct address *ret_address);
    enum refusal bad_sid, not_found;
    const char *neither;
} FORMS[] = {
    [NUMBER_PHONE] = {"phone_number", "PN", parse_phone, REFUSED_NUMBER_SID,
                      REFUSED_NUMBER_NOT_FOUND, "This is neither a SID nor a number in E.164."},
    [NUMBER_SHORT_CODE] = {"short_code", "SC", address_short_code, REFUSED_SHORT_CODE_SID,
                           REFUSED_SHORT_CODE_NOT_FOUND, "This is neither a SID nor a short code."},
    [NUMBER_CHANNEL] = {"address", NULL, parse_channel, REFUSED_NUMBER_SID,
                        REFUSED_SENDER_NOT_FOUND, "This is no address in a channel."},
};

bool rows_find_number_kind(struct rows *rows, const Maskline__Store__V1__Service *service,
                           const char *name, enum number_kind kind,
                           Maskline__Store__V1__PhoneNumber **ret_number, struct error *error)
{
    const struct number_form *form = &FORMS[kind];
    if (!needed(form->field, name, error))
        return false;
    enum kv_found found;
    struct address address;
    sid_bytes sid;
    if (form->prefix && sid_shaped(name)) {
        if (!read_sid(form->prefix, name, form->bad_sid, sid, error))
            return false;
        found = rows_number_by_sid(rows, service->pool.data, sid, ret_number, error);
    } else if (form->parse(name, &address)) {
        found = rows_number(rows, service->pool.data, address.text, ret_number, error);
    } else {
        error_clear(error);
        return error_field(error, form->field, "%s", form->neither);
    }
    if (found == KV_ABSENT || (found == KV_FOUND && number_kind(*ret_number) != kind))
        return refuse(error, form->not_found);
    return found == KV_FOUND;
}

bool rows_find_number(struct rows *rows, const Maskline__Store__V1__Service *service,
                      const char *name, Maskline__Store__V1__PhoneNumber **ret_number,
                      struct error *error)
{
    return rows_find_number_kind(rows, service, name, NUMBER_PHONE, ret_number, error);
}
