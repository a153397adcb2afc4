#include "proto/c/wire_write.h"

#include <stdbool.h>
#include <string.h>

/* What is free lies before `at`. */
struct writer {
    uint8_t *begin;
    uint8_t *at;
    bool fails;
};

static void write_message(struct writer *writer, const ProtobufCMessage *message);

/* ---- pieces, each before the last one ---- */

static inline uint8_t *take(struct writer *writer, size_t size)
{
    if ((size_t)(writer->at - writer->begin) < size) {
        writer->fails = true;
        return NULL;
    }
    return writer->at -= size;
}

static inline void write_bytes(struct writer *writer, const void *bytes, size_t size)
{
    uint8_t *to = size ? take(writer, size) : NULL;
    if (to)
        memcpy(to, bytes, size);
}

static void write_long_varint(struct writer *writer, uint64_t value)
{
    unsigned size = (unsigned)(63 - __builtin_clzll(value | 1)) / 7 + 1;
    uint8_t *to = take(writer, size);
    if (!to)
        return;
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to = (uint8_t)value;
}

static inline void write_varint(struct writer *writer, uint64_t value)
{
    if (value < 0x80 && writer->at > writer->begin)
        *--writer->at = (uint8_t)value;
    else
        write_long_varint(writer, value);
}

static inline void write_tag(struct writer *writer, uint32_t number, unsigned wire_type)
{
    write_varint(writer, (uint64_t)number << 3 | wire_type);
}

/* ---- values ---- */

static inline unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    default:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    default:
        return sizeof(uint32_t);
    }
}

static uint32_t half_at(const void *member)
{
    uint32_t value;
    memcpy(&value, member, sizeof value);
    return value;
}

static uint64_t whole_at(const void *member)
{
    uint64_t value;
    memcpy(&value, member, sizeof value);
    return value;
}

static const void *pointer_at(const void *member)
{
    const void *value;
    memcpy(&value, member, sizeof value);
    return value;
}

static uint64_t varint_of(ProtobufCType type, const void *member)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)member != 0;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        return (uint64_t)(int64_t)(int32_t)half_at(member); /* negative ones have ten bytes */
    case PROTOBUF_C_TYPE_UINT32:
        return half_at(member);
    case PROTOBUF_C_TYPE_SINT32:
        return half_at(member) << 1 ^ (0 - (half_at(member) >> 31));
    case PROTOBUF_C_TYPE_SINT64:
        return whole_at(member) << 1 ^ (0 - (whole_at(member) >> 63));
    default:
        return whole_at(member);
    }
}

/* What has a length, and that before it. */
static void write_sized(struct writer *writer, ProtobufCType type, const void *member)
{
    const uint8_t *end = writer->at;
    if (type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = member;
        write_bytes(writer, bytes->data, bytes->len);
    } else if (type == PROTOBUF_C_TYPE_STRING) {
        const char *text = pointer_at(member);
        write_bytes(writer, text, text ? strlen(text) : 0);
    } else if (pointer_at(member)) {
        write_message(writer, pointer_at(member));
    }
    write_varint(writer, (uint64_t)(end - writer->at));
}

/* A fixed number stands in memory as in the message (wire_read.c). */
static void write_value(struct writer *writer, ProtobufCType type, const void *member)
{
    switch (wire_type_of(type)) {
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        write_sized(writer, type, member);
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        write_bytes(writer, member, sizeof(uint32_t));
        break;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        write_bytes(writer, member, sizeof(uint64_t));
        break;
    default:
        write_varint(writer, varint_of(type, member));
        break;
    }
}

static void write_field(struct writer *writer, const ProtobufCFieldDescriptor *field,
                        const void *member)
{
    write_value(writer, field->type, member);
    write_tag(writer, field->id, wire_type_of(field->type));
}

/* ---- fields ---- */

static void write_elements(struct writer *writer, const ProtobufCFieldDescriptor *field,
                           const uint8_t *items, size_t count)
{
    const uint8_t *end = writer->at;
    size_t size = size_of(field->type);
    bool is_packed = field->flags & PROTOBUF_C_FIELD_FLAG_PACKED;
    for (size_t i = count; i-- > 0 && !writer->fails;) {
        if (is_packed)
            write_value(writer, field->type, items + i * size);
        else
            write_field(writer, field, items + i * size);
    }
    if (!is_packed || count == 0)
        return;
    write_varint(writer, (uint64_t)(end - writer->at));
    write_tag(writer, field->id, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
}

/* Whether a field that is in no oneof has its default, which is not written. */
static bool is_default(ProtobufCType type, const void *member)
{
    float single;
    double both;
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        return !pointer_at(member) || *(const char *)pointer_at(member) == '\0';
    case PROTOBUF_C_TYPE_MESSAGE:
        return !pointer_at(member);
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)member == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(&single, member, sizeof single);
        return single == 0;
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(&both, member, sizeof both);
        return both == 0;
    default:
        return size_of(type) == sizeof(uint64_t) ? whole_at(member) == 0 : half_at(member) == 0;
    }
}

/* Whether the arm that the oneof says is there is written: a pointer to nothing is not. */
static bool is_chosen(const ProtobufCFieldDescriptor *field, const void *member)
{
    bool points = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
    return !points || (pointer_at(member) && pointer_at(member) != field->default_value);
}

static void write_any(struct writer *writer, const ProtobufCFieldDescriptor *field,
                      const uint8_t *message)
{
    const uint8_t *member = message + field->offset;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        if (half_at(message + field->quantifier_offset) == field->id && is_chosen(field, member))
            write_field(writer, field, member);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count;
        memcpy(&count, message + field->quantifier_offset, sizeof count);
        if (count > 0)
            write_elements(writer, field, pointer_at(member), count);
    } else if (field->label != PROTOBUF_C_LABEL_NONE) {
        writer->fails = true; /* proto2 */
    } else if (!is_default(field->type, member)) {
        write_field(writer, field, member);
    }
}

static void write_message(struct writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = message->n_unknown_fields; i-- > 0;) {
        const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
        write_bytes(writer, unknown->data, unknown->len);
        write_tag(writer, unknown->tag, unknown->wire_type);
    }
    for (unsigned i = descriptor->n_fields; i-- > 0 && !writer->fails;)
        write_any(writer, &descriptor->fields[i], (const uint8_t *)message);
}

const uint8_t *wire_write(const ProtobufCMessage *message, uint8_t *room, size_t size,
                          size_t *ret_size)
{
    struct writer writer = {.begin = room, .at = room + size};
    write_message(&writer, message);
    if (writer.fails)
        return NULL;
    *ret_size = (size_t)(room + size - writer.at);
    return writer.at;
}

const uint8_t *wire_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_size)
{
    uint8_t room[WIRE_WRITE_ROOM];
    const uint8_t *bytes = wire_write(message, room, sizeof room, ret_size);
    if (bytes)
        return arena_copy(arena, bytes, *ret_size);
    size_t size = *ret_size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(arena, size);
    if (packed)
        protobuf_c_message_pack(message, packed);
    return packed;
}
