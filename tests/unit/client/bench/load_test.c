/*
 * The loops, with calls that a thread of the test ends when it is told to: no server, and no time that matters.
 */
#include "client/bench/load.h"

#include "client/bench/clock.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS_MOST = 64 };

/* A queue of calls that are in flight, and the thread that ends them. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *slots[SLOTS_MOST];
    unsigned count, most;
    uint64_t begun;
    uint64_t refused; /* the number of the call that cannot be started */
    uint64_t failing; /* the number of the call that ends badly */
    int64_t stall_ns; /* the call 0 takes so long, and all others wait for it */
    uint64_t begun_in_stall;
    bool over;
} calls;

static const struct grpc_c_status fine = {.code = STATUS_OK, .message = ""};
static const struct grpc_c_status broken = {.code = STATUS_UNAVAILABLE, .message = "gone"};

static bool begin(struct slot *slot)
{
    pthread_mutex_lock(&calls.lock);
    bool ok = slot->number != calls.refused;
    if (ok) {
        ck_assert_uint_lt(calls.count, SLOTS_MOST);
        slot->kind = (unsigned)(slot->number % 2);
        calls.slots[calls.count++] = slot;
        if (calls.count > calls.most)
            calls.most = calls.count;
        calls.begun++;
        pthread_cond_signal(&calls.changed);
    }
    pthread_mutex_unlock(&calls.lock);
    return ok;
}

static void note_stall(void)
{
    pthread_mutex_lock(&calls.lock);
    calls.begun_in_stall = calls.begun;
    pthread_mutex_unlock(&calls.lock);
}

static void *end_calls(void *data)
{
    pthread_mutex_lock(&calls.lock);
    for (;;) {
        while (calls.count == 0 && !calls.over)
            pthread_cond_wait(&calls.changed, &calls.lock);
        if (calls.count == 0)
            break;
        struct slot *slot = calls.slots[0];
        memmove(&calls.slots[0], &calls.slots[1], --calls.count * sizeof calls.slots[0]);
        int64_t stall = slot->number == 0 ? calls.stall_ns : 0;
        bool failing = slot->number == calls.failing;
        pthread_mutex_unlock(&calls.lock);
        clock_wait(clock_ns() + stall);
        if (stall > 0)
            note_stall();
        load_done(slot, failing ? &broken : &fine, !failing);
        pthread_mutex_lock(&calls.lock);
    }
    pthread_mutex_unlock(&calls.lock);
    return data;
}

static struct load_result *run(struct load_options options, int64_t stall_ns, uint64_t failing,
                               uint64_t refused)
{
    pthread_t thread;
    struct load_result *result = malloc(sizeof *result);
    ck_assert_ptr_nonnull(result);
    memset(&calls, 0, sizeof calls);
    pthread_mutex_init(&calls.lock, NULL);
    pthread_cond_init(&calls.changed, NULL);
    calls.stall_ns = stall_ns;
    calls.failing = failing;
    calls.refused = refused;
    /* Nobody calls there: `begin` does not use the channel. */
    options.target = "127.0.0.1:1";
    options.begin = begin;
    ck_assert_int_eq(pthread_create(&thread, NULL, end_calls, NULL), 0);
    ck_assert(load_run(&options, result));
    pthread_mutex_lock(&calls.lock);
    calls.over = true;
    pthread_cond_signal(&calls.changed);
    pthread_mutex_unlock(&calls.lock);
    pthread_join(thread, NULL);
    pthread_mutex_destroy(&calls.lock);
    pthread_cond_destroy(&calls.changed);
    return result;
}

static uint64_t counted(const struct load_result *result)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < LOAD_KINDS; i++)
        count += result->kinds[i].times.total;
    return count;
}

START_TEST(a_closed_loop_keeps_all_places_busy)
{
    struct load_result *result =
        run((struct load_options){.connections = 2, .in_flight = 8, .seconds = 600, .calls = 1000},
            0, UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(result->calls, 1000);
    ck_assert_uint_eq(calls.begun, 1000);
    ck_assert_uint_eq(result->failed, 0);
    ck_assert_uint_le(calls.most, 16);
    ck_assert_uint_eq(result->kinds[0].times.total, 500);
    ck_assert_uint_eq(result->kinds[1].times.total, 500);
    free(result);
}
END_TEST

START_TEST(fewer_calls_than_places)
{
    struct load_result *result =
        run((struct load_options){.connections = 4, .in_flight = 8, .seconds = 600, .calls = 3}, 0,
            UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(result->calls, 3);
    free(result);
}
END_TEST

START_TEST(time_ends_it)
{
    struct load_result *result =
        run((struct load_options){.connections = 1, .in_flight = 4, .seconds = 0.05}, 0, UINT64_MAX,
            UINT64_MAX);
    ck_assert_uint_gt(result->calls, 0);
    ck_assert_uint_eq(result->calls, calls.begun);
    ck_assert_double_ge(result->seconds, 0.05);
    free(result);
}
END_TEST

START_TEST(warming_up_does_not_count)
{
    struct load_result *result = run(
        (struct load_options){
            .connections = 3, .in_flight = 2, .seconds = 600, .calls = 10, .warm = true},
        0, UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(result->calls, 10);
    ck_assert_uint_eq(calls.begun, 13);
    ck_assert_uint_eq(counted(result), 10);
    free(result);
}
END_TEST

START_TEST(failures_are_told)
{
    struct load_result *result =
        run((struct load_options){.connections = 1, .in_flight = 1, .seconds = 600, .calls = 20}, 0,
            7, UINT64_MAX);
    ck_assert_uint_eq(result->calls, 20);
    ck_assert_uint_eq(result->failed, 1);
    ck_assert_uint_eq(result->kinds[1].failed, 1);
    ck_assert_str_eq(result->first_failure, "UNAVAILABLE: gone");
    free(result);
}
END_TEST

START_TEST(a_call_that_cannot_start_ends_its_place)
{
    struct load_result *result =
        run((struct load_options){.connections = 1, .in_flight = 1, .seconds = 600, .calls = 20}, 0,
            UINT64_MAX, 5);
    ck_assert_uint_eq(result->failed, 1);
    ck_assert_uint_eq(result->calls, 5);
    free(result);
}
END_TEST

/* While call 0 stalls for 0.3 s, a closed loop starts nothing that could tell of it. */
START_TEST(a_closed_loop_overlooks_a_stall)
{
    struct load_result *result =
        run((struct load_options){.connections = 1, .in_flight = 1, .seconds = 600, .calls = 200},
            SECOND_NS * 3 / 10, UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(calls.begun_in_stall, 1);
    ck_assert_uint_ge(histogram_at(&result->kinds[0].times, 1), (uint64_t)SECOND_NS * 3 / 10);
    free(result);
}
END_TEST

/* An open loop tells it of all calls that were due meanwhile: at 1,000 a second 300, late by 150 ms on average. However slow
 * this machine is, calls are late by that at least. */
START_TEST(an_open_loop_tells_of_a_stall)
{
    enum { RATE = 1000, CALLS = 400 };
    struct load_result *result = run((struct load_options){.connections = 1,
                                                           .in_flight = 1,
                                                           .seconds = 600,
                                                           .calls = CALLS,
                                                           .rate = RATE,
                                                           .arrivals = ARRIVALS_CONSTANT},
                                     SECOND_NS * 3 / 10, UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(result->calls, CALLS);
    histogram_merge(&result->kinds[0].times, &result->kinds[1].times);
    /* Due after 0.1 s or before: late by 0.2 s, a quarter of all. */
    ck_assert_uint_ge(histogram_at(&result->kinds[0].times, 0.76), (uint64_t)SECOND_NS * 19 / 100);
    ck_assert_uint_ge(result->waited, 1);
    free(result);
}
END_TEST

START_TEST(an_open_loop_keeps_within_its_places)
{
    struct load_result *result = run(
        (struct load_options){
            .connections = 2, .in_flight = 3, .seconds = 600, .calls = 500, .rate = 1e6, .seed = 3},
        SECOND_NS / 20, UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(result->calls, 500);
    ck_assert_uint_le(calls.most, 6);
    free(result);
}
END_TEST

SUITE_MAIN("client/bench load", a_closed_loop_keeps_all_places_busy, fewer_calls_than_places,
           time_ends_it, warming_up_does_not_count, failures_are_told,
           a_call_that_cannot_start_ends_its_place, a_closed_loop_overlooks_a_stall,
           an_open_loop_tells_of_a_stall, an_open_loop_keeps_within_its_places)
