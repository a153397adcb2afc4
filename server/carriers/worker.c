#include "server/carriers/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct worker {
    struct clock clock;
    int64_t (*due)(void *data, int64_t now, unsigned *done);
    void *data;
    pthread_mutex_t lock; /* all below; nothing is called with it held but the clock */
    pthread_cond_t changed;
    int64_t next; /* when to look again */
    bool stopping;
    bool started;
    pthread_t thread;
};

struct worker *worker_new(struct clock clock,
                          int64_t (*due)(void *data, int64_t now, unsigned *done), void *data)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->clock = clock;
    worker->due = due;
    worker->data = data;
    worker->next = WORKER_NEVER;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

/* Runs `due` once when it is time. The lock is held on entry and on return. */
static bool run_once(struct worker *worker, unsigned *done)
{
    int64_t now = clock_now(&worker->clock);
    if (worker->next > now)
        return false;
    worker->next = WORKER_NEVER;
    pthread_mutex_unlock(&worker->lock);
    int64_t next = worker->due(worker->data, now, done);
    pthread_mutex_lock(&worker->lock);
    if (next < worker->next)
        worker->next = next;
    return true;
}

/* A second at most: the clock may be set forward without anybody telling. */
static void wait_for_time(struct worker *worker)
{
    if (worker->next == WORKER_NEVER) {
        pthread_cond_wait(&worker->changed, &worker->lock);
        return;
    }
    int64_t wait = worker->next - clock_now(&worker->clock);
    if (wait <= 0)
        return;
    if (wait > MICROSECONDS)
        wait = MICROSECONDS;
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + wait * 1000;
    until.tv_sec += nanoseconds / (MICROSECONDS * INT64_C(1000));
    until.tv_nsec = nanoseconds % (MICROSECONDS * INT64_C(1000));
    (void)pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
}

static void *run(void *data)
{
    struct worker *worker = data;
    unsigned done = 0;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping) {
        if (!run_once(worker, &done))
            wait_for_time(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

bool worker_start(struct worker *worker, struct error *error)
{
    int failed = pthread_create(&worker->thread, NULL, run, worker);
    if (failed)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "NO_THREAD", 0,
                         "A carrier's thread cannot be started: %s.", strerror(failed));
    worker->started = true;
    return true;
}

void worker_stop(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    if (worker->started)
        pthread_join(worker->thread, NULL);
    worker->started = false;
}

void worker_by(struct worker *worker, int64_t when)
{
    pthread_mutex_lock(&worker->lock);
    bool sooner = when < worker->next;
    if (sooner)
        worker->next = when;
    pthread_mutex_unlock(&worker->lock);
    /* With the lock held the thread would wake only to wait for it. */
    if (sooner)
        pthread_cond_signal(&worker->changed);
}

void worker_kick(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

unsigned worker_run_due(struct worker *worker)
{
    unsigned done = 0;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping && run_once(worker, &done))
        ;
    pthread_mutex_unlock(&worker->lock);
    return done;
}
