/*
 * The way out: the source is asked for one message at a time, when the transport can take one. Nothing is queued; a reader that is
 * slow is a write that is not done.
 */
#include "proto/c/arena.h"
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/status.h"
#include "server/rpc/internal.h"

#include <grpc/slice.h>

static void bad_message(struct grpc_c_call *call)
{
    struct error error;
    error_internal(&error);
    grpc_c_call_fail(call, &error);
}

static void source_ended(struct stream *stream, const struct error *status)
{
    stream->dirty = false;
    if (!call_claim(stream->call))
        return;
    stream->ending.code = rpc_status_code(status);
    stream->ending.message = grpc_slice_from_copied_string(status->message);
    rpc_status_add_details(status, &stream->ending.details);
    stream->ended = true;
    stream->over = true;
}

/* Puts the source's next message into `held`, if it has one. */
static void ask(struct stream *stream, struct worker *worker)
{
    struct grpc_c_call *call = stream->call;
    const ProtobufCMessage *message = NULL;
    struct error status;
    /* Somebody has failed the call on another thread: no message after that. */
    if (atomic_load(&call->flags) & ANSWERED)
        return;
    error_clear(&status);
    arena_reset(worker->scratch);
    call->plain = false;
    switch (
        stream->vtable->next(stream->calls, stream->state, worker->scratch, &message, &status)) {
    case GRPC_C_MESSAGE:
        if (message && message->descriptor == call->method->method->response)
            stream->held = rpc_message_pack(message);
        else
            bad_message(call);
        stream->held_flags = call->plain ? GRPC_WRITE_NO_COMPRESS : 0;
        break;
    case GRPC_C_LATER:
        stream->dirty = false;
        break;
    case GRPC_C_END:
        source_ended(stream, &status);
        break;
    }
}

/* With a hint the core keeps the message for company, and is done with it at once: a run of messages costs one write. The first
 * goes without: the initial metadata would wait with it, for ever. */
static void send_message(struct stream *stream, grpc_byte_buffer *message, uint32_t flags,
                         bool more)
{
    grpc_op ops[2];
    size_t count = 0;
    if (more && stream->initial_sent)
        flags |= GRPC_WRITE_BUFFER_HINT;
    if (!stream->initial_sent)
        ops[count++] = op_initial(stream->call);
    ops[count++] = op_message(message, flags);
    stream->initial_sent = true;
    stream_batch(stream, ops, count);
    grpc_byte_buffer_destroy(message);
}

static void send_initial(struct stream *stream)
{
    const grpc_op initial = op_initial(stream->call);
    stream->initial_sent = true;
    stream_batch(stream, &initial, 1);
}

void stream_pump(struct stream *stream, struct worker *worker)
{
    if (stream->writing || stream->over)
        return;
    if (!stream->held && stream->dirty)
        ask(stream, worker);
    if (stream->over)
        return;
    if (!stream->held) {
        if (!stream->initial_sent && !stream->over)
            send_initial(stream);
        return;
    }
    /* Whether another message follows must be known before this one goes: only then may it wait for company. */
    grpc_byte_buffer *message = stream->held;
    uint32_t flags = stream->held_flags;
    stream->held = NULL;
    if (stream->dirty)
        ask(stream, worker);
    if (stream->over) { /* it goes with the status */
        stream->held = message;
        stream->held_flags = flags;
    } else {
        send_message(stream, message, flags, stream->held != NULL);
    }
}
