#include "tests/unit/server/rpc/source.h"

#include <stdio.h>
#include <string.h>

static void enter(struct source *source)
{
    if (atomic_fetch_add(&source->inside, 1) != 0)
        atomic_fetch_add(&source->met, 1);
}

static void leave(struct source *source)
{
    atomic_fetch_sub(&source->inside, 1);
}

static enum grpc_c_next give(struct source *source, struct arena *arena,
                             const Lab__Text **ret_message, struct error *ret_status)
{
    if (source->at_next)
        source->at_next(source);
    int given = source->given;
    bool stopping = grpc_c_server_stopping(grpc_c_call_server(source->call));
    if (source->ends_on_stop && stopping) {
        error_set(ret_status, STATUS_UNAVAILABLE, "RECONNECT", 0, "The server stops.");
        return GRPC_C_END;
    }
    if ((source->end_at && given >= source->end_at) ||
        (source->ends_on_half_close && source->half_closed && given >= source->available)) {
        if (source->end_code)
            error_set(ret_status, (enum status_code)source->end_code, "ENDED", 0, "At %d.", given);
        return GRPC_C_END;
    }
    if (given >= source->available)
        return GRPC_C_LATER;
    Lab__Text *message = arena_alloc(arena, sizeof(*message));
    ck_assert_ptr_nonnull(message);
    lab__text__init(message);
    message->text = arena_printf(arena, "%d", given);
    message->bytes.len = (size_t)source->size;
    message->bytes.data = arena_alloc(arena, (size_t)source->size);
    atomic_store(&source->given, given + 1);
    *ret_message = message;
    return GRPC_C_MESSAGE;
}

static enum grpc_c_next next(void *state, struct arena *arena, const Lab__Text **ret_message,
                             struct error *ret_status)
{
    struct source *source = state;
    enter(source);
    atomic_fetch_add(&source->asked, 1);
    enum grpc_c_next said = give(source, arena, ret_message, ret_status);
    leave(source);
    return said;
}

static bool on_message(void *state, const Lab__Text *message)
{
    struct source *source = state;
    enter(source);
    (void)snprintf(source->last, sizeof(source->last), "%s", message->text);
    int heard = atomic_fetch_add(&source->heard, 1) + 1;
    if (source->echoes) {
        source->available = heard;
        grpc_c_call_wake(source->call);
    }
    bool more = !source->pause_at || heard < source->pause_at;
    leave(source);
    return more;
}

static void on_half_close(void *state)
{
    struct source *source = state;
    enter(source);
    atomic_fetch_add(&source->half_closed, 1);
    if (source->ends_on_half_close)
        grpc_c_call_wake(source->call);
    leave(source);
}

static void on_end(void *state)
{
    struct source *source = state;
    enter(source);
    atomic_fetch_add(&source->ended, 1);
    leave(source);
}

static void reply_at_half_close(void *state)
{
    struct source *source = state;
    Lab__Text response = LAB__TEXT__INIT;
    char text[32];
    on_half_close(state);
    (void)snprintf(text, sizeof(text), "%d", source->heard);
    response.text = text;
    lab_lab_sum_reply(source->call, &response);
}

const struct lab_lab_count_stream source_count = {.next = next, .on_end = on_end};
const struct lab_lab_sum_stream source_sum = {
    .on_message = on_message,
    .on_half_close = reply_at_half_close,
    .on_end = on_end,
};
const struct lab_lab_chat_stream source_chat = {
    .on_message = on_message,
    .on_half_close = on_half_close,
    .next = next,
    .on_end = on_end,
};

void source_begin(struct source *source, struct grpc_c_call *call)
{
    atomic_store(&source->call, grpc_c_call_ref(call));
    atomic_fetch_add(&source->begun, 1);
}

void source_handle_count(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)request;
    source_begin(data, call);
    lab_lab_count_open(call, data, &source_count);
}

void source_handle_sum(void *data, struct grpc_c_call *call)
{
    source_begin(data, call);
    lab_lab_sum_open(call, data, &source_sum);
}

void source_handle_chat(void *data, struct grpc_c_call *call)
{
    source_begin(data, call);
    lab_lab_chat_open(call, data, &source_chat);
}

void source_allow(struct source *source, int available)
{
    atomic_store(&source->available, available);
    grpc_c_call_wake(source->call);
}

void source_done(struct source *source)
{
    grpc_c_call_unref(source->call);
    ck_assert_int_eq(source->met, 0);
    ck_assert_int_eq(source->ended, 1);
}
