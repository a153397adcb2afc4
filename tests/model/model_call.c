/* Calls: who may be rung, that they end when they have to, and that they end once. */
#include "tests/model/model_internal.h"

static struct m_leg *find_call(struct model *model, int message)
{
    for (int i = 0; i < model->leg_count; i++)
        if (model->legs[i].call && model->legs[i].message == message)
            return &model->legs[i];
    return NULL;
}

/* Whether it may not live any more. */
static struct bars call_bars(const struct model *model, const struct m_leg *leg)
{
    const struct m_session *session = &model->sessions[leg->session];
    const struct plain_person *first = &session->people[leg->from];
    const struct plain_person *second = &session->people[leg->to];
    struct bars bars = {0, 0};
    if (m_leg_gone(model, leg))
        bars.sure |= BAR_GONE;
    if (!session_runs(session))
        bars.sure |= BAR_CLOSED;
    if (session->opened != leg->opened)
        bars.perhaps |= BAR_CLOSED;
    if (!person_in(first) || !person_in(second))
        bars.sure |= BAR_REMOVED;
    if (session->changed[leg->from] != leg->changed[0] ||
        session->changed[leg->to] != leg->changed[1])
        bars.sure |= BAR_ROUTE;
    if (m_blocked(model, leg->service, m_person_bits(first), m_person_bits(second)))
        bars.sure |= BAR_BLOCKED;
    const int numbers[] = {first->number, second->number};
    for (int i = 0; i < 2; i++) {
        const struct m_number *number = &model->numbers[numbers[i]];
        if (number->service != leg->service)
            bars.sure |= BAR_NUMBER;
        else if (number->state == NUMBER_LOCKED)
            *(leg->connected ? &bars.perhaps : &bars.sure) |= BAR_LOCKED;
    }
    return bars;
}

/* ---- coming in ---- */

/* Who of a participant can be rung; false: that is left open. */
static bool targets_of(const struct model *model, const struct plain_person *person,
                       struct plain_plan *ret_plan)
{
    ret_plan->count = 0;
    for (int i = 0; i < person->who_count; i++) {
        enum who who = person->who[i];
        if (who == WHO_F)
            continue;
        if (who >= WHO_N1 && who <= WHO_N4) {
            const struct m_number *own = &model->numbers[who - WHO_N1];
            if (own->leaving)
                return false;
            if (own->service != NONE)
                continue;
        }
        ret_plan->targets[ret_plan->count++] = who;
    }
    return true;
}

/* Why nobody is rung, though the call is written down. */
static void refuse_ringing(struct model *model, const struct op *op,
                           const struct acceptance *accepted)
{
    const struct m_session *session = &model->sessions[accepted->session];
    const struct plain_person *second = &session->people[accepted->to];
    const struct m_number *shown = &model->numbers[second->number];
    const struct m_number *own = &model->numbers[session->people[accepted->from].number];
    struct plain_plan plan;
    if (shown->service != session->service || own->service != session->service)
        m_deny(model, 0, "NUMBER_REMOVED", NONE);
    if (shown->state == NUMBER_LOCKED || own->state == NUMBER_LOCKED)
        m_deny(model, 0, "NUMBER_LOCKED", NONE);
    if (!(shown->can & CAN_VOICE))
        m_deny(model, 0, "VOICE_NOT_POSSIBLE", 80201);
    if (m_wrong_carrier(shown, op->carrier))
        m_deny(model, 0, "CARRIER_MISMATCH", NONE);
    if (!targets_of(model, second, &plan))
        m_may_deny(model, 0, "LOOP", NONE);
    else if (!plan.count)
        m_deny(model, 0, "LOOP", NONE);
}

static void check_plan(struct model *model, const struct op *op, const struct acceptance *accepted,
                       const struct answer *answer)
{
    const struct plain_person *second = &model->sessions[accepted->session].people[accepted->to];
    struct plain_plan plan;
    if (answer->plan.shown != second->number)
        model_wrong_about(model, "call m%d shows N%d, and should N%d", op->message,
                          answer->plan.shown + 1, second->number + 1);
    if (!targets_of(model, second, &plan))
        return;
    bool right = plan.count == answer->plan.count;
    for (int i = 0; right && i < plan.count; i++)
        right = world_person(plan.targets[i]) == world_person(answer->plan.targets[i]);
    if (!right)
        model_wrong_about(model, "call m%d rings somebody else", op->message);
}

void m_do_call(struct model *model, const struct op *op, const struct answer *answer)
{
    bool rests;
    int service = m_owner_of(model, op, &rests);
    struct acceptance accepted = {
        .session = NONE, .from = NONE, .as = NONE, .to = NONE, .call = true};
    if (service == NONE) {
        m_refuse_stray(model, op);
        m_accepted(model, answer);
        return;
    }
    const struct m_number *number = &model->numbers[op->number];
    m_refuse_loop(model, op);
    bool loop = model->refusal_count &&
                (!model->refusals[0].possible || strcmp(answer->reason, "LOOP") == 0);
    if (!loop && rests)
        m_deny(model, 0, "NUMBER_QUARANTINED", NONE);
    else if (!loop && m_wrong_carrier(number, op->carrier))
        m_deny(model, 0, "WRONG_CARRIER", NONE);
    else if (!loop && number->state == NUMBER_LOCKED)
        m_deny(model, 0, "NUMBER_LOCKED", NONE);
    else if (!loop)
        m_refuse_routed(model, op, service, &accepted);
    int refusals = model->refusal_count;
    bool sure = false;
    for (int i = 0; i < refusals; i++)
        sure = sure || !model->refusals[i].possible;
    if (!sure && accepted.session != NONE && accepted.to != NONE)
        refuse_ringing(model, op, &accepted);
    else
        accepted.session = NONE;
    bool ok = m_accepted(model, answer);
    if (accepted.session == NONE || (loop && !ok)) {
        m_expect_rejected(model, op, service, answer, false);
        return;
    }
    accepted.canceled = !ok;
    if (ok)
        check_plan(model, op, &accepted, answer);
    m_message_accept(model, op, &accepted);
    model->next.changed[0] = model->sessions[accepted.session].changed[accepted.from];
    model->next.changed[1] = model->sessions[accepted.session].changed[accepted.to];
    model->next.sid = answer->interaction.sid;
}

static bool is_end(int status)
{
    return status >= LEG_COMPLETED || status == LEG_FAILED || status == LEG_CANCELED;
}

void m_call_created(struct model *model, struct m_leg *leg, const struct event *event)
{
    const struct plain_interaction *seen = &event->interaction;
    const struct m_session *session = &model->sessions[leg->session];
    if (!seen->voice || seen->message || seen->media)
        model_wrong_about(model, "call m%d stands in the log as something else", leg->message);
    else if (!seen->has_inbound ||
             !sid_equal(&seen->inbound.participant, &session->people[leg->from].sid))
        model_wrong_about(model, "call m%d is from somebody else", leg->message);
    else if (seen->outbound_count != 1 ||
             !sid_equal(&seen->outbound.participant, &session->people[leg->to].sid))
        model_wrong_about(model, "call m%d goes to somebody else", leg->message);
    else if (!leg->over && !sid_equal(&leg->sid, &seen->sid))
        model_wrong_about(model, "call m%d was answered with another key", leg->message);
    else if (leg->over != is_end(seen->outbound.status) || leg->over != (seen->call.end_time != 0))
        model_wrong_about(model, "call m%d begins in status %d", leg->message,
                          seen->outbound.status);
    leg->sid = seen->sid;
}

/* ---- on its way ---- */

void m_do_call_step(struct model *model, const struct op *op, const struct answer *answer)
{
    struct m_leg *leg = find_call(model, op->message);
    if (!leg || (leg->over && leg->never_rung)) {
        if (answer->ok || answer->code != STATUS_NOT_FOUND || !answer->hang_up)
            model_wrong_about(model, "a call that never was may go on");
        return;
    }
    struct m_expected *warning = m_expect(model, EVENT_WARNING, leg->service, NONE);
    warning->any_session = true;
    warning->optional = true;
    if (m_leg_gone(model, leg)) {
        if (!answer->hang_up)
            model_wrong_about(model, "call m%d is gone, and may go on", op->message);
        return;
    }
    if (!answer->ok)
        model_wrong_about(model, "progress of call m%d was refused with %s", op->message,
                          answer->reason);
    bool ends = op->step >= STEP_COMPLETED;
    struct bars bars = call_bars(model, leg);
    if (!leg->over && op->step == STEP_CONNECTED && !leg->connected) {
        leg->connected = true;
        leg->connect_time = model->now;
        bars = call_bars(model, leg);
    }
    bool dies = leg->over || ends || leg->wished || bars.sure;
    if (answer->hang_up ? !dies && !bars.perhaps : dies)
        model_wrong_about(model, "call m%d is told to %s (barred %x, perhaps %x)", op->message,
                          answer->hang_up ? "hang up" : "go on", (unsigned)bars.sure,
                          (unsigned)bars.perhaps);
    if (ends && !leg->over)
        leg->ends_now = true;
}

void m_do_call_end(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    const struct m_leg *leg = find_call(model, op->message);
    if (index != NONE && (!leg || leg->never_rung || leg->session != index || leg->deleted))
        m_deny(model, STATUS_NOT_FOUND, "INTERACTION_NOT_FOUND", 80610);
    m_accepted(model, answer);
}

static void ended(struct model *model, struct m_leg *leg, const struct plain_interaction *seen)
{
    bool talked = seen->call.connect_time != 0;
    uint64_t most =
        talked ? (uint64_t)((seen->call.end_time - seen->call.connect_time) / SECOND) : 0;
    leg->over = true;
    leg->seconds = seen->call.seconds;
    model->sessions[leg->session].call_seconds += leg->seconds;
    if (!is_end(seen->inbound.status) || !is_end(seen->outbound.status))
        model_wrong_about(model, "call m%d has ended, and a side of it has not", leg->message);
    else if (talked != leg->connected || seen->call.connect_time != leg->connect_time)
        model_wrong_about(model, "call m%d was connected at another time", leg->message);
    else if (leg->seconds > most || (most < 3600 && leg->seconds != most))
        model_wrong_about(model, "call m%d lasted %llu s, and should have %llu", leg->message,
                          (unsigned long long)leg->seconds, (unsigned long long)most);
    else if (!talked && seen->outbound.status == LEG_COMPLETED)
        model_wrong_about(model, "call m%d completed, and nobody talked", leg->message);
}

/* Whether its end may come by itself: nobody has said anything for long. */
static bool ends_by_time(const struct model *model, const struct m_leg *leg)
{
    return (model->op->kind == OP_RUN || model->op->kind == OP_RESTART) &&
           model->now >= leg->create_time + 30 * SECOND;
}

void m_call_event(struct model *model, const struct event *event)
{
    int index = m_find_leg(model, &event->interaction.sid);
    if (index == NONE || !model->legs[index].call) {
        model_wrong_about(model, "the log tells of a call that never was");
        return;
    }
    struct m_leg *leg = &model->legs[index];
    const struct plain_interaction *seen = &event->interaction;
    struct bars bars = call_bars(model, leg);
    bool its = model->op->message == leg->message;
    if (model->services[leg->service].deleting)
        return;
    if (leg->over && !(its && model->op->kind == OP_CALL_STEP))
        model_wrong_about(model, "call m%d has ended, and goes on", leg->message);
    if (leg->over && (seen->call.seconds != leg->seconds || !seen->call.end_time ||
                      seen->call.connect_time != leg->connect_time))
        model_wrong_about(model, "call m%d ended otherwise than it did", leg->message);
    bool asked = its && model->op->kind == OP_CALL_END;
    if (seen->call.hang_up_time && !leg->wished && !asked && !(bars.sure | bars.perhaps) &&
        !ends_by_time(model, leg))
        model_wrong_about(model, "call m%d is to be hung up, and nothing accounts for that",
                          leg->message);
    leg->wished = leg->wished || seen->call.hang_up_time;
    if (!seen->call.end_time || leg->over)
        return;
    if (!leg->ends_now && !ends_by_time(model, leg))
        model_wrong_about(model, "call m%d has ended, and nothing accounts for that", leg->message);
    leg->ends_now = false;
    ended(model, leg, seen);
}

void model_hung_up(struct model *model, int message)
{
    struct m_leg *leg = message < 0 ? NULL : find_call(model, message);
    if (!leg) {
        model_wrong_about(model, "a carrier is told to hang up a call that it does not carry");
        return;
    }
    leg->told = true;
    if (!leg->wished && !leg->over && !m_leg_gone(model, leg))
        model_wrong_about(model, "call m%d is hung up, and nothing accounts for that", message);
}

/* After each operation. */
void m_call_end(struct model *model, struct m_leg *leg, const struct op *op)
{
    bool lives = !leg->over && !m_leg_gone(model, leg);
    if (leg->ends_now && lives)
        model_wrong_about(model, "call m%d has ended, and the log does not say so", leg->message);
    leg->ends_now = false;
    /* Who is to be told again is known to memory alone. */
    if (op->kind == OP_RESTART)
        leg->told = true;
    if (op->kind != OP_RUN || !lives)
        return;
    struct bars bars = call_bars(model, leg);
    /* Of a lock it hears when its carrier asks the next time, as it has to before it rings or connects. */
    if (bars.sure & ~BAR_LOCKED && !leg->wished)
        model_wrong_about(model, "call m%d may not live any more (%x), and does", leg->message,
                          (unsigned)bars.sure);
    else if (leg->wished && !leg->told)
        model_wrong_about(model, "call m%d is to be hung up, and its carrier was not told",
                          leg->message);
}

void m_call_read(struct model *model, const struct m_leg *leg, const struct plain_interaction *seen)
{
    if (!seen->voice || seen->message || seen->outbound_count != 1 || !seen->has_inbound)
        model_wrong_about(model, "call m%d reads as something else", leg->message);
    else if (leg->over != (seen->call.end_time != 0) || leg->seconds != seen->call.seconds)
        model_wrong_about(model, "call m%d reads as %s, %llu s", leg->message,
                          seen->call.end_time ? "ended" : "one that lives",
                          (unsigned long long)seen->call.seconds);
    else if (leg->over != (is_end(seen->inbound.status) && is_end(seen->outbound.status)))
        model_wrong_about(model, "call m%d reads with sides in status %d and %d", leg->message,
                          seen->inbound.status, seen->outbound.status);
}
