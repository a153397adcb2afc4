#include "storage/memtable.h"

#include "proto/c/fault.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * A skip list of rows, each with a list of its versions; and an index by hash over the rows, since most that is asked of an overlay is
 * for one key, and most that comes into it is a newer version of a row that is there.
 */

enum {
    HEIGHT_MOST = 14,
    INDEX_FROM = 16,  /* fewer rows are found as quickly without it */
    INDEX_FIRST = 64, /* slots */
    GROWTH = 4,
};

/* What holds a table back is how often it is flushed, not this. */
static const size_t TABLE_BOUND = (size_t)1 << 40;

struct memtable_row;
typedef _Atomic(struct memtable_row *) row_link;
typedef _Atomic(struct memtable_node *) version_link;

/* One version. */
struct memtable_node {
    struct memtable_row *row;
    version_link older;
    uint64_t sequence;
    int64_t purge_after;
    uint32_t value_size;
    bool deleted;
    bool direct;
    bool first;
    uint8_t value[];
};

struct memtable_row {
    version_link newest;
    uint32_t hash;
    uint32_t key_size;
    uint8_t family;
    uint8_t height;
    row_link next[]; /* `height` of them; then the key */
};

/* Open addressing, at most half full. A larger one takes the place of one that has become full; who still reads the old one finds all the
 * rows there that it may see. */
struct row_index {
    size_t mask;
    row_link slots[];
};

struct memtable {
    struct arena *arena;
    uint32_t random;
    _Atomic unsigned height;
    size_t versions;
    size_t rows;
    size_t repeats;
    _Atomic(struct row_index *) index; /* NULL while there are few rows */
    row_link head[HEIGHT_MOST];
};

/* A row's name. */
struct name {
    enum kv_family family;
    struct bytes key;
};

static const uint8_t *row_key(const struct memtable_row *row)
{
    return (const uint8_t *)(row->next + row->height);
}

static struct bytes key_of(const struct memtable_row *row)
{
    return (struct bytes){row_key(row), row->key_size};
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare(const struct memtable_row *row, const struct name *name)
{
    if (row->family != (uint8_t)name->family)
        return row->family < (uint8_t)name->family ? -1 : 1;
    return compare_bytes(key_of(row), name->key);
}

static bool is_named(const struct memtable_row *row, const struct name *name)
{
    return row->key_size == name->key.size && row->family == (uint8_t)name->family &&
           (row->key_size == 0 || memcmp(row_key(row), name->key.data, row->key_size) == 0);
}

static struct memtable_row *follow(const row_link *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
}

static struct memtable_node *version_at(const version_link *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
}

/* ---- the list ---- */

/* The first row that is not before the name. With `ret_links`, at each level the link that leads past its place; with `ret_last`, the last
 * row that is before it. */
static struct memtable_row *find(const struct memtable *table, const struct name *name,
                                 row_link **ret_links, const struct memtable_row **ret_last)
{
    const row_link *links = table->head;
    const struct memtable_row *last = NULL;
    struct memtable_row *next = NULL;
    struct memtable_row *stopped_at = NULL;
    for (unsigned level = atomic_load_explicit(&table->height, memory_order_relaxed);
         level-- > 0;) {
        next = follow(&links[level]);
        /* What stopped the search one level up stops it here, too. */
        while (next && next != stopped_at && compare(next, name) < 0) {
            last = next;
            links = next->next;
            next = follow(&links[level]);
        }
        stopped_at = next;
        if (ret_links)
            ret_links[level] = (row_link *)&links[level];
    }
    if (ret_last)
        *ret_last = last;
    return next;
}

/* ---- the index ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

uint32_t memtable_hash(enum kv_family family, struct bytes key)
{
    /* Where the program lies differs from run to run: nobody can choose keys that collide. */
    uint64_t hash = (uint64_t)(uintptr_t)&TABLE_BOUND ^ (uint64_t)family << 56 ^ key.size;
    const uint8_t *bytes = key.data;
    uint64_t word;
    size_t size = key.size;
    for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (key.size >= sizeof word) /* the last eight, some of them a second time */
        memcpy(&word, bytes + size - sizeof word, sizeof word);
    else if (size)
        memcpy(&word, bytes, size);
    hash = mix(hash, word);
    uint32_t folded = (uint32_t)(hash ^ hash >> 15);
    return folded ? folded : 1;
}

static struct memtable_row *index_find(const struct row_index *index, const struct name *name,
                                       uint32_t hash)
{
    for (size_t slot = hash & index->mask;; slot = (slot + 1) & index->mask) {
        struct memtable_row *row = follow(&index->slots[slot]);
        if (!row || (row->hash == hash && is_named(row, name)))
            return row;
    }
}

static void index_add(struct row_index *index, struct memtable_row *row)
{
    size_t slot = row->hash & index->mask;
    while (atomic_load_explicit(&index->slots[slot], memory_order_relaxed))
        slot = (slot + 1) & index->mask;
    atomic_store_explicit(&index->slots[slot], row, memory_order_release);
}

/* Room for so many more rows. False when there is no memory. */
static bool index_reserve(struct memtable *table, size_t more)
{
    struct row_index *index = atomic_load_explicit(&table->index, memory_order_relaxed);
    if (table->rows + more <= INDEX_FROM || (index && 2 * (table->rows + more) <= index->mask + 1))
        return true;
    size_t slots = index ? GROWTH * (index->mask + 1) : INDEX_FIRST;
    while (2 * (table->rows + more) > slots)
        slots *= GROWTH;
    struct row_index *larger =
        arena_alloc(table->arena, sizeof *larger + slots * sizeof larger->slots[0]);
    if (!larger)
        return false;
    larger->mask = slots - 1;
    for (struct memtable_row *row = follow(&table->head[0]); row; row = follow(&row->next[0]))
        index_add(larger, row);
    atomic_store_explicit(&table->index, larger, memory_order_release);
    return true;
}

static struct memtable_row *row_named(const struct memtable *table, const struct name *name,
                                      uint32_t hash)
{
    const struct row_index *index = atomic_load_explicit(&table->index, memory_order_acquire);
    if (index)
        return index_find(index, name, hash);
    struct memtable_row *row = follow(&table->head[0]);
    while (row && !(row->hash == hash && is_named(row, name)))
        row = follow(&row->next[0]);
    return row;
}

/* ---- making ---- */

static void begin(struct memtable *table)
{
    table->random = 0x9e3779b9u;
    table->versions = 0;
    table->rows = 0;
    table->repeats = 0;
    atomic_store(&table->index, NULL);
    atomic_store(&table->height, 1);
    for (unsigned level = 0; level < HEIGHT_MOST; level++)
        atomic_store(&table->head[level], NULL);
}

struct memtable *memtable_new(void)
{
    struct memtable *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->arena = arena_new(TABLE_BOUND);
    if (!table->arena) {
        free(table);
        return NULL;
    }
    begin(table);
    return table;
}

void memtable_free(struct memtable *table)
{
    if (!table)
        return;
    arena_free(table->arena);
    free(table);
}

void memtable_reset(struct memtable *table)
{
    if (table->versions == 0)
        return;
    arena_reset(table->arena);
    begin(table);
}

size_t memtable_rows(const struct memtable *table)
{
    return table->versions;
}

size_t memtable_repeats(const struct memtable *table)
{
    return table->repeats;
}

size_t memtable_bytes(const struct memtable *table)
{
    return arena_used(table->arena);
}

/* ---- inserting ---- */

/* Each level has a quarter of the rows of the one below. */
static unsigned draw_height(struct memtable *table)
{
    table->random ^= table->random << 13;
    table->random ^= table->random >> 17;
    table->random ^= table->random << 5;
    unsigned height = 1;
    for (uint32_t bits = table->random; height < HEIGHT_MOST && (bits & 3) == 0; bits >>= 2)
        height++;
    return height;
}

static struct memtable_node *version_make(struct memtable *table, const struct row *row)
{
    size_t size = row->deleted ? 0 : row->value.bytes.size;
    if (size > UINT32_MAX)
        return NULL;
    struct memtable_node *version = arena_alloc(table->arena, sizeof *version + size);
    if (!version)
        return NULL;
    version->sequence = row->value.sequence;
    version->purge_after = row->value.purge_after;
    version->value_size = (uint32_t)size;
    version->deleted = row->deleted;
    version->direct = row->direct;
    version->first = row->first;
    if (size)
        memcpy(version->value, row->value.bytes.data, size);
    return version;
}

static struct memtable_row *row_make(struct memtable *table, const struct name *name, uint32_t hash)
{
    if (name->key.size > UINT32_MAX)
        return NULL;
    unsigned height = draw_height(table);
    struct memtable_row *row =
        arena_alloc(table->arena, sizeof *row + height * sizeof row->next[0] + name->key.size);
    if (!row)
        return NULL;
    row->hash = hash;
    row->key_size = (uint32_t)name->key.size;
    row->family = (uint8_t)name->family;
    row->height = (uint8_t)height;
    if (name->key.size)
        memcpy((uint8_t *)row_key(row), name->key.data, name->key.size);
    return row;
}

/* The row is complete, with its first version. */
static void row_link_in(struct memtable *table, const struct name *name, struct memtable_row *row)
{
    row_link *links[HEIGHT_MOST];
    unsigned known = atomic_load_explicit(&table->height, memory_order_relaxed);
    unsigned height = row->height;
    (void)find(table, name, links, NULL);
    for (; known < height; known++)
        links[known] = &table->head[known];
    for (unsigned level = 0; level < height; level++)
        atomic_store_explicit(&row->next[level], follow(links[level]), memory_order_relaxed);
    /* From the bottom: a reader that meets the row higher up finds it below, too. */
    for (unsigned level = 0; level < height; level++)
        atomic_store_explicit(links[level], row, memory_order_release);
    /* A reader that does not see the new height yet only searches longer. */
    if (height > atomic_load_explicit(&table->height, memory_order_relaxed))
        atomic_store_explicit(&table->height, height, memory_order_relaxed);
    table->rows++;
    struct row_index *index = atomic_load_explicit(&table->index, memory_order_relaxed);
    if (index)
        index_add(index, row);
}

/* Before the first version that is not newer. Says whether there is one of that sequence already. */
static bool version_link_in(struct memtable_row *row, struct memtable_node *version)
{
    version_link *place = &row->newest;
    struct memtable_node *older = version_at(place);
    while (older && older->sequence > version->sequence) {
        place = &older->older;
        older = version_at(place);
    }
    atomic_store_explicit(&version->older, older, memory_order_relaxed);
    atomic_store_explicit(place, version, memory_order_release);
    return older && older->sequence == version->sequence;
}

bool memtable_insert(struct memtable *table, const struct row *given)
{
    struct name name = {given->family, given->key};
    uint32_t hash = given->hash ? given->hash : memtable_hash(given->family, given->key);
    if (!index_reserve(table, 1))
        return false;
    struct memtable_node *version = version_make(table, given);
    struct memtable_row *row = version ? row_named(table, &name, hash) : NULL;
    struct memtable_row *made = version && !row ? row_make(table, &name, hash) : NULL;
    if (!row && !made)
        return false;
    version->row = row ? row : made;
    table->repeats += version_link_in(version->row, version);
    if (made)
        row_link_in(table, &name, made);
    table->versions++;
    return true;
}

bool memtable_reserve(struct memtable *table, const struct memtable *from)
{
    /* A row may become taller here than it is there. */
    size_t taller = from->rows * HEIGHT_MOST * sizeof(row_link);
    return index_reserve(table, from->rows) &&
           arena_reserve(table->arena, from->rows + from->versions,
                         arena_used(from->arena) + taller);
}

/* ---- looking up ---- */

static void fill(const struct memtable_node *version, struct row *ret_row)
{
    const struct memtable_row *row = version->row;
    *ret_row = (struct row){
        .family = (enum kv_family)row->family,
        .key = key_of(row),
        .value = {.bytes = {version->value, version->value_size},
                  .purge_after = version->purge_after,
                  .sequence = version->sequence},
        .deleted = version->deleted,
        .direct = version->direct,
        .first = version->first,
        .hash = row->hash,
    };
}

/* A row's newest version that may be seen. */
static const struct memtable_node *version_visible(const struct memtable_row *row, uint64_t visible)
{
    const struct memtable_node *version = version_at(&row->newest);
    while (version && version->sequence > visible)
        version = version_at(&version->older);
    return version;
}

bool memtable_find(const struct memtable *table, enum kv_family family, struct bytes key,
                   uint32_t hash, uint64_t visible, struct row *ret_row)
{
    struct name name = {family, key};
    const struct memtable_row *row = row_named(table, &name, hash);
    const struct memtable_node *version = row ? version_visible(row, visible) : NULL;
    if (!version)
        return false;
    fill(version, ret_row);
    return true;
}

bool memtable_has_direct(const struct memtable *table, enum kv_family family, struct bytes key,
                         uint64_t after, uint64_t through)
{
    struct name name = {family, key};
    const struct memtable_row *row = row_named(table, &name, memtable_hash(family, key));
    const struct memtable_node *version = row ? version_visible(row, through) : NULL;
    for (; version && version->sequence > after; version = version_at(&version->older)) {
        if (version->direct)
            return true;
    }
    return false;
}

/* ---- cursors ---- */

/* From a row on, the first that has a version that may be seen. */
static void settle(struct memtable_cursor *cursor, const struct memtable_row *row)
{
    cursor->node = NULL;
    for (; row && row->family == (uint8_t)cursor->family; row = follow(&row->next[0])) {
        cursor->node = version_visible(row, cursor->visible);
        if (cursor->node)
            return;
    }
}

void memtable_seek(struct memtable_cursor *cursor, struct bytes key)
{
    struct name name = {cursor->family, key};
    settle(cursor, find(cursor->table, &name, NULL, NULL));
}

void memtable_next(struct memtable_cursor *cursor)
{
    settle(cursor, follow(&cursor->node->row->next[0]));
}

void memtable_seek_before(struct memtable_cursor *cursor, struct bytes key)
{
    struct name name = {cursor->family, key};
    if (key.size == 0)
        name.family = (enum kv_family)(cursor->family + 1);
    for (;;) {
        const struct memtable_row *last;
        (void)find(cursor->table, &name, NULL, &last);
        cursor->node = NULL;
        if (!last || last->family != (uint8_t)cursor->family)
            return;
        cursor->node = version_visible(last, cursor->visible);
        if (cursor->node)
            return;
        name = (struct name){cursor->family, key_of(last)};
    }
}

void memtable_previous(struct memtable_cursor *cursor)
{
    struct bytes key = key_of(cursor->node->row);
    if (key.size == 0)
        cursor->node = NULL; /* the empty key is the first of all */
    else
        memtable_seek_before(cursor, key);
}

bool memtable_row(const struct memtable_cursor *cursor, struct row *ret_row)
{
    if (!cursor->node)
        return false;
    fill(cursor->node, ret_row);
    return true;
}

bool memtable_is_new(const struct memtable_node *node)
{
    for (;; node = version_at(&node->older)) {
        if (node->direct && !MUTANT("direct_row_counts_as_new"))
            return false;
        if (!version_at(&node->older))
            return node->first;
    }
}

/* The newest version of the row after this one; of the first row after NULL. */
static const struct memtable_node *next_newest(const struct memtable *table,
                                               const struct memtable_node *version)
{
    const struct memtable_row *row = follow(version ? &version->row->next[0] : &table->head[0]);
    return row ? version_at(&row->newest) : NULL;
}

static bool give(const struct memtable_node *version, const struct memtable_node **node,
                 struct row *ret_row)
{
    *node = version;
    if (version)
        fill(version, ret_row);
    return version;
}

bool memtable_each(const struct memtable *table, const struct memtable_node **node,
                   struct row *ret_row)
{
    const struct memtable_node *older = *node ? version_at(&(*node)->older) : NULL;
    return give(older ? older : next_newest(table, *node), node, ret_row);
}

bool memtable_each_newest(const struct memtable *table, const struct memtable_node **node,
                          struct row *ret_row)
{
    return give(next_newest(table, *node), node, ret_row);
}
