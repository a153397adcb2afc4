#include "server/api/convert_event.h"

#include "proto/c/fault.h"

static Maskline__V1__ParticipantSnapshot *participant_snapshot(
    struct arena *arena, const Maskline__Store__V1__Participant *participant)
{
    Maskline__V1__ParticipantSnapshot *message =
        message_new(arena, &maskline__v1__participant_snapshot__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KP", participant->sid);
    if (participant->n_bindings == 0)
        return message;
    message->proxy_identifier = MUTANT("event_tells_number") && participant->n_identifiers
                                    ? participant->identifiers[0]
                                    : participant->bindings[0]->proxy_identifier;
    message->proxy_identifier_sid = proxy_sid(arena, participant->bindings[0]);
    return message;
}

Maskline__V1__ParticipantSnapshot **participant_snapshots(
    struct arena *arena, const Maskline__Store__V1__Session *session, size_t *ret_count)
{
    struct message_list list = message_list_new(arena, session->n_participants);
    for (size_t i = 0; i < session->n_participants; i++)
        message_list_add(&list, participant_snapshot(arena, session->participants[i]));
    *ret_count = list.count;
    return (Maskline__V1__ParticipantSnapshot **)list.items;
}

static Maskline__V1__SessionSnapshot *session_snapshot(struct arena *arena,
                                                       const Maskline__Store__V1__Session *session)
{
    Maskline__V1__SessionSnapshot *message =
        message_new(arena, &maskline__v1__session_snapshot__descriptor);
    if (!message)
        return NULL;
    message->unique_name = session->unique_name;
    message->status = (Maskline__V1__SessionStatus)session->status;
    message->mode = (Maskline__V1__SessionMode)session->mode;
    if (session->ttl_given)
        message->ttl = duration_new(arena, session->ttl);
    message->expire_time = message_time(arena, session->expire_date);
    message->effective_expire_time = message_time(arena, session->effective_expire_time);
    message->participants = participant_snapshots(arena, session, &message->n_participants);
    return message;
}

static Maskline__V1__SessionUpdated *session_updated(
    struct arena *arena, const Maskline__Store__V1__SessionUpdated *updated)
{
    Maskline__V1__SessionUpdated *message =
        message_new(arena, &maskline__v1__session_updated__descriptor);
    if (!message)
        return NULL;
    if (updated->ttl_given)
        message->ttl = duration_new(arena, updated->ttl);
    message->expire_time = message_time(arena, updated->expire_date);
    message->effective_expire_time = message_time(arena, updated->effective_expire_time);
    return message;
}

static Maskline__V1__SessionReopened *session_reopened(
    struct arena *arena, const Maskline__Store__V1__SessionReopened *reopened)
{
    Maskline__V1__SessionReopened *message =
        message_new(arena, &maskline__v1__session_reopened__descriptor);
    if (!message)
        return NULL;
    if (reopened->ttl_given)
        message->ttl = duration_new(arena, reopened->ttl);
    message->expire_time = message_time(arena, reopened->expire_date);
    message->effective_expire_time = message_time(arena, reopened->effective_expire_time);
    return message;
}

static Maskline__V1__ParticipantUpdated *participant_updated(
    struct arena *arena, const Maskline__Store__V1__ParticipantUpdated *updated)
{
    Maskline__V1__ParticipantUpdated *message =
        message_new(arena, &maskline__v1__participant_updated__descriptor);
    if (!message)
        return NULL;
    message->participant = participant_snapshot(arena, updated->participant);
    message->person_replaced = updated->person_replaced;
    message->number_replaced = updated->number_replaced;
    message->number_ended = updated->number_ended;
    return message;
}

static Maskline__V1__SessionClosed *session_closed(struct arena *arena,
                                                   const Maskline__Store__V1__SessionClosed *closed)
{
    Maskline__V1__SessionClosed *message =
        message_new(arena, &maskline__v1__session_closed__descriptor);
    if (!message)
        return NULL;
    message->reason = (Maskline__V1__SessionClosedReason)closed->reason;
    message->end_time = message_time(arena, closed->end_time);
    return message;
}

static Maskline__V1__SessionFailed *session_failed(struct arena *arena,
                                                   const Maskline__Store__V1__SessionClosed *closed)
{
    Maskline__V1__SessionFailed *message =
        message_new(arena, &maskline__v1__session_failed__descriptor);
    if (!message)
        return NULL;
    message->fail_reason = closed->fail_reason;
    message->end_time = message_time(arena, closed->end_time);
    return message;
}

static Maskline__V1__SessionDeleted *session_deleted(
    struct arena *arena, const Maskline__Store__V1__SessionDeleted *deleted)
{
    Maskline__V1__SessionDeleted *message =
        message_new(arena, &maskline__v1__session_deleted__descriptor);
    if (!message)
        return NULL;
    message->unique_name = deleted->unique_name;
    message->reason =
        deleted->service_deleted
            ? MASKLINE__V1__SESSION_DELETED_REASON__SESSION_DELETED_REASON_SERVICE_DELETED
        : deleted->purged ? MASKLINE__V1__SESSION_DELETED_REASON__SESSION_DELETED_REASON_RETENTION
                          : MASKLINE__V1__SESSION_DELETED_REASON__SESSION_DELETED_REASON_API;
    return message;
}

void *event_session_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case STORED(SESSION_CREATED):
        return event_wrap(arena, &maskline__v1__session_created__descriptor,
                          session_snapshot(arena, entry->session_created->session));
    case STORED(SESSION_UPDATED):
        return session_updated(arena, entry->session_updated);
    case STORED(SESSION_CLOSED):
        return session_has_failed(entry->session_closed)
                   ? (void *)session_failed(arena, entry->session_closed)
                   : session_closed(arena, entry->session_closed);
    case STORED(SESSION_REOPENED):
        return session_reopened(arena, entry->session_reopened);
    case STORED(SESSION_DELETED):
        return session_deleted(arena, entry->session_deleted);
    case STORED(PARTICIPANT_ADDED):
        return event_wrap(arena, &maskline__v1__participant_added__descriptor,
                          participant_snapshot(arena, entry->participant_added->participant));
    case STORED(PARTICIPANT_UPDATED):
        return participant_updated(arena, entry->participant_updated);
    case STORED(PARTICIPANT_REMOVED):
        return event_wrap(arena, &maskline__v1__participant_removed__descriptor,
                          message_sid(arena, "KP", entry->participant_removed->participant));
    default:
        return NULL;
    }
}
