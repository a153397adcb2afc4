#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/internal.h"
#include "server/masking/numbers/number_remove.h"

#include <string.h>

enum { PIECE_SESSIONS_MOST = 256, PIECE_NUMBERS_MOST = 256, PIECE_BARS_MOST = 256 };

/* Records of up to `room` rows; *ret_more: there are others. */
static bool read_rows(struct rows *rows, const struct key *prefix,
                      const ProtobufCMessageDescriptor *kind, void **ret_records, size_t room,
                      size_t *ret_count, bool *ret_more, struct error *error)
{
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(prefix),
                                  bytes_after(key_bytes(prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    size_t count = 0;
    bool ok = true;
    for (; ok && scan_valid(scan) && count < room; scan_next(scan)) {
        ret_records[count] = rows_record(rows, kind, scan_value(scan).bytes, error);
        ok = ret_records[count++];
    }
    *ret_more = scan_valid(scan);
    ok = ok && (*ret_more || scan_ok(scan, error));
    scan_free(scan);
    *ret_count = count;
    return ok;
}

static bool remove_sessions(struct rows *rows, const Maskline__Store__V1__Service *service,
                            size_t *ret_count, bool *ret_more, struct error *error)
{
    void *sessions[PIECE_SESSIONS_MOST];
    struct key prefix = key_sessions(rows->tenant, service->sid.data);
    if (!read_rows(rows, &prefix, &maskline__store__v1__session__descriptor, sessions,
                   PIECE_SESSIONS_MOST, ret_count, ret_more, error))
        return false;
    for (size_t i = 0; i < *ret_count; i++) {
        Maskline__Store__V1__Session *session = sessions[i];
        if (rows_session_settle(rows, service->sid.data, session, error) == KV_FAILED ||
            !session_remove(rows, service, session, false, !MUTANT("gone_session_tells_no_reason"),
                            error))
            return false;
    }
    return true;
}

static bool remove_numbers(struct rows *rows, const Maskline__Store__V1__Service *service,
                           bool *ret_more, struct error *error)
{
    void *numbers[PIECE_NUMBERS_MOST];
    size_t count;
    struct key prefix = key_numbers(rows->tenant, service->pool.data);
    if (!read_rows(rows, &prefix, &maskline__store__v1__phone_number__descriptor, numbers,
                   PIECE_NUMBERS_MOST, &count, ret_more, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!number_drop(rows, service, numbers[i], service->delete_time, false, error))
            return false;
    }
    return true;
}

/* Rows that hang on no session. They came with an entry each, and go without: nobody can ask for them any more. */
static bool remove_all(struct rows *rows, struct key prefix, bool *ret_more, struct error *error)
{
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    struct key keys[PIECE_BARS_MOST];
    size_t count = 0;
    for (; scan_valid(scan) && count < PIECE_BARS_MOST; scan_next(scan), count++) {
        struct bytes key = scan_key(scan);
        keys[count].size = key.size;
        memcpy(keys[count].data, key.data, key.size);
    }
    *ret_more = scan_valid(scan);
    bool ok = *ret_more || scan_ok(scan, error);
    scan_free(scan);
    for (size_t i = 0; ok && i < count; i++)
        ok =
            txn_delete(rows->txn, KV_LIVE, key_bytes(&keys[i])) || refuse(error, REFUSED_NO_MEMORY);
    return ok;
}

static bool remove_each(struct rows *rows, const struct key *prefixes, size_t count, bool *ret_more,
                        struct error *error)
{
    *ret_more = false;
    for (size_t i = 0; i < count && !*ret_more; i++)
        if (!remove_all(rows, prefixes[i], ret_more, error))
            return false;
    return true;
}

static bool remove_bars(struct rows *rows, const Maskline__Store__V1__Service *service,
                        bool *ret_more, struct error *error)
{
    const struct key prefixes[] = {key_opt_outs(rows->tenant, service->pool.data),
                                   key_blocks(rows->tenant, service->pool.data)};
    return remove_each(rows, prefixes, 2, ret_more, error);
}

bool service_sweep_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                         bool *ret_more, struct error *error)
{
    const struct key prefixes[] = {key_opt_outs(rows->tenant, service->pool.data),
                                   key_blocks(rows->tenant, service->pool.data),
                                   key_all_interactions(rows->tenant, service->sid.data)};
    *ret_more = false;
    return MUTANT("deleted_service_leaves_people") ||
           remove_each(rows, prefixes, 3, ret_more, error);
}

static bool finish(struct rows *rows, const Maskline__Store__V1__Service *service,
                   struct error *error)
{
    Maskline__Store__V1__ServiceDeleted deleted = MASKLINE__STORE__V1__SERVICE_DELETED__INIT;
    deleted.service = service->sid;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETED;
    entry.service_deleted = &deleted;
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, error);
}

bool service_remove_piece(struct rows *rows, const Maskline__Store__V1__Service *service,
                          bool *ret_more, struct error *error)
{
    size_t sessions;
    if (!remove_sessions(rows, service, &sessions, ret_more, error))
        return false;
    if (sessions) {
        FAILPOINT("deletion_after_sessions");
        *ret_more = true; /* the numbers are another piece */
        return true;
    }
    if (!remove_numbers(rows, service, ret_more, error))
        return false;
    FAILPOINT("deletion_after_numbers");
    if (*ret_more)
        return true;
    return remove_bars(rows, service, ret_more, error) &&
           (*ret_more || finish(rows, service, error));
}
