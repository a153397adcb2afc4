#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/number_calls.h"
#include "server/api/reads.h"
#include "server/api/requests.h"
#include "server/masking/ingress.h"

static void *message(struct arena *arena, const Maskline__Store__V1__PhoneNumber *number,
                     int64_t in_use)
{
    return number_message(arena, number, in_use);
}

static const struct number_calls CALLS = {
    .kind = NUMBER_PHONE,
    .message = message,
    .added = &maskline__v1__add_phone_number_response__descriptor,
    .got = &maskline__v1__get_phone_number_response__descriptor,
    .listed = &maskline__v1__list_phone_numbers_response__descriptor,
    .updated = &maskline__v1__update_phone_number_response__descriptor,
    .removed = &maskline__v1__remove_phone_number_response__descriptor,
};

static void add(void *data, struct grpc_c_call *call,
                const Maskline__V1__AddPhoneNumberRequest *request)
{
    struct api *api = data;
    const Maskline__V1__PhoneNumberCapabilities *can = request->capabilities;
    struct error error;
    error_clear(&error);
    if (can && !can->sms && !can->mms && !can->voice)
        error_field(&error, "capabilities", "The number must be able to do something.");
    if (request_is_bad(call, &error))
        return;
    struct number_draft draft = {
        .service = request->service,
        .phone_number = request->phone_number,
        .country = request->country,
        .friendly_name = request->friendly_name,
        .sms = !can || can->sms,
        .mms = !can || can->mms,
        .voice = !can || can->voice,
        .as_carrier = !can,
        .reserved = request->reserved,
        .carriers = (const char *const *)request->carriers,
        .carrier_count = request->n_carriers,
    };
    number_add(api, call, &CALLS, "AddPhoneNumber", &request->base, &draft);
}

/* ---- many ---- */

struct many {
    struct grpc_c_call *call;
    struct number_draft *drafts;
    size_t count;
};

static Maskline__V1__BatchAddResult *result_message(struct arena *arena,
                                                    const struct number_added *result,
                                                    const struct number_draft *draft)
{
    Maskline__V1__BatchAddResult *message =
        message_new(arena, &maskline__v1__batch_add_result__descriptor);
    if (!message)
        return NULL;
    if (result->number) {
        message->outcome_case = MASKLINE__V1__BATCH_ADD_RESULT__OUTCOME_PHONE_NUMBER;
        message->phone_number = number_message(arena, result->number, 0);
        return message;
    }
    Maskline__V1__PhoneNumberRefusal *refused =
        message_new(arena, &maskline__v1__phone_number_refusal__descriptor);
    if (!refused)
        return NULL;
    refused->phone_number = message_text(draft->phone_number);
    refused->code = (int32_t)result->code;
    refused->reason = message_text(result->reason);
    refused->original_code = result->original;
    refused->message = message_text(result->message);
    message->outcome_case = MASKLINE__V1__BATCH_ADD_RESULT__OUTCOME_REFUSED;
    message->refused = refused;
    return message;
}

static void added_many(void *data, const struct number_added *results, const struct error *error)
{
    const struct many *many = data;
    if (error) {
        grpc_c_call_fail(many->call, error);
        return;
    }
    struct arena *arena = grpc_c_call_arena(many->call);
    Maskline__V1__BatchAddPhoneNumbersResponse response =
        MASKLINE__V1__BATCH_ADD_PHONE_NUMBERS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, many->count);
    for (size_t i = 0; i < many->count; i++) {
        message_list_add(&messages, result_message(arena, &results[i], &many->drafts[i]));
        response.added += results[i].number ? 1u : 0u;
    }
    response.results = (Maskline__V1__BatchAddResult **)messages.items;
    response.n_results = messages.count;
    if (answer_fits(many->call))
        maskline_v1_phone_numbers_batch_add_phone_numbers_reply(many->call, &response);
}

/* What its request_id stands for: it counts as that of AddPhoneNumber, so it is that request. */
static bool identify(struct masking *masking, struct arena *arena, const char *service,
                     const Maskline__V1__NewPhoneNumber *given, struct request_id *ret_request,
                     struct error *error)
{
    if (!*given->request_id)
        return true;
    Maskline__V1__AddPhoneNumberRequest alone = MASKLINE__V1__ADD_PHONE_NUMBER_REQUEST__INIT;
    alone.service = message_text(service);
    alone.phone_number = given->phone_number;
    alone.country = given->country;
    alone.friendly_name = given->friendly_name;
    alone.capabilities = given->capabilities;
    alone.reserved = given->reserved;
    alone.carriers = given->carriers;
    alone.n_carriers = given->n_carriers;
    alone.request_id = given->request_id;
    return request_identity(masking, arena, &alone.base, "AddPhoneNumber", ret_request, error);
}

static void add_many(void *data, struct grpc_c_call *call,
                     const Maskline__V1__BatchAddPhoneNumbersRequest *request)
{
    enum { NUMBERS_MOST = 5000 };
    struct api *api = data;
    struct error error;
    error_clear(&error);
    if (request->n_phone_numbers > NUMBERS_MOST)
        error_field(&error, "phone_numbers", "At most %d.", NUMBERS_MOST);
    if (request_is_bad(call, &error))
        return;
    struct many many = {.call = call, .count = request->n_phone_numbers};
    many.drafts = arena_array(grpc_c_call_arena(call), many.count, sizeof *many.drafts);
    struct many *kept = keep_draft(call, &many, sizeof many);
    if (!kept || (!many.drafts && !answer_fits(call)))
        return;
    for (size_t i = 0; i < many.count; i++) {
        const Maskline__V1__NewPhoneNumber *given = request->phone_numbers[i];
        const Maskline__V1__PhoneNumberCapabilities *can = given->capabilities;
        many.drafts[i] = (struct number_draft){
            .service = request->service,
            .phone_number = given->phone_number,
            .country = given->country,
            .friendly_name = given->friendly_name,
            .sms = !can || can->sms,
            .mms = !can || can->mms,
            .voice = !can || can->voice,
            .as_carrier = !can,
            .reserved = given->reserved,
            .carriers = (const char *const *)given->carriers,
            .carrier_count = given->n_carriers,
        };
        if (!identify(api->parts.masking, grpc_c_call_arena(call), request->service, given,
                      &many.drafts[i].request, &error)) {
            grpc_c_call_fail(call, &error);
            return;
        }
    }
    numbers_add_many(api->parts.masking, request->service, many.drafts, many.count, added_many,
                     kept);
}

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetPhoneNumberRequest *get = request;
    return number_get(api, call, &CALLS, get->service, get->phone_number, view, error);
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetPhoneNumberRequest *request)
{
    read_here(data, call, request, get_read);
}

static struct number_filter read_filter(struct error *error,
                                        const Maskline__V1__PhoneNumberFilter *given)
{
    struct number_filter filter = {0};
    if (!given)
        return filter;
    field_enum(error, "filter.state", &maskline__v1__phone_number_state__descriptor,
               (int)given->state);
    filter.country = given->country;
    filter.state = (Maskline__Store__V1__NumberState)given->state;
    filter.by_reserved =
        given->reservation_case == MASKLINE__V1__PHONE_NUMBER_FILTER__RESERVATION_RESERVED;
    filter.reserved = filter.by_reserved && given->reserved;
    return filter;
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListPhoneNumbersRequest *list = request;
    error_clear(error);
    const struct number_page page = {
        .service = list->service,
        .filter = read_filter(error, list->filter),
        .size = list->page_size,
        .token = list->page_token,
    };
    return number_list(api, call, &CALLS, &page, view, error);
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListPhoneNumbersRequest *request)
{
    read_later(data, call, request, list_read);
}

enum {
    CHANGES_FRIENDLY_NAME = 1 << 0,
    CHANGES_RESERVED = 1 << 1,
    CHANGES_CARRIERS = 1 << 2,
    CHANGES_STATE = 1 << 3,
};

static uint64_t changes_of(struct error *error,
                           const Maskline__V1__UpdatePhoneNumberRequest *request)
{
    static const struct mask_path paths[] = {
        {"friendly_name", CHANGES_FRIENDLY_NAME},
        {"reserved", CHANGES_RESERVED},
        {"carriers", CHANGES_CARRIERS},
        CAPABILITY_PATHS,
        {"state", CHANGES_STATE},
        {NULL, 0},
    };
    if (mask_given(request->update_mask))
        return mask_changes(error, request->update_mask, paths);
    return (*request->friendly_name ? CHANGES_FRIENDLY_NAME : 0u) |
           (request->reserved ? CHANGES_RESERVED : 0u) |
           (request->n_carriers > 0 ? CHANGES_CARRIERS : 0u) |
           (request->state != 0 ? CHANGES_STATE : 0u) |
           (request->capabilities ? CHANGES_CAPABILITIES : 0u);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdatePhoneNumberRequest *request)
{
    struct api *api = data;
    struct error error;
    error_clear(&error);
    field_enum(&error, "state", &maskline__v1__phone_number_state__descriptor, (int)request->state);
    uint64_t changes = changes_of(&error, request);
    if (request_is_bad(call, &error))
        return;
    struct number_change change = {
        .service = request->service,
        .number = request->phone_number,
        .set_reserved = changes & CHANGES_RESERVED,
        .reserved = request->reserved,
        .friendly_name = changes & CHANGES_FRIENDLY_NAME ? request->friendly_name : NULL,
    };
    if (changes & CHANGES_STATE)
        change.state = request->state == 0 ? MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_ACTIVE
                                           : (Maskline__Store__V1__NumberState)request->state;
    const struct carrier_list carriers = {changes & CHANGES_CARRIERS, request->carriers,
                                          request->n_carriers};
    number_change_capabilities(&change, changes, request->capabilities, NUMBER_CAN_ALL);
    number_update(api, call, &CALLS, &change, &carriers);
}

static void remove_number(void *data, struct grpc_c_call *call,
                          const Maskline__V1__RemovePhoneNumberRequest *request)
{
    number_remove(data, call, &CALLS, request->service, request->phone_number, request->force);
}

void phone_numbers_bind(struct api *api)
{
    api->phone_numbers = (struct maskline_v1_phone_numbers_service){
        .data = api,
        .add_phone_number = add,
        .batch_add_phone_numbers = add_many,
        .get_phone_number = get,
        .list_phone_numbers = list,
        .update_phone_number = update,
        .remove_phone_number = remove_number,
    };
    pools_bind(&api->phone_numbers);
}
