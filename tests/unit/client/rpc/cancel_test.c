/*
 * Blocking streams that another thread cancels, at each stage of their life.
 */
#include "tests/unit/client/rpc/fixture.h"

#include <pthread.h>
#include <string.h>

enum { ROUNDS = 150 };

static struct grpc_c_client_stream *open_bidi(struct grpc_c_channel *channel, enum script script,
                                              const struct grpc_c_call_options *options)
{
    struct grpc_c_client_stream *stream =
        grpc_c_client_open(channel, &methods[script].bidi, options, NULL);
    ck_assert_ptr_nonnull(stream);
    return stream;
}

static bool write_text(struct grpc_c_client_stream *stream, const char *text)
{
    Google__Protobuf__StringValue message = text_message(text);
    return grpc_c_client_write(stream, &message.base);
}

static bool read_one(struct fixture *fixture, struct grpc_c_client_stream *stream)
{
    const ProtobufCMessage *message;
    return grpc_c_client_read(stream, fixture->arena, &message);
}

static void *cancel_on_arrival(void *data)
{
    await(&arrived);
    grpc_c_client_stream_cancel(data);
    return NULL;
}

static void *cancel_now(void *data)
{
    grpc_c_client_stream_cancel(data);
    return NULL;
}

static pthread_t start(void *(*run)(void *), void *data)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run, data), 0);
    return thread;
}

/* Nobody may begin to cancel a stream that is finished. */
static void finish_cancelled(struct fixture *fixture, struct grpc_c_client_stream *stream,
                             pthread_t canceller)
{
    struct grpc_c_status status;
    pthread_join(canceller, NULL);
    ck_assert(!grpc_c_client_finish(stream, fixture->arena, NULL, &status));
    expect(&status, STATUS_CANCELLED);
}

START_TEST(before_there_is_a_connection)
{
    struct refused refused = refused_port();
    struct fixture fixture = {.channel = channel_to(refused.target), .arena = arena_new(1 << 16)};
    struct grpc_c_call_options options = {.wait_for_ready = true};
    struct grpc_c_client_stream *stream = open_bidi(fixture.channel, ECHO, &options);
    pthread_t canceller = start(cancel_now, stream);
    ck_assert(!read_one(&fixture, stream));
    ck_assert(!write_text(stream, "x"));
    finish_cancelled(&fixture, stream, canceller);
    grpc_c_channel_free(fixture.channel);
    arena_free(fixture.arena);
    refused_done(&refused);
}
END_TEST

static void cancel_while_reading(enum script script, int messages)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_bidi(fixture.channel, script, NULL);
    pthread_t canceller = start(cancel_on_arrival, stream);
    for (int i = 0; i < messages; i++)
        ck_assert(read_one(&fixture, stream));
    ck_assert(!read_one(&fixture, stream));
    ck_assert(!write_text(stream, "x"));
    finish_cancelled(&fixture, stream, canceller);
    await(&gone);
    fixture_stop(&fixture);
}

START_TEST(before_the_headers)
{
    cancel_while_reading(SILENT, 0);
}
END_TEST

START_TEST(after_the_headers)
{
    cancel_while_reading(HEADERS, 0);
}
END_TEST

START_TEST(while_a_write_waits_for_the_reader)
{
    struct fixture fixture = fixture_start();
    static char large[100000];
    memset(large, 'x', sizeof(large) - 1);
    struct grpc_c_client_stream *stream = open_bidi(fixture.channel, SILENT, NULL);
    pthread_t canceller = start(cancel_on_arrival, stream);
    while (write_text(stream, large))
        ;
    finish_cancelled(&fixture, stream, canceller);
    await(&gone);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(while_finish_waits)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_bidi(fixture.channel, ONE, NULL);
    pthread_t canceller = start(cancel_on_arrival, stream);
    struct grpc_c_status status;
    /* The call ends only because it is cancelled, so that begins in time. */
    ck_assert(!grpc_c_client_finish(stream, fixture.arena, NULL, &status));
    expect(&status, STATUS_CANCELLED);
    pthread_join(canceller, NULL);
    await(&gone);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(after_the_end)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_bidi(fixture.channel, EARLY, NULL);
    ck_assert(!read_one(&fixture, stream));
    pthread_t canceller = start(cancel_now, stream);
    pthread_join(canceller, NULL);
    struct grpc_c_status status;
    ck_assert(!grpc_c_client_finish(stream, fixture.arena, NULL, &status));
    ck_assert(status.code == STATUS_FAILED_PRECONDITION || status.code == STATUS_CANCELLED);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(at_any_moment)
{
    struct fixture fixture = fixture_start();
    for (int i = 0; i < ROUNDS; i++) {
        struct grpc_c_client_stream *stream = open_bidi(fixture.channel, ECHO, NULL);
        for (int messages = 0; messages < i % 4; messages++)
            ck_assert(write_text(stream, "x"));
        pthread_t canceller = start(cancel_now, stream);
        while (write_text(stream, "x") && read_one(&fixture, stream))
            arena_reset(fixture.arena);
        finish_cancelled(&fixture, stream, canceller);
        arena_reset(fixture.arena);
    }
    fixture_stop(&fixture);
}
END_TEST

FIXTURE_MAIN("client/rpc cancel", before_there_is_a_connection, before_the_headers,
             after_the_headers, while_a_write_waits_for_the_reader, while_finish_waits,
             after_the_end, at_any_moment)
