/*
 * The life of a call, and what every kind of call has in common.
 */
#include "server/rpc/call.h"

#include "proto/c/rpc/core.h"
#include "proto/c/rpc/inflate.h"
#include "proto/c/rpc/message.h"
#include "server/rpc/internal.h"

#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What the call ended with, as far as it is known here. */
static enum status_code final_code(const struct grpc_c_call *call)
{
    if (!(atomic_load(&call->flags) & CANCELLED))
        return call->code;
    if (atomic_load(&call->too_slow))
        return STATUS_UNAVAILABLE;
    return rpc_time_left(call->deadline) <= 0 ? STATUS_DEADLINE_EXCEEDED : STATUS_CANCELLED;
}

static void discard(struct grpc_c_call *call)
{
    watch_remove(call);
    stream_free(call->stream);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_byte_buffer_destroy(call->payload);
    if (call->details) {
        grpc_call_details_destroy(call->details);
        free(call->details);
    }
    rpc_metadata_clear(&call->initial);
    rpc_metadata_clear(&call->trailing);
    received_free(call);
    gpr_free(atomic_load(&call->peer));
    arena_free(call->arena);
    if (call->core)
        grpc_call_unref(call->core);
    free(call);
}

static void finish(struct grpc_c_call *call)
{
    struct grpc_c_server *server = call->server;
    if (server->options.on_call)
        server->options.on_call(server->options.on_call_data, grpc_c_call_method(call),
                                final_code(call), now_us() - call->began_us);
    bool admitted = call->admitted;
    discard(call);
    if (admitted)
        atomic_fetch_sub(&server->in_flight, 1);
    atomic_fetch_add(&server->calls_finished, 1);
}

void call_ref(struct grpc_c_call *call)
{
    atomic_fetch_add(&call->refs, 1);
}

bool call_try_ref(struct grpc_c_call *call)
{
    unsigned refs = atomic_load(&call->refs);
    while (refs > 0) {
        if (atomic_compare_exchange_weak(&call->refs, &refs, refs + 1))
            return true;
    }
    return false;
}

struct grpc_c_call *grpc_c_call_ref(struct grpc_c_call *call)
{
    call_ref(call);
    return call;
}

void grpc_c_call_unref(struct grpc_c_call *call)
{
    if (call && atomic_fetch_sub(&call->refs, 1) == 1)
        finish(call);
}

bool call_claim(struct grpc_c_call *call)
{
    return !(atomic_fetch_or(&call->flags, ANSWERED) & ANSWERED);
}

bool call_claim_unary(struct grpc_c_call *call)
{
    unsigned before = atomic_fetch_or(&call->flags, ANSWERED | LISTENS);
    if (before & ANSWERED)
        return false;
    call->close_with_answer = !(before & LISTENS);
    return true;
}

void call_note_cancelled(struct grpc_c_call *call)
{
    if (call->cancelled)
        atomic_fetch_or(&call->flags, CANCELLED);
}

enum grpc_c_kind call_kind(const struct grpc_c_call *call)
{
    return call->method->method ? call->method->method->kind : GRPC_C_UNARY;
}

bool call_start_batch(struct grpc_c_call *call, const grpc_op *ops, size_t count, struct tag *tag)
{
    call_ref(call);
    TAG_GIVEN(tag);
    if (grpc_call_start_batch(call->core, ops, count, tag, NULL) == GRPC_CALL_OK)
        return true;
    grpc_c_call_unref(call);
    return false;
}

static void call_cancelled(struct grpc_c_call *call)
{
    unsigned flags = atomic_load(&call->flags);
    if ((flags & CANCEL_SET) && (flags & CANCELLED) && !(flags & ANSWERED) &&
        !(atomic_fetch_or(&call->flags, CANCEL_CALLED) & CANCEL_CALLED))
        call->on_cancel(call->on_cancel_data);
}

static void run(struct grpc_c_call *call, struct worker *worker)
{
    for (;;) {
        unsigned events = atomic_exchange(&call->events, RUNNING) & ~(unsigned)RUNNING;
        if (!events) {
            unsigned expected = RUNNING;
            if (atomic_compare_exchange_strong(&call->events, &expected, 0))
                return;
            continue;
        }
        if (events & CLOSED)
            call_cancelled(call);
        if (call->stream)
            stream_run(call, events, worker);
    }
}

void call_signal(struct grpc_c_call *call, unsigned event)
{
    if (!(atomic_fetch_or(&call->events, event | RUNNING) & RUNNING))
        call_start_batch(call, NULL, 0, &call->run_tag);
}

void call_signal_here(struct grpc_c_call *call, unsigned event, struct worker *worker)
{
    if (!(atomic_fetch_or(&call->events, event | RUNNING) & RUNNING))
        run(call, worker);
}

static void run_here(struct grpc_c_call *call, bool success, struct worker *worker)
{
    (void)success;
    run(call, worker);
    grpc_c_call_unref(call);
}

static void closed(struct grpc_c_call *call, bool success, struct worker *worker)
{
    (void)success;
    call_note_cancelled(call);
    /* Of a unary call that was answered nobody wants to know. */
    if (call->stream || call->cancelled)
        call_signal_here(call, CLOSED, worker);
    grpc_c_call_unref(call);
}

/* It receives only: an answer, which then only sends, may be started on another thread at the same time. */
void grpc_c_call_listen(struct grpc_c_call *call)
{
    if (atomic_fetch_or(&call->flags, LISTENS) & LISTENS)
        return;
    const grpc_op close = op_close(call);
    call_start_batch(call, &close, 1, &call->close_tag);
}

static bool unpack_request(struct grpc_c_call *call, ProtobufCMessage **ret_request,
                           struct error *error)
{
    const struct grpc_c_server_options *options = &call->server->options;
    const struct wire_limits limits = {.elements = options->max_elements};
    if (!call->payload)
        return error_set(error, STATUS_UNIMPLEMENTED, "NO_REQUEST", 0,
                         "%s takes one message, and none came.", grpc_c_call_method(call));
    struct arena *arena = grpc_c_call_arena(call);
    if (!arena)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    call->came_compressed = rpc_is_compressed(call->payload);
    bool good = rpc_message_unpack(call->method->method->request, call->payload,
                                   options->max_request, &limits, arena, ret_request, error);
    grpc_byte_buffer_destroy(call->payload);
    call->payload = NULL;
    return good;
}

/* Counted first, asked then: a stop does it the other way round, so that it waits for this call, or this call hears of it. */
static bool admit(struct grpc_c_call *call, struct error *error)
{
    struct grpc_c_server *server = call->server;
    atomic_fetch_add(&server->in_flight, 1);
    call->admitted = !atomic_load(&server->stopping);
    if (call->admitted)
        return true;
    atomic_fetch_sub(&server->in_flight, 1);
    return error_set(error, STATUS_UNAVAILABLE, "SERVER_STOPPING", 0,
                     "The server is about to end and has not begun this call; connect again.");
}

/* The core holds a peer to the bound only once that has acknowledged it. Counted as HTTP/2 does. */
static bool metadata_fit(const struct grpc_c_call *call, struct error *error)
{
    enum { EACH = 32 };
    size_t most = call->server->options.max_metadata;
    size_t size = 0;
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *item = &call->metadata.metadata[i];
        size += GRPC_SLICE_LENGTH(item->key) + GRPC_SLICE_LENGTH(item->value) + EACH;
    }
    return size <= most || error_set(error, STATUS_RESOURCE_EXHAUSTED, "METADATA_TOO_LARGE", 0,
                                     "The metadata have %zu bytes; %zu are allowed.", size, most);
}

/* Calls the handler. */
static void begin(struct grpc_c_call *call)
{
    const struct grpc_c_method *method = call->method->method;
    ProtobufCMessage *request = NULL;
    struct error error;
    if (!admit(call, &error) || !metadata_fit(call, &error))
        grpc_c_call_fail(call, &error);
    else if (!method)
        grpc_c_call_unimplemented(call);
    else if (!stream_reads(call) && !unpack_request(call, &request, &error))
        grpc_c_call_fail(call, &error);
    else
        method->start(call->method->implementation, call, request);
}

/* All that were posted have been taken: calls come faster than one by one. */
static void want_more(struct method *method)
{
    unsigned wanted = atomic_load(&method->wanted);
    unsigned more = 2 * wanted < method->most ? 2 * wanted : method->most;
    atomic_compare_exchange_strong(&method->wanted, &wanted, more);
}

/* The core has filled in the call, or gives it back because the server shuts down. */
static void requested(struct grpc_c_call *call, bool success, struct worker *worker)
{
    struct method *method = call->method;
    /* Before it is no longer posted: a stop must see it as one or the other. */
    if (success)
        atomic_fetch_add(&call->server->calls_started, 1);
    bool last = atomic_fetch_sub(&method->posted, 1) == 1;
    if (!success) {
        discard(call);
        return;
    }
    if (last)
        want_more(method);
    method_post(method);
    if (call->server->options.on_call)
        call->began_us = now_us();
    if (call->details)
        call->deadline = call->details->deadline;
    /* Being the runner until the handler has returned keeps callbacks from running beside it. */
    atomic_store(&call->events, RUNNING);
    if (call->stream) {
        watch_add(call);
        grpc_c_call_listen(call);
    }
    begin(call);
    run(call, worker);
    grpc_c_call_unref(call);
}

static struct grpc_c_call *call_new(struct method *method)
{
    struct grpc_c_call *call = calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->server = method->server;
    call->method = method;
    atomic_store(&call->refs, 2); /* the worker that begins it, and the one who answers */
    call->request_tag = (struct tag){.call = call, .done = requested};
    call->close_tag = (struct tag){.call = call, .done = closed};
    call->send_tag = (struct tag){.call = call, .done = unary_sent};
    call->run_tag = (struct tag){.call = call, .done = run_here};
    grpc_metadata_array_init(&call->metadata);
    bool good = call_kind(call) == GRPC_C_UNARY || stream_new(call);
    if (!method->method) {
        call->details = calloc(1, sizeof(*call->details));
        good = call->details != NULL;
        if (good)
            grpc_call_details_init(call->details);
    }
    if (good)
        return call;
    discard(call);
    return NULL;
}

static bool post_one(struct method *method)
{
    struct grpc_c_server *server = method->server;
    struct grpc_c_call *call = call_new(method);
    if (!call)
        return false;
    TAG_GIVEN(&call->request_tag);
    grpc_call_error failed =
        method->method
            ? grpc_server_request_registered_call(server->core, method->handle, &call->core,
                                                  &call->deadline, &call->metadata,
                                                  stream_reads(call) ? NULL : &call->payload,
                                                  server->queue, server->queue, &call->request_tag)
            : grpc_server_request_call(server->core, &call->core, call->details, &call->metadata,
                                       server->queue, server->queue, &call->request_tag);
    if (failed == GRPC_CALL_OK)
        return true;
    discard(call);
    return false;
}

void method_post(struct method *method)
{
    while (!atomic_load(&method->server->shut)) {
        if (atomic_fetch_add(&method->posted, 1) < atomic_load(&method->wanted)) {
            if (post_one(method))
                continue;
            atomic_fetch_sub(&method->posted, 1);
            atomic_store(&method->server->dry, true);
            return;
        }
        /* Another thread may have taken this place for a request, just when the last real one came back to it and it looked for more: then
         * nobody would ever post one again. Whoever gives his place back last sees it. */
        if (atomic_fetch_sub(&method->posted, 1) > atomic_load(&method->wanted))
            return;
    }
}

struct arena *grpc_c_call_arena(struct grpc_c_call *call)
{
    if (!call->arena)
        call->arena = arena_new(call->server->options.max_call_memory);
    return call->arena;
}

struct grpc_c_server *grpc_c_call_server(const struct grpc_c_call *call)
{
    return call->server;
}

bool grpc_c_call_cancelled(struct grpc_c_call *call)
{
    grpc_c_call_listen(call);
    return atomic_load(&call->flags) & CANCELLED;
}

void grpc_c_call_on_cancel(struct grpc_c_call *call, void (*cancelled)(void *data), void *data)
{
    call->on_cancel = cancelled;
    call->on_cancel_data = data;
    atomic_fetch_or(&call->flags, CANCEL_SET);
    grpc_c_call_listen(call);
    call_cancelled(call);
}

int64_t grpc_c_call_time_left(const struct grpc_c_call *call)
{
    return rpc_time_left(call->deadline);
}

void grpc_c_call_compress(struct grpc_c_call *call, bool on)
{
    call->compress = on;
}

void grpc_c_call_plain_message(struct grpc_c_call *call)
{
    call->plain = true;
}

bool grpc_c_call_came_compressed(const struct grpc_c_call *call)
{
    return call->came_compressed;
}
