/*
 * When nothing is under way between the network and the domain: what was done to a phone has had its consequences then.
 */
#include "server/carriers/simulator/calls_internal.h"

#include <stdlib.h>

/* Who has waited for so many answers waits no longer: in a crowd it is never quiet. */
enum { ANSWERS_MOST = 10000 };

struct quiet_waiter {
    struct quiet_waiter *next;
    void (*quiet)(void *data);
    void *data;
    uint64_t until; /* answers */
};

void quiet_is_over(struct calls *calls)
{
    calls->busy++;
}

void quiet_again(struct calls *calls)
{
    calls->busy--;
    calls->answers++;
}

/* The oldest is the last. */
static struct quiet_waiter *take_next(struct simulator *simulator)
{
    struct calls *calls = &simulator->calls;
    struct quiet_waiter **link = &calls->waiters;
    bool quiet = calls->busy == 0 || simulator->stopped;
    while (*link && !quiet && (*link)->until > calls->answers)
        link = &(*link)->next;
    struct quiet_waiter *waiter = *link;
    if (waiter)
        *link = waiter->next;
    return waiter;
}

void quiet_tell(struct simulator *simulator)
{
    struct quiet_waiter *waiter;
    while ((waiter = take_next(simulator))) {
        pthread_mutex_unlock(&simulator->lock);
        waiter->quiet(waiter->data);
        free(waiter);
        pthread_mutex_lock(&simulator->lock);
    }
}

void quiet_done(struct calls *calls)
{
    while (calls->waiters) {
        struct quiet_waiter *waiter = calls->waiters;
        calls->waiters = waiter->next;
        free(waiter);
    }
}

void simulator_when_quiet(struct simulator *simulator, void (*quiet)(void *data), void *data)
{
    struct calls *calls = &simulator->calls;
    struct quiet_waiter *waiter = malloc(sizeof *waiter);
    pthread_mutex_lock(&simulator->lock);
    calls_enter(simulator);
    if (waiter) {
        *waiter = (struct quiet_waiter){calls->waiters, quiet, data, calls->answers + ANSWERS_MOST};
        calls->waiters = waiter;
    }
    calls_leave(simulator);
    pthread_mutex_unlock(&simulator->lock);
    /* Without memory nobody waits. */
    if (!waiter)
        quiet(data);
}
