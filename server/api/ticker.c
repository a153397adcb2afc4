#include "server/api/ticker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct ticker {
    pthread_mutex_t lock; /* guards all below, and the due times of ticks */
    pthread_cond_t changed;
    struct tick **heap; /* the earliest first */
    size_t count;
    size_t room;
    bool stopping;
    bool has_thread;
    pthread_t thread;
};

int64_t ticker_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- the heap ---- */

static void place(struct ticker *ticker, size_t at, struct tick *tick)
{
    ticker->heap[at] = tick;
    tick->place = at;
}

static void rise(struct ticker *ticker, size_t at)
{
    struct tick *tick = ticker->heap[at];
    while (at > 0 && ticker->heap[(at - 1) / 2]->due_us > tick->due_us) {
        place(ticker, at, ticker->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(ticker, at, tick);
}

static void sink(struct ticker *ticker, size_t at)
{
    struct tick *tick = ticker->heap[at];
    for (size_t child = 2 * at + 1; child < ticker->count; child = 2 * at + 1) {
        if (child + 1 < ticker->count &&
            ticker->heap[child + 1]->due_us < ticker->heap[child]->due_us)
            child++;
        if (ticker->heap[child]->due_us >= tick->due_us)
            break;
        place(ticker, at, ticker->heap[child]);
        at = child;
    }
    place(ticker, at, tick);
}

static bool make_room(struct ticker *ticker)
{
    if (ticker->count < ticker->room)
        return true;
    size_t room = ticker->room ? 2 * ticker->room : 64;
    struct tick **heap = reallocarray(ticker->heap, room, sizeof(struct tick *));
    if (!heap)
        return false;
    ticker->heap = heap;
    ticker->room = room;
    return true;
}

/* ---- ticks ---- */

bool ticker_add(struct ticker *ticker, struct tick *tick, int64_t now_us)
{
    tick->heard_us = now_us;
    tick->due_us = now_us + tick->interval_us;
    pthread_mutex_lock(&ticker->lock);
    bool ok = make_room(ticker);
    if (ok) {
        ticker->heap[ticker->count] = tick;
        rise(ticker, ticker->count++);
        if (tick->place == 0)
            pthread_cond_signal(&ticker->changed);
    }
    pthread_mutex_unlock(&ticker->lock);
    return ok;
}

void ticker_remove(struct ticker *ticker, struct tick *tick)
{
    pthread_mutex_lock(&ticker->lock);
    struct tick *last = ticker->heap[--ticker->count];
    if (last != tick) {
        place(ticker, tick->place, last);
        rise(ticker, last->place);
        sink(ticker, last->place);
    }
    pthread_mutex_unlock(&ticker->lock);
}

void tick_heard(struct tick *tick, int64_t now_us)
{
    tick->heard_us = now_us;
}

bool tick_due(const struct tick *tick, int64_t now_us)
{
    return now_us - tick->heard_us >= tick->interval_us;
}

/* The heap is not told of each thing that is heard: a tick that comes up too early is put back instead. */
static int64_t run_locked(struct ticker *ticker, int64_t now_us)
{
    while (ticker->count > 0 && ticker->heap[0]->due_us <= now_us) {
        struct tick *tick = ticker->heap[0];
        bool due = tick_due(tick, now_us);
        tick->due_us = (due ? now_us : tick->heard_us) + tick->interval_us;
        sink(ticker, 0);
        if (due)
            tick->wake(tick->data);
    }
    return ticker->count > 0 ? ticker->heap[0]->due_us : INT64_MAX;
}

int64_t ticker_run(struct ticker *ticker, int64_t now_us)
{
    pthread_mutex_lock(&ticker->lock);
    int64_t next = run_locked(ticker, now_us);
    pthread_mutex_unlock(&ticker->lock);
    return next;
}

/* ---- the thread ---- */

static void wait_until(struct ticker *ticker, int64_t us)
{
    struct timespec then = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (us == INT64_MAX)
        pthread_cond_wait(&ticker->changed, &ticker->lock);
    else
        pthread_cond_timedwait(&ticker->changed, &ticker->lock, &then);
}

static void *run(void *data)
{
    struct ticker *ticker = data;
    pthread_mutex_lock(&ticker->lock);
    while (!ticker->stopping)
        wait_until(ticker, run_locked(ticker, ticker_now()));
    pthread_mutex_unlock(&ticker->lock);
    return NULL;
}

struct ticker *ticker_new_manual(void)
{
    struct ticker *ticker = calloc(1, sizeof *ticker);
    if (!ticker)
        return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ticker->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&ticker->lock, NULL);
    return ticker;
}

struct ticker *ticker_new(void)
{
    struct ticker *ticker = ticker_new_manual();
    if (!ticker)
        return NULL;
    ticker->has_thread = pthread_create(&ticker->thread, NULL, run, ticker) == 0;
    if (!ticker->has_thread) {
        ticker_free(ticker);
        return NULL;
    }
    return ticker;
}

void ticker_free(struct ticker *ticker)
{
    if (!ticker)
        return;
    pthread_mutex_lock(&ticker->lock);
    ticker->stopping = true;
    pthread_cond_signal(&ticker->changed);
    pthread_mutex_unlock(&ticker->lock);
    if (ticker->has_thread)
        pthread_join(ticker->thread, NULL);
    pthread_cond_destroy(&ticker->changed);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker->heap);
    free(ticker);
}
