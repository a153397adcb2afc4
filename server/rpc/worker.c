/*
 * The threads that take what is done from the completion queue.
 */
#include "proto/c/rpc/core.h"
#include "server/rpc/internal.h"

#include "proto/c/arena.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Slow readers are found when a quarter of the time more has passed than they may take. */
enum { TICKS = 4, SHORTEST_TICK_MS = 10 };

/* When there was no memory to post a request with, it is tried again so often; else a method whose last one failed would be deaf. */
enum { POST_MS = 500 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *work(void *data)
{
    struct worker *worker = data;
    struct grpc_c_server *server = worker->server;
    int64_t tick_ms = server->options.write_timeout_ms / TICKS;
    if (tick_ms < SHORTEST_TICK_MS)
        tick_ms = SHORTEST_TICK_MS;
    int64_t wake_ms = tick_ms < POST_MS ? tick_ms : POST_MS;
    int64_t tick_at_ms = now_ms() + tick_ms;
    int64_t wake_at_ms = now_ms() + wake_ms;
    gpr_timespec until = rpc_deadline(worker->ticks ? wake_ms : -1);
    for (;;) {
        grpc_event event = grpc_completion_queue_next(server->queue, until, NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.type == GRPC_OP_COMPLETE) {
            struct tag *tag = event.tag;
            TAG_BACK(tag);
            tag->done(tag->call, event.success != 0, worker);
        }
        if (!worker->ticks || now_ms() < wake_at_ms)
            continue;
        if (atomic_exchange(&server->dry, false))
            server_post(server);
        if (now_ms() >= tick_at_ms) {
            watch_tick(server, now_ms());
            tick_at_ms = now_ms() + tick_ms;
        }
        wake_at_ms = now_ms() + wake_ms;
        until = rpc_deadline(wake_ms);
    }
}

static bool start_one(struct grpc_c_server *server, struct error *error)
{
    struct worker *worker = &server->workers[server->worker_count];
    worker->server = server;
    worker->ticks = server->worker_count == 0;
    worker->scratch = arena_new(server->options.max_call_memory);
    int failed = worker->scratch ? pthread_create(&worker->thread, NULL, work, worker) : 0;
    if (!worker->scratch || failed) {
        arena_free(worker->scratch);
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_THREAD", 0,
                         "No thread can be started: %s.",
                         failed ? strerror(failed) : "there is no memory");
    }
    server->worker_count++;
    return true;
}

bool workers_start(struct grpc_c_server *server, struct error *error)
{
    server->workers = calloc(server->options.threads, sizeof(*server->workers));
    if (!server->workers)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    while (server->worker_count < server->options.threads) {
        if (!start_one(server, error))
            return false;
    }
    return true;
}

void workers_join(struct grpc_c_server *server)
{
    for (unsigned i = 0; i < server->worker_count; i++) {
        pthread_join(server->workers[i].thread, NULL);
        arena_free(server->workers[i].scratch);
    }
    server->worker_count = 0;
    free(server->workers);
    server->workers = NULL;
}
