/* Taking out what was said. */
#include "tests/model/model_internal.h"

/* The latest that this message became. */
static struct m_leg *find_message(struct model *model, int message)
{
    for (int i = model->leg_count - 1; i >= 0 && message > 0; i--)
        if (model->legs[i].session != NONE && !model->legs[i].call &&
            model->legs[i].message == message)
            return &model->legs[i];
    return NULL;
}

/* What waits behind it need not wait for it any more. */
static void hurry_lane(struct model *model, const struct m_leg *leg)
{
    for (int i = 0; i < model->leg_count && leg->status < LEG_SENT; i++)
        if (m_same_lane(&model->legs[i], leg))
            model->legs[i].ready = model->legs[i].hurried = true;
}

void m_do_redact(struct model *model, const struct op *op, const struct answer *answer)
{
    bool deletes = op->kind == OP_INTERACTION_DELETE;
    int service = m_wanted_service(model, op);
    int index = service == NONE ? NONE : m_wanted_session(model, op, service);
    struct m_leg *leg = find_message(model, op->message);
    if (index != NONE && (!leg || leg->session != index || leg->deleted))
        m_deny(model, STATUS_NOT_FOUND, "INTERACTION_NOT_FOUND", 80610);
    if (!m_accepted(model, answer) || index == NONE || !leg)
        return;
    if (!sid_equal(&leg->sid, &answer->interaction.sid) || answer->interaction.message ||
        answer->interaction.media)
        model_wrong_about(model, "what was taken out of m%d is in the answer, or another message",
                          leg->message);
    if (leg->redacted && !deletes)
        return;
    leg->redacted = true;
    leg->deleted = deletes;
    hurry_lane(model, leg);
    /* One that has not come into memory since a restart keeps its place until it is due. */
    if (deletes && leg->restarted && leg->status < LEG_SENT)
        leg->place_until = leg->due_time;
    struct m_expected *expected = m_expect(model, EVENT_REDACTED, leg->service, index);
    expected->event.deleted = deletes;
    expected->event.interaction.sid = leg->sid;
}
