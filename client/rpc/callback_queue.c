#include "client/rpc/callback_queue.h"

#include "proto/c/rpc/tag.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

struct callback_queue {
    grpc_completion_queue *core;
    pthread_t thread;
};

/* Over the two below. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static struct callback_queue *running; /* NULL until somebody asks */

static void *run(void *data)
{
    grpc_completion_queue *core = data;
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(core, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        struct callback_tag *tag = event.tag;
        RPC_TAG_BACK(tag);
        tag->run(tag, event.success != 0);
    }
}

/* Signals go to the program's own threads. */
static bool start_thread(struct callback_queue *queue)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&queue->thread, NULL, run, queue->core) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static struct callback_queue *start(void)
{
    struct callback_queue *queue = malloc(sizeof(*queue));
    if (!queue)
        return NULL;
    queue->core = grpc_completion_queue_create_for_next(NULL);
    if (start_thread(queue))
        return queue;
    grpc_completion_queue_shutdown(queue->core);
    run(queue->core);
    grpc_completion_queue_destroy(queue->core);
    free(queue);
    return NULL;
}

static void stop(struct callback_queue *queue)
{
    if (!queue)
        return;
    grpc_completion_queue_shutdown(queue->core);
    pthread_join(queue->thread, NULL);
    grpc_completion_queue_destroy(queue->core);
    free(queue);
}

void callback_queue_join(void)
{
    pthread_mutex_lock(&mutex);
    users++;
    pthread_mutex_unlock(&mutex);
}

void callback_queue_leave(void)
{
    struct callback_queue *last = NULL;
    pthread_mutex_lock(&mutex);
    if (--users == 0) {
        last = running;
        running = NULL;
    }
    pthread_mutex_unlock(&mutex);
    stop(last);
}

grpc_completion_queue *callback_queue_get(void)
{
    pthread_mutex_lock(&mutex);
    if (!running)
        running = start();
    grpc_completion_queue *core = running ? running->core : NULL;
    pthread_mutex_unlock(&mutex);
    return core;
}
