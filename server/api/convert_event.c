#include "proto/c/fault.h"
#include "server/api/convert.h"
#include "server/api/metadata.h"

#define STORED(kind) MASKLINE__STORE__V1__ENTRY__CHANGE_##kind
#define TYPE(kind)   MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_##kind

static bool has_failed(const Maskline__Store__V1__SessionClosed *closed)
{
    return closed->status == MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED;
}

static const Maskline__Store__V1__PhoneNumber *number_of(const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case STORED(NUMBER_ADDED):
        return entry->number_added->number;
    case STORED(NUMBER_UPDATED):
        return entry->number_updated->number;
    case STORED(NUMBER_REMOVED):
        return entry->number_removed->number;
    default:
        return NULL;
    }
}

/* Entries and events have the same numbers, but that to the store a session which fails is a closed one, and short codes and
 * addresses in channels are numbers. */
Maskline__V1__EventType event_type(const Maskline__Store__V1__Entry *entry)
{
    if (entry->change_case == STORED(SESSION_CLOSED) && has_failed(entry->session_closed))
        return TYPE(SESSION_FAILED);
    const Maskline__Store__V1__PhoneNumber *number = number_of(entry);
    if (number && (number->short_code || number->channel))
        return (Maskline__V1__EventType)((number->short_code ? TYPE(SHORT_CODE_ADDED)
                                                             : TYPE(CHANNEL_SENDER_ADDED)) +
                                         (entry->change_case - STORED(NUMBER_ADDED)));
    if (!protobuf_c_enum_descriptor_get_value(&maskline__v1__event_type__descriptor,
                                              (int)entry->change_case))
        return TYPE(UNSPECIFIED);
    return (Maskline__V1__EventType)entry->change_case;
}

/* Notices belong to none. */
static ProtobufCBinaryData session_or_none(ProtobufCBinaryData session)
{
    for (size_t i = 0; i < session.len; i++)
        if (session.data[i])
            return session;
    return (ProtobufCBinaryData){0, NULL};
}

ProtobufCBinaryData event_session(const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case STORED(SESSION_CREATED):
        return entry->session_created->session->sid;
    case STORED(SESSION_UPDATED):
        return entry->session_updated->session;
    case STORED(SESSION_CLOSED):
        return entry->session_closed->session;
    case STORED(SESSION_REOPENED):
        return entry->session_reopened->session;
    case STORED(SESSION_DELETED):
        return entry->session_deleted->session;
    case STORED(PARTICIPANT_ADDED):
        return entry->participant_added->session;
    case STORED(PARTICIPANT_REMOVED):
        return entry->participant_removed->session;
    case STORED(PARTICIPANT_UPDATED):
        return entry->participant_updated->session;
    case STORED(INTERACTION_CREATED):
        return entry->interaction_created->interaction->session;
    case STORED(LEG_CHANGED):
        return session_or_none(entry->leg_changed->session);
    case STORED(CALL_CHANGED):
        return entry->call_changed->session;
    case STORED(INBOUND_REJECTED):
        return entry->inbound_rejected->session;
    case STORED(WARNING):
        return session_or_none(entry->warning->session);
    case STORED(POOL_EXHAUSTED):
        return entry->pool_exhausted->session;
    case STORED(KEYWORD_RECEIVED):
        return entry->keyword_received->session;
    case STORED(INTERACTION_REDACTED):
        return entry->interaction_redacted->session;
    default:
        return (ProtobufCBinaryData){0, NULL};
    }
}

/* ---- sessions ---- */

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

static Maskline__V1__ParticipantSnapshot **participant_snapshots(
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

/* ---- the rest ---- */

static Maskline__V1__PhoneNumberRemoved *number_removed(
    struct arena *arena, const Maskline__Store__V1__NumberRemoved *removed)
{
    Maskline__V1__PhoneNumberRemoved *message =
        message_new(arena, &maskline__v1__phone_number_removed__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "PN", removed->number->sid);
    message->phone_number = removed->number->phone_number;
    message->forced = removed->forced;
    message->quarantine_end_time = message_time(arena, removed->free_time);
    return message;
}

static Maskline__V1__ShortCodeRemoved *short_code_removed(
    struct arena *arena, const Maskline__Store__V1__NumberRemoved *removed)
{
    Maskline__V1__ShortCodeRemoved *message =
        message_new(arena, &maskline__v1__short_code_removed__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "SC", removed->number->sid);
    message->short_code = removed->number->phone_number;
    message->forced = removed->forced;
    message->quarantine_end_time = message_time(arena, removed->free_time);
    return message;
}

static Maskline__V1__LegUpdated *leg_updated(struct arena *arena,
                                             const Maskline__Store__V1__LegChanged *changed)
{
    Maskline__V1__LegUpdated *message = message_new(arena, &maskline__v1__leg_updated__descriptor);
    if (!message)
        return NULL;
    message->interaction_sid = message_sid(arena, "KI", changed->interaction);
    message->outbound_index = changed->leg;
    message->leg = leg_message(arena, changed->now);
    if (message->leg && !session_or_none(changed->session).len)
        message->leg->participant_sid = message_text("");
    return message;
}

static Maskline__V1__CallUpdated *call_updated(struct arena *arena,
                                               const Maskline__Store__V1__CallChanged *changed)
{
    Maskline__V1__CallUpdated *message =
        message_new(arena, &maskline__v1__call_updated__descriptor);
    if (!message)
        return NULL;
    message->interaction_sid = message_sid(arena, "KI", changed->interaction);
    if (changed->inbound)
        message->inbound = leg_message(arena, changed->inbound);
    struct message_list list = message_list_new(arena, changed->n_outbound);
    for (size_t i = 0; i < changed->n_outbound; i++)
        message_list_add(&list, leg_message(arena, changed->outbound[i]));
    message->outbound = (Maskline__V1__Leg **)list.items;
    message->n_outbound = list.count;
    message->call = call_message(arena, changed->call);
    return message;
}

static Maskline__V1__LastSession *last_session_message(struct arena *arena,
                                                       const Maskline__Store__V1__Session *session)
{
    Maskline__V1__LastSession *message =
        message_new(arena, &maskline__v1__last_session__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KC", session->sid);
    message->unique_name = session->unique_name;
    message->status = (Maskline__V1__SessionStatus)session->status;
    message->mode = (Maskline__V1__SessionMode)session->mode;
    message->closed_reason = (Maskline__V1__SessionClosedReason)session->closed_reason;
    message->fail_reason = session->fail_reason;
    message->create_time = message_time(arena, session->create_time);
    message->start_time = message_time(arena, session->start_time);
    message->last_interaction_time = message_time(arena, session->last_interaction_time);
    message->end_time = message_time(arena, session->end_time);
    if (session->ttl_given)
        message->ttl = duration_new(arena, session->ttl);
    message->participants = participant_snapshots(arena, session, &message->n_participants);
    return message;
}

static Maskline__V1__InboundRejected *inbound_rejected(
    struct arena *arena, const Maskline__Store__V1__InboundRejected *rejected)
{
    Maskline__V1__InboundRejected *message =
        message_new(arena, &maskline__v1__inbound_rejected__descriptor);
    if (!message)
        return NULL;
    message->type = (Maskline__V1__InteractionType)rejected->type;
    message->proxy_identifier = rejected->proxy_identifier;
    message->carrier = rejected->carrier;
    message->reason = rejected->reason;
    message->original_code = rejected->original_code;
    message->participant_sid = message_sid(arena, "KP", rejected->participant);
    if (rejected->notice)
        message->notice_sid = message_sid(arena, "KI", rejected->notice->sid);
    if (rejected->last_session)
        message->last_session = last_session_message(arena, rejected->last_session);
    return message;
}

static Maskline__V1__KeywordReceived *keyword_received(
    struct arena *arena, const Maskline__Store__V1__KeywordReceived *received)
{
    Maskline__V1__KeywordReceived *message =
        message_new(arena, &maskline__v1__keyword_received__descriptor);
    if (!message)
        return NULL;
    message->action = (Maskline__V1__KeywordAction)received->action;
    message->proxy_identifier = received->proxy_identifier;
    message->carrier = received->carrier;
    message->original_code = received->original_code;
    message->participant_sid = message_sid(arena, "KP", received->participant);
    message->changed = received->added || received->n_removed;
    if (received->notice)
        message->notice_sid = message_sid(arena, "KI", received->notice->sid);
    return message;
}

static Maskline__V1__InteractionRedacted *interaction_redacted(
    struct arena *arena, const Maskline__Store__V1__InteractionRedacted *redacted)
{
    Maskline__V1__InteractionRedacted *message =
        message_new(arena, &maskline__v1__interaction_redacted__descriptor);
    if (!message)
        return NULL;
    message->interaction_sid = message_sid(arena, "KI", redacted->interaction);
    message->deleted = redacted->deleted;
    return message;
}

/* Both have the one field. */
static void *block_change(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                          const Maskline__Store__V1__Block *block)
{
    Maskline__V1__BlockAdded *message = message_new(arena, descriptor);
    if (message)
        message->from_everybody = block->to_person.len == 0;
    return message;
}

/* Those whose payload is one message within another. */
static void *wrap(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, void *inner)
{
    ProtobufCMessage *message = message_new(arena, descriptor);
    if (!message)
        return NULL;
    *(void **)(void *)((char *)message + descriptor->fields[0].offset) = inner;
    return message;
}

static Maskline__V1__ChannelSenderRemoved *channel_sender_removed(
    struct arena *arena, const Maskline__Store__V1__NumberRemoved *removed)
{
    Maskline__V1__ChannelSenderRemoved *message =
        message_new(arena, &maskline__v1__channel_sender_removed__descriptor);
    if (!message)
        return NULL;
    message->address = removed->number->phone_number;
    message->forced = removed->forced;
    message->quarantine_end_time = message_time(arena, removed->free_time);
    return message;
}

static void *channel_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry)
{
    switch (event_type(entry)) {
    case TYPE(CHANNEL_SENDER_ADDED):
        return wrap(arena, &maskline__v1__channel_sender_added__descriptor,
                    channel_sender_message(arena, entry->number_added->number, 0));
    case TYPE(CHANNEL_SENDER_UPDATED):
        return wrap(arena, &maskline__v1__channel_sender_updated__descriptor,
                    channel_sender_message(arena, entry->number_updated->number, 0));
    case TYPE(CHANNEL_SENDER_REMOVED):
        return channel_sender_removed(arena, entry->number_removed);
    default:
        return NULL;
    }
}

static void *short_code_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry)
{
    switch (event_type(entry)) {
    case TYPE(SHORT_CODE_ADDED):
        return wrap(arena, &maskline__v1__short_code_added__descriptor,
                    short_code_message(arena, entry->number_added->number, 0));
    case TYPE(SHORT_CODE_UPDATED):
        return wrap(arena, &maskline__v1__short_code_updated__descriptor,
                    short_code_message(arena, entry->number_updated->number, 0));
    case TYPE(SHORT_CODE_REMOVED):
        return short_code_removed(arena, entry->number_removed);
    default:
        return NULL;
    }
}

static void *service_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case STORED(SERVICE_CREATED):
        return wrap(arena, &maskline__v1__service_created__descriptor,
                    service_message(arena, entry->service_created->service));
    case STORED(SERVICE_UPDATED):
        return wrap(arena, &maskline__v1__service_updated__descriptor,
                    service_message(arena, entry->service_updated->service));
    case STORED(SERVICE_DELETING):
        return wrap(arena, &maskline__v1__service_deleting__descriptor,
                    entry->service_deleting->unique_name);
    case STORED(SERVICE_DELETED):
        return message_new(arena, &maskline__v1__service_deleted__descriptor);
    case STORED(NUMBER_ADDED):
        return wrap(arena, &maskline__v1__phone_number_added__descriptor,
                    number_message(arena, entry->number_added->number, 0));
    case STORED(NUMBER_UPDATED):
        return wrap(arena, &maskline__v1__phone_number_updated__descriptor,
                    number_message(arena, entry->number_updated->number, 0));
    case STORED(NUMBER_REMOVED):
        return number_removed(arena, entry->number_removed);
    default:
        return NULL;
    }
}

static void *session_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case STORED(SESSION_CREATED):
        return wrap(arena, &maskline__v1__session_created__descriptor,
                    session_snapshot(arena, entry->session_created->session));
    case STORED(SESSION_UPDATED):
        return session_updated(arena, entry->session_updated);
    case STORED(SESSION_CLOSED):
        return has_failed(entry->session_closed)
                   ? (void *)session_failed(arena, entry->session_closed)
                   : session_closed(arena, entry->session_closed);
    case STORED(SESSION_REOPENED):
        return session_reopened(arena, entry->session_reopened);
    case STORED(SESSION_DELETED):
        return session_deleted(arena, entry->session_deleted);
    case STORED(PARTICIPANT_ADDED):
        return wrap(arena, &maskline__v1__participant_added__descriptor,
                    participant_snapshot(arena, entry->participant_added->participant));
    case STORED(PARTICIPANT_UPDATED):
        return participant_updated(arena, entry->participant_updated);
    case STORED(PARTICIPANT_REMOVED):
        return wrap(arena, &maskline__v1__participant_removed__descriptor,
                    message_sid(arena, "KP", entry->participant_removed->participant));
    default:
        return NULL;
    }
}

static Maskline__V1__InteractionCreated *interaction_created(
    struct arena *arena, ProtobufCBinaryData service,
    const Maskline__Store__V1__InteractionCreated *created)
{
    Maskline__V1__InteractionCreated *message =
        message_new(arena, &maskline__v1__interaction_created__descriptor);
    if (!message)
        return NULL;
    message->interaction = MUTANT("event_tells_provider_id")
                               ? interaction_message(arena, service, created->interaction)
                               : interaction_told(arena, service, created->interaction);
    message->session_started = created->first;
    return message;
}

static void *traffic_payload(struct arena *arena, ProtobufCBinaryData service,
                             const Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case STORED(INTERACTION_CREATED):
        return interaction_created(arena, service, entry->interaction_created);
    case STORED(LEG_CHANGED):
        return leg_updated(arena, entry->leg_changed);
    case STORED(CALL_CHANGED):
        return call_updated(arena, entry->call_changed);
    case STORED(INBOUND_REJECTED):
        return inbound_rejected(arena, entry->inbound_rejected);
    case STORED(WARNING):
        return warning_message(arena, entry->warning);
    case STORED(POOL_EXHAUSTED):
        return pool_exhausted_message(arena, entry->pool_exhausted);
    case STORED(KEYWORD_RECEIVED):
        return keyword_received(arena, entry->keyword_received);
    case STORED(OPT_OUT_ADDED):
        return wrap(arena, &maskline__v1__opt_out_added__descriptor,
                    entry->opt_out_added->opt_out->proxy_identifier);
    case STORED(OPT_OUT_REMOVED):
        return wrap(arena, &maskline__v1__opt_out_removed__descriptor,
                    entry->opt_out_removed->opt_out->proxy_identifier);
    case STORED(INTERACTION_REDACTED):
        return interaction_redacted(arena, entry->interaction_redacted);
    case STORED(BLOCK_ADDED):
        return block_change(arena, &maskline__v1__block_added__descriptor,
                            entry->block_added->block);
    case STORED(BLOCK_REMOVED):
        return block_change(arena, &maskline__v1__block_removed__descriptor,
                            entry->block_removed->block);
    default:
        return NULL;
    }
}

/* Two kinds of entries hold a session's metadata within: they would hold them twice. */
static void set_metadata(struct arena *arena, Maskline__V1__Event *message,
                         const Maskline__Store__V1__Entry *entry)
{
    Maskline__Store__V1__MetadataItem **items = entry->session_metadata;
    size_t count = entry->n_session_metadata;
    if (entry->change_case == STORED(SESSION_CREATED)) {
        items = entry->session_created->session->metadata;
        count = entry->session_created->session->n_metadata;
    } else if (entry->change_case == STORED(INTERACTION_CREATED)) {
        items = entry->interaction_created->interaction->session_metadata;
        count = entry->interaction_created->interaction->n_session_metadata;
    }
    if (MUTANT("event_without_metadata"))
        count = 0;
    struct message_list list = metadata_messages(
        arena, &maskline__v1__event__session_metadata_entry__descriptor, items, count);
    message->session_metadata = (Maskline__V1__Event__SessionMetadataEntry **)list.items;
    message->n_session_metadata = list.count;
}

Maskline__V1__Event *event_message(struct arena *arena, ProtobufCBinaryData service,
                                   uint64_t position, const Maskline__Store__V1__Entry *entry)
{
    Maskline__V1__Event *message = message_new(arena, &maskline__v1__event__descriptor);
    if (!message)
        return NULL;
    message->position = position;
    message->event_time = message_time(arena, entry->time);
    message->service_sid = message_sid(arena, "KS", service);
    message->session_sid = message_sid(arena, "KC", event_session(entry));
    message->type = event_type(entry);
    set_metadata(arena, message, entry);
    void *payload = short_code_payload(arena, entry);
    if (!payload)
        payload = channel_payload(arena, entry);
    if (!payload)
        payload = service_payload(arena, entry);
    if (!payload)
        payload = session_payload(arena, entry);
    if (!payload)
        payload = traffic_payload(arena, service, entry);
    if (!payload)
        return message;
    /* The payload's number is the type's; which member of the union is written makes no difference. */
    message->payload_case = (Maskline__V1__Event__PayloadCase)message->type;
    message->service_created = payload;
    return message;
}
