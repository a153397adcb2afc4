/*
 * A scan over a stack: each memtable and the engine stand at their own next key; the scan is at the first of these keys, in
 * the version of the topmost that has it.
 */
#include "proto/c/fault.h"
#include "storage/stack.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    struct stack stack;
    enum kv_family family;
    bool backwards;
    struct memtable_cursor cursors[STACK_MOST];
    struct kv_iterator *engine;
    bool valid;
    bool engine_here;     /* the engine stands at the current key */
    unsigned tables_here; /* bit i: table i does */
    struct bytes key;     /* the current one */
    struct kv_value value;
    struct bytes from;
    struct bytes to;
    uint8_t bounds[];
};

static int compare(struct bytes a, struct bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool within(const struct scan *scan, struct bytes key)
{
    if (scan->backwards)
        return compare(key, scan->from) >= 0;
    return scan->to.size == 0 || compare(key, scan->to) < 0;
}

static void advance(struct scan *scan, unsigned table)
{
    if (scan->backwards)
        memtable_previous(&scan->cursors[table]);
    else
        memtable_next(&scan->cursors[table]);
}

/* The key at which a source stands comes before the nearest so far. */
static bool nearer(const struct scan *scan, struct bytes key, struct bytes nearest)
{
    int order = compare(key, nearest);
    return scan->backwards ? order > 0 : order < 0;
}

/* Finds the nearest of the sources' keys, and who stands there. False when all are through. */
static bool nearest(struct scan *scan, struct row *ret_row)
{
    bool found = false;
    struct row row;
    scan->tables_here = 0;
    scan->engine_here = false;
    for (unsigned i = 0; i < scan->stack.count; i++) {
        if (!memtable_row(&scan->cursors[i], &row) || !within(scan, row.key))
            continue;
        if (found && nearer(scan, ret_row->key, row.key))
            continue;
        if (found && compare(row.key, ret_row->key) == 0 && !MUTANT("scan_gives_oldest")) {
            scan->tables_here |= 1u << i; /* one above has a newer version */
            continue;
        }
        scan->tables_here = 1u << i;
        *ret_row = row;
        found = true;
    }
    if (!kv_scan_valid(scan->engine))
        return found;
    struct bytes key = kv_scan_key(scan->engine);
    if (found && nearer(scan, ret_row->key, key))
        return true;
    scan->engine_here = true;
    if (!found || compare(key, ret_row->key) != 0) {
        scan->tables_here = 0;
        *ret_row = (struct row){.key = key, .value = kv_scan_value(scan->engine)};
    }
    return true;
}

static void leave(struct scan *scan)
{
    for (unsigned i = 0; i < scan->stack.count; i++) {
        if (scan->tables_here & 1u << i)
            advance(scan, i);
    }
    if (scan->engine_here)
        kv_scan_next(scan->engine);
}

/* To the nearest row that is there for readers. */
static void settle(struct scan *scan)
{
    struct row row = {0};
    while (nearest(scan, &row)) {
        if (!row.deleted && !value_purged(scan->family, &row.value, scan->stack.now)) {
            scan->valid = true;
            scan->key = row.key;
            scan->value = row.value;
            return;
        }
        leave(scan);
    }
    scan->valid = false;
}

static void start(struct scan *scan)
{
    bool group = kv_group_scanned(scan->family, scan->from, scan->to, scan->backwards);
    for (unsigned i = 0; i < scan->stack.count; i++) {
        struct memtable_cursor *cursor = &scan->cursors[i];
        *cursor = (struct memtable_cursor){
            .table = scan->stack.tables[i],
            .visible = scan->stack.visible,
            .family = scan->family,
        };
        if (group && !memtable_may_have_group(cursor->table, scan->from))
            continue;
        if (scan->backwards)
            memtable_seek_before(cursor, scan->to);
        else
            memtable_seek(cursor, scan->from);
    }
    settle(scan);
}

struct scan *stack_scan(const struct stack *stack, enum kv_family family, struct bytes from,
                        struct bytes to, bool backwards)
{
    struct scan *scan = calloc(1, sizeof *scan + from.size + to.size);
    if (!scan)
        return NULL;
    scan->stack = *stack;
    scan->family = family;
    scan->backwards = backwards;
    scan->from = (struct bytes){scan->bounds, from.size};
    scan->to = (struct bytes){scan->bounds + from.size, to.size};
    if (from.size)
        memcpy(scan->bounds, from.data, from.size);
    if (to.size)
        memcpy(scan->bounds + from.size, to.data, to.size);
    scan->engine = kv_scan(stack->kv, stack->snapshot, family, from, to, backwards);
    if (!scan->engine) {
        free(scan);
        return NULL;
    }
    start(scan);
    return scan;
}

bool scan_valid(const struct scan *scan)
{
    return scan->valid;
}

void scan_next(struct scan *scan)
{
    if (!scan->valid)
        return;
    leave(scan);
    settle(scan);
}

struct bytes scan_key(const struct scan *scan)
{
    return scan->key;
}

struct kv_value scan_value(const struct scan *scan)
{
    return scan->value;
}

bool scan_ok(const struct scan *scan, struct error *error)
{
    return kv_scan_ok(scan->engine, error);
}

void scan_free(struct scan *scan)
{
    if (!scan)
        return;
    kv_scan_free(scan->engine);
    free(scan);
}
