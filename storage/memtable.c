#include "proto/c/fault.h"
#include "storage/memtable_internal.h"

#include <stdlib.h>

enum {
    INDEX_FROM = 16,  /* fewer rows are found as quickly without it */
    INDEX_FIRST = 64, /* slots */
    GROWTH = 4,
    GROUPS_FROM = 1024, /* slots of the index: in a small table one may as well look */
};

/* What holds a table back is how often it is flushed, not this. */
static const size_t TABLE_BOUND = (size_t)1 << 40;

static bool is_named(const struct memtable_row *row, const struct name *name)
{
    return row->key_size == name->key.size && row->family == (uint8_t)name->family &&
           (row->key_size == 0 || memcmp(row_key(row), name->key.data, row->key_size) == 0);
}

/* ---- as they came ---- */

/* The first row of this family, or of one after it. */
static struct memtable_row *first_row(const struct memtable *table, unsigned family)
{
    struct memtable_row *row = NULL;
    for (; !row && family < KV_FAMILIES; family++)
        row = follow(&table->arrivals[family].first);
    return row;
}

static struct memtable_row *next_row(const struct memtable *table, const struct memtable_row *row)
{
    struct memtable_row *next = follow(&row->later);
    return next ? next : first_row(table, row->family + 1u);
}

/* The row is complete, with its first version. */
static void row_arrives(struct memtable *table, struct memtable_row *row)
{
    struct arrivals *arrivals = &table->arrivals[row->family];
    row_link *place = arrivals->last ? &arrivals->last->later : &arrivals->first;
    atomic_store_explicit(place, row, memory_order_release);
    arrivals->last = row;
    table->rows++;
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
    for (size_t i = hash & index->mask;; i = (i + 1) & index->mask) {
        const struct index_slot *slot = &index->slots[i];
        struct memtable_row *row = follow(&slot->row);
        if (!row || (slot->hash == hash && is_named(row, name)))
            return row;
    }
}

static void index_add(struct row_index *index, struct memtable_row *row, uint32_t hash)
{
    size_t i = hash & index->mask;
    while (atomic_load_explicit(&index->slots[i].row, memory_order_relaxed))
        i = (i + 1) & index->mask;
    index->slots[i].hash = hash;
    atomic_store_explicit(&index->slots[i].row, row, memory_order_release);
}

/* All that are there already. */
static void index_fill(const struct memtable *table, const struct row_index *old,
                       struct row_index *index)
{
    for (size_t i = 0; old && i <= old->mask; i++) {
        struct memtable_row *row = follow(&old->slots[i].row);
        if (row)
            index_add(index, row, old->slots[i].hash);
    }
    if (old)
        return;
    for (struct memtable_row *row = first_row(table, 0); row; row = next_row(table, row))
        index_add(index, row, row->hash);
}

/* ---- groups ---- */

static _Atomic uint64_t *word_of(struct groups *groups, struct bytes group, uint64_t *ret_bits)
{
    uint64_t hash = memtable_hash(KV_LIVE, group) * UINT64_C(0x9e3779b97f4a7c15);
    *ret_bits = UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
                UINT64_C(1) << (hash >> 12 & 63) | UINT64_C(1) << (hash >> 18 & 63);
    return &groups->words[(hash >> 32) % GROUP_WORDS];
}

static void group_add(struct groups *groups, const struct memtable_row *row)
{
    struct bytes group = kv_group_of((enum kv_family)row->family, key_of(row));
    if (!group.size || MUTANT("group_unnoted"))
        return;
    uint64_t bits;
    _Atomic uint64_t *word = word_of(groups, group, &bits);
    bits |= atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, bits, memory_order_relaxed);
}

/* Without memory for them all look. */
static void groups_make(struct memtable *table)
{
    struct groups *groups = arena_alloc(table->arena, sizeof *groups);
    if (!groups)
        return;
    for (struct memtable_row *row = follow(&table->arrivals[KV_LIVE].first); row;
         row = follow(&row->later))
        group_add(groups, row);
    atomic_store_explicit(&table->groups, groups, memory_order_release);
}

bool memtable_may_have_group(const struct memtable *table, struct bytes group)
{
    struct groups *groups = atomic_load_explicit(&table->groups, memory_order_acquire);
    if (!groups)
        return true;
    uint64_t bits;
    const _Atomic uint64_t *word = word_of(groups, group, &bits);
    return (atomic_load_explicit(word, memory_order_relaxed) & bits) == bits;
}

/* ---- directs ---- */

/* The index goes by a hash's lowest bits. */
static size_t direct_word(uint32_t hash)
{
    return (hash >> 26) % DIRECT_WORDS;
}

static uint64_t direct_bit(uint32_t hash)
{
    return UINT64_C(1) << (hash >> 20 & 63);
}

static void directs_clear(struct directs *directs)
{
    if (!directs->any)
        return;
    directs->any = false;
    for (size_t i = 0; i < DIRECT_WORDS; i++)
        atomic_store_explicit(&directs->words[i], 0, memory_order_relaxed);
}

/* Before the version is linked in: who may see that sees this. */
static void direct_add(struct directs *directs, uint32_t hash)
{
    if (MUTANT("direct_row_unnoted"))
        return;
    _Atomic uint64_t *word = &directs->words[direct_word(hash)];
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed) | direct_bit(hash);
    atomic_store_explicit(word, bits, memory_order_relaxed);
    directs->any = true;
}

static bool may_have_direct(const struct directs *directs, uint32_t hash)
{
    const _Atomic uint64_t *word = &directs->words[direct_word(hash)];
    return atomic_load_explicit(word, memory_order_relaxed) & direct_bit(hash);
}

/* ---- room ---- */

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
    index_fill(table, index, larger);
    atomic_store_explicit(&table->index, larger, memory_order_release);
    if (slots >= GROUPS_FROM && !atomic_load_explicit(&table->groups, memory_order_relaxed))
        groups_make(table);
    return true;
}

static struct memtable_row *row_named(const struct memtable *table, const struct name *name,
                                      uint32_t hash)
{
    const struct row_index *index = atomic_load_explicit(&table->index, memory_order_acquire);
    if (index)
        return index_find(index, name, hash);
    struct memtable_row *row = follow(&table->arrivals[name->family].first);
    while (row && !(row->hash == hash && is_named(row, name)))
        row = follow(&row->later);
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
    atomic_store(&table->groups, NULL);
    directs_clear(&table->directs);
    atomic_store(&table->height, 1);
    for (unsigned level = 0; level < HEIGHT_MOST; level++)
        atomic_store_explicit(&table->head[level], NULL, memory_order_relaxed);
    for (unsigned family = 0; family < KV_FAMILIES; family++) {
        struct arrivals *arrivals = &table->arrivals[family];
        atomic_store_explicit(&arrivals->first, NULL, memory_order_relaxed);
        atomic_store_explicit(&arrivals->listed, NULL, memory_order_relaxed);
        arrivals->last = NULL;
    }
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
    pthread_mutex_init(&table->list_lock, NULL);
    begin(table);
    return table;
}

void memtable_free(struct memtable *table)
{
    if (!table)
        return;
    arena_free(table->arena);
    pthread_mutex_destroy(&table->list_lock);
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
    atomic_init(&row->later, NULL);
    row->hash = hash;
    row->key_size = (uint32_t)name->key.size;
    row->family = (uint8_t)name->family;
    row->height = (uint8_t)height;
    if (name->key.size)
        memcpy((uint8_t *)row_key(row), name->key.data, name->key.size);
    return row;
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
    if (version->direct)
        direct_add(&table->directs, hash);
    table->repeats += version_link_in(version->row, version);
    table->versions++;
    if (!made)
        return true;
    struct groups *groups = atomic_load_explicit(&table->groups, memory_order_relaxed);
    if (groups)
        group_add(groups, made);
    row_arrives(table, made);
    struct row_index *index = atomic_load_explicit(&table->index, memory_order_relaxed);
    if (index)
        index_add(index, made, hash);
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

void memtable_expect(const struct memtable *table, uint32_t hash)
{
    const struct row_index *index = atomic_load_explicit(&table->index, memory_order_acquire);
    if (index)
        __builtin_prefetch(&index->slots[hash & index->mask]);
}

bool memtable_has_direct(const struct memtable *table, const struct row *of, uint64_t through)
{
    if (!may_have_direct(&table->directs, of->hash))
        return false;
    struct name name = {of->family, of->key};
    const struct memtable_row *row = row_named(table, &name, of->hash);
    const struct memtable_node *version = row ? version_visible(row, through) : NULL;
    for (; version && version->sequence > of->value.sequence;
         version = version_at(&version->older)) {
        if (version->direct)
            return true;
    }
    return false;
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
    const struct memtable_row *row = version ? next_row(table, version->row) : first_row(table, 0);
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
