#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers come back: a pair that came free rests. Here by 4 hours. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

static const Maskline__Store__V1__Session *life(struct world *world, const char *a, const char *b,
                                                int64_t ttl)
{
    const struct participant_draft people[] = {person(world, a), person(world, b)};
    return call_session_create(
        world, (struct session_draft){
                   .participants = people, .participant_count = 2, .ttl_given = true, .ttl = ttl});
}

/* How the first session of Ann and Bob ends; each gives the instant at which its pairs came free. */

static int64_t by_closing(struct world *world)
{
    ck_done(call_close(world, call_talk(world, ANN, BOB)));
    return world_now(world);
}

static int64_t by_expiry(struct world *world)
{
    ck_done(life(world, ANN, BOB, MINUTE));
    int64_t end = world_now(world) + MINUTE;
    world_move(world, HOUR); /* noticed by nobody */
    return end;
}

static int64_t by_expiry_and_timer(struct world *world)
{
    int64_t end = by_expiry(world);
    world_run(world);
    return end;
}

static int64_t by_deletion(struct world *world)
{
    ck_done(call_session_delete(world, sid_of(world, call_talk(world, ANN, BOB))));
    return world_now(world);
}

static int64_t by_deletion_after_its_end(struct world *world)
{
    const Maskline__Store__V1__Session *session = life(world, ANN, BOB, MINUTE);
    int64_t end = world_now(world) + MINUTE;
    world_move(world, HOUR);
    ck_done(call_session_delete(world, sid_of(world, session)));
    return end;
}

static int64_t by_leaving(struct world *world)
{
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, BOB);
    ck_done(call_leave(world, sid_of(world, session), participant_sid(world, session, 0)));
    return world_now(world);
}

static int64_t by_a_session_made_closed(struct world *world)
{
    const struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    ck_done(call_session_create(world, (struct session_draft){.participants = people,
                                                              .participant_count = 2,
                                                              .status = SESSION_STATUS(CLOSED)}));
    return world_now(world);
}

static int64_t (*const ENDS[])(struct world *world) = {
    by_closing,
    by_expiry,
    by_expiry_and_timer,
    by_deletion,
    by_deletion_after_its_end,
    by_leaving,
    by_a_session_made_closed,
};

/* holds: CDN-01 CDN-04 CDN-05 CDN-06 SES-20 */
START_TEST(a_pair_rests_however_it_came_free)
{
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        struct world *world = world_with_numbers(1);
        int64_t end = ENDS[i](world) + 4 * HOUR;
        ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
        ck_assert_str_eq(call_metadata("participant"), "0");
        ck_assert_int_eq(call_error.retry_ms, (end - world_now(world) + 999) / 1000);
        struct participant_draft asked = person_on(world, ANN, N1);
        const struct session_draft draft = {.participants = &asked, .participant_count = 1};
        ck_refused(call_session_create(world, draft), "PAIR_COOLING_DOWN", 80402);
        ck_assert_int_eq(call_error.retry_ms, (end - world_now(world) + 999) / 1000);
        world_move(world, end - world_now(world) - 1);
        ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
        ck_assert_int_eq(call_error.retry_ms, 1);
        world_move(world, 1);
        ck_done(call_talk(world, ANN, CAT));
        world_close(world);
    }
}
END_TEST

/* holds: CDN-05 */
START_TEST(free_time_is_told_in_rfc_3339)
{
    struct world *world = world_with_numbers(1);
    manual_clock_set(&world->clock, INT64_C(1900000000) * SECOND + 123456);
    ck_done(call_close(world, call_talk(world, ANN, BOB)));
    ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(call_metadata("free_time"), "2030-03-17T21:46:40.123456Z");
    world_close(world);
}
END_TEST

/* holds: CDN-02 */
START_TEST(the_same_two_may_have_it_again)
{
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        if (ENDS[i] == by_leaving)
            continue; /* the other one is still there */
        struct world *world = world_with_numbers(1);
        (void)ENDS[i](world);
        const Maskline__Store__V1__Session *again = call_talk(world, BOB, ANN);
        ck_done(again);
        ck_assert_str_eq(proxy_of(again, 0), N1);
        ck_assert_str_eq(proxy_of(again, 1), N1);
        world_close(world);
    }
}
END_TEST

/* holds: CDN-01 CDN-02 */
START_TEST(and_no_others)
{
    struct world *world = world_with_numbers(1);
    ck_done(call_close(world, call_talk(world, ANN, BOB)));
    ck_refused(call_talk(world, ANN, NULL), "ALL_NUMBERS_IN_USE",
               80208); /* with whom, nobody knows */
    ck_refused(call_talk(world, CAT, BOB), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(call_metadata("participant"), "1");
    /* A partner with one more phone is not who the late reply is for. */
    struct participant_draft people[] = {person(world, ANN), person_of_many(world, BOB " " CAT)};
    struct session_draft draft = {.participants = people, .participant_count = 2};
    ck_refused(call_session_create(world, draft), "ALL_NUMBERS_IN_USE", 80208);
    /* Cat never had it. */
    ck_done(call_talk(world, CAT, NULL));
    world_close(world);
}
END_TEST

START_TEST(one_who_joins_later_gets_it_only_with_the_same_partner)
{
    struct world *world = world_with_numbers(2);
    const struct participant_draft people[] = {person_on(world, ANN, N1),
                                               person_on(world, BOB, N1)};
    ck_done(call_close(world,
                       call_session_create(world, (struct session_draft){.participants = people,
                                                                         .participant_count = 2})));
    const Maskline__Store__V1__Session *with_bob = call_talk(world, BOB, NULL);
    ck_assert_str_eq(proxy_of(with_bob, 0), N2); /* Ann may not come */
    const Maskline__Store__V1__Session *joined =
        call_join(world, sid_of(world, with_bob), person(world, ANN), NULL);
    ck_assert_str_eq(proxy_of(joined, 1), N1);
    ck_done(call_session_delete(world, sid_of(world, with_bob)));
    const Maskline__Store__V1__Session *with_cat = call_talk(world, CAT, NULL);
    ck_assert_str_eq(
        proxy_of(call_join(world, sid_of(world, with_cat), person(world, ANN), NULL), 1), N2);
    world_close(world);
}
END_TEST

/* holds: CDN-03 */
START_TEST(it_wins_over_sticky)
{
    struct world *world = world_with_numbers(2);
    const Maskline__Store__V1__Session *first = call_talk(world, ANN, BOB);
    char had[32];
    snprintf(had, sizeof had, "%s", proxy_of(first, 0));
    ck_done(call_close(world, first));
    ck_assert_str_ne(proxy_of(call_talk(world, ANN, CAT), 0), had);
    /* But not over the same two people. */
    const Maskline__Store__V1__Session *again = call_talk(world, ANN, BOB);
    ck_assert_str_eq(proxy_of(again, 0), had);
    world_close(world);
}
END_TEST

START_TEST(a_longer_cool_down_holds_for_what_rests_now)
{
    struct world *world = world_with_numbers(1);
    ck_done(call_close(world, call_talk(world, ANN, BOB)));
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.cool_down = 6 * HOUR;
    ck_done(call_service_update(world, &change));
    world_move(world, 5 * HOUR);
    ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
    change.settings.cool_down = 4 * HOUR;
    ck_done(call_service_update(world, &change));
    ck_done(call_talk(world, ANN, CAT));
    world_close(world);
}
END_TEST

/* The first session's end is written down when another has its pair by now. */
/* holds: INV-05 */
START_TEST(an_end_noticed_late_frees_nothing_of_others)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *first = life(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE + 4 * HOUR);
    const Maskline__Store__V1__Session *second = call_talk(world, ANN, CAT);
    ck_done(second);
    ck_assert_uint_ge(world_run(world), 1);
    ck_assert_ptr_nonnull(world_last(world, CHANGE(SESSION_CLOSED)));
    ck_refused(call_talk(world, ANN, "+15551230004"), "ALL_NUMBERS_IN_USE", 80208);
    ck_refused(call_reopen(world, first), "PAIR_IN_USE", 80604);
    ck_assert_int_eq(call_number_get(world, N1).in_use, 1);
    /* Its deletion, too. */
    ck_done(call_session_delete(world, sid_of(world, first)));
    ck_refused(call_talk(world, ANN, "+15551230004"), "ALL_NUMBERS_IN_USE", 80208);
    ck_accepted(world_text(world, ANN, N1, "to cat"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, CAT);
    world_close(world);
}
END_TEST

/* holds: INB-05 */
START_TEST(a_late_reply_reaches_nobody)
{
    struct world *world = world_with_numbers(2);
    struct talk first = world_talk(world, ANN, BOB, MINUTE);
    ck_accepted(world_text(world, BOB, first.proxy_b, "on my way"));
    world_run(world);
    world_move(world, MINUTE);
    struct talk second = world_talk(world, ANN, CAT, 0);
    ck_assert_str_ne(second.proxy_a, first.proxy_a);
    ck_rejected(world_text(world, ANN, first.proxy_a, "see you"), "SESSION_EXPIRED");
    ck_accepted(world_text(world, ANN, second.proxy_a, "hello cat"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, CAT);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    world_close(world);
}
END_TEST

/* holds: CDN-13 */
START_TEST(it_holds_over_a_restart)
{
    char path[] = "/tmp/maskline-cool-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    ck_done(call_close(world, call_talk(world, ANN, BOB)));
    world_restart(world);
    ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
    world_move(world, 4 * HOUR);
    ck_done(call_talk(world, ANN, CAT));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: CDN-12 */
START_TEST(reopening_is_no_new_session)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, BOB);
    ck_done(call_close(world, session));
    world_move(world, MINUTE);
    ck_done(call_reopen(world, session));
    ck_accepted(world_text(world, ANN, N1, "again"));
    world_close(world);
}
END_TEST

/* What the cool-down, sticky numbers and opening again are made of. */
/* holds: STO-07 */
START_TEST(a_route_stays_and_is_active_only_in_its_session)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, BOB);
    struct log_id log = world_log(world);
    struct person person = person_of(store_hash_key(world->store), ANN);
    struct key route = key_route(TENANT_DEFAULT, log_service(&log), &person, N1);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, route), 1);
    ck_accepted(world_text(world, ANN, N1, "x"));
    ck_done(call_close(world, session));
    ck_assert_uint_eq(world_rows(world, KV_LIVE, route), 1);
    ck_rejected(world_text(world, ANN, N1, "x"), "SESSION_CLOSED");
    ck_done(call_reopen(world, session));
    ck_accepted(world_text(world, ANN, N1, "x"));
    ck_done(call_close(world, session));
    world_move(world, 4 * HOUR);
    ck_done(call_talk(world, ANN, CAT));
    ck_assert_uint_eq(world_rows(world, KV_LIVE, route), 1); /* the other session's now */
    ck_accepted(world_text(world, ANN, N1, "to cat"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, CAT);
    world_close(world);
}
END_TEST

SUITE_MAIN("cool-down", a_route_stays_and_is_active_only_in_its_session,
           a_pair_rests_however_it_came_free, free_time_is_told_in_rfc_3339,
           the_same_two_may_have_it_again, and_no_others,
           one_who_joins_later_gets_it_only_with_the_same_partner, it_wins_over_sticky,
           a_longer_cool_down_holds_for_what_rests_now, an_end_noticed_late_frees_nothing_of_others,
           a_late_reply_reaches_nobody, it_holds_over_a_restart, reopening_is_no_new_session)
