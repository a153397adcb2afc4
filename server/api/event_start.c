#include "server/api/event_start.h"

#include "server/masking/services/services.h"
#include "server/masking/sessions/sessions.h"

#include "proto/c/sid.h"

#include <string.h>

/* A SID need not exist any more; a name must. */
static bool read_session(struct api *api, struct view *view, const char *service,
                         const char *session, struct arena *arena, struct event_filter *filter,
                         struct error *error)
{
    if (*session == '\0')
        return true;
    filter->by_session = true;
    if (sid_parse("KC", session, filter->session))
        return true;
    struct session_result found;
    if (!sessions_get(view, masking_store(api->parts.masking), service, session, arena, &found,
                      error))
        return false;
    memcpy(filter->session, found.session->sid.data, sizeof filter->session);
    return true;
}

/* Whether the Service is gone, seen by a view that is younger than the log's end that the caller knows: a log that goes on after
 * that end will tell of its own. */
static bool has_ended(struct api *api, const uint8_t *service, struct arena *arena, bool *ret_ended,
                      struct error *error)
{
    struct store *store = masking_store(api->parts.masking);
    struct view *view = masking_view(api->parts.masking);
    if (!view)
        return error_set(error, STATUS_UNAVAILABLE, "STORE_UNAVAILABLE", 0,
                         "The store cannot be read now; try again.");
    Maskline__Store__V1__Service *now;
    struct sid_text sid = sid_format("KS", service);
    bool found = services_get(view, store, sid.text, arena, &now, error);
    view_close(view);
    if (found)
        *ret_ended = now->state == MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETED;
    return found;
}

static bool not_reached(uint64_t after, uint64_t last, struct error *error)
{
    error_set(error, STATUS_OUT_OF_RANGE, "POSITION_NOT_REACHED", 0,
              "The log ends at position %llu; position %llu is not reached.",
              (unsigned long long)last, (unsigned long long)after);
    error_metadata(error, "last_position", "%llu", (unsigned long long)last);
    return false;
}

bool event_start_find(struct api *api, struct view *view, const struct event_request *request,
                      struct arena *arena, struct event_start *ret_start, struct error *error)
{
    struct event_start start = {0};
    Maskline__Store__V1__Service *service;
    if (request->filter && !event_filter_types(&start.filter, request->filter, error))
        return false;
    if (!services_get(view, masking_store(api->parts.masking), request->service, arena, &service,
                      error))
        return false;
    if (request->filter && !read_session(api, view, request->service, request->filter->session,
                                         arena, &start.filter, error))
        return false;
    memcpy(start.service, service->sid.data, sizeof start.service);
    start.log = service_log(view, service);
    start.last = events_last(api->parts.events, &start.log);
    if (!has_ended(api, start.service, arena, &start.ended, error))
        return false;
    uint64_t oldest = events_oldest(api->parts.events, &start.log);
    start.after = request->place == AFTER_POSITION ? request->after
                  : request->place == FROM_NOW     ? start.last
                                                   : oldest - 1;
    if (start.after > start.last)
        return not_reached(start.after, start.last, error);
    *ret_start = start;
    return true;
}
