/*
 * What reads cost the engine: blocks that are read from the disk.
 *
 * The cache is split into 16 shards. The rows are so many that a filter of a whole file would not fit into one.
 */
#include "storage/kv.h"
#include "tests/unit/storage/tools.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 140000, EACH = 4000, CACHE = 2 << 20, ASKED = 8 };

static struct error error;

static struct bytes key_of(char text[32], unsigned row)
{
    /* Spread, so that neighbours are in other blocks. */
    int size = snprintf(text, 32, "row %08x", row * 2654435761u);
    return (struct bytes){text, (size_t)size};
}

static struct kv *filled(enum kv_family family)
{
    struct kv_options options = {.cache_bytes = CACHE};
    struct kv *kv;
    ck_assert_msg(kv_open(":memory:", &options, &kv, &error), "%s", error.message);
    struct kv_batch *batch = kv_batch_new();
    struct kv_value value = {.bytes = {"a value of some length", 22}};
    char text[32];
    for (unsigned row = 0; row < ROWS;) {
        for (unsigned end = row + EACH; row < end; row++)
            ck_assert(kv_batch_put(batch, family, key_of(text, row), value));
        ck_assert_msg(kv_write(kv, batch, false, &error), "%s", error.message);
    }
    kv_batch_free(batch);
    ck_assert_msg(kv_compact(kv, family, &error), "%s", error.message);
    return kv;
}

/* How many blocks it takes to look for some rows, from `first` on. */
static uint64_t blocks_for(struct kv *kv, enum kv_family family, unsigned first,
                           enum kv_found expected)
{
    struct arena *arena = arena_new(1 << 20);
    rocksdb_set_perf_level(rocksdb_enable_count);
    rocksdb_perfcontext_t *counts = rocksdb_perfcontext_create();
    rocksdb_perfcontext_reset(counts);
    for (unsigned i = 0; i < ASKED; i++) {
        char text[32];
        struct kv_value value;
        struct bytes key = key_of(text, first + i * (ROWS / ASKED));
        ck_assert_int_eq(kv_get(kv, NULL, family, key, arena, &value, &error), expected);
    }
    uint64_t blocks = rocksdb_perfcontext_metric(counts, rocksdb_block_read_count);
    rocksdb_perfcontext_destroy(counts);
    arena_free(arena);
    return blocks;
}

START_TEST(what_was_read_costs_no_block_again)
{
    struct kv *kv = filled(KV_LIVE);
    /* That it counts at all. */
    ck_assert_uint_ge(blocks_for(kv, KV_LIVE, 0, KV_FOUND), ASKED / 2);
    ck_assert_uint_eq(blocks_for(kv, KV_LIVE, 0, KV_FOUND), 0);
    /* What is absent is mostly told by the filter alone. */
    (void)blocks_for(kv, KV_LIVE, ROWS, KV_ABSENT);
    ck_assert_uint_eq(blocks_for(kv, KV_LIVE, ROWS, KV_ABSENT), 0);
    kv_close(kv);
}
END_TEST

/* ---- groups ---- */

enum { GROUPS = 2000 };

/* The keys of a group begin so. Every third group has none, every other as many as its number says, up to seven. */
static struct bytes group_prefix(uint8_t bytes[KV_GROUP_SIZE + 1], unsigned group)
{
    memset(bytes, 'p', KV_GROUP_SIZE);
    bytes[KV_GROUP_AT] = KV_GROUP_LETTER;
    for (unsigned i = 0; i < 4; i++)
        bytes[KV_GROUP_SIZE - 1 - i] = (uint8_t)(group * 2654435761u >> 8 * (3 - i));
    return (struct bytes){bytes, KV_GROUP_SIZE};
}

static unsigned group_rows(unsigned group)
{
    return group % 3 == 0 ? 0 : group % 8;
}

static void write_groups(struct kv *kv, unsigned from, unsigned to)
{
    struct kv_batch *batch = kv_batch_new();
    struct kv_value value = {.bytes = {"route", 5}};
    for (unsigned group = from; group < to; group++) {
        uint8_t bytes[KV_GROUP_SIZE + 1];
        struct bytes key = group_prefix(bytes, group);
        key.size++;
        for (unsigned row = 0; row < group_rows(group); row++) {
            bytes[KV_GROUP_SIZE] = (uint8_t)row;
            ck_assert(kv_batch_put(batch, KV_LIVE, key, value));
        }
    }
    /* Neighbours that belong to no group. */
    for (unsigned i = 0; i < 200; i++) {
        char text[32];
        ck_assert(kv_batch_put(batch, KV_LIVE, key_of(text, from + i), value));
    }
    ck_assert_msg(kv_write(kv, batch, false, &error), "%s", error.message);
    kv_batch_free(batch);
}

static unsigned scanned(struct kv *kv, struct bytes from, struct bytes to, bool backwards)
{
    unsigned count = 0;
    struct kv_iterator *scan = kv_scan(kv, NULL, KV_LIVE, from, to, backwards);
    ck_assert_ptr_nonnull(scan);
    for (; kv_scan_valid(scan); kv_scan_next(scan))
        count++;
    ck_assert(kv_scan_ok(scan, &error));
    kv_scan_free(scan);
    return count;
}

static void check_groups(struct kv *kv, unsigned count)
{
    unsigned all = 0;
    for (unsigned group = 0; group < count; group++) {
        uint8_t from[KV_GROUP_SIZE + 1], to[KV_GROUP_SIZE + 1];
        struct bytes first = group_prefix(from, group), end = group_prefix(to, group);
        if (++to[KV_GROUP_SIZE - 1] == 0)
            continue; /* its end is spelled otherwise */
        unsigned rows = group_rows(group);
        ck_assert_uint_eq(scanned(kv, first, end, false), rows);
        ck_assert_uint_eq(scanned(kv, first, end, true), rows);
        /* From its second row on. */
        from[KV_GROUP_SIZE] = 1;
        first.size++;
        ck_assert_uint_eq(scanned(kv, first, end, false), rows ? rows - 1 : 0);
        /* Through all that come after it, whether it has any or not. */
        if (group % 250 == 0) {
            unsigned after = scanned(kv, first, (struct bytes){"q", 1}, false);
            ck_assert_uint_eq(scanned(kv, first, (struct bytes){"q", 1}, true), after);
            ck_assert_uint_ge(after, 1);
        }
    }
    for (unsigned group = 0; group < count; group++)
        all += group_rows(group);
    ck_assert_uint_eq(scanned(kv, (struct bytes){"p", 1}, (struct bytes){"q", 1}, false), all);
    ck_assert_uint_eq(scanned(kv, (struct bytes){"p", 1}, (struct bytes){"q", 1}, true), all);
}

START_TEST(a_group_is_found_in_memory_and_in_files)
{
    struct kv_options options = {.cache_bytes = CACHE};
    struct kv *kv;
    ck_assert_msg(kv_open(":memory:", &options, &kv, &error), "%s", error.message);
    write_groups(kv, 0, GROUPS / 2);
    check_groups(kv, GROUPS / 2);
    ck_assert(kv_compact(kv, KV_LIVE, &error));
    check_groups(kv, GROUPS / 2);
    write_groups(kv, GROUPS / 2, GROUPS);
    check_groups(kv, GROUPS);
    ck_assert(kv_compact(kv, KV_LIVE, &error));
    check_groups(kv, GROUPS);
    kv_close(kv);
}
END_TEST

START_TEST(a_group_that_is_not_there_costs_no_block_of_rows)
{
    struct kv_options options = {.cache_bytes = CACHE};
    struct kv *kv;
    ck_assert_msg(kv_open(":memory:", &options, &kv, &error), "%s", error.message);
    write_groups(kv, 0, GROUPS);
    ck_assert(kv_compact(kv, KV_LIVE, &error));
    rocksdb_set_perf_level(rocksdb_enable_count);
    rocksdb_perfcontext_t *counts = rocksdb_perfcontext_create();
    uint64_t blocks = 0;
    for (int round = 0; round < 2; round++) {
        rocksdb_perfcontext_reset(counts);
        for (unsigned group = 0; group < 600; group += 3) {
            uint8_t from[KV_GROUP_SIZE + 1], to[KV_GROUP_SIZE + 1];
            struct bytes first = group_prefix(from, group), end = group_prefix(to, group);
            if (++to[KV_GROUP_SIZE - 1] != 0)
                ck_assert_uint_eq(scanned(kv, first, end, false), 0);
        }
        blocks = rocksdb_perfcontext_metric(counts, rocksdb_block_cache_hit_count) +
                 rocksdb_perfcontext_metric(counts, rocksdb_block_read_count);
    }
    rocksdb_perfcontext_destroy(counts);
    /* 200 groups: for each the filter's pieces, and for a few, of which the filter is not sure, an index's and the rows. */
    ck_assert_uint_le(blocks, 200 * 2 + 60);
    kv_close(kv);
}
END_TEST

SUITE_MAIN("kv_cache", what_was_read_costs_no_block_again, a_group_is_found_in_memory_and_in_files,
           a_group_that_is_not_there_costs_no_block_of_rows)
