#include "tests/unit/server/masking/calls.h"

#include <stdlib.h>
#include <string.h>

/* Opening sessions again. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

static const Maskline__Store__V1__Session *life(struct world *world, int64_t ttl, int64_t date)
{
    const struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    return call_session_create(world, (struct session_draft){.participants = people,
                                                             .participant_count = 2,
                                                             .ttl_given = ttl != 0,
                                                             .ttl = ttl,
                                                             .expire_time = date});
}

/* holds: CDN-12 SES-18 SES-31 */
START_TEST(it_routes_again)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, 0, 0);
    ck_accepted(world_text(world, ANN, N1, "x"));
    int64_t started = world_now(world);
    world_run(world);
    ck_done(call_close(world, session));
    world_move(world, MINUTE);
    const Maskline__Store__V1__Session *again = call_reopen(world, session);
    ck_done(again);
    ck_assert_int_eq(again->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_int_eq(again->end_time, 0);
    ck_assert_int_eq(again->closed_reason, 0);
    ck_assert_int_eq(again->start_time, started);
    ck_assert_str_eq(proxy_of(again, 0), N1);
    ck_assert_int_eq(call_number_get(world, N1).in_use, 1);
    ck_accepted(world_text(world, BOB, N1, "back"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    world_close(world);
}
END_TEST

/* holds: SES-29 */
START_TEST(ttl_counts_anew)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, MINUTE, 0);
    world_move(world, HOUR); /* ended, unnoticed */
    const Maskline__Store__V1__Session *again = call_reopen(world, session);
    ck_done(again);
    ck_assert_int_eq(again->effective_expire_time, world_now(world) + MINUTE);
    world_move(world, MINUTE - 1);
    world_run(world);
    ck_accepted(world_text(world, ANN, N1, "x"));
    world_move(world, MINUTE);
    ck_rejected(world_text(world, ANN, N1, "x"), "SESSION_EXPIRED");
    world_close(world);
}
END_TEST

/* holds: SES-13 SES-15 SES-30 */
START_TEST(a_date_that_has_passed_needs_a_new_one)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, 0, world_now(world) + MINUTE);
    world_move(world, MINUTE);
    struct session_change change = {.session = sid_of(world, session),
                                    .status = SESSION_STATUS(IN_PROGRESS)};
    ck_field(call_session_update(world, change), "expire_time");
    change.set_expire_time = true;
    change.expire_time = world_now(world);
    ck_field(call_session_update(world, change), "expire_time");
    ck_assert_int_eq(call_session_get(world, change.session)->status, SESSION_STATUS(CLOSED));
    change.expire_time = world_now(world) + 1;
    const Maskline__Store__V1__Session *again = call_session_update(world, change);
    ck_done(again);
    ck_assert_int_eq(again->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_int_eq(again->effective_expire_time, world_now(world) + 1);
    world_move(world, 1);
    change.expire_time = 0; /* or none at all */
    again = call_session_update(world, change);
    ck_assert_int_eq(again->effective_expire_time, 0);
    world_close(world);
}
END_TEST

/* holds: CON-03 CON-06 CON-07 */
START_TEST(a_taken_pair_bars_it)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, 0, 0);
    ck_done(call_close(world, session));
    world_move(world, 4 * HOUR);
    const Maskline__Store__V1__Session *other = call_talk(world, ANN, CAT);
    ck_done(other);
    ck_refused(call_reopen(world, session), "PAIR_IN_USE", 80604);
    ck_assert_str_eq(call_metadata("session_sid"), sid_of(world, other));
    ck_assert_int_eq(call_session_get(world, sid_of(world, session))->status,
                     SESSION_STATUS(CLOSED));
    ck_accepted(world_text(world, ANN, N1, "to cat"));
    ck_done(call_close(world, other));
    /* Now the other one's late replies are to be feared. */
    ck_refused(call_reopen(world, session), "PAIR_COOLING_DOWN", 80402);
    world_move(world, 4 * HOUR - 1);
    ck_refused(call_reopen(world, session), "PAIR_COOLING_DOWN", 80402);
    world_move(world, 1);
    ck_done(call_reopen(world, session));
    ck_refused(call_reopen(world, other), "PAIR_IN_USE", 80604);
    world_close(world);
}
END_TEST

START_TEST(who_left_stays_out)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, 0, 0);
    ck_done(call_leave(world, sid_of(world, session), participant_sid(world, session, 1)));
    ck_done(call_close(world, session));
    ck_done(call_reopen(world, session));
    ck_rejected(world_text(world, BOB, N1, "x"), "PARTICIPANT_REMOVED");
    ck_rejected(world_text(world, ANN, N1, "x"), "NO_PARTNER");
    world_close(world);
}
END_TEST

START_TEST(the_number_has_to_do_what_the_mode_needs)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, 0, 0);
    ck_done(call_number_remove(world, N1, true).number);
    struct number_draft draft = number_draft(world, N1);
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    ck_refused(call_reopen(world, session), "NO_VOICE_NUMBER", 80201);
    ck_done(call_number_remove(world, N1, true).number);
    world_number(world, N1, NULL);
    world_number_state(world, N1, NUMBER_STATE(DRAINING)); /* bars new sessions only */
    ck_done(call_reopen(world, session));
    world_close(world);
}
END_TEST

/* holds: OUT-01 */
START_TEST(what_waited_does_not_go_out)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = life(world, 0, 0);
    ck_accepted(world_text(world, ANN, N1, "before"));
    ck_done(call_close(world, session));
    ck_done(call_reopen(world, session));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    world_close(world);
}
END_TEST

START_TEST(closing_and_opening_many_times_loses_nothing)
{
    struct world *world = world_with_numbers(2);
    const Maskline__Store__V1__Session *session = life(world, HOUR, 0);
    const char *proxy = proxy_of(session, 0);
    for (int i = 0; i < 20; i++) {
        ck_done(call_close(world, session));
        world_move(world, MINUTE);
        ck_done(call_reopen(world, session));
        ck_accepted(world_text(world, ANN, proxy, "x"));
        world_run(world);
    }
    ck_assert_uint_eq(call_session_get(world, sid_of(world, session))->interaction_count, 20);
    world_close(world);
}
END_TEST

SUITE_MAIN("reopen", it_routes_again, ttl_counts_anew, a_date_that_has_passed_needs_a_new_one,
           a_taken_pair_bars_it, who_left_stays_out, the_number_has_to_do_what_the_mode_needs,
           what_waited_does_not_go_out, closing_and_opening_many_times_loses_nothing)
