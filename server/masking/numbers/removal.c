#include "server/masking/numbers/removal.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/number_remove.h"
#include "server/masking/rows/forms.h"
#include "server/masking/sessions/renumber.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_numbers.h"

#include <string.h>

enum {
    PIECE_SESSIONS = 32, /* that one piece changes */
    PIECE_LOOKED = 1024, /* and that it looks at where no row says which they are */
};

struct piece {
    struct masking *masking;
    struct rows *rows;
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__PhoneNumber *number;
    struct error *error;
    struct address form; /* of the number */
    int64_t due;
    bool more;
};

static bool no_memory(struct piece *piece)
{
    return refuse(piece->error, REFUSED_NO_MEMORY);
}

/* Before the first session changes, so that none comes to it. */
static bool lock_number(struct piece *piece)
{
    Maskline__Store__V1__PhoneNumber *number = piece->number;
    if (number->removal_time)
        return true;
    number->state = MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED;
    number->removal_time = number->update_time = piece->rows->now;
    Maskline__Store__V1__NumberUpdated updated = MASKLINE__STORE__V1__NUMBER_UPDATED__INIT;
    updated.number = number;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED;
    entry.number_updated = &updated;
    uint64_t position;
    return rows_append(piece->rows, piece->service->sid.data, &entry, &position, piece->error);
}

/* ---- one session ---- */

/* Also when it is honoured still, though another has taken its place. */
static bool uses(const struct piece *piece, const Maskline__Store__V1__Session *session)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        for (size_t j = 0; j < participant->n_bindings && !participant->delete_time; j++) {
            struct address other = proxy_form(participant->bindings[j]->proxy_identifier);
            if (!participant->bindings[j]->ended && !strcmp(other.text, piece->form.text))
                return true;
        }
    }
    return false;
}

/* It goes on with another number in the place of this one; it fails when none fits. */
static bool move(struct piece *piece, Maskline__Store__V1__Session *session)
{
    struct rows *rows = piece->rows;
    const char *proxy = piece->number->phone_number;
    enum renumbered renumbered = RENUMBERED_NONE;
    if (!session_close_expired(rows, piece->service, session, piece->error))
        return false;
    bool open = session_open(session);
    if (open && !MUTANT("removal_fails_all_sessions"))
        renumbered =
            session_renumber(piece->masking, rows, piece->service, session, proxy, piece->error);
    if (renumbered == RENUMBERED_FAILED)
        return false;
    error_clear(piece->error);
    if (open && renumbered == RENUMBERED_ALL &&
        !session_end_numbers(rows, piece->service, session, proxy, piece->error))
        return false;
    if (open && renumbered == RENUMBERED_NONE &&
        !session_close(rows, piece->service, session,
                       MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED,
                       MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_UNSPECIFIED,
                       "NUMBER_REMOVED", rows->now, piece->error))
        return false;
    int64_t due = session_open(session) ? session_due(session) : session->purge_time;
    if (due && due < piece->due)
        piece->due = due;
    return true;
}

/* ---- those that the index tells ---- */

struct users {
    sid_bytes sessions[PIECE_SESSIONS];
    size_t count;
    bool more;
};

static bool read_users(struct piece *piece, struct users *ret_users)
{
    struct rows *rows = piece->rows;
    struct key prefix =
        key_number_sessions(rows->tenant, piece->service->pool.data, piece->form.text);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return no_memory(piece);
    ret_users->count = 0;
    for (; scan_valid(scan) && ret_users->count < PIECE_SESSIONS; scan_next(scan))
        ret_users->count += key_last_sid(scan_key(scan), ret_users->sessions[ret_users->count]);
    ret_users->more = scan_valid(scan);
    bool ok = ret_users->more || scan_ok(scan, piece->error);
    scan_free(scan);
    return ok;
}

/* The row goes with the use of the number. One that tells of no use goes by itself, so that the next piece finds others. */
static bool move_user(struct piece *piece, const uint8_t *sid)
{
    struct rows *rows = piece->rows;
    Maskline__Store__V1__Session *session;
    enum kv_found found = rows_session(rows, piece->service->sid.data, sid, &session, piece->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_FOUND && session_open(session) && uses(piece, session))
        return MUTANT("removal_leaves_sessions") || move(piece, session);
    struct key key =
        key_number_session(rows->tenant, piece->service->pool.data, piece->form.text, sid);
    return txn_delete(rows->txn, KV_IDX, key_bytes(&key)) || no_memory(piece);
}

/* ---- those that it does not tell: they are older than it ---- */

static struct key place_key(const struct piece *piece)
{
    return key_removal_place(piece->rows->tenant, piece->service->pool.data,
                             piece->number->sid.data);
}

/* Where the walk through all sessions goes on. */
static bool read_place(struct piece *piece, struct key *place)
{
    struct key key = place_key(piece);
    struct kv_value value;
    switch (rows_get(piece->rows, KV_IDX, &key, &value, piece->error)) {
    case KV_FOUND:
        if (value.bytes.size > sizeof place->data)
            return rows_unreadable(piece->rows, piece->error);
        memcpy(place->data, value.bytes.data, value.bytes.size);
        place->size = value.bytes.size;
        return true;
    case KV_ABSENT:
        return true;
    default:
        return false;
    }
}

struct walk {
    Maskline__Store__V1__Session *found[PIECE_SESSIONS];
    size_t count;
    struct key place; /* just after the last one that was looked at */
};

static bool look(struct piece *piece, struct scan *scan, struct walk *walk)
{
    for (size_t looked = 0;
         scan_valid(scan) && looked < PIECE_LOOKED && walk->count < PIECE_SESSIONS;
         scan_next(scan), looked++) {
        struct bytes key = scan_key(scan);
        Maskline__Store__V1__Session *session =
            rows_record(piece->rows, &maskline__store__v1__session__descriptor,
                        scan_value(scan).bytes, piece->error);
        if (!session)
            return false;
        if (key.size >= sizeof walk->place.data)
            return rows_unreadable(piece->rows, piece->error);
        memcpy(walk->place.data, key.data, key.size);
        walk->place.data[key.size] = 0;
        walk->place.size = key.size + 1;
        if (session_open(session) && uses(piece, session))
            walk->found[walk->count++] = session;
    }
    piece->more = scan_valid(scan);
    return piece->more || scan_ok(scan, piece->error);
}

static bool walk_on(struct piece *piece)
{
    struct rows *rows = piece->rows;
    struct key prefix = key_sessions(rows->tenant, piece->service->sid.data);
    struct walk walk = {.count = 0, .place = prefix};
    if (!read_place(piece, &walk.place))
        return false;
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&walk.place),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return no_memory(piece);
    bool ok = look(piece, scan, &walk);
    scan_free(scan);
    for (size_t i = 0; ok && i < walk.count; i++)
        ok = rows_session_settle(rows, piece->service->sid.data, walk.found[i], piece->error) ==
                 KV_FOUND &&
             move(piece, walk.found[i]);
    struct key key = place_key(piece);
    if (ok && piece->more)
        ok = txn_put(rows->txn, KV_IDX, key_bytes(&key), key_bytes(&walk.place), 0) ||
             no_memory(piece);
    else if (ok)
        ok = txn_delete(rows->txn, KV_IDX, key_bytes(&key)) || no_memory(piece);
    return ok;
}

/* ---- a piece ---- */

static bool run(struct piece *piece)
{
    struct rows *rows = piece->rows;
    struct users users;
    int64_t in_use;
    if (!read_users(piece, &users) || rows_use(rows, piece->service->pool.data, piece->form.text,
                                               &in_use, piece->error) == KV_FAILED)
        return false;
    bool older = !users.more && in_use > (int64_t)users.count;
    if ((users.more || older) && !lock_number(piece))
        return false;
    for (size_t i = 0; i < users.count; i++) {
        if (!move_user(piece, users.sessions[i]))
            return false;
    }
    FAILPOINT("removal_after_sessions");
    piece->more = users.more;
    if (older && !walk_on(piece))
        return false;
    return piece->more ||
           number_drop(rows, piece->service, piece->number, rows->now, true, piece->error);
}

bool removal_piece(struct masking *masking, struct rows *rows,
                   const Maskline__Store__V1__Service *service,
                   Maskline__Store__V1__PhoneNumber *number, bool *ret_more, int64_t *ret_due,
                   struct error *error)
{
    struct piece piece = {.masking = masking,
                          .rows = rows,
                          .service = service,
                          .number = number,
                          .error = error,
                          .form = proxy_form(number->phone_number),
                          .due = INT64_MAX};
    if (!run(&piece))
        return false;
    *ret_more = piece.more;
    *ret_due = piece.due;
    return true;
}

enum kv_found removal_pending(struct rows *rows, const Maskline__Store__V1__Service *service,
                              Maskline__Store__V1__PhoneNumber **ret_number, struct error *error)
{
    struct key prefix = key_removals(rows->tenant, service->pool.data);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&prefix),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan) {
        refuse(error, REFUSED_NO_MEMORY);
        return KV_FAILED;
    }
    enum kv_found found = KV_ABSENT;
    for (; found == KV_ABSENT && scan_valid(scan); scan_next(scan)) {
        sid_bytes sid;
        if (key_last_sid(scan_key(scan), sid))
            found = rows_number_by_sid(rows, service->pool.data, sid, ret_number, error);
    }
    if (found == KV_ABSENT && !scan_ok(scan, error))
        found = KV_FAILED;
    scan_free(scan);
    return found;
}
