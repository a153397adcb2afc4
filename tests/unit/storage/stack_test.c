/*
 * Reads of several memtables over the engine, against a list of what is there.
 */
#include "storage/stack.h"
#include "tests/unit/storage/tools.h"

#include <string.h>

enum { KEYS = 40, TABLES = 3 };

static struct error error;

struct model {
    bool there[KEYS];
    uint64_t value[KEYS];
    int64_t purge_after[KEYS];
};

static struct bytes key_of(unsigned number, char ret_key[2])
{
    ret_key[0] = (char)('a' + number / 8);
    ret_key[1] = (char)('a' + number % 8);
    return (struct bytes){ret_key, 2};
}

/* Writes random rows into one layer, and into the model. */
static void fill(struct memtable *table, struct kv_batch *batch, struct dice *dice,
                 uint64_t *sequence, struct model *model)
{
    for (unsigned i = 0; i < KEYS / 2; i++) {
        unsigned number = dice_roll(dice, KEYS);
        char key[2];
        ++*sequence;
        struct row row = {
            .family = KV_LIVE,
            .key = key_of(number, key),
            .value = {{sequence, sizeof *sequence}, dice_roll(dice, 3) * 100, *sequence},
            .deleted = dice_roll(dice, 4) == 0,
        };
        model->there[number] = !row.deleted;
        model->value[number] = *sequence;
        model->purge_after[number] = row.value.purge_after;
        if (table)
            ck_assert(memtable_insert(table, &row));
        else if (row.deleted)
            ck_assert(kv_batch_delete(batch, KV_LIVE, row.key));
        else
            ck_assert(kv_batch_put(batch, KV_LIVE, row.key, row.value));
    }
}

static bool is_there(const struct model *model, unsigned number, int64_t now)
{
    return model->there[number] &&
           (model->purge_after[number] == 0 || model->purge_after[number] > now);
}

static void check_gets(const struct stack *stack, const struct model *model)
{
    struct arena *arena = arena_new(1 << 20);
    for (unsigned number = 0; number < KEYS; number++) {
        char key[2];
        struct kv_value value;
        enum kv_found found = stack_get(stack, KV_LIVE, key_of(number, key), arena, &value, &error);
        ck_assert_int_eq(found, is_there(model, number, stack->now) ? KV_FOUND : KV_ABSENT);
        if (found == KV_FOUND)
            ck_assert_uint_eq(value.sequence, model->value[number]);
    }
    arena_free(arena);
}

static void check_scan(const struct stack *stack, const struct model *model, unsigned from,
                       unsigned to, bool backwards)
{
    char from_key[2], to_key[2];
    struct bytes first = key_of(from, from_key), end = key_of(to, to_key);
    if (to == KEYS)
        end.size = 0;
    struct scan *scan = stack_scan(stack, KV_LIVE, first, end, backwards);
    for (unsigned i = from; i < to; i++) {
        unsigned number = backwards ? to - 1 - (i - from) : i;
        if (!is_there(model, number, stack->now))
            continue;
        char key[2];
        ck_assert(scan_valid(scan));
        ck_assert_mem_eq(scan_key(scan).data, key_of(number, key).data, 2);
        ck_assert_uint_eq(scan_value(scan).sequence, model->value[number]);
        uint64_t value;
        memcpy(&value, scan_value(scan).bytes.data, sizeof value);
        ck_assert_uint_eq(value, model->value[number]);
        scan_next(scan);
    }
    ck_assert(!scan_valid(scan));
    ck_assert(scan_ok(scan, &error));
    scan_free(scan);
}

static void round_of(struct dice *dice)
{
    struct kv_options options = {.cache_bytes = 1 << 20, .write_buffer = 1 << 20};
    struct kv *kv;
    ck_assert(kv_open(":memory:", &options, &kv, &error));
    struct kv_batch *batch = kv_batch_new();
    struct model model = {0}, visible_model;
    uint64_t sequence = 0;
    struct stack stack = {.kv = kv, .now = 1 + dice_roll(dice, 250)};
    fill(NULL, batch, dice, &sequence, &model);
    ck_assert(kv_write(kv, batch, false, &error));
    for (unsigned i = 0; i < TABLES; i++) {
        struct memtable *table = memtable_new();
        fill(table, NULL, dice, &sequence, &model);
        stack.tables[TABLES - 1 - i] = table;
    }
    stack.count = TABLES;
    stack.visible = sequence;
    visible_model = model;
    struct kv_snapshot *snapshot = kv_snapshot_new(kv);
    stack.snapshot = snapshot;
    /* What comes later must not show. */
    fill((struct memtable *)stack.tables[0], NULL, dice, &sequence, &model);
    fill(NULL, batch, dice, &sequence, &model);
    ck_assert(kv_write(kv, batch, false, &error));
    check_gets(&stack, &visible_model);
    for (unsigned i = 0; i < 30; i++) {
        unsigned from = dice_roll(dice, KEYS);
        check_scan(&stack, &visible_model, from, from + dice_roll(dice, KEYS - from + 1),
                   dice_roll(dice, 2));
    }
    for (unsigned i = 0; i < TABLES; i++)
        memtable_free((struct memtable *)stack.tables[i]);
    kv_snapshot_free(kv, snapshot);
    kv_batch_free(batch);
    kv_close(kv);
}

START_TEST(equals_a_naive_map)
{
    struct dice dice = {4};
    for (unsigned i = 0; i < 12; i++)
        round_of(&dice);
}
END_TEST

START_TEST(after_a_prefix)
{
    struct arena *arena = arena_new(4096);
    struct bytes after = bytes_after((struct bytes){"ab", 2}, arena);
    ck_assert_uint_eq(after.size, 2);
    ck_assert_mem_eq(after.data, "ac", 2);
    after = bytes_after((struct bytes){"a\xff\xff", 3}, arena);
    ck_assert_uint_eq(after.size, 1);
    ck_assert_mem_eq(after.data, "b", 1);
    after = bytes_after((struct bytes){"\xff\xff", 2}, arena);
    ck_assert_uint_eq(after.size, 0);
    arena_free(arena);
}
END_TEST

SUITE_MAIN("stack", equals_a_naive_map, after_a_prefix)
