#include "proto/c/clock.h"
#include "server/carriers/simulator/simulator.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANNA  "+15551230001"
#define BORIS "+15551230002"

static struct simulator_happened no_event;

/* A network without threads, with two phones. */
struct world {
    struct masking *fake;
    struct manual_clock clock;
    struct carriers *carriers;
    struct simulator *simulator;
    const struct carrier_port *port;
};

static void add(struct world *world, const char *number, struct simulator_behavior behavior)
{
    struct simulator_handset handset;
    struct error error;
    ck_assert(simulator_add_handset(world->simulator, number, &behavior, &handset, &error));
}

static void behave(struct world *world, const char *number, struct simulator_behavior behavior)
{
    struct simulator_handset handset;
    struct error error;
    ck_assert(simulator_set_behavior(world->simulator, number, &behavior, &handset, &error));
}

static void set_up(struct world *world)
{
    struct error error;
    *world = (struct world){.fake = fake_new()};
    manual_clock_set(&world->clock, 1000000);
    const struct carrier_options options = {
        .clock = clock_manual(&world->clock), .seed = 0xabc, .manual = true};
    world->carriers = carriers_new(&options);
    ck_assert(carriers_add(world->carriers, "simulator", &error));
    ck_assert(carriers_attach(world->carriers, world->fake, &error));
    world->simulator = carriers_simulator(world->carriers, "");
    world->port = world->fake->ports[0];
    add(world, ANNA, (struct simulator_behavior){.send = SIMULATED_TAKEN});
    add(world, BORIS, (struct simulator_behavior){.send = SIMULATED_TAKEN});
}

static void tear_down(struct world *world)
{
    carriers_stop(world->carriers);
    carriers_free(world->carriers);
    fake_free(world->fake);
}

static struct simulator_handset look_at(struct world *world, uint64_t index)
{
    struct simulator_handset handset;
    ck_assert_uint_eq(simulator_list(world->simulator, index, &handset, 1), 1);
    return handset;
}

static void count_wake(void *data)
{
    ++*(unsigned *)data;
}

static struct simulator_watch *watch(struct world *world, bool only_new, unsigned *wakes)
{
    struct simulator_watch *made;
    uint64_t received;
    struct error error;
    ck_assert(simulator_watch_new(world->simulator, ANNA, only_new, count_wake, wakes, &made,
                                  &received, &error));
    return made;
}

START_TEST(test_a_text_reaches_its_phone_and_the_receipt_follows)
{
    struct world world;
    set_up(&world);
    unsigned wakes = 0;
    struct simulator_watch *looking = watch(&world, false, &wakes);
    struct arena *arena = arena_new(1024 * 1024);
    struct simulator_received text;
    struct error error;
    ck_assert_int_eq(simulator_watch_next(looking, arena, &text, &no_event, &error),
                     SIMULATOR_LATER);

    const struct ingress_media media[] = {{"https://example.com/a.jpg", "image/jpeg"},
                                          {"https://example.com/b", ""}};
    const struct outbound_message message = {
        .key = "k1",
        .from = "+15550000001",
        .to = ANNA,
        .body = "hallo \xc3\xa4",
        .media = media,
        .media_count = 2,
        .expire_time = INT64_MAX,
    };
    struct fake_attempt *attempt = fake_send_message(world.fake, world.port, &message);
    ck_assert_uint_eq(attempt->results, 1);
    ck_assert_int_eq(attempt->outcome, SEND_TAKEN);
    ck_assert_str_eq(attempt->provider_id, "sim-0000000000000abc-1");
    ck_assert_uint_eq(wakes, 1);
    ck_assert_int_eq(simulator_watch_next(looking, arena, &text, &no_event, &error),
                     SIMULATOR_TEXT);
    ck_assert_str_eq(text.message_id, "sim-0000000000000abc-1");
    ck_assert_str_eq(text.sender, "+15550000001");
    ck_assert_str_eq(text.body, "hallo \xc3\xa4");
    ck_assert_uint_eq(text.media_count, 2);
    ck_assert_str_eq(text.media[0].url, "https://example.com/a.jpg");
    ck_assert_str_eq(text.media[0].content_type, "image/jpeg");
    ck_assert_str_eq(text.media[1].content_type, "");
    ck_assert_uint_eq(text.number, 1);
    ck_assert_int_eq(text.receive_time, 1000000);
    ck_assert_int_eq(simulator_watch_next(looking, arena, &text, &no_event, &error),
                     SIMULATOR_LATER);

    ck_assert_uint_eq(world.fake->receipt_count, 0);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
    ck_assert_uint_eq(world.fake->receipt_count, 1);
    ck_assert_str_eq(world.fake->receipts[0].id, "k1");
    ck_assert_str_eq(world.fake->receipts[0].from, "sim-0000000000000abc-1");
    ck_assert_int_eq(world.fake->receipts[0].status, RECEIPT_DELIVERED);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
    simulator_watch_free(looking);
    arena_free(arena);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_key_that_comes_again_is_not_delivered_again)
{
    struct world world;
    set_up(&world);
    struct fake_attempt *first = fake_send(world.fake, world.port, "k1", ANNA, "x");
    fake_send(world.fake, world.port, "k2", ANNA, "y");
    behave(&world, ANNA, (struct simulator_behavior){.send = SIMULATED_REFUSED});
    struct fake_attempt *again = fake_send(world.fake, world.port, "k1", ANNA, "x");
    ck_assert_int_eq(again->outcome, SEND_TAKEN);
    ck_assert_str_eq(again->provider_id, first->provider_id);
    ck_assert_uint_eq(look_at(&world, 0).received, 2);
    carriers_run_due(world.carriers);
    ck_assert_uint_eq(world.fake->receipt_count, 2);
    tear_down(&world);
}
END_TEST

START_TEST(test_keys_are_forgotten_oldest_first)
{
    struct world world;
    set_up(&world);
    behave(&world, ANNA, (struct simulator_behavior){.receipt = SIMULATED_SILENT});
    struct fake_attempt attempt = {0};
    char key[32];
    struct outbound_message message = {
        .key = key, .from = "", .to = ANNA, .body = "x", .expire_time = INT64_MAX};
    for (int i = 0; i <= SIMULATOR_KEYS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        world.port->send(world.port->data, &message, &attempt);
    }
    ck_assert_uint_eq(look_at(&world, 0).received, SIMULATOR_KEYS + 1);
    snprintf(key, sizeof key, "k1");
    world.port->send(world.port->data, &message, &attempt);
    ck_assert_uint_eq(look_at(&world, 0).received, SIMULATOR_KEYS + 1);
    snprintf(key, sizeof key, "k0");
    world.port->send(world.port->data, &message, &attempt);
    ck_assert_uint_eq(look_at(&world, 0).received, SIMULATOR_KEYS + 2);
    tear_down(&world);
}
END_TEST

START_TEST(test_answers_are_what_the_phone_is_told)
{
    static const struct {
        enum simulated_send send;
        enum send_outcome outcome;
        const char *code;
        uint64_t received;
    } cases[] = {
        {SIMULATED_TAKEN, SEND_TAKEN, "", 1},
        {SIMULATED_REFUSED, SEND_REFUSED, "21610", 0},
        {SIMULATED_RETRY, SEND_RETRY, "21610", 0},
        {SIMULATED_UNKNOWN, SEND_UNKNOWN, "21610", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        set_up(&world);
        behave(&world, ANNA,
               (struct simulator_behavior){.send = cases[i].send, .carrier_code = "21610"});
        struct fake_attempt *attempt = fake_send(world.fake, world.port, "k1", ANNA, "x");
        ck_assert_uint_eq(attempt->results, 1);
        ck_assert_int_eq(attempt->outcome, cases[i].outcome);
        ck_assert_str_eq(attempt->carrier_code, cases[i].code);
        ck_assert_uint_eq(look_at(&world, 0).received, cases[i].received);
        carriers_run_due(world.carriers);
        ck_assert_uint_eq(world.fake->receipt_count, cases[i].received);
        tear_down(&world);
    }
}
END_TEST

START_TEST(test_so_many_answers_and_then_it_is_taken)
{
    struct world world;
    set_up(&world);
    behave(&world, ANNA, (struct simulator_behavior){.send = SIMULATED_RETRY, .send_count = 2});
    ck_assert_int_eq(fake_send(world.fake, world.port, "k1", ANNA, "x")->outcome, SEND_RETRY);
    ck_assert_int_eq(fake_send(world.fake, world.port, "k1", ANNA, "x")->outcome, SEND_RETRY);
    ck_assert_int_eq(fake_send(world.fake, world.port, "k1", ANNA, "x")->outcome, SEND_TAKEN);
    ck_assert_uint_eq(look_at(&world, 0).received, 1);
    /* Said again, it counts again. */
    behave(&world, ANNA, (struct simulator_behavior){.send = SIMULATED_UNKNOWN, .send_count = 1});
    ck_assert_int_eq(fake_send(world.fake, world.port, "k2", ANNA, "x")->outcome, SEND_UNKNOWN);
    ck_assert_int_eq(fake_send(world.fake, world.port, "k2", ANNA, "x")->outcome, SEND_TAKEN);
    ck_assert_uint_eq(look_at(&world, 0).received, 2);
    ck_assert_uint_eq(look_at(&world, 0).behavior.send_count, 1);
    tear_down(&world);
}
END_TEST

START_TEST(test_receipts_are_what_the_phone_is_told)
{
    static const struct {
        enum simulated_receipt receipt;
        size_t receipts;
        enum receipt_status status;
        const char *code;
        uint64_t received;
    } cases[] = {
        {SIMULATED_DELIVERED, 3, RECEIPT_DELIVERED, "", 1},
        {SIMULATED_UNDELIVERED, 3, RECEIPT_UNDELIVERED, "30003", 0},
        {SIMULATED_FAILED, 3, RECEIPT_FAILED, "30003", 0},
        {SIMULATED_SILENT, 0, RECEIPT_QUEUED, "", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        set_up(&world);
        behave(&world, ANNA,
               (struct simulator_behavior){
                   .receipt = cases[i].receipt, .receipt_copies = 3, .carrier_code = "30003"});
        ck_assert_int_eq(fake_send(world.fake, world.port, "k1", ANNA, "x")->outcome, SEND_TAKEN);
        carriers_run_due(world.carriers);
        ck_assert_uint_eq(look_at(&world, 0).received, cases[i].received);
        ck_assert_uint_eq(world.fake->receipt_count, cases[i].receipts);
        for (size_t j = 0; j < cases[i].receipts; j++) {
            ck_assert_int_eq(world.fake->receipts[j].status, cases[i].status);
            ck_assert_str_eq(world.fake->receipts[j].code, cases[i].code);
        }
        tear_down(&world);
    }
}
END_TEST

START_TEST(test_a_late_receipt_comes_when_the_clock_says_so)
{
    struct world world;
    set_up(&world);
    behave(&world, ANNA, (struct simulator_behavior){.receipt_delay = 60 * MICROSECONDS});
    fake_send(world.fake, world.port, "late", ANNA, "x");
    behave(&world, ANNA, (struct simulator_behavior){.receipt_delay = 30 * MICROSECONDS});
    fake_send(world.fake, world.port, "sooner", ANNA, "x");
    fake_send(world.fake, world.port, "sooner too", ANNA, "x");
    manual_clock_move(&world.clock, 30 * MICROSECONDS - 1);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
    manual_clock_move(&world.clock, 1);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 2);
    ck_assert_str_eq(world.fake->receipts[0].id, "sooner");
    ck_assert_str_eq(world.fake->receipts[1].id, "sooner too");
    manual_clock_move(&world.clock, 3600LL * MICROSECONDS);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
    ck_assert_str_eq(world.fake->receipts[2].id, "late");
    tear_down(&world);
}
END_TEST

START_TEST(test_receipts_come_in_the_order_of_their_time)
{
    struct world world;
    set_up(&world);
    char key[16];
    for (int i = 0; i < 500; i++) {
        int64_t delay = (i * 7919) % 500;
        behave(&world, ANNA, (struct simulator_behavior){.receipt_delay = delay});
        snprintf(key, sizeof key, "%03d", (int)delay);
        fake_send(world.fake, world.port, key, ANNA, "x");
    }
    manual_clock_move(&world.clock, 1000);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 500);
    for (size_t i = 1; i < 500; i++)
        ck_assert_int_lt(strcmp(world.fake->receipts[i - 1].id, world.fake->receipts[i].id), 0);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_receipt_that_cannot_be_taken_now_is_handed_in_again)
{
    struct world world;
    set_up(&world);
    world.fake->refuse = STATUS_UNAVAILABLE;
    fake_send(world.fake, world.port, "k1", ANNA, "x");
    ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
    world.fake->refuse = STATUS_OK;
    manual_clock_move(&world.clock, MICROSECONDS);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
    /* One that is refused for good is not. */
    world.fake->refuse = STATUS_NOT_FOUND;
    fake_send(world.fake, world.port, "k2", ANNA, "x");
    ck_assert_uint_eq(carriers_run_due(world.carriers), 1);
    manual_clock_move(&world.clock, 3600LL * MICROSECONDS);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
    tear_down(&world);
}
END_TEST

START_TEST(test_receipts_do_not_flood_the_domain)
{
    struct world world;
    set_up(&world);
    world.fake->hold = true;
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "%d", i);
        fake_send(world.fake, world.port, key, ANNA, "x");
    }
    ck_assert_uint_eq(carriers_run_due(world.carriers), 4096);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 0);
    fake_answer(world.fake);
    ck_assert_uint_eq(carriers_run_due(world.carriers), 5000 - 4096);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_network_with_too_many_receipts_to_come_is_busy)
{
    struct world world;
    set_up(&world);
    behave(&world, ANNA,
           (struct simulator_behavior){.receipt_delay = MICROSECONDS, .receipt_copies = 10});
    struct fake_attempt attempt = {0};
    char key[32];
    struct outbound_message message = {
        .key = key, .from = "", .to = ANNA, .body = "x", .expire_time = INT64_MAX};
    for (int i = 0; i < SIMULATOR_RECEIPTS / 10; i++) {
        snprintf(key, sizeof key, "k%d", i);
        world.port->send(world.port->data, &message, &attempt);
        ck_assert_int_eq(attempt.outcome, SEND_TAKEN);
    }
    snprintf(key, sizeof key, "one more");
    world.port->send(world.port->data, &message, &attempt);
    ck_assert_int_eq(attempt.outcome, SEND_RETRY);
    ck_assert_str_eq(attempt.carrier_code, "BUSY");
    ck_assert_uint_eq(look_at(&world, 0).received, SIMULATOR_RECEIPTS / 10);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_number_without_a_phone_is_refused)
{
    struct world world;
    set_up(&world);
    static const char *const numbers[] = {"+15551239999", "", "Anna", "15551230001"};
    for (size_t i = 0; i < 4; i++) {
        struct fake_attempt *attempt = fake_send(world.fake, world.port, "k", numbers[i], "x");
        ck_assert_int_eq(attempt->outcome, SEND_REFUSED);
        ck_assert_str_eq(attempt->carrier_code, "NO_SUCH_HANDSET");
    }
    tear_down(&world);
}
END_TEST

START_TEST(test_phones_are_added_once_and_listed_in_order)
{
    struct world world;
    set_up(&world);
    struct simulator_handset handset;
    struct error error;
    ck_assert(!simulator_add_handset(world.simulator, ANNA, NULL, &handset, &error));
    ck_assert_int_eq(error.code, STATUS_ALREADY_EXISTS);
    ck_assert_str_eq(error.reason, "HANDSET_EXISTS");
    ck_assert(!simulator_add_handset(world.simulator, "555-1234", NULL, &handset, &error));
    ck_assert_str_eq(error.reason, "INVALID_PHONE_NUMBER");
    ck_assert_int_eq(error.original, 80406);
    /* Two ways to write one phone. */
    add(&world, "+525512345678", (struct simulator_behavior){.send = SIMULATED_TAKEN});
    ck_assert(!simulator_add_handset(world.simulator, "+5215512345678", NULL, &handset, &error));
    fake_send(world.fake, world.port, "k", "+5215512345678", "x");
    ck_assert_uint_eq(look_at(&world, 2).received, 1);

    manual_clock_set(&world.clock, 7);
    char number[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(number, sizeof number, "+1666%07d", i);
        ck_assert(simulator_add_handset(world.simulator, number, NULL, &handset, &error));
        ck_assert_str_eq(handset.phone_number, number);
        ck_assert_int_eq(handset.create_time, 7);
    }
    static struct simulator_handset listed[600];
    ck_assert_uint_eq(simulator_list(world.simulator, 0, listed, 600), 600);
    ck_assert_str_eq(listed[0].phone_number, ANNA);
    ck_assert_str_eq(listed[1].phone_number, BORIS);
    ck_assert_str_eq(listed[599].phone_number, "+16660000596");
    ck_assert_uint_eq(simulator_list(world.simulator, 600, listed, 600), 403);
    ck_assert_str_eq(listed[402].phone_number, "+16660000999");
    ck_assert_uint_eq(simulator_list(world.simulator, 1003, listed, 600), 0);
    ck_assert_uint_eq(simulator_list(world.simulator, UINT64_MAX, listed, 600), 0);
    tear_down(&world);
}
END_TEST

START_TEST(test_there_is_a_bound_on_phones)
{
    struct world world;
    set_up(&world);
    struct simulator_handset handset;
    struct error error;
    char number[32];
    for (int i = 2; i < SIMULATOR_HANDSETS; i++) {
        snprintf(number, sizeof number, "+1666%07d", i);
        ck_assert(simulator_add_handset(world.simulator, number, NULL, &handset, &error));
    }
    ck_assert(!simulator_add_handset(world.simulator, "+16670000000", NULL, &handset, &error));
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(error.reason, "TOO_MANY_HANDSETS");
    tear_down(&world);
}
END_TEST

START_TEST(test_behaviour_that_cannot_be_is_refused_field_by_field)
{
    struct world world;
    set_up(&world);
    struct simulator_handset handset;
    struct error error;
    struct simulator_behavior bad = {
        .send = 17, .receipt = 9, .receipt_copies = 11, .receipt_delay = -1};
    memset(bad.carrier_code, 'x', 65);
    ck_assert(!simulator_set_behavior(world.simulator, ANNA, &bad, &handset, &error));
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_uint_eq(error.field_count, 5);
    ck_assert_str_eq(error.fields[0].name, "behavior.send");
    ck_assert_str_eq(error.fields[4].name, "behavior.carrier_code");
    memset(bad.carrier_code, 'x', sizeof bad.carrier_code);
    ck_assert(!simulator_add_handset(world.simulator, "+15551230009", &bad, &handset, &error));
    struct simulator_behavior longest = {.receipt_delay = 30 * 86400LL * MICROSECONDS};
    for (size_t i = 0; i < 64; i++)
        memcpy(longest.carrier_code + 4 * i, "\xf0\x9f\x93\xb1", 4);
    ck_assert(simulator_set_behavior(world.simulator, ANNA, &longest, &handset, &error));
    ck_assert_str_eq(handset.behavior.carrier_code, longest.carrier_code);
    longest.receipt_delay++;
    ck_assert(!simulator_set_behavior(world.simulator, ANNA, &longest, &handset, &error));
    ck_assert(!simulator_set_behavior(world.simulator, "+15551239999", NULL, &handset, &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_FOUND");
    tear_down(&world);
}
END_TEST

struct said {
    unsigned times;
    char id[FAKE_TEXT];
    enum inbound_outcome outcome;
};

static void hear(void *data, const char *provider_id, const struct inbound_result *result)
{
    struct said *said = data;
    said->times++;
    said->outcome = result->outcome;
    snprintf(said->id, sizeof said->id, "%s", provider_id);
}

START_TEST(test_a_text_is_written_on_a_phone)
{
    struct world world;
    set_up(&world);
    struct said said = {0};
    struct error error;
    struct simulator_text text = {.handset = ANNA, .recipient = "+15550000001", .body = "hi"};
    ck_assert(simulator_send(world.simulator, &text, hear, &said, &error));
    ck_assert_uint_eq(said.times, 1);
    ck_assert_int_eq(said.outcome, INBOUND_ACCEPTED);
    ck_assert_str_eq(said.id, "sim-0000000000000abc-1");
    ck_assert_str_eq(world.fake->messages[0].id, said.id);
    ck_assert_str_eq(world.fake->messages[0].from, ANNA);
    ck_assert_str_eq(world.fake->messages[0].to, "+15550000001");
    ck_assert_str_eq(world.fake->messages[0].body, "hi");

    world.fake->hold = true;
    text.provider_id = "mine";
    text.withhold_sender = true;
    ck_assert(simulator_send(world.simulator, &text, hear, &said, &error));
    ck_assert_uint_eq(said.times, 1);
    world.fake->messages[0].message_done = NULL;
    ck_assert_str_eq(world.fake->messages[1].id, "mine");
    ck_assert_str_eq(world.fake->messages[1].from, "anonymous");
    struct error why;
    error_set(&why, STATUS_UNAVAILABLE, "NOT_NOW", 0, "Not now.");
    const struct inbound_result failed = {.outcome = INBOUND_FAILED, .error = &why};
    world.fake->messages[1].message_done(world.fake->messages[1].data, &failed);
    ck_assert_uint_eq(said.times, 2);
    ck_assert_str_eq(said.id, "mine");
    ck_assert_int_eq(said.outcome, INBOUND_FAILED);

    text.handset = "+15551239999";
    ck_assert(!simulator_send(world.simulator, &text, hear, &said, &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_FOUND");
    carriers_stop(world.carriers);
    text.handset = ANNA;
    ck_assert(!simulator_send(world.simulator, &text, hear, &said, &error));
    ck_assert_int_eq(error.code, STATUS_UNAVAILABLE);
    ck_assert_uint_eq(said.times, 2);
    ck_assert_int_eq(fake_send(world.fake, world.port, "k", ANNA, "x")->outcome, SEND_RETRY);
    tear_down(&world);
}
END_TEST

START_TEST(test_ids_differ_from_run_to_run)
{
    struct error error;
    char ids[2][FAKE_TEXT];
    for (size_t i = 0; i < 2; i++) {
        struct masking *fake = fake_new();
        const struct carrier_options options = {.clock = clock_real(), .manual = true};
        struct carriers *carriers = carriers_new(&options);
        ck_assert(carriers_add(carriers, "simulator", &error));
        ck_assert(carriers_attach(carriers, fake, &error));
        struct simulator *simulator = carriers_simulator(carriers, "");
        struct simulator_handset handset;
        ck_assert(simulator_add_handset(simulator, ANNA, NULL, &handset, &error));
        struct said said = {0};
        const struct simulator_text text = {.handset = ANNA, .recipient = "1", .body = ""};
        ck_assert(simulator_send(simulator, &text, hear, &said, &error));
        memcpy(ids[i], said.id, sizeof said.id);
        carriers_free(carriers);
        fake_free(fake);
    }
    ck_assert_str_ne(ids[0], ids[1]);
}
END_TEST

SUITE_MAIN("simulator", test_a_text_reaches_its_phone_and_the_receipt_follows,
           test_a_key_that_comes_again_is_not_delivered_again, test_keys_are_forgotten_oldest_first,
           test_answers_are_what_the_phone_is_told, test_so_many_answers_and_then_it_is_taken,
           test_receipts_are_what_the_phone_is_told,
           test_a_late_receipt_comes_when_the_clock_says_so,
           test_receipts_come_in_the_order_of_their_time,
           test_a_receipt_that_cannot_be_taken_now_is_handed_in_again,
           test_receipts_do_not_flood_the_domain,
           test_a_network_with_too_many_receipts_to_come_is_busy,
           test_a_number_without_a_phone_is_refused, test_phones_are_added_once_and_listed_in_order,
           test_there_is_a_bound_on_phones, test_behaviour_that_cannot_be_is_refused_field_by_field,
           test_a_text_is_written_on_a_phone, test_ids_differ_from_run_to_run)
