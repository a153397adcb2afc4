#include "tests/interop/service.h"

#include "proto/c/arena.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The keys that the suite names. */
#define ECHO_INITIAL  "x-grpc-test-echo-initial"
#define ECHO_TRAILING "x-grpc-test-echo-trailing-bin"

void service_echo_metadata(struct grpc_c_call *call)
{
    size_t size;
    const char *value = grpc_c_call_metadata(call, ECHO_INITIAL, &size);
    if (value)
        grpc_c_call_send_initial(call, ECHO_INITIAL, value, size);
    value = grpc_c_call_metadata(call, ECHO_TRAILING, &size);
    if (value)
        grpc_c_call_send_trailing(call, ECHO_TRAILING, value, size);
}

bool service_payload(Grpc__Testing__PayloadType type, int32_t size,
                     Grpc__Testing__Payload *ret_payload, struct error *error)
{
    /* Never written, so that it costs no memory. */
    static uint8_t zeros[SERVICE_LARGEST];
    if (type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE)
        return error_set(error, STATUS_INVALID_ARGUMENT, "", 0, "There is no payload of type %d.",
                         (int)type);
    if (size < 0 || size > SERVICE_LARGEST)
        return error_set(error, STATUS_INVALID_ARGUMENT, "", 0,
                         "A payload has 0 to %d bytes, not %" PRId32 ".", SERVICE_LARGEST, size);
    grpc__testing__payload__init(ret_payload);
    ret_payload->body = (ProtobufCBinaryData){.len = (size_t)size, .data = zeros};
    return true;
}

bool service_came_as(const struct grpc_c_call *call, const Grpc__Testing__BoolValue *expected,
                     struct error *error)
{
    if (!expected || grpc_c_call_came_compressed(call) == (expected->value != 0))
        return true;
    return error_set(error, STATUS_INVALID_ARGUMENT, "", 0, "The message came %s.",
                     expected->value ? "as it is, not compressed" : "compressed");
}

bool service_status(const Grpc__Testing__EchoStatus *asked, struct error *ret_status)
{
    if (!asked || asked->code == STATUS_OK)
        return false;
    bool known = asked->code > STATUS_OK && asked->code <= STATUS_UNAUTHENTICATED;
    error_set(ret_status, known ? (enum status_code)asked->code : STATUS_UNKNOWN, "", 0, "%s",
              asked->message);
    return true;
}

static void empty_call(void *data, struct grpc_c_call *call, const Grpc__Testing__Empty *request)
{
    (void)data;
    service_echo_metadata(call);
    grpc_testing_test_service_empty_call_reply(call, request);
}

static void unary_call(void *data, struct grpc_c_call *call,
                       const Grpc__Testing__SimpleRequest *request)
{
    Grpc__Testing__SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
    Grpc__Testing__Payload payload;
    struct error error;
    (void)data;
    service_echo_metadata(call);
    if (!service_came_as(call, request->expect_compressed, &error) ||
        service_status(request->response_status, &error) ||
        !service_payload(request->response_type, request->response_size, &payload, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    response.payload = &payload;
    grpc_c_call_compress(call, request->response_compressed && request->response_compressed->value);
    grpc_testing_test_service_unary_call_reply(call, &response);
}

static void cacheable_unary_call(void *data, struct grpc_c_call *call,
                                 const Grpc__Testing__SimpleRequest *request)
{
    static const char for_a_minute[] = "max-age=60, public";
    Grpc__Testing__SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    struct timespec now;
    char text[48];
    (void)data;
    (void)request;
    clock_gettime(CLOCK_REALTIME, &now);
    int size = snprintf(text, sizeof(text), "%lld%09ld", (long long)now.tv_sec, now.tv_nsec);
    payload.body = (ProtobufCBinaryData){.len = (size_t)size, .data = (uint8_t *)text};
    response.payload = &payload;
    grpc_c_call_send_initial(call, "cache-control", for_a_minute, strlen(for_a_minute));
    grpc_testing_test_service_cacheable_unary_call_reply(call, &response);
}

/* What a call that counts bytes knows; in the call's arena. */
struct input {
    struct grpc_c_call *call;
    int64_t total;
};

static bool input_message(void *state, const Grpc__Testing__StreamingInputCallRequest *message)
{
    struct input *input = state;
    struct error error;
    if (!service_came_as(input->call, message->expect_compressed, &error))
        grpc_c_call_fail(input->call, &error);
    if (message->payload)
        input->total += (int64_t)message->payload->body.len;
    return true;
}

static void input_half_close(void *state)
{
    struct input *input = state;
    Grpc__Testing__StreamingInputCallResponse response =
        GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;
    response.aggregated_payload_size = input->total < INT32_MAX ? (int32_t)input->total : INT32_MAX;
    grpc_testing_test_service_streaming_input_call_reply(input->call, &response);
}

static void input_end(void *state)
{
    (void)state;
}

static void streaming_input_call(void *data, struct grpc_c_call *call)
{
    static const struct grpc_testing_test_service_streaming_input_call_stream stream = {
        .on_message = input_message,
        .on_half_close = input_half_close,
        .on_end = input_end,
    };
    (void)data;
    struct arena *arena = grpc_c_call_arena(call);
    struct input *input = arena ? arena_alloc(arena, sizeof(*input)) : NULL;
    if (!input) {
        struct error error;
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "NO_MEMORY", 0, "There is no memory.");
        grpc_c_call_fail(call, &error);
        return;
    }
    input->call = call;
    service_echo_metadata(call);
    grpc_testing_test_service_streaming_input_call_open(call, input, &stream);
}

struct grpc_testing_test_service_service service_on(struct timer *timer)
{
    /* unimplemented_call is left out: that is what it is for. */
    return (struct grpc_testing_test_service_service){
        .data = timer,
        .empty_call = empty_call,
        .unary_call = unary_call,
        .cacheable_unary_call = cacheable_unary_call,
        .streaming_output_call = output_streaming,
        .streaming_input_call = streaming_input_call,
        .full_duplex_call = output_full_duplex,
        .half_duplex_call = output_half_duplex,
    };
}
