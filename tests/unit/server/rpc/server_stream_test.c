#include "tests/unit/server/rpc/source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void start(struct fixture *fixture, struct source *source,
                  const struct grpc_c_server_options *options)
{
    const struct lab_lab_service lab = {.data = source, .count = source_handle_count};
    fixture_start(fixture, &lab, options);
}

static struct peer_call *begin(struct fixture *fixture, int64_t timeout_ms)
{
    struct peer_call *call = peer_begin(&fixture->peer, COUNT, timeout_ms, NULL);
    ck_assert(send_text(call, "x"));
    ck_assert(peer_half_close(call));
    return call;
}

/* Receives messages 0, 1, ... until none comes; how many. */
static int receive_all(struct peer_call *call)
{
    char expected[32];
    for (int count = 0;; count++) {
        const char *text = receive_text(call);
        if (strcmp(text, "(none)") == 0)
            return count;
        (void)snprintf(expected, sizeof(expected), "%d", count);
        ck_assert_str_eq(text, expected);
    }
}

START_TEST(gives_all_and_ends)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .end_at = 3000, .size = 100};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 30000);
    ck_assert_int_eq(receive_all(call), 3000);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_int_eq(source.given, 3000);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(ends_with_an_error_behind_the_messages)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .end_at = 2, .end_code = STATUS_DATA_LOSS};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    ck_assert_int_eq(receive_all(call), 2);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_DATA_LOSS);
    ck_assert_str_eq(outcome.error.reason, "ENDED");
    ck_assert_str_eq(outcome.message, "At 2.");
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

static enum grpc_c_next end_at_once(void *state, struct arena *arena, const Lab__Text **ret_message,
                                    struct error *ret_status)
{
    (void)arena;
    (void)ret_message;
    (void)ret_status;
    (void)state;
    return GRPC_C_END;
}

static void handle_empty(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    static const struct lab_lab_count_stream empty = {.next = end_at_once};
    (void)request;
    lab_lab_count_open(call, data, &empty);
}

START_TEST(may_be_empty)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.count = handle_empty}, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    ck_assert_int_eq(receive_all(call), 0);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    fixture_end(&fixture);
}
END_TEST

START_TEST(headers_come_at_once_and_messages_when_woken)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    peer_headers(call);
    for (int i = 1; i <= 50; i++) {
        char expected[32];
        (void)snprintf(expected, sizeof(expected), "%d", i - 1);
        source_allow(&source, i);
        ck_assert_str_eq(receive_text(call), expected);
    }
    source.end_at = 50;
    grpc_c_call_wake(source.call);
    ck_assert_int_eq(receive_all(call), 0);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    fixture_wait_started(&fixture, 1);
    /* A wake that comes after the end does no harm. */
    grpc_c_call_wake(source.call);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(struct source *source)
{
    (void)source;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

START_TEST(many_wakes_are_few_questions)
{
    struct fixture fixture;
    struct source source = {.available = 0, .at_next = wait_at_gate};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    wait_until(&source.asked, 1);
    peer_headers(call);
    pthread_mutex_lock(&gate);
    grpc_c_call_wake(source.call);
    wait_until(&source.asked, 2);
    for (int i = 0; i < 1000; i++)
        grpc_c_call_wake(source.call);
    source.available = 1;
    pthread_mutex_unlock(&gate);
    ck_assert_str_eq(receive_text(call), "0");
    source.end_at = 1;
    grpc_c_call_wake(source.call);
    (void)peer_end(call);
    ck_assert_int_le(source.asked, 6);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

/* Waits until the counter has not moved for a while. */
static void wait_until_still(_Atomic int *counter)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int before = -1;
    int still = 0;
    for (int i = 0; i < 500 && still < 10; i++) {
        int now = atomic_load(counter);
        still = now == before ? still + 1 : 0;
        before = now;
        nanosleep(&pause, NULL);
    }
    ck_assert_int_eq(still, 10);
}

START_TEST(a_slow_reader_stops_the_source_and_loses_nothing)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .end_at = 40000, .size = 1000};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 60000);
    wait_until(&source.given, 1);
    wait_until_still(&source.given);
    ck_assert_int_lt(source.given, 20000);
    ck_assert_int_eq(receive_all(call), 40000);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_reader_that_takes_nothing_is_sent_away)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .size = 1000};
    const struct grpc_c_server_options options = {.threads = 1, .write_timeout_ms = 400};
    start(&fixture, &source, &options);
    struct peer_call *call = begin(&fixture, 60000);
    wait_until(&source.ended, 1);
    ck_assert_int_lt(source.given, 40000);
    (void)receive_all(call);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNAVAILABLE);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_silent_stream_is_no_slow_reader)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    const struct grpc_c_server_options options = {.threads = 1, .write_timeout_ms = 40};
    const struct timespec longer = {.tv_nsec = 200000000};
    start(&fixture, &source, &options);
    struct peer_call *call = begin(&fixture, 60000);
    peer_headers(call);
    nanosleep(&longer, NULL);
    ck_assert_int_eq(source.ended, 0);
    source.end_at = 1;
    source_allow(&source, 1);
    ck_assert_int_eq(receive_all(call), 1);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(cancelled_while_silent)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    peer_headers(call);
    peer_cancel(call);
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    ck_assert(grpc_c_call_cancelled(source.call));
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(cancelled_while_writing)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .size = 1000};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    wait_until(&source.given, 500);
    peer_cancel(call);
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    int given = source.given;
    source_done(&source);
    fixture_end(&fixture);
    ck_assert_int_eq(source.given, given);
}
END_TEST

START_TEST(the_deadline_ends_a_stream)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 200);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_DEADLINE_EXCEEDED);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

static void fail_on_the_way(struct source *source)
{
    struct error error;
    if (source->given != 2000)
        return;
    error_set(&error, STATUS_ABORTED, "ENOUGH", 0, "Enough.");
    grpc_c_call_fail(source->call, &error);
}

START_TEST(fails_between_messages)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .at_next = fail_on_the_way};
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    ck_assert_int_ge(receive_all(call), 2000);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_ABORTED);
    ck_assert_str_eq(outcome.error.reason, "ENOUGH");
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(fails_from_another_thread)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    struct error error;
    start(&fixture, &source, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    peer_headers(call);
    error_set(&error, STATUS_NOT_FOUND, "GONE", 0, "Gone.");
    grpc_c_call_fail(source.call, &error);
    grpc_c_call_fail(source.call, &error);
    ck_assert_int_eq(receive_all(call), 0);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_NOT_FOUND);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

static void keep_only(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)request;
    source_begin(data, call);
}

START_TEST(opened_later_after_the_client_has_gone)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &source, .count = keep_only}, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    wait_until(&source.begun, 1);
    peer_cancel(call);
    (void)peer_end(call);
    while (!grpc_c_call_cancelled(source.call))
        ;
    lab_lab_count_open(source.call, &source, &source_count);
    wait_until(&source.ended, 1);
    ck_assert_int_eq(source.asked, 0);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(opened_later)
{
    struct fixture fixture;
    struct source source = {.available = 3, .end_at = 3};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &source, .count = keep_only}, NULL);
    struct peer_call *call = begin(&fixture, 10000);
    wait_until(&source.begun, 1);
    lab_lab_count_open(source.call, &source, &source_count);
    ck_assert_int_eq(receive_all(call), 3);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

static void fail_and_open(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct error error;
    (void)request;
    source_begin(data, call);
    error_set(&error, STATUS_NOT_FOUND, "", 0, "No.");
    grpc_c_call_fail(call, &error);
    lab_lab_count_open(call, data, &source_count);
}

START_TEST(opened_after_it_failed)
{
    struct fixture fixture;
    struct source source = {.available = 3, .end_at = 3};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &source, .count = fail_and_open},
                  NULL);
    struct peer_call *call = begin(&fixture, 10000);
    ck_assert_int_eq(receive_all(call), 0);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_NOT_FOUND);
    wait_until(&source.ended, 1);
    ck_assert_int_eq(source.asked, 0);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

enum { MANY = 16 };

static _Atomic int next_source;

static void handle_many(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct source *sources = data;
    struct source *source = &sources[atomic_fetch_add(&next_source, 1)];
    source_handle_count(source, call, request);
}

START_TEST(many_streams_on_one_connection_do_not_stall)
{
    struct fixture fixture;
    struct source sources[MANY] = {{.available = 0}};
    struct peer_call *calls[MANY];
    for (int i = 0; i < MANY; i++) {
        sources[i].available = INT_MAX;
        sources[i].end_at = 300 + i;
        sources[i].size = 50;
    }
    atomic_store(&next_source, 0);
    fixture_start(&fixture, &(struct lab_lab_service){.data = sources, .count = handle_many}, NULL);
    for (int i = 0; i < MANY; i++) {
        calls[i] = begin(&fixture, 30000);
        fixture_wait_started(&fixture, (uint64_t)i + 1);
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(receive_all(calls[i]), 300 + i);
        struct outcome outcome = peer_end(calls[i]);
        ck_assert_int_eq(outcome.code, 0);
    }
    for (int i = 0; i < MANY; i++) {
        wait_until(&sources[i].ended, 1);
        source_done(&sources[i]);
    }
    fixture_end(&fixture);
}
END_TEST

struct waker {
    struct source *source;
    _Atomic bool done;
    pthread_t thread;
};

static void *wake_on_and_on(void *data)
{
    struct waker *waker = data;
    while (!atomic_load(&waker->done))
        grpc_c_call_wake(waker->source->call);
    return NULL;
}

START_TEST(wakes_from_several_threads)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    struct waker wakers[2] = {{.source = &source}, {.source = &source}};
    const struct grpc_c_server_options options = {.threads = 3};
    start(&fixture, &source, &options);
    struct peer_call *call = begin(&fixture, 30000);
    wait_until(&source.begun, 1);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&wakers[i].thread, NULL, wake_on_and_on, &wakers[i]), 0);
    for (int i = 1; i <= 500; i++)
        source.available = i;
    source.end_at = 500;
    ck_assert_int_eq(receive_all(call), 500);
    (void)peer_end(call);
    for (int i = 0; i < 2; i++) {
        atomic_store(&wakers[i].done, true);
        pthread_join(wakers[i].thread, NULL);
    }
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

TEST_MAIN("server stream", gives_all_and_ends, ends_with_an_error_behind_the_messages, may_be_empty,
          headers_come_at_once_and_messages_when_woken, many_wakes_are_few_questions,
          a_slow_reader_stops_the_source_and_loses_nothing,
          a_reader_that_takes_nothing_is_sent_away, a_silent_stream_is_no_slow_reader,
          cancelled_while_silent, cancelled_while_writing, the_deadline_ends_a_stream,
          fails_between_messages, fails_from_another_thread, opened_later_after_the_client_has_gone,
          opened_later, opened_after_it_failed, many_streams_on_one_connection_do_not_stall,
          wakes_from_several_threads)
