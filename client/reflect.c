#include "client/reflect.h"

#include "proto/c/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ProtobufCMessage *reflect_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    if (message)
        protobuf_c_message_init(descriptor, message);
    return message;
}

static const ProtobufCFieldDescriptor *field_by(const ProtobufCMessageDescriptor *descriptor,
                                                const char *name, size_t size)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (strlen(descriptor->fields[i].name) == size &&
            memcmp(descriptor->fields[i].name, name, size) == 0)
            return &descriptor->fields[i];
    return NULL;
}

const ProtobufCFieldDescriptor *reflect_field(const ProtobufCMessageDescriptor *descriptor,
                                              const char *path)
{
    for (;;) {
        size_t size = strcspn(path, ".");
        const ProtobufCFieldDescriptor *field = field_by(descriptor, path, size);
        if (!field || path[size] == '\0')
            return field;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED)
            return NULL;
        descriptor = field->descriptor;
        path += size + 1;
    }
}

static const ProtobufCFieldDescriptor *need(const ProtobufCMessageDescriptor *descriptor,
                                            const char *name)
{
    const ProtobufCFieldDescriptor *field = field_by(descriptor, name, strcspn(name, "."));
    if (field)
        return field;
    fprintf(stderr, "maskline: a table names %s.%s, which is not there\n", descriptor->name, name);
    abort();
}

static void *member(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

static const void *member_of(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

static bool set_time(struct arena *arena, void *at, int64_t us)
{
    Google__Protobuf__Timestamp *time = timestamp_new(arena, us);
    *(Google__Protobuf__Timestamp **)at = time;
    return time != NULL;
}

static bool set_duration(struct arena *arena, void *at, int64_t us)
{
    Google__Protobuf__Duration *duration = duration_new(arena, us);
    *(Google__Protobuf__Duration **)at = duration;
    return duration != NULL;
}

/* One value into the place of one. */
static bool set_one(struct arena *arena, const ProtobufCFieldDescriptor *field, void *at,
                    char *text, int64_t value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = text;
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = value != 0;
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)at = (int)value;
        return true;
    case PROTOBUF_C_TYPE_INT32:
        *(int32_t *)at = (int32_t)value;
        return value >= INT32_MIN && value <= INT32_MAX;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)at = (uint32_t)value;
        return value >= 0 && value <= UINT32_MAX;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(int64_t *)at = value;
        return true;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (field->descriptor == &google__protobuf__timestamp__descriptor)
            return set_time(arena, at, value);
        if (field->descriptor == &google__protobuf__duration__descriptor)
            return set_duration(arena, at, value);
        break;
    default:
        break;
    }
    fprintf(stderr, "maskline: a table sets %s, which is of a type that no option has\n",
            field->name);
    abort();
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(char *);
}

bool reflect_map(const ProtobufCFieldDescriptor *field)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
        return false;
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    if (entry->n_fields != 2 || strcmp(entry->fields[0].name, "key") != 0 ||
        strcmp(entry->fields[1].name, "value") != 0)
        return false;
    const char *at = entry->short_name;
    bool upper = true;
    for (const char *name = field->name; *name; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        if (*at++ != (upper && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name))
            return false;
        upper = false;
    }
    return strcmp(at, "Entry") == 0;
}

/* "KEY=VALUE" */
static bool set_pair(struct arena *arena, const ProtobufCFieldDescriptor *field, void *at,
                     const char *text)
{
    ProtobufCMessage *entry = reflect_new(arena, field->descriptor);
    char *key = arena_string(arena, text);
    if (!entry || !key)
        return false;
    char *equals = strchr(key, '=');
    if (equals)
        *equals = '\0';
    *(char **)member(entry, field_by(field->descriptor, "key", 3)->offset) = key;
    *(char **)member(entry, field_by(field->descriptor, "value", 5)->offset) =
        equals ? equals + 1 : key + strlen(key);
    *(ProtobufCMessage **)at = entry;
    return true;
}

static bool add_one(struct arena *arena, ProtobufCMessage *message,
                    const ProtobufCFieldDescriptor *field, char *text, int64_t value)
{
    size_t *count = member(message, field->quantifier_offset);
    char **values = member(message, field->offset);
    size_t size = size_of(field);
    char *grown = arena_array(arena, *count + 1, size);
    if (!grown)
        return false;
    if (*count > 0)
        memcpy(grown, *values, *count * size);
    *values = grown;
    void *place = grown + (*count)++ * size;
    return reflect_map(field) ? set_pair(arena, field, place, text)
                              : set_one(arena, field, place, text, value);
}

bool reflect_set(struct arena *arena, ProtobufCMessage *message, const char *path, char *text,
                 int64_t value)
{
    const ProtobufCFieldDescriptor *field = need(message->descriptor, path);
    const char *dot = strchr(path, '.');
    if (dot) {
        ProtobufCMessage **child = member(message, field->offset);
        if (!*child)
            *child = reflect_new(arena, field->descriptor);
        return *child && reflect_set(arena, *child, dot + 1, text, value);
    }
    if (reflect_map(field) && *text == '\0')
        return true;
    return field->label == PROTOBUF_C_LABEL_REPEATED
               ? add_one(arena, message, field, text, value)
               : set_one(arena, field, member(message, field->offset), text, value);
}

const char *reflect_text(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = need(message->descriptor, name);
    return *(const char *const *)member_of(message, field->offset);
}

const ProtobufCMessage *reflect_message(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = need(message->descriptor, name);
    return *(const ProtobufCMessage *const *)member_of(message, field->offset);
}

size_t reflect_messages(const ProtobufCMessage *message, const char *name,
                        const ProtobufCMessage *const **ret_messages)
{
    const ProtobufCFieldDescriptor *field = need(message->descriptor, name);
    *ret_messages = *(const ProtobufCMessage *const *const *)member_of(message, field->offset);
    return *(const size_t *)member_of(message, field->quantifier_offset);
}

bool reflect_has(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    return field_by(descriptor, name, strlen(name)) != NULL;
}

bool reflect_repeated(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    return need(descriptor, name)->label == PROTOBUF_C_LABEL_REPEATED;
}
