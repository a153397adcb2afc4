/* Changing, closing, opening again and deleting a session. */
#include "tests/model/model_internal.h"

/* Whether somebody can have this number of the session again. */
static void refuse_pair_again(struct model *model, int index, int place, int number)
{
    const struct m_session *session = &model->sessions[index];
    struct wish wish = {.service = session->service,
                        .session = index,
                        .mode = session->mode,
                        .persons = m_person_bits(&session->people[place]),
                        .partners = m_peers_of(session, place),
                        .with = NONE,
                        .has = NONE};
    int rival;
    int64_t free_time;
    enum pair_state state = m_pair_state(model, &wish, number, &rival, &free_time);
    if (model->numbers[number].service != session->service)
        m_deny(model, STATUS_FAILED_PRECONDITION, "NUMBER_GONE", 80605);
    else
        m_wish_able(model, &wish, number);
    if (state == PAIR_USED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "PAIR_IN_USE", 80604);
    else if (state != PAIR_FREE)
        m_may_deny(model, STATUS_FAILED_PRECONDITION, "PAIR_COOLING_DOWN", NONE);
}

/* Whether a session can be opened again. */
static void refuse_reopening(struct model *model, const struct op *op, int index)
{
    const struct m_session *session = &model->sessions[index];
    int64_t date = op->set_date ? op->date : session->date;
    if (date && date <= model->now)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    m_name_refusals(model, session->service, session->name, index);
    for (int i = 0; i < session->people_count; i++) {
        const struct plain_person *person = &session->people[i];
        if (!person_in(person))
            continue;
        if (m_is_lost(model, index, i)) {
            m_refuse_lost(model, index, i);
            continue;
        }
        refuse_pair_again(model, index, i, person->number);
        for (int j = 0; j < person->old_count; j++)
            if (!person->old[j].ended && person->old[j].until > model->now)
                refuse_pair_again(model, index, i, person->old[j].number);
    }
}

static void refuse_update(struct model *model, const struct op *op, int index)
{
    const struct m_session *session = &model->sessions[index];
    /* One of a batch. */
    if (op->quietly && op->status == SESSION_CLOSED && !session_runs(session))
        return;
    if (session_runs(session)) {
        if (op->status && op->status != SESSION_CLOSED)
            m_deny(model, STATUS_FAILED_PRECONDITION, "ILLEGAL_STATUS_CHANGE", 80608);
        return;
    }
    if (op->status == SESSION_IN_PROGRESS) {
        refuse_reopening(model, op, index);
        return;
    }
    if (op->status)
        m_deny(model, STATUS_FAILED_PRECONDITION, "ILLEGAL_STATUS_CHANGE", 80608);
    if (op->set_ttl || op->set_date || op->set_metadata)
        m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", 80607);
    if (!op->status && !op->set_ttl && !op->set_date && !op->set_metadata)
        m_may_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", 80607);
}

/* What the Service's default gives a session that has no ttl of its own is left open when its expire time comes or goes after its
 * creation: one of these, and the one that is seen. */
static void settle_default(struct model *model, const struct op *op, struct m_session *session,
                           const struct plain_session *seen)
{
    int64_t present = model->services[session->service].settings.default_ttl;
    int64_t candidates[] = {session->default_ttl, 0, present};
    if (session->ttl_given)
        return;
    if (op->set_ttl)
        candidates[0] = candidates[1] = session->date ? 0 : present;
    if (op->set_ttl && session->date)
        candidates[2] = 0;
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
        if (seen->ttl == candidates[i]) {
            session->default_ttl = seen->ttl;
            return;
        }
    model_wrong_about(model, "s%d has a ttl of %lld us, which nothing accounts for", session->label,
                      (long long)seen->ttl);
}

/* Whether something that was asked for is another now. */
static bool change_times(struct model *model, const struct op *op, struct m_session *session,
                         const struct answer *answer)
{
    struct m_session before = *session;
    if (op->set_metadata)
        session->metadata = op->metadata;
    if (op->set_ttl) {
        session->ttl_given = op->ttl >= 0;
        session->ttl = op->ttl >= 0 ? op->ttl : 0;
    }
    if (op->set_date)
        session->date = op->date;
    if (op->set_ttl || op->set_date)
        settle_default(model, op, session, &answer->session);
    return before.ttl_given != session->ttl_given || before.ttl != session->ttl ||
           before.date != session->date || before.metadata != session->metadata;
}

static void reopen(struct model *model, int index, const struct plain_session *seen)
{
    struct m_session *session = &model->sessions[index];
    m_replace_lost(model, index, seen);
    if (!session->noticed)
        m_expect(model, EVENT_SESSION_CLOSED, session->service, index)->event.status =
            SESSION_CLOSED;
    m_session_noticed(session, true);
    session->status = SESSION_IN_PROGRESS;
    session->reasons = 0;
    session->number_removed = false;
    session->reopen_time = model->now;
    session->end_time = session->end_most = 0;
    session->purge_least = session->purge_most = 0;
    session->noticed = false;
    session->opened++;
    for (int i = 0; i < session->people_count; i++)
        if (person_in(&session->people[i])) {
            /* A number that left and came back has another SID. */
            session->people[i].number_sid = model->numbers[session->people[i].number].sid;
            m_hold_take(model, index, i, false);
        }
    m_holds_peers(model, index);
    m_name_take(model, index);
    m_expect(model, EVENT_SESSION_REOPENED, session->service, index);
}

static void close_session(struct model *model, int index)
{
    struct m_session *session = &model->sessions[index];
    m_session_stop(model, session, SESSION_CLOSED, 1 << REASON_API, model->now, true);
    struct m_expected *closed = m_expect(model, EVENT_SESSION_CLOSED, session->service, index);
    closed->event.status = SESSION_CLOSED;
    closed->event.closed_reason = REASON_API;
    closed->event.end_time = model->now;
}

void m_do_session_update(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    if (op->set_date && op->date && op->date <= model->now)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (index != NONE)
        refuse_update(model, op, index);
    if (!m_accepted(model, answer) || index == NONE)
        return;
    struct m_session *session = &model->sessions[index];
    if (!session_runs(session) && op->status == SESSION_CLOSED) {
        m_check_session(model, session, &answer->session);
        return;
    }
    bool reopens = !session_runs(session) && op->status == SESSION_IN_PROGRESS;
    if (reopens)
        reopen(model, index, &answer->session);
    bool changed = change_times(model, op, session, answer);
    if (!reopens && (op->set_ttl || op->set_date || op->set_metadata))
        m_expect(model, EVENT_SESSION_UPDATED, service, index)->optional =
            !changed || op->status == SESSION_CLOSED;
    if (!reopens && op->status == SESSION_CLOSED)
        close_session(model, index);
    int reasons;
    int64_t deadline = m_session_deadline(model, session, &reasons);
    if (session_runs(session) && deadline && deadline <= model->now) {
        m_session_stop(model, session, SESSION_CLOSED, reasons, deadline, false);
        session->end_most = model->now;
        session->purge_most = model->now + model->services[service].settings.retention;
    }
    if (answer->session.status != session->status)
        model_wrong_about(model, "the answer shows s%d in status %d, and should in %d",
                          session->label, answer->session.status, session->status);
}

void m_do_session_delete(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    if (!m_accepted(model, answer) || index == NONE)
        return;
    struct m_session *session = &model->sessions[index];
    if (!sid_equal(&session->sid, &answer->session.sid))
        model_wrong_about(model, "another session was deleted");
    struct m_expected *closed = m_expect(model, EVENT_SESSION_CLOSED, service, index);
    closed->event.status = SESSION_CLOSED;
    closed->optional = true;
    m_expect(model, EVENT_SESSION_DELETED, service, index);
    m_session_drop(model, session, model->now);
}
