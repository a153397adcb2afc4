#include "proto/c/fault.h"
#include "server/masking/calls/call_legs.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/errors.h"
#include "server/masking/timers/timers_internal.h"

#include <string.h>

/*
 * Calls by their due time. A row is a hint: what is to happen follows from the call as it stands. One that was to be hung up and has not
 * ended is told so again; after a while it is taken as ended. A carrier that never told the end is told to hang up once a minute until it
 * does, or the call has surely ended: so is that of a call which is gone with its session.
 */

enum { TELL_AGAIN = 60000000 /* microseconds */ };

struct hint {
    struct key key;
    int64_t time;
    struct call_id id;
    Maskline__Store__V1__CallDue *due;
};

static bool no_memory(struct work *work)
{
    return refuse(&work->piece->error, REFUSED_NO_MEMORY);
}

static struct scan *scan_from(struct rows *rows, const uint8_t *service, int64_t floor)
{
    static const sid_bytes lowest;
    struct key from = key_call(rows->tenant, service, floor, lowest, lowest);
    struct key to = key_calls(rows->tenant, service);
    to.data[to.size - 1]++; /* the letter */
    return rows_scan(rows, KV_IDX, key_bytes(&from), key_bytes(&to), false);
}

bool calls_first_due(struct rows *rows, const uint8_t *service, int64_t *ret_due,
                     struct error *error)
{
    *ret_due = INT64_MAX;
    struct scan *scan = scan_from(rows, service, 0);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    if (scan_valid(scan))
        (void)key_time(scan_key(scan), ret_due);
    bool ok = scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

static bool read_hint(struct work *work, struct scan *scan, struct hint *ret_hint)
{
    struct bytes key = scan_key(scan);
    if (!key_time(key, &ret_hint->time) ||
        !key_call_sids(key, ret_hint->id.session, ret_hint->id.interaction))
        return false;
    memcpy(ret_hint->key.data, key.data, key.size);
    ret_hint->key.size = key.size;
    ret_hint->id.log = work->piece->log;
    struct error ignored;
    ret_hint->due = rows_record(&work->rows, &maskline__store__v1__call_due__descriptor,
                                scan_value(scan).bytes, &ignored);
    return ret_hint->due;
}

/* Those that are due, at most `room`; *ret_next: when the first of the others is. */
static bool read_hints(struct work *work, struct hint *ret_hints, unsigned room,
                       unsigned *ret_count, int64_t *ret_next)
{
    struct piece *piece = work->piece;
    struct scan *scan = scan_from(&work->rows, work->service->sid.data, piece->floor);
    if (!scan)
        return no_memory(work);
    unsigned count = 0;
    *ret_next = INT64_MAX;
    for (; scan_valid(scan); scan_next(scan)) {
        if (!read_hint(work, scan, &ret_hints[count]))
            continue;
        if (ret_hints[count].time > work->rows.now || count == room) {
            *ret_next = ret_hints[count].time;
            break;
        }
        count++;
    }
    bool ok = scan_ok(scan, &piece->error);
    scan_free(scan);
    *ret_count = count;
    return ok;
}

/* The hint has served. With `later` it comes again then. */
static bool replace(struct work *work, const struct hint *hint, int64_t later)
{
    struct txn *txn = work->rows.txn;
    if (later == hint->time)
        return true;
    if (!txn_delete(txn, KV_IDX, key_bytes(&hint->key)))
        return no_memory(work);
    if (!later)
        return true;
    uint8_t packed[256];
    if (maskline__store__v1__call_due__get_packed_size(hint->due) > sizeof packed)
        return no_memory(work);
    size_t size = maskline__store__v1__call_due__pack(hint->due, packed);
    struct key key = key_call(work->rows.tenant, work->service->sid.data, later, hint->id.session,
                              hint->id.interaction);
    if (later < work->piece->next)
        work->piece->next = later;
    return txn_put(txn, KV_IDX, key_bytes(&key), (struct bytes){packed, size}, 0) ||
           no_memory(work);
}

/* The call is gone, or has ended without a word of its carrier. */
static bool tell_again(struct work *work, struct hint *hint)
{
    if (work->rows.now >= hint->due->until_time || MUTANT("orphaned_calls_live_on"))
        return replace(work, hint, 0);
    work->piece->ran++;
    call_watch_tell(work->piece->masking->calls, &hint->id, hint->due->carrier);
    return replace(work, hint, work->rows.now + TELL_AGAIN);
}

static bool append(struct work *work, struct call_sides *sides, int64_t due, bool ends)
{
    struct piece *piece = work->piece;
    piece->ran++;
    if (!ends && sides->call->due_time < piece->next)
        piece->next = sides->call->due_time;
    return call_append(&work->rows, work->service->sid.data, sides, due, ends, &piece->error);
}

/* It was to be hung up. */
static bool wait_for_end(struct work *work, const struct hint *hint, struct call_sides *sides)
{
    int64_t end = sides->call->hang_up_time + CALL_HANG_UP_WAIT, due = sides->call->due_time;
    int64_t again = work->rows.now + CALL_HANG_UP_AGAIN;
    if (work->rows.now >= end && !MUTANT("call_is_waited_for_for_ever")) {
        call_lose(sides, work->rows.now);
        return (hint->time == due || replace(work, hint, 0)) && append(work, sides, due, true);
    }
    work->piece->ran++;
    call_watch_note(work->piece->masking->calls, &hint->id.log, hint->id.session);
    return replace(work, hint, again < end ? again : end);
}

static bool run_hint(struct work *work, struct hint *hint)
{
    struct call_sides sides;
    enum kv_found found = call_row(&work->rows, &hint->id, &sides, &work->piece->error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT || sides.call->end_time)
        return found == KV_ABSENT || sides.call->lost ? tell_again(work, hint)
                                                      : replace(work, hint, 0);
    if (sides.call->hang_up_time)
        return wait_for_end(work, hint, &sides);
    int64_t due = sides.call->due_time;
    if (due > work->rows.now)
        return replace(work, hint, 0);
    const char *reason = sides.call->connect_time ? "LONGEST_CALL" : "NOT_REPORTED";
    (void)call_wish_end(&sides, reason, work->rows.now);
    return (hint->time == due || replace(work, hint, 0)) && append(work, &sides, due, false);
}

bool calls_run_hints(struct work *work)
{
    struct hint hints[PIECE_CALLS + 1];
    unsigned count = 0;
    int64_t next = INT64_MAX;
    if (!read_hints(work, hints, PIECE_CALLS, &count, &next))
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (run_hint(work, &hints[i]))
            continue;
        struct stuck *stuck = &work->piece->stuck;
        *stuck = (struct stuck){.there = true, .kind = HINT_CALL, .key = hints[i].key};
        memcpy(stuck->session, hints[i].id.session, SID_BYTES);
        memcpy(stuck->interaction, hints[i].id.interaction, SID_BYTES);
        return false;
    }
    if (next < work->piece->next)
        work->piece->next = next;
    return true;
}
