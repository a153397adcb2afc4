#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

#include <limits.h>

enum { FIRST_PAUSE_US = 100000, LONGEST_PAUSE_US = 5000000 };

static bool show_log(void *data, struct log *log)
{
    (void)data;
    /* It may have grown in an attempt that came to nothing after this: that is still to be told. */
    if (log->decided > atomic_load(&log->durable))
        log->grown = true;
    atomic_store(&log->durable, log->decided);
    return true;
}

static bool tell_log(void *data, struct log *log)
{
    struct pipeline *pipeline = data;
    if (log->grown && pipeline->domain.grown)
        pipeline->domain.grown(pipeline->domain.data, &log->id, log->decided, UINT_MAX);
    log->grown = false;
    return true;
}

static bool rebuild(struct pipeline *pipeline, struct error *error)
{
    if (!pipeline->domain.rebuild)
        return true;
    struct view *view = view_open(pipeline->store);
    if (!view)
        return store_no_memory(error);
    bool ok = pipeline->domain.rebuild(pipeline->domain.data, view, error);
    view_close(view);
    return ok;
}

bool recover_ready(struct pipeline *pipeline, struct error *error)
{
    struct store *store = pipeline->store;
    if (!layers_begin(pipeline))
        return store_no_memory(error);
    if (!replay_all(pipeline, error))
        return false;
    FAILPOINT("recover_after_replay");
    if (!store_publish(store, pipeline->layers, pipeline->layer_count, pipeline->mint.last, error))
        return false;
    (void)logs_each(store->logs, show_log, NULL);
    /* What a failed write has rewritten may be on the disk. Nobody reads yet, and nobody holds a view of before. */
    if (pipeline->domain.rewritten && !MUTANT("failed_rewrite_stays_at_hand"))
        pipeline->domain.rewritten(pipeline->domain.data, NULL, 0);
    store_set_state(store, STORE_OPEN);
    FAILPOINT("recover_before_rebuild");
    if (!MUTANT("nothing_rebuilt") && !rebuild(pipeline, error))
        return false;
    FAILPOINT("recover_after_rebuild");
    return true;
}

static void halt_flusher(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->apply_lock);
    pipeline->halted = true;
    pthread_cond_broadcast(&pipeline->applied);
    while (pipeline->flushing)
        pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
    pthread_mutex_unlock(&pipeline->apply_lock);
}

/* Nobody writes, nobody reads, nothing is known that is not on the disk. */
static void let_go(struct pipeline *pipeline)
{
    store_set_state(pipeline->store, STORE_REOPENING);
    halt_flusher(pipeline);
    layers_drop(pipeline);
    store_retire(pipeline->store);
}

/* Who waits for a flush or a new read point waits in vain. With the apply lock held. */
static void end_waits(struct pipeline *pipeline)
{
    pipeline->flush_frozen = pipeline->flush_wanted;
    pipeline->flush_done = pipeline->flush_lost = pipeline->flush_wanted;
    pipeline->renew_done = pipeline->renew_wanted;
    pthread_cond_broadcast(&pipeline->applied);
}

static void go_on(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->apply_lock);
    pipeline->halted = false;
    pipeline->flush_failed = false;
    end_waits(pipeline);
    pthread_mutex_unlock(&pipeline->apply_lock);
}

/* It may not be ready for long, or ever: who waits for what it does then may be who is to stop before it can. */
static void stay_broken(struct pipeline *pipeline)
{
    store_set_state(pipeline->store, STORE_BROKEN);
    pthread_mutex_lock(&pipeline->apply_lock);
    end_waits(pipeline);
    pthread_mutex_unlock(&pipeline->apply_lock);
}

static bool try_again(struct pipeline *pipeline, struct error *error)
{
    struct store *store = pipeline->store;
    FAILPOINT("reopen_before_letting_go");
    let_go(pipeline);
    FAILPOINT("reopen_before_engine");
    if (!kv_reopen(store->kv, error))
        return false;
    FAILPOINT("reopen_after_engine");
    return store_read_rows(store, error) && recover_ready(pipeline, error);
}

/* Waits, and refuses who comes meanwhile. */
static void pause_us(struct pipeline *pipeline, int64_t pause, enum refusal refusal)
{
    int64_t until = monotonic_us() + pause;
    while (monotonic_us() < until && !atomic_load(&pipeline->stopping)) {
        pipeline_sleep(pipeline, until);
        atomic_store(&pipeline->called, false);
        writer_refuse(pipeline, queue_take(&pipeline->queue), refusal);
    }
}

/* On a full disk a store can be closed, but hardly opened again: until there is room, the engine stays as the failed write has left it, and
 * reads go on, of what was durable before. False: the pipeline stops, and what the overlay has must not be written out. */
static bool await_room(struct pipeline *pipeline)
{
    struct store *store = pipeline->store;
    if (!store_is_full(store) || MUTANT("full_disk_ends_reading"))
        return true;
    halt_flusher(pipeline);
    atomic_store(&pipeline->awaits_room, true);
    while (store_is_full(store) && !atomic_load(&pipeline->stopping)) {
        pthread_mutex_lock(&pipeline->apply_lock);
        end_waits(pipeline);
        pthread_mutex_unlock(&pipeline->apply_lock);
        pause_us(pipeline, FIRST_PAUSE_US, REFUSE_FULL);
    }
    atomic_store(&pipeline->awaits_room, false);
    if (!atomic_load(&pipeline->stopping))
        return true;
    pthread_mutex_lock(&pipeline->apply_lock);
    pipeline->flush_failed = true;
    end_waits(pipeline);
    pthread_mutex_unlock(&pipeline->apply_lock);
    return false;
}

void recover_reopen(struct pipeline *pipeline)
{
    struct error error;
    int64_t pause = FIRST_PAUSE_US;
    atomic_store(&pipeline->reopening, true);
    if (!await_room(pipeline))
        return;
    bool ready;
    while (!(ready = try_again(pipeline, &error))) {
        stay_broken(pipeline);
        pause_us(pipeline, pause, REFUSE_REOPENING);
        pause = pause * 2 < LONGEST_PAUSE_US ? pause * 2 : LONGEST_PAUSE_US;
        if (atomic_load(&pipeline->stopping))
            break;
    }
    FAILPOINT("reopen_before_going_on");
    /* What was not made ready decides nothing, though the pipeline goes on to its end. */
    if (!ready)
        layers_drop(pipeline);
    go_on(pipeline);
    if (pipeline->layer_count > 0)
        (void)logs_each(pipeline->store->logs, tell_log, pipeline);
    atomic_store(&pipeline->reopening, false);
}
