#include "server/masking/derive/session_bytes.h"

#include "server/masking/derive/fields.h"
#include "server/masking/derive/session_apply.h"

#include <string.h>

/* Fields of Session (records.proto) that session_apply_interaction reads or changes; all of them are numbers. */
enum {
    FIELD_STATUS = 3,
    FIELD_START_TIME = 10,
    FIELD_LAST_INTERACTION_TIME = 11,
    FIELD_INTERACTION_COUNT = 16,
    FIELD_EFFECTIVE_EXPIRE_TIME = 18,
    NUMBERS = 5,
};

/* False: it is none of them. */
static bool take_number(Maskline__Store__V1__Session *session, const struct field *field)
{
    switch (field->wire == WIRE_VARINT ? field->number : 0) {
    case FIELD_STATUS:
        session->status = (Maskline__Store__V1__SessionStatus)field->value;
        return true;
    case FIELD_START_TIME:
        session->start_time = (int64_t)field->value;
        return true;
    case FIELD_LAST_INTERACTION_TIME:
        session->last_interaction_time = (int64_t)field->value;
        return true;
    case FIELD_INTERACTION_COUNT:
        session->interaction_count = field->value;
        return true;
    case FIELD_EFFECTIVE_EXPIRE_TIME:
        session->effective_expire_time = (int64_t)field->value;
        return true;
    default:
        return false;
    }
}

static uint8_t *write_number(uint8_t *place, uint64_t number, uint64_t value)
{
    return value ? field_write_varint(place, number, value) : place;
}

static uint8_t *write_numbers(uint8_t *place, const Maskline__Store__V1__Session *session)
{
    place = write_number(place, FIELD_STATUS, (uint64_t)(int64_t)session->status);
    place = write_number(place, FIELD_START_TIME, (uint64_t)session->start_time);
    place =
        write_number(place, FIELD_LAST_INTERACTION_TIME, (uint64_t)session->last_interaction_time);
    place = write_number(place, FIELD_INTERACTION_COUNT, session->interaction_count);
    return write_number(place, FIELD_EFFECTIVE_EXPIRE_TIME,
                        (uint64_t)session->effective_expire_time);
}

bool session_bytes_apply_interaction(struct bytes session,
                                     const Maskline__Store__V1__InteractionCreated *created,
                                     int64_t time, struct arena *arena, struct bytes *ret_session)
{
    uint8_t *start = arena_alloc(arena, session.size + NUMBERS * 2 * VARINT_MOST);
    if (!start)
        return false;
    Maskline__Store__V1__Session numbers = MASKLINE__STORE__V1__SESSION__INIT;
    const uint8_t *from = session.data, *end = from + session.size;
    uint8_t *to = start;
    while (from < end) {
        struct field field;
        if (!field_read(&from, end, &field))
            return false;
        if (take_number(&numbers, &field))
            continue;
        memcpy(to, field.whole.data, field.whole.size);
        to += field.whole.size;
    }
    session_apply_interaction(&numbers, created, time);
    to = write_numbers(to, &numbers);
    *ret_session = (struct bytes){start, (size_t)(to - start)};
    return true;
}
