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

/* Something that is done to a phone, and what it is answered with: when what went before has had its consequences, and then when it has
 * had its own. Who types one command after the other finds the phones as they should be by then. In the call's arena. */
struct act {
    struct simulator *simulator;
    struct grpc_c_call *call;
    const char *handset;
    const char *key;
    bool (*act)(const struct act *act, struct error *error);
    void (*reply)(struct grpc_c_call *call);
};

static void act_done(void *data)
{
    struct act *act = data;
    act->reply(act->call);
}

static void act_now(void *data)
{
    struct act *act = data;
    struct error error;
    if (act->act(act, &error))
        simulator_when_quiet(act->simulator, act_done, act);
    else
        grpc_c_call_fail(act->call, &error);
}

static void begin(struct api *api, const struct act *given)
{
    struct act *act = keep_draft(given->call, given, sizeof *given);
    if (!act)
        return;
    act->simulator = simulator_named(api, "", act->call);
    if (act->simulator)
        simulator_when_quiet(act->simulator, act_now, act);
}

/* ---- calling ---- */

struct starting {
    struct simulator *simulator;
    struct grpc_c_call *call;
    Maskline__V1__StartCallResponse response;
};

static void reply_started(void *data)
{
    struct starting *starting = data;
    maskline_v1_simulator_start_call_reply(starting->call, &starting->response);
}

static void call_started(void *data, const char *provider_id,
                         const struct inbound_call_result *result)
{
    struct starting *starting = data;
    Maskline__V1__StartCallResponse *response = &starting->response;
    struct arena *arena = grpc_c_call_arena(starting->call);
    if (result->outcome == CALL_UNDECIDED) {
        struct error error = *result->error;
        error.code = STATUS_UNAVAILABLE;
        grpc_c_call_fail(starting->call, &error);
        return;
    }
    maskline__v1__start_call_response__init(response);
    response->provider_id = arena_string(arena, provider_id);
    response->outcome = MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
    response->repeated_id = result->repeated;
    if (result->outcome == CALL_REJECTED) {
        response->outcome = MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_REJECTED;
        response->reason = arena_string(arena, result->reason);
        response->original_code = result->original;
    }
    if (answer_fits(starting->call))
        simulator_when_quiet(starting->simulator, reply_started, starting);
}

static void start_call(void *data, struct grpc_c_call *call,
                       const Maskline__V1__StartCallRequest *request)
{
    struct starting starting = {.simulator = simulator_named(data, "", call), .call = call};
    if (!starting.simulator)
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
    struct starting *kept = keep_draft(call, &starting, sizeof starting);
    if (kept && !simulator_start_call(starting.simulator, &given, call_started, kept, &error))
        grpc_c_call_fail(call, &error);
}

/* ---- in calls ---- */

static bool act_pick_up(const struct act *act, struct error *error)
{
    return simulator_pick_up(act->simulator, act->handset, error);
}

static void reply_pick_up(struct grpc_c_call *call)
{
    Maskline__V1__PickUpResponse response = MASKLINE__V1__PICK_UP_RESPONSE__INIT;
    maskline_v1_simulator_pick_up_reply(call, &response);
}

static void pick_up(void *data, struct grpc_c_call *call,
                    const Maskline__V1__PickUpRequest *request)
{
    begin(data, &(struct act){.call = call,
                              .handset = request->handset,
                              .act = act_pick_up,
                              .reply = reply_pick_up});
}

static bool act_press(const struct act *act, struct error *error)
{
    return simulator_press_key(act->simulator, act->handset, act->key, error);
}

static void reply_press(struct grpc_c_call *call)
{
    Maskline__V1__PressKeyResponse response = MASKLINE__V1__PRESS_KEY_RESPONSE__INIT;
    maskline_v1_simulator_press_key_reply(call, &response);
}

static void press_key(void *data, struct grpc_c_call *call,
                      const Maskline__V1__PressKeyRequest *request)
{
    begin(data, &(struct act){.call = call,
                              .handset = request->handset,
                              .key = request->key,
                              .act = act_press,
                              .reply = reply_press});
}

static bool act_hang_up(const struct act *act, struct error *error)
{
    return simulator_hang_up(act->simulator, act->handset, error);
}

static void reply_hang_up(struct grpc_c_call *call)
{
    Maskline__V1__HangUpResponse response = MASKLINE__V1__HANG_UP_RESPONSE__INIT;
    maskline_v1_simulator_hang_up_reply(call, &response);
}

static void hang_up(void *data, struct grpc_c_call *call,
                    const Maskline__V1__HangUpRequest *request)
{
    begin(data, &(struct act){.call = call,
                              .handset = request->handset,
                              .act = act_hang_up,
                              .reply = reply_hang_up});
}

/* ---- the network ---- */

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
