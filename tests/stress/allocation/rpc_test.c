/*
 * Calls of every kind, with too little memory on either side: each ends, with OK or a clear error, and the server serves on.
 */
#include "client/rpc/client.h"
#include "lab.grpc-c-client.h"
#include "lab.grpc-c-server.h"
#include "server/rpc/server.h"
#include "tests/stress/allocation/failing.h"

#include <check.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 2000, TIMEOUT_MS = 20000, GIVEN = 3 };

/* ---- the server ---- */

struct stream {
    struct grpc_c_call *call;
    int left;
};

static void out_of_memory(struct grpc_c_call *call)
{
    struct error error;
    error_set(&error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
    grpc_c_call_fail(call, &error);
}

static void echo(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    size_t size;
    /* Both copy on demand; without memory the metadata are not there. */
    (void)grpc_c_call_metadata(call, "key", &size);
    (void)grpc_c_call_send_trailing(call, "trailing", "value", 5);
    lab_lab_echo_reply(call, request);
}

static enum grpc_c_next next(void *state, struct arena *arena, const Lab__Text **ret_message,
                             struct error *ret_status)
{
    struct stream *stream = state;
    if (stream->left-- == 0)
        return GRPC_C_END;
    Lab__Text *message = arena_alloc(arena, sizeof(*message));
    if (!message) {
        error_set(ret_status, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
        return GRPC_C_END;
    }
    lab__text__init(message);
    *ret_message = message;
    return GRPC_C_MESSAGE;
}

static bool on_message(void *state, const Lab__Text *message)
{
    (void)state;
    (void)message;
    return true;
}

static void on_half_close(void *state)
{
    struct stream *stream = state;
    Lab__Text response = LAB__TEXT__INIT;
    lab_lab_sum_reply(stream->call, &response);
}

static void on_end(void *state)
{
    free(state);
}

static struct stream *stream_of(struct grpc_c_call *call)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream)
        *stream = (struct stream){.call = call, .left = GIVEN};
    else
        out_of_memory(call);
    return stream;
}

static void count(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    static const struct lab_lab_count_stream calls = {.next = next, .on_end = on_end};
    (void)data;
    (void)request;
    struct stream *stream = stream_of(call);
    if (stream)
        lab_lab_count_open(call, stream, &calls);
}

static void sum(void *data, struct grpc_c_call *call)
{
    static const struct lab_lab_sum_stream calls = {
        .on_message = on_message, .on_half_close = on_half_close, .on_end = on_end};
    (void)data;
    struct stream *stream = stream_of(call);
    if (stream)
        lab_lab_sum_open(call, stream, &calls);
}

/* ---- the client: each gives the code that the call ended with, RESOURCE_EXHAUSTED when it could not begin ---- */

static struct grpc_c_call_options options = {
    .timeout_ms = TIMEOUT_MS,
    .metadata = &(const struct grpc_c_pair){"key", "value", 5},
    .metadata_count = 1,
};

static struct arena *arena; /* made anew for each call */

static enum status_code call_echo(struct grpc_c_channel *channel)
{
    char bytes[20000];
    Lab__Text request = LAB__TEXT__INIT;
    const Lab__Text *response;
    struct grpc_c_status status;
    memset(bytes, 'x', sizeof(bytes));
    request.bytes.data = (uint8_t *)bytes;
    request.bytes.len = sizeof(bytes);
    if (lab_lab_echo(channel, &options, &request, arena, &response, &status))
        failing_assert(response->bytes.len == sizeof(bytes));
    return status.code;
}

static enum status_code call_count(struct grpc_c_channel *channel)
{
    Lab__Text request = LAB__TEXT__INIT;
    const Lab__Text *response;
    struct grpc_c_status status;
    int heard = 0;
    struct lab_lab_count_call *call = lab_lab_count_begin(channel, &options, &request);
    if (!call)
        return STATUS_RESOURCE_EXHAUSTED;
    while (lab_lab_count_read(call, arena, &response))
        heard++;
    if (lab_lab_count_finish(call, arena, &status))
        failing_assert(heard == GIVEN);
    return status.code;
}

static enum status_code call_sum(struct grpc_c_channel *channel)
{
    Lab__Text request = LAB__TEXT__INIT;
    const Lab__Text *response;
    struct grpc_c_status status;
    struct lab_lab_sum_call *call = lab_lab_sum_begin(channel, &options);
    if (!call)
        return STATUS_RESOURCE_EXHAUSTED;
    for (int i = 0; i < 3; i++)
        (void)lab_lab_sum_write(call, &request);
    (void)lab_lab_sum_finish(call, arena, &response, &status);
    return status.code;
}

struct ended {
    _Atomic int count;
    _Atomic int code;
};

static void done(void *data, const Lab__Text *response, const struct grpc_c_status *status)
{
    struct ended *ended = data;
    (void)response;
    atomic_store(&ended->code, (int)status->code);
    atomic_store(&ended->count, 1);
}

static enum status_code call_asynchronously(struct grpc_c_channel *channel)
{
    Lab__Text request = LAB__TEXT__INIT;
    struct ended ended = {.count = 0};
    if (!lab_lab_echo_start(channel, &options, &request, done, &ended))
        return STATUS_RESOURCE_EXHAUSTED;
    while (!atomic_load(&ended.count))
        sched_yield();
    return (enum status_code)ended.code;
}

/* ---- */

struct pair {
    struct grpc_c_server *server;
    struct grpc_c_channel *channel;
    char target[32];
};

static struct lab_lab_service lab = {.echo = echo, .count = count, .sum = sum};

static bool open_server(struct pair *pair, struct error *error)
{
    int port = 0;
    pair->server = grpc_c_server_new(NULL, error);
    if (!pair->server || !grpc_c_server_add(pair->server, &lab_lab_descriptor, &lab, error) ||
        !grpc_c_server_listen(pair->server, "127.0.0.1:0", &port, error))
        return false;
    (void)snprintf(pair->target, sizeof(pair->target), "127.0.0.1:%d", port);
    return grpc_c_server_start(pair->server, error);
}

static void close_pair(struct pair *pair)
{
    struct grpc_c_server_counts counts;
    grpc_c_channel_free(pair->channel);
    if (pair->server) {
        ck_assert(grpc_c_server_stop(pair->server, 10000));
        grpc_c_server_count(pair->server, &counts);
        ck_assert_uint_eq(counts.started, counts.finished);
    }
    grpc_c_server_free(pair->server);
}

static struct pair open_pair(void)
{
    struct pair pair = {.server = NULL};
    struct error error;
    ck_assert_msg(open_server(&pair, &error), "%s", error.message);
    pair.channel = grpc_c_channel_new(pair.target, NULL, &error);
    ck_assert_ptr_nonnull(pair.channel);
    return pair;
}

static enum status_code one(struct pair *pair, enum status_code (*call)(struct grpc_c_channel *))
{
    failing_pause();
    arena = arena_new(1 << 20);
    failing_resume();
    enum status_code code = call(pair->channel);
    failing_pause();
    arena_free(arena);
    failing_resume();
    return code;
}

static void try_all(enum status_code (*call)(struct grpc_c_channel *))
{
    struct pair pair = open_pair();
    ck_assert_int_eq(one(&pair, call), STATUS_OK);
    bool hit = true;
    int nth = 1;
    int failed = 0;
    for (; hit && nth < MOST; nth++) {
        failing_start(nth, false);
        enum status_code code = one(&pair, call);
        hit = failing_end();
        ck_assert_msg(code == STATUS_OK || (hit && code == STATUS_RESOURCE_EXHAUSTED),
                      "allocation %d%s: %s", nth, hit ? "" : " (not come to)",
                      status_code_name(code));
        failed += code != STATUS_OK;
        /* And on it goes. */
        ck_assert_int_eq(one(&pair, call), STATUS_OK);
    }
    ck_assert_int_gt(nth, 3);
    ck_assert(!hit);
    ck_assert_int_gt(failed, 0);
    close_pair(&pair);
}

START_TEST(unary)
{
    try_all(call_echo);
}
END_TEST

START_TEST(server_stream)
{
    try_all(call_count);
}
END_TEST

START_TEST(client_stream)
{
    try_all(call_sum);
}
END_TEST

START_TEST(asynchronous)
{
    try_all(call_asynchronously);
}
END_TEST

/* Each request that the server would post again fails, for more calls than it keeps posted: it is deaf until there is memory. */
START_TEST(a_server_that_has_run_dry_serves_again)
{
    struct pair pair = open_pair();
    ck_assert_int_eq(one(&pair, call_echo), STATUS_OK);
    int refused = 0;
    int late = 0;
    failing_pause();
    failing_start(1, true);
    options.timeout_ms = 300;
    for (int i = 0; i < 1000 && late < 3; i++) {
        enum status_code code = one(&pair, call_echo);
        ck_assert(code == STATUS_RESOURCE_EXHAUSTED || code == STATUS_DEADLINE_EXCEEDED);
        refused += code == STATUS_RESOURCE_EXHAUSTED;
        late += code == STATUS_DEADLINE_EXCEEDED;
    }
    ck_assert_int_gt(refused, 0);
    ck_assert_int_eq(late, 3);
    ck_assert(failing_end());
    failing_resume();
    options.timeout_ms = TIMEOUT_MS;
    ck_assert_int_eq(one(&pair, call_echo), STATUS_OK);
    close_pair(&pair);
}
END_TEST

START_TEST(starting)
{
    bool hit = true;
    int nth = 1;
    for (; hit && nth < MOST; nth++) {
        struct pair pair = {.server = NULL};
        struct error error;
        failing_start(nth, false);
        bool good = open_server(&pair, &error);
        if (good) {
            pair.channel = grpc_c_channel_new(pair.target, NULL, &error);
            good = pair.channel != NULL;
        }
        hit = failing_end();
        ck_assert(good || hit);
        if (!good)
            ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
        else
            ck_assert_int_eq(one(&pair, call_echo), STATUS_OK);
        close_pair(&pair);
    }
    ck_assert_int_gt(nth, 3);
    ck_assert(!hit);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc");
    TCase *cases = tcase_create("rpc");
    tcase_add_test(cases, unary);
    tcase_add_test(cases, server_stream);
    tcase_add_test(cases, client_stream);
    tcase_add_test(cases, asynchronous);
    tcase_add_test(cases, a_server_that_has_run_dry_serves_again);
    tcase_add_test(cases, starting);
    tcase_set_timeout(cases, 240);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
