/*
 * The client of the interoperability suite, on our own stubs: client --port N --case NAME. Ends with 0 when the case holds, with 1
 * when it does not, and with 2 when there is no such case.
 */
#include "tests/interop/client.h"

#include "proto/c/arena.h"
#include "tests/interop/flags.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG_USE = 2, ARENA_BYTES = 8 << 20, MANY_CALLS = 1000, MOST_CALLS = 100000 };

static const struct {
    const char *name;
    run_case *run;
} cases[] = {
    {"empty_unary", empty_unary},
    {"cacheable_unary", cacheable_unary},
    {"large_unary", large_unary},
    {"client_compressed_unary", client_compressed_unary},
    {"server_compressed_unary", server_compressed_unary},
    {"client_streaming", client_streaming},
    {"client_compressed_streaming", client_compressed_streaming},
    {"server_streaming", server_streaming},
    {"server_compressed_streaming", server_compressed_streaming},
    {"ping_pong", ping_pong},
    {"empty_stream", empty_stream},
    {"custom_metadata", custom_metadata},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {"concurrent_large_unary", concurrent_large_unary},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

bool wrong(struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(run->why, sizeof(run->why), format, args);
    va_end(args);
    return false;
}

bool ended_with(struct run *run, const struct grpc_c_status *status, enum status_code code)
{
    return status->code == code ||
           wrong(run, "the call ended with %s (%s), not with %s", status_code_name(status->code),
                 status->message, status_code_name(code));
}

Grpc__Testing__Payload zeros(size_t size)
{
    static uint8_t bytes[LARGE_REQUEST];
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    payload.body = (ProtobufCBinaryData){.len = size, .data = bytes};
    return payload;
}

bool are_zeros(struct run *run, const Grpc__Testing__Payload *payload, size_t size)
{
    if (!payload)
        return wrong(run, "there is no payload");
    if (payload->type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE)
        return wrong(run, "the payload has the type %d", (int)payload->type);
    if (payload->body.len != size)
        return wrong(run, "the payload has %zu bytes, not %zu", payload->body.len, size);
    for (size_t i = 0; i < size; i++) {
        if (payload->body.data[i] != 0)
            return wrong(run, "byte %zu of the payload is no zero", i);
    }
    return true;
}

struct grpc_c_call_options options_bounded(void)
{
    return (struct grpc_c_call_options){.timeout_ms = CASE_TIMEOUT_MS, .wait_for_ready = true};
}

static run_case *find(const char *name)
{
    for (size_t i = 0; i < CASES; i++) {
        if (strcmp(cases[i].name, name) == 0)
            return cases[i].run;
    }
    return NULL;
}

static int help(const char *text, const char *what)
{
    fprintf(stderr,
            "client: %s %s\nusage: client --port N --case NAME [--host ADDRESS] [--calls N]\n"
            "cases:\n",
            text, what);
    for (size_t i = 0; i < CASES; i++)
        fprintf(stderr, "    %s\n", cases[i].name);
    return WRONG_USE;
}

static bool run_on(const char *target, run_case *which, struct run *run)
{
    struct error error;
    run->channel = grpc_c_channel_new(target, NULL, &error);
    run->arena = arena_new(ARENA_BYTES);
    bool good = run->channel && run->arena;
    if (!run->channel)
        wrong(run, "%s", error.message);
    else if (!run->arena)
        wrong(run, "there is no memory");
    good = good && which(run);
    grpc_c_channel_free(run->channel);
    arena_free(run->arena);
    return good;
}

int main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    const char *port = NULL;
    const char *name = NULL;
    const char *calls = NULL;
    const char *word;
    const struct flag flags[] = {
        {"--host", &host}, {"--server_host", &host}, {"--port", &port},   {"--server_port", &port},
        {"--case", &name}, {"--test_case", &name},   {"--calls", &calls}, {NULL, NULL},
    };
    if (!flags_read(argc, argv, flags, &word))
        return help("cannot read", word);
    if (!port || !name)
        return help("needs", port ? "--case" : "--port");
    run_case *which = find(name);
    if (!which)
        return help("there is no case", name);
    struct run run = {.calls = calls ? (int)strtol(calls, NULL, 10) : MANY_CALLS};
    if (run.calls < 1 || run.calls > MOST_CALLS)
        return help("cannot make so many calls:", calls);
    char target[300];
    snprintf(target, sizeof(target), "%s:%s", host, port);
    if (run_on(target, which, &run)) {
        printf("%s holds\n", name);
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "client: %s: %s\n", name, run.why);
    return EXIT_FAILURE;
}
