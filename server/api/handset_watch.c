#include "server/api/handset_watch.h"

#include "server/api/media.h"

#include <stdlib.h>

/* One stream; the phone keeps the texts, and the runtime asks for the next one when the client can take it. */
struct watcher {
    struct grpc_c_call *call; /* a reference */
    struct simulator_watch *watch;
    uint64_t received;
    bool begun;
};

static void wake(void *data)
{
    struct watcher *watcher = data;
    grpc_c_call_wake(watcher->call);
}

static Maskline__V1__ReceivedText *text_message(struct arena *arena,
                                                const struct simulator_received *text)
{
    Maskline__V1__ReceivedText *message =
        message_new(arena, &maskline__v1__received_text__descriptor);
    if (!message)
        return NULL;
    struct message_list media = media_messages(arena, text->media, text->media_count);
    message->message_id = message_text(text->message_id);
    message->sender = message_text(text->sender);
    message->body = message_text(text->body);
    message->media = (Maskline__V1__Media **)media.items;
    message->n_media = media.count;
    message->receive_time = message_time(arena, text->receive_time);
    message->number = text->number;
    return message;
}

static bool set_ready(struct arena *arena, const struct watcher *watcher,
                      Maskline__V1__WatchHandsetResponse *response)
{
    Maskline__V1__HandsetReady *ready =
        message_new(arena, &maskline__v1__handset_ready__descriptor);
    if (!ready)
        return false;
    ready->received_count = watcher->received;
    response->message_case = MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_READY;
    response->ready = ready;
    return true;
}

static bool set_text(struct arena *arena, const struct simulator_received *text,
                     Maskline__V1__WatchHandsetResponse *response)
{
    response->message_case = MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_TEXT;
    response->text = text_message(arena, text);
    return !arena_full(arena);
}

/* The API counts from 1. */
_Static_assert(SIMULATED_CALLS == 0 &&
                   SIMULATED_ENDS == MASKLINE__V1__HANDSET_CALL_EVENT__HANDSET_CALL_EVENT_ENDS - 1,
               "the same order");

static bool set_call(struct arena *arena, const struct simulator_happened *event,
                     Maskline__V1__WatchHandsetResponse *response)
{
    Maskline__V1__HandsetCall *call = message_new(arena, &maskline__v1__handset_call__descriptor);
    if (!call)
        return false;
    call->provider_id = message_text(event->provider_id);
    call->event = (Maskline__V1__HandsetCallEvent)(event->event + 1);
    call->other = message_text(event->other);
    call->text = message_text(event->text);
    call->time = message_time(arena, event->time);
    call->number = event->number;
    response->message_case = MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_CALL;
    response->call = call;
    return !arena_full(arena);
}

static enum grpc_c_next no_memory(struct error *ret_status)
{
    error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
              "There is no memory for this text.");
    return GRPC_C_END;
}

/* What the phone has got, or what happened to it in a call; before that, that the stream stands. */
static enum grpc_c_next next(void *state, struct arena *arena,
                             const Maskline__V1__WatchHandsetResponse **ret_message,
                             struct error *ret_status)
{
    struct watcher *watcher = state;
    if (grpc_c_server_stopping(grpc_c_call_server(watcher->call))) {
        error_shutting_down(ret_status);
        return GRPC_C_END;
    }
    Maskline__V1__WatchHandsetResponse *response =
        message_new(arena, &maskline__v1__watch_handset_response__descriptor);
    if (!response)
        return no_memory(ret_status);
    struct simulator_received text;
    struct simulator_happened event;
    bool whole = true;
    if (!watcher->begun) {
        whole = set_ready(arena, watcher, response);
    } else {
        switch (simulator_watch_next(watcher->watch, arena, &text, &event, ret_status)) {
        case SIMULATOR_TEXT:
            whole = set_text(arena, &text, response);
            break;
        case SIMULATOR_CALL_EVENT:
            whole = set_call(arena, &event, response);
            break;
        case SIMULATOR_LATER:
            return GRPC_C_LATER;
        case SIMULATOR_FAILED:
            return GRPC_C_END;
        }
    }
    if (!whole)
        return no_memory(ret_status);
    watcher->begun = true;
    *ret_message = response;
    return GRPC_C_MESSAGE;
}

static void on_end(void *state)
{
    struct watcher *watcher = state;
    simulator_watch_free(watcher->watch);
    grpc_c_call_unref(watcher->call);
    free(watcher);
}

void handset_watch_open(struct simulator *simulator, struct grpc_c_call *call,
                        const Maskline__V1__WatchHandsetRequest *request)
{
    static const struct maskline_v1_simulator_watch_handset_stream stream = {next, on_end};
    struct error error;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (!watcher) {
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for this stream.");
        grpc_c_call_fail(call, &error);
        return;
    }
    watcher->call = grpc_c_call_ref(call);
    if (simulator_watch_new(simulator, request->handset, request->only_new, wake, watcher,
                            &watcher->watch, &watcher->received, &error)) {
        maskline_v1_simulator_watch_handset_open(call, watcher, &stream);
        return;
    }
    grpc_c_call_fail(call, &error);
    grpc_c_call_unref(watcher->call);
    free(watcher);
}
