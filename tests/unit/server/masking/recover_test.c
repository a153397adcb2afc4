#include "tests/unit/server/masking/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What becomes of messages under way when the server goes and comes back. */

#define ANN "+15551230001"
#define BOB "+15551230002"

static char path[64];

static struct world *world_on_disk(const char *carriers)
{
    memcpy(path, "/tmp/maskline-recover-XXXXXX", 29);
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, "+15559990001", carriers);
    world_number(world, "+15559990002", carriers);
    return world;
}

static void end(struct world *world)
{
    world_close(world);
    folder_remove(path);
}

static void text(struct world *world, const struct talk *talk, const char *carrier,
                 const char *body)
{
    char id[32];
    snprintf(id, sizeof id, "text %u", ++world->ids);
    ck_accepted(world_hand_in(world, &(struct inbound_message){.carrier = carrier,
                                                               .provider_id = id,
                                                               .from = ANN,
                                                               .to = talk->proxy_a,
                                                               .body = body}));
}

START_TEST(not_begun_is_sent)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    for (int i = 0; i < 20; i++)
        text(world, &talk, "two", "x");
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

START_TEST(begun_is_unknown)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[1].holds = true;
    text(world, &talk, "two", "x");
    world_run(world);
    text(world, &talk, "two", "y"); /* not begun */
    ck_assert_uint_eq(world->carriers[1].count, 1);
    world_restart(world);
    world->carriers[1].holds = false;
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "RESULT_UNKNOWN");
    ck_assert_uint_eq(world_leg(world, &talk, 0)->attempts, 1);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(SENT));
    ck_assert_uint_eq(world->carriers[1].count, 2);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_attempts(TENANT_DEFAULT, log_service(&log))),
                      0);
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
    text(world, &talk, "two", "x");
    world_run(world);
    ck_assert_int_eq(world_receipt(world, "two", world_sent(world, 1, 0)->key, RECEIPT_DELIVERED),
                     STATUS_OK);
    world_restart(world);
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERED));
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_attempts(TENANT_DEFAULT, log_service(&log))),
                      0);
    end(world);
}
END_TEST

START_TEST(known_keys_are_sent_again)
{
    struct world *world = world_on_disk("one");
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].holds = true;
    text(world, &talk, "one", "x");
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
    world->carriers[1].outcome = SEND_RETRY;
    world->carriers[1].retry_after = 10 * MINUTE;
    text(world, &talk, "two", "0");
    world_run(world);
    text(world, &talk, "two", "1");
    text(world, &talk, "two", "2");
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

START_TEST(closed_while_down)
{
    struct world *world = world_on_disk("two");
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    text(world, &talk, "two", "x");
    manual_clock_move(&world->clock, MINUTE);
    world_restart(world);
    world_run(world);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    end(world);
}
END_TEST

SUITE_MAIN("recover", not_begun_is_sent, begun_is_unknown, settled_by_a_receipt_before,
           known_keys_are_sent_again, waits_and_order_stay, closed_while_down)
