#include "tests/unit/client/rpc/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

sem_t arrived;
sem_t gone;

#define MESSAGES                                            \
    .request = &google__protobuf__string_value__descriptor, \
    .response = &google__protobuf__string_value__descriptor

#define METHOD(name)                                                               \
    {                                                                              \
        .unary = {.path = "/t.S/" name, MESSAGES},                                 \
        .server_stream = {.path = "/t.S/" name, .server_streams = true, MESSAGES}, \
        .client_stream = {.path = "/t.S/" name, .client_streams = true, MESSAGES}, \
        .bidi = {                                                                  \
            .path = "/t.S/" name,                                                  \
            .client_streams = true,                                                \
            .server_streams = true,                                                \
            MESSAGES,                                                              \
        },                                                                         \
    }

const struct method methods[SCRIPTS] = {
    [ECHO] = METHOD("Echo"),   [COUNT] = METHOD("Count"),   [TOTAL] = METHOD("Total"),
    [SPEAK] = METHOD("Speak"), [SILENT] = METHOD("Silent"), [HEADERS] = METHOD("Headers"),
    [ONE] = METHOD("One"),     [EARLY] = METHOD("Early"),   [RUBBISH] = METHOD("Rubbish"),
    [EMPTY] = METHOD("Empty"), [PACKED] = METHOD("Packed"), [HEADER] = METHOD("Header"),
};

static void write_text(struct raw_call *call, const char *text)
{
    Google__Protobuf__StringValue message = text_message(text);
    size_t size = google__protobuf__string_value__get_packed_size(&message);
    uint8_t *bytes = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(bytes);
    google__protobuf__string_value__pack(&message, bytes);
    raw_write(call, bytes, size);
    free(bytes);
}

static void echo(struct raw_call *call)
{
    const uint8_t *bytes;
    size_t size;
    while (raw_read(call, &bytes, &size)) {
        if (!raw_write(call, bytes, size))
            return;
    }
}

static void count(struct raw_call *call)
{
    char text[24];
    const uint8_t *bytes;
    size_t size;
    ck_assert_int_gt(raw_metadata(call, "count", text, sizeof(text)), 0);
    long most = strtol(text, NULL, 10);
    raw_read(call, &bytes, &size);
    for (long i = 0; i < most; i++) {
        snprintf(text, sizeof(text), "%ld", i);
        write_text(call, text);
    }
}

static void total(struct raw_call *call)
{
    char text[16];
    const uint8_t *bytes;
    size_t size;
    int messages = 0;
    while (raw_read(call, &bytes, &size))
        messages++;
    snprintf(text, sizeof(text), "%d", messages);
    write_text(call, text);
}

static void speak(struct raw_call *call)
{
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(16384);
    ProtobufCBinaryData details = {0};
    struct error error;
    error_set(&error, STATUS_ABORTED, "LOST_RACE", 80606, "Somebody was quicker.");
    error_metadata(&error, "who", "another");
    ck_assert(error_pack(&error, arena, 4096, &details));
    raw_initial(call, "first", "1", 1);
    raw_initial(call, "bytes-bin", "\0\xff", 2);
    raw_trailing(call, "last", "z", 1);
    raw_trailing(call, "grpc-status-details-bin", details.data, details.len);
    raw_finish(call, GRPC_STATUS_ABORTED, "Somebody was quicker.");
}

static void silent(struct raw_call *call)
{
    sem_post(&arrived);
    raw_await_cancel(call);
    sem_post(&gone);
}

static void headers(struct raw_call *call)
{
    raw_initial(call, "first", "1", 1);
    raw_headers(call);
    silent(call);
}

static void one(struct raw_call *call)
{
    write_text(call, "one");
    silent(call);
}

static void early(struct raw_call *call)
{
    raw_finish(call, GRPC_STATUS_FAILED_PRECONDITION, "Not now.");
}

static void rubbish(struct raw_call *call)
{
    char bytes[256];
    int size = raw_metadata(call, "bytes-bin", bytes, sizeof(bytes));
    ck_assert_int_ge(size, 0);
    raw_write(call, bytes, (size_t)size);
}

static void empty(struct raw_call *call)
{
    raw_headers(call);
}

static void packed(struct raw_call *call)
{
    char *text = malloc(PACKED_SIZE + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', PACKED_SIZE);
    text[PACKED_SIZE] = '\0';
    raw_initial(call, "grpc-internal-encoding-request", "gzip", 4);
    write_text(call, text);
    free(text);
}

static void header(struct raw_call *call)
{
    char which[64];
    char value[256];
    ck_assert_int_gt(raw_metadata(call, "which", which, sizeof(which)), 0);
    bool found = raw_metadata(call, which, value, sizeof(value)) >= 0;
    write_text(call, found ? value : "(none)");
}

static const struct raw_method scripts[] = {
    {"/t.S/Echo", echo},     {"/t.S/Count", count},   {"/t.S/Total", total},
    {"/t.S/Speak", speak},   {"/t.S/Silent", silent}, {"/t.S/Headers", headers},
    {"/t.S/One", one},       {"/t.S/Early", early},   {"/t.S/Rubbish", rubbish},
    {"/t.S/Empty", empty},   {"/t.S/Packed", packed}, {"/t.S/Talk", echo},
    {"/t.S/Header", header},
};

struct raw_server *server_at(const char *address)
{
    sem_init(&arrived, 0, 0);
    sem_init(&gone, 0, 0);
    return raw_server_start_at(address, scripts, sizeof(scripts) / sizeof(scripts[0]));
}

struct grpc_c_channel *channel_to(const char *target)
{
    struct error error;
    struct grpc_c_channel *channel = grpc_c_channel_new(target, NULL, &error);
    ck_assert_ptr_nonnull(channel);
    return channel;
}

struct fixture fixture_start(void)
{
    struct fixture fixture = {.server = server_at("127.0.0.1:0"), .arena = arena_new(1 << 20)};
    ck_assert_ptr_nonnull(fixture.arena);
    fixture.channel = channel_to(raw_server_target(fixture.server));
    return fixture;
}

void fixture_stop(struct fixture *fixture)
{
    grpc_c_channel_free(fixture->channel);
    raw_server_stop(fixture->server);
    arena_free(fixture->arena);
}

struct refused refused_port(void)
{
    struct refused refused;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    refused.socket = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(refused.socket, 0);
    ck_assert_int_eq(bind(refused.socket, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(refused.socket, (struct sockaddr *)&address, &size), 0);
    snprintf(refused.target, sizeof(refused.target), "127.0.0.1:%d", ntohs(address.sin_port));
    return refused;
}

void refused_done(struct refused *refused)
{
    close(refused->socket);
}

void await(sem_t *event)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    ck_assert_int_eq(sem_timedwait(event, &until), 0);
}

Google__Protobuf__StringValue text_message(const char *text)
{
    Google__Protobuf__StringValue message = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
    message.value = (char *)(uintptr_t)text;
    return message;
}

const char *text_of(const ProtobufCMessage *message)
{
    ck_assert_ptr_nonnull(message);
    return ((const Google__Protobuf__StringValue *)message)->value;
}

void expect(const struct grpc_c_status *status, enum status_code code)
{
    ck_assert_msg(status->code == code, "%s (%s) where %s was expected",
                  status_code_name(status->code), status->message, status_code_name(code));
}

bool say(struct fixture *fixture, enum script script, const struct grpc_c_call_options *options,
         const char *text, const char **ret_text, struct grpc_c_status *ret_status)
{
    Google__Protobuf__StringValue request = text_message(text);
    const ProtobufCMessage *response = NULL;
    bool ok = grpc_c_client_unary(fixture->channel, &methods[script].unary, options, &request.base,
                                  fixture->arena, &response, ret_status);
    ck_assert_int_eq(ok, ret_status->code == STATUS_OK);
    ck_assert_int_eq(ok, response != NULL);
    if (ok && ret_text)
        *ret_text = text_of(response);
    return ok;
}

int fixture_main(const char *name, const TTest *const *tests, size_t test_count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    for (size_t i = 0; i < test_count; i++)
        tcase_add_test(cases, tests[i]);
    tcase_set_timeout(cases, 150);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
