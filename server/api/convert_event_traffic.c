#include "server/api/convert_event.h"

#include "proto/c/fault.h"

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

void *event_traffic_payload(struct arena *arena, ProtobufCBinaryData service,
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
        return event_wrap(arena, &maskline__v1__opt_out_added__descriptor,
                          entry->opt_out_added->opt_out->proxy_identifier);
    case STORED(OPT_OUT_REMOVED):
        return event_wrap(arena, &maskline__v1__opt_out_removed__descriptor,
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
