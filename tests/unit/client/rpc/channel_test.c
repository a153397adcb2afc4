/*
 * Channels: where they may go, what their options do, and peers that come, go, or are no gRPC servers.
 */
#include "tests/unit/client/rpc/fixture.h"
#include "tests/unit/client/rpc/wire_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(sound_targets_are_taken)
{
    const char *targets[] = {"localhost:1",        "127.0.0.1:65535", "[::1]:443",
                             "a.b-c.example:7766", "unix:/a/b",       "unix-abstract:name"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct error error;
        struct grpc_c_channel *channel = grpc_c_channel_new(targets[i], NULL, &error);
        ck_assert_msg(channel != NULL, "%s: %s", targets[i], error.message);
        grpc_c_channel_free(channel);
    }
}
END_TEST

START_TEST(others_are_refused)
{
    static char path[200] = "unix:/";
    static char host[300];
    memset(path + strlen(path), 'p', sizeof(path) - strlen(path) - 1);
    memset(host, 'h', 290);
    memcpy(host + 290, ":80", 4);
    const char *targets[] = {
        NULL,         "",           ":1",          "host",     "host:",         "host:0",
        "host:65536", "host:99999", "host:+1",     "host: 1",  "host:1x",       "::1:80",
        "[]:80",      "a b:80",     "http://h:80", "h\n:80",   "user@host:80",  "unix:",
        path,         host,         "[::1]",       "[a]b]:80", "unix-abstract:"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct error error;
        ck_assert_msg(!grpc_c_channel_new(targets[i], NULL, &error), "%s", targets[i]);
        ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
        ck_assert_str_eq(error.reason, "INVALID_TARGET");
    }
}
END_TEST

START_TEST(options_are_taken)
{
    struct grpc_c_channel_options options = {
        .max_response = SIZE_MAX,
        .max_elements = UINT32_MAX,
        .keepalive_ms = 60000,
        .keepalive_timeout_ms = 1000,
        .own_connection = true,
        .user_agent = "tester/1",
    };
    struct fixture fixture = fixture_start();
    struct error error;
    struct grpc_c_status status;
    grpc_c_channel_free(fixture.channel);
    fixture.channel = grpc_c_channel_new(raw_server_target(fixture.server), &options, &error);
    ck_assert_ptr_nonnull(fixture.channel);
    ck_assert(say(&fixture, ECHO, NULL, "x", NULL, &status));
    fixture_stop(&fixture);
}
END_TEST

/* What the core leaves out there, this side does not lean on. */
START_TEST(lean_channel_calls_like_any)
{
    struct grpc_c_channel_options options = {.lean = true, .max_response = 1000};
    struct fixture fixture = fixture_start();
    struct error error;
    struct grpc_c_status status;
    grpc_c_channel_free(fixture.channel);
    fixture.channel = grpc_c_channel_new(raw_server_target(fixture.server), &options, &error);
    ck_assert_ptr_nonnull(fixture.channel);
    ck_assert(say(&fixture, ECHO, NULL, "x", NULL, &status));
    ck_assert(!say(&fixture, SPEAK, NULL, "x", NULL, &status));
    expect(&status, STATUS_ABORTED);
    ck_assert(!say(&fixture, PACKED, NULL, "x", NULL, &status));
    expect(&status, STATUS_RESOURCE_EXHAUSTED);
    struct grpc_c_call_options hurried = {.timeout_ms = 200};
    ck_assert(!say(&fixture, SILENT, &hurried, "x", NULL, &status));
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(elements_are_bounded)
{
    struct grpc_c_channel_options options = {.max_elements = 2};
    struct fixture fixture = fixture_start();
    struct error error;
    struct grpc_c_status status;
    grpc_c_channel_free(fixture.channel);
    fixture.channel = grpc_c_channel_new(raw_server_target(fixture.server), &options, &error);
    const char three[] = "\x0a\0\x0a\0\x0a\0";
    const struct grpc_c_pair pair = {"bytes-bin", three, sizeof(three) - 1};
    struct grpc_c_call_options call_options = {.metadata = &pair, .metadata_count = 1};
    ck_assert(say(&fixture, ECHO, NULL, "x", NULL, &status));
    ck_assert(!say(&fixture, RUBBISH, &call_options, "x", NULL, &status));
    expect(&status, STATUS_RESOURCE_EXHAUSTED);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(peer_that_speaks_no_http2)
{
    struct wire_peer peer;
    wire_peer_speak(&peer, "HTTP/1.0 400 Bad Request\r\n\r\n<html>no</html>");
    struct fixture fixture = {.channel = channel_to(peer.target), .arena = arena_new(1 << 16)};
    struct grpc_c_call_options options = {.timeout_ms = 60000};
    struct grpc_c_status status;
    ck_assert(!say(&fixture, ECHO, &options, "x", NULL, &status));
    expect(&status, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(strlen(status.message), 0);
    grpc_c_channel_free(fixture.channel);
    arena_free(fixture.arena);
    wire_peer_stop(&peer);
}
END_TEST

/* The call's own deadline ends it, long before an attempt to connect is given up. */
START_TEST(peer_that_is_slow_is_waited_for)
{
    struct wire_peer peer;
    wire_peer_be_silent(&peer);
    struct fixture fixture = {.channel = channel_to(peer.target), .arena = arena_new(1 << 16)};
    struct grpc_c_call_options options = {.timeout_ms = 1500};
    struct grpc_c_status status;
    ck_assert(!say(&fixture, ECHO, &options, "x", NULL, &status));
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    grpc_c_channel_free(fixture.channel);
    arena_free(fixture.arena);
    wire_peer_stop(&peer);
}
END_TEST

static size_t bytes_sent(bool compress, bool plain)
{
    char *text = malloc(60001);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', 60000);
    text[60000] = '\0';
    struct wire_peer peer;
    wire_peer_count(&peer);
    struct fixture fixture = {.channel = channel_to(peer.target), .arena = arena_new(1 << 16)};
    struct grpc_c_travel travel = {.send_plain = plain};
    struct grpc_c_call_options options = {
        .compress = compress,
        .travel = &travel,
        .wait_for_ready = true,
    };
    struct grpc_c_status status;
    ck_assert(!say(&fixture, ECHO, &options, text, NULL, &status));
    expect(&status, STATUS_UNAVAILABLE);
    grpc_c_channel_free(fixture.channel);
    arena_free(fixture.arena);
    wire_peer_stop(&peer);
    free(text);
    return peer.data_bytes;
}

START_TEST(requests_are_compressed_on_demand)
{
    ck_assert_uint_gt(bytes_sent(false, false), 60000);
    ck_assert_uint_gt(bytes_sent(true, true), 60000);
    size_t packed = bytes_sent(true, false);
    ck_assert_uint_gt(packed, 5);
    ck_assert_uint_lt(packed, 2000);
}
END_TEST

START_TEST(server_that_goes_ends_its_calls)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_stream *stream =
        grpc_c_client_open(fixture.channel, &methods[ONE].bidi, NULL, NULL);
    const ProtobufCMessage *message;
    struct grpc_c_status status;
    ck_assert(grpc_c_client_read(stream, fixture.arena, &message));
    raw_server_stop(fixture.server);
    ck_assert(!grpc_c_client_read(stream, fixture.arena, &message));
    ck_assert(!grpc_c_client_finish(stream, fixture.arena, NULL, &status));
    expect(&status, STATUS_UNAVAILABLE);
    ck_assert(!say(&fixture, ECHO, NULL, "x", NULL, &status));
    expect(&status, STATUS_UNAVAILABLE);
    grpc_c_channel_free(fixture.channel);
    arena_free(fixture.arena);
}
END_TEST

START_TEST(server_that_comes_back_is_found)
{
    char target[64];
    snprintf(target, sizeof(target), "unix-abstract:maskline-again-%d", (int)getpid());
    struct raw_server *server = server_at(target);
    struct fixture fixture = {.channel = channel_to(target), .arena = arena_new(1 << 16)};
    struct grpc_c_call_options options = {.wait_for_ready = true, .timeout_ms = 60000};
    struct grpc_c_status status;
    for (int i = 0; i < 3; i++) {
        /* A call may still be given to the old connection, whose end has not been noticed yet. */
        for (int tries = 0; !say(&fixture, ECHO, &options, "x", NULL, &status); tries++) {
            expect(&status, STATUS_UNAVAILABLE);
            ck_assert_int_lt(tries, 10);
        }
        raw_server_stop(server);
        server = server_at(target);
    }
    fixture.server = server;
    fixture_stop(&fixture);
}
END_TEST

/* The core tells the status only when every message was taken: such a server is as good as a silent one. */
START_TEST(surplus_response_is_waited_out)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_pair pair = {"count", "2", 1};
    struct grpc_c_call_options options = {
        .metadata = &pair, .metadata_count = 1, .timeout_ms = 300};
    struct grpc_c_status status;
    ck_assert(!say(&fixture, COUNT, &options, "x", NULL, &status));
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    fixture_stop(&fixture);
}
END_TEST

FIXTURE_MAIN("client/rpc channel", sound_targets_are_taken, others_are_refused, options_are_taken,
             lean_channel_calls_like_any, elements_are_bounded, peer_that_speaks_no_http2,
             peer_that_is_slow_is_waited_for, requests_are_compressed_on_demand,
             server_that_goes_ends_its_calls, server_that_comes_back_is_found,
             surplus_response_is_waited_out)
