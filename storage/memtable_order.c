/*
 * A memtable's newest rows in order, without the list: by what is different in the keys, which mostly lies in eight bytes.
 */
#include "storage/memtable_internal.h"

#include <stdlib.h>

struct memtable_place {
    uint64_t head; /* of the key, behind what all of the family have in common */
    const struct memtable_node *newest;
};

static int compare_places(const void *left, const void *right)
{
    const struct memtable_place *a = left, *b = right;
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    return compare_bytes(key_of(a->newest->row), key_of(b->newest->row));
}

static size_t common_size(struct bytes key, struct bytes other, size_t most)
{
    const uint8_t *a = key.data, *b = other.data;
    size_t size = 0;
    while (size < most && size < key.size && size < other.size && a[size] == b[size])
        size++;
    return size;
}

/* Big-endian, as if zero bytes followed: keys whose heads differ are in the order of their heads. */
static uint64_t head_of(struct bytes key, size_t from)
{
    uint8_t head[sizeof(uint64_t)] = {0};
    uint64_t value = 0;
    if (key.size > from)
        memcpy(head, (const uint8_t *)key.data + from,
               key.size - from < sizeof head ? key.size - from : sizeof head);
    for (size_t i = 0; i < sizeof head; i++)
        value = value << 8 | head[i];
    return value;
}

/* Places of one family. */
static void order(struct memtable_place *places, size_t count)
{
    struct bytes first = count ? key_of(places->newest->row) : (struct bytes){0};
    size_t common = first.size;
    for (size_t i = 1; i < count; i++)
        common = common_size(key_of(places[i].newest->row), first, common);
    for (size_t i = 0; i < count; i++)
        places[i].head = head_of(key_of(places[i].newest->row), common);
    qsort(places, count, sizeof *places, compare_places);
}

struct memtable_place *memtable_order(const struct memtable *table,
                                      bool (*wanted)(const struct memtable_node *newest,
                                                     const struct row *row),
                                      size_t *ret_count)
{
    struct memtable_place *places = malloc((table->rows + 1) * sizeof *places);
    size_t count = 0;
    struct row row;
    for (unsigned family = 0; places && family < KV_FAMILIES; family++) {
        size_t before = count;
        for (const struct memtable_row *next = follow(&table->arrivals[family].first); next;
             next = follow(&next->later)) {
            const struct memtable_node *newest = version_at(&next->newest);
            fill(newest, &row);
            if (wanted(newest, &row))
                places[count++].newest = newest;
        }
        order(places + before, count - before);
    }
    *ret_count = count;
    return places;
}

void memtable_row_at(const struct memtable_place *places, size_t index, struct row *ret_row)
{
    fill(places[index].newest, ret_row);
}

/* Of a cache. A row with its key mostly takes two. */
enum { LINE = 64 };

void memtable_rows_expect(const struct memtable_place *places, size_t index, size_t count)
{
    for (size_t i = index; i < index + count; i++) {
        __builtin_prefetch(places[i].newest);
        __builtin_prefetch((const char *)places[i].newest + LINE);
    }
    for (size_t i = index; i < index + count; i++) {
        __builtin_prefetch(places[i].newest->row);
        __builtin_prefetch((const char *)places[i].newest->row + LINE);
    }
}
