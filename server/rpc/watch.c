/*
 * The calls of a server that may be written to for long: all streams, and unary calls with a large answer. Streams are woken when
 * the server stops; and readers that take nothing are found here.
 */
#include "server/rpc/internal.h"

void watch_add(struct grpc_c_call *call)
{
    struct grpc_c_server *server = call->server;
    pthread_mutex_lock(&server->lock);
    call->next = server->watched;
    if (call->next)
        call->next->previous = call;
    server->watched = call;
    server->stream_count += call->stream ? 1 : 0;
    call->watched = true;
    pthread_mutex_unlock(&server->lock);
}

void watch_remove(struct grpc_c_call *call)
{
    struct grpc_c_server *server = call->server;
    if (!call->watched)
        return;
    pthread_mutex_lock(&server->lock);
    if (call->previous)
        call->previous->next = call->next;
    else
        server->watched = call->next;
    if (call->next)
        call->next->previous = call->previous;
    server->stream_count -= call->stream ? 1 : 0;
    pthread_mutex_unlock(&server->lock);
}

/* A call that is about to be freed is listed until it takes itself out: the lock keeps it, but it must not be touched. */
static struct grpc_c_call *first_alive(struct grpc_c_call *call)
{
    while (call && !call_try_ref(call))
        call = call->next;
    return call;
}

typedef void visit(struct grpc_c_call *call, int64_t now_ms);

/* References are given back without the lock, which the last one needs. */
static void visit_all(struct grpc_c_server *server, visit *each, int64_t now_ms)
{
    pthread_mutex_lock(&server->lock);
    struct grpc_c_call *call = first_alive(server->watched);
    while (call) {
        each(call, now_ms);
        struct grpc_c_call *next = first_alive(call->next);
        pthread_mutex_unlock(&server->lock);
        grpc_c_call_unref(call);
        pthread_mutex_lock(&server->lock);
        call = next;
    }
    pthread_mutex_unlock(&server->lock);
}

static void wake(struct grpc_c_call *call, int64_t now_ms)
{
    (void)now_ms;
    grpc_c_call_wake(call);
}

void watch_wake(struct grpc_c_server *server)
{
    visit_all(server, wake, 0);
}

static void cancel_slow(struct grpc_c_call *call, int64_t now_ms)
{
    uint32_t writes = atomic_load(&call->writes);
    bool writing = writes % 2 == 1;
    if (!writing || writes != call->seen_writes) {
        call->seen_writes = writes;
        call->seen_at_ms = now_ms;
        return;
    }
    int64_t most_ms = call->server->options.write_timeout_ms;
    if (now_ms - call->seen_at_ms < most_ms || atomic_exchange(&call->too_slow, true))
        return;
    grpc_call_cancel_with_status(call->core, GRPC_STATUS_UNAVAILABLE,
                                 "The reader took nothing for too long.", NULL);
}

void watch_tick(struct grpc_c_server *server, int64_t now_ms)
{
    visit_all(server, cancel_slow, now_ms);
}
