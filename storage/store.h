/*
 * The store: a folder with a version, an identity and a lock; the key-value engine, the overlay over it, and reads of both.
 *
 * The log is the database. A transaction appends entries to Services' logs; everything else follows from the entries
 * (txn.h). What follows lives in an overlay in memory first and reaches the engine later; after a crash it is made again from
 * the log. A read sees the engine with the durable part of the overlay on top.
 */
#ifndef MASKLINE_STORAGE_STORE_H
#define MASKLINE_STORAGE_STORE_H

#include "proto/c/clock.h"
#include "storage/kv.h"

struct store;

enum { STORE_VERSION = 1, STORE_KEY_BYTES = 32 };

struct store_options {
    const char *path;        /* a folder, made when absent; ":memory:" for tests */
    struct clock clock;      /* wall time */
    size_t cache_bytes;      /* 0: default */
    uint64_t free_bytes_low; /* writes are refused when the disk has less free space; 0: 512 MiB */
    uint64_t (*free_bytes)(void *data); /* tells the free space; NULL: asks the file system */
    void *free_bytes_data;
    /* Rows beside the log are written at most so late. 0: 1 s and 50,000 rows. */
    int64_t flush_after_us;
    unsigned flush_rows;
};

/* Opens the store, or makes one in an empty or absent folder. Refused with a clear message, and nothing touched: a folder in use by
 * another process (FAILED_PRECONDITION, STORE_LOCKED), a store of a newer version (STORE_TOO_NEW), a damaged one
 * (DATA_LOSS, STORE_CORRUPT), a folder with other files in it (STORE_FOREIGN). */
bool store_open(const struct store_options *options, struct store **ret_store, struct error *error);
/* After the pipeline was freed (it writes the overlay out) and all views closed. NULL is fine. */
void store_close(struct store *store);

/* 16 bytes of identity, made with the store. The incarnation changes when an operator says that this is a copy. */
const uint8_t *store_identity(const struct store *store);
uint64_t store_incarnation(const struct store *store);
/* The secret of the keyed hashes of persons; STORE_KEY_BYTES. It lies in the store's folder from the start. */
const uint8_t *store_hash_key(const struct store *store);

/* max(wall clock, last persisted time), microseconds since 1970: never runs back, not over restarts either. Any thread. */
int64_t store_now(const struct store *store);

/* ---- reads: any thread ---- */

/* What is durable now, and stays so for as long as the view is open. Open it briefly: it holds on to memory and disk, and a store that
 * must be reopened waits for it; so do not wait for a command while you hold one. While the store is being reopened this
 * waits up to 5 s, but not on a thread that has another one open. NULL when there is no memory, or the store could not be reopened (which
 * goes on being tried). It is closed by the thread that opened it. */
struct view;
struct view *view_open(struct store *store);
/* The same for what a tenant asks: the store itself makes no difference, but whoever reads by it asks for that tenant's rows. 0: it
 * was not said. */
struct view *view_open_for(struct store *store, uint32_t tenant);
uint32_t view_tenant(const struct view *view);
/* What whoever opened it keeps with it; NULL at first. The view does not look at it. */
void view_set_data(struct view *view, void *data);
void *view_data(const struct view *view);
void view_close(struct view *view);

/* One row. The value is copied into the arena. */
enum kv_found view_get(struct view *view, enum kv_family family, struct bytes key,
                       struct arena *arena, struct kv_value *ret_value, struct error *error);

/* Rows with keys in [from, to) in order, or backwards; as kv_scan. Belongs to one thread; free it before the view. NULL when there is
 * no memory. */
struct scan;
struct scan *view_scan(struct view *view, enum kv_family family, struct bytes from, struct bytes to,
                       bool backwards);
bool scan_valid(const struct scan *scan);
void scan_next(struct scan *scan);
struct bytes scan_key(const struct scan *scan);
struct kv_value scan_value(const struct scan *scan);
bool scan_ok(const struct scan *scan, struct error *error);
void scan_free(struct scan *scan);

/* The time at which purge_after is judged in this view: rows past theirs are absent. */
int64_t view_now(const struct view *view);

/* The key just after all keys that begin with `prefix`, for scans by prefix; in the arena. When that is full it is the prefix itself, and
 * such a scan finds nothing. */
struct bytes bytes_after(struct bytes prefix, struct arena *arena);

#endif
