/*
 * Writes that fail at random, with memory's overlay lost each time; and processes that are killed: nothing acknowledged is
 * lost, nothing refused is there, every row is what follows from the log.
 */
#include "tests/unit/storage/rig.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 3, MARK_STRIDE = 1 << 20, LARGE = 100000 };

static struct rig rig;

/* What became of an append. */
struct outcome {
    uint32_t mark;
    uint32_t log;
    uint64_t position; /* when durable */
    uint32_t kind;     /* enum command_outcome */
    uint32_t rejected;
};

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

/* Whether a mark stands in a log. */
static bool is_in_log(struct view *view, unsigned log, uint64_t last, uint32_t mark)
{
    for (uint64_t position = 1; position <= last; position++) {
        if (world_mark(view, log, position) == mark)
            return true;
    }
    return false;
}

static void check_outcomes(struct view *view, const uint64_t *last, const struct outcome *outcomes,
                           unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct outcome *outcome = &outcomes[i];
        if (outcome->kind == COMMAND_DURABLE && !outcome->rejected) {
            ck_assert_uint_le(outcome->position, last[outcome->log]);
            ck_assert_uint_eq(world_mark(view, outcome->log, outcome->position), outcome->mark);
        } else if (outcome->kind != COMMAND_UNKNOWN) {
            ck_assert(!is_in_log(view, outcome->log, last[outcome->log], outcome->mark));
        }
    }
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
        check_outcomes(view, last, writings[i].outcomes, count);
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

enum { ROUNDS = 10, OUTCOMES_MOST = 400000 };

static int tell; /* the child's end of the pipe */

static void *write_and_tell(void *data)
{
    struct writing *writing = data;
    struct dice dice = {writing->number * 1000003u};
    for (unsigned i = 0;; i++) {
        struct append append = {.log = dice_roll(&dice, WORLD_LOGS)};
        append.entry = world_entry(&dice, writing->number * MARK_STRIDE + i);
        if (!append_run(rig.pipeline, &append))
            _exit(3);
        struct outcome outcome = {append.entry.mark, append.log, append.position, COMMAND_DURABLE,
                                  0};
        if (write(tell, &outcome, sizeof outcome) != sizeof outcome)
            _exit(4);
    }
}

static void open_real(const char *path, unsigned flush_rows)
{
    struct store_options options = {
        .path = path, .clock = clock_real(), .flush_rows = flush_rows, .flush_after_us = 3000};
    if (!rig_try(&rig, &options, NULL)) {
        fprintf(stderr, "%s\n", rig.error.message);
        _exit(2);
    }
}

static void run_victim(const char *path, unsigned round)
{
    static struct writing writings[WRITERS];
    pthread_t threads[WRITERS];
    open_real(path, 10 + 40 * (round % 4));
    for (unsigned i = 0; i < WRITERS; i++) {
        writings[i].number = round * WRITERS + i;
        pthread_create(&threads[i], NULL, write_and_tell, &writings[i]);
    }
    pthread_join(threads[0], NULL);
}

static void run_checker(const char *path, const struct outcome *outcomes, unsigned count)
{
    uint64_t last[WORLD_LOGS];
    open_real(path, 25);
    struct view *view = view_open(rig.store);
    world_check(view, last);
    check_outcomes(view, last, outcomes, count);
    view_close(view);
    rig_close(&rig);
}

/* Reads what the victim says until it is dead, and kills it when it has said enough. */
static unsigned follow_victim(pid_t victim, int from, struct outcome *outcomes, unsigned enough)
{
    unsigned count = 0;
    ssize_t size;
    while ((size = read(from, &outcomes[count], sizeof *outcomes)) == sizeof *outcomes) {
        if (++count == enough)
            kill(victim, SIGKILL);
        ck_assert_uint_lt(count, OUTCOMES_MOST);
    }
    int status;
    ck_assert_int_eq(waitpid(victim, &status, 0), victim);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x", status);
    return count;
}

START_TEST(killed_processes_lose_nothing)
{
    static struct outcome outcomes[OUTCOMES_MOST];
    unsigned count = 0;
    struct folder folder = folder_make();
    struct dice dice = {8};
    /* The engine does not outlive a fork: each life of the store is a process of its own. */
    for (unsigned round = 0; round < ROUNDS; round++) {
        int ends[2];
        ck_assert_int_eq(pipe(ends), 0);
        pid_t victim = fork();
        if (victim == 0) {
            close(ends[0]);
            tell = ends[1];
            run_victim(folder.path, round);
        }
        close(ends[1]);
        count += follow_victim(victim, ends[0], outcomes + count, 100 + dice_roll(&dice, 900));
        close(ends[0]);
        pid_t checker = fork();
        if (checker == 0) {
            run_checker(folder.path, outcomes, count);
            exit(0);
        }
        int status;
        ck_assert_int_eq(waitpid(checker, &status, 0), checker);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "round %u: status %x", round,
                      status);
    }
    folder_remove(&folder);
}
END_TEST

SUITE_MAIN("crash", random_failures_with_small_layers, random_failures_with_middling_layers,
           random_failures_with_large_layers, killed_processes_lose_nothing)
