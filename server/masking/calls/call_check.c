#include "server/masking/calls/call_check.h"

#include "proto/c/fault.h"
#include "server/masking/bars/bars.h"
#include "server/masking/messages/guards.h"
#include "server/masking/rows/known.h"
#include "server/masking/services/services.h"

#include <string.h>

/* Whether the check goes on to its next step; when not, the reason is set, or the decision failed. */
enum go { GO_ON, GO_END, GO_FAIL };

struct checking {
    const struct call_subject *subject;
    const char *reason;
};

static enum go end(struct checking *c, const char *reason)
{
    c->reason = reason;
    return GO_END;
}

static enum go check_session(struct checking *c)
{
    const struct call_subject *s = c->subject;
    if (s->service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return end(c, "SERVICE_DELETED");
    if (!session_active(s->session, s->rows->now) && !MUTANT("call_outlives_session"))
        return end(c, "SESSION_CLOSED");
    return GO_ON;
}

/* The number still stands for this person in this session, and for nobody else. */
static enum go check_route(struct checking *c, const Maskline__Store__V1__Participant *who,
                           const Maskline__Store__V1__Binding *seat)
{
    const struct call_subject *s = c->subject;
    struct person person;
    if (!who->n_persons || who->persons[0].len != PERSON_SIZE)
        return end(c, "ROUTE_CHANGED");
    memcpy(person.bytes, who->persons[0].data, PERSON_SIZE);
    struct route_fact route;
    enum kv_found found = known_route(s->masking->known, s->rows, s->service->pool.data, &person,
                                      seat->proxy_identifier, &route, s->error);
    if (found == KV_FAILED)
        return GO_FAIL;
    if (MUTANT("call_without_route"))
        return GO_ON;
    if (found == KV_ABSENT || route.generation != who->generation ||
        memcmp(route.session, s->session->sid.data, SID_BYTES) != 0 ||
        memcmp(route.participant, who->sid.data, SID_BYTES) != 0)
        return end(c, "ROUTE_CHANGED");
    return GO_ON;
}

static enum go check_routes(struct checking *c)
{
    const struct call_people *people = &c->subject->people;
    enum go go = check_route(c, people->second, people->second_seat);
    return go == GO_ON ? check_route(c, people->first, people->first_seat) : go;
}

static enum go check_opt_out(struct checking *c, const Maskline__Store__V1__Participant *who,
                             const Maskline__Store__V1__Binding *seat)
{
    const struct call_subject *s = c->subject;
    switch (bars_participant_opted_out(s->masking->bars, s->rows, s->service->pool.data, who,
                                       seat->proxy_identifier, s->error)) {
    case KV_FOUND:
        return MUTANT("call_to_who_opted_out") ? GO_ON : end(c, "OPTED_OUT");
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

static enum go check_opt_outs(struct checking *c)
{
    const struct call_people *people = &c->subject->people;
    if (!opt_out_of_calls(c->subject->service->settings))
        return GO_ON;
    enum go go = check_opt_out(c, people->second, people->second_seat);
    if (go == GO_ON && c->subject->placed)
        go = check_opt_out(c, people->first, people->first_seat);
    return go;
}

static enum go check_block(struct checking *c, const Maskline__Store__V1__Participant *from,
                           const Maskline__Store__V1__Participant *to)
{
    const struct call_subject *s = c->subject;
    switch (bars_blocked(s->masking->bars, s->rows, s->service->pool.data, from, to, s->error)) {
    case KV_FOUND:
        return MUTANT("call_to_who_is_blocked") ? GO_ON : end(c, "BLOCKED");
    case KV_ABSENT:
        return GO_ON;
    default:
        return GO_FAIL;
    }
}

static enum go check_blocks(struct checking *c)
{
    const struct call_people *people = &c->subject->people;
    enum go go = check_block(c, people->first, people->second);
    if (go == GO_ON && c->subject->placed)
        go = check_block(c, people->second, people->first);
    return go;
}

static enum go check_number(struct checking *c, const Maskline__Store__V1__Binding *seat)
{
    const struct call_subject *s = c->subject;
    struct holding holding;
    enum kv_found found =
        known_number(s->masking->known, s->rows, seat->proxy_identifier, &holding, s->error);
    if (found == KV_FAILED)
        return GO_FAIL;
    if (found == KV_ABSENT || !holding.number || !holding.service ||
        memcmp(holding.service->sid.data, s->service->sid.data, SID_BYTES) != 0 ||
        holding.state == MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED)
        return end(c, "NUMBER_REMOVED");
    if (holding.number->state == MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED &&
        !s->connected && !MUTANT("call_from_locked_number"))
        return end(c, "NUMBER_LOCKED");
    return GO_ON;
}

static enum go check_numbers(struct checking *c)
{
    enum go go = check_number(c, c->subject->people.second_seat);
    return go == GO_ON ? check_number(c, c->subject->people.first_seat) : go;
}

static enum go (*const STEPS[])(struct checking *checking) = {
    check_session, check_numbers, check_routes, check_opt_outs, check_blocks,
};

bool call_may_be(const struct call_subject *subject, const char **ret_reason)
{
    struct checking c = {.subject = subject};
    enum go go = GO_ON;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS && go == GO_ON; i++)
        go = STEPS[i](&c);
    *ret_reason = c.reason;
    return go != GO_FAIL;
}

/* Whoever takes somebody's place takes over none of its calls. */
static bool same_person(const Maskline__Store__V1__Participant *who,
                        const Maskline__Store__V1__Leg *leg)
{
    return who->generation == leg->generation || MUTANT("call_ignores_generation");
}

/* NULL: they are there, as they were. */
static const char *find_people(const Maskline__Store__V1__Session *session,
                               const struct call_sides *sides, struct call_people *ret_people)
{
    struct call_people people = {
        .first = session_participant(session, sides->first->participant.data),
        .second = session_participant(session, sides->second->participant.data),
    };
    if (!people.first || !people.second)
        return "PARTICIPANT_REMOVED";
    people.first_seat = binding_from(people.first, &people.second->sid);
    people.second_seat = binding_from(people.second, &people.first->sid);
    if (!people.first_seat || !people.second_seat || !same_person(people.first, sides->first) ||
        !same_person(people.second, sides->second))
        return "ROUTE_CHANGED";
    *ret_people = people;
    return NULL;
}

bool call_may_live(struct masking *masking, struct rows *rows,
                   const Maskline__Store__V1__Service *service,
                   const Maskline__Store__V1__Session *session, const struct call_sides *sides,
                   struct call_people *ret_people, const char **ret_reason, struct error *error)
{
    struct call_subject subject = {
        .masking = masking,
        .rows = rows,
        .service = service,
        .session = session,
        .placed = sides->placed,
        .connected = sides->call->connect_time != 0,
        .error = error,
    };
    *ret_reason = find_people(session, sides, &subject.people);
    /* A session that is over is the reason that counts. */
    if (*ret_reason) {
        if (!session_active(session, rows->now))
            *ret_reason = "SESSION_CLOSED";
        return true;
    }
    *ret_people = subject.people;
    return call_may_be(&subject, ret_reason);
}
