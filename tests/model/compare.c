#include "tests/model/compare.h"

static bool active(const struct plain_session *session)
{
    return session->status == SESSION_OPEN || session->status == SESSION_IN_PROGRESS;
}

/* Whether it dials this number, one that it had before included. */
static bool dials(const struct plain_person *person, int number, int64_t now)
{
    bool found = person->number == number;
    for (int i = 0; i < person->old_count && i < PLAIN_OLD; i++)
        found = found || (person->old[i].number == number && !person->old[i].ended &&
                          person->old[i].until > now);
    return found;
}

static bool share_number(const struct plain_person *a, const struct plain_person *b, int64_t now)
{
    for (int i = 0; i < NUMBERS; i++)
        if (dials(a, i, now) && dials(b, i, now))
            return true;
    return false;
}

/* Whether a person of the one dials the same number as the same person of the other. */
static bool share_route(const struct plain_person *a, const struct plain_person *b, int64_t now)
{
    if (a->delete_time || b->delete_time || !share_number(a, b, now))
        return false;
    for (int i = 0; i < a->who_count; i++)
        for (int j = 0; j < b->who_count; j++)
            if (world_person(a->who[i]) == world_person(b->who[j]))
                return true;
    return false;
}

/* No two active participants of one Service share a route, whatever the model thinks. */
static void check_routes(struct model *model, const struct plain_session *sessions, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++) {
            if (!active(&sessions[i]) || !active(&sessions[j]))
                continue;
            for (int k = 0; k < sessions[i].people_count; k++)
                for (int l = 0; l < sessions[j].people_count; l++)
                    if (share_route(&sessions[i].people[k], &sessions[j].people[l],
                                    model_now(model)))
                        model_wrong_about(model, "two active participants share a route");
        }
}

static void compare_sessions(struct model *model, struct subject *subject, int service,
                             const struct reading *reading)
{
    const struct plain_session *sessions;
    const char *wrong;
    int count = subject_sessions(subject, service, reading, &sessions, &wrong);
    if (wrong) {
        model_wrong_about(model, "%s", wrong);
        return;
    }
    model_read_sessions(model, service, reading, sessions, count);
    check_routes(model, sessions, count);
}

/* Some of the sessions, in short pages. */
static struct reading some(unsigned turn)
{
    struct reading reading = {.who = WHOS, .page = 1 + turn % 3};
    if (turn % 5 < 3)
        reading.statuses = 1u << (1 + turn % 4);
    if (turn % 5 == 3)
        reading.name = 1 + (int)(turn % NAMES);
    if (turn % 5 == 4)
        reading.who = (enum who)(turn / 5 % WHO_NOBODY);
    return reading;
}

static void compare_numbers(struct model *model, struct subject *subject, int service,
                            enum kind_of_number kind)
{
    const struct plain_number *numbers;
    const char *wrong;
    int count = subject_numbers(subject, service, kind, &numbers, &wrong);
    if (wrong)
        model_wrong_about(model, "%s", wrong);
    else
        model_read_numbers(model, service, kind, numbers, count);
}

static void compare_bars(struct model *model, struct subject *subject, int service)
{
    const struct plain_bar *bars;
    const char *wrong;
    int count = subject_opt_outs(subject, service, &bars, &wrong);
    if (wrong)
        model_wrong_about(model, "%s", wrong);
    else
        model_read_opt_outs(model, service, bars, count);
    count = subject_blocks(subject, service, &bars, &wrong);
    if (wrong)
        model_wrong_about(model, "%s", wrong);
    else
        model_read_blocks(model, service, bars, count);
}

static void compare_services(struct model *model, struct subject *subject)
{
    const struct plain_service *services;
    const char *wrong;
    int count = subject_services(subject, &services, &wrong);
    if (wrong)
        model_wrong_about(model, "%s", wrong);
    else
        model_read_services(model, services, count);
}

static void compare_messages(struct model *model, struct subject *subject)
{
    int sessions[LABELS];
    int count = model_sessions(model, 0, sessions, LABELS);
    for (int i = 0; i < count && !model_wrong(model); i++) {
        const struct plain_interaction *interactions;
        const char *wrong;
        if (model_may_be_gone(model, sessions[i]))
            continue;
        int found = subject_interactions(subject, sessions[i], &interactions, &wrong);
        if (wrong)
            model_wrong_about(model, "s%d: %s", sessions[i], wrong);
        else
            model_read_interactions(model, sessions[i], interactions, found);
    }
}

/* What changes seldom, or follows from what is read each time, is read now and then. */
static void compare_service(struct model *model, struct subject *subject, int service,
                            unsigned turn)
{
    const struct reading all = {.who = WHOS, .page = 1000};
    const struct reading fewer = some(turn / 2);
    compare_sessions(model, subject, service, turn % 2 ? &fewer : &all);
    if (turn % 3 == 0)
        compare_numbers(model, subject, service, KIND_PHONE);
    if (turn % 8 == 1)
        compare_numbers(model, subject, service, KIND_SHORT);
    if (turn % 8 == 5)
        compare_numbers(model, subject, service, KIND_CHANNEL);
    if (turn % 4 == 2)
        compare_bars(model, subject, service);
}

void compare_all(struct model *model, struct subject *subject, unsigned turn)
{
    int services[LABELS];
    int count = model_services(model, services, LABELS);
    if (turn % 6 == 4)
        compare_services(model, subject);
    for (int i = 0; i < count && !model_wrong(model); i++)
        compare_service(model, subject, services[i], turn);
    if (turn % 2 == 0)
        compare_messages(model, subject);
}
