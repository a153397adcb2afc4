/*
 * A store that is opened, written to, flushed and opened again, with one allocation in between that fails: what was
 * acknowledged is there, the logs have no gap, the rows are what follows from them.
 *
 * MASKLINE_LONG=1 tries every allocation, else about forty are picked over all of them.
 */
#include "tests/stress/allocation/failing.h"
#include "tests/unit/storage/rig.h"

#include <limits.h>
#include <string.h>

enum { APPENDS = 12, PICKED = 40 };

/* Entries that are there at least, and at most. */
struct told {
    uint64_t acknowledged[WORLD_LOGS];
    uint64_t possible[WORLD_LOGS];
};

/* No memory; or the store is being opened again for want of it, and what was in the midst of a write is unknown. */
static void allowed(const struct error *error, const char *what)
{
    bool good = error->code == STATUS_RESOURCE_EXHAUSTED || error->code == STATUS_UNAVAILABLE ||
                error->code == STATUS_UNKNOWN;
    failing_pause();
    ck_assert_msg(good, "%s: %s %s: %s", what, status_code_name(error->code), error->reason,
                  error->message);
    failing_resume();
}

static void append(struct rig *rig, unsigned log, struct told *told)
{
    struct append append = rig_append(log);
    if (append_run(rig->pipeline, &append))
        told->acknowledged[log]++;
    else if (append.outcome == COMMAND_REFUSED || append.outcome == COMMAND_UNKNOWN)
        allowed(&append.error, "append");
    if (append.outcome != COMMAND_REFUSED)
        told->possible[log]++;
}

/* Whether nothing was refused. */
static bool write_some(const struct store_options *options, struct told *told)
{
    struct rig rig;
    failing_pause();
    memset(&rig, 0, sizeof(rig));
    manual_clock_set(&rig.clock, INT64_C(1900000000000000));
    rig.world.unchecked = true;
    failing_resume();
    bool good = rig_try(&rig, options, NULL);
    if (!good) {
        allowed(&rig.error, "open");
        return false;
    }
    struct error error;
    for (unsigned i = 0; i < APPENDS; i++) {
        append(&rig, i % WORLD_LOGS, told);
        if (i == APPENDS / 2)
            good = pipeline_flush(rig.pipeline, &error);
    }
    rig_close(&rig);
    return good;
}

static void check(const struct store_options *options, const struct told *told)
{
    struct rig rig;
    uint64_t last[WORLD_LOGS];
    memset(&rig, 0, sizeof(rig));
    manual_clock_set(&rig.clock, INT64_C(1900000000000000));
    rig_open(&rig, options, NULL);
    rig_check(&rig, last);
    for (unsigned log = 0; log < WORLD_LOGS; log++) {
        ck_assert_uint_ge(last[log], told->acknowledged[log]);
        ck_assert_uint_le(last[log], told->possible[log]);
    }
    rig_close(&rig);
}

/* One folder, filled twice, so that the second opening has something to find. */
static bool run(long nth)
{
    struct folder folder = folder_make();
    const struct store_options options = {.path = folder_file(&folder, "store")};
    struct told told = {{0}, {0}};
    failing_start(nth, false);
    (void)write_some(&options, &told);
    (void)write_some(&options, &told);
    bool hit = failing_end();
    check(&options, &told);
    folder_remove(&folder);
    return hit;
}

static long count_all(void)
{
    struct folder folder = folder_make();
    const struct store_options options = {.path = folder_file(&folder, "store")};
    struct told told = {{0}, {0}};
    failing_start(LONG_MAX, false);
    ck_assert(write_some(&options, &told));
    ck_assert(write_some(&options, &told));
    long count = failing_count();
    ck_assert(!failing_end());
    folder_remove(&folder);
    return count;
}

START_TEST(nothing_is_lost)
{
    long count = count_all();
    long step = getenv("MASKLINE_LONG") ? 1 : count / PICKED + 1;
    int hits = 0;
    ck_assert_int_gt(count, 20);
    for (long nth = 1; nth <= count; nth += step)
        hits += run(nth);
    /* The number of allocations is not quite the same each time. */
    ck_assert_int_gt(hits, 10);
}
END_TEST

SUITE_MAIN("store", nothing_is_lost)
