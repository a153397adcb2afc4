#include "tests/unit/client/rpc/fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, CALLS = 100 };

START_TEST(answers)
{
    struct fixture fixture = fixture_start();
    const char *text;
    struct grpc_c_status status;
    ck_assert(say(&fixture, ECHO, NULL, "hello", &text, &status));
    ck_assert_str_eq(text, "hello");
    ck_assert_str_eq(status.message, "");
    ck_assert_ptr_null(status.details);
    ck_assert(say(&fixture, ECHO, NULL, "", &text, &status));
    ck_assert_str_eq(text, "");
    fixture_stop(&fixture);
}
END_TEST

static const struct grpc_c_pair *find_pair(const struct grpc_c_pair *pairs, size_t count,
                                           const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, key) == 0)
            return &pairs[i];
    }
    ck_abort_msg("%s is missing", key);
    return NULL;
}

START_TEST(status_comes_with_details_and_metadata)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_status status;
    ck_assert(!say(&fixture, SPEAK, NULL, "x", NULL, &status));
    expect(&status, STATUS_ABORTED);
    ck_assert_str_eq(status.message, "Somebody was quicker.");
    const struct grpc_c_pair *last = find_pair(status.trailing, status.trailing_count, "last");
    ck_assert_str_eq(last->value, "z");
    const struct grpc_c_pair *bytes = find_pair(status.initial, status.initial_count, "bytes-bin");
    ck_assert_uint_eq(bytes->size, 2);
    ck_assert_mem_eq(bytes->value, "\0\xff", 2);

    struct error error;
    grpc_c_status_error(&status, &error);
    ck_assert_int_eq(error.code, STATUS_ABORTED);
    ck_assert_str_eq(error.reason, "LOST_RACE");
    ck_assert_int_eq(error.original, 80606);
    ck_assert_str_eq(error.message, "Somebody was quicker.");
    ck_assert_uint_eq(error.metadata_count, 1);
    ck_assert_str_eq(error.metadata[0].value, "another");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(metadata_goes_out)
{
    struct fixture fixture = fixture_start();
    const char *text;
    struct grpc_c_status status;
    const struct grpc_c_pair pairs[] = {{"which", "colour", 6}, {"colour", "green", 5}};
    struct grpc_c_call_options options = {.metadata = pairs, .metadata_count = 2};
    ck_assert(say(&fixture, HEADER, &options, "x", &text, &status));
    ck_assert_str_eq(text, "green");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(metadata_that_cannot_be_sent_fails_the_call)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_status status;
    const struct grpc_c_pair pairs[] = {
        {"Upper", "x", 1}, {"line", "a\nb", 3}, {"grpc-own", "x", 1}, {"", "x", 1}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct grpc_c_call_options options = {.metadata = &pairs[i], .metadata_count = 1};
        ck_assert(!say(&fixture, ECHO, &options, "x", NULL, &status));
        expect(&status, STATUS_INVALID_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(status.message, pairs[i].key));
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(user_agent_is_told)
{
    struct raw_server *server = server_at("127.0.0.1:0");
    struct grpc_c_channel_options options = {.user_agent = "tester/1", .own_connection = true};
    struct error error;
    struct fixture fixture = {.server = server, .arena = arena_new(1 << 16)};
    fixture.channel = grpc_c_channel_new(raw_server_target(server), &options, &error);
    const struct grpc_c_pair pair = {"which", "user-agent", 10};
    struct grpc_c_call_options call_options = {.metadata = &pair, .metadata_count = 1};
    const char *text;
    struct grpc_c_status status;
    ck_assert(say(&fixture, HEADER, &call_options, "x", &text, &status));
    ck_assert_ptr_eq(strstr(text, "tester/1 "), text);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(unknown_method)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_client_method method = methods[ECHO].unary;
    method.path = "/t.S/Nothing";
    Google__Protobuf__StringValue request = text_message("x");
    const ProtobufCMessage *response;
    struct grpc_c_status status;
    ck_assert(!grpc_c_client_unary(fixture.channel, &method, NULL, &request.base, fixture.arena,
                                   &response, &status));
    expect(&status, STATUS_UNIMPLEMENTED);
    fixture_stop(&fixture);
}
END_TEST

static struct grpc_c_status call_refused(const struct grpc_c_call_options *options,
                                         struct arena *arena)
{
    struct refused refused = refused_port();
    struct fixture fixture = {.channel = channel_to(refused.target), .arena = arena};
    struct grpc_c_status status;
    ck_assert(!say(&fixture, ECHO, options, "x", NULL, &status));
    grpc_c_channel_free(fixture.channel);
    refused_done(&refused);
    return status;
}

START_TEST(refused_port_fails_at_once)
{
    struct arena *arena = arena_new(1 << 16);
    struct grpc_c_status status = call_refused(NULL, arena);
    expect(&status, STATUS_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(status.message, "refused"));
    arena_free(arena);
}
END_TEST

START_TEST(refused_port_is_waited_for_until_the_deadline)
{
    struct arena *arena = arena_new(1 << 16);
    struct grpc_c_call_options options = {.wait_for_ready = true, .timeout_ms = 300};
    struct grpc_c_status status = call_refused(&options, arena);
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    arena_free(arena);
}
END_TEST

static void *say_when_ready(void *data)
{
    struct fixture *fixture = data;
    struct grpc_c_call_options options = {.wait_for_ready = true, .timeout_ms = 60000};
    struct grpc_c_status status;
    say(fixture, ECHO, &options, "x", NULL, &status);
    expect(&status, STATUS_OK);
    return NULL;
}

START_TEST(server_that_comes_later_is_waited_for)
{
    char target[64];
    snprintf(target, sizeof(target), "unix-abstract:maskline-client-%d", (int)getpid());
    struct fixture fixture = {.channel = channel_to(target), .arena = arena_new(1 << 16)};
    struct grpc_c_status status;
    ck_assert(!say(&fixture, ECHO, NULL, "x", NULL, &status));
    expect(&status, STATUS_UNAVAILABLE);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, say_when_ready, &fixture), 0);
    fixture.server = server_at(target);
    pthread_join(thread, NULL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(deadline_ends_a_call_that_is_served)
{
    struct fixture fixture = fixture_start();
    struct grpc_c_call_options options = {.timeout_ms = 200, .wait_for_ready = true};
    struct grpc_c_status status;
    ck_assert(!say(&fixture, SILENT, &options, "x", NULL, &status));
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    await(&arrived);
    await(&gone);
    options.timeout_ms = -1;
    ck_assert(!say(&fixture, ECHO, &options, "x", NULL, &status));
    expect(&status, STATUS_DEADLINE_EXCEEDED);
    fixture_stop(&fixture);
}
END_TEST

static struct grpc_c_status say_rubbish(struct fixture *fixture, const char *bytes, size_t size)
{
    const struct grpc_c_pair pair = {"bytes-bin", bytes, size};
    struct grpc_c_call_options options = {.metadata = &pair, .metadata_count = 1};
    struct grpc_c_status status;
    say(fixture, RUBBISH, &options, "x", NULL, &status);
    return status;
}

START_TEST(rubbish_is_internal)
{
    struct fixture fixture = fixture_start();
    const struct grpc_c_pair rubbish[] = {
        {"cut short",
         "\x0a\x05"
         "ab",
         4},
        {"not UTF-8", "\x0a\x02\xff\xfe", 4},
        {"a group", "\x13\x14", 2},
        {"a number", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11},
    };
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        struct grpc_c_status status = say_rubbish(&fixture, rubbish[i].value, rubbish[i].size);
        expect(&status, STATUS_INTERNAL);
        ck_assert_ptr_nonnull(strstr(status.message, "cannot be read"));
    }
    struct grpc_c_status status = say_rubbish(&fixture, "", 0);
    expect(&status, STATUS_OK);
    ck_assert(!say(&fixture, EMPTY, NULL, "x", NULL, &status));
    expect(&status, STATUS_INTERNAL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(compressed_answers_are_read)
{
    struct fixture fixture = fixture_start();
    const char *text;
    struct grpc_c_status status;
    struct grpc_c_travel travel = {.came_compressed = false};
    struct grpc_c_call_options options = {.travel = &travel};
    ck_assert(say(&fixture, PACKED, &options, "x", &text, &status));
    ck_assert_uint_eq(strlen(text), PACKED_SIZE);
    ck_assert(travel.came_compressed);
    options.compress = true;
    ck_assert(say(&fixture, ECHO, &options, text, &text, &status));
    ck_assert_uint_eq(strlen(text), PACKED_SIZE);
    ck_assert(!travel.came_compressed);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    struct raw_server *server = server_at("127.0.0.1:0");
    struct grpc_c_channel_options options = {.max_response = PACKED_SIZE / 2};
    struct error error;
    struct fixture fixture = {.server = server, .arena = arena_new(1 << 20)};
    fixture.channel = grpc_c_channel_new(raw_server_target(server), &options, &error);
    struct grpc_c_status status;
    ck_assert(!say(&fixture, PACKED, NULL, "x", NULL, &status));
    expect(&status, STATUS_RESOURCE_EXHAUSTED);
    ck_assert(say(&fixture, ECHO, NULL, "x", NULL, &status));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(full_arena_still_gives_a_status)
{
    struct fixture fixture = fixture_start();
    struct arena *roomy = fixture.arena;
    struct grpc_c_status status;
    fixture.arena = arena_new(1000);
    ck_assert(!say(&fixture, PACKED, NULL, "x", NULL, &status));
    expect(&status, STATUS_RESOURCE_EXHAUSTED);
    arena_free(fixture.arena);
    fixture.arena = arena_new(1);
    ck_assert(!say(&fixture, SPEAK, NULL, "x", NULL, &status));
    expect(&status, STATUS_ABORTED);
    ck_assert_uint_eq(status.trailing_count, 0);
    ck_assert_uint_gt(strlen(status.message), 0);
    struct error error;
    grpc_c_status_error(&status, &error);
    ck_assert_int_eq(error.code, STATUS_ABORTED);
    arena_free(fixture.arena);
    fixture.arena = roomy;
    fixture_stop(&fixture);
}
END_TEST

static void *call_often(void *data)
{
    struct grpc_c_channel *channel = data;
    struct fixture fixture = {.channel = channel, .arena = arena_new(1 << 16)};
    for (int i = 0; i < CALLS; i++) {
        char text[16];
        const char *answer;
        struct grpc_c_status status;
        snprintf(text, sizeof(text), "%d", i);
        ck_assert(say(&fixture, ECHO, NULL, text, &answer, &status));
        ck_assert_str_eq(answer, text);
        arena_reset(fixture.arena);
    }
    arena_free(fixture.arena);
    return NULL;
}

START_TEST(many_threads_call_at_once)
{
    struct fixture fixture = fixture_start();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, fixture.channel), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(channels_come_and_go)
{
    struct raw_server *server = server_at("127.0.0.1:0");
    struct fixture fixture = {.server = server, .arena = arena_new(1 << 16)};
    for (int i = 0; i < 5; i++) {
        struct grpc_c_status status;
        fixture.channel = channel_to(raw_server_target(server));
        ck_assert(say(&fixture, ECHO, NULL, "x", NULL, &status));
        grpc_c_channel_free(fixture.channel);
    }
    grpc_c_channel_free(NULL);
    fixture.channel = NULL;
    fixture_stop(&fixture);
}
END_TEST

FIXTURE_MAIN("client/rpc unary", answers, status_comes_with_details_and_metadata, metadata_goes_out,
             metadata_that_cannot_be_sent_fails_the_call, user_agent_is_told, unknown_method,
             refused_port_fails_at_once, refused_port_is_waited_for_until_the_deadline,
             server_that_comes_later_is_waited_for, deadline_ends_a_call_that_is_served,
             rubbish_is_internal, compressed_answers_are_read, sizes_are_bounded,
             full_arena_still_gives_a_status, many_threads_call_at_once, channels_come_and_go)
