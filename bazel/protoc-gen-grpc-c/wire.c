#include "bazel/protoc-gen-grpc-c/wire.h"

enum { VARINT = 0, FIXED64 = 1, LENGTH_DELIMITED = 2, FIXED32 = 5 };

static bool read_varint(struct wire *wire, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

static bool skip(struct wire *wire, uint64_t size)
{
    if (size > (uint64_t)(wire->end - wire->at))
        return false;
    wire->at += size;
    return true;
}

static bool read_value(struct wire *wire, uint64_t type, struct wire_field *field)
{
    switch (type) {
    case VARINT:
        return read_varint(wire, &field->number);
    case FIXED64:
        return skip(wire, 8);
    case FIXED32:
        return skip(wire, 4);
    case LENGTH_DELIMITED: {
        uint64_t size;
        if (!read_varint(wire, &size))
            return false;
        field->bytes = wire->at;
        field->size = (size_t)size;
        return skip(wire, size);
    }
    default: /* groups: protobuf-c knows none */
        return false;
    }
}

bool wire_next(struct wire *wire, struct wire_field *ret_field)
{
    if (wire->at == wire->end)
        return false;
    const uint8_t *start = wire->at;
    struct wire_field field = {0};
    uint64_t key;
    if (!read_varint(wire, &key) || !read_value(wire, key & 7, &field)) {
        wire->at = start;
        return false;
    }
    field.tag = key >> 3;
    *ret_field = field;
    return true;
}

bool wire_open(struct wire *wire, const ProtobufCMessageUnknownField *field)
{
    if (field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return false;
    struct wire whole = {field->data, field->data + field->len};
    uint64_t size;
    if (!read_varint(&whole, &size) || size != (uint64_t)(whole.end - whole.at))
        return false;
    *wire = whole;
    return true;
}

static const ProtobufCMessageDescriptor *submessage(const ProtobufCMessageDescriptor *descriptor,
                                                    const struct wire_field *field)
{
    if (!field->bytes || field->tag > UINT32_MAX)
        return NULL;
    const ProtobufCFieldDescriptor *known =
        protobuf_c_message_descriptor_get_field(descriptor, (unsigned)field->tag);
    return known && known->type == PROTOBUF_C_TYPE_MESSAGE ? known->descriptor : NULL;
}

bool wire_is_shallow(const uint8_t *bytes, size_t size,
                     const ProtobufCMessageDescriptor *descriptor, int depth)
{
    struct wire wire = {bytes, bytes + size};
    struct wire_field field;
    while (wire_next(&wire, &field)) {
        const ProtobufCMessageDescriptor *inner = submessage(descriptor, &field);
        if (inner && (depth == 0 || !wire_is_shallow(field.bytes, field.size, inner, depth - 1)))
            return false;
    }
    return wire.at == wire.end;
}
