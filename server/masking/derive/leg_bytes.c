#include "server/masking/derive/leg_bytes.h"

#include "proto/c/wire_check.h"
#include "server/masking/derive/fields.h"

#include <string.h>

/* Fields of Interaction (records.proto). */
enum { FIELD_OUTBOUND = 6, FIELD_UPDATE_TIME = 8, FIELD_EXPIRE_TIME = 9, FIELD_METADATA = 120 };

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
        if (!field_read(&place, end, &field))
            return false;
        if (field.number == FIELD_EXPIRE_TIME && field.wire == WIRE_VARINT)
            found.expire_time = (int64_t)field.value;
        if (field.number == FIELD_METADATA && field.wire == WIRE_BYTES &&
            !add_metadata(arena, field.content, &found.metadata))
            return false;
        if (field.number != FIELD_OUTBOUND || field.wire != WIRE_BYTES || count++ != index)
            continue;
        found.leg = message_unpack_own(&maskline__store__v1__leg__descriptor, field.content.data,
                                       field.content.size, arena);
        if (!found.leg)
            return false;
    }
    *ret_leg = found;
    return true;
}

bool leg_bytes_replace(struct bytes interaction, uint32_t index, struct bytes leg,
                       int64_t update_time, struct arena *arena, struct bytes *ret_interaction)
{
    uint8_t *start = arena_alloc(arena, interaction.size + leg.size + 2 * FIELD_HEAD);
    if (!start)
        return false;
    const uint8_t *from = interaction.data, *end = from + interaction.size;
    uint8_t *to = start;
    uint32_t count = 0;
    while (from < end) {
        struct field field;
        if (!field_read(&from, end, &field))
            return false;
        if (field.number == FIELD_UPDATE_TIME)
            continue;
        if (field.number == FIELD_OUTBOUND && field.wire == WIRE_BYTES && count++ == index) {
            to = field_write_bytes(to, FIELD_OUTBOUND, leg);
            continue;
        }
        memcpy(to, field.whole.data, field.whole.size);
        to += field.whole.size;
    }
    to = field_write_varint(to, FIELD_UPDATE_TIME, (uint64_t)update_time);
    *ret_interaction = (struct bytes){start, (size_t)(to - start)};
    return count > index;
}
