/*
 * What a program hands in, and how it hears what became of it.
 */
#include "proto/c/clock.h"
#include "server/carriers/gateway/gateway.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct masking *fake;
    struct carriers *carriers;
    struct gateway *gateway;
    struct arena *arena;
    struct gateway_attachment *attachment;
    unsigned wakes;
    unsigned read_ons;
    bool leaves;
};

static void wake(void *data)
{
    struct world *world = data;
    world->wakes++;
    if (world->leaves) {
        gateway_detach(world->attachment);
        world->attachment = NULL;
    }
}

static void read_on(void *data)
{
    struct world *world = data;
    world->read_ons++;
}

static void attach(struct world *world)
{
    struct error error;
    bool took_over;
    const struct gateway_program program = {.wake = wake, .read_on = read_on, .data = world};
    ck_assert(gateway_attach(world->gateway, &program, &world->attachment, &took_over, &error));
}

static void set_up(struct world *world)
{
    struct error error;
    *world = (struct world){.fake = fake_new(), .arena = arena_new(16 * 1024 * 1024)};
    const struct carrier_options options = {.clock = clock_real(), .manual = true};
    world->carriers = carriers_new(&options);
    ck_assert(carriers_add(world->carriers, "gateway:smsc", &error));
    ck_assert(carriers_attach(world->carriers, world->fake, &error));
    world->gateway = carriers_gateway(world->carriers, "smsc", &error);
    attach(world);
}

static void tear_down(struct world *world)
{
    gateway_detach(world->attachment);
    carriers_stop(world->carriers);
    fake_answer(world->fake);
    carriers_free(world->carriers);
    arena_free(world->arena);
    fake_free(world->fake);
}

static bool hand_in(struct world *world, const char *id, const char *body)
{
    const struct ingress_media media = {"https://example.com/a", "image/png"};
    const struct gateway_inbound inbound = {.provider_id = id,
                                            .from = "+15551230001",
                                            .to = "+15550000001",
                                            .body = body,
                                            .media = &media,
                                            .media_count = 1};
    return gateway_inbound(world->attachment, &inbound);
}

static bool hand_in_receipt(struct world *world, const char *key, uint64_t tag)
{
    const struct gateway_receipt receipt = {.key = key,
                                            .tag = tag,
                                            .status = RECEIPT_UNDELIVERED,
                                            .carrier_code = "30003",
                                            .provider_id = "smsc-7"};
    return gateway_receipt(world->attachment, &receipt);
}

static struct gateway_answer expect(struct world *world, enum gateway_output_kind kind,
                                    const char *id, enum inbound_outcome outcome,
                                    const char *reason)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(world->attachment, world->arena, &output, &status),
                     GATEWAY_OUTPUT);
    ck_assert_int_eq(output.kind, kind);
    ck_assert_str_eq(output.answer.id, id);
    ck_assert_int_eq(output.answer.outcome, outcome);
    ck_assert_str_eq(output.answer.reason, reason);
    return output.answer;
}

static void expect_later(struct world *world)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(world->attachment, world->arena, &output, &status),
                     GATEWAY_LATER);
}

static enum status_code expect_end(struct world *world)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(world->attachment, world->arena, &output, &status),
                     GATEWAY_ENDED);
    return status.code;
}

START_TEST(test_a_text_is_handed_in_and_answered)
{
    struct world world;
    set_up(&world);
    expect_later(&world);
    ck_assert(hand_in(&world, "p1", "hello"));
    ck_assert_uint_eq(world.wakes, 1);
    const struct fake_note *note = &world.fake->messages[0];
    ck_assert_str_eq(note->id, "p1");
    ck_assert_str_eq(note->from, "+15551230001");
    ck_assert_str_eq(note->to, "+15550000001");
    ck_assert_str_eq(note->body, "hello");
    ck_assert_uint_eq(note->media_count, 1);
    expect(&world, GATEWAY_INBOUND_RESULT, "p1", INBOUND_ACCEPTED, "");
    world.fake->reject = true;
    hand_in(&world, "p2", "");
    struct gateway_answer answer =
        expect(&world, GATEWAY_INBOUND_RESULT, "p2", INBOUND_REJECTED, "NO_ROUTE");
    ck_assert_int_eq(answer.original, 80904);
    ck_assert(answer.repeated);
    world.fake->refuse = STATUS_UNAVAILABLE;
    hand_in(&world, "p3", "");
    expect(&world, GATEWAY_INBOUND_RESULT, "p3", INBOUND_FAILED, "NOT_NOW");
    expect_later(&world);
    tear_down(&world);
}
END_TEST

START_TEST(test_receipts_are_answered_by_what_went_wrong)
{
    static const struct {
        enum status_code code;
        enum inbound_outcome outcome;
        const char *reason;
    } cases[] = {
        {STATUS_OK, INBOUND_ACCEPTED, ""},
        {STATUS_NOT_FOUND, INBOUND_REJECTED, "KEY_NOT_FOUND"},
        {STATUS_PERMISSION_DENIED, INBOUND_REJECTED, "KEY_OF_OTHER_CARRIER"},
        {STATUS_INVALID_ARGUMENT, INBOUND_REJECTED, "INVALID_FIELD"},
        {STATUS_UNAVAILABLE, INBOUND_FAILED, "NOT_NOW"},
        {STATUS_RESOURCE_EXHAUSTED, INBOUND_FAILED, "NOT_NOW"},
    };
    struct world world;
    set_up(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world.fake->refuse = cases[i].code;
        ck_assert(hand_in_receipt(&world, "k", 40 + i));
        struct gateway_answer answer =
            expect(&world, GATEWAY_RECEIPT_RESULT, "k", cases[i].outcome, cases[i].reason);
        ck_assert_uint_eq(answer.tag, 40 + i);
        ck_assert_int_eq(world.fake->receipts[i].status, RECEIPT_UNDELIVERED);
        ck_assert_str_eq(world.fake->receipts[i].code, "30003");
        ck_assert_str_eq(world.fake->receipts[i].from, "smsc-7");
    }
    tear_down(&world);
}
END_TEST

START_TEST(test_what_cannot_be_handed_in_is_answered_all_the_same)
{
    struct world world;
    set_up(&world);
    const struct gateway_answer refused = {
        .id = "k9", .tag = 9, .outcome = INBOUND_REJECTED, .reason = "INVALID_FIELD"};
    expect_later(&world);
    ck_assert(gateway_refuse(world.attachment, GATEWAY_RECEIPT_RESULT, &refused));
    ck_assert_uint_eq(world.wakes, 1);
    struct gateway_answer answer =
        expect(&world, GATEWAY_RECEIPT_RESULT, "k9", INBOUND_REJECTED, "INVALID_FIELD");
    ck_assert_uint_eq(answer.tag, 9);
    expect_later(&world);
    world.leaves = true;
    gateway_refuse(world.attachment, GATEWAY_RECEIPT_RESULT, &refused);
    ck_assert_ptr_null(world.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_program_that_does_not_read_is_not_read)
{
    struct world world;
    set_up(&world);
    char id[16];
    for (int i = 0; i < GATEWAY_HANDED_IN; i++) {
        snprintf(id, sizeof id, "p%d", i);
        ck_assert_int_eq(hand_in(&world, id, ""), i < GATEWAY_HANDED_IN - 1);
    }
    /* What comes all the same is taken. */
    ck_assert(!hand_in(&world, "more", ""));
    for (int i = 0; i <= GATEWAY_HANDED_IN / 2; i++) {
        ck_assert_uint_eq(world.read_ons, 0);
        arena_reset(world.arena);
        snprintf(id, sizeof id, "p%d", i);
        expect(&world, GATEWAY_INBOUND_RESULT, id, INBOUND_ACCEPTED, "");
    }
    ck_assert_uint_eq(world.read_ons, 1);
    ck_assert(hand_in(&world, "again", ""));
    tear_down(&world);
}
END_TEST

START_TEST(test_large_texts_fill_it_sooner)
{
    enum { SIZE = 1024 * 1024 };
    struct world world;
    set_up(&world);
    char *body = malloc(SIZE);
    ck_assert_ptr_nonnull(body);
    memset(body, 'x', SIZE - 1);
    body[SIZE - 1] = '\0';
    unsigned taken = 1;
    while (hand_in(&world, "p", body))
        taken++;
    ck_assert_uint_eq(taken, GATEWAY_HANDED_IN_BYTES / SIZE);
    while (!world.read_ons)
        expect(&world, GATEWAY_INBOUND_RESULT, "p", INBOUND_ACCEPTED, "");
    ck_assert(hand_in(&world, "p", ""));
    free(body);
    tear_down(&world);
}
END_TEST

START_TEST(test_answers_and_sends_take_turns)
{
    struct world world;
    set_up(&world);
    for (int i = 0; i < 3; i++) {
        hand_in(&world, "p", "");
        fake_send(world.fake, world.fake->ports[0], "k", "+15551230002", "");
    }
    for (int i = 0; i < 6; i++) {
        struct gateway_output output;
        struct error status;
        ck_assert_int_eq(gateway_next(world.attachment, world.arena, &output, &status),
                         GATEWAY_OUTPUT);
        ck_assert_int_eq(output.kind, i % 2 ? GATEWAY_SEND : GATEWAY_INBOUND_RESULT);
    }
    tear_down(&world);
}
END_TEST

START_TEST(test_after_half_close_all_is_answered)
{
    struct world world;
    set_up(&world);
    world.fake->hold = true;
    hand_in(&world, "p1", "");
    hand_in_receipt(&world, "k1", 1);
    gateway_half_close(world.attachment);
    expect_later(&world);
    fake_answer(world.fake);
    ck_assert_uint_eq(world.wakes, 1);
    expect(&world, GATEWAY_INBOUND_RESULT, "p1", INBOUND_ACCEPTED, "");
    expect(&world, GATEWAY_RECEIPT_RESULT, "k1", INBOUND_ACCEPTED, "");
    ck_assert_int_eq(expect_end(&world), STATUS_OK);
    tear_down(&world);
}
END_TEST

START_TEST(test_half_close_with_nothing_under_way_ends_at_once)
{
    struct world world;
    set_up(&world);
    expect_later(&world);
    gateway_half_close(world.attachment);
    ck_assert_uint_eq(world.wakes, 1);
    ck_assert_int_eq(expect_end(&world), STATUS_OK);
    tear_down(&world);
}
END_TEST

START_TEST(test_answers_for_those_who_left_go_nowhere)
{
    struct world world;
    set_up(&world);
    world.fake->hold = true;
    hand_in(&world, "p1", "");
    hand_in_receipt(&world, "k1", 1);
    expect_later(&world);
    gateway_detach(world.attachment);
    world.attachment = NULL;
    /* Also when the carriers have stopped meanwhile. */
    carriers_stop(world.carriers);
    fake_answer(world.fake);
    ck_assert_uint_eq(world.wakes, 0);
    tear_down(&world);
}
END_TEST

START_TEST(test_one_may_leave_in_the_wake_of_an_answer)
{
    struct world world;
    set_up(&world);
    world.fake->hold = true;
    hand_in(&world, "p1", "");
    hand_in(&world, "p2", "");
    expect_later(&world);
    world.leaves = true;
    fake_answer(world.fake);
    ck_assert_uint_eq(world.wakes, 1);
    ck_assert_ptr_null(world.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_answers_for_one_that_was_taken_over_go_nowhere)
{
    struct world world;
    set_up(&world);
    world.fake->hold = true;
    hand_in(&world, "p1", "");
    struct gateway_attachment *old = world.attachment;
    attach(&world);
    fake_answer(world.fake);
    expect_later(&world);
    ck_assert_uint_eq(world.wakes, 0);
    gateway_detach(old);
    tear_down(&world);
}
END_TEST

SUITE_MAIN("handed_in", test_a_text_is_handed_in_and_answered,
           test_receipts_are_answered_by_what_went_wrong,
           test_what_cannot_be_handed_in_is_answered_all_the_same,
           test_a_program_that_does_not_read_is_not_read, test_large_texts_fill_it_sooner,
           test_answers_and_sends_take_turns, test_after_half_close_all_is_answered,
           test_half_close_with_nothing_under_way_ends_at_once,
           test_answers_for_those_who_left_go_nowhere, test_one_may_leave_in_the_wake_of_an_answer,
           test_answers_for_one_that_was_taken_over_go_nowhere)
