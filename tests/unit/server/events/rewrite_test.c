/*
 * What is rewritten in a log is given to nobody as it was, wherever a copy of it lay.
 */
#include "tests/unit/server/events/world.h"
#include "tests/unit/suite.h"

#include <sched.h>
#include <stdatomic.h>

static struct world world;
static struct arena *arena;
static struct log_id the_log;

static void set_up(void)
{
    world_open(&world);
    arena = arena_new(1 << 20);
    ck_assert_ptr_nonnull(arena);
    the_log = world_log(1);
}

static void tear_down(void)
{
    arena_free(arena);
    world_close(&world);
}

/* Those entries come, one of them rewritten. 0: none. */
static void expect(struct follower *follower, uint64_t from, uint64_t to, uint64_t rewritten)
{
    for (uint64_t position = from; position <= to; position++) {
        struct log_entry entry;
        struct error error;
        arena_reset(arena);
        ck_assert_int_eq(follower_next(follower, arena, &entry, &error), TAIL_ENTRY);
        ck_assert_uint_eq(entry.position, position);
        if (position == rewritten)
            ck_assert_str_eq(entry.bytes.data, WORLD_REWRITTEN);
        else
            ck_assert(world_entry_right(&entry));
    }
}

/* The same to somebody who follows only now. */
static void expect_anew(uint64_t from, uint64_t to, uint64_t rewritten)
{
    struct follower follower;
    follower_open(&follower, &world, &the_log, from - 1);
    expect(&follower, from, to, rewritten);
    follower_close(&follower);
}

/* Has a follower read or wait: it has nothing yet. */
static void begin(struct follower *follower)
{
    struct log_entry entry;
    struct error error;
    arena_reset(arena);
    ck_assert_int_eq(event_tail_next(follower->tail, arena, &entry, &error), TAIL_LATER);
}

static void wait_woken(struct follower *follower, unsigned times)
{
    pthread_mutex_lock(&follower->lock);
    while (follower->wakes < times)
        pthread_cond_wait(&follower->woken, &follower->lock);
    pthread_mutex_unlock(&follower->lock);
}

/* holds: EVT-04 */
START_TEST(test_what_is_at_hand)
{
    set_up();
    struct follower early, slow;
    follower_open(&early, &world, &the_log, 0);
    follower_open(&slow, &world, &the_log, 0);
    world_append(&world, &the_log, 10, 0);
    expect(&early, 1, 10, 0);
    expect(&slow, 1, 3, 0);
    /* In the midst, the newest, and the newest with others after it. */
    for (uint64_t position = 5; position <= 10; position += 5) {
        ck_assert_int_eq(world_rewrite(&world, &the_log, position), COMMAND_DURABLE);
        expect_anew(position, position, position);
    }
    world_append(&world, &the_log, 5, 0);
    expect(&early, 11, 15, 0);
    expect(&slow, 4, 9, 5);
    expect(&slow, 10, 15, 10);
    ck_assert_int_eq(world_rewrite(&world, &the_log, 11), COMMAND_DURABLE);
    expect_anew(11, 15, 11);
    /* Of another log that has not this position. */
    struct log_id other = world_log(2);
    ck_assert_int_eq(world_rewrite(&world, &other, 15), COMMAND_DURABLE);
    expect_anew(12, 15, 0);
    follower_close(&early);
    follower_close(&slow);
    tear_down();
}
END_TEST

/* holds: EVT-04 */
START_TEST(test_what_was_read_ahead)
{
    set_up();
    world_append(&world, &the_log, 20, 0);
    struct follower follower;
    follower_open(&follower, &world, &the_log, 0);
    begin(&follower);
    wait_woken(&follower, 1);
    expect(&follower, 1, 5, 0);
    /* What it has given already does not matter any more. */
    ck_assert_int_eq(world_rewrite(&world, &the_log, 3), COMMAND_DURABLE);
    expect(&follower, 6, 7, 0);
    ck_assert_int_eq(world_rewrite(&world, &the_log, 8), COMMAND_DURABLE);
    expect(&follower, 8, 9, 8);
    ck_assert_int_eq(world_rewrite(&world, &the_log, 15), COMMAND_DURABLE);
    expect(&follower, 10, 20, 15);
    follower_close(&follower);
    tear_down();
}
END_TEST

/* Rewritten while a read for all followers is under way, which many bytes make a long one: what that has found is not kept. holds: EVT-04 */
START_TEST(test_what_is_being_read)
{
    enum { ROUNDS = 15, ENTRIES = 1000, SIZE = 2000 };
    set_up();
    atomic_store(&world.withheld, 1);
    uint64_t last = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct follower follower;
        follower_open(&follower, &world, &the_log, last);
        begin(&follower);
        world_append(&world, &the_log, ENTRIES, SIZE);
        last += ENTRIES;
        ck_assert_int_eq(world_rewrite(&world, &the_log, last), COMMAND_DURABLE);
        wait_woken(&follower, 1); /* after the read */
        expect_anew(last, last, last);
        follower_close(&follower);
    }
    tear_down();
}
END_TEST

/* The same for what a single follower reads. holds: EVT-04 */
START_TEST(test_what_one_is_reading)
{
    enum { ROUNDS = 60, ENTRIES = 250 };
    set_up();
    uint64_t last = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        world_append(&world, &the_log, ENTRIES, 0);
        struct follower follower;
        follower_open(&follower, &world, &the_log, last);
        begin(&follower);
        last += ENTRIES;
        ck_assert_int_eq(world_rewrite(&world, &the_log, last), COMMAND_DURABLE);
        expect(&follower, last - ENTRIES + 1, last, last);
        follower_close(&follower);
    }
    tear_down();
}
END_TEST

/* Nobody knows what became of it; but once the store is back, what it says is what is given. holds: EVT-04 */
START_TEST(test_what_a_failed_write_has_rewritten)
{
    set_up();
    world_append(&world, &the_log, 10, 0);
    struct follower early, ahead;
    follower_open(&early, &world, &the_log, 10);
    follower_open(&ahead, &world, &the_log, 0);
    world_append(&world, &the_log, 10, 0);
    expect(&early, 11, 20, 0);
    begin(&ahead);
    wait_woken(&ahead, 1);
    expect(&ahead, 1, 2, 0);
    for (uint64_t position = 5; position <= 15; position += 10) {
        struct error error;
        atomic_store(&world.fails, true);
        ck_assert_int_eq(world_rewrite(&world, &the_log, position), COMMAND_UNKNOWN);
        while (pipeline_refuses(world.pipeline, &error))
            sched_yield();
        expect_anew(position, position, position);
    }
    expect(&ahead, 3, 10, 5);
    expect(&ahead, 11, 20, 15);
    world_append(&world, &the_log, 1, 0);
    expect(&early, 21, 21, 0);
    follower_close(&early);
    follower_close(&ahead);
    tear_down();
}
END_TEST

SUITE_MAIN("rewrite", test_what_is_at_hand, test_what_was_read_ahead, test_what_is_being_read,
           test_what_one_is_reading, test_what_a_failed_write_has_rewritten)
