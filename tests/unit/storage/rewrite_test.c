/*
 * What must not be kept is taken out of a log.
 */
#include "tests/unit/storage/rig.h"

#include <sched.h>

static struct rig rig;

static struct entry rewritten;

static bool rewrite(struct probe *probe, struct txn *txn)
{
    struct log_id log = world_log(0);
    return txn_rewrite(txn, &log, probe->value, (struct bytes){&rewritten, sizeof rewritten},
                       &probe->error);
}

static bool rewrite_in_vain(struct probe *probe, struct txn *txn)
{
    rewrite(probe, txn);
    return false;
}

static void wait_reopened(void)
{
    while (pipeline_refuses(rig.pipeline, &rig.error))
        sched_yield();
}

static uint32_t mark_at(uint64_t position)
{
    struct view *view = view_open(rig.store);
    uint32_t mark = world_mark(view, 0, position);
    uint64_t last[WORLD_LOGS];
    world_check(view, last);
    view_close(view);
    return mark;
}

/* What it says is new; where it stands, and what came of it and of those after it, is as it was, after a replay, too. */
START_TEST(an_entry_is_rewritten_in_its_place)
{
    rig_open(&rig, NULL, NULL);
    struct append appends[3];
    for (unsigned i = 0; i < 3; i++) {
        appends[i] = rig_append(0);
        ck_assert(append_run(rig.pipeline, &appends[i]));
    }
    rewritten = appends[0].entry;
    rewritten.mark += 1000;
    struct probe probe = {.value = appends[0].position};
    probe_run(&rig, &probe, rewrite_in_vain);
    ck_assert_uint_eq(mark_at(appends[0].position), appends[0].entry.mark);
    ck_assert_int_eq(probe_run(&rig, &probe, rewrite), COMMAND_DURABLE);
    ck_assert_uint_eq(mark_at(appends[0].position), rewritten.mark);
    ck_assert_uint_eq(mark_at(appends[1].position), appends[1].entry.mark);
    /* What the log has not is left alone. */
    probe.value = 99;
    ck_assert_int_eq(probe_run(&rig, &probe, rewrite), COMMAND_DURABLE);
    struct append lost = rig_append(0);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &lost));
    seam_set(&rig.seam, SEAM_WRITES);
    wait_reopened();
    ck_assert_uint_eq(mark_at(appends[0].position), rewritten.mark);
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    ck_assert_uint_eq(mark_at(appends[0].position), rewritten.mark);
    rig_close(&rig);
}
END_TEST

static bool append_and_rewrite(struct probe *probe, struct txn *txn)
{
    struct log_id log = world_log(0);
    struct entry entry = rewritten;
    entry.mark = 7;
    return txn_append(txn, &log, (struct bytes){&entry, sizeof entry}, &probe->value,
                      &probe->error) &&
           rewrite(probe, txn);
}

/* Who follows the log is told that it has grown, and reads what it says now. */
START_TEST(an_entry_that_is_rewritten_at_once_is_not_handed_over)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(atomic_load(&rig.world.appended[0]), 1);
    rewritten = append.entry;
    rewritten.mark = 1000;
    struct probe probe = {0};
    ck_assert_int_eq(probe_run(&rig, &probe, append_and_rewrite), COMMAND_DURABLE);
    ck_assert_uint_eq(probe.value, 2);
    ck_assert_uint_eq(atomic_load(&rig.world.grown[0]), 2);
    ck_assert_uint_eq(atomic_load(&rig.world.appended[0]), 1);
    ck_assert_uint_eq(mark_at(2), 1000);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(atomic_load(&rig.world.appended[0]), 3);
    rig_close(&rig);
}
END_TEST

static bool rewrite_and_trim(struct probe *probe, struct txn *txn)
{
    struct log_id log = world_log(0);
    return rewrite(probe, txn) && pipeline_trim(rig.pipeline, &log, probe->value, &probe->error);
}

/* How many of the log's entries there are, whatever they are. */
static unsigned entries_there(void)
{
    struct log_id log = world_log(0), next = world_log(1);
    struct view *view = view_open(rig.store);
    struct scan *scan = view_scan(view, KV_LOG, (struct bytes){log.bytes, sizeof log.bytes},
                                  (struct bytes){next.bytes, sizeof next.bytes}, false);
    unsigned count = 0;
    for (; scan_valid(scan); scan_next(scan))
        count++;
    scan_free(scan);
    view_close(view);
    return count;
}

/* Its rewriting reaches the disk after the trim: it does not stay there for good. */
START_TEST(what_is_trimmed_while_it_is_rewritten_goes_with_the_next_trim)
{
    rig_open(&rig, NULL, NULL);
    struct log_id log = world_log(0);
    struct append append = rig_append(0);
    for (unsigned i = 0; i < 3; i++)
        ck_assert(append_run(rig.pipeline, &append));
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    rewritten = append.entry;
    struct probe probe = {.value = 1};
    ck_assert_int_eq(probe_run(&rig, &probe, rewrite_and_trim), COMMAND_DURABLE);
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 2);
    ck_assert(pipeline_trim(rig.pipeline, &log, 2, &rig.error));
    ck_assert_uint_eq(entries_there(), 1);
    rig_close(&rig);
}
END_TEST

static void rewrite_done(struct command *command, enum command_outcome outcome,
                         const struct error *error)
{
    struct probe *probe = (struct probe *)command;
    (void)error;
    probe->outcome = outcome;
    probe->value = atomic_load(&rig.world.rewritten[0]);
    atomic_store(&probe->done, true);
}

static bool rewrite_command(struct command *command, struct txn *txn)
{
    return rewrite((struct probe *)command, txn);
}

/* Who keeps entries in memory hears of it before who asked for it. Of what did not come about nobody hears. */
START_TEST(that_it_is_rewritten_is_told)
{
    rig_open(&rig, NULL, NULL);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    rewritten = append.entry;
    struct probe probe = {.value = 1};
    probe_run(&rig, &probe, rewrite_in_vain);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(atomic_load(&rig.world.rewritten[0]), 0);
    ck_assert_uint_eq(atomic_load(&rig.world.appended[0]), 2);
    probe =
        (struct probe){.command = {.decide = rewrite_command, .done = rewrite_done}, .value = 1};
    pipeline_submit(rig.pipeline, &probe.command);
    while (!atomic_load(&probe.done))
        sched_yield();
    ck_assert_int_eq(probe.outcome, COMMAND_DURABLE);
    ck_assert_uint_eq(probe.value, 1);
    unsigned any = atomic_load(&rig.world.rewritten_any);
    seam_set(&rig.seam, SEAM_FAILS_AFTER);
    probe = (struct probe){.value = 2};
    ck_assert_int_eq(probe_run(&rig, &probe, rewrite), COMMAND_UNKNOWN);
    seam_set(&rig.seam, SEAM_WRITES);
    wait_reopened();
    ck_assert_uint_eq(atomic_load(&rig.world.rewritten[0]), 1);
    ck_assert_uint_gt(atomic_load(&rig.world.rewritten_any), any);
    rig_close(&rig);
}
END_TEST

SUITE_MAIN("rewrite", what_is_trimmed_while_it_is_rewritten_goes_with_the_next_trim,
           an_entry_is_rewritten_in_its_place,
           an_entry_that_is_rewritten_at_once_is_not_handed_over, that_it_is_rewritten_is_told)
