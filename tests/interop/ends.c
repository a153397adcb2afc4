/*
 * The cases about what stands around messages: metadata, and how calls end.
 */
#include "tests/interop/client.h"

#include "grpc/testing/test.grpc-c-client.h"
#include "proto/c/arena.h"

#include <string.h>

typedef struct grpc_testing_test_service_full_duplex_call_call duplex_call;

static const char initial_value[] = "test_initial_metadata_value";

/* What is to be sent back: the first at the beginning, the second at the end. */
static const struct grpc_c_pair echoed[] = {
    {"x-grpc-test-echo-initial", initial_value, sizeof(initial_value) - 1},
    {"x-grpc-test-echo-trailing-bin", "\xab\xab\xab", 3},
};

static bool has(struct run *run, const struct grpc_c_pair *pairs, size_t count,
                const struct grpc_c_pair *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, wanted->key) == 0)
            return (pairs[i].size == wanted->size &&
                    memcmp(pairs[i].value, wanted->value, wanted->size) == 0) ||
                   wrong(run, "%s came back with another value", wanted->key);
    }
    return wrong(run, "%s did not come back", wanted->key);
}

static bool echoes(struct run *run, const struct grpc_c_status *status)
{
    return ended_with(run, status, STATUS_OK) &&
           has(run, status->initial, status->initial_count, &echoed[0]) &&
           has(run, status->trailing, status->trailing_count, &echoed[1]);
}

static struct grpc_c_call_options options_with_metadata(void)
{
    struct grpc_c_call_options options = options_bounded();
    options.metadata = echoed;
    options.metadata_count = sizeof(echoed) / sizeof(echoed[0]);
    return options;
}

static bool metadata_of_unary(struct run *run)
{
    const struct grpc_c_call_options options = options_with_metadata();
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload payload = zeros(LARGE_REQUEST);
    const Grpc__Testing__SimpleResponse *response;
    struct grpc_c_status status;
    request.response_size = LARGE_RESPONSE;
    request.payload = &payload;
    grpc_testing_test_service_unary_call(run->channel, &options, &request, run->arena, &response,
                                         &status);
    return echoes(run, &status) && are_zeros(run, response->payload, LARGE_RESPONSE);
}

/* Sends one request, half-closes, and takes one answer when there is one. */
static bool full_duplex(struct run *run, const struct grpc_c_call_options *options,
                        const Grpc__Testing__StreamingOutputCallRequest *request,
                        const Grpc__Testing__Payload **ret_payload,
                        struct grpc_c_status *ret_status)
{
    const Grpc__Testing__StreamingOutputCallResponse *response;
    duplex_call *call = grpc_testing_test_service_full_duplex_call_begin(run->channel, options);
    if (!call)
        return wrong(run, "there is no memory");
    (void)grpc_testing_test_service_full_duplex_call_write(call, request);
    (void)grpc_testing_test_service_full_duplex_call_write_done(call);
    *ret_payload = NULL;
    if (grpc_testing_test_service_full_duplex_call_read(call, run->arena, &response))
        *ret_payload = response->payload;
    grpc_testing_test_service_full_duplex_call_finish(call, run->arena, ret_status);
    return true;
}

static bool metadata_of_stream(struct run *run)
{
    const struct grpc_c_call_options options = options_with_metadata();
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters *list[] = {&parameters};
    Grpc__Testing__Payload payload = zeros(LARGE_REQUEST);
    const Grpc__Testing__Payload *answer;
    struct grpc_c_status status;
    parameters.size = LARGE_RESPONSE;
    request.n_response_parameters = 1;
    request.response_parameters = list;
    request.payload = &payload;
    return full_duplex(run, &options, &request, &answer, &status) && echoes(run, &status) &&
           are_zeros(run, answer, LARGE_RESPONSE);
}

bool custom_metadata(struct run *run)
{
    return metadata_of_unary(run) && metadata_of_stream(run);
}

static bool ended_as(struct run *run, const struct grpc_c_status *status,
                     const Grpc__Testing__EchoStatus *wanted)
{
    if (!ended_with(run, status, (enum status_code)wanted->code))
        return false;
    return strcmp(status->message, wanted->message) == 0 ||
           wrong(run, "the message of the status is \"%s\", not \"%s\"", status->message,
                 wanted->message);
}

static bool status_of_unary(struct run *run, Grpc__Testing__EchoStatus *wanted)
{
    const struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    const Grpc__Testing__SimpleResponse *response;
    struct grpc_c_status status;
    request.response_status = wanted;
    grpc_testing_test_service_unary_call(run->channel, &options, &request, run->arena, &response,
                                         &status);
    return ended_as(run, &status, wanted);
}

static bool status_of_stream(struct run *run, Grpc__Testing__EchoStatus *wanted)
{
    const struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    const Grpc__Testing__Payload *answer;
    struct grpc_c_status status;
    request.response_status = wanted;
    return full_duplex(run, &options, &request, &answer, &status) && ended_as(run, &status, wanted);
}

static Grpc__Testing__EchoStatus unknown_with(const char *message)
{
    Grpc__Testing__EchoStatus status = GRPC__TESTING__ECHO_STATUS__INIT;
    status.code = STATUS_UNKNOWN;
    status.message = (char *)(uintptr_t)message;
    return status;
}

bool status_code_and_message(struct run *run)
{
    Grpc__Testing__EchoStatus wanted = unknown_with("test status message");
    return status_of_unary(run, &wanted) && status_of_stream(run, &wanted);
}

bool special_status_message(struct run *run)
{
    Grpc__Testing__EchoStatus wanted = unknown_with(
        "\t\ntest with whitespace\r\nand Unicode BMP \u263A and non-BMP \U0001F608\t\n");
    return status_of_unary(run, &wanted);
}

bool unimplemented_method(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    const Grpc__Testing__Empty *response;
    struct grpc_c_status status;
    grpc_testing_test_service_unimplemented_call(run->channel, &options, &request, run->arena,
                                                 &response, &status);
    return ended_with(run, &status, STATUS_UNIMPLEMENTED);
}

bool unimplemented_service(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    const Grpc__Testing__Empty *response;
    struct grpc_c_status status;
    grpc_testing_unimplemented_service_unimplemented_call(run->channel, &options, &request,
                                                          run->arena, &response, &status);
    return ended_with(run, &status, STATUS_UNIMPLEMENTED);
}
