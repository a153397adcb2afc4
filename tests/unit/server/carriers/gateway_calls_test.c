/*
 * Calls by a program: what it hands in and is told, and what becomes of calls when it goes.
 */
#include "proto/c/clock.h"
#include "server/carriers/gateway/gateway.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL                                                                               \
    (CALL_CAN_CARRY | CALL_CAN_ASK | CALL_CAN_PLACE | CALL_CAN_SPEAK | CALL_CAN_ASK_KEY | \
     CALL_CAN_RECORD)

static const struct call_target targets[] = {{"+15550000001", "+15551230001"},
                                             {"+15550000002", "+15551230002"},
                                             {"+15550000002", "+15551230003"}};

static const struct call_plan plan = {
    .key = "k1",
    .second = {&targets[1], 2},
    .announcement = "One moment.",
    .whisper = "A passenger.",
    .ask_key = true,
    .key_limit = 10,
    .record = true,
    .consent_notice = "Recorded.",
    .ring_limit = 20,
    .longest_call = 30,
    .expire_time = 5000,
};

struct world {
    struct masking *fake;
    struct manual_clock clock;
    struct manual_clock timeouts;
    int64_t now;
    struct carriers *carriers;
    struct gateway *gateway;
    const struct carrier_port *port;
    const struct call_port *calls;
    struct arena *arena;
    size_t read;
    char text[2000];
};

struct program {
    struct gateway_attachment *attachment;
    unsigned wakes;
    bool took_over;
};

static void set_up(struct world *world)
{
    struct error error;
    *world = (struct world){.fake = fake_new(), .arena = arena_new(64 * 1024 * 1024)};
    manual_clock_set(&world->clock, 1000);
    const struct carrier_options options = {.clock = clock_manual(&world->clock),
                                            .timeouts = clock_manual(&world->timeouts),
                                            .manual = true};
    world->carriers = carriers_new(&options);
    ck_assert(carriers_add(world->carriers, "gateway:net", &error));
    ck_assert(carriers_attach(world->carriers, world->fake, &error));
    world->gateway = carriers_gateway(world->carriers, "net", &error);
    world->port = world->fake->ports[0];
    world->calls = world->port->calls;
    ck_assert_ptr_nonnull(world->calls);
    world->fake->call_result =
        (struct inbound_call_result){.outcome = CALL_ACCEPTED, .plan = &plan};
}

static void tear_down(struct world *world)
{
    carriers_stop(world->carriers);
    fake_answer(world->fake);
    carriers_free(world->carriers);
    arena_free(world->arena);
    fake_free(world->fake);
}

static void wake(void *data)
{
    struct program *program = data;
    program->wakes++;
}

static void attach(struct world *world, struct program *program, unsigned abilities)
{
    struct error error;
    *program = (struct program){.wakes = 0};
    const struct gateway_program described = {
        .wake = wake, .read_on = wake, .data = program, .call_abilities = abilities};
    ck_assert(gateway_attach(world->gateway, &described, &program->attachment, &program->took_over,
                             &error));
}

static struct gateway_output next(struct world *world, struct program *program,
                                  enum gateway_output_kind kind)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(program->attachment, world->arena, &output, &status),
                     GATEWAY_OUTPUT);
    ck_assert_int_eq(output.kind, kind);
    return output;
}

static void expect_later(struct world *world, struct program *program)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(program->attachment, world->arena, &output, &status),
                     GATEWAY_LATER);
}

static void expect_call(struct world *world, struct program *program, const char *key)
{
    struct gateway_output output = next(world, program, GATEWAY_PLACE_CALL);
    ck_assert_str_eq(output.plan.key, key);
}

static void expect_hang_up(struct world *world, struct program *program, const char *key)
{
    struct gateway_output output = next(world, program, GATEWAY_HANG_UP);
    ck_assert_str_eq(output.key, key);
}

static void pass(struct world *world, int64_t seconds)
{
    world->now += seconds * MICROSECONDS;
    manual_clock_set(&world->timeouts, world->now);
}

/* What the domain was told since. */
static const char *told(struct world *world)
{
    carriers_run_due(world->carriers);
    fake_told(world->fake, world->read, world->text, sizeof world->text);
    world->read = world->fake->progress_count;
    return world->text;
}

static bool place(struct world *world, const char *key)
{
    struct call_plan placed = plan;
    placed.key = key;
    placed.first = (struct call_party){&targets[0], 1};
    return world->calls->place(world->port->data, &placed);
}

static void hang_up(struct world *world, const char *key)
{
    world->calls->hang_up(world->port->data, key);
}

static void progress(struct program *program, const char *key, enum call_status status)
{
    gateway_progress(program->attachment, &(struct gateway_progress){.key = key,
                                                                     .tag = 7,
                                                                     .side = CALL_SECOND,
                                                                     .status = status,
                                                                     .target = 1,
                                                                     .time = 99,
                                                                     .seconds = 5,
                                                                     .recorded = true,
                                                                     .carrier_code = "E1",
                                                                     .provider_id = "p1"});
}

static const struct gateway_inbound_call call = {"c1", "+15551230001", "+15550000001"};

START_TEST(test_who_carries_calls)
{
    struct world world;
    struct program program;
    set_up(&world);
    ck_assert_uint_eq(world.calls->abilities(world.port->data), 0);
    ck_assert(!place(&world, "p1"));
    attach(&world, &program, 0);
    ck_assert_uint_eq(world.calls->abilities(world.port->data), 0);
    ck_assert(!place(&world, "p1"));
    /* Who carries none cannot hand one in either, and is not told to hang up. */
    ck_assert(gateway_inbound_call(program.attachment, &call));
    ck_assert_uint_eq(world.fake->call_count, 0);
    struct gateway_output output = next(&world, &program, GATEWAY_CALL_RESULT);
    ck_assert_int_eq(output.answer.outcome, INBOUND_FAILED);
    ck_assert_str_eq(output.answer.reason, "CARRIER_CARRIES_NO_CALLS");
    ck_assert_str_eq(output.answer.id, "c1");
    hang_up(&world, "k1");
    expect_later(&world, &program);
    struct program better;
    attach(&world, &better, ALL - CALL_CAN_PLACE);
    ck_assert_uint_eq(world.calls->abilities(world.port->data), ALL - CALL_CAN_PLACE);
    ck_assert(!place(&world, "p1"));
    expect_hang_up(&world, &better, "k1");
    gateway_detach(program.attachment);
    gateway_half_close(better.attachment);
    ck_assert_uint_eq(world.calls->abilities(world.port->data), 0);
    gateway_detach(better.attachment);
    ck_assert_str_eq(told(&world), "");
    tear_down(&world);
}
END_TEST

START_TEST(test_a_call_is_handed_in)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    expect_later(&world, &program);
    ck_assert(gateway_inbound_call(program.attachment, &call));
    ck_assert_uint_eq(program.wakes, 1);
    ck_assert_str_eq(world.fake->calls[0].carrier, "net");
    ck_assert_str_eq(world.fake->calls[0].id, "c1");
    ck_assert_str_eq(world.fake->calls[0].from, "+15551230001");
    ck_assert_str_eq(world.fake->calls[0].to, "+15550000001");
    struct gateway_output output = next(&world, &program, GATEWAY_CALL_RESULT);
    ck_assert_int_eq(output.answer.outcome, INBOUND_ACCEPTED);
    ck_assert_str_eq(output.answer.id, "c1");
    ck_assert_str_eq(output.answer.reason, "");
    const struct call_plan *got = output.answer.plan;
    ck_assert_ptr_nonnull(got);
    ck_assert_ptr_ne(got, &plan);
    ck_assert_str_eq(got->key, "k1");
    ck_assert_uint_eq(got->first.count, 0);
    ck_assert_uint_eq(got->second.count, 2);
    ck_assert_str_eq(got->second.targets[1].caller_id, "+15550000002");
    ck_assert_str_eq(got->second.targets[1].number, "+15551230003");
    ck_assert_str_eq(got->announcement, "One moment.");
    ck_assert_str_eq(got->whisper, "A passenger.");
    ck_assert_str_eq(got->consent_notice, "Recorded.");
    ck_assert(got->ask_key && got->record);
    ck_assert_int_eq(got->key_limit, 10);
    ck_assert_int_eq(got->ring_limit, 20);
    ck_assert_int_eq(got->longest_call, 30);
    ck_assert_int_eq(got->expire_time, 5000);
    world.fake->call_result = (struct inbound_call_result){.outcome = CALL_REJECTED,
                                                           .repeated = true,
                                                           .reason = "NO_ROUTE",
                                                           .original = 80904,
                                                           .notice = "Nobody is there."};
    gateway_inbound_call(program.attachment, &call);
    output = next(&world, &program, GATEWAY_CALL_RESULT);
    ck_assert_int_eq(output.answer.outcome, INBOUND_REJECTED);
    ck_assert_str_eq(output.answer.reason, "NO_ROUTE");
    ck_assert_int_eq(output.answer.original, 80904);
    ck_assert_str_eq(output.answer.notice, "Nobody is there.");
    ck_assert(output.answer.repeated && !output.answer.plan);
    world.fake->refuse = STATUS_UNAVAILABLE;
    gateway_inbound_call(program.attachment, &call);
    output = next(&world, &program, GATEWAY_CALL_RESULT);
    ck_assert_int_eq(output.answer.outcome, INBOUND_FAILED);
    ck_assert_str_eq(output.answer.reason, "NOT_NOW");
    ck_assert(!output.answer.plan);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_progress)
{
    static const struct {
        enum status_code refuse;
        bool hang_up;
        enum inbound_outcome outcome;
        const char *reason;
    } cases[] = {
        {STATUS_OK, false, INBOUND_ACCEPTED, ""},
        {STATUS_OK, true, INBOUND_ACCEPTED, ""},
        {STATUS_NOT_FOUND, true, INBOUND_REJECTED, "KEY_NOT_FOUND"},
        {STATUS_PERMISSION_DENIED, false, INBOUND_REJECTED, "KEY_OF_OTHER_CARRIER"},
        {STATUS_INVALID_ARGUMENT, false, INBOUND_REJECTED, "INVALID_FIELD"},
        {STATUS_UNAVAILABLE, false, INBOUND_FAILED, "NOT_NOW"},
    };
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world.fake->refuse = cases[i].refuse;
        world.fake->hang_up = cases[i].hang_up;
        progress(&program, "k1", CALL_COMPLETED);
        ck_assert_str_eq(told(&world), "k1 second COMPLETED 1 5s recorded E1");
        ck_assert_str_eq(world.fake->progress[i].id, "p1");
        ck_assert_int_eq(world.fake->progress[i].time, 99);
        struct gateway_output output = next(&world, &program, GATEWAY_PROGRESS_RESULT);
        ck_assert_str_eq(output.answer.id, "k1");
        ck_assert_uint_eq(output.answer.tag, 7);
        ck_assert_int_eq(output.answer.outcome, cases[i].outcome);
        ck_assert_str_eq(output.answer.reason, cases[i].reason);
        ck_assert_int_eq(output.answer.hang_up, cases[i].hang_up);
    }
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_call_is_placed)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    expect_later(&world, &program);
    ck_assert(place(&world, "p1"));
    ck_assert_uint_eq(program.wakes, 1);
    struct gateway_output output = next(&world, &program, GATEWAY_PLACE_CALL);
    ck_assert_str_eq(output.plan.key, "p1");
    ck_assert_uint_eq(output.plan.first.count, 1);
    ck_assert_str_eq(output.plan.first.targets[0].number, "+15551230001");
    expect_later(&world, &program);
    gateway_placed(program.attachment, "p1", true, "");
    /* Nothing is waited for any more, and no other word of it counts. */
    gateway_placed(program.attachment, "p1", false, "E9");
    gateway_placed(program.attachment, "never", false, "E9");
    pass(&world, 1000);
    ck_assert_str_eq(told(&world), "");
    expect_later(&world, &program);
    /* What happens in it says as much as the result. */
    ck_assert(place(&world, "p2"));
    ck_assert(place(&world, "p2"));
    expect_call(&world, &program, "p2");
    ck_assert(place(&world, "p2"));
    expect_later(&world, &program);
    progress(&program, "p2", CALL_RINGING);
    next(&world, &program, GATEWAY_PROGRESS_RESULT);
    pass(&world, 1000);
    ck_assert_str_eq(told(&world), "p2 second RINGING 1");
    gateway_detach(program.attachment);
    ck_assert_str_eq(told(&world), "");
    tear_down(&world);
}
END_TEST

START_TEST(test_a_call_that_the_program_does_not_take)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    ck_assert(place(&world, "p1"));
    expect_call(&world, &program, "p1");
    world.fake->refuse = STATUS_UNAVAILABLE;
    gateway_placed(program.attachment, "p1", false, "NO_TRUNK");
    ck_assert_str_eq(told(&world), "p1 first FAILED 0 NO_TRUNK");
    /* It is told until it was taken. */
    pass(&world, 1);
    ck_assert_str_eq(told(&world), "p1 first FAILED 0 NO_TRUNK");
    world.fake->refuse = STATUS_OK;
    ck_assert_str_eq(told(&world), "");
    pass(&world, 1);
    ck_assert_str_eq(told(&world), "p1 first FAILED 0 NO_TRUNK");
    pass(&world, 1000);
    ck_assert_str_eq(told(&world), "");
    expect_later(&world, &program);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_call_that_nobody_pulls)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    ck_assert(place(&world, "p1"));
    pass(&world, 9);
    ck_assert_str_eq(told(&world), "");
    pass(&world, 1);
    ck_assert_str_eq(told(&world), "p1 first FAILED 0");
    expect_later(&world, &program);
    /* Nor is it handed out when nobody is to be rung any more. */
    ck_assert(place(&world, "p2"));
    manual_clock_set(&world.clock, 5001);
    expect_later(&world, &program);
    ck_assert_str_eq(told(&world), "p2 first FAILED 0");
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_call_without_a_result)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    ck_assert(place(&world, "p1"));
    expect_call(&world, &program, "p1");
    expect_later(&world, &program);
    pass(&world, 10);
    /* The program may ring somebody all the same. */
    ck_assert_str_eq(told(&world), "p1 first GONE 0");
    ck_assert_uint_eq(program.wakes, 1);
    expect_hang_up(&world, &program, "p1");
    gateway_placed(program.attachment, "p1", true, "");
    expect_later(&world, &program);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_the_program_goes)
{
    struct world world;
    struct program program, after;
    set_up(&world);
    attach(&world, &program, ALL);
    ck_assert(place(&world, "p1"));
    ck_assert(place(&world, "p2"));
    ck_assert(place(&world, "p3"));
    expect_call(&world, &program, "p1");
    expect_call(&world, &program, "p2");
    gateway_placed(program.attachment, "p1", true, "");
    gateway_detach(program.attachment);
    /* The first lives on, of the second nobody knows, and the third rings nobody. */
    ck_assert_str_eq(told(&world), "p3 first FAILED 0; p2 first GONE 0");
    hang_up(&world, "p1");
    hang_up(&world, "p1");
    attach(&world, &after, ALL);
    expect_hang_up(&world, &after, "p2");
    expect_hang_up(&world, &after, "p1");
    expect_later(&world, &after);
    hang_up(&world, "p1");
    ck_assert_uint_eq(after.wakes, 1);
    expect_hang_up(&world, &after, "p1");
    gateway_detach(after.attachment);
    ck_assert_str_eq(told(&world), "");
    tear_down(&world);
}
END_TEST

START_TEST(test_another_program_takes_over)
{
    struct world world;
    struct program program, after;
    set_up(&world);
    attach(&world, &program, ALL);
    ck_assert(place(&world, "p1"));
    expect_call(&world, &program, "p1");
    ck_assert(place(&world, "p2"));
    attach(&world, &after, ALL);
    ck_assert(after.took_over);
    ck_assert_str_eq(told(&world), "p2 first FAILED 0; p1 first GONE 0");
    expect_hang_up(&world, &after, "p1");
    expect_later(&world, &after);
    /* What the one before says of it does not count. */
    gateway_placed(program.attachment, "p1", false, "E1");
    ck_assert(place(&world, "p3"));
    gateway_placed(program.attachment, "p3", false, "E1");
    expect_call(&world, &after, "p3");
    gateway_placed(after.attachment, "p3", true, "");
    gateway_detach(program.attachment);
    gateway_detach(after.attachment);
    ck_assert_str_eq(told(&world), "");
    tear_down(&world);
}
END_TEST

START_TEST(test_hanging_up)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    /* Before it was handed out nobody need be told but the domain. */
    ck_assert(place(&world, "p1"));
    hang_up(&world, "p1");
    expect_later(&world, &program);
    ck_assert_str_eq(told(&world), "p1 first CANCELED 0");
    ck_assert(place(&world, "p2"));
    expect_call(&world, &program, "p2");
    hang_up(&world, "p2");
    expect_hang_up(&world, &program, "p2");
    /* A plan goes before its hang-up. */
    gateway_inbound_call(program.attachment, &call);
    progress(&program, "k9", CALL_RINGING);
    hang_up(&world, "k1");
    progress(&program, "k9", CALL_PICKED_UP);
    next(&world, &program, GATEWAY_CALL_RESULT);
    next(&world, &program, GATEWAY_PROGRESS_RESULT);
    expect_hang_up(&world, &program, "k1");
    next(&world, &program, GATEWAY_PROGRESS_RESULT);
    expect_later(&world, &program);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_by_turns)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, ALL);
    fake_send(world.fake, world.port, "t1", "+1", "x");
    fake_send(world.fake, world.port, "t2", "+1", "x");
    ck_assert(place(&world, "p1"));
    ck_assert(place(&world, "p2"));
    hang_up(&world, "k1");
    progress(&program, "k9", CALL_RINGING);
    hang_up(&world, "k2");
    next(&world, &program, GATEWAY_HANG_UP);
    next(&world, &program, GATEWAY_PLACE_CALL);
    next(&world, &program, GATEWAY_PROGRESS_RESULT);
    next(&world, &program, GATEWAY_SEND);
    next(&world, &program, GATEWAY_HANG_UP);
    next(&world, &program, GATEWAY_PLACE_CALL);
    next(&world, &program, GATEWAY_SEND);
    expect_later(&world, &program);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_bounds)
{
    struct world world;
    struct program program;
    char key[32];
    set_up(&world);
    attach(&world, &program, ALL);
    for (int i = 0; i < GATEWAY_CALLS; i++) {
        snprintf(key, sizeof key, "p%d", i);
        ck_assert(place(&world, key));
    }
    ck_assert(!place(&world, "one more"));
    expect_call(&world, &program, "p0");
    gateway_placed(program.attachment, "p0", true, "");
    ck_assert(place(&world, "one more"));
    for (int i = 0; i < GATEWAY_HANG_UPS + 10; i++) {
        snprintf(key, sizeof key, "k%d", i);
        hang_up(&world, key);
    }
    size_t hang_ups = 0, calls = 0;
    struct gateway_output output;
    struct error status;
    while (gateway_next(program.attachment, world.arena, &output, &status) == GATEWAY_OUTPUT) {
        hang_ups += output.kind == GATEWAY_HANG_UP;
        calls += output.kind == GATEWAY_PLACE_CALL;
        arena_reset(world.arena);
    }
    ck_assert_uint_eq(hang_ups, GATEWAY_HANG_UPS);
    ck_assert_uint_eq(calls, GATEWAY_CALLS);
    gateway_detach(program.attachment);
    ck_assert_str_ne(told(&world), "");
    ck_assert_uint_eq(world.fake->progress_count, GATEWAY_CALLS);
    tear_down(&world);
}
END_TEST

/* A program that has gone hears no answer, and the domain is told nothing once the carrier has stopped. */
START_TEST(test_late)
{
    struct world world;
    struct program program, other;
    set_up(&world);
    world.fake->hold = true;
    attach(&world, &program, ALL);
    gateway_inbound_call(program.attachment, &call);
    progress(&program, "k9", CALL_RINGING);
    gateway_detach(program.attachment);
    fake_answer(world.fake);
    told(&world);
    attach(&world, &other, ALL);
    ck_assert(place(&world, "p1"));
    expect_call(&world, &other, "p1");
    ck_assert(place(&world, "p2"));
    carriers_stop(world.carriers);
    ck_assert_uint_eq(world.calls->abilities(world.port->data), 0);
    ck_assert(!place(&world, "p3"));
    hang_up(&world, "p1");
    ck_assert_str_eq(told(&world), "");
    gateway_detach(other.attachment);
    tear_down(&world);
}
END_TEST

SUITE_MAIN("gateway_calls", test_who_carries_calls, test_a_call_is_handed_in, test_progress,
           test_a_call_is_placed, test_a_call_that_the_program_does_not_take,
           test_a_call_that_nobody_pulls, test_a_call_without_a_result, test_the_program_goes,
           test_another_program_takes_over, test_hanging_up, test_by_turns, test_bounds, test_late)
