/* The client's stubs over a runtime that only takes down what it is asked for. */
#include "golden/talk.grpc-c-client.h"

#include <string.h>

#include "tests/unit/suite.h"

/* All that one call of the runtime was given, and what it shall answer. */
static struct {
    const char *function;
    struct grpc_c_channel *channel;
    const struct grpc_c_client_method *method;
    const struct grpc_c_call_options *options;
    const ProtobufCMessage *message;
    struct arena *arena;
    const void *object;
    bool asks_for_response;
    struct grpc_c_status *status;
    _Alignas(max_align_t) unsigned char callbacks[64];
    const struct grpc_c_client_calls *calls;
    void *data;
} seen;

static bool answer;
static void *object_answer;

static const Example__Talk__V1__Word word = EXAMPLE__TALK__V1__WORD__INIT;
static const Example__Talk__V1__Topic__Filter filter = EXAMPLE__TALK__V1__TOPIC__FILTER__INIT;
static const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;

/* Addresses that stand for things that only a runtime could make. */
static int things[8];
#define CHANNEL ((struct grpc_c_channel *)&things[0])
#define ARENA   ((struct arena *)&things[1])
#define OBJECT  ((void *)&things[2])
#define DATA    ((void *)&things[3])

static const struct grpc_c_call_options options;
static struct grpc_c_status status;

bool grpc_c_client_unary(struct grpc_c_channel *channel, const struct grpc_c_client_method *method,
                         const struct grpc_c_call_options *given_options,
                         const ProtobufCMessage *request, struct arena *arena,
                         const ProtobufCMessage **ret_response, struct grpc_c_status *ret_status)
{
    seen.function = __func__;
    seen.channel = channel;
    seen.method = method;
    seen.options = given_options;
    seen.message = request;
    seen.arena = arena;
    seen.status = ret_status;
    if (answer)
        *ret_response = &word.base;
    return answer;
}

struct grpc_c_client_stream *grpc_c_client_open(struct grpc_c_channel *channel,
                                                const struct grpc_c_client_method *method,
                                                const struct grpc_c_call_options *given_options,
                                                const ProtobufCMessage *request)
{
    seen.function = __func__;
    seen.channel = channel;
    seen.method = method;
    seen.options = given_options;
    seen.message = request;
    return object_answer;
}

bool grpc_c_client_write(struct grpc_c_client_stream *stream, const ProtobufCMessage *message)
{
    seen.function = __func__;
    seen.object = stream;
    seen.message = message;
    return answer;
}

bool grpc_c_client_write_done(struct grpc_c_client_stream *stream)
{
    seen.function = __func__;
    seen.object = stream;
    return answer;
}

bool grpc_c_client_read(struct grpc_c_client_stream *stream, struct arena *arena,
                        const ProtobufCMessage **ret_message)
{
    seen.function = __func__;
    seen.object = stream;
    seen.arena = arena;
    if (answer)
        *ret_message = &word.base;
    return answer;
}

bool grpc_c_client_finish(struct grpc_c_client_stream *stream, struct arena *arena,
                          const ProtobufCMessage **ret_response, struct grpc_c_status *ret_status)
{
    seen.function = __func__;
    seen.object = stream;
    seen.arena = arena;
    seen.status = ret_status;
    seen.asks_for_response = ret_response != NULL;
    if (answer && ret_response)
        *ret_response = &empty.base;
    return answer;
}

void grpc_c_client_stream_cancel(struct grpc_c_client_stream *stream)
{
    seen.function = __func__;
    seen.object = stream;
}

struct grpc_c_client_async *grpc_c_client_start(struct grpc_c_channel *channel,
                                                const struct grpc_c_client_method *method,
                                                const struct grpc_c_call_options *given_options,
                                                const ProtobufCMessage *request,
                                                const void *callbacks, size_t callbacks_size,
                                                const struct grpc_c_client_calls *calls, void *data)
{
    seen.function = __func__;
    seen.channel = channel;
    seen.method = method;
    seen.options = given_options;
    seen.message = request;
    ck_assert_uint_le(callbacks_size, sizeof seen.callbacks);
    memcpy(seen.callbacks, callbacks, callbacks_size);
    seen.calls = calls;
    seen.data = data;
    return object_answer;
}

bool grpc_c_client_send(struct grpc_c_client_async *call, const ProtobufCMessage *message)
{
    seen.function = __func__;
    seen.object = call;
    seen.message = message;
    return answer;
}

bool grpc_c_client_send_done(struct grpc_c_client_async *call)
{
    seen.function = __func__;
    seen.object = call;
    return answer;
}

void grpc_c_client_abandon(struct grpc_c_client_async *call)
{
    seen.function = __func__;
    seen.object = call;
}

struct grpc_c_client_call *grpc_c_client_async_call(struct grpc_c_client_async *call)
{
    ck_assert_ptr_nonnull(call);
    return (struct grpc_c_client_call *)((char *)call + 1);
}

/* Checks what was called, how often does not matter, and forgets it. */
static void expect(const char *function)
{
    ck_assert_ptr_nonnull(seen.function);
    ck_assert_str_eq(seen.function, function);
    seen.function = NULL;
}

static void expect_beginning(const char *function, const char *path, const void *message)
{
    expect(function);
    ck_assert_ptr_eq(seen.channel, CHANNEL);
    ck_assert_ptr_eq(seen.options, &options);
    ck_assert_str_eq(seen.method->path, path);
    ck_assert_ptr_eq(seen.message, message);
}

/* What the callbacks below were given. */
static struct {
    const void *data;
    const void *message;
    const struct grpc_c_status *status;
    int writables;
    int ends;
} got;

static void on_word(void *data, const Example__Talk__V1__Word *message)
{
    got.data = data;
    got.message = message;
}

static void on_writable(void *data)
{
    got.data = data;
    got.writables++;
}

static void on_end(void *data, const struct grpc_c_status *given)
{
    got.data = data;
    got.status = given;
    got.ends++;
}

static void on_empty_end(void *data, const Google__Protobuf__Empty *response,
                         const struct grpc_c_status *given)
{
    got.message = response;
    on_end(data, given);
}

static void on_word_end(void *data, const Example__Talk__V1__Word *response,
                        const struct grpc_c_status *given)
{
    got.message = response;
    on_end(data, given);
}

static void expect_end(const ProtobufCMessage *response)
{
    memset(&got, 0, sizeof got);
    seen.calls->on_end(seen.callbacks, seen.data, &empty.base, &status);
    ck_assert_int_eq(got.ends, 1);
    ck_assert_ptr_eq(got.data, DATA);
    ck_assert_ptr_eq(got.status, &status);
    ck_assert_ptr_eq(got.message, response);
}

static void expect_messages(void)
{
    memset(&got, 0, sizeof got);
    seen.calls->on_message(seen.callbacks, seen.data, &word.base);
    ck_assert_ptr_eq(got.message, &word);
    ck_assert_ptr_eq(got.data, DATA);
}

static void expect_writables(void)
{
    memset(&got, 0, sizeof got);
    seen.calls->on_writable(seen.callbacks, seen.data);
    ck_assert_int_eq(got.writables, 1);
    ck_assert_ptr_eq(got.data, DATA);
}

START_TEST(test_unary)
{
    for (int i = 0; i < 2; i++) {
        answer = i;
        const Example__Talk__V1__Word *response = NULL;
        ck_assert(example_talk_v1_talk_say(CHANNEL, &options, &word, ARENA, &response, &status) ==
                  answer);
        expect_beginning("grpc_c_client_unary", "/example.talk.v1.Talk/Say", &word);
        ck_assert(!seen.method->client_streams && !seen.method->server_streams);
        ck_assert_ptr_eq(seen.method->request, &example__talk__v1__word__descriptor);
        ck_assert_ptr_eq(seen.method->response, &example__talk__v1__word__descriptor);
        ck_assert_ptr_eq(seen.arena, ARENA);
        ck_assert_ptr_eq(seen.status, &status);
        ck_assert_ptr_eq(response, answer ? &word : NULL);
    }
}
END_TEST

START_TEST(test_unary_async)
{
    object_answer = OBJECT;
    struct grpc_c_client_call *call =
        example_talk_v1_talk_say_start(CHANNEL, &options, &word, on_word_end, DATA);
    expect_beginning("grpc_c_client_start", "/example.talk.v1.Talk/Say", &word);
    ck_assert_ptr_eq((char *)call, (char *)OBJECT + 1);
    ck_assert(!seen.calls->on_message && !seen.calls->on_writable);
    expect_end(&empty.base);

    object_answer = NULL;
    ck_assert_ptr_null(example_talk_v1_talk_say_start(CHANNEL, &options, &word, NULL, DATA));
    seen.calls->on_end(seen.callbacks, seen.data, NULL, &status);
}
END_TEST

START_TEST(test_server_stream)
{
    object_answer = OBJECT;
    struct example_talk_v1_talk_listen_call *call =
        example_talk_v1_talk_listen_begin(CHANNEL, &options, &filter);
    ck_assert_ptr_eq((void *)call, OBJECT);
    expect_beginning("grpc_c_client_open", "/example.talk.v1.Talk/Listen", &filter);
    ck_assert(!seen.method->client_streams && seen.method->server_streams);
    ck_assert_ptr_eq(seen.method->request, &example__talk__v1__topic__filter__descriptor);
    for (int i = 0; i < 2; i++) {
        answer = i;
        const Example__Talk__V1__Word *response = NULL;
        ck_assert(example_talk_v1_talk_listen_read(call, ARENA, &response) == answer);
        expect("grpc_c_client_read");
        ck_assert_ptr_eq(seen.object, OBJECT);
        ck_assert_ptr_eq(response, answer ? &word : NULL);
        ck_assert(example_talk_v1_talk_listen_finish(call, ARENA, &status) == answer);
        expect("grpc_c_client_finish");
        ck_assert(seen.object == OBJECT && seen.status == &status && !seen.asks_for_response);
    }
    example_talk_v1_talk_listen_cancel(call);
    expect("grpc_c_client_stream_cancel");
    ck_assert_ptr_eq(seen.object, OBJECT);
}
END_TEST

START_TEST(test_client_stream)
{
    object_answer = OBJECT;
    struct example_talk_v1_talk_dictate_call *call =
        example_talk_v1_talk_dictate_begin(CHANNEL, &options);
    ck_assert_ptr_eq((void *)call, OBJECT);
    expect_beginning("grpc_c_client_open", "/example.talk.v1.Talk/Dictate", NULL);
    ck_assert(seen.method->client_streams && !seen.method->server_streams);
    for (int i = 0; i < 2; i++) {
        answer = i;
        ck_assert(example_talk_v1_talk_dictate_write(call, &word) == answer);
        expect("grpc_c_client_write");
        ck_assert(seen.object == OBJECT && seen.message == &word.base);
        ck_assert(example_talk_v1_talk_dictate_write_done(call) == answer);
        expect("grpc_c_client_write_done");
        const Google__Protobuf__Empty *response = NULL;
        ck_assert(example_talk_v1_talk_dictate_finish(call, ARENA, &response, &status) == answer);
        expect("grpc_c_client_finish");
        ck_assert(seen.object == OBJECT && seen.arena == ARENA && seen.status == &status);
        ck_assert_ptr_eq(response, answer ? &empty : NULL);
    }
    example_talk_v1_talk_dictate_cancel(call);
    expect("grpc_c_client_stream_cancel");
}
END_TEST

START_TEST(test_bidi)
{
    object_answer = OBJECT;
    answer = true;
    struct example_talk_v1_talk_chat_call *call =
        example_talk_v1_talk_chat_begin(CHANNEL, &options);
    expect_beginning("grpc_c_client_open", "/example.talk.v1.Talk/Chat", NULL);
    ck_assert(seen.method->client_streams && seen.method->server_streams);
    ck_assert(example_talk_v1_talk_chat_write(call, &word));
    expect("grpc_c_client_write");
    const Example__Talk__V1__Word *response = NULL;
    ck_assert(example_talk_v1_talk_chat_read(call, ARENA, &response));
    expect("grpc_c_client_read");
    ck_assert(example_talk_v1_talk_chat_write_done(call));
    expect("grpc_c_client_write_done");
    ck_assert(example_talk_v1_talk_chat_finish(call, ARENA, &status));
    expect("grpc_c_client_finish");
    example_talk_v1_talk_chat_cancel(call);
    expect("grpc_c_client_stream_cancel");
}
END_TEST

START_TEST(test_async_streams)
{
    object_answer = OBJECT;
    answer = true;
    const struct example_talk_v1_talk_listen_callbacks down = {.on_message = on_word,
                                                               .on_end = on_end};
    struct example_talk_v1_talk_listen_async *listening =
        example_talk_v1_talk_listen_start(CHANNEL, &options, &filter, &down, DATA);
    expect_beginning("grpc_c_client_start", "/example.talk.v1.Talk/Listen", &filter);
    ck_assert_ptr_null(seen.calls->on_writable);
    expect_messages();
    expect_end(NULL);
    example_talk_v1_talk_listen_abandon(listening);
    expect("grpc_c_client_abandon");
    ck_assert_ptr_eq(seen.object, OBJECT);

    const struct example_talk_v1_talk_dictate_callbacks up = {.on_writable = on_writable,
                                                              .on_end = on_empty_end};
    struct example_talk_v1_talk_dictate_async *dictating =
        example_talk_v1_talk_dictate_start(CHANNEL, &options, &up, DATA);
    expect_beginning("grpc_c_client_start", "/example.talk.v1.Talk/Dictate", NULL);
    ck_assert_ptr_null(seen.calls->on_message);
    expect_writables();
    expect_end(&empty.base);
    ck_assert(example_talk_v1_talk_dictate_send(dictating, &word));
    expect("grpc_c_client_send");
    ck_assert(seen.object == OBJECT && seen.message == &word.base);
    ck_assert(example_talk_v1_talk_dictate_send_done(dictating));
    expect("grpc_c_client_send_done");

    const struct example_talk_v1_talk_chat_callbacks both = {
        .on_message = on_word, .on_writable = on_writable, .on_end = on_end};
    ck_assert_ptr_nonnull(example_talk_v1_talk_chat_start(CHANNEL, &options, &both, DATA));
    expect_beginning("grpc_c_client_start", "/example.talk.v1.Talk/Chat", NULL);
    expect_messages();
    expect_writables();
    expect_end(NULL);
}
END_TEST

START_TEST(test_callbacks_that_may_be_missing)
{
    static const struct example_talk_v1_talk_chat_callbacks none;
    example_talk_v1_talk_chat_start(CHANNEL, &options, &none, DATA);
    memset(&got, 0, sizeof got);
    seen.calls->on_message(seen.callbacks, seen.data, &word.base);
    seen.calls->on_writable(seen.callbacks, seen.data);
    seen.calls->on_end(seen.callbacks, seen.data, NULL, &status);
    ck_assert_ptr_null(got.data);
}
END_TEST

SUITE_MAIN("client_stub", test_unary, test_unary_async, test_server_stream, test_client_stream,
           test_bidi, test_async_streams, test_callbacks_that_may_be_missing)
