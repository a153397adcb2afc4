/*
 * One program at a time: what it is given, what it answers, and what becomes of the rest when it goes.
 */
#include "proto/c/clock.h"
#include "server/carriers/gateway/gateway.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BORIS "+15551230002"

struct world {
    struct masking *fake;
    struct manual_clock clock;
    struct manual_clock timeouts;
    struct carriers *carriers;
    struct gateway *gateway;
    const struct carrier_port *port;
    struct arena *arena;
};

struct program {
    struct gateway_attachment *attachment;
    unsigned wakes;
    unsigned read_ons;
    bool took_over;
    bool leaves; /* in its next wake */
};

static void set_up(struct world *world)
{
    struct error error;
    *world = (struct world){.fake = fake_new(), .arena = arena_new(4 * 1024 * 1024)};
    manual_clock_set(&world->clock, 1000);
    const struct carrier_options options = {.clock = clock_manual(&world->clock),
                                            .timeouts = clock_manual(&world->timeouts),
                                            .manual = true};
    world->carriers = carriers_new(&options);
    ck_assert(carriers_add(world->carriers, "gateway:smsc", &error));
    ck_assert(carriers_attach(world->carriers, world->fake, &error));
    world->gateway = carriers_gateway(world->carriers, "smsc", &error);
    ck_assert_ptr_nonnull(world->gateway);
    world->port = world->fake->ports[0];
}

static void tear_down(struct world *world)
{
    carriers_stop(world->carriers);
    carriers_free(world->carriers);
    arena_free(world->arena);
    for (size_t i = 0; i < world->fake->attempt_count; i++)
        ck_assert_uint_eq(world->fake->attempts[i].results, 1);
    fake_free(world->fake);
}

static void wake(void *data)
{
    struct program *program = data;
    program->wakes++;
    if (program->leaves) {
        gateway_detach(program->attachment);
        program->attachment = NULL;
    }
}

static void read_on(void *data)
{
    struct program *program = data;
    program->read_ons++;
}

static void attach(struct world *world, struct program *program, bool honours_keys)
{
    struct error error;
    *program = (struct program){.wakes = 0};
    const struct gateway_program described = {
        .honours_keys = honours_keys, .wake = wake, .read_on = read_on, .data = program};
    ck_assert(gateway_attach(world->gateway, &described, &program->attachment, &program->took_over,
                             &error));
}

static struct fake_attempt *send(struct world *world, const char *key)
{
    return fake_send(world->fake, world->port, key, BORIS, "hi");
}

static struct gateway_output next(struct world *world, struct program *program)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(program->attachment, world->arena, &output, &status),
                     GATEWAY_OUTPUT);
    return output;
}

static void expect_send(struct world *world, struct program *program, const char *key)
{
    struct gateway_output output = next(world, program);
    ck_assert_int_eq(output.kind, GATEWAY_SEND);
    ck_assert_str_eq(output.send.key, key);
}

static void expect_later(struct world *world, struct program *program)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(program->attachment, world->arena, &output, &status),
                     GATEWAY_LATER);
}

static void expect_end(struct world *world, struct program *program, enum status_code code,
                       const char *reason)
{
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(program->attachment, world->arena, &output, &status),
                     GATEWAY_ENDED);
    ck_assert_int_eq(status.code, code);
    if (code)
        ck_assert_str_eq(status.reason, reason);
}

static void answer(struct program *program, const char *key, enum send_outcome outcome)
{
    const struct send_result result = {.outcome = outcome,
                                       .provider_id = "smsc-1",
                                       .carrier_code = outcome == SEND_TAKEN ? "" : "E17",
                                       .retry_after = outcome == SEND_RETRY ? 77 : 0};
    gateway_result(program->attachment, key, &result);
}

START_TEST(test_without_a_program_nothing_is_sent)
{
    struct world world;
    struct program program;
    struct carrier_info info;
    set_up(&world);
    ck_assert_int_eq(send(&world, "k1")->outcome, SEND_RETRY);
    ck_assert(carriers_info(world.carriers, 0, &info));
    ck_assert_int_eq(info.health, CARRIER_DETACHED);
    ck_assert_uint_eq(world.fake->ready, 0);
    attach(&world, &program, false);
    ck_assert(!program.took_over);
    ck_assert_uint_eq(world.fake->ready, 1);
    ck_assert(carriers_info(world.carriers, 0, &info));
    ck_assert_int_eq(info.health, CARRIER_READY);
    gateway_detach(program.attachment);
    gateway_detach(NULL);
    ck_assert_int_eq(send(&world, "k1")->outcome, SEND_RETRY);
    tear_down(&world);
}
END_TEST

/* What its numbers can do is asked when one is added, and a program need not be there just then. */
/* holds: NUM-06 */
START_TEST(test_a_program_says_what_its_numbers_can_do)
{
    static const struct {
        bool no_texts, no_media;
        unsigned calls, can;
    } CASES[] = {
        {false, false, 0, NUMBER_CAN_TEXT | NUMBER_CAN_MEDIA},
        {false, true, 0, NUMBER_CAN_TEXT},
        {false, true, CALL_CAN_CARRY, NUMBER_CAN_TEXT | NUMBER_CAN_CALL},
        {true, false, CALL_CAN_CARRY | CALL_CAN_SPEAK, NUMBER_CAN_CALL},
        {true, true, 0, 0},
        {false, false, CALL_CAN_CARRY, NUMBER_CAN_ALL},
    };
    struct world world;
    set_up(&world);
    ck_assert_uint_eq(world.port->numbers_can(world.port->data), NUMBER_CAN_ALL);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct program program = {.wakes = 0};
        struct error error;
        const struct gateway_program described = {.wake = wake,
                                                  .read_on = read_on,
                                                  .data = &program,
                                                  .call_abilities = CASES[i].calls,
                                                  .no_texts = CASES[i].no_texts,
                                                  .no_media = CASES[i].no_media};
        ck_assert(gateway_attach(world.gateway, &described, &program.attachment, &program.took_over,
                                 &error));
        ck_assert_uint_eq(world.port->numbers_can(world.port->data), CASES[i].can);
        gateway_detach(program.attachment);
        ck_assert_uint_eq(world.port->numbers_can(world.port->data), CASES[i].can);
    }
    tear_down(&world);
}
END_TEST

START_TEST(test_a_text_goes_to_the_program_and_its_result_back)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    expect_later(&world, &program);
    const struct ingress_media media[] = {{"https://example.com/a", "image/png"}};
    const struct outbound_message message = {.key = "k1",
                                             .from = "+15550000001",
                                             .to = BORIS,
                                             .body = "hi",
                                             .media = media,
                                             .media_count = 1,
                                             .expire_time = 2000};
    struct fake_attempt *attempt = fake_send_message(world.fake, world.port, &message);
    ck_assert_uint_eq(program.wakes, 1);
    struct fake_attempt *second = send(&world, "k2");
    ck_assert_uint_eq(program.wakes, 1);
    struct gateway_output output = next(&world, &program);
    ck_assert_str_eq(output.send.key, "k1");
    ck_assert_str_eq(output.send.from, "+15550000001");
    ck_assert_str_eq(output.send.to, BORIS);
    ck_assert_str_eq(output.send.body, "hi");
    ck_assert_uint_eq(output.send.media_count, 1);
    ck_assert_str_eq(output.send.media[0].content_type, "image/png");
    ck_assert_int_eq(output.send.expire_time, 2000);
    expect_send(&world, &program, "k2");
    expect_later(&world, &program);
    ck_assert_uint_eq(attempt->results, 0);
    /* In any order. */
    answer(&program, "k2", SEND_RETRY);
    answer(&program, "k1", SEND_TAKEN);
    ck_assert_int_eq(attempt->outcome, SEND_TAKEN);
    ck_assert_str_eq(attempt->provider_id, "smsc-1");
    ck_assert_int_eq(second->outcome, SEND_RETRY);
    ck_assert_str_eq(second->carrier_code, "E17");
    ck_assert_int_eq(second->retry_after, 77);
    /* What nobody waits for is ignored. */
    answer(&program, "k1", SEND_REFUSED);
    answer(&program, "never was", SEND_TAKEN);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_what_was_not_handed_over_cannot_have_a_result)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    struct fake_attempt *attempt = send(&world, "k1");
    answer(&program, "k1", SEND_TAKEN);
    ck_assert_uint_eq(attempt->results, 0);
    expect_send(&world, &program, "k1");
    answer(&program, "k1", SEND_TAKEN);
    ck_assert_uint_eq(attempt->results, 1);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_program_that_goes_leaves_what_nobody_knows)
{
    for (int honours_keys = 0; honours_keys < 2; honours_keys++) {
        for (int half_closes = 0; half_closes < 2; half_closes++) {
            struct world world;
            struct program program;
            set_up(&world);
            attach(&world, &program, honours_keys);
            struct fake_attempt *done = send(&world, "k1");
            struct fake_attempt *given = send(&world, "k2");
            struct fake_attempt *queued = send(&world, "k3");
            expect_send(&world, &program, "k1");
            expect_send(&world, &program, "k2");
            answer(&program, "k1", SEND_TAKEN);
            if (half_closes)
                gateway_half_close(program.attachment);
            else
                gateway_detach(program.attachment);
            ck_assert_int_eq(done->outcome, SEND_TAKEN);
            ck_assert_int_eq(given->outcome, SEND_LOST);
            ck_assert_int_eq(queued->outcome, SEND_RETRY);
            ck_assert_int_eq(send(&world, "k4")->outcome, SEND_RETRY);
            if (half_closes) {
                answer(&program, "k2", SEND_TAKEN);
                expect_end(&world, &program, STATUS_OK, NULL);
                gateway_detach(program.attachment);
            }
            tear_down(&world);
        }
    }
}
END_TEST

START_TEST(test_the_newest_takes_over)
{
    struct world world;
    struct program old, new;
    set_up(&world);
    attach(&world, &old, false);
    struct fake_attempt *given = send(&world, "k1");
    struct fake_attempt *queued = send(&world, "k2");
    expect_send(&world, &old, "k1");
    attach(&world, &new, false);
    ck_assert(new.took_over);
    ck_assert_uint_eq(world.fake->ready, 2);
    ck_assert_int_eq(given->outcome, SEND_LOST);
    ck_assert_uint_eq(queued->results, 0);
    expect_end(&world, &old, STATUS_ABORTED, "CARRIER_TAKEN_OVER");
    /* The old one can do no more harm. */
    answer(&old, "k2", SEND_REFUSED);
    const struct gateway_inbound inbound = {.provider_id = "p", .to = "+15550000001"};
    gateway_inbound(old.attachment, &inbound);
    ck_assert_uint_eq(world.fake->message_count, 0);
    expect_send(&world, &new, "k2");
    answer(&old, "k2", SEND_REFUSED);
    gateway_half_close(old.attachment);
    gateway_detach(old.attachment);
    ck_assert_uint_eq(queued->results, 0);
    answer(&new, "k2", SEND_TAKEN);
    ck_assert_int_eq(queued->outcome, SEND_TAKEN);
    gateway_detach(new.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_the_one_that_waits_is_woken_when_it_is_taken_over)
{
    struct world world;
    struct program old, new;
    set_up(&world);
    attach(&world, &old, false);
    expect_later(&world, &old);
    old.leaves = true;
    attach(&world, &new, false);
    ck_assert_uint_eq(old.wakes, 1);
    ck_assert_ptr_null(old.attachment);
    gateway_detach(new.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_result_is_waited_for_half_a_minute)
{
    for (int honours_keys = 0; honours_keys < 2; honours_keys++) {
        struct world world;
        struct program program;
        set_up(&world);
        attach(&world, &program, honours_keys);
        struct fake_attempt *given = send(&world, "k1");
        expect_send(&world, &program, "k1");
        manual_clock_move(&world.timeouts, 10 * MICROSECONDS);
        /* Nobody takes it: who may get it has to be asked again. */
        struct fake_attempt *queued = send(&world, "k2");
        manual_clock_move(&world.timeouts, 2 * MICROSECONDS - 1);
        ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
        manual_clock_move(&world.timeouts, 1);
        ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
        ck_assert_int_eq(queued->outcome, SEND_RETRY);
        ck_assert_uint_eq(given->results, 0);
        /* Also when the timer is late. */
        struct fake_attempt *late = send(&world, "k3");
        manual_clock_move(&world.timeouts, 2 * MICROSECONDS);
        expect_later(&world, &program);
        ck_assert_int_eq(late->outcome, SEND_RETRY);
        manual_clock_move(&world.timeouts, 16 * MICROSECONDS - 1);
        ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
        manual_clock_move(&world.timeouts, 1);
        ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
        ck_assert_int_eq(given->outcome, SEND_LOST);
        answer(&program, "k1", SEND_TAKEN);
        expect_later(&world, &program);
        gateway_detach(program.attachment);
        tear_down(&world);
    }
}
END_TEST

START_TEST(test_what_is_worth_nothing_any_more_is_not_handed_over)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    const struct outbound_message message = {
        .key = "k1", .from = "", .to = BORIS, .body = "", .expire_time = 2000};
    struct fake_attempt *attempt = fake_send_message(world.fake, world.port, &message);
    struct fake_attempt *other = send(&world, "k2");
    manual_clock_set(&world.clock, 2000);
    expect_send(&world, &program, "k2");
    ck_assert_int_eq(attempt->outcome, SEND_RETRY);
    ck_assert_uint_eq(other->results, 0);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_there_is_a_bound_on_attempts)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    char key[32];
    for (int i = 0; i < GATEWAY_ATTEMPTS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_uint_eq(send(&world, key)->results, 0);
    }
    struct fake_attempt *refused = send(&world, "one more");
    ck_assert_int_eq(refused->outcome, SEND_RETRY);
    ck_assert_int_gt(refused->retry_after, 0);
    /* Handed over they count, too. */
    expect_send(&world, &program, "k0");
    ck_assert_int_eq(send(&world, "one more")->outcome, SEND_RETRY);
    answer(&program, "k0", SEND_TAKEN);
    ck_assert_uint_eq(send(&world, "one more")->results, 0);
    ck_assert_int_eq(send(&world, "yet one")->outcome, SEND_RETRY);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_there_is_a_bound_on_their_memory)
{
    enum { SIZE = 1024 * 1024 };
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    char *body = malloc(SIZE);
    ck_assert_ptr_nonnull(body);
    memset(body, 'x', SIZE);
    body[SIZE - 1] = '\0';
    unsigned taken = 0;
    while (!fake_send(world.fake, world.port, "k", BORIS, body)->results)
        taken++;
    ck_assert_uint_eq(taken, GATEWAY_ATTEMPT_BYTES / SIZE);
    free(body);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_the_same_key_twice_is_answered_in_order)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    struct fake_attempt *first = send(&world, "k1");
    struct fake_attempt *second = send(&world, "k1");
    expect_send(&world, &program, "k1");
    expect_send(&world, &program, "k1");
    answer(&program, "k1", SEND_TAKEN);
    ck_assert_uint_eq(first->results, 1);
    ck_assert_uint_eq(second->results, 0);
    answer(&program, "k1", SEND_REFUSED);
    ck_assert_int_eq(second->outcome, SEND_REFUSED);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

START_TEST(test_stopping_leaves_no_attempt_without_a_result)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    struct fake_attempt *given = send(&world, "k1");
    expect_send(&world, &program, "k1");
    expect_later(&world, &program);
    struct fake_attempt *queued = send(&world, "k2");
    ck_assert_uint_eq(program.wakes, 1);
    carriers_stop(world.carriers);
    ck_assert_int_eq(given->outcome, SEND_LOST);
    ck_assert_int_eq(queued->outcome, SEND_RETRY);
    expect_end(&world, &program, STATUS_UNAVAILABLE, "SHUTTING_DOWN");
    ck_assert_int_eq(send(&world, "k3")->outcome, SEND_RETRY);
    answer(&program, "k1", SEND_TAKEN);
    const struct gateway_inbound inbound = {.provider_id = "p"};
    gateway_inbound(program.attachment, &inbound);
    ck_assert_uint_eq(world.fake->message_count, 0);
    gateway_detach(program.attachment);
    struct error error;
    const struct gateway_program described = {.wake = wake, .read_on = read_on, .data = &program};
    ck_assert(!gateway_attach(world.gateway, &described, &program.attachment, &program.took_over,
                              &error));
    ck_assert_int_eq(error.code, STATUS_UNAVAILABLE);
    tear_down(&world);
}
END_TEST

START_TEST(test_what_relies_on_its_key_goes_to_those_who_honour_keys)
{
    struct world world;
    struct program old, new;
    set_up(&world);
    const struct outbound_message message = {.key = "k1",
                                             .from = "",
                                             .to = BORIS,
                                             .body = "",
                                             .expire_time = 2000,
                                             .relies_on_key = true};
    /* Nobody there: nothing that would have to be remembered. */
    ck_assert(world.port->idempotent(world.port->data));
    attach(&world, &old, true);
    ck_assert(world.port->idempotent(world.port->data));
    struct fake_attempt *given = fake_send_message(world.fake, world.port, &message);
    struct fake_attempt *queued = fake_send_message(world.fake, world.port, &message);
    struct fake_attempt *other = send(&world, "k2");
    expect_send(&world, &old, "k1");
    attach(&world, &new, false);
    ck_assert(!world.port->idempotent(world.port->data));
    ck_assert_int_eq(given->outcome, SEND_LOST);
    ck_assert_int_eq(queued->outcome, SEND_RETRY);
    ck_assert_uint_eq(other->results, 0);
    /* Asked about before, sent after the change. */
    ck_assert_int_eq(fake_send_message(world.fake, world.port, &message)->outcome, SEND_RETRY);
    expect_send(&world, &new, "k2");
    expect_later(&world, &new);
    gateway_detach(old.attachment);
    ck_assert(!world.port->idempotent(world.port->data));
    gateway_detach(new.attachment);
    ck_assert(world.port->idempotent(world.port->data));
    tear_down(&world);
}
END_TEST

START_TEST(test_a_full_arena_ends_the_stream_and_loses_nothing)
{
    struct world world;
    struct program program;
    set_up(&world);
    attach(&world, &program, false);
    struct fake_attempt *attempt = send(&world, "k1");
    struct arena *tiny = arena_new(16);
    struct gateway_output output;
    struct error status;
    ck_assert_int_eq(gateway_next(program.attachment, tiny, &output, &status), GATEWAY_ENDED);
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(attempt->outcome, SEND_RETRY);
    expect_end(&world, &program, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
    arena_free(tiny);
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

/* The domain tries again from within the call that tells it that the carrier is there. */
static void try_again(void *data)
{
    struct world *world = data;
    send(world, "waited");
}

START_TEST(test_what_waited_is_sent_from_within_attach)
{
    struct world world;
    struct program program;
    set_up(&world);
    world.fake->on_ready = try_again;
    world.fake->on_ready_data = &world;
    attach(&world, &program, false);
    expect_send(&world, &program, "waited");
    gateway_detach(program.attachment);
    tear_down(&world);
}
END_TEST

SUITE_MAIN("gateway", test_without_a_program_nothing_is_sent,
           test_a_program_says_what_its_numbers_can_do,
           test_a_text_goes_to_the_program_and_its_result_back,
           test_what_was_not_handed_over_cannot_have_a_result,
           test_a_program_that_goes_leaves_what_nobody_knows, test_the_newest_takes_over,
           test_the_one_that_waits_is_woken_when_it_is_taken_over,
           test_a_result_is_waited_for_half_a_minute,
           test_what_is_worth_nothing_any_more_is_not_handed_over,
           test_there_is_a_bound_on_attempts, test_there_is_a_bound_on_their_memory,
           test_the_same_key_twice_is_answered_in_order,
           test_stopping_leaves_no_attempt_without_a_result,
           test_what_relies_on_its_key_goes_to_those_who_honour_keys,
           test_a_full_arena_ends_the_stream_and_loses_nothing,
           test_what_waited_is_sent_from_within_attach)
