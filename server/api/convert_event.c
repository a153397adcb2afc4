#include "server/api/convert_event.h"

#include "proto/c/fault.h"
#include "server/api/metadata.h"

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
    void *payload = event_pool_payload(arena, entry);
    if (!payload)
        payload = event_session_payload(arena, entry);
    if (!payload)
        payload = event_traffic_payload(arena, service, entry);
    if (!payload)
        return message;
    /* The payload's number is the type's; which member of the union is written makes no difference. */
    message->payload_case = (Maskline__V1__Event__PayloadCase)message->type;
    message->service_created = payload;
    return message;
}
