/* Sessions and participants. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* The end of a number's time may be told just now. */
static bool old_equal(const struct plain_old *a, const struct plain_old *b, bool perhaps_ended)
{
    return a->number == b->number && a->until == b->until &&
           (a->ended == b->ended || (b->ended && perhaps_ended));
}

static bool people_equal(const struct model *model, const struct m_session *session,
                         const struct plain_person *a, const struct plain_person *b)
{
    bool unnoticed = !session_runs(session) && !session->noticed;
    if (!sid_equal(&a->sid, &b->sid) || a->who_count != b->who_count || a->number != b->number ||
        !sid_equal(&a->number_sid, &b->number_sid) || a->create_time != b->create_time ||
        a->delete_time != b->delete_time)
        return false;
    for (int i = 0; i < a->who_count; i++)
        if (a->who[i] != b->who[i])
            return false;
    if (a->old_count != b->old_count)
        return false;
    for (int i = 0; i < a->old_count && i < PLAIN_OLD; i++)
        if (!old_equal(&a->old[i], &b->old[i], unnoticed || a->old[i].until <= model->now))
            return false;
    return true;
}

static void check_end(struct model *model, const struct m_session *session,
                      const struct plain_session *seen)
{
    if (seen->end_time < session->end_time || seen->end_time > session->end_most)
        model_wrong_about(model, "s%d ended at T+%lld us, and should have at T+%lld us",
                          session->label, (long long)(seen->end_time - WORLD_BEGIN),
                          (long long)(session->end_time - WORLD_BEGIN));
    else if (!session_runs(session) && !(session->reasons & 1 << seen->reason))
        model_wrong_about(model, "s%d reads closed for reason %d, and should for one of %x",
                          session->label, seen->reason, (unsigned)session->reasons);
    else if (session_runs(session) && seen->reason)
        model_wrong_about(model, "s%d is active, and has a reason for its end", session->label);
    else if (strcmp(seen->fail_reason, session->number_removed ? "NUMBER_REMOVED" : "") != 0)
        model_wrong_about(model, "s%d has fail reason '%s'", session->label, seen->fail_reason);
}

static void check_times(struct model *model, const struct m_session *session,
                        const struct plain_session *seen)
{
    int reasons;
    int64_t deadline = m_session_deadline(model, session, &reasons);
    if (seen->ttl_given != session->ttl_given || (seen->ttl_given && seen->ttl != session->ttl) ||
        seen->date != session->date)
        model_wrong_about(model, "s%d has another ttl or expire time than was asked for",
                          session->label);
    else if (session_runs(session) && seen->expire_time != deadline)
        model_wrong_about(model, "s%d reads as ending at T+%lld us, and should at T+%lld us",
                          session->label, (long long)(seen->expire_time - WORLD_BEGIN),
                          (long long)(deadline - WORLD_BEGIN));
    else if (seen->create_time != session->create_time || seen->start_time != session->start_time ||
             seen->last_time != session->last_time)
        model_wrong_about(model, "s%d was created, started or last used at another time",
                          session->label);
}

void m_check_session(struct model *model, const struct m_session *session,
                     const struct plain_session *seen)
{
    if (!sid_equal(&session->sid, &seen->sid)) {
        model_wrong_about(model, "s%d has another SID", session->label);
        return;
    }
    if (seen->status != session->status)
        model_wrong_about(model, "s%d reads as status %d, and should as %d", session->label,
                          seen->status, session->status);
    if (seen->name != session->name || seen->mode != session->mode ||
        seen->interactions != session->interactions || seen->calls != session->calls ||
        seen->call_seconds != session->call_seconds || seen->metadata != session->metadata)
        model_wrong_about(model, "s%d reads name %d mode %d interactions %llu metadata %d",
                          session->label, seen->name, seen->mode,
                          (unsigned long long)seen->interactions, seen->metadata);
    check_end(model, session, seen);
    check_times(model, session, seen);
    if (seen->people_count != session->people_count)
        model_wrong_about(model, "s%d has %d participants, and should have %d", session->label,
                          seen->people_count, session->people_count);
    for (int i = 0; i < session->people_count && i < seen->people_count; i++)
        if (!people_equal(model, session, &session->people[i], &seen->people[i]))
            model_wrong_about(model, "s%d reads another participant %d", session->label, i);
}

/* ---- participants ---- */

unsigned m_bits_of(const struct op_person *person)
{
    unsigned bits = 0;
    for (int i = 0; i < person->who_count; i++)
        bits |= 1u << world_person(person->who[i]);
    return bits;
}

struct wish m_wish_of(const struct op_person *person, int service, int session, int mode)
{
    struct wish wish = {.service = service,
                        .session = session,
                        .mode = mode,
                        .with = NONE,
                        .has = NONE,
                        .code = world_code(person->who[0]),
                        .home = person->who[0],
                        .persons = m_bits_of(person)};
    for (int i = 0; i < person->who_count; i++) {
        wish.channel = wish.channel || person->who[i] == WHO_F;
        wish.phone = wish.phone || person->who[i] != WHO_F;
        wish.foreign = wish.foreign || world_code(person->who[i]) != 1;
    }
    return wish;
}

/* Nobody's real number can be a number of a pool: what is sent there would come back. */
static void refuse_claimed(struct model *model, enum who who)
{
    if (who < WHO_N1 || who > WHO_N4)
        return;
    const struct m_number *number = &model->numbers[who - WHO_N1];
    if (number->service != NONE)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_IDENTIFIER", 80404);
    else if (number->leaving)
        m_may_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_IDENTIFIER", 80404);
}

void m_refuse_identifiers(struct model *model, const struct op_person *person, int index)
{
    for (int i = 0; i < person->who_count; i++) {
        if (person->who[i] == WHO_NOBODY)
            m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_IDENTIFIER", 80404);
        refuse_claimed(model, person->who[i]);
    }
    if (person->who_count == 2 && world_person(person->who[0]) == world_person(person->who[1])) {
        m_deny_one(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701, NONE);
        m_deny_one(model, STATUS_ALREADY_EXISTS, "IDENTIFIER_IN_SESSION", 80103, index);
    }
}

/* Who joined, as the answer shows it. */
static void join(struct model *model, int session, const struct op_person *wanted,
                 const struct plain_person *seen, const struct wish *wish)
{
    struct m_session *owner = &model->sessions[session];
    struct plain_person *person = &owner->people[owner->people_count++];
    *person = (struct plain_person){.sid = seen->sid,
                                    .who_count = wanted->who_count,
                                    .number = seen->number,
                                    .number_sid = seen->number_sid,
                                    .create_time = model->now};
    for (int i = 0; i < wanted->who_count; i++)
        person->who[i] = (enum who)world_person(wanted->who[i]);
    m_check_given(model, wanted, seen, wish);
}

void m_check_given(struct model *model, const struct op_person *wanted,
                   const struct plain_person *seen, const struct wish *wish)
{
    if (wanted->number >= 0 && wanted->number != seen->number)
        model_wrong_about(model, "N%d was asked for, and N%d given", wanted->number + 1,
                          seen->number + 1);
    else if (seen->number < 0)
        model_wrong_about(model, "a participant has no number");
    else if (!sid_equal(&seen->number_sid, &model->numbers[seen->number].sid))
        model_wrong_about(model, "a participant's number has another SID");
    else if (wanted->number < 0)
        m_wish_chosen(model, wish, seen->number);
}

static void refuse_people(struct model *model, const struct op *op, struct wish *wishes)
{
    for (int i = 0; i < op->people_count; i++) {
        for (int j = 0; j < op->people_count; j++)
            if (j != i)
                wishes[i].partners |= wishes[j].persons;
        m_wish_refusals(model, &wishes[i], &op->people[i], i);
    }
}

/* ---- create ---- */

/* What is wrong with the request itself. */
static void refuse_request(struct model *model, const struct op *op)
{
    if (op->date && op->date <= model->now)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (op->status == SESSION_FAILED)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (op->people_count > 2)
        m_deny(model, STATUS_FAILED_PRECONDITION, "TOO_MANY_PARTICIPANTS", 80609);
    for (int i = 0; i < op->people_count; i++) {
        m_refuse_identifiers(model, &op->people[i], i);
        for (int j = 0; j < i; j++)
            if (m_bits_of(&op->people[j]) & m_bits_of(&op->people[i]))
                m_deny(model, STATUS_ALREADY_EXISTS, "IDENTIFIER_IN_SESSION", 80103);
    }
}

static int add_session(struct model *model, const struct op *op, int service, int mode,
                       const struct answer *answer)
{
    if (model->session_count == SESSIONS_MOST)
        return NONE;
    int index = model->session_count++;
    struct m_session *session = &model->sessions[index];
    *session = (struct m_session){.label = op->label,
                                  .service = service,
                                  .sid = answer->session.sid,
                                  .name = op->name,
                                  .status = op->status ? op->status : SESSION_OPEN,
                                  .mode = mode,
                                  .metadata = op->metadata,
                                  .metadata_before = op->metadata,
                                  .ttl_given = op->ttl >= 0,
                                  .ttl = op->ttl >= 0 ? op->ttl : 0,
                                  .date = op->date,
                                  .losing = NONE,
                                  .create_time = model->now};
    if (op->ttl < 0 && !op->date)
        session->default_ttl = model->services[service].settings.default_ttl;
    return index;
}

static void created(struct model *model, const struct op *op, int service,
                    const struct wish *wishes, const struct answer *answer)
{
    int index = add_session(model, op, service, wishes[0].mode, answer);
    if (index == NONE)
        return;
    struct m_session *session = &model->sessions[index];
    if (answer->session.people_count != op->people_count) {
        model_wrong_about(model, "s%d was made with another number of participants", op->label);
        return;
    }
    for (int i = 0; i < op->people_count; i++) {
        struct wish wish = wishes[i];
        wish.session = index;
        if (op->people_count == 2)
            wish.with = answer->session.people[1 - i].number;
        join(model, index, &op->people[i], &answer->session.people[i], &wish);
    }
    for (int i = 0; i < session->people_count; i++)
        m_hold_take(model, index, i, op->status == SESSION_CLOSED);
    m_holds_peers(model, index);
    m_name_take(model, index);
    m_mark_keep(model, op, service, &session->sid);
    m_expect(model, EVENT_SESSION_CREATED, service, index);
    if (op->status == SESSION_CLOSED) {
        m_session_stop(model, session, SESSION_CLOSED, 1 << REASON_API, model->now, true);
        struct m_expected *closed = m_expect(model, EVENT_SESSION_CLOSED, service, index);
        closed->event.status = SESSION_CLOSED;
        closed->optional = true;
    }
    m_check_session(model, session, &answer->session);
}

void m_do_session_create(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    const struct m_mark *mark = NULL;
    enum mark_state state = service == NONE ? MARK_NEW : m_mark_look(model, op, service, &mark);
    if (state == MARK_REPEAT) {
        if (!answer->ok || !sid_equal(&mark->sid, &answer->session.sid))
            model_wrong_about(model, "a repeated request was not answered as the first time (%s)",
                              answer->reason);
        return;
    }
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    struct wish wishes[OP_PEOPLE] = {{.mode = op->mode, .has = NONE, .with = NONE}};
    refuse_request(model, op);
    if (service != NONE) {
        int mode = op->mode ? op->mode : model->services[service].settings.mode;
        wishes[0].mode = mode;
        for (int i = 0; i < op->people_count; i++) {
            wishes[i] = m_wish_of(&op->people[i], service, NONE, mode);
            wishes[i].idle = op->status == SESSION_CLOSED;
        }
        m_name_refusals(model, service, op->name, NONE);
        refuse_people(model, op, wishes);
    }
    if (m_accepted(model, answer) && service != NONE)
        created(model, op, service, wishes, answer);
    else if (!answer->ok && answer->participant >= 0 && answer->participant < op->people_count)
        m_wish_details(model, &wishes[answer->participant], &op->people[answer->participant],
                       answer);
}

/* One after the other, as if each had waited for the one before. */
void m_do_sessions_create(struct model *model, const struct op *op, const struct answer *answer)
{
    for (int i = 0; i < op->batch_count; i++) {
        struct op entry = op_entry(op, i);
        m_deny_nothing(model);
        m_do_session_create(model, &entry, &answer->more[i]);
    }
}

/* ---- participants of a session that exists ---- */

static void joined(struct model *model, const struct op *op, int session, const struct wish *wish,
                   const struct answer *answer)
{
    struct m_session *owner = &model->sessions[session];
    int count = answer->session.people_count;
    if (count != owner->people_count + 1) {
        model_wrong_about(model, "s%d has %d participants after one joined", owner->label, count);
        return;
    }
    join(model, session, &op->people[0], &answer->session.people[count - 1], wish);
    const struct plain_person *person = &owner->people[count - 1];
    m_hold_take(model, session, count - 1, false);
    m_holds_peers(model, session);
    m_mark_keep(model, op, owner->service, &person->sid);
    struct m_expected *added = m_expect(model, EVENT_PARTICIPANT_ADDED, owner->service, session);
    added->event.participant = person->sid;
    m_check_session(model, owner, &answer->session);
}

static void check_joined_again(struct model *model, const struct m_mark *mark,
                               const struct answer *answer)
{
    int count = answer->session.people_count;
    if (!answer->ok || !count || !sid_equal(&mark->sid, &answer->session.people[count - 1].sid))
        model_wrong_about(model, "a repeated request was not answered as the first time (%s)",
                          answer->reason);
}

void m_do_participant_create(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    const struct m_mark *mark = NULL;
    enum mark_state state = service == NONE ? MARK_NEW : m_mark_look(model, op, service, &mark);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    if (state == MARK_REPEAT && (index != NONE || answer->ok)) {
        check_joined_again(model, mark, answer);
        return;
    }
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    struct wish wish = {.mode = 0, .has = NONE, .with = NONE};
    m_refuse_identifiers(model, &op->people[0], NONE);
    if (index != NONE) {
        const struct m_session *session = &model->sessions[index];
        wish = m_wish_of(&op->people[0], service, index, session->mode);
        wish.partners = m_peers_of(session, NONE);
        int in = 0;
        for (int i = 0; i < session->people_count; i++)
            in += person_in(&session->people[i]);
        if (in >= 2)
            m_deny(model, STATUS_FAILED_PRECONDITION, "TOO_MANY_PARTICIPANTS", 80609);
        if (wish.partners & wish.persons)
            m_deny(model, STATUS_ALREADY_EXISTS, "IDENTIFIER_IN_SESSION", 80103);
        if (!session_runs(session))
            m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", 80607);
        m_wish_refusals(model, &wish, &op->people[0], NONE);
    }
    if (m_accepted(model, answer) && index != NONE)
        joined(model, op, index, &wish, answer);
    else if (!answer->ok && index != NONE)
        m_wish_details(model, &wish, &op->people[0], answer);
}

void m_do_participant_delete(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    struct m_session *session = index == NONE ? NULL : &model->sessions[index];
    bool there = session && m_place_of(session, op) != NONE;
    if (session && !there)
        m_deny(model, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND", 80610);
    if (!m_accepted(model, answer) || !there)
        return;
    struct plain_person *person = &session->people[op->participant];
    if (person_in(person)) {
        m_hold_release(model, index, op->participant, model->now);
        person->delete_time = model->now;
        struct m_expected *removed =
            m_expect(model, EVENT_PARTICIPANT_REMOVED, session->service, index);
        removed->event.participant = person->sid;
    }
    m_check_session(model, session, &answer->session);
}

/* ---- reads ---- */

static bool asked_for(const struct m_session *session, const struct reading *reading)
{
    bool was_in = reading->who == WHOS;
    for (int i = 0; i < session->people_count && !was_in; i++)
        was_in = was_in || m_person_is(&session->people[i], reading->who) ||
                 session->former[i] & 1u << world_person(reading->who);
    return was_in && (!reading->statuses || reading->statuses & 1u << session->status) &&
           (!reading->name || reading->name == session->name);
}

void model_read_sessions(struct model *model, int service, const struct reading *reading,
                         const struct plain_session *sessions, int count)
{
    int at = 0;
    int index = m_find_service_label(model, service);
    for (int i = 0; i < model->session_count && !model_wrong(model); i++) {
        const struct m_session *session = &model->sessions[i];
        if (session->service != index || session->gone || !asked_for(session, reading))
            continue;
        bool may_lack = !session_runs(session) && session->purge_least <= model->now;
        if (at < count && sid_equal(&session->sid, &sessions[at].sid))
            m_check_session(model, session, &sessions[at++]);
        else if (!may_lack)
            model_wrong_about(model, "s%d is not listed where it should be", session->label);
    }
    if (at != count)
        model_wrong_about(model, "k%d lists %d sessions, and should %d", service, count, at);
}
