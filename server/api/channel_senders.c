#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/number_calls.h"
#include "server/api/reads.h"

static void *message(struct arena *arena, const Maskline__Store__V1__PhoneNumber *number,
                     int64_t in_use)
{
    return channel_sender_message(arena, number, in_use);
}

static const struct number_calls CALLS = {
    .kind = NUMBER_CHANNEL,
    .message = message,
    .added = &maskline__v1__add_channel_sender_response__descriptor,
    .got = &maskline__v1__get_channel_sender_response__descriptor,
    .listed = &maskline__v1__list_channel_senders_response__descriptor,
    .updated = &maskline__v1__update_channel_sender_response__descriptor,
    .removed = &maskline__v1__remove_channel_sender_response__descriptor,
};

static void add(void *data, struct grpc_c_call *call,
                const Maskline__V1__AddChannelSenderRequest *request)
{
    struct api *api = data;
    struct number_draft draft = {
        .service = request->service,
        .phone_number = request->address,
        .sms = true,
        .mms = true,
        .carriers = (const char *const *)request->carriers,
        .carrier_count = request->n_carriers,
    };
    number_add(api, call, &CALLS, "AddChannelSender", &request->base, &draft);
}

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetChannelSenderRequest *get = request;
    return number_get(api, call, &CALLS, get->service, get->address, view, error);
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetChannelSenderRequest *request)
{
    read_here(data, call, request, get_read);
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListChannelSendersRequest *list = request;
    error_clear(error);
    const struct number_page page = {
        .service = list->service,
        .size = list->page_size,
        .token = list->page_token,
    };
    return number_list(api, call, &CALLS, &page, view, error);
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListChannelSendersRequest *request)
{
    read_later(data, call, request, list_read);
}

static bool changes_carriers(struct error *error,
                             const Maskline__V1__UpdateChannelSenderRequest *request)
{
    static const struct mask_path paths[] = {{"carriers", 1}, {NULL, 0}};
    if (mask_given(request->update_mask))
        return mask_changes(error, request->update_mask, paths) != 0;
    return request->n_carriers > 0;
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateChannelSenderRequest *request)
{
    struct api *api = data;
    struct error error;
    error_clear(&error);
    bool changes = changes_carriers(&error, request);
    if (request_is_bad(call, &error))
        return;
    struct number_change change = {
        .service = request->service,
        .number = request->address,
    };
    const struct carrier_list carriers = {changes, request->carriers, request->n_carriers};
    number_update(api, call, &CALLS, &change, &carriers);
}

static void remove_channel_sender(void *data, struct grpc_c_call *call,
                                  const Maskline__V1__RemoveChannelSenderRequest *request)
{
    number_remove(data, call, &CALLS, request->service, request->address, request->force);
}

void channel_senders_bind(struct api *api)
{
    api->channel_senders = (struct maskline_v1_channel_senders_service){
        .data = api,
        .add_channel_sender = add,
        .get_channel_sender = get,
        .list_channel_senders = list,
        .update_channel_sender = update,
        .remove_channel_sender = remove_channel_sender,
    };
}
