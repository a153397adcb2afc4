#include "tests/unit/proto/c/samples.h"

#include <check.h>
#include <string.h>

#include "proto/c/utf8.h"
#include "tests/unit/proto/c/kinds.pb-c.h"
#include "tests/unit/proto/c/strict.pb-c.h"

static char long_text[] = "a text that is longer than eight bytes, and grün";
static char text[] = "abc";
static char emoji[] = "😀";
static uint8_t some_bytes[] = {0, 1, 2, 0xFF};

static struct sample pack(struct arena *arena, const ProtobufCMessage *message)
{
    struct sample sample = {.descriptor = message->descriptor};
    sample.size = protobuf_c_message_get_packed_size(message);
    sample.bytes = arena_alloc(arena, sample.size);
    ck_assert_ptr_nonnull(sample.bytes);
    protobuf_c_message_pack(message, sample.bytes);
    return sample;
}

static void fill_scalars(Kinds__Kinds *kinds)
{
    kinds->an_int32 = -1;
    kinds->a_sint32 = -2;
    kinds->an_sfixed32 = -3;
    kinds->an_int64 = INT64_MIN;
    kinds->a_sint64 = INT64_MAX;
    kinds->an_sfixed64 = -6;
    kinds->a_uint32 = UINT32_MAX;
    kinds->a_fixed32 = 8;
    kinds->a_uint64 = UINT64_MAX;
    kinds->a_fixed64 = 10;
    kinds->a_float = 1.5f;
    kinds->a_double = -2.5;
    kinds->a_bool = 1;
    kinds->a_colour = KINDS__COLOUR__COLOUR_RED;
    kinds->a_text = long_text;
    kinds->some_bytes = (ProtobufCBinaryData){.len = sizeof(some_bytes), .data = some_bytes};
    kinds->far_text = text;
}

static void fill_repeated(Kinds__Kinds *kinds)
{
    static int32_t int32s[] = {0, 1, -1, 300};
    static int64_t sint64s[] = {0, -1, INT64_MAX};
    static uint32_t fixed32s[] = {1, 2, 3};
    static double doubles[] = {1, 2};
    static protobuf_c_boolean bools[] = {1, 0, 1};
    static Kinds__Colour colours[] = {KINDS__COLOUR__COLOUR_RED};
    static char *texts[] = {text, emoji, long_text};
    static ProtobufCBinaryData blobs[] = {{.len = 0}, {.len = 4, .data = some_bytes}};
    kinds->n_int32s = 4;
    kinds->int32s = int32s;
    kinds->n_sint64s = 3;
    kinds->sint64s = sint64s;
    kinds->n_fixed32s = 3;
    kinds->fixed32s = fixed32s;
    kinds->n_doubles = 2;
    kinds->doubles = doubles;
    kinds->n_bools = 3;
    kinds->bools = bools;
    kinds->n_colours = 1;
    kinds->colours = colours;
    kinds->n_texts = 3;
    kinds->texts = texts;
    kinds->n_blobs = 2;
    kinds->blobs = blobs;
    kinds->n_unpacked = 4;
    kinds->unpacked = int32s;
}

static struct sample everything(struct arena *arena)
{
    Kinds__Kinds inner = KINDS__KINDS__INIT;
    fill_scalars(&inner);
    fill_repeated(&inner);
    inner.choice_case = KINDS__KINDS__CHOICE_CHOSEN_TEXT;
    inner.chosen_text = emoji;
    Kinds__Kinds__PairsEntry pairs[2] = {KINDS__KINDS__PAIRS_ENTRY__INIT,
                                         KINDS__KINDS__PAIRS_ENTRY__INIT};
    pairs[0].key = text;
    pairs[0].value = emoji;
    pairs[1].key = long_text;
    Kinds__Kinds__KindsByNumberEntry by_number = KINDS__KINDS__KINDS_BY_NUMBER_ENTRY__INIT;
    by_number.key = -7;
    by_number.value = &inner;
    Kinds__Empty empty = KINDS__EMPTY__INIT;
    ProtobufCMessageUnknownField unknown[] = {
        {.tag = 1000, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 1, .data = some_bytes},
        {.tag = 1001, .wire_type = PROTOBUF_C_WIRE_TYPE_32BIT, .len = 4, .data = some_bytes},
    };

    Kinds__Kinds kinds = KINDS__KINDS__INIT;
    fill_scalars(&kinds);
    fill_repeated(&kinds);
    kinds.inner = &inner;
    kinds.empty = &empty;
    kinds.n_inners = 2;
    kinds.inners = (Kinds__Kinds *[]){&inner, &inner};
    kinds.n_pairs = 2;
    kinds.pairs = (Kinds__Kinds__PairsEntry *[]){&pairs[0], &pairs[1]};
    kinds.n_kinds_by_number = 1;
    kinds.kinds_by_number = (Kinds__Kinds__KindsByNumberEntry *[]){&by_number};
    kinds.choice_case = KINDS__KINDS__CHOICE_CHOSEN_KINDS;
    kinds.chosen_kinds = &inner;
    kinds.base.n_unknown_fields = 2;
    kinds.base.unknown_fields = unknown;
    return pack(arena, &kinds.base);
}

static struct sample little(struct arena *arena)
{
    Kinds__Kinds kinds = KINDS__KINDS__INIT;
    kinds.a_text = text;
    kinds.an_int32 = 5;
    kinds.choice_case = KINDS__KINDS__CHOICE_CHOSEN_BYTES;
    kinds.chosen_bytes = (ProtobufCBinaryData){.len = 4, .data = some_bytes};
    return pack(arena, &kinds.base);
}

static struct sample choices(struct arena *arena)
{
    Kinds__Choices inner = KINDS__CHOICES__INIT;
    inner.one_case = KINDS__CHOICES__ONE_TEXT;
    inner.text = text;
    inner.other_case = KINDS__CHOICES__OTHER_BLOB;
    inner.blob = (ProtobufCBinaryData){.len = 4, .data = some_bytes};
    Kinds__Choices outer = KINDS__CHOICES__INIT;
    outer.one_case = KINDS__CHOICES__ONE_MORE;
    outer.more = &inner;
    outer.other_case = KINDS__CHOICES__OTHER_FLAG;
    outer.flag = 1;
    return pack(arena, &outer.base);
}

static struct sample strict(struct arena *arena)
{
    Strict__Strict part = STRICT__STRICT__INIT;
    part.name = emoji;
    Strict__Strict whole = STRICT__STRICT__INIT;
    whole.name = text;
    whole.word = long_text;
    whole.n_parts = 1;
    whole.parts = (Strict__Strict *[]){&part};
    return pack(arena, &whole.base);
}

void samples_make(struct arena *arena, struct sample ret_samples[SAMPLES])
{
    ret_samples[0] = everything(arena);
    ret_samples[1] = little(arena);
    ret_samples[2] = choices(arena);
    ret_samples[3] = strict(arena);
}

/* Keeps the compiler from leaving the reads out. */
static volatile uint8_t sink;

static size_t visit_value(const ProtobufCFieldDescriptor *field, const void *value,
                          size_t (*length_of)(const char *text))
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)value;
        return message ? message_visit(message, length_of) : 0;
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *data = value;
        for (size_t i = 0; i < data->len; i++)
            sink = data->data[i];
    }
    if (field->type != PROTOBUF_C_TYPE_STRING)
        return 0;
    const char *found = *(char *const *)value;
    if (!found || found == field->default_value)
        return 0;
    ck_assert(utf8_valid((const uint8_t *)found, strlen(found)));
    if (length_of)
        ck_assert_uint_eq(strlen(found), length_of(found));
    return 1;
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 0; /* nothing to look at */
    }
}

size_t message_visit(const ProtobufCMessage *message, size_t (*length_of)(const char *text))
{
    const uint8_t *base = (const uint8_t *)message;
    size_t texts = 0;
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        const void *quantifier = base + field->quantifier_offset;
        const void *value = base + field->offset;
        size_t size = size_of(field->type);
        if (!size || ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                      *(const uint32_t *)quantifier != field->id))
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            texts += visit_value(field, value, length_of);
            continue;
        }
        const uint8_t *items = *(uint8_t *const *)value;
        for (size_t i = 0; i < *(const size_t *)quantifier; i++)
            texts += visit_value(field, items + i * size, length_of);
    }
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        for (size_t at = 0; at < message->unknown_fields[i].len; at++)
            sink = message->unknown_fields[i].data[at];
    }
    return texts;
}
