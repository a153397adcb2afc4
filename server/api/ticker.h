/*
 * Wakes those who want to do something when nothing has happened for a while: heartbeats.
 *
 * Time is a monotonic clock of microseconds. Each tick lies in its owner's memory. Thread-safe.
 */
#ifndef MASKLINE_SERVER_API_TICKER_H
#define MASKLINE_SERVER_API_TICKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ticker;

struct tick {
    int64_t interval_us; /* set before ticker_add, like the next two */
    /* Called with the ticker's lock held: it must return soon, and not come back to the ticker. */
    void (*wake)(void *data);
    void *data;
    _Atomic int64_t heard_us; /* when something happened last */
    int64_t due_us;           /* these two: the ticker's */
    size_t place;
};

/* With a thread of its own. NULL when there is no memory or no thread. */
struct ticker *ticker_new(void);
/* Without one: whoever calls ticker_run drives it. */
struct ticker *ticker_new_manual(void);
/* After the last tick was removed. NULL is fine. */
void ticker_free(struct ticker *ticker);

int64_t ticker_now(void);

/* From now on the tick is woken whenever nothing was heard for its interval, and again an interval later. False when there is no memory. */
bool ticker_add(struct ticker *ticker, struct tick *tick, int64_t now_us);
/* When this returns, no wake runs any more, and none will. */
void ticker_remove(struct ticker *ticker, struct tick *tick);

/* Something has happened. */
void tick_heard(struct tick *tick, int64_t now_us);
/* Whether nothing was heard for the interval. */
bool tick_due(const struct tick *tick, int64_t now_us);

/* Wakes all that are due. Returns when the next one may be: INT64_MAX for never. */
int64_t ticker_run(struct ticker *ticker, int64_t now_us);

#endif
