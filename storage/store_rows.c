/*
 * The store's own rows, in KV_META; they begin with a zero byte:
 *
 *   0 'I'       identity              0 'H'       last time, last sequence
 *   0 'N'       incarnation           0 'L' log   applied and oldest position
 *   0 'K'       hash key
 */
#include "storage/encode.h"
#include "storage/store_internal.h"
#include "storage/store_rows.h"

#include <sodium.h>
#include <string.h>

static const struct bytes IDENTITY = {"\0I", 2};
static const struct bytes INCARNATION = {"\0N", 2};
static const struct bytes HASH_KEY = {"\0K", 2};
static const struct bytes HEAD = {"\0H", 2};
static const struct bytes LOGS_FROM = {"\0L", 2};
static const struct bytes LOGS_TO = {"\0M", 2};

void log_key(const struct log_id *id, uint64_t position, uint8_t ret_key[LOG_KEY])
{
    memcpy(ret_key, id->bytes, sizeof id->bytes);
    ret_key[sizeof id->bytes] = 'L';
    put_u64(ret_key + sizeof id->bytes + 1, position);
}

static bool put(struct kv_batch *batch, struct bytes key, const void *data, size_t size)
{
    return kv_batch_put(batch, KV_META, key, (struct kv_value){.bytes = {data, size}});
}

static bool put_pair(struct kv_batch *batch, struct bytes key, uint64_t first, uint64_t second)
{
    uint8_t value[16];
    put_u64(value, first);
    put_u64(value + 8, second);
    return put(batch, key, value, sizeof value);
}

bool store_put_log(struct kv_batch *batch, const struct log_id *id, struct log_row row)
{
    uint8_t key[LOG_ROW_KEY];
    memcpy(key, LOGS_FROM.data, LOGS_FROM.size);
    memcpy(key + LOGS_FROM.size, id->bytes, sizeof id->bytes);
    return put_pair(batch, (struct bytes){key, sizeof key}, row.applied, row.oldest);
}

bool store_put_head(struct kv_batch *batch, struct head_row row)
{
    return put_pair(batch, HEAD, (uint64_t)row.time, row.sequence);
}

bool store_write_identity(struct store *store, struct error *error)
{
    uint8_t identity[IDENTITY_SIZE], hash_key[STORE_KEY_BYTES], incarnation[8];
    if (sodium_init() < 0)
        return error_set(error, STATUS_INTERNAL, "NO_RANDOMNESS", 0,
                         "The system gives no random numbers.");
    randombytes_buf(identity, sizeof identity);
    randombytes_buf(hash_key, sizeof hash_key);
    put_u64(incarnation, 1);
    struct kv_batch *batch = kv_batch_new();
    bool ok = batch && put(batch, IDENTITY, identity, sizeof identity) &&
              put(batch, HASH_KEY, hash_key, sizeof hash_key) &&
              put(batch, INCARNATION, incarnation, sizeof incarnation) &&
              store_put_head(batch, (struct head_row){0});
    ok = ok ? kv_write(store->kv, batch, true, error) : store_no_memory(error);
    kv_batch_free(batch);
    return ok;
}

/* Reads a row of a known size. */
static enum kv_found get(struct store *store, struct bytes key, void *ret_data, size_t size,
                         struct error *error)
{
    struct arena *arena = arena_new(4096);
    if (!arena) {
        store_no_memory(error);
        return KV_FAILED;
    }
    struct kv_value value;
    enum kv_found found = kv_get(store->kv, NULL, KV_META, key, arena, &value, error);
    if (found == KV_FOUND && value.bytes.size != size) {
        store_damaged(error, "one of its own rows has the wrong size");
        found = KV_FAILED;
    }
    if (found == KV_FOUND)
        memcpy(ret_data, value.bytes.data, size);
    arena_free(arena);
    return found;
}

enum kv_found store_read_identity(struct store *store, struct error *error)
{
    uint8_t incarnation[8];
    enum kv_found found = get(store, IDENTITY, store->identity, IDENTITY_SIZE, error);
    if (found != KV_FOUND)
        return found;
    enum kv_found key = get(store, HASH_KEY, store->hash_key, STORE_KEY_BYTES, error);
    enum kv_found copy = get(store, INCARNATION, incarnation, sizeof incarnation, error);
    if (key == KV_ABSENT || copy == KV_ABSENT)
        store_damaged(error, "its hash key or incarnation is missing");
    if (key != KV_FOUND || copy != KV_FOUND)
        return KV_FAILED;
    store->incarnation = get_u64(incarnation);
    return KV_FOUND;
}

static bool read_head(struct store *store, struct error *error)
{
    uint8_t value[16];
    enum kv_found found = get(store, HEAD, value, sizeof value, error);
    if (found == KV_ABSENT)
        store_damaged(error, "its head is missing");
    if (found != KV_FOUND)
        return false;
    store_saw(store, (int64_t)get_u64(value), get_u64(value + 8));
    return true;
}

static bool read_log(struct store *store, struct bytes key, struct bytes value, struct error *error)
{
    struct log_id id;
    if (key.size != LOG_ROW_KEY || value.size != 16)
        return store_damaged(error, "a log's row has the wrong size");
    memcpy(id.bytes, (const uint8_t *)key.data + LOGS_FROM.size, sizeof id.bytes);
    struct log *log = logs_make(store->logs, &id);
    if (!log)
        return store_no_memory(error);
    log->applied = get_u64(value.data);
    atomic_store(&log->oldest, get_u64((const uint8_t *)value.data + 8));
    if (atomic_load(&log->oldest) == 0 || atomic_load(&log->oldest) > log->applied + 1)
        return store_damaged(error, "a log has been dropped beyond what was written out");
    return true;
}

struct looking {
    struct store *store;
    struct error *error;
    uint64_t last;
};

static bool look_at_log(void *data, struct log *log)
{
    struct looking *looking = data;
    uint8_t from[LOG_KEY], to[LOG_KEY];
    log_key(&log->id, log->applied + 1, from);
    log_key(&log->id, UINT64_MAX, to);
    struct kv_iterator *entries =
        kv_scan(looking->store->kv, NULL, KV_LOG, (struct bytes){from, sizeof from},
                (struct bytes){to, sizeof to}, false);
    if (!entries)
        return store_no_memory(looking->error);
    for (; kv_scan_valid(entries); kv_scan_next(entries)) {
        uint64_t sequence = kv_scan_value(entries).sequence;
        looking->last = sequence > looking->last ? sequence : looking->last;
    }
    bool ok = kv_scan_ok(entries, looking->error);
    kv_scan_free(entries);
    return ok;
}

bool store_last_sequence(struct store *store, uint64_t *ret_last, struct error *error)
{
    struct looking looking = {store, error, store->last_sequence};
    bool ok = logs_each(store->logs, look_at_log, &looking);
    if (ok)
        *ret_last = looking.last;
    return ok;
}

static bool forget(void *data, struct log *log)
{
    (void)data;
    log->applied = log->decided = 0;
    return true;
}

bool store_read_rows(struct store *store, struct error *error)
{
    store->last_sequence = 0;
    if (!read_head(store, error))
        return false;
    (void)logs_each(store->logs, forget, NULL);
    struct kv_iterator *rows = kv_scan(store->kv, NULL, KV_META, LOGS_FROM, LOGS_TO, false);
    bool ok = rows || store_no_memory(error);
    for (; ok && kv_scan_valid(rows); kv_scan_next(rows))
        ok = read_log(store, kv_scan_key(rows), kv_scan_value(rows).bytes, error);
    ok = ok && kv_scan_ok(rows, error);
    kv_scan_free(rows);
    return ok;
}
