#include "storage/pipeline.h"
#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

#include <sodium.h>
#include <stdlib.h>

enum { MAX_QUEUED = 65536, MAX_GROUP = 4096 };

/* What one group's decisions may use as memory. */
static const size_t GROUP_ARENA = (size_t)1 << 30;

/* ---- the parts that stand in for what is not given ---- */

static void commit_locally(void *data, struct kv *kv, struct kv_batch *batch,
                           void (*committed)(void *group, const struct error *failure), void *group)
{
    (void)data;
    struct error error;
    committed(group, kv_write(kv, batch, !MUTANT("commit_unsynced"), &error) ? NULL : &error);
}

static uint64_t system_random(void *data)
{
    struct pipeline *pipeline = data;
    if (pipeline->random_left == 0) {
        randombytes_buf(pipeline->random_stock, sizeof pipeline->random_stock);
        pipeline->random_left = RANDOM_STOCK;
    }
    return pipeline->random_stock[--pipeline->random_left];
}

static void set_options(struct pipeline *pipeline, const struct pipeline_options *options)
{
    pipeline->options = options ? *options : (struct pipeline_options){0};
    if (!pipeline->options.max_queued)
        pipeline->options.max_queued = MAX_QUEUED;
    if (!pipeline->options.max_group)
        pipeline->options.max_group = MAX_GROUP;
    pipeline->durability = pipeline->options.durability
                               ? *pipeline->options.durability
                               : (struct durability){.commit = commit_locally};
    pipeline->mint = (struct sid_mint){.random = system_random, .data = pipeline};
    if (pipeline->options.random) {
        pipeline->mint.random = pipeline->options.random;
        pipeline->mint.data = pipeline->options.random_data;
    }
}

/* ---- making and freeing ---- */

static void init_locks(struct pipeline *pipeline)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pipeline->wake, &attributes);
    pthread_cond_init(&pipeline->applied, &attributes);
    pthread_cond_init(&pipeline->commit_answered, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&pipeline->wake_lock, NULL);
    pthread_mutex_init(&pipeline->turn_lock, NULL);
    pthread_mutex_init(&pipeline->apply_lock, NULL);
    pthread_mutex_init(&pipeline->commit_lock, NULL);
}

static void discard(struct pipeline *pipeline)
{
    layers_drop(pipeline);
    memtable_free(pipeline->txn.staging);
    memtable_free(pipeline->group.entry_table);
    kv_batch_free(pipeline->group.batch);
    kv_batch_free(pipeline->flush_batch);
    arena_free(pipeline->group.arena);
    free(pipeline->group.decided);
    free(pipeline->group.entries);
    free(pipeline->group.rewrites);
    pthread_mutex_destroy(&pipeline->wake_lock);
    pthread_mutex_destroy(&pipeline->turn_lock);
    pthread_mutex_destroy(&pipeline->apply_lock);
    pthread_mutex_destroy(&pipeline->commit_lock);
    pthread_cond_destroy(&pipeline->wake);
    pthread_cond_destroy(&pipeline->applied);
    pthread_cond_destroy(&pipeline->commit_answered);
    free(pipeline);
}

static struct pipeline *make(struct store *store, const struct pipeline_domain *domain,
                             const struct pipeline_options *options)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (!pipeline)
        return NULL;
    init_locks(pipeline);
    pipeline->store = store;
    pipeline->domain = *domain;
    set_options(pipeline, options);
    struct group *group = &pipeline->group;
    group->batch = kv_batch_new();
    group->arena = arena_new(GROUP_ARENA);
    store_no_memory(&group->no_memory);
    group->decided = calloc(pipeline->options.max_group, sizeof *group->decided);
    pipeline->flush_batch = kv_batch_new();
    pipeline->txn =
        (struct txn){.pipeline = pipeline, .arena = group->arena, .staging = memtable_new()};
    if (!group->batch || !group->arena || !group->decided || !pipeline->flush_batch ||
        !pipeline->txn.staging) {
        discard(pipeline);
        return NULL;
    }
    return pipeline;
}

static void end_flusher(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->apply_lock);
    pipeline->flusher_ends = true;
    pthread_cond_broadcast(&pipeline->applied);
    pthread_mutex_unlock(&pipeline->apply_lock);
    pthread_join(pipeline->flusher, NULL);
}

static bool start_threads(struct pipeline *pipeline, struct error *error)
{
    if (pthread_create(&pipeline->flusher, NULL, flusher_run, pipeline) != 0)
        return store_no_memory(error);
    if (pthread_create(&pipeline->writer, NULL, writer_run, pipeline) == 0)
        return true;
    end_flusher(pipeline);
    return store_no_memory(error);
}

/* At a start nobody waits to hear that a log has grown. */
static bool log_is_known(void *data, struct log *log)
{
    (void)data;
    log->grown = false;
    return true;
}

bool pipeline_start(struct store *store, const struct pipeline_domain *domain,
                    const struct pipeline_options *options, struct pipeline **ret_pipeline,
                    struct error *error)
{
    if (sodium_init() < 0)
        return error_set(error, STATUS_INTERNAL, "NO_RANDOMNESS", 0,
                         "The system gives no random numbers.");
    struct pipeline *pipeline = make(store, domain, options);
    if (!pipeline)
        return store_no_memory(error);
    /* Domains look things up in the pipeline while they rebuild. */
    *ret_pipeline = pipeline;
    writer_set_here(pipeline);
    bool ready = recover_ready(pipeline, error);
    (void)logs_each(store->logs, log_is_known, NULL);
    writer_set_here(NULL);
    if (!ready || !start_threads(pipeline, error)) {
        *ret_pipeline = NULL;
        discard(pipeline);
        return false;
    }
    return true;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    atomic_store(&pipeline->stopping, true);
    atomic_store(&pipeline->called, true);
    pipeline_wake(pipeline);
    pthread_join(pipeline->writer, NULL);
    end_flusher(pipeline);
    writer_refuse(pipeline, queue_take(&pipeline->queue), REFUSE_CLOSING);
    /* Another pipeline on this store goes on from here. */
    store_saw(pipeline->store, pipeline->txn.now, pipeline->mint.last);
    /* The read point holds on to layers, and to what the writer did not publish any more. */
    struct error ignored;
    (void)store_publish(pipeline->store, NULL, 0, 0, &ignored);
    discard(pipeline);
}

/* ---- commands ---- */

static void refuse(struct command *command, enum refusal refusal)
{
    struct error error;
    refusal_error(refusal, &error);
    command->done(command, COMMAND_REFUSED, &error);
}

static void prefetch(struct pipeline *pipeline, struct command *command)
{
    struct view *view = view_open_for(pipeline->store, command->tenant);
    if (view)
        command->prefetch(command, view);
    view_close(view);
}

void pipeline_submit(struct pipeline *pipeline, struct command *command)
{
    if (atomic_load(&pipeline->stopping)) {
        refuse(command, REFUSE_CLOSING);
        return;
    }
    if (atomic_load(&pipeline->reopening)) {
        refuse(command, atomic_load(&pipeline->awaits_room) ? REFUSE_FULL : REFUSE_REOPENING);
        return;
    }
    if (command->prefetch)
        prefetch(pipeline, command);
    if (atomic_fetch_add(&pipeline->queue.count, 1) >= pipeline->options.max_queued) {
        atomic_fetch_sub(&pipeline->queue.count, 1);
        refuse(command, REFUSE_BUSY);
        return;
    }
    queue_push(&pipeline->queue, command);
    pipeline_wake(pipeline);
}

/* ---- logs ---- */

uint64_t pipeline_position(struct pipeline *pipeline, const struct log_id *id)
{
    struct log *log = logs_find(pipeline->store->logs, id);
    return !log ? 0 : MUTANT("position_before_durable") ? log->decided : atomic_load(&log->durable);
}

uint64_t pipeline_oldest(struct pipeline *pipeline, const struct log_id *id)
{
    struct log *log = logs_find(pipeline->store->logs, id);
    return log ? atomic_load(&log->oldest) : 1;
}

static bool reopening(struct error *error)
{
    refusal_error(REFUSE_REOPENING, error);
    return false;
}

/* With the apply lock held. */
static bool trim(struct pipeline *pipeline, struct log *log, uint64_t through, struct error *error)
{
    uint64_t oldest = atomic_load(&log->oldest);
    if (pipeline->halted)
        return reopening(error);
    if (through > log->applied && !MUTANT("log_trimmed_before_written_out"))
        through = log->applied;
    if (through < oldest)
        return true;
    struct kv_batch *batch = pipeline->flush_batch;
    uint8_t from[LOG_KEY], to[LOG_KEY];
    /* From its beginning: what a group under way rewrites comes to the disk though it was trimmed meanwhile, and goes with the next. */
    log_key(&log->id, 1, from);
    log_key(&log->id, through + 1, to);
    if (!kv_batch_delete_range(batch, KV_LOG, (struct bytes){from, sizeof from},
                               (struct bytes){to, sizeof to}) ||
        !store_put_log(batch, &log->id, (struct log_row){log->applied, through + 1})) {
        kv_batch_clear(batch);
        return store_no_memory(error);
    }
    /* Readers first ask for the oldest position, then look: it must not promise what may be gone. */
    if (!MUTANT("oldest_promises_what_is_gone"))
        atomic_store(&log->oldest, through + 1);
    FAILPOINT("trim_before_write");
    if (kv_write(pipeline->store->kv, batch, false, error)) {
        FAILPOINT("trim_after_write");
        return true;
    }
    pipeline->flush_failed = true;
    return false;
}

bool pipeline_trim(struct pipeline *pipeline, const struct log_id *id, uint64_t through,
                   struct error *error)
{
    struct log *log = logs_find(pipeline->store->logs, id);
    if (!log)
        return true;
    pthread_mutex_lock(&pipeline->apply_lock);
    bool ok = trim(pipeline, log, through, error);
    uint64_t ticket = ++pipeline->renew_wanted;
    atomic_store(&pipeline->called, true);
    pipeline_wake(pipeline);
    while (!writer_is_here(pipeline) && pipeline->renew_done < ticket)
        pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
    pthread_mutex_unlock(&pipeline->apply_lock);
    return ok;
}

bool pipeline_flush(struct pipeline *pipeline, struct error *error)
{
    pthread_mutex_lock(&pipeline->apply_lock);
    uint64_t ticket = ++pipeline->flush_wanted;
    atomic_store(&pipeline->called, true);
    pipeline_wake(pipeline);
    while (pipeline->flush_done < ticket)
        pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
    bool lost = pipeline->flush_lost >= ticket;
    pthread_mutex_unlock(&pipeline->apply_lock);
    return !lost || reopening(error);
}
