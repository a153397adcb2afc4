#include "proto/c/fault.h"
#include "storage/pipeline_internal.h"

#include <stdlib.h>

bool layers_begin(struct pipeline *pipeline)
{
    struct layer *layer = layer_new();
    if (!layer)
        return false;
    apply_enter(pipeline);
    for (unsigned i = pipeline->layer_count; i > 0; i--)
        pipeline->layers[i] = pipeline->layers[i - 1];
    pipeline->layers[0] = layer;
    pipeline->layer_count++;
    pthread_mutex_unlock(&pipeline->apply_lock);
    return true;
}

void layers_drop(struct pipeline *pipeline)
{
    apply_enter(pipeline);
    while (pipeline->layer_count > 0)
        layer_unref(pipeline->layers[--pipeline->layer_count]);
    pthread_mutex_unlock(&pipeline->apply_lock);
}

static bool is_listed(const struct layer *layer, const struct log *log)
{
    return log->layer == layer && log->place < layer->log_count &&
           layer->logs[log->place].log == log;
}

bool layers_reserve(struct pipeline *pipeline, size_t entries)
{
    struct layer *layer = pipeline->layers[0];
    size_t room = layer->log_room ? layer->log_room : 16;
    while (room - layer->log_count < entries)
        room *= 2;
    if (room == layer->log_room)
        return true;
    struct layer_log *logs = realloc(layer->logs, room * sizeof *logs);
    if (!logs)
        return false;
    layer->logs = logs;
    layer->log_room = room;
    return true;
}

static void list_log(struct layer *layer, struct log *log)
{
    log->layer = layer;
    log->place = layer->log_count++;
    layer->logs[log->place] = (struct layer_log){.log = log};
}

void layers_touch(struct pipeline *pipeline)
{
    if (!pipeline->layers[0]->born_us)
        pipeline->layers[0]->born_us = monotonic_us();
}

bool layers_note(struct pipeline *pipeline, const struct group_entry *entry)
{
    struct layer *layer = pipeline->layers[0];
    layers_touch(pipeline);
    if (!is_listed(layer, entry->log)) {
        if (!layers_reserve(pipeline, 1))
            return false;
        list_log(layer, entry->log);
    }
    layer->logs[entry->log->place].position = entry->position;
    if (entry->value.purge_after > layer->last_time)
        layer->last_time = entry->value.purge_after;
    return true;
}

bool layers_full(const struct pipeline *pipeline)
{
    const struct layer *layer = pipeline->layers[0];
    return memtable_rows(layer->table) >= pipeline->store->options.flush_rows ||
           memtable_bytes(layer->table) >= LAYER_BYTES;
}

bool layers_freeze(struct pipeline *pipeline)
{
    if (!layers_begin(pipeline))
        return false;
    pipeline->frozen++;
    return true;
}

bool layers_drop_flushed(struct pipeline *pipeline)
{
    bool any = false;
    apply_enter(pipeline);
    /* The oldest are written out first. */
    while (pipeline->layer_count > 1 && pipeline->layers[pipeline->layer_count - 1]->flushed) {
        FAILPOINT("layers_before_drop");
        layer_unref(pipeline->layers[--pipeline->layer_count]);
        any = true;
    }
    pthread_mutex_unlock(&pipeline->apply_lock);
    return any;
}
