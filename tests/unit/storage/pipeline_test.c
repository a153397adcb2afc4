#include "tests/unit/storage/rig.h"

#include <string.h>
#include <time.h>

static struct rig rig;
static uint64_t last[WORLD_LOGS];

/* holds: API-18 */
START_TEST(what_is_written_is_read)
{
    rig_open(&rig, NULL, NULL);
    for (unsigned i = 1; i <= 5; i++) {
        struct append append = rig_append(1);
        ck_assert(append_run(rig.pipeline, &append));
        ck_assert_uint_eq(append.position, i);
        struct log_id log = world_log(1);
        ck_assert_uint_eq(pipeline_position(rig.pipeline, &log), i);
        rig_check(&rig, last);
        ck_assert_uint_eq(last[1], i);
    }
    rig_close(&rig);
}
END_TEST

/* holds: EVT-01 INV-07 */
START_TEST(what_is_rejected_leaves_no_trace)
{
    rig_open(&rig, NULL, NULL);
    struct append good = rig_append(0), bad = rig_append(0), new_log = rig_append(2);
    bad.reject = new_log.reject = true;
    ck_assert(append_run(rig.pipeline, &good));
    ck_assert(append_run(rig.pipeline, &bad));
    ck_assert(append_run(rig.pipeline, &new_log));
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 1);
    ck_assert_uint_eq(last[2], 0);
    ck_assert(append_run(rig.pipeline, &good));
    ck_assert_uint_eq(good.position, 2);
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

/* ---- groups, held at the durability step ---- */

static _Atomic unsigned done_count;
static unsigned done_order[64];

static uint64_t told_of_all(void)
{
    uint64_t told = 0;
    for (unsigned i = 0; i < WORLD_LOGS; i++)
        told += atomic_load(&rig.world.grown[i]) + atomic_load(&rig.world.appended[i]);
    return told;
}

static void note_order(struct append *append)
{
    /* Streams hear of it no later than who is answered. */
    if (append->outcome == COMMAND_DURABLE && !append->reject) {
        ck_assert_uint_ge(atomic_load(&rig.world.grown[append->log]), append->position);
        ck_assert_uint_ge(atomic_load(&rig.world.appended[append->log]), append->position);
    }
    unsigned place = atomic_load(&done_count);
    done_order[place] = append->entry.mark;
    atomic_store(&done_count, place + 1);
    atomic_store(&append->done, true);
}

/* holds: INV-01 INV-07 */
START_TEST(a_group_is_done_together_and_in_order)
{
    enum { COUNT = 20 };
    static struct append appends[COUNT];
    rig_open(&rig, NULL, NULL);
    seam_set(&rig.seam, SEAM_HOLDS);
    struct append first = rig_append(0);
    append_start(rig.pipeline, &first);
    seam_wait_held(&rig.seam);
    for (unsigned i = 0; i < COUNT; i++) {
        appends[i] = rig_append(i % WORLD_LOGS);
        appends[i].entry.mark = i;
        appends[i].reject = i % 5 == 4;
        appends[i].then = note_order;
        append_start(rig.pipeline, &appends[i]);
    }
    /* Nothing is done and nothing seen before it is durable. */
    ck_assert(!atomic_load(&first.done));
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0] + last[1] + last[2], 0);
    struct log_id log = world_log(0);
    ck_assert_uint_eq(pipeline_position(rig.pipeline, &log), 0);
    ck_assert_uint_eq(told_of_all(), 0);
    seam_release(&rig.seam);
    append_wait(&first);
    seam_wait_held(&rig.seam);
    ck_assert_uint_eq(atomic_load(&done_count), 0);
    ck_assert_uint_eq(told_of_all(), 1 + 1);
    seam_set(&rig.seam, SEAM_WRITES);
    seam_release(&rig.seam);
    for (unsigned i = 0; i < COUNT; i++)
        append_wait(&appends[i]);
    ck_assert_uint_eq(rig.seam.commits, 2);
    for (unsigned i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(done_order[i], i);
        ck_assert_int_eq(appends[i].outcome, COMMAND_DURABLE);
    }
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0] + last[1] + last[2], 1 + COUNT - COUNT / 5);
    ck_assert_uint_eq(atomic_load(&rig.world.grown[1]), last[1]);
    rig_close(&rig);
}
END_TEST

START_TEST(views_stand_still)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    append.entry.steps[2] = (struct step){STEP_PUT, 2, 0, 3, 50};
    ck_assert(append_run(rig.pipeline, &append));
    struct view *view = view_open(rig.store);
    world_check(view, last);
    struct dice dice = {5};
    for (unsigned i = 0; i < 50; i++) {
        append.entry = world_entry(&dice, i);
        ck_assert(append_run(rig.pipeline, &append));
        manual_clock_move(&rig.clock, 20);
        if (i % 10 == 0)
            ck_assert(pipeline_flush(rig.pipeline, &rig.error));
        world_check(view, last);
        ck_assert_uint_eq(last[0], 1);
    }
    view_close(view);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 51);
    rig_close(&rig);
}
END_TEST

/* ---- refusals ---- */

START_TEST(too_many_are_refused)
{
    struct pipeline_options options = {.max_queued = 3};
    rig_open(&rig, NULL, &options);
    seam_set(&rig.seam, SEAM_HOLDS);
    struct append appends[5];
    for (unsigned i = 0; i < 5; i++)
        appends[i] = rig_append(0);
    append_start(rig.pipeline, &appends[0]);
    seam_wait_held(&rig.seam);
    for (unsigned i = 1; i < 5; i++)
        append_start(rig.pipeline, &appends[i]);
    ck_assert(atomic_load(&appends[4].done));
    ck_assert_int_eq(appends[4].outcome, COMMAND_REFUSED);
    ck_assert_int_eq(appends[4].error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(appends[4].error.reason, "STORE_BUSY");
    seam_set(&rig.seam, SEAM_WRITES);
    seam_release(&rig.seam);
    for (unsigned i = 0; i < 4; i++) {
        append_wait(&appends[i]);
        ck_assert_int_eq(appends[i].outcome, COMMAND_DURABLE);
    }
    rig_close(&rig);
}
END_TEST

static _Atomic uint64_t free_bytes;

static uint64_t tell_free(void *data)
{
    (void)data;
    return atomic_load(&free_bytes);
}

/* holds: STO-02 */
START_TEST(a_full_disk_stops_writes_not_reads)
{
    struct store_options options = {.free_bytes = tell_free, .free_bytes_low = 1000};
    struct error why;
    atomic_store(&free_bytes, 1000);
    rig_open(&rig, &options, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert(!pipeline_refuses(rig.pipeline, &why));
    atomic_store(&free_bytes, 999);
    ck_assert(!append_run(rig.pipeline, &append));
    ck_assert_int_eq(append.outcome, COMMAND_REFUSED);
    ck_assert_str_eq(append.error.reason, "DISK_FULL");
    ck_assert(pipeline_refuses(rig.pipeline, &why));
    ck_assert_str_eq(why.reason, "DISK_FULL");
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 1);
    atomic_store(&free_bytes, 1000);
    ck_assert(append_run(rig.pipeline, &append));
    rig_close(&rig);
}
END_TEST

/* On the writer's thread, when a write has failed and the store is about to be opened again. */
static void fill_disk(struct append *append)
{
    atomic_store(&free_bytes, 0);
    atomic_store(&append->done, true);
}

/* A store of which a write has failed on a disk that is full. */
static void open_and_fill(enum seam_mode mode)
{
    struct store_options options = {.free_bytes = tell_free, .free_bytes_low = 1000};
    atomic_store(&free_bytes, 1000);
    rig_open(&rig, &options, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    seam_set(&rig.seam, mode);
    append.then = fill_disk;
    ck_assert(!append_run(rig.pipeline, &append));
    ck_assert_int_eq(append.outcome, COMMAND_UNKNOWN);
    seam_set(&rig.seam, SEAM_WRITES);
}

static void check_full_to_the_last_block(enum seam_mode mode)
{
    struct error why;
    open_and_fill(mode);
    unsigned rebuilt = atomic_load(&rig.world.rebuilt);
    while (pipeline_refuses(rig.pipeline, &why) && strcmp(why.reason, "DISK_FULL") != 0)
        ck_assert_str_eq(why.reason, "STORE_REOPENING");
    /* Reads go on, of what was durable before; nobody is kept waiting. */
    for (unsigned i = 0; i < 20; i++) {
        struct append refused = rig_append(0);
        ck_assert(!append_run(rig.pipeline, &refused));
        ck_assert_int_eq(refused.outcome, COMMAND_REFUSED);
        ck_assert_str_eq(refused.error.reason, "DISK_FULL");
        rig_check(&rig, last);
        ck_assert_uint_eq(last[0], 1);
    }
    ck_assert(!pipeline_flush(rig.pipeline, &why));
    ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), rebuilt);
    atomic_store(&free_bytes, 1000);
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), rebuilt + 1);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(append.position, mode == SEAM_FAILS_AFTER ? 3 : 2);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], append.position);
    rig_close(&rig);
}

START_TEST(a_disk_full_to_the_last_block_stops_no_reads)
{
    check_full_to_the_last_block(SEAM_FAILS_BEFORE);
    check_full_to_the_last_block(SEAM_FAILS_AFTER);
}
END_TEST

START_TEST(it_can_be_closed_while_it_waits_for_room)
{
    open_and_fill(SEAM_FAILS_BEFORE);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 1);
    rig_close(&rig);
}
END_TEST

static struct append *closing_append;

static void submit_while_closing(struct append *append)
{
    while (!pipeline_refuses(rig.pipeline, &append->error))
        ;
    append_start(rig.pipeline, closing_append);
    atomic_store(&append->done, true);
}

START_TEST(a_closing_pipeline_refuses)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0), late = rig_append(0);
    append.then = submit_while_closing;
    closing_append = &late;
    append_start(rig.pipeline, &append);
    pipeline_free(rig.pipeline);
    ck_assert(atomic_load(&append.done));
    ck_assert_int_eq(append.outcome, COMMAND_DURABLE);
    ck_assert(atomic_load(&late.done));
    ck_assert_int_eq(late.outcome, COMMAND_REFUSED);
    ck_assert_str_eq(late.error.reason, "STORE_CLOSING");
    store_close(rig.store);
}
END_TEST

/* ---- failed writes ---- */

static void check_failure(enum seam_mode mode, uint64_t expected_after)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0), empty = {.empty = true}, rejected = rig_append(0);
    rejected.reject = true;
    ck_assert(append_run(rig.pipeline, &append));
    /* A group of three behind one that is held. */
    seam_set(&rig.seam, SEAM_HOLDS);
    struct append first = rig_append(1);
    append_start(rig.pipeline, &first);
    seam_wait_held(&rig.seam);
    append_start(rig.pipeline, &append);
    append_start(rig.pipeline, &empty);
    append_start(rig.pipeline, &rejected);
    seam_set(&rig.seam, mode);
    seam_release(&rig.seam);
    append_wait(&first);
    append_wait(&append);
    append_wait(&empty);
    append_wait(&rejected);
    ck_assert_int_eq(first.outcome, COMMAND_DURABLE);
    ck_assert_int_eq(append.outcome, COMMAND_UNKNOWN);
    ck_assert_int_eq(append.error.code, STATUS_UNKNOWN);
    ck_assert_int_eq(append.error.original, 80501);
    ck_assert_int_eq(empty.outcome, COMMAND_REFUSED);
    ck_assert_str_eq(empty.error.reason, "STORE_REOPENING");
    ck_assert_int_eq(rejected.outcome, COMMAND_REFUSED);
    seam_set(&rig.seam, SEAM_WRITES);
    struct error why;
    while (pipeline_refuses(rig.pipeline, &why))
        ck_assert_str_eq(why.reason, "STORE_REOPENING");
    ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), 2);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], expected_after);
    ck_assert_uint_eq(atomic_load(&rig.world.grown[0]), expected_after);
    ck_assert_uint_eq(atomic_load(&rig.world.appended[0]), 1);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(append.position, expected_after + 1);
    rig_check(&rig, last);
    rig_close(&rig);
}

/* holds: ERR-80501 STO-01 */
START_TEST(a_write_that_failed_is_unknown)
{
    check_failure(SEAM_FAILS_BEFORE, 1);
}
END_TEST

/* holds: ERR-80501 STO-01 */
START_TEST(a_write_that_happened_after_all_is_seen)
{
    check_failure(SEAM_FAILS_AFTER, 2);
}
END_TEST

/* holds: STO-01 */
START_TEST(a_failed_rebuild_is_tried_again)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    atomic_store(&rig.world.rebuild_failures, 2);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    struct error why;
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), 4);
    ck_assert(append_run(rig.pipeline, &append));
    rig_close(&rig);
}
END_TEST

/* Who follows a log hears of what a failed write has left in it, however many attempts it takes until all is ready. */
START_TEST(a_log_that_has_grown_is_told_after_a_failed_rebuild_too)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    atomic_store(&rig.world.rebuild_failures, 1);
    seam_set(&rig.seam, SEAM_FAILS_AFTER);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    struct error why;
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    struct log_id log = world_log(0);
    ck_assert_uint_eq(pipeline_position(rig.pipeline, &log), 2);
    ck_assert_uint_eq(atomic_load(&rig.world.grown[0]), 2);
    rig_close(&rig);
}
END_TEST

START_TEST(a_reopening_waits_for_views)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    struct error why;
    ck_assert(append_run(rig.pipeline, &append));
    struct view *view = view_open(rig.store);
    seam_set(&rig.seam, SEAM_FAILS_AFTER);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    for (unsigned i = 0; i < 20; i++) {
        ck_assert(pipeline_refuses(rig.pipeline, &why));
        ck_assert_str_eq(why.reason, "STORE_REOPENING");
        world_check(view, last);
        ck_assert_uint_eq(last[0], 1);
        struct append refused = rig_append(0);
        ck_assert(!append_run(rig.pipeline, &refused));
        ck_assert_int_eq(refused.outcome, COMMAND_REFUSED);
        ck_assert_str_eq(refused.error.reason, "STORE_REOPENING");
    }
    ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), 1);
    view_close(view);
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 2);
    rig_close(&rig);
}
END_TEST

/* It would wait for itself. holds: STO-01 */
START_TEST(who_has_a_view_open_waits_for_no_other)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    struct error why;
    ck_assert(append_run(rig.pipeline, &append));
    struct view *view = view_open(rig.store);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    time_t begin = time(NULL);
    struct view *another;
    while ((another = view_open(rig.store)))
        view_close(another); /* it does not let go of what it has at once */
    ck_assert_int_le(time(NULL) - begin, 2);
    view_close(view);
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

START_TEST(a_store_that_cannot_be_reopened_gives_no_view)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    atomic_store(&rig.world.rebuild_failures, 1000);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    struct view *view;
    while ((view = view_open(rig.store)))
        view_close(view); /* it has them while it tries */
    atomic_store(&rig.world.rebuild_failures, 0);
    struct error why;
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

START_TEST(it_can_be_closed_while_it_cannot_be_reopened)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    atomic_store(&rig.world.rebuild_failures, 1000);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    while (atomic_load(&rig.world.rebuilt) < 3)
        ;
    rig_close(&rig);
}
END_TEST

/* As who trims logs, and is to end before the pipeline does. */
START_TEST(nobody_waits_for_a_store_that_cannot_be_reopened)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    struct log_id log = world_log(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    atomic_store(&rig.world.rebuild_failures, 1000);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    while (atomic_load(&rig.world.rebuilt) < 3)
        ;
    ck_assert(!pipeline_trim(rig.pipeline, &log, 1, &rig.error));
    ck_assert_str_eq(rig.error.reason, "STORE_REOPENING");
    ck_assert(!pipeline_flush(rig.pipeline, &rig.error));
    ck_assert_str_eq(rig.error.reason, "STORE_REOPENING");
    rig_close(&rig);
}
END_TEST

/* What stood behind the group that failed would be decided by memory that was not made again. */
START_TEST(what_waits_while_it_cannot_be_reopened_is_refused_at_the_end)
{
    const struct pipeline_options options = {.max_group = 1};
    rig_open(&rig, NULL, &options);
    struct append first = rig_append(0), fails = rig_append(0), waits = rig_append(0);
    seam_set(&rig.seam, SEAM_HOLDS);
    append_start(rig.pipeline, &first);
    seam_wait_held(&rig.seam);
    append_start(rig.pipeline, &fails);
    append_start(rig.pipeline, &waits);
    atomic_store(&rig.world.rebuild_failures, 1000);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    seam_release(&rig.seam);
    append_wait(&fails);
    ck_assert_int_eq(fails.outcome, COMMAND_UNKNOWN);
    seam_set(&rig.seam, SEAM_WRITES);
    while (atomic_load(&rig.world.rebuilt) < 3)
        ;
    ck_assert(!atomic_load(&waits.done));
    rig_close(&rig);
    ck_assert(atomic_load(&waits.done));
    ck_assert_int_eq(waits.outcome, COMMAND_REFUSED);
    ck_assert_str_eq(waits.error.reason, "STORE_REOPENING");
}
END_TEST

START_TEST(a_flush_finds_the_store_failed_or_does_its_work)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    atomic_store(&rig.world.replayed, 0);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    struct error why;
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    /* What had been written out was not replayed. */
    ck_assert_uint_eq(atomic_load(&rig.world.replayed), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(a_start_whose_rebuild_fails_fails)
{
    atomic_store(&rig.world.rebuild_failures, 1);
    ck_assert(!rig_try(&rig, NULL, NULL));
    ck_assert_str_eq(rig.error.reason, "TEST");
}
END_TEST

SUITE_MAIN("pipeline", what_is_written_is_read, what_is_rejected_leaves_no_trace,
           a_group_is_done_together_and_in_order, views_stand_still, too_many_are_refused,
           a_full_disk_stops_writes_not_reads, a_disk_full_to_the_last_block_stops_no_reads,
           it_can_be_closed_while_it_waits_for_room, a_closing_pipeline_refuses,
           a_write_that_failed_is_unknown, a_write_that_happened_after_all_is_seen,
           a_failed_rebuild_is_tried_again, a_log_that_has_grown_is_told_after_a_failed_rebuild_too,
           a_reopening_waits_for_views, who_has_a_view_open_waits_for_no_other,
           what_waits_while_it_cannot_be_reopened_is_refused_at_the_end,
           a_store_that_cannot_be_reopened_gives_no_view,
           it_can_be_closed_while_it_cannot_be_reopened,
           nobody_waits_for_a_store_that_cannot_be_reopened,
           a_flush_finds_the_store_failed_or_does_its_work, a_start_whose_rebuild_fails_fails)
