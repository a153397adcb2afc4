#include "tests/unit/storage/victim.h"

#include "tests/unit/storage/rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WRITERS = 3,
    FLUSH_AFTER_US = 3000,
    STATUS_NOT_OPENED = 2,
    STATUS_NOT_WRITTEN = 3,
    STATUS_NOT_TOLD = 4
};

static struct rig rig;

/* Whether a mark stands in a log. */
static bool is_in_log(struct view *view, unsigned log, uint64_t last, uint32_t mark)
{
    for (uint64_t position = 1; position <= last; position++) {
        if (world_mark(view, log, position) == mark)
            return true;
    }
    return false;
}

void outcomes_check(struct view *view, const uint64_t *last, const struct outcome *outcomes,
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

/* ---- in the child ---- */

struct writing {
    const struct victim *victim;
    unsigned number;
    int tell; /* the pipe */
};

static void *write_and_tell(void *data)
{
    const struct writing *writing = data;
    const struct victim *victim = writing->victim;
    struct dice dice = {writing->number * 1000003u};
    for (unsigned i = 0; !victim->appends || i < victim->appends; i++) {
        struct append append = {.log = dice_roll(&dice, WORLD_LOGS)};
        append.entry = world_entry(&dice, writing->number * MARK_STRIDE + i);
        if (!append_run(rig.pipeline, &append) && !victim->fails_one_in)
            _exit(STATUS_NOT_WRITTEN);
        struct outcome outcome = {append.entry.mark, append.log, append.position,
                                  (uint32_t)append.outcome, 0};
        if (write(writing->tell, &outcome, sizeof outcome) != sizeof outcome)
            _exit(STATUS_NOT_TOLD);
    }
    return NULL;
}

static void open_real(const char *path, unsigned flush_rows, int64_t flush_after_us)
{
    struct store_options options = {.path = path,
                                    .clock = clock_real(),
                                    .flush_rows = flush_rows,
                                    .flush_after_us = flush_after_us};
    if (!rig_try(&rig, &options, NULL)) {
        fprintf(stderr, "%s\n", rig.error.message);
        _exit(STATUS_NOT_OPENED);
    }
}

static void live(const struct victim *victim, int tell)
{
    struct writing writings[WRITERS];
    pthread_t threads[WRITERS];
    if (victim->failpoint)
        setenv("MASKLINE_FAILPOINT", victim->failpoint, 1);
    rig.seam.dice.state = victim->life + 1;
    open_real(victim->path, victim->flush_rows,
              victim->flush_after_us ? victim->flush_after_us : FLUSH_AFTER_US);
    rig.seam.fails_one_in = victim->fails_one_in;
    for (unsigned i = 0; i < WRITERS; i++) {
        writings[i] = (struct writing){victim, victim->life * WRITERS + i, tell};
        pthread_create(&threads[i], NULL, write_and_tell, &writings[i]);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    rig_close(&rig);
    _exit(0);
}

static void check(const char *path, const struct outcomes *outcomes)
{
    uint64_t last[WORLD_LOGS];
    open_real(path, 25, FLUSH_AFTER_US);
    struct view *view = view_open(rig.store);
    world_check(view, last);
    outcomes_check(view, last, outcomes->items, outcomes->count);
    view_close(view);
    rig_close(&rig);
    exit(0);
}

/* ---- in the parent ---- */

/* Reads what the victim says until it is dead, and kills it when it has said enough. */
static enum victim_end follow(pid_t child, int from, struct outcomes *outcomes, unsigned enough)
{
    unsigned count = 0;
    while (read(from, &outcomes->items[outcomes->count], sizeof *outcomes->items) ==
           sizeof *outcomes->items) {
        ck_assert_uint_lt(++outcomes->count, OUTCOMES_MOST);
        if (++count == enough)
            kill(child, SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return VICTIM_KILLED;
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    return VICTIM_ENDED;
}

enum victim_end victim_run(const struct victim *victim, struct outcomes *outcomes, unsigned enough)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        live(victim, ends[1]);
    }
    close(ends[1]);
    enum victim_end end = follow(child, ends[0], outcomes, enough);
    close(ends[0]);
    return end;
}

void victim_check(const char *path, const struct outcomes *outcomes)
{
    pid_t child = fork();
    if (child == 0)
        check(path, outcomes);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}
