/*
 * What the server does about connections that are silent, old, idle, too talkative or too heavy. Times are tiny here; what is waited
 * for is that the setting acts, never how long it took.
 */
#include "tests/unit/server/rpc/source.h"
#include "tests/unit/server/rpc/wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENHANCE_YOUR_CALM = 11, DATA = 0, SETTINGS = 4 };

struct held {
    struct grpc_c_call *_Atomic call;
    _Atomic int count;
    _Atomic int cancelled;
    _Atomic bool at_once; /* calls are answered, and not held */
};

static void reply_nothing(struct grpc_c_call *call)
{
    Lab__Text response = LAB__TEXT__INIT;
    lab_lab_echo_reply(call, &response);
}

static void cancelled(void *data)
{
    struct held *held = data;
    atomic_fetch_add(&held->cancelled, 1);
}

static void hold(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct held *held = data;
    (void)request;
    if (atomic_load(&held->at_once)) {
        atomic_fetch_add(&held->count, 1);
        reply_nothing(call);
        return;
    }
    atomic_store(&held->call, call);
    grpc_c_call_on_cancel(call, cancelled, held);
    atomic_fetch_add(&held->count, 1);
}

static void answer(struct held *held)
{
    reply_nothing(held->call);
}

static void start(struct fixture *fixture, struct held *held,
                  const struct grpc_c_server_options *options)
{
    *held = (struct held){.count = 0};
    fixture_start(fixture, &(struct lab_lab_service){.data = held, .echo = hold}, options);
}

static struct wire *greeted(const struct fixture *fixture)
{
    struct wire *wire = wire_connect(fixture->port, 0);
    wire_greet(wire);
    return wire;
}

START_TEST(who_answers_no_ping_is_dropped)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.keepalive_ms = 50, .keepalive_timeout_ms = 50};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    wire->deaf = true;
    wire_call(wire, ECHO, true);
    wait_until(&held.count, 1);
    ck_assert(wire_until_ended(wire));
    ck_assert_int_ge(wire->pings, 1);
    /* Its call is told. */
    wait_until(&held.cancelled, 1);
    answer(&held);
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

START_TEST(who_answers_pings_may_stay)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.keepalive_ms = 20,
                                                  .keepalive_timeout_ms = 10000};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    wire_call(wire, ECHO, true);
    wait_until(&held.count, 1);
    ck_assert(wire_until(wire, &wire->pings, 5));
    answer(&held);
    ck_assert(wire_until(wire, &wire->ended, 1));
    /* Also without a call. */
    ck_assert(wire_until(wire, &wire->pings, 10));
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

START_TEST(who_pings_too_often_is_sent_away)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.min_ping_interval_ms = 600000};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    for (int i = 0; i < 10; i++)
        (void)wire_ping(wire);
    ck_assert(wire_until_ended(wire));
    ck_assert_int_eq(wire->goaways, 1);
    ck_assert_uint_eq(wire->goaway_code, ENHANCE_YOUR_CALM);
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

START_TEST(who_pings_seldom_enough_is_answered)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.min_ping_interval_ms = 1};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    for (int i = 1; i <= 20; i++) {
        ck_assert(wire_ping(wire));
        ck_assert(wire_until(wire, &wire->pongs, i));
        (void)wire_take(wire, 5);
    }
    ck_assert_int_eq(wire->goaways, 0);
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

START_TEST(an_old_connection_is_sent_elsewhere_and_its_calls_finish)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.max_age_ms = 100, .max_age_grace_ms = 600000};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    wire_call(wire, ECHO, true);
    wait_until(&held.count, 1);
    ck_assert(wire_until(wire, &wire->goaways, 1));
    ck_assert_uint_eq(wire->goaway_code, 0);
    ck_assert(!wire->closed && !wire->broken);
    answer(&held);
    ck_assert(wire_until(wire, &wire->ended, 1));
    ck_assert(wire_until_ended(wire));
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

START_TEST(an_old_connection_is_closed_after_its_grace)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.max_age_ms = 50, .max_age_grace_ms = 50};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    wire_call(wire, ECHO, true);
    wait_until(&held.count, 1);
    ck_assert(wire_until_ended(wire));
    ck_assert_int_ge(wire->goaways, 1);
    answer(&held);
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

START_TEST(an_idle_connection_is_closed_and_a_used_one_is_not)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.max_idle_ms = 100};
    start(&fixture, &held, &options);
    struct wire *used = greeted(&fixture);
    wire_call(used, ECHO, true);
    wait_until(&held.count, 1);
    struct wire *idle = greeted(&fixture);
    ck_assert(wire_until_ended(idle));
    ck_assert_int_ge(idle->goaways, 1);
    /* It is older, and still there. */
    answer(&held);
    ck_assert(wire_until(used, &used->ended, 1));
    ck_assert_int_eq(used->goaways, 0);
    ck_assert(wire_until_ended(used));
    wire_free(idle);
    wire_free(used);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_greeting_that_does_not_end_is_not_waited_for)
{
    static const char *const beginnings[] = {"", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.handshake_timeout_ms = 100};
    start(&fixture, &held, &options);
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        struct wire *wire = wire_connect(fixture.port, 0);
        ck_assert(wire_send(wire, beginnings[i], strlen(beginnings[i])));
        ck_assert_msg(wire_until_ended(wire), "after \"%s\"", beginnings[i]);
        wire_free(wire);
    }
    fixture_end(&fixture);
}
END_TEST

START_TEST(streams_are_bounded)
{
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.max_streams = 5};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    /* Once it has heard of the bound. */
    ck_assert(wire_ping(wire) && wire_until(wire, &wire->pongs, 1));
    for (int i = 0; i < 20; i++)
        wire_call(wire, ECHO, false);
    ck_assert(wire_until_ended(wire));
    wire_free(wire);
    fixture_end(&fixture);
}
END_TEST

/* Calls until so many in a row were answered. The core frees memory by resetting streams and closing
 * connections, and takes whichever come first in its queue: an honest call may be among them as long as there is no memory. It must
 * hear that it can be tried again, and trying must help. */
static void call_until_answered(struct fixture *fixture, int in_a_row)
{
    int refused = 0;
    for (int answered = 0; answered < in_a_row;) {
        struct outcome outcome = fixture_call(fixture, ECHO, "x", 10000);
        ck_assert_msg(outcome.code == STATUS_OK || outcome.code == STATUS_UNAVAILABLE ||
                          outcome.code == STATUS_RESOURCE_EXHAUSTED,
                      "%d %s", outcome.code, outcome.message);
        bool ok = outcome.code == STATUS_OK;
        outcome_done(&outcome);
        answered = ok ? answered + 1 : 0;
        if (ok)
            continue;
        ck_assert_int_lt(++refused, 100);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

START_TEST(memory_is_bounded)
{
    static const uint8_t piece[16000];
    struct fixture fixture;
    struct held held;
    const struct grpc_c_server_options options = {.max_memory = 64 << 20};
    start(&fixture, &held, &options);
    struct wire *wire = greeted(&fixture);
    /* The larger windows count once they were heard of. */
    ck_assert(wire_ping(wire) && wire_until(wire, &wire->pongs, 1));
    /* Requests of 4 MiB, less a little: none is ever whole. */
    bool open = true;
    int sent = 0;
    for (int i = 0; i < 100 && open; i++) {
        uint32_t stream = wire_call(wire, ECHO, false);
        open = wire_frame(wire, DATA, 0, stream, "\0\0\100\0\0", 5);
        for (int j = 0; j < 260 && open; j++, sent++) {
            open = wire_frame(wire, DATA, 0, stream, piece, sizeof(piece)) && wire->reset == 0;
            while (wire_take(wire, 0))
                ;
        }
        open = open && !wire->closed && !wire->broken;
    }
    ck_assert_msg(!open, "%d pieces were taken", sent);
    ck_assert_int_gt(sent, 262);
    ck_assert_int_eq(held.count, 0);
    /* Others are served, while the memory is still full of it and when it has gone. */
    atomic_store(&held.at_once, true);
    call_until_answered(&fixture, 1);
    wire_free(wire);
    call_until_answered(&fixture, 20);
    ck_assert_int_ge(held.count, 21);
    fixture_end(&fixture);
}
END_TEST

TEST_MAIN("connection", who_answers_no_ping_is_dropped, who_answers_pings_may_stay,
          who_pings_too_often_is_sent_away, who_pings_seldom_enough_is_answered,
          an_old_connection_is_sent_elsewhere_and_its_calls_finish,
          an_old_connection_is_closed_after_its_grace,
          an_idle_connection_is_closed_and_a_used_one_is_not,
          a_greeting_that_does_not_end_is_not_waited_for, streams_are_bounded, memory_is_bounded)
