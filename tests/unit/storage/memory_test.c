/*
 * Memory that runs out while the writer decides. The test stands between everything and the allocator (by the linker), so that each
 * allocation in turn, and all after it, can be refused: the command is refused and has left nothing, the others go on.
 */
#include "storage/encode.h"
#include "storage/memtable.h"
#include "tests/unit/storage/rig.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12, ROW_BYTES = 30000, TRIES = 1000, UNLIMITED = 1 << 30 };

/* Of the writer's thread: so many allocations go well, then none, until it is told otherwise, or one does not. */
static _Thread_local unsigned allowed = UNLIMITED;
static _Thread_local bool refuses_once;
/* So many rows come into tables, then one does not. */
static _Thread_local unsigned rows_allowed = UNLIMITED;
static _Atomic unsigned refused, refused_in_keep;
static _Thread_local bool keeps;

static bool is_refused(void)
{
    if (allowed == UNLIMITED || allowed-- > 0)
        return false;
    allowed = refuses_once ? UNLIMITED : 0;
    atomic_fetch_add(&refused, 1);
    atomic_fetch_add(&refused_in_keep, keeps);
    return true;
}

int __real_posix_memalign(void **ret_memory, size_t alignment, size_t size);
int __wrap_posix_memalign(void **ret_memory, size_t alignment, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
bool __real_memtable_insert(struct memtable *table, const struct row *row);
bool __wrap_memtable_insert(struct memtable *table, const struct row *row);

int __wrap_posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    return is_refused() ? ENOMEM : __real_posix_memalign(ret_memory, alignment, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return is_refused() ? NULL : __real_realloc(memory, size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

bool __wrap_memtable_insert(struct memtable *table, const struct row *row)
{
    if (keeps && rows_allowed != UNLIMITED && rows_allowed-- == 0) {
        rows_allowed = UNLIMITED;
        return false;
    }
    return __real_memtable_insert(table, row);
}

static void allow_all(void)
{
    allowed = UNLIMITED;
    rows_allowed = UNLIMITED;
    keeps = false;
}

/* ---- a store whose writer has memory again when it writes ---- */

static struct rig rig;
static uint64_t last[WORLD_LOGS];

static void commit(void *data, struct kv *kv, struct kv_batch *batch,
                   void (*committed)(void *group, const struct error *failure), void *group)
{
    (void)data;
    struct error error;
    allow_all();
    committed(group, kv_write(kv, batch, false, &error) ? NULL : &error);
}

static void open_rig(void)
{
    static const struct durability durability = {.commit = commit};
    const struct pipeline_options options = {.durability = &durability};
    memset(&rig, 0, sizeof rig);
    rig_open(&rig, NULL, &options);
}

/* ---- commands ---- */

/* Appends to all logs and puts rows, with so much memory as it is given. */
struct hungry {
    struct command command; /* first */
    unsigned allows;
    unsigned allows_rows;
    bool reads_less;    /* it did not find an entry of its own group */
    bool is_one_append; /* and only one allocation fails */
    uint8_t tag;
    enum command_outcome outcome;
    struct error error;
    _Atomic bool done;
};

static size_t hungry_key(uint8_t tag, uint8_t row, uint8_t ret_key[16])
{
    memcpy(ret_key, "hungry", 6);
    ret_key[6] = tag;
    ret_key[7] = row;
    return 8;
}

/* What was appended last to the first log, as a later decision reads it. */
static bool finds_entry(struct txn *txn, uint64_t position)
{
    struct log_id log = world_log(0);
    uint8_t key[sizeof log + 9];
    struct kv_value value;
    struct error error;
    memcpy(key, &log, sizeof log);
    key[sizeof log] = 'L';
    put_u64(key + sizeof log + 1, position);
    return txn_get(txn, KV_LOG, (struct bytes){key, sizeof key}, &value, &error) == KV_FOUND;
}

static bool hungry_decide(struct command *command, struct txn *txn)
{
    struct hungry *hungry = (struct hungry *)command;
    struct append append = rig_append(0);
    const struct bytes entry = {&append.entry, sizeof append.entry};
    static const uint8_t row[ROW_BYTES];
    struct error error;
    uint64_t position = 0;
    uint8_t key[16];
    keeps = false;
    allowed = hungry->allows;
    refuses_once = hungry->is_one_append;
    rows_allowed = hungry->allows_rows;
    for (unsigned i = 0; i < (hungry->is_one_append ? 1 : WORLD_LOGS); i++) {
        struct log_id log = world_log(i);
        if (!txn_append(txn, &log, entry, i == 0 ? &position : &append.position, &error))
            return false;
    }
    hungry->reads_less = !finds_entry(txn, position);
    for (uint8_t i = 0; !hungry->is_one_append && i < ROWS; i++)
        if (!txn_put(txn, KV_META, (struct bytes){key, hungry_key(hungry->tag, i, key)},
                     (struct bytes){row, sizeof row}, 0))
            return false;
    keeps = true;
    return true;
}

static void hungry_done(struct command *command, enum command_outcome outcome,
                        const struct error *error)
{
    struct hungry *hungry = (struct hungry *)command;
    allow_all();
    hungry->outcome = outcome;
    if (error)
        hungry->error = *error;
    atomic_store(&hungry->done, true);
}

static void hungry_start(struct hungry *hungry)
{
    hungry->command = (struct command){.decide = hungry_decide, .done = hungry_done};
    pipeline_submit(rig.pipeline, &hungry->command);
}

static void hungry_wait(struct hungry *hungry)
{
    while (!atomic_load(&hungry->done))
        sched_yield();
}

/* Keeps the writer until it may go on: what is submitted meanwhile comes into its group. */
struct holding {
    struct command command; /* first */
    _Atomic bool holds, let_go, done;
};

static bool holding_decide(struct command *command, struct txn *txn)
{
    struct holding *holding = (struct holding *)command;
    (void)txn;
    atomic_store(&holding->holds, true);
    while (!atomic_load(&holding->let_go))
        sched_yield();
    return true;
}

static void holding_done(struct command *command, enum command_outcome outcome,
                         const struct error *error)
{
    (void)outcome, (void)error;
    atomic_store(&((struct holding *)command)->done, true);
}

static void holding_start(struct holding *holding)
{
    *holding = (struct holding){.command = {.decide = holding_decide, .done = holding_done}};
    pipeline_submit(rig.pipeline, &holding->command);
    while (!atomic_load(&holding->holds))
        sched_yield();
}

/* The rows of a command are all there, or none. */
static void check_rows(const struct hungry *hungry, bool are_there)
{
    struct view *view = view_open(rig.store);
    struct arena *arena = arena_new((size_t)ROWS * ROW_BYTES * 2);
    ck_assert(view && arena);
    for (uint8_t i = 0; i < ROWS; i++) {
        uint8_t key[16];
        struct kv_value value;
        enum kv_found found =
            view_get(view, KV_META, (struct bytes){key, hungry_key(hungry->tag, i, key)}, arena,
                     &value, &rig.error);
        ck_assert_int_eq(found, are_there ? KV_FOUND : KV_ABSENT);
    }
    arena_free(arena);
    view_close(view);
}

static void check_refused(const struct hungry *hungry)
{
    ck_assert_int_eq(hungry->outcome, COMMAND_REFUSED);
    ck_assert_int_eq(hungry->error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(hungry->error.reason, "OUT_OF_MEMORY");
    check_rows(hungry, false);
}

/* A command between others, by which there is memory again. */
static bool relief_decide(struct command *command, struct txn *txn)
{
    (void)command;
    (void)txn;
    allow_all();
    return true;
}

static void relief_done(struct command *command, enum command_outcome outcome,
                        const struct error *error)
{
    (void)command;
    (void)outcome;
    (void)error;
}

/* ---- tests ---- */

START_TEST(who_finds_no_memory_is_refused_alone)
{
    unsigned tries = 0;
    bool short_of_it = true;
    atomic_store(&refused_in_keep, 0);
    for (; short_of_it && tries < TRIES; tries++) {
        open_rig();
        struct append before = rig_append(0), after = rig_append(0);
        struct hungry hungry = {.allows = tries, .allows_rows = UNLIMITED, .tag = 1};
        struct command relief = {.decide = relief_decide, .done = relief_done};
        struct holding holding;
        atomic_store(&refused, 0);
        holding_start(&holding);
        append_start(rig.pipeline, &before);
        hungry_start(&hungry);
        pipeline_submit(rig.pipeline, &relief);
        append_start(rig.pipeline, &after);
        atomic_store(&holding.let_go, true);
        append_wait(&before);
        hungry_wait(&hungry);
        append_wait(&after);
        short_of_it = atomic_load(&refused) > 0;
        ck_assert_int_eq(before.outcome, COMMAND_DURABLE);
        ck_assert_int_eq(after.outcome, COMMAND_DURABLE);
        if (short_of_it)
            check_refused(&hungry);
        ck_assert(short_of_it || hungry.outcome == COMMAND_DURABLE);
        ck_assert_uint_eq(after.position, short_of_it ? 2 : 3);
        /* Nothing was opened again, and what was decided before and after is as it should be; also after a replay. */
        ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), 1);
        rig_check(&rig, last);
        ck_assert_uint_eq(last[0], after.position);
        ck_assert_uint_eq(last[1], short_of_it ? 0 : 1);
        hungry.allows = UNLIMITED;
        atomic_store(&hungry.done, false);
        hungry_start(&hungry);
        hungry_wait(&hungry);
        ck_assert_int_eq(hungry.outcome, COMMAND_DURABLE);
        check_rows(&hungry, true);
        ck_assert(pipeline_flush(rig.pipeline, &rig.error));
        rig_check(&rig, last);
        rig_close(&rig);
    }
    ck_assert_uint_lt(tries, TRIES);
    ck_assert_uint_ge(tries, 8);
    ck_assert_uint_ge(atomic_load(&refused_in_keep), 3);
}
END_TEST

/* It must not decide by a log that seems shorter than it is. */
START_TEST(who_cannot_read_all_is_refused)
{
    bool short_of_it = true;
    unsigned tries = 0, read_less = 0;
    for (; short_of_it && tries < TRIES; tries++) {
        open_rig();
        struct hungry hungry = {
            .allows = tries, .allows_rows = UNLIMITED, .is_one_append = true, .tag = 1};
        atomic_store(&refused, 0);
        hungry_start(&hungry);
        hungry_wait(&hungry);
        short_of_it = atomic_load(&refused) > 0;
        read_less += hungry.reads_less;
        ck_assert(short_of_it || !hungry.reads_less);
        ck_assert(hungry.outcome != COMMAND_DURABLE || !hungry.reads_less);
        if (hungry.outcome != COMMAND_DURABLE)
            check_refused(&hungry);
        rig_close(&rig);
    }
    ck_assert_uint_lt(tries, TRIES);
    ck_assert_uint_gt(read_less, 0);
}
END_TEST

/* What cannot be undone is not written: all of the group hear so, and what it has left in memory is never seen. */
START_TEST(a_group_that_breaks_is_not_written)
{
    for (unsigned i = 0; i < ROWS; i += 3) {
        open_rig();
        struct append first = rig_append(0), before = rig_append(0), after = rig_append(1);
        struct hungry hungry = {.allows = UNLIMITED, .allows_rows = i, .tag = 1};
        struct holding holding;
        ck_assert(append_run(rig.pipeline, &first));
        holding_start(&holding);
        append_start(rig.pipeline, &before);
        hungry_start(&hungry);
        append_start(rig.pipeline, &after);
        atomic_store(&holding.let_go, true);
        append_wait(&before);
        hungry_wait(&hungry);
        append_wait(&after);
        check_refused(&hungry);
        ck_assert_int_eq(before.outcome, COMMAND_REFUSED);
        ck_assert_str_eq(before.error.reason, "OUT_OF_MEMORY");
        /* It came behind the group, or into the store that is there again. */
        ck_assert(after.outcome == COMMAND_REFUSED || after.outcome == COMMAND_DURABLE);
        struct error why;
        while (pipeline_refuses(rig.pipeline, &why))
            ck_assert_str_eq(why.reason, "STORE_REOPENING");
        ck_assert_uint_eq(atomic_load(&rig.world.rebuilt), 2);
        rig_check(&rig, last);
        ck_assert_uint_eq(last[0], 1);
        ck_assert_uint_eq(last[1], after.outcome == COMMAND_DURABLE);
        check_rows(&hungry, false);
        ck_assert(append_run(rig.pipeline, &first));
        ck_assert_uint_eq(first.position, 2);
        rig_close(&rig);
    }
}
END_TEST

SUITE_MAIN("memory", who_finds_no_memory_is_refused_alone, who_cannot_read_all_is_refused,
           a_group_that_breaks_is_not_written)
