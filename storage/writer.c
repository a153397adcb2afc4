/*
 * The writer's thread: takes all commands that wait, decides a group of them, makes it durable, completes it. Between groups
 * it tends the layers.
 */
#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

static _Thread_local const struct pipeline *written_here;

bool writer_is_here(const struct pipeline *pipeline)
{
    return written_here == pipeline;
}

void writer_set_here(const struct pipeline *pipeline)
{
    written_here = pipeline;
}

/* ---- deciding ---- */

static void refuse(struct command *command, const struct error *error)
{
    command->done(command, COMMAND_REFUSED, error);
}

void writer_refuse(struct pipeline *pipeline, struct command *list, enum refusal refusal)
{
    struct error error;
    refusal_error(refusal, &error);
    for (struct command *next; list; list = next) {
        next = list->next; /* done may free it */
        atomic_fetch_sub(&pipeline->queue.count, 1);
        refuse(list, &error);
    }
}

static void decide(struct pipeline *pipeline, struct command *command)
{
    struct txn *txn = &pipeline->txn;
    struct group *group = &pipeline->group;
    struct decided *decided = &group->decided[group->decided_count++];
    *decided = (struct decided){.command = command};
    txn_begin(txn);
    txn->tenant = command->tenant;
    bool accepted = command->decide(command, txn);
    if (accepted && !txn->failed && txn_keep(txn, &decided->has_effects))
        return;
    if (!MUTANT("refused_change_stays"))
        txn_undo(txn);
    if (!txn->failed)
        return;
    decided->failure = arena_copy(group->arena, &txn->failure, sizeof txn->failure);
    if (!decided->failure)
        decided->failure = &group->no_memory;
}

/* Decides what fits into one group; gives the rest. */
static struct command *decide_group(struct pipeline *pipeline, struct command *list)
{
    struct group *group = &pipeline->group;
    unsigned taken = 0;
    while (list && !group->broken && group->decided_count < pipeline->options.max_group &&
           kv_batch_bytes(group->batch) < GROUP_BYTES) {
        struct command *next = list->next;
        decide(pipeline, list);
        taken++;
        list = next;
    }
    atomic_fetch_sub(&pipeline->queue.count, taken);
    return list;
}

/* ---- making durable ---- */

static void committed(void *data, const struct error *failure)
{
    struct pipeline *pipeline = data;
    pthread_mutex_lock(&pipeline->commit_lock);
    pipeline->commit_done = true;
    pipeline->commit_failed = failure != NULL;
    if (failure)
        pipeline->commit_error = *failure;
    pthread_cond_signal(&pipeline->commit_answered);
    pthread_mutex_unlock(&pipeline->commit_lock);
}

/* The writer waits, wherever the answer comes from: deciding the next group meanwhile pays only where a commit takes
 * milliseconds, and would have to be undone when this one fails. */
static bool commit_and_wait(struct pipeline *pipeline)
{
    struct durability *durability = &pipeline->durability;
    pipeline->commit_done = false;
    durability->commit(durability->data, pipeline->store->kv, pipeline->group.batch, committed,
                       pipeline);
    pthread_mutex_lock(&pipeline->commit_lock);
    while (!pipeline->commit_done)
        pthread_cond_wait(&pipeline->commit_answered, &pipeline->commit_lock);
    bool ok = !pipeline->commit_failed || MUTANT("commit_failure_ignored");
    pthread_mutex_unlock(&pipeline->commit_lock);
    return ok;
}

/* After a start the entries tell how far time and sequences were. Where the last write is none, a row must. */
static bool ends_with_entry(const struct group *group)
{
    return group->entry_count > 0 &&
           group->entries[group->entry_count - 1].value.sequence == group->last_sequence;
}

static bool commit_batch(struct pipeline *pipeline)
{
    struct group *group = &pipeline->group;
    struct head_row head = {pipeline->txn.now, group->last_sequence};
    if (!ends_with_entry(group) && !MUTANT("head_not_written") &&
        !store_put_head(group->batch, head)) {
        group->broken = true;
        return false;
    }
    apply_enter(pipeline);
    pipeline->applying = head;
    pthread_mutex_unlock(&pipeline->apply_lock);
    FAILPOINT("pipeline_before_commit");
    if (!commit_and_wait(pipeline))
        return false;
    FAILPOINT("pipeline_after_commit");
    apply_enter(pipeline);
    pipeline->durable_sequence = head.sequence;
    if (!MUTANT("reached_not_noted"))
        store_folder_reach(&pipeline->store->folder, head.sequence);
    if (pipeline->flushing)
        pthread_cond_broadcast(&pipeline->applied);
    pthread_mutex_unlock(&pipeline->apply_lock);
    return true;
}

static bool publish(struct pipeline *pipeline)
{
    struct error ignored;
    return store_publish(pipeline->store, pipeline->layers, pipeline->layer_count,
                         pipeline->durable_sequence, &ignored);
}

static bool commit_group(struct pipeline *pipeline)
{
    struct group *group = &pipeline->group;
    if (group->broken)
        return false;
    if (kv_batch_count(group->batch) == 0)
        return true;
    if (!commit_batch(pipeline))
        return false;
    FAILPOINT("pipeline_before_publish");
    if (!publish(pipeline))
        return false;
    FAILPOINT("pipeline_after_publish");
    /* Only now: who hears of a position finds it. */
    for (struct log *log = group->grown; log; log = log->next_grown)
        atomic_store(&log->durable, log->decided);
    return true;
}

/* ---- completing ---- */

static void complete(struct pipeline *pipeline, bool durable)
{
    struct group *group = &pipeline->group;
    struct error unknown, reopening;
    refusal_error(REFUSE_REOPENING, &reopening);
    /* Of a broken group nothing was written, and what it has left in memory goes with the store's reopening. */
    const struct error *undone = group->broken ? &group->no_memory : &reopening;
    error_set(&unknown, STATUS_UNKNOWN, "STORE_FAILED", 80501,
              "The write failed: the change may have been made or not. Ask again before you repeat "
              "it.");
    if (pipeline->domain.completing)
        pipeline->domain.completing(pipeline->domain.data, true);
    for (size_t i = 0; i < group->decided_count; i++) {
        const struct decided *decided = &group->decided[i];
        struct command *command = decided->command;
        if (i > 0)
            FAILPOINT("pipeline_between_answers");
        if (decided->failure)
            refuse(command, decided->failure);
        else if (durable)
            command->done(command, COMMAND_DURABLE, NULL);
        else if (decided->has_effects && !group->broken &&
                 !MUTANT("failed_write_is_called_refused"))
            command->done(command, COMMAND_UNKNOWN, &unknown);
        else
            refuse(command, undone);
    }
    if (pipeline->domain.completing)
        pipeline->domain.completing(pipeline->domain.data, false);
}

/* Before the answers: who has been told that it is gone meets it nowhere. */
static void tell_rewritten(const struct pipeline *pipeline)
{
    const struct pipeline_domain *domain = &pipeline->domain;
    const struct group *group = &pipeline->group;
    for (size_t i = 0; domain->rewritten && i < group->rewrite_count; i++) {
        const struct group_rewrite *rewrite = &group->rewrites[i];
        domain->rewritten(domain->data, &rewrite->log, rewrite->position);
    }
}

static void tell_appended(const struct pipeline *pipeline)
{
    const struct pipeline_domain *domain = &pipeline->domain;
    const struct group *group = &pipeline->group;
    /* Where the group rewrites, it may be an entry of its own, which here still has what it said before: such a group's are read. */
    if (!domain->appended || (group->rewrite_count > 0 && !MUTANT("rewritten_entry_is_told")))
        return;
    for (size_t i = 0; i < group->entry_count; i++) {
        const struct group_entry *entry = &group->entries[i];
        domain->appended(domain->data, &entry->log->id, entry->position, entry->value.bytes);
    }
}

static void tell_grown(struct pipeline *pipeline, bool durable)
{
    const struct pipeline_domain *domain = &pipeline->domain;
    unsigned logs = 0;
    if (durable) {
        tell_rewritten(pipeline);
        tell_appended(pipeline);
    }
    for (struct log *log = pipeline->group.grown; log; log = log->next_grown) {
        log->grown = false;
        logs++;
    }
    for (struct log *log = pipeline->group.grown; durable && domain->grown && log;
         log = log->next_grown)
        domain->grown(domain->data, &log->id, log->decided, logs);
}

static void group_clear(struct group *group)
{
    group->decided_count = 0;
    group->entry_count = 0;
    group->grown = NULL;
    group->rewrite_count = 0;
    group->last_sequence = 0;
    group->broken = false;
    if (group->tabled > 0)
        memtable_reset(group->entry_table);
    group->tabled = 0;
    kv_batch_clear(group->batch);
    arena_reset(group->arena);
}

static bool wait_for_room(struct pipeline *pipeline)
{
    apply_enter(pipeline);
    while (pipeline->layer_count == LAYERS_MOST && !pipeline->flush_failed &&
           !pipeline->layers[LAYERS_MOST - 1]->flushed)
        pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
    bool ok = !pipeline->flush_failed;
    pthread_mutex_unlock(&pipeline->apply_lock);
    return ok;
}

/* ---- between groups ---- */

static bool freeze(struct pipeline *pipeline, bool *changed)
{
    if (!wait_for_room(pipeline))
        return false;
    if (layers_drop_flushed(pipeline))
        *changed = true;
    if (!layers_freeze(pipeline))
        return true; /* no memory for another layer: this one has to do */
    FAILPOINT("layers_after_freeze");
    *changed = true;
    apply_enter(pipeline);
    pthread_cond_broadcast(&pipeline->applied);
    pthread_mutex_unlock(&pipeline->apply_lock);
    return true;
}

/* When the layer in use must be written out for its age; 0: it is empty, or must wait for the flusher anyway. */
static int64_t layer_due(const struct pipeline *pipeline)
{
    bool can_be = pipeline->layer_count > 0 && pipeline->layer_count < LAYERS_MOST;
    int64_t born = can_be ? pipeline->layers[0]->born_us : 0;
    return born ? born + pipeline->store->options.flush_after_us : 0;
}

/* Freezes the layer in use when it is time. False when the flusher has failed. */
static bool freeze_in_time(struct pipeline *pipeline, uint64_t flush_wanted, bool *changed)
{
    int64_t due = layer_due(pipeline);
    bool is_due = due && monotonic_us() >= due;
    bool is_called = pipeline->layers[0]->born_us && flush_wanted > pipeline->flush_frozen;
    if ((is_due || is_called || layers_full(pipeline)) && !freeze(pipeline, changed))
        return false;
    if (flush_wanted > pipeline->flush_frozen)
        pipeline->flush_target = pipeline->frozen;
    return true;
}

static bool tend_layers(struct pipeline *pipeline)
{
    apply_enter(pipeline);
    bool failed = pipeline->flush_failed;
    uint64_t flush_wanted = pipeline->flush_wanted;
    uint64_t renew_wanted = pipeline->renew_wanted;
    pthread_mutex_unlock(&pipeline->apply_lock);

    bool changed = renew_wanted > pipeline->renew_done;
    if (failed)
        return false;
    if (layers_drop_flushed(pipeline))
        changed = true;
    if (!freeze_in_time(pipeline, flush_wanted, &changed))
        return false;
    if (changed && !publish(pipeline))
        return false;

    apply_enter(pipeline);
    pipeline->renew_done = renew_wanted;
    pipeline->flush_frozen = flush_wanted;
    if (pipeline->frozen - (pipeline->layer_count - 1) >= pipeline->flush_target)
        pipeline->flush_done = flush_wanted;
    pthread_cond_broadcast(&pipeline->applied);
    pthread_mutex_unlock(&pipeline->apply_lock);
    return true;
}

static void tend(struct pipeline *pipeline)
{
    /* First this, then the look, so that no call is missed. */
    atomic_store(&pipeline->called, false);
    if (pipeline->layer_count > 0 && !tend_layers(pipeline))
        recover_reopen(pipeline);
}

/* Runs one group; gives the commands that did not fit into it. */
static struct command *run_group(struct pipeline *pipeline, struct command *list)
{
    enum refusal refusal = pipeline->layer_count == 0 ? REFUSE_REOPENING
                           : store_is_full(pipeline->store) && !MUTANT("full_disk_is_written")
                               ? REFUSE_FULL
                               : REFUSE_NONE;
    if (refusal != REFUSE_NONE) {
        writer_refuse(pipeline, list, refusal);
        return NULL;
    }
    FAILPOINT("pipeline_before_decide");
    list = decide_group(pipeline, list);
    FAILPOINT("pipeline_after_decide");
    bool early = MUTANT("answer_before_durable");
    if (early)
        complete(pipeline, true);
    if (MUTANT("told_before_durable"))
        tell_grown(pipeline, true);
    bool durable = commit_group(pipeline);
    bool reopens = !durable && !MUTANT("failed_write_reopens_nothing");
    if (reopens)
        atomic_store(&pipeline->reopening, true);
    /* Streams first: other threads take it from here, beside the answers, and telling them costs less than one of those. */
    FAILPOINT("pipeline_before_grown");
    tell_grown(pipeline, durable || MUTANT("failed_write_is_told"));
    FAILPOINT("pipeline_after_grown");
    FAILPOINT("pipeline_before_answers");
    if (!early)
        complete(pipeline, durable);
    FAILPOINT("pipeline_after_answers");
    group_clear(&pipeline->group);
    if (reopens)
        recover_reopen(pipeline);
    return list;
}

static bool all_written_out(struct pipeline *pipeline)
{
    return pipeline->layer_count == 0 ||
           (pipeline->layer_count == 1 && !pipeline->layers[0]->born_us);
}

/* What the overlay has left goes to its place, so that the next start has nothing to replay. */
static void write_out(struct pipeline *pipeline)
{
    bool changed = false;
    while (!all_written_out(pipeline)) {
        if (pipeline->layers[0]->born_us && !freeze(pipeline, &changed))
            return;
        if (pipeline->layer_count == 1)
            return; /* no memory to freeze it */
        apply_enter(pipeline);
        while (!pipeline->layers[pipeline->layer_count - 1]->flushed && !pipeline->flush_failed)
            pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
        bool failed = pipeline->flush_failed;
        pthread_mutex_unlock(&pipeline->apply_lock);
        if (failed)
            return; /* the log has it all */
        FAILPOINT("close_after_layer");
        (void)layers_drop_flushed(pipeline);
    }
}

void *writer_run(void *data)
{
    struct pipeline *pipeline = data;
    writer_set_here(pipeline);
    for (;;) {
        struct command *list = queue_take(&pipeline->queue);
        if (!list && atomic_load(&pipeline->stopping))
            break;
        while (list) {
            list = run_group(pipeline, list);
            tend(pipeline);
        }
        if (!atomic_load(&pipeline->stopping))
            pipeline_sleep(pipeline, layer_due(pipeline));
        tend(pipeline);
    }
    FAILPOINT("close_before_write_out");
    write_out(pipeline);
    FAILPOINT("close_after_write_out");
    return NULL;
}
