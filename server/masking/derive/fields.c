#include "server/masking/derive/fields.h"

#include <string.h>

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

bool field_read(const uint8_t **place, const uint8_t *end, struct field *ret_field)
{
    const uint8_t *at = *place;
    uint64_t tag, size;
    if (!read_varint(&at, end, &tag))
        return false;
    ret_field->number = tag >> 3;
    ret_field->wire = (unsigned)(tag & 7);
    switch (ret_field->wire) {
    case WIRE_VARINT:
        if (!read_varint(&at, end, &ret_field->value))
            return false;
        break;
    case WIRE_BYTES:
        if (!read_varint(&at, end, &size))
            return false;
        ret_field->content = (struct bytes){at, (size_t)size};
        if (!skip(&at, end, size))
            return false;
        break;
    case WIRE_FIXED64:
    case WIRE_FIXED32:
        if (!skip(&at, end, ret_field->wire == WIRE_FIXED64 ? 8 : 4))
            return false;
        break;
    default:
        return false;
    }
    ret_field->whole = (struct bytes){*place, (size_t)(at - *place)};
    *place = at;
    return true;
}

bool field_find(struct bytes record, uint64_t number, struct bytes *ret_content)
{
    const uint8_t *place = record.data, *end = place + record.size;
    struct bytes found = {NULL, 0};
    while (place < end) {
        struct field field;
        if (!field_read(&place, end, &field))
            return false;
        if (field.number != number)
            continue;
        if (found.data || field.wire != WIRE_BYTES)
            return false;
        found = field.content;
    }
    *ret_content = found;
    return found.data;
}

static uint8_t *write_varint(uint8_t *place, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *place++ = (uint8_t)(value | 0x80);
    *place++ = (uint8_t)value;
    return place;
}

uint8_t *field_write_varint(uint8_t *place, uint64_t number, uint64_t value)
{
    return write_varint(write_varint(place, number << 3 | WIRE_VARINT), value);
}

uint8_t *field_write_bytes(uint8_t *place, uint64_t number, struct bytes content)
{
    place = write_varint(write_varint(place, number << 3 | WIRE_BYTES), content.size);
    if (content.size)
        memcpy(place, content.data, content.size);
    return place + content.size;
}
