#include "client/rpc/call.h"

#include "proto/c/rpc/core.h"
#include "proto/c/rpc/inflate.h"
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/tag.h"

#include <grpc/compression.h>
#include <stdio.h>
#include <stdlib.h>

static const char COMPRESSION[] = "compression";

static bool ask_compression(struct rpc_metadata *metadata)
{
    if (!rpc_metadata_add(metadata, COMPRESSION, "gzip", 4))
        return false;
    /* The core takes this key as an order to itself and sends it to nobody; the check above is for what is sent. */
    grpc_metadata *last = &metadata->items[metadata->count - 1];
    grpc_slice_unref(last->key);
    last->key = grpc_slice_from_static_string(GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY);
    return true;
}

static void refuse(struct call *call, const struct grpc_c_pair *pair)
{
    char text[160];
    if (rpc_metadata_allowed(pair->key, pair->value, pair->size)) {
        grpc_call_cancel_with_status(call->core, GRPC_STATUS_RESOURCE_EXHAUSTED,
                                     "There is no memory for the metadata.", NULL);
        return;
    }
    snprintf(text, sizeof(text), "Metadata with the key \"%.64s\" cannot be sent.", pair->key);
    grpc_call_cancel_with_status(call->core, GRPC_STATUS_INVALID_ARGUMENT, text, NULL);
}

static void take_options(struct call *call, const struct grpc_c_call_options *options)
{
    call->travel = options->travel;
    /* The core's timer would come late enough for a quick answer. */
    if (options->timeout_ms < 0)
        grpc_call_cancel_with_status(call->core, GRPC_STATUS_DEADLINE_EXCEEDED,
                                     "The deadline had passed before the call.", NULL);
    if (options->wait_for_ready)
        call->initial_flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY |
                              GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET;
    for (size_t i = 0; i < options->metadata_count; i++) {
        const struct grpc_c_pair *pair = &options->metadata[i];
        if (!rpc_metadata_add(&call->metadata, pair->key, pair->value, pair->size)) {
            refuse(call, pair);
            return;
        }
    }
    if (options->compress && !ask_compression(&call->metadata))
        refuse(call, &(const struct grpc_c_pair){COMPRESSION, "gzip", 4});
}

static gpr_timespec deadline_of(const struct grpc_c_call_options *options)
{
    return rpc_deadline(options->timeout_ms > 0 ? options->timeout_ms : -1);
}

void call_begin(struct call *call, struct grpc_c_channel *channel,
                const struct grpc_c_client_method *method,
                const struct grpc_c_call_options *options, grpc_completion_queue *queue)
{
    static const struct grpc_c_call_options defaults;
    if (!options)
        options = &defaults;
    *call = (struct call){.channel = channel, .method = method, .text = grpc_empty_slice()};
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    pthread_mutex_init(&call->cancelling, NULL);
    grpc_slice path = grpc_slice_from_static_string(method->path);
    call->core = grpc_channel_create_call(channel->core, NULL, GRPC_PROPAGATE_DEFAULTS, queue, path,
                                          NULL, deadline_of(options), NULL);
    take_options(call, options);
}

void call_end(struct call *call)
{
    pthread_mutex_lock(&call->cancelling);
    pthread_mutex_unlock(&call->cancelling);
    pthread_mutex_destroy(&call->cancelling);
    rpc_metadata_clear(&call->metadata);
    grpc_byte_buffer_destroy(call->sending);
    grpc_byte_buffer_destroy(call->received);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_slice_unref(call->text);
    grpc_call_unref(call->core);
}

void call_cancel(struct call *call)
{
    pthread_mutex_lock(&call->cancelling);
    grpc_call_cancel(call->core, NULL);
    pthread_mutex_unlock(&call->cancelling);
}

static grpc_op *add(struct call_batch *batch, grpc_op_type type)
{
    grpc_op *op = &batch->items[batch->count++];
    op->op = type;
    return op;
}

void call_add_initial(struct call *call, struct call_batch *batch)
{
    grpc_op *op = add(batch, GRPC_OP_SEND_INITIAL_METADATA);
    op->flags = call->initial_flags;
    op->data.send_initial_metadata.metadata = call->metadata.items;
    op->data.send_initial_metadata.count = call->metadata.count;
}

void call_add_message(struct call *call, struct call_batch *batch, const ProtobufCMessage *message)
{
    call->sending = rpc_message_pack(message);
    grpc_op *op = add(batch, GRPC_OP_SEND_MESSAGE);
    op->data.send_message.send_message = call->sending;
    if (call->travel && call->travel->send_plain)
        op->flags = GRPC_WRITE_NO_COMPRESS;
}

void call_add_half_close(struct call_batch *batch)
{
    add(batch, GRPC_OP_SEND_CLOSE_FROM_CLIENT);
}

void call_add_receive_initial(struct call *call, struct call_batch *batch)
{
    grpc_op *op = add(batch, GRPC_OP_RECV_INITIAL_METADATA);
    op->data.recv_initial_metadata.recv_initial_metadata = &call->initial;
}

void call_add_receive_message(struct call *call, struct call_batch *batch)
{
    add(batch, GRPC_OP_RECV_MESSAGE)->data.recv_message.recv_message = &call->received;
}

void call_add_receive_status(struct call *call, struct call_batch *batch)
{
    grpc_op *op = add(batch, GRPC_OP_RECV_STATUS_ON_CLIENT);
    op->data.recv_status_on_client.status = &call->code;
    op->data.recv_status_on_client.status_details = &call->text;
    op->data.recv_status_on_client.trailing_metadata = &call->trailing;
}

void call_start(struct call *call, const struct call_batch *batch, void *tag)
{
    RPC_TAG_GIVEN(tag);
    /* It refuses only what breaks its contract, and then no completion would ever come. */
    if (grpc_call_start_batch(call->core, batch->items, batch->count, tag, NULL) != GRPC_CALL_OK)
        abort();
}

void call_message_sent(struct call *call)
{
    grpc_byte_buffer_destroy(call->sending);
    call->sending = NULL;
}

static void fail(struct call *call, const struct error *error)
{
    bool too_much = error->code == STATUS_RESOURCE_EXHAUSTED;
    call->failure = too_much ? STATUS_RESOURCE_EXHAUSTED : STATUS_INTERNAL;
    snprintf(call->failure_text, sizeof(call->failure_text), "The answer cannot be read. %.150s",
             error->message);
}

const ProtobufCMessage *call_take_message(struct call *call, struct arena *arena)
{
    grpc_byte_buffer *buffer = call->received;
    if (!buffer)
        return NULL;
    call->received = NULL;
    if (call->travel)
        call->travel->came_compressed = rpc_is_compressed(buffer);
    const struct grpc_c_channel *channel = call->channel;
    ProtobufCMessage *message = NULL;
    struct error error;
    if (!rpc_message_unpack(call->method->response, buffer, channel->max_response, &channel->limits,
                            arena, &message, &error))
        fail(call, &error);
    grpc_byte_buffer_destroy(buffer);
    return message;
}
