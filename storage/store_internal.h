/*
 * What the parts of the store share: its own rows, layers and read points. Not for anybody else.
 */
#ifndef MASKLINE_STORAGE_STORE_INTERNAL_H
#define MASKLINE_STORAGE_STORE_INTERNAL_H

#include "storage/logs.h"
#include "storage/stack.h"
#include "storage/store_folder.h"

#include <pthread.h>

enum {
    IDENTITY_SIZE = 16,
    LOG_KEY = sizeof(struct log_id) + 1 + 8,
    LOG_ROW_KEY = 2 + sizeof(struct log_id)
};

/* ---- layers: the overlay's memtables ---- */

/* A log that grew while the layer was the one in use, and its last entry there. */
struct layer_log {
    struct log *log;
    uint64_t position;
};

/* A memtable and what must be known to write it out. Shared by the writer, the flusher and read points; only the writer
 * changes it, and only while it is the one in use. */
struct layer {
    _Atomic unsigned refs;
    struct memtable *table;
    struct layer_log *logs;
    size_t log_count;
    size_t log_room;
    uint64_t last_sequence;
    int64_t last_time; /* of its entries */
    int64_t born_us;   /* the monotonic clock when something first came into it; 0: it is empty */
    bool flushed;      /* the apply lock */
};

struct layer *layer_new(void);
void layer_unref(struct layer *layer);

/* ---- read points: what is durable at one moment ---- */

/* The engine and the layers over it between two groups. Both only grow, so the sequence and the snapshot hold the moment. */
struct read_point {
    unsigned refs; /* the store's lock */
    uint64_t visible;
    struct kv_snapshot *snapshot;
    unsigned count;
    struct layer *layers[LAYERS_MOST]; /* newest first */
};

enum store_state {
    STORE_OPEN,
    STORE_REOPENING, /* views wait a little */
    STORE_BROKEN,    /* it could not be reopened yet; views are refused */
};

struct store {
    struct store_options options;
    struct store_folder folder;
    struct kv *kv;
    uint8_t identity[IDENTITY_SIZE];
    uint8_t hash_key[STORE_KEY_BYTES];
    uint64_t incarnation;
    _Atomic int64_t last_time;
    uint64_t last_sequence; /* as it was persisted; the pipeline's */
    struct logs *logs;
    pthread_mutex_t lock; /* all below, and the points' refs */
    pthread_cond_t changed;
    enum store_state state;
    struct read_point *current;
    unsigned points; /* that are alive */
};

/* Makes the present moment the one that new views see. No write of a group may be under way: the writer's thread, between groups. */
bool store_publish(struct store *store, struct layer *const *layers, unsigned count,
                   uint64_t visible, struct error *error);
/* Keeps views out, and waits for those that are open. */
void store_retire(struct store *store);
void store_set_state(struct store *store, enum store_state state);

/* A time and a sequence that were persisted: later ones follow them. */
void store_saw(struct store *store, int64_t time, uint64_t sequence);

/* Less is free on the disk than there should be for writing. */
bool store_is_full(const struct store *store);

/* ---- the store's own rows ---- */

struct log_row {
    uint64_t applied;
    uint64_t oldest;
};

/* The last time and sequence that the store knows of without looking into the logs. */
struct head_row {
    int64_t time;
    uint64_t sequence;
};

bool store_put_log(struct kv_batch *batch, const struct log_id *id, struct log_row row);
bool store_put_head(struct kv_batch *batch, struct head_row row);
/* Reads again what the rows say: the head, and the table of logs (which must be empty or hold the same logs). */
bool store_read_rows(struct store *store, struct error *error);

void log_key(const struct log_id *id, uint64_t position, uint8_t ret_key[LOG_KEY]);

bool store_no_memory(struct error *error);
bool store_damaged(struct error *error, const char *what);

int64_t monotonic_us(void);

#endif
