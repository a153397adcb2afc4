/*
 * Ordered bytes to ordered bytes: what Maskline needs of a key-value store, and the RocksDB engine behind it.
 *
 * Keys sort bytewise. Every value carries a header {format, purge_after, sequence}, which this module writes and reads. What is past
 * its purge_after is dropped by compaction, once kv_purge has said that nobody asks for it any more; until then reads here give
 * it, and their callers, who know at what time they read, treat it as absent. All functions may be called from any thread; a
 * batch, an iterator and an arena belong to one thread at a time.
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

/* Keys of KV_LIVE that belong together, and are often looked for where there are none: those that have this letter there, and all bytes
 * before KV_GROUP_SIZE in common (a person's routes, storage/keys.h). A forward scan of all keys that begin with such bytes, and of
 * nothing else, costs little when there are none. */
enum { KV_GROUP_AT = 20, KV_GROUP_SIZE = 38, KV_GROUP_LETTER = 'R' };

/* Keys of KV_LIVE and KV_IDX that have their first bytes in common are often written one after the other. */
enum { KV_HINTED = 21 };

struct bytes {
    const void *data;
    size_t size;
};

/* The prefix of a key that belongs to a group; of size 0 for others. */
struct bytes kv_group_of(enum kv_family family, struct bytes key);
/* Whether a scan is of one group and of nothing else. */
bool kv_group_scanned(enum kv_family family, struct bytes from, struct bytes to, bool backwards);

/* A value as it is kept. */
struct kv_value {
    struct bytes bytes;
    /* Microseconds since 1970; 0: kept until deleted. In KV_LOG, which is dropped in ranges: when the entry was written. */
    int64_t purge_after;
    uint64_t
        sequence; /* which of all the store's writes made it so; later ones have greater numbers */
};

enum kv_found { KV_FOUND, KV_ABSENT, KV_FAILED };

struct kv_options {
    size_t cache_bytes;  /* of blocks, filters and indexes of all families together. 0: 64 MiB */
    size_t row_bytes;    /* of rows that were read, beside the blocks. 0: none are kept */
    size_t write_buffer; /* what all memtables together may hold. 0: 64 MiB */
    bool must_exist;     /* do not make a store where there is none */
    bool read_only;      /* nothing is changed, not even what the engine would tidy up */
    /* A record of the engine's log that cannot be read ends the log, as a power loss leaves it; what comes after it is dropped for
     * good. Without this such a store is refused. */
    bool mend;
};

/* Opens or makes the store in the folder `path`; ":memory:" makes one that lives in memory and goes when it is closed. Errors:
 * FAILED_PRECONDITION STORE_LOCKED, DATA_LOSS STORE_CORRUPT, RESOURCE_EXHAUSTED DISK_FULL, UNAVAILABLE STORE_FAILED. */
bool kv_open(const char *path, const struct kv_options *options, struct kv **ret_kv,
             struct error *error);
/* After the last snapshot and iterator are gone. NULL is fine. */
void kv_close(struct kv *kv);

/* Closes the store and opens it again, as with `mend`, which ends what kv_broken tells of. After the last snapshot and iterator are gone, and with no
 * other call under way. When it fails the store stays broken, cannot be read, and this may be tried again. */
bool kv_reopen(struct kv *kv, struct error *error);
bool kv_broken(const struct kv *kv);

/* From now on compaction may drop what has a purge_after before this time. None is dropped before the first call. */
void kv_purge(struct kv *kv, int64_t before);

/* NULL when there is no memory or the store could not be reopened. */
struct kv_snapshot *kv_snapshot_new(struct kv *kv);
void kv_snapshot_free(struct kv *kv, struct kv_snapshot *snapshot);

/* Reads one key; `snapshot` NULL reads the newest. The value is copied into the arena. */
enum kv_found kv_get(struct kv *kv, const struct kv_snapshot *snapshot, enum kv_family family,
                     struct bytes key, struct arena *arena, struct kv_value *ret_value,
                     struct error *error);

/* Keys in [from, to) in order; `to` of size 0 means to the end. With `backwards` from the last one down. Key and value of the
 * current place are valid until the next step. NULL when there is no memory. */
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

/* Writes that happen together or not at all. They are sorted by family and key before they are written; of two for one key the
 * later counts. Ranges are deleted before anything else is written. What is put in is copied. The functions say false when there
 * is no memory. */
struct kv_batch *kv_batch_new(void);
void kv_batch_free(struct kv_batch *batch);
bool kv_batch_put(struct kv_batch *batch, enum kv_family family, struct bytes key,
                  struct kv_value value);
bool kv_batch_delete(struct kv_batch *batch, enum kv_family family, struct bytes key);
/* All keys in [from, to). In KV_LIVE and KV_IDX `from` must be shorter than KV_HINTED bytes; false when it is not. */
bool kv_batch_delete_range(struct kv_batch *batch, enum kv_family family, struct bytes from,
                           struct bytes to);
/* The write fails with ABORTED, and changes nothing, unless the key is absent (size 0) or holds exactly these bytes. Checked and written
 * under one lock against other kv_write calls. */
bool kv_batch_expect(struct kv_batch *batch, enum kv_family family, struct bytes key,
                     struct bytes value);
/* Afterwards so many of the above, of together so many bytes of keys and values, can be put in without fail. */
bool kv_batch_reserve(struct kv_batch *batch, size_t count, size_t bytes);
/* How many of the above the batch holds, and their bytes. */
size_t kv_batch_count(const struct kv_batch *batch);
size_t kv_batch_bytes(const struct kv_batch *batch);
/* Takes back all but the first `count`. */
void kv_batch_cut(struct kv_batch *batch, size_t count);
void kv_batch_clear(struct kv_batch *batch);

/* Writes the batch and empties it, also when it fails. With `sync` it is on the disk when this returns true. */
bool kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct error *error);

/* Rewrites a family without what is deleted or may be purged; takes as long as it takes. For operators and tests. */
bool kv_compact(struct kv *kv, enum kv_family family, struct error *error);

/* Bytes on disk, memory used; for statistics. */
struct kv_counts {
    uint64_t disk_bytes;
    uint64_t memory_bytes;
    uint64_t keys; /* estimated */
};
void kv_count(struct kv *kv, struct kv_counts *ret_counts);

#endif
