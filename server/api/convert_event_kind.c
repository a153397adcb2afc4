#include "server/api/convert_event.h"

bool session_has_failed(const Maskline__Store__V1__SessionClosed *closed)
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
    if (entry->change_case == STORED(SESSION_CLOSED) && session_has_failed(entry->session_closed))
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

ProtobufCBinaryData session_or_none(ProtobufCBinaryData session)
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

void *event_wrap(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, void *inner)
{
    ProtobufCMessage *message = message_new(arena, descriptor);
    if (!message)
        return NULL;
    *(void **)(void *)((char *)message + descriptor->fields[0].offset) = inner;
    return message;
}
