#include "tests/unit/server/rpc/peer.h"

#include "proto/c/rpc/core.h"
#include "proto/c/rpc/message.h"
#include "proto/c/rpc/status.h"

#include <check.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 10000 };

/* Tags are these addresses: one of each kind is under way at a time. */
static char start_tag, headers_tag, status_tag, send_tag, receive_tag, close_tag;

struct peer peer_new(int port, const grpc_channel_args *more)
{
    char target[64];
    (void)snprintf(target, sizeof(target), "127.0.0.1:%d", port);
    rpc_core_acquire();
    struct rpc_arguments arguments = {.count = 0};
    rpc_arguments_number(&arguments, GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    rpc_arguments_number(&arguments, GRPC_ARG_ENABLE_RETRIES, 0);
    for (size_t i = 0; more && i < more->num_args; i++)
        arguments.items[arguments.count++] = more->args[i];
    grpc_channel_args list = rpc_arguments_list(&arguments);
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    struct peer peer = {.channel = grpc_channel_create(target, plain, &list)};
    grpc_channel_credentials_release(plain);
    ck_assert_ptr_nonnull(peer.channel);
    return peer;
}

void peer_free(struct peer *peer)
{
    grpc_channel_destroy(peer->channel);
    rpc_core_release();
}

/* Whether what was started is done well. */
static bool wait_for(struct peer_call *call, char *tag)
{
    grpc_event event =
        grpc_completion_queue_pluck(call->queue, tag, rpc_deadline(PATIENCE_MS), NULL);
    return event.type == GRPC_OP_COMPLETE && event.success;
}

static bool start(struct peer_call *call, const grpc_op *op, char *tag)
{
    return grpc_call_start_batch(call->call, op, 1, tag, NULL) == GRPC_CALL_OK;
}

static void start_receiving(struct peer_call *call)
{
    const grpc_op headers = {
        .op = GRPC_OP_RECV_INITIAL_METADATA,
        .data.recv_initial_metadata.recv_initial_metadata = &call->initial,
    };
    const grpc_op status = {
        .op = GRPC_OP_RECV_STATUS_ON_CLIENT,
        .data.recv_status_on_client =
            {
                .trailing_metadata = &call->trailing,
                .status = &call->code,
                .status_details = &call->message,
                .error_string = &call->error_string,
            },
    };
    ck_assert(start(call, &headers, &headers_tag));
    ck_assert(start(call, &status, &status_tag));
}

struct peer_call *peer_begin(struct peer *peer, const char *method, int64_t timeout_ms,
                             const char *const *metadata)
{
    struct peer_call *call = calloc(1, sizeof(*call));
    ck_assert_ptr_nonnull(call);
    call->queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_slice path = grpc_slice_from_copied_string(method);
    call->call = grpc_channel_create_call(peer->channel, NULL, GRPC_PROPAGATE_DEFAULTS, call->queue,
                                          path, NULL, rpc_deadline(timeout_ms), NULL);
    grpc_slice_unref(path);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    call->message = grpc_empty_slice();
    struct rpc_metadata sent = {.count = 0};
    for (; metadata && metadata[0]; metadata += 2)
        ck_assert(rpc_metadata_add(&sent, metadata[0], metadata[1], strlen(metadata[1])));
    const grpc_op initial = {
        .op = GRPC_OP_SEND_INITIAL_METADATA,
        .data.send_initial_metadata = {.count = sent.count, .metadata = sent.items},
    };
    ck_assert(start(call, &initial, &start_tag));
    rpc_metadata_clear(&sent);
    start_receiving(call);
    (void)wait_for(call, &start_tag);
    return call;
}

void peer_headers(struct peer_call *call)
{
    call->headed = true;
    ck_assert(wait_for(call, &headers_tag));
}

static bool send_buffer(struct peer_call *call, grpc_byte_buffer *buffer)
{
    const grpc_op send = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = buffer};
    bool good = start(call, &send, &send_tag) && wait_for(call, &send_tag);
    grpc_byte_buffer_destroy(buffer);
    return good;
}

bool peer_send(struct peer_call *call, const ProtobufCMessage *message)
{
    return send_buffer(call, rpc_message_pack(message));
}

bool peer_send_bytes(struct peer_call *call, const void *bytes, size_t size)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return send_buffer(call, buffer);
}

bool peer_half_close(struct peer_call *call)
{
    const grpc_op close = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    return start(call, &close, &close_tag) && wait_for(call, &close_tag);
}

uint8_t *peer_receive(struct peer_call *call, size_t *ret_size)
{
    grpc_byte_buffer *buffer = NULL;
    const grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &buffer};
    if (!start(call, &receive, &receive_tag))
        return NULL;
    (void)wait_for(call, &receive_tag);
    if (!buffer)
        return NULL;
    grpc_byte_buffer_reader reader;
    ck_assert(grpc_byte_buffer_reader_init(&reader, buffer));
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    size_t size = GRPC_SLICE_LENGTH(all);
    uint8_t *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, GRPC_SLICE_START_PTR(all), size);
    bytes[size] = '\0';
    grpc_slice_unref(all);
    *ret_size = size;
    return bytes;
}

void peer_cancel(struct peer_call *call)
{
    grpc_call_cancel(call->call, NULL);
}

static void copy_text(char *text, size_t room, grpc_slice from)
{
    (void)snprintf(text, room, "%.*s", (int)GRPC_SLICE_LENGTH(from),
                   (const char *)GRPC_SLICE_START_PTR(from));
}

static void copy_metadata(char list[PEER_METADATA][128], const grpc_metadata_array *from)
{
    for (size_t i = 0; i < from->count && i < PEER_METADATA; i++) {
        copy_text(list[i], sizeof(list[i]), from->metadata[i].key);
        size_t used = strlen(list[i]);
        list[i][used++] = '=';
        copy_text(list[i] + used, sizeof(list[i]) - used, from->metadata[i].value);
    }
}

static void end_queue(grpc_completion_queue *queue)
{
    grpc_completion_queue_shutdown(queue);
    while (grpc_completion_queue_pluck(queue, NULL, rpc_deadline(100), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(queue);
}

struct outcome peer_end(struct peer_call *call)
{
    struct outcome outcome = {.code = -1};
    if (wait_for(call, &status_tag)) {
        const grpc_slice *details = rpc_metadata_find(&call->trailing, RPC_DETAILS_KEY);
        outcome.code = (int)call->code;
        copy_text(outcome.message, sizeof(outcome.message), call->message);
        outcome.details_size = details ? GRPC_SLICE_LENGTH(*details) : 0;
        rpc_status_read(call->code, outcome.message,
                        details ? GRPC_SLICE_START_PTR(*details) : NULL, outcome.details_size,
                        &outcome.error);
        copy_metadata(outcome.initial, &call->initial);
        copy_metadata(outcome.trailing, &call->trailing);
    }
    /* What nobody takes from the queue keeps the call. */
    if (!call->headed)
        (void)wait_for(call, &headers_tag);
    grpc_call_unref(call->call);
    grpc_slice_unref(call->message);
    gpr_free((void *)(uintptr_t)call->error_string);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    end_queue(call->queue);
    free(call);
    return outcome;
}

void outcome_done(struct outcome *outcome)
{
    free(outcome->response);
    outcome->response = NULL;
}

bool outcome_has(char list[PEER_METADATA][128], const char *pair)
{
    for (int i = 0; i < PEER_METADATA; i++) {
        if (strcmp(list[i], pair) == 0)
            return true;
    }
    return false;
}

struct outcome peer_unary_bytes(struct peer *peer, const char *method, const void *bytes,
                                size_t size, int64_t timeout_ms)
{
    struct peer_call *call = peer_begin(peer, method, timeout_ms, NULL);
    (void)peer_send_bytes(call, bytes, size);
    (void)peer_half_close(call);
    size_t response_size = 0;
    uint8_t *response = peer_receive(call, &response_size);
    struct outcome outcome = peer_end(call);
    outcome.response = response;
    outcome.response_size = response_size;
    return outcome;
}

struct outcome peer_unary(struct peer *peer, const char *method, const ProtobufCMessage *request,
                          int64_t timeout_ms)
{
    uint8_t *bytes = malloc(protobuf_c_message_get_packed_size(request) + 1);
    ck_assert_ptr_nonnull(bytes);
    size_t size = protobuf_c_message_pack(request, bytes);
    struct outcome outcome = peer_unary_bytes(peer, method, bytes, size, timeout_ms);
    free(bytes);
    return outcome;
}
