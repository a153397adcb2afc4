#include "server/masking/outbox/outbox_internal.h"
#include "tests/unit/server/masking/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More messages than the outbox holds in memory, and more than a carrier takes at once. */

#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *world_with_limits(struct outbox_limits limits, const char *path)
{
    struct world *world = world_open(path);
    world->masking->outbox->limits = limits;
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", "two");
    return world;
}

static void texts(struct world *world, const struct talk *talk, const char *from, int count)
{
    bool by_two = !strcmp(talk->proxy_a, "+15559990002");
    for (int i = 0; i < count; i++) {
        char body[16], id[32];
        snprintf(body, sizeof body, "%d", i);
        snprintf(id, sizeof id, "text %u", ++world->ids);
        struct inbound_message message = {.carrier = by_two ? "two" : "one",
                                          .provider_id = id,
                                          .from = from,
                                          .to = talk->proxy_a,
                                          .body = body};
        ck_accepted(world_hand_in(world, &message));
    }
}

static bool in_order(const struct fake *fake, const char *to)
{
    int last = -1;
    for (unsigned i = 0; i < fake->count; i++) {
        if (strcmp(fake->sent[i].to, to) != 0)
            continue;
        int number = (int)strtol(fake->sent[i].body, NULL, 10);
        if (number <= last)
            return false;
        last = number;
    }
    return true;
}

START_TEST(what_does_not_fit_is_sent_later)
{
    struct world *world =
        world_with_limits((struct outbox_limits){.legs = 16, .in_flight = 8}, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    texts(world, &talk, ANN, 300);
    for (int i = 0; i < 100; i++) {
        world_run(world);
        world_move(world, SECOND);
        ck_assert_uint_le(world->masking->outbox->letters.count, 16);
    }
    ck_assert_uint_eq(world->carriers[0].count + world->carriers[1].count, 300);
    for (unsigned i = 0; i < 300; i++)
        ck_assert_int_eq(world_leg(world, &talk, i)->status, STATUS(SENT));
    ck_assert_uint_eq(world->masking->outbox->letters.count, 0);
    ck_assert_uint_eq(world->masking->outbox->lanes.count, 0);
    world_close(world);
}
END_TEST

START_TEST(no_more_than_the_carrier_takes)
{
    struct world *world =
        world_with_limits((struct outbox_limits){.legs = 1000, .in_flight = 5}, NULL);
    struct fake *one = &world->carriers[0];
    world_number_state(world, "+15559990002",
                       MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_DRAINING);
    for (int i = 0; i < 20; i++) {
        char a[24], b[24];
        snprintf(a, sizeof a, "+1555200%04d", i);
        snprintf(b, sizeof b, "+1555300%04d", i);
        struct talk talk = world_talk(world, a, b, 0);
        texts(world, &talk, a, 3);
    }
    one->holds = true;
    world_run(world);
    ck_assert_uint_eq(one->count, 5);
    unsigned answered = 0;
    while (answered < one->count) {
        world_answer(world, &one->sent[answered++], SEND_TAKEN);
        world_run(world);
        ck_assert_uint_le(one->count - answered, 5);
    }
    ck_assert_uint_eq(one->count, 60);
    ck_assert_uint_eq(atomic_load(&ports_at(world->masking->ports, 0)->in_flight), 0);
    ck_assert_uint_eq(world->masking->outbox->letters.count, 0);
    world_close(world);
}
END_TEST

/* A carrier that takes nothing more does not keep a message from its end. */
START_TEST(waiting_for_room_ends_with_life)
{
    struct world *world =
        world_with_limits((struct outbox_limits){.legs = 1000, .in_flight = 1}, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct talk other = world_talk(world, "+15551230003", "+15551230004", 0);
    world->carriers[0].holds = true;
    world->carriers[1].holds = true;
    texts(world, &talk, ANN, 1);
    texts(world, &other, "+15551230003", 2);
    world_run(world);
    world_move(world, HOUR);
    world_run(world);
    for (unsigned i = 0; i < 2; i++)
        ck_assert(world_leg(world, &other, i)->status != STATUS(QUEUED));
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(DELIVERY_UNKNOWN));
    world_close(world);
}
END_TEST

/* A carrier that is down fills the memory; what another carrier has to send goes on. */
START_TEST(one_that_is_down_does_not_hold_up_another)
{
    struct world *world =
        world_with_limits((struct outbox_limits){.legs = 40, .in_flight = 20}, NULL);
    struct fake *one = &world->carriers[0], *two = &world->carriers[1];
    one->outcome = two->outcome = SEND_RETRY;
    one->retry_after = two->retry_after = 10 * MINUTE;
    struct talk talks[60];
    for (int i = 0; i < 60; i++) {
        char a[24], b[24];
        snprintf(a, sizeof a, "+1555200%04d", i);
        snprintf(b, sizeof b, "+1555300%04d", i);
        talks[i] = world_talk(world, a, b, 0);
    }
    for (int i = 0; i < 60; i++) {
        struct message_draft draft = {.service = world->service,
                                      .session = talks[i].session,
                                      .participant = talks[i].a,
                                      .body = "1"};
        ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
        world_run(world);
    }
    unsigned by_one = one->count;
    ck_assert_uint_eq(one->count + two->count, 60);
    ck_assert_uint_le(world->masking->outbox->letters.count, 40);
    two->outcome = SEND_TAKEN;
    one->outcome = SEND_TAKEN;
    for (int i = 0; i < 60; i++) {
        world_move(world, 20 * SECOND);
        world_run(world);
    }
    ck_assert_uint_eq(one->count, 2 * by_one);
    ck_assert_uint_eq(one->count + two->count, 120);
    for (int i = 0; i < 60; i++)
        ck_assert_int_eq(world_leg(world, &talks[i], 0)->status, STATUS(SENT));
    world_close(world);
}
END_TEST

START_TEST(order_after_a_restart)
{
    char path[] = "/tmp/maskline-backlog-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world =
        world_with_limits((struct outbox_limits){.legs = 10000, .in_flight = 100}, path);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    texts(world, &talk, ANN, 500);
    world_restart(world);
    world_run(world);
    unsigned count = 0;
    for (int i = 0; i < CARRIERS; i++) {
        ck_assert(in_order(&world->carriers[i], BOB));
        count += world->carriers[i].count;
    }
    ck_assert_uint_eq(count, 500);
    world_close(world);
    folder_remove(path);
}
END_TEST

SUITE_MAIN("backlog", what_does_not_fit_is_sent_later, no_more_than_the_carrier_takes,
           waiting_for_room_ends_with_life, one_that_is_down_does_not_hold_up_another,
           order_after_a_restart)
