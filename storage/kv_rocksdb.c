#include "proto/c/fault.h"
#include "storage/kv_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- errors ---- */

struct failure {
    const char *part; /* of RocksDB's text */
    enum status_code code;
    const char *reason;
    const char *advice;
};

static const struct failure FAILURES[] = {
    {"No space left", STATUS_RESOURCE_EXHAUSTED, "DISK_FULL", "The disk is full"},
    {"lock hold by current process", STATUS_FAILED_PRECONDITION, "STORE_LOCKED",
     "The store is in use"},
    {"While lock file", STATUS_FAILED_PRECONDITION, "STORE_LOCKED",
     "The store is in use by another process"},
    {"Corruption", STATUS_DATA_LOSS, "STORE_CORRUPT", "The store is damaged"},
    {"does not exist (create_if_missing", STATUS_DATA_LOSS, "STORE_CORRUPT",
     "The store is damaged: its engine's files are missing"},
    {"No such file or directory", STATUS_DATA_LOSS, "STORE_CORRUPT",
     "The store is damaged: a file of its engine is missing"},
    {"Column family not found", STATUS_DATA_LOSS, "STORE_CORRUPT",
     "The store is damaged: its engine does not know all of its parts"},
    {"", STATUS_UNAVAILABLE, "STORE_FAILED", "The store cannot be used"},
};

bool kv_failure(struct error *error, const char *doing, char *text)
{
    enum { HEAD = 90, TAIL = 110 };
    const struct failure *failure = FAILURES;
    while (!strstr(text, failure->part))
        failure++;
    /* What failed stands at its beginning, why at its end; between them is the path. */
    size_t size = strlen(text);
    if (size <= HEAD + TAIL)
        error_set(error, failure->code, failure->reason, 0, "%s (%s: %s).", failure->advice, doing,
                  text);
    else
        error_set(error, failure->code, failure->reason, 0, "%s (%s: %.*s...%s).", failure->advice,
                  doing, HEAD, text, text + size - TAIL);
    rocksdb_free(text);
    return false;
}

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for this.");
}

static bool closed(struct error *error)
{
    return error_set(error, STATUS_UNAVAILABLE, "STORE_FAILED", 0,
                     "The store could not be reopened.");
}

/* ---- opening ---- */

static bool open_handle(struct kv *kv, bool read_only, struct error *error)
{
    char *text = NULL;
    const rocksdb_options_t *const *families =
        (const rocksdb_options_t *const *)kv->engine.families;
    if (read_only)
        kv->handle = rocksdb_open_for_read_only_column_families(kv->engine.database, kv->path,
                                                                KV_FAMILIES, KV_FAMILY_NAMES,
                                                                families, kv->families, 0, &text);
    else
        kv->handle = rocksdb_open_column_families(kv->engine.database, kv->path, KV_FAMILIES,
                                                  KV_FAMILY_NAMES, families, kv->families, &text);
    if (text) {
        kv->handle = NULL;
        return kv_failure(error, "opening", text);
    }
    if (!read_only && !kv->engine.memory)
        kv_engine_tidy(kv->path);
    atomic_store(&kv->broken, false);
    return true;
}

static void close_handle(struct kv *kv)
{
    if (!kv->handle)
        return;
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        rocksdb_column_family_handle_destroy(kv->families[family]);
    rocksdb_close(kv->handle);
    kv->handle = NULL;
}

bool kv_open(const char *path, const struct kv_options *options, struct kv **ret_kv,
             struct error *error)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    size_t size = strlen(path) + 1;
    struct kv *kv = calloc(1, sizeof *kv + size);
    if (!kv)
        return no_memory(error);
    /* The file system in memory wants an absolute path. */
    if (in_memory)
        memcpy(kv->path, "/memory", sizeof "/memory");
    else
        memcpy(kv->path, path, size);
    pthread_rwlock_init(&kv->write_lock, NULL);
    kv_engine_make(&kv->engine, options, in_memory);
    if (options->row_bytes && !(kv->rows = kv_rows_new(options->row_bytes))) {
        kv_close(kv);
        return no_memory(error);
    }
    kv->read = rocksdb_readoptions_create();
    kv->write = rocksdb_writeoptions_create();
    kv->write_synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(kv->write_synced, 1);
    rocksdb_writeoptions_set_memtable_insert_hint_per_batch(kv->write, 1);
    rocksdb_writeoptions_set_memtable_insert_hint_per_batch(kv->write_synced, 1);
    if (!open_handle(kv, options->read_only, error)) {
        kv_close(kv);
        return false;
    }
    /* Whatever happens to what was opened once: nothing is made anew in its place. */
    rocksdb_options_set_create_if_missing(kv->engine.database, 0);
    *ret_kv = kv;
    return true;
}

void kv_close(struct kv *kv)
{
    if (!kv)
        return;
    close_handle(kv);
    rocksdb_writeoptions_destroy(kv->write_synced);
    rocksdb_writeoptions_destroy(kv->write);
    rocksdb_readoptions_destroy(kv->read);
    kv_engine_drop(&kv->engine);
    kv_rows_free(kv->rows);
    pthread_rwlock_destroy(&kv->write_lock);
    free(kv);
}

bool kv_reopen(struct kv *kv, struct error *error)
{
    atomic_store(&kv->broken, true);
    close_handle(kv);
    if (kv->rows) {
        kv_rows_touch_all(kv->rows);
        kv_rows_touched_all(kv->rows);
    }
    /* What a write that failed has left behind is no damage. */
    rocksdb_options_set_wal_recovery_mode(kv->engine.database, rocksdb_point_in_time_recovery);
    return open_handle(kv, false, error);
}

bool kv_broken(const struct kv *kv)
{
    return atomic_load(&kv->broken);
}

void kv_purge(struct kv *kv, int64_t before)
{
    atomic_store(&kv->engine.purge_before, before);
}

/* ---- reading ---- */

bool kv_value_read(const char *data, size_t size, struct kv_value *ret_value)
{
    const uint8_t *bytes = (const uint8_t *)data;
    if (size < VALUE_HEADER || bytes[0] != VALUE_FORMAT)
        return false;
    *ret_value = (struct kv_value){
        .bytes = {bytes + VALUE_HEADER, size - VALUE_HEADER},
        .purge_after = (int64_t)get_u64(bytes + 1),
        .sequence = get_u64(bytes + 9),
    };
    return true;
}

struct kv_snapshot *kv_snapshot_new(struct kv *kv)
{
    struct kv_snapshot *snapshot = kv->handle ? calloc(1, sizeof *snapshot) : NULL;
    if (!snapshot)
        return NULL;
    snapshot->moment = kv->rows ? kv_rows_moment(kv->rows) : 0;
    snapshot->snapshot = rocksdb_create_snapshot(kv->handle);
    snapshot->read = rocksdb_readoptions_create();
    rocksdb_readoptions_set_snapshot(snapshot->read, snapshot->snapshot);
    return snapshot;
}

void kv_snapshot_free(struct kv *kv, struct kv_snapshot *snapshot)
{
    if (!snapshot)
        return;
    rocksdb_readoptions_destroy(snapshot->read);
    rocksdb_release_snapshot(kv->handle, snapshot->snapshot);
    free(snapshot);
}

static enum kv_found copy_value(const char *data, size_t size, struct arena *arena,
                                struct kv_value *ret_value, struct error *error)
{
    struct kv_value value;
    if (!kv_value_read(data, size, &value)) {
        error_set(error, STATUS_DATA_LOSS, "STORE_CORRUPT", 0,
                  "The store is damaged: a value has no header.");
        return KV_FAILED;
    }
    value.bytes.data = arena_copy(arena, value.bytes.data, value.bytes.size);
    if (!value.bytes.data) {
        no_memory(error);
        return KV_FAILED;
    }
    *ret_value = value;
    return KV_FOUND;
}

static enum kv_found get_from_engine(struct kv *kv, const struct kv_snapshot *snapshot,
                                     enum kv_family family, struct bytes key, struct arena *arena,
                                     struct kv_value *ret_value, struct error *error)
{
    char *text = NULL;
    rocksdb_pinnableslice_t *pinned =
        rocksdb_get_pinned_cf(kv->handle, snapshot ? snapshot->read : kv->read,
                              kv->families[family], key.data, key.size, &text);
    if (text) {
        kv_failure(error, "reading", text);
        return KV_FAILED;
    }
    if (!pinned)
        return KV_ABSENT;
    size_t size;
    const char *data = rocksdb_pinnableslice_value(pinned, &size);
    enum kv_found found = copy_value(data, size, arena, ret_value, error);
    rocksdb_pinnableslice_destroy(pinned);
    return found;
}

enum kv_found kv_get(struct kv *kv, const struct kv_snapshot *snapshot, enum kv_family family,
                     struct bytes key, struct arena *arena, struct kv_value *ret_value,
                     struct error *error)
{
    if (!kv->handle) {
        closed(error);
        return KV_FAILED;
    }
    if (!kv->rows || family == KV_LOG)
        return get_from_engine(kv, snapshot, family, key, arena, ret_value, error);
    uint64_t moment = snapshot ? snapshot->moment : KV_ROWS_NOW;
    struct kv_rows_ticket ticket;
    enum kv_found found = kv_rows_get(kv->rows, moment, family, key, arena, ret_value, &ticket);
    if (found == KV_FAILED)
        no_memory(error);
    if (found != KV_ABSENT)
        return found;
    found = get_from_engine(kv, snapshot, family, key, arena, ret_value, error);
    if (found == KV_FOUND)
        kv_rows_keep(kv->rows, moment, &ticket, family, key, ret_value);
    return found;
}

/* ---- writing ---- */

struct expecting {
    struct kv *kv;
    struct error *error;
};

static bool holds(void *data, const struct kv_expectation *expectation)
{
    struct expecting *expecting = data;
    struct kv *kv = expecting->kv;
    char *text = NULL;
    rocksdb_pinnableslice_t *pinned =
        rocksdb_get_pinned_cf(kv->handle, kv->read, kv->families[expectation->family],
                              expectation->key.data, expectation->key.size, &text);
    if (text)
        return kv_failure(expecting->error, "reading", text);
    bool equal = !pinned && expectation->value.size == 0;
    if (pinned) {
        struct kv_value value;
        size_t size;
        const char *stored = rocksdb_pinnableslice_value(pinned, &size);
        equal = expectation->value.size > 0 && kv_value_read(stored, size, &value) &&
                value.bytes.size == expectation->value.size &&
                memcmp(value.bytes.data, expectation->value.data, value.bytes.size) == 0;
        rocksdb_pinnableslice_destroy(pinned);
    }
    return equal || error_set(expecting->error, STATUS_ABORTED, "EXPECTATION_FAILED", 0,
                              "Something else was written meanwhile.");
}

/* Before the batch is written. */
static void rows_touch(struct kv *kv, const struct kv_batch *batch)
{
    if (!kv->rows)
        return;
    if (kv_batch_has_ranges(batch))
        kv_rows_touch_all(kv->rows);
    kv_batch_each(batch, kv_rows_touch, kv->rows);
}

/* After it, also when it failed: then all are forgotten with the reopening. */
static void rows_touched(struct kv *kv, const struct kv_batch *batch)
{
    if (!kv->rows)
        return;
    kv_batch_each(batch, kv_rows_touched, kv->rows);
    if (kv_batch_has_ranges(batch))
        kv_rows_touched_all(kv->rows);
}

static bool write_locked(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error)
{
    struct expecting expecting = {kv, error};
    rocksdb_writebatch_t *writes;
    char *text = NULL;
    if (kv_broken(kv))
        return error_set(error, STATUS_UNAVAILABLE, "STORE_BROKEN", 0,
                         "A write has failed; the store must be reopened first.");
    if (!kv_batch_visit(batch, holds, &expecting))
        return false;
    if (!kv_batch_emit(batch, kv, &writes))
        return no_memory(error);
    sync = sync && !MUTANT("no_sync");
    rows_touch(kv, batch);
    rocksdb_write(kv->handle, sync ? kv->write_synced : kv->write, writes, &text);
    rows_touched(kv, batch);
    if (!text)
        return true;
    atomic_store(&kv->broken, true);
    return kv_failure(error, "writing", text);
}

bool kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error)
{
    if (kv_batch_expects(batch))
        pthread_rwlock_wrlock(&kv->write_lock);
    else
        pthread_rwlock_rdlock(&kv->write_lock);
    bool ok = write_locked(kv, batch, sync, error);
    pthread_rwlock_unlock(&kv->write_lock);
    kv_batch_clear(batch);
    return ok;
}

/* ---- care ---- */

bool kv_compact(struct kv *kv, enum kv_family family, struct error *error)
{
    if (!kv->handle)
        return closed(error);
    char *text = NULL;
    rocksdb_flushoptions_t *wait = rocksdb_flushoptions_create();
    rocksdb_flush_cf(kv->handle, wait, kv->families[family], &text);
    rocksdb_flushoptions_destroy(wait);
    if (text)
        return kv_failure(error, "writing out", text);
    rocksdb_compact_range_cf(kv->handle, kv->families[family], NULL, 0, NULL, 0);
    return true;
}

static uint64_t property(const struct kv *kv, enum kv_family family, const char *name)
{
    uint64_t value = 0;
    return rocksdb_property_int_cf(kv->handle, kv->families[family], name, &value) == 0 ? value : 0;
}

void kv_count(struct kv *kv, struct kv_counts *ret_counts)
{
    struct kv_counts counts = {0};
    if (kv->handle) {
        counts.memory_bytes = property(kv, KV_META, "rocksdb.block-cache-usage") +
                              (kv->rows ? kv_rows_bytes(kv->rows) : 0);
        for (enum kv_family family = 0; family < KV_FAMILIES; family++) {
            counts.disk_bytes += property(kv, family, "rocksdb.total-sst-files-size");
            counts.memory_bytes += property(kv, family, "rocksdb.size-all-mem-tables") +
                                   property(kv, family, "rocksdb.estimate-table-readers-mem");
            counts.keys += property(kv, family, "rocksdb.estimate-num-keys");
        }
    }
    *ret_counts = counts;
}
