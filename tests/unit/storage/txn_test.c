/*
 * What decisions read and write: their own writes, the log, marks; time and SIDs over restarts.
 */
#include "proto/c/sid.h"
#include "tests/unit/storage/rig.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rig rig;

static struct bytes text(const char *chars)
{
    return (struct bytes){chars, strlen(chars)};
}

/* The number in a row; 0 when it is absent. */
static uint64_t read_row(struct txn *txn, unsigned row)
{
    struct error error;
    struct kv_value value;
    uint8_t key[32];
    uint64_t number = 0;
    size_t size = world_row_key(0, row, key);
    enum kv_found found =
        txn_get(txn, row % 2 ? KV_IDX : KV_LIVE, (struct bytes){key, size}, &value, &error);
    ck_assert_int_ne(found, KV_FAILED);
    if (found == KV_FOUND)
        memcpy(&number, value.bytes.data, sizeof number);
    return number;
}

static void append_in(struct txn *txn, uint64_t expected_position)
{
    struct error error;
    struct append append = rig_append(0);
    struct log_id log = world_log(0);
    uint64_t position;
    ck_assert(txn_append(txn, &log, (struct bytes){&append.entry, sizeof append.entry}, &position,
                         &error));
    ck_assert_uint_eq(position, expected_position);
}

/* ---- reading what was written ---- */

static unsigned count_log(struct txn *txn, bool backwards)
{
    struct error error;
    struct log_id from = world_log(0), to = world_log(1);
    struct scan *scan = txn_scan(txn, KV_LOG, (struct bytes){from.bytes, sizeof from.bytes},
                                 (struct bytes){to.bytes, sizeof to.bytes}, backwards);
    unsigned count = 0;
    for (; scan_valid(scan); scan_next(scan))
        count++;
    ck_assert(scan_ok(scan, &error));
    scan_free(scan);
    return count;
}

static bool append_twice(struct probe *probe, struct txn *txn)
{
    ck_assert_uint_eq(read_row(txn, 0), 10 * probe->value);
    for (unsigned i = 1; i <= 2; i++) {
        append_in(txn, probe->value + i);
        ck_assert_uint_eq(read_row(txn, 0), 10 * (probe->value + i));
        ck_assert_uint_eq(read_row(txn, 1), 10 * (probe->value + i));
        ck_assert_uint_eq(count_log(txn, i % 2), probe->value + i);
    }
    return true;
}

static bool append_twice_and_reject(struct probe *probe, struct txn *txn)
{
    (void)append_twice(probe, txn);
    return false;
}

START_TEST(a_decision_sees_all_before_it)
{
    struct probe held = {0}, rejected = {.value = 2}, again = {.value = 2};
    rig_open(&rig, NULL, NULL);
    struct append first = rig_append(1);
    seam_set(&rig.seam, SEAM_HOLDS);
    append_start(rig.pipeline, &first);
    seam_wait_held(&rig.seam);
    /* These three are one group: none is durable when the next is decided. */
    probe_start(&rig, &held, append_twice);
    probe_start(&rig, &rejected, append_twice_and_reject);
    probe_start(&rig, &again, append_twice);
    seam_set(&rig.seam, SEAM_WRITES);
    seam_release(&rig.seam);
    while (!atomic_load(&again.done))
        sched_yield();
    ck_assert_uint_eq(rig.seam.commits, 2);
    append_wait(&first);
    uint64_t last[WORLD_LOGS];
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 4);
    rig_close(&rig);
}
END_TEST

static bool count_entries(struct probe *probe, struct txn *txn)
{
    probe->value = count_log(txn, false);
    return true;
}

static bool put_marks(struct probe *probe, struct txn *txn)
{
    (void)probe;
    return txn_put(txn, KV_LIVE, text("mark/a"), text("one"), 0) &&
           txn_put(txn, KV_LIVE, text("mark/a"), text("two"), 0) &&
           txn_put(txn, KV_LIVE, text("mark/b"), text("short"), txn_now(txn) + 100) &&
           txn_put(txn, KV_LIVE, text("mark/c"), text("gone"), 0) &&
           txn_delete(txn, KV_LIVE, text("mark/c"));
}

static const char *read_mark(const char *key)
{
    static char found[32];
    struct arena *arena = arena_new(4096);
    struct view *view = view_open(rig.store);
    struct kv_value value;
    struct error error;
    memset(found, 0, sizeof found);
    if (view_get(view, KV_LIVE, text(key), arena, &value, &error) == KV_FOUND)
        memcpy(found, value.bytes.data, value.bytes.size);
    else
        found[0] = '-';
    view_close(view);
    arena_free(arena);
    return found;
}

static void check_marks(void)
{
    ck_assert_str_eq(read_mark("mark/a"), "two");
    ck_assert_str_eq(read_mark("mark/b"), "short");
    ck_assert_str_eq(read_mark("mark/c"), "-");
}

START_TEST(marks_are_durable_without_an_entry)
{
    struct probe probe = {0};
    rig_open(&rig, NULL, NULL);
    ck_assert_int_eq(probe_run(&rig, &probe, put_marks), COMMAND_DURABLE);
    check_marks();
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    check_marks();
    /* The overlay is lost, the marks are not. */
    ck_assert_int_eq(probe_run(&rig, &probe, put_marks), COMMAND_DURABLE);
    struct append append = rig_append(0);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    while (pipeline_refuses(rig.pipeline, &rig.error))
        sched_yield();
    check_marks();
    manual_clock_move(&rig.clock, 101);
    ck_assert_str_eq(read_mark("mark/b"), "-");
    ck_assert_int_eq(probe_run(&rig, &probe, count_entries), COMMAND_DURABLE);
    ck_assert_uint_eq(probe.value, 0);
    rig_close(&rig);
}
END_TEST

static bool delete_row(struct probe *probe, struct txn *txn)
{
    uint8_t key[32];
    size_t size = world_row_key(0, (unsigned)probe->value, key);
    return txn_delete(txn, probe->value % 2 ? KV_IDX : KV_LIVE, (struct bytes){key, size});
}

static bool look_at_row(struct probe *probe, struct txn *txn)
{
    probe->value = read_row(txn, (unsigned)probe->value);
    return true;
}

/* What a command deletes follows from no entry: a replay of the entry that made the row does not make it again. */
/* holds: STO-03 */
START_TEST(what_was_deleted_stays_so_in_a_replay)
{
    enum { WITH_ENTRY = 1 };
    rig_open(&rig, NULL, NULL);
    atomic_store(&rig.world.unchecked, true); /* such a row does not follow from the log */
    struct append append = rig_append(0);
    ck_assert(append.entry.steps[1].row == WITH_ENTRY && append.entry.steps[1].with_entry);
    ck_assert(append_run(rig.pipeline, &append));
    struct probe probe = {.value = WITH_ENTRY};
    ck_assert_int_eq(probe_run(&rig, &probe, look_at_row), COMMAND_DURABLE);
    ck_assert_uint_eq(probe.value, 10);
    probe.value = WITH_ENTRY;
    ck_assert_int_eq(probe_run(&rig, &probe, delete_row), COMMAND_DURABLE);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    while (pipeline_refuses(rig.pipeline, &rig.error))
        sched_yield();
    ck_assert_uint_ge(atomic_load(&rig.world.replayed), 1);
    ck_assert_int_eq(probe_run(&rig, &probe, look_at_row), COMMAND_DURABLE);
    ck_assert_uint_eq(probe.value, 0);
    rig_close(&rig);
}
END_TEST

/* A row lived still when it was added to; it would not any more when that is replayed. */
/* holds: STO-03 */
START_TEST(a_replay_judges_by_the_time_of_the_entry)
{
    enum { ROW = 2 };
    rig_open(&rig, NULL, NULL);
    struct append first = {.entry.steps[0] = {STEP_PUT, ROW, 0, 3, 50}};
    struct append second = {.entry.steps[0] = {STEP_ADD, ROW, 0, 4, 0}};
    ck_assert(append_run(rig.pipeline, &first));
    ck_assert(append_run(rig.pipeline, &second));
    manual_clock_move(&rig.clock, 1000);
    struct append append = rig_append(1);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    while (pipeline_refuses(rig.pipeline, &rig.error))
        sched_yield();
    struct probe probe = {.value = ROW};
    ck_assert_int_eq(probe_run(&rig, &probe, look_at_row), COMMAND_DURABLE);
    ck_assert_uint_eq(probe.value, 7);
    rig_close(&rig);
}
END_TEST

/* ---- decisions that cannot go on ---- */

static bool append_too_much(struct probe *probe, struct txn *txn)
{
    static uint8_t much[(1 << 20) + 1];
    struct log_id log = world_log(0);
    uint64_t position;
    append_in(txn, 1);
    ck_assert(!txn_append(txn, &log, (struct bytes){much, sizeof much}, &position, &probe->error));
    return true; /* it does not help */
}

static bool append_nonsense(struct probe *probe, struct txn *txn)
{
    struct log_id log = world_log(0);
    uint64_t position;
    append_in(txn, 1);
    ck_assert(!txn_append(txn, &log, text("nonsense"), &position, &probe->error));
    return false;
}

/* holds: EVT-01 STO-06 ERR-80504 */
START_TEST(a_decision_that_failed_writes_nothing)
{
    struct probe probe = {0};
    rig_open(&rig, NULL, NULL);
    ck_assert_int_eq(probe_run(&rig, &probe, append_too_much), COMMAND_REFUSED);
    ck_assert_str_eq(probe.error.reason, "ENTRY_TOO_LARGE");
    ck_assert_int_eq(probe_run(&rig, &probe, append_nonsense), COMMAND_REFUSED);
    ck_assert_str_eq(probe.error.reason, "ENTRY_UNREADABLE");
    ck_assert_int_eq(probe.error.original, 80504);
    ck_assert_str_eq(probe.error.message, "Something went wrong here that should not.");
    uint64_t last[WORLD_LOGS];
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 0);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(append.position, 1);
    rig_close(&rig);
}
END_TEST

/* ---- time and SIDs ---- */

static uint64_t same_random(void *data)
{
    (void)data;
    return 0;
}

static bool mint_many(struct probe *probe, struct txn *txn)
{
    uint8_t previous[16];
    memcpy(previous, probe->sid, sizeof previous);
    for (unsigned i = 0; i < 1000; i++) {
        txn_mint(txn, probe->sid);
        ck_assert_int_lt(memcmp(previous, probe->sid, sizeof previous), 0);
        memcpy(previous, probe->sid, sizeof previous);
    }
    if (probe->value == 0)
        return txn_put(txn, KV_LIVE, text("mark/sid"), text("x"), 0);
    append_in(txn, probe->value);
    return true;
}

static void restart(const struct folder *folder)
{
    struct store_options options = {.path = folder->path, .clock = clock_manual(&rig.clock)};
    struct pipeline_options pipeline_options = {.random = same_random};
    if (rig.store)
        rig_close(&rig);
    rig_open(&rig, &options, &pipeline_options);
}

static void lose_overlay(void)
{
    struct append append = rig_append(1);
    seam_set(&rig.seam, SEAM_FAILS_BEFORE);
    ck_assert(!append_run(rig.pipeline, &append));
    seam_set(&rig.seam, SEAM_WRITES);
    while (pipeline_refuses(rig.pipeline, &rig.error))
        sched_yield();
}

/* holds: API-02 API-04 */
START_TEST(time_and_sids_never_run_back)
{
    struct folder folder = folder_make();
    struct probe probe = {0};
    int64_t start = INT64_C(1700000000000000);
    manual_clock_set(&rig.clock, start);
    restart(&folder);
    /* SIDs run ahead of a clock that stands still. */
    for (uint64_t i = 1; i <= 3; i++) {
        probe.value = i;
        ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
        lose_overlay();
    }
    manual_clock_set(&rig.clock, start - 5000000);
    ck_assert_int_eq(store_now(rig.store), start);
    atomic_store(&rig.world.replayed, 0);
    restart(&folder);
    /* What was replayed before is written out by now. */
    ck_assert_uint_eq(atomic_load(&rig.world.replayed), 0);
    ck_assert_int_eq(store_now(rig.store), start);
    probe.value = 4;
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    /* The last group before the end has no entry. */
    manual_clock_set(&rig.clock, start + 1000);
    probe.value = 0;
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    manual_clock_set(&rig.clock, start - 5000000);
    lose_overlay();
    restart(&folder);
    ck_assert_int_eq(store_now(rig.store), start + 1000);
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    rig_close(&rig);
    folder_remove(&folder);
}
END_TEST

/* ---- rows that entries of several logs touch ---- */

/* An entry puts the shared row, with its mark as the value, or deletes it when the mark is 0. */
static bool derive_shared(void *data, struct derivation *derivation, struct bytes bytes)
{
    (void)data;
    struct entry entry;
    struct kv_value old;
    memcpy(&entry, bytes.data, sizeof entry);
    if (derive_old(derivation, KV_META, text("shared"), &old) == ROW_FAILED)
        return false;
    return entry.mark
               ? derive_put(derivation, KV_META, text("shared"),
                            (struct bytes){&entry.mark, sizeof entry.mark}, 0, ROW_WITH_ENTRY)
               : derive_delete(derivation, KV_META, text("shared"), ROW_WITH_ENTRY);
}

static uint32_t read_shared(void)
{
    struct arena *arena = arena_new(4096);
    struct view *view = view_open(rig.store);
    struct kv_value value;
    struct error error;
    uint32_t mark = 0;
    if (view_get(view, KV_META, text("shared"), arena, &value, &error) == KV_FOUND)
        memcpy(&mark, value.bytes.data, sizeof mark);
    view_close(view);
    arena_free(arena);
    return mark;
}

/* holds: STO-03 */
START_TEST(the_last_of_several_logs_wins_in_a_replay_too)
{
    static const struct {
        unsigned log;
        uint32_t mark;
    } STEPS[] = {{1, 11}, {0, 12}, {2, 13}, {1, 14}, {0, 15}, {2, 0}, {0, 17}, {0, 0},
                 {2, 19}, {1, 0},  {2, 21}, {1, 22}, {0, 23}, {1, 0}, {0, 25}};
    enum { COUNT = sizeof STEPS / sizeof STEPS[0] };
    /* A crash after each of them, with all before it still to be replayed. */
    for (unsigned count = 1; count <= COUNT; count++) {
        struct pipeline_domain domain = {.derive = derive_shared};
        struct store_options options = {.path = ":memory:",
                                        .clock = clock_manual(&rig.clock),
                                        .flush_after_us = INT64_C(3600) * 1000000};
        struct pipeline_options pipeline_options = {.durability = &rig.durability};
        memset(&rig, 0, sizeof rig);
        rig_open(&rig, NULL, NULL); /* for the seam */
        pipeline_free(rig.pipeline);
        store_close(rig.store);
        ck_assert(store_open(&options, &rig.store, &rig.error));
        ck_assert(pipeline_start(rig.store, &domain, &pipeline_options, &rig.pipeline, &rig.error));
        for (unsigned i = 0; i < count; i++) {
            struct append append = {.log = STEPS[i].log, .entry.mark = STEPS[i].mark};
            ck_assert(append_run(rig.pipeline, &append));
            ck_assert_uint_eq(read_shared(), STEPS[i].mark);
        }
        lose_overlay();
        ck_assert_uint_eq(read_shared(), STEPS[count - 1].mark);
        ck_assert(pipeline_flush(rig.pipeline, &rig.error));
        ck_assert_uint_eq(read_shared(), STEPS[count - 1].mark);
        rig_close(&rig);
    }
}
END_TEST

static bool copy_folder(const struct folder *from, const struct folder *to)
{
    char inside[300];
    snprintf(inside, sizeof inside, "%s/.", from->path);
    pid_t copier = fork();
    if (copier == 0) {
        execlp("cp", "cp", "-r", inside, to->path, (char *)NULL);
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(copier, &status, 0), copier);
    return status == 0;
}

/* What a crash now would leave of the folder. Nothing is written meanwhile, but the engine may still be removing files that it needs no
 * more: a copy that missed one is no image, and is made again. */
static struct folder crash_image(const struct folder *folder)
{
    for (int tries = 0; tries < 50; tries++) {
        struct folder image = folder_make();
        if (copy_folder(folder, &image))
            return image;
        folder_remove(&image);
    }
    ck_abort_msg("the folder does not come to rest");
}

/* The sequence of the entry at a position, or of the mark at 0. */
static uint64_t sequence_at(uint64_t position)
{
    struct arena *arena = arena_new(4096);
    struct view *view = view_open(rig.store);
    struct kv_value value;
    struct error error;
    struct log_id log = world_log(0);
    uint8_t key[29];
    memcpy(key, log.bytes, sizeof log.bytes);
    memcpy(key + 20, "L\0\0\0\0\0\0\0", 8);
    key[28] = (uint8_t)position;
    enum kv_found found =
        position ? view_get(view, KV_LOG, (struct bytes){key, sizeof key}, arena, &value, &error)
                 : view_get(view, KV_LIVE, text("mark/end"), arena, &value, &error);
    ck_assert_int_eq(found, KV_FOUND);
    view_close(view);
    arena_free(arena);
    return value.sequence;
}

static bool append_then_mark(struct probe *probe, struct txn *txn)
{
    append_in(txn, probe->value);
    return txn_put(txn, KV_LIVE, text("mark/end"), text("x"), 0);
}

START_TEST(sequences_never_run_back_over_a_crash)
{
    struct folder folder = folder_make();
    struct probe probe = {.value = 1};
    restart(&folder);
    ck_assert_int_eq(probe_run(&rig, &probe, append_then_mark), COMMAND_DURABLE);
    uint64_t mark = sequence_at(0);
    ck_assert_uint_gt(mark, sequence_at(1));
    struct folder image = crash_image(&folder);
    rig_close(&rig);
    rig.store = NULL;
    restart(&image);
    /* A log that was replayed is heard of as any other. */
    atomic_store(&rig.world.grown[0], 0);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_gt(sequence_at(2), mark);
    rig_close(&rig);
    rig.store = NULL;
    ck_assert_uint_eq(atomic_load(&rig.world.grown[0]), 2);
    restart(&image);
    rig_close(&rig);
    folder_remove(&folder);
    folder_remove(&image);
}
END_TEST

/* holds: API-02 */
START_TEST(sids_never_run_back_over_a_crash)
{
    struct folder folder = folder_make();
    struct probe probe = {.value = 1};
    manual_clock_set(&rig.clock, INT64_C(1700000000000000));
    restart(&folder);
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    struct folder image = crash_image(&folder);
    rig_close(&rig);
    rig.store = NULL;
    manual_clock_set(&rig.clock, 1);
    atomic_store(&rig.world.replayed, 0);
    restart(&image);
    ck_assert_uint_eq(atomic_load(&rig.world.replayed), 1);
    ck_assert_int_eq(store_now(rig.store), INT64_C(1700000000000000));
    probe.value = 2;
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    probe.value = 0;
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    struct folder second = crash_image(&image);
    rig_close(&rig);
    rig.store = NULL;
    restart(&second);
    ck_assert_int_eq(probe_run(&rig, &probe, mint_many), COMMAND_DURABLE);
    rig_close(&rig);
    folder_remove(&folder);
    folder_remove(&image);
    folder_remove(&second);
}
END_TEST

SUITE_MAIN("txn", a_decision_sees_all_before_it, marks_are_durable_without_an_entry,
           what_was_deleted_stays_so_in_a_replay, a_replay_judges_by_the_time_of_the_entry,
           a_decision_that_failed_writes_nothing, time_and_sids_never_run_back,
           sequences_never_run_back_over_a_crash, sids_never_run_back_over_a_crash,
           the_last_of_several_logs_wins_in_a_replay_too)
