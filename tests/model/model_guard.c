/* Whether a message may pass: guards and what they count; and the rate of calls. */
#include "tests/model/model_internal.h"

static struct m_cap *find_cap(const struct model *model, int service, int person)
{
    for (int i = 0; i < model->cap_count; i++)
        if (model->caps[i].service == service && model->caps[i].person == person)
            return (struct m_cap *)&model->caps[i];
    return NULL;
}

static bool over_cap(const struct model *model, int service, int person, int64_t *ret_free_time)
{
    const struct settings *settings = &model->services[service].settings;
    const struct m_cap *cap = find_cap(model, service, person);
    if (!settings->person_cap || !cap)
        return false;
    *ret_free_time = cap->since + settings->cap_period;
    return model->now < *ret_free_time && cap->count >= settings->person_cap;
}

enum m_guard m_guard(const struct model *model, int session, int from, int to, bool call,
                     int64_t *ret_free_time)
{
    const struct m_session *owner = &model->sessions[session];
    const struct settings *settings = &model->services[owner->service].settings;
    const struct plain_person *recipient = &owner->people[to];
    unsigned reader = m_person_bits(recipient);
    unsigned author = from == NONE ? 0 : m_person_bits(&owner->people[from]);
    int capped = world_person(owner->people[from == NONE ? to : from].who[0]);
    *ret_free_time = 0;
    if (owner->mode == (call ? MODE_TEXT : MODE_VOICE))
        return M_GUARD_MODE;
    /* Who wants no messages may be called. */
    if (!call && m_opted_out(model, owner->service, reader, recipient->number))
        return M_GUARD_OPT_OUT;
    if (m_blocked(model, owner->service, author, reader))
        return M_GUARD_BLOCK;
    if (over_cap(model, owner->service, capped, ret_free_time))
        return M_GUARD_PERSON_CAP;
    *ret_free_time = 0;
    if (settings->session_cap && owner->interactions >= (uint64_t)settings->session_cap)
        return M_GUARD_SESSION_CAP;
    return M_GUARD_NONE;
}

void m_cap_count(struct model *model, int service, int person)
{
    const struct settings *settings = &model->services[service].settings;
    struct m_cap *cap = find_cap(model, service, person);
    if (!settings->person_cap)
        return;
    if (!cap && model->cap_count == CAPS_MOST) {
        model_wrong_about(model, "the model is too small for so many caps");
        return;
    }
    if (!cap) {
        cap = &model->caps[model->cap_count++];
        *cap = (struct m_cap){service, person, model->now, 0};
    }
    if (model->now - cap->since >= settings->cap_period)
        *cap = (struct m_cap){service, person, model->now, 0};
    cap->count++;
}

/* ---- rates: so many calls of a method a second, on average over any 5 s ---- */

/* How many calls may pass now; at least, since a restart forgets which ones did. */
static int64_t room_of(const struct model *model, const struct op *op, int service)
{
    int64_t rate = service == NONE ? 0 : model->services[service].settings.rate;
    int64_t room = 5 * rate;
    if (rate <= 0)
        return op->batch_count;
    for (int i = 0; i < model->take_count; i++)
        room -= model->takes[i].service == service && model->takes[i].method == op->method &&
                model->takes[i].time + 5 * SECOND > model->now;
    return room < 0 ? 0 : room < op->batch_count ? room : op->batch_count;
}

void m_do_rate(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_find_service(model, op->service);
    /* Whether there is a limit to calls that are all refused is left open. */
    if (service != NONE && model->services[service].deleting)
        return;
    int64_t room = room_of(model, op, service);
    if (room < op->batch_count)
        m_deny(model, STATUS_RESOURCE_EXHAUSTED, "RATE_LIMITED", 80621);
    if (model->refusal_count)
        model->refusals[0].possible = model->forgot_takes;
    m_accepted(model, answer);
    if (answer->passed < room || (answer->passed > room && !model->forgot_takes))
        model_wrong_about(model, "%d calls passed, and %lld should have", answer->passed,
                          (long long)room);
    /* While there is no limit nothing is counted. */
    bool counts = service != NONE && model->services[service].settings.rate > 0;
    for (int i = 0; i < answer->passed && counts && model->take_count < TAKES_MOST; i++)
        model->takes[model->take_count++] = (struct m_take){service, op->method, model->now};
}
