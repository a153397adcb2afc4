#include "server/api/message.h"

#include "proto/c/sid.h"

void *message_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = arena_alloc(arena, descriptor->sizeof_message);
    if (message)
        protobuf_c_message_init(descriptor, message);
    return message;
}

char *message_sid(struct arena *arena, const char *prefix, ProtobufCBinaryData sid)
{
    static char none[] = "";
    if (sid.len != SID_BYTES)
        return none;
    struct sid_text text = sid_format(prefix, sid.data);
    char *copy = arena_copy(arena, text.text, sizeof text.text);
    return copy ? copy : none;
}

char *message_text(const char *text)
{
    union {
        const char *given;
        char *taken;
    } cast = {text ? text : ""};
    return cast.taken;
}

Google__Protobuf__Timestamp *message_time(struct arena *arena, int64_t us)
{
    return us == 0 ? NULL : timestamp_new(arena, us);
}

Google__Protobuf__Duration *message_seconds(struct arena *arena, uint64_t seconds)
{
    const uint64_t most = UINT64_C(315576000000);
    Google__Protobuf__Duration *message =
        message_new(arena, &google__protobuf__duration__descriptor);
    if (message)
        message->seconds = (int64_t)(seconds < most ? seconds : most);
    return message;
}

struct message_list message_list_new(struct arena *arena, size_t count)
{
    return (struct message_list){.items = arena_array(arena, count, sizeof(void *))};
}

void message_list_add(struct message_list *list, void *message)
{
    if (list->items && message)
        list->items[list->count++] = message;
}
