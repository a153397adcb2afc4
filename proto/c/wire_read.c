#include "proto/c/wire_read.h"

#include "proto/c/utf8.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

/* The stack is used by a few functions for each message in another. */
enum { DEPTH_MOST = 16, KEY_BITS = 32, KEY_BYTES = 5, VARINT_BITS = 64 };

/* What is left of the message that is read. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    struct arena *arena;
    size_t *elements; /* how many more there may be, of all messages */
    unsigned depth;   /* how many more messages in one another */
};

/* A field as it stands there. */
struct piece {
    uint32_t number;
    unsigned wire_type;
    uint64_t value;      /* of a varint */
    const uint8_t *data; /* of the others, without a length */
    size_t size;
};

#define AT(message, offset) ((uint8_t *)(message) + (offset))

/* ---- pieces ---- */

/* Near the end: byte by byte. */
static bool read_last_varint(struct reader *reader, unsigned bits, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits && reader->at < reader->end; shift += 7) {
        uint64_t byte = *reader->at++;
        value |= (byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            /* No bit of the last byte is beyond what there may be. */
            return shift + 7 <= bits || byte >> (bits - shift) == 0;
        }
    }
    return false;
}

/* Most fit into eight bytes: times have that many. Their sevens of bits are pushed together by pairs, fours and eights. */
static bool read_long_varint(struct reader *reader, unsigned bits, uint64_t *ret_value)
{
    uint64_t bytes, stop;
    if (reader->end - reader->at < (ptrdiff_t)sizeof bytes)
        return read_last_varint(reader, bits, ret_value);
    memcpy(&bytes, reader->at, sizeof bytes);
    bytes = le64toh(bytes);
    stop = ~bytes & UINT64_C(0x8080808080808080);
    if (!stop)
        return read_last_varint(reader, bits, ret_value);
    unsigned size = (unsigned)__builtin_ctzll(stop) / 8 + 1;
    uint64_t x = bytes & (stop ^ (stop - 1)) & UINT64_C(0x7F7F7F7F7F7F7F7F);
    x = (x & UINT64_C(0x007F007F007F007F)) | (x & UINT64_C(0x7F007F007F007F00)) >> 1;
    x = (x & UINT64_C(0x00003FFF00003FFF)) | (x & UINT64_C(0x3FFF00003FFF0000)) >> 2;
    x = (x & UINT64_C(0x000000000FFFFFFF)) | (x & UINT64_C(0x0FFFFFFF00000000)) >> 4;
    reader->at += size;
    *ret_value = x;
    return bits == VARINT_BITS || (size <= KEY_BYTES && x >> KEY_BITS == 0);
}

static inline bool read_varint(struct reader *reader, unsigned bits, uint64_t *ret_value)
{
    if (reader->at < reader->end && *reader->at < 0x80) {
        *ret_value = *reader->at++;
        return true;
    }
    return read_long_varint(reader, bits, ret_value);
}

static bool cut(struct reader *reader, uint64_t size, struct piece *piece)
{
    if (size > (uint64_t)(reader->end - reader->at))
        return false;
    piece->data = reader->at;
    piece->size = (size_t)size;
    reader->at += size;
    return true;
}

static bool read_piece(struct reader *reader, struct piece *ret_piece)
{
    uint64_t key, size;
    if (!read_varint(reader, KEY_BITS, &key) || key >> 3 == 0)
        return false;
    ret_piece->number = (uint32_t)(key >> 3);
    ret_piece->wire_type = (unsigned)(key & 7);
    switch (ret_piece->wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(reader, VARINT_BITS, &ret_piece->value);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return cut(reader, 8, ret_piece);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return cut(reader, 4, ret_piece);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return read_varint(reader, KEY_BITS, &size) && cut(reader, size, ret_piece);
    default:
        return false;
    }
}

/* ---- values ---- */

static char *read_text(struct reader *reader, const struct piece *piece)
{
    if (!utf8_valid(piece->data, piece->size) || memchr(piece->data, 0, piece->size))
        return NULL;
    return arena_text(reader->arena, (const char *)piece->data, piece->size);
}

static bool read_bytes(struct reader *reader, const struct piece *piece,
                       ProtobufCBinaryData *ret_bytes)
{
    ret_bytes->len = piece->size;
    ret_bytes->data = NULL;
    if (piece->size)
        ret_bytes->data = arena_copy(reader->arena, piece->data, piece->size);
    return ret_bytes->data || !piece->size;
}

static ProtobufCMessage *read_message(const ProtobufCMessageDescriptor *descriptor,
                                      struct reader *reader);

static ProtobufCMessage *read_inner(const ProtobufCMessageDescriptor *descriptor,
                                    const struct reader *reader, const struct piece *piece)
{
    struct reader inner = *reader;
    if (inner.depth-- == 0)
        return NULL;
    inner.at = piece->data;
    inner.end = piece->data + piece->size;
    return read_message(descriptor, &inner);
}

static uint32_t unzigzag32(uint32_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static uint64_t unzigzag64(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static bool read_number(const struct piece *piece, ProtobufCType type, void *ret_value)
{
    uint32_t half = (uint32_t)piece->value;
    uint64_t whole = piece->value;
    protobuf_c_boolean yes = whole != 0;
    if (piece->wire_type != PROTOBUF_C_WIRE_TYPE_VARINT)
        return false;
    switch (type) {
    case PROTOBUF_C_TYPE_SINT32:
        half = unzigzag32(half);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    case PROTOBUF_C_TYPE_BOOL:
        memcpy(ret_value, &yes, sizeof yes);
        return true;
    case PROTOBUF_C_TYPE_SINT64:
        whole = unzigzag64(whole);
        /* fallthrough */
    default:
        memcpy(ret_value, &whole, sizeof whole);
        return true;
    }
    memcpy(ret_value, &half, sizeof half);
    return true;
}

/* A fixed number stands in memory as in the message: both have the least byte first on all machines that RocksDB runs on. */
static bool read_fixed(const struct piece *piece, unsigned wire_type, void *ret_value)
{
    if (piece->wire_type != wire_type)
        return false;
    memcpy(ret_value, piece->data, piece->size);
    return true;
}

static bool read_value(struct reader *reader, const ProtobufCFieldDescriptor *field,
                       const struct piece *piece, void *ret_value)
{
    bool has_length = piece->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    void *made = NULL;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        made = has_length ? read_text(reader, piece) : NULL;
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        made = has_length ? read_inner(field->descriptor, reader, piece) : NULL;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        return has_length && read_bytes(reader, piece, ret_value);
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return read_fixed(piece, PROTOBUF_C_WIRE_TYPE_32BIT, ret_value);
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_fixed(piece, PROTOBUF_C_WIRE_TYPE_64BIT, ret_value);
    default:
        return read_number(piece, field->type, ret_value);
    }
    memcpy(ret_value, &made, sizeof made);
    return made != NULL;
}

/* ---- fields ---- */

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

/* Whether this field stands there once more. */
static bool comes_again(const struct reader *reader, uint32_t number)
{
    struct reader ahead = *reader;
    uint64_t key;
    return read_varint(&ahead, KEY_BITS, &key) && key >> 3 == number;
}

/* How many of this field stand there in a row. */
static size_t count_row(const struct reader *reader, uint32_t number)
{
    struct reader rest = *reader;
    struct piece piece;
    size_t count = 0;
    while (comes_again(&rest, number) && read_piece(&rest, &piece))
        count++;
    return count;
}

/* All elements, which encoders write in a row; others go the long way, and so do packed numbers, which are rare. */
static bool read_elements(struct reader *reader, const ProtobufCFieldDescriptor *field,
                          struct piece *piece, ProtobufCMessage *message)
{
    size_t size = size_of(field->type), *count = (void *)AT(message, field->quantifier_offset);
    if (*count != 0)
        return false;
    size_t total = 1 + count_row(reader, field->id);
    uint8_t *items = arena_array(reader->arena, total, size);
    memcpy(AT(message, field->offset), &items, sizeof items);
    if (!items || !read_value(reader, field, piece, items))
        return false;
    for (*count = 1; *count < total; ++*count) {
        if ((*reader->elements)-- == 0 || !read_piece(reader, piece) ||
            !read_value(reader, field, piece, items + *count * size))
            return false;
    }
    return true;
}

static bool set_field(struct reader *reader, const ProtobufCFieldDescriptor *field,
                      struct piece *piece, ProtobufCMessage *message)
{
    void *value = AT(message, field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_elements(reader, field, piece, message);
    if (field->label == PROTOBUF_C_LABEL_REQUIRED)
        return false;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *which = (void *)AT(message, field->quantifier_offset);
        if (*which != 0)
            return false;
        *which = field->id;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        /* A second one would have to be merged into the first. */
        const void *before;
        memcpy(&before, value, sizeof before);
        if (before)
            return false;
    } else if (field->quantifier_offset) {
        *(protobuf_c_boolean *)AT(message, field->quantifier_offset) = 1;
    }
    return read_value(reader, field, piece, value);
}

/* Numbers of fields lie in rows without a gap; the descriptor tells where each begins, and at the end how many fields there are. */
static const ProtobufCFieldDescriptor *look_up(const ProtobufCMessageDescriptor *descriptor,
                                               uint32_t number)
{
    const ProtobufCIntRange *ranges = descriptor->field_ranges;
    for (unsigned i = descriptor->n_field_ranges; i-- > 0;) {
        if (number < (uint32_t)ranges[i].start_value)
            continue;
        uint32_t place = ranges[i].orig_index + (number - (uint32_t)ranges[i].start_value);
        return place < ranges[i + 1].orig_index ? &descriptor->fields[place] : NULL;
    }
    return NULL;
}

/* The field with this number: mostly the one after the last, for that is how encoders write. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  uint32_t number, unsigned *next)
{
    const ProtobufCFieldDescriptor *field = &descriptor->fields[*next];
    if (*next >= descriptor->n_fields || field->id != number)
        field = look_up(descriptor, number);
    if (field)
        *next = (unsigned)(field - descriptor->fields) + 1;
    return field;
}

/* Only proto2 knows fields that must be there, and it knows none that are neither that nor optional. */
static bool has_required(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (descriptor->fields[i].label == PROTOBUF_C_LABEL_REQUIRED)
            return true;
        if (descriptor->fields[i].label == PROTOBUF_C_LABEL_NONE)
            return false;
    }
    return false;
}

static ProtobufCMessage *read_message(const ProtobufCMessageDescriptor *descriptor,
                                      struct reader *reader)
{
    if (!descriptor->message_init || has_required(descriptor))
        return NULL;
    ProtobufCMessage *message = arena_raw(reader->arena, descriptor->sizeof_message);
    if (!message)
        return NULL;
    descriptor->message_init(message);
    unsigned next = 0;
    while (reader->at < reader->end) {
        struct piece piece;
        const ProtobufCFieldDescriptor *field;
        if ((*reader->elements)-- == 0 || !read_piece(reader, &piece) ||
            !(field = find_field(descriptor, piece.number, &next)) ||
            !set_field(reader, field, &piece, message))
            return NULL;
    }
    return message;
}

ProtobufCMessage *wire_read(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                            size_t size, size_t elements, unsigned depth, struct arena *arena)
{
    struct reader reader = {
        .at = bytes,
        .end = bytes + size,
        .arena = arena,
        .elements = &elements,
        .depth = (depth < DEPTH_MOST ? depth : DEPTH_MOST) - 1,
    };
    return size <= INT32_MAX && depth ? read_message(descriptor, &reader) : NULL;
}
