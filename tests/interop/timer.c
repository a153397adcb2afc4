#include "tests/interop/timer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

struct timer {
    pthread_t thread;
    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t changed;
    struct timer_entry *first; /* in order of time */
    bool stop;
};

int64_t timer_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

static void take_out(struct timer_entry *entry)
{
    if (!entry->link)
        return;
    *entry->link = entry->next;
    if (entry->next)
        entry->next->link = entry->link;
    entry->link = NULL;
}

static void put_in(struct timer *timer, struct timer_entry *entry)
{
    struct timer_entry **link = &timer->first;
    while (*link && (*link)->due_us <= entry->due_us)
        link = &(*link)->next;
    entry->next = *link;
    entry->link = link;
    if (entry->next)
        entry->next->link = &entry->next;
    *link = entry;
}

static void *run(void *data)
{
    struct timer *timer = data;
    pthread_mutex_lock(&timer->mutex);
    while (!timer->stop) {
        struct timer_entry *entry = timer->first;
        if (entry && entry->due_us <= timer_now_us()) {
            take_out(entry);
            /* Waking runs no callback, so the lock may be held; it keeps the call from being cleared meanwhile. */
            grpc_c_call_wake(entry->call);
        } else if (entry) {
            const struct timespec until = {
                .tv_sec = entry->due_us / US_PER_S,
                .tv_nsec = entry->due_us % US_PER_S * NS_PER_US,
            };
            pthread_cond_timedwait(&timer->changed, &timer->mutex, &until);
        } else {
            pthread_cond_wait(&timer->changed, &timer->mutex);
        }
    }
    pthread_mutex_unlock(&timer->mutex);
    return NULL;
}

struct timer *timer_new(void)
{
    struct timer *timer = calloc(1, sizeof(*timer));
    if (!timer)
        return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&timer->mutex, NULL);
    pthread_cond_init(&timer->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&timer->thread, NULL, run, timer) == 0)
        return timer;
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->mutex);
    free(timer);
    return NULL;
}

void timer_free(struct timer *timer)
{
    if (!timer)
        return;
    pthread_mutex_lock(&timer->mutex);
    timer->stop = true;
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->mutex);
    pthread_join(timer->thread, NULL);
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->mutex);
    free(timer);
}

void timer_set(struct timer *timer, struct timer_entry *entry, struct grpc_c_call *call,
               int64_t due_us)
{
    pthread_mutex_lock(&timer->mutex);
    take_out(entry);
    entry->call = call;
    entry->due_us = due_us;
    put_in(timer, entry);
    if (timer->first == entry)
        pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->mutex);
}

void timer_clear(struct timer *timer, struct timer_entry *entry)
{
    pthread_mutex_lock(&timer->mutex);
    take_out(entry);
    pthread_mutex_unlock(&timer->mutex);
}
