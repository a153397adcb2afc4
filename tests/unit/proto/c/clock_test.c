#include "proto/c/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "proto/c/arena.h"
#include "tests/unit/suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(test_the_real_clock_is_the_machine_s)
{
    struct clock clock = clock_real();
    int64_t before = (int64_t)time(NULL) - 2;
    int64_t now = clock_now(&clock);
    int64_t after = (int64_t)time(NULL) + 2;
    ck_assert_int_ge(now, before * MICROSECONDS);
    ck_assert_int_le(now, after * MICROSECONDS);
}
END_TEST

START_TEST(test_a_manual_clock_moves_by_hand)
{
    struct manual_clock manual = {0};
    struct clock clock = clock_manual(&manual);
    ck_assert_int_eq(clock_now(&clock), 0);
    manual_clock_set(&manual, 1000);
    manual_clock_move(&manual, 500);
    struct clock copy = clock;
    ck_assert_int_eq(clock_now(&copy), 1500);
    manual_clock_move(&manual, -1600);
    ck_assert_int_eq(clock_now(&clock), -100);
}
END_TEST

START_TEST(test_time_does_not_run_back)
{
    struct manual_clock manual = {0};
    struct clock clock = clock_manual(&manual);
    _Atomic int64_t last = 50;
    ck_assert_int_eq(clock_forward(&clock, &last), 50);
    manual_clock_set(&manual, 100);
    ck_assert_int_eq(clock_forward(&clock, &last), 100);
    manual_clock_set(&manual, 10);
    ck_assert_int_eq(clock_forward(&clock, &last), 100);
    ck_assert_int_eq(atomic_load(&last), 100);
}
END_TEST

START_TEST(test_a_steady_clock_goes_on_when_the_wall_clock_is_set_back)
{
    struct manual_clock wall = {1000}, pace = {7};
    struct steady_clock steady = {clock_manual(&wall), clock_manual(&pace), INT64_MIN};
    struct clock clock = clock_steady(&steady);
    ck_assert_int_eq(clock_now(&clock), 1000);
    manual_clock_move(&wall, 50);
    manual_clock_move(&pace, 50);
    ck_assert_int_eq(clock_now(&clock), 1050);
    /* Back by far: it goes on at its pace. */
    manual_clock_set(&wall, -5000);
    ck_assert_int_eq(clock_now(&clock), 1050);
    manual_clock_move(&pace, 20);
    ck_assert_int_eq(clock_now(&clock), 1070);
    /* Right again, and later than it: the wall clock counts. */
    manual_clock_set(&wall, 1300);
    ck_assert_int_eq(clock_now(&clock), 1300);
    manual_clock_move(&pace, 1);
    ck_assert_int_eq(clock_now(&clock), 1301);
    /* Told to be later. */
    steady_clock_reach(&steady, 9000);
    ck_assert_int_eq(clock_now(&clock), 9000);
    manual_clock_move(&pace, 5);
    ck_assert_int_eq(clock_now(&clock), 9005);
    steady_clock_reach(&steady, 10);
    ck_assert_int_eq(clock_now(&clock), 9005);
}
END_TEST

struct racing {
    struct manual_clock manual;
    _Atomic int64_t last;
    atomic_bool ran_back;
};

static void *race(void *data)
{
    struct racing *racing = data;
    struct clock clock = clock_manual(&racing->manual);
    int64_t seen = 0;
    for (int i = 0; i < 20000; i++) {
        manual_clock_set(&racing->manual, i % 2 ? i : i / 2);
        int64_t now = clock_forward(&clock, &racing->last);
        if (now < seen)
            atomic_store(&racing->ran_back, true);
        seen = now;
    }
    return NULL;
}

START_TEST(test_threads_share_one_time)
{
    struct racing racing = {0};
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racing), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert(!atomic_load(&racing.ran_back));
    ck_assert_int_eq(atomic_load(&racing.last), 19999);
}
END_TEST

START_TEST(test_timestamps_and_back)
{
    static const struct {
        int64_t us, seconds;
        int32_t nanos;
    } times[] = {
        {0, 0, 0},
        {1, 0, 1000},
        {1500000, 1, 500000000},
        {-1, -1, 999999000},
        {-1000000, -1, 0},
        {-1500000, -2, 500000000},
        {TIMESTAMP_US_MIN, INT64_C(-62135596800), 0},
        {TIMESTAMP_US_MAX, INT64_C(253402300799), 999999000},
    };
    for (size_t i = 0; i < COUNT(times); i++) {
        Google__Protobuf__Timestamp timestamp;
        int64_t us;
        ck_assert(timestamp_set(&timestamp, times[i].us));
        ck_assert_int_eq(timestamp.seconds, times[i].seconds);
        ck_assert_int_eq(timestamp.nanos, times[i].nanos);
        ck_assert(timestamp_to_us(&timestamp, &us));
        ck_assert_int_eq(us, times[i].us);
    }
}
END_TEST

START_TEST(test_durations_and_back)
{
    static const struct {
        int64_t us, seconds;
        int32_t nanos;
    } spans[] = {
        {0, 0, 0},
        {1500000, 1, 500000000},
        {-1, 0, -1000},
        {-1500000, -1, -500000000},
        {DURATION_US_MAX, INT64_C(315576000000), 0},
        {-DURATION_US_MAX, INT64_C(-315576000000), 0},
    };
    for (size_t i = 0; i < COUNT(spans); i++) {
        Google__Protobuf__Duration duration;
        int64_t us;
        ck_assert(duration_set(&duration, spans[i].us));
        ck_assert_int_eq(duration.seconds, spans[i].seconds);
        ck_assert_int_eq(duration.nanos, spans[i].nanos);
        ck_assert(duration_to_us(&duration, &us));
        ck_assert_int_eq(us, spans[i].us);
    }
}
END_TEST

START_TEST(test_what_is_below_a_microsecond_is_dropped)
{
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    int64_t us;
    timestamp.seconds = -1;
    timestamp.nanos = 1999;
    ck_assert(timestamp_to_us(&timestamp, &us));
    ck_assert_int_eq(us, -999999);
    duration.nanos = -1999;
    ck_assert(duration_to_us(&duration, &us));
    ck_assert_int_eq(us, -1);
}
END_TEST

START_TEST(test_what_is_out_of_range_is_refused)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        bool timestamp, duration;
    } cases[] = {
        {0, 1000000000, false, false},
        {0, -1, false, true},
        {0, INT32_MIN, false, false},
        {INT64_MAX, 0, false, false},
        {INT64_MIN, 0, false, false},
        {INT64_C(253402300800), 0, false, true},
        {INT64_C(-62135596801), 0, false, true},
        {INT64_C(315576000001), 0, false, false},
        {INT64_C(315576000000), 1000, false, false},
        {1, -1, false, false},
        {-1, 1, true, false},
        {0, 0, true, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        int64_t us = 77;
        timestamp.seconds = duration.seconds = cases[i].seconds;
        timestamp.nanos = duration.nanos = cases[i].nanos;
        ck_assert_msg(timestamp_to_us(&timestamp, &us) == cases[i].timestamp, "timestamp %zu", i);
        ck_assert_msg(duration_to_us(&duration, &us) == cases[i].duration, "duration %zu", i);
        if (!cases[i].timestamp && !cases[i].duration)
            ck_assert_int_eq(us, 77);
    }
    int64_t us;
    ck_assert(!timestamp_to_us(NULL, &us));
    ck_assert(!duration_to_us(NULL, &us));
    Google__Protobuf__Timestamp timestamp;
    Google__Protobuf__Duration duration;
    ck_assert(!timestamp_set(&timestamp, TIMESTAMP_US_MAX + 1));
    ck_assert(!timestamp_set(&timestamp, TIMESTAMP_US_MIN - 1));
    ck_assert(!duration_set(&duration, DURATION_US_MAX + 1));
    ck_assert(!duration_set(&duration, INT64_MIN));
}
END_TEST

START_TEST(test_messages_in_an_arena)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(1000);
    ck_assert_int_eq(timestamp_new(arena, 2500000)->seconds, 2);
    ck_assert_int_eq(duration_new(arena, 2500000)->nanos, 500000000);
    ck_assert_ptr_null(timestamp_new(arena, INT64_MAX));
    ck_assert_ptr_null(duration_new(arena, INT64_MAX));
    while (arena_alloc(arena, 1))
        ;
    ck_assert_ptr_null(timestamp_new(arena, 0));
    ck_assert_ptr_null(duration_new(arena, 0));
}
END_TEST

SUITE_MAIN("clock", test_the_real_clock_is_the_machine_s, test_a_manual_clock_moves_by_hand,
           test_time_does_not_run_back, test_a_steady_clock_goes_on_when_the_wall_clock_is_set_back,
           test_threads_share_one_time, test_timestamps_and_back, test_durations_and_back,
           test_what_is_below_a_microsecond_is_dropped, test_what_is_out_of_range_is_refused,
           test_messages_in_an_arena)
