#include "proto/c/rpc/message.h"

#include "proto/c/arena.h"
#include "proto/c/rpc/inflate.h"
#include "proto/c/wire_write.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <string.h>

grpc_byte_buffer *rpc_message_pack(const ProtobufCMessage *message)
{
    uint8_t room[WIRE_WRITE_ROOM];
    size_t size;
    const uint8_t *bytes = wire_write(message, room, sizeof room, &size);
    grpc_slice slice = bytes ? grpc_slice_from_copied_buffer((const char *)bytes, size)
                             : grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    if (!bytes)
        protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

static bool too_large(struct error *error, size_t size, size_t max_size)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                     "The message has %zu bytes; %zu are allowed.", size, max_size);
}

static bool unpack_slice(const ProtobufCMessageDescriptor *descriptor, const grpc_slice *slice,
                         size_t max_size, const struct wire_limits *limits, struct arena *arena,
                         ProtobufCMessage **ret_message, struct error *error)
{
    size_t size = GRPC_SLICE_LENGTH(*slice);
    if (size > max_size)
        return too_large(error, size, max_size);
    return message_unpack(descriptor, GRPC_SLICE_START_PTR(*slice), size, limits, arena,
                          ret_message, error);
}

/* Messages of one piece, most, are read where they lie; others are put together first. */
static bool unpack_plain(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *buffer,
                         size_t max_size, const struct wire_limits *limits, struct arena *arena,
                         ProtobufCMessage **ret_message, struct error *error)
{
    const grpc_slice_buffer *slices = &buffer->data.raw.slice_buffer;
    grpc_slice none = grpc_empty_slice();
    if (slices->count <= 1)
        return unpack_slice(descriptor, slices->count ? &slices->slices[0] : &none, max_size,
                            limits, arena, ret_message, error);
    /* Told before it is put together. */
    if (slices->length > max_size)
        return too_large(error, slices->length, max_size);
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return error_set(error, STATUS_INTERNAL, "BAD_MESSAGE", 0, "The message cannot be read.");
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    bool good = unpack_slice(descriptor, &whole, max_size, limits, arena, ret_message, error);
    grpc_slice_unref(whole);
    return good;
}

bool rpc_message_unpack(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *buffer,
                        size_t max_size, const struct wire_limits *limits, struct arena *arena,
                        ProtobufCMessage **ret_message, struct error *error)
{
    if (!rpc_is_compressed(buffer))
        return unpack_plain(descriptor, buffer, max_size, limits, arena, ret_message, error);
    grpc_slice inflated;
    if (!rpc_inflate(buffer, max_size, &inflated, error))
        return false;
    bool good = unpack_slice(descriptor, &inflated, max_size, limits, arena, ret_message, error);
    grpc_slice_unref(inflated);
    return good;
}

char *rpc_slice_text(struct arena *arena, grpc_slice slice)
{
    size_t size = GRPC_SLICE_LENGTH(slice);
    char *text = arena_alloc(arena, size + 1);
    if (text)
        memcpy(text, GRPC_SLICE_START_PTR(slice), size);
    return text;
}
