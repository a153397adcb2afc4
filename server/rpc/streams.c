/*
 * All open streams of a server: to wake them when it stops, and to find the readers that take nothing.
 */
#include "server/rpc/internal.h"

void stream_list(struct stream *stream)
{
    struct grpc_c_server *server = stream->call->server;
    pthread_mutex_lock(&server->lock);
    stream->next = server->streams;
    if (stream->next)
        stream->next->previous = stream;
    server->streams = stream;
    server->stream_count++;
    stream->listed = true;
    pthread_mutex_unlock(&server->lock);
}

void stream_unlist(struct stream *stream)
{
    struct grpc_c_server *server = stream->call->server;
    if (!stream->listed)
        return;
    pthread_mutex_lock(&server->lock);
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        server->streams = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    server->stream_count--;
    pthread_mutex_unlock(&server->lock);
}

/* A stream whose call is about to be freed is listed until that is done: the lock keeps it, but it must not be touched. The
 * reference is given back without the lock, which the last one needs. */
static struct stream *first_alive(struct stream *stream)
{
    while (stream && !call_try_ref(stream->call))
        stream = stream->next;
    return stream;
}

typedef void visit(struct stream *stream, int64_t now_ms);

static void visit_all(struct grpc_c_server *server, visit *each, int64_t now_ms)
{
    pthread_mutex_lock(&server->lock);
    struct stream *stream = first_alive(server->streams);
    while (stream) {
        each(stream, now_ms);
        struct stream *next = first_alive(stream->next);
        pthread_mutex_unlock(&server->lock);
        grpc_c_call_unref(stream->call);
        pthread_mutex_lock(&server->lock);
        stream = next;
    }
    pthread_mutex_unlock(&server->lock);
}

static void wake(struct stream *stream, int64_t now_ms)
{
    (void)now_ms;
    call_signal(stream->call, WOKEN);
}

void streams_wake(struct grpc_c_server *server)
{
    visit_all(server, wake, 0);
}

static void cancel_slow(struct stream *stream, int64_t now_ms)
{
    uint32_t writes = atomic_load(&stream->writes);
    bool writing = writes % 2 == 1;
    if (!writing || writes != stream->seen_writes) {
        stream->seen_writes = writes;
        stream->seen_at_ms = now_ms;
        return;
    }
    int64_t most_ms = stream->call->server->options.write_timeout_ms;
    if (now_ms - stream->seen_at_ms < most_ms || atomic_exchange(&stream->too_slow, true))
        return;
    grpc_call_cancel_with_status(stream->call->core, GRPC_STATUS_UNAVAILABLE,
                                 "The reader took nothing for too long.", NULL);
}

void streams_tick(struct grpc_c_server *server, int64_t now_ms)
{
    visit_all(server, cancel_slow, now_ms);
}
