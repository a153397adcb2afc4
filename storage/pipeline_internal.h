/*
 * What the parts of the pipeline share. Not for anybody else.
 *
 * The writer's thread decides, commits, and is the only one that makes read points and changes layers. The flusher's thread writes
 * frozen layers to the engine. While the pipeline starts, the thread that starts it is the writer.
 *
 * The apply lock orders what reaches the engine: the writer says under it which sequence it is about to commit; the flusher holds it
 * from its look at newer versions until it has written a piece. So the engine never gets an older version after a newer one. Both
 * take it by apply_enter, in turns: the flusher, which wants it again at once, would keep the writer out until all is written.
 * The store's lock may be taken while it is held, not the other way round.
 */
#ifndef MASKLINE_STORAGE_PIPELINE_INTERNAL_H
#define MASKLINE_STORAGE_PIPELINE_INTERNAL_H

#include "proto/c/sid.h"
#include "storage/pipeline.h"
#include "storage/store_internal.h"

enum {
    ENTRY_MOST = 1 << 20,
    GROUP_BYTES = 8 << 20,  /* a group that holds so much takes no more commands */
    LAYER_BYTES = 64 << 20, /* a layer that holds so much is frozen */
    RANDOM_STOCK = 64,
};

/* Commands that wait for the writer: pushed by any thread, taken all at once. */
struct queue {
    _Atomic(struct command *) newest;
    _Atomic unsigned count;
};

/* An entry of the group that is being decided. */
struct group_entry {
    struct log *log;
    uint64_t position;
    struct kv_value value;
};

/* An entry that stands in a log, of the same group perhaps, and that a decision of the group has replaced. */
struct group_rewrite {
    struct log_id log;
    uint64_t position;
};

struct txn {
    struct pipeline *pipeline;
    int64_t now;
    uint32_t tenant;
    struct arena *arena;      /* the group's */
    struct memtable *staging; /* what this decision has written so far */
    size_t first_entry;       /* of this decision, in the group's entries */
    size_t first_rewrite;     /* of this decision, in the group's rewrites */
    size_t batch_mark;        /* what the batch held before it */
    bool failed;
    struct error failure;
};

struct decided {
    struct command *command;
    bool has_effects;
    const struct error *failure; /* NULL: none */
};

/* What the writer alone touches. */
struct group {
    struct kv_batch *batch;
    struct arena *arena;
    struct decided *decided;
    size_t decided_count;
    struct group_entry *entries;
    size_t entry_count;
    size_t entry_room;
    struct memtable *entry_table; /* the first `tabled` entries, for decisions that read the log */
    size_t tabled;
    struct log *grown;
    struct group_rewrite *rewrites;
    size_t rewrite_count;
    size_t rewrite_room;
    uint64_t last_sequence; /* of all that it writes */
    struct error no_memory; /* why its commands are refused when it is broken */
    bool broken; /* memory ran out in the middle: neither done nor undone, so it is not written */
};

enum refusal { REFUSE_NONE, REFUSE_FULL, REFUSE_BUSY, REFUSE_REOPENING, REFUSE_CLOSING };

struct pipeline {
    struct store *store;
    struct pipeline_domain domain;
    struct pipeline_options options;
    struct durability durability;
    struct sid_mint
        mint; /* `last` numbers the store's writes, too: a sequence is later than all SIDs before it */
    uint64_t random_stock[RANDOM_STOCK];
    unsigned random_left;
    struct txn txn;
    struct group group;
    _Atomic bool reopening;
    _Atomic bool awaits_room; /* before it does; this is what callers hear then */

    pthread_t writer;
    pthread_mutex_t wake_lock;
    pthread_cond_t wake;
    struct queue queue;
    _Atomic bool sleeping; /* the writer waits to be woken */
    _Atomic bool called;   /* there is something else to do than commands */
    _Atomic bool stopping;
    uint64_t frozen; /* layers ever frozen; the writer's */
    uint64_t
        flush_target; /* how many must be written out for the calls in flush_frozen; the writer's */

    pthread_mutex_t commit_lock; /* what the durability step has answered */
    pthread_cond_t commit_answered;
    bool commit_done;
    bool commit_failed;
    struct error commit_error;

    pthread_t flusher;
    pthread_mutex_t turn_lock;  /* see apply_enter */
    pthread_mutex_t apply_lock; /* all below */
    pthread_cond_t applied;
    struct layer *layers
        [LAYERS_MOST]; /* newest first; the writer changes them, and may read them without the lock */
    unsigned layer_count;
    struct head_row applying; /* the last group that was handed to the durability step */
    uint64_t durable_sequence;
    bool halted;   /* the flusher is to leave off */
    bool flushing; /* it is at work */
    bool flush_failed;
    bool flusher_ends;
    /* Calls of pipeline_flush, by number: the newest; those whose rows are all in frozen layers; those that are through; those that
     * a failed write has overtaken. */
    uint64_t flush_wanted;
    uint64_t flush_frozen;
    uint64_t flush_done;
    uint64_t flush_lost;
    /* Calls for a new read point. */
    uint64_t renew_wanted;
    uint64_t renew_done;
    struct kv_batch *flush_batch; /* of whoever flushes or trims */
};

/* Takes the apply lock: whoever waits for it comes before who has just had it. */
static inline void apply_enter(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->turn_lock);
    pthread_mutex_lock(&pipeline->apply_lock);
    pthread_mutex_unlock(&pipeline->turn_lock);
}

/* ---- queue.c ---- */
void queue_push(struct queue *queue, struct command *command);
/* All that wait, in the order in which they came. */
struct command *queue_take(struct queue *queue);
void pipeline_wake(struct pipeline *pipeline);
/* Until there are commands or a call, or that time (of the monotonic clock; 0: no limit) has come. */
void pipeline_sleep(struct pipeline *pipeline, int64_t until_us);

/* ---- txn.c ---- */
void txn_begin(struct txn *txn);
/* Makes what the decision wrote part of the group, all or, when there is no memory, nothing of it: then false, and it has failed. */
bool txn_keep(struct txn *txn, bool *ret_effects);
void txn_undo(struct txn *txn);
/* The stack that a decision reads. */
struct stack txn_stack(struct txn *txn, enum kv_family family, int64_t now);
/* Ends the decision; returns false. */
bool txn_fail(struct txn *txn, const struct error *error);

/* ---- derive.c ---- */
/* Calls derive for an entry: into the decision's staging, or in a replay (`txn` without a decision) into the layer in use. */
bool derive_live(struct txn *txn, const struct group_entry *entry, struct bytes bytes,
                 struct error *error);
bool derive_replay(struct pipeline *pipeline, const struct group_entry *entry, struct bytes bytes,
                   struct error *error);

/* ---- layers.c: writer's thread ---- */
bool layers_begin(struct pipeline *pipeline); /* one empty layer */
void layers_drop(struct pipeline *pipeline);
/* Something comes into the layer in use: from now on it grows old. */
void layers_touch(struct pipeline *pipeline);
/* Afterwards so many entries can be noted without fail. */
bool layers_reserve(struct pipeline *pipeline, size_t entries);
/* Notes an entry in the layer in use. */
bool layers_note(struct pipeline *pipeline, const struct group_entry *entry);
bool layers_full(const struct pipeline *pipeline);
/* Freezes the layer in use, and puts an empty one in its place. There must be room for it. */
bool layers_freeze(struct pipeline *pipeline);
/* Takes out what has been written out; says whether there was any. */
bool layers_drop_flushed(struct pipeline *pipeline);

/* ---- flush.c ---- */
/* Writes a frozen layer out: its rows, then how far its logs are. With `heeds_halt` it gives up, with code CANCELLED, when it is told to. */
bool flush_layer(struct pipeline *pipeline, const struct layer *layer, bool heeds_halt,
                 struct error *error);
void *flusher_run(void *pipeline);

/* ---- replay.c ---- */
/* Derives what the engine does not have yet, from all logs. */
bool replay_all(struct pipeline *pipeline, struct error *error);

/* ---- recover.c: writer's thread ---- */
/* Replays, publishes, has the domain's memory made again. */
bool recover_ready(struct pipeline *pipeline, struct error *error);
/* Closes the store, opens it again and makes it ready, as often as it takes, or until the pipeline stops. */
void recover_reopen(struct pipeline *pipeline);

/* ---- writer.c ---- */
void *writer_run(void *pipeline);
void writer_refuse(struct pipeline *pipeline, struct command *list, enum refusal refusal);
/* Whether this thread is the writer, or stands in for it; and makes it so. */
bool writer_is_here(const struct pipeline *pipeline);
void writer_set_here(const struct pipeline *pipeline);

/* ---- refuse.c ---- */
void refusal_error(enum refusal refusal, struct error *ret_error);
/* What the pipeline refuses commands for just now. */
enum refusal refusal_now(struct pipeline *pipeline);

#endif
