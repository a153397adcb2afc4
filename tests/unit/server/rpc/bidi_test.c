#include "tests/unit/server/rpc/source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(struct fixture *fixture, struct source *source)
{
    const struct lab_lab_service lab = {
        .data = source,
        .sum = source_handle_sum,
        .chat = source_handle_chat,
    };
    fixture_start(fixture, &lab, NULL);
}

static void send_texts(struct peer_call *call, int count)
{
    char text[32];
    for (int i = 0; i < count; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        ck_assert(send_text(call, text));
    }
}

START_TEST(a_client_stream_is_answered_at_its_end)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, SUM, 10000, NULL);
    send_texts(call, 500);
    ck_assert(peer_half_close(call));
    ck_assert_str_eq(receive_text(call), "500");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_str_eq(source.last, "499");
    ck_assert_int_eq(source.half_closed, 1);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(an_empty_client_stream)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, SUM, 10000, NULL);
    ck_assert(peer_half_close(call));
    ck_assert_str_eq(receive_text(call), "0");
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(an_answer_before_the_end_of_the_requests)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    Lab__Text response = LAB__TEXT__INIT;
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, SUM, 10000, NULL);
    send_texts(call, 1);
    wait_until(&source.heard, 1);
    response.text = (char *)(uintptr_t) "enough";
    lab_lab_sum_reply(source.call, &response);
    lab_lab_sum_reply(source.call, &response);
    ck_assert_str_eq(receive_text(call), "enough");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    wait_until(&source.ended, 1);
    ck_assert_int_eq(source.half_closed, 0);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_broken_client_stream_is_not_half_closed)
{
    for (int i = 0; i < 20; i++) {
        struct fixture fixture;
        struct source source = {.available = 0};
        start(&fixture, &source);
        struct peer_call *call = peer_begin(&fixture.peer, SUM, 10000, NULL);
        send_texts(call, 3);
        wait_until(&source.heard, 3);
        peer_cancel(call);
        (void)peer_end(call);
        wait_until(&source.ended, 1);
        ck_assert_int_eq(source.half_closed, 0);
        source_done(&source);
        fixture_end(&fixture);
    }
}
END_TEST

static void fail_sum(void *data, struct grpc_c_call *call)
{
    struct error error;
    (void)data;
    error_set(&error, STATUS_PERMISSION_DENIED, "NO", 0, "No.");
    grpc_c_call_fail(call, &error);
}

START_TEST(a_stream_that_is_never_opened)
{
    struct fixture fixture;
    const struct lab_lab_service lab = {.sum = fail_sum, .chat = fail_sum};
    fixture_start(&fixture, &lab, NULL);
    const char *const methods[] = {SUM, CHAT};
    for (int i = 0; i < 2; i++) {
        struct peer_call *call = peer_begin(&fixture.peer, methods[i], 10000, NULL);
        (void)send_text(call, "x");
        ck_assert_str_eq(receive_text(call), "(none)");
        struct outcome outcome = peer_end(call);
        ck_assert_int_eq(outcome.code, STATUS_PERMISSION_DENIED);
        ck_assert_str_eq(outcome.error.reason, "NO");
    }
    fixture_end(&fixture);
}
END_TEST

START_TEST(reading_stops_and_goes_on)
{
    struct fixture fixture;
    struct source source = {.pause_at = 5};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, SUM, 10000, NULL);
    /* Those behind the fifth wait in the transport, which has room for them. */
    send_texts(call, 10);
    wait_until(&source.heard, 5);
    ck_assert(peer_half_close(call));
    ck_assert_int_eq(source.heard, 5);
    source.pause_at = 8;
    grpc_c_call_read_on(source.call);
    wait_until(&source.heard, 8);
    source.pause_at = 0;
    grpc_c_call_read_on(source.call);
    /* Once more does no harm. */
    grpc_c_call_read_on(source.call);
    ck_assert_str_eq(receive_text(call), "10");
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(cancelled_while_reading_is_stopped)
{
    struct fixture fixture;
    struct source source = {.pause_at = 1};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, SUM, 10000, NULL);
    send_texts(call, 3);
    wait_until(&source.heard, 1);
    peer_cancel(call);
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    grpc_c_call_read_on(source.call);
    source_done(&source);
    fixture_end(&fixture);
    ck_assert_int_eq(source.heard, 1);
}
END_TEST

START_TEST(a_chat_goes_to_and_fro)
{
    struct fixture fixture;
    struct source source = {.echoes = true, .ends_on_half_close = true};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, CHAT, 10000, NULL);
    peer_headers(call);
    for (int i = 0; i < 300; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%d", i);
        ck_assert(send_text(call, text));
        ck_assert_str_eq(receive_text(call), text);
        ck_assert_str_eq(source.last, text);
    }
    ck_assert(peer_half_close(call));
    ck_assert_str_eq(receive_text(call), "(none)");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    wait_until(&source.ended, 1);
    ck_assert_int_eq(source.half_closed, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(the_source_goes_on_after_the_half_close)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, CHAT, 10000, NULL);
    ck_assert(peer_half_close(call));
    wait_until(&source.half_closed, 1);
    source.end_at = 20;
    source_allow(&source, 20);
    for (int i = 0; i < 20; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%d", i);
        ck_assert_str_eq(receive_text(call), text);
    }
    ck_assert_str_eq(receive_text(call), "(none)");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    wait_until(&source.ended, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

START_TEST(the_server_ends_a_chat_that_the_client_has_not)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .end_at = 2, .end_code = STATUS_OUT_OF_RANGE};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, CHAT, 10000, NULL);
    ck_assert_str_eq(receive_text(call), "0");
    ck_assert_str_eq(receive_text(call), "1");
    ck_assert_str_eq(receive_text(call), "(none)");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_OUT_OF_RANGE);
    wait_until(&source.ended, 1);
    ck_assert_int_eq(source.half_closed, 0);
    source_done(&source);
    fixture_wait_finished(&fixture, 1);
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_bad_message_ends_a_chat)
{
    struct fixture fixture;
    struct source source = {.available = 0};
    start(&fixture, &source);
    struct peer_call *call = peer_begin(&fixture.peer, CHAT, 10000, NULL);
    ck_assert(send_text(call, "good"));
    wait_until(&source.heard, 1);
    ck_assert(peer_send_bytes(call, "\012\002\377\376", 4));
    ck_assert_str_eq(receive_text(call), "(none)");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(outcome.error.reason, "INVALID_TEXT");
    wait_until(&source.ended, 1);
    ck_assert_int_eq(source.heard, 1);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

/* Requests, wakes and a cancel, all at once: no two callbacks may meet. */
struct noise {
    struct source *source;
    _Atomic bool done;
};

static void *make_noise(void *data)
{
    struct noise *noise = data;
    while (!atomic_load(&noise->done)) {
        grpc_c_call_wake(noise->source->call);
        grpc_c_call_read_on(noise->source->call);
    }
    return NULL;
}

START_TEST(callbacks_of_a_call_never_meet)
{
    struct fixture fixture;
    struct source source = {.available = INT_MAX, .size = 10};
    struct noise noise = {.source = &source};
    pthread_t thread;
    const struct grpc_c_server_options options = {.threads = 4};
    const struct lab_lab_service lab = {.data = &source, .chat = source_handle_chat};
    fixture_start(&fixture, &lab, &options);
    struct peer_call *call = peer_begin(&fixture.peer, CHAT, 30000, NULL);
    wait_until(&source.begun, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, make_noise, &noise), 0);
    for (int i = 0; i < 500; i++) {
        ck_assert(send_text(call, "x"));
        size_t size = 0;
        uint8_t *bytes = peer_receive(call, &size);
        ck_assert_ptr_nonnull(bytes);
        free(bytes);
    }
    peer_cancel(call);
    (void)peer_end(call);
    wait_until(&source.ended, 1);
    atomic_store(&noise.done, true);
    pthread_join(thread, NULL);
    source_done(&source);
    fixture_end(&fixture);
}
END_TEST

TEST_MAIN("client and bidirectional streams", a_client_stream_is_answered_at_its_end,
          an_empty_client_stream, an_answer_before_the_end_of_the_requests,
          a_broken_client_stream_is_not_half_closed, a_stream_that_is_never_opened,
          reading_stops_and_goes_on, cancelled_while_reading_is_stopped, a_chat_goes_to_and_fro,
          the_source_goes_on_after_the_half_close, the_server_ends_a_chat_that_the_client_has_not,
          a_bad_message_ends_a_chat, callbacks_of_a_call_never_meet)
