#include "proto/c/wire_check.h"

#include <string.h>

#include "proto/c/arena.h"
#include "proto/c/utf8.h"
#include "proto/c/wire_read.h"

enum {
    /* The longest encodings that protobuf-c reads. */
    KEY_BYTES = 5,     /* of a field's number and wire type */
    LENGTH_BYTES = 5,  /* of a length */
    VARINT_BYTES = 10, /* of a value */
    SEEN_WORDS = 8,
    SEEN_FIELDS = SEEN_WORDS * 64,
};

static const uint64_t LARGEST_NUMBER = (UINT64_C(1) << 29) - 1;

/* A message that is being walked. */
struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const uint8_t *end;
    uint64_t seen[SEEN_WORDS]; /* its message fields that have come, by index */
};

struct walk {
    const uint8_t *at;
    struct error *error;
    size_t elements_left;
    unsigned depth; /* levels in use */
    unsigned most_depth;
    struct level levels[WIRE_DEPTH];
};

/* A field as it stands there, without its value. */
struct field {
    uint32_t number;
    unsigned wire_type;
    const ProtobufCFieldDescriptor *known; /* NULL for an unknown one */
    size_t index;                          /* of the known one */
};

static struct level *top(struct walk *walk)
{
    return &walk->levels[walk->depth - 1];
}

static bool malformed(struct walk *walk, const char *what)
{
    return error_set(walk->error, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE", 0,
                     "This is no %s: %s.", walk->levels[0].descriptor->name, what);
}

static bool malformed_field(struct walk *walk, const struct field *field, const char *what)
{
    return error_set(walk->error, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE", 0,
                     "This is no %s: field %s of %s %s.", walk->levels[0].descriptor->name,
                     field->known->name, top(walk)->descriptor->name, what);
}

static bool spend(struct walk *walk, size_t elements)
{
    if (elements > walk->elements_left)
        return error_set(walk->error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_COMPLEX", 0,
                         "The message has too many fields or elements; send less at once.");
    walk->elements_left -= elements;
    return true;
}

/* The length of a varint of at most `most` bytes; 0 when it does not end in time. */
static size_t varint_length(const uint8_t *at, const uint8_t *end, size_t most)
{
    size_t left = (size_t)(end - at);
    if (left > most)
        left = most;
    for (size_t i = 0; i < left; i++) {
        if (at[i] < 0x80)
            return i + 1;
    }
    return 0;
}

/* A varint that means a 64-bit number; 0 for one that does not end, or is larger than that. */
static size_t value_length(const uint8_t *at, const uint8_t *end)
{
    size_t length = varint_length(at, end, VARINT_BYTES);
    return length == VARINT_BYTES && at[VARINT_BYTES - 1] > 1 ? 0 : length;
}

/* Reads a varint of at most `most` bytes (5 at the most) and goes past it. */
static bool read_small(struct walk *walk, size_t most, uint64_t *ret_value)
{
    size_t length = varint_length(walk->at, top(walk)->end, most);
    if (!length)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)(walk->at[i] & 0x7F) << (7 * i);
    walk->at += length;
    *ret_value = value;
    return true;
}

/* The field with this number, or NULL. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  uint32_t number)
{
    unsigned low = 0;
    unsigned high = descriptor->n_fields;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (descriptor->fields[middle].id < number)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < descriptor->n_fields && descriptor->fields[low].id == number;
    return found ? &descriptor->fields[low] : NULL;
}

static bool read_key(struct walk *walk, struct field *ret_field)
{
    uint64_t key;
    if (!read_small(walk, KEY_BYTES, &key))
        return malformed(walk, "the number of a field does not end");
    uint64_t number = key >> 3;
    if (number == 0 || number > LARGEST_NUMBER)
        return malformed(walk, "a field has a number that none can have");
    const ProtobufCMessageDescriptor *descriptor = top(walk)->descriptor;
    ret_field->number = (uint32_t)number;
    ret_field->wire_type = (unsigned)(key & 7);
    ret_field->known = find_field(descriptor, ret_field->number);
    ret_field->index = ret_field->known ? (size_t)(ret_field->known - descriptor->fields) : 0;
    return true;
}

static unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return PROTOBUF_C_WIRE_TYPE_VARINT;
}

static bool check_fixed(struct walk *walk, const struct field *field, const uint8_t *end,
                        size_t width)
{
    size_t size = (size_t)(end - walk->at);
    if (size % width != 0)
        return malformed_field(walk, field, "ends inside an element");
    return spend(walk, size / width);
}

static bool check_packed_bools(struct walk *walk, const struct field *field, const uint8_t *end)
{
    for (const uint8_t *at = walk->at; at < end; at++) {
        if (*at > 1)
            return malformed_field(walk, field, "has an element that is neither true nor false");
    }
    return spend(walk, (size_t)(end - walk->at));
}

/* Elements of a repeated number, from where the walk is until `end`. */
static bool check_packed(struct walk *walk, const struct field *field, const uint8_t *end)
{
    switch (wire_type_of(field->known->type)) {
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return check_fixed(walk, field, end, 4);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return check_fixed(walk, field, end, 8);
    default:
        break;
    }
    if (field->known->type == PROTOBUF_C_TYPE_BOOL)
        return check_packed_bools(walk, field, end);
    size_t count = 0;
    for (const uint8_t *at = walk->at; at < end; count++) {
        size_t length = value_length(at, end);
        if (!length)
            return malformed_field(walk, field, "has an element that does not end");
        at += length;
    }
    return spend(walk, count);
}

static bool check_text(struct walk *walk, const struct field *field, size_t size)
{
    const char *what = NULL;
    if (memchr(walk->at, '\0', size))
        what = "has a NUL in it";
    else if (!utf8_valid(walk->at, size))
        what = "is not UTF-8";
    if (!what)
        return true;
    return error_set(walk->error, STATUS_INVALID_ARGUMENT, "INVALID_TEXT", 0,
                     "The text of field %s of %s %s.", field->known->name,
                     top(walk)->descriptor->name, what);
}

/* A second one would be merged into the first, which protobuf-c does not do right. */
static bool check_once(struct walk *walk, const struct field *field)
{
    if (field->known->label == PROTOBUF_C_LABEL_REPEATED)
        return true;
    if (field->index >= SEEN_FIELDS)
        return error_set(walk->error, STATUS_INTERNAL, "MESSAGE_TOO_WIDE", 0,
                         "%s has more fields than can be checked.", top(walk)->descriptor->name);
    uint64_t *seen = &top(walk)->seen[field->index / 64];
    uint64_t bit = UINT64_C(1) << field->index % 64;
    if (*seen & bit)
        return malformed_field(walk, field, "stands there twice");
    *seen |= bit;
    return true;
}

/* Makes the next `size` bytes the message to go on with. */
static bool enter(struct walk *walk, const ProtobufCMessageDescriptor *descriptor, size_t size)
{
    if (walk->depth == walk->most_depth)
        return error_set(walk->error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_COMPLEX", 0,
                         "Messages are nested more than %u deep.", walk->most_depth);
    walk->depth++;
    struct level *level = top(walk);
    level->descriptor = descriptor;
    level->end = walk->at + size;
    memset(level->seen, 0, sizeof(level->seen));
    return true;
}

/* A known field of a length and as many bytes; the walk stands behind the length. */
static bool check_known_length(struct walk *walk, const struct field *field, size_t size)
{
    switch (field->known->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return check_once(walk, field) && enter(walk, field->known->descriptor, size);
    case PROTOBUF_C_TYPE_STRING:
        if (!check_text(walk, field, size))
            return false;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        break;
    default:
        if (field->known->label != PROTOBUF_C_LABEL_REPEATED)
            return malformed_field(walk, field, "has the wrong wire type");
        if (!check_packed(walk, field, walk->at + size))
            return false;
        break;
    }
    walk->at += size;
    return true;
}

static bool check_length(struct walk *walk, const struct field *field)
{
    uint64_t size;
    if (!read_small(walk, LENGTH_BYTES, &size))
        return malformed(walk, "the length of a field does not end");
    if (size > (uint64_t)(top(walk)->end - walk->at))
        return malformed(walk, "a field ends behind the end");
    if (field->known)
        return check_known_length(walk, field, (size_t)size);
    walk->at += size;
    return true;
}

/* One field; a message field only makes it the message to go on with. */
static bool check_field(struct walk *walk)
{
    struct field field = {.number = 0};
    if (!spend(walk, 1) || !read_key(walk, &field))
        return false;
    if (field.wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return check_length(walk, &field);
    size_t length = 0;
    switch (field.wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        length = value_length(walk->at, top(walk)->end);
        if (!length)
            return malformed(walk, "a number does not end");
        break;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        length = 8;
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        length = 4;
        break;
    default:
        return malformed(walk, "a field is a group, or has a wire type that does not exist");
    }
    if (field.known && field.wire_type != wire_type_of(field.known->type))
        return malformed_field(walk, &field, "has the wrong wire type");
    if (length > (size_t)(top(walk)->end - walk->at))
        return malformed(walk, "a number ends behind the end");
    walk->at += length;
    return true;
}

static unsigned depth_of(const struct wire_limits *limits)
{
    unsigned depth = limits && limits->depth ? limits->depth : WIRE_DEPTH;
    return depth < WIRE_DEPTH ? depth : WIRE_DEPTH;
}

static size_t elements_of(const struct wire_limits *limits)
{
    return limits && limits->elements ? limits->elements : WIRE_ELEMENTS;
}

bool wire_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                const struct wire_limits *limits, struct error *error)
{
    /* Not initialised as a whole: the levels are large, and most messages use one or two. */
    struct walk walk;
    walk.at = bytes;
    walk.error = error;
    walk.depth = 0;
    walk.most_depth = depth_of(limits);
    walk.elements_left = elements_of(limits);
    /* protobuf-c counts in 32 bits. */
    if (size > INT32_MAX)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                         "The message is larger than 2 GiB.");
    if (size == 0)
        return true;
    if (!enter(&walk, descriptor, size))
        return false;
    while (walk.depth > 0) {
        if (walk.at == top(&walk)->end)
            walk.depth--;
        else if (!check_field(&walk))
            return false;
    }
    return true;
}

bool message_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                    const struct wire_limits *limits, struct arena *arena,
                    ProtobufCMessage **ret_message, struct error *error)
{
    ProtobufCMessage *message =
        wire_read(descriptor, bytes, size, elements_of(limits), depth_of(limits), arena);
    if (!message && !wire_check(descriptor, bytes, size, limits, error))
        return false;
    /* Without memory the long way is none: whoever looks at the arena later would find it full. */
    if (!message && !arena_full(arena))
        message = protobuf_c_message_unpack(descriptor, arena_allocator(arena), size, bytes);
    if (message) {
        *ret_message = message;
        return true;
    }
    if (arena_full(arena))
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                         "The message needs more memory than one may use; send less at once.");
    return error_set(error, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE", 0,
                     "This is no %s: a required field is missing.", descriptor->name);
}

void *message_unpack_own(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                         size_t size, struct arena *arena)
{
    void *message = wire_read(descriptor, bytes, size, WIRE_ELEMENTS, WIRE_DEPTH, arena);
    if (!message)
        message = protobuf_c_message_unpack(descriptor, arena_allocator(arena), size, bytes);
    return message;
}
