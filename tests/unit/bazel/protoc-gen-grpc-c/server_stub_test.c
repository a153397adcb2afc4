/* The server's stubs over a runtime that only takes down what it is asked for. */
#include "golden/talk.grpc-c-server.h"

#include <string.h>

#include "tests/unit/suite.h"

struct grpc_c_call {
    const ProtobufCMessage *response;
    void *state;
    const void *stream;
    const struct grpc_c_stream_calls *calls;
    int unimplemented;
};

void grpc_c_call_reply(struct grpc_c_call *call, const ProtobufCMessage *response)
{
    call->response = response;
}

void grpc_c_call_open(struct grpc_c_call *call, void *state, const void *stream,
                      const struct grpc_c_stream_calls *calls)
{
    call->state = state;
    call->stream = stream;
    call->calls = calls;
}

void grpc_c_call_unimplemented(struct grpc_c_call *call)
{
    call->unimplemented++;
}

/* What the handlers below saw. */
static struct {
    void *data;
    struct grpc_c_call *call;
    const void *request;
    const void *state;
    const struct arena *arena;
    struct error *status;
    int half_closes;
    int ends;
} seen;

static const Example__Talk__V1__Word word = EXAMPLE__TALK__V1__WORD__INIT;
static bool read_on;
static enum grpc_c_next next_answer;

static void say(void *data, struct grpc_c_call *call, const Example__Talk__V1__Word *request)
{
    seen.data = data;
    seen.call = call;
    seen.request = request;
}

static void listen_to(void *data, struct grpc_c_call *call,
                      const Example__Talk__V1__Topic__Filter *request)
{
    seen.data = data;
    seen.call = call;
    seen.request = request;
}

static void take_stream(void *data, struct grpc_c_call *call)
{
    seen.data = data;
    seen.call = call;
}

static bool on_message(void *state, const Example__Talk__V1__Word *message)
{
    seen.state = state;
    seen.request = message;
    return read_on;
}

static void on_half_close(void *state)
{
    seen.state = state;
    seen.half_closes++;
}

static enum grpc_c_next next(void *state, struct arena *arena,
                             const Example__Talk__V1__Word **ret_message, struct error *ret_status)
{
    seen.state = state;
    seen.arena = arena;
    seen.status = ret_status;
    *ret_message = &word;
    return next_answer;
}

static void on_end(void *state)
{
    seen.state = state;
    seen.ends++;
}

static int some_data;
static int some_state;

static const struct example_talk_v1_talk_service whole = {
    .data = &some_data,
    .say = say,
    .listen = listen_to,
    .dictate = take_stream,
    .chat = take_stream,
};

START_TEST(test_table)
{
    static const struct {
        const char *path;
        enum grpc_c_kind kind;
        const ProtobufCMessageDescriptor *request;
        const ProtobufCMessageDescriptor *response;
    } expected[] = {
        {"/example.talk.v1.Talk/Say", GRPC_C_UNARY, &example__talk__v1__word__descriptor,
         &example__talk__v1__word__descriptor},
        {"/example.talk.v1.Talk/Listen", GRPC_C_SERVER_STREAM,
         &example__talk__v1__topic__filter__descriptor, &example__talk__v1__word__descriptor},
        {"/example.talk.v1.Talk/Dictate", GRPC_C_CLIENT_STREAM,
         &example__talk__v1__word__descriptor, &google__protobuf__empty__descriptor},
        {"/example.talk.v1.Talk/Chat", GRPC_C_BIDI, &example__talk__v1__word__descriptor,
         &example__talk__v1__word__descriptor},
    };
    const struct grpc_c_service *service = &example_talk_v1_talk_descriptor;
    ck_assert_str_eq(service->name, "example.talk.v1.Talk");
    ck_assert_uint_eq(service->method_count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(service->methods[i].path, expected[i].path);
        ck_assert_int_eq(service->methods[i].kind, expected[i].kind);
        ck_assert_ptr_eq(service->methods[i].request, expected[i].request);
        ck_assert_ptr_eq(service->methods[i].response, expected[i].response);
    }
    ck_assert_str_eq(example_talk_v1_quiet_descriptor.name, "example.talk.v1.Quiet");
    ck_assert_uint_eq(example_talk_v1_quiet_descriptor.method_count, 0);
}
END_TEST

START_TEST(test_handlers_are_called)
{
    struct grpc_c_call call = {0};
    for (size_t i = 0; i < 4; i++) {
        const struct grpc_c_method *method = &example_talk_v1_talk_descriptor.methods[i];
        const ProtobufCMessage *request = i < 2 ? &word.base : NULL;
        memset(&seen, 0, sizeof seen);
        method->start(&whole, &call, request);
        ck_assert_ptr_eq(seen.data, &some_data);
        ck_assert_ptr_eq(seen.call, &call);
        ck_assert_ptr_eq(seen.request, request);
    }
    ck_assert_int_eq(call.unimplemented, 0);
}
END_TEST

START_TEST(test_no_handler_is_unimplemented)
{
    static const struct example_talk_v1_talk_service empty;
    struct grpc_c_call call = {0};
    for (size_t i = 0; i < 4; i++)
        example_talk_v1_talk_descriptor.methods[i].start(&empty, &call, NULL);
    ck_assert_int_eq(call.unimplemented, 4);
}
END_TEST

START_TEST(test_replies)
{
    struct grpc_c_call call = {0};
    example_talk_v1_talk_say_reply(&call, &word);
    ck_assert_ptr_eq(call.response, &word);
    static const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    example_talk_v1_talk_dictate_reply(&call, &empty);
    ck_assert_ptr_eq(call.response, &empty);
}
END_TEST

static void check_reading(const struct grpc_c_call *call)
{
    for (int i = 0; i < 2; i++) {
        read_on = i;
        ck_assert(call->calls->on_message(call->stream, call->state, &word.base) == read_on);
        ck_assert_ptr_eq(seen.state, &some_state);
        ck_assert_ptr_eq(seen.request, &word);
    }
    seen.half_closes = 0;
    call->calls->on_half_close(call->stream, call->state);
    ck_assert_int_eq(seen.half_closes, 1);
}

static void check_writing(const struct grpc_c_call *call)
{
    struct arena *arena = (struct arena *)&some_data;
    struct error *status = (struct error *)&some_data;
    static const enum grpc_c_next answers[] = {GRPC_C_MESSAGE, GRPC_C_LATER, GRPC_C_END};
    for (size_t i = 0; i < 3; i++) {
        const ProtobufCMessage *message = NULL;
        next_answer = answers[i];
        ck_assert_int_eq(call->calls->next(call->stream, call->state, arena, &message, status),
                         answers[i]);
        ck_assert_ptr_eq(message, answers[i] == GRPC_C_MESSAGE ? &word.base : NULL);
        ck_assert_ptr_eq(seen.state, &some_state);
        ck_assert_ptr_eq(seen.arena, arena);
        ck_assert_ptr_eq(seen.status, status);
    }
}

static void check_end(const struct grpc_c_call *call)
{
    seen.ends = 0;
    call->calls->on_end(call->stream, call->state);
    ck_assert_int_eq(seen.ends, 1);
    ck_assert_ptr_eq(seen.state, &some_state);
}

START_TEST(test_streams)
{
    struct grpc_c_call call = {0};
    static const struct example_talk_v1_talk_listen_stream down = {.next = next, .on_end = on_end};
    example_talk_v1_talk_listen_open(&call, &some_state, &down);
    ck_assert_ptr_eq(call.state, &some_state);
    ck_assert_ptr_eq(call.stream, &down);
    ck_assert(!call.calls->on_message && !call.calls->on_half_close);
    check_writing(&call);
    check_end(&call);

    static const struct example_talk_v1_talk_dictate_stream up = {
        .on_message = on_message, .on_half_close = on_half_close, .on_end = on_end};
    example_talk_v1_talk_dictate_open(&call, &some_state, &up);
    ck_assert_ptr_null(call.calls->next);
    check_reading(&call);
    check_end(&call);

    static const struct example_talk_v1_talk_chat_stream both = {
        .on_message = on_message, .on_half_close = on_half_close, .next = next, .on_end = on_end};
    example_talk_v1_talk_chat_open(&call, &some_state, &both);
    check_reading(&call);
    check_writing(&call);
    check_end(&call);
}
END_TEST

START_TEST(test_members_that_may_be_missing)
{
    struct grpc_c_call call = {0};
    static const struct example_talk_v1_talk_chat_stream bare = {.next = next};
    example_talk_v1_talk_chat_open(&call, &some_state, &bare);
    memset(&seen, 0, sizeof seen);
    ck_assert(call.calls->on_message(call.stream, call.state, &word.base));
    call.calls->on_half_close(call.stream, call.state);
    call.calls->on_end(call.stream, call.state);
    ck_assert_ptr_null(seen.state);
}
END_TEST

SUITE_MAIN("server_stub", test_table, test_handlers_are_called, test_no_handler_is_unimplemented,
           test_replies, test_streams, test_members_that_may_be_missing)
