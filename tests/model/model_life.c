/* How sessions end, and who holds which number how long. */
#include "tests/model/model_internal.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t m_session_deadline(const struct model *model, const struct m_session *session,
                           int *ret_reasons)
{
    int64_t base = later(session->create_time, later(session->reopen_time, session->last_time));
    int64_t ttl = session->ttl_given ? session->ttl : session->default_ttl;
    int64_t cap = model->services[session->service].settings.idle_cap;
    int64_t by_ttl = ttl ? base + ttl : 0;
    int64_t by_cap = cap ? base + cap : 0;
    int64_t first = by_ttl;
    if (session->date && (!first || session->date < first))
        first = session->date;
    if (by_cap && (!first || by_cap < first))
        first = by_cap;
    *ret_reasons = 0;
    if (by_ttl && by_ttl == first)
        *ret_reasons |= 1 << REASON_TTL;
    if (session->date && session->date == first)
        *ret_reasons |= 1 << REASON_DATE;
    if (by_cap && by_cap == first)
        *ret_reasons |= 1 << REASON_IDLE;
    return first;
}

/* The hold that this person has by this number in the session, or had last; NULL. */
static struct m_hold *find_hold(struct model *model, int session, int participant, int person,
                                int number)
{
    for (int i = model->hold_count - 1; i >= 0; i--) {
        struct m_hold *hold = &model->holds[i];
        if (hold->session == session && hold->participant == participant &&
            hold->person == person && hold->number == number)
            return hold;
    }
    return NULL;
}

/* `until` 0: as long as the session. */
static void take(struct model *model, int session, int participant, int person,
                 const struct plain_old *number, bool doubtful)
{
    struct m_hold *hold = find_hold(model, session, participant, person, number->number);
    bool over = number->until && number->until <= model->now;
    if (hold && !hold->released) {
        hold->taken = model->now;
        hold->until = number->until;
        return;
    }
    /* Nobody has noticed that its time is over: that it is taken again is no more than a word. */
    if (hold && over && hold->until == number->until) {
        hold->taken = model->now;
        return;
    }
    if (model->hold_count == HOLDS_MOST) {
        model_wrong_about(model, "the model is too small for so many routes");
        return;
    }
    model->holds[model->hold_count++] = (struct m_hold){
        .service = model->sessions[session].service,
        .session = session,
        .participant = participant,
        .person = person,
        .number = number->number,
        .taken = model->now,
        .until = number->until,
        .released = over ? number->until : 0,
        .doubtful = doubtful || over,
    };
}

void m_hold_take(struct model *model, int session, int participant, bool doubtful)
{
    const struct m_session *owner = &model->sessions[session];
    const struct plain_person *person = &owner->people[participant];
    const struct plain_old present = {.number = person->number};
    for (int i = 0; i < person->who_count; i++) {
        int who = world_person(person->who[i]);
        take(model, session, participant, who, &present, doubtful);
        for (int j = 0; j < person->old_count; j++)
            if (!person->old[j].ended)
                take(model, session, participant, who, &person->old[j], doubtful);
    }
}

static void release(struct model *model, int session, int participant, int64_t time, bool ends)
{
    unsigned peers = m_peers_of(&model->sessions[session], participant);
    for (int i = 0; i < model->hold_count; i++) {
        struct m_hold *hold = &model->holds[i];
        if (hold->session != session || hold->participant != participant || hold->released)
            continue;
        bool before = hold->until && hold->until < time;
        hold->released = before ? hold->until : time;
        hold->by_end = ends && !before;
        hold->peers = peers;
        hold->peers_ever |= peers;
    }
}

void m_hold_release(struct model *model, int session, int participant, int64_t time)
{
    release(model, session, participant, time, false);
}

/* What is left of earlier numbers whose time is over. */
static void settle_holds(struct model *model)
{
    for (int i = 0; i < model->hold_count; i++) {
        struct m_hold *hold = &model->holds[i];
        if (hold->released || !hold->until || hold->until > model->now)
            continue;
        hold->released = hold->until;
        hold->peers = m_peers_of(&model->sessions[hold->session], hold->participant);
        hold->peers_ever |= hold->peers;
    }
}

void m_session_uses(const struct model *model, const struct m_session *session, int number,
                    bool *ret_surely, bool *ret_perhaps)
{
    *ret_surely = *ret_perhaps = false;
    for (int i = 0; i < session->people_count; i++) {
        const struct plain_person *person = &session->people[i];
        if (!person_in(person))
            continue;
        if (person->number == number)
            *ret_surely = *ret_perhaps = true;
        for (int j = 0; j < person->old_count; j++) {
            if (person->old[j].number != number || person->old[j].ended)
                continue;
            *ret_perhaps = true;
            *ret_surely = *ret_surely || person->old[j].until > model->now;
        }
    }
}

void m_holds_peers(struct model *model, int session)
{
    for (int i = 0; i < model->hold_count; i++) {
        struct m_hold *hold = &model->holds[i];
        if (hold->session == session && !hold->released)
            hold->peers_ever |= m_peers_of(&model->sessions[session], hold->participant);
    }
}

/* Earlier numbers are not taken again when it is opened again. */
static void end_earlier(struct m_session *session)
{
    for (int i = 0; i < session->people_count; i++)
        for (int j = 0; j < session->people[i].old_count; j++)
            session->people[i].old[j].ended = true;
}

void m_session_noticed(struct m_session *session, bool noticed)
{
    session->noticed = noticed;
    if (noticed)
        end_earlier(session);
}

void m_session_stop(struct model *model, struct m_session *session, int status, int reasons,
                    int64_t time, bool noticed)
{
    int64_t retention = model->services[session->service].settings.retention;
    session->status = status;
    session->reasons = reasons;
    session->end_time = session->end_most = time;
    session->purge_least = session->purge_most = time + retention;
    m_session_noticed(session, noticed);
    session->opened++;
    for (int i = 0; i < session->people_count; i++)
        release(model, (int)(session - model->sessions), i, time, true);
}

void m_sessions_settle(struct model *model)
{
    for (int i = 0; i < model->session_count; i++) {
        struct m_session *session = &model->sessions[i];
        int reasons;
        int64_t end = m_session_deadline(model, session, &reasons);
        if (session->gone || !session_runs(session) || !end || end > model->now)
            continue;
        m_session_stop(model, session, SESSION_CLOSED, reasons, end, false);
    }
    settle_holds(model);
}

void m_session_drop(struct model *model, struct m_session *session, int64_t time)
{
    if (session_runs(session))
        m_session_stop(model, session, SESSION_CLOSED, 1 << REASON_API, time, true);
    session->gone = true;
    session->noticed = true;
}

/* ---- what happens by itself ---- */

/* From when on its holds rest is known now. */
static void release_at(struct model *model, int session, int64_t before, int64_t time)
{
    for (int i = 0; i < model->hold_count; i++)
        if (model->holds[i].session == session && model->holds[i].released == before &&
            model->holds[i].by_end)
            model->holds[i].released = time;
}

bool m_notices_end(struct model *model, const struct event *event)
{
    int index =
        event->kind == EVENT_SESSION_CLOSED ? m_find_session_sid(model, &event->session) : NONE;
    if (index == NONE)
        return false;
    struct m_session *session = &model->sessions[index];
    if (session->noticed || session_runs(session) || session->status != event->status ||
        !(session->reasons & 1 << event->closed_reason) || event->end_time < session->end_time ||
        event->end_time > session->end_most || event->purge_time < session->purge_least ||
        event->purge_time > session->purge_most)
        return false;
    release_at(model, index, session->end_time, event->end_time);
    m_session_noticed(session, true);
    session->reasons = 1 << event->closed_reason;
    session->end_time = session->end_most = event->end_time;
    session->purge_least = session->purge_most = event->purge_time;
    return true;
}

bool m_notices_purge(struct model *model, const struct event *event)
{
    int index =
        event->kind == EVENT_SESSION_DELETED ? m_find_session_sid(model, &event->session) : NONE;
    if (index == NONE || !event->purged || event->service_deleted)
        return false;
    struct m_session *session = &model->sessions[index];
    if (session->gone || session_runs(session) || !session->noticed ||
        session->purge_least > model->now)
        return false;
    session->gone = true;
    return true;
}

/* Who has an earlier number whose time is over, and nobody has noticed. */
void m_old_over(const struct model *model, struct m_session *session)
{
    session->over = 0;
    for (int i = 0; i < session->people_count && session_runs(session); i++)
        for (int j = 0; j < session->people[i].old_count && person_in(&session->people[i]); j++)
            if (!session->people[i].old[j].ended && session->people[i].old[j].until <= model->now)
                session->over |= 1u << i;
}

bool m_notices_number(struct model *model, const struct event *event)
{
    int index = event->kind == EVENT_PARTICIPANT_UPDATED && event->number_ended
                    ? m_find_session_sid(model, &event->session)
                    : NONE;
    if (index == NONE)
        return false;
    struct m_session *session = &model->sessions[index];
    int place = m_find_participant(session, &event->participant);
    if (place == NONE || !(session->over & 1u << place))
        return false;
    session->over &= ~(1u << place);
    for (int i = 0; i < session->people[place].old_count; i++) {
        struct plain_old *old = &session->people[place].old[i];
        old->ended = old->ended || old->until <= model->now;
    }
    return true;
}

static void expect_purge(struct model *model, int index, bool sure)
{
    struct m_session *session = &model->sessions[index];
    struct m_expected *deleted = m_expect(model, EVENT_SESSION_DELETED, session->service, index);
    deleted->event.purged = true;
    deleted->optional = !sure;
    if (sure)
        session->gone = true;
}

static void expect_pieces(struct model *model, int service)
{
    for (int i = 0; i < model->session_count; i++) {
        struct m_session *session = &model->sessions[i];
        if (session->service != service || session->gone)
            continue;
        struct m_expected *closed = m_expect(model, EVENT_SESSION_CLOSED, service, i);
        closed->event.status = SESSION_CLOSED;
        closed->optional = true;
        m_expect(model, EVENT_SESSION_DELETED, service, i)->event.service_deleted = true;
        m_session_drop(model, session, model->now);
    }
    for (int i = 0; i < NUMBERS; i++) {
        model->numbers[i].leaving = false;
        m_expect_number(model, EVENT_NUMBER_REMOVED, service, i)->optional = true;
    }
    m_expect(model, EVENT_SERVICE_DELETED, service, NONE);
    model->services[service].deleted = true;
}

void m_do_run(struct model *model, const struct op *op, const struct answer *answer)
{
    (void)answer;
    for (int i = 0; i < model->service_count; i++)
        if (op->kind == OP_RUN && model->services[i].deleting && !model->services[i].deleted)
            expect_pieces(model, i);
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        if (session->gone || session_runs(session) || model->services[session->service].deleting ||
            session->purge_least > model->now)
            continue;
        expect_purge(model, i, op->kind == OP_RUN && session->purge_most <= model->now);
    }
    if (op->kind != OP_RESTART)
        return;
    m_legs_restart(model, op->crash);
    model->forgot_takes = true;
}
