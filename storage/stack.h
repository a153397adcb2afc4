/*
 * Reading several memtables and the engine below them as if they were one: of each row the version of the topmost that has
 * one.
 */
#ifndef MASKLINE_STORAGE_STACK_H
#define MASKLINE_STORAGE_STACK_H

#include "storage/memtable.h"
#include "storage/store.h"

/* A decision's own writes, its group's entries, the memtable in use, and those that are being written out. */
enum { LAYERS_MOST = 5, STACK_MOST = LAYERS_MOST + 2 };

/* What is in it outlives all reads. */
struct stack {
    const struct memtable *tables[STACK_MOST]; /* newest first */
    unsigned count;
    uint64_t visible; /* sequences up to this one, in memtables */
    struct kv *kv;
    const struct kv_snapshot *snapshot;
    int64_t now; /* when purge_after is judged */
};

/* A row as readers have it: what is deleted or past its time is absent. */
enum kv_found stack_get(const struct stack *stack, enum kv_family family, struct bytes key,
                        struct arena *arena, struct kv_value *ret_value, struct error *error);

/* A row's newest version, whatever its time; KV_FOUND also for one that is deleted in a memtable (then *ret_row says so). */
enum kv_found stack_newest(const struct stack *stack, enum kv_family family, struct bytes key,
                           struct arena *arena, struct row *ret_row, struct error *error);

/* For scan_* of store.h. NULL when there is no memory. */
struct scan *stack_scan(const struct stack *stack, enum kv_family family, struct bytes from,
                        struct bytes to, bool backwards);

/* Whether a value is past its time. */
static inline bool value_purged(enum kv_family family, const struct kv_value *value, int64_t now)
{
    /* In the log the field says when an entry was written. */
    return family != KV_LOG && value->purge_after != 0 && value->purge_after <= now;
}

#endif
