#include "tests/unit/server/events/world.h"
#include "tests/unit/suite.h"

#include <sched.h>
#include <string.h>

START_TEST(test_an_unknown_log_is_empty)
{
    struct world world;
    world_open(&world);
    struct log_id log = world_log(1);
    struct arena *arena = arena_new(1 << 20);
    struct log_page page;
    struct error error;
    ck_assert(events_page(world.events, &log, 0, 10, arena, &page, &error));
    ck_assert_uint_eq(page.count, 0);
    ck_assert_uint_eq(page.last, 0);
    ck_assert_uint_eq(page.oldest, 1);
    ck_assert_uint_eq(events_last(world.events, &log), 0);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* holds: EVT-11 INV-07 */
START_TEST(test_pages_are_in_order_and_of_one_log)
{
    struct world world;
    world_open(&world);
    struct log_id log = world_log(2), before = world_log(1), after = world_log(3);
    for (int i = 0; i < 10; i++) {
        world_append(&world, &before, 3, 0);
        world_append(&world, &log, 5, 0);
        world_append(&world, &after, 2, 0);
    }
    struct arena *arena = arena_new(1 << 20);
    struct log_page page;
    struct error error;
    uint64_t position = 0;
    while (position < 50) {
        ck_assert(events_page(world.events, &log, position, 7, arena, &page, &error));
        ck_assert_uint_eq(page.last, 50);
        ck_assert_uint_eq(page.count, position == 49 ? 1 : 7);
        for (size_t i = 0; i < page.count; i++) {
            ck_assert_uint_eq(page.entries[i].position, ++position);
            ck_assert(world_entry_right(&page.entries[i]));
        }
    }
    ck_assert(events_page(world.events, &log, 50, 7, arena, &page, &error));
    ck_assert_uint_eq(page.count, 0);
    ck_assert(events_page(world.events, &log, UINT64_MAX - 1, 7, arena, &page, &error));
    ck_assert_uint_eq(page.count, 0);
    arena_free(arena);
    world_close(&world);
}
END_TEST

START_TEST(test_a_full_arena_gives_a_short_page)
{
    struct world world;
    world_open(&world);
    struct log_id log = world_log(1);
    world_append(&world, &log, 10, 4000);
    struct log_page page;
    struct error error;
    struct arena *arena = arena_new(20000);
    ck_assert(events_page(world.events, &log, 0, 10, arena, &page, &error));
    ck_assert_uint_gt(page.count, 0);
    ck_assert_uint_lt(page.count, 10);
    arena_free(arena);
    arena = arena_new(1000);
    ck_assert(!events_page(world.events, &log, 0, 10, arena, &page, &error));
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* Takes an entry out of a log, as a damage might. */
struct damage {
    struct command command;
    struct key key;
    _Atomic bool done;
};

static bool take_out(struct command *command, struct txn *txn)
{
    return txn_delete(txn, KV_LOG, key_bytes(&((struct damage *)command)->key));
}

static void taken_out(struct command *command, enum command_outcome outcome,
                      const struct error *error)
{
    (void)error;
    ck_assert_int_eq(outcome, COMMAND_DURABLE);
    ((struct damage *)command)->done = true;
}

START_TEST(test_a_hole_is_told)
{
    struct world world;
    world_open(&world);
    struct log_id log = world_log(1);
    world_append(&world, &log, 20, 0);
    struct damage damage = {.command = {.decide = take_out, .done = taken_out},
                            .key = key_log_entry(&log, 12)};
    pipeline_submit(world.pipeline, &damage.command);
    while (!damage.done)
        sched_yield();
    struct arena *arena = arena_new(1 << 20);
    struct log_page page;
    struct error error;
    ck_assert(events_page(world.events, &log, 0, 11, arena, &page, &error));
    ck_assert_uint_eq(page.count, 11);
    ck_assert(!events_page(world.events, &log, 5, 10, arena, &page, &error));
    ck_assert_int_eq(error.code, STATUS_DATA_LOSS);
    ck_assert_str_eq(error.reason, "LOG_DAMAGED");
    ck_assert(!events_page(world.events, &log, 11, 10, arena, &page, &error));
    ck_assert_int_eq(error.code, STATUS_DATA_LOSS);
    ck_assert(events_page(world.events, &log, 12, 10, arena, &page, &error));
    ck_assert_uint_eq(page.count, 8);
    arena_free(arena);
    world_close(&world);
}
END_TEST

/* holds: INV-08 */
START_TEST(test_what_was_purged_is_told)
{
    struct world world;
    world_open(&world);
    struct log_id log = world_log(1);
    world_append(&world, &log, 20, 0);
    struct error error;
    error_clear(&error);
    ck_assert_msg(pipeline_flush(world.pipeline, &error), "%s", error.message);
    ck_assert_msg(pipeline_trim(world.pipeline, &log, 12, &error), "%s", error.message);
    struct arena *arena = arena_new(1 << 20);
    struct log_page page;
    ck_assert(!events_page(world.events, &log, 11, 5, arena, &page, &error));
    ck_assert_int_eq(error.code, STATUS_OUT_OF_RANGE);
    ck_assert_str_eq(error.reason, "EVENTS_PURGED");
    ck_assert_uint_eq(error.metadata_count, 1);
    ck_assert_str_eq(error.metadata[0].key, "oldest_position");
    ck_assert_str_eq(error.metadata[0].value, "13");
    ck_assert(events_page(world.events, &log, 12, 5, arena, &page, &error));
    ck_assert_uint_eq(page.entries[0].position, 13);
    ck_assert_uint_eq(page.oldest, 13);
    struct follower follower;
    struct log_entry entry;
    follower_open(&follower, &world, &log, 5);
    ck_assert_int_eq(follower_next(&follower, arena, &entry, &error), TAIL_FAILED);
    ck_assert_str_eq(error.reason, "EVENTS_PURGED");
    follower_close(&follower);
    arena_free(arena);
    world_close(&world);
}
END_TEST

SUITE_MAIN("page", test_an_unknown_log_is_empty, test_pages_are_in_order_and_of_one_log,
           test_a_full_arena_gives_a_short_page, test_a_hole_is_told, test_what_was_purged_is_told)
