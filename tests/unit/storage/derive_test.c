/*
 * What becomes of entries that derive what the law does not allow.
 */
#include "tests/unit/storage/rig.h"

static struct rig rig;

/* A replay would make something else of it than was made when it was decided. */
START_TEST(an_entry_that_changes_a_row_twice_is_refused)
{
    uint64_t last[WORLD_LOGS];
    rig_open(&rig, NULL, NULL);
    struct append twice = rig_append(0), once = rig_append(0);
    twice.entry.steps[2] = twice.entry.steps[0];
    ck_assert(append_run(rig.pipeline, &once));
    ck_assert(!append_run(rig.pipeline, &twice));
    ck_assert_int_eq(twice.outcome, COMMAND_REFUSED);
    ck_assert_str_eq(twice.error.reason, "ENTRY_UNREADABLE");
    ck_assert(append_run(rig.pipeline, &once));
    ck_assert_uint_eq(once.position, 2);
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

SUITE_MAIN("derive", an_entry_that_changes_a_row_twice_is_refused)
