#include "storage/logs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 256 };

struct logs {
    pthread_rwlock_t lock; /* the buckets and their chains */
    struct log **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

struct logs *logs_new(void)
{
    struct logs *logs = calloc(1, sizeof *logs);
    if (!logs)
        return NULL;
    logs->bucket_count = FIRST_BUCKETS;
    logs->buckets = calloc(FIRST_BUCKETS, sizeof *logs->buckets);
    if (!logs->buckets) {
        free(logs);
        return NULL;
    }
    pthread_rwlock_init(&logs->lock, NULL);
    return logs;
}

void logs_free(struct logs *logs)
{
    if (!logs)
        return;
    for (size_t i = 0; i < logs->bucket_count; i++) {
        for (struct log *log = logs->buckets[i], *next; log; log = next) {
            next = log->next_in_bucket;
            free(log);
        }
    }
    pthread_rwlock_destroy(&logs->lock);
    free(logs->buckets);
    free(logs);
}

static uint64_t hash_of(const struct log_id *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof id->bytes; i++)
        hash = (hash ^ id->bytes[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static struct log *find(const struct logs *logs, const struct log_id *id)
{
    struct log *log = logs->buckets[hash_of(id) & (logs->bucket_count - 1)];
    while (log && memcmp(&log->id, id, sizeof *id) != 0)
        log = log->next_in_bucket;
    return log;
}

struct log *logs_find(struct logs *logs, const struct log_id *id)
{
    pthread_rwlock_rdlock(&logs->lock);
    struct log *log = find(logs, id);
    pthread_rwlock_unlock(&logs->lock);
    return log;
}

static void put(struct log **buckets, size_t bucket_count, struct log *log)
{
    struct log **bucket = &buckets[hash_of(&log->id) & (bucket_count - 1)];
    log->next_in_bucket = *bucket;
    *bucket = log;
}

/* Without memory for more buckets the chains get longer, no worse. */
static void widen(struct logs *logs)
{
    size_t bucket_count = 2 * logs->bucket_count;
    struct log **buckets = calloc(bucket_count, sizeof *buckets);
    if (!buckets)
        return;
    for (size_t i = 0; i < logs->bucket_count; i++) {
        for (struct log *log = logs->buckets[i], *next; log; log = next) {
            next = log->next_in_bucket;
            put(buckets, bucket_count, log);
        }
    }
    free(logs->buckets);
    logs->buckets = buckets;
    logs->bucket_count = bucket_count;
}

struct log *logs_make(struct logs *logs, const struct log_id *id)
{
    struct log *log = find(logs, id); /* whoever makes is the only one who changes the table */
    if (log)
        return log;
    log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->id = *id;
    atomic_init(&log->oldest, 1);
    pthread_rwlock_wrlock(&logs->lock);
    if (logs->count >= 2 * logs->bucket_count)
        widen(logs);
    put(logs->buckets, logs->bucket_count, log);
    logs->count++;
    pthread_rwlock_unlock(&logs->lock);
    return log;
}

bool logs_each(struct logs *logs, bool (*visit)(void *data, struct log *log), void *data)
{
    bool go_on = true;
    pthread_rwlock_rdlock(&logs->lock);
    for (size_t i = 0; go_on && i < logs->bucket_count; i++) {
        for (struct log *log = logs->buckets[i]; go_on && log; log = log->next_in_bucket)
            go_on = visit(data, log);
    }
    pthread_rwlock_unlock(&logs->lock);
    return go_on;
}
