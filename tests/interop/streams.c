/*
 * The cases with streams, and those in which a stream is left early.
 */
#include "tests/interop/client.h"

#include "grpc/testing/test.grpc-c-client.h"
#include "proto/c/arena.h"

typedef struct grpc_testing_test_service_full_duplex_call_call duplex_call;
typedef Grpc__Testing__StreamingOutputCallResponse output_response;

enum { STEPS = 4 };

static const size_t request_sizes[STEPS] = {27182, 8, 1828, 45904};
static const int32_t response_sizes[STEPS] = {31415, 9, 2653, 58979};

static bool no_memory(struct run *run)
{
    return wrong(run, "there is no memory");
}

bool client_streaming(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__StreamingInputCallResponse *response;
    struct grpc_c_status status;
    struct grpc_testing_test_service_streaming_input_call_call *call =
        grpc_testing_test_service_streaming_input_call_begin(run->channel, &options);
    if (!call)
        return no_memory(run);
    for (size_t i = 0; i < STEPS; i++) {
        Grpc__Testing__StreamingInputCallRequest request =
            GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
        Grpc__Testing__Payload payload = zeros(request_sizes[i]);
        request.payload = &payload;
        (void)grpc_testing_test_service_streaming_input_call_write(call, &request);
    }
    if (!grpc_testing_test_service_streaming_input_call_finish(call, run->arena, &response,
                                                               &status))
        return ended_with(run, &status, STATUS_OK);
    return response->aggregated_payload_size == 74922 ||
           wrong(run, "the server counted %d bytes, not 74922", response->aggregated_payload_size);
}

bool server_streaming(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters[STEPS];
    Grpc__Testing__ResponseParameters *list[STEPS];
    const output_response *response;
    struct grpc_c_status status;
    for (size_t i = 0; i < STEPS; i++) {
        grpc__testing__response_parameters__init(&parameters[i]);
        parameters[i].size = response_sizes[i];
        list[i] = &parameters[i];
    }
    request.n_response_parameters = STEPS;
    request.response_parameters = list;
    struct grpc_testing_test_service_streaming_output_call_call *call =
        grpc_testing_test_service_streaming_output_call_begin(run->channel, &options, &request);
    if (!call)
        return no_memory(run);
    bool good = true;
    size_t count = 0;
    while (grpc_testing_test_service_streaming_output_call_read(call, run->arena, &response)) {
        if (good && count < STEPS)
            good = are_zeros(run, response->payload, (size_t)response_sizes[count]);
        count++;
    }
    bool ok = grpc_testing_test_service_streaming_output_call_finish(call, run->arena, &status);
    if (!ok)
        return ended_with(run, &status, STATUS_OK);
    return good && (count == STEPS || wrong(run, "%zu answers came, not %d", count, STEPS));
}

/* `answer` < 0: none is asked for. */
static bool write_step(duplex_call *call, size_t size, int32_t answer)
{
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters *list[] = {&parameters};
    Grpc__Testing__Payload payload = zeros(size);
    parameters.size = answer;
    request.n_response_parameters = answer >= 0;
    request.response_parameters = list;
    request.payload = &payload;
    return grpc_testing_test_service_full_duplex_call_write(call, &request);
}

/* Asks for one answer, and reads it. */
static bool step(struct run *run, duplex_call *call, size_t i)
{
    const output_response *response;
    (void)write_step(call, request_sizes[i], response_sizes[i]);
    if (!grpc_testing_test_service_full_duplex_call_read(call, run->arena, &response))
        return wrong(run, "request %zu was not answered", i);
    return are_zeros(run, response->payload, (size_t)response_sizes[i]);
}

/* Half-closes, and sees that no more answers come and that the call is OK. */
static bool end_duplex(struct run *run, duplex_call *call, bool good)
{
    const output_response *response;
    struct grpc_c_status status;
    (void)grpc_testing_test_service_full_duplex_call_write_done(call);
    if (good && grpc_testing_test_service_full_duplex_call_read(call, run->arena, &response))
        good = wrong(run, "there is an answer that was not asked for");
    if (!grpc_testing_test_service_full_duplex_call_finish(call, run->arena, &status))
        return ended_with(run, &status, STATUS_OK);
    return good;
}

bool ping_pong(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    duplex_call *call = grpc_testing_test_service_full_duplex_call_begin(run->channel, &options);
    if (!call)
        return no_memory(run);
    bool good = true;
    for (size_t i = 0; good && i < STEPS; i++)
        good = step(run, call, i);
    return end_duplex(run, call, good);
}

bool empty_stream(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    duplex_call *call = grpc_testing_test_service_full_duplex_call_begin(run->channel, &options);
    return call ? end_duplex(run, call, true) : no_memory(run);
}

bool cancel_after_begin(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__StreamingInputCallResponse *response;
    struct grpc_c_status status;
    struct grpc_testing_test_service_streaming_input_call_call *call =
        grpc_testing_test_service_streaming_input_call_begin(run->channel, &options);
    if (!call)
        return no_memory(run);
    grpc_testing_test_service_streaming_input_call_cancel(call);
    grpc_testing_test_service_streaming_input_call_finish(call, run->arena, &response, &status);
    return ended_with(run, &status, STATUS_CANCELLED);
}

bool cancel_after_first_response(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    struct grpc_c_status status;
    duplex_call *call = grpc_testing_test_service_full_duplex_call_begin(run->channel, &options);
    if (!call)
        return no_memory(run);
    bool good = step(run, call, 0);
    grpc_testing_test_service_full_duplex_call_cancel(call);
    grpc_testing_test_service_full_duplex_call_finish(call, run->arena, &status);
    return good && ended_with(run, &status, STATUS_CANCELLED);
}

bool timeout_on_sleeping_server(struct run *run)
{
    const struct grpc_c_call_options options = {.timeout_ms = 1, .wait_for_ready = true};
    const output_response *response;
    struct grpc_c_status status;
    duplex_call *call = grpc_testing_test_service_full_duplex_call_begin(run->channel, &options);
    if (!call)
        return no_memory(run);
    /* The time may have passed before. */
    (void)write_step(call, request_sizes[0], -1);
    bool answered = grpc_testing_test_service_full_duplex_call_read(call, run->arena, &response);
    grpc_testing_test_service_full_duplex_call_finish(call, run->arena, &status);
    if (answered)
        return wrong(run, "there is an answer that was not asked for");
    return ended_with(run, &status, STATUS_DEADLINE_EXCEEDED);
}
