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
    Maskline__V1__AddChannelSenderResponse response =
        MASKLINE__V1__ADD_CHANNEL_SENDER_RESPONSE__INIT;
    response.channel_sender =
        channel_sender_message(grpc_c_call_arena(call), result->number, result->in_use);
    if (answer_fits(call))
        maskline_v1_channel_senders_add_channel_sender_reply(call, &response);
}

static void add(void *data, struct grpc_c_call *call,
                const Maskline__V1__AddChannelSenderRequest *request)
{
    struct api *api = data;
    struct error error;
    struct number_draft draft = {
        .service = request->service,
        .phone_number = request->address,
        .kind = NUMBER_CHANNEL,
        .sms = true,
        .mms = true,
        .carriers = (const char *const *)request->carriers,
        .carrier_count = request->n_carriers,
    };
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), &request->base,
                          "AddChannelSender", &draft.request, &error)) {
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
    const Maskline__V1__GetChannelSenderRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct number_result found;
    if (!numbers_get_kind(view, masking_store(api->parts.masking), get->service, get->address,
                          NUMBER_CHANNEL, arena, &found, error))
        return false;
    Maskline__V1__GetChannelSenderResponse response =
        MASKLINE__V1__GET_CHANNEL_SENDER_RESPONSE__INIT;
    response.channel_sender = channel_sender_message(arena, found.number, found.in_use);
    if (answer_fits(call))
        maskline_v1_channel_senders_get_channel_sender_reply(call, &response);
    return true;
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
    struct arena *arena = grpc_c_call_arena(call);
    error_clear(error);
    struct page page;
    field_page(error, list->page_size, list->page_token, &page);
    const struct number_filter filter = {.kind = NUMBER_CHANNEL};
    struct number_list found;
    if (error->code != STATUS_OK ||
        !numbers_list(view, masking_store(api->parts.masking), list->service, &filter, &page, arena,
                      &found, error))
        return false;
    Maskline__V1__ListChannelSendersResponse response =
        MASKLINE__V1__LIST_CHANNEL_SENDERS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages, channel_sender_message(arena, found.numbers[i].number,
                                                           found.numbers[i].in_use));
    response.channel_senders = (Maskline__V1__ChannelSender **)messages.items;
    response.n_channel_senders = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_channel_senders_list_channel_senders_reply(call, &response);
    return true;
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

static void updated(void *data, const struct number_result *result, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__UpdateChannelSenderResponse response =
        MASKLINE__V1__UPDATE_CHANNEL_SENDER_RESPONSE__INIT;
    response.channel_sender =
        channel_sender_message(grpc_c_call_arena(call), result->number, result->in_use);
    if (answer_fits(call))
        maskline_v1_channel_senders_update_channel_sender_reply(call, &response);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateChannelSenderRequest *request)
{
    /* An empty list of carriers is a change, too: to the default one. */
    static const char *const no_carriers[1];
    struct api *api = data;
    struct error error;
    error_clear(&error);
    bool changes = changes_carriers(&error, request);
    if (request_is_bad(call, &error))
        return;
    struct number_change change = {
        .service = request->service,
        .number = request->address,
        .kind = NUMBER_CHANNEL,
    };
    if (changes) {
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
    Maskline__V1__RemoveChannelSenderResponse response =
        MASKLINE__V1__REMOVE_CHANNEL_SENDER_RESPONSE__INIT;
    maskline_v1_channel_senders_remove_channel_sender_reply(call, &response);
}

static void remove_channel_sender(void *data, struct grpc_c_call *call,
                                  const Maskline__V1__RemoveChannelSenderRequest *request)
{
    struct api *api = data;
    numbers_remove_kind(api->parts.masking, request->service, request->address, NUMBER_CHANNEL,
                        request->force, removed, call);
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
