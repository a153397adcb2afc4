/* Numbers that leave the Service of sessions that use them: others take their places. */
#include "tests/model/model_internal.h"

static bool present(const struct plain_person *person, int number)
{
    return person_in(person) && person->number == number;
}

void m_lose_number(struct model *model, int session, int number)
{
    struct m_session *owner = &model->sessions[session];
    for (int i = 0; i < owner->people_count; i++)
        if (present(&owner->people[i], number))
            owner->losing = number;
    for (int i = 0; i < owner->people_count && owner->losing == NONE; i++)
        if (person_in(&owner->people[i]))
            m_end_old(model, session, i, number);
}

/* Another number than the one that it has is chosen, whatever was asked for once. */
static struct wish wish_of(const struct model *model, int session, int participant,
                           struct op_person *ret_person)
{
    const struct m_session *owner = &model->sessions[session];
    const struct plain_person *person = &owner->people[participant];
    *ret_person = (struct op_person){.who_count = person->who_count, .number = NONE};
    for (int i = 0; i < person->who_count; i++)
        ret_person->who[i] = person->who[i];
    struct wish wish = m_wish_of(ret_person, owner->service, session, owner->mode);
    wish.partners = m_peers_of(owner, participant);
    wish.has = person->number;
    return wish;
}

/* Short codes and senders' addresses are only ever asked for: nothing takes their places. */
void m_refuse_lost(struct model *model, int session, int participant)
{
    const struct plain_person *person = &model->sessions[session].people[participant];
    struct op_person wanted;
    struct wish wish = wish_of(model, session, participant, &wanted);
    if (person->number >= PHONES)
        m_deny(model, STATUS_FAILED_PRECONDITION, "NUMBER_GONE", 80605);
    m_refuse_identifiers(model, &wanted, NONE);
    m_wish_refusals(model, &wish, &wanted, NONE);
}

/* The number goes at once. */
static void take_place(struct model *model, int session, int participant,
                       const struct plain_person *seen, int64_t until)
{
    struct m_session *owner = &model->sessions[session];
    struct plain_person *person = &owner->people[participant];
    struct plain_person was = *person;
    int lost = person->number;
    person->number = seen->number;
    person->number_sid = seen->number_sid;
    owner->changed[participant]++;
    person->old_count = 0;
    if (lost != person->number)
        person->old[person->old_count++] = (struct plain_old){lost, until, true};
    for (int i = 0; i < was.old_count; i++) {
        struct plain_old old = was.old[i];
        if (old.number != person->number && person->old_count < PLAIN_OLD)
            person->old[person->old_count++] = old;
    }
}

bool m_renumbered(struct model *model, const struct event *event)
{
    int index = event->kind == EVENT_PARTICIPANT_UPDATED && event->number_replaced
                    ? m_find_session_sid(model, &event->session)
                    : NONE;
    struct m_session *session = index == NONE ? NULL : &model->sessions[index];
    int place = session ? m_find_participant(session, &event->participant) : NONE;
    if (place == NONE || session->losing == NONE ||
        !present(&session->people[place], session->losing) || !event->number_ended ||
        event->person_replaced)
        return false;
    struct op_person wanted;
    struct wish wish = wish_of(model, index, place, &wanted);
    m_check_given(model, &wanted, &event->person, &wish);
    take_place(model, index, place, &event->person, model->now);
    m_let_go(model, index, place);
    m_hold_take(model, index, place, false);
    m_holds_peers(model, index);
    bool more = false;
    for (int i = 0; i < session->people_count; i++)
        more = more || present(&session->people[i], session->losing);
    if (more)
        return true;
    /* What somebody else of the session had before of that number ends with it. */
    for (int i = 0; i < session->people_count; i++)
        if (person_in(&session->people[i]))
            m_end_old(model, index, i, session->losing);
    session->losing = NONE;
    return true;
}

bool m_failed(struct model *model, const struct event *event)
{
    int index = event->kind == EVENT_SESSION_CLOSED && event->status == SESSION_FAILED &&
                        strcmp(event->reason, "NUMBER_REMOVED") == 0
                    ? m_find_session_sid(model, &event->session)
                    : NONE;
    struct m_session *session = index == NONE ? NULL : &model->sessions[index];
    if (!session || session->losing == NONE)
        return false;
    m_deny_nothing(model);
    for (int i = 0; i < session->people_count; i++)
        if (present(&session->people[i], session->losing))
            m_refuse_lost(model, index, i);
    if (!model->refusal_count)
        model_wrong_about(model, "s%d failed, and others could take the place of its number",
                          session->label);
    m_session_stop(model, session, SESSION_FAILED, 1, model->now, true);
    session->number_removed = true;
    session->losing = NONE;
    return true;
}

/* ---- opening again ---- */

bool m_is_lost(const struct model *model, int session, int participant)
{
    const struct m_session *owner = &model->sessions[session];
    const struct plain_person *person = &owner->people[participant];
    return owner->status == SESSION_FAILED && person_in(person) &&
           model->numbers[person->number].service != owner->service;
}

void m_replace_lost(struct model *model, int session, const struct plain_session *seen)
{
    struct m_session *owner = &model->sessions[session];
    for (int i = 0; i < owner->people_count && i < seen->people_count; i++) {
        if (!m_is_lost(model, session, i))
            continue;
        struct op_person wanted;
        struct wish wish = wish_of(model, session, i, &wanted);
        m_check_given(model, &wanted, &seen->people[i], &wish);
        take_place(model, session, i, &seen->people[i], owner->end_time);
        struct m_expected *updated =
            m_expect(model, EVENT_PARTICIPANT_UPDATED, owner->service, session);
        updated->event.participant = owner->people[i].sid;
        updated->event.number_replaced = updated->event.number_ended = true;
    }
}
