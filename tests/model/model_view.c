/* What is there, for who makes up operations and for who reads. */
#include "tests/model/model_internal.h"

int64_t model_now(const struct model *model)
{
    return model->now;
}

int model_services(const struct model *model, int *ret_labels, int size)
{
    int count = 0;
    for (int i = 0; i < model->service_count && count < size; i++)
        if (!model->services[i].deleting)
            ret_labels[count++] = model->services[i].label;
    return count;
}

int model_sessions(const struct model *model, int service, int *ret_labels, int size)
{
    int count = 0;
    for (int i = 0; i < model->session_count && count < size; i++) {
        const struct m_session *session = &model->sessions[i];
        const struct m_service *owner = &model->services[session->service];
        if (!session->gone && !owner->deleting && (!service || owner->label == service))
            ret_labels[count++] = session->label;
    }
    return count;
}

int model_running(const struct model *model, int *ret_labels, int size)
{
    int count = 0;
    for (int i = 0; i < model->session_count && count < size; i++) {
        const struct m_session *session = &model->sessions[i];
        if (!session->gone && session_runs(session) && !model->services[session->service].deleting)
            ret_labels[count++] = session->label;
    }
    return count;
}

int model_session_service(const struct model *model, int session)
{
    int index = m_find_session_label(model, session);
    return index == NONE ? 0 : model->services[model->sessions[index].service].label;
}

bool model_may_be_gone(const struct model *model, int session)
{
    int index = m_find_session_label(model, session);
    return index == NONE || (!session_runs(&model->sessions[index]) &&
                             model->sessions[index].purge_least <= model->now);
}

int model_session_people(const struct model *model, int session)
{
    int index = m_find_session_label(model, session);
    return index == NONE ? 0 : model->sessions[index].people_count;
}

bool model_person(const struct model *model, int session, int place, enum who *ret_who,
                  int *ret_number, bool *ret_left)
{
    int index = m_find_session_label(model, session);
    if (index == NONE || place >= model->sessions[index].people_count)
        return false;
    const struct plain_person *person = &model->sessions[index].people[place];
    *ret_who = person->who[person->who_count - 1];
    *ret_number = person->number;
    *ret_left = !person_in(person);
    return true;
}

int model_old_number(const struct model *model, int session, int place)
{
    int index = m_find_session_label(model, session);
    if (index == NONE || place >= model->sessions[index].people_count)
        return NONE;
    const struct plain_person *person = &model->sessions[index].people[place];
    return person->old_count ? person->old[0].number : NONE;
}

int model_said(const struct model *model, int *ret_messages, int *ret_sessions, int size)
{
    int count = 0;
    for (int i = 0; i < model->leg_count && count < size; i++) {
        const struct m_leg *leg = &model->legs[i];
        if (leg->session == NONE || leg->message <= 0 || leg->deleted || leg->call)
            continue;
        ret_messages[count] = leg->message;
        ret_sessions[count++] = model->sessions[leg->session].label;
    }
    return count;
}

static const struct m_leg *find_waiting(const struct model *model, int nth, bool written)
{
    const struct m_leg *found = NULL;
    int count = 0;
    for (int round = 0; round < 2; round++) {
        int at = count ? nth % count : 0;
        count = 0;
        for (int i = 0; i < model->leg_count; i++) {
            const struct m_leg *leg = &model->legs[i];
            if (leg->session == NONE || !m_leg_waits(leg) || leg->due_time <= model->now ||
                m_leg_gone(model, leg) || (written && leg->from == NONE))
                continue;
            found = count++ == at ? leg : found;
        }
    }
    return found;
}

bool model_waited_for(const struct model *model, int nth, enum who *ret_who, int *ret_number,
                      int *ret_session)
{
    const struct m_leg *found = find_waiting(model, nth, false);
    if (!found)
        return false;
    *ret_who = m_leg_who(model, found);
    *ret_number = m_leg_number(model, found);
    *ret_session = model->sessions[found->session].label;
    return true;
}

bool model_waited_from(const struct model *model, int nth, enum who *ret_author, int *ret_place,
                       enum who *ret_reader, int *ret_session)
{
    const struct m_leg *found = find_waiting(model, nth, true);
    if (!found)
        return false;
    for (int who = 0; who < WHO_NOBODY; who++)
        if (found->author & 1u << who)
            *ret_author = (enum who)who;
    *ret_place = found->from;
    *ret_reader = m_leg_who(model, found);
    *ret_session = model->sessions[found->session].label;
    return true;
}

int model_calls(const struct model *model, bool ended_too, int *ret_messages, int *ret_sessions,
                int size)
{
    int count = 0;
    for (int i = 0; i < model->leg_count && count < size; i++) {
        const struct m_leg *leg = &model->legs[i];
        if (!leg->call || (!ended_too && (leg->over || m_leg_gone(model, leg))))
            continue;
        ret_messages[count] = leg->message;
        ret_sessions[count++] = model->sessions[leg->session].label;
    }
    return count;
}

static int any_bar(const struct model *model, const struct m_bar *rows, int count, int nth,
                   struct plain_bar *ret_bar)
{
    if (!count)
        return 0;
    const struct m_bar *bar = &rows[nth % count];
    *ret_bar = (struct plain_bar){.who = (enum who)bar->person,
                                  .to = bar->to == NONE ? WHOS : (enum who)bar->to,
                                  .number = bar->number};
    return model->services[bar->service].label;
}

int model_any_opt_out(const struct model *model, int nth, struct plain_bar *ret_bar)
{
    return any_bar(model, model->opt_outs, model->opt_out_count, nth, ret_bar);
}

int model_any_block(const struct model *model, int nth, struct plain_bar *ret_bar)
{
    return any_bar(model, model->blocks, model->block_count, nth, ret_bar);
}

int model_number_service(const struct model *model, int number)
{
    int index = model->numbers[number].service;
    return index == NONE ? 0 : model->services[index].label;
}

int model_number_locked(const struct model *model)
{
    for (int i = 0; i < NUMBERS; i++)
        if (model->numbers[i].service != NONE && model->numbers[i].state == NUMBER_LOCKED)
            return i;
    return NONE;
}

int model_number_carrier(const struct model *model, int number)
{
    return model->numbers[number].carrier_count ? model->numbers[number].carriers[0] : 0;
}

int model_waiting_messages(const struct model *model, int *ret_messages, int size)
{
    int count = 0;
    for (int i = 0; i < model->leg_count && count < size; i++)
        if (model->legs[i].under_way)
            ret_messages[count++] = model->legs[i].message;
    return count;
}

int model_sent_messages(const struct model *model, int *ret_messages, int *ret_carriers, int size)
{
    int count = 0;
    for (int i = 0; i < model->leg_count; i++)
        for (int j = 0; j < CARRIERS && count < size; j++)
            if (model->legs[i].given[j]) {
                ret_messages[count] = model->legs[i].message;
                ret_carriers[count++] = j;
            }
    return count;
}

/* Times that lie ahead. */
struct edges {
    int64_t now;
    int64_t *times;
    int count, size;
};

static void add_edge(struct edges *edges, int64_t time)
{
    if (time + 1 > edges->now && edges->count < edges->size)
        edges->times[edges->count++] = time;
}

int model_edges(const struct model *model, int64_t *ret_times, int size)
{
    struct edges edges = {model->now, ret_times, 0, size};
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        int reasons;
        int64_t deadline = m_session_deadline(model, session, &reasons);
        if (session->gone)
            continue;
        if (session_runs(session) && deadline)
            add_edge(&edges, deadline);
        if (!session_runs(session)) {
            add_edge(&edges, session->purge_most);
            add_edge(&edges, session->end_time + model->services[session->service].settings.grace);
        }
    }
    for (int i = 0; i < model->hold_count; i++)
        if (model->holds[i].released)
            add_edge(&edges, model->holds[i].released +
                                 model->services[model->holds[i].service].settings.cool_down);
    for (int i = 0; i < model->hold_count; i++)
        if (!model->holds[i].released && model->holds[i].until)
            add_edge(&edges, model->holds[i].until);
    for (int i = 0; i < model->cap_count; i++)
        add_edge(&edges, model->caps[i].since +
                             model->services[model->caps[i].service].settings.cap_period);
    for (int i = 0; i < model->take_count; i++)
        add_edge(&edges, model->takes[i].time + 5 * SECOND);
    for (int i = 0; i < model->leg_count; i++)
        if (model->legs[i].status < LEG_SENT) {
            add_edge(&edges, model->legs[i].expire_time);
            add_edge(&edges, model->legs[i].due_time);
        }
    for (int i = 0; i < NUMBERS; i++)
        if (model->numbers[i].service == NONE && model->numbers[i].quarantine_end)
            add_edge(&edges, model->numbers[i].quarantine_end),
                add_edge(&edges, model->numbers[i].rest_end);
    return edges.count;
}
