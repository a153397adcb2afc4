/*
 * The checks before unpacking, against protobuf-c itself: what they accept it unpacks, within the arena's bound, to texts that are texts,
 * no deeper and no wider than was allowed; it packs that again, and the checks accept it again.
 *
 * Input: which message, limits (depth, elements), the bytes.
 */
#include "google/protobuf/compiler/plugin.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "maskline/store/v1/entry.pb-c.h"
#include "maskline/v1/carrier_gateway.pb-c.h"
#include "maskline/v1/events.pb-c.h"
#include "maskline/v1/services.pb-c.h"
#include "maskline/v1/sessions.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/wire_check.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"
#include "tests/unit/proto/c/kinds.pb-c.h"
#include "tests/unit/proto/c/strict.pb-c.h"

#include <iconv.h>
#include <string.h>

enum { LARGE = 64 * 1024 * 1024, HEAD = 4 };

static const ProtobufCMessageDescriptor *const kinds[] = {
    &kinds__kinds__descriptor,
    &kinds__choices__descriptor,
    &strict__strict__descriptor,
    &google__protobuf__value__descriptor,
    &google__protobuf__compiler__code_generator_request__descriptor,
    &google__rpc__status__descriptor,
    &google__rpc__error_info__descriptor,
    &maskline__store__v1__entry__descriptor,
    &maskline__v1__create_session_request__descriptor,
    &maskline__v1__list_sessions_request__descriptor,
    &maskline__v1__update_service_request__descriptor,
    &maskline__v1__stream_events_response__descriptor,
    &maskline__v1__attach_request__descriptor,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- what a message really has in it, found another way than the checks do ---- */

struct measure {
    unsigned depth;
    size_t elements;
    bool lacks_required;
};

static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    char *values;
    size_t count = field_values(message, field, &values);
    bool is_pointer =
        field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING;
    return count > 0 && (is_pointer || field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
}

static bool look_message(void *data, ProtobufCMessage *message, unsigned depth)
{
    struct measure *measure = data;
    if (depth > measure->depth)
        measure->depth = depth;
    measure->elements += message->n_unknown_fields;
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        char *values;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            measure->elements += field_values(message, field, &values);
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE && is_present(message, field))
            measure->elements++;
    }
    return true;
}

/* glibc's conversion is as strict as RFC 3629. */
static bool is_utf8(const char *text)
{
    static iconv_t to_utf32;
    if (!to_utf32)
        to_utf32 = iconv_open("UTF-32LE", "UTF-8");
    must(to_utf32 != (iconv_t)-1, "there is no iconv");
    char *from = (char *)(uintptr_t)text;
    size_t left = strlen(text);
    iconv(to_utf32, NULL, NULL, NULL, NULL);
    while (left > 0) {
        char place[4096], *to = place;
        size_t room = sizeof place;
        if (iconv(to_utf32, &from, &left, &to, &room) == (size_t)-1 && room > 8)
            return false;
    }
    return true;
}

static bool look_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    (void)data;
    must(is_utf8(*text), "%s is no UTF-8", field->name);
    return true;
}

/* ---- one input ---- */

static uint8_t *pack(const ProtobufCMessage *message, size_t *ret_size)
{
    *ret_size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(*ret_size ? *ret_size : 1);
    if (!bytes)
        abort();
    must(protobuf_c_message_pack(message, bytes) == *ret_size, "it packs to its size");
    return bytes;
}

static void check_message(ProtobufCMessage *message, const struct wire_limits *limits)
{
    struct measure measure = {.depth = 0};
    const struct message_visitor visitor = {&measure, look_message, look_text};
    message_visit(message, &visitor);
    must(measure.depth <=
             (limits->depth && limits->depth < WIRE_DEPTH ? limits->depth : WIRE_DEPTH),
         "it is %u deep", measure.depth);
    must(measure.elements <= (limits->elements ? limits->elements : WIRE_ELEMENTS),
         "it has %zu elements", measure.elements);
}

/* Packed, checked, unpacked and packed once more, it stays as it is. */
static void check_again(const ProtobufCMessageDescriptor *kind, const ProtobufCMessage *message,
                        struct arena *arena)
{
    size_t size, again_size;
    uint8_t *bytes = pack(message, &size);
    ProtobufCMessage *again;
    struct error error;
    must(message_unpack(kind, bytes, size, NULL, arena, &again, &error), "%s: %s", kind->name,
         error.message);
    uint8_t *again_bytes = pack(again, &again_size);
    must(size == again_size && !memcmp(bytes, again_bytes, size), "%s changes when it is packed",
         kind->name);
    free(bytes);
    free(again_bytes);
}

/* ---- what must be refused ---- */

static bool first_text(void *data, const ProtobufCFieldDescriptor *field, char **text)
{
    (void)field;
    char **found = data;
    if (!**text)
        return true;
    *found = *text;
    return false;
}

/* A sound message with one text in it broken. */
static void check_broken_text(const ProtobufCMessageDescriptor *kind, ProtobufCMessage *message)
{
    static const uint8_t breaks[] = {0x00, 0xff, 0xc0, 0xed};
    char *text = NULL;
    message_visit(message, &(struct message_visitor){.data = &text, .text = first_text});
    if (!text)
        return;
    size_t size, length = strlen(text);
    uint8_t *bytes = pack(message, &size);
    uint8_t *place = memmem(bytes, size, text, length);
    /* A default is not packed; and the same bytes elsewhere may be none of a text. */
    bool once = place && !memmem(place + 1, size - (size_t)(place + 1 - bytes), text, length);
    for (size_t i = 0; once && i < sizeof breaks; i++) {
        struct error error;
        uint8_t before = place[length / 2];
        place[length / 2] = breaks[i];
        bool accepted = wire_check(kind, bytes, size, NULL, &error);
        /* One first byte in the place of another can be right. */
        must(!accepted || (i > 1 && before >= 0xc0), "%02x in a text is taken", breaks[i]);
        place[length / 2] = before;
    }
    free(bytes);
}

/* One level, or one element, too many. */
static void check_limits(const ProtobufCMessageDescriptor *kind, const uint8_t *bytes, size_t size,
                         ProtobufCMessage *message)
{
    struct measure measure = {.depth = 0};
    struct error error;
    message_visit(message, &(struct message_visitor){.data = &measure, .message = look_message});
    if (measure.depth > 1) {
        const struct wire_limits limits = {.depth = measure.depth - 1};
        must(!wire_check(kind, bytes, size, &limits, &error), "%u levels pass for %u",
             measure.depth, limits.depth);
    }
    if (measure.elements > 1) {
        const struct wire_limits limits = {.elements = measure.elements - 1};
        must(!wire_check(kind, bytes, size, &limits, &error), "%zu elements pass for %zu",
             measure.elements, limits.elements);
    }
}

/* proto2: what passes the checks may still lack a field, and is refused then. */
static bool has_required(const ProtobufCMessageDescriptor *kind)
{
    return kind == &strict__strict__descriptor ||
           kind == &google__protobuf__compiler__code_generator_request__descriptor;
}

static void check_bound(const ProtobufCMessageDescriptor *kind, const uint8_t *bytes, size_t size,
                        size_t bound, bool accepted)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(bound);
    ProtobufCMessage *message;
    struct error error;
    if (!arena)
        abort();
    bool ok = message_unpack(kind, bytes, size, NULL, arena, &message, &error);
    must(arena_used(arena) <= bound, "%zu bytes of %zu", arena_used(arena), bound);
    must(!ok || accepted, "less memory makes it pass");
    must(ok || !accepted || arena_full(arena) || has_required(kind),
         "refused with room in the arena: %s", error.message);
    must(ok || error.code == STATUS_INVALID_ARGUMENT || error.code == STATUS_RESOURCE_EXHAUSTED,
         "%s", error.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    const ProtobufCMessageDescriptor *kind = kinds[feed_byte(&feed) % KINDS];
    struct wire_limits limits = {.depth = feed_byte(&feed),
                                 .elements = (size_t)feed_number(&feed, 2)};
    size_t count;
    uint8_t *bytes = feed_rest(&feed, &count);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(LARGE);
    if (!arena)
        abort();
    struct error error;
    bool accepted = wire_check(kind, bytes, count, &limits, &error);
    must(accepted || error.code == STATUS_INVALID_ARGUMENT ||
             error.code == STATUS_RESOURCE_EXHAUSTED,
         "refused with %d: %s", (int)error.code, error.message);
    must(accepted || (*error.reason && is_utf8(error.message)), "a refusal says why");
    ProtobufCMessage *message;
    bool unpacked = message_unpack(kind, bytes, count, &limits, arena, &message, &error);
    must(!unpacked || accepted, "what is refused is not unpacked");
    must(unpacked || !accepted || has_required(kind), "protobuf-c refuses a %s that passed: %s",
         kind->name, error.message);
    if (unpacked) {
        check_message(message, &limits);
        check_again(kind, message, arena);
        check_broken_text(kind, message);
        check_limits(kind, bytes, count, message);
        check_bound(kind, bytes, count, limits.elements * 16u, true);
    } else if (!accepted) {
        check_bound(kind, bytes, count, 1 + limits.elements,
                    wire_check(kind, bytes, count, NULL, &error));
    }
    free(bytes);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    if (size < HEAD + 1 || seed % 3 == 0 || most < 2 * HEAD)
        return LLVMFuzzerMutate(data, size, most);
    return HEAD + message_mutate(kinds[data[0] % KINDS], data + HEAD, size - HEAD, most - HEAD,
                                 seed, NULL);
}
