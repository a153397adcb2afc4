#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What becomes of messages under way when the server goes and comes back. */

#define ANN "+15551230001"
#define BOB "+15551230002"

static char path[64];

static struct world *world_on_disk(const char *carriers)
{
    memcpy(path, "/tmp/maskline-recover-XXXXXX", 29);
    ck_assert_ptr_nonnull(mkdtemp(path));
    return world_with_two(path, carriers, NULL);
}

static void end(struct world *world)
{
    world_close(world);
    folder_remove(path);
}

/* Attempts that are begun, and of which nothing is known yet. */
static unsigned marks(struct world *world)
{
    struct log_id log = world_log(world);
    return world_rows(world, KV_LIVE, key_attempts(TENANT_DEFAULT, log_service(&log)));
}

/* The carrier takes nothing, and is asked again after ten minutes. */
static void put_off(struct fake *carrier)
{
    carrier->outcome = SEND_RETRY;
    carrier->retry_after = 10 * MINUTE;
}

/* holds: OUT-08 */
START_TEST(not_begun_is_sent)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    for (int i = 0; i < 20; i++)
        world_say(world, &talk, "two", "x");
    world_restart(world);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 20);
    for (unsigned i = 0; i < 20; i++)
        ck_assert_int_eq(world_leg(world, &talk, i)->status, STATUS(SENT));
    world_restart(world);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 20);
    end(world);
}
END_TEST

/* holds: OUT-09 OUT-10 */
START_TEST(begun_is_unknown)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[1].holds = true;
    world_say(world, &talk, "two", "x");
    world_run(world);
    world_say(world, &talk, "two", "y"); /* not begun */
    ck_assert_uint_eq(world->carriers[1].count, 1);
    world_restart(world);
    world->carriers[1].holds = false;
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "RESULT_UNKNOWN");
    ck_assert_uint_eq(world_leg(world, &talk, 0)->attempts, 1);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(SENT));
    ck_assert_uint_eq(world->carriers[1].count, 2);
    ck_assert_uint_eq(marks(world), 0);
    /* A receipt settles it, also after one more restart. */
    world_restart(world);
    world_run(world);
    ck_assert_int_eq(world_receipt(world, "two", world->carriers[1].sent[0].key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERED));
    ck_assert_uint_eq(world->carriers[1].count, 2);
    end(world);
}
END_TEST

START_TEST(settled_by_a_receipt_before)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[1].holds = true;
    world_say(world, &talk, "two", "x");
    world_run(world);
    ck_assert_int_eq(world_receipt(world, "two", world_sent(world, 1, 0)->key, RECEIPT_DELIVERED),
                     STATUS_OK);
    world_restart(world);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERED));
    ck_assert_uint_eq(marks(world), 0);
    end(world);
}
END_TEST

START_TEST(known_keys_are_sent_again)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].holds = true;
    world_say(world, &talk, "one", "x");
    world_run(world);
    world_restart(world);
    world->carriers[0].holds = false;
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    ck_assert_str_eq(world->carriers[0].sent[0].key, world->carriers[0].sent[1].key);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    end(world);
}
END_TEST

/* What waited goes on waiting, and holds back what came after it. */
START_TEST(waits_and_order_stay)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    put_off(&world->carriers[1]);
    world_say(world, &talk, "two", "0");
    world_run(world);
    world_say(world, &talk, "two", "1");
    world_say(world, &talk, "two", "2");
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    world->carriers[1].outcome = SEND_TAKEN;
    world_restart(world);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    ck_assert_uint_eq(world_leg(world, &talk, 0)->attempts, 1);
    world_move(world, 10 * MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 4);
    for (unsigned i = 0; i < 3; i++) {
        char body[16];
        snprintf(body, sizeof body, "%u", i);
        ck_assert_str_eq(world->carriers[1].sent[i + 1].body, body);
    }
    end(world);
}
END_TEST

/* What stands behind something that waits long has a life of its own, also when a server takes it up that never looked at it. */
START_TEST(life_ends_behind_what_waits)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    put_off(&world->carriers[0]);
    world_say(world, &talk, "one", "0");
    world_run(world);
    const struct message_draft draft = {.service = world->service,
                                        .session = talk.session,
                                        .participant = talk.b,
                                        .body = "1",
                                        .max_life = MINUTE};
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_restart(world);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(QUEUED));
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(FAILED));
    ck_assert_str_eq(world_leg(world, &talk, 1)->reason, "MESSAGE_EXPIRED");
    ck_assert_uint_eq(world->carriers[0].count, 1);
    end(world);
}
END_TEST

START_TEST(closed_while_down)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world_say(world, &talk, "two", "x");
    manual_clock_move(&world->clock, MINUTE);
    world_restart(world);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    end(world);
}
END_TEST

static void text_the_next(struct world *world, const struct sent *sent)
{
    if (!strcmp(sent->body, "0") && world->carriers[1].count == 1)
        world_say(world, world->watcher, "two", "1");
}

/* Allowed to be sent, but not in its turn: it was not begun, and a server that goes and comes back sends it. */
START_TEST(out_of_turn_is_not_begun)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    put_off(&world->carriers[1]);
    world->carriers[1].watch = text_the_next;
    world->watcher = &talk;
    world_say(world, &talk, "two", "0");
    world_run(world);
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    ck_assert_uint_eq(marks(world), 0);
    world->carriers[1].outcome = SEND_TAKEN;
    world_restart(world);
    world_move(world, 10 * MINUTE);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(SENT));
    ck_assert_str_eq(world_sent(world, 1, 0)->body, "1");
    ck_assert_uint_eq(world->carriers[1].count, 3);
    end(world);
}
END_TEST

/* The same, with no restart: it goes when it is its turn. */
START_TEST(out_of_turn_waits)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    put_off(&world->carriers[1]);
    world->carriers[1].watch = text_the_next;
    world->watcher = &talk;
    world_say(world, &talk, "two", "0");
    world_run(world);
    ck_assert_uint_eq(world_leg(world, &talk, 1)->attempts, 0);
    world->carriers[1].outcome = SEND_TAKEN;
    world_move(world, 10 * MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 3);
    ck_assert_str_eq(world_sent(world, 1, 1)->body, "0");
    ck_assert_str_eq(world_sent(world, 1, 0)->body, "1");
    end(world);
}
END_TEST

static void deny(struct world *world, const struct sent *sent)
{
    (void)sent;
    atomic_store(&world->denies, world->carriers[0].count == 1);
}

static void wait_for_store(struct world *world)
{
    struct error why;
    time_t begin = time(NULL);
    while (pipeline_refuses(masking_pipeline(world->masking), &why)) {
        ck_assert_int_lt(time(NULL) - begin, 30);
        sched_yield();
    }
}

/* That it is to be tried again was written, and the server was told that it was not: it is tried again all the same. */
START_TEST(written_after_all)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    put_off(&world->carriers[0]);
    world->carriers[0].watch = deny;
    world_say(world, &talk, "one", "x");
    int64_t due = world_now(world) + 10 * MINUTE;
    world_run(world);
    ck_assert(!atomic_load(&world->denies));
    wait_for_store(world);
    world_move(world, 2 * SECOND);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->due_time, due); /* as it was written first */
    ck_assert_uint_eq(world_leg(world, &talk, 0)->attempts, 1);
    world->carriers[0].outcome = SEND_TAKEN;
    world_move(world, 10 * MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    end(world);
}
END_TEST

/* A program that attaches after a restart gets what waits for it at once, however long it has waited. */
START_TEST(ready_after_a_restart)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    world_say(world, &talk, "one", "x");
    world_run(world);
    world_restart(world);
    world->carriers[0].outcome = SEND_TAKEN;
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ingress_carrier_ready(world->masking, "one");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    end(world);
}
END_TEST

/* That an attempt is begun was written, and the server was told that it was not: then it is not begun. */
/* holds: OUT-07 */
START_TEST(not_begun_before_it_is_durable)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "two", "x");
    atomic_store(&world->denies, true);
    world_run(world);
    ck_assert(!atomic_load(&world->denies));
    ck_assert_uint_eq(world->carriers[1].count, 0);
    wait_for_store(world);
    world_move(world, 2 * SECOND);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    end(world);
}
END_TEST

static bool always(void *data)
{
    (void)data;
    return true;
}

/* One carrier has perhaps sent it; the number goes to another, which knows none of the first one's keys. */
/* holds: OUT-11 OUT-12 */
START_TEST(perhaps_sent_stays_with_its_carrier)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_LOST;
    world->carriers[1].port.idempotent = always;
    world_say(world, &talk, "one", "x");
    world_run(world);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "RESULT_UNKNOWN");
    static const char *const two[] = {"two"};
    const struct number_change change = {
        .service = world->service, .number = talk.proxy_b, .carriers = two, .carrier_count = 1};
    ck_done(call_number_update(world, &change).number);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    end(world);
}
END_TEST

/* The server dies while carrier "one", which honours keys, has a text. */
static struct world *cut_off(struct talk *ret_talk)
{
    struct world *world = world_on_disk("one");
    *ret_talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].holds = true;
    world_say(world, ret_talk, "one", "x");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_restart(world);
    world->carriers[0].holds = false;
    return world;
}

static void give_to(struct world *world, const char *number, const char *const *carriers,
                    size_t count)
{
    const struct number_change change = {
        .service = world->service, .number = number, .carriers = carriers, .carrier_count = count};
    ck_done(call_number_update(world, &change).number);
}

static void ck_given_up(struct world *world, const struct talk *talk)
{
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    const Maskline__Store__V1__Leg *leg = world_leg(world, talk, 0);
    ck_assert_int_eq(leg->status, STATUS(DELIVERY_UNKNOWN));
    ck_assert_str_eq(leg->reason, "RESULT_UNKNOWN");
    ck_assert_str_eq(leg->carrier, "one");
    ck_assert_uint_eq(leg->attempts, 1);
    ck_assert_uint_eq(marks(world), 0);
    ck_assert_int_eq(world_receipt(world, "one", world->carriers[0].sent[0].key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_int_eq(world_leg(world, talk, 0)->status, STATUS(DELIVERED));
}

START_TEST(cut_off_stays_with_its_carrier)
{
    struct talk talk;
    struct world *world = cut_off(&talk);
    static const char *const two[] = {"two"};
    world->carriers[1].port.idempotent = always;
    give_to(world, talk.proxy_b, two, 1);
    ck_given_up(world, &talk);
    end(world);
}
END_TEST

START_TEST(cut_off_with_a_second_carrier)
{
    struct talk talk;
    struct world *world = cut_off(&talk);
    static const char *const both[] = {"one", "two"};
    give_to(world, talk.proxy_b, both, 2);
    ck_given_up(world, &talk);
    end(world);
}
END_TEST

static bool never(void *data)
{
    (void)data;
    return false;
}

START_TEST(cut_off_by_one_that_forgot_its_keys)
{
    struct talk talk;
    struct world *world = cut_off(&talk);
    world->carriers[0].port.idempotent = never;
    ck_given_up(world, &talk);
    end(world);
}
END_TEST

/* That its session was closed meanwhile does not make it unsent. */
START_TEST(cut_off_and_closed)
{
    struct talk talk;
    struct world *world = cut_off(&talk);
    world_end_talk(world, &talk);
    ck_given_up(world, &talk);
    end(world);
}
END_TEST

/* Another try surely did nothing: the first may have. */
START_TEST(cut_off_and_tried_in_vain)
{
    struct talk talk;
    struct world *world = cut_off(&talk);
    world->carriers[0].outcome = SEND_RETRY;
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "RESULT_UNKNOWN");
    static const char *const two[] = {"two"};
    give_to(world, talk.proxy_b, two, 1);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    ck_assert_uint_eq(marks(world), 0);
    end(world);
}
END_TEST

START_TEST(cut_off_and_settled_by_a_receipt)
{
    struct talk talk;
    struct world *world = cut_off(&talk);
    ck_assert_uint_eq(marks(world), 1);
    ck_assert_int_eq(world_receipt(world, "one", world->carriers[0].sent[0].key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_uint_eq(marks(world), 0);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERED));
    end(world);
}
END_TEST

/* What waits and was never handed over may go by whatever its number has now. */
START_TEST(not_begun_goes_by_the_new_carrier)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "one", "x");
    world_restart(world);
    static const char *const two[] = {"two"};
    give_to(world, talk.proxy_b, two, 1);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 1);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    ck_assert_uint_eq(marks(world), 0);
    end(world);
}
END_TEST

/* A carrier that ends with this process has sent nothing that outlives it. */
START_TEST(what_is_forgotten_needs_no_mark)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].port.forgets = true;
    world->carriers[0].holds = true;
    world_say(world, &talk, "one", "x");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_uint_eq(marks(world), 0);
    end(world);
}
END_TEST

SUITE_MAIN("recover", ready_after_a_restart, life_ends_behind_what_waits,
           cut_off_stays_with_its_carrier, cut_off_with_a_second_carrier,
           cut_off_by_one_that_forgot_its_keys, cut_off_and_closed, cut_off_and_tried_in_vain,
           cut_off_and_settled_by_a_receipt, not_begun_goes_by_the_new_carrier,
           what_is_forgotten_needs_no_mark, not_begun_is_sent, begun_is_unknown,
           settled_by_a_receipt_before, known_keys_are_sent_again, waits_and_order_stay,
           closed_while_down, out_of_turn_is_not_begun, out_of_turn_waits,
           perhaps_sent_stays_with_its_carrier, written_after_all, not_begun_before_it_is_durable)
