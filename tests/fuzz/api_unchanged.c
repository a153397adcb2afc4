#include "tests/fuzz/api_unchanged.h"

#include "maskline/v1/events.pb-c.h"
#include "tests/fuzz/oracle.h"

enum { MEMORY = 16 * 1024 * 1024, PAGE = 100 };

static Maskline__V1__ListEventsResponse *list(struct api_calls *calls, char *service,
                                              uint64_t after, struct arena *arena)
{
    enum status_code code;
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    request.service = service;
    request.page_size = after ? PAGE : 1;
    if (after) {
        request.start_case = MASKLINE__V1__LIST_EVENTS_REQUEST__START_AFTER_POSITION;
        request.after_position = after;
    }
    calls->asks = true;
    Maskline__V1__ListEventsResponse *page =
        api_ask(calls, "ListEvents", &request.base, arena, &code);
    calls->asks = false;
    must(page || code == STATUS_NOT_FOUND || code == STATUS_OUT_OF_RANGE,
         "the events of %s are listed: %s", service, status_code_name(code));
    return page;
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(MEMORY);
    if (!arena)
        abort();
    return arena;
}

void api_ends_look(struct api_calls *calls, struct api_ends *ret_ends)
{
    ret_ends->count = calls->sids[0].count;
    for (size_t i = 0; i < ret_ends->count; i++) {
        struct arena *arena = new_arena();
        const Maskline__V1__ListEventsResponse *page =
            list(calls, calls->sids[0].texts[i], 0, arena);
        ret_ends->positions[i] = page ? page->last_position : 0;
        arena_free(arena);
    }
}

/* What the log tells of a call that changed nothing. */
static bool tells_refusal(const Maskline__V1__Event *event)
{
    return event->type == MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_WARNING ||
           event->type == MASKLINE__V1__EVENT_TYPE__EVENT_TYPE_POOL_EXHAUSTED;
}

void api_unchanged(struct api_calls *calls, const struct api_ends *ends, const char *path)
{
    for (size_t i = 0; i < ends->count; i++) {
        if (!ends->positions[i])
            continue;
        struct arena *arena = new_arena();
        const Maskline__V1__ListEventsResponse *page =
            list(calls, calls->sids[0].texts[i], ends->positions[i], arena);
        must(page, "%s is refused, and Service %s is gone", path, calls->sids[0].texts[i]);
        for (size_t e = 0; e < page->n_events; e++)
            must(tells_refusal(page->events[e]),
                 "%s is refused, and there is an event %llu of type %d", path,
                 (unsigned long long)page->events[e]->position, (int)page->events[e]->type);
        arena_free(arena);
    }
}
