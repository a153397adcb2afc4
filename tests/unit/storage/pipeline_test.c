#include "tests/unit/storage/suite.h"
#include "tests/unit/storage/world.h"

#include <string.h>

static struct error error;

struct rig {
    struct store *store;
    struct pipeline *pipeline;
    struct world world;
    struct manual_clock clock;
    struct dice dice;
};

static void rig_open(struct rig *rig, const struct store_options *base,
                     const struct pipeline_options *pipeline_options)
{
    struct store_options options = base ? *base : (struct store_options){0};
    if (!options.path)
        options.path = ":memory:";
    if (!options.clock.now_us)
        options.clock = clock_manual(&rig->clock);
    ck_assert_msg(store_open(&options, &rig->store, &error), "%s", error.message);
    struct pipeline_domain domain = world_domain(&rig->world);
    ck_assert_msg(pipeline_start(rig->store, &domain, pipeline_options, &rig->pipeline, &error),
                  "%s", error.message);
}

static void rig_close(struct rig *rig)
{
    pipeline_free(rig->pipeline);
    store_close(rig->store);
}

static void check_all(struct rig *rig, uint64_t ret_last[WORLD_LOGS])
{
    struct view *view = view_open(rig->store);
    ck_assert_ptr_nonnull(view);
    world_check(view, ret_last);
    view_close(view);
}

static struct append simple(unsigned log)
{
    struct append append = {.log = log};
    append.entry.steps[0] = (struct step){STEP_ADD, 0, 0, 10, 0};
    append.entry.steps[1] = (struct step){STEP_ADD, 1, 1, 10, 0};
    return append;
}

START_TEST(what_is_written_is_read)
{
    struct rig rig = {0};
    uint64_t last[WORLD_LOGS];
    rig_open(&rig, NULL, NULL);
    for (unsigned i = 1; i <= 5; i++) {
        struct append append = simple(1);
        ck_assert(append_run(rig.pipeline, &append));
        ck_assert_uint_eq(append.position, i);
        struct log_id log = world_log(1);
        ck_assert_uint_eq(pipeline_position(rig.pipeline, &log), i);
        check_all(&rig, last);
        ck_assert_uint_eq(last[1], i);
    }
    rig_close(&rig);
}
END_TEST

SUITE_MAIN("pipeline", what_is_written_is_read)
