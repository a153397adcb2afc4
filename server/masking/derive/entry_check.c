#include "server/masking/derive/entry_check.h"

#include "proto/c/clock.h"
#include "proto/c/sid.h"
#include "storage/keys.h"

#include <string.h>

/* Deeper than any record is. */
enum { DEPTH = 16 };

struct checking {
    const uint8_t *service; /* whose log it is */
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

/* Records of what did not come to be, or did not concern anybody. */
static bool may_lack_sids(const ProtobufCMessageDescriptor *kind)
{
    return kind == &maskline__store__v1__inbound_rejected__descriptor ||
           kind == &maskline__store__v1__warning__descriptor ||
           kind == &maskline__store__v1__pool_exhausted__descriptor ||
           kind == &maskline__store__v1__keyword_received__descriptor ||
           kind == &maskline__store__v1__leg__descriptor;
}

/* Whether a SID is that of the Service: its own, or what another record says of it. */
static bool names_service(const ProtobufCMessageDescriptor *kind, const char *name)
{
    static const char *const service[] = {"service", NULL};
    return is_one_of(name, service) ||
           (kind == &maskline__store__v1__service__descriptor && !strcmp(name, "sid"));
}

static bool bytes_sound(const struct checking *checking, const ProtobufCMessageDescriptor *kind,
                        const char *name, const ProtobufCBinaryData *bytes)
{
    static const char *const hashes[] = {"key", "body_hash", "dedupe_key", "content_hash", NULL};
    static const char *const persons[] = {"person", "persons", "peers", "former_persons", NULL};
    static const char *const perhaps_persons[] = {"to_person", "capped_person", NULL};
    static const char *const optional[] = {"peer", "number", "displaced", "sender", NULL};
    if (is_one_of(name, hashes))
        return true;
    if (is_one_of(name, persons))
        return bytes->len == PERSON_SIZE;
    if (is_one_of(name, perhaps_persons))
        return bytes->len == PERSON_SIZE || bytes->len == 0;
    if (names_service(kind, name))
        return bytes->len == SID_BYTES && !memcmp(bytes->data, checking->service, SID_BYTES);
    bool may_lack = may_lack_sids(kind) || is_one_of(name, optional);
    return bytes->len == SID_BYTES || (bytes->len == 0 && may_lack);
}

static bool may_lack(const ProtobufCFieldDescriptor *field)
{
    static const char *const names[] = {"request",      "inbound", "keyword_policy", "added",
                                        "notice",       "call",    "last_session",   "voice",
                                        "interception", NULL};
    return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF || is_one_of(field->name, names);
}

/* Times, spans and counts: two of them add up without going beyond 64 bits. */
static bool number_sound(const char *at)
{
    int64_t number = *(const int64_t *)(const void *)at;
    return number >= -DURATION_US_MAX && number <= DURATION_US_MAX;
}

static bool message_sound(const struct checking *checking, const ProtobufCMessage *message,
                          unsigned depth);

static bool value_sound(const struct checking *checking, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, const char *at, unsigned depth)
{
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return bytes_sound(checking, message->descriptor, field->name, (const void *)at);
    const ProtobufCMessage *part = *(ProtobufCMessage *const *)(const void *)at;
    return part ? message_sound(checking, part, depth + 1) : may_lack(field);
}

static bool field_sound(const struct checking *checking, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, unsigned depth)
{
    const char *base = (const char *)message;
    const char *at = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;
    if (field->type == PROTOBUF_C_TYPE_INT64)
        return number_sound(at);
    if (field->type != PROTOBUF_C_TYPE_BYTES && field->type != PROTOBUF_C_TYPE_MESSAGE)
        return true;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && *(const uint32_t *)quantifier != field->id)
        return true;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return value_sound(checking, message, field, at, depth);
    size_t width = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
                                                        : sizeof(ProtobufCMessage *);
    size_t count = *(const size_t *)quantifier;
    const char *values = *(char *const *)(const void *)at;
    for (size_t i = 0; i < count; i++)
        if (!value_sound(checking, message, field, values + i * width, depth))
            return false;
    return true;
}

static bool message_sound(const struct checking *checking, const ProtobufCMessage *message,
                          unsigned depth)
{
    if (depth > DEPTH)
        return false;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (!field_sound(checking, message, &message->descriptor->fields[i], depth))
            return false;
    return true;
}

bool entry_sound(const Maskline__Store__V1__Entry *entry, const uint8_t *service)
{
    const struct checking checking = {service};
    return message_sound(&checking, &entry->base, 0);
}
