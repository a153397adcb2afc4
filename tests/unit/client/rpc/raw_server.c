#include "tests/unit/client/rpc/raw_server.h"

#include <check.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANY "127.0.0.1:0"

enum { PAIRS = 8 };

struct raw_server {
    const struct raw_method *methods;
    size_t method_count;
    grpc_server *core;
    grpc_completion_queue *arrivals;
    pthread_t thread;
    char target[64];
    pthread_mutex_t mutex; /* over `calls` */
    pthread_cond_t gone;
    unsigned calls; /* whose threads run */
};

struct raw_call {
    struct raw_server *server;
    grpc_call *core;
    grpc_completion_queue *queue;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_metadata initial[PAIRS];
    size_t initial_count;
    grpc_metadata trailing[PAIRS];
    size_t trailing_count;
    grpc_slice message; /* the last that was read */
    int cancelled;
    bool close_seen;
    bool headers_sent;
    bool finished;
};

static bool wait_for(struct raw_call *call, void *tag)
{
    grpc_event event =
        grpc_completion_queue_pluck(call->queue, tag, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    return event.type == GRPC_OP_COMPLETE && event.success;
}

static bool run_batch(struct raw_call *call, const grpc_op *ops, size_t count)
{
    return grpc_call_start_batch(call->core, ops, count, call, NULL) == GRPC_CALL_OK &&
           wait_for(call, call);
}

static void add_headers(struct raw_call *call, grpc_op *ops, size_t *count)
{
    if (call->headers_sent)
        return;
    call->headers_sent = true;
    grpc_op *op = &ops[(*count)++];
    op->op = GRPC_OP_SEND_INITIAL_METADATA;
    op->data.send_initial_metadata.metadata = call->initial;
    op->data.send_initial_metadata.count = call->initial_count;
}

bool raw_read(struct raw_call *call, const uint8_t **ret_bytes, size_t *ret_size)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &buffer};
    if (!run_batch(call, &op, 1) || !buffer)
        return false;
    grpc_byte_buffer_reader reader;
    ck_assert(grpc_byte_buffer_reader_init(&reader, buffer));
    grpc_slice_unref(call->message);
    call->message = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    *ret_bytes = GRPC_SLICE_START_PTR(call->message);
    *ret_size = GRPC_SLICE_LENGTH(call->message);
    return true;
}

static void add_pair(grpc_metadata *pairs, size_t *count, const char *key, const void *value,
                     size_t size)
{
    ck_assert_uint_lt(*count, PAIRS);
    pairs[(*count)++] = (grpc_metadata){.key = grpc_slice_from_static_string(key),
                                        .value = grpc_slice_from_copied_buffer(value, size)};
}

void raw_initial(struct raw_call *call, const char *key, const void *value, size_t size)
{
    add_pair(call->initial, &call->initial_count, key, value, size);
}

void raw_trailing(struct raw_call *call, const char *key, const void *value, size_t size)
{
    add_pair(call->trailing, &call->trailing_count, key, value, size);
}

bool raw_headers(struct raw_call *call)
{
    grpc_op ops[1] = {0};
    size_t count = 0;
    add_headers(call, ops, &count);
    return run_batch(call, ops, count);
}

bool raw_write(struct raw_call *call, const void *bytes, size_t size)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    grpc_op ops[2] = {0};
    size_t count = 0;
    add_headers(call, ops, &count);
    ops[count].op = GRPC_OP_SEND_MESSAGE;
    ops[count++].data.send_message.send_message = buffer;
    bool sent = run_batch(call, ops, count);
    grpc_byte_buffer_destroy(buffer);
    return sent;
}

void raw_finish(struct raw_call *call, int code, const char *message)
{
    grpc_op ops[2] = {0};
    size_t count = 0;
    grpc_slice text = grpc_slice_from_copied_string(message);
    add_headers(call, ops, &count);
    grpc_op *op = &ops[count++];
    op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    op->data.send_status_from_server.status = (grpc_status_code)code;
    op->data.send_status_from_server.status_details = &text;
    op->data.send_status_from_server.trailing_metadata = call->trailing;
    op->data.send_status_from_server.trailing_metadata_count = call->trailing_count;
    run_batch(call, ops, count);
    grpc_slice_unref(text);
    call->finished = true;
}

void raw_await_cancel(struct raw_call *call)
{
    if (!call->close_seen)
        wait_for(call, &call->cancelled);
    call->close_seen = true;
}

int raw_metadata(struct raw_call *call, const char *key, char *buffer, size_t room)
{
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *pair = &call->metadata.metadata[i];
        size_t size = GRPC_SLICE_LENGTH(pair->value);
        if (grpc_slice_str_cmp(pair->key, key) != 0)
            continue;
        ck_assert_uint_lt(size, room);
        memcpy(buffer, GRPC_SLICE_START_PTR(pair->value), size);
        buffer[size] = '\0';
        return (int)size;
    }
    return -1;
}

static struct raw_call *call_new(struct raw_server *server)
{
    struct raw_call *call = calloc(1, sizeof(*call));
    ck_assert_ptr_nonnull(call);
    call->server = server;
    call->queue = grpc_completion_queue_create_for_pluck(NULL);
    call->message = grpc_empty_slice();
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    return call;
}

static void call_free(struct raw_call *call)
{
    if (call->core)
        grpc_call_unref(call->core);
    grpc_completion_queue_shutdown(call->queue);
    grpc_completion_queue_destroy(call->queue);
    grpc_slice_unref(call->message);
    for (size_t i = 0; i < call->initial_count; i++)
        grpc_slice_unref(call->initial[i].value);
    for (size_t i = 0; i < call->trailing_count; i++)
        grpc_slice_unref(call->trailing[i].value);
    grpc_call_details_destroy(&call->details);
    grpc_metadata_array_destroy(&call->metadata);
    free(call);
}

static void serve(struct raw_call *call)
{
    const struct raw_server *server = call->server;
    for (size_t i = 0; i < server->method_count; i++) {
        if (grpc_slice_str_cmp(call->details.method, server->methods[i].path) == 0) {
            server->methods[i].serve(call);
            return;
        }
    }
    raw_finish(call, GRPC_STATUS_UNIMPLEMENTED, "no such method");
}

static void *run_call(void *data)
{
    struct raw_call *call = data;
    struct raw_server *server = call->server;
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                  .data.recv_close_on_server.cancelled = &call->cancelled};
    grpc_call_error started = grpc_call_start_batch(call->core, &op, 1, &call->cancelled, NULL);
    ck_assert_int_eq(started, GRPC_CALL_OK);
    serve(call);
    if (!call->finished)
        raw_finish(call, GRPC_STATUS_OK, "");
    raw_await_cancel(call);
    call_free(call);
    pthread_mutex_lock(&server->mutex);
    server->calls--;
    pthread_cond_signal(&server->gone);
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static void start_call(struct raw_call *call)
{
    struct raw_server *server = call->server;
    pthread_mutex_lock(&server->mutex);
    server->calls++;
    pthread_mutex_unlock(&server->mutex);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_call, call), 0);
    pthread_detach(thread);
}

static void request_call(struct raw_server *server)
{
    struct raw_call *call = call_new(server);
    ck_assert_int_eq(grpc_server_request_call(server->core, &call->core, &call->details,
                                              &call->metadata, call->queue, server->arrivals, call),
                     GRPC_CALL_OK);
}

static void *run_server(void *data)
{
    struct raw_server *server = data;
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(server->arrivals, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.tag == server) {
            grpc_completion_queue_shutdown(server->arrivals);
        } else if (event.success) {
            request_call(server);
            start_call(event.tag);
        } else {
            call_free(event.tag);
        }
    }
}

static void listen_at(struct raw_server *server, const char *address)
{
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server->core, address, plain);
    grpc_server_credentials_release(plain);
    ck_assert_int_gt(port, 0);
    if (strcmp(address, ANY) == 0)
        snprintf(server->target, sizeof(server->target), "127.0.0.1:%d", port);
    else
        snprintf(server->target, sizeof(server->target), "%s", address);
}

struct raw_server *raw_server_start(const struct raw_method *methods, size_t count)
{
    return raw_server_start_at(ANY, methods, count);
}

struct raw_server *raw_server_start_at(const char *address, const struct raw_method *methods,
                                       size_t count)
{
    grpc_init();
    struct raw_server *server = calloc(1, sizeof(*server));
    ck_assert_ptr_nonnull(server);
    server->methods = methods;
    server->method_count = count;
    pthread_mutex_init(&server->mutex, NULL);
    pthread_cond_init(&server->gone, NULL);
    server->core = grpc_server_create(NULL, NULL);
    server->arrivals = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server->core, server->arrivals, NULL);
    listen_at(server, address);
    grpc_server_start(server->core);
    request_call(server);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, run_server, server), 0);
    return server;
}

const char *raw_server_target(const struct raw_server *server)
{
    return server->target;
}

void raw_server_stop(struct raw_server *server)
{
    grpc_server_shutdown_and_notify(server->core, server->arrivals, server);
    grpc_server_cancel_all_calls(server->core);
    pthread_join(server->thread, NULL);
    pthread_mutex_lock(&server->mutex);
    while (server->calls)
        pthread_cond_wait(&server->gone, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
    grpc_server_destroy(server->core);
    grpc_completion_queue_destroy(server->arrivals);
    pthread_mutex_destroy(&server->mutex);
    pthread_cond_destroy(&server->gone);
    free(server);
    grpc_shutdown();
}
