#include "server/masking/derive/session_bytes.h"

#include "server/masking/derive/fields.h"
#include "server/masking/derive/session_apply.h"

#include <string.h>

/* A packed session, in two: its numbers, and its texts, participants and whatever else has a size. */
struct halves {
    uint8_t *numbers;
    uint8_t *rest;
    size_t numbers_size;
    size_t rest_size;
};

static void add(uint8_t *half, size_t *size, struct bytes field)
{
    memcpy(half + *size, field.data, field.size);
    *size += field.size;
}

static bool part(struct bytes session, struct arena *arena, struct halves *ret_halves)
{
    struct halves halves = {.numbers = arena_alloc(arena, session.size),
                            .rest = arena_alloc(arena, session.size)};
    if (!halves.numbers || !halves.rest)
        return false;
    const uint8_t *place = session.data, *end = place + session.size;
    while (place < end) {
        struct field field;
        if (!field_read(&place, end, &field))
            return false;
        if (field.wire == WIRE_BYTES)
            add(halves.rest, &halves.rest_size, field.whole);
        else
            add(halves.numbers, &halves.numbers_size, field.whole);
    }
    *ret_halves = halves;
    return true;
}

bool session_bytes_apply_interaction(struct bytes session,
                                     const Maskline__Store__V1__InteractionCreated *created,
                                     int64_t time, struct arena *arena, struct bytes *ret_session)
{
    struct halves halves;
    if (!part(session, arena, &halves))
        return false;
    /* A message without its texts and messages is one, too. */
    Maskline__Store__V1__Session *numbers = maskline__store__v1__session__unpack(
        arena_allocator(arena), halves.numbers_size, halves.numbers);
    if (!numbers)
        return false;
    session_apply_interaction(numbers, created, time);
    size_t size = maskline__store__v1__session__get_packed_size(numbers);
    uint8_t *packed = arena_alloc(arena, size + halves.rest_size);
    if (!packed)
        return false;
    maskline__store__v1__session__pack(numbers, packed);
    add(packed, &size, (struct bytes){halves.rest, halves.rest_size});
    *ret_session = (struct bytes){packed, size};
    return true;
}
