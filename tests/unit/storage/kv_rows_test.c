/*
 * Rows that are kept in memory: nobody gets what he would not find in the engine.
 */
#include "storage/kv_rows.h"
#include "tests/unit/storage/tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct error error;

static struct bytes text(const char *chars)
{
    return (struct bytes){chars, strlen(chars)};
}

/* ---- the module itself ---- */

static struct arena *arena;

static struct kv_rows_ticket look(struct kv_rows *rows, uint64_t moment, const char *expected)
{
    struct kv_rows_ticket ticket;
    struct kv_value value;
    enum kv_found found = kv_rows_get(rows, moment, KV_LIVE, text("k"), arena, &value, &ticket);
    ck_assert_int_eq(found, expected ? KV_FOUND : KV_ABSENT);
    if (expected) {
        ck_assert_uint_eq(value.bytes.size, strlen(expected));
        ck_assert_mem_eq(value.bytes.data, expected, strlen(expected));
        ck_assert_int_eq(value.purge_after, 7);
        ck_assert_uint_eq(value.sequence, 9);
    }
    return ticket;
}

static void bring(struct kv_rows *rows, uint64_t moment, const struct kv_rows_ticket *ticket,
                  const char *chars)
{
    struct kv_value value = {text(chars), 7, 9};
    kv_rows_keep(rows, moment, ticket, KV_LIVE, text("k"), &value);
}

static struct kv_rows *begin(void)
{
    arena = arena_new(1 << 20);
    struct kv_rows *rows = kv_rows_new(8 << 20);
    ck_assert_ptr_nonnull(rows);
    return rows;
}

static void end(struct kv_rows *rows)
{
    kv_rows_free(rows);
    arena_free(arena);
}

START_TEST(what_was_brought_is_there)
{
    struct kv_rows *rows = begin();
    uint64_t moment = kv_rows_moment(rows);
    struct kv_rows_ticket ticket = look(rows, moment, NULL);
    bring(rows, moment, &ticket, "old");
    look(rows, moment, "old");
    look(rows, KV_ROWS_NOW, "old");
    look(rows, kv_rows_moment(rows), "old");
    end(rows);
}
END_TEST

START_TEST(a_write_parts_readers)
{
    struct kv_rows *rows = begin();
    uint64_t before = kv_rows_moment(rows);
    struct kv_rows_ticket ticket = look(rows, before, NULL);
    bring(rows, before, &ticket, "old");
    kv_rows_touch(rows, KV_LIVE, text("k"));
    uint64_t within = kv_rows_moment(rows);
    struct kv_rows_ticket during = look(rows, within, NULL);
    look(rows, KV_ROWS_NOW, NULL);
    kv_rows_touched(rows, KV_LIVE, text("k"));
    look(rows, KV_ROWS_NOW, NULL);
    /* Whether the snapshot of this one has the write in it, nobody knows. */
    bring(rows, within, &during, "old or new");
    look(rows, KV_ROWS_NOW, NULL);
    bring(rows, before, &ticket, "old");
    look(rows, KV_ROWS_NOW, NULL);
    uint64_t after = kv_rows_moment(rows);
    ticket = look(rows, after, NULL);
    bring(rows, after, &ticket, "new");
    look(rows, after, "new");
    look(rows, KV_ROWS_NOW, "new");
    look(rows, within, NULL);
    look(rows, before, NULL);
    end(rows);
}
END_TEST

START_TEST(who_began_before_a_write_brings_nothing)
{
    struct kv_rows *rows = begin();
    struct kv_rows_ticket ticket = look(rows, KV_ROWS_NOW, NULL);
    kv_rows_touch(rows, KV_LIVE, text("k"));
    kv_rows_touched(rows, KV_LIVE, text("k"));
    bring(rows, KV_ROWS_NOW, &ticket, "old");
    look(rows, KV_ROWS_NOW, NULL);
    end(rows);
}
END_TEST

START_TEST(two_writers_both_have_to_end)
{
    struct kv_rows *rows = begin();
    kv_rows_touch(rows, KV_LIVE, text("k"));
    kv_rows_touch(rows, KV_LIVE, text("k"));
    kv_rows_touched(rows, KV_LIVE, text("k"));
    struct kv_rows_ticket ticket = look(rows, KV_ROWS_NOW, NULL);
    bring(rows, KV_ROWS_NOW, &ticket, "half");
    look(rows, KV_ROWS_NOW, NULL);
    kv_rows_touched(rows, KV_LIVE, text("k"));
    /* What was read while one of them wrote may be from before it. */
    bring(rows, KV_ROWS_NOW, &ticket, "half");
    ticket = look(rows, KV_ROWS_NOW, NULL);
    bring(rows, KV_ROWS_NOW, &ticket, "whole");
    look(rows, KV_ROWS_NOW, "whole");
    kv_rows_touch_all(rows);
    look(rows, KV_ROWS_NOW, NULL);
    kv_rows_touched_all(rows);
    look(rows, KV_ROWS_NOW, NULL);
    end(rows);
}
END_TEST

START_TEST(it_is_bounded)
{
    enum { BOUND = 4 << 20 };
    struct kv_rows *rows = kv_rows_new(BOUND);
    arena = arena_new(1 << 24);
    uint8_t filler[500] = {0};
    struct kv_value value = {.bytes = {filler, sizeof filler}};
    struct kv_rows_ticket ticket;
    struct kv_value got;
    char name[32];
    unsigned kept = 0;
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "row %u", i);
        (void)kv_rows_get(rows, KV_ROWS_NOW, KV_IDX, text(name), arena, &got, &ticket);
        kv_rows_keep(rows, KV_ROWS_NOW, &ticket, KV_IDX, text(name), &value);
        /* What is asked for all the time stays. */
        if (kv_rows_get(rows, KV_ROWS_NOW, KV_IDX, text("row 3"), arena, &got, &ticket) == KV_FOUND)
            kept++;
        if (i % 100 == 0)
            arena_reset(arena);
    }
    ck_assert_uint_eq(kept, 20000 - 3);
    ck_assert_uint_le(kv_rows_bytes(rows), BOUND);
    ck_assert_uint_ge(kv_rows_bytes(rows), BOUND / 2);
    end(rows);
}
END_TEST

/* ---- in front of the engine ---- */

enum { KEYS = 40, WRITERS = 2, READERS = 3, WRITES = 3000 };

static struct kv *kv;
static _Atomic unsigned writing;

static struct bytes key_of(char name[16], unsigned key)
{
    return (struct bytes){name, (size_t)snprintf(name, 16, "key %02u", key)};
}

/* A few keys at a time; the writers' overlap. */
static void *write_all(void *data)
{
    struct dice dice = {(uintptr_t)data};
    struct kv_batch *batch = kv_batch_new();
    struct error failure;
    for (uint64_t number = 1; number <= WRITES; number++) {
        char name[16];
        for (unsigned i = dice_roll(&dice, 4); i < 4; i++) {
            struct bytes key = key_of(name, dice_roll(&dice, KEYS));
            struct kv_value value = {{&number, sizeof number}, 0, (uintptr_t)data};
            ck_assert(dice_roll(&dice, 8) == 0 ? kv_batch_delete(batch, KV_LIVE, key)
                                               : kv_batch_put(batch, KV_LIVE, key, value));
        }
        ck_assert(kv_write(kv, batch, false, &failure));
    }
    kv_batch_free(batch);
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

/* A scan asks the engine itself. */
static void compare(const struct kv_snapshot *snapshot, struct arena *memory, unsigned number)
{
    char name[16], after[17];
    struct bytes key = key_of(name, number);
    memcpy(after, name, key.size);
    after[key.size] = 0;
    struct kv_value value;
    struct error failure;
    enum kv_found found = kv_get(kv, snapshot, KV_LIVE, key, memory, &value, &failure);
    ck_assert_int_ne(found, KV_FAILED);
    struct kv_iterator *scan =
        kv_scan(kv, snapshot, KV_LIVE, key, (struct bytes){after, key.size + 1}, false);
    ck_assert_int_eq(kv_scan_valid(scan), found == KV_FOUND);
    if (found == KV_FOUND) {
        ck_assert_mem_eq(kv_scan_value(scan).bytes.data, value.bytes.data, value.bytes.size);
        ck_assert_uint_eq(kv_scan_value(scan).sequence, value.sequence);
    }
    kv_scan_free(scan);
}

static void *read_all(void *data)
{
    struct dice dice = {(uintptr_t)data + 100};
    struct arena *memory = arena_new(1 << 20);
    struct kv_snapshot *older = kv_snapshot_new(kv);
    while (atomic_load(&writing) > 0) {
        struct kv_snapshot *snapshot = kv_snapshot_new(kv);
        for (unsigned i = 0; i < 20; i++) {
            compare(snapshot, memory, dice_roll(&dice, KEYS));
            compare(older, memory, dice_roll(&dice, KEYS));
        }
        kv_snapshot_free(kv, older);
        older = snapshot;
        arena_reset(memory);
    }
    kv_snapshot_free(kv, older);
    arena_free(memory);
    return NULL;
}

START_TEST(readers_get_what_the_engine_has)
{
    struct kv_options options = {.cache_bytes = 1 << 20, .row_bytes = 4 << 20};
    ck_assert_msg(kv_open(":memory:", &options, &kv, &error), "%s", error.message);
    pthread_t threads[WRITERS + READERS];
    atomic_store(&writing, WRITERS);
    for (uintptr_t i = 0; i < WRITERS + READERS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, i < WRITERS ? write_all : read_all, (void *)(i + 1)),
            0);
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        pthread_join(threads[i], NULL);
    struct arena *memory = arena_new(1 << 20);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned key = 0; key < KEYS; key++)
            compare(NULL, memory, key);
    }
    ck_assert(kv_reopen(kv, &error));
    for (unsigned key = 0; key < KEYS; key++)
        compare(NULL, memory, key);
    arena_free(memory);
    kv_close(kv);
}
END_TEST

/* ---- groups ---- */

/* A group's first key; with `to` what comes after its last. */
static struct bytes group_key(uint8_t bytes[KV_GROUP_SIZE + 1], uint8_t group, bool to)
{
    memset(bytes, 'p', KV_GROUP_SIZE + 1);
    bytes[KV_GROUP_AT] = KV_GROUP_LETTER;
    bytes[KV_GROUP_SIZE - 1] = group;
    size_t size = to && group == UINT8_MAX ? KV_GROUP_SIZE - 1 : KV_GROUP_SIZE;
    bytes[size - 1] = (uint8_t)(bytes[size - 1] + to);
    return (struct bytes){bytes, size};
}

static unsigned rows_of(const struct kv_snapshot *snapshot, uint8_t group)
{
    uint8_t from[KV_GROUP_SIZE + 1], to[KV_GROUP_SIZE + 1];
    struct kv_iterator *scan = kv_scan(kv, snapshot, KV_LIVE, group_key(from, group, false),
                                       group_key(to, group, true), false);
    ck_assert_ptr_nonnull(scan);
    unsigned count = 0;
    for (; kv_scan_valid(scan); kv_scan_next(scan))
        count++;
    struct error failure;
    ck_assert(kv_scan_ok(scan, &failure));
    kv_scan_free(scan);
    return count;
}

static void write_group(uint8_t group, uint8_t row, bool deletes)
{
    struct kv_batch *batch = kv_batch_new();
    uint8_t bytes[KV_GROUP_SIZE + 1];
    struct bytes key = group_key(bytes, group, false);
    bytes[key.size++] = row;
    struct kv_value value = {.bytes = {"v", 1}};
    struct error failure;
    ck_assert(deletes ? kv_batch_delete(batch, KV_LIVE, key)
                      : kv_batch_put(batch, KV_LIVE, key, value));
    ck_assert(kv_write(kv, batch, false, &failure));
    kv_batch_free(batch);
}

static void try_group(uint8_t group, uint8_t other)
{
    struct kv_options options = {.row_bytes = 4 << 20};
    ck_assert_msg(kv_open(":memory:", &options, &kv, &error), "%s", error.message);
    write_group(other, 1, false);
    struct kv_snapshot *before = kv_snapshot_new(kv);
    for (unsigned round = 0; round < 2; round++) {
        ck_assert_uint_eq(rows_of(before, group), 0);
        ck_assert_uint_eq(rows_of(NULL, group), 0);
        ck_assert_uint_eq(rows_of(NULL, other), 1);
    }
    write_group(group, 7, false);
    struct kv_snapshot *after = kv_snapshot_new(kv);
    for (unsigned round = 0; round < 2; round++) {
        ck_assert_uint_eq(rows_of(NULL, group), 1);
        ck_assert_uint_eq(rows_of(before, group), 0);
        ck_assert_uint_eq(rows_of(after, group), 1);
    }
    write_group(group, 7, true);
    for (unsigned round = 0; round < 2; round++) {
        ck_assert_uint_eq(rows_of(NULL, group), 0);
        ck_assert_uint_eq(rows_of(after, group), 1);
        ck_assert_uint_eq(rows_of(before, group), 0);
    }
    kv_snapshot_free(kv, before);
    kv_snapshot_free(kv, after);
    ck_assert(kv_reopen(kv, &error));
    ck_assert_uint_eq(rows_of(NULL, other), 1);
    kv_close(kv);
}

/* Also one whose name ends with the last of all bytes. */
START_TEST(an_empty_group_is_known_until_it_is_written)
{
    try_group(1, 2);
    try_group(UINT8_MAX, UINT8_MAX - 1);
    try_group(UINT8_MAX - 1, UINT8_MAX);
}
END_TEST

START_TEST(ranges_are_forgotten_whole)
{
    struct kv_options options = {.row_bytes = 4 << 20};
    ck_assert_msg(kv_open(":memory:", &options, &kv, &error), "%s", error.message);
    struct kv_batch *batch = kv_batch_new();
    struct kv_value value = {.bytes = {"v", 1}};
    struct arena *memory = arena_new(1 << 20);
    ck_assert(kv_batch_put(batch, KV_LIVE, text("b"), value));
    ck_assert(kv_write(kv, batch, false, &error));
    ck_assert_int_eq(kv_get(kv, NULL, KV_LIVE, text("b"), memory, &value, &error), KV_FOUND);
    ck_assert_int_eq(kv_get(kv, NULL, KV_LIVE, text("b"), memory, &value, &error), KV_FOUND);
    ck_assert(kv_batch_delete_range(batch, KV_LIVE, text("a"), text("c")));
    ck_assert(kv_write(kv, batch, false, &error));
    ck_assert_int_eq(kv_get(kv, NULL, KV_LIVE, text("b"), memory, &value, &error), KV_ABSENT);
    arena_free(memory);
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

SUITE_MAIN("kv_rows", what_was_brought_is_there, a_write_parts_readers,
           who_began_before_a_write_brings_nothing, two_writers_both_have_to_end, it_is_bounded,
           readers_get_what_the_engine_has, an_empty_group_is_known_until_it_is_written,
           ranges_are_forgotten_whole)
