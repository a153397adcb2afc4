#include "tests/fuzz/proto_mutate.h"

size_t field_width(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return 4;
    }
}

size_t field_values(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                    char **ret_values)
{
    char *base = (char *)(uintptr_t)message;
    char *at = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *ret_values = *(char **)(void *)at;
        return *(const size_t *)quantifier;
    }
    *ret_values = at;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)quantifier == field->id;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING)
        return *(void **)(void *)at != NULL;
    return 1;
}

static bool visit(ProtobufCMessage *message, const struct message_visitor *visitor, unsigned depth)
{
    if (visitor->message && !visitor->message(visitor->data, message, depth))
        return false;
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        char *values;
        size_t count = field_values(message, field, &values);
        for (size_t i = 0; i < count; i++) {
            void *value = values + i * field_width(field);
            if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(void **)value &&
                !visit(*(ProtobufCMessage **)value, visitor, depth + 1))
                return false;
            if (field->type == PROTOBUF_C_TYPE_STRING && *(char **)value && visitor->text &&
                !visitor->text(visitor->data, field, (char **)value))
                return false;
        }
    }
    return true;
}

bool message_visit(ProtobufCMessage *message, const struct message_visitor *visitor)
{
    return visit(message, visitor, 1);
}
