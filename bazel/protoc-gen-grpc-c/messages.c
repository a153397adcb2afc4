#include "bazel/protoc-gen-grpc-c/messages.h"

#include <string.h>

/* Numbers of descriptor.proto and protobuf-c.proto. */
enum { FILE_NAME = 1, FILE_MESSAGE = 4, FILE_SERVICE = 6 };
enum { MESSAGE_NAME = 1, MESSAGE_FIELD = 2, MESSAGE_NESTED = 3, MESSAGE_OPTIONS = 7 };
enum { FIELD_NAME = 1, FIELD_TYPE = 5, TYPE_GROUP = 10 };
enum { PB_C_MSG = 1019, BASE_FIELD_NAME = 3 };

/* protoc itself reads no file that is nested deeper. */
enum { DEEPEST = 100 };

/* What is being gone through; the error names it. */
struct place {
    struct pool *pool;
    const char *file;
    const char *error;
};

const char messages_malformed[] = "the request is no message";

void messages_add_varint(struct text *out, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        text_add_bytes(out, &(char){(char)(number | 0x80)}, 1);
    text_add_bytes(out, &(char){(char)number}, 1);
}

void messages_add_field(struct text *out, uint64_t tag, const void *bytes, size_t size)
{
    messages_add_varint(out, tag << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    messages_add_varint(out, size);
    if (size)
        text_add_bytes(out, bytes, size);
}

const char *messages_text(struct pool *pool, const uint8_t *bytes, size_t size, uint64_t tag)
{
    struct wire wire = {bytes, bytes + size};
    struct wire_field field;
    while (wire_next(&wire, &field)) {
        if (field.tag == tag && field.bytes)
            return pool_copy(pool, (const char *)field.bytes, field.size);
    }
    return NULL;
}

static bool is_field(const struct wire_field *field, const char *name)
{
    struct wire wire = {field->bytes, field->bytes + field->size};
    struct wire_field inner;
    while (wire_next(&wire, &inner)) {
        if (inner.tag == FIELD_NAME && inner.bytes && inner.size == strlen(name) &&
            memcmp(inner.bytes, name, inner.size) == 0)
            return true;
    }
    return false;
}

static bool has_field(const uint8_t *bytes, size_t size, const char *name)
{
    struct wire wire = {bytes, bytes + size};
    struct wire_field field;
    while (wire_next(&wire, &field)) {
        if (field.tag == MESSAGE_FIELD && field.bytes && is_field(&field, name))
            return true;
    }
    return false;
}

/* The options of a message that gives `base` another name; what the file itself says comes behind, and wins. */
static void add_base_name(struct text *out, const char *name)
{
    struct text option = {.pool = out->pool};
    struct text options = {.pool = out->pool};
    messages_add_field(&option, BASE_FIELD_NAME, name, strlen(name));
    messages_add_field(&options, PB_C_MSG, option.bytes, option.size);
    messages_add_field(out, MESSAGE_OPTIONS, options.bytes, options.size);
}

static bool is_group(const struct wire_field *field)
{
    struct wire wire = {field->bytes, field->bytes + field->size};
    struct wire_field inner;
    while (wire_next(&wire, &inner)) {
        if (inner.tag == FIELD_TYPE && !inner.bytes && inner.number == TYPE_GROUP)
            return true;
    }
    return false;
}

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static void refuse_group(struct place *place, const uint8_t *bytes, size_t size,
                         const struct wire_field *group)
{
    const char *message = messages_text(place->pool, bytes, size, MESSAGE_NAME);
    const char *name = messages_text(place->pool, group->bytes, group->size, FIELD_NAME);
    place->error =
        pool_format(place->pool, "%s: message %s has the group %s, and protobuf-c knows no groups",
                    place->file, or_nothing(message), or_nothing(name));
}

static void add_message(struct text *out, struct place *place, const uint8_t *bytes, size_t size,
                        unsigned depth)
{
    struct text kept = {.pool = out->pool};
    if (has_field(bytes, size, "base")) {
        const char *name = "base_";
        while (has_field(bytes, size, name))
            name = pool_format(place->pool, "%s_", name);
        add_base_name(&kept, name);
    }
    struct wire wire = {bytes, bytes + size};
    struct wire_field field;
    for (const uint8_t *start = wire.at; wire_next(&wire, &field) && !place->error;
         start = wire.at) {
        if (field.tag == MESSAGE_FIELD && field.bytes && is_group(&field))
            refuse_group(place, bytes, size, &field);
        else if (field.tag == MESSAGE_NESTED && field.bytes && depth < DEEPEST)
            add_message(&kept, place, field.bytes, field.size, depth + 1);
        else
            text_add_bytes(&kept, (const char *)start, (size_t)(wire.at - start));
    }
    if (wire.at != wire.end && !place->error)
        place->error = messages_malformed;
    messages_add_field(out, depth ? MESSAGE_NESTED : FILE_MESSAGE, kept.bytes, kept.size);
}

const char *messages_add_file(struct text *out, const uint8_t *bytes, size_t size)
{
    struct place place = {
        .pool = out->pool,
        .file = or_nothing(messages_text(out->pool, bytes, size, FILE_NAME)),
    };
    struct wire wire = {bytes, bytes + size};
    struct wire_field field;
    for (const uint8_t *start = wire.at; wire_next(&wire, &field) && !place.error;
         start = wire.at) {
        if (field.tag == FILE_SERVICE)
            continue;
        if (field.tag == FILE_MESSAGE && field.bytes)
            add_message(out, &place, field.bytes, field.size, 0);
        else
            text_add_bytes(out, (const char *)start, (size_t)(wire.at - start));
    }
    if (wire.at != wire.end && !place.error)
        place.error = messages_malformed;
    return place.error;
}
