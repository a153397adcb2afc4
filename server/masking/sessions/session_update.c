#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/legs.h"
#include "server/masking/sessions/reopen.h"
#include "server/masking/derive/session_apply.h"
#include "server/masking/sessions/session_op.h"

struct update {
    struct session_op base;
    const struct session_change *change;
};

static const Maskline__Store__V1__SessionStatus CLOSED =
    MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED;
static const Maskline__Store__V1__SessionStatus IN_PROGRESS =
    MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;

static void check_form(struct update *update)
{
    struct error *error = &update->base.op.error;
    const struct session_change *change = update->change;
    if (change->set_ttl && change->ttl_given)
        form_span(error, "ttl", change->ttl, 0, SECONDS_MOST * INT64_C(1000000));
    if (change->set_expire_time && change->expire_time < 0)
        error_field(error, "expire_time", "This has passed.");
    if (change->set_metadata)
        metadata_form(error, &change->metadata);
}

/* What the session is to live like. Without a ttl or date of its own, it lives by the Service's default. */
static bool set_life(struct update *update, struct rows *rows, struct session_life *ret_life)
{
    const struct session_change *change = update->change;
    const Maskline__Store__V1__Session *session = update->base.session;
    struct session_life life = {
        .ttl = session->ttl, .ttl_given = session->ttl_given, .expire_date = session->expire_date};
    if (change->set_ttl) {
        life.ttl = change->ttl_given ? change->ttl : 0;
        life.ttl_given = change->ttl_given;
    }
    if (change->set_expire_time)
        life.expire_date = change->expire_time;
    if (!life.ttl_given && (change->set_ttl || change->set_expire_time))
        life.ttl = life.expire_date ? 0 : update->base.service->settings->default_ttl;
    bool counts = change->set_expire_time || change->status == IN_PROGRESS;
    if (counts && life.expire_date && life.expire_date <= rows->now) {
        error_clear(&update->base.op.error);
        return error_field(&update->base.op.error, "expire_time", "This has passed.");
    }
    *ret_life = life;
    return true;
}

static bool same_life(const Maskline__Store__V1__Session *session, const struct session_life *life)
{
    return session->ttl == life->ttl && !session->ttl_given == !life->ttl_given &&
           session->expire_date == life->expire_date;
}

/* What the session's entry tells of its metadata. Returns whether that changes. */
static bool tell_metadata(const struct session_change *change,
                          const Maskline__Store__V1__Session *session,
                          Maskline__Store__V1__Entry *entry)
{
    bool changes = change->set_metadata && !metadata_same(session, &change->metadata) &&
                   !MUTANT("metadata_stays");
    entry_of_session(entry, session);
    if (changes) {
        entry->session_metadata = change->metadata.items;
        entry->n_session_metadata = change->metadata.count;
    }
    return changes;
}

static bool append_update(struct update *update, struct rows *rows, const struct session_life *life)
{
    struct session_op *op = &update->base;
    Maskline__Store__V1__Session after = *op->session;
    after.ttl = life->ttl;
    after.expire_date = life->expire_date;
    Maskline__Store__V1__SessionUpdated updated = MASKLINE__STORE__V1__SESSION_UPDATED__INIT;
    updated.session = op->session->sid;
    updated.ttl = life->ttl;
    updated.ttl_given = life->ttl_given;
    updated.expire_date = life->expire_date;
    updated.effective_expire_time = session_expire_time(op->service, &after);
    /* The hint of the end may be that of a number's, too: then it stays. */
    if (op->session->effective_expire_time != session_number_ends(op->session))
        updated.previous_expire_time = op->session->effective_expire_time;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_UPDATED;
    entry.session_updated = &updated;
    updated.set_metadata = tell_metadata(update->change, op->session, &entry);
    uint64_t position;
    if (!rows_append(rows, op->service->sid.data, &entry, &position, &op->op.error))
        return false;
    session_apply_updated(op->session, &updated, &entry);
    return true;
}

static bool close_now(struct update *update, struct rows *rows,
                      Maskline__Store__V1__ClosedReason reason)
{
    struct session_op *op = &update->base;
    return session_close(rows, op->service, op->session, CLOSED, reason, "", rows->now,
                         &op->op.error);
}

static bool change_open(struct update *update, struct rows *rows)
{
    struct session_op *op = &update->base;
    struct session_life life;
    if (!set_life(update, rows, &life))
        return false;
    const struct session_change *change = update->change;
    bool same = same_life(op->session, &life) &&
                (!change->set_metadata || metadata_same(op->session, &change->metadata));
    if (!same && !append_update(update, rows, &life))
        return false;
    if (change->status == CLOSED)
        return close_now(update, rows, MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_API);
    if (session_active(op->session, rows->now))
        return true;
    /* By its new ttl it would have ended before: it ends now. */
    int64_t ended;
    return close_now(update, rows, session_expiry(op->service, op->session, &ended));
}

static bool change_ended(struct update *update, struct rows *rows)
{
    struct session_op *op = &update->base;
    const struct session_change *change = update->change;
    struct session_life life;
    if (change->status == IN_PROGRESS)
        return set_life(update, rows, &life) &&
               session_reopen(op->op.masking, rows, op->service, op->session, &life,
                              change->set_metadata ? &change->metadata : NULL, &op->op.error);
    if (change->set_ttl || change->set_expire_time || change->set_metadata)
        return refuse(&op->op.error, REFUSED_SESSION_CLOSED);
    return true;
}

/* An active session can only be closed, an ended one only be opened again; the status that it has is no change either. */
static bool legal(const Maskline__Store__V1__Session *session,
                  Maskline__Store__V1__SessionStatus status)
{
    return !status || status == (session_open(session) ? CLOSED : IN_PROGRESS);
}

static bool decide(struct op *base, struct rows *rows)
{
    struct update *update = (struct update *)base;
    struct session_op *op = &update->base;
    if (!session_op_find(op, rows, update->change->service, update->change->session))
        return false;
    if (update->change->ended_is_closed && update->change->status == CLOSED &&
        !session_open(op->session))
        return true;
    if (!legal(op->session, update->change->status))
        return refuse(&base->error, REFUSED_STATUS_CHANGE);
    bool ok = session_open(op->session) ? change_open(update, rows) : change_ended(update, rows);
    if (ok)
        op_note_session(base, op->service, op->session);
    return ok;
}

static void warm(struct op *base, struct rows *rows)
{
    const struct session_change *change = ((struct update *)base)->change;
    sid_bytes service;
    (void)session_op_warm(rows, change->service, change->session, service);
}

void sessions_update(struct masking *masking, const struct session_change *change,
                     session_done done, void *data)
{
    struct update *update = session_op_new(masking, sizeof *update, done, data);
    if (!update)
        return;
    update->change = change;
    update->base.op.decide = decide;
    update->base.op.warm = warm;
    check_form(update);
    op_run(&update->base.op);
}
