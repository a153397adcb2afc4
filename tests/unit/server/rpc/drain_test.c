/*
 * What a stop does for the calls that are there, and for those that come. The wire is needed where a client of the core would
 * read too soon.
 */
#include "tests/unit/server/rpc/source.h"
#include "tests/unit/server/rpc/wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HELD = 200, ANSWER_BYTES = 1000 };

/* Long enough that nothing in here comes to its end. */
static const struct grpc_c_server_options patient = {.threads = 2, .quiet_ms = 600000};

struct holder {
    struct fixture fixture;
    struct grpc_c_call *_Atomic calls[HELD];
    _Atomic int count;
    struct source source; /* of streams */
    pthread_t thread;     /* of the stop */
    _Atomic int stopped;
};

static void hold(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct holder *holder = data;
    (void)request;
    int index = atomic_load(&holder->count);
    ck_assert_int_lt(index, HELD);
    atomic_store(&holder->calls[index], call);
    atomic_store(&holder->count, index + 1);
}

static void open_count(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct holder *holder = data;
    source_handle_count(&holder->source, call, request);
}

static struct holder *start(const struct grpc_c_server_options *options)
{
    struct holder *holder = calloc(1, sizeof(*holder));
    ck_assert_ptr_nonnull(holder);
    const struct lab_lab_service lab = {.data = holder, .echo = hold, .count = open_count};
    struct grpc_c_server_options one_thread = *options;
    one_thread.threads = 1; /* `hold` counts without a lock */
    fixture_start(&holder->fixture, &lab, &one_thread);
    return holder;
}

static void *stop(void *data)
{
    struct holder *holder = data;
    ck_assert(grpc_c_server_stop(holder->fixture.server, 600000));
    atomic_store(&holder->stopped, 1);
    return NULL;
}

static void begin_stop(struct holder *holder)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    ck_assert_int_eq(pthread_create(&holder->thread, NULL, stop, holder), 0);
    while (!grpc_c_server_stopping(holder->fixture.server))
        nanosleep(&pause, NULL);
}

static void answer_all(struct holder *holder)
{
    char text[ANSWER_BYTES];
    Lab__Text response = LAB__TEXT__INIT;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    response.text = text;
    for (int i = 0; i < holder->count; i++)
        lab_lab_echo_reply(holder->calls[i], &response);
}

static void end(struct holder *holder)
{
    pthread_join(holder->thread, NULL);
    holder->fixture.stopped = true;
    fixture_end(&holder->fixture);
    free(holder);
}

START_TEST(new_calls_are_refused_while_others_finish)
{
    struct holder *holder = start(&patient);
    struct peer_call *held = peer_begin(&holder->fixture.peer, ECHO, 60000, NULL);
    ck_assert(send_text(held, "x") && peer_half_close(held));
    wait_until(&holder->count, 1);
    begin_stop(holder);
    static const char *const methods[] = {ECHO, COUNT, SUM, CHAT, "/lab.Lab/Nope"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct outcome outcome = fixture_call(&holder->fixture, methods[i], "x", 60000);
        ck_assert_msg(outcome.code == STATUS_UNAVAILABLE, "%s: %d %s", methods[i], outcome.code,
                      outcome.message);
        ck_assert_str_eq(outcome.error.reason, "SERVER_STOPPING");
        outcome_done(&outcome);
    }
    ck_assert_int_eq(holder->count, 1);
    ck_assert_int_eq(holder->source.begun, 0);
    ck_assert_int_eq(holder->stopped, 0);
    answer_all(holder);
    ck_assert_str_ne(receive_text(held), "(none)");
    struct outcome outcome = peer_end(held);
    ck_assert_int_eq(outcome.code, STATUS_OK);
    end(holder);
}
END_TEST

START_TEST(answers_reach_a_client_that_is_just_saying_something)
{
    struct holder *holder = start(&patient);
    struct wire *wire = wire_connect(holder->fixture.port, 4096);
    wire_greet(wire);
    for (int i = 0; i < HELD; i++)
        wire_call(wire, ECHO, true);
    wait_until(&holder->count, HELD);
    begin_stop(holder);
    /* A server that said goodbye first would have got the answer to its ping by now. */
    while (wire->goaways == 0 && wire_take(wire, 300))
        ;
    answer_all(holder);
    /* More than the client's socket takes: the rest lies on the server's side. What comes in there now breaks a connection that is
     * already closed. */
    fixture_wait_finished(&holder->fixture, HELD);
    for (int i = 0; i < 20; i++) {
        const struct timespec pause = {.tv_nsec = 5000000};
        wire_window(wire, 1);
        nanosleep(&pause, NULL);
    }
    wire_until(wire, &wire->ended, HELD);
    ck_assert_int_eq(wire->ended, HELD);
    ck_assert(wire_until_ended(wire));
    ck_assert_int_ge(wire->goaways, 1);
    wire_free(wire);
    end(holder);
}
END_TEST

START_TEST(after_the_quiet_time_clients_are_sent_elsewhere)
{
    const struct grpc_c_server_options hasty = {.quiet_ms = 1};
    struct holder *holder = start(&hasty);
    struct wire *wire = wire_connect(holder->fixture.port, 0);
    wire_greet(wire);
    wire_call(wire, ECHO, true);
    wait_until(&holder->count, 1);
    begin_stop(holder);
    ck_assert(wire_until(wire, &wire->goaways, 1));
    ck_assert_uint_eq(wire->goaway_code, 0);
    ck_assert_int_eq(holder->stopped, 0);
    answer_all(holder);
    ck_assert(wire_until(wire, &wire->ended, 1));
    ck_assert(wire_until_ended(wire));
    wire_free(wire);
    end(holder);
}
END_TEST

TEST_MAIN("drain", new_calls_are_refused_while_others_finish,
          answers_reach_a_client_that_is_just_saying_something,
          after_the_quiet_time_clients_are_sent_elsewhere)
