/* Messages, up to where they are accepted. */
#include "tests/model/model_internal.h"

#include <stdio.h>

static bool is_zero(const struct plain_sid *sid)
{
    static const struct plain_sid zero;
    return sid_equal(sid, &zero);
}

static unsigned author_of(const struct m_session *session, const struct acceptance *accepted)
{
    int author = accepted->from == NONE ? accepted->as : accepted->from;
    return author == NONE ? 0 : m_person_bits(&session->people[author]);
}

void m_message_accept(struct model *model, const struct op *op, const struct acceptance *accepted)
{
    struct m_session *owner = &model->sessions[accepted->session];
    const struct plain_person *to = &owner->people[accepted->to];
    const struct m_number *number = &model->numbers[to->number];
    int author = accepted->from == NONE ? accepted->as : accepted->from;
    model->next = (struct m_leg){.service = owner->service,
                                 .session = accepted->session,
                                 .message = op->message,
                                 .media = op->media,
                                 .to = accepted->to,
                                 .from = accepted->from,
                                 .as = accepted->as,
                                 .author = author_of(owner, accepted),
                                 .moved = owner->moved[accepted->to],
                                 .status = accepted->call       ? LEG_IN_PROGRESS
                                           : accepted->canceled ? LEG_CANCELED
                                                                : LEG_QUEUED,
                                 .call = accepted->call,
                                 .over = accepted->call && accepted->canceled,
                                 .never_rung = accepted->call && accepted->canceled,
                                 .create_time = model->now,
                                 .expire_time = model->now + accepted->life,
                                 .opened = owner->opened,
                                 .peers = m_peers_of(owner, accepted->to),
                                 .carriers = {number->carriers[0], number->carriers[1]},
                                 .carrier_count = number->carrier_count,
                                 .carrier = NONE};
    struct m_expected *created =
        m_expect(model, EVENT_INTERACTION_CREATED, owner->service, accepted->session);
    created->event.first = owner->start_time == 0;
    m_cap_count(model, owner->service,
                world_person(author == NONE ? to->who[0] : owner->people[author].who[0]));
    if (!owner->start_time)
        owner->start_time = model->now;
    /* What is canceled at once keeps no session alive. */
    if (!accepted->canceled)
        owner->last_time = model->now;
    owner->status = SESSION_IN_PROGRESS;
    owner->interactions++;
    owner->calls += accepted->call;
}

/* A leg may end at once when it is plain that it cannot be sent. */
static bool begins_rightly(const struct model *model, const struct m_leg *leg,
                           const struct plain_leg *seen)
{
    const struct plain_person *to = &model->sessions[leg->session].people[leg->to];
    if (leg->status == LEG_CANCELED)
        return seen->status == LEG_CANCELED && strcmp(seen->reason, "OPTED_OUT") == 0 &&
               seen->original == 21610;
    if (seen->status == LEG_QUEUED)
        return !seen->reason[0];
    if (seen->status == LEG_FAILED && strcmp(seen->reason, "MMS_NOT_POSSIBLE") == 0)
        return leg->media && !(model->numbers[to->number].can & CAN_MMS);
    return seen->status == LEG_CANCELED && strcmp(seen->reason, "LOOP") == 0 &&
           to->who[0] >= WHO_N1 && model->numbers[to->who[0] - WHO_N1].service != NONE;
}

void m_leg_created(struct model *model, const struct event *event)
{
    const struct plain_interaction *seen = &event->interaction;
    struct m_leg *leg = &model->next;
    const struct m_session *session = &model->sessions[leg->session];
    if (model->leg_count == LEGS_MOST) {
        model_wrong_about(model, "the model is too small for so many messages");
        return;
    }
    if (leg->call) {
        m_call_created(model, leg, event);
        model->legs[model->leg_count++] = *leg;
        return;
    }
    if (!is_zero(&leg->sid) && !sid_equal(&leg->sid, &seen->sid))
        model_wrong_about(model, "m%d was answered with another SID than is in the log",
                          leg->message);
    else if (seen->message != leg->message || seen->media != leg->media)
        model_wrong_about(model, "m%d stands in the log with another content", leg->message);
    else if (seen->outbound_count != 1 ||
             !sid_equal(&seen->outbound.participant, &session->people[leg->to].sid))
        model_wrong_about(model, "m%d goes to somebody else", leg->message);
    else if (seen->has_inbound != (leg->from != NONE) ||
             (leg->from != NONE &&
              !sid_equal(&seen->inbound.participant, &session->people[leg->from].sid)))
        model_wrong_about(model, "m%d is from somebody else", leg->message);
    else if (leg->as == NONE ? !is_zero(&seen->sender)
                             : !sid_equal(&seen->sender, &session->people[leg->as].sid))
        model_wrong_about(model, "another stands as the sender of m%d", leg->message);
    else if (seen->create_time != leg->create_time || seen->expire_time != leg->expire_time)
        model_wrong_about(model, "m%d lives until T+%lld us, and should until T+%lld us",
                          leg->message, (long long)(seen->expire_time - WORLD_BEGIN),
                          (long long)(leg->expire_time - WORLD_BEGIN));
    else if (!begins_rightly(model, leg, &seen->outbound))
        model_wrong_about(model, "m%d begins in status %d %s", leg->message, seen->outbound.status,
                          seen->outbound.reason);
    leg->sid = seen->sid;
    leg->status = seen->outbound.status;
    snprintf(leg->reason, sizeof(leg->reason), "%s", seen->outbound.reason);
    leg->final_time = leg_over(leg) ? model->now : 0;
    model->legs[model->leg_count++] = *leg;
}

/* ---- from the Service itself ---- */

/* Whether nothing is refused surely yet. */
static bool may_be_only(const struct model *model)
{
    for (int i = 0; i < model->refusal_count; i++)
        if (!model->refusals[i].possible)
            return false;
    return true;
}

/* Whoever it is said to be from has to be somebody else in the session. */
static void refuse_sender(struct model *model, const struct op *op, const struct m_session *session)
{
    if (op->sender == NONE)
        return;
    if (session->label != op->session.label || op->sender >= session->people_count ||
        !person_in(&session->people[op->sender]))
        m_deny(model, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND", 80610);
    else if (op->sender == op->participant)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
}

static bool refuse_guarded(struct model *model, const struct op *op, int index)
{
    int64_t free_time;
    switch (m_guard(model, index, op->sender, op->participant, false, &free_time)) {
    case M_GUARD_NONE:
        return false;
    case M_GUARD_MODE:
        m_deny(model, STATUS_FAILED_PRECONDITION, "MODE_REFUSED", 80910);
        break;
    case M_GUARD_OPT_OUT:
        m_deny(model, STATUS_FAILED_PRECONDITION, "OPTED_OUT", 21610);
        break;
    case M_GUARD_BLOCK:
        m_deny(model, STATUS_FAILED_PRECONDITION, "BLOCKED", NONE);
        break;
    case M_GUARD_PERSON_CAP:
        m_deny(model, STATUS_RESOURCE_EXHAUSTED, "PERSON_CAP", NONE);
        break;
    case M_GUARD_SESSION_CAP:
        m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CAP", NONE);
        break;
    }
    return true;
}

static void refuse_send(struct model *model, const struct op *op, int index)
{
    const struct m_session *session = &model->sessions[index];
    if (m_place_of(session, op) == NONE || !person_in(&session->people[op->participant]))
        m_deny(model, STATUS_NOT_FOUND, "PARTICIPANT_NOT_FOUND", 80610);
    refuse_sender(model, op, session);
    if (!session_runs(session))
        m_deny(model, STATUS_FAILED_PRECONDITION, "SESSION_CLOSED", NONE);
    if (!may_be_only(model) || refuse_guarded(model, op, index))
        return;
    const struct plain_person *person = &session->people[op->participant];
    if (op->media && !(model->numbers[person->number].can & CAN_MMS))
        m_deny(model, STATUS_FAILED_PRECONDITION, "MMS_NOT_POSSIBLE", NONE);
    if (person->who[0] < WHO_N1 || person->who[0] > WHO_N4)
        return;
    const struct m_number *number = &model->numbers[person->who[0] - WHO_N1];
    if (number->service != NONE)
        m_deny(model, STATUS_FAILED_PRECONDITION, "LOOP", NONE);
    else if (number->leaving || model->now < number->quarantine_end)
        m_may_deny(model, STATUS_FAILED_PRECONDITION, "LOOP", NONE);
}

void m_do_send(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    const struct m_mark *mark = NULL;
    enum mark_state state = service == NONE ? MARK_NEW : m_mark_look(model, op, service, &mark);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    if (state == MARK_REPEAT && (index != NONE || answer->ok)) {
        if (!answer->ok || !sid_equal(&mark->sid, &answer->interaction.sid))
            model_wrong_about(model, "a repeated request was not answered as the first time (%s)",
                              answer->reason);
        return;
    }
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    if (!op->message && !op->media)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (index != NONE && may_be_only(model))
        refuse_send(model, op, index);
    if (!m_accepted(model, answer) || index == NONE)
        return;
    int64_t life = model->services[service].settings.max_life;
    if (op->max_life && op->max_life < life)
        life = op->max_life;
    m_message_accept(
        model, op,
        &(struct acceptance){
            .session = index, .from = NONE, .as = op->sender, .to = op->participant, .life = life});
    model->next.sid = answer->interaction.sid;
    m_mark_keep(model, op, service, &answer->interaction.sid);
}
