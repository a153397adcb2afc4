/*
 * The commit pipeline: one ordered writer that decides commands, makes groups of them durable, and completes them.
 *
 * No thread waits for a commit: submit returns at once, `done` comes later on the writer's thread. A rejected command too is
 * completed only when the group before it is durable, since its answer may tell of what was decided before.
 */
#ifndef MASKLINE_STORAGE_PIPELINE_H
#define MASKLINE_STORAGE_PIPELINE_H

#include "storage/txn.h"

struct pipeline;

enum command_outcome {
    COMMAND_DURABLE, /* decided, and what it wrote is on the disk; also when it wrote nothing */
    COMMAND_UNKNOWN, /* the write failed: it may have happened or not; ask again after the store is back */
    /* Nothing was written, and what decide may have found does not count: the store is full, reopening or closing, too many wait,
     * the store could not be read, or there is no memory; `error` says which. */
    COMMAND_REFUSED,
};

/* Belongs to the caller, who keeps it alive from submit until `done` is called, and may free it there. */
struct command {
    /* Optional, on the submitting thread: reads what decide will read, so that the writer finds it in the cache. */
    void (*prefetch)(struct command *command, struct view *view);
    /* On the writer's thread; must not block. False: the command was rejected (it keeps the reason itself) and nothing that it
     * wrote stays. */
    bool (*decide)(struct command *command, struct txn *txn);
    /* On the writer's thread; must not block; once. `error` is set unless the outcome is COMMAND_DURABLE. */
    void (*done)(struct command *command, enum command_outcome outcome, const struct error *error);
    uint32_t
        tenant; /* who asks: whose rows it is about (txn_tenant, view_tenant); 0: it is not said */
    struct command *next; /* the pipeline's */
};

/* What the store runs but does not know. */
struct pipeline_domain {
    void *data;
    /* The rows that follow from an entry (txn.h). False only when a derive function gave false, or the entry cannot be read. */
    bool (*derive)(void *data, struct derivation *derivation, struct bytes entry);
    /* Optional. An entry that readers can see, as it stands in the log; the log's later ones come later, and then `grown`. Not every
     * entry is told: who lacks one reads it. Writer's thread. */
    void (*appended)(void *data, const struct log_id *log, uint64_t position, struct bytes entry);
    /* Optional. An entry that stands in a log says something else from now on (txn_rewrite), to readers too: what is kept of it in
     * memory must go, and what was read of it and is not kept yet. Writer's thread, before `done` of the command concerned. `log` is
     * NULL when nobody knows which were rewritten: after a start's replay and after a failed write, before the store is read again. */
    void (*rewritten)(void *data, const struct log_id *log, uint64_t position);
    /* A log has grown and readers can see it; `logs` have, at once, this one included (UINT_MAX: nobody has counted). Writer's thread,
     * before `done` of the commands concerned. */
    void (*grown)(void *data, const struct log_id *log, uint64_t last_position, unsigned logs);
    /* Memory outside the store (timers, pools) must be made again from what is durable: after the start's replay, and after a
     * failed write. No command is decided meanwhile. Writer's thread, but at the start the caller's. */
    bool (*rebuild)(void *data, struct view *view, struct error *error);
    /* Optional. An entry whose rows were derived is taken back: its decision was refused. What `derive` has told memory outside the
     * store of it does not hold. Writer's thread. */
    void (*undone)(void *data, const struct log_id *log);
    /* Optional. Before the first and after the last `done` of a group: what they have for other threads can be handed over at once.
     * Writer's thread. */
    void (*completing)(void *data, bool begins);
};

/* How a group becomes durable. `commit` may return before that; it calls `committed` once, on any thread. The local one writes
 * with one fsync on the writer's thread. */
struct durability {
    void *data;
    void (*commit)(void *data, struct kv *kv, struct kv_batch *batch,
                   void (*committed)(void *group, const struct error *failure), void *group);
};

struct pipeline_options {
    unsigned max_queued; /* commands waiting; more are refused with RESOURCE_EXHAUSTED. 0: 65,536 */
    unsigned max_group;  /* commands in one write. 0: 4,096 */
    const struct durability *durability; /* NULL: the local one */
    uint64_t (*random)(void *data);      /* for SIDs; NULL: the system's */
    void *random_data;
};

/* Replays what the crash left behind, calls rebuild, then starts the writer and the flusher. *ret_pipeline is set before rebuild is called,
 * which may ask for positions, and is NULL again when the start fails. */
bool pipeline_start(struct store *store, const struct pipeline_domain *domain,
                    const struct pipeline_options *options, struct pipeline **ret_pipeline,
                    struct error *error);

/* Any thread. `done` is always called, perhaps before this returns when the pipeline refuses. */
void pipeline_submit(struct pipeline *pipeline, struct command *command);

/* The last position of a log that readers can see; 0 for an unknown log. Any thread. */
uint64_t pipeline_position(struct pipeline *pipeline, const struct log_id *log);

/* The oldest position that a log still has; 1 from the start. Any thread. */
uint64_t pipeline_oldest(struct pipeline *pipeline, const struct log_id *log);

/* Drops a log's entries up to and with `through`, in a range; never beyond what has been written out. Writer's thread (in a decision) or
 * any other. They are gone from reads at once, from the disk later. */
bool pipeline_trim(struct pipeline *pipeline, const struct log_id *log, uint64_t through,
                   struct error *error);

/* Why commands are refused now (a full disk, a store that is being reopened); false when they are not. Any thread. */
bool pipeline_refuses(struct pipeline *pipeline, struct error *ret_why);

/* Writes everything that is durable by now to its last place (for tests, backup). False when a write failed meanwhile and the store is
 * opened anew; nothing is lost by that. Any thread but the writer's. */
bool pipeline_flush(struct pipeline *pipeline, struct error *error);

/* Refuses new commands, completes those that wait, writes the overlay out, stops the threads. NULL is fine. */
void pipeline_free(struct pipeline *pipeline);

/* ---- reads that may wait for the disk ---- */

/* A few threads for lists and catch-up reads, so that neither RPC threads nor the writer wait for them. */
struct readers;
struct readers *readers_new(unsigned threads);
/* Runs `read(data)` on one of them; false when too many wait (say RESOURCE_EXHAUSTED). Any thread. */
bool readers_run(struct readers *readers, void (*read)(void *data), void *data);
/* Runs what waits, then ends the threads. */
void readers_free(struct readers *readers);

#endif
