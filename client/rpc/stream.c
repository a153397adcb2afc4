/*
 * Blocking calls with a stream in them. One thread may write while another reads: the batches of the one only send, those of the
 * other only receive, which is what the core allows side by side.
 */
#include "client/rpc/blocking_queue.h"
#include "client/rpc/call.h"

#include <stdlib.h>

struct grpc_c_client_stream {
    struct call call;
    grpc_completion_queue *queue;
    bool broken; /* the writer's, and the next: a write has failed */
    bool half_closed;
    bool initial_received; /* the reader's, and the next */
    bool read_all;
    /* Only their addresses are of use, as tags. */
    char open_tag;
    char write_tag;
    char read_tag;
};

/* Only sends, and is waited for at the end: headers and request leave while the caller goes on. */
static void open_stream(struct grpc_c_client_stream *stream, const ProtobufCMessage *request)
{
    struct call_batch batch = {0};
    call_add_initial(&stream->call, &batch);
    if (!stream->call.method->client_streams) {
        call_add_message(&stream->call, &batch, request);
        call_add_half_close(&batch);
        stream->half_closed = true;
    }
    call_start(&stream->call, &batch, &stream->open_tag);
}

struct grpc_c_client_stream *grpc_c_client_open(struct grpc_c_channel *channel,
                                                const struct grpc_c_client_method *method,
                                                const struct grpc_c_call_options *options,
                                                const ProtobufCMessage *request)
{
    struct grpc_c_client_stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return NULL;
    stream->queue = blocking_queue_new();
    call_begin(&stream->call, channel, method, options, stream->queue);
    open_stream(stream, request);
    return stream;
}

bool grpc_c_client_write(struct grpc_c_client_stream *stream, const ProtobufCMessage *message)
{
    if (stream->half_closed || stream->broken)
        return false;
    struct call_batch batch = {0};
    call_add_message(&stream->call, &batch, message);
    call_start(&stream->call, &batch, &stream->write_tag);
    stream->broken = !blocking_queue_wait(stream->queue, &stream->write_tag);
    call_message_sent(&stream->call);
    return !stream->broken;
}

bool grpc_c_client_write_done(struct grpc_c_client_stream *stream)
{
    if (stream->half_closed || stream->broken)
        return false;
    stream->half_closed = true;
    struct call_batch batch = {0};
    call_add_half_close(&batch);
    call_start(&stream->call, &batch, &stream->write_tag);
    return blocking_queue_wait(stream->queue, &stream->write_tag);
}

static void add_receive_initial(struct grpc_c_client_stream *stream, struct call_batch *batch)
{
    if (!stream->initial_received)
        call_add_receive_initial(&stream->call, batch);
    stream->initial_received = true;
}

/* Leaves the next message in the call; false at the end of the stream. */
static bool receive(struct grpc_c_client_stream *stream)
{
    if (stream->read_all)
        return false;
    struct call_batch batch = {0};
    add_receive_initial(stream, &batch);
    call_add_receive_message(&stream->call, &batch);
    call_start(&stream->call, &batch, &stream->read_tag);
    bool received = blocking_queue_wait(stream->queue, &stream->read_tag);
    stream->read_all = !received || !stream->call.received;
    return !stream->read_all;
}

bool grpc_c_client_read(struct grpc_c_client_stream *stream, struct arena *arena,
                        const ProtobufCMessage **ret_message)
{
    if (!stream->call.method->server_streams || !receive(stream))
        return false;
    const ProtobufCMessage *message = call_take_message(&stream->call, arena);
    if (!message) {
        stream->read_all = true;
        call_cancel(&stream->call);
        return false;
    }
    *ret_message = message;
    return true;
}

/* The core tells the status only when all messages before it were taken. */
static void skip_messages(struct grpc_c_client_stream *stream)
{
    while (receive(stream)) {
        grpc_byte_buffer_destroy(stream->call.received);
        stream->call.received = NULL;
    }
}

static void receive_end(struct grpc_c_client_stream *stream)
{
    bool one_response = !stream->call.method->server_streams;
    struct call_batch batch = {0};
    add_receive_initial(stream, &batch);
    if (one_response)
        call_add_receive_message(&stream->call, &batch);
    call_add_receive_status(&stream->call, &batch);
    call_start(&stream->call, &batch, &stream->read_tag);
    blocking_queue_wait(stream->queue, &stream->read_tag);
}

static void free_stream(struct grpc_c_client_stream *stream)
{
    call_end(&stream->call);
    blocking_queue_free(stream->queue);
    free(stream);
}

bool grpc_c_client_finish(struct grpc_c_client_stream *stream, struct arena *arena,
                          const ProtobufCMessage **ret_response, struct grpc_c_status *ret_status)
{
    grpc_c_client_write_done(stream);
    if (stream->call.method->server_streams)
        skip_messages(stream);
    receive_end(stream);
    blocking_queue_wait(stream->queue, &stream->open_tag);
    bool ok = call_result(&stream->call, arena, ret_response, ret_status);
    free_stream(stream);
    return ok;
}

void grpc_c_client_stream_cancel(struct grpc_c_client_stream *stream)
{
    call_cancel(&stream->call);
}
