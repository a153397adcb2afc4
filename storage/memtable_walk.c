/*
 * Walking over a memtable: the list, and cursors.
 */
#include "proto/c/fault.h"
#include "storage/memtable_internal.h"

static int compare(const struct memtable_row *row, const struct name *name)
{
    if (row->family != (uint8_t)name->family)
        return row->family < (uint8_t)name->family ? -1 : 1;
    return compare_bytes(key_of(row), name->key);
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

/* Puts a row in its place; list lock. */
static void list_row(struct memtable *table, struct memtable_row *row)
{
    row_link *links[HEIGHT_MOST];
    const struct name name = {(enum kv_family)row->family, key_of(row)};
    unsigned known = atomic_load_explicit(&table->height, memory_order_relaxed);
    unsigned height = row->height;
    (void)find(table, &name, links, NULL);
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
}

static struct memtable_row *next_unlisted(const struct arrivals *arrivals)
{
    const struct memtable_row *listed = follow(&arrivals->listed);
    return follow(listed ? &listed->later : &arrivals->first);
}

/* Afterwards all rows of the family that this thread may know of are in the list. */
static void list_family(const struct memtable *table, enum kv_family family)
{
    /* What a table holds does not change by it. */
    struct memtable *own = (struct memtable *)(uintptr_t)table;
    struct arrivals *arrivals = &own->arrivals[family];
    struct memtable_row *row = next_unlisted(arrivals);
    if (!row || MUTANT("rows_stay_unlisted"))
        return;
    pthread_mutex_lock(&own->list_lock);
    while ((row = next_unlisted(arrivals))) {
        list_row(own, row);
        atomic_store_explicit(&arrivals->listed, row, memory_order_release);
    }
    pthread_mutex_unlock(&own->list_lock);
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
    list_family(cursor->table, cursor->family);
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
    list_family(cursor->table, cursor->family);
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
