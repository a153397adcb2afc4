/*
 * How a stream opens and ends. All kinds of streams are this one engine; a kind that lacks a direction leaves it out.
 */
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/status.h"
#include "server/rpc/internal.h"

#include <grpc/slice.h>
#include <stdlib.h>

static void sent(struct grpc_c_call *call, bool success, struct worker *worker)
{
    (void)success;
    atomic_fetch_add(&call->writes, 1);
    call_signal_here(call, SENT, worker);
    grpc_c_call_unref(call);
}

bool stream_new(struct grpc_c_call *call)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return false;
    stream->call = call;
    stream->dirty = true;
    stream->ending.message = grpc_empty_slice();
    stream->receive_tag = (struct tag){.call = call, .done = stream_received};
    call->send_tag.done = sent;
    call->stream = stream;
    return true;
}

bool stream_reads(const struct grpc_c_call *call)
{
    enum grpc_c_kind kind = call_kind(call);
    return kind == GRPC_C_CLIENT_STREAM || kind == GRPC_C_BIDI;
}

bool stream_writes(const struct grpc_c_call *call)
{
    enum grpc_c_kind kind = call_kind(call);
    return kind == GRPC_C_SERVER_STREAM || kind == GRPC_C_BIDI;
}

void stream_batch(struct stream *stream, const grpc_op *ops, size_t count)
{
    stream->writing = true;
    atomic_fetch_add(&stream->call->writes, 1);
    if (call_start_batch(stream->call, ops, count, &stream->call->send_tag))
        return;
    /* The core takes nothing more: the call is to end, and its closing to be told. */
    stream->writing = false;
    atomic_fetch_add(&stream->call->writes, 1);
    grpc_call_cancel(stream->call->core, NULL);
}

void grpc_c_call_open(struct grpc_c_call *call, void *state, const void *calls,
                      const struct grpc_c_stream_calls *vtable)
{
    struct stream *stream = call->stream;
    if (!stream) {
        struct error error;
        error_internal(&error);
        grpc_c_call_fail(call, &error);
        vtable->on_end(calls, state);
        return;
    }
    stream->state = state;
    stream->calls = calls;
    stream->vtable = vtable;
    call_signal(call, OPENED);
}

void grpc_c_call_wake(struct grpc_c_call *call)
{
    if (call->stream)
        call_signal(call, WOKEN);
}

void grpc_c_call_read_on(struct grpc_c_call *call)
{
    if (call->stream)
        call_signal(call, READ_ON);
}

void stream_fail(struct grpc_c_call *call, const struct error *error)
{
    if (!call_claim(call))
        return;
    struct ending *ending = &call->stream->ending;
    bool can_be_ok = stream_writes(call);
    struct error own;
    if (!error->code && !can_be_ok) {
        error_internal(&own);
        error = &own;
    }
    ending->code = rpc_status_code(error);
    ending->message = grpc_slice_from_copied_string(error->message);
    rpc_status_add_details(error, &ending->details);
    call_signal(call, ENDING);
}

void stream_reply(struct grpc_c_call *call, const ProtobufCMessage *response)
{
    if (!call_claim(call))
        return;
    call->stream->response = rpc_message_pack(response);
    call_signal(call, ENDING);
}

/* The last batch. What is held goes with it, and without a hint to wait: with one it might never go. */
static void send_status(struct stream *stream)
{
    struct grpc_c_call *call = stream->call;
    grpc_byte_buffer *message = stream->response ? stream->response : stream->held;
    grpc_op ops[3];
    size_t count = 0;
    rpc_metadata_move(&call->trailing, &stream->ending.details);
    if (!stream->initial_sent)
        ops[count++] = op_initial(call);
    if (message && !stream->closed)
        ops[count++] = op_message(message, stream->response ? 0 : stream->held_flags);
    ops[count++] = op_status(call, stream->ending.code, &stream->ending.message);
    stream->initial_sent = true;
    stream->status_sent = true;
    stream_batch(stream, ops, count);
}

/* Once it is over: tells the program, and the client as soon as nothing else is being written. */
static void end(struct stream *stream)
{
    struct grpc_c_call *call = stream->call;
    if (stream->opened && !stream->end_told) {
        stream->end_told = true;
        stream->vtable->on_end(stream->calls, stream->state);
    }
    if (!stream->ended) {
        /* The client has gone. Before it is opened, the handler still has to answer; and whoever has claimed the answer since
         * will say so. */
        if (!stream->opened || !call_claim(call))
            return;
        stream->ending.code = GRPC_STATUS_CANCELLED;
        stream->ended = true;
    }
    if (stream->writing || stream->status_sent)
        return;
    send_status(stream);
    grpc_c_call_unref(call);
}

static void note(struct stream *stream, unsigned events)
{
    if (events & SENT)
        stream->writing = false;
    if (events & OPENED)
        stream->opened = true;
    if (events & WOKEN)
        stream->dirty = true;
    if (events & READ_ON)
        stream->paused = false;
    if (events & CLOSED)
        stream->closed = true;
    if (events & ENDING)
        stream->ended = true;
    if (stream->closed || stream->ended)
        stream->over = true;
}

void stream_run(struct grpc_c_call *call, unsigned events, struct worker *worker)
{
    struct stream *stream = call->stream;
    note(stream, events);
    if (events & RECEIVED)
        stream_take(stream, worker);
    if (stream->opened && stream_reads(call))
        stream_read(stream);
    if (stream->opened && stream_writes(call))
        stream_pump(stream, worker);
    if (stream->over)
        end(stream);
}

void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    grpc_byte_buffer_destroy(stream->held);
    grpc_byte_buffer_destroy(stream->response);
    grpc_byte_buffer_destroy(stream->received);
    grpc_slice_unref(stream->ending.message);
    rpc_metadata_clear(&stream->ending.details);
    free(stream);
}
