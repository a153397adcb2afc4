#include "tests/model/compare.h"

static bool active(const struct plain_session *session)
{
    return session->status == SESSION_OPEN || session->status == SESSION_IN_PROGRESS;
}

/* Whether a person of the one dials the same number as the same person of the other. */
static bool share_route(const struct plain_person *a, const struct plain_person *b)
{
    if (a->delete_time || b->delete_time || a->number != b->number)
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
                    if (share_route(&sessions[i].people[k], &sessions[j].people[l]))
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

static void compare_numbers(struct model *model, struct subject *subject, int service)
{
    const struct plain_number *numbers;
    const char *wrong;
    int count = subject_numbers(subject, service, &numbers, &wrong);
    if (wrong)
        model_wrong_about(model, "%s", wrong);
    else
        model_read_numbers(model, service, numbers, count);
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

void compare_all(struct model *model, struct subject *subject, unsigned turn)
{
    const struct reading all = {.who = WHOS, .page = 1000};
    const struct reading fewer = some(turn);
    int services[LABELS];
    int count = model_services(model, services, LABELS);
    compare_services(model, subject);
    for (int i = 0; i < count && !model_wrong(model); i++) {
        compare_sessions(model, subject, services[i], &all);
        if (turn % 2)
            compare_sessions(model, subject, services[i], &fewer);
        compare_numbers(model, subject, services[i]);
    }
    compare_messages(model, subject);
}
