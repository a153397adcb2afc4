/*
 * What the parts of the RocksDB engine share. Not for anybody else.
 */
#ifndef MASKLINE_STORAGE_KV_INTERNAL_H
#define MASKLINE_STORAGE_KV_INTERNAL_H

#include "storage/encode.h"
#include "storage/kv.h"
#include "storage/kv_rows.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

/* In front of every value: format, purge_after, sequence. */
enum { VALUE_FORMAT = 1, VALUE_HEADER = 1 + 8 + 8 };

/* RocksDB's settings, and what they own. Outlives the handle that was opened with them. */
struct kv_engine {
    rocksdb_options_t *database;
    rocksdb_options_t *families[KV_FAMILIES];
    rocksdb_cache_t *cache;
    rocksdb_env_t *memory; /* NULL: on disk */
    rocksdb_compactionfilter_t *filter;
    _Atomic int64_t purge_before;
};

struct kv {
    struct kv_engine engine;
    rocksdb_t *handle; /* NULL: reopening has failed */
    rocksdb_column_family_handle_t *families[KV_FAMILIES];
    struct kv_rows *rows; /* NULL: none are kept */
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write;
    rocksdb_writeoptions_t *write_synced;
    /* Shared by plain writes; alone for those that check first what they expect. */
    pthread_rwlock_t write_lock;
    _Atomic bool broken;
    char path[];
};

struct kv_snapshot {
    uint64_t moment; /* kv_rows.h */
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *read;
};

void kv_engine_make(struct kv_engine *engine, const struct kv_options *options, bool in_memory);
void kv_engine_drop(struct kv_engine *engine);
/* Removes what an opening leaves in the folder for nobody. */
void kv_engine_tidy(const char *path);

/* The families' names in RocksDB. */
extern const char *const KV_FAMILY_NAMES[KV_FAMILIES];

/* The prefixes that groups of keys have in common, for a family's settings, which own it. */
rocksdb_slicetransform_t *kv_group_prefixes(void);

/* Turns RocksDB's text into an error, and frees it. Returns false. */
bool kv_failure(struct error *error, const char *doing, char *text);

/* Takes a value apart; false when it is none of ours. The bytes stay where they are. */
bool kv_value_read(const char *data, size_t size, struct kv_value *ret_value);

/* The batch's writes in RocksDB's form, sorted; false when there is no memory. */
bool kv_batch_emit(struct kv_batch *batch, const struct kv *kv, rocksdb_writebatch_t **ret_writes);

/* Calls `visit` for each row that the batch writes; ranges are left out. */
void kv_batch_each(const struct kv_batch *batch,
                   void (*visit)(struct kv_rows *rows, enum kv_family family, struct bytes key),
                   struct kv_rows *rows);
/* Whether it deletes ranges of anything but the log. */
bool kv_batch_has_ranges(const struct kv_batch *batch);

/* What must hold for the batch to be written: `visit` is called for each until it says false. */
struct kv_expectation {
    enum kv_family family;
    struct bytes key;
    struct bytes value; /* size 0: absent */
};
bool kv_batch_expects(const struct kv_batch *batch);
bool kv_batch_visit(const struct kv_batch *batch,
                    bool (*visit)(void *data, const struct kv_expectation *expectation),
                    void *data);

#endif
