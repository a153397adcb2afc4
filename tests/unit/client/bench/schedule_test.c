#include "client/bench/schedule.h"
#include "tests/unit/suite.h"

#include <math.h>

START_TEST(constant_is_even_and_does_not_drift)
{
    struct schedule schedule;
    schedule_init(&schedule, ARRIVALS_CONSTANT, 3, 1);
    double error = 0;
    for (int i = 0; i < 3000000; i++)
        error = fmax(error, fabs(schedule_next(&schedule) - i / 3.0));
    ck_assert_double_le(error, 1e-9);
}
END_TEST

START_TEST(poisson_keeps_the_rate)
{
    struct schedule schedule;
    enum { CALLS = 200000 };
    double rate = 4000, last = 0, shortest = 1;
    schedule_init(&schedule, ARRIVALS_POISSON, rate, 7);
    for (int i = 0; i < CALLS; i++) {
        double next = schedule_next(&schedule);
        shortest = fmin(shortest, next - last);
        last = next;
    }
    ck_assert_double_ge(shortest, 0);
    /* The mean of so many is off by 1 in 450 typically. */
    ck_assert_double_eq_tol(last, CALLS / rate, 0.02 * CALLS / rate);
}
END_TEST

/* The distances of independent callers: exponential, so that 1/e of them are longer than the mean, 1/e^2 than twice that. */
START_TEST(poisson_is_irregular_as_it_should)
{
    struct schedule schedule;
    enum { CALLS = 100000 };
    int longer = 0, twice = 0;
    double last = 0;
    schedule_init(&schedule, ARRIVALS_POISSON, 1, 3);
    for (int i = 0; i < CALLS; i++) {
        double next = schedule_next(&schedule);
        longer += next - last > 1;
        twice += next - last > 2;
        last = next;
    }
    ck_assert_double_eq_tol((double)longer / CALLS, exp(-1), 0.01);
    ck_assert_double_eq_tol((double)twice / CALLS, exp(-2), 0.01);
}
END_TEST

START_TEST(seed_decides)
{
    struct schedule one, same, other;
    schedule_init(&one, ARRIVALS_POISSON, 1, 5);
    schedule_init(&same, ARRIVALS_POISSON, 1, 5);
    schedule_init(&other, ARRIVALS_POISSON, 1, 6);
    double first = schedule_next(&one);
    ck_assert_double_eq(first, schedule_next(&same));
    ck_assert_double_ne(first, schedule_next(&other));
}
END_TEST

START_TEST(chance_is_spread_and_bounded)
{
    struct chance chance = {0};
    unsigned counts[10] = {0};
    double least = 1, most = 0;
    for (int i = 0; i < 100000; i++) {
        uint64_t below = chance_below(&chance, 10);
        if (below >= 10)
            ck_abort_msg("%llu of 10", (unsigned long long)below);
        counts[below]++;
        least = fmin(least, chance_unit(&chance));
        most = fmax(most, chance_unit(&chance));
    }
    ck_assert(least > 0 && least < 0.001 && most <= 1 && most > 0.999);
    for (int i = 0; i < 10; i++)
        ck_assert(counts[i] > 9500 && counts[i] < 10500);
    ck_assert_uint_eq(chance_below(&chance, 0), 0);
}
END_TEST

SUITE_MAIN("client/bench schedule", constant_is_even_and_does_not_drift, poisson_keeps_the_rate,
           poisson_is_irregular_as_it_should, seed_decides, chance_is_spread_and_bounded)
