#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

#include <stdlib.h>
#include <string.h>

void txn_begin(struct txn *txn)
{
    struct group *group = &txn->pipeline->group;
    memtable_reset(txn->staging);
    txn->now = store_now(txn->pipeline->store);
    txn->first_entry = group->entry_count;
    txn->first_rewrite = group->rewrite_count;
    txn->batch_mark = kv_batch_count(group->batch);
    txn->failed = false;
}

bool txn_fail(struct txn *txn, const struct error *error)
{
    if (!txn->failed)
        txn->failure = *error;
    txn->failed = true;
    return false;
}

static bool fail_for_memory(struct txn *txn, struct error *error)
{
    store_no_memory(error);
    return txn_fail(txn, error);
}

/* ---- what becomes of a decision ---- */

void txn_undo(struct txn *txn)
{
    struct group *group = &txn->pipeline->group;
    const struct pipeline_domain *domain = &txn->pipeline->domain;
    while (group->entry_count > txn->first_entry) {
        const struct group_entry *entry = &group->entries[--group->entry_count];
        entry->log->decided =
            MUTANT("refused_change_leaves_gap") ? entry->position : entry->position - 1;
        if (domain->undone)
            domain->undone(domain->data, &entry->log->id);
    }
    if (group->tabled > group->entry_count) {
        memtable_reset(group->entry_table);
        group->tabled = 0;
    }
    group->rewrite_count = txn->first_rewrite;
    kv_batch_cut(group->batch, txn->batch_mark);
}

/* Whether the batch has to have this version: the newest direct one of its row. Versions come newest first. */
static bool goes_into_batch(const struct row *row, const struct row *previous, bool *direct_seen)
{
    bool same = previous->key.data && previous->family == row->family &&
                previous->key.size == row->key.size &&
                memcmp(previous->key.data, row->key.data, row->key.size) == 0;
    if (!same)
        *direct_seen = false;
    bool goes = row->direct && !*direct_seen;
    *direct_seen = *direct_seen || row->direct;
    return goes;
}

/* All memory that keeping takes, so that the layer never has half of a decision: what is in it cannot be taken out again. */
static bool reserve(struct txn *txn)
{
    struct pipeline *pipeline = txn->pipeline;
    const struct memtable *staging = txn->staging;
    size_t entries = pipeline->group.entry_count - txn->first_entry;
    return memtable_reserve(pipeline->layers[0]->table, staging) &&
           kv_batch_reserve(pipeline->group.batch, memtable_rows(staging),
                            memtable_bytes(staging)) &&
           layers_reserve(pipeline, entries);
}

static bool keep_rows(struct txn *txn)
{
    struct layer *layer = txn->pipeline->layers[0];
    struct group *group = &txn->pipeline->group;
    struct kv_batch *batch = group->batch;
    const struct memtable_node *node = NULL;
    struct row row, previous = {0};
    bool direct_seen = false;
    for (; memtable_each(txn->staging, &node, &row); previous = row) {
        if (!memtable_insert(layer->table, &row))
            return false;
        if (row.value.sequence > group->last_sequence)
            group->last_sequence = row.value.sequence;
        if (!goes_into_batch(&row, &previous, &direct_seen))
            continue;
        if (row.deleted ? !kv_batch_delete(batch, row.family, row.key)
                        : !kv_batch_put(batch, row.family, row.key, row.value))
            return false;
    }
    return true;
}

bool txn_keep(struct txn *txn, bool *ret_effects)
{
    struct pipeline *pipeline = txn->pipeline;
    struct group *group = &pipeline->group;
    struct error error;
    bool adds = memtable_rows(txn->staging) > 0 || group->entry_count > txn->first_entry;
    *ret_effects = adds || group->rewrite_count > txn->first_rewrite;
    if (!adds)
        return true;
    if (!MUTANT("kept_without_reserve") && !reserve(txn))
        return fail_for_memory(txn, &error);
    if (!keep_rows(txn))
        group->broken = true;
    layers_touch(pipeline);
    for (size_t i = txn->first_entry; i < group->entry_count; i++) {
        const struct group_entry *entry = &group->entries[i];
        if (!layers_note(pipeline, entry))
            group->broken = true;
        if (entry->value.sequence > group->last_sequence)
            group->last_sequence = entry->value.sequence;
        if (!entry->log->grown) {
            entry->log->grown = true;
            entry->log->next_grown = group->grown;
            group->grown = entry->log;
        }
    }
    return true;
}

/* ---- reading ---- */

/* Most decisions do not read the log: only for those that do, its undurable end is put in order. */
static bool table_entries(struct group *group)
{
    if (!group->entry_table)
        group->entry_table = memtable_new();
    if (!group->entry_table)
        return false;
    for (; group->tabled < group->entry_count; group->tabled++) {
        const struct group_entry *entry = &group->entries[group->tabled];
        uint8_t key[LOG_KEY];
        log_key(&entry->log->id, entry->position, key);
        struct row row = {.family = KV_LOG, .key = {key, sizeof key}, .value = entry->value};
        if (!memtable_insert(group->entry_table, &row))
            return false;
    }
    return true;
}

struct stack txn_stack(struct txn *txn, enum kv_family family, int64_t now)
{
    struct pipeline *pipeline = txn->pipeline;
    struct stack stack = {.visible = UINT64_MAX, .kv = pipeline->store->kv, .now = now};
    if (family == KV_LOG && pipeline->group.entry_count > 0 && !MUTANT("undurable_log_unread")) {
        struct error error;
        /* It reads on without them, but nothing of it will stay. */
        if (table_entries(&pipeline->group))
            stack.tables[stack.count++] = pipeline->group.entry_table;
        else if (!MUTANT("short_of_memory_reads_less"))
            fail_for_memory(txn, &error);
    }
    stack.tables[stack.count++] = txn->staging;
    for (unsigned i = 0; i < pipeline->layer_count; i++)
        stack.tables[stack.count++] = pipeline->layers[i]->table;
    return stack;
}

int64_t txn_now(const struct txn *txn)
{
    return txn->now;
}

uint32_t txn_tenant(const struct txn *txn)
{
    return txn->tenant;
}

struct arena *txn_arena(struct txn *txn)
{
    return txn->arena;
}

void txn_mint(struct txn *txn, uint8_t ret_sid[16])
{
    sid_mint(&txn->pipeline->mint, txn->now, ret_sid);
}

enum kv_found txn_get(struct txn *txn, enum kv_family family, struct bytes key,
                      struct kv_value *ret_value, struct error *error)
{
    struct stack stack = txn_stack(txn, family, txn->now);
    enum kv_found found = stack_get(&stack, family, key, txn->arena, ret_value, error);
    if (found == KV_FAILED)
        txn_fail(txn, error);
    return found;
}

struct scan *txn_scan(struct txn *txn, enum kv_family family, struct bytes from, struct bytes to,
                      bool backwards)
{
    struct stack stack = txn_stack(txn, family, txn->now);
    struct scan *scan = stack_scan(&stack, family, from, to, backwards);
    if (!scan) {
        struct error error;
        fail_for_memory(txn, &error);
    }
    return scan;
}

/* ---- writing ---- */

static struct group_entry *add_entry(struct group *group)
{
    if (group->entry_count == group->entry_room) {
        size_t room = group->entry_room ? 2 * group->entry_room : 256;
        struct group_entry *entries = realloc(group->entries, room * sizeof *entries);
        if (!entries)
            return NULL;
        group->entries = entries;
        group->entry_room = room;
    }
    return &group->entries[group->entry_count++];
}

/* The entry itself, and with a log's first one the row by which the log is found after a start. */
static bool batch_entry(struct kv_batch *batch, const struct group_entry *entry)
{
    uint8_t key[LOG_KEY];
    log_key(&entry->log->id, entry->position, key);
    return kv_batch_put(batch, KV_LOG, (struct bytes){key, sizeof key}, entry->value) &&
           (entry->position > 1 ||
            store_put_log(batch, &entry->log->id, (struct log_row){.oldest = 1}));
}

bool txn_append(struct txn *txn, const struct log_id *id, struct bytes bytes,
                uint64_t *ret_position, struct error *error)
{
    struct pipeline *pipeline = txn->pipeline;
    struct group *group = &pipeline->group;
    if (bytes.size > ENTRY_MOST) {
        error_set(error, STATUS_INVALID_ARGUMENT, "ENTRY_TOO_LARGE", 0,
                  "This is too much for one change: it takes %zu bytes of at most %d.", bytes.size,
                  ENTRY_MOST);
        return txn_fail(txn, error);
    }
    struct log *log = logs_make(pipeline->store->logs, id);
    void *copy = arena_copy(txn->arena, bytes.data, bytes.size);
    struct group_entry *added = log && copy ? add_entry(group) : NULL;
    if (!added)
        return fail_for_memory(txn, error);
    struct group_entry entry = {
        .log = log,
        .position = ++log->decided,
        .value = {{copy, bytes.size}, txn->now, ++pipeline->mint.last},
    };
    *added = entry;
    if (!batch_entry(group->batch, &entry))
        return fail_for_memory(txn, error);
    if (!derive_live(txn, &entry, entry.value.bytes, error))
        return txn_fail(txn, error);
    *ret_position = entry.position;
    return true;
}

static bool note_rewrite(struct group *group, const struct log_id *log, uint64_t position)
{
    if (group->rewrite_count == group->rewrite_room) {
        size_t room = group->rewrite_room ? 2 * group->rewrite_room : 16;
        struct group_rewrite *rewrites = realloc(group->rewrites, room * sizeof *rewrites);
        if (!rewrites)
            return false;
        group->rewrites = rewrites;
        group->rewrite_room = room;
    }
    group->rewrites[group->rewrite_count++] = (struct group_rewrite){*log, position};
    return true;
}

bool txn_rewrite(struct txn *txn, const struct log_id *id, uint64_t position, struct bytes bytes,
                 struct error *error)
{
    uint8_t key[LOG_KEY];
    struct kv_value value;
    log_key(id, position, key);
    enum kv_found found = txn_get(txn, KV_LOG, (struct bytes){key, sizeof key}, &value, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    value.bytes = bytes;
    if (!note_rewrite(&txn->pipeline->group, id, position))
        return fail_for_memory(txn, error);
    /* The entry keeps its sequence; the group's is that of its newest write, which this may be. */
    if (!MUTANT("rewrite_is_no_write"))
        txn->pipeline->group.last_sequence = ++txn->pipeline->mint.last;
    return kv_batch_put(txn->pipeline->group.batch, KV_LOG, (struct bytes){key, sizeof key},
                        value) ||
           fail_for_memory(txn, error);
}

static bool stage(struct txn *txn, const struct row *row)
{
    struct error error;
    return memtable_insert(txn->staging, row) || fail_for_memory(txn, &error);
}

bool txn_put(struct txn *txn, enum kv_family family, struct bytes key, struct bytes value,
             int64_t purge_after)
{
    struct row row = {
        .family = family,
        .key = key,
        .value = {value, purge_after, ++txn->pipeline->mint.last},
        .direct = true,
    };
    return stage(txn, &row);
}

bool txn_delete(struct txn *txn, enum kv_family family, struct bytes key)
{
    struct row row = {
        .family = family,
        .key = key,
        .value = {.sequence = ++txn->pipeline->mint.last},
        .deleted = true,
        .direct = true,
    };
    return stage(txn, &row);
}
