#include "server/api/convert_event.h"

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
        return event_wrap(arena, &maskline__v1__channel_sender_added__descriptor,
                          channel_sender_message(arena, entry->number_added->number, 0));
    case TYPE(CHANNEL_SENDER_UPDATED):
        return event_wrap(arena, &maskline__v1__channel_sender_updated__descriptor,
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
        return event_wrap(arena, &maskline__v1__short_code_added__descriptor,
                          short_code_message(arena, entry->number_added->number, 0));
    case TYPE(SHORT_CODE_UPDATED):
        return event_wrap(arena, &maskline__v1__short_code_updated__descriptor,
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
        return event_wrap(arena, &maskline__v1__service_created__descriptor,
                          service_message(arena, entry->service_created->service));
    case STORED(SERVICE_UPDATED):
        return event_wrap(arena, &maskline__v1__service_updated__descriptor,
                          service_message(arena, entry->service_updated->service));
    case STORED(SERVICE_DELETING):
        return event_wrap(arena, &maskline__v1__service_deleting__descriptor,
                          entry->service_deleting->unique_name);
    case STORED(SERVICE_DELETED):
        return message_new(arena, &maskline__v1__service_deleted__descriptor);
    case STORED(NUMBER_ADDED):
        return event_wrap(arena, &maskline__v1__phone_number_added__descriptor,
                          number_message(arena, entry->number_added->number, 0));
    case STORED(NUMBER_UPDATED):
        return event_wrap(arena, &maskline__v1__phone_number_updated__descriptor,
                          number_message(arena, entry->number_updated->number, 0));
    case STORED(NUMBER_REMOVED):
        return number_removed(arena, entry->number_removed);
    default:
        return NULL;
    }
}

void *event_pool_payload(struct arena *arena, const Maskline__Store__V1__Entry *entry)
{
    void *payload = short_code_payload(arena, entry);
    if (!payload)
        payload = channel_payload(arena, entry);
    return payload ? payload : service_payload(arena, entry);
}
