#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <stdlib.h>
#include <string.h>

/* What numbers can do, when that changes. */

#define ONE "+15559990001"
#define TWO "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

static const Maskline__Store__V1__PhoneNumber *let(struct world *world, const char *number,
                                                   unsigned which, unsigned can)
{
    const struct number_change change = {
        .service = world->service, .number = number, .set_can = which, .can = can};
    return call_number_update(world, &change).number;
}

#define ck_can(number, texts, media, calls)                            \
    do {                                                               \
        const Maskline__Store__V1__PhoneNumber *its_number = (number); \
        ck_done(its_number);                                           \
        ck_assert_int_eq(its_number->sms, texts);                      \
        ck_assert_int_eq(its_number->mms, media);                      \
        ck_assert_int_eq(its_number->voice, calls);                    \
    } while (0)

static const Maskline__Store__V1__Session *alone(struct world *world,
                                                 struct participant_draft draft,
                                                 Maskline__Store__V1__Mode mode)
{
    return call_session_create(
        world,
        (struct session_draft){.participants = &draft, .participant_count = 1, .mode = mode});
}

/* holds: NUM-04 SEL-02 */
START_TEST(selection_follows)
{
    char path[] = "/tmp/maskline-capabilities-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    struct number_draft draft = number_draft(world, ONE);
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    ck_refused(alone(world, person(world, ANN), MODE(VOICE_ONLY)), "NO_VOICE_NUMBER", 80201);
    ck_can(let(world, ONE, NUMBER_CAN_CALL, NUMBER_CAN_ALL), true, true, true);
    const Maskline__Store__V1__Session *session =
        alone(world, person(world, ANN), MODE(VOICE_ONLY));
    ck_done(session);
    /* Taken away again: who has it keeps it, and nobody else gets it, not even by asking. */
    ck_can(let(world, ONE, NUMBER_CAN_CALL, 0), true, true, false);
    for (int round = 0; round < 2; round++) {
        ck_assert_str_eq(proxy_of(session, 0), ONE);
        ck_assert_int_eq(call_number_get(world, ONE).in_use, 1);
        ck_refused(alone(world, person(world, BOB), MODE(VOICE_ONLY)), "NO_VOICE_NUMBER", 80201);
        ck_assert_ptr_null(alone(world, person_on(world, BOB, ONE), MODE(VOICE_ONLY)));
        ck_can(call_number_get(world, ONE).number, true, true, false);
        world_restart(world);
        session = call_session_get(world, sid_of(world, session));
        ck_done(session);
    }
    ck_done(alone(world, person(world, BOB), MODE(MESSAGE_ONLY)));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: NUM-04 */
START_TEST(calls_follow)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_can(let(world, talk.proxy_b, NUMBER_CAN_CALL, 0), true, true, false);
    struct call_seen seen = world_call(world, ANN, talk.proxy_a);
    ck_assert_int_eq(seen.outcome, CALL_REJECTED);
    ck_assert_str_eq(seen.reason, "VOICE_NOT_POSSIBLE");
    ck_accepted(world_text(world, ANN, talk.proxy_a, "hello"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, talk.proxy_b);
    ck_can(let(world, talk.proxy_b, NUMBER_CAN_CALL, NUMBER_CAN_CALL), true, true, true);
    ck_assert_str_eq(world_ring(world, &talk).plan.second.number[0], BOB);
    world_close(world);
}
END_TEST

/* holds: NUM-04 */
START_TEST(it_can_always_do_something)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    uint64_t before = world_entries(world);
    ck_can(let(world, ONE, NUMBER_CAN_TEXT, NUMBER_CAN_TEXT), true, true, true); /* as it was */
    ck_assert_uint_eq(world_entries(world), before);
    world_move(world, SECOND);
    const Maskline__Store__V1__PhoneNumber *number =
        let(world, ONE, NUMBER_CAN_TEXT | NUMBER_CAN_MEDIA, 0);
    ck_can(number, false, false, true);
    ck_assert_int_eq(number->update_time, number->create_time + SECOND);
    ck_assert_uint_eq(world_entries(world), before + 1);
    ck_field(let(world, ONE, NUMBER_CAN_CALL, 0), "capabilities");
    ck_field(let(world, ONE, NUMBER_CAN_ALL, 0), "capabilities");
    ck_can(call_number_get(world, ONE).number, false, false, true);
    ck_assert_uint_eq(world_entries(world), before + 1);
    world_close(world);
}
END_TEST

/* holds: NUM-04 NUM-06 */
START_TEST(as_its_carrier)
{
    static const char *const two[] = {"two"};
    struct world *world = world_with_two(NULL, NULL, NULL);
    world->carriers[1].numbers_can = NUMBER_CAN_TEXT | NUMBER_CAN_CALL;
    struct number_change change = {.service = world->service,
                                   .number = ONE,
                                   .carriers = two,
                                   .carrier_count = 1,
                                   .set_can = NUMBER_CAN_ALL,
                                   .can = NUMBER_CAN_ALL,
                                   .as_carrier = true};
    ck_can(call_number_update(world, &change).number, true, false, true); /* of the new carrier */
    world->carriers[1].numbers_can = 0;
    ck_field(call_number_update(world, &change).number, "capabilities");
    change.as_carrier = false;
    ck_can(call_number_update(world, &change).number, true, true, true);
    world_close(world);
}
END_TEST

/* holds: NUM-04 */
START_TEST(short_codes_change_alike)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    struct number_draft draft = number_draft(world, "24687");
    draft.kind = NUMBER_SHORT_CODE;
    draft.country = "US";
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    const struct number_change change = {.service = world->service,
                                         .number = "24687",
                                         .kind = NUMBER_SHORT_CODE,
                                         .set_can = NUMBER_CAN_MEDIA};
    ck_can(call_number_update(world, &change).number, true, false, false);
    world_close(world);
}
END_TEST

SUITE_MAIN("capabilities", selection_follows, calls_follow, it_can_always_do_something,
           as_its_carrier, short_codes_change_alike)
