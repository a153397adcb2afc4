#include "storage/kv.h"
#include "tests/unit/storage/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error error;

static struct bytes text(const char *chars)
{
    return (struct bytes){chars, strlen(chars)};
}

static struct kv *open_at(const char *path)
{
    struct kv_options options = {.cache_bytes = 1 << 20, .write_buffer = 1 << 20};
    struct kv *kv = NULL;
    error_clear(&error);
    ck_assert_msg(kv_open(path, &options, &kv, &error), "%s", error.message);
    return kv;
}

static void put(struct kv *kv, enum kv_family family, const char *key, const char *value)
{
    struct kv_batch *batch = kv_batch_new();
    ck_assert(kv_batch_put(batch, family, text(key), (struct kv_value){.bytes = text(value)}));
    ck_assert_msg(kv_write(kv, batch, true, &error), "%s", error.message);
    kv_batch_free(batch);
}

/* The value as text, "-" when there is none. */
static const char *get(struct kv *kv, const struct kv_snapshot *snapshot, enum kv_family family,
                       const char *key)
{
    static char found[256];
    struct arena *arena = arena_new(1 << 16);
    struct kv_value value;
    switch (kv_get(kv, snapshot, family, text(key), arena, &value, &error)) {
    case KV_FOUND:
        snprintf(found, sizeof found, "%.*s", (int)value.bytes.size,
                 (const char *)value.bytes.data);
        break;
    case KV_ABSENT:
        snprintf(found, sizeof found, "-");
        break;
    case KV_FAILED:
        ck_abort_msg("%s", error.message);
    }
    arena_free(arena);
    return found;
}

/* All keys of a scan, with blanks between. */
static const char *keys(struct kv *kv, const struct kv_snapshot *snapshot, enum kv_family family,
                        const char *from, const char *to, bool backwards)
{
    static char found[1024];
    size_t size = 0;
    found[0] = '\0';
    struct kv_iterator *iterator = kv_scan(kv, snapshot, family, text(from), text(to), backwards);
    ck_assert_ptr_nonnull(iterator);
    for (; kv_scan_valid(iterator); kv_scan_next(iterator)) {
        struct bytes key = kv_scan_key(iterator);
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%.*s", size ? " " : "",
                                 (int)key.size, (const char *)key.data);
    }
    ck_assert(kv_scan_ok(iterator, &error));
    kv_scan_free(iterator);
    return found;
}

START_TEST(keeps_families_apart)
{
    struct kv *kv = open_at(":memory:");
    put(kv, KV_LOG, "a", "log");
    put(kv, KV_LIVE, "a", "live");
    put(kv, KV_META, "a", "");
    ck_assert_str_eq(get(kv, NULL, KV_LOG, "a"), "log");
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "a"), "live");
    ck_assert_str_eq(get(kv, NULL, KV_IDX, "a"), "-");
    ck_assert_str_eq(get(kv, NULL, KV_META, "a"), "");
    kv_close(kv);
}
END_TEST

START_TEST(keeps_headers)
{
    struct kv *kv = open_at(":memory:");
    struct kv_batch *batch = kv_batch_new();
    struct kv_value put_value = {text("v"), INT64_MAX - 7, UINT64_MAX - 9};
    ck_assert(kv_batch_put(batch, KV_IDX, text("k"), put_value));
    ck_assert(kv_write(kv, batch, false, &error));
    struct arena *arena = arena_new(1 << 16);
    struct kv_value value;
    ck_assert_int_eq(kv_get(kv, NULL, KV_IDX, text("k"), arena, &value, &error), KV_FOUND);
    ck_assert_int_eq(value.purge_after, INT64_MAX - 7);
    ck_assert_uint_eq(value.sequence, UINT64_MAX - 9);
    struct kv_iterator *iterator = kv_scan(kv, NULL, KV_IDX, text(""), text(""), false);
    ck_assert_uint_eq(kv_scan_value(iterator).sequence, UINT64_MAX - 9);
    kv_scan_free(iterator);
    arena_free(arena);
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

START_TEST(scans_both_ways)
{
    struct kv *kv = open_at(":memory:");
    for (const char *key = "abcdef"; *key; key++)
        put(kv, KV_LIVE, (char[]){*key, 0}, "x");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "", false), "a b c d e f");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "", true), "f e d c b a");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "b", "e", false), "b c d");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "b", "e", true), "d c b");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "bb", "dd", false), "c d");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "bb", "dd", true), "d c");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "e", "", true), "f e");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "b", true), "a");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "c", "c", false), "");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "d", "b", false), "");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "d", "b", true), "");
    ck_assert_str_eq(keys(kv, NULL, KV_IDX, "", "", true), "");
    kv_close(kv);
}
END_TEST

START_TEST(snapshots_stand_still)
{
    struct kv *kv = open_at(":memory:");
    put(kv, KV_LIVE, "a", "1");
    struct kv_snapshot *snapshot = kv_snapshot_new(kv);
    put(kv, KV_LIVE, "a", "2");
    put(kv, KV_LIVE, "b", "2");
    ck_assert_str_eq(get(kv, snapshot, KV_LIVE, "a"), "1");
    ck_assert_str_eq(get(kv, snapshot, KV_LIVE, "b"), "-");
    ck_assert_str_eq(keys(kv, snapshot, KV_LIVE, "", "", false), "a");
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "", false), "a b");
    kv_snapshot_free(kv, snapshot);
    kv_close(kv);
}
END_TEST

START_TEST(of_two_writes_the_later_counts)
{
    struct kv *kv = open_at(":memory:");
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, KV_LIVE, text("b"), (struct kv_value){.bytes = text("1")});
    kv_batch_put(batch, KV_LIVE, text("a"), (struct kv_value){.bytes = text("1")});
    kv_batch_put(batch, KV_LIVE, text("b"), (struct kv_value){.bytes = text("2")});
    kv_batch_delete(batch, KV_LIVE, text("a"));
    kv_batch_put(batch, KV_LIVE, text("c"), (struct kv_value){.bytes = text("1")});
    kv_batch_delete(batch, KV_LIVE, text("c"));
    kv_batch_put(batch, KV_LIVE, text("c"), (struct kv_value){.bytes = text("3")});
    ck_assert_uint_eq(kv_batch_count(batch), 7);
    ck_assert(kv_write(kv, batch, true, &error));
    ck_assert_uint_eq(kv_batch_count(batch), 0);
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "a"), "-");
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "b"), "2");
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "c"), "3");
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

START_TEST(ranges_go_before_the_rest)
{
    struct kv *kv = open_at(":memory:");
    for (const char *key = "abcdef"; *key; key++)
        put(kv, KV_LOG, (char[]){*key, 0}, "x");
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, KV_LOG, text("c"), (struct kv_value){.bytes = text("new")});
    kv_batch_delete_range(batch, KV_LOG, text("b"), text("e"));
    ck_assert(kv_write(kv, batch, true, &error));
    ck_assert_str_eq(keys(kv, NULL, KV_LOG, "", "", false), "a c e f");
    ck_assert_str_eq(get(kv, NULL, KV_LOG, "c"), "new");
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

/* Where the engine keeps hints of where keys go, a range would spoil them. */
START_TEST(ranges_do_not_meet_hints)
{
    struct kv_batch *batch = kv_batch_new();
    struct bytes hinted = text("a key with its prefix"), shorter = text("one byte fewer there");
    ck_assert_uint_eq(hinted.size, KV_HINTED);
    ck_assert(!kv_batch_delete_range(batch, KV_LIVE, hinted, text("b")));
    ck_assert(!kv_batch_delete_range(batch, KV_IDX, hinted, text("b")));
    ck_assert(kv_batch_delete_range(batch, KV_LIVE, shorter, text("b")));
    ck_assert(kv_batch_delete_range(batch, KV_LOG, hinted, text("b")));
    ck_assert_uint_eq(kv_batch_count(batch), 2);
    kv_batch_free(batch);
}
END_TEST

/* In whatever order they are written, and whatever comes between. */
START_TEST(many_keys_of_one_beginning_are_all_found)
{
    enum { KEYS = 600 };
    struct kv *kv = open_at(":memory:");
    struct kv_batch *batch = kv_batch_new();
    char key[64];
    for (unsigned i = 0; i < KEYS; i++) {
        unsigned place = i * 251 % KEYS;
        snprintf(key, sizeof key, "the beginning of many%c%04u", 'a' + (char)(place % 3), place);
        put(kv, place % 2 ? KV_LIVE : KV_IDX, key, "x");
        if (i % 50 == 7) {
            kv_batch_delete_range(batch, KV_LOG, text("the beginning of many"), text("u"));
            kv_batch_delete_range(batch, KV_LIVE, text("u"), text("v"));
            ck_assert(kv_write(kv, batch, true, &error));
        }
    }
    for (unsigned place = 0; place < KEYS; place++) {
        snprintf(key, sizeof key, "the beginning of many%c%04u", 'a' + (char)(place % 3), place);
        ck_assert_str_eq(get(kv, NULL, place % 2 ? KV_LIVE : KV_IDX, key), "x");
    }
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

START_TEST(a_batch_can_be_cut)
{
    struct kv *kv = open_at(":memory:");
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, KV_LIVE, text("a"), (struct kv_value){.bytes = text("1")});
    size_t bytes = kv_batch_bytes(batch);
    kv_batch_put(batch, KV_LIVE, text("b"), (struct kv_value){.bytes = text("1")});
    kv_batch_expect(batch, KV_LIVE, text("z"), text("never"));
    kv_batch_cut(batch, 1);
    ck_assert_uint_eq(kv_batch_bytes(batch), bytes);
    ck_assert(kv_write(kv, batch, true, &error));
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "", false), "a");
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

START_TEST(expectations_hold_or_nothing_is_written)
{
    struct kv *kv = open_at(":memory:");
    struct kv_batch *batch = kv_batch_new();
    put(kv, KV_META, "a", "1");
    kv_batch_expect(batch, KV_META, text("a"), text("2"));
    kv_batch_put(batch, KV_META, text("b"), (struct kv_value){.bytes = text("x")});
    ck_assert(!kv_write(kv, batch, true, &error));
    ck_assert_int_eq(error.code, STATUS_ABORTED);
    ck_assert(!kv_broken(kv));
    ck_assert_uint_eq(kv_batch_count(batch), 0);
    kv_batch_expect(batch, KV_META, text("a"), text(""));
    ck_assert(!kv_write(kv, batch, true, &error));
    kv_batch_expect(batch, KV_META, text("c"), text("1"));
    ck_assert(!kv_write(kv, batch, true, &error));
    ck_assert_str_eq(get(kv, NULL, KV_META, "b"), "-");
    kv_batch_expect(batch, KV_META, text("a"), text("1"));
    kv_batch_expect(batch, KV_META, text("b"), text(""));
    kv_batch_put(batch, KV_META, text("a"), (struct kv_value){.bytes = text("2")});
    kv_batch_put(batch, KV_META, text("b"), (struct kv_value){.bytes = text("x")});
    ck_assert(kv_write(kv, batch, true, &error));
    ck_assert_str_eq(get(kv, NULL, KV_META, "a"), "2");
    ck_assert_str_eq(get(kv, NULL, KV_META, "b"), "x");
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

START_TEST(compaction_drops_what_may_be_purged)
{
    struct kv *kv = open_at(":memory:");
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, KV_LIVE, text("ever"), (struct kv_value){.bytes = text("x")});
    kv_batch_put(batch, KV_LIVE, text("old"), (struct kv_value){text("x"), 100, 1});
    kv_batch_put(batch, KV_LIVE, text("young"), (struct kv_value){text("x"), 200, 1});
    kv_batch_put(batch, KV_LOG, text("entry"), (struct kv_value){text("x"), 100, 1});
    ck_assert(kv_write(kv, batch, true, &error));
    ck_assert(kv_compact(kv, KV_LIVE, &error));
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "", false), "ever old young");
    kv_purge(kv, 150);
    ck_assert(kv_compact(kv, KV_LIVE, &error));
    ck_assert(kv_compact(kv, KV_LOG, &error));
    ck_assert_str_eq(keys(kv, NULL, KV_LIVE, "", "", false), "ever young");
    ck_assert_str_eq(keys(kv, NULL, KV_LOG, "", "", false), "entry");
    kv_batch_free(batch);
    kv_close(kv);
}
END_TEST

START_TEST(memory_survives_a_reopening)
{
    struct kv *kv = open_at(":memory:");
    put(kv, KV_LIVE, "a", "1");
    ck_assert_msg(kv_reopen(kv, &error), "%s", error.message);
    ck_assert(!kv_broken(kv));
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "a"), "1");
    kv_close(kv);
    kv = open_at(":memory:");
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "a"), "-");
    kv_close(kv);
}
END_TEST

START_TEST(disk_survives_closing)
{
    struct folder folder = folder_make();
    const char *path = folder_file(&folder, "db");
    struct kv *kv = open_at(path);
    put(kv, KV_LIVE, "a", "1");
    put(kv, KV_LOG, "b", "2");
    kv_close(kv);
    kv = open_at(path);
    ck_assert_str_eq(get(kv, NULL, KV_LIVE, "a"), "1");
    ck_assert_str_eq(get(kv, NULL, KV_LOG, "b"), "2");
    struct kv_counts counts;
    kv_count(kv, &counts);
    ck_assert_uint_ge(counts.keys, 2);
    kv_close(kv);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_store_is_open_once)
{
    struct folder folder = folder_make();
    const char *path = folder_file(&folder, "db");
    struct kv *kv = open_at(path), *other = NULL;
    struct kv_options options = {.must_exist = true};
    ck_assert(!kv_open(path, &options, &other, &error));
    ck_assert_str_eq(error.reason, "STORE_LOCKED");
    kv_close(kv);
    folder_remove(&folder);
}
END_TEST

START_TEST(what_must_exist_is_not_made)
{
    struct folder folder = folder_make();
    struct kv *kv = NULL;
    struct kv_options options = {.must_exist = true};
    ck_assert(!kv_open(folder_file(&folder, "db"), &options, &kv, &error));
    ck_assert_str_eq(error.reason, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

SUITE_MAIN("kv", keeps_families_apart, keeps_headers, scans_both_ways, snapshots_stand_still,
           of_two_writes_the_later_counts, ranges_go_before_the_rest, ranges_do_not_meet_hints,
           many_keys_of_one_beginning_are_all_found, a_batch_can_be_cut,
           expectations_hold_or_nothing_is_written, compaction_drops_what_may_be_purged,
           memory_survives_a_reopening, disk_survives_closing, a_store_is_open_once,
           what_must_exist_is_not_made)
