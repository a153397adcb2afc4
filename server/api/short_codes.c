#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/number_calls.h"
#include "server/api/reads.h"
#include "server/masking/ingress.h"

static void *message(struct arena *arena, const Maskline__Store__V1__PhoneNumber *number,
                     int64_t in_use)
{
    return short_code_message(arena, number, in_use);
}

static const struct number_calls CALLS = {
    .kind = NUMBER_SHORT_CODE,
    .message = message,
    .added = &maskline__v1__add_short_code_response__descriptor,
    .got = &maskline__v1__get_short_code_response__descriptor,
    .listed = &maskline__v1__list_short_codes_response__descriptor,
    .updated = &maskline__v1__update_short_code_response__descriptor,
    .removed = &maskline__v1__remove_short_code_response__descriptor,
};

static void add(void *data, struct grpc_c_call *call,
                const Maskline__V1__AddShortCodeRequest *request)
{
    struct api *api = data;
    const Maskline__V1__PhoneNumberCapabilities *can = request->capabilities;
    struct error error;
    error_clear(&error);
    if (can && !can->sms && !can->mms && !can->voice)
        error_field(&error, "capabilities", "The short code must be able to do something.");
    if (request_is_bad(call, &error))
        return;
    struct number_draft draft = {
        .service = request->service,
        .phone_number = request->short_code,
        .country = request->country,
        .sms = !can || can->sms,
        .mms = !can || can->mms,
        .voice = can && can->voice,
        .as_carrier = !can,
        .carriers = (const char *const *)request->carriers,
        .carrier_count = request->n_carriers,
    };
    number_add(api, call, &CALLS, "AddShortCode", &request->base, &draft);
}

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetShortCodeRequest *get = request;
    return number_get(api, call, &CALLS, get->service, get->short_code, view, error);
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetShortCodeRequest *request)
{
    read_here(data, call, request, get_read);
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListShortCodesRequest *list = request;
    error_clear(error);
    const struct number_page page = {
        .service = list->service,
        .filter = {.country = list->country},
        .size = list->page_size,
        .token = list->page_token,
    };
    return number_list(api, call, &CALLS, &page, view, error);
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListShortCodesRequest *request)
{
    read_later(data, call, request, list_read);
}

enum {
    CHANGES_RESERVED = 1 << 0,
    CHANGES_CARRIERS = 1 << 1,
};

static uint64_t changes_of(struct error *error, const Maskline__V1__UpdateShortCodeRequest *request)
{
    static const struct mask_path paths[] = {
        {"reserved", CHANGES_RESERVED},
        {"carriers", CHANGES_CARRIERS},
        CAPABILITY_PATHS,
        {NULL, 0},
    };
    if (mask_given(request->update_mask))
        return mask_changes(error, request->update_mask, paths);
    return (request->reserved ? CHANGES_RESERVED : 0u) |
           (request->n_carriers > 0 ? CHANGES_CARRIERS : 0u) |
           (request->capabilities ? CHANGES_CAPABILITIES : 0u);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateShortCodeRequest *request)
{
    struct api *api = data;
    struct error error;
    error_clear(&error);
    uint64_t changes = changes_of(&error, request);
    if (request_is_bad(call, &error))
        return;
    struct number_change change = {
        .service = request->service,
        .number = request->short_code,
        .set_reserved = changes & CHANGES_RESERVED,
        .reserved = request->reserved,
    };
    const struct carrier_list carriers = {changes & CHANGES_CARRIERS, request->carriers,
                                          request->n_carriers};
    number_change_capabilities(&change, changes, request->capabilities,
                               NUMBER_CAN_TEXT | NUMBER_CAN_MEDIA);
    number_update(api, call, &CALLS, &change, &carriers);
}

static void remove_short_code(void *data, struct grpc_c_call *call,
                              const Maskline__V1__RemoveShortCodeRequest *request)
{
    number_remove(data, call, &CALLS, request->service, request->short_code, request->force);
}

void short_codes_bind(struct api *api)
{
    api->short_codes = (struct maskline_v1_short_codes_service){
        .data = api,
        .add_short_code = add,
        .get_short_code = get,
        .list_short_codes = list,
        .update_short_code = update,
        .remove_short_code = remove_short_code,
    };
}
