/*
 * Numbers leave their pool.
 *
 * One that sessions use leaves by force alone, and then in pieces (removal.h): each is a decision of its own, so that other commands come
 * between. Whoever asked for it is answered after the last one.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/numbers/number_op.h"
#include "server/masking/numbers/number_remove.h"
#include "server/masking/numbers/removal.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_numbers.h"

#include <string.h>

enum { ENDED_MOST = 256 }; /* sessions that are closed on the way since their time is over */

struct removal {
    struct number_op base;
    const char *service_name;
    const char *number_name;
    bool force;
    void (*told)(struct op *op, const struct error *error);
    bool begun; /* a piece is done, and there are more */
    struct log_id log;
    sid_bytes sid; /* of the number, then */
};

struct number_rest number_rest(const Maskline__Store__V1__Service *service, int64_t since)
{
    const Maskline__Store__V1__Settings *settings = service->settings;
    int64_t longer =
        settings->quarantine > settings->cool_down ? settings->quarantine : settings->cool_down;
    return (struct number_rest){since + longer,
                                since + settings->cool_down - MUTANT("rest_ends_a_tick_early")};
}

bool number_drop(struct rows *rows, const Maskline__Store__V1__Service *service,
                 Maskline__Store__V1__PhoneNumber *number, int64_t since, bool forced,
                 struct error *error)
{
    Maskline__Store__V1__NumberRemoved removed = MASKLINE__STORE__V1__NUMBER_REMOVED__INIT;
    removed.number = number;
    struct number_rest rest = number_rest(service, since);
    removed.free_time = rest.free_time;
    removed.rest_time = rest.rest_time;
    removed.forced = forced;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_REMOVED;
    entry.number_removed = &removed;
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, error);
}

/* Sessions that have ended by themselves use nothing, whether anybody has noticed or not. */
static bool close_ended(struct removal *removal, struct rows *rows)
{
    struct number_op *op = &removal->base;
    const uint8_t *service = op->service->sid.data;
    static const sid_bytes lowest;
    sid_bytes ended[ENDED_MOST];
    size_t count = 0;
    struct key from = key_expiries(rows->tenant, service);
    struct key to = key_expiry(rows->tenant, service, rows->now + 1, lowest);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    for (; scan_valid(scan) && count < ENDED_MOST; scan_next(scan))
        count += key_last_sid(scan_key(scan), ended[count]);
    bool ok = scan_valid(scan) || scan_ok(scan, &op->op.error);
    scan_free(scan);
    for (size_t i = 0; ok && i < count; i++) {
        Maskline__Store__V1__Session *session;
        enum kv_found found = rows_session(rows, service, ended[i], &session, &op->op.error);
        ok = found == KV_ABSENT ||
             (found == KV_FOUND &&
              session_close_expired(rows, op->service, session, &op->op.error) &&
              (!session_open(session) ||
               session_end_numbers(rows, op->service, session, NULL, &op->op.error)));
        if (ok && found == KV_FOUND)
            op_note_session(&op->op, op->service, session);
    }
    return ok && rows_use(rows, op->service->pool.data, op->number->phone_number, &op->in_use,
                          &op->op.error) != KV_FAILED;
}

/* In the pieces after the first the number is that one, by whatever name it was given. */
static bool find(struct removal *removal, struct rows *rows, bool *ret_gone)
{
    struct number_op *op = &removal->base;
    struct error *error = &op->op.error;
    *ret_gone = false;
    if (!removal->begun)
        return number_op_find(op, rows, removal->service_name, removal->number_name);
    if (!rows_find_active_service(rows, sid_format("KS", log_service(&removal->log)).text,
                                  &op->service, error))
        return false;
    enum kv_found found =
        rows_number_by_sid(rows, op->service->pool.data, removal->sid, &op->number, error);
    *ret_gone = found == KV_ABSENT;
    return found == KV_ABSENT ||
           (found == KV_FOUND && rows_use(rows, op->service->pool.data, op->number->phone_number,
                                          &op->in_use, error) != KV_FAILED);
}

/* The timers were faster. */
static bool answer_gone(struct removal *removal, struct rows *rows)
{
    struct number_op *op = &removal->base;
    op->number = arena_alloc(rows->arena, sizeof *op->number);
    uint8_t *sid = arena_copy(rows->arena, removal->sid, SID_BYTES);
    if (!op->number || !sid)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    maskline__store__v1__phone_number__init(op->number);
    op->number->sid = (ProtobufCBinaryData){SID_BYTES, sid};
    op->in_use = 0;
    return true;
}

static void note_begun(struct removal *removal)
{
    removal->begun = true;
    removal->log = key_log(removal->base.op.masking->tenant, removal->base.service->sid.data);
    memcpy(removal->sid, removal->base.number->sid.data, SID_BYTES);
}

static bool take_away(struct removal *removal, struct rows *rows)
{
    struct number_op *op = &removal->base;
    int64_t due;
    if (!removal_piece(op->op.masking, rows, op->service, op->number, &op->op.again, &due,
                       &op->op.error))
        return false;
    if (due != INT64_MAX)
        op_note(&op->op, op->service, due);
    if (op->op.again)
        note_begun(removal);
    op->in_use = 0;
    return true;
}

static bool decide(struct op *base, struct rows *rows)
{
    struct removal *removal = (struct removal *)base;
    struct number_op *op = &removal->base;
    struct error *error = &op->op.error;
    bool gone;
    if (removal->begun)
        FAILPOINT("removal_before_next_piece");
    if (!find(removal, rows, &gone))
        return false;
    if (gone)
        return answer_gone(removal, rows);
    bool leaves = op->number->removal_time;
    if (op->in_use && !leaves && !close_ended(removal, rows))
        return false;
    if (op->in_use && !leaves && !removal->force && !MUTANT("removal_of_number_in_use"))
        return refuse(error, REFUSED_NUMBER_IN_USE);
    if (op->in_use || leaves)
        return take_away(removal, rows);
    return number_drop(rows, op->service, op->number, rows->now, false, error);
}

/* What was begun goes on without whoever asked for it. */
static void tell(struct op *base, const struct error *error)
{
    struct removal *removal = (struct removal *)base;
    if (error && removal->begun)
        timers_note(base->masking->timers, &removal->log, 1);
    removal->told(base, error);
}

void numbers_remove_kind(struct masking *masking, const char *service, const char *number,
                         enum number_kind kind, bool force, number_done done, void *data)
{
    struct removal *removal = number_op_new(masking, sizeof *removal, done, data);
    if (!removal)
        return;
    removal->service_name = service;
    removal->number_name = number;
    removal->force = force;
    removal->base.kind = kind;
    removal->base.op.decide = decide;
    removal->told = removal->base.op.tell;
    removal->base.op.tell = tell;
    op_run(&removal->base.op);
}

void numbers_remove(struct masking *masking, const char *service, const char *number, bool force,
                    number_done done, void *data)
{
    numbers_remove_kind(masking, service, number, NUMBER_PHONE, force, done, data);
}
