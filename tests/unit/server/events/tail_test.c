#include "tests/unit/server/events/world.h"
#include "tests/unit/suite.h"

#include <stdatomic.h>
#include <stdlib.h>

static void expect(struct follower *follower, struct arena *arena, uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position <= to; position++) {
        struct log_entry entry;
        struct error error;
        arena_reset(arena);
        ck_assert_int_eq(follower_next(follower, arena, &entry, &error), TAIL_ENTRY);
        ck_assert_uint_eq(entry.position, position);
        ck_assert(world_entry_right(&entry));
        ck_assert_uint_eq(event_tail_position(follower->tail), position);
    }
}

static void expect_nothing(struct follower *follower, struct arena *arena)
{
    struct log_entry entry;
    struct error error;
    ck_assert_int_eq(event_tail_next(follower->tail, arena, &entry, &error), TAIL_LATER);
}

/* holds: EVT-12 INV-07 */
START_TEST(test_catching_up_and_following)
{
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 20);
    struct log_id log = world_log(1);
    /* More than one chunk, and more than is kept in memory. */
    for (int i = 0; i < 20; i++)
        world_append(&world, &log, 100, 0);
    struct follower early, late;
    follower_open(&early, &world, &log, 0);
    follower_open(&late, &world, &log, 1990);
    expect(&early, arena, 1, 2000);
    expect(&late, arena, 1991, 2000);
    expect_nothing(&early, arena);
    expect_nothing(&late, arena);
    for (uint64_t i = 1; i <= 50; i++) {
        world_append(&world, &log, 1, 0);
        expect(&early, arena, 2000 + i, 2000 + i);
    }
    expect(&late, arena, 2001, 2050);
    follower_close(&early);
    follower_close(&late);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* holds: EVT-12 INV-07 */
START_TEST(test_a_slow_follower_loses_nothing)
{
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 21);
    struct log_id log = world_log(1);
    struct follower quick, slow;
    follower_open(&quick, &world, &log, 0);
    follower_open(&slow, &world, &log, 0);
    /* More bytes than memory keeps of a log. */
    for (uint64_t i = 0; i < 30; i++) {
        world_append(&world, &log, 10, 10000);
        expect(&quick, arena, i * 10 + 1, i * 10 + 10);
    }
    expect(&slow, arena, 1, 300);
    follower_close(&quick);
    follower_close(&slow);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* holds: EVT-12 INV-07 */
START_TEST(test_what_is_not_handed_over_is_read)
{
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 20);
    struct log_id log = world_log(1);
    struct follower follower;
    follower_open(&follower, &world, &log, 0);
    uint64_t position = 0;
    for (unsigned withheld = 0; withheld <= 4; withheld++) {
        atomic_store(&world.withheld, withheld);
        for (unsigned i = 0; i < 20; i++) {
            unsigned count = 1 + i % 5;
            world_append(&world, &log, count, 0);
            expect(&follower, arena, position + 1, position + count);
            position += count;
        }
        expect_nothing(&follower, arena);
    }
    follower_close(&follower);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* More than the writer wakes itself. */
START_TEST(test_many_followers_of_a_log)
{
    enum { MANY = 50 };
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 20);
    struct log_id log = world_log(1);
    static struct follower followers[MANY];
    for (unsigned i = 0; i < MANY; i++)
        follower_open(&followers[i], &world, &log, 0);
    for (uint64_t round = 1; round <= 20; round++) {
        for (unsigned i = 0; i < MANY; i++)
            expect_nothing(&followers[i], arena);
        world_append(&world, &log, 1, 0);
        for (unsigned i = 0; i < MANY; i++)
            expect(&followers[i], arena, round, round);
    }
    for (unsigned i = 0; i < MANY; i++)
        follower_close(&followers[i]);
    arena_free(arena);
    world_close(&world);
}
END_TEST

START_TEST(test_logs_do_not_mix)
{
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 20);
    struct log_id logs[3];
    struct follower followers[3];
    for (unsigned i = 0; i < 3; i++) {
        logs[i] = world_log(i);
        follower_open(&followers[i], &world, &logs[i], 0);
    }
    world_append(&world, &logs[1], 5, 0);
    expect(&followers[1], arena, 1, 5);
    expect_nothing(&followers[0], arena);
    expect_nothing(&followers[2], arena);
    world_append(&world, &logs[2], 2, 0);
    expect(&followers[2], arena, 1, 2);
    expect_nothing(&followers[1], arena);
    for (unsigned i = 0; i < 3; i++)
        follower_close(&followers[i]);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* A tail that its owner frees inside the wake. */
struct suicidal {
    struct event_tail *tail;
    atomic_bool gone;
};

static void free_in_wake(void *data)
{
    struct suicidal *suicidal = data;
    event_tail_free(suicidal->tail);
    atomic_store(&suicidal->gone, true);
}

START_TEST(test_a_tail_may_be_freed_in_its_wake)
{
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 20);
    struct log_id log = world_log(1);
    for (int round = 0; round < 20; round++) {
        bool reads = round % 2 == 1; /* woken by a catch-up read, else by growth */
        struct suicidal suicidal = {0};
        if (reads)
            world_append(&world, &log, 1, 0);
        suicidal.tail =
            event_tail_new(world.events, &log, reads ? 0 : pipeline_position(world.pipeline, &log),
                           free_in_wake, &suicidal);
        ck_assert_ptr_nonnull(suicidal.tail);
        struct log_entry entry;
        struct error error;
        ck_assert_int_eq(event_tail_next(suicidal.tail, arena, &entry, &error), TAIL_LATER);
        if (!reads)
            world_append(&world, &log, 1, 0);
        while (!atomic_load(&suicidal.gone))
            sched_yield();
    }
    arena_free(arena);
    world_close(&world);
}
END_TEST

static void read_until_let_go(void *data)
{
    while (!atomic_load((atomic_bool *)data))
        sched_yield();
}

/* Streams end on threads that must not wait. Whether the read has begun or not, it comes to its end by itself. */
START_TEST(test_a_tail_is_freed_though_its_read_waits_for_others)
{
    enum { READS = 8, TAILS = 3 };
    struct world world;
    world_open(&world);
    struct arena *arena = arena_new(1 << 20);
    struct log_id log = world_log(1);
    atomic_bool let_go = false;
    world_append(&world, &log, 1, 0);
    for (int i = 0; i < READS; i++)
        ck_assert(readers_run(world.readers, read_until_let_go, &let_go));
    for (int i = 0; i < TAILS; i++) {
        struct follower follower;
        follower_open(&follower, &world, &log, 0);
        expect_nothing(&follower, arena);
        follower_close(&follower);
    }
    struct follower stays;
    follower_open(&stays, &world, &log, 0);
    expect_nothing(&stays, arena);
    atomic_store(&let_go, true);
    expect(&stays, arena, 1, 1);
    follower_close(&stays);
    arena_free(arena);
    world_close(&world);
}
END_TEST

enum { WRITERS_ROUNDS = 300, FOLLOWERS = 6 };

struct busy {
    struct world *world;
    struct log_id log;
    atomic_bool stop;
    unsigned number;
};

static void *follow_again_and_again(void *data)
{
    struct busy *busy = data;
    struct arena *arena = arena_new(1 << 20);
    uint64_t position = 0;
    unsigned seed = busy->number;
    while (position < WRITERS_ROUNDS && !atomic_load(&busy->stop)) {
        struct follower follower;
        follower_open(&follower, busy->world, &busy->log, position);
        unsigned most = seed++ % 40;
        for (unsigned i = 0; i < most && position < WRITERS_ROUNDS; i++, position++)
            expect(&follower, arena, position + 1, position + 1);
        /* Freed while it may be read for, or woken. */
        if (position < WRITERS_ROUNDS) {
            struct log_entry entry;
            struct error error;
            arena_reset(arena);
            if (event_tail_next(follower.tail, arena, &entry, &error) == TAIL_ENTRY)
                position++;
        }
        follower_close(&follower);
    }
    arena_free(arena);
    return NULL;
}

START_TEST(test_followers_come_and_go_while_a_log_grows)
{
    struct world world;
    world_open(&world);
    struct busy busy[FOLLOWERS];
    pthread_t threads[FOLLOWERS];
    struct log_id log = world_log(7);
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        busy[i] = (struct busy){.world = &world, .log = log, .number = i * 7};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, follow_again_and_again, &busy[i]), 0);
    }
    for (int i = 0; i < WRITERS_ROUNDS; i++)
        world_append(&world, &log, 1, 100);
    for (unsigned i = 0; i < FOLLOWERS; i++)
        pthread_join(threads[i], NULL);
    world_close(&world);
}
END_TEST

SUITE_MAIN("tail", test_catching_up_and_following, test_a_slow_follower_loses_nothing,
           test_what_is_not_handed_over_is_read, test_many_followers_of_a_log, test_logs_do_not_mix,
           test_a_tail_may_be_freed_in_its_wake,
           test_a_tail_is_freed_though_its_read_waits_for_others,
           test_followers_come_and_go_while_a_log_grows)
