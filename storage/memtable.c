#include "storage/memtable.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { HEIGHT_MOST = 14 };

/* What holds a table back is how often it is flushed, not this. */
static const size_t TABLE_BOUND = (size_t)1 << 40;

typedef _Atomic(struct memtable_node *) node_link;

struct memtable_node {
    uint64_t sequence;
    int64_t purge_after;
    uint32_t key_size;
    uint32_t value_size;
    uint8_t family;
    uint8_t height;
    bool deleted;
    bool direct;
    node_link next[]; /* `height` of them; then the key, then the value */
};

struct memtable {
    struct arena *arena;
    uint32_t random;
    _Atomic unsigned height;
    size_t rows;
    node_link head[HEIGHT_MOST];
};

/* What is looked for: the first version of the key that is not newer than the sequence. */
struct target {
    enum kv_family family;
    struct bytes key;
    uint64_t sequence;
};

static const uint8_t *node_key(const struct memtable_node *node)
{
    return (const uint8_t *)(node->next + node->height);
}

static struct bytes key_of(const struct memtable_node *node)
{
    return (struct bytes){node_key(node), node->key_size};
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_rows(const struct memtable_node *node, enum kv_family family, struct bytes key)
{
    if (node->family != (uint8_t)family)
        return node->family < (uint8_t)family ? -1 : 1;
    return compare_bytes(key_of(node), key);
}

static bool before(const struct memtable_node *node, const struct target *target)
{
    int order = compare_rows(node, target->family, target->key);
    return order < 0 || (order == 0 && node->sequence > target->sequence);
}

static struct memtable_node *follow(const node_link *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
}

/* The first node that is not before the target. With `ret_links`, at each level the link that leads past its place; with
 * `ret_last`, the last node that is before it. */
static struct memtable_node *find(const struct memtable *table, const struct target *target,
                                  node_link **ret_links, const struct memtable_node **ret_last)
{
    const node_link *links = table->head;
    const struct memtable_node *last = NULL;
    struct memtable_node *next = NULL;
    struct memtable_node *stopped_at = NULL;
    for (unsigned level = atomic_load_explicit(&table->height, memory_order_relaxed);
         level-- > 0;) {
        next = follow(&links[level]);
        /* What stopped the search one level up stops it here, too. */
        while (next && next != stopped_at && before(next, target)) {
            last = next;
            links = next->next;
            next = follow(&links[level]);
        }
        stopped_at = next;
        if (ret_links)
            ret_links[level] = (node_link *)&links[level];
    }
    if (ret_last)
        *ret_last = last;
    return next;
}

static void begin(struct memtable *table)
{
    table->random = 0x9e3779b9u;
    table->rows = 0;
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
    if (table->rows == 0)
        return;
    arena_reset(table->arena);
    begin(table);
}

/* Each level has a quarter of the nodes of the one below. */
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

static struct memtable_node *node_make(struct memtable *table, const struct row *row,
                                       unsigned height)
{
    size_t key_size = row->key.size;
    size_t value_size = row->deleted ? 0 : row->value.bytes.size;
    if (key_size > UINT32_MAX || value_size > UINT32_MAX)
        return NULL;
    struct memtable_node *node = arena_alloc(
        table->arena, sizeof *node + height * sizeof(node_link) + key_size + value_size);
    if (!node)
        return NULL;
    node->sequence = row->value.sequence;
    node->purge_after = row->value.purge_after;
    node->key_size = (uint32_t)key_size;
    node->value_size = (uint32_t)value_size;
    node->family = (uint8_t)row->family;
    node->height = (uint8_t)height;
    node->deleted = row->deleted;
    node->direct = row->direct;
    uint8_t *bytes = (uint8_t *)node_key(node);
    if (key_size)
        memcpy(bytes, row->key.data, key_size);
    if (value_size)
        memcpy(bytes + key_size, row->value.bytes.data, value_size);
    return node;
}

bool memtable_insert(struct memtable *table, const struct row *row)
{
    unsigned height = draw_height(table);
    struct memtable_node *node = node_make(table, row, height);
    if (!node)
        return false;
    node_link *links[HEIGHT_MOST];
    unsigned known = atomic_load_explicit(&table->height, memory_order_relaxed);
    struct target target = {row->family, row->key, row->value.sequence};
    (void)find(table, &target, links, NULL);
    for (; known < height; known++)
        links[known] = &table->head[known];
    for (unsigned level = 0; level < height; level++)
        atomic_store_explicit(&node->next[level], follow(links[level]), memory_order_relaxed);
    /* From the bottom: a reader that meets the node higher up finds it below, too. */
    for (unsigned level = 0; level < height; level++)
        atomic_store_explicit(links[level], node, memory_order_release);
    /* A reader that does not see the new height yet only searches longer. */
    if (height > atomic_load_explicit(&table->height, memory_order_relaxed))
        atomic_store_explicit(&table->height, height, memory_order_relaxed);
    table->rows++;
    return true;
}

size_t memtable_rows(const struct memtable *table)
{
    return table->rows;
}

size_t memtable_bytes(const struct memtable *table)
{
    return arena_used(table->arena);
}

static void fill(const struct memtable_node *node, struct row *ret_row)
{
    const uint8_t *key = node_key(node);
    *ret_row = (struct row){
        .family = (enum kv_family)node->family,
        .key = {key, node->key_size},
        .value = {.bytes = {key + node->key_size, node->value_size},
                  .purge_after = node->purge_after,
                  .sequence = node->sequence},
        .deleted = node->deleted,
        .direct = node->direct,
    };
}

bool memtable_find(const struct memtable *table, enum kv_family family, struct bytes key,
                   uint64_t visible, struct row *ret_row)
{
    struct target target = {family, key, visible};
    const struct memtable_node *node = find(table, &target, NULL, NULL);
    if (!node || compare_rows(node, family, key) != 0)
        return false;
    fill(node, ret_row);
    return true;
}

bool memtable_has_direct(const struct memtable *table, enum kv_family family, struct bytes key,
                         uint64_t after, uint64_t through)
{
    struct target target = {family, key, through};
    const struct memtable_node *node = find(table, &target, NULL, NULL);
    for (; node && node->sequence > after && compare_rows(node, family, key) == 0;
         node = follow(&node->next[0])) {
        if (node->direct)
            return true;
    }
    return false;
}

/* ---- cursors ---- */

/* From a node on, the first version that may be seen: the newest such of its row, since newer ones stand before it. */
static void settle(struct memtable_cursor *cursor, const struct memtable_node *node)
{
    while (node && node->family == (uint8_t)cursor->family && node->sequence > cursor->visible)
        node = follow(&node->next[0]);
    cursor->node = node && node->family == (uint8_t)cursor->family ? node : NULL;
}

void memtable_seek(struct memtable_cursor *cursor, struct bytes key)
{
    struct target target = {cursor->family, key, UINT64_MAX};
    settle(cursor, find(cursor->table, &target, NULL, NULL));
}

void memtable_next(struct memtable_cursor *cursor)
{
    const struct memtable_node *node = cursor->node;
    struct bytes key = key_of(node);
    do {
        node = follow(&node->next[0]);
    } while (node && compare_rows(node, cursor->family, key) == 0);
    settle(cursor, node);
}

void memtable_seek_before(struct memtable_cursor *cursor, struct bytes key)
{
    struct target target = {cursor->family, key, UINT64_MAX};
    if (key.size == 0)
        target = (struct target){(enum kv_family)(cursor->family + 1), key, UINT64_MAX};
    for (;;) {
        const struct memtable_node *last;
        (void)find(cursor->table, &target, NULL, &last);
        cursor->node = NULL;
        if (!last || last->family != (uint8_t)cursor->family)
            return;
        struct target newest = {cursor->family, key_of(last), cursor->visible};
        const struct memtable_node *node = find(cursor->table, &newest, NULL, NULL);
        if (node && compare_rows(node, cursor->family, newest.key) == 0) {
            cursor->node = node;
            return;
        }
        target = (struct target){cursor->family, newest.key, UINT64_MAX};
    }
}

void memtable_previous(struct memtable_cursor *cursor)
{
    struct bytes key = key_of(cursor->node);
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

bool memtable_each(const struct memtable *table, const struct memtable_node **node,
                   struct row *ret_row)
{
    *node = follow(*node ? &(*node)->next[0] : &table->head[0]);
    if (!*node)
        return false;
    fill(*node, ret_row);
    return true;
}
