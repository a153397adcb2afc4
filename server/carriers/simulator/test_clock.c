#include "server/carriers/simulator/test_clock.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { MOVE_DAYS = 3660 };
/* The start of the year 9000: times reckoned from now still fit into a Timestamp. */
#define LATEST_US INT64_C(221845392000000000)

struct test_clock {
    struct clock real;
    _Atomic int64_t ahead_us;
    void (*moved)(void *data);
    void *moved_data;
};

struct test_clock *test_clock_new(struct clock real)
{
    struct test_clock *test_clock = calloc(1, sizeof *test_clock);
    if (test_clock)
        test_clock->real = real;
    return test_clock;
}

void test_clock_free(struct test_clock *test_clock)
{
    free(test_clock);
}

static int64_t now(void *data)
{
    struct test_clock *test_clock = data;
    return clock_now(&test_clock->real) + atomic_load(&test_clock->ahead_us);
}

struct clock test_clock_clock(struct test_clock *test_clock)
{
    return (struct clock){.now_us = now, .data = test_clock};
}

void test_clock_on_move(struct test_clock *test_clock, void (*moved)(void *data), void *data)
{
    test_clock->moved = moved;
    test_clock->moved_data = data;
}

bool test_clock_move(struct test_clock *test_clock, int64_t by_us, int64_t *ret_now,
                     struct error *error)
{
    if (by_us <= 0 || by_us > MOVE_DAYS * INT64_C(86400) * MICROSECONDS) {
        error_clear(error);
        return error_field(error, "advance", "more than 0, at most %d days", MOVE_DAYS);
    }
    int64_t real = clock_now(&test_clock->real);
    int64_t ahead = atomic_load(&test_clock->ahead_us);
    do {
        if (real + ahead + by_us > LATEST_US)
            return error_set(error, STATUS_OUT_OF_RANGE, "CLOCK_TOO_FAR", 0,
                             "The clock cannot be moved past the year 9000.");
    } while (!atomic_compare_exchange_weak(&test_clock->ahead_us, &ahead, ahead + by_us));
    int64_t then = now(test_clock);
    if (test_clock->moved)
        test_clock->moved(test_clock->moved_data);
    *ret_now = then;
    return true;
}
