#include "server/masking/derive/leg_bytes.h"

#include <string.h>

/* Fields of Interaction (records.proto). */
enum { FIELD_OUTBOUND = 6, FIELD_UPDATE_TIME = 8, FIELD_EXPIRE_TIME = 9, FIELD_METADATA = 120 };

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5, VARINT_MOST = 10 };

struct field {
    uint64_t number;
    unsigned wire;
    uint64_t value;       /* of a varint */
    struct bytes content; /* of bytes */
    struct bytes whole;   /* with its tag */
};

static bool read_long_varint(const uint8_t **place, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MOST && *place < end; i++) {
        uint8_t byte = *(*place)++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* Most are one byte: tags, sizes, what an enum says. */
static inline bool read_varint(const uint8_t **place, const uint8_t *end, uint64_t *ret_value)
{
    if (*place == end || **place & 0x80)
        return read_long_varint(place, end, ret_value);
    *ret_value = *(*place)++;
    return true;
}

static bool skip(const uint8_t **place, const uint8_t *end, uint64_t size)
{
    if ((uint64_t)(end - *place) < size)
        return false;
    *place += size;
    return true;
}

/* The field at this place, which moves behind it. */
static bool read_field(const uint8_t **place, const uint8_t *end, struct field *ret_field)
{
    const uint8_t *start = *place;
    uint64_t tag, size;
    if (!read_varint(place, end, &tag))
        return false;
    struct field field = {.number = tag >> 3, .wire = (unsigned)(tag & 7)};
    switch (field.wire) {
    case WIRE_VARINT:
        if (!read_varint(place, end, &field.value))
            return false;
        break;
    case WIRE_BYTES:
        if (!read_varint(place, end, &size))
            return false;
        field.content = (struct bytes){*place, (size_t)size};
        if (!skip(place, end, size))
            return false;
        break;
    case WIRE_FIXED64:
    case WIRE_FIXED32:
        if (!skip(place, end, field.wire == WIRE_FIXED64 ? 8 : 4))
            return false;
        break;
    default:
        return false;
    }
    field.whole = (struct bytes){start, (size_t)(*place - start)};
    *ret_field = field;
    return true;
}

/* There are more than METADATA_MOST only in a record that nobody here has written. */
static bool add_metadata(struct arena *arena, struct bytes content, struct metadata *metadata)
{
    if (!metadata->items)
        metadata->items = arena_array(arena, METADATA_MOST, sizeof *metadata->items);
    if (!metadata->items || metadata->count == METADATA_MOST)
        return false;
    Maskline__Store__V1__MetadataItem *item = maskline__store__v1__metadata_item__unpack(
        arena_allocator(arena), content.size, content.data);
    metadata->items[metadata->count++] = item;
    return item;
}

bool leg_bytes_read(struct bytes interaction, uint32_t index, struct arena *arena,
                    struct leg_bytes *ret_leg)
{
    const uint8_t *place = interaction.data, *end = place + interaction.size;
    struct leg_bytes found = {.leg = NULL};
    uint32_t count = 0;
    while (place < end) {
        struct field field;
        if (!read_field(&place, end, &field))
            return false;
        if (field.number == FIELD_EXPIRE_TIME && field.wire == WIRE_VARINT)
            found.expire_time = (int64_t)field.value;
        if (field.number == FIELD_METADATA && field.wire == WIRE_BYTES &&
            !add_metadata(arena, field.content, &found.metadata))
            return false;
        if (field.number != FIELD_OUTBOUND || field.wire != WIRE_BYTES || count++ != index)
            continue;
        found.leg = maskline__store__v1__leg__unpack(arena_allocator(arena), field.content.size,
                                                     field.content.data);
        if (!found.leg)
            return false;
    }
    *ret_leg = found;
    return true;
}

static uint8_t *write_varint(uint8_t *place, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *place++ = (uint8_t)(value | 0x80);
    *place++ = (uint8_t)value;
    return place;
}

static uint8_t *write_leg(uint8_t *place, const Maskline__Store__V1__Leg *leg, size_t size)
{
    *place++ = FIELD_OUTBOUND << 3 | WIRE_BYTES;
    place = write_varint(place, size);
    return place + maskline__store__v1__leg__pack(leg, place);
}

bool leg_bytes_replace(struct bytes interaction, uint32_t index,
                       const Maskline__Store__V1__Leg *leg, int64_t update_time,
                       struct arena *arena, struct bytes *ret_interaction)
{
    size_t leg_size = maskline__store__v1__leg__get_packed_size(leg);
    uint8_t *start = arena_alloc(arena, interaction.size + leg_size + 2 * (VARINT_MOST + 1));
    if (!start)
        return false;
    const uint8_t *from = interaction.data, *end = from + interaction.size;
    uint8_t *to = start;
    uint32_t count = 0;
    while (from < end) {
        struct field field;
        if (!read_field(&from, end, &field))
            return false;
        if (field.number == FIELD_UPDATE_TIME)
            continue;
        if (field.number == FIELD_OUTBOUND && field.wire == WIRE_BYTES && count++ == index) {
            to = write_leg(to, leg, leg_size);
            continue;
        }
        memcpy(to, field.whole.data, field.whole.size);
        to += field.whole.size;
    }
    *to++ = FIELD_UPDATE_TIME << 3 | WIRE_VARINT;
    to = write_varint(to, (uint64_t)update_time);
    *ret_interaction = (struct bytes){start, (size_t)(to - start)};
    return count > index;
}
