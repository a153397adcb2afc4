/* Attempts to send: what may be handed to a carrier, and what it answers. */
#include "tests/model/model_internal.h"

static bool right_carrier(const struct model *model, const struct m_leg *leg, int carrier)
{
    const struct m_number *number = &model->numbers[m_leg_number(model, leg)];
    if (leg->session == NONE)
        return carrier == leg->only_carrier;
    bool same = number->carrier_count == leg->carrier_count;
    for (int i = 0; same && i < number->carrier_count; i++)
        same = number->carriers[i] == leg->carriers[i];
    /* Each in turn. When the carriers changed, or an attempt was lost, whose turn it is is left open. */
    if (leg->uncertain && carrier != 1)
        return false;
    if (same && !leg->again && !leg->uncertain)
        return number->carriers[leg->attempts % number->carrier_count] == carrier;
    for (int i = 0; i < number->carrier_count; i++)
        if (number->carriers[i] == carrier)
            return true;
    return false;
}

/* Whether its latest attempt left it over to be made again. */
static bool left_over(const struct m_leg *leg)
{
    enum attempt_mode mode = leg->results[leg->result_count - 1].mode;
    return mode == MODE_RETRY || (mode == MODE_LOST && leg->carrier == 1);
}

/* What c2 has perhaps sent is for no other: once its number has another carrier, or one more, it is given up when its time comes. */
static bool lost_its_carrier(const struct model *model, const struct m_leg *leg)
{
    const struct m_number *number = &model->numbers[m_leg_number(model, leg)];
    if (leg->session == NONE)
        return leg->uncertain && leg->only_carrier != 1;
    bool only_c2 = number->carrier_count == 1 && number->carriers[0] == 1;
    return leg->uncertain && !only_c2 && (leg->due_time <= model->now || leg->ready);
}

/* Not one that is about to be given up: the attempts of an operation are told before what the log has of it. */
static bool still_to_go(const struct model *model, const struct m_leg *leg)
{
    struct bars bars = m_bars_of(model, leg);
    return !((bars.sure | bars.perhaps) & ~BAR_LOCKED) && !lost_its_carrier(model, leg);
}

/* No earlier one of its session and recipient still waits. One that seems to wait and is about to be given up has to end in this
 * operation: see m_legs_end. */
static void check_order(struct model *model, const struct m_leg *leg)
{
    for (struct m_leg *earlier = model->legs; earlier < leg; earlier++) {
        if (!m_same_lane(earlier, leg) || !m_leg_waits(earlier) || earlier->again)
            continue;
        if (still_to_go(model, earlier))
            model_wrong_about(model, "m%d was sent before m%d, which was accepted before it",
                              leg->message, earlier->message);
        earlier->passed_by = leg->message;
    }
}

static void check_attempt(struct model *model, const struct m_leg *leg,
                          const struct attempt *attempt)
{
    enum who to = m_leg_who(model, leg);
    int from = m_leg_number(model, leg);
    struct bars bars = m_bars_of(model, leg);
    if (attempt->leaks)
        model_wrong_about(model, "m%d shows its reader somebody's real address", leg->message);
    else if (leg->status >= LEG_SENT || leg->lost)
        model_wrong_about(model, "m%d was sent in status %d", leg->message, leg->status);
    else if (leg->under_way)
        model_wrong_about(model, "m%d was sent twice at once", leg->message);
    else if (leg->result_count && !left_over(leg))
        model_wrong_about(model, "m%d was sent again, and was surely not left over", leg->message);
    else if (bars.sure)
        model_wrong_about(model, "m%d was sent, and must not be (%x)", leg->message,
                          (unsigned)bars.sure);
    else if (leg->deleted)
        model_wrong_about(model, "m%d was sent, and was deleted", leg->message);
    else if (attempt->from != from || world_person(attempt->to) != world_person(to))
        model_wrong_about(model, "m%d went from N%d to address %d", leg->message, attempt->from + 1,
                          (int)attempt->to);
    else if (attempt->message != leg->message || attempt->media != leg->media ||
             attempt->expire_time != leg->expire_time)
        model_wrong_about(model, "m%d was sent as m%d, or with another life", leg->message,
                          attempt->message);
    else if (!right_carrier(model, leg, attempt->carrier))
        model_wrong_about(model, "m%d was sent by %s", leg->message,
                          world_carrier(attempt->carrier));
    else if (!leg->result_count && leg->due_time > model->now && !leg->ready)
        model_wrong_about(model, "m%d was sent again before its time", leg->message);
    else
        check_order(model, leg);
}

static void add_result(struct model *model, struct m_leg *leg, enum attempt_mode mode,
                       int64_t retry_after)
{
    leg->under_way = false;
    if (leg->result_count == RESULTS_MOST) {
        model_wrong_about(model, "m%d was tried too often at once", leg->message);
        return;
    }
    leg->results[leg->result_count++] =
        (struct m_result){leg->attempts, leg->carrier, leg->turns, mode, retry_after};
    leg->taken += mode == MODE_TAKE;
    /* c2 recognises what it was given before. */
    if (leg->taken > 1 && !leg->again && !leg->uncertain)
        model_wrong_about(model, "m%d reached the network twice", leg->message);
}

void model_attempt(struct model *model, const struct attempt *attempt)
{
    int index = m_find_leg(model, &attempt->interaction);
    if (index == NONE) {
        model_wrong_about(model, "m%d was sent before the log had it", attempt->message);
        return;
    }
    struct m_leg *leg = &model->legs[index];
    check_attempt(model, leg, attempt);
    leg->attempts++;
    leg->carrier = attempt->carrier;
    leg->turns = leg->session == NONE ? 1 : model->numbers[m_leg_number(model, leg)].carrier_count;
    leg->given[attempt->carrier] = true;
    leg->under_way = true;
    leg->restarted = false;
    leg->order = ++model->order;
    if (attempt->outcome != MODE_HOLD)
        add_result(model, leg, attempt->outcome, 0);
}

void m_do_answer(struct model *model, const struct op *op, const struct answer *answer)
{
    (void)answer;
    struct m_leg *first = NULL;
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        if (leg->under_way && leg->message == op->message && (!first || leg->order < first->order))
            first = leg;
    }
    if (first)
        add_result(model, first, op->outcome, op->retry_after);
}

/* Whether it may wait for what becomes of another one: that a carrier can send again is heard by the first of those that wait. */
static bool is_held_back(const struct model *model, const struct m_leg *leg)
{
    for (int i = 0; i < model->leg_count; i++) {
        const struct m_leg *other = &model->legs[i];
        if (other != leg && m_same_lane(other, leg) && (other->under_way || other->result_count))
            return true;
    }
    return m_leg_ahead(model, leg) != NULL;
}

void m_do_carrier_ready(struct model *model, const struct op *op, const struct answer *answer)
{
    (void)answer;
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        const struct m_number *number = &model->numbers[m_leg_number(model, leg)];
        if (!m_leg_waits(leg))
            continue;
        /* It waits for the carrier that had it last, whichever its number has by now. */
        bool had_it = leg->attempts && leg->carrier == op->carrier;
        leg->ready_surely =
            leg->ready_surely || (had_it && !leg->restarted && !is_held_back(model, leg));
        leg->ready = leg->ready || had_it || leg->restarted;
        for (int j = 0; j < number->carrier_count && leg->session != NONE; j++)
            leg->ready = leg->ready || number->carriers[j] == op->carrier;
        if (leg->session == NONE)
            leg->ready = leg->ready || leg->only_carrier == op->carrier;
    }
}

void m_legs_restart(struct model *model, bool crash)
{
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        leg->ready = leg->ready_surely = leg->hurried = false;
        leg->restarted = true;
        /* That what was deleted need not be waited for is known to memory alone. */
        if (leg->deleted && leg->status < LEG_SENT)
            leg->place_until = leg->due_time;
        bool forgotten = crash && leg->result_count && leg->status < LEG_SENT;
        if (crash)
            leg->result_count = 0;
        if (!leg->under_way && !forgotten)
            continue;
        leg->under_way = false;
        /* c2 knows a repeated attempt. */
        if (leg->carrier == 1)
            leg->again = true;
        else
            leg->lost = leg->status < LEG_SENT;
    }
}
