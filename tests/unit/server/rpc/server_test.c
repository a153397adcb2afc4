/*
 * Listening, and the drain.
 */
#include "tests/unit/server/rpc/source.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct grpc_c_server *new_server(void)
{
    struct error error;
    struct grpc_c_server *server = grpc_c_server_new(NULL, &error);
    ck_assert_ptr_nonnull(server);
    return server;
}

START_TEST(a_server_that_never_started_is_freed)
{
    struct error error;
    grpc_c_server_free(NULL);
    grpc_c_server_free(new_server());
    struct grpc_c_server *server = new_server();
    int port = 0;
    ck_assert(grpc_c_server_listen(server, "127.0.0.1:0", &port, &error));
    ck_assert_int_gt(port, 0);
    grpc_c_server_free(server);
}
END_TEST

START_TEST(bad_addresses_are_refused)
{
    static const char *const bad[] = {
        "",
        ":1",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:99999",
        "127.0.0.1:-1",
        "127.0.0.1:1x",
        "127.0.0.1: 1",
        "::1:80",
        "[]:1",
        "[::1]",
        "unix:",
        "127.0.0.1:000080",
    };
    struct grpc_c_server *server = new_server();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error error;
        int port = -5;
        ck_assert_msg(!grpc_c_server_listen(server, bad[i], &port, &error), "%s", bad[i]);
        ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
        ck_assert_str_eq(error.reason, "BAD_ADDRESS");
        ck_assert_int_eq(port, -5);
    }
    grpc_c_server_free(server);
}
END_TEST

START_TEST(a_taken_port_is_refused)
{
    struct fixture fixture;
    char address[64];
    struct error error;
    fixture_start(&fixture, &(struct lab_lab_service){.data = NULL}, NULL);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%d", fixture.port);
    struct grpc_c_server *second = new_server();
    ck_assert(!grpc_c_server_listen(second, address, NULL, &error));
    ck_assert_int_eq(error.code, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(error.reason, "ADDRESS_IN_USE");
    grpc_c_server_free(second);
    fixture_end(&fixture);
    /* It is free again. */
    struct grpc_c_server *third = new_server();
    ck_assert(grpc_c_server_listen(third, address, NULL, &error));
    grpc_c_server_free(third);
}
END_TEST

START_TEST(a_unix_socket_is_not_stolen)
{
    char folder[] = "/tmp/rpc-server-XXXXXX";
    char address[64];
    struct error error;
    int port = -1;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(address, sizeof(address), "unix:%s/socket", folder);
    struct grpc_c_server *first = new_server();
    ck_assert(grpc_c_server_listen(first, address, &port, &error));
    ck_assert_int_eq(port, 0);
    ck_assert(grpc_c_server_start(first, &error));
    struct grpc_c_server *second = new_server();
    ck_assert(!grpc_c_server_listen(second, address, NULL, &error));
    ck_assert_str_eq(error.reason, "ADDRESS_IN_USE");
    grpc_c_server_free(second);
    ck_assert(grpc_c_server_stop(first, 1000));
    grpc_c_server_free(first);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_service_is_added_once_and_before_the_start)
{
    struct fixture fixture;
    struct error error;
    fixture_start(&fixture, &(struct lab_lab_service){.data = NULL}, NULL);
    ck_assert(!grpc_c_server_add(fixture.server, &lab_lab_descriptor, &fixture.lab, &error));
    ck_assert_str_eq(error.reason, "SERVER_STARTED");
    ck_assert(!grpc_c_server_start(fixture.server, &error));
    ck_assert(!grpc_c_server_listen(fixture.server, "127.0.0.1:0", NULL, &error));
    fixture_end(&fixture);
    struct grpc_c_server *server = new_server();
    ck_assert(grpc_c_server_add(server, &lab_lab_descriptor, &fixture.lab, &error));
    ck_assert(!grpc_c_server_add(server, &lab_lab_descriptor, &fixture.lab, &error));
    ck_assert_int_eq(error.code, STATUS_ALREADY_EXISTS);
    grpc_c_server_free(server);
}
END_TEST

/* A stop on a thread of its own. */
struct stopping {
    struct grpc_c_server *server;
    int64_t grace_ms;
    bool result;
    pthread_t thread;
};

static void *stop(void *data)
{
    struct stopping *stopping = data;
    stopping->result = grpc_c_server_stop(stopping->server, stopping->grace_ms);
    return NULL;
}

static void begin_stop(struct stopping *stopping, struct fixture *fixture, int64_t grace_ms)
{
    *stopping = (struct stopping){.server = fixture->server, .grace_ms = grace_ms};
    ck_assert_int_eq(pthread_create(&stopping->thread, NULL, stop, stopping), 0);
    const struct timespec pause = {.tv_nsec = 1000000};
    while (!grpc_c_server_stopping(fixture->server))
        nanosleep(&pause, NULL);
}

static void end_stop(struct stopping *stopping, struct fixture *fixture)
{
    pthread_join(stopping->thread, NULL);
    ck_assert(stopping->result);
    fixture->stopped = true;
}

static void hold(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct source *source = data;
    (void)request;
    atomic_store(&source->call, call);
    atomic_fetch_add(&source->begun, 1);
}

static void start(struct fixture *fixture, struct source *source)
{
    const struct lab_lab_service lab = {
        .data = source,
        .echo = hold,
        .count = source_handle_count,
    };
    fixture_start(fixture, &lab, NULL);
}

static struct peer_call *begin(struct fixture *fixture, const char *method)
{
    struct peer_call *call = peer_begin(&fixture->peer, method, 60000, NULL);
    ck_assert(send_text(call, "x"));
    ck_assert(peer_half_close(call));
    return call;
}

START_TEST(calls_in_flight_finish)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    struct stopping stopping;
    Lab__Text response = LAB__TEXT__INIT;
    start(&fixture, &source);
    struct peer_call *call = begin(&fixture, ECHO);
    wait_until(&source.begun, 1);
    begin_stop(&stopping, &fixture, 30000);
    response.text = (char *)(uintptr_t) "in time";
    lab_lab_echo_reply(source.call, &response);
    ck_assert_str_eq(receive_text(call), "in time");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    end_stop(&stopping, &fixture);
    fixture_end(&fixture);
}
END_TEST

START_TEST(streams_hear_of_it_and_send_clients_elsewhere)
{
    struct fixture fixture;
    struct source source = {.ends_on_stop = true};
    struct stopping stopping;
    start(&fixture, &source);
    struct peer_call *call = begin(&fixture, COUNT);
    peer_headers(call);
    begin_stop(&stopping, &fixture, 30000);
    ck_assert_str_eq(receive_text(call), "(none)");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNAVAILABLE);
    ck_assert_str_eq(outcome.error.reason, "RECONNECT");
    wait_until(&source.ended, 1);
    source_done(&source);
    end_stop(&stopping, &fixture);
    fixture_end(&fixture);
}
END_TEST

START_TEST(what_does_not_end_is_cancelled)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    struct stopping stopping;
    start(&fixture, &source);
    struct peer_call *call = begin(&fixture, COUNT);
    peer_headers(call);
    begin_stop(&stopping, &fixture, 50);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNAVAILABLE);
    wait_until(&source.ended, 1);
    source_done(&source);
    end_stop(&stopping, &fixture);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_stop_can_be_hurried)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .size = 1000};
    struct stopping stopping;
    start(&fixture, &source);
    struct peer_call *call = begin(&fixture, COUNT);
    wait_until(&source.given, 10);
    begin_stop(&stopping, &fixture, 600000);
    grpc_c_server_hurry(fixture.server);
    wait_until(&source.ended, 1);
    source_done(&source);
    end_stop(&stopping, &fixture);
    while (strcmp(receive_text(call), "(none)") != 0)
        ;
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNAVAILABLE);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_stop_waits_for_the_last_reference)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    struct stopping stopping;
    const struct timespec while_stopping = {.tv_nsec = 100000000};
    start(&fixture, &source);
    struct peer_call *call = begin(&fixture, COUNT);
    peer_headers(call);
    begin_stop(&stopping, &fixture, 0);
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    grpc_c_call_wake(source.call);
    nanosleep(&while_stopping, NULL);
    struct grpc_c_server_counts counts;
    grpc_c_server_count(fixture.server, &counts);
    ck_assert_uint_eq(counts.finished, 0);
    source_done(&source);
    end_stop(&stopping, &fixture);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_handler_that_never_answers_keeps_the_server)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    Lab__Text response = LAB__TEXT__INIT;
    start(&fixture, &source);
    struct peer_call *call = begin(&fixture, ECHO);
    wait_until(&source.begun, 1);
    ck_assert(!grpc_c_server_stop(fixture.server, 0));
    (void)peer_end(call);
    lab_lab_echo_reply(source.call, &response);
    ck_assert(grpc_c_server_stop(fixture.server, 0));
    ck_assert(grpc_c_server_stop(fixture.server, 0));
    fixture.stopped = true;
    fixture_end(&fixture);
}
END_TEST

struct storm {
    int port;
    _Atomic bool done;
    pthread_t thread;
};

static void *make_storm(void *data)
{
    struct storm *storm = data;
    struct peer peer = peer_new(storm->port, NULL);
    Lab__Text request = LAB__TEXT__INIT;
    while (!atomic_load(&storm->done)) {
        struct outcome outcome = peer_unary(&peer, ECHO, &request.base, 20000);
        outcome_done(&outcome);
        struct peer_call *call = peer_begin(&peer, COUNT, 20000, NULL);
        (void)peer_send(call, &request.base);
        (void)peer_half_close(call);
        while (strcmp(receive_text(call), "(none)") != 0)
            ;
        (void)peer_end(call);
    }
    peer_free(&peer);
    return NULL;
}

static void echo(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    lab_lab_echo_reply(call, request);
}

static enum grpc_c_next few(void *state, struct arena *arena, const Lab__Text **ret_message,
                            struct error *ret_status)
{
    int *left = state;
    (void)ret_status;
    if ((*left)-- == 0)
        return GRPC_C_END;
    Lab__Text *message = arena_alloc(arena, sizeof(*message));
    ck_assert_ptr_nonnull(message);
    lab__text__init(message);
    *ret_message = message;
    return GRPC_C_MESSAGE;
}

static void handle_few(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    static const struct lab_lab_count_stream stream = {.next = few, .on_end = free};
    (void)data;
    (void)request;
    int *left = malloc(sizeof(*left));
    ck_assert_ptr_nonnull(left);
    *left = 3;
    lab_lab_count_open(call, left, &stream);
}

START_TEST(a_stop_in_a_storm_of_calls)
{
    struct fixture fixture;
    struct storm storm = {.port = 0};
    struct grpc_c_server_counts counts = {.finished = 0};
    const struct lab_lab_service lab = {.echo = echo, .count = handle_few};
    fixture_start(&fixture, &lab, NULL);
    storm.port = fixture.port;
    ck_assert_int_eq(pthread_create(&storm.thread, NULL, make_storm, &storm), 0);
    while (counts.finished < 200)
        grpc_c_server_count(fixture.server, &counts);
    ck_assert(grpc_c_server_stop(fixture.server, 10000));
    fixture.stopped = true;
    atomic_store(&storm.done, true);
    pthread_join(storm.thread, NULL);
    fixture_end(&fixture);
}
END_TEST

TEST_MAIN("server", a_server_that_never_started_is_freed, bad_addresses_are_refused,
          a_taken_port_is_refused, a_unix_socket_is_not_stolen,
          a_service_is_added_once_and_before_the_start, calls_in_flight_finish,
          streams_hear_of_it_and_send_clients_elsewhere, what_does_not_end_is_cancelled,
          a_stop_can_be_hurried, a_stop_waits_for_the_last_reference,
          a_handler_that_never_answers_keeps_the_server, a_stop_in_a_storm_of_calls)
