/*
 * The way in: one message is read at a time, the next when the program has taken it.
 */
#include "proto/c/arena.h"
#include "proto/c/rpc/inflate.h"
#include "proto/c/rpc/message.h"
#include "server/rpc/internal.h"

void stream_received(struct grpc_c_call *call, bool success, struct worker *worker)
{
    (void)success;
    call_signal_here(call, RECEIVED, worker);
    grpc_c_call_unref(call);
}

void stream_read(struct stream *stream)
{
    if (stream->reading || stream->paused || stream->read_all || stream->over)
        return;
    const grpc_op receive = {
        .op = GRPC_OP_RECV_MESSAGE,
        .data.recv_message.recv_message = &stream->received,
    };
    stream->reading = call_start_batch(stream->call, &receive, 1, &stream->receive_tag);
}

static void take_message(struct stream *stream, struct worker *worker)
{
    struct grpc_c_call *call = stream->call;
    const struct grpc_c_server_options *options = &call->server->options;
    const struct wire_limits limits = {.elements = options->max_elements};
    ProtobufCMessage *message;
    struct error error;
    arena_reset(worker->scratch);
    call->came_compressed = rpc_is_compressed(stream->received);
    if (rpc_message_unpack(call->method->method->request, stream->received, options->max_request,
                           &limits, worker->scratch, &message, &error)) {
        stream->paused = !stream->vtable->on_message(stream->calls, stream->state, message);
    } else {
        stream->read_all = true;
        grpc_c_call_fail(call, &error);
    }
}

void stream_take(struct stream *stream, struct worker *worker)
{
    struct grpc_c_call *call = stream->call;
    bool unheard = stream->over || (atomic_load(&call->flags) & ANSWERED);
    stream->reading = false;
    if (!stream->received) {
        stream->read_all = true;
        /* A call that breaks looks the same, but for this. */
        if (!unheard && !grpc_call_failed_before_recv_message(call->core))
            stream->vtable->on_half_close(stream->calls, stream->state);
        return;
    }
    if (!unheard)
        take_message(stream, worker);
    grpc_byte_buffer_destroy(stream->received);
    stream->received = NULL;
}
