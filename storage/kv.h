/*
 * Ordered bytes to ordered bytes: what Maskline needs of a key-value store, and the RocksDB engine behind it.
 *
 * Keys sort bytewise. Every value carries a header {format, purge_after, position}, which this module writes and reads: a value
 * whose purge_after has passed is absent to every read, and compaction drops it. All functions may be called from any
 * thread; a batch, an iterator and an arena belong to one thread at a time.
 *
 * After any failed write the store refuses further writes (kv_broken) until it is closed and opened again: what is on disk is
 * then known only after reopening.
 */
#ifndef MASKLINE_STORAGE_KV_H
#define MASKLINE_STORAGE_KV_H

#include "proto/c/arena.h"
#include "proto/c/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv;
struct kv_snapshot;
struct kv_batch;
struct kv_iterator;

/* What is kept apart because it is used apart. */
enum kv_family {
    KV_LOG,  /* entries of the Services' logs: written in order, read in order, dropped in ranges */
    KV_LIVE, /* sessions, routes, numbers, interactions */
    KV_IDX,  /* what lists and timers look things up by */
    KV_META, /* what Services share; small */
    KV_FAMILIES,
};

struct bytes {
    const void *data;
    size_t size;
};

/* A value as it is kept. */
struct kv_value {
    struct bytes bytes;
    int64_t purge_after; /* microseconds since 1970; 0: kept until deleted */
    uint64_t position;   /* of the log entry that made it so; 0: none did */
};

enum kv_found { KV_FOUND, KV_ABSENT, KV_FAILED };

struct kv_options {
    size_t
        cache_bytes; /* 64 MiB when 0: one block cache for all families, filters and indexes in it */
    size_t write_buffer; /* 64 MiB when 0: what all memtables together may hold */
    int (*now_expired)(
        void *data,
        int64_t purge_after); /* whether that time has passed; must be thread-safe. NULL: never */
    void *data;
};

/* Opens or makes the store in the folder `path`; ":memory:" makes one that lives in memory and goes when it is closed. */
bool kv_open(const char *path, const struct kv_options *options, struct kv **ret_kv,
             struct error *error);
/* After the last snapshot and iterator are gone. NULL is fine. */
void kv_close(struct kv *kv);
bool kv_broken(const struct kv *kv);

struct kv_snapshot *kv_snapshot_new(struct kv *kv);
void kv_snapshot_free(struct kv *kv, struct kv_snapshot *snapshot);

/* Reads one key; `snapshot` NULL reads the newest. The value is copied into the arena. */
enum kv_found kv_get(struct kv *kv, const struct kv_snapshot *snapshot, enum kv_family family,
                     struct bytes key, struct arena *arena, struct kv_value *ret_value,
                     struct error *error);

/* Keys in [from, to) in order; `to` of size 0 means to the end. With `backwards` from the last one down. Key and value of the
 * current place are valid until the next step. */
struct kv_iterator *kv_scan(struct kv *kv, const struct kv_snapshot *snapshot,
                            enum kv_family family, struct bytes from, struct bytes to,
                            bool backwards);
bool kv_scan_valid(const struct kv_iterator *iterator);
void kv_scan_next(struct kv_iterator *iterator);
struct bytes kv_scan_key(const struct kv_iterator *iterator);
struct kv_value kv_scan_value(const struct kv_iterator *iterator);
/* False when the scan ended because of an error. */
bool kv_scan_ok(const struct kv_iterator *iterator, struct error *error);
void kv_scan_free(struct kv_iterator *iterator);

/* Writes that happen together or not at all. The batch sorts them by family and key before it is written; of two for one key the
 * later counts. It is empty again after kv_write. */
struct kv_batch *kv_batch_new(void);
void kv_batch_free(struct kv_batch *batch);
bool kv_batch_put(struct kv_batch *batch, enum kv_family family, struct bytes key,
                  struct kv_value value);
bool kv_batch_delete(struct kv_batch *batch, enum kv_family family, struct bytes key);
/* All keys in [from, to). */
bool kv_batch_delete_range(struct kv_batch *batch, enum kv_family family, struct bytes from,
                           struct bytes to);
/* The write fails with ABORTED, and changes nothing, unless the key is absent (size 0) or holds exactly these bytes. Checked and written
 * under one lock against other kv_write calls. */
bool kv_batch_expect(struct kv_batch *batch, enum kv_family family, struct bytes key,
                     struct bytes value);
size_t kv_batch_count(const struct kv_batch *batch);

/* With `sync` it is on the disk when this returns true. */
bool kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error);

/* Bytes on disk, memory used; for statistics. */
struct kv_counts {
    uint64_t disk_bytes;
    uint64_t memory_bytes;
    uint64_t keys; /* estimated */
};
void kv_count(struct kv *kv, struct kv_counts *ret_counts);

#endif
