#include "tests/unit/client/rpc/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { TURNS = 300, AT_ONCE = 64, ROUNDS = 150, TEXT = 200 };

/* What a call has told, and what it is to do. The callback thread writes it; others read it after `ended`. */
struct talk {
    sem_t ended;
    sem_t told; /* on each message, when `tell` is set */
    bool tell;
    pthread_t thread; /* of the callbacks */
    struct grpc_c_client_async *call;
    struct grpc_c_channel *channel;
    int to_say; /* this many requests, each once the last is answered (`ping`) or has left */
    bool ping;
    int said;
    int heard;
    int writable;
    char last[TEXT];
    enum status_code code;
    char message[TEXT];
    char reason[TEXT];
    bool answered; /* with a response at the end */
};

/* The callbacks' own struct, as a stub would copy it. */
struct typed {
    int mark;
};

static bool say_next(struct talk *talk)
{
    char text[16];
    if (talk->said == talk->to_say)
        return grpc_c_client_send_done(talk->call);
    snprintf(text, sizeof(text), "%d", talk->said);
    Google__Protobuf__StringValue message = text_message(text);
    if (!grpc_c_client_send(talk->call, &message.base))
        return false;
    talk->said++;
    return true;
}

static void check_callbacks(const void *callbacks)
{
    const struct typed *typed = callbacks;
    ck_assert_int_eq(typed->mark, 42);
}

static void on_message(const void *callbacks, void *data, const ProtobufCMessage *message)
{
    struct talk *talk = data;
    check_callbacks(callbacks);
    snprintf(talk->last, sizeof(talk->last), "%s", text_of(message));
    talk->heard++;
    if (talk->tell)
        sem_post(&talk->told);
}

static void on_writable(const void *callbacks, void *data)
{
    struct talk *talk = data;
    check_callbacks(callbacks);
    talk->writable++;
    if (!talk->ping)
        say_next(talk);
}

static void on_end(const void *callbacks, void *data, const ProtobufCMessage *response,
                   const struct grpc_c_status *status)
{
    struct talk *talk = data;
    struct error error;
    check_callbacks(callbacks);
    grpc_c_status_error(status, &error);
    talk->code = status->code;
    snprintf(talk->message, sizeof(talk->message), "%s", status->message);
    snprintf(talk->reason, sizeof(talk->reason), "%s", error.reason);
    talk->answered = response != NULL;
    if (response)
        snprintf(talk->last, sizeof(talk->last), "%s", text_of(response));
    talk->thread = pthread_self();
    sem_post(&talk->ended);
}

static const struct grpc_c_client_calls calls = {
    .on_message = on_message, .on_writable = on_writable, .on_end = on_end};

static void talk_init(struct talk *talk, struct fixture *fixture)
{
    *talk = (struct talk){.channel = fixture->channel};
    sem_init(&talk->ended, 0, 0);
    sem_init(&talk->told, 0, 0);
}

static void start(struct talk *talk, const struct grpc_c_client_method *method,
                  const struct grpc_c_call_options *options)
{
    Google__Protobuf__StringValue request = text_message("hello");
    const struct typed typed = {.mark = 42};
    talk->call = grpc_c_client_start(talk->channel, method, options,
                                     method->client_streams ? NULL : &request.base, &typed,
                                     sizeof(typed), &calls, talk);
    ck_assert_ptr_nonnull(talk->call);
}

static void expect_end(struct talk *talk, enum status_code code)
{
    await(&talk->ended);
    ck_assert_msg(talk->code == code, "%s (%s) where %s was expected", status_code_name(talk->code),
                  talk->message, status_code_name(code));
}

START_TEST(unary_answers)
{
    struct fixture fixture = fixture_start();
    struct talk talk;
    talk_init(&talk, &fixture);
    start(&talk, &methods[ECHO].unary, NULL);
    expect_end(&talk, STATUS_OK);
    ck_assert(talk.answered);
    ck_assert_str_eq(talk.last, "hello");
    ck_assert(!pthread_equal(talk.thread, pthread_self()));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(unary_fails_with_details)
{
    struct fixture fixture = fixture_start();
    struct talk talk;
    talk_init(&talk, &fixture);
    start(&talk, &methods[SPEAK].unary, NULL);
    expect_end(&talk, STATUS_ABORTED);
    ck_assert(!talk.answered);
    ck_assert_str_eq(talk.message, "Somebody was quicker.");
    ck_assert_str_eq(talk.reason, "LOST_RACE");
    start(&talk, &methods[EMPTY].unary, NULL);
    expect_end(&talk, STATUS_INTERNAL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(server_stream_tells_each_message)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_pair pair = {"count", "300", 3};
    struct grpc_c_call_options options = {.metadata = &pair, .metadata_count = 1};
    struct talk talk;
    talk_init(&talk, &fixture);
    start(&talk, &methods[COUNT].server_stream, &options);
    expect_end(&talk, STATUS_OK);
    ck_assert_int_eq(talk.heard, TURNS);
    ck_assert_str_eq(talk.last, "299");
    ck_assert(!talk.answered);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(client_stream_is_written_as_it_is_welcome)
{
    struct fixture fixture = fixture_start();
    struct talk talk;
    talk_init(&talk, &fixture);
    talk.to_say = 1;
    start(&talk, &methods[TOTAL].client_stream, NULL);
    ck_assert(grpc_c_client_send_done(talk.call));
    ck_assert(!grpc_c_client_send_done(talk.call));
    expect_end(&talk, STATUS_OK);
    ck_assert(talk.answered);
    ck_assert_str_eq(talk.last, "0");
    ck_assert_int_eq(talk.writable, 0);
    fixture_stop(&fixture);
}
END_TEST

/* Everything of a stream of requests on the callback thread: started by the end of another call. */
static void start_total(void *data, const ProtobufCMessage *response)
{
    struct talk *talk = data;
    ck_assert_str_eq(text_of(response), "hello");
    start(talk, &methods[TOTAL].client_stream, NULL);
    ck_assert(say_next(talk));
    ck_assert(!say_next(talk));
}

static void on_first_end(const void *callbacks, void *data, const ProtobufCMessage *response,
                         const struct grpc_c_status *status)
{
    check_callbacks(callbacks);
    expect(status, STATUS_OK);
    start_total(data, response);
}

START_TEST(callbacks_start_calls)
{
    static const struct grpc_c_client_calls first = {.on_end = on_first_end};
    struct fixture fixture = fixture_start();
    struct talk talk;
    talk_init(&talk, &fixture);
    talk.to_say = TURNS;
    Google__Protobuf__StringValue request = text_message("hello");
    const struct typed typed = {.mark = 42};
    ck_assert_ptr_nonnull(grpc_c_client_start(fixture.channel, &methods[ECHO].unary, NULL,
                                              &request.base, &typed, sizeof(typed), &first, &talk));
    expect_end(&talk, STATUS_OK);
    ck_assert_int_eq(talk.said, TURNS);
    ck_assert_int_eq(talk.writable, TURNS);
    ck_assert_str_eq(talk.last, "300");
    fixture_stop(&fixture);
}
END_TEST

static void ping_pong(struct fixture *fixture)
{
    struct talk talk;
    talk_init(&talk, fixture);
    talk.to_say = TURNS;
    talk.ping = true;
    talk.tell = true;
    start(&talk, &methods[ECHO].bidi, NULL);
    for (int i = 0; i < TURNS; i++) {
        /* The answer may be here before the call is ready for the next request. */
        while (!say_next(&talk))
            sched_yield();
        await(&talk.told);
    }
    ck_assert(say_next(&talk));
    expect_end(&talk, STATUS_OK);
    ck_assert_int_eq(talk.heard, TURNS);
    ck_assert_str_eq(talk.last, "299");
}

START_TEST(bidi_ping_pong_from_another_thread)
{
    struct fixture fixture = fixture_start();
    ping_pong(&fixture);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(end_follows_what_is_being_sent)
{
    struct fixture fixture = fixture_start();
    for (int i = 0; i < ROUNDS; i++) {
        struct talk talk;
        talk_init(&talk, &fixture);
        talk.ping = true;
        start(&talk, &methods[ECHO].bidi, NULL);
        Google__Protobuf__StringValue message = text_message("once");
        ck_assert(grpc_c_client_send(talk.call, &message.base));
        ck_assert(grpc_c_client_send_done(talk.call));
        expect_end(&talk, STATUS_OK);
        ck_assert_int_eq(talk.heard, 1);
        ck_assert_str_eq(talk.last, "once");
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(rubbish_ends_a_call)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_pair pair = {"bytes-bin", "\x0a\x01\xff", 3};
    struct grpc_c_call_options options = {.metadata = &pair, .metadata_count = 1};
    const struct grpc_c_client_method *kinds[] = {
        &methods[RUBBISH].unary, &methods[RUBBISH].server_stream, &methods[RUBBISH].client_stream,
        &methods[RUBBISH].bidi};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct talk talk;
        talk_init(&talk, &fixture);
        start(&talk, kinds[i], &options);
        expect_end(&talk, STATUS_INTERNAL);
        ck_assert_int_eq(talk.heard, 0);
        ck_assert(!talk.answered);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(refused_port_with_and_without_waiting)
{
    struct refused refused = refused_port();
    struct fixture fixture = {.channel = channel_to(refused.target)};
    struct grpc_c_call_options waits = {.wait_for_ready = true, .timeout_ms = 200};
    struct talk talk;
    talk_init(&talk, &fixture);
    start(&talk, &methods[ECHO].unary, NULL);
    expect_end(&talk, STATUS_UNAVAILABLE);
    start(&talk, &methods[ECHO].bidi, NULL);
    expect_end(&talk, STATUS_UNAVAILABLE);
    start(&talk, &methods[ECHO].client_stream, &waits);
    expect_end(&talk, STATUS_DEADLINE_EXCEEDED);
    grpc_c_channel_free(fixture.channel);
    refused_done(&refused);
}
END_TEST

START_TEST(deadline_ends_a_call)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_call_options options = {.timeout_ms = 200, .wait_for_ready = true};
    struct talk talk;
    talk_init(&talk, &fixture);
    start(&talk, &methods[HEADERS].bidi, &options);
    expect_end(&talk, STATUS_DEADLINE_EXCEEDED);
    await(&gone);
    options.timeout_ms = -1;
    start(&talk, &methods[ECHO].unary, &options);
    expect_end(&talk, STATUS_DEADLINE_EXCEEDED);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(cancelled_at_each_stage)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_client_method *stages[] = {
        &methods[SILENT].unary,         &methods[SILENT].server_stream, &methods[SILENT].bidi,
        &methods[SILENT].client_stream, &methods[HEADERS].unary,        &methods[HEADERS].bidi,
        &methods[ONE].server_stream,    &methods[ONE].client_stream,
    };
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        struct talk talk;
        talk_init(&talk, &fixture);
        start(&talk, stages[i], NULL);
        await(&arrived);
        grpc_c_client_cancel(grpc_c_client_async_call(talk.call));
        expect_end(&talk, STATUS_CANCELLED);
        await(&gone);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(cancelled_while_a_request_waits_for_the_reader)
{
    struct fixture fixture = fixture_start();
    static char large[32 << 20];
    memset(large, 'x', sizeof(large) - 1);
    Google__Protobuf__StringValue message = text_message(large);
    struct talk talk;
    talk_init(&talk, &fixture);
    talk.ping = true;
    start(&talk, &methods[SILENT].client_stream, NULL);
    ck_assert(grpc_c_client_send(talk.call, &message.base));
    await(&arrived);
    ck_assert(grpc_c_client_send_done(talk.call));
    ck_assert(!grpc_c_client_send(talk.call, &message.base));
    grpc_c_client_abandon(talk.call);
    expect_end(&talk, STATUS_CANCELLED);
    ck_assert_int_eq(talk.writable, 0);
    fixture_stop(&fixture);
}
END_TEST

/* How a program cancels a call that may end at any moment: its own lock, and the end takes the call away. */
struct guarded {
    pthread_mutex_t mutex;
    struct grpc_c_client_call *call; /* NULL before the start and after the end */
    bool over;
    atomic_int ended;
    sem_t done;
};

static void on_guarded_end(const void *callbacks, void *data, const ProtobufCMessage *response,
                           const struct grpc_c_status *status)
{
    struct guarded *guarded = data;
    (void)callbacks;
    ck_assert(status->code == STATUS_OK || status->code == STATUS_CANCELLED);
    ck_assert_int_eq(response != NULL, status->code == STATUS_OK);
    pthread_mutex_lock(&guarded->mutex);
    guarded->call = NULL;
    guarded->over = true;
    pthread_mutex_unlock(&guarded->mutex);
    sem_post(&guarded->done);
}

static void *cancel_until_over(void *data)
{
    struct guarded *guarded = data;
    for (bool over = false; !over;) {
        pthread_mutex_lock(&guarded->mutex);
        if (guarded->call)
            grpc_c_client_cancel(guarded->call);
        over = guarded->over;
        pthread_mutex_unlock(&guarded->mutex);
    }
    return NULL;
}

START_TEST(cancelled_at_any_moment)
{
    static const struct grpc_c_client_calls guarded_calls = {.on_end = on_guarded_end};
    struct fixture fixture = fixture_start();
    Google__Protobuf__StringValue request = text_message("hello");
    for (int i = 0; i < ROUNDS; i++) {
        struct guarded guarded = {.mutex = PTHREAD_MUTEX_INITIALIZER};
        pthread_t thread;
        sem_init(&guarded.done, 0, 0);
        ck_assert_int_eq(pthread_create(&thread, NULL, cancel_until_over, &guarded), 0);
        pthread_mutex_lock(&guarded.mutex);
        struct grpc_c_client_async *call =
            grpc_c_client_start(fixture.channel, &methods[ECHO].unary, NULL, &request.base, "", 0,
                                &guarded_calls, &guarded);
        ck_assert_ptr_nonnull(call);
        guarded.call = grpc_c_client_async_call(call);
        pthread_mutex_unlock(&guarded.mutex);
        await(&guarded.done);
        pthread_join(thread, NULL);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(many_calls_at_once)
{
    struct fixture fixture = fixture_start();
    static struct talk talks[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        talk_init(&talks[i], &fixture);
        start(&talks[i], &methods[ECHO].unary, NULL);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        expect_end(&talks[i], STATUS_OK);
        ck_assert(pthread_equal(talks[i].thread, talks[0].thread));
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(channels_share_the_thread_until_the_last_is_freed)
{
    struct raw_server *server = server_at("127.0.0.1:0");
    for (int i = 0; i < 5; i++) {
        struct fixture one = {.channel = channel_to(raw_server_target(server))};
        struct fixture two = {.channel = channel_to(raw_server_target(server))};
        struct talk talks[2];
        talk_init(&talks[0], &one);
        talk_init(&talks[1], &two);
        start(&talks[0], &methods[ECHO].unary, NULL);
        start(&talks[1], &methods[ECHO].unary, NULL);
        expect_end(&talks[0], STATUS_OK);
        grpc_c_channel_free(one.channel);
        expect_end(&talks[1], STATUS_OK);
        ck_assert(pthread_equal(talks[0].thread, talks[1].thread));
        ping_pong(&two);
        grpc_c_channel_free(two.channel);
    }
    raw_server_stop(server);
}
END_TEST

START_TEST(free_waits_for_calls_that_end)
{
    struct raw_server *server = server_at("127.0.0.1:0");
    struct fixture fixture = {.channel = channel_to(raw_server_target(server))};
    struct talk talk;
    talk_init(&talk, &fixture);
    start(&talk, &methods[SILENT].bidi, NULL);
    await(&arrived);
    grpc_c_client_abandon(talk.call);
    grpc_c_channel_free(fixture.channel);
    ck_assert_int_eq(sem_trywait(&talk.ended), 0);
    ck_assert_int_eq(talk.code, STATUS_CANCELLED);
    raw_server_stop(server);
}
END_TEST

FIXTURE_MAIN("client/rpc async", unary_answers, unary_fails_with_details,
             server_stream_tells_each_message, client_stream_is_written_as_it_is_welcome,
             callbacks_start_calls, bidi_ping_pong_from_another_thread,
             end_follows_what_is_being_sent, rubbish_ends_a_call,
             refused_port_with_and_without_waiting, deadline_ends_a_call, cancelled_at_each_stage,
             cancelled_while_a_request_waits_for_the_reader, cancelled_at_any_moment,
             many_calls_at_once, channels_share_the_thread_until_the_last_is_freed,
             free_waits_for_calls_that_end)
