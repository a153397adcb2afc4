#include "proto/c/clock.h"

#include "proto/c/fault.h"

#include <stdatomic.h>
#include <time.h>

#include "proto/c/arena.h"

enum { NANOSECONDS = 1000000000 }; /* in a second */

static int64_t real_now(void *data)
{
    (void)data;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

struct clock clock_real(void)
{
    return (struct clock){.now_us = real_now};
}

static int64_t monotonic_now(void *data)
{
    (void)data;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

/* Says how far the time is ahead of the pace: as far as ever before, and at least so far. */
static int64_t steady_ahead(struct steady_clock *steady, int64_t at_least)
{
    int64_t ahead = atomic_load(&steady->ahead);
    while (at_least > ahead) {
        if (atomic_compare_exchange_weak(&steady->ahead, &ahead, at_least))
            return at_least;
    }
    return ahead;
}

static int64_t steady_now(void *data)
{
    struct steady_clock *steady = data;
    int64_t wall = clock_now(&steady->wall);
    int64_t pace = clock_now(&steady->pace);
    return pace + steady_ahead(steady, wall - pace);
}

void steady_clock_reach(struct steady_clock *steady, int64_t now_us)
{
    (void)steady_ahead(steady, now_us - clock_now(&steady->pace));
}

void steady_clock_start(struct steady_clock *steady)
{
    steady->wall = clock_real();
    steady->pace = (struct clock){.now_us = monotonic_now};
    atomic_store(&steady->ahead, INT64_MIN);
}

struct clock clock_steady(struct steady_clock *steady)
{
    return (struct clock){.now_us = steady_now, .data = steady};
}

static int64_t manual_now(void *data)
{
    struct manual_clock *manual = data;
    return atomic_load(&manual->now_us);
}

struct clock clock_manual(struct manual_clock *manual)
{
    return (struct clock){.now_us = manual_now, .data = manual};
}

void manual_clock_set(struct manual_clock *manual, int64_t now_us)
{
    atomic_store(&manual->now_us, now_us);
}

void manual_clock_move(struct manual_clock *manual, int64_t by_us)
{
    atomic_fetch_add(&manual->now_us, by_us);
}

int64_t clock_now(const struct clock *clock)
{
    return clock->now_us(clock->data);
}

int64_t clock_forward(const struct clock *clock, _Atomic int64_t *last)
{
    int64_t now = clock_now(clock);
    int64_t seen = atomic_load(last);
    while (now > seen) {
        if (atomic_compare_exchange_weak(last, &seen, now))
            return now;
    }
    return MUTANT("time_runs_back") ? now : seen;
}

bool timestamp_to_us(const Google__Protobuf__Timestamp *timestamp, int64_t *ret_us)
{
    if (!timestamp || timestamp->nanos < 0 || timestamp->nanos >= NANOSECONDS ||
        timestamp->seconds < TIMESTAMP_US_MIN / MICROSECONDS ||
        timestamp->seconds > TIMESTAMP_US_MAX / MICROSECONDS)
        return false;
    *ret_us = timestamp->seconds * MICROSECONDS + timestamp->nanos / 1000;
    return true;
}

bool duration_to_us(const Google__Protobuf__Duration *duration, int64_t *ret_us)
{
    const int64_t most = DURATION_US_MAX / MICROSECONDS;
    if (!duration || duration->seconds < -most || duration->seconds > most ||
        duration->nanos <= -NANOSECONDS || duration->nanos >= NANOSECONDS)
        return false;
    /* Both parts have the same sign, or one is zero. */
    if ((duration->seconds > 0 && duration->nanos < 0) ||
        (duration->seconds < 0 && duration->nanos > 0))
        return false;
    int64_t us = duration->seconds * MICROSECONDS + duration->nanos / 1000;
    if (us < -DURATION_US_MAX || us > DURATION_US_MAX)
        return false;
    *ret_us = us;
    return true;
}

bool timestamp_set(Google__Protobuf__Timestamp *ret_timestamp, int64_t us)
{
    if (us < TIMESTAMP_US_MIN || us > TIMESTAMP_US_MAX)
        return false;
    int64_t seconds = us / MICROSECONDS;
    int64_t rest = us % MICROSECONDS;
    if (rest < 0) {
        /* Nanoseconds count forward, also before 1970. */
        rest += MICROSECONDS;
        seconds--;
    }
    google__protobuf__timestamp__init(ret_timestamp);
    ret_timestamp->seconds = seconds;
    ret_timestamp->nanos = (int32_t)(rest * 1000);
    return true;
}

bool duration_set(Google__Protobuf__Duration *ret_duration, int64_t us)
{
    if (us < -DURATION_US_MAX || us > DURATION_US_MAX)
        return false;
    google__protobuf__duration__init(ret_duration);
    ret_duration->seconds = us / MICROSECONDS;
    ret_duration->nanos = (int32_t)(us % MICROSECONDS * 1000);
    return true;
}

Google__Protobuf__Timestamp *timestamp_new(struct arena *arena, int64_t us)
{
    Google__Protobuf__Timestamp *timestamp = arena_alloc(arena, sizeof(*timestamp));
    return timestamp && timestamp_set(timestamp, us) ? timestamp : NULL;
}

Google__Protobuf__Duration *duration_new(struct arena *arena, int64_t us)
{
    Google__Protobuf__Duration *duration = arena_alloc(arena, sizeof(*duration));
    return duration && duration_set(duration, us) ? duration : NULL;
}
