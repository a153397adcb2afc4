#include "server/api/event_stream.h"

#include "server/api/convert.h"
#include "server/api/event_start.h"
#include "server/api/fields.h"
#include "server/api/ticker.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)

enum { SKIP_MEMORY = 1024 * 1024 };

/* One stream. The runtime asks it for the next event when the client can take one: nothing is queued. */
struct follower {
    struct api *api;
    struct grpc_c_call *call; /* a reference */
    struct event_start start;
    struct event_tail *tail;
    uint64_t position; /* all up to and with this one was looked at */
    bool begun;
    bool over; /* the log's last event was told */
    struct tick tick;
};

static void wake(void *data)
{
    struct follower *follower = data;
    grpc_c_call_wake(follower->call);
}

static enum grpc_c_next say(struct follower *follower, Maskline__V1__StreamEventsResponse *response,
                            const Maskline__V1__StreamEventsResponse **ret_message)
{
    tick_heard(&follower->tick, ticker_now());
    *ret_message = response;
    return GRPC_C_MESSAGE;
}

static enum grpc_c_next no_memory(struct error *ret_status)
{
    error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
              "There is no memory for this event.");
    return GRPC_C_END;
}

static enum grpc_c_next heartbeat(struct follower *follower, struct arena *arena,
                                  const Maskline__V1__StreamEventsResponse **ret_message,
                                  struct error *ret_status)
{
    Maskline__V1__StreamEventsResponse *response =
        message_new(arena, &maskline__v1__stream_events_response__descriptor);
    Maskline__V1__Heartbeat *beat = message_new(arena, &maskline__v1__heartbeat__descriptor);
    if (!response || !beat)
        return no_memory(ret_status);
    beat->position = follower->position;
    beat->time = message_time(arena, store_now(masking_store(follower->api->parts.masking)));
    response->message_case = MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_HEARTBEAT;
    response->heartbeat = beat;
    return say(follower, response, ret_message);
}

static enum grpc_c_next event(struct follower *follower, struct arena *arena,
                              const Maskline__Store__V1__Entry *entry,
                              const Maskline__V1__StreamEventsResponse **ret_message,
                              struct error *ret_status)
{
    Maskline__V1__StreamEventsResponse *response =
        message_new(arena, &maskline__v1__stream_events_response__descriptor);
    ProtobufCBinaryData service = {sizeof follower->start.service, follower->start.service};
    Maskline__V1__Event *message = event_message(arena, service, follower->position, entry);
    if (!response || !message || arena_full(arena))
        return no_memory(ret_status);
    response->message_case = MASKLINE__V1__STREAM_EVENTS_RESPONSE__MESSAGE_EVENT;
    response->event = message;
    return say(follower, response, ret_message);
}

/* Nothing to tell now. */
static enum grpc_c_next pause(struct follower *follower, struct arena *arena,
                              const Maskline__V1__StreamEventsResponse **ret_message,
                              struct error *ret_status)
{
    if (follower->start.ended && follower->position >= follower->start.last)
        return GRPC_C_END;
    if (tick_due(&follower->tick, ticker_now()))
        return heartbeat(follower, arena, ret_message, ret_status);
    return GRPC_C_LATER;
}

/* Looks at entries until one passes the filter, or enough memory went into those that do not. */
static enum grpc_c_next look(struct follower *follower, struct arena *arena,
                             const Maskline__V1__StreamEventsResponse **ret_message,
                             struct error *ret_status)
{
    while (arena_used(arena) < SKIP_MEMORY) {
        struct log_entry found;
        Maskline__Store__V1__Entry *entry;
        switch (event_tail_next(follower->tail, arena, &found, ret_status)) {
        case TAIL_FAILED:
            return GRPC_C_END;
        case TAIL_LATER:
            return pause(follower, arena, ret_message, ret_status);
        case TAIL_ENTRY:
            break;
        }
        if (!log_entry_read(found.bytes, arena, &entry, ret_status))
            return GRPC_C_END;
        follower->position = found.position;
        follower->over = entry->change_case == MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETED;
        if (event_passes(&follower->start.filter, entry))
            return event(follower, arena, entry, ret_message, ret_status);
        if (follower->over)
            return GRPC_C_END;
    }
    grpc_c_call_wake(follower->call);
    return pause(follower, arena, ret_message, ret_status);
}

static enum grpc_c_next next(void *state, struct arena *arena,
                             const Maskline__V1__StreamEventsResponse **ret_message,
                             struct error *ret_status)
{
    struct follower *follower = state;
    if (grpc_c_server_stopping(grpc_c_call_server(follower->call))) {
        error_shutting_down(ret_status);
        return GRPC_C_END;
    }
    if (!follower->begun) {
        follower->begun = true;
        return heartbeat(follower, arena, ret_message, ret_status);
    }
    if (follower->over)
        return GRPC_C_END;
    return look(follower, arena, ret_message, ret_status);
}

static void on_end(void *state)
{
    struct follower *follower = state;
    ticker_remove(follower->api->ticker, &follower->tick);
    event_tail_free(follower->tail);
    grpc_c_call_unref(follower->call);
    free(follower);
}

static bool read_interval(const Maskline__V1__StreamEventsRequest *request, int64_t *ret_us,
                          struct error *error)
{
    *ret_us = 30 * SECOND;
    error_clear(error);
    field_duration(error, "heartbeat_interval", request->heartbeat_interval, ret_us);
    if (error->code == STATUS_OK && (*ret_us < SECOND || *ret_us > 3600 * SECOND))
        error_field(error, "heartbeat_interval", "It must be 1 s to 1 hour.");
    return error->code == STATUS_OK;
}

static bool read_place(const Maskline__V1__StreamEventsRequest *request,
                       struct event_request *where, struct error *error)
{
    error_clear(error);
    switch (request->start_case) {
    case MASKLINE__V1__STREAM_EVENTS_REQUEST__START_AFTER_POSITION:
        where->place = AFTER_POSITION;
        where->after = request->after_position;
        return true;
    case MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_OLDEST:
        where->place = FROM_OLDEST;
        return request->from_oldest || error_field(error, "from_oldest", "It must be true.");
    case MASKLINE__V1__STREAM_EVENTS_REQUEST__START_FROM_NOW:
        where->place = FROM_NOW;
        return request->from_now || error_field(error, "from_now", "It must be true.");
    default:
        where->place = FROM_NOW;
        return true;
    }
}

/* What was purged is refused before the stream begins; what is purged later ends it. */
static bool check_purged(struct api *api, const struct event_start *start, struct arena *arena,
                         struct error *error)
{
    struct log_page nothing;
    return events_page(api->parts.events, &start->log, start->after, 0, arena, &nothing, error);
}

bool event_stream_open(struct api *api, struct grpc_c_call *call, const void *request,
                       struct view *view, struct error *error)
{
    static const struct maskline_v1_events_stream_events_stream stream = {next, on_end};
    const Maskline__V1__StreamEventsRequest *given = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct event_request where = {.service = given->service, .filter = given->filter};
    struct event_start start;
    int64_t interval;
    if (!read_interval(given, &interval, error) || !read_place(given, &where, error) ||
        !event_start_find(api, view, &where, arena, &start, error) ||
        !check_purged(api, &start, arena, error))
        return false;
    struct follower *follower = calloc(1, sizeof *follower);
    if (!follower)
        goto no_memory;
    *follower = (struct follower){.api = api, .start = start, .position = start.after};
    follower->tick = (struct tick){.interval_us = interval, .wake = wake, .data = follower};
    follower->call = grpc_c_call_ref(call);
    follower->tail = event_tail_new(api->parts.events, &start.log, start.after, wake, follower);
    if (follower->tail && ticker_add(api->ticker, &follower->tick, ticker_now())) {
        maskline_v1_events_stream_events_open(call, follower, &stream);
        return true;
    }
    event_tail_free(follower->tail);
    grpc_c_call_unref(follower->call);
    free(follower);
no_memory:
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory for this stream.");
}
