/*
 * What simulated phones do in calls.
 */
#include "server/api/fields.h"
#include "server/api/internal.h"
#include "server/api/message.h"
#include "server/carriers/simulator/simulator.h"

enum {
    RECIPIENT_CHARACTERS = 64,
    ID_CHARACTERS = 255,
};

static void call_started(void *data, const char *provider_id,
                         const struct inbound_call_result *result)
{
    struct grpc_c_call *call = data;
    if (result->outcome == CALL_UNDECIDED) {
        struct error error = *result->error;
        error.code = STATUS_UNAVAILABLE;
        grpc_c_call_fail(call, &error);
        return;
    }
    Maskline__V1__StartCallResponse response = MASKLINE__V1__START_CALL_RESPONSE__INIT;
    response.provider_id = message_text(provider_id);
    response.outcome = MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
    response.repeated_id = result->repeated;
    if (result->outcome == CALL_REJECTED) {
        response.outcome = MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_REJECTED;
        response.reason = message_text(result->reason);
        response.original_code = result->original;
    }
    maskline_v1_simulator_start_call_reply(call, &response);
}

static void start_call(void *data, struct grpc_c_call *call,
                       const Maskline__V1__StartCallRequest *request)
{
    struct simulator *simulator = simulator_named(data, "", call);
    if (!simulator)
        return;
    struct error error;
    error_clear(&error);
    field_text(&error, "recipient", request->recipient, 1, RECIPIENT_CHARACTERS);
    field_text(&error, "provider_id", request->provider_id, 0, ID_CHARACTERS);
    if (request_is_bad(call, &error))
        return;
    const struct simulator_call given = {
        .handset = request->handset,
        .recipient = request->recipient,
        .withhold_caller = request->withhold_caller,
        .provider_id = request->provider_id,
    };
    if (answer_fits(call) && !simulator_start_call(simulator, &given, call_started, call, &error))
        grpc_c_call_fail(call, &error);
}

static void pick_up(void *data, struct grpc_c_call *call,
                    const Maskline__V1__PickUpRequest *request)
{
    struct simulator *simulator = simulator_named(data, "", call);
    if (!simulator)
        return;
    struct error error;
    Maskline__V1__PickUpResponse response = MASKLINE__V1__PICK_UP_RESPONSE__INIT;
    if (simulator_pick_up(simulator, request->handset, &error))
        maskline_v1_simulator_pick_up_reply(call, &response);
    else
        grpc_c_call_fail(call, &error);
}

static void press_key(void *data, struct grpc_c_call *call,
                      const Maskline__V1__PressKeyRequest *request)
{
    struct simulator *simulator = simulator_named(data, "", call);
    if (!simulator)
        return;
    struct error error;
    Maskline__V1__PressKeyResponse response = MASKLINE__V1__PRESS_KEY_RESPONSE__INIT;
    if (simulator_press_key(simulator, request->handset, request->key, &error))
        maskline_v1_simulator_press_key_reply(call, &response);
    else
        grpc_c_call_fail(call, &error);
}

static void hang_up(void *data, struct grpc_c_call *call,
                    const Maskline__V1__HangUpRequest *request)
{
    struct simulator *simulator = simulator_named(data, "", call);
    if (!simulator)
        return;
    struct error error;
    Maskline__V1__HangUpResponse response = MASKLINE__V1__HANG_UP_RESPONSE__INIT;
    if (simulator_hang_up(simulator, request->handset, &error))
        maskline_v1_simulator_hang_up_reply(call, &response);
    else
        grpc_c_call_fail(call, &error);
}

static void set_network(void *data, struct grpc_c_call *call,
                        const Maskline__V1__SetNetworkBehaviorRequest *request)
{
    struct simulator *simulator = simulator_named(data, request->carrier, call);
    if (!simulator)
        return;
    const struct simulator_network network = {
        .asks_no_keys = request->asks_no_keys,
        .places_no_calls = request->places_no_calls,
        .loses_reports = request->loses_reports,
        .ignores_hang_up = request->ignores_hang_up,
    };
    simulator_set_network(simulator, &network);
    Maskline__V1__SetNetworkBehaviorResponse response =
        MASKLINE__V1__SET_NETWORK_BEHAVIOR_RESPONSE__INIT;
    maskline_v1_simulator_set_network_behavior_reply(call, &response);
}

void simulator_calls_bind(struct maskline_v1_simulator_service *service)
{
    service->start_call = start_call;
    service->pick_up = pick_up;
    service->press_key = press_key;
    service->hang_up = hang_up;
    service->set_network_behavior = set_network;
}
