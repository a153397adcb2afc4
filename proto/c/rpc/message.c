#include "proto/c/rpc/message.h"

#include "proto/c/arena.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <string.h>

grpc_byte_buffer *rpc_message_pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

static bool unpack_slice(const ProtobufCMessageDescriptor *descriptor, const grpc_slice *slice,
                         size_t max_size, const struct wire_limits *limits, struct arena *arena,
                         ProtobufCMessage **ret_message, struct error *error)
{
    size_t size = GRPC_SLICE_LENGTH(*slice);
    if (size > max_size)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                         "The message has %zu bytes; %zu are allowed.", size, max_size);
    return message_unpack(descriptor, GRPC_SLICE_START_PTR(*slice), size, limits, arena,
                          ret_message, error);
}

/* Messages of one piece, most, are read where they lie; others are put together first. */
static bool unpack_read(const ProtobufCMessageDescriptor *descriptor,
                        grpc_byte_buffer_reader *reader, size_t max_size,
                        const struct wire_limits *limits, struct arena *arena,
                        ProtobufCMessage **ret_message, struct error *error)
{
    size_t size = grpc_byte_buffer_length(reader->buffer_out);
    grpc_slice none = grpc_empty_slice();
    grpc_slice *first = &none;
    if (size == 0 ||
        (grpc_byte_buffer_reader_peek(reader, &first) && GRPC_SLICE_LENGTH(*first) == size))
        return unpack_slice(descriptor, first, max_size, limits, arena, ret_message, error);
    grpc_byte_buffer_reader_destroy(reader);
    if (!grpc_byte_buffer_reader_init(reader, reader->buffer_in))
        return error_set(error, STATUS_INTERNAL, "BAD_COMPRESSION", 0,
                         "What was compressed cannot be read.");
    grpc_slice whole = grpc_byte_buffer_reader_readall(reader);
    bool good = unpack_slice(descriptor, &whole, max_size, limits, arena, ret_message, error);
    grpc_slice_unref(whole);
    return good;
}

bool rpc_message_unpack(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *buffer,
                        size_t max_size, const struct wire_limits *limits, struct arena *arena,
                        ProtobufCMessage **ret_message, struct error *error)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return error_set(error, STATUS_INTERNAL, "BAD_COMPRESSION", 0,
                         "What was compressed cannot be read.");
    bool good = unpack_read(descriptor, &reader, max_size, limits, arena, ret_message, error);
    grpc_byte_buffer_reader_destroy(&reader);
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
