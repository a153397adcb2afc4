#include "server/masking/derive/session_apply.h"

#include "proto/c/fault.h"

#include <string.h>

/* Records are read only; protobuf-c has no const texts. */
static char *text(const char *of)
{
    return (char *)(uintptr_t)of;
}

static void take_metadata(Maskline__Store__V1__Session *session,
                          const Maskline__Store__V1__Entry *entry)
{
    session->metadata = entry->session_metadata;
    session->n_metadata = entry->n_session_metadata;
}

void session_apply_updated(Maskline__Store__V1__Session *session,
                           const Maskline__Store__V1__SessionUpdated *updated,
                           const Maskline__Store__V1__Entry *entry)
{
    if (updated->set_metadata)
        take_metadata(session, entry);
    session->ttl = updated->ttl;
    session->ttl_given = updated->ttl_given;
    session->expire_date = updated->expire_date;
    session->effective_expire_time = updated->effective_expire_time;
    session->update_time = entry->time;
}

static void end_earlier(Maskline__Store__V1__Participant *participant)
{
    for (size_t i = 0; i < participant->n_bindings; i++) {
        if (participant->bindings[i]->until_time)
            participant->bindings[i]->ended = true;
    }
}

void session_apply_closed(Maskline__Store__V1__Session *session,
                          const Maskline__Store__V1__SessionClosed *closed, int64_t time)
{
    session->status = closed->status;
    session->closed_reason = closed->reason;
    session->fail_reason = text(closed->fail_reason);
    session->end_time = closed->end_time;
    session->purge_time = closed->purge_time;
    session->generation++;
    session->update_time = time;
    /* Its earlier numbers are not taken again when it is opened again. */
    for (size_t i = 0; i < session->n_participants; i++)
        end_earlier(session->participants[i]);
}

/* A number that left the pool and came back has another SID. */
static void renew_number(Maskline__Store__V1__Session *session,
                         const Maskline__Store__V1__RouteChange *taken)
{
    Maskline__Store__V1__Participant *participant =
        session_participant(session, taken->participant.data);
    for (size_t i = 0; participant && i < participant->n_bindings; i++) {
        Maskline__Store__V1__Binding *binding = participant->bindings[i];
        if (taken->number.len && !strcmp(binding->proxy_identifier, taken->proxy_identifier))
            binding->number = taken->number;
    }
}

void session_apply_reopened(Maskline__Store__V1__Session *session,
                            const Maskline__Store__V1__SessionReopened *reopened,
                            const Maskline__Store__V1__Entry *entry)
{
    if (reopened->set_metadata)
        take_metadata(session, entry);
    session->status = MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
    session->closed_reason = MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_UNSPECIFIED;
    session->fail_reason = text("");
    session->end_time = 0;
    if (!MUTANT("reopening_keeps_purge_time"))
        session->purge_time = 0;
    session->ttl = reopened->ttl;
    session->ttl_given = reopened->ttl_given;
    session->expire_date = reopened->expire_date;
    session->effective_expire_time = reopened->effective_expire_time;
    session->reopen_time = entry->time;
    session->update_time = entry->time;
    session->generation = reopened->generation;
    for (size_t i = 0; i < session->n_participants; i++) {
        if (session->participants[i]->delete_time)
            continue;
        session->participants[i]->generation = reopened->generation;
        session->participants[i]->legs_since = 0;
    }
    for (size_t i = 0; i < reopened->n_taken; i++)
        renew_number(session, reopened->taken[i]);
}

bool session_apply_added(Maskline__Store__V1__Session *session,
                         const Maskline__Store__V1__ParticipantAdded *added, int64_t time,
                         struct arena *arena)
{
    size_t count = session->n_participants;
    Maskline__Store__V1__Participant **all =
        arena_array(arena, count + 1, sizeof(Maskline__Store__V1__Participant *));
    if (!all)
        return false;
    for (size_t i = 0; i < count; i++)
        all[i] = session->participants[i];
    all[count] = added->participant;
    session->participants = all;
    session->n_participants = count + 1;
    session->generation = added->generation;
    session->update_time = time;
    return true;
}

void session_apply_removed(Maskline__Store__V1__Session *session,
                           const Maskline__Store__V1__ParticipantRemoved *removed, int64_t time)
{
    Maskline__Store__V1__Participant *participant =
        session_participant(session, removed->participant.data);
    if (participant) {
        participant->delete_time = time;
        participant->update_time = time;
    }
    session->generation = removed->generation;
    session->update_time = time;
}

bool session_apply_replaced(Maskline__Store__V1__Session *session,
                            const Maskline__Store__V1__ParticipantUpdated *updated, int64_t time)
{
    const ProtobufCBinaryData *sid = &updated->participant->sid;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if (participant->sid.len != sid->len || memcmp(participant->sid.data, sid->data, sid->len))
            continue;
        session->participants[i] = updated->participant;
        session->generation = updated->generation;
        session->update_time = time;
        return true;
    }
    return false;
}

void session_apply_interaction(Maskline__Store__V1__Session *session,
                               const Maskline__Store__V1__InteractionCreated *created, int64_t time)
{
    if (!session->start_time)
        session->start_time = time;
    if (session->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_OPEN)
        session->status = MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS;
    if (!created->refused && !MUTANT("ttl_not_renewed"))
        session->last_interaction_time = time;
    session->interaction_count += !MUTANT("message_counts_not");
    session->effective_expire_time = created->effective_expire_time;
}

bool session_apply_call(Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__InteractionCreated *created, struct arena *arena)
{
    size_t count = session->n_live_calls;
    session->call_count++;
    if (created->interaction->call->end_time)
        return true;
    ProtobufCBinaryData *all = arena_array(arena, count + 1, sizeof *all);
    if (!all)
        return false;
    for (size_t i = 0; i < count; i++)
        all[i] = session->live_calls[i];
    all[count] = created->interaction->sid;
    session->live_calls = all;
    session->n_live_calls = count + 1;
    return true;
}

void session_apply_call_ended(Maskline__Store__V1__Session *session,
                              const Maskline__Store__V1__CallChanged *changed)
{
    size_t left = 0;
    for (size_t i = 0; i < session->n_live_calls; i++) {
        const ProtobufCBinaryData *one = &session->live_calls[i];
        if (one->len != changed->interaction.len ||
            memcmp(one->data, changed->interaction.data, one->len) != 0)
            session->live_calls[left++] = *one;
    }
    session->n_live_calls = left;
    if (!MUTANT("call_seconds_count_not"))
        session->call_seconds += changed->call->seconds;
}
