/*
 * Writing the overlay out. The test stands between the store and kv_write (by the linker), so that it sees and fails what
 * the flusher writes.
 */
#include "storage/kv.h"
#include "storage/store_internal.h"
#include "tests/unit/storage/rig.h"

#include <sched.h>
#include <string.h>

enum { UNTOLD = 1 << 30 };

static struct rig rig;
static uint64_t last[WORLD_LOGS];

static _Atomic unsigned flusher_writes; /* without sync, and not by the seam */
static _Atomic unsigned fail_after =
    UNTOLD; /* so many more succeed, then one fails; UNTOLD: none fails */
static _Thread_local bool in_seam;
static _Atomic bool commits_fail;
static _Atomic bool writes_held; /* the flusher's */
static _Atomic unsigned commits;
static _Atomic bool hold_second_commit, commits_held = true;
static _Atomic bool hold_after_write; /* it is written by then, and nobody knows yet */

bool __real_kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error);
bool __wrap_kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error);

bool __wrap_kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error)
{
    if (sync || in_seam)
        return __real_kv_write(kv, batch, sync, error);
    if (atomic_load(&fail_after) != UNTOLD && atomic_fetch_sub(&fail_after, 1) == 0) {
        atomic_store(&fail_after, UNTOLD);
        kv_batch_clear(batch);
        return error_set(error, STATUS_UNAVAILABLE, "TEST", 0, "The test wants it so.");
    }
    while (atomic_load(&writes_held))
        sched_yield();
    bool ok = __real_kv_write(kv, batch, sync, error);
    atomic_fetch_add(&flusher_writes, 1);
    return ok;
}

/* What goes to KV_IDX, where only the rows of what comes and goes are looked at so. */
static _Atomic unsigned idx_changes;

bool __real_kv_batch_put(struct kv_batch *batch, enum kv_family family, struct bytes key,
                         struct kv_value value);
bool __wrap_kv_batch_put(struct kv_batch *batch, enum kv_family family, struct bytes key,
                         struct kv_value value);
bool __real_kv_batch_delete(struct kv_batch *batch, enum kv_family family, struct bytes key);
bool __wrap_kv_batch_delete(struct kv_batch *batch, enum kv_family family, struct bytes key);

bool __wrap_kv_batch_put(struct kv_batch *batch, enum kv_family family, struct bytes key,
                         struct kv_value value)
{
    atomic_fetch_add(&idx_changes, family == KV_IDX);
    return __real_kv_batch_put(batch, family, key, value);
}

bool __wrap_kv_batch_delete(struct kv_batch *batch, enum kv_family family, struct bytes key)
{
    atomic_fetch_add(&idx_changes, family == KV_IDX);
    return __real_kv_batch_delete(batch, family, key);
}

static void commit_plainly(void *data, struct kv *kv, struct kv_batch *batch,
                           void (*committed)(void *group, const struct error *failure), void *group)
{
    (void)data;
    struct error error;
    unsigned number = atomic_fetch_add(&commits, 1);
    bool holds = atomic_load(&hold_second_commit) && number == 1;
    bool after = atomic_load(&hold_after_write);
    while (holds && !after && atomic_load(&commits_held))
        sched_yield();
    if (atomic_load(&commits_fail)) {
        error_set(&error, STATUS_UNAVAILABLE, "TEST", 0, "The test wants it so.");
        committed(group, &error);
        return;
    }
    in_seam = true;
    bool ok = kv_write(kv, batch, false, &error);
    in_seam = false;
    while (holds && after && atomic_load(&commits_held))
        sched_yield();
    committed(group, ok ? NULL : &error);
}

static const struct durability PLAIN = {NULL, commit_plainly};

static void open_plain(unsigned flush_rows, int64_t flush_after_us)
{
    struct store_options options = {.flush_rows = flush_rows, .flush_after_us = flush_after_us};
    struct pipeline_options pipeline_options = {.durability = &PLAIN};
    rig_open(&rig, &options, &pipeline_options);
}

static void wait_until_open(void)
{
    while (pipeline_refuses(rig.pipeline, &rig.error))
        sched_yield();
}

/* Loses the overlay, so that all that counts is what was written out, and the log. */
static void lose_overlay(void)
{
    struct append append = rig_append(2);
    atomic_store(&commits_fail, true);
    ck_assert(!append_run(rig.pipeline, &append));
    atomic_store(&commits_fail, false);
    wait_until_open();
}

/* holds: STO-03 */
START_TEST(age_writes_it_out)
{
    open_plain(0, 5000);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    /* A piece, and the positions. */
    while (atomic_load(&flusher_writes) < 2)
        sched_yield();
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

/* Whoever says nothing else gets that. */
/* holds: STO-03 */
START_TEST(a_second_or_fifty_thousand_rows)
{
    open_plain(0, 0);
    ck_assert_int_eq(rig.store->options.flush_after_us, 1000000);
    ck_assert_uint_eq(rig.store->options.flush_rows, 50000);
    rig_close(&rig);
}
END_TEST

/* holds: STO-03 */
START_TEST(rows_write_it_out)
{
    open_plain(10, INT64_C(3600) * 1000000);
    for (unsigned i = 0; i < 200; i++) {
        struct append append = rig_append(i % WORLD_LOGS);
        ck_assert(append_run(rig.pipeline, &append));
    }
    ck_assert_uint_gt(atomic_load(&flusher_writes), 10);
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

/* ---- what comes and goes ---- */

enum { BRIEF_COUNT = 100 };

static struct bytes text(const char *chars)
{
    return (struct bytes){chars, strlen(chars)};
}

static bool derive_brief(void *data, struct derivation *derivation, struct bytes bytes)
{
    (void)data;
    uint8_t key[2] = {'b', *(const uint8_t *)bytes.data};
    struct bytes row = {key, sizeof key};
    if (derivation_position(derivation) % 2)
        return derive_put_new(derivation, KV_IDX, row, text("here"), 0);
    return derive_delete(derivation, KV_IDX, row, ROW_LATER);
}

/* Each row is put by one entry and deleted by the next; between the two the overlay may be written out. */
static void run_briefs(bool flush_between)
{
    struct pipeline_domain domain = {.derive = derive_brief};
    struct store_options options = {.path = ":memory:",
                                    .clock = clock_manual(&rig.clock),
                                    .flush_after_us = INT64_C(3600) * 1000000};
    struct pipeline_options pipeline_options = {.durability = &PLAIN};
    memset(&rig, 0, sizeof rig);
    ck_assert(store_open(&options, &rig.store, &rig.error));
    ck_assert(pipeline_start(rig.store, &domain, &pipeline_options, &rig.pipeline, &rig.error));
    for (unsigned i = 0; i < 2 * BRIEF_COUNT; i++) {
        struct append append = {.log = 0};
        memset(&append.entry, (int)(i / 2), 1);
        ck_assert(append_run(rig.pipeline, &append));
        if (flush_between)
            ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    }
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    struct view *view = view_open(rig.store);
    struct scan *scan = view_scan(view, KV_IDX, text("b"), text("c"), false);
    ck_assert(!scan_valid(scan));
    scan_free(scan);
    view_close(view);
    rig_close(&rig);
}

START_TEST(what_came_and_went_in_one_layer_is_not_written)
{
    run_briefs(false);
    ck_assert_uint_eq(atomic_load(&idx_changes), 0);
}
END_TEST

START_TEST(what_was_written_is_deleted)
{
    run_briefs(true);
    ck_assert_uint_eq(atomic_load(&idx_changes), 2 * BRIEF_COUNT);
}
END_TEST

/* ---- a flusher that cannot keep up ---- */

START_TEST(who_writes_waits_for_the_flusher)
{
    enum { COUNT = 200 };
    static struct append appends[COUNT];
    unsigned refused = 0;
    struct store_options options = {.flush_rows = 1};
    struct pipeline_options pipeline_options = {
        .durability = &PLAIN, .max_queued = 20, .max_group = 2};
    rig_open(&rig, &options, &pipeline_options);
    atomic_store(&writes_held, true);
    for (unsigned i = 0; i < COUNT; i++) {
        appends[i] = rig_append(i % WORLD_LOGS);
        append_start(rig.pipeline, &appends[i]);
        sched_yield();
    }
    ck_assert_int_eq(appends[COUNT - 1].outcome, COMMAND_REFUSED);
    ck_assert_str_eq(appends[COUNT - 1].error.reason, "STORE_BUSY");
    rig_check(&rig, last);
    ck_assert_uint_lt(last[0] + last[1] + last[2], 20);
    atomic_store(&writes_held, false);
    for (unsigned i = 0; i < COUNT; i++) {
        append_wait(&appends[i]);
        refused += appends[i].outcome == COMMAND_REFUSED;
    }
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0] + last[1] + last[2], COUNT - refused);
    rig_close(&rig);
}
END_TEST

/* ---- many rows, in many pieces ---- */

enum { WIDE_ROWS = 1000, WIDE_ENTRIES = 3 };

static size_t wide_key(unsigned row, uint8_t ret_key[32])
{
    size_t size = world_row_key(0, 0, ret_key);
    ret_key[size] = (uint8_t)(row >> 8);
    ret_key[size + 1] = (uint8_t)row;
    return size + 2;
}

/* Every entry writes all rows; the last one deletes every third. */
static bool derive_wide(void *data, struct derivation *derivation, struct bytes bytes)
{
    (void)data, (void)bytes;
    uint64_t position = derivation_position(derivation);
    for (unsigned row = 0; row < WIDE_ROWS; row++) {
        uint8_t key_data[32];
        struct bytes key = {key_data, wide_key(row, key_data)};
        bool ok = position == WIDE_ENTRIES && row % 3 == 0
                      ? derive_delete(derivation, KV_LIVE, key, ROW_LATER)
                      : derive_put(derivation, KV_LIVE, key,
                                   (struct bytes){&position, sizeof position}, 0, ROW_LATER);
        if (!ok)
            return false;
    }
    return true;
}

static void check_wide(void)
{
    struct error error;
    struct view *view = view_open(rig.store);
    struct scan *scan =
        view_scan(view, KV_LIVE, (struct bytes){"", 0}, (struct bytes){"", 0}, false);
    for (unsigned row = 0; row < WIDE_ROWS; row++) {
        if (row % 3 == 0)
            continue;
        uint8_t key[32];
        uint64_t value;
        size_t size = wide_key(row, key);
        ck_assert(scan_valid(scan));
        ck_assert_uint_eq(scan_key(scan).size, size);
        ck_assert_mem_eq(scan_key(scan).data, key, size);
        memcpy(&value, scan_value(scan).bytes.data, sizeof value);
        ck_assert_uint_eq(value, WIDE_ENTRIES);
        scan_next(scan);
    }
    ck_assert(!scan_valid(scan) && scan_ok(scan, &error));
    scan_free(scan);
    view_close(view);
}

START_TEST(many_rows_go_out_in_pieces)
{
    struct folder folder = folder_make();
    struct pipeline_domain domain = {.derive = derive_wide};
    struct store_options options = {.path = folder.path,
                                    .clock = clock_manual(&rig.clock),
                                    .flush_after_us = INT64_C(3600) * 1000000};
    ck_assert(store_open(&options, &rig.store, &rig.error));
    ck_assert(pipeline_start(rig.store, &domain, NULL, &rig.pipeline, &rig.error));
    for (unsigned i = 0; i < WIDE_ENTRIES; i++) {
        struct append append = rig_append(0);
        ck_assert(append_run(rig.pipeline, &append));
    }
    check_wide();
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    ck_assert_uint_gt(atomic_load(&flusher_writes), 4);
    check_wide();
    pipeline_free(rig.pipeline);
    store_close(rig.store);
    ck_assert(store_open(&options, &rig.store, &rig.error));
    check_wide(); /* out of the engine alone */
    store_close(rig.store);
    folder_remove(&folder);
}
END_TEST

/* ---- failures ---- */

START_TEST(a_failed_flush_reopens_the_store)
{
    open_plain(0, INT64_C(3600) * 1000000);
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    atomic_store(&fail_after, 0);
    ck_assert(!pipeline_flush(rig.pipeline, &rig.error));
    ck_assert_str_eq(rig.error.reason, "STORE_REOPENING");
    wait_until_open();
    ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), 2);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0], 1);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    rig_check(&rig, last);
    rig_close(&rig);
}
END_TEST

START_TEST(a_flush_that_failed_half_way_is_made_good)
{
    open_plain(0, INT64_C(3600) * 1000000);
    struct dice dice = {3};
    struct append append = rig_append(0);
    for (unsigned i = 0; i < 100; i++) {
        append.entry = world_entry(&dice, i);
        ck_assert(append_run(rig.pipeline, &append));
        manual_clock_move(&rig.clock, 300);
        if (i % 6 == 5) {
            /* The rows get there, the positions do not. */
            atomic_store(&fail_after, 1);
            ck_assert(!pipeline_flush(rig.pipeline, &rig.error));
            wait_until_open();
        }
        if (i % 10 == 9)
            ck_assert(pipeline_flush(rig.pipeline, &rig.error));
        if (i % 7 == 6)
            lose_overlay();
        rig_check(&rig, last);
    }
    ck_assert_uint_eq(last[0], 100);
    rig_close(&rig);
}
END_TEST

/* ---- a group that overtakes the flusher ---- */

/* A command at which the writer stands until it is let through. */
struct gate {
    struct command command; /* first */
    _Atomic bool reached;
    _Atomic bool open;
};

static bool decide_at_gate(struct command *command, struct txn *txn)
{
    struct gate *gate = (struct gate *)command;
    (void)txn;
    atomic_store(&gate->reached, true);
    while (!atomic_load(&gate->open))
        sched_yield();
    return true;
}

static void done_at_gate(struct command *command, enum command_outcome outcome,
                         const struct error *error)
{
    (void)command, (void)outcome, (void)error;
}

static void gate_submit(struct gate *gate)
{
    gate->command = (struct command){.decide = decide_at_gate, .done = done_at_gate};
    pipeline_submit(rig.pipeline, &gate->command);
}

static void gate_wait(struct gate *gate)
{
    while (!atomic_load(&gate->reached))
        sched_yield();
}

enum { WIDE_PIECES = (WIDE_ROWS + 255) / 256 };

/* The first entry writes all rows, later; the second only the last of them, at once. */
static bool derive_overtaking(void *data, struct derivation *derivation, struct bytes bytes)
{
    (void)data, (void)bytes;
    uint64_t position = derivation_position(derivation);
    for (unsigned row = position == 1 ? 0 : WIDE_ROWS - 1; row < WIDE_ROWS; row++) {
        uint8_t key[32];
        size_t size = wide_key(row, key);
        if (!derive_put(derivation, KV_LIVE, (struct bytes){key, size},
                        (struct bytes){&position, sizeof position}, 0,
                        position == 1 ? ROW_LATER : ROW_WITH_ENTRY))
            return false;
    }
    return true;
}

static void check_overtaken(uint64_t expected_last)
{
    struct arena *arena = arena_new(1 << 20);
    struct view *view = view_open(rig.store);
    for (unsigned row = 0; row < WIDE_ROWS; row++) {
        struct error error;
        struct kv_value value;
        uint8_t key[32];
        uint64_t number;
        size_t size = wide_key(row, key);
        ck_assert_int_eq(view_get(view, KV_LIVE, (struct bytes){key, size}, arena, &value, &error),
                         KV_FOUND);
        memcpy(&number, value.bytes.data, sizeof number);
        ck_assert_uint_eq(number, row == WIDE_ROWS - 1 ? expected_last : 1);
    }
    view_close(view);
    arena_free(arena);
}

static void wait_for_writes(unsigned count)
{
    while (atomic_load(&flusher_writes) < count)
        sched_yield();
}

/* Time for the flusher to do what it should not. */
static void let_others_run(void)
{
    for (unsigned i = 0; i < 5000; i++)
        sched_yield();
}

/* A row that the flusher is about to write is written anew by a group. Only when that group is durable may its version stand in for the
 * flusher's. The row is the last of several pieces, and the group is decided while the first are written. */
static void overtake(bool while_committing, bool group_fails)
{
    struct pipeline_domain domain = {.derive = derive_overtaking};
    struct store_options options = {
        .path = ":memory:", .clock = clock_manual(&rig.clock), .flush_rows = WIDE_ROWS};
    /* While the writer stands at the first gate the two groups come in that follow it. */
    struct pipeline_options pipeline_options = {.durability = &PLAIN, .max_group = 2};
    struct gate first = {0}, filler = {.open = true}, second = {.open = while_committing};
    struct append later = {.log = 0}, direct = {.log = 0};
    ck_assert(store_open(&options, &rig.store, &rig.error));
    ck_assert(pipeline_start(rig.store, &domain, &pipeline_options, &rig.pipeline, &rig.error));
    gate_submit(&first);
    gate_wait(&first);
    append_start(rig.pipeline, &later);
    gate_submit(&filler);
    append_start(rig.pipeline, &direct);
    gate_submit(&second);
    atomic_store(&first.open, true);
    /* With `later` the layer is full: it is written out from now on, while `direct` is decided. */
    gate_wait(&second);
    wait_for_writes(while_committing ? WIDE_PIECES : WIDE_PIECES + 1);
    if (while_committing)
        let_others_run();
    atomic_store(&commits_fail, group_fails);
    atomic_store(&commits_held, false);
    atomic_store(&second.open, true);
    append_wait(&direct);
    atomic_store(&commits_fail, false);
    wait_until_open();
    check_overtaken(group_fails ? 1 : 2);
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    check_overtaken(group_fails ? 1 : 2);
    pipeline_free(rig.pipeline);
    store_close(rig.store);
}

START_TEST(what_is_only_decided_overtakes_nothing)
{
    overtake(false, true);
}
END_TEST

START_TEST(what_is_being_committed_is_waited_for)
{
    atomic_store(&hold_second_commit, true);
    overtake(true, true);
}
END_TEST

START_TEST(what_is_committed_stands_in)
{
    atomic_store(&hold_second_commit, true);
    overtake(true, false);
}
END_TEST

/* What the engine has by then is not written over. */
START_TEST(what_is_written_already_stays)
{
    atomic_store(&hold_second_commit, true);
    atomic_store(&hold_after_write, true);
    overtake(true, false);
}
END_TEST

START_TEST(what_is_decided_and_comes_later_wins)
{
    overtake(false, false);
}
END_TEST

/* ---- trimming ---- */

static uint64_t first_entry(void)
{
    struct log_id from = world_log(0), to = world_log(1);
    struct view *view = view_open(rig.store);
    struct scan *scan = view_scan(view, KV_LOG, (struct bytes){from.bytes, sizeof from.bytes},
                                  (struct bytes){to.bytes, sizeof to.bytes}, false);
    uint64_t position = 0;
    if (scan_valid(scan)) {
        const uint8_t *key = scan_key(scan).data;
        for (unsigned i = 21; i < 29; i++)
            position = position << 8 | key[i];
    }
    scan_free(scan);
    view_close(view);
    return position;
}

/* holds: INV-01 INV-08 */
START_TEST(a_log_is_trimmed_as_far_as_it_is_written_out)
{
    struct log_id log = world_log(0), unknown = world_log(9);
    atomic_store(&rig.world.unchecked,
                 true); /* its rows no longer follow from what is left of the log */
    open_plain(0, INT64_C(3600) * 1000000);
    struct append append = rig_append(0);
    for (unsigned i = 0; i < 10; i++)
        ck_assert(append_run(rig.pipeline, &append));
    ck_assert(pipeline_trim(rig.pipeline, &log, 5, &rig.error));
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 1);
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    ck_assert(pipeline_trim(rig.pipeline, &log, 5, &rig.error));
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 6);
    ck_assert_uint_eq(first_entry(), 6);
    ck_assert(pipeline_trim(rig.pipeline, &log, 3, &rig.error));
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 6);
    lose_overlay();
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 6);
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(append.position, 11);
    ck_assert(pipeline_trim(rig.pipeline, &log, 100, &rig.error));
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 11);
    ck_assert_uint_eq(first_entry(), 11);
    ck_assert(pipeline_flush(rig.pipeline, &rig.error));
    ck_assert(pipeline_trim(rig.pipeline, &log, 100, &rig.error));
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &log), 12);
    ck_assert_uint_eq(first_entry(), 0);
    lose_overlay();
    ck_assert(append_run(rig.pipeline, &append));
    ck_assert_uint_eq(append.position, 12);
    ck_assert(pipeline_trim(rig.pipeline, &unknown, 5, &rig.error));
    ck_assert_uint_eq(pipeline_oldest(rig.pipeline, &unknown), 1);
    rig_close(&rig);
}
END_TEST

SUITE_MAIN("flush", a_second_or_fifty_thousand_rows, age_writes_it_out, rows_write_it_out,
           what_came_and_went_in_one_layer_is_not_written, what_was_written_is_deleted,
           who_writes_waits_for_the_flusher, many_rows_go_out_in_pieces,
           a_failed_flush_reopens_the_store, a_flush_that_failed_half_way_is_made_good,
           what_is_only_decided_overtakes_nothing, what_is_decided_and_comes_later_wins,
           what_is_being_committed_is_waited_for, what_is_committed_stands_in,
           what_is_written_already_stays, a_log_is_trimmed_as_far_as_it_is_written_out)
