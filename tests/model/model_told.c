/* Refused calls that the log tells of: at most one a minute of a kind. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* What the log has to tell of this refusal; EVENT_OTHER: nothing. */
static enum event_kind kind_of(const struct op *op, const struct answer *answer)
{
    bool for_want = answer->original >= 80201 && answer->original <= 80208;
    int who = op->kind == OP_SESSION_CREATE && answer->participant > 0 ? answer->participant : 0;
    switch (op->kind) {
    case OP_SESSION_CREATE:
    case OP_PARTICIPANT_CREATE:
    case OP_PARTICIPANT_UPDATE:
        return !for_want                    ? EVENT_OTHER
               : op->people[who].number < 0 ? EVENT_EXHAUSTED
                                            : EVENT_WARNING;
    case OP_NUMBER_ADD:
    case OP_NUMBER_UPDATE:
        return answer->original == 80622 ? EVENT_WARNING : EVENT_OTHER;
    case OP_SEND:
        return answer->original == 80904 || answer->original == 80910 ? EVENT_WARNING : EVENT_OTHER;
    default:
        return EVENT_OTHER;
    }
}

static const char *reason_of(const struct op *op, const struct answer *answer)
{
    return op->kind == OP_SEND && answer->original == 80904 ? "SESSION_EXPIRED" : answer->reason;
}

/* Whether something of the kind was told within the last minute, be it of another place, session or number. */
static bool told_lately(const struct model *model, const struct m_expected *expected)
{
    for (int i = 0; i < model->told_count; i++) {
        const struct m_told *told = &model->told[i];
        if (told->kind == expected->event.kind && told->service == expected->event.service &&
            strcmp(told->reason, expected->event.reason) == 0 &&
            model->now < told->time + (60 * SECOND))
            return true;
    }
    /* By an earlier one of many in one. */
    for (const struct m_expected *other = model->expected; other < expected; other++)
        if (other->event.kind == expected->event.kind &&
            other->event.service == expected->event.service &&
            strcmp(other->event.reason, expected->event.reason) == 0)
            return true;
    return false;
}

static void expect_refusal(struct model *model, const struct op *op, const struct answer *answer)
{
    enum event_kind kind = answer->ok ? EVENT_OTHER : kind_of(op, answer);
    int service = kind == EVENT_OTHER ? NONE : m_find_service(model, op->service);
    if (service == NONE)
        return;
    struct m_expected *expected = m_expect(model, kind, service, NONE);
    expected->any_session = true;
    snprintf(expected->event.reason, sizeof(expected->event.reason), "%s", reason_of(op, answer));
    expected->optional = told_lately(model, expected);
}

void m_expect_refusal(struct model *model, const struct op *op, const struct answer *answer)
{
    expect_refusal(model, op, answer);
    for (int i = 0; answer->more && i < op->batch_count; i++) {
        struct op entry = op_entry(op, i);
        expect_refusal(model, &entry, &answer->more[i]);
    }
}

void m_note_told(struct model *model, const struct event *event)
{
    if (event->kind != EVENT_EXHAUSTED && event->kind != EVENT_WARNING)
        return;
    struct m_told *told = &model->told[model->told_count % TOLD_MOST];
    for (int i = 0; i < model->told_count && i < TOLD_MOST; i++)
        if (model->told[i].time + (60 * SECOND) <= model->now)
            told = &model->told[i];
    if (told == &model->told[model->told_count % TOLD_MOST] && model->told_count < TOLD_MOST)
        model->told_count++;
    *told = (struct m_told){.kind = event->kind, .service = event->service, .time = model->now};
    snprintf(told->reason, sizeof(told->reason), "%s", event->reason);
}
