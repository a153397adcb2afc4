#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/numbers/removal.h"
#include "server/masking/rows/known.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_numbers.h"
#include "server/masking/timers/timers_internal.h"

#include <string.h>

/* After all keys of one kind: these prefixes end in a letter. */
static struct key key_after(const struct key *prefix)
{
    struct key after = *prefix;
    after.data[after.size - 1]++;
    return after;
}

/* A hint: the row's key, and what it says. */
struct hint {
    struct key key;
    int64_t time;
    sid_bytes session;
};

/* When what could not be done is tried again. */
#define STUCK_AGAIN INT64_C(10000000)

static struct key hint_key(enum hint_kind kind, uint32_t tenant, const uint8_t *service,
                           int64_t time, const uint8_t *session)
{
    return kind == HINT_EXPIRY ? key_expiry(tenant, service, time, session)
                               : key_purge(tenant, service, time, session);
}

static struct key hint_prefix(enum hint_kind kind, uint32_t tenant, const uint8_t *service)
{
    return kind == HINT_EXPIRY ? key_expiries(tenant, service) : key_purges(tenant, service);
}

/* The hints from `floor` on, at most `room`. */
static bool read_hints(struct rows *rows, enum hint_kind kind, const uint8_t *service,
                       int64_t floor, struct hint *ret_hints, unsigned room, unsigned *ret_count,
                       struct error *error)
{
    static const sid_bytes lowest;
    struct key from = hint_key(kind, rows->tenant, service, floor, lowest);
    struct key prefix = hint_prefix(kind, rows->tenant, service), to = key_after(&prefix);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    unsigned count = 0;
    for (; scan_valid(scan) && count < room; scan_next(scan)) {
        struct bytes key = scan_key(scan);
        struct hint *hint = &ret_hints[count];
        if (key.size > sizeof hint->key.data || !key_time(key, &hint->time) ||
            !key_last_sid(key, hint->session))
            continue;
        memcpy(hint->key.data, key.data, key.size);
        hint->key.size = key.size;
        count++;
    }
    bool ok = scan_ok(scan, error);
    scan_free(scan);
    *ret_count = count;
    return ok;
}

/* A removal that was cut off goes on at once. */
static bool removal_due(struct rows *rows, const Maskline__Store__V1__Service *service,
                        int64_t *due, struct error *error)
{
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found = removal_pending(rows, service, &number, error);
    if (found == KV_FOUND)
        *due = 0;
    return found != KV_FAILED;
}

bool piece_first_due(struct rows *rows, const Maskline__Store__V1__Service *service,
                     int64_t *ret_due, struct error *error)
{
    int64_t due = INT64_MAX, of_calls;
    if (!calls_first_due(rows, service->sid.data, &of_calls, error))
        return false;
    switch (service->state) {
    case MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETING:
        due = 0;
        break;
    case MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETED:
        due = service->delete_time + LOG_AFTER_DELETION;
        break;
    default:
        if (!removal_due(rows, service, &due, error))
            return false;
        for (enum hint_kind kind = HINT_EXPIRY; kind <= HINT_PURGE; kind++) {
            struct hint first;
            unsigned count;
            if (!read_hints(rows, kind, service->sid.data, 0, &first, 1, &count, error))
                return false;
            if (count && first.time < due)
                due = first.time;
        }
    }
    *ret_due = due < of_calls ? due : of_calls;
    return true;
}

/* ---- the writer's side ---- */

static bool no_memory(struct work *work)
{
    return refuse(&work->piece->error, REFUSED_NO_MEMORY);
}

/* The hint has served. With `later` the session gets one for that time. */
static bool replace_hint(struct work *work, enum hint_kind kind, const struct hint *hint,
                         int64_t later)
{
    struct txn *txn = work->rows.txn;
    if (later == hint->time)
        return true;
    if (!txn_delete(txn, KV_IDX, key_bytes(&hint->key)))
        return no_memory(work);
    if (!later)
        return true;
    struct key key =
        hint_key(kind, work->rows.tenant, work->service->sid.data, later, hint->session);
    if (later < work->piece->next)
        work->piece->next = later;
    return txn_put(txn, KV_IDX, key_bytes(&key), (struct bytes){"", 0}, 0) || no_memory(work);
}

/* Closes the session when its time is over; as of the instant at which it was. */
static bool expire(struct work *work, const struct hint *hint)
{
    struct error *error = &work->piece->error;
    Maskline__Store__V1__Session *session;
    enum kv_found found =
        rows_session(&work->rows, work->service->sid.data, hint->session, &session, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || !session_open(session) || MUTANT("timers_never_close"))
        return replace_hint(work, HINT_EXPIRY, hint, 0);
    if (session_active(session, work->rows.now)) {
        int64_t over = session_number_ends(session);
        work->piece->ran += over && over <= work->rows.now;
        return session_end_numbers(&work->rows, work->service, session, NULL, error) &&
               replace_hint(work, HINT_EXPIRY, hint,
                            MUTANT("later_end_not_noted") ? 0 : session_due(session));
    }
    work->piece->ran++;
    FAILPOINT("timers_in_expiry");
    return replace_hint(work, HINT_EXPIRY, hint, 0) &&
           session_close_expired(&work->rows, work->service, session, error);
}

/* Deletes the session when it has been closed for as long as the Service keeps such. */
static bool purge(struct work *work, const struct hint *hint)
{
    struct error *error = &work->piece->error;
    Maskline__Store__V1__Session *session;
    enum kv_found found =
        rows_session(&work->rows, work->service->sid.data, hint->session, &session, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || session_open(session))
        return replace_hint(work, HINT_PURGE, hint, 0);
    if (!session_purged(session, work->rows.now))
        return replace_hint(work, HINT_PURGE, hint, session->purge_time);
    work->piece->ran++;
    FAILPOINT("timers_in_purge");
    return replace_hint(work, HINT_PURGE, hint, 0) &&
           session_remove(&work->rows, work->service, session, true, false, error);
}

static bool run_hints(struct work *work, enum hint_kind kind, unsigned most)
{
    struct piece *piece = work->piece;
    struct hint hints[PIECE_SESSIONS + 1];
    unsigned count;
    if (!read_hints(&work->rows, kind, work->service->sid.data, piece->floor, hints, most + 1,
                    &count, &piece->error))
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (i == most || hints[i].time > work->rows.now) {
            if (hints[i].time < piece->next)
                piece->next = hints[i].time;
            return true;
        }
        if (kind == HINT_EXPIRY ? expire(work, &hints[i]) : purge(work, &hints[i]))
            continue;
        piece->stuck = (struct stuck){.there = true, .kind = kind, .key = hints[i].key};
        memcpy(piece->stuck.session, hints[i].session, SID_BYTES);
        return false;
    }
    return true;
}

/* Its time comes again later, whatever it is about: that is what cannot be read. */
static bool move_stuck(struct work *work)
{
    struct piece *piece = work->piece;
    const struct stuck *stuck = &piece->stuck;
    const uint8_t *service = log_service(&piece->log);
    int64_t later = work->rows.now + STUCK_AGAIN;
    struct kv_value value;
    piece->next = 0; /* the others, at once */
    enum kv_found found = rows_get(&work->rows, KV_IDX, &stuck->key, &value, &piece->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    struct key key =
        stuck->kind == HINT_CALL
            ? key_call(work->rows.tenant, service, later, stuck->session, stuck->interaction)
            : hint_key(stuck->kind, work->rows.tenant, service, later, stuck->session);
    return (txn_delete(work->rows.txn, KV_IDX, key_bytes(&stuck->key)) &&
            txn_put(work->rows.txn, KV_IDX, key_bytes(&key), value.bytes, value.purge_after)) ||
           no_memory(work);
}

/* The log's time is over, and with it the last that was known of the Service. */
static bool forget_service(struct work *work)
{
    struct piece *piece = work->piece;
    int64_t due = work->service->delete_time + LOG_AFTER_DELETION;
    if (due > work->rows.now) {
        piece->next = due;
        return true;
    }
    bool more;
    if (!service_sweep_piece(&work->rows, work->service, &more, &piece->error))
        return false;
    if (more) {
        piece->ran++;
        piece->next = 0;
        return true;
    }
    struct pipeline *pipeline = piece->masking->pipeline;
    struct key key = key_service(work->rows.tenant, work->service->sid.data);
    if (!pipeline_trim(pipeline, &piece->log, pipeline_position(pipeline, &piece->log),
                       &piece->error))
        return false;
    piece->gone = true;
    piece->ran++;
    known_forget(piece->masking->known);
    return txn_delete(work->rows.txn, KV_META, key_bytes(&key)) || no_memory(work);
}

static bool delete_piece(struct work *work)
{
    bool more;
    if (!service_remove_piece(&work->rows, work->service, &more, &work->piece->error))
        return false;
    work->piece->ran++;
    work->piece->next = more ? 0 : work->service->delete_time + LOG_AFTER_DELETION;
    return true;
}

/* Some of the sessions that use a number which is being removed; this is asked again until there are none. Whatever else was due is a
 * piece of its own before that: it does not fail with this. */
static bool remove_number(struct work *work)
{
    struct piece *piece = work->piece;
    Maskline__Store__V1__PhoneNumber *number;
    bool more;
    int64_t due;
    if (work->service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return true; /* its numbers go with it */
    enum kv_found found = removal_pending(&work->rows, work->service, &number, &piece->error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    piece->next = 0;
    if (piece->ran)
        return true;
    piece->ran++;
    return removal_piece(piece->masking, &work->rows, work->service, number, &more, &due,
                         &piece->error);
}

static bool run_due(struct work *work)
{
    struct piece *piece = work->piece;
    enum kv_found found =
        rows_service(&work->rows, log_service(&piece->log), &work->service, &piece->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT) {
        piece->gone = true;
    } else if (work->service->state == MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETING) {
        if (!delete_piece(work))
            return false;
    } else if (work->service->state == MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETED) {
        if (!forget_service(work))
            return false;
    } else if (!run_hints(work, HINT_EXPIRY, PIECE_SESSIONS) ||
               !run_hints(work, HINT_PURGE, PIECE_PURGES)) {
        return false;
    }
    if (!piece->gone && !calls_run_hints(work))
        return false;
    if (!piece->gone && !remove_number(work))
        return false;
    return true;
}

bool piece_decide(struct command *command, struct txn *txn)
{
    struct piece *piece = (struct piece *)command;
    struct work work = {.piece = piece, .rows = rows_of_txn(txn, piece->masking->store)};
    work.rows.tenant = log_tenant(&piece->log);
    piece->ran = 0;
    piece->next = INT64_MAX;
    piece->gone = false;
    if (!(piece->moves ? move_stuck(&work) : run_due(&work)))
        return false;
    piece->new_floor = work.rows.now < piece->next ? work.rows.now : piece->next;
    piece->decided = true;
    return true;
}

void piece_prefetch(struct command *command, struct view *view)
{
    struct piece *piece = (struct piece *)command;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(4 * 1024 * 1024);
    if (!arena)
        return;
    struct rows rows = rows_of_view(view, piece->masking->store, arena);
    rows.tenant = log_tenant(&piece->log);
    struct error error;
    for (enum hint_kind kind = HINT_EXPIRY; kind <= HINT_PURGE; kind++) {
        struct hint hints[PIECE_SESSIONS];
        unsigned count;
        if (!read_hints(&rows, kind, log_service(&piece->log), piece->floor, hints,
                        kind == HINT_EXPIRY ? PIECE_SESSIONS : PIECE_PURGES, &count, &error))
            return;
        for (unsigned i = 0; i < count && hints[i].time <= rows.now; i++) {
            struct key key = key_session(rows.tenant, log_service(&piece->log), hints[i].session);
            struct kv_value value;
            rows_get(&rows, KV_LIVE, &key, &value, &error);
        }
    }
}
