#include "server/api/requests.h"

#include "server/masking/rows/request_hash.h"

#include <string.h>

static char **id_field(ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "request_id");
    return (char **)(void *)((char *)message + field->offset);
}

bool request_identity(struct masking *masking, struct arena *arena, const ProtobufCMessage *request,
                      const char *method, struct request_id *ret_request, struct error *error)
{
    ProtobufCMessage *copy = arena_copy(arena, request, request->descriptor->sizeof_message);
    if (!copy)
        goto full;
    char **id = id_field(copy);
    struct request_id identity = {.id = *id, .method = method};
    if (**id != '\0') {
        static char none[] = "";
        *id = none;
        size_t size = protobuf_c_message_get_packed_size(copy);
        uint8_t *encoding = arena_alloc(arena, size);
        if (!encoding)
            goto full;
        protobuf_c_message_pack(copy, encoding);
        request_hash(masking, (struct bytes){encoding, size}, identity.body_hash);
    }
    *ret_request = identity;
    return true;
full:
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                     "The request is larger than the memory of one call.");
}
