#include "storage/store.h"
#include "proto/c/fault.h"
#include "storage/store_internal.h"
#include "storage/store_rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLUSH_AFTER_US = 1000000, FLUSH_ROWS = 50000 };

/* So many quarters of the cache are for whole rows: most reads are of one, and a block holds twenty. */
enum { CACHE_DEFAULT = 64 << 20, CACHE_ROWS = 3 };

static const uint64_t FREE_BYTES_LOW = UINT64_C(512) << 20;

bool store_no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "The store has no memory for this.");
}

bool store_damaged(struct error *error, const char *what)
{
    return error_set(error, STATUS_DATA_LOSS, "STORE_CORRUPT", 0,
                     "The store is damaged: %s. Restore a backup.", what);
}

int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

static bool is_memory(const struct store *store)
{
    return strcmp(store->options.path, ":memory:") == 0;
}

/* Whether the engine holds nothing at all: what an opening that was cut short has left. */
static bool is_blank(struct store *store, bool *ret_blank, struct error *error)
{
    *ret_blank = true;
    for (enum kv_family family = 0; family < KV_FAMILIES; family++) {
        struct bytes all = {"", 0};
        struct kv_iterator *rows = kv_scan(store->kv, NULL, family, all, all, false);
        if (!rows)
            return store_no_memory(error);
        bool ok = kv_scan_ok(rows, error);
        *ret_blank = *ret_blank && !kv_scan_valid(rows);
        kv_scan_free(rows);
        if (!ok)
            return false;
    }
    return true;
}

static bool identify(struct store *store, bool is_new, struct error *error)
{
    enum kv_found found = store_read_identity(store, error);
    if (found != KV_ABSENT)
        return found == KV_FOUND;
    bool blank = false;
    if (is_new && !is_blank(store, &blank, error))
        return false;
    if (!blank && !MUTANT("lost_identity_made_anew"))
        return store_damaged(error, "its identity is missing");
    return store_write_identity(store, error) && store_read_identity(store, error) == KV_FOUND;
}

/* Whether what cannot be read of the engine's log is nothing that was acknowledged. Looks without changing anything. */
static bool is_only_torn(struct store *store, struct error *error)
{
    struct kv_options options = {.read_only = true, .mend = true};
    if (!kv_open(store->folder.data, &options, &store->kv, error))
        return false;
    uint64_t last = 0;
    bool ok = store_read_rows(store, error) && store_last_sequence(store, &last, error);
    kv_close(store->kv);
    store->kv = NULL;
    if (ok && last < store_folder_reached(&store->folder) && !MUTANT("lost_writes_mended_away"))
        ok = store_damaged(error, "a part of its log that had been acknowledged cannot be read; "
                                  "nothing was changed");
    return ok;
}

static bool open_kv(struct store *store, bool is_new, struct error *error)
{
    const char *path = is_memory(store) ? store->options.path : store->folder.data;
    size_t cache = store->options.cache_bytes ? store->options.cache_bytes : CACHE_DEFAULT;
    struct kv_options options = {
        .cache_bytes = cache - cache / 4 * CACHE_ROWS,
        .row_bytes = cache / 4 * CACHE_ROWS,
        .must_exist = !is_new,
    };
    if (kv_open(path, &options, &store->kv, error))
        return true;
    if (is_new || error->code != STATUS_DATA_LOSS)
        return false;
    struct error closer;
    if (!is_only_torn(store, &closer)) {
        if (closer.code == STATUS_DATA_LOSS)
            *error = closer;
        return false;
    }
    options.mend = true;
    return kv_open(path, &options, &store->kv, error);
}

static bool open_engine(struct store *store, struct error *error)
{
    bool memory = is_memory(store);
    bool is_new = memory || store->folder.is_new;
    if (!open_kv(store, is_new, error))
        return false;
    FAILPOINT("create_after_engine");
    if (!identify(store, is_new, error))
        return false;
    FAILPOINT("create_after_identity");
    return (memory || !is_new || store_folder_settle(&store->folder, error)) &&
           store_read_rows(store, error) && store_publish(store, NULL, 0, 0, error);
}

static struct store *store_make(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->options = *options;
    store->folder.lock = -1;
    pthread_mutex_init(&store->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!store->options.free_bytes_low)
        store->options.free_bytes_low = FREE_BYTES_LOW;
    if (!store->options.flush_after_us)
        store->options.flush_after_us = FLUSH_AFTER_US;
    if (!store->options.flush_rows)
        store->options.flush_rows = FLUSH_ROWS;
    store->options.path = strdup(options->path);
    store->logs = logs_new();
    if (!store->options.path || !store->logs) {
        store_close(store);
        return NULL;
    }
    return store;
}

bool store_open(const struct store_options *options, struct store **ret_store, struct error *error)
{
    struct store *store = store_make(options);
    if (!store)
        return store_no_memory(error);
    if ((!is_memory(store) && !store_folder_open(options->path, &store->folder, error)) ||
        !open_engine(store, error)) {
        store_close(store);
        return false;
    }
    *ret_store = store;
    return true;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_retire(store);
    kv_close(store->kv);
    store_folder_close(&store->folder);
    logs_free(store->logs);
    free((char *)store->options.path);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

const uint8_t *store_identity(const struct store *store)
{
    return store->identity;
}

uint64_t store_incarnation(const struct store *store)
{
    return store->incarnation;
}

const uint8_t *store_hash_key(const struct store *store)
{
    return store->hash_key;
}

int64_t store_now(const struct store *store)
{
    return clock_forward(&store->options.clock, &((struct store *)store)->last_time);
}

void store_saw(struct store *store, int64_t time, uint64_t sequence)
{
    if (time > atomic_load(&store->last_time))
        atomic_store(&store->last_time, time);
    if (sequence > store->last_sequence)
        store->last_sequence = sequence;
}

bool store_is_full(const struct store *store)
{
    uint64_t free_bytes = store->options.free_bytes
                              ? store->options.free_bytes(store->options.free_bytes_data)
                              : store_folder_free_bytes(&store->folder);
    return free_bytes < store->options.free_bytes_low;
}
