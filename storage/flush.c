#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

#include <stdlib.h>

/* The writer may have to wait for so many. */
enum { PIECE_ROWS = 64 };

/* Compaction may drop what has been past its time for so long. Nothing asks for it any more: views are short, and all that a
 * replay would derive is younger. */
static const int64_t PURGE_MARGIN_US = INT64_C(3600) * MICROSECONDS;

/* Where a flush stands. */
struct flush {
    struct pipeline *pipeline;
    const struct layer *layer;
    bool heeds_halt;
    struct memtable_place *places; /* of all rows that are to be written, in order */
    size_t count;
    size_t at;          /* the next to look at */
    uint64_t relies_on; /* rows were left out because a group up to this sequence has newer ones */
};

static bool left_off(struct error *error)
{
    return error_set(error, STATUS_CANCELLED, "FLUSH_LEFT_OFF", 0, "The flush was left off.");
}

static bool is_halted(const struct flush *flush)
{
    return flush->heeds_halt && flush->pipeline->halted;
}

/* What is direct reached the engine with its group; of what has come and gone in this layer it need not hear. */
static bool is_wanted(const struct memtable_node *newest, const struct row *row)
{
    return !row->direct &&
           !(row->deleted && (memtable_is_new(newest) || MUTANT("deletion_not_written_out")));
}

/* Whether the engine has, or is about to get, a newer version of the row from the groups themselves. A newer version that is only in a
 * later layer does not count: it may be lost in a crash after this layer counts as written out. */
static bool is_overtaken(struct flush *flush, const struct row *row)
{
    struct pipeline *pipeline = flush->pipeline;
    for (unsigned i = 0; pipeline->layers[i] != flush->layer; i++) {
        if (memtable_has_direct(pipeline->layers[i]->table, row, pipeline->applying.sequence)) {
            flush->relies_on = pipeline->applying.sequence;
            return true;
        }
    }
    return false;
}

static bool put(struct kv_batch *batch, const struct row *row)
{
    return row->deleted ? kv_batch_delete(batch, row->family, row->key)
                        : kv_batch_put(batch, row->family, row->key, row->value);
}

/* The next rows, with the apply lock held. */
static bool write_piece(struct flush *flush, struct error *error)
{
    struct pipeline *pipeline = flush->pipeline;
    struct kv_batch *batch = pipeline->flush_batch;
    if (is_halted(flush))
        return left_off(error);
    for (unsigned seen = 0; flush->at < flush->count && seen < PIECE_ROWS; seen++) {
        struct row row;
        memtable_row_at(flush->places, flush->at++, &row);
        if (is_overtaken(flush, &row) && !MUTANT("old_row_written_over_new"))
            continue;
        if (!put(batch, &row)) {
            kv_batch_clear(batch);
            return store_no_memory(error);
        }
    }
    FAILPOINT("flush_before_piece");
    if (kv_batch_count(batch) > 0 && !kv_write(pipeline->store->kv, batch, false, error))
        return false;
    FAILPOINT("flush_after_piece");
    return true;
}

/* With the apply lock held: waits until the group is durable whose rows stand in for some of ours. */
static bool wait_for_group(const struct flush *flush, struct error *error)
{
    struct pipeline *pipeline = flush->pipeline;
    while (!is_halted(flush) && pipeline->durable_sequence < flush->relies_on &&
           !MUTANT("written_out_before_durable"))
        pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
    return !is_halted(flush) || left_off(error);
}

/* Says how far the logs are, now that all rows are there. */
static bool write_positions(struct pipeline *pipeline, const struct layer *layer,
                            struct error *error)
{
    struct kv_batch *batch = pipeline->flush_batch;
    bool ok = store_put_head(batch, pipeline->applying);
    for (size_t i = 0; ok && i < layer->log_count; i++) {
        const struct log *log = layer->logs[i].log;
        struct log_row row = {layer->logs[i].position, atomic_load(&log->oldest)};
        ok = store_put_log(batch, &log->id, row);
    }
    if (!ok) {
        kv_batch_clear(batch);
        return store_no_memory(error);
    }
    FAILPOINT("flush_before_positions");
    if (!kv_write(pipeline->store->kv, batch, false, error))
        return false;
    FAILPOINT("flush_after_positions");
    for (size_t i = 0; i < layer->log_count; i++)
        layer->logs[i].log->applied = layer->logs[i].position;
    return true;
}

bool flush_layer(struct pipeline *pipeline, const struct layer *layer, bool heeds_halt,
                 struct error *error)
{
    struct flush flush = {.pipeline = pipeline, .layer = layer, .heeds_halt = heeds_halt};
    flush.places = memtable_order(layer->table, is_wanted, &flush.count);
    bool ok = flush.places || store_no_memory(error);
    while (ok && flush.at < flush.count) {
        size_t left = flush.count - flush.at;
        memtable_rows_expect(flush.places, flush.at, left < PIECE_ROWS ? left : PIECE_ROWS);
        apply_enter(pipeline);
        ok = write_piece(&flush, error);
        pthread_mutex_unlock(&pipeline->apply_lock);
    }
    free(flush.places);
    if (!ok)
        return false;
    apply_enter(pipeline);
    ok = wait_for_group(&flush, error) && write_positions(pipeline, layer, error);
    pthread_mutex_unlock(&pipeline->apply_lock);
    return ok;
}

/* The oldest layer that is to be written out; apply lock. */
static struct layer *next_layer(const struct pipeline *pipeline)
{
    if (pipeline->halted || pipeline->flush_failed)
        return NULL;
    for (unsigned i = pipeline->layer_count; i-- > 1;) {
        if (!pipeline->layers[i]->flushed)
            return pipeline->layers[i];
    }
    return NULL;
}

static void flush_one(struct pipeline *pipeline, struct layer *layer)
{
    struct error error;
    pipeline->flushing = true;
    pthread_mutex_unlock(&pipeline->apply_lock);
    bool ok = flush_layer(pipeline, layer, true, &error);
    if (ok && layer->last_time > PURGE_MARGIN_US)
        kv_purge(pipeline->store->kv, layer->last_time - PURGE_MARGIN_US);
    FAILPOINT("flush_before_flushed");
    apply_enter(pipeline);
    pipeline->flushing = false;
    layer->flushed = ok;
    if (!ok && error.code != STATUS_CANCELLED)
        pipeline->flush_failed = true;
    pthread_cond_broadcast(&pipeline->applied);
}

void *flusher_run(void *data)
{
    struct pipeline *pipeline = data;
    apply_enter(pipeline);
    for (;;) {
        struct layer *layer = next_layer(pipeline);
        if (layer) {
            flush_one(pipeline, layer);
            pthread_mutex_unlock(&pipeline->apply_lock);
            atomic_store(&pipeline->called, true);
            pipeline_wake(pipeline);
            apply_enter(pipeline);
        } else if (pipeline->flusher_ends) {
            break;
        } else {
            pthread_cond_wait(&pipeline->applied, &pipeline->apply_lock);
        }
    }
    pthread_mutex_unlock(&pipeline->apply_lock);
    return NULL;
}
