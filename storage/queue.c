#include "storage/pipeline_internal.h"

void queue_push(struct queue *queue, struct command *command)
{
    command->next = atomic_load_explicit(&queue->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&queue->newest, &command->next, command))
        ;
}

struct command *queue_take(struct queue *queue)
{
    struct command *newest = atomic_exchange(&queue->newest, NULL);
    struct command *oldest = NULL;
    while (newest) {
        struct command *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

void pipeline_wake(struct pipeline *pipeline)
{
    /* The system is asked only when the writer really sleeps: under load it never does. */
    if (!atomic_load(&pipeline->sleeping))
        return;
    pthread_mutex_lock(&pipeline->wake_lock);
    atomic_store(&pipeline->sleeping, false);
    pthread_cond_signal(&pipeline->wake);
    pthread_mutex_unlock(&pipeline->wake_lock);
}

static bool has_work(struct pipeline *pipeline)
{
    return atomic_load(&pipeline->queue.newest) || atomic_load(&pipeline->called);
}

void pipeline_sleep(struct pipeline *pipeline, int64_t until_us)
{
    struct timespec deadline = {until_us / MICROSECONDS, until_us % MICROSECONDS * 1000};
    pthread_mutex_lock(&pipeline->wake_lock);
    /* First this, then the look: who comes between the two sees that there is someone to wake. */
    atomic_store(&pipeline->sleeping, true);
    while (!has_work(pipeline) && atomic_load(&pipeline->sleeping)) {
        if (!until_us)
            pthread_cond_wait(&pipeline->wake, &pipeline->wake_lock);
        else if (pthread_cond_timedwait(&pipeline->wake, &pipeline->wake_lock, &deadline) != 0)
            break;
    }
    atomic_store(&pipeline->sleeping, false);
    pthread_mutex_unlock(&pipeline->wake_lock);
}
