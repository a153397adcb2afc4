#include "tests/unit/client/rpc/fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 500 };

static struct grpc_c_client_stream *open_as(struct fixture *fixture,
                                            const struct grpc_c_client_method *method,
                                            const struct grpc_c_call_options *options)
{
    Google__Protobuf__StringValue request = text_message("x");
    const ProtobufCMessage *message = method->client_streams ? NULL : &request.base;
    struct grpc_c_client_stream *stream =
        grpc_c_client_open(fixture->channel, method, options, message);
    ck_assert_ptr_nonnull(stream);
    return stream;
}

static struct grpc_c_client_stream *open_count(struct fixture *fixture, const char *count)
{
    const struct grpc_c_pair pair = {"count", count, strlen(count)};
    struct grpc_c_call_options options = {.metadata = &pair, .metadata_count = 1};
    return open_as(fixture, &methods[COUNT].server_stream, &options);
}

static bool write_text(struct grpc_c_client_stream *stream, const char *text)
{
    Google__Protobuf__StringValue message = text_message(text);
    return grpc_c_client_write(stream, &message.base);
}

/* The next text, NULL at the end; lives until the next read. */
static const char *read_text(struct fixture *fixture, struct grpc_c_client_stream *stream)
{
    const ProtobufCMessage *message = NULL;
    arena_reset(fixture->arena);
    return grpc_c_client_read(stream, fixture->arena, &message) ? text_of(message) : NULL;
}

static struct grpc_c_status finish(struct fixture *fixture, struct grpc_c_client_stream *stream)
{
    struct grpc_c_status status;
    bool ok = grpc_c_client_finish(stream, fixture->arena, NULL, &status);
    ck_assert_int_eq(ok, status.code == STATUS_OK);
    return status;
}

START_TEST(server_stream_is_read_to_its_end)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_count(&fixture, "500");
    ck_assert(!write_text(stream, "no"));
    ck_assert(!grpc_c_client_write_done(stream));
    char expected[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(expected, sizeof(expected), "%d", i);
        ck_assert_str_eq(read_text(&fixture, stream), expected);
    }
    ck_assert_ptr_null(read_text(&fixture, stream));
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_OK);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(server_stream_need_not_be_read)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_count(&fixture, "0");
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_OK);

    stream = open_count(&fixture, "500");
    ck_assert_str_eq(read_text(&fixture, stream), "0");
    status = finish(&fixture, stream);
    expect(&status, STATUS_OK);

    status = finish(&fixture, open_count(&fixture, "500"));
    expect(&status, STATUS_OK);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(server_stream_ends_with_metadata)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[SPEAK].server_stream, NULL);
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_ABORTED);
    struct error error;
    grpc_c_status_error(&status, &error);
    ck_assert_str_eq(error.reason, "LOST_RACE");
    ck_assert_uint_gt(status.initial_count, 0);
    ck_assert_str_eq(status.initial[0].key, "first");
    fixture_stop(&fixture);
}
END_TEST

static void check_total(struct fixture *fixture, int messages, bool half_close)
{
    struct grpc_c_client_stream *stream = open_as(fixture, &methods[TOTAL].client_stream, NULL);
    for (int i = 0; i < messages; i++)
        ck_assert(write_text(stream, "x"));
    if (half_close) {
        ck_assert(grpc_c_client_write_done(stream));
        ck_assert(!grpc_c_client_write_done(stream));
        ck_assert(!write_text(stream, "late"));
    }
    ck_assert_ptr_null(read_text(fixture, stream));
    const ProtobufCMessage *response = NULL;
    struct grpc_c_status status;
    ck_assert(grpc_c_client_finish(stream, fixture->arena, &response, &status));
    char expected[16];
    snprintf(expected, sizeof(expected), "%d", messages);
    ck_assert_str_eq(text_of(response), expected);
}

START_TEST(client_stream_gets_its_response)
{
    struct fixture fixture = fixture_start();
    check_total(&fixture, MANY, true);
    check_total(&fixture, 0, true);
    check_total(&fixture, 3, false);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(client_stream_whose_server_does_not_wait)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[EARLY].client_stream, NULL);
    while (write_text(stream, "x"))
        ;
    ck_assert(!grpc_c_client_write_done(stream));
    const ProtobufCMessage *response = NULL;
    struct grpc_c_status status;
    ck_assert(!grpc_c_client_finish(stream, fixture.arena, &response, &status));
    expect(&status, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(status.message, "Not now.");
    ck_assert_ptr_null(response);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(client_stream_without_a_response_is_internal)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[EMPTY].client_stream, NULL);
    const ProtobufCMessage *response = NULL;
    struct grpc_c_status status;
    ck_assert(!grpc_c_client_finish(stream, fixture.arena, &response, &status));
    expect(&status, STATUS_INTERNAL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(bidi_ping_pong)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[ECHO].bidi, NULL);
    char text[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "%d", i);
        ck_assert(write_text(stream, text));
        ck_assert_str_eq(read_text(&fixture, stream), text);
    }
    ck_assert(grpc_c_client_write_done(stream));
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_OK);
    fixture_stop(&fixture);
}
END_TEST

static void *write_many(void *data)
{
    struct grpc_c_client_stream *stream = data;
    char text[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "%d", i);
        ck_assert(write_text(stream, text));
    }
    ck_assert(grpc_c_client_write_done(stream));
    return NULL;
}

START_TEST(one_thread_writes_while_another_reads)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[ECHO].bidi, NULL);
    pthread_t writer;
    ck_assert_int_eq(pthread_create(&writer, NULL, write_many, stream), 0);
    char expected[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(expected, sizeof(expected), "%d", i);
        ck_assert_str_eq(read_text(&fixture, stream), expected);
    }
    ck_assert_ptr_null(read_text(&fixture, stream));
    pthread_join(writer, NULL);
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_OK);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(rubbish_in_a_stream_ends_it)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_pair pair = {"bytes-bin", "\x0a\x01\xff", 3};
    struct grpc_c_call_options options = {.metadata = &pair, .metadata_count = 1};
    const struct grpc_c_client_method *kinds[] = {&methods[RUBBISH].server_stream,
                                                  &methods[RUBBISH].bidi};
    for (size_t i = 0; i < 2; i++) {
        struct grpc_c_client_stream *stream = open_as(&fixture, kinds[i], &options);
        ck_assert_ptr_null(read_text(&fixture, stream));
        ck_assert_ptr_null(read_text(&fixture, stream));
        struct grpc_c_status status = finish(&fixture, stream);
        expect(&status, STATUS_INTERNAL);
        ck_assert_ptr_nonnull(strstr(status.message, "UTF-8"));
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(deadline_ends_a_stream)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_call_options options = {.timeout_ms = 200, .wait_for_ready = true};
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[ONE].server_stream, &options);
    ck_assert_str_eq(read_text(&fixture, stream), "one");
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    await(&gone);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(refused_port_ends_a_stream)
{
    struct refused refused = refused_port();
    struct fixture fixture = {.channel = channel_to(refused.target), .arena = arena_new(1 << 16)};
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[ECHO].bidi, NULL);
    ck_assert(!write_text(stream, "x"));
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_UNAVAILABLE);

    struct grpc_c_call_options options = {.wait_for_ready = true, .timeout_ms = 200};
    stream = open_as(&fixture, &methods[ECHO].server_stream, &options);
    ck_assert_ptr_null(read_text(&fixture, stream));
    status = finish(&fixture, stream);
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    grpc_c_channel_free(fixture.channel);
    arena_free(fixture.arena);
    refused_done(&refused);
}
END_TEST

START_TEST(metadata_that_cannot_be_sent_ends_a_stream)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_pair pair = {"Bad", "x", 1};
    struct grpc_c_call_options options = {.metadata = &pair, .metadata_count = 1};
    struct grpc_c_client_stream *stream = open_as(&fixture, &methods[ECHO].bidi, &options);
    ck_assert(!write_text(stream, "x"));
    ck_assert_ptr_null(read_text(&fixture, stream));
    struct grpc_c_status status = finish(&fixture, stream);
    expect(&status, STATUS_INVALID_ARGUMENT);
    fixture_stop(&fixture);
}
END_TEST

FIXTURE_MAIN("client/rpc stream", server_stream_is_read_to_its_end, server_stream_need_not_be_read,
             server_stream_ends_with_metadata, client_stream_gets_its_response,
             client_stream_whose_server_does_not_wait, client_stream_without_a_response_is_internal,
             bidi_ping_pong, one_thread_writes_while_another_reads, rubbish_in_a_stream_ends_it,
             deadline_ends_a_stream, refused_port_ends_a_stream,
             metadata_that_cannot_be_sent_ends_a_stream)
