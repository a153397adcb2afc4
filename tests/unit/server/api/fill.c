#include "tests/unit/server/api/fill.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static void *at(void *message, unsigned offset)
{
    return (char *)message + offset;
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
        return sizeof(int32_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        ck_abort_msg("%s: a type that no record has", field->name);
        return 0;
    }
}

static void set_bytes(struct arena *arena, const ProtobufCFieldDescriptor *field,
                      ProtobufCBinaryData *data)
{
    static const char *const hashes[] = {"former_persons", "persons",      "person",
                                         "peers",          "key",          "body_hash",
                                         "dedupe_key",     "content_hash", NULL};
    uint8_t *bytes = arena_alloc(arena, 32);
    ck_assert_ptr_nonnull(bytes);
    if (is_one_of(field->name, hashes)) {
        *data = (ProtobufCBinaryData){strlen(PERSON_HASH), bytes};
        memcpy(bytes, PERSON_HASH, data->len);
        return;
    }
    *data = (ProtobufCBinaryData){16, bytes};
    memset(bytes, 0xab, 16);
}

static char *text_for(struct arena *arena, const ProtobufCFieldDescriptor *field)
{
    if (strcmp(field->name, "identifiers") == 0)
        return arena_string(arena, REAL_NUMBER);
    if (strcmp(field->name, "provider_id") == 0)
        return arena_string(arena, PROVIDER_ID);
    return arena_printf(arena, "<%s>", field->name);
}

static void set_value(struct arena *arena, const ProtobufCFieldDescriptor *field, void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        *(void **)place = filled(arena, field->descriptor);
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)place = text_for(arena, field);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        set_bytes(arena, field, place);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(int64_t *)place = INT64_C(1700000000123456);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)place = 1;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)place = 1;
        break;
    default:
        *(int32_t *)place = 80123;
        break;
    }
}

static void set_field(struct arena *arena, ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        set_value(arena, field, at(message, field->offset));
        return;
    }
    size_t size = size_of(field);
    char *items = arena_array(arena, 2, size);
    ck_assert_ptr_nonnull(items);
    for (size_t i = 0; i < 2; i++)
        set_value(arena, field, items + i * size);
    *(void **)at(message, field->offset) = items;
    *(size_t *)at(message, field->quantifier_offset) = 2;
}

void *filled(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    ck_assert_ptr_nonnull(message);
    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (!(descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
            set_field(arena, message, &descriptor->fields[i]);
    return message;
}

void fill_member(struct arena *arena, ProtobufCMessage *message, unsigned number)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(message->descriptor, number);
    ck_assert_ptr_nonnull(field);
    *(int *)at(message, field->quantifier_offset) = (int)number;
    set_field(arena, message, field);
}

static const char *empty_in(const ProtobufCFieldDescriptor *field, void *place,
                            const char *const *except)
{
    const ProtobufCBinaryData *data = place;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(void **)place ? empty_field(*(void **)place, except) : field->name;
    case PROTOBUF_C_TYPE_STRING:
        return **(char **)place ? NULL : field->name;
    case PROTOBUF_C_TYPE_BYTES:
        return data->len > 0 ? NULL : field->name;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return *(int64_t *)place ? NULL : field->name;
    case PROTOBUF_C_TYPE_BOOL:
        return *(protobuf_c_boolean *)place ? NULL : field->name;
    default:
        return *(int32_t *)place ? NULL : field->name;
    }
}

static const char *empty_list(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                              const char *const *except)
{
    size_t count = *(size_t *)at(message, field->quantifier_offset);
    char *items = *(char **)at(message, field->offset);
    const char *empty = count > 0 ? NULL : field->name;
    for (size_t i = 0; i < count && !empty; i++)
        empty = empty_in(field, items + i * size_of(field), except);
    return empty;
}

static const char *empty_at(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                            const char *const *except)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return empty_list(message, field, except);
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return empty_in(field, at(message, field->offset), except);
    unsigned set = *(unsigned *)at(message, field->quantifier_offset);
    if (set == 0)
        return field->name;
    return set == field->id ? empty_in(field, at(message, field->offset), except) : NULL;
}

const char *empty_field(const ProtobufCMessage *message, const char *const *except)
{
    union {
        const ProtobufCMessage *given;
        ProtobufCMessage *taken;
    } cast = {message};
    /* These have parts that are rightly 0. */
    const char *name = message->descriptor->name;
    if (strcmp(name, "google.protobuf.Timestamp") == 0 ||
        strcmp(name, "google.protobuf.Duration") == 0)
        return NULL;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (is_one_of(field->name, except))
            continue;
        const char *empty = empty_at(cast.taken, field, except);
        if (empty)
            return empty;
    }
    return NULL;
}
