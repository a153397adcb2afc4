/*
 * Asynchronous calls of all kinds. Callbacks run on the callback thread; sends and cancels come from anywhere.
 *
 * The batches of a call, each with a tag of its own:
 *     unary           all in one: whole
 *     client stream   open; receive initial metadata, response and status: whole
 *     server stream   open, with the request; receive status: whole; one for each message: receive
 *     bidi            open; receive status: whole; one for each message: receive
 * and send for each request, half_close for their end. The call ends when none of its batches is under way; as the one that
 * receives the status lasts until the core is done with the call, that is the end indeed.
 */
#include "client/rpc/call.h"
#include "client/rpc/callback_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_RESPONSES = 4, ARENA_SPARE = 64 * 1024 };

struct grpc_c_client_async {
    struct call call;
    const struct grpc_c_client_calls *calls;
    void *data;
    struct arena *arena; /* the callback thread's */
    struct callback_tag open;
    struct callback_tag send;
    struct callback_tag half_close;
    struct callback_tag receive;
    struct callback_tag whole;
    pthread_mutex_t mutex; /* over what follows, but for `callbacks` */
    unsigned batches;      /* under way */
    bool sending;          /* a request is under way */
    bool closing;          /* the caller wants no more requests */
    bool over;             /* the status has come */
    _Alignas(max_align_t) unsigned char callbacks[];
};

#define CALL_OF(tag, member)                                                                   \
    ((struct grpc_c_client_async *)(void *)((char *)(tag)-offsetof(struct grpc_c_client_async, \
                                                                   member)))

static void free_call(struct grpc_c_client_async *call)
{
    struct grpc_c_channel *channel = call->call.channel;
    call_end(&call->call);
    arena_free(call->arena);
    pthread_mutex_destroy(&call->mutex);
    free(call);
    channel_leave(channel);
}

static void end(struct grpc_c_client_async *call)
{
    bool one_response = !call->call.method->server_streams;
    const ProtobufCMessage *response = NULL;
    struct grpc_c_status status;
    call_result(&call->call, call->arena, one_response ? &response : NULL, &status);
    call->calls->on_end(call->callbacks, call->data, response, &status);
    free_call(call);
}

/* A batch is complete, and no other follows from it. The last one to say so ends the call. */
static void batch_done(struct grpc_c_client_async *call)
{
    pthread_mutex_lock(&call->mutex);
    bool last = --call->batches == 0;
    pthread_mutex_unlock(&call->mutex);
    if (last)
        end(call);
}

static void start_receive(struct grpc_c_client_async *call, bool first)
{
    struct call_batch batch = {0};
    if (first)
        call_add_receive_initial(&call->call, &batch);
    call_add_receive_message(&call->call, &batch);
    call_start(&call->call, &batch, &call->receive);
}

/* Hands one message to the callback. False at the end of the stream. */
static bool deliver(struct grpc_c_client_async *call)
{
    if (!call->call.received)
        return false;
    const ProtobufCMessage *message = call_take_message(&call->call, call->arena);
    if (message)
        call->calls->on_message(call->callbacks, call->data, message);
    else
        call_cancel(&call->call);
    arena_reset(call->arena);
    return message != NULL;
}

static void run_receive(struct callback_tag *tag, bool success)
{
    struct grpc_c_client_async *call = CALL_OF(tag, receive);
    if (success && deliver(call))
        start_receive(call, false);
    else
        batch_done(call);
}

static void run_open(struct callback_tag *tag, bool success)
{
    (void)success;
    batch_done(CALL_OF(tag, open));
}

static void run_half_close(struct callback_tag *tag, bool success)
{
    (void)success;
    batch_done(CALL_OF(tag, half_close));
}

static void run_whole(struct callback_tag *tag, bool success)
{
    (void)success;
    struct grpc_c_client_async *call = CALL_OF(tag, whole);
    pthread_mutex_lock(&call->mutex);
    call->over = true;
    pthread_mutex_unlock(&call->mutex);
    batch_done(call);
}

static void start_half_close(struct grpc_c_client_async *call)
{
    struct call_batch batch = {0};
    call_add_half_close(&batch);
    call_start(&call->call, &batch, &call->half_close);
}

/* The request has left, or never will. */
static void run_send(struct callback_tag *tag, bool success)
{
    struct grpc_c_client_async *call = CALL_OF(tag, send);
    call_message_sent(&call->call);
    pthread_mutex_lock(&call->mutex);
    call->sending = false;
    bool half_close = call->closing;
    bool writable = success && !call->closing && !call->over;
    if (half_close)
        call->batches++;
    pthread_mutex_unlock(&call->mutex);
    if (half_close)
        start_half_close(call);
    if (writable && call->calls->on_writable)
        call->calls->on_writable(call->callbacks, call->data);
    batch_done(call);
}

bool grpc_c_client_send(struct grpc_c_client_async *call, const ProtobufCMessage *message)
{
    pthread_mutex_lock(&call->mutex);
    bool welcome = !call->sending && !call->closing && !call->over;
    if (welcome) {
        call->sending = true;
        call->batches++;
    }
    pthread_mutex_unlock(&call->mutex);
    if (!welcome)
        return false;
    struct call_batch batch = {0};
    call_add_message(&call->call, &batch, message);
    call_start(&call->call, &batch, &call->send);
    return true;
}

bool grpc_c_client_send_done(struct grpc_c_client_async *call)
{
    pthread_mutex_lock(&call->mutex);
    bool welcome = !call->closing && !call->over;
    call->closing |= welcome;
    /* Behind a request that is under way it follows when that has left. */
    bool now = welcome && !call->sending;
    if (now)
        call->batches++;
    pthread_mutex_unlock(&call->mutex);
    if (now)
        start_half_close(call);
    return welcome;
}

void grpc_c_client_abandon(struct grpc_c_client_async *call)
{
    call_cancel(&call->call);
}

struct grpc_c_client_call *grpc_c_client_async_call(struct grpc_c_client_async *call)
{
    return (struct grpc_c_client_call *)call;
}

void grpc_c_client_cancel(struct grpc_c_client_call *call)
{
    grpc_c_client_abandon((struct grpc_c_client_async *)call);
}

static struct grpc_c_client_async *new_call(struct grpc_c_channel *channel, size_t callbacks_size)
{
    struct grpc_c_client_async *call = calloc(1, sizeof(*call) + callbacks_size);
    if (!call)
        return NULL;
    call->arena = arena_new(channel->max_response * ARENA_RESPONSES + ARENA_SPARE);
    if (!call->arena) {
        free(call);
        return NULL;
    }
    pthread_mutex_init(&call->mutex, NULL);
    call->open.run = run_open;
    call->send.run = run_send;
    call->half_close.run = run_half_close;
    call->receive.run = run_receive;
    call->whole.run = run_whole;
    return call;
}

static void start_unary(struct grpc_c_client_async *call, const ProtobufCMessage *request)
{
    struct call_batch batch = {0};
    call->batches = 1;
    call_add_initial(&call->call, &batch);
    call_add_message(&call->call, &batch, request);
    call_add_half_close(&batch);
    call_add_receive_initial(&call->call, &batch);
    call_add_receive_message(&call->call, &batch);
    call_add_receive_status(&call->call, &batch);
    call_start(&call->call, &batch, &call->whole);
}

static void start_open(struct grpc_c_client_async *call, const ProtobufCMessage *request)
{
    struct call_batch batch = {0};
    call_add_initial(&call->call, &batch);
    if (!call->call.method->client_streams) {
        call_add_message(&call->call, &batch, request);
        call_add_half_close(&batch);
        call->closing = true;
    }
    call_start(&call->call, &batch, &call->open);
}

static void start_whole(struct grpc_c_client_async *call)
{
    struct call_batch batch = {0};
    if (!call->call.method->server_streams) {
        call_add_receive_initial(&call->call, &batch);
        call_add_receive_message(&call->call, &batch);
    }
    call_add_receive_status(&call->call, &batch);
    call_start(&call->call, &batch, &call->whole);
}

/* The count comes first, so that no completion takes the call for ended; reading comes last, for callbacks begin with it. */
static void start_stream(struct grpc_c_client_async *call, const ProtobufCMessage *request)
{
    bool reads = call->call.method->server_streams;
    call->batches = reads ? 3 : 2;
    start_open(call, request);
    start_whole(call);
    if (reads)
        start_receive(call, true);
}

struct grpc_c_client_async *grpc_c_client_start(struct grpc_c_channel *channel,
                                                const struct grpc_c_client_method *method,
                                                const struct grpc_c_call_options *options,
                                                const ProtobufCMessage *request,
                                                const void *callbacks, size_t callbacks_size,
                                                const struct grpc_c_client_calls *calls, void *data)
{
    grpc_completion_queue *queue = callback_queue_get();
    struct grpc_c_client_async *call = queue ? new_call(channel, callbacks_size) : NULL;
    if (!call)
        return NULL;
    memcpy(call->callbacks, callbacks, callbacks_size);
    call->calls = calls;
    call->data = data;
    channel_enter(channel);
    call_begin(&call->call, channel, method, options, queue);
    if (method->client_streams || method->server_streams)
        start_stream(call, request);
    else
        start_unary(call, request);
    return call;
}
