/*
 * After a start or a failed write: the entries whose rows the engine may lack are derived again, log by log.
 */
#include "proto/c/fault.h"
#include "storage/encode.h"
#include "storage/pipeline_internal.h"

#include <string.h>

struct replay {
    struct pipeline *pipeline;
    struct error *error;
};

static bool gap(struct error *error, const struct log *log, uint64_t position)
{
    char name[2 * sizeof log->id.bytes + 1];
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof log->id.bytes; i++) {
        name[2 * i] = digits[log->id.bytes[i] >> 4];
        name[2 * i + 1] = digits[log->id.bytes[i] & 15];
    }
    name[sizeof name - 1] = '\0';
    return error_set(error, STATUS_DATA_LOSS, "STORE_CORRUPT", 0,
                     "The store is damaged: the log %s lacks entry %llu. Restore a backup.", name,
                     (unsigned long long)position);
}

/* Writes out what was replayed so far, so that a long replay takes no more memory than a short one. */
static bool make_room(struct pipeline *pipeline, struct error *error)
{
    pipeline->applying =
        (struct head_row){atomic_load(&pipeline->store->last_time), pipeline->store->last_sequence};
    if (!layers_freeze(pipeline))
        return store_no_memory(error);
    if (!flush_layer(pipeline, pipeline->layers[1], false, error))
        return false;
    FAILPOINT("replay_after_flush");
    pipeline->layers[1]->flushed = true;
    (void)layers_drop_flushed(pipeline);
    return true;
}

static bool replay_entry(struct pipeline *pipeline, const struct group_entry *entry,
                         struct error *error)
{
    arena_reset(pipeline->group.arena);
    store_saw(pipeline->store, entry->value.purge_after, entry->value.sequence);
    bool skip = MUTANT("replay_skips_entries") && entry->position % 5 == 0;
    if (!skip && !derive_replay(pipeline, entry, entry->value.bytes, error))
        return false;
    FAILPOINT("replay_after_entry");
    if (!layers_note(pipeline, entry))
        return store_no_memory(error);
    return !layers_full(pipeline) || make_room(pipeline, error);
}

/* The entries from the last one that was applied on: that this one is there shows that the log is the one we know. */
static bool replay_entries(struct pipeline *pipeline, struct log *log, struct kv_iterator *entries,
                           uint64_t first, struct error *error)
{
    uint64_t position = first;
    for (; kv_scan_valid(entries); kv_scan_next(entries), position++) {
        struct bytes key = kv_scan_key(entries);
        if (key.size != LOG_KEY ||
            (get_u64((const uint8_t *)key.data + LOG_KEY - sizeof position) != position &&
             !MUTANT("gap_unnoticed")))
            return gap(error, log, position);
        struct group_entry entry = {log, position, kv_scan_value(entries)};
        if (position > log->applied && !MUTANT("nothing_replayed") &&
            !replay_entry(pipeline, &entry, error))
            return false;
    }
    if (!kv_scan_ok(entries, error))
        return false;
    log->decided = position - 1;
    /* It must reach as far as what was written out, and as what has been seen. */
    if ((log->decided < log->applied && !MUTANT("short_log_unnoticed")) ||
        log->decided < atomic_load(&log->durable))
        return gap(error, log, position);
    return true;
}

static bool replay_log(void *data, struct log *log)
{
    struct replay *replay = data;
    struct pipeline *pipeline = replay->pipeline;
    uint64_t oldest = atomic_load(&log->oldest);
    uint64_t first = log->applied >= oldest ? log->applied : log->applied + 1;
    uint8_t from[LOG_KEY], to[sizeof log->id.bytes + 1];
    log_key(&log->id, first, from);
    memcpy(to, log->id.bytes, sizeof log->id.bytes);
    to[sizeof to - 1] = 'L' + 1;
    struct kv_iterator *entries =
        kv_scan(pipeline->store->kv, NULL, KV_LOG, (struct bytes){from, sizeof from},
                (struct bytes){to, sizeof to}, false);
    if (!entries)
        return store_no_memory(replay->error);
    FAILPOINT("replay_before_log");
    bool ok = replay_entries(pipeline, log, entries, first, replay->error);
    kv_scan_free(entries);
    return ok;
}

bool replay_all(struct pipeline *pipeline, struct error *error)
{
    struct replay replay = {pipeline, error};
    if (!logs_each(pipeline->store->logs, replay_log, &replay))
        return false;
    arena_reset(pipeline->group.arena);
    struct store *store = pipeline->store;
    if (store->last_sequence < store_folder_reached(&store->folder) &&
        !MUTANT("lost_end_unnoticed"))
        return store_damaged(error, "changes are missing at the end that had been acknowledged");
    if (pipeline->mint.last > store->last_sequence)
        store->last_sequence = pipeline->mint.last;
    pipeline->mint.last = store->last_sequence;
    pipeline->applying = (struct head_row){atomic_load(&store->last_time), pipeline->mint.last};
    pipeline->durable_sequence = pipeline->mint.last;
    return true;
}
