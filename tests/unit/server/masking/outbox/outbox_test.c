#include "server/masking/internal.h"
#include "server/masking/outbox/outbox.h"
#include "tests/unit/server/masking/calls.h"

#include <stdio.h>

/* The outbox: what is sent, when, by whom, and what is not sent any more. */

#define ANN "+15551230001"
#define BOB "+15551230002"

/* holds: ERR-80613 INT-16 */
START_TEST(refused_is_final)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_REFUSED;
    world->carriers[0].carrier_code = "E42";
    world_say(world, &talk, "one", "x");
    world_run(world);
    const Maskline__Store__V1__Leg *leg = world_leg(world, &talk, 0);
    ck_assert_int_eq(leg->status, STATUS(FAILED));
    ck_assert_str_eq(leg->reason, "CARRIER_REFUSED");
    ck_assert_int_eq(leg->original_code, 80613);
    ck_assert_str_eq(leg->carrier_code, "E42");
    ck_assert_uint_eq(leg->attempts, 1);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

START_TEST(unknown_is_never_sent_again)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_UNKNOWN;
    world_say(world, &talk, "one", "x");
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    for (int i = 0; i < 100; i++) {
        world_move(world, MINUTE);
        world_run(world);
    }
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_int_eq(world_receipt(world, "one", world_sent(world, 0, 0)->key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERED));
    world_close(world);
}
END_TEST

/* Tries again after 1, 2, 4, … 60 seconds (a little less by chance), and not before, until its life is over. */
START_TEST(retries_back_off)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct fake *one = &world->carriers[0];
    one->outcome = SEND_RETRY;
    world_say(world, &talk, "one", "x");
    int64_t accepted = world_now(world);
    world_run(world);
    ck_assert_uint_eq(one->count, 1);
    int64_t wait = SECOND;
    for (unsigned attempts = 1; world_now(world) - accepted < 20 * MINUTE; attempts++) {
        ck_assert_uint_eq(one->count, attempts);
        const Maskline__Store__V1__Leg *leg = world_leg(world, &talk, 0);
        ck_assert_int_eq(leg->status, STATUS(QUEUED));
        ck_assert_uint_eq(leg->attempts, attempts);
        ck_assert_str_eq(leg->reason, "CARRIER_UNAVAILABLE");
        int64_t due = leg->due_time - world_now(world);
        ck_assert_int_le(due, wait);
        ck_assert_int_ge(due, wait / 4 * 3);
        world_move(world, due - 1);
        ck_assert_uint_eq(world_run(world), 0);
        world_move(world, 1);
        ck_assert_uint_ge(world_run(world), 1);
        wait = wait * 2 < MINUTE ? wait * 2 : MINUTE;
    }
    one->outcome = SEND_TAKEN;
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "");
    ck_assert_str_eq(one->sent[0].key, world_sent(world, 0, 0)->key);
    world_close(world);
}
END_TEST

/* holds: ERR-80502 OUT-06 */
START_TEST(life_ends)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].carrier_code = "E500";
    world->carriers[0].retry_after = 10 * MINUTE;
    world_say(world, &talk, "one", "x");
    int64_t end = world_now(world) + HOUR;
    while (world_now(world) < end - 10 * MINUTE) {
        world_run(world);
        world_move(world, 10 * MINUTE);
    }
    ck_assert_uint_eq(world->carriers[0].count, 5);
    world_run(world);
    ck_assert_int_eq(world_sent(world, 0, 0)->expire_time, end);
    ck_assert_int_eq(world_leg(world, &talk, 0)->due_time, end);
    world_move(world, 10 * MINUTE - 1);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    world_move(world, 1);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(FAILED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "MESSAGE_EXPIRED");
    ck_assert_int_eq(world_leg(world, &talk, 0)->original_code, 80502);
    ck_assert_uint_eq(world->carriers[0].count, 6);
    world_close(world);
}
END_TEST

static void an_hour_passes(struct world *world)
{
    manual_clock_move(&world->clock, HOUR);
}

/* Asked about in time; and its life is over when it would be handed over. */
START_TEST(life_ends_before_the_hand_over)
{
    struct world *world = world_with_two(NULL, "two", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "two", "x");
    atomic_store(&world->during, an_hour_passes); /* while its mark is written */
    world_run(world);
    ck_assert(!atomic_load(&world->during));
    ck_assert_uint_eq(world->carriers[1].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(FAILED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "MESSAGE_EXPIRED");
    ck_assert_uint_eq(world_leg(world, &talk, 0)->attempts, 0);
    world_close(world);
}
END_TEST

START_TEST(no_wait_is_longer_than_its_life)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].retry_after = 3 * HOUR;
    world_say(world, &talk, "one", "x");
    int64_t end = world_now(world) + HOUR;
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->due_time, end);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "MESSAGE_EXPIRED");
    ck_assert_int_eq(world_leg(world, &talk, 0)->final_time, end);
    world_close(world);
}
END_TEST

START_TEST(a_carrier_that_is_ready_is_tried_now)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].retry_after = 30 * MINUTE;
    world_say(world, &talk, "one", "x");
    world_run(world);
    world->carriers[0].outcome = SEND_TAKEN;
    ck_assert_uint_eq(world_run(world), 0);
    ingress_carrier_ready(world->masking, "two");
    ck_assert_uint_eq(world_run(world), 0);
    ingress_carrier_ready(world->masking, "one");
    ck_assert_uint_ge(world_run(world), 1);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    world_close(world);
}
END_TEST

/* holds: CAR-05 OUT-11 OUT-12 */
START_TEST(fails_over_to_carriers_of_the_number_only)
{
    struct world *world = world_with_two(NULL, "two three", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[1].outcome = SEND_RETRY;
    world_say(world, &talk, "two", "x");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    ck_assert_uint_eq(world->carriers[2].count, 1); /* at once */
    const Maskline__Store__V1__Leg *leg = world_leg(world, &talk, 0);
    ck_assert_int_eq(leg->status, STATUS(SENT));
    ck_assert_str_eq(leg->carrier, "three");
    ck_assert_uint_eq(leg->attempts, 2);
    ck_assert_str_ne(world_sent(world, 1, 0)->key, world_sent(world, 2, 0)->key);
    /* All refuse for now: a round, then a wait. */
    world->carriers[2].outcome = SEND_RETRY;
    world_say(world, &talk, "three", "y");
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 2);
    ck_assert_uint_eq(world->carriers[2].count, 2);
    ck_assert_int_gt(world_leg(world, &talk, 1)->due_time, world_now(world));
    /* What is surely or perhaps sent does not fail over. */
    world_move(world, 2 * SECOND);
    world->carriers[1].outcome = SEND_UNKNOWN;
    world_run(world);
    ck_assert_uint_eq(world->carriers[2].count, 2);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(DELIVERY_UNKNOWN));
    world_close(world);
}
END_TEST

/* holds: OUT-07 */
START_TEST(marks_for_those_who_would_not_know)
{
    struct world *world = world_with_two(NULL, "two", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct log_id log = world_log(world);
    struct key marks = key_attempts(TENANT_DEFAULT, log_service(&log));
    world->carriers[1].holds = true;
    world_say(world, &talk, "two", "x");
    ck_assert_uint_eq(world_rows(world, KV_LIVE, marks), 0);
    world_run(world);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, marks), 1);
    world_answer(world, world_sent(world, 1, 0), SEND_TAKEN);
    world_run(world);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, marks), 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    world_close(world);
}
END_TEST

/* An attempt that was lost is made again only where the carrier knows the message again, and no other can have its turn. */
START_TEST(lost_with_those_who_would_not_know)
{
    static const char *const carriers[] = {"two", "one two", "one"};
    for (unsigned i = 0; i < 3; i++) {
        struct world *world = world_with_two(NULL, carriers[i], NULL);
        struct talk talk = world_talk(world, ANN, BOB, 0);
        unsigned first = i == 0 ? 1 : 0;
        world->carriers[first].outcome = SEND_LOST;
        world_say(world, &talk, first ? "two" : "one", "x");
        world_run(world);
        bool again = i == 2;
        ck_assert_int_eq(world_leg(world, &talk, 0)->status,
                         again ? STATUS(QUEUED) : STATUS(DELIVERY_UNKNOWN));
        world_move(world, MINUTE);
        world_run(world);
        ck_assert_uint_eq(world->carriers[0].count + world->carriers[1].count, again ? 2 : 1);
        world_close(world);
    }
}
END_TEST

/* One that waits to be tried again holds back those after it, and they come in order. */
START_TEST(order_is_kept)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct fake *one = &world->carriers[0];
    one->outcome = SEND_RETRY;
    world_say(world, &talk, "one", "0");
    world_run(world);
    one->outcome = SEND_TAKEN;
    for (int i = 1; i < 10; i++) {
        char body[16];
        snprintf(body, sizeof body, "%d", i);
        world_say(world, &talk, "one", body);
        world_run(world);
    }
    ck_assert_uint_eq(one->count, 1);
    /* The other way is not held back. */
    ck_accepted(world_text(world, BOB, talk.proxy_b, "back"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "back");
    world_move(world, SECOND);
    world_run(world);
    ck_assert_uint_eq(one->count, 12);
    for (unsigned i = 0; i < 10; i++) {
        char body[16];
        snprintf(body, sizeof body, "%u", i);
        ck_assert_str_eq(one->sent[i + 2].body, body);
    }
    world_close(world);
}
END_TEST

static void the_first_is_to_wait(struct world *world)
{
    world_answer(world, world_sent(world, 1, 0), SEND_RETRY);
}

/* While the second may be sent already, the first comes back: the second is not sent, and not counted as tried. */
START_TEST(out_of_turn_is_not_sent)
{
    struct world *world = world_with_two(NULL, "two", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct fake *two = &world->carriers[1];
    two->holds = true;
    two->retry_after = MINUTE;
    world_say(world, &talk, "two", "0");
    world_run(world);
    world_say(world, &talk, "two", "1");
    atomic_store(&world->during, the_first_is_to_wait); /* while the second's mark is written */
    two->holds = false;
    world_run(world);
    ck_assert(!atomic_load(&world->during));
    ck_assert_uint_eq(two->count, 1);
    ck_assert_uint_eq(world_leg(world, &talk, 0)->attempts, 1);
    ck_assert_uint_eq(world_leg(world, &talk, 1)->attempts, 0);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(two->count, 3);
    ck_assert_str_eq(two->sent[1].body, "0");
    ck_assert_str_eq(two->sent[2].body, "1");
    world_close(world);
}
END_TEST

/* ---- order, while the number changes its carriers ---- */

static bool always(void *data)
{
    (void)data;
    return true;
}

/* The first of Ann's was handed to carrier "two", which knows a message again; then Bob's number went to carrier "one". */
static struct world *world_that_moves(struct talk *ret_talk)
{
    struct world *world = world_with_two(NULL, "two", NULL);
    *ret_talk = world_talk(world, ANN, BOB, 0);
    struct fake *two = &world->carriers[1];
    two->port.idempotent = always;
    two->holds = true;
    world_say(world, ret_talk, "two", "0");
    world_run(world);
    ck_assert_uint_eq(two->count, 1);
    static const char *const none[] = {NULL};
    const struct number_change change = {
        .service = world->service, .number = ret_talk->proxy_b, .carriers = none};
    ck_done(call_number_update(world, &change).number);
    return world;
}

static void ck_first_has_ended(struct world *world, const struct sent *sent)
{
    ck_assert_str_eq(sent->body, "1");
    const Maskline__Store__V1__Leg *leg = world_leg(world, world->watcher, 0);
    ck_assert_int_eq(leg->status, STATUS(DELIVERY_UNKNOWN));
    ck_assert_str_eq(leg->reason, "RESULT_UNKNOWN");
    ck_assert_uint_eq(leg->attempts, 1);
}

/* One that was perhaps sent holds back those after it for as long as it waits for the carrier that may have sent it. No other may have
 * it: that ends it, and when that is written, and not before, the next one goes. */
/* holds: OUT-11 */
START_TEST(perhaps_sent_keeps_its_place_until_its_end)
{
    struct talk talk;
    struct world *world = world_that_moves(&talk);
    struct fake *one = &world->carriers[0];
    world->carriers[1].retry_after = MINUTE;
    world_answer(world, world_sent(world, 1, 0), SEND_LOST);
    world_run(world);
    int64_t due = world_leg(world, &talk, 0)->due_time;
    ck_assert_int_gt(due, world_now(world));
    world_say(world, &talk, "two", "1");
    world_run(world);
    world_move(world, due - 1 - world_now(world));
    world_run(world);
    ck_assert_uint_eq(one->count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    one->watch = ck_first_has_ended;
    world->watcher = &talk;
    world_move(world, 1);
    world_run(world);
    ck_assert_uint_eq(one->count, 1);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(SENT));
    world_close(world);
}
END_TEST

/* One that was surely not sent goes before those after it, by whatever carriers the number has by then. */
START_TEST(order_is_kept_across_carriers)
{
    struct talk talk;
    struct world *world = world_that_moves(&talk);
    struct fake *one = &world->carriers[0];
    world->carriers[1].retry_after = MINUTE;
    world_answer(world, world_sent(world, 1, 0), SEND_RETRY);
    world_run(world);
    world_say(world, &talk, "two", "1");
    world_run(world);
    ingress_carrier_ready(world->masking, "one");
    world_run(world);
    ck_assert_uint_eq(one->count, 0);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(one->count, 2);
    ck_assert_str_eq(one->sent[0].body, "0");
    ck_assert_str_eq(one->sent[1].body, "1");
    ck_assert_uint_eq(world->carriers[1].count, 1);
    world_close(world);
}
END_TEST

static void the_first_is_lost(struct world *world)
{
    world_answer(world, world_sent(world, 1, 0), SEND_LOST);
}

/* That the first one was lost comes to light while the second may be sent already: the second keeps to its place. */
START_TEST(lost_holds_back_at_once)
{
    struct talk talk;
    struct world *world = world_that_moves(&talk);
    struct fake *one = &world->carriers[0];
    world_say(world, &talk, "two", "1");
    atomic_store(&world->during, the_first_is_lost); /* while the second's mark is written */
    one->watch = ck_first_has_ended;
    world->watcher = &talk;
    world_run(world);
    ck_assert(!atomic_load(&world->during));
    ck_assert_uint_eq(one->count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    ck_assert_uint_eq(world_leg(world, &talk, 1)->attempts, 0);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(one->count, 1);
    world_close(world);
}
END_TEST

/* A result that never comes: nobody knows, once the message's life is over. */
START_TEST(silence_is_unknown)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].holds = true;
    world_say(world, &talk, "one", "x");
    world_run(world);
    world_move(world, HOUR - 1);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    world_move(world, 1);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    world_answer(world, world_sent(world, 0, 0), SEND_RETRY);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

START_TEST(many_messages)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    enum { COUNT = 500 };
    for (int i = 0; i < COUNT; i++) {
        char body[16];
        snprintf(body, sizeof body, "%d", i);
        world_say(world, &talk, "one", body);
    }
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        char body[16];
        snprintf(body, sizeof body, "%u", i);
        ck_assert_str_eq(world->carriers[0].sent[i].body, body);
        ck_assert_int_eq(world_leg(world, &talk, i)->status, STATUS(SENT));
    }
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    world_close(world);
}
END_TEST

SUITE_MAIN("outbox", refused_is_final, unknown_is_never_sent_again, retries_back_off, life_ends,
           life_ends_before_the_hand_over, no_wait_is_longer_than_its_life,
           a_carrier_that_is_ready_is_tried_now, fails_over_to_carriers_of_the_number_only,
           marks_for_those_who_would_not_know, lost_with_those_who_would_not_know, order_is_kept,
           out_of_turn_is_not_sent, perhaps_sent_keeps_its_place_until_its_end,
           order_is_kept_across_carriers, lost_holds_back_at_once, silence_is_unknown,
           many_messages)
