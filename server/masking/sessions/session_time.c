#include "proto/c/fault.h"
#include "server/masking/rows/rows.h"

#include <string.h>

bool session_open(const Maskline__Store__V1__Session *session)
{
    return session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_OPEN ||
           session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
}

bool session_purged(const Maskline__Store__V1__Session *session, int64_t now)
{
    return session->purge_time && session->purge_time + MUTANT("purged_a_tick_late") <= now;
}

bool session_active(const Maskline__Store__V1__Session *session, int64_t now)
{
    return session_open(session) &&
           (!session->effective_expire_time ||
            now < session->effective_expire_time + MUTANT("session_lives_a_tick_more"));
}

/* What ttl and idle cap count from: the last time that something happened. */
static int64_t last_event(const Maskline__Store__V1__Session *session)
{
    int64_t last = session->create_time;
    if (session->last_interaction_time > last)
        last = session->last_interaction_time;
    if (session->reopen_time > last && !MUTANT("ttl_not_renewed_by_reopening"))
        last = session->reopen_time;
    return last;
}

/* The end that each rule sets; 0: none. */
struct ends {
    int64_t ttl;
    int64_t date;
    int64_t idle;
};

static struct ends ends_of(const Maskline__Store__V1__Service *service,
                           const Maskline__Store__V1__Session *session)
{
    int64_t last = last_event(session);
    int64_t idle_cap = service->settings ? service->settings->idle_cap : 0;
    return (struct ends){
        .ttl = session->ttl ? last + session->ttl : 0,
        .date = MUTANT("expire_date_ignored") ? 0 : session->expire_date,
        .idle = idle_cap && !MUTANT("idle_cap_ignored") ? last + idle_cap : 0,
    };
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

int64_t session_expire_time(const Maskline__Store__V1__Service *service,
                            const Maskline__Store__V1__Session *session)
{
    struct ends ends = ends_of(service, session);
    return earlier(earlier(ends.ttl, ends.date), ends.idle);
}

Maskline__Store__V1__ClosedReason session_expiry(const Maskline__Store__V1__Service *service,
                                                 const Maskline__Store__V1__Session *session,
                                                 int64_t *ret_time)
{
    struct ends ends = ends_of(service, session);
    int64_t first = earlier(earlier(ends.ttl, ends.date), ends.idle);
    *ret_time = first;
    /* What the session itself asked for is told before what the Service imposes. */
    if (first == ends.date)
        return MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_DATE_EXPIRED;
    if (first == ends.ttl)
        return MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_TTL_EXPIRED;
    return MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_IDLE_CAP;
}

int64_t participant_number_ends(const Maskline__Store__V1__Participant *participant)
{
    int64_t first = 0;
    for (size_t i = 0; i < participant->n_bindings && !participant->delete_time; i++) {
        if (!participant->bindings[i]->ended)
            first = earlier(first, participant->bindings[i]->until_time);
    }
    return first;
}

int64_t session_number_ends(const Maskline__Store__V1__Session *session)
{
    int64_t first = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        first = earlier(first, participant_number_ends(session->participants[i]));
    return first;
}

int64_t session_due(const Maskline__Store__V1__Session *session)
{
    return earlier(session->effective_expire_time, session_number_ends(session));
}

void session_show(const Maskline__Store__V1__Service *service,
                  Maskline__Store__V1__Session *session, int64_t now)
{
    if (!session_open(session) || session_active(session, now))
        return;
    session->closed_reason = session_expiry(service, session, &session->end_time);
    session->status = MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED;
    session->update_time = session->end_time;
}

Maskline__Store__V1__Participant *session_participant(const Maskline__Store__V1__Session *session,
                                                      const uint8_t *sid)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        Maskline__Store__V1__Participant *participant = session->participants[i];
        if ((!participant->delete_time || MUTANT("removed_person_stays")) &&
            participant->sid.len == SID_BYTES && !memcmp(participant->sid.data, sid, SID_BYTES))
            return participant;
    }
    return NULL;
}
