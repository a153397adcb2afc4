/*
 * The rows that follow from an entry. When it is decided they go into the decision's staging; in a replay into the layer in
 * use, unless they are in the engine already.
 *
 * A row's time is judged at the entry's own time, in a replay too, so that it comes out the same.
 */
#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

struct derivation {
    struct pipeline *pipeline;
    struct txn *txn; /* NULL: a replay */
    const struct group_entry *entry;
    struct arena *arena;
    struct error *error;
    bool failed;
};

static struct stack stack_of(const struct derivation *derivation, enum kv_family family)
{
    struct pipeline *pipeline = derivation->pipeline;
    int64_t time = derivation->entry->value.purge_after;
    if (derivation->txn)
        return txn_stack(derivation->txn, family, time);
    struct stack stack = {.visible = UINT64_MAX, .kv = pipeline->store->kv, .now = time};
    for (unsigned i = 0; i < pipeline->layer_count; i++)
        stack.tables[stack.count++] = pipeline->layers[i]->table;
    return stack;
}

/* A replay would leave a row alone that has the entry in it already, and so keep the first of two changes where the last one counted. */
static bool touches_each_once(struct derivation *derivation)
{
    if (!derivation->txn || memtable_repeats(derivation->txn->staging) == 0 ||
        MUTANT("row_changed_twice"))
        return true;
    return error_set(derivation->error, STATUS_INTERNAL, "ENTRY_UNREADABLE", 0,
                     "Entry %llu of a log changes a row twice.",
                     (unsigned long long)derivation->entry->position);
}

static bool derive(struct derivation *derivation, struct bytes bytes)
{
    const struct pipeline_domain *domain = &derivation->pipeline->domain;
    error_clear(derivation->error);
    if (domain->derive(domain->data, derivation, bytes) && !derivation->failed)
        return touches_each_once(derivation);
    /* The domain cannot say why; the arena can. */
    if (!derivation->failed && arena_full(derivation->arena))
        return error_set(derivation->error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                         "There is no memory for what follows from an entry.");
    if (!derivation->failed)
        error_set(derivation->error, STATUS_INTERNAL, "ENTRY_UNREADABLE", 0,
                  "The rows that follow from entry %llu of a log cannot be told.",
                  (unsigned long long)derivation->entry->position);
    return false;
}

bool derive_live(struct txn *txn, const struct group_entry *entry, struct bytes bytes,
                 struct error *error)
{
    struct derivation derivation = {
        .pipeline = txn->pipeline,
        .txn = txn,
        .entry = entry,
        .arena = txn->arena,
        .error = error,
    };
    if (derive(&derivation, bytes))
        return true;
    /* Whose command this was is told no more than that. */
    return error->code == STATUS_INTERNAL
               ? error_set(error, STATUS_INTERNAL, "ENTRY_UNREADABLE", 80504,
                           "Something went wrong here that should not.")
               : false;
}

bool derive_replay(struct pipeline *pipeline, const struct group_entry *entry, struct bytes bytes,
                   struct error *error)
{
    struct derivation derivation = {
        .pipeline = pipeline,
        .entry = entry,
        .arena = pipeline->group.arena,
        .error = error,
    };
    return derive(&derivation, bytes);
}

uint64_t derivation_position(const struct derivation *derivation)
{
    return derivation->entry->position;
}

uint64_t derivation_sequence(const struct derivation *derivation)
{
    return derivation->entry->value.sequence;
}

const struct log_id *derivation_log(const struct derivation *derivation)
{
    return &derivation->entry->log->id;
}

int64_t derivation_time(const struct derivation *derivation)
{
    return derivation->entry->value.purge_after;
}

struct arena *derivation_arena(struct derivation *derivation)
{
    return derivation->arena;
}

bool derivation_replays(const struct derivation *derivation)
{
    return !derivation->txn;
}

static enum row_state read_row(struct derivation *derivation, enum kv_family family,
                               struct bytes key, struct row *ret_row)
{
    struct stack stack = stack_of(derivation, family);
    switch (stack_newest(&stack, family, key, derivation->arena, ret_row, derivation->error)) {
    case KV_ABSENT:
        return ROW_ABSENT;
    case KV_FAILED:
        derivation->failed = true;
        return ROW_FAILED;
    case KV_FOUND:
        break;
    }
    if (!derivation->txn && !MUTANT("replayed_twice") &&
        ret_row->value.sequence >= derivation->entry->value.sequence)
        return ROW_DONE;
    return ROW_PRESENT;
}

enum row_state derive_old(struct derivation *derivation, enum kv_family family, struct bytes key,
                          struct kv_value *ret_old)
{
    struct row row;
    enum row_state state = read_row(derivation, family, key, &row);
    int64_t time = MUTANT("replay_judges_by_now") ? store_now(derivation->pipeline->store)
                                                  : derivation_time(derivation);
    if (state == ROW_PRESENT && (row.deleted || value_purged(family, &row.value, time)))
        return ROW_ABSENT;
    if (state == ROW_PRESENT)
        *ret_old = row.value;
    return state;
}

/* Whether the engine may lack what a replayed entry says of a row. */
static bool is_missing(struct derivation *derivation, const struct row *row, bool *ret_missing)
{
    struct row newest;
    switch (read_row(derivation, row->family, row->key, &newest)) {
    case ROW_DONE:
        *ret_missing = false;
        return true;
    case ROW_PRESENT:
        /* Also of a row that was written with its entry: an older version, replayed, has come on top of it. */
        *ret_missing = true;
        return true;
    case ROW_ABSENT:
        /* What was written with its entry was there; it is absent because it has been deleted since. */
        *ret_missing = !row->direct || MUTANT("deleted_row_comes_back");
        return true;
    case ROW_FAILED:
        break;
    }
    return false;
}

static bool put_row(struct derivation *derivation, struct row *row)
{
    struct memtable *table =
        derivation->txn ? derivation->txn->staging : derivation->pipeline->layers[0]->table;
    if (!derivation->txn) {
        bool missing;
        if (!is_missing(derivation, row, &missing))
            return false;
        if (!missing)
            return true;
        row->direct = false; /* the flusher has to write it */
        row->first = false;  /* the engine may have it from before the crash */
    }
    row->value.sequence = derivation->entry->value.sequence;
    if (memtable_insert(table, row))
        return true;
    derivation->failed = true;
    return store_no_memory(derivation->error);
}

bool derive_put(struct derivation *derivation, enum kv_family family, struct bytes key,
                struct bytes value, int64_t purge_after, enum row_timing timing)
{
    struct row row = {
        .family = family,
        .key = key,
        .value = {.bytes = value, .purge_after = purge_after},
        .direct = timing == ROW_WITH_ENTRY,
    };
    return put_row(derivation, &row);
}

bool derive_delete(struct derivation *derivation, enum kv_family family, struct bytes key,
                   enum row_timing timing)
{
    struct row row = {
        .family = family, .key = key, .deleted = true, .direct = timing == ROW_WITH_ENTRY};
    return put_row(derivation, &row);
}

bool derive_put_new(struct derivation *derivation, enum kv_family family, struct bytes key,
                    struct bytes value, int64_t purge_after)
{
    struct row row = {
        .family = family,
        .key = key,
        .value = {.bytes = value, .purge_after = purge_after},
        .first = true,
    };
    return put_row(derivation, &row);
}
