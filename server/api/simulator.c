#include "server/api/behavior.h"
#include "server/api/fields.h"
#include "server/api/handset_watch.h"
#include "server/api/internal.h"
#include "server/api/media.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_STANDARD = 50,
    PAGE_MOST = 1000,
    RECIPIENT_CHARACTERS = 64,
    BODY_CHARACTERS = 20000,
    MEDIA_MOST = 20,
    ID_CHARACTERS = 255,
};

struct simulator *simulator_named(struct api *api, const char *name, struct grpc_c_call *call)
{
    struct error error;
    if (carriers_all_simulated(api->parts.carriers) && api->parts.test_clock) {
        struct simulator *simulator = carriers_simulator(api->parts.carriers, name);
        if (simulator)
            return simulator;
        error_set(&error, STATUS_NOT_FOUND, "CARRIER_NOT_FOUND", 0,
                  "No carrier of that name is configured.");
        grpc_c_call_fail(call, &error);
        return NULL;
    }
    error_set(&error, STATUS_UNIMPLEMENTED, "SIMULATOR_OFF", 0,
              "The simulator works only when all configured carriers are the simulator.");
    grpc_c_call_fail(call, &error);
    return NULL;
}

/* Who has the phones. */
static struct simulator *simulator_of(struct api *api, struct grpc_c_call *call)
{
    return simulator_named(api, "", call);
}

static void add(void *data, struct grpc_c_call *call,
                const Maskline__V1__AddHandsetRequest *request)
{
    struct simulator *simulator = simulator_of(data, call);
    if (!simulator)
        return;
    struct error error;
    error_clear(&error);
    struct simulator_behavior behavior = behavior_read(&error, request->behavior);
    struct simulator_handset handset;
    if (error.code != STATUS_OK ||
        !simulator_add_handset(simulator, request->phone_number, &behavior, &handset, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    Maskline__V1__AddHandsetResponse response = MASKLINE__V1__ADD_HANDSET_RESPONSE__INIT;
    response.handset = handset_message(grpc_c_call_arena(call), &handset);
    if (answer_fits(call))
        maskline_v1_simulator_add_handset_reply(call, &response);
}

/* A page begins after so many phones: they are never taken away. */
static uint64_t read_token(struct error *error, const char *token)
{
    char *end;
    if (*token == '\0')
        return 0;
    if (strspn(token, "0123456789") == strlen(token) && strlen(token) < 16)
        return strtoull(token, &end, 10);
    error_field(error, "page_token", "It is not one of this list.");
    return 0;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListHandsetsRequest *request)
{
    struct simulator *simulator = simulator_of(data, call);
    if (!simulator)
        return;
    struct arena *arena = grpc_c_call_arena(call);
    struct error error;
    struct page page;
    error_clear(&error);
    field_page(&error, request->page_size, request->page_token, &page);
    uint64_t skip = read_token(&error, request->page_token);
    if (request_is_bad(call, &error))
        return;
    size_t size = page.size == 0 ? PAGE_STANDARD : page.size > PAGE_MOST ? PAGE_MOST : page.size;
    /* One more than the page holds: whether there is another page. */
    struct simulator_handset *found = arena_array(arena, size + 1, sizeof *found);
    size_t count = found ? simulator_list(simulator, skip, found, size + 1) : 0;
    Maskline__V1__ListHandsetsResponse response = MASKLINE__V1__LIST_HANDSETS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, size);
    for (size_t i = 0; i < count && i < size; i++)
        message_list_add(&messages, handset_message(arena, &found[i]));
    response.handsets = (Maskline__V1__Handset **)messages.items;
    response.n_handsets = messages.count;
    if (count > size)
        response.next_page_token = arena_printf(arena, "%llu", (unsigned long long)(skip + size));
    if (answer_fits(call))
        maskline_v1_simulator_list_handsets_reply(call, &response);
}

static void set_behavior(void *data, struct grpc_c_call *call,
                         const Maskline__V1__SetHandsetBehaviorRequest *request)
{
    struct simulator *simulator = simulator_of(data, call);
    if (!simulator)
        return;
    struct error error;
    error_clear(&error);
    struct simulator_behavior behavior = behavior_read(&error, request->behavior);
    struct simulator_handset handset;
    if (error.code != STATUS_OK ||
        !simulator_set_behavior(simulator, request->handset, &behavior, &handset, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    Maskline__V1__SetHandsetBehaviorResponse response =
        MASKLINE__V1__SET_HANDSET_BEHAVIOR_RESPONSE__INIT;
    response.handset = handset_message(grpc_c_call_arena(call), &handset);
    if (answer_fits(call))
        maskline_v1_simulator_set_handset_behavior_reply(call, &response);
}

static void text_sent(void *data, const char *provider_id, const struct inbound_result *result)
{
    struct grpc_c_call *call = data;
    if (result->outcome == INBOUND_FAILED) {
        struct error error = *result->error;
        error.code = STATUS_UNAVAILABLE;
        grpc_c_call_fail(call, &error);
        return;
    }
    Maskline__V1__SendTextResponse response = MASKLINE__V1__SEND_TEXT_RESPONSE__INIT;
    response.provider_id = message_text(provider_id);
    response.outcome = result->outcome == INBOUND_ACCEPTED
                           ? MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED
                           : MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_REJECTED;
    response.reason = message_text(result->reason);
    response.original_code = result->original;
    response.repeated_id = result->repeated;
    maskline_v1_simulator_send_text_reply(call, &response);
}

static void send_text(void *data, struct grpc_c_call *call,
                      const Maskline__V1__SendTextRequest *request)
{
    struct simulator *simulator = simulator_of(data, call);
    if (!simulator)
        return;
    struct error error;
    error_clear(&error);
    field_text(&error, "recipient", request->recipient, 1, RECIPIENT_CHARACTERS);
    field_text(&error, "body", request->body, 0, BODY_CHARACTERS);
    field_text(&error, "provider_id", request->provider_id, 0, ID_CHARACTERS);
    if (request->n_media > MEDIA_MOST)
        error_field(&error, "media", "At most %d can be given.", MEDIA_MOST);
    if (request_is_bad(call, &error))
        return;
    struct simulator_text text = {
        .handset = request->handset,
        .recipient = request->recipient,
        .body = request->body,
        .media = media_read(grpc_c_call_arena(call), request->media, request->n_media),
        .media_count = request->n_media,
        .withhold_sender = request->withhold_sender,
        .provider_id = request->provider_id,
    };
    if (answer_fits(call) && !simulator_send(simulator, &text, text_sent, call, &error))
        grpc_c_call_fail(call, &error);
}

static void watch(void *data, struct grpc_c_call *call,
                  const Maskline__V1__WatchHandsetRequest *request)
{
    struct simulator *simulator = simulator_of(data, call);
    if (simulator)
        handset_watch_open(simulator, call, request);
}

/* In the call's arena. */
struct move {
    struct grpc_c_call *call;
    int64_t now;
};

/* What the network does in calls by the new time has been done, and told. */
static void moved(void *data)
{
    struct move *move = data;
    Maskline__V1__MoveClockResponse response = MASKLINE__V1__MOVE_CLOCK_RESPONSE__INIT;
    response.time = message_time(grpc_c_call_arena(move->call), move->now);
    if (answer_fits(move->call))
        maskline_v1_simulator_move_clock_reply(move->call, &response);
}

static void move_clock(void *data, struct grpc_c_call *call,
                       const Maskline__V1__MoveClockRequest *request)
{
    struct api *api = data;
    struct simulator *simulator = simulator_of(api, call);
    if (!simulator)
        return;
    struct move move = {.call = call};
    int64_t advance = 0;
    struct error error;
    error_clear(&error);
    field_duration(&error, "advance", request->advance, &advance);
    if (request_is_bad(call, &error))
        return;
    struct move *kept = keep_draft(call, &move, sizeof move);
    if (!kept)
        return;
    if (test_clock_move(api->parts.test_clock, advance, &kept->now, &error))
        simulator_when_quiet(simulator, moved, kept);
    else
        grpc_c_call_fail(call, &error);
}

static void get_clock(void *data, struct grpc_c_call *call,
                      const Maskline__V1__GetClockRequest *request)
{
    (void)request;
    struct api *api = data;
    if (!simulator_of(api, call))
        return;
    Maskline__V1__GetClockResponse response = MASKLINE__V1__GET_CLOCK_RESPONSE__INIT;
    response.time =
        message_time(grpc_c_call_arena(call), store_now(masking_store(api->parts.masking)));
    if (answer_fits(call))
        maskline_v1_simulator_get_clock_reply(call, &response);
}

void simulator_bind(struct api *api)
{
    api->simulator = (struct maskline_v1_simulator_service){
        .data = api,
        .add_handset = add,
        .list_handsets = list,
        .set_handset_behavior = set_behavior,
        .send_text = send_text,
        .watch_handset = watch,
        .move_clock = move_clock,
        .get_clock = get_clock,
    };
    simulator_calls_bind(&api->simulator);
}
