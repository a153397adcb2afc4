#include "server/masking/services/service_hints.h"

#include "server/masking/errors.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_numbers.h"

#include <string.h>

enum { PIECE_LOOKED = 1024, PIECE_CLOSED = 64 };

struct hint {
    int64_t time;
    sid_bytes session;
};

static bool look(struct rows *rows, const Maskline__Store__V1__Service *service,
                 const struct scan *scan, struct hint *ret_hint, struct error *error)
{
    Maskline__Store__V1__Session *session =
        rows_record(rows, &maskline__store__v1__session__descriptor, scan_value(scan).bytes, error);
    if (!session || rows_session_settle(rows, service->sid.data, session, error) == KV_FAILED)
        return false;
    ret_hint->time = session_open(session) ? session->effective_expire_time : 0;
    memcpy(ret_hint->session, session->sid.data, SID_BYTES);
    return true;
}

static bool collect(struct rows *rows, const Maskline__Store__V1__Service *service,
                    struct scan *scan, struct hint *hints, size_t *ret_count, struct key *from,
                    struct error *error)
{
    size_t count = 0;
    for (unsigned looked = 0; scan_valid(scan) && looked < PIECE_LOOKED; looked++) {
        struct bytes key = scan_key(scan);
        if (key.size >= sizeof from->data)
            return refuse(error, REFUSED_INTERNAL);
        memcpy(from->data, key.data, key.size);
        from->data[key.size] = 0; /* just after it */
        from->size = key.size + 1;
        if (!look(rows, service, scan, &hints[count], error))
            return false;
        count += hints[count].time != 0;
        scan_next(scan);
    }
    *ret_count = count;
    return scan_valid(scan) || scan_ok(scan, error);
}

bool service_hint_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                        struct key *from, int64_t *ret_first, bool *ret_more, struct error *error)
{
    struct key prefix = key_sessions(rows->tenant, service->sid.data);
    struct hint *hints = arena_array(rows->arena, PIECE_LOOKED, sizeof *hints);
    size_t count = 0;
    if (!hints)
        return refuse(error, REFUSED_NO_MEMORY);
    if (!from->size)
        *from = prefix;
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(from),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = collect(rows, service, scan, hints, &count, from, error);
    *ret_more = ok && scan_valid(scan);
    scan_free(scan);
    *ret_first = 0;
    for (size_t i = 0; ok && i < count; i++) {
        struct key key =
            key_expiry(rows->tenant, service->sid.data, hints[i].time, hints[i].session);
        if (!*ret_first || hints[i].time < *ret_first)
            *ret_first = hints[i].time;
        if (!txn_put(rows->txn, KV_IDX, key_bytes(&key), (struct bytes){"", 0}, 0))
            return refuse(error, REFUSED_NO_MEMORY);
    }
    return ok;
}

/* A hint that is due, and what it is about. */
struct due {
    struct key key;
    sid_bytes session;
};

static bool move_hint(struct rows *rows, const Maskline__Store__V1__Service *service,
                      const struct due *due, int64_t later, struct error *error)
{
    if (!txn_delete(rows->txn, KV_IDX, key_bytes(&due->key)))
        return refuse(error, REFUSED_NO_MEMORY);
    if (!later)
        return true;
    struct key key = key_expiry(rows->tenant, service->sid.data, later, due->session);
    return txn_put(rows->txn, KV_IDX, key_bytes(&key), (struct bytes){"", 0}, 0) ||
           refuse(error, REFUSED_NO_MEMORY);
}

static bool close_ended(struct rows *rows, const Maskline__Store__V1__Service *service,
                        const struct due *due, int64_t *purge, struct error *error)
{
    Maskline__Store__V1__Session *session;
    enum kv_found found = rows_session(rows, service->sid.data, due->session, &session, error);
    if (found == KV_FAILED)
        return false;
    bool open = found == KV_FOUND && session_open(session);
    if (open && session_active(session, rows->now))
        return session_end_numbers(rows, service, session, NULL, error) &&
               move_hint(rows, service, due, session_due(session), error);
    if (open && !session_close_expired(rows, service, session, error))
        return false;
    if (open && !session_open(session) && (!*purge || session->purge_time < *purge))
        *purge = session->purge_time;
    return move_hint(rows, service, due, 0, error);
}

static bool read_due(struct rows *rows, const Maskline__Store__V1__Service *service,
                     struct due *ret_due, size_t *ret_count, bool *ret_more, struct error *error)
{
    static const sid_bytes lowest;
    struct key from = key_expiries(rows->tenant, service->sid.data);
    struct key to = key_expiry(rows->tenant, service->sid.data, rows->now + 1, lowest);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    size_t count = 0;
    for (; scan_valid(scan) && count < PIECE_CLOSED; scan_next(scan)) {
        struct bytes key = scan_key(scan);
        struct due *due = &ret_due[count];
        if (key.size > sizeof due->key.data || !key_last_sid(key, due->session))
            continue;
        memcpy(due->key.data, key.data, key.size);
        due->key.size = key.size;
        count++;
    }
    *ret_count = count;
    *ret_more = scan_valid(scan);
    bool ok = *ret_more || scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

bool service_close_ended(struct rows *rows, const Maskline__Store__V1__Service *service,
                         bool *ret_more, int64_t *ret_purge, struct error *error)
{
    struct due due[PIECE_CLOSED];
    size_t count = 0;
    *ret_purge = 0;
    if (!read_due(rows, service, due, &count, ret_more, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!close_ended(rows, service, &due[i], ret_purge, error))
            return false;
    }
    return true;
}
