#include "server/api/convert.h"
#include "server/api/event_start.h"
#include "server/api/event_stream.h"
#include "server/api/fields.h"
#include "server/api/reads.h"

#include <string.h>

/* A page ends when it has taken so much memory, too: clients take answers of 4 MiB as a rule. And so much is looked at for one page
 * when little passes the filter. */
enum {
    PAGE_STANDARD = 50,
    PAGE_MOST = 1000,
    PAGE_MEMORY = 2 * 1024 * 1024,
    CHUNK_ENTRIES = 64,
    CHUNK_MEMORY = 4 * 1024 * 1024,
    LOOK_AT_MOST = 20000,
};

struct event_page {
    struct message_list events;
    size_t size;
    uint64_t through;
    uint64_t last;
    uint64_t oldest;
    size_t looked_at;
};

static bool page_full(const struct event_page *page, const struct arena *arena)
{
    return page->events.count == page->size || arena_used(arena) >= PAGE_MEMORY ||
           page->looked_at >= LOOK_AT_MOST;
}

static bool take_entries(const struct event_start *start, const struct log_page *chunk,
                         struct arena *arena, struct event_page *page, struct error *error)
{
    uint8_t service[16];
    for (size_t i = 0; i < sizeof service; i++)
        service[i] = start->service[i];
    for (size_t i = 0; i < chunk->count && !page_full(page, arena); i++) {
        Maskline__Store__V1__Entry *entry;
        if (!log_entry_read(chunk->entries[i].bytes, arena, &entry, error))
            return false;
        if (event_passes(&start->filter, entry))
            message_list_add(&page->events,
                             event_message(arena, (ProtobufCBinaryData){sizeof service, service},
                                           chunk->entries[i].position, entry));
        page->through = chunk->entries[i].position;
        page->looked_at++;
    }
    return true;
}

static bool is_purged(const struct error *error)
{
    return strcmp(error->reason, "EVENTS_PURGED") == 0;
}

/* What was read lives in the chunk's arena, what is answered in the call's. */
static bool fill_page(struct api *api, const struct event_start *start, struct arena *arena,
                      struct event_page *page, struct error *error)
{
    struct arena *chunk_arena __attribute__((cleanup(arena_done))) = arena_new(CHUNK_MEMORY);
    if (!chunk_arena)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                         "There is no memory for these events.");
    for (;;) {
        struct log_page chunk;
        arena_reset(chunk_arena);
        if (!events_page(api->parts.events, &start->log, page->through, CHUNK_ENTRIES, chunk_arena,
                         &chunk, error))
            return page->looked_at > 0 && is_purged(error);
        page->last = chunk.last;
        /* What the page holds was left when it was read, though the log may be trimmed before its last chunk. */
        if (page->looked_at == 0)
            page->oldest = chunk.oldest;
        if (!take_entries(start, &chunk, arena, page, error))
            return false;
        if (chunk.count == 0 || page_full(page, arena))
            return true;
    }
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListEventsRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    error_clear(error);
    struct page size;
    field_page(error, list->page_size, "", &size);
    struct event_request where = {.service = list->service, .filter = list->filter};
    where.place = list->start_case == MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION
                      ? AFTER_POSITION
                      : FROM_OLDEST;
    if (where.place == AFTER_POSITION)
        where.after = list->after_position;
    struct event_start start;
    if (error->code != STATUS_OK || !event_start_find(api, view, &where, arena, &start, error))
        return false;
    struct event_page page = {
        .size = size.size == 0          ? PAGE_STANDARD
                : size.size > PAGE_MOST ? PAGE_MOST
                                        : size.size,
        .through = start.after,
    };
    page.events = message_list_new(arena, page.size);
    while (!fill_page(api, &start, arena, &page, error)) {
        if (where.place != FROM_OLDEST || !is_purged(error))
            return false;
        /* The oldest was trimmed after it had been looked up; each time round the log has become shorter. */
        page.through = events_oldest(api->parts.events, &start.log) - 1;
    }
    Maskline__V1__ListEventsResponse response = MASKLINE__V1__LIST_EVENTS_RESPONSE__INIT;
    response.events = (Maskline__V1__Event **)page.events.items;
    response.n_events = page.events.count;
    response.through_position = page.through;
    response.last_position = page.last;
    response.oldest_position = page.oldest;
    if (answer_fits(call))
        maskline_v1_events_list_events_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListEventsRequest *request)
{
    read_later(data, call, request, list_read);
}

static void stream(void *data, struct grpc_c_call *call,
                   const Maskline__V1__StreamEventsRequest *request)
{
    read_later(data, call, request, event_stream_open);
}

void events_bind(struct api *api)
{
    api->events = (struct maskline_v1_events_service){
        .data = api,
        .list_events = list,
        .stream_events = stream,
    };
}
