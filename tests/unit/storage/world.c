#include "tests/unit/storage/world.h"
#include "tests/unit/storage/tools.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log_id world_log(unsigned number)
{
    struct log_id log = {{0}};
    memcpy(log.bytes, "world/", 6);
    log.bytes[sizeof log.bytes - 1] = (uint8_t)number;
    return log;
}

size_t world_row_key(unsigned log, unsigned row, uint8_t ret_key[32])
{
    struct log_id id = world_log(log);
    memcpy(ret_key, id.bytes, sizeof id.bytes);
    ret_key[20] = 'R';
    ret_key[21] = (uint8_t)row;
    return 22;
}

struct entry world_entry(struct dice *dice, uint32_t mark)
{
    struct entry entry;
    memset(&entry, 0, sizeof entry);
    entry.mark = mark;
    for (unsigned i = 0; i < WORLD_STEPS; i++) {
        struct step *step = &entry.steps[i];
        step->kind = (uint8_t)dice_roll(dice, STEP_KINDS);
        step->row = (uint8_t)dice_roll(dice, WORLD_ROWS);
        step->with_entry = dice_roll(dice, 3) == 0;
        step->amount = (uint8_t)(1 + dice_roll(dice, 100));
        step->life_us = (uint16_t)(dice_roll(dice, 4) == 0 ? 1 + dice_roll(dice, 5000) : 0);
        for (unsigned other = 0; other < i; other++) {
            if (entry.steps[other].row == step->row)
                step->kind = STEP_NONE;
        }
    }
    return entry;
}

/* ---- the domain ---- */

static enum kv_family family_of(unsigned row)
{
    return row % 2 ? KV_IDX : KV_LIVE;
}

static unsigned log_number(const struct log_id *log)
{
    return log->bytes[sizeof log->bytes - 1];
}

static int64_t purge_time(const struct step *step, int64_t now)
{
    return step->life_us ? now + step->life_us : 0;
}

static bool derive_step(struct derivation *derivation, const struct step *step)
{
    uint8_t key_data[32];
    struct bytes key = {key_data,
                        world_row_key(log_number(derivation_log(derivation)), step->row, key_data)};
    enum kv_family family = family_of(step->row);
    enum row_timing timing = step->with_entry ? ROW_WITH_ENTRY : ROW_LATER;
    uint64_t value = step->amount;
    if (step->kind == STEP_DELETE)
        return derive_delete(derivation, family, key, timing);
    if (step->kind == STEP_ADD) {
        struct kv_value old;
        switch (derive_old(derivation, family, key, &old)) {
        case ROW_PRESENT: {
            uint64_t before;
            memcpy(&before, old.bytes.data, sizeof before);
            value += before;
            break;
        }
        case ROW_ABSENT:
            break;
        case ROW_DONE:
            return true;
        case ROW_FAILED:
            return false;
        }
    }
    return derive_put(derivation, family, key, (struct bytes){&value, sizeof value},
                      purge_time(step, derivation_time(derivation)), timing);
}

/* ---- guests: rows that are new, and mostly go soon ---- */

enum { GUEST_KEY = 29, GUEST_STAYS = 5, GUEST_AGES = 7 };

static void guest_key(unsigned log, uint64_t position, uint8_t ret_key[GUEST_KEY])
{
    struct log_id id = world_log(log);
    memcpy(ret_key, id.bytes, sizeof id.bytes);
    ret_key[20] = 'G';
    for (unsigned i = 0; i < 8; i++)
        ret_key[21 + i] = (uint8_t)(position >> (56 - 8 * i));
}

/* The position whose entry deletes the guest that came with this one; 0: it stays. */
static uint64_t guest_end(uint64_t position)
{
    return position % GUEST_STAYS ? position + 1 + position % GUEST_AGES : 0;
}

static bool derive_guests(struct derivation *derivation)
{
    unsigned log = log_number(derivation_log(derivation));
    uint64_t position = derivation_position(derivation);
    uint8_t key[GUEST_KEY];
    for (uint64_t age = 1; age <= GUEST_AGES && age < position; age++) {
        guest_key(log, position - age, key);
        if (guest_end(position - age) == position &&
            !derive_delete(derivation, KV_META, (struct bytes){key, sizeof key}, ROW_LATER))
            return false;
    }
    guest_key(log, position, key);
    return derive_put_new(derivation, KV_META, (struct bytes){key, sizeof key},
                          (struct bytes){"guest", 5}, 0);
}

static bool derive(void *data, struct derivation *derivation, struct bytes bytes)
{
    struct world *world = data;
    struct entry entry;
    if (bytes.size != sizeof entry)
        return false;
    memcpy(&entry, bytes.data, sizeof entry);
    if (derivation_replays(derivation))
        atomic_fetch_add(&world->replayed, 1);
    for (unsigned i = 0; i < WORLD_STEPS; i++) {
        if (entry.steps[i].kind != STEP_NONE && !derive_step(derivation, &entry.steps[i]))
            return false;
    }
    struct step now = {STEP_ADD, TALLY_NOW, 1, 1, 0}, later = {STEP_ADD, TALLY_LATER, 0, 1, 0};
    return derive_step(derivation, &now) && derive_step(derivation, &later) &&
           derive_guests(derivation);
}

/* Programs that are no tests have such a world, too, and Check's assertions work in tests alone. */
static void must(bool holds)
{
    if (!holds)
        abort();
}

static void appended(void *data, const struct log_id *log, uint64_t position, struct bytes entry)
{
    struct world *world = data;
    must(entry.size == sizeof(struct entry));
    atomic_store(&world->appended[log_number(log)], position);
}

static void told_rewritten(void *data, const struct log_id *log, uint64_t position)
{
    struct world *world = data;
    if (log)
        atomic_store(&world->rewritten[log_number(log)], position);
    else
        atomic_fetch_add(&world->rewritten_any, 1);
}

static void grown(void *data, const struct log_id *log, uint64_t last, unsigned logs)
{
    struct world *world = data;
    must(logs > 0);
    atomic_store(&world->grown[log_number(log)], last);
}

static bool rebuild(void *data, struct view *view, struct error *error)
{
    struct world *world = data;
    uint64_t last[WORLD_LOGS];
    atomic_fetch_add(&world->rebuilt, 1);
    if (atomic_fetch_sub(&world->rebuild_failures, 1) > 0)
        return error_set(error, STATUS_INTERNAL, "TEST", 0, "The test wants it so.");
    if (!atomic_load(&world->unchecked))
        world_check(view, last);
    return true;
}

struct pipeline_domain world_domain(struct world *world)
{
    return (struct pipeline_domain){.data = world,
                                    .derive = derive,
                                    .appended = appended,
                                    .rewritten = told_rewritten,
                                    .grown = grown,
                                    .rebuild = rebuild};
}

/* ---- commands ---- */

static bool append_decide(struct command *command, struct txn *txn)
{
    struct append *append = (struct append *)command;
    struct log_id log = world_log(append->log);
    if (append->empty)
        return true;
    append->time = txn_now(txn);
    return txn_append(txn, &log, (struct bytes){&append->entry, sizeof append->entry},
                      &append->position, &append->error) &&
           !append->reject;
}

static void append_done(struct command *command, enum command_outcome outcome,
                        const struct error *error)
{
    struct append *append = (struct append *)command;
    append->outcome = outcome;
    if (error)
        append->error = *error;
    if (append->then)
        append->then(append);
    else
        atomic_store(&append->done, true);
}

void append_start(struct pipeline *pipeline, struct append *append)
{
    append->command = (struct command){.decide = append_decide, .done = append_done};
    atomic_store(&append->done, false);
    pipeline_submit(pipeline, &append->command);
}

void append_wait(struct append *append)
{
    while (!atomic_load(&append->done))
        sched_yield();
}

bool append_run(struct pipeline *pipeline, struct append *append)
{
    append_start(pipeline, append);
    append_wait(append);
    return append->outcome == COMMAND_DURABLE;
}

/* ---- what must be ---- */

struct expected {
    bool there[WORLD_ALL_ROWS];
    uint64_t value[WORLD_ALL_ROWS];
    int64_t purge_after[WORLD_ALL_ROWS];
};

static bool is_past(const struct expected *expected, unsigned row, int64_t now)
{
    return expected->purge_after[row] != 0 && expected->purge_after[row] <= now;
}

static void expect_step(struct expected *expected, const struct step *step, int64_t now)
{
    unsigned row = step->row;
    bool there = expected->there[row] && !is_past(expected, row, now);
    switch (step->kind) {
    case STEP_PUT:
        expected->value[row] = step->amount;
        break;
    case STEP_ADD:
        expected->value[row] = step->amount + (there ? expected->value[row] : 0);
        break;
    case STEP_DELETE:
        expected->there[row] = false;
        return;
    default:
        return;
    }
    expected->there[row] = true;
    expected->purge_after[row] = purge_time(step, now);
}

static uint64_t position_of(struct bytes key)
{
    const uint8_t *bytes = key.data;
    uint64_t position = 0;
    ck_assert_uint_eq(key.size, 29);
    for (unsigned i = 21; i < 29; i++)
        position = position << 8 | bytes[i];
    return position;
}

static struct scan *scan_log(struct view *view, unsigned log, bool backwards)
{
    struct log_id from = world_log(log), to = world_log(log + 1);
    struct scan *scan = view_scan(view, KV_LOG, (struct bytes){from.bytes, sizeof from.bytes},
                                  (struct bytes){to.bytes, sizeof to.bytes}, backwards);
    ck_assert_ptr_nonnull(scan);
    return scan;
}

static uint64_t fold(struct view *view, unsigned log, struct expected *expected)
{
    struct error error;
    uint64_t last = 0;
    struct scan *scan = scan_log(view, log, false);
    for (; scan_valid(scan); scan_next(scan)) {
        struct kv_value value = scan_value(scan);
        struct entry entry;
        ck_assert_uint_eq(position_of(scan_key(scan)), last + 1);
        ck_assert_uint_eq(value.bytes.size, sizeof entry);
        memcpy(&entry, value.bytes.data, sizeof entry);
        for (unsigned i = 0; i < WORLD_STEPS; i++)
            expect_step(expected, &entry.steps[i], value.purge_after);
        last++;
    }
    ck_assert(scan_ok(scan, &error));
    scan_free(scan);
    expected->there[TALLY_NOW] = expected->there[TALLY_LATER] = last > 0;
    expected->value[TALLY_NOW] = expected->value[TALLY_LATER] = last;
    return last;
}

static void check_row(struct view *view, unsigned log, unsigned row,
                      const struct expected *expected)
{
    struct arena *arena = arena_new(4096);
    struct error error;
    struct kv_value value;
    uint8_t key_data[32];
    struct bytes key = {key_data, world_row_key(log, row, key_data)};
    bool there = expected->there[row] && !is_past(expected, row, view_now(view));
    enum kv_found found = view_get(view, family_of(row), key, arena, &value, &error);
    ck_assert_int_ne(found, KV_FAILED);
    uint64_t number = 0;
    if (found == KV_FOUND)
        memcpy(&number, value.bytes.data, sizeof number);
    ck_assert_msg((found == KV_FOUND) == there && (!there || number == expected->value[row]),
                  "log %u row %u: %s %lu, expected %s %lu", log, row,
                  found == KV_FOUND ? "there" : "absent", (unsigned long)number,
                  there ? "there" : "absent", (unsigned long)expected->value[row]);
    arena_free(arena);
}

/* A scan gives the rows that are there, either way. */
static void check_scan(struct view *view, unsigned log, enum kv_family family, bool backwards,
                       const struct expected *expected)
{
    struct log_id from = world_log(log), to = world_log(log + 1);
    struct scan *scan = view_scan(view, family, (struct bytes){from.bytes, sizeof from.bytes},
                                  (struct bytes){to.bytes, sizeof to.bytes}, backwards);
    for (unsigned i = 0; i < WORLD_ALL_ROWS; i++) {
        unsigned row = backwards ? WORLD_ALL_ROWS - 1 - i : i;
        if (family_of(row) != family || !expected->there[row] ||
            is_past(expected, row, view_now(view)))
            continue;
        ck_assert_msg(scan_valid(scan), "log %u row %u is not in the scan", log, row);
        ck_assert_uint_eq(((const uint8_t *)scan_key(scan).data)[21], row);
        uint64_t number;
        memcpy(&number, scan_value(scan).bytes.data, sizeof number);
        ck_assert_uint_eq(number, expected->value[row]);
        scan_next(scan);
    }
    ck_assert_msg(!scan_valid(scan), "log %u: the scan has a row too many", log);
    scan_free(scan);
}

static void check_guests(struct view *view, unsigned log, uint64_t last)
{
    uint8_t from[GUEST_KEY], to[GUEST_KEY], expected[GUEST_KEY];
    guest_key(log, 0, from);
    guest_key(log, UINT64_MAX, to);
    struct scan *scan = view_scan(view, KV_META, (struct bytes){from, sizeof from},
                                  (struct bytes){to, sizeof to}, false);
    ck_assert_ptr_nonnull(scan);
    for (uint64_t position = 1; position <= last; position++) {
        if (guest_end(position) && guest_end(position) <= last)
            continue;
        guest_key(log, position, expected);
        ck_assert_msg(scan_valid(scan), "log %u: guest %lu is gone", log, (unsigned long)position);
        ck_assert_mem_eq(scan_key(scan).data, expected, sizeof expected);
        scan_next(scan);
    }
    ck_assert_msg(!scan_valid(scan), "log %u: a guest has stayed", log);
    scan_free(scan);
}

void world_check(struct view *view, uint64_t ret_last[WORLD_LOGS])
{
    for (unsigned log = 0; log < WORLD_LOGS; log++) {
        struct expected expected;
        memset(&expected, 0, sizeof expected);
        ret_last[log] = fold(view, log, &expected);
        check_guests(view, log, ret_last[log]);
        for (unsigned row = 0; row < WORLD_ALL_ROWS; row++)
            check_row(view, log, row, &expected);
        for (unsigned way = 0; way < 2; way++) {
            check_scan(view, log, KV_LIVE, way, &expected);
            check_scan(view, log, KV_IDX, way, &expected);
        }
    }
}

uint32_t world_mark(struct view *view, unsigned log, uint64_t position)
{
    struct arena *arena = arena_new(4096);
    struct error error;
    struct log_id id = world_log(log);
    struct kv_value value;
    uint8_t key[29];
    memcpy(key, id.bytes, sizeof id.bytes);
    key[20] = 'L';
    for (unsigned i = 0; i < 8; i++)
        key[21 + i] = (uint8_t)(position >> (56 - 8 * i));
    ck_assert_int_eq(view_get(view, KV_LOG, (struct bytes){key, sizeof key}, arena, &value, &error),
                     KV_FOUND);
    struct entry entry;
    memcpy(&entry, value.bytes.data, sizeof entry);
    arena_free(arena);
    return entry.mark;
}

void world_check_tallies(struct view *view)
{
    for (unsigned log = 0; log < WORLD_LOGS; log++) {
        struct scan *scan = scan_log(view, log, true);
        uint64_t last = scan_valid(scan) ? position_of(scan_key(scan)) : 0;
        scan_free(scan);
        struct expected expected;
        memset(&expected, 0, sizeof expected);
        expected.there[TALLY_NOW] = expected.there[TALLY_LATER] = last > 0;
        expected.value[TALLY_NOW] = expected.value[TALLY_LATER] = last;
        check_row(view, log, TALLY_NOW, &expected);
        check_row(view, log, TALLY_LATER, &expected);
    }
}
