/*
 * Numbers leave their pool.
 *
 * A forced removal makes the sessions that use the number fail. Nothing says which these are, so the Service's sessions are gone through. When
 * that fits into one transaction, it is one. Otherwise the number is locked first, so that no new session takes it, and then it goes piece by
 * piece, other commands between them; the number's end comes with the last piece. After a crash in between the number is locked, and the removal
 * has to be asked for again.
 */
#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/number_op.h"
#include "server/masking/numbers/number_remove.h"
#include "server/masking/sessions/renumber.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_numbers.h"

#include <string.h>

enum {
    PIECE_LOOKED = 1024, /* sessions that one piece looks at */
    PIECE_FAILED = 256,  /* and that it lets fail */
    ROUNDS_MOST = 3,     /* over all sessions: old ones may be opened again meanwhile */
};

struct removal {
    struct number_op base;
    const char *service_name;
    const char *number_name;
    bool force;
    struct key from; /* the next piece goes on here; size 0: from the first session */
    unsigned rounds; /* that have ended */
    bool failed;     /* some sessions did */
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

/* Also one that is honoured still, though another has taken its place. */
static bool uses(const Maskline__Store__V1__Session *session, const struct address *form)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        for (size_t j = 0; j < participant->n_bindings && !participant->delete_time; j++) {
            struct address other = proxy_form(participant->bindings[j]->proxy_identifier);
            if (!participant->bindings[j]->ended && !strcmp(other.text, form->text))
                return true;
        }
    }
    return false;
}

/* What a piece found: sessions that are to fail. */
struct piece {
    Maskline__Store__V1__Session *sessions[PIECE_FAILED];
    size_t count;
    bool more;
};

static bool scan_piece(struct removal *removal, struct rows *rows, struct scan *scan,
                       struct piece *piece)
{
    struct number_op *op = &removal->base;
    struct address form = proxy_form(op->number->phone_number);
    size_t looked = 0;
    for (; scan_valid(scan) && looked < PIECE_LOOKED && piece->count < PIECE_FAILED;
         scan_next(scan), looked++) {
        struct bytes key = scan_key(scan);
        Maskline__Store__V1__Session *session = rows_record(
            rows, &maskline__store__v1__session__descriptor, scan_value(scan).bytes, &op->op.error);
        if (!session || key.size >= sizeof removal->from.data)
            return false;
        memcpy(removal->from.data, key.data, key.size);
        removal->from.data[key.size] = 0; /* just after it */
        removal->from.size = key.size + 1;
        if (session_open(session) && uses(session, &form) && !MUTANT("removal_leaves_sessions"))
            piece->sessions[piece->count++] = session;
    }
    piece->more = scan_valid(scan);
    return piece->more || scan_ok(scan, &op->op.error);
}

static bool read_piece(struct removal *removal, struct rows *rows, struct piece *piece)
{
    struct number_op *op = &removal->base;
    struct key prefix = key_sessions(rows->tenant, op->service->sid.data);
    struct key from = removal->from.size ? removal->from : prefix;
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(&from),
                                  bytes_after(key_bytes(&prefix), rows->arena), false);
    if (!scan)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    bool ok = scan_piece(removal, rows, scan, piece);
    scan_free(scan);
    return ok;
}

/* A session goes on with another number in the place of this one; it fails when none fits. */
static bool move_session(struct removal *removal, struct rows *rows,
                         Maskline__Store__V1__Session *session)
{
    struct number_op *op = &removal->base;
    struct error *error = &op->op.error;
    const char *proxy = op->number->phone_number;
    enum renumbered renumbered = RENUMBERED_NONE;
    if (rows_session_settle(rows, op->service->sid.data, session, error) != KV_FOUND ||
        !session_close_expired(rows, op->service, session, error))
        return false;
    if (session_open(session) && !MUTANT("removal_fails_all_sessions"))
        renumbered = session_renumber(op->op.masking, rows, op->service, session, proxy, error);
    if (renumbered == RENUMBERED_FAILED)
        return false;
    bool ok = !session_open(session) ||
              (renumbered == RENUMBERED_ALL
                   ? session_end_numbers(rows, op->service, session, proxy, error)
                   : session_close(rows, op->service, session,
                                   MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED,
                                   MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_UNSPECIFIED,
                                   "NUMBER_REMOVED", rows->now, error));
    if (ok) {
        error_clear(error);
        op_note_session(&op->op, op->service, session);
    }
    return ok;
}

static bool lock_number(struct removal *removal, struct rows *rows)
{
    struct number_op *op = &removal->base;
    if (op->number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED)
        return true;
    op->number->state = MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED;
    op->number->update_time = rows->now;
    Maskline__Store__V1__NumberUpdated updated = MASKLINE__STORE__V1__NUMBER_UPDATED__INIT;
    updated.number = op->number;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED;
    entry.number_updated = &updated;
    uint64_t position;
    return rows_append(rows, op->service->sid.data, &entry, &position, &op->op.error);
}

/* One piece of sessions fails. *ret_more: there may be others. */
static bool fail_piece(struct removal *removal, struct rows *rows, bool *ret_more)
{
    struct piece piece = {.count = 0};
    if (!read_piece(removal, rows, &piece))
        return false;
    if (piece.more && !lock_number(removal, rows))
        return false;
    for (size_t i = 0; i < piece.count; i++) {
        if (!move_session(removal, rows, piece.sessions[i]))
            return false;
    }
    *ret_more = piece.more;
    return true;
}

/* Sessions that have ended by themselves use nothing, whether anybody has noticed or not. */
static bool close_ended(struct removal *removal, struct rows *rows)
{
    struct number_op *op = &removal->base;
    const uint8_t *service = op->service->sid.data;
    static const sid_bytes lowest;
    sid_bytes ended[PIECE_FAILED];
    size_t count = 0;
    struct key from = key_expiries(rows->tenant, service);
    struct key to = key_expiry(rows->tenant, service, rows->now + 1, lowest);
    struct scan *scan = rows_scan(rows, KV_IDX, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    for (; scan_valid(scan) && count < PIECE_FAILED; scan_next(scan))
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

/* Lets sessions fail until none uses the number. *ret_again: that takes more pieces. */
static bool fail_all(struct removal *removal, struct rows *rows, bool *ret_again)
{
    struct number_op *op = &removal->base;
    if (!fail_piece(removal, rows, ret_again))
        return false;
    removal->failed = true;
    if (*ret_again)
        return true;
    removal->from.size = 0;
    removal->rounds++;
    if (rows_use(rows, op->service->pool.data, op->number->phone_number, &op->in_use,
                 &op->op.error) == KV_FAILED)
        return false;
    *ret_again = op->in_use && removal->rounds < ROUNDS_MOST;
    return true;
}

static bool step(struct removal *removal, struct rows *rows)
{
    struct number_op *op = &removal->base;
    struct error *error = &op->op.error;
    bool again = false;
    if (!number_op_find(op, rows, removal->service_name, removal->number_name))
        return false;
    if (op->in_use && !close_ended(removal, rows))
        return false;
    if (op->in_use && !removal->force && !MUTANT("removal_of_number_in_use"))
        return refuse(error, REFUSED_NUMBER_IN_USE);
    if (op->in_use && !fail_all(removal, rows, &again))
        return false;
    op->op.again = again;
    if (again)
        return true;
    op->in_use = 0;
    return number_drop(rows, op->service, op->number, rows->now, removal->failed, error);
}

static bool decide(struct op *base, struct rows *rows)
{
    struct removal *removal = (struct removal *)base;
    struct removal before = *removal;
    if (step(removal, rows))
        return true;
    removal->from = before.from;
    removal->rounds = before.rounds;
    removal->failed = before.failed;
    return false;
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
    op_run(&removal->base.op);
}

void numbers_remove(struct masking *masking, const char *service, const char *number, bool force,
                    number_done done, void *data)
{
    numbers_remove_kind(masking, service, number, NUMBER_PHONE, force, done, data);
}
