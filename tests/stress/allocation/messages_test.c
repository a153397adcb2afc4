/*
 * What handles one message: arenas, errors as bytes, checks before unpacking.
 */
#include "maskline/v1/sessions.pb-c.h"
#include "proto/c/arena.h"
#include "proto/c/error.h"
#include "proto/c/wire_check.h"
#include "tests/stress/allocation/failing.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { MOST = 10000 };

/* Whether all went well; with too little memory each function has to say so. */
static bool fill_arena(void)
{
    struct arena *arena = arena_new(1 << 22);
    if (!arena)
        return false;
    bool good = true;
    for (size_t i = 1; i < 300000; i *= 2)
        good = good && arena_alloc(arena, i) && arena_array(arena, i, 3) &&
               arena_printf(arena, "%zu", i) && arena_string(arena, "text");
    failing_assert(arena_full(arena) == !good);
    arena_reset(arena);
    failing_assert(!arena_full(arena));
    arena_free(arena);
    return good;
}

static bool carry_error(void)
{
    struct error error, read;
    ProtobufCBinaryData bytes = {0};
    struct arena *arena = arena_new(1 << 16);
    if (!arena)
        return false;
    error_set(&error, STATUS_ABORTED, "LOST_RACE", 80606, "Somebody was quicker than %d.", 4);
    error_field(&error, "participants[0].identifier", "not a number");
    error_metadata(&error, "who", "another");
    bool good =
        error_pack(&error, arena, 4096, &bytes) && error_unpack(bytes.data, bytes.len, &read);
    if (good) {
        failing_assert(read.code == STATUS_ABORTED);
        failing_assert(strcmp(read.reason, "LOST_RACE") == 0);
    }
    arena_free(arena);
    return good;
}

static size_t pack_request(uint8_t *bytes, size_t room)
{
    Maskline__V1__ParticipantSpec people[40];
    Maskline__V1__ParticipantSpec *list[40];
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    for (size_t i = 0; i < 40; i++) {
        maskline__v1__participant_spec__init(&people[i]);
        people[i].identifier = (char *)(uintptr_t) "+15551230001";
        list[i] = &people[i];
    }
    request.service = (char *)(uintptr_t) "rides";
    request.participants = list;
    request.n_participants = 40;
    failing_assert(maskline__v1__create_session_request__get_packed_size(&request) <= room);
    return maskline__v1__create_session_request__pack(&request, bytes);
}

static bool unpack(void)
{
    static uint8_t bytes[4096];
    size_t size = pack_request(bytes, sizeof(bytes));
    const struct wire_limits limits = {.elements = 1000};
    ProtobufCMessage *message;
    struct error error;
    struct arena *arena = arena_new(1 << 20);
    if (!arena)
        return false;
    bool good = message_unpack(&maskline__v1__create_session_request__descriptor, bytes, size,
                               &limits, arena, &message, &error);
    if (!good)
        failing_assert(error.code == STATUS_RESOURCE_EXHAUSTED);
    arena_free(arena);
    return good;
}

static void try_all(bool (*scenario)(void))
{
    for (int lasting = 0; lasting < 2; lasting++) {
        bool hit = true;
        int nth = 1;
        for (; hit && nth < MOST; nth++) {
            failing_start(nth, lasting != 0);
            bool good = scenario();
            hit = failing_end();
            ck_assert_int_eq(good, !hit);
        }
        ck_assert_int_gt(nth, 2);
        ck_assert(!hit);
    }
}

START_TEST(arenas)
{
    try_all(fill_arena);
}
END_TEST

START_TEST(errors)
{
    try_all(carry_error);
}
END_TEST

START_TEST(requests)
{
    try_all(unpack);
}
END_TEST

SUITE_MAIN("messages", arenas, errors, requests)
