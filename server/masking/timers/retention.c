#include "proto/c/fault.h"
#include "server/masking/timers/timers_internal.h"

/* The log is dropped from its oldest end, a piece at a time that is a good part of what is kept: so it costs next to nothing. */

enum { PIECES = 16, PIECE_SHORTEST = 1000000 /* microseconds */ };

struct retention {
    struct masking *masking;
    const struct log_id *log;
    struct view *view;
    struct arena *arena;
};

/* When an entry was written; entries of a log are in order of time. */
static bool entry_time(struct retention *retention, uint64_t position, int64_t *ret_time)
{
    struct key key = key_log_entry(retention->log, position);
    struct kv_value value;
    struct error error;
    arena_reset(retention->arena);
    if (view_get(retention->view, KV_LOG, key_bytes(&key), retention->arena, &value, &error) !=
        KV_FOUND)
        return false;
    Maskline__Store__V1__Entry *entry = maskline__store__v1__entry__unpack(
        arena_allocator(retention->arena), value.bytes.size, value.bytes.data);
    if (entry)
        *ret_time = entry->time;
    return entry != NULL;
}

/* The last position in [oldest, last] that was written before `limit`; the oldest was. */
static bool find_last_before(struct retention *retention, uint64_t oldest, uint64_t last,
                             int64_t limit, uint64_t *ret_position)
{
    while (oldest < last) {
        uint64_t middle = oldest + (last - oldest + 1) / 2;
        int64_t time;
        if (!entry_time(retention, middle, &time))
            return false;
        if (time < limit)
            oldest = middle;
        else
            last = middle - 1;
    }
    *ret_position = oldest;
    return true;
}

/* Up to where the log may go; 0: nothing, or not enough yet. */
static uint64_t too_old(struct retention *retention, int64_t keep, int64_t now)
{
    struct pipeline *pipeline = retention->masking->pipeline;
    uint64_t oldest = pipeline_oldest(pipeline, retention->log);
    uint64_t last = pipeline_position(pipeline, retention->log);
    int64_t piece = keep / PIECES > PIECE_SHORTEST ? keep / PIECES : PIECE_SHORTEST;
    if (piece > LOOK_AT_LOGS)
        piece = LOOK_AT_LOGS;
    int64_t time;
    uint64_t through;
    if (oldest > last || !entry_time(retention, oldest, &time) || time + keep + piece > now ||
        !find_last_before(retention, oldest, last, MUTANT("events_go_too_soon") ? now : now - keep,
                          &through))
        return 0;
    return through;
}

static uint64_t look(struct retention *retention, int64_t now)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(64 * 1024);
    if (!arena)
        return 0;
    struct rows rows = rows_of_view(retention->view, retention->masking->store, arena);
    rows.tenant = log_tenant(retention->log);
    Maskline__Store__V1__Service *service;
    struct error error;
    /* A deleted Service's log is dropped as a whole. */
    if (rows_service(&rows, log_service(retention->log), &service, &error) != KV_FOUND ||
        service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return 0;
    return too_old(retention, service->settings->event_retention, now);
}

unsigned log_retain(struct masking *masking, const struct log_id *log)
{
    struct retention retention = {.masking = masking, .log = log};
    retention.arena = arena_new(2 * 1024 * 1024);
    retention.view = retention.arena ? view_open(masking->store) : NULL;
    uint64_t through = retention.view ? look(&retention, store_now(masking->store)) : 0;
    view_close(retention.view);
    arena_free(retention.arena);
    struct error error;
    return through && pipeline_trim(masking->pipeline, log, through, &error) ? 1 : 0;
}
