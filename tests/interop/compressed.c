/*
 * The cases in which single messages are compressed, or are not.
 */
#include "tests/interop/client.h"

#include "grpc/testing/test.grpc-c-client.h"
#include "proto/c/arena.h"

typedef Grpc__Testing__SimpleRequest simple_request;
typedef Grpc__Testing__SimpleResponse simple_response;

/* How one unary call is to go. */
struct
try {
    bool compress;                          /* the request */
    const Grpc__Testing__BoolValue *expect; /* what the server is told of that; NULL: nothing */
    const Grpc__Testing__BoolValue *want_packed; /* of the answer; NULL: as the server likes */
    enum status_code code;
};

static const Grpc__Testing__BoolValue yes = {
    .base = PROTOBUF_C_MESSAGE_INIT(&grpc__testing__bool_value__descriptor),
    .value = 1,
};
static const Grpc__Testing__BoolValue no = {
    .base = PROTOBUF_C_MESSAGE_INIT(&grpc__testing__bool_value__descriptor),
    .value = 0,
};

static Grpc__Testing__BoolValue *member(const Grpc__Testing__BoolValue *value)
{
    return (Grpc__Testing__BoolValue *)(uintptr_t)value;
}

static bool came_as(struct run *run, const struct grpc_c_travel *travel,
                    const Grpc__Testing__BoolValue *wanted)
{
    if (!wanted || travel->came_compressed == (wanted->value != 0))
        return true;
    return wrong(run, "the answer came %s",
                 wanted->value ? "as it is, not compressed" : "compressed");
}

static bool try_unary(struct run *run, const struct try *try)
{
    struct grpc_c_travel travel = {.send_plain = false};
    struct grpc_c_call_options options = options_bounded();
    simple_request request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__Payload payload = zeros(LARGE_REQUEST);
    const simple_response *response;
    struct grpc_c_status status;
    options.compress = try->compress;
    options.travel = &travel;
    request.expect_compressed = member(try->expect);
    request.response_compressed = member(try->want_packed);
    request.response_size = LARGE_RESPONSE;
    request.payload = &payload;
    arena_reset(run->arena);
    grpc_testing_test_service_unary_call(run->channel, &options, &request, run->arena, &response,
                                         &status);
    if (!ended_with(run, &status, try->code))
        return false;
    return try->code != STATUS_OK || (are_zeros(run, response->payload, LARGE_RESPONSE) &&
                                      came_as(run, &travel, try->want_packed));
}

bool client_compressed_unary(struct run *run)
{
    const struct try probe = {.expect = &yes, .code = STATUS_INVALID_ARGUMENT};
    const struct try packed = {.compress = true, .expect = &yes};
    const struct try plain = {.expect = &no};
    return try_unary(run, &probe) && try_unary(run, &packed) && try_unary(run, &plain);
}

bool server_compressed_unary(struct run *run)
{
    const struct try packed = {.want_packed = &yes};
    const struct try plain = {.want_packed = &no};
    return try_unary(run, &packed) && try_unary(run, &plain);
}

static bool send(struct grpc_testing_test_service_streaming_input_call_call *call, size_t size,
                 const Grpc__Testing__BoolValue *expect)
{
    Grpc__Testing__StreamingInputCallRequest request =
        GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
    Grpc__Testing__Payload payload = zeros(size);
    request.payload = &payload;
    request.expect_compressed = member(expect);
    return grpc_testing_test_service_streaming_input_call_write(call, &request);
}

static bool probe_streaming(struct run *run)
{
    const struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__StreamingInputCallResponse *response;
    struct grpc_c_status status;
    struct grpc_testing_test_service_streaming_input_call_call *call =
        grpc_testing_test_service_streaming_input_call_begin(run->channel, &options);
    if (!call)
        return wrong(run, "there is no memory");
    (void)send(call, 27182, &yes);
    grpc_testing_test_service_streaming_input_call_finish(call, run->arena, &response, &status);
    return ended_with(run, &status, STATUS_INVALID_ARGUMENT);
}

bool client_compressed_streaming(struct run *run)
{
    struct grpc_c_travel travel = {.send_plain = false};
    struct grpc_c_call_options options = options_bounded();
    const Grpc__Testing__StreamingInputCallResponse *response;
    struct grpc_c_status status;
    if (!probe_streaming(run))
        return false;
    options.compress = true;
    options.travel = &travel;
    struct grpc_testing_test_service_streaming_input_call_call *call =
        grpc_testing_test_service_streaming_input_call_begin(run->channel, &options);
    if (!call)
        return wrong(run, "there is no memory");
    (void)send(call, 27182, &yes);
    travel.send_plain = true;
    (void)send(call, 45904, &no);
    if (!grpc_testing_test_service_streaming_input_call_finish(call, run->arena, &response,
                                                               &status))
        return ended_with(run, &status, STATUS_OK);
    return response->aggregated_payload_size == 73086 ||
           wrong(run, "the server counted %d bytes, not 73086", response->aggregated_payload_size);
}

static bool read_one(struct run *run,
                     struct grpc_testing_test_service_streaming_output_call_call *call,
                     const struct grpc_c_travel *travel,
                     const Grpc__Testing__ResponseParameters *wanted)
{
    const Grpc__Testing__StreamingOutputCallResponse *response;
    if (!grpc_testing_test_service_streaming_output_call_read(call, run->arena, &response))
        return wrong(run, "there are fewer answers than were asked for");
    return are_zeros(run, response->payload, (size_t)wanted->size) &&
           came_as(run, travel, wanted->compressed);
}

bool server_compressed_streaming(struct run *run)
{
    enum { ANSWERS = 2 };
    struct grpc_c_travel travel = {.send_plain = false};
    struct grpc_c_call_options options = options_bounded();
    Grpc__Testing__ResponseParameters first = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters second = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters *wanted[ANSWERS] = {&first, &second};
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    const Grpc__Testing__StreamingOutputCallResponse *more;
    struct grpc_c_status status;
    options.travel = &travel;
    first.compressed = member(&yes);
    first.size = 31415;
    second.compressed = member(&no);
    second.size = 92653;
    request.n_response_parameters = ANSWERS;
    request.response_parameters = wanted;
    struct grpc_testing_test_service_streaming_output_call_call *call =
        grpc_testing_test_service_streaming_output_call_begin(run->channel, &options, &request);
    if (!call)
        return wrong(run, "there is no memory");
    bool good = true;
    for (size_t i = 0; good && i < ANSWERS; i++)
        good = read_one(run, call, &travel, wanted[i]);
    if (good && grpc_testing_test_service_streaming_output_call_read(call, run->arena, &more))
        good = wrong(run, "there are more answers than were asked for");
    bool ok = grpc_testing_test_service_streaming_output_call_finish(call, run->arena, &status);
    return (ok || ended_with(run, &status, STATUS_OK)) && good;
}
