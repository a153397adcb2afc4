#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/reads.h"
#include "server/api/requests.h"
#include "server/masking/numbers/numbers.h"

static void added(void *data, const struct number_result *result, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__AddShortCodeResponse response = MASKLINE__V1__ADD_SHORT_CODE_RESPONSE__INIT;
    response.short_code =
        short_code_message(grpc_c_call_arena(call), result->number, result->in_use);
    if (answer_fits(call))
        maskline_v1_short_codes_add_short_code_reply(call, &response);
}

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
        .kind = NUMBER_SHORT_CODE,
        .country = request->country,
        .sms = !can || can->sms,
        .mms = !can || can->mms,
        .voice = can && can->voice,
        .carriers = (const char *const *)request->carriers,
        .carrier_count = request->n_carriers,
    };
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), &request->base,
                          "AddShortCode", &draft.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct number_draft *kept = keep_draft(call, &draft, sizeof draft);
    if (kept)
        numbers_add(api->parts.masking, kept, added, call);
}

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetShortCodeRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct number_result found;
    if (!numbers_get_kind(view, masking_store(api->parts.masking), get->service, get->short_code,
                          NUMBER_SHORT_CODE, arena, &found, error))
        return false;
    Maskline__V1__GetShortCodeResponse response = MASKLINE__V1__GET_SHORT_CODE_RESPONSE__INIT;
    response.short_code = short_code_message(arena, found.number, found.in_use);
    if (answer_fits(call))
        maskline_v1_short_codes_get_short_code_reply(call, &response);
    return true;
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
    struct arena *arena = grpc_c_call_arena(call);
    error_clear(error);
    struct page page;
    field_page(error, list->page_size, list->page_token, &page);
    const struct number_filter filter = {.country = list->country, .kind = NUMBER_SHORT_CODE};
    struct number_list found;
    if (error->code != STATUS_OK ||
        !numbers_list(view, masking_store(api->parts.masking), list->service, &filter, &page, arena,
                      &found, error))
        return false;
    Maskline__V1__ListShortCodesResponse response = MASKLINE__V1__LIST_SHORT_CODES_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(
            &messages, short_code_message(arena, found.numbers[i].number, found.numbers[i].in_use));
    response.short_codes = (Maskline__V1__ShortCode **)messages.items;
    response.n_short_codes = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_short_codes_list_short_codes_reply(call, &response);
    return true;
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
        {NULL, 0},
    };
    if (mask_given(request->update_mask))
        return mask_changes(error, request->update_mask, paths);
    return (request->reserved ? CHANGES_RESERVED : 0u) |
           (request->n_carriers > 0 ? CHANGES_CARRIERS : 0u);
}

static void updated(void *data, const struct number_result *result, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__UpdateShortCodeResponse response = MASKLINE__V1__UPDATE_SHORT_CODE_RESPONSE__INIT;
    response.short_code =
        short_code_message(grpc_c_call_arena(call), result->number, result->in_use);
    if (answer_fits(call))
        maskline_v1_short_codes_update_short_code_reply(call, &response);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateShortCodeRequest *request)
{
    /* An empty list of carriers is a change, too: to the default one. */
    static const char *const no_carriers[1];
    struct api *api = data;
    struct error error;
    error_clear(&error);
    uint64_t changes = changes_of(&error, request);
    if (request_is_bad(call, &error))
        return;
    struct number_change change = {
        .service = request->service,
        .number = request->short_code,
        .kind = NUMBER_SHORT_CODE,
        .set_reserved = changes & CHANGES_RESERVED,
        .reserved = request->reserved,
    };
    if (changes & CHANGES_CARRIERS) {
        change.carriers =
            request->n_carriers > 0 ? (const char *const *)request->carriers : no_carriers;
        change.carrier_count = request->n_carriers;
    }
    struct number_change *kept = keep_draft(call, &change, sizeof change);
    if (kept)
        numbers_update(api->parts.masking, kept, updated, call);
}

static void removed(void *data, const struct number_result *result, const struct error *error)
{
    (void)result;
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__RemoveShortCodeResponse response = MASKLINE__V1__REMOVE_SHORT_CODE_RESPONSE__INIT;
    maskline_v1_short_codes_remove_short_code_reply(call, &response);
}

static void remove_short_code(void *data, struct grpc_c_call *call,
                              const Maskline__V1__RemoveShortCodeRequest *request)
{
    struct api *api = data;
    numbers_remove_kind(api->parts.masking, request->service, request->short_code,
                        NUMBER_SHORT_CODE, request->force, removed, call);
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
