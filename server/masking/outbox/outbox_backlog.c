#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/outbox/outbox_internal.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_FULL = 1000000 /* until there may be room again */ };

/* After all keys of one kind: these prefixes end in a letter. */
static struct key key_after(const struct key *prefix)
{
    struct key after = *prefix;
    after.data[after.size - 1]++;
    return after;
}

static uint64_t log_hash(const struct log_id *log)
{
    uint64_t hash;
    memcpy(&hash, log->bytes + sizeof log->bytes - sizeof hash, sizeof hash);
    return hash * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

static struct backlog *backlog_of(struct outbox *outbox, const struct log_id *log)
{
    uint64_t hash = log_hash(log);
    struct table_link *link = NULL;
    while ((link = table_find(&outbox->backlogs, hash, link))) {
        struct backlog *backlog = (struct backlog *)link;
        if (!memcmp(&backlog->log, log, sizeof *log))
            return backlog;
    }
    struct backlog *backlog = calloc(1, sizeof *backlog);
    if (!backlog)
        return NULL;
    backlog->log = *log;
    backlog->look_time = INT64_MAX;
    if (table_add(&outbox->backlogs, &backlog->link, hash))
        return backlog;
    free(backlog);
    return NULL;
}

void backlog_note(struct outbox *outbox, const struct log_id *log, int64_t time)
{
    struct backlog *backlog = backlog_of(outbox, log);
    if (!backlog) {
        atomic_store(&outbox->behind, true); /* found again with all the others */
        return;
    }
    if (time < backlog->look_time)
        backlog->look_time = time;
    if (time < outbox->backlog_time)
        outbox->backlog_time = time;
}

/* ---- reading one Service's rows ---- */

static bool has_room(const struct outbox *outbox)
{
    return outbox->letters.count < outbox->limits.legs / 2;
}

/* Lanes that this pass has put letters into; they are looked at when it ends, so that each has its letters in order by then. */
static void load(struct outbox *outbox, struct lane **loading, const struct backlog *backlog,
                 struct bytes key, const Maskline__Store__V1__OutboxRow *row)
{
    if (row->session.len != SID_BYTES || row->interaction.len != SID_BYTES ||
        row->participant.len != SID_BYTES || letter_find(outbox, row->interaction.data, row->leg))
        return;
    struct letter *letter = letter_new(&backlog->log, row->session.data, row->interaction.data,
                                       row->leg, row->participant.data);
    if (!letter) {
        atomic_store(&outbox->behind, true);
        return;
    }
    key_time(key, &letter->row_time);
    letter->due = letter->row_time;
    if (!MUTANT("life_unknown_after_restart"))
        letter->expire = row->expire_time;
    letter->cold = true;
    if (!letter_add(outbox, letter))
        return;
    struct lane *lane = lane_insert(outbox, letter);
    if (!lane || lane->listed)
        return;
    lane->listed = true;
    lane->next = *loading;
    *loading = lane;
}

static void release(struct outbox *outbox, struct lane *loading)
{
    while (loading) {
        struct lane *lane = loading;
        loading = lane->next;
        lane->listed = false;
        lane_schedule(outbox, lane);
    }
}

/* Reads on from the cursor as far as there is room. False: there is more, or it could not be read. */
static bool read_rows(struct outbox *outbox, struct backlog *backlog, struct view *view,
                      struct arena *arena)
{
    uint32_t tenant = log_tenant(&backlog->log);
    const uint8_t *service = log_service(&backlog->log);
    sid_bytes lowest = {0};
    struct key from = key_outbox(tenant, service, backlog->cursor, lowest, 0);
    struct key prefix = key_outboxes(tenant, service), to = key_after(&prefix);
    struct lane *loading = NULL;
    struct scan *scan = view_scan(view, KV_IDX, key_bytes(&from), key_bytes(&to), false);
    if (!scan)
        return false;
    bool room = true;
    for (; scan_valid(scan) && (room = has_room(outbox)); scan_next(scan)) {
        struct bytes value = scan_value(scan).bytes;
        key_time(scan_key(scan), &backlog->cursor);
        Maskline__Store__V1__OutboxRow *row =
            maskline__store__v1__outbox_row__unpack(arena_allocator(arena), value.size, value.data);
        if (row)
            load(outbox, &loading, backlog, scan_key(scan), row);
        arena_reset(arena);
    }
    struct error error;
    bool ok = scan_ok(scan, &error);
    scan_free(scan);
    FAILPOINT("outbox_after_load");
    release(outbox, loading);
    return ok && room;
}

static void backlog_read(struct outbox *outbox, struct backlog *backlog, int64_t now)
{
    struct view *view = view_open(outbox->masking->store);
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(1024 * 1024);
    backlog->look_time = now + WAIT_FULL;
    if (view && arena) {
        bool whole = backlog->cursor == 0;
        if (read_rows(outbox, backlog, view, arena)) {
            /* What this pass began behind is for the next one. */
            backlog->cursor = 0;
            if (whole)
                backlog->look_time = INT64_MAX;
        }
    }
    view_close(view);
}

/* ---- all Services ---- */

static bool note_services(struct outbox *outbox, struct view *view, struct error *error)
{
    struct key prefix = key_all_services(), to = prefix;
    to.data[to.size - 1]++;
    struct scan *scan = view_scan(view, KV_META, key_bytes(&prefix), key_bytes(&to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    for (; scan_valid(scan); scan_next(scan)) {
        sid_bytes service;
        if (!key_service_sid(scan_key(scan), service))
            continue;
        struct log_id log = key_log(key_service_tenant(scan_key(scan)), service);
        if (!MUTANT("waiting_forgotten_at_start"))
            backlog_note(outbox, &log, 0);
    }
    bool ok = scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

int64_t backlogs_read(struct outbox *outbox, int64_t now)
{
    if (atomic_exchange(&outbox->behind, false)) {
        struct view *view = view_open(outbox->masking->store);
        struct error error;
        if (!view || !note_services(outbox, view, &error))
            atomic_store(&outbox->behind, true);
        view_close(view);
    }
    if (now < outbox->backlog_time)
        return outbox->backlog_time;
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < outbox->backlogs.bucket_count; i++) {
        for (struct table_link *link = outbox->backlogs.buckets[i]; link; link = link->chain) {
            struct backlog *backlog = (struct backlog *)link;
            if (backlog->look_time <= now && has_room(outbox))
                backlog_read(outbox, backlog, now);
            if (backlog->look_time <= now)
                backlog->look_time = now + WAIT_FULL;
            if (backlog->look_time < next)
                next = backlog->look_time;
        }
    }
    outbox->backlog_time = next;
    return next;
}

/* Attempts that were begun with a carrier that would not know the message again, and whose result a crash has swallowed. Those by key
 * wait with all others for their check. */
static bool find_lost(struct outbox *outbox, const struct log_id *log, struct view *view,
                      struct error *error)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(64 * 1024);
    if (!arena)
        return refuse(error, REFUSED_NO_MEMORY);
    struct key prefix = key_attempts(log_tenant(log), log_service(log)), to = key_after(&prefix);
    struct scan *scan = view_scan(view, KV_LIVE, key_bytes(&prefix), key_bytes(&to), false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (; scan_valid(scan) && ok; scan_next(scan)) {
        struct bytes value = scan_value(scan).bytes;
        struct leg_id id = {.log = *log};
        Maskline__Store__V1__AttemptMark *mark = maskline__store__v1__attempt_mark__unpack(
            arena_allocator(arena), value.size, value.data);
        if (!mark || *mark->keyed_carrier ||
            !key_attempt_leg(scan_key(scan), id.session, id.interaction, &id.leg))
            continue;
        static const sid_bytes nobody;
        struct letter *letter = letter_new(log, id.session, id.interaction, id.leg, nobody);
        ok = letter && letter_add(outbox, letter) &&
             attempt_lost(outbox, &id, mark->attempt, letter);
        FAILPOINT("outbox_after_lost");
        arena_reset(arena);
    }
    if (!ok)
        refuse(error, REFUSED_NO_MEMORY);
    else
        ok = scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

bool backlogs_rebuild(struct outbox *outbox, struct view *view, struct error *error)
{
    if (!note_services(outbox, view, error))
        return false;
    for (size_t i = 0; i < outbox->backlogs.bucket_count; i++) {
        for (struct table_link *link = outbox->backlogs.buckets[i]; link; link = link->chain) {
            if (!MUTANT("marks_forgotten_at_start") &&
                !find_lost(outbox, &((struct backlog *)link)->log, view, error))
                return false;
        }
    }
    return true;
}

static void free_link(struct table_link *link)
{
    free(link);
}

void backlogs_clear(struct outbox *outbox)
{
    table_clear(&outbox->backlogs, free_link);
}
