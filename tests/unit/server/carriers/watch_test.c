/*
 * Looking at a phone while it gets texts, from the same and from other threads.
 */
#include "proto/c/clock.h"
#include "server/carriers/simulator/simulator.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANNA "+15551230001"

static struct simulator_happened no_event;

struct world {
    struct masking *fake;
    struct carriers *carriers;
    struct simulator *simulator;
    const struct carrier_port *port;
    struct arena *arena;
    unsigned sent;
};

static void set_up(struct world *world, bool manual)
{
    struct error error;
    struct simulator_handset handset;
    *world = (struct world){.fake = fake_new(), .arena = arena_new(64 * 1024 * 1024)};
    const struct carrier_options options = {.clock = clock_real(), .manual = manual};
    world->carriers = carriers_new(&options);
    ck_assert(carriers_add(world->carriers, "simulator", &error));
    ck_assert(carriers_attach(world->carriers, world->fake, &error));
    world->simulator = carriers_simulator(world->carriers, "");
    world->port = world->fake->ports[0];
    ck_assert(simulator_add_handset(world->simulator, ANNA, NULL, &handset, &error));
}

static void tear_down(struct world *world)
{
    carriers_stop(world->carriers);
    carriers_free(world->carriers);
    arena_free(world->arena);
    fake_free(world->fake);
}

static void get_texts(struct world *world, unsigned count)
{
    struct fake_attempt attempt = {0};
    char key[32];
    struct outbound_message message = {
        .key = key, .from = "", .to = ANNA, .body = "x", .expire_time = INT64_MAX};
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "k%u", world->sent++);
        world->port->send(world->port->data, &message, &attempt);
        ck_assert_int_eq(attempt.outcome, SEND_TAKEN);
    }
}

static void count_wake(void *data)
{
    ++*(unsigned *)data;
}

static struct simulator_watch *look(struct world *world, bool only_new, unsigned *wakes,
                                    uint64_t expected)
{
    struct simulator_watch *watch;
    uint64_t received;
    struct error error;
    ck_assert(simulator_watch_new(world->simulator, ANNA, only_new, count_wake, wakes, &watch,
                                  &received, &error));
    ck_assert_uint_eq(received, expected);
    return watch;
}

static void expect(struct world *world, struct simulator_watch *watch, uint64_t number)
{
    struct simulator_received text;
    struct error error;
    arena_reset(world->arena);
    ck_assert_int_eq(simulator_watch_next(watch, world->arena, &text, &no_event, &error),
                     SIMULATOR_TEXT);
    ck_assert_uint_eq(text.number, number);
}

static void expect_later(struct world *world, struct simulator_watch *watch)
{
    struct simulator_received text;
    struct error error;
    ck_assert_int_eq(simulator_watch_next(watch, world->arena, &text, &no_event, &error),
                     SIMULATOR_LATER);
}

START_TEST(test_what_the_phone_has_comes_first_if_wanted)
{
    struct world world;
    unsigned wakes = 0;
    set_up(&world, true);
    get_texts(&world, 3);
    struct simulator_watch *all = look(&world, false, &wakes, 3);
    struct simulator_watch *only_new = look(&world, true, &wakes, 3);
    expect_later(&world, only_new);
    for (uint64_t number = 1; number <= 3; number++)
        expect(&world, all, number);
    expect_later(&world, all);
    ck_assert_uint_eq(wakes, 0);
    get_texts(&world, 2);
    /* Each is woken once, and not again before it was told LATER again. */
    ck_assert_uint_eq(wakes, 2);
    expect(&world, all, 4);
    expect(&world, only_new, 4);
    expect(&world, only_new, 5);
    simulator_watch_free(only_new);
    simulator_watch_free(all);
    simulator_watch_free(NULL);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_phone_keeps_its_latest_texts)
{
    struct world world;
    unsigned wakes = 0;
    set_up(&world, true);
    get_texts(&world, SIMULATOR_TEXTS + 234);
    struct simulator_handset handset;
    ck_assert_uint_eq(simulator_list(world.simulator, 0, &handset, 1), 1);
    ck_assert_uint_eq(handset.received, SIMULATOR_TEXTS + 234);
    ck_assert_uint_eq(handset.dropped, 234);
    struct simulator_watch *watch = look(&world, false, &wakes, SIMULATOR_TEXTS + 234);
    /* What goes before the first look is no loss. */
    get_texts(&world, 6);
    for (uint64_t number = 241; number <= 1240; number++)
        expect(&world, watch, number);
    expect_later(&world, watch);
    simulator_watch_free(watch);
    tear_down(&world);
}
END_TEST

START_TEST(test_who_is_too_slow_is_told)
{
    struct world world;
    unsigned wakes = 0;
    set_up(&world, true);
    struct simulator_watch *watch = look(&world, true, &wakes, 0);
    struct simulator_watch *other = look(&world, false, &wakes, 0);
    get_texts(&world, 1);
    expect(&world, other, 1);
    get_texts(&world, SIMULATOR_TEXTS);
    expect(&world, other, 2);
    struct simulator_received text;
    struct error error;
    ck_assert_int_eq(simulator_watch_next(watch, world.arena, &text, &no_event, &error),
                     SIMULATOR_FAILED);
    ck_assert_int_eq(error.code, STATUS_OUT_OF_RANGE);
    ck_assert_str_eq(error.reason, "TEXTS_DROPPED");
    simulator_watch_free(watch);
    simulator_watch_free(other);
    tear_down(&world);
}
END_TEST

START_TEST(test_all_phones_together_keep_what_there_is_room_for)
{
    enum { SIZE = 1024 * 1024, PHONES = 4, TEXTS = 400 };
    struct world world;
    set_up(&world, true);
    struct error error;
    struct simulator_handset handset;
    char *body = malloc(SIZE + 1);
    ck_assert_ptr_nonnull(body);
    memset(body, 'x', SIZE);
    body[SIZE] = '\0';
    char numbers[PHONES][32];
    for (int i = 0; i < PHONES; i++) {
        snprintf(numbers[i], sizeof numbers[i], "+1555666000%d", i);
        ck_assert(simulator_add_handset(world.simulator, numbers[i], NULL, &handset, &error));
    }
    char key[32];
    for (int i = 0; i < TEXTS; i++) {
        snprintf(key, sizeof key, "big%d", i);
        fake_send(world.fake, world.port, key, numbers[i % PHONES], body);
    }
    uint64_t kept = 0;
    for (int i = 0; i < PHONES; i++) {
        ck_assert_uint_eq(simulator_list(world.simulator, (uint64_t)i + 1, &handset, 1), 1);
        ck_assert_uint_eq(handset.received, TEXTS / PHONES);
        kept += handset.received - handset.dropped;
    }
    ck_assert_uint_eq(kept, SIMULATOR_TEXT_BYTES / (SIZE + 4096));
    struct simulator_watch *watch;
    uint64_t received;
    ck_assert(simulator_watch_new(world.simulator, numbers[3], false, count_wake, &(unsigned){0},
                                  &watch, &received, &error));
    expect(&world, watch, handset.dropped + 1);
    simulator_watch_free(watch);
    free(body);
    tear_down(&world);
}
END_TEST

START_TEST(test_a_full_arena_is_an_error_and_loses_nothing)
{
    struct world world;
    unsigned wakes = 0;
    set_up(&world, true);
    get_texts(&world, 1);
    struct simulator_watch *watch = look(&world, false, &wakes, 1);
    struct arena *tiny = arena_new(32);
    struct simulator_received text;
    struct error error;
    ck_assert_int_eq(simulator_watch_next(watch, tiny, &text, &no_event, &error), SIMULATOR_FAILED);
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    expect(&world, watch, 1);
    arena_free(tiny);
    simulator_watch_free(watch);
    tear_down(&world);
}
END_TEST

START_TEST(test_nobody_watches_a_phone_that_is_not_there)
{
    struct world world;
    unsigned wakes = 0;
    set_up(&world, true);
    struct simulator_watch *watch;
    uint64_t received;
    struct error error;
    ck_assert(!simulator_watch_new(world.simulator, "+15550000000", false, count_wake, &wakes,
                                   &watch, &received, &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_FOUND");
    tear_down(&world);
}
END_TEST

/* ---- leaving from within a wake ---- */

struct leaver {
    struct world *world;
    struct simulator_watch *watch;
    unsigned wakes;
    bool reads;
};

static void leave(void *data)
{
    struct leaver *leaver = data;
    leaver->wakes++;
    if (leaver->reads) {
        expect(leaver->world, leaver->watch, leaver->wakes);
        expect_later(leaver->world, leaver->watch);
        return;
    }
    simulator_watch_free(leaver->watch);
    leaver->watch = NULL;
}

START_TEST(test_a_wake_may_read_or_leave)
{
    struct world world;
    set_up(&world, true);
    struct leaver leavers[4];
    uint64_t received;
    struct error error;
    for (size_t i = 0; i < 4; i++) {
        leavers[i] = (struct leaver){.world = &world, .reads = i % 2};
        ck_assert(simulator_watch_new(world.simulator, ANNA, false, leave, &leavers[i],
                                      &leavers[i].watch, &received, &error));
        expect_later(&world, leavers[i].watch);
    }
    get_texts(&world, 2);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(leavers[i].wakes, leavers[i].reads ? 2 : 1);
        simulator_watch_free(leavers[i].watch);
    }
    tear_down(&world);
}
END_TEST

/* ---- many threads ---- */

enum { WRITERS = 3, READERS = 4, EACH = 700 };

struct crowd {
    struct world world;
};

struct writer {
    struct crowd *crowd;
    unsigned index;
    struct fake_attempt attempt;
};

static void *write_texts(void *data)
{
    struct writer *writer = data;
    const struct carrier_port *port = writer->crowd->world.port;
    char key[32];
    struct outbound_message message = {
        .key = key, .from = "", .to = ANNA, .body = "x", .expire_time = INT64_MAX};
    for (unsigned i = 0; i < EACH; i++) {
        snprintf(key, sizeof key, "w%u-%u", writer->index, i);
        /* Each twice. */
        port->send(port->data, &message, &writer->attempt);
        port->send(port->data, &message, &writer->attempt);
    }
    return NULL;
}

struct reader {
    struct crowd *crowd;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    bool failed;
};

static void wake_reader(void *data)
{
    struct reader *reader = data;
    pthread_mutex_lock(&reader->lock);
    reader->awake = true;
    pthread_cond_signal(&reader->woken);
    pthread_mutex_unlock(&reader->lock);
}

static void wait_for_wake(struct reader *reader)
{
    pthread_mutex_lock(&reader->lock);
    while (!reader->awake)
        pthread_cond_wait(&reader->woken, &reader->lock);
    reader->awake = false;
    pthread_mutex_unlock(&reader->lock);
}

enum { TO_THE_END = WRITERS * EACH };

/* Reads up to `most` texts with a watch of its own, which sees its numbers without a gap. Returns the last of them. */
static uint64_t read_some(struct reader *reader, struct arena *arena, unsigned most)
{
    struct simulator_received text = {0};
    struct simulator_watch *watch;
    struct error error;
    uint64_t received, last = 0;
    enum simulator_next next = SIMULATOR_LATER;
    reader->failed = !simulator_watch_new(reader->crowd->world.simulator, ANNA, false, wake_reader,
                                          reader, &watch, &received, &error);
    for (unsigned i = 0; i < most && !reader->failed && last < TO_THE_END; i++) {
        arena_reset(arena);
        next = simulator_watch_next(watch, arena, &text, &no_event, &error);
        if (next == SIMULATOR_FAILED)
            break; /* too slow */
        if (next == SIMULATOR_LATER) {
            wait_for_wake(reader);
            continue;
        }
        reader->failed = last && text.number != last + 1;
        last = text.number;
    }
    simulator_watch_free(watch);
    return last;
}

static void *read_texts(void *data)
{
    enum { SHORT_ONES = 40, SHORT = 30 };
    struct reader *reader = data;
    struct arena *arena = arena_new(1024 * 1024);
    uint64_t last = 0;
    for (unsigned i = 0; !reader->failed && last < TO_THE_END; i++)
        last = read_some(reader, arena, i < SHORT_ONES ? SHORT : UINT32_MAX);
    arena_free(arena);
    return NULL;
}

START_TEST(test_writers_and_readers_at_once)
{
    static struct crowd crowd;
    set_up(&crowd.world, false);
    struct writer writers[WRITERS];
    struct reader readers[READERS];
    pthread_t writing[WRITERS], reading[READERS];
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.crowd = &crowd};
        pthread_mutex_init(&readers[i].lock, NULL);
        pthread_cond_init(&readers[i].woken, NULL);
        ck_assert_int_eq(pthread_create(&reading[i], NULL, read_texts, &readers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.crowd = &crowd, .index = i};
        ck_assert_int_eq(pthread_create(&writing[i], NULL, write_texts, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(writing[i], NULL);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(reading[i], NULL);
        ck_assert(!readers[i].failed);
        pthread_cond_destroy(&readers[i].woken);
        pthread_mutex_destroy(&readers[i].lock);
    }
    fake_await(crowd.world.fake, &crowd.world.fake->receipt_count, WRITERS * EACH);
    struct simulator_handset handset;
    ck_assert_uint_eq(simulator_list(crowd.world.simulator, 0, &handset, 1), 1);
    ck_assert_uint_eq(handset.received, WRITERS * EACH);
    tear_down(&crowd.world);
}
END_TEST

SUITE_MAIN("watch", test_what_the_phone_has_comes_first_if_wanted,
           test_a_phone_keeps_its_latest_texts, test_who_is_too_slow_is_told,
           test_all_phones_together_keep_what_there_is_room_for,
           test_a_full_arena_is_an_error_and_loses_nothing,
           test_nobody_watches_a_phone_that_is_not_there, test_a_wake_may_read_or_leave,
           test_writers_and_readers_at_once)
