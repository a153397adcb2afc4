#include "storage/memtable.h"
#include "tests/unit/storage/tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS = 1500, LOOKS = 4000 };

/* ---- against a list that is searched from end to end ---- */

struct version {
    enum kv_family family;
    char key[8];
    size_t key_size;
    uint64_t sequence;
    int64_t purge_after;
    bool deleted;
    bool direct;
};

static struct version versions[VERSIONS];
static unsigned version_count;

static size_t random_key(struct dice *dice, char ret_key[8])
{
    static const char letters[] = {'\0', 'a', 'b', '\xff'};
    size_t size = dice_roll(dice, 4);
    for (size_t i = 0; i < size; i++)
        ret_key[i] = letters[dice_roll(dice, 4)];
    return size;
}

static struct bytes key_of(const struct version *version)
{
    return (struct bytes){version->key, version->key_size};
}

static int compare(struct bytes a, struct bytes b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static void add(struct memtable *table, struct dice *dice)
{
    struct version *version = &versions[version_count++];
    version->family = (enum kv_family)dice_roll(dice, KV_FAMILIES);
    version->key_size = random_key(dice, version->key);
    version->sequence = version_count;
    version->purge_after = dice_roll(dice, 1000);
    version->deleted = dice_roll(dice, 4) == 0;
    version->direct = dice_roll(dice, 3) == 0;
    struct row row = {
        .family = version->family,
        .key = key_of(version),
        .value = {{&version->sequence, sizeof version->sequence},
                  version->purge_after,
                  version->sequence},
        .deleted = version->deleted,
        .direct = version->direct,
    };
    ck_assert(memtable_insert(table, &row));
}

/* The newest visible version of a key; NULL when there is none. */
static const struct version *naive_find(enum kv_family family, struct bytes key, uint64_t visible)
{
    for (unsigned i = version_count; i-- > 0;) {
        if (versions[i].family == family && versions[i].sequence <= visible &&
            compare(key_of(&versions[i]), key) == 0)
            return &versions[i];
    }
    return NULL;
}

/* The next visible key after one (or at it, when `or_at`), or before it. NULL key: from the end. */
static const struct version *naive_next(enum kv_family family, const struct bytes *key,
                                        uint64_t visible, bool backwards, bool or_at)
{
    const struct version *best = NULL;
    for (unsigned i = 0; i < version_count; i++) {
        const struct version *version = &versions[i];
        if (version->family != family || version->sequence > visible)
            continue;
        int order = key ? compare(key_of(version), *key) : backwards ? -1 : 1;
        if (backwards ? order >= 0 : order < 0 || (order == 0 && !or_at))
            continue;
        int against = best ? compare(key_of(version), key_of(best)) : 0;
        if (!best || (backwards ? against > 0 : against < 0))
            best = version;
    }
    return best ? naive_find(family, key_of(best), visible) : NULL;
}

static void check_row(const struct version *version, bool found, const struct row *row)
{
    ck_assert_int_eq(found, version != NULL);
    if (!version)
        return;
    ck_assert_uint_eq(row->value.sequence, version->sequence);
    ck_assert_int_eq(row->value.purge_after, version->purge_after);
    ck_assert_int_eq(row->deleted, version->deleted);
    ck_assert_int_eq(row->direct, version->direct);
    ck_assert_int_eq(compare(row->key, key_of(version)), 0);
    if (!version->deleted)
        ck_assert_mem_eq(row->value.bytes.data, &version->sequence, sizeof version->sequence);
}

static void check_walk(const struct memtable *table, struct dice *dice, bool backwards)
{
    char key_data[8];
    struct bytes key = {key_data, random_key(dice, key_data)};
    struct memtable_cursor cursor = {
        .table = table,
        .visible = dice_roll(dice, version_count + 2),
        .family = (enum kv_family)dice_roll(dice, KV_FAMILIES),
    };
    const struct version *expected;
    if (backwards) {
        memtable_seek_before(&cursor, key);
        expected = naive_next(cursor.family, key.size ? &key : NULL, cursor.visible, true, false);
    } else {
        memtable_seek(&cursor, key);
        expected = naive_next(cursor.family, &key, cursor.visible, false, true);
    }
    for (unsigned steps = 0; steps < 5; steps++) {
        struct row row;
        bool found = memtable_row(&cursor, &row);
        check_row(expected, found, &row);
        if (!found)
            return;
        struct bytes here = key_of(expected);
        expected = naive_next(cursor.family, &here, cursor.visible, backwards, false);
        if (backwards)
            memtable_previous(&cursor);
        else
            memtable_next(&cursor);
    }
}

static bool naive_direct(enum kv_family family, struct bytes key, uint64_t after, uint64_t through)
{
    for (unsigned i = 0; i < version_count; i++) {
        if (versions[i].family == family && versions[i].direct && versions[i].sequence > after &&
            versions[i].sequence <= through && compare(key_of(&versions[i]), key) == 0)
            return true;
    }
    return false;
}

static void look(const struct memtable *table, struct dice *dice)
{
    char key_data[8];
    struct bytes key = {key_data, random_key(dice, key_data)};
    enum kv_family family = (enum kv_family)dice_roll(dice, KV_FAMILIES);
    uint64_t visible = dice_roll(dice, version_count + 2);
    struct row row;
    bool found = memtable_find(table, family, key, memtable_hash(family, key), visible, &row);
    check_row(naive_find(family, key, visible), found, &row);
    uint64_t after = dice_roll(dice, version_count + 2);
    row = (struct row){family, key, {.sequence = after}, .hash = memtable_hash(family, key)};
    ck_assert_int_eq(memtable_has_direct(table, &row, visible),
                     naive_direct(family, key, after, visible));
    check_walk(table, dice, false);
    check_walk(table, dice, true);
}

START_TEST(equals_a_naive_list)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct dice dice = {seed};
        struct memtable *table = memtable_new();
        version_count = 0;
        for (unsigned i = 0; i < LOOKS; i++) {
            if (version_count < VERSIONS && dice_roll(&dice, 2))
                add(table, &dice);
            look(table, &dice);
        }
        ck_assert_uint_eq(memtable_rows(table), version_count);
        memtable_free(table);
    }
}
END_TEST

/* Rows as they came, of each all versions, the newest first. */
START_TEST(gives_all_versions)
{
    struct dice dice = {9};
    struct memtable *table = memtable_new();
    version_count = 0;
    while (version_count < VERSIONS)
        add(table, &dice);
    const struct memtable_node *node = NULL;
    struct row row, last = {0};
    unsigned count = 0;
    uint64_t came = 0; /* the row before the last one, with its oldest version */
    for (; memtable_each(table, &node, &row); last = row, count++) {
        bool goes_on = count > 0 && last.family == row.family;
        if (goes_on && compare(last.key, row.key) == 0) {
            ck_assert_uint_gt(last.value.sequence, row.value.sequence);
            continue;
        }
        ck_assert_uint_eq(naive_find(row.family, row.key, UINT64_MAX)->sequence,
                          row.value.sequence);
        ck_assert(count == 0 || last.family <= row.family);
        ck_assert(!goes_on || last.value.sequence > came);
        came = goes_on ? last.value.sequence : 0;
    }
    ck_assert_uint_eq(count, VERSIONS);
    memtable_reset(table);
    ck_assert_uint_eq(memtable_rows(table), 0);
    node = NULL;
    ck_assert(!memtable_each(table, &node, &row));
    memtable_free(table);
}
END_TEST

static bool is_odd(const struct memtable_node *newest, const struct row *row)
{
    (void)newest;
    return row->value.sequence % 2;
}

/* How many rows have a newest version with an odd sequence. */
static size_t naive_odd(void)
{
    size_t count = 0;
    for (unsigned i = 0; i < version_count; i++) {
        const struct version *newest =
            naive_find(versions[i].family, key_of(&versions[i]), UINT64_MAX);
        count += newest == &versions[i] && newest->sequence % 2;
    }
    return count;
}

START_TEST(gives_what_is_wanted_in_order)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct dice dice = {seed};
        struct memtable *table = memtable_new();
        unsigned wanted = dice_roll(&dice, 3) ? dice_roll(&dice, 12) : VERSIONS;
        version_count = 0;
        while (version_count < wanted)
            add(table, &dice);
        size_t count;
        struct memtable_place *places = memtable_order(table, is_odd, &count);
        ck_assert_ptr_nonnull(places);
        ck_assert_uint_eq(count, naive_odd());
        struct row row, last;
        for (size_t i = 0; i < count; i++, last = row) {
            memtable_row_at(places, i, &row);
            check_row(naive_find(row.family, row.key, UINT64_MAX), true, &row);
            ck_assert(i == 0 || last.family < row.family ||
                      (last.family == row.family && compare(last.key, row.key) < 0));
        }
        free(places);
        memtable_free(table);
    }
}
END_TEST

static struct bytes group_key(unsigned number, char ret_key[KV_GROUP_SIZE + 1])
{
    memset(ret_key, 'x', KV_GROUP_SIZE + 1);
    ret_key[KV_GROUP_AT] = KV_GROUP_LETTER;
    memcpy(ret_key + KV_GROUP_AT + 1, &number, sizeof number);
    return (struct bytes){ret_key, KV_GROUP_SIZE + 1};
}

/* Who looks for a group that came finds it, in small tables and large ones; of most others a large one says that they are not there. */
START_TEST(groups_that_came_are_known)
{
    enum { GROUPS = 3000 };
    struct memtable *table = memtable_new();
    char key[KV_GROUP_SIZE + 1];
    unsigned strangers = 0;
    for (unsigned i = 0; i < GROUPS; i++) {
        struct row row = {.family = KV_LIVE, .key = group_key(i, key), .value = {{"v", 1}, 0, i}};
        ck_assert(memtable_insert(table, &row));
        for (unsigned seen = i % 7; seen <= i; seen += 7) {
            (void)group_key(seen, key);
            ck_assert(memtable_may_have_group(table, (struct bytes){key, KV_GROUP_SIZE}));
        }
    }
    for (unsigned i = GROUPS; i < 2 * GROUPS; i++) {
        (void)group_key(i, key);
        strangers += memtable_may_have_group(table, (struct bytes){key, KV_GROUP_SIZE});
    }
    ck_assert_uint_lt(strangers, GROUPS / 100);
    memtable_reset(table);
    ck_assert(memtable_may_have_group(table, (struct bytes){key, KV_GROUP_SIZE}));
    memtable_free(table);
}
END_TEST

START_TEST(of_equals_the_later_is_found)
{
    struct memtable *table = memtable_new();
    for (char letter = 'a'; letter <= 'z'; letter++) {
        struct row row = {.key = {"k", 1}, .value = {{&letter, 1}, 0, 7}};
        ck_assert(memtable_insert(table, &row));
    }
    struct row row;
    struct bytes key = {"k", 1};
    ck_assert(memtable_find(table, KV_LOG, key, memtable_hash(KV_LOG, key), 7, &row));
    ck_assert_int_eq(*(const char *)row.value.bytes.data, 'z');
    memtable_free(table);
}
END_TEST

/* Whether what is below the table has to hear that a row went, by its versions: first, later, direct. */
START_TEST(what_is_below_knows_nothing_of_a_new_row)
{
    static const struct {
        const char *versions; /* the oldest first */
        bool is_new;
    } ROWS[] = {{"f", true},   {"l", false},  {"d", false},   {"fl", true},    {"fll", true},
                {"ll", false}, {"fd", false}, {"fdl", false}, {"fldl", false}, {"dl", false}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct memtable *table = memtable_new();
        for (uint64_t n = 0; ROWS[i].versions[n]; n++) {
            const struct row row = {.key = {"k", 1},
                                    .value = {{"v", 1}, 0, n + 1},
                                    .first = ROWS[i].versions[n] == 'f',
                                    .direct = ROWS[i].versions[n] == 'd'};
            ck_assert(memtable_insert(table, &row));
        }
        const struct memtable_node *node = NULL;
        struct row newest;
        ck_assert(memtable_each(table, &node, &newest));
        ck_assert_msg(memtable_is_new(node) == ROWS[i].is_new, "%s", ROWS[i].versions);
        memtable_free(table);
    }
}
END_TEST

/* ---- one writes, others read ---- */

enum { SHARED_KEYS = 97, SHARED_ROWS = 20000, READERS = 3 };

struct shared {
    struct memtable *table;
    _Atomic uint64_t visible;
    _Atomic bool over;
    _Atomic unsigned walks;
};

static size_t shared_key(uint64_t number, char ret_key[16])
{
    return (size_t)snprintf(ret_key, 16, "key%03u", (unsigned)(number % SHARED_KEYS));
}

/* What the key's newest visible version must be; 0: there is none. */
static uint64_t shared_newest(uint64_t key, uint64_t visible)
{
    if (visible < key || visible == 0)
        return 0;
    uint64_t newest = visible - (visible - key) % SHARED_KEYS;
    return newest;
}

static void walk_shared(struct shared *shared, bool backwards)
{
    uint64_t visible = atomic_load(&shared->visible);
    struct memtable_cursor cursor = {.table = shared->table, .visible = visible, .family = KV_LIVE};
    struct bytes all = {"", 0};
    if (backwards)
        memtable_seek_before(&cursor, all);
    else
        memtable_seek(&cursor, all);
    for (uint64_t i = 0; i < SHARED_KEYS; i++) {
        uint64_t key = backwards ? SHARED_KEYS - 1 - i : i;
        uint64_t newest = shared_newest(key, visible);
        if (newest == 0)
            continue;
        struct row row;
        ck_assert(memtable_row(&cursor, &row));
        ck_assert_uint_eq(row.value.sequence, newest);
        if (backwards)
            memtable_previous(&cursor);
        else
            memtable_next(&cursor);
    }
    struct row row;
    ck_assert(!memtable_row(&cursor, &row));
}

static void *read_shared(void *data)
{
    struct shared *shared = data;
    struct dice dice = {(uint64_t)(uintptr_t)&dice};
    bool over;
    do {
        over = atomic_load(&shared->over);
        walk_shared(shared, dice_roll(&dice, 2));
        char key[16];
        uint64_t number = dice_roll(&dice, SHARED_KEYS);
        uint64_t visible = atomic_load(&shared->visible);
        struct row row;
        size_t size = shared_key(number, key);
        struct bytes name = {key, size};
        bool found = memtable_find(shared->table, KV_LIVE, name, memtable_hash(KV_LIVE, name),
                                   visible, &row);
        ck_assert_uint_eq(found ? row.value.sequence : 0, shared_newest(number, visible));
        atomic_fetch_add(&shared->walks, 1);
    } while (!over);
    return NULL;
}

START_TEST(readers_see_what_was_published)
{
    struct shared shared = {.table = memtable_new()};
    pthread_t threads[READERS];
    for (unsigned i = 0; i < READERS; i++)
        pthread_create(&threads[i], NULL, read_shared, &shared);
    for (uint64_t i = 1; i <= SHARED_ROWS; i++) {
        char key[16];
        size_t size = shared_key(i, key);
        struct row row = {.family = KV_LIVE, .key = {key, size}, .value = {{&i, sizeof i}, 0, i}};
        ck_assert(memtable_insert(shared.table, &row));
        if (i % 5 == 0)
            atomic_store(&shared.visible, i);
    }
    atomic_store(&shared.over, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_gt(atomic_load(&shared.walks), 0);
    memtable_free(shared.table);
}
END_TEST

SUITE_MAIN("memtable", equals_a_naive_list, groups_that_came_are_known, gives_all_versions,
           gives_what_is_wanted_in_order, of_equals_the_later_is_found,
           what_is_below_knows_nothing_of_a_new_row, readers_see_what_was_published)
