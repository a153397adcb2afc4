/* What the Service itself tells people who wrote to its numbers. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* Whoever asked for it by a word is told each time. */
static bool unasked(enum occasion occasion)
{
    return occasion >= NOTE_MODE_REFUSED;
}

/* What was said to somebody on an occasion, by this number. */
static struct m_noted *find_noted(const struct model *model, int service, int person, int number,
                                  int occasion)
{
    for (int i = 0; i < model->noted_count; i++) {
        const struct m_noted *noted = &model->noted[i];
        if (noted->service == service && noted->person == person && noted->number == number &&
            noted->occasion == occasion)
            return (struct m_noted *)noted;
    }
    return NULL;
}

/* Once an hour, and five times who asks for it: machines that answer each other come to an end. */
static bool told_enough(const struct model *model, int service, const struct op *op,
                        enum occasion occasion)
{
    const struct m_noted *noted =
        find_noted(model, service, world_person(op->from), op->number, (int)occasion);
    return noted && model->now < noted->since + HOUR && noted->count >= (unasked(occasion) ? 1 : 5);
}

int m_notice_text(const struct model *model, int service, const struct op *op,
                  enum occasion occasion)
{
    const struct settings *settings = &model->services[service].settings;
    if (!occasion || op->from == WHO_NOBODY || settings->silences >> occasion & 1)
        return 0;
    bool own = settings->notices >> occasion & 1;
    if (!own && unasked(occasion))
        return 0;
    if (told_enough(model, service, op, occasion) ||
        (unasked(occasion) &&
         m_opted_out(model, service, 1u << world_person(op->from), op->number)))
        return 0;
    return own ? TEXT_NOTICE - (int)occasion : TEXT_DEFAULT;
}

void m_notice_expect(struct model *model, struct m_expected *expected, int service,
                     const struct op *op, enum occasion occasion)
{
    expected->event.occasion = (int)occasion;
    expected->notice = (struct m_leg){
        .service = service,
        .session = NONE,
        .to = NONE,
        .from = NONE,
        .as = NONE,
        .message = m_notice_text(model, service, op, occasion),
        .occasion = (int)occasion,
        .person = world_person(op->from),
        .number = op->number,
        .only_carrier = op->carrier,
        .status = LEG_QUEUED,
        .create_time = model->now,
        .expire_time = model->now + model->services[service].settings.max_life,
        .carriers = {op->carrier},
        .carrier_count = 1,
        .carrier = NONE,
    };
}

static void remember(struct model *model, const struct m_leg *leg)
{
    struct m_noted *noted =
        find_noted(model, leg->service, leg->person, leg->number, leg->occasion);
    if (!noted && model->noted_count == NOTED_MOST) {
        model_wrong_about(model, "the model is too small for so many notices");
        return;
    }
    if (!noted) {
        noted = &model->noted[model->noted_count++];
        noted->count = 0;
    }
    if (!noted->count || model->now - noted->since >= HOUR)
        *noted =
            (struct m_noted){leg->service, leg->person, leg->number, leg->occasion, model->now, 0};
    noted->count++;
}

void m_notice_created(struct model *model, const struct m_expected *expected,
                      const struct event *event)
{
    struct m_leg leg = expected->notice;
    const struct plain_interaction *seen = &event->interaction;
    if (model->leg_count == LEGS_MOST) {
        model_wrong_about(model, "the model is too small for so many messages");
        return;
    }
    if (seen->message != leg.message || seen->media)
        model_wrong_about(model, "a notice says %d, and should say %d", seen->message, leg.message);
    else if (seen->outbound_count != 1 || seen->outbound.status != LEG_QUEUED || seen->has_inbound)
        model_wrong_about(model, "a notice is not one that waits to be sent");
    else if (seen->create_time != leg.create_time || seen->expire_time != leg.expire_time)
        model_wrong_about(model, "a notice has another life than the Service's");
    leg.sid = seen->sid;
    leg.order = 0;
    model->legs[model->leg_count++] = leg;
    remember(model, &leg);
}

/* ---- whether it may be sent ---- */

/* The number may be locked, or rest after it left its Service; but it must not be another's by now. */
static bool number_left(const struct model *model, const struct m_leg *leg)
{
    const struct m_number *number = &model->numbers[leg->number];
    if (number->service != NONE)
        return number->service != leg->service;
    return number->last_service != leg->service || model->now >= number->quarantine_end;
}

struct bars m_notice_bars(const struct model *model, const struct m_leg *leg)
{
    struct bars bars = {0, 0};
    if (model->services[leg->service].deleting)
        bars.sure |= BAR_SERVICE;
    if (model->now >= leg->expire_time)
        bars.sure |= BAR_EXPIRED;
    if (number_left(model, leg))
        bars.sure |= BAR_NUMBER;
    if (unasked((enum occasion)leg->occasion) &&
        m_opted_out(model, leg->service, 1u << leg->person, leg->number))
        bars.sure |= BAR_OPTED_OUT;
    if (leg->person >= WHO_N1 && leg->person <= WHO_N4) {
        const struct m_number *own = &model->numbers[leg->person - WHO_N1];
        if (own->service != NONE)
            bars.sure |= BAR_LOOP;
        else if (own->leaving || model->now < own->quarantine_end)
            bars.perhaps |= BAR_LOOP;
    }
    return bars;
}
