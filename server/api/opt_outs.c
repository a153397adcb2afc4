#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/reads.h"
#include "server/api/requests.h"
#include "server/masking/bars/opt_outs.h"

static Maskline__V1__OptOut *opt_out_message(struct arena *arena,
                                             const Maskline__Store__V1__OptOut *opt_out)
{
    Maskline__V1__OptOut *message = message_new(arena, &maskline__v1__opt_out__descriptor);
    if (!message)
        return NULL;
    message->identifier = opt_out->identifier;
    message->proxy_identifier = opt_out->proxy_identifier;
    message->create_time = message_time(arena, opt_out->create_time);
    message->word = opt_out->word;
    return message;
}

static void created(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__OptOut *opt_out, const struct error *error)
{
    (void)service;
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__CreateOptOutResponse response = MASKLINE__V1__CREATE_OPT_OUT_RESPONSE__INIT;
    response.opt_out = opt_out_message(grpc_c_call_arena(call), opt_out);
    if (answer_fits(call))
        maskline_v1_opt_outs_create_opt_out_reply(call, &response);
}

static void create(void *data, struct grpc_c_call *call,
                   const Maskline__V1__CreateOptOutRequest *request)
{
    struct api *api = data;
    struct opt_out_name name = {
        .service = request->service,
        .identifier = request->identifier,
        .proxy_identifier = request->proxy_identifier,
    };
    struct error error;
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), &request->base,
                          "CreateOptOut", &name.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct opt_out_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        opt_outs_create(api->parts.masking, kept, created, call);
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListOptOutsRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct page page;
    error_clear(error);
    field_page(error, list->page_size, list->page_token, &page);
    struct opt_out_list found;
    if (error->code != STATUS_OK ||
        !opt_outs_list(view, masking_store(api->parts.masking), list->service, list->identifier,
                       &page, arena, &found, error))
        return false;
    Maskline__V1__ListOptOutsResponse response = MASKLINE__V1__LIST_OPT_OUTS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages, opt_out_message(arena, found.opt_outs[i]));
    response.opt_outs = (Maskline__V1__OptOut **)messages.items;
    response.n_opt_outs = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_opt_outs_list_opt_outs_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListOptOutsRequest *request)
{
    read_later(data, call, request, list_read);
}

static void deleted(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__OptOut *opt_out, const struct error *error)
{
    (void)service;
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__DeleteOptOutResponse response = MASKLINE__V1__DELETE_OPT_OUT_RESPONSE__INIT;
    response.opt_out = opt_out_message(grpc_c_call_arena(call), opt_out);
    if (answer_fits(call))
        maskline_v1_opt_outs_delete_opt_out_reply(call, &response);
}

static void delete_opt_out(void *data, struct grpc_c_call *call,
                           const Maskline__V1__DeleteOptOutRequest *request)
{
    struct api *api = data;
    struct opt_out_name name = {
        .service = request->service,
        .identifier = request->identifier,
        .proxy_identifier = request->proxy_identifier,
    };
    struct opt_out_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        opt_outs_delete(api->parts.masking, kept, deleted, call);
}

void opt_outs_bind(struct api *api)
{
    api->opt_outs = (struct maskline_v1_opt_outs_service){
        .data = api,
        .create_opt_out = create,
        .list_opt_outs = list,
        .delete_opt_out = delete_opt_out,
    };
}
