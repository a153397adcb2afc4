#include "proto/c/fault.h"
#include "server/events/events.h"
#include "server/events/internal.h"
#include "server/events/read.h"
#include "storage/keys.h"

static bool purged(uint64_t oldest, uint64_t after, struct error *error)
{
    error_set(error, STATUS_OUT_OF_RANGE, "EVENTS_PURGED", 0,
              "The events after position %llu are past their retention; the oldest that there is "
              "has position %llu.",
              (unsigned long long)after, (unsigned long long)oldest);
    error_metadata(error, "oldest_position", "%llu", (unsigned long long)oldest);
    return false;
}

static bool damaged(uint64_t position, struct error *error)
{
    return error_set(error, STATUS_DATA_LOSS, "LOG_DAMAGED", 0,
                     "The log has no entry at position %llu.", (unsigned long long)position);
}

static bool out_of_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for these events.");
}

/* Entries that are there, in order and without a gap; stops early at a full arena when it has something. */
static bool read_entries(struct view *view, const struct log_id *log, uint64_t after, uint64_t last,
                         size_t count, struct arena *arena, struct log_page *page,
                         struct error *error)
{
    struct key from = key_log_entry(log, after + 1);
    struct key end = key_log_entry(log, last);
    struct scan *scan =
        view_scan(view, KV_LOG, key_bytes(&from), bytes_after(key_bytes(&end), arena), false);
    if (!scan)
        return out_of_memory(error);
    bool ok = true;
    for (uint64_t expected = after + 1; page->count < count && scan_valid(scan);
         scan_next(scan), expected++) {
        uint64_t position;
        if (!key_log_position(scan_key(scan), &position) ||
            (position != expected && !MUTANT("page_hides_gap"))) {
            ok = damaged(expected, error);
            break;
        }
        struct bytes bytes = scan_value(scan).bytes;
        void *copy = arena_copy(arena, bytes.data, bytes.size);
        if (!copy) {
            ok = page->count > 0 || out_of_memory(error);
            break;
        }
        page->entries[page->count++] = (struct log_entry){position, {copy, bytes.size}};
    }
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    if (ok && page->count == 0)
        return damaged(after + 1, error);
    return ok;
}

bool events_read(struct store *store, struct pipeline *pipeline, const struct log_id *log,
                 uint64_t after, size_t count, struct arena *arena, struct log_page *ret_page,
                 struct error *error)
{
    struct log_page page = {.last = pipeline_position(pipeline, log),
                            .oldest = pipeline_oldest(pipeline, log)};
    if (after + 1 < page.oldest && !MUTANT("purged_events_untold"))
        return purged(page.oldest, after, error);
    if (after >= page.last || count == 0) {
        *ret_page = page;
        return true;
    }
    if (count > page.last - after)
        count = (size_t)(page.last - after);
    page.entries = arena_array(arena, count, sizeof *page.entries);
    if (!page.entries)
        return out_of_memory(error);
    struct view *view = view_open(store);
    if (!view)
        return error_set(error, STATUS_UNAVAILABLE, "STORE_UNAVAILABLE", 0,
                         "The store cannot be read now.");
    bool ok = read_entries(view, log, after, page.last, count, arena, &page, error);
    view_close(view);
    /* What was trimmed while it was read is no damage. */
    uint64_t oldest = pipeline_oldest(pipeline, log);
    if (!ok && after + 1 < oldest && !MUTANT("purged_events_untold"))
        return purged(oldest, after, error);
    if (ok)
        *ret_page = page;
    return ok;
}

bool events_page(struct events *events, const struct log_id *log, uint64_t after, size_t count,
                 struct arena *arena, struct log_page *ret_page, struct error *error)
{
    return events_read(events->store, events->pipeline, log, after, count, arena, ret_page, error);
}
