#include "server/rpc/server.h"

#include "proto/c/rpc/core.h"
#include "server/rpc/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As many requests are kept posted for a method that is called much; more cost memory and gain nothing. Of others there are few: the
 * core as Debian builds it looks through all that is posted each time that something is done. */
enum { POSTED_FIRST = 2, POSTED_UNARY = 64, POSTED_STREAM = 8, POSTED_UNKNOWN = 4 };

/* How long after the last resort, cancelling, a stop waits for handlers that do not answer. */
enum { STOP_MS = 10000 };

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
}

struct grpc_c_server *grpc_c_server_new(const struct grpc_c_server_options *options,
                                        struct error *error)
{
    struct grpc_c_server *server = calloc(1, sizeof(*server));
    if (!server) {
        no_memory(error);
        return NULL;
    }
    rpc_core_acquire();
    options_fill(&server->options, options);
    server->core = options_server(&server->options, &server->quota);
    server->queue = grpc_completion_queue_create_for_next(NULL);
    /* Nobody polls this one until the end: no connection may depend on it. */
    grpc_completion_queue_attributes attributes = {
        .version = GRPC_CQ_CURRENT_VERSION,
        .cq_completion_type = GRPC_CQ_NEXT,
        .cq_polling_type = GRPC_CQ_NON_LISTENING,
    };
    server->shut_queue = grpc_completion_queue_create(
        grpc_completion_queue_factory_lookup(&attributes), &attributes, NULL);
    grpc_server_register_completion_queue(server->core, server->queue, NULL);
    grpc_server_register_completion_queue(server->core, server->shut_queue, NULL);
    pthread_mutex_init(&server->lock, NULL);
    server->unknown =
        (struct method){.server = server, .most = POSTED_UNKNOWN, .wanted = POSTED_FIRST};
    return server;
}

static bool register_method(struct grpc_c_server *server, struct method *method,
                            const struct grpc_c_method *described, const void *implementation,
                            struct error *error)
{
    bool one_request = described->kind == GRPC_C_UNARY || described->kind == GRPC_C_SERVER_STREAM;
    *method = (struct method){
        .method = described,
        .implementation = implementation,
        .server = server,
        .most = described->kind == GRPC_C_UNARY ? POSTED_UNARY : POSTED_STREAM,
        .wanted = POSTED_FIRST,
        .handle = grpc_server_register_method(
            server->core, described->path, NULL,
            one_request ? GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER : GRPC_SRM_PAYLOAD_NONE, 0),
    };
    return method->handle || error_set(error, STATUS_ALREADY_EXISTS, "METHOD_EXISTS", 0,
                                       "The method %s is served already.", described->path);
}

bool grpc_c_server_add(struct grpc_c_server *server, const struct grpc_c_service *service,
                       const void *implementation, struct error *error)
{
    if (server->started)
        return error_set(error, STATUS_FAILED_PRECONDITION, "SERVER_STARTED", 0,
                         "The server runs already.");
    for (const struct service *other = server->services; other; other = other->next) {
        if (strcmp(other->service->name, service->name) == 0)
            return error_set(error, STATUS_ALREADY_EXISTS, "SERVICE_EXISTS", 0,
                             "The service %s was added already.", service->name);
    }
    struct service *added =
        calloc(1, sizeof(*added) + service->method_count * sizeof(added->methods[0]));
    if (!added)
        return no_memory(error);
    added->service = service;
    struct service **last = &server->services;
    while (*last)
        last = &(*last)->next;
    *last = added;
    for (size_t i = 0; i < service->method_count; i++) {
        if (!register_method(server, &added->methods[i], &service->methods[i], implementation,
                             error))
            return false;
    }
    return true;
}

const char *grpc_c_server_service(const struct grpc_c_server *server, size_t number)
{
    const struct service *service = server->services;
    while (service && number-- > 0)
        service = service->next;
    return service ? service->service->name : NULL;
}

void server_post(struct grpc_c_server *server)
{
    for (struct service *service = server->services; service; service = service->next) {
        for (size_t i = 0; i < service->service->method_count; i++)
            method_post(&service->methods[i]);
    }
    method_post(&server->unknown);
}

bool grpc_c_server_start(struct grpc_c_server *server, struct error *error)
{
    if (server->started)
        return error_set(error, STATUS_FAILED_PRECONDITION, "SERVER_STARTED", 0,
                         "The server runs already.");
    accept_reserve();
    grpc_server_start(server->core);
    server->started = true;
    if (!workers_start(server, error))
        return false;
    server_post(server);
    return true;
}

/* Whether the core has no calls left. */
static bool wait_for_core(struct grpc_c_server *server, int64_t ms)
{
    if (server->core_done)
        return true;
    grpc_event event = grpc_completion_queue_next(server->shut_queue, rpc_deadline(ms), NULL);
    server->core_done = event.type == GRPC_OP_COMPLETE;
    return server->core_done;
}

/* Whether the core has given back all that was posted; a call that it filled in may still lie in the queue when it says that it has none. */
static bool none_posted(struct grpc_c_server *server)
{
    for (struct service *service = server->services; service; service = service->next) {
        for (size_t i = 0; i < service->service->method_count; i++) {
            if (atomic_load(&service->methods[i].posted) > 0)
                return false;
        }
    }
    return atomic_load(&server->unknown.posted) == 0;
}

/* The core forgets a call a moment before it is freed here, or even begun. */
static bool wait_for_calls(struct grpc_c_server *server)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int ms = 0; ms < STOP_MS; ms++) {
        if (none_posted(server) &&
            atomic_load(&server->calls_finished) == atomic_load(&server->calls_started))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Until the calls in flight have ended, in their own time; what is left of `ms`. */
static int64_t wait_for_quiet(struct grpc_c_server *server, int64_t ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    gpr_timespec end = rpc_deadline(ms);
    int64_t quiet_ms = server->options.quiet_ms;
    gpr_timespec enough = rpc_deadline(ms < quiet_ms ? ms : quiet_ms);
    while (atomic_load(&server->in_flight) > 0 && !atomic_load(&server->hurry) &&
           rpc_time_left(enough) > 0)
        nanosleep(&pause, NULL);
    int64_t left = rpc_time_left(end) / 1000000;
    return left > 0 ? left : 0;
}

static void shut_core(struct grpc_c_server *server)
{
    pthread_mutex_lock(&server->lock);
    if (!atomic_load(&server->shut)) {
        atomic_store(&server->shut, true);
        grpc_server_shutdown_and_notify(server->core, server->shut_queue, NULL);
    }
    if (atomic_load(&server->hurry))
        grpc_server_cancel_all_calls(server->core);
    pthread_mutex_unlock(&server->lock);
}

/* Empties the queue of calls; the workers do it, when there are any. */
static void shut_queue(struct grpc_c_server *server)
{
    grpc_completion_queue_shutdown(server->queue);
    if (server->worker_count > 0)
        workers_join(server);
    else
        while (grpc_completion_queue_next(server->queue, rpc_deadline(-1), NULL).type !=
               GRPC_QUEUE_SHUTDOWN)
            ;
    free(server->workers);
    server->workers = NULL;
}

bool grpc_c_server_stop(struct grpc_c_server *server, int64_t grace_ms)
{
    if (server->stopped)
        return true;
    atomic_store(&server->stopping, true);
    watch_wake(server);
    /* The core closes a connection as soon as its last call has ended, and does not wait until the client has what was sent:
     * when the client is just saying something, the socket is reset, and answers that still lie in the kernel are lost. So
     * answers go first. Behind them comes the GOAWAY with a ping, which the client answers only when it has read them. */
    int64_t left_ms = wait_for_quiet(server, grace_ms > 0 ? grace_ms : 0);
    shut_core(server);
    if (!wait_for_core(server, left_ms)) {
        grpc_server_cancel_all_calls(server->core);
        if (!wait_for_core(server, STOP_MS))
            return false;
    }
    if (!wait_for_calls(server))
        return false;
    shut_queue(server);
    server->stopped = true;
    return true;
}

void grpc_c_server_hurry(struct grpc_c_server *server)
{
    pthread_mutex_lock(&server->lock);
    atomic_store(&server->hurry, true);
    if (atomic_load(&server->shut))
        grpc_server_cancel_all_calls(server->core);
    pthread_mutex_unlock(&server->lock);
}

bool grpc_c_server_stopping(const struct grpc_c_server *server)
{
    return atomic_load_explicit(&server->stopping, memory_order_acquire);
}

void grpc_c_server_free(struct grpc_c_server *server)
{
    /* With calls alive it stays: they know it. */
    if (!server || !grpc_c_server_stop(server, 0))
        return;
    grpc_server_destroy(server->core);
    grpc_completion_queue_shutdown(server->shut_queue);
    while (grpc_completion_queue_next(server->shut_queue, rpc_deadline(-1), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(server->shut_queue);
    grpc_completion_queue_destroy(server->queue);
    if (server->quota)
        grpc_resource_quota_unref(server->quota);
    for (struct service *service = server->services, *next; service; service = next) {
        next = service->next;
        free(service);
    }
    pthread_mutex_destroy(&server->lock);
    free(server);
    rpc_core_release();
}

void grpc_c_server_count(const struct grpc_c_server *server,
                         struct grpc_c_server_counts *ret_counts)
{
    struct grpc_c_server *mutable = (struct grpc_c_server *)(uintptr_t)server;
    pthread_mutex_lock(&mutable->lock);
    uint64_t streams = server->stream_count;
    pthread_mutex_unlock(&mutable->lock);
    uint64_t finished = atomic_load(&server->calls_finished);
    *ret_counts = (struct grpc_c_server_counts){
        .started = atomic_load(&server->calls_started),
        .finished = finished,
        .streams = streams,
    };
}
