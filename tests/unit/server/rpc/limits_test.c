#include "proto/c/rpc/core.h"
#include "tests/unit/server/rpc/fixture.h"

#include <grpc/compression.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void echo(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    lab_lab_echo_reply(call, request);
}

static void start(struct fixture *fixture, const struct grpc_c_server_options *options)
{
    fixture_start(fixture, &(struct lab_lab_service){.echo = echo}, options);
}

static void expect(struct fixture *fixture, const void *bytes, size_t size, int code,
                   const char *reason)
{
    struct outcome outcome = peer_unary_bytes(&fixture->peer, ECHO, bytes, size, 10000);
    ck_assert_int_eq(outcome.code, code);
    if (reason)
        ck_assert_str_eq(outcome.error.reason, reason);
    outcome_done(&outcome);
}

START_TEST(what_is_no_message_is_refused)
{
    struct fixture fixture;
    start(&fixture, NULL);
    expect(&fixture, "\012\002\377\376", 4, STATUS_INVALID_ARGUMENT, "INVALID_TEXT");
    expect(&fixture, "\012\002a\000", 4, STATUS_INVALID_ARGUMENT, "INVALID_TEXT");
    expect(&fixture, "\012\177", 2, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE");
    expect(&fixture, "\377\377\377", 3, STATUS_INVALID_ARGUMENT, "MALFORMED_MESSAGE");
    expect(&fixture, "", 0, STATUS_OK, NULL);
    fixture_end(&fixture);
}
END_TEST

/* `levels` messages, each in the field `inner` of the one before: written from the inside. */
static uint8_t *nest(unsigned levels, size_t *ret_size)
{
    size_t room = (size_t)levels * 5;
    uint8_t *bytes = malloc(room + 1);
    ck_assert_ptr_nonnull(bytes);
    size_t at = room;
    for (unsigned i = 0; i < levels; i++) {
        size_t size = room - at;
        uint8_t length[4];
        size_t digits = 0;
        do {
            length[digits++] = (uint8_t)((size & 127) | (size > 127 ? 128 : 0));
            size >>= 7;
        } while (size > 0);
        at -= digits;
        memcpy(bytes + at, length, digits);
        bytes[--at] = 032;
    }
    memmove(bytes, bytes + at, room - at);
    *ret_size = room - at;
    return bytes;
}

START_TEST(deep_nesting_is_refused)
{
    struct fixture fixture;
    start(&fixture, NULL);
    size_t size;
    uint8_t *bytes = nest(50, &size);
    expect(&fixture, bytes, size, STATUS_OK, NULL);
    free(bytes);
    bytes = nest(200000, &size);
    expect(&fixture, bytes, size, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_COMPLEX");
    free(bytes);
    fixture_end(&fixture);
}
END_TEST

static struct outcome send_blob(struct fixture *fixture, size_t size)
{
    Lab__Text request = LAB__TEXT__INIT;
    request.bytes.len = size;
    request.bytes.data = calloc(1, size + 1);
    ck_assert_ptr_nonnull(request.bytes.data);
    struct outcome outcome = peer_unary(&fixture->peer, ECHO, &request.base, 20000);
    free(request.bytes.data);
    return outcome;
}

START_TEST(large_messages_go_through_and_larger_ones_do_not)
{
    struct fixture fixture;
    const struct grpc_c_server_options options = {.threads = 1, .max_request = 1 << 20};
    start(&fixture, &options);
    struct outcome outcome = send_blob(&fixture, 1000000);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_uint_ge(outcome.response_size, 1000000);
    outcome_done(&outcome);
    outcome = send_blob(&fixture, 1100000);
    ck_assert_int_eq(outcome.code, STATUS_RESOURCE_EXHAUSTED);
    outcome_done(&outcome);
    outcome = send_blob(&fixture, 10);
    ck_assert_int_eq(outcome.code, 0);
    outcome_done(&outcome);
    fixture_end(&fixture);
}
END_TEST

START_TEST(elements_and_memory_are_bounded)
{
    struct fixture fixture;
    const struct grpc_c_server_options options = {
        .threads = 1,
        .max_elements = 1000,
        .max_call_memory = 64 << 10,
    };
    uint8_t numbers[2003] = {042, 0xD0, 0x0F};
    start(&fixture, &options);
    expect(&fixture, numbers, sizeof(numbers), STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_COMPLEX");
    struct outcome outcome = send_blob(&fixture, 100000);
    ck_assert_int_eq(outcome.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(outcome.error.reason, "MESSAGE_TOO_LARGE");
    fixture_end(&fixture);
}
END_TEST

START_TEST(a_unary_call_needs_its_message)
{
    struct fixture fixture;
    start(&fixture, NULL);
    struct peer_call *call = peer_begin(&fixture.peer, ECHO, 10000, NULL);
    ck_assert(peer_half_close(call));
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNIMPLEMENTED);
    fixture_end(&fixture);
}
END_TEST

START_TEST(too_much_metadata_is_refused)
{
    struct fixture fixture;
    static char value[20000];
    memset(value, 'x', sizeof(value) - 1);
    const char *const metadata[] = {"much", value, NULL};
    const struct grpc_c_server_options options = {.threads = 1, .max_metadata = 10000};
    start(&fixture, &options);
    /* Once the peer has heard what the server takes, the refusal always has this code. */
    struct outcome first = fixture_call(&fixture, ECHO, "x", 10000);
    outcome_done(&first);
    struct peer_call *call = peer_begin(&fixture.peer, ECHO, 10000, metadata);
    (void)send_text(call, "x");
    (void)peer_half_close(call);
    struct outcome outcome = peer_end(call);
    ck_assert_msg(outcome.code == STATUS_RESOURCE_EXHAUSTED, "%d %s", outcome.code,
                  outcome.message);
    fixture_end(&fixture);
}
END_TEST

static struct peer gzip_peer(int port)
{
    struct rpc_arguments arguments = {.count = 0};
    rpc_arguments_number(&arguments, GRPC_COMPRESSION_CHANNEL_DEFAULT_ALGORITHM,
                         GRPC_COMPRESS_GZIP);
    grpc_channel_args list = rpc_arguments_list(&arguments);
    return peer_new(port, &list);
}

START_TEST(compressed_requests_are_read)
{
    struct fixture fixture;
    start(&fixture, NULL);
    peer_free(&fixture.peer);
    fixture.peer = gzip_peer(fixture.port);
    struct outcome outcome = send_blob(&fixture, 3000000);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_uint_ge(outcome.response_size, 3000000);
    outcome_done(&outcome);
    fixture_end(&fixture);
}
END_TEST

START_TEST(what_is_large_when_inflated_is_refused)
{
    struct fixture fixture;
    start(&fixture, NULL);
    peer_free(&fixture.peer);
    fixture.peer = gzip_peer(fixture.port);
    struct outcome outcome = send_blob(&fixture, 50000000);
    ck_assert_int_eq(outcome.code, STATUS_RESOURCE_EXHAUSTED);
    outcome_done(&outcome);
    fixture_end(&fixture);
}
END_TEST

static void echo_compressed(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    grpc_c_call_compress(call, true);
    lab_lab_echo_reply(call, request);
}

START_TEST(compressed_answers_are_understood)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = echo_compressed}, NULL);
    struct outcome outcome = send_blob(&fixture, 500000);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_uint_ge(outcome.response_size, 500000);
    outcome_done(&outcome);
    fixture_end(&fixture);
}
END_TEST

static void answer_much(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    Lab__Text response = LAB__TEXT__INIT;
    (void)data;
    (void)request;
    /* More than windows and sockets take. */
    response.bytes.len = 64 << 20;
    response.bytes.data = calloc(1, response.bytes.len);
    ck_assert_ptr_nonnull(response.bytes.data);
    lab_lab_echo_reply(call, &response);
    free(response.bytes.data);
}

START_TEST(a_large_answer_does_not_wait_for_ever)
{
    struct fixture fixture;
    const struct grpc_c_server_options options = {.threads = 1, .write_timeout_ms = 200};
    struct rpc_arguments unlimited = {.count = 0};
    fixture_start(&fixture, &(struct lab_lab_service){.echo = answer_much}, &options);
    peer_free(&fixture.peer);
    rpc_arguments_number(&unlimited, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1);
    grpc_channel_args list = rpc_arguments_list(&unlimited);
    fixture.peer = peer_new(fixture.port, &list);
    struct peer_call *call = peer_begin(&fixture.peer, ECHO, 60000, NULL);
    ck_assert(send_text(call, ""));
    ck_assert(peer_half_close(call));
    /* Nobody reads the answer. */
    fixture_wait_finished(&fixture, 1);
    ck_assert_str_eq(receive_text(call), "(none)");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_UNAVAILABLE);
    fixture_end(&fixture);
}
END_TEST

struct seen {
    _Atomic int calls;
    _Atomic int code;
    const char *_Atomic method;
};

static void see(void *data, const char *method, enum status_code code, int64_t duration_us)
{
    struct seen *seen = data;
    ck_assert_int_ge(duration_us, 0);
    atomic_store(&seen->method, method);
    atomic_store(&seen->code, (int)code);
    atomic_fetch_add(&seen->calls, 1);
}

START_TEST(an_observer_sees_every_call)
{
    struct fixture fixture;
    struct seen seen = {.calls = 0};
    const struct grpc_c_server_options options = {.on_call = see, .on_call_data = &seen};
    start(&fixture, &options);
    struct outcome outcome = fixture_call(&fixture, ECHO, "x", 10000);
    outcome_done(&outcome);
    wait_until(&seen.calls, 1);
    ck_assert_str_eq(seen.method, ECHO);
    ck_assert_int_eq(seen.code, STATUS_OK);
    (void)fixture_call(&fixture, "/lab.Lab/Nope", "x", 10000);
    wait_until(&seen.calls, 2);
    ck_assert_str_eq(seen.method, "(unknown)");
    ck_assert_int_eq(seen.code, STATUS_UNIMPLEMENTED);
    fixture_end(&fixture);
    ck_assert_int_eq(seen.calls, 2);
}
END_TEST

START_TEST(a_memory_bound_and_ages_may_be_set)
{
    struct fixture fixture;
    const struct grpc_c_server_options options = {
        .max_memory = 64 << 20,
        .max_age_ms = 60000,
        .max_idle_ms = 60000,
        .max_streams = 5,
    };
    start(&fixture, &options);
    struct outcome outcome = fixture_call(&fixture, ECHO, "x", 10000);
    ck_assert_int_eq(outcome.code, 0);
    outcome_done(&outcome);
    fixture_end(&fixture);
}
END_TEST

TEST_MAIN("limits", what_is_no_message_is_refused, deep_nesting_is_refused,
          large_messages_go_through_and_larger_ones_do_not, elements_and_memory_are_bounded,
          a_unary_call_needs_its_message, too_much_metadata_is_refused,
          compressed_requests_are_read, what_is_large_when_inflated_is_refused,
          compressed_answers_are_understood, a_large_answer_does_not_wait_for_ever,
          an_observer_sees_every_call, a_memory_bound_and_ages_may_be_set)
