#include "storage/stack.h"

#include "proto/c/fault.h"

enum kv_found stack_newest(const struct stack *stack, enum kv_family family, struct bytes key,
                           struct arena *arena, struct row *ret_row, struct error *error)
{
    struct row row = {.family = family, .key = key};
    uint32_t hash = memtable_hash(family, key);
    for (unsigned i = 0; i < stack->count; i++)
        memtable_expect(stack->tables[i], hash);
    for (unsigned i = 0; i < stack->count && !MUTANT("overlay_unread"); i++) {
        if (!memtable_find(stack->tables[i], family, key, hash, stack->visible, &row))
            continue;
        row.value.bytes.data = arena_copy(arena, row.value.bytes.data, row.value.bytes.size);
        if (!row.value.bytes.data) {
            error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                      "There is no memory for this read.");
            return KV_FAILED;
        }
        *ret_row = row;
        return KV_FOUND;
    }
    enum kv_found found = kv_get(stack->kv, stack->snapshot, family, key, arena, &row.value, error);
    if (found == KV_FOUND)
        *ret_row = row;
    return found;
}

enum kv_found stack_get(const struct stack *stack, enum kv_family family, struct bytes key,
                        struct arena *arena, struct kv_value *ret_value, struct error *error)
{
    struct row row;
    enum kv_found found = stack_newest(stack, family, key, arena, &row, error);
    if (found == KV_FOUND && (row.deleted || (value_purged(family, &row.value, stack->now) &&
                                              !MUTANT("purged_row_is_read"))))
        return KV_ABSENT;
    if (found == KV_FOUND)
        *ret_value = row.value;
    return found;
}
