/* What bars an outbound leg from being sent, and what has to happen to legs. */
#include "tests/model/model_internal.h"

/* Whether another session has got this pair since. */
static bool route_taken(const struct model *model, const struct m_leg *leg, bool doubtful_too)
{
    const struct plain_person *to = &model->sessions[leg->session].people[leg->to];
    int last = NONE;
    for (int i = 0; i < model->hold_count; i++) {
        const struct m_hold *hold = &model->holds[i];
        if (hold->service == leg->service && hold->person == world_person(to->who[0]) &&
            hold->number == to->number && (doubtful_too || !hold->doubtful))
            last = hold->session;
    }
    return last != leg->session;
}

enum who m_leg_who(const struct model *model, const struct m_leg *leg)
{
    return leg->session == NONE ? (enum who)leg->person
                                : model->sessions[leg->session].people[leg->to].who[0];
}

int m_leg_number(const struct model *model, const struct m_leg *leg)
{
    return leg->session == NONE ? leg->number
                                : model->sessions[leg->session].people[leg->to].number;
}

bool m_same_lane(const struct m_leg *a, const struct m_leg *b)
{
    return !a->call && !b->call && a->session == b->session && a->to == b->to &&
           (a->session != NONE || (a->service == b->service && a->person == b->person));
}

bool m_leg_gone(const struct model *model, const struct m_leg *leg)
{
    return model->services[leg->service].deleting || leg->deleted ||
           (leg->session != NONE && model->sessions[leg->session].gone);
}

/* Who wrote it does not reach its reader, or anybody; whoever has taken a place since counts with it, too, perhaps. */
static void add_people_bars(const struct model *model, const struct m_leg *leg, struct bars *bars)
{
    const struct m_session *session = &model->sessions[leg->session];
    const struct plain_person *to = &session->people[leg->to];
    unsigned reader = m_person_bits(to);
    int author = leg->from == NONE ? leg->as : leg->from;
    unsigned present = author == NONE ? 0 : m_person_bits(&session->people[author]);
    unsigned former = author == NONE ? 0 : session->former[author];
    if (m_opted_out(model, leg->service, reader, to->number))
        bars->sure |= BAR_OPTED_OUT;
    /* Of what the Service sends in somebody's name, whoever has the name now is the author. */
    if (m_blocked(model, leg->service, leg->from == NONE ? present : leg->author, reader))
        bars->sure |= BAR_BLOCKED;
    if (m_blocked(model, leg->service, leg->author | present | former, reader))
        bars->perhaps |= BAR_BLOCKED;
    if (session->moved[leg->to] != leg->moved)
        bars->sure |= BAR_ROUTE;
}

struct bars m_bars_of(const struct model *model, const struct m_leg *leg)
{
    if (leg->session == NONE)
        return m_notice_bars(model, leg);
    const struct m_session *session = &model->sessions[leg->session];
    const struct m_service *service = &model->services[leg->service];
    const struct plain_person *to = &session->people[leg->to];
    const struct m_number *number = &model->numbers[to->number];
    struct bars bars = {0, 0};
    bool graced = session->status == SESSION_CLOSED &&
                  model->now < session->end_time + service->settings.grace;
    if (service->deleting)
        bars.sure |= BAR_SERVICE;
    if (session->gone)
        bars.sure |= BAR_GONE;
    if (model->now >= leg->expire_time)
        bars.sure |= BAR_EXPIRED;
    if (!person_in(to))
        bars.sure |= BAR_REMOVED;
    if (!session_runs(session) && !graced)
        bars.sure |= BAR_CLOSED;
    /* It was opened again since. */
    if (session->opened > leg->opened + !session_runs(session))
        bars.perhaps |= BAR_ROUTE | BAR_CLOSED;
    if (leg->redacted)
        bars.sure |= BAR_REDACTED;
    add_people_bars(model, leg, &bars);
    if (number->service != leg->service)
        bars.sure |= BAR_NUMBER;
    if (route_taken(model, leg, false))
        bars.sure |= BAR_ROUTE;
    /* By one that was made closed, perhaps. */
    if (route_taken(model, leg, true))
        bars.perhaps |= BAR_ROUTE;
    /* Whom the number stands for has changed. */
    if (m_peers_of(session, leg->to) != leg->peers)
        bars.perhaps |= BAR_ROUTE;
    if (to->who[0] >= WHO_N1 && to->who[0] <= WHO_N4) {
        const struct m_number *own = &model->numbers[to->who[0] - WHO_N1];
        if (own->service != NONE)
            bars.sure |= BAR_LOOP;
        else if (own->leaving || model->now < own->quarantine_end)
            bars.perhaps |= BAR_LOOP;
    }
    if (leg->media && !(number->can & CAN_MMS))
        bars.sure |= BAR_MMS;
    if (number->state == NUMBER_LOCKED)
        bars.sure |= BAR_LOCKED;
    return bars;
}

bool m_leg_waits(const struct m_leg *leg)
{
    return leg->status < LEG_SENT && !leg->under_way && !leg->result_count && !leg->lost &&
           !leg->deleted && !leg->call;
}

const struct m_leg *m_leg_ahead(const struct model *model, const struct m_leg *leg)
{
    for (const struct m_leg *other = model->legs; other < leg; other++)
        if (m_same_lane(other, leg) && other->status < LEG_SENT && !other->lost && !other->deleted)
            return other;
    return NULL;
}

/* Whether an earlier message may still hold its place, although a receipt has settled it. */
static bool keeps_place(const struct model *model, const struct m_leg *leg)
{
    for (const struct m_leg *other = model->legs; other < leg; other++)
        if (m_same_lane(other, leg) && other->place_until > model->now)
            return true;
    return false;
}

/* ---- what has to happen ---- */

/* After all that is due was run. */
static void check_run(struct model *model, const struct m_leg *leg)
{
    struct bars bars = m_bars_of(model, leg);
    bool ready = leg->ready_surely && leg->carrier_count == 1 && !leg->restarted;
    /* After a restart it comes into memory when it is due. */
    bool hurried =
        leg->hurried && !leg->restarted && bars.sure & (BAR_OPTED_OUT | BAR_BLOCKED | BAR_REDACTED);
    bool due = leg->due_time <= model->now || ready || hurried;
    if (leg->lost)
        model_wrong_about(model, "the attempt of m%d was lost, and nothing says so", leg->message);
    else if (leg->under_way && leg->status < LEG_SENT && bars.sure & BAR_EXPIRED)
        model_wrong_about(model, "no carrier says what became of m%d, and its life is over",
                          leg->message);
    else if (!m_leg_waits(leg))
        return;
    else if (bars.sure & BAR_EXPIRED)
        model_wrong_about(model, "the life of m%d is over, and it still waits", leg->message);
    else if (!due || m_leg_ahead(model, leg) || keeps_place(model, leg) || bars.sure & BAR_LOCKED)
        return;
    else if (bars.sure)
        model_wrong_about(model, "m%d must not be sent any more (%x), and still waits",
                          leg->message, (unsigned)bars.sure);
    else
        model_wrong_about(model, "m%d was to be sent, and was not", leg->message);
}

void m_legs_end(struct model *model, const struct op *op)
{
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        if (leg->call) {
            m_call_end(model, leg, op);
            continue;
        }
        if (leg->receipt && leg->receipt_sure)
            model_wrong_about(model,
                              "a receipt says that m%d is in status %d, and the log does not",
                              leg->message, leg->receipt);
        leg->receipt = 0;
        if (leg->passed_by && leg->status < LEG_SENT)
            model_wrong_about(model, "m%d was sent before m%d, which waits on", leg->passed_by,
                              leg->message);
        leg->passed_by = 0;
        if (m_leg_gone(model, leg) || (op->kind != OP_RUN && op->kind != OP_RESTART))
            continue;
        if (leg->status < LEG_SENT && leg->result_count)
            model_wrong_about(model, "the result of m%d was not written", leg->message);
        leg->result_count = 0;
        if (op->kind == OP_RUN)
            check_run(model, leg);
    }
}
