#include "storage/kv_internal.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ITEMS = 256 };

/* What a batch's copies may take: far more than a group or a piece of a flush needs. */
static const size_t BATCH_BOUND = (size_t)1 << 30;

enum item_kind { ITEM_RANGE, ITEM_WRITE, ITEM_DELETE, ITEM_EXPECT };

struct item {
    uint8_t kind;
    uint8_t family;
    uint32_t order; /* as they were put in */
    uint32_t key_size;
    uint32_t value_size; /* with its header; of a range's end, of what is expected */
    const uint8_t *key;
    const uint8_t *value;
};

struct kv_batch {
    struct arena *arena;
    struct item *items;
    size_t count;
    size_t room;
    size_t bytes;
    size_t expects;
    rocksdb_writebatch_t *writes;
};

struct kv_batch *kv_batch_new(void)
{
    struct kv_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    batch->arena = arena_new(BATCH_BOUND);
    batch->items = malloc(FIRST_ITEMS * sizeof *batch->items);
    batch->room = FIRST_ITEMS;
    if (!batch->arena || !batch->items) {
        kv_batch_free(batch);
        return NULL;
    }
    return batch;
}

void kv_batch_free(struct kv_batch *batch)
{
    if (!batch)
        return;
    if (batch->writes)
        rocksdb_writebatch_destroy(batch->writes);
    arena_free(batch->arena);
    free(batch->items);
    free(batch);
}

static bool has_room(struct kv_batch *batch, size_t count)
{
    size_t room = batch->room;
    while (room - batch->count < count)
        room *= 2;
    if (room == batch->room)
        return true;
    struct item *items = realloc(batch->items, room * sizeof *items);
    if (!items)
        return false;
    batch->items = items;
    batch->room = room;
    return true;
}

bool kv_batch_reserve(struct kv_batch *batch, size_t count, size_t bytes)
{
    return has_room(batch, count) &&
           arena_reserve(batch->arena, count, bytes + count * VALUE_HEADER);
}

static struct item *add(struct kv_batch *batch, enum item_kind kind, enum kv_family family,
                        struct bytes key, size_t value_size)
{
    if (key.size > UINT32_MAX || value_size > UINT32_MAX || batch->count == UINT32_MAX)
        return NULL;
    if (!has_room(batch, 1))
        return NULL;
    uint8_t *copy = arena_alloc(batch->arena, key.size + value_size);
    if (!copy)
        return NULL;
    if (key.size)
        memcpy(copy, key.data, key.size);
    struct item *item = &batch->items[batch->count];
    *item = (struct item){
        .kind = (uint8_t)kind,
        .family = (uint8_t)family,
        .order = (uint32_t)batch->count,
        .key_size = (uint32_t)key.size,
        .value_size = (uint32_t)value_size,
        .key = copy,
        .value = copy + key.size,
    };
    batch->count++;
    batch->bytes += key.size + value_size;
    batch->expects += kind == ITEM_EXPECT;
    return item;
}

bool kv_batch_put(struct kv_batch *batch, enum kv_family family, struct bytes key,
                  struct kv_value value)
{
    struct item *item = add(batch, ITEM_WRITE, family, key, VALUE_HEADER + value.bytes.size);
    if (!item)
        return false;
    uint8_t *to = (uint8_t *)item->value;
    to[0] = VALUE_FORMAT;
    put_u64(to + 1, (uint64_t)value.purge_after);
    put_u64(to + 9, value.sequence);
    if (value.bytes.size)
        memcpy(to + VALUE_HEADER, value.bytes.data, value.bytes.size);
    return true;
}

bool kv_batch_delete(struct kv_batch *batch, enum kv_family family, struct bytes key)
{
    return add(batch, ITEM_DELETE, family, key, 0) != NULL;
}

static bool add_pair(struct kv_batch *batch, enum item_kind kind, enum kv_family family,
                     struct bytes key, struct bytes value)
{
    struct item *item = add(batch, kind, family, key, value.size);
    if (item && value.size)
        memcpy((uint8_t *)item->value, value.data, value.size);
    return item != NULL;
}

bool kv_batch_delete_range(struct kv_batch *batch, enum kv_family family, struct bytes from,
                           struct bytes to)
{
    if ((family == KV_LIVE || family == KV_IDX) && from.size >= KV_HINTED)
        return false;
    return add_pair(batch, ITEM_RANGE, family, from, to);
}

bool kv_batch_expect(struct kv_batch *batch, enum kv_family family, struct bytes key,
                     struct bytes value)
{
    return add_pair(batch, ITEM_EXPECT, family, key, value);
}

size_t kv_batch_count(const struct kv_batch *batch)
{
    return batch->count;
}

size_t kv_batch_bytes(const struct kv_batch *batch)
{
    return batch->bytes;
}

void kv_batch_cut(struct kv_batch *batch, size_t count)
{
    while (batch->count > count) {
        const struct item *item = &batch->items[--batch->count];
        batch->bytes -= item->key_size + item->value_size;
        batch->expects -= item->kind == ITEM_EXPECT;
    }
}

void kv_batch_clear(struct kv_batch *batch)
{
    batch->count = batch->bytes = batch->expects = 0;
    arena_reset(batch->arena);
    if (batch->writes)
        rocksdb_writebatch_clear(batch->writes);
}

void kv_batch_each(const struct kv_batch *batch,
                   void (*visit)(struct kv_rows *rows, enum kv_family family, struct bytes key),
                   struct kv_rows *rows)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct item *item = &batch->items[i];
        if (item->kind == ITEM_WRITE || item->kind == ITEM_DELETE)
            visit(rows, item->family, (struct bytes){item->key, item->key_size});
    }
}

bool kv_batch_has_ranges(const struct kv_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->items[i].kind == ITEM_RANGE && batch->items[i].family != KV_LOG)
            return true;
    }
    return false;
}

bool kv_batch_expects(const struct kv_batch *batch)
{
    return batch->expects > 0;
}

bool kv_batch_visit(const struct kv_batch *batch,
                    bool (*visit)(void *data, const struct kv_expectation *expectation), void *data)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct item *item = &batch->items[i];
        if (item->kind != ITEM_EXPECT)
            continue;
        struct kv_expectation expectation = {
            .family = item->family,
            .key = {item->key, item->key_size},
            .value = {item->value, item->value_size},
        };
        if (!visit(data, &expectation))
            return false;
    }
    return true;
}

static int compare_keys(const struct item *a, const struct item *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    size_t shorter = a->key_size < b->key_size ? a->key_size : b->key_size;
    int order = memcmp(a->key, b->key, shorter);
    if (order)
        return order;
    return (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

/* Ranges first, as they came; then the rest by key, and of one key as it came. */
static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    bool a_range = a->kind == ITEM_RANGE, b_range = b->kind == ITEM_RANGE;
    if (a_range != b_range)
        return a_range ? -1 : 1;
    int order = a_range ? 0 : compare_keys(a, b);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Sorted, the engine finds each key's place near the last one's. What a flush brings mostly is so already. */
static void sort(struct kv_batch *batch)
{
    for (size_t i = 1; i < batch->count; i++) {
        if (compare_items(&batch->items[i - 1], &batch->items[i]) > 0) {
            qsort(batch->items, batch->count, sizeof *batch->items, compare_items);
            return;
        }
    }
}

/* Whether a later item of the sorted batch says something else of the same key. */
static bool superseded(const struct item *item, const struct item *end)
{
    if (item->kind == ITEM_RANGE)
        return false;
    for (const struct item *next = item + 1; next < end && !compare_keys(item, next); next++) {
        if (next->kind != ITEM_EXPECT)
            return true;
    }
    return false;
}

bool kv_batch_emit(struct kv_batch *batch, const struct kv *kv, rocksdb_writebatch_t **ret_writes)
{
    if (!batch->writes)
        batch->writes = rocksdb_writebatch_create();
    if (!batch->writes)
        return false;
    sort(batch);
    const struct item *end = batch->items + batch->count;
    for (const struct item *item = batch->items; item < end; item++) {
        rocksdb_column_family_handle_t *family = kv->families[item->family];
        const char *key = (const char *)item->key;
        const char *value = (const char *)item->value;
        if (item->kind == ITEM_EXPECT || superseded(item, end))
            continue;
        if (item->kind == ITEM_WRITE)
            rocksdb_writebatch_put_cf(batch->writes, family, key, item->key_size, value,
                                      item->value_size);
        else if (item->kind == ITEM_DELETE)
            rocksdb_writebatch_delete_cf(batch->writes, family, key, item->key_size);
        else
            rocksdb_writebatch_delete_range_cf(batch->writes, family, key, item->key_size, value,
                                               item->value_size);
    }
    *ret_writes = batch->writes;
    return true;
}
