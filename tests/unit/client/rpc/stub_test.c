/*
 * Generated stubs on this runtime: each kind of method, blocking and with callbacks.
 */
#include "tests/unit/client/rpc/fixture.h"

#include "tests/unit/client/rpc/talks.grpc-c-client.h"

#include <stdio.h>
#include <string.h>

typedef Google__Protobuf__StringValue Text;

struct heard {
    sem_t ended;
    enum status_code code;
    int messages;
    char last[32];
    struct t_s_talk_async *talk;
};

static const struct grpc_c_pair three = {"count", "3", 1};
static const struct grpc_c_call_options count_three = {.metadata = &three, .metadata_count = 1};

START_TEST(blocking_unary)
{
    struct fixture fixture = fixture_start();
    Text request = text_message("hello");
    const Text *response = NULL;
    struct grpc_c_status status;
    ck_assert(t_s_echo(fixture.channel, NULL, &request, fixture.arena, &response, &status));
    ck_assert_str_eq(response->value, "hello");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(blocking_server_stream)
{
    struct fixture fixture = fixture_start();
    Text request = text_message("x");
    const Text *response = NULL;
    struct grpc_c_status status;
    struct t_s_count_call *call = t_s_count_begin(fixture.channel, &count_three, &request);
    for (int i = 0; i < 3; i++)
        ck_assert(t_s_count_read(call, fixture.arena, &response));
    ck_assert_str_eq(response->value, "2");
    ck_assert(!t_s_count_read(call, fixture.arena, &response));
    ck_assert(t_s_count_finish(call, fixture.arena, &status));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(blocking_client_stream)
{
    struct fixture fixture = fixture_start();
    Text request = text_message("x");
    const Text *response = NULL;
    struct grpc_c_status status;
    struct t_s_total_call *call = t_s_total_begin(fixture.channel, NULL);
    ck_assert(t_s_total_write(call, &request));
    ck_assert(t_s_total_write(call, &request));
    ck_assert(t_s_total_write_done(call));
    ck_assert(t_s_total_finish(call, fixture.arena, &response, &status));
    ck_assert_str_eq(response->value, "2");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(blocking_bidi)
{
    struct fixture fixture = fixture_start();
    Text request = text_message("ping");
    const Text *response = NULL;
    struct grpc_c_status status;
    struct t_s_talk_call *call = t_s_talk_begin(fixture.channel, NULL);
    ck_assert(t_s_talk_write(call, &request));
    ck_assert(t_s_talk_read(call, fixture.arena, &response));
    ck_assert_str_eq(response->value, "ping");
    t_s_talk_cancel(call);
    ck_assert(!t_s_talk_read(call, fixture.arena, &response));
    ck_assert(!t_s_talk_finish(call, fixture.arena, &status));
    expect(&status, STATUS_CANCELLED);
    fixture_stop(&fixture);
}
END_TEST

static void on_message(void *data, const Text *message)
{
    struct heard *heard = data;
    heard->messages++;
    snprintf(heard->last, sizeof(heard->last), "%s", message->value);
}

static void on_end(void *data, const struct grpc_c_status *status)
{
    struct heard *heard = data;
    heard->code = status->code;
    sem_post(&heard->ended);
}

static void on_response(void *data, const Text *response, const struct grpc_c_status *status)
{
    if (response)
        on_message(data, response);
    on_end(data, status);
}

static struct heard listening(void)
{
    struct heard heard = {.code = STATUS_UNKNOWN};
    sem_init(&heard.ended, 0, 0);
    return heard;
}

START_TEST(asynchronous_unary)
{
    struct fixture fixture = fixture_start();
    struct heard heard = listening();
    Text request = text_message("hello");
    ck_assert_ptr_nonnull(t_s_echo_start(fixture.channel, NULL, &request, on_response, &heard));
    await(&heard.ended);
    ck_assert_int_eq(heard.code, STATUS_OK);
    ck_assert_str_eq(heard.last, "hello");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(asynchronous_server_stream)
{
    static const struct t_s_count_callbacks callbacks = {.on_message = on_message,
                                                         .on_end = on_end};
    struct fixture fixture = fixture_start();
    struct heard heard = listening();
    Text request = text_message("x");
    ck_assert_ptr_nonnull(
        t_s_count_start(fixture.channel, &count_three, &request, &callbacks, &heard));
    await(&heard.ended);
    ck_assert_int_eq(heard.code, STATUS_OK);
    ck_assert_int_eq(heard.messages, 3);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(asynchronous_client_stream)
{
    static const struct t_s_total_callbacks callbacks = {.on_end = on_response};
    struct fixture fixture = fixture_start();
    struct heard heard = listening();
    Text request = text_message("x");
    struct t_s_total_async *call = t_s_total_start(fixture.channel, NULL, &callbacks, &heard);
    ck_assert(t_s_total_send(call, &request));
    ck_assert(t_s_total_send_done(call));
    await(&heard.ended);
    ck_assert_int_eq(heard.code, STATUS_OK);
    ck_assert_str_eq(heard.last, "1");
    fixture_stop(&fixture);
}
END_TEST

/* Abandons the call when its answer has come. */
static void on_answer(void *data, const Text *message)
{
    struct heard *heard = data;
    on_message(data, message);
    t_s_talk_abandon(heard->talk);
}

START_TEST(asynchronous_bidi)
{
    static const struct t_s_talk_callbacks callbacks = {.on_message = on_answer, .on_end = on_end};
    struct fixture fixture = fixture_start();
    struct heard heard = listening();
    Text request = text_message("ping");
    heard.talk = t_s_talk_start(fixture.channel, NULL, &callbacks, &heard);
    ck_assert(t_s_talk_send(heard.talk, &request));
    await(&heard.ended);
    ck_assert_int_eq(heard.code, STATUS_CANCELLED);
    ck_assert_str_eq(heard.last, "ping");
    fixture_stop(&fixture);
}
END_TEST

FIXTURE_MAIN("client/rpc stub", blocking_unary, blocking_server_stream, blocking_client_stream,
             blocking_bidi, asynchronous_unary, asynchronous_server_stream,
             asynchronous_client_stream, asynchronous_bidi)
