#include "tests/fuzz/proto_mutate.h"

#include "proto/c/wire_check.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/oracle.h"

#include <string.h>

enum { MEMORY = 64 * 1024 * 1024, CHANGES = 4, FILL_DEPTH = 3, TEXT_MOST = 2100, LIST_MOST = 200 };

struct mutation {
    struct chance chance;
    struct arena *arena;
    struct vocabulary vocabulary;
};

static size_t below(struct mutation *m, size_t count)
{
    return chance_below(&m->chance, count);
}

static void *get(struct mutation *m, size_t size)
{
    void *memory = arena_alloc(m->arena, size);
    if (!memory)
        abort();
    return memory;
}

/* ---- values ---- */

static int64_t some_number(struct mutation *m)
{
    static const int64_t edges[] = {0,
                                    1,
                                    -1,
                                    2,
                                    15,
                                    16,
                                    63,
                                    64,
                                    127,
                                    128,
                                    255,
                                    256,
                                    999,
                                    1000,
                                    1001,
                                    999999999,
                                    1000000000,
                                    INT16_MAX,
                                    UINT16_MAX,
                                    UINT16_MAX + 1,
                                    INT32_MAX,
                                    INT32_MIN,
                                    UINT32_MAX,
                                    INT64_C(1) << 32,
                                    INT64_C(253402300799),
                                    INT64_C(253402300800),
                                    INT64_C(-62135596800),
                                    INT64_C(315576000000),
                                    INT64_C(9223372036854),
                                    INT64_C(9223372036855),
                                    INT64_MAX,
                                    INT64_MIN,
                                    INT64_MAX - 1,
                                    INT64_MAX / 1000000,
                                    INT64_MIN / 1000000};
    switch (below(m, 4)) {
    case 0:
        return (int64_t)below(m, 100);
    case 1:
        return (int64_t)(chance_next(&m->chance) >> below(m, 64));
    default:
        return edges[below(m, sizeof edges / sizeof *edges)];
    }
}

static char *repeated_text(struct mutation *m, const char *piece, size_t count)
{
    size_t size = strlen(piece);
    char *text = get(m, size * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, piece, size);
    return text;
}

static char *long_text(struct mutation *m)
{
    static const char *const pieces[] = {"x", "7", "é", "👻", "a/", " "};
    static const size_t lengths[] = {1,   2,   31,  32,  33,   63,   64,   65,   128, 191,
                                     192, 255, 256, 257, 1024, 1600, 1601, 2048, 2049};
    return repeated_text(m, pieces[below(m, sizeof pieces / sizeof *pieces)],
                         lengths[below(m, sizeof lengths / sizeof *lengths)]);
}

/* A character put in, left out, or changed; where that breaks a character apart, the text is replaced. */
static char *changed_text(struct mutation *m, const char *text)
{
    static const char alphabet[] = "abzAZ019+-._/@ %\\\"'{}*\x01\x7f\n\t:#;";
    size_t size = strlen(text);
    if (size > TEXT_MOST)
        return long_text(m);
    char *changed = get(m, size + 2);
    size_t at = below(m, size + 1);
    char c = alphabet[below(m, sizeof alphabet - 1)];
    memcpy(changed, text, at);
    switch (below(m, 3)) {
    case 0:
        changed[at] = c;
        memcpy(changed + at + 1, text + at, size - at);
        break;
    case 1:
        if (at < size)
            memcpy(changed + at, text + at + 1, size - at - 1);
        break;
    default:
        memcpy(changed + at, text + at, size - at);
        if (at < size)
            changed[at] = c;
        break;
    }
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p >= 0x80)
            return long_text(m);
    return changed;
}

static char *some_word(struct mutation *m, word_list words)
{
    size_t count = 0;
    while (words && words[count])
        count++;
    return count ? repeated_text(m, words[below(m, count)], 1) : NULL;
}

static word_list words_of(const struct mutation *m, const char *field)
{
    const struct field_words *table = m->vocabulary.by_name;
    for (; table && table->field; table++)
        if (!strcmp(table->field, field))
            return table->words;
    return NULL;
}

static char *some_text(struct mutation *m, const char *field, const char *old)
{
    word_list own = words_of(m, field);
    if (own && below(m, 8))
        return some_word(m, own);
    switch (below(m, 8)) {
    case 0:
        return repeated_text(m, "", 0);
    case 1:
        return long_text(m);
    case 2:
    case 3:
        if (old && *old)
            return changed_text(m, old);
        break;
    default:
        break;
    }
    char *word = some_word(m, m->vocabulary.words);
    return word ? word : changed_text(m, old ? old : "a");
}

static ProtobufCMessage *some_message(struct mutation *m, const ProtobufCMessageDescriptor *kind,
                                      unsigned depth);

static void set_enum(struct mutation *m, const ProtobufCEnumDescriptor *kind, void *at)
{
    int value =
        below(m, 8) ? kind->values[below(m, kind->n_values)].value : (int)(int32_t)some_number(m);
    memcpy(at, &value, sizeof value);
}

static void set_bytes(struct mutation *m, ProtobufCBinaryData *bytes)
{
    static const size_t sizes[] = {0, 1, 8, 15, 16, 16, 16, 16, 17, 17, 20, 32, 300};
    size_t size = sizes[below(m, sizeof sizes / sizeof *sizes)];
    uint8_t *data = get(m, size);
    if (below(m, 2))
        memset(data, (int)below(m, 4), size);
    else
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)chance_next(&m->chance);
    *bytes = (ProtobufCBinaryData){size, data};
}

static void set_value(struct mutation *m, const ProtobufCFieldDescriptor *field, void *at,
                      unsigned depth)
{
    static const double doubles[] = {0.0, -0.0, 1.5, 1e300 * 1e10, -1e300 * 1e10, 0.1, 1e-320};
    int64_t number = some_number(m);
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = some_message(m, field->descriptor, depth + 1);
        return;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = some_text(m, field->name, *(char **)at);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        set_bytes(m, at);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        set_enum(m, field->descriptor, at);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = (protobuf_c_boolean)below(m, 2);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *)at = (float)doubles[below(m, 7)];
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)at = below(m, 8) ? doubles[below(m, 7)] : __builtin_nan("");
        return;
    default:
        memcpy(at, &number, field_width(field));
        return;
    }
}

/* ---- fields ---- */

static void change_list(struct mutation *m, ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, unsigned depth)
{
    char *base = (char *)message;
    size_t *count = (size_t *)(void *)(base + field->quantifier_offset);
    char **values = (char **)(void *)(base + field->offset);
    size_t width = field_width(field);
    size_t action = below(m, 4);
    if (*count > 0 && action == 0) { /* one less */
        size_t at = below(m, *count);
        memmove(*values + at * width, *values + (at + 1) * width, (*count - at - 1) * width);
        --*count;
        return;
    }
    if (*count > 0 && action == 1) {
        set_value(m, field, *values + below(m, *count) * width, depth);
        return;
    }
    if (*count >= LIST_MOST)
        return;
    char *more = get(m, (*count + 1) * width);
    if (*count > 0)
        memcpy(more, *values, *count * width);
    if (*count > 0 && action == 2) /* one of them again */
        memcpy(more + *count * width, *values + below(m, *count) * width, width);
    else
        set_value(m, field, more + *count * width, depth);
    *values = more;
    ++*count;
}

static void change_field(struct mutation *m, ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field, unsigned depth)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        change_list(m, message, field, depth);
        return;
    }
    char *base = (char *)message;
    char *at = base + field->offset;
    bool clear = below(m, 6) == 0 && field->label != PROTOBUF_C_LABEL_REQUIRED;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *which = (uint32_t *)(void *)(base + field->quantifier_offset);
        if (*which != field->id)
            memset(at, 0, field_width(field));
        *which = clear ? 0 : field->id;
        if (!clear)
            set_value(m, field, at, depth);
        return;
    }
    bool has = field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset;
    if (has)
        *(protobuf_c_boolean *)(base + field->quantifier_offset) = !clear;
    if (!clear)
        set_value(m, field, at, depth);
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        *(void **)(void *)at = NULL;
    else if (field->type == PROTOBUF_C_TYPE_STRING)
        *(const char **)(void *)at = field->default_value;
}

/* A time or a span as people have them. */
static bool fill_time(struct mutation *m, ProtobufCMessage *message)
{
    static const int64_t seconds[] = {0,  1,    2,     10,         59,         60,
                                      61, 3600, 86400, 1900000000, 1900000010, 1900003600};
    const char *name = message->descriptor->name;
    if (strcmp(name, "google.protobuf.Duration") != 0 &&
        strcmp(name, "google.protobuf.Timestamp") != 0)
        return false;
    if (below(m, 4) == 0)
        return false;
    memcpy((char *)message + message->descriptor->fields[0].offset,
           &seconds[below(m, sizeof seconds / sizeof *seconds)], sizeof *seconds);
    return true;
}

static const ProtobufCFieldDescriptor *some_field(struct mutation *m,
                                                  const ProtobufCMessageDescriptor *kind)
{
    return &kind->fields[below(m, kind->n_fields)];
}

static ProtobufCMessage *some_message(struct mutation *m, const ProtobufCMessageDescriptor *kind,
                                      unsigned depth)
{
    ProtobufCMessage *message = get(m, kind->sizeof_message);
    protobuf_c_message_init(kind, message);
    for (unsigned f = 0; f < kind->n_fields; f++)
        if (kind->fields[f].label == PROTOBUF_C_LABEL_REQUIRED && depth < WIRE_DEPTH)
            set_value(m, &kind->fields[f], (char *)message + kind->fields[f].offset, depth);
    if (fill_time(m, message))
        return message;
    size_t named = 0;
    for (unsigned f = 0; f < kind->n_fields && depth <= FILL_DEPTH; f++) {
        if (!words_of(m, kind->fields[f].name))
            continue;
        change_field(m, message, &kind->fields[f], depth);
        named++;
    }
    /* Where a vocabulary knows better, little is left to chance: most of chance is wrong. */
    size_t most = named ? 2 : kind->n_fields;
    size_t fields = kind->n_fields && depth <= FILL_DEPTH ? below(m, most + 1) : 0;
    for (size_t i = 0; i < fields; i++)
        change_field(m, message, some_field(m, kind), depth);
    return message;
}

/* ---- the whole ---- */

/* One message of all that there are in one, each as likely as the next. */
struct pick {
    struct mutation *m;
    size_t seen;
    ProtobufCMessage *picked;
    unsigned depth;
};

static bool pick(void *data, ProtobufCMessage *message, unsigned depth)
{
    struct pick *pick = data;
    if (message->descriptor->n_fields > 0 && below(pick->m, ++pick->seen) == 0) {
        pick->picked = message;
        pick->depth = depth;
    }
    return true;
}

static size_t change(struct mutation *m, ProtobufCMessage *message, uint8_t *bytes, size_t most)
{
    for (size_t changes = 1 + below(m, CHANGES); changes > 0; changes--) {
        struct pick picking = {.m = m};
        message_visit(message, &(struct message_visitor){.data = &picking, .message = pick});
        if (picking.picked)
            change_field(m, picking.picked, some_field(m, picking.picked->descriptor),
                         picking.depth);
    }
    if (protobuf_c_message_get_packed_size(message) > most)
        return 0;
    return protobuf_c_message_pack(message, bytes);
}

size_t message_mutate_with(const ProtobufCMessageDescriptor *kind, uint8_t *bytes, size_t size,
                           size_t most, unsigned seed, const struct vocabulary *vocabulary)
{
    struct mutation m = {.chance = {seed}, .vocabulary = *vocabulary, .arena = arena_new(MEMORY)};
    ProtobufCMessage *message;
    struct error error;
    if (!m.arena)
        abort();
    if (size && below(&m, 12) == 0) {
        arena_free(m.arena);
        return LLVMFuzzerMutate(bytes, size, most);
    }
    if (size == 0) {
        message = some_message(&m, kind, 1);
        size = protobuf_c_message_get_packed_size(message) <= most
                   ? protobuf_c_message_pack(message, bytes)
                   : 0;
    } else {
        if (!message_unpack(kind, bytes, size, NULL, m.arena, &message, &error))
            message = some_message(&m, kind, 1);
        size = change(&m, message, bytes, most);
    }
    arena_free(m.arena);
    return size;
}

size_t message_mutate(const ProtobufCMessageDescriptor *kind, uint8_t *bytes, size_t size,
                      size_t most, unsigned seed, word_list words)
{
    return message_mutate_with(kind, bytes, size, most, seed, &(struct vocabulary){words, NULL});
}

size_t message_mutate_one_of(const ProtobufCMessageDescriptor *const *kinds, size_t count,
                             uint8_t *bytes, size_t size, size_t most, unsigned seed,
                             word_list words)
{
    struct chance chance = {seed};
    if (most < 2)
        return size;
    if (size == 0 || chance_below(&chance, 50) == 0) {
        bytes[0] = (uint8_t)chance_below(&chance, count);
        size = size ? size : 1;
    }
    const ProtobufCMessageDescriptor *kind = kinds[bytes[0] % count];
    return 1 + message_mutate(kind, bytes + 1, size - 1, most - 1, seed + 1, words);
}
