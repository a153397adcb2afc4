#include "server/masking/timers/timers_due.h"

#include "server/masking/timers/timers_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t log_hash(const struct log_id *log)
{
    uint64_t hash;
    memcpy(&hash, log->bytes + sizeof log->bytes - sizeof hash, sizeof hash);
    return hash * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

struct timer *timer_find(struct timers *timers, const struct log_id *log)
{
    struct table_link *link = NULL;
    while ((link = table_find(&timers->table, log_hash(log), link))) {
        if (!memcmp(&((struct timer *)link)->log, log, sizeof *log))
            return (struct timer *)link;
    }
    return NULL;
}

struct timer *timer_of(struct timers *timers, const struct log_id *log)
{
    struct timer *timer = timer_find(timers, log);
    if (timer)
        return timer;
    timer = calloc(1, sizeof *timer);
    if (!timer)
        return NULL;
    timer->log = *log;
    timer->due = INT64_MAX;
    timers->next = 0; /* its log has not been looked at */
    if (table_add(&timers->table, &timer->link, log_hash(log)))
        return timer;
    free(timer);
    return NULL;
}

void timer_set(struct timers *timers, struct timer *timer, int64_t due)
{
    timer->due = due;
    if (due < timers->next) {
        timers->next = due;
        pthread_cond_signal(&timers->wake);
    }
}

struct timers *timers_new(struct masking *masking)
{
    struct timers *timers = calloc(1, sizeof *timers);
    if (!timers)
        return NULL;
    timers->masking = masking;
    timers->next = INT64_MAX;
    pthread_mutex_init(&timers->lock, NULL);
    pthread_mutex_init(&timers->running, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&timers->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return timers;
}

static void free_link(struct table_link *link)
{
    free(link);
}

void timers_free(struct timers *timers)
{
    if (!timers)
        return;
    table_clear(&timers->table, free_link);
    pthread_cond_destroy(&timers->wake);
    pthread_mutex_destroy(&timers->running);
    pthread_mutex_destroy(&timers->lock);
    free(timers);
}

void timers_note(struct timers *timers, const struct log_id *log, int64_t time)
{
    pthread_mutex_lock(&timers->lock);
    struct timer *timer = timer_of(timers, log);
    if (timer && time < timer->floor)
        timer->floor = time;
    if (timer && time < timer->due)
        timer_set(timers, timer, time);
    else if (!timer)
        timers->discover = 0; /* found again with all the others */
    pthread_mutex_unlock(&timers->lock);
}

void timers_kick(struct timers *timers)
{
    pthread_mutex_lock(&timers->lock);
    timers->kicked = true;
    pthread_cond_signal(&timers->wake);
    pthread_mutex_unlock(&timers->lock);
}

/* ---- what is due ---- */

/* With the lock. */
static void take_job(struct timer *timer, bool piece, int64_t now, struct job *ret_job)
{
    *ret_job = (struct job){timer->log, timer->floor, piece, timer->aging};
    if (piece) {
        timer->due = INT64_MAX;
        timer->floor = INT64_MAX; /* until the piece tells; notes may lower it */
    } else {
        timer->trim_time = now + LOOK_AT_LOGS;
    }
}

/* With the lock: what is due in this bucket; what happens before what is only too old. *next: when the first of the others is due. */
static struct timer *due_in(const struct timers *timers, size_t bucket, int64_t now, int64_t *next,
                            bool *ret_piece)
{
    struct timer *old = NULL;
    for (struct table_link *link = timers->table.buckets[bucket]; link; link = link->chain) {
        struct timer *timer = (struct timer *)link;
        *ret_piece = timer->due <= now;
        if (*ret_piece)
            return timer;
        if (timer->trim_time <= now)
            old = timer;
        int64_t due = timer->due < timer->trim_time ? timer->due : timer->trim_time;
        if (due < *next)
            *next = due;
    }
    return old;
}

bool timers_take_due(struct timers *timers, int64_t now, struct job *ret_job)
{
    if (timers->next > now)
        return false;
    int64_t next = INT64_MAX;
    size_t buckets = timers->table.bucket_count;
    for (size_t i = 0; i < buckets; i++) {
        size_t bucket = (timers->turn + i) % buckets;
        bool piece;
        struct timer *timer = due_in(timers, bucket, now, &next, &piece);
        if (!timer)
            continue;
        timers->turn = bucket + 1;
        take_job(timer, piece, now, ret_job);
        return true;
    }
    timers->next = next;
    return false;
}
