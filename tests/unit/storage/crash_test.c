/*
 * Writes that fail at random, with memory's overlay lost each time; and processes that are killed: nothing acknowledged is
 * lost, nothing refused is there, every row is what follows from the log.
 */
#include "tests/unit/storage/rig.h"
#include "tests/unit/storage/victim.h"

#include <stdlib.h>
#include <string.h>

enum { WRITERS = 3, LARGE = 100000 };

static struct rig rig;

/* ---- failures at random ---- */

struct writing {
    unsigned number;
    unsigned count;
    bool watch; /* a reader instead */
    _Atomic bool *over;
    struct outcome *outcomes;
};

static void *write_much(void *data)
{
    struct writing *writing = data;
    struct dice dice = {77 + writing->number};
    for (unsigned i = 0; i < writing->count; i++) {
        struct append append = {.log = dice_roll(&dice, WORLD_LOGS)};
        uint32_t mark = writing->number * MARK_STRIDE + i;
        append.entry = world_entry(&dice, mark);
        append.reject = dice_roll(&dice, 10) == 0;
        (void)append_run(rig.pipeline, &append);
        if (append.outcome == COMMAND_REFUSED)
            ck_assert_str_eq(append.error.reason, "STORE_REOPENING");
        writing->outcomes[i] = (struct outcome){mark, append.log, append.position,
                                                (uint32_t)append.outcome, append.reject};
        if (dice_roll(&dice, 4) == 0)
            manual_clock_move(&rig.clock, dice_roll(&dice, 1000));
        if (dice_roll(&dice, 50) == 0)
            (void)pipeline_flush(rig.pipeline, &append.error);
    }
    return NULL;
}

static void *read_much(void *data)
{
    struct writing *writing = data;
    while (!atomic_load(writing->over)) {
        struct view *view = view_open(rig.store);
        if (!view)
            continue;
        world_check_tallies(view);
        view_close(view);
    }
    return NULL;
}

static void random_round(uint64_t seed, unsigned flush_rows, unsigned count)
{
    struct store_options options = {.flush_rows = flush_rows, .flush_after_us = 2000};
    struct pipeline_options pipeline_options = {.max_group = 8};
    memset(&rig, 0, sizeof rig);
    rig.seam.dice.state = seed;
    rig_open(&rig, &options, &pipeline_options);
    rig.seam.fails_one_in = 40;
    struct writing writings[WRITERS + 1];
    pthread_t threads[WRITERS + 1];
    _Atomic bool over = false;
    for (unsigned i = 0; i <= WRITERS; i++) {
        struct outcome *outcomes = calloc(count, sizeof *outcomes);
        ck_assert_ptr_nonnull(outcomes);
        writings[i] =
            (struct writing){.number = i, .count = count, .over = &over, .outcomes = outcomes};
        pthread_create(&threads[i], NULL, i < WRITERS ? write_much : read_much, &writings[i]);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&over, true);
    pthread_join(threads[WRITERS], NULL);
    struct error why;
    while (pipeline_refuses(rig.pipeline, &why))
        ;
    struct view *view = view_open(rig.store);
    uint64_t last[WORLD_LOGS];
    world_check(view, last);
    for (unsigned i = 0; i < WRITERS; i++)
        outcomes_check(view, last, writings[i].outcomes, count);
    view_close(view);
    ck_assert_uint_gt(rig.seam.failures, 0);
    if (flush_rows == LARGE)
        ck_assert_uint_gt(atomic_load(&rig.world.replayed), 0);
    for (unsigned i = 0; i <= WRITERS; i++)
        free(writings[i].outcomes);
    rig_close(&rig);
}

START_TEST(random_failures_with_small_layers)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        random_round(seed, 5, 400);
}
END_TEST

START_TEST(random_failures_with_middling_layers)
{
    for (uint64_t seed = 11; seed <= 13; seed++)
        random_round(seed, 60, 400);
}
END_TEST

START_TEST(random_failures_with_large_layers)
{
    random_round(21, LARGE, 600);
}
END_TEST

/* ---- kill -9 ---- */

enum { ROUNDS = 10 };

START_TEST(killed_processes_lose_nothing)
{
    static struct outcomes outcomes;
    struct folder folder = folder_make();
    struct dice dice = {8};
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct victim victim = {
            .path = folder.path, .life = round, .flush_rows = 10 + 40 * (round % 4)};
        ck_assert_int_eq(victim_run(&victim, &outcomes, 100 + dice_roll(&dice, 900)),
                         VICTIM_KILLED);
        victim_check(folder.path, &outcomes);
    }
    folder_remove(&folder);
}
END_TEST

SUITE_MAIN("crash", random_failures_with_small_layers, random_failures_with_middling_layers,
           random_failures_with_large_layers, killed_processes_lose_nothing)
