/*
 * Compression as the program sees it: what came compressed, and what goes compressed. The peer is one that inflates nothing.
 */
#include "proto/c/rpc/core.h"
#include "tests/unit/server/rpc/fixture.h"

#include <grpc/compression.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 50000, MESSAGES = 4 };

/* It compresses what becomes smaller by that. */
static struct peer gzip_peer(int port)
{
    struct rpc_arguments arguments = {.count = 0};
    rpc_arguments_number(&arguments, GRPC_COMPRESSION_CHANNEL_DEFAULT_ALGORITHM,
                         GRPC_COMPRESS_GZIP);
    rpc_arguments_number(&arguments, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    grpc_channel_args list = rpc_arguments_list(&arguments);
    return peer_new(port, &list);
}

static void start(struct fixture *fixture, const struct lab_lab_service *lab)
{
    fixture_start(fixture, lab, NULL);
    peer_free(&fixture->peer);
    fixture->peer = gzip_peer(fixture->port);
}

static Lab__Text text_with(size_t size)
{
    static uint8_t zeros[LARGE];
    Lab__Text message = LAB__TEXT__INIT;
    message.bytes = (ProtobufCBinaryData){.len = size, .data = zeros};
    return message;
}

/* A message with LARGE bytes, as it came; frees it. */
static bool is_packed(uint8_t *bytes, size_t size)
{
    ck_assert_ptr_nonnull(bytes);
    /* Plain it begins with the key of Text.bytes. */
    bool packed = bytes[0] != (2 << 3 | 2);
    ck_assert_int_eq(packed, size < LARGE);
    free(bytes);
    return packed;
}

static void say_how(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    (void)request;
    Lab__Text response = LAB__TEXT__INIT;
    response.text = (char *)(grpc_c_call_came_compressed(call) ? "packed" : "plain");
    lab_lab_echo_reply(call, &response);
}

START_TEST(a_request_that_came_compressed_is_known)
{
    struct fixture fixture;
    start(&fixture, &(struct lab_lab_service){.echo = say_how});
    for (size_t size = 0; size <= LARGE; size += LARGE) {
        Lab__Text request = text_with(size);
        struct outcome outcome = peer_unary(&fixture.peer, ECHO, &request.base, 10000);
        ck_assert_int_eq(outcome.code, 0);
        ck_assert_str_eq(text_of(outcome.response, outcome.response_size),
                         size ? "packed" : "plain");
        outcome.response = NULL;
        outcome_done(&outcome);
    }
    fixture_end(&fixture);
}
END_TEST

/* Notes how each message came, and sends as many, every other one plain. */
struct talk {
    struct grpc_c_call *call;
    bool came[MESSAGES];
    int heard;
    int given;
    bool compress;
    bool half_closed;
};

static bool on_message(void *state, const Lab__Text *message)
{
    struct talk *talk = state;
    (void)message;
    ck_assert_int_lt(talk->heard, MESSAGES);
    talk->came[talk->heard++] = grpc_c_call_came_compressed(talk->call);
    return true;
}

static void on_half_close(void *state)
{
    struct talk *talk = state;
    talk->half_closed = true;
    grpc_c_call_wake(talk->call);
}

static enum grpc_c_next next(void *state, struct arena *arena, const Lab__Text **ret_message,
                             struct error *ret_status)
{
    struct talk *talk = state;
    (void)ret_status;
    if (!talk->half_closed)
        return GRPC_C_LATER;
    if (talk->given == talk->heard)
        return GRPC_C_END;
    const Lab__Text large = text_with(LARGE);
    *ret_message = arena_copy(arena, &large, sizeof(large));
    if (talk->given++ % 2 == 1)
        grpc_c_call_plain_message(talk->call);
    return GRPC_C_MESSAGE;
}

static void on_end(void *state)
{
    struct talk *talk = state;
    grpc_c_call_unref(talk->call);
}

static void chat(void *data, struct grpc_c_call *call)
{
    static const struct lab_lab_chat_stream stream = {
        .on_message = on_message,
        .on_half_close = on_half_close,
        .next = next,
        .on_end = on_end,
    };
    struct talk *talk = data;
    talk->call = grpc_c_call_ref(call);
    grpc_c_call_compress(call, talk->compress);
    lab_lab_chat_open(call, talk, &stream);
}

static void talk_with(struct talk *talk)
{
    struct fixture fixture;
    start(&fixture, &(struct lab_lab_service){.data = talk, .chat = chat});
    struct peer_call *call = peer_begin(&fixture.peer, CHAT, 10000, NULL);
    for (int i = 0; i < MESSAGES; i++) {
        Lab__Text message = text_with(i % 2 ? 0 : LARGE);
        ck_assert(peer_send(call, &message.base));
    }
    ck_assert(peer_half_close(call));
    for (int i = 0; i < MESSAGES; i++) {
        size_t size;
        uint8_t *bytes = peer_receive(call, &size);
        ck_assert_int_eq(is_packed(bytes, size), talk->compress && i % 2 == 0);
    }
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    outcome_done(&outcome);
    fixture_end(&fixture);
    ck_assert_int_eq(talk->heard, MESSAGES);
    for (int i = 0; i < MESSAGES; i++)
        ck_assert_int_eq(talk->came[i], i % 2 == 0);
}

START_TEST(single_messages_of_a_stream_go_plain)
{
    talk_with(&(struct talk){.compress = true});
}
END_TEST

START_TEST(nothing_is_compressed_in_a_call_that_does_not)
{
    talk_with(&(struct talk){.compress = false});
}
END_TEST

TEST_MAIN("compression", a_request_that_came_compressed_is_known,
          single_messages_of_a_stream_go_plain, nothing_is_compressed_in_a_call_that_does_not)
