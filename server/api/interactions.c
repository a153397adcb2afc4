#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/reads.h"
#include "server/api/requests.h"
#include "server/masking/calls/calls.h"
#include "server/masking/messages/interactions.h"

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetInteractionRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct interaction_result found;
    if (!interactions_get(view, masking_store(api->parts.masking), get->service, get->session,
                          get->interaction, arena, &found, error))
        return false;
    Maskline__V1__GetInteractionResponse response = MASKLINE__V1__GET_INTERACTION_RESPONSE__INIT;
    response.interaction = interaction_message(arena, found.service->sid, found.interaction);
    if (answer_fits(call))
        maskline_v1_interactions_get_interaction_reply(call, &response);
    return true;
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetInteractionRequest *request)
{
    read_here(data, call, request, get_read);
}

static struct interaction_filter read_filter(struct error *error,
                                             const Maskline__V1__InteractionFilter *given)
{
    struct interaction_filter filter = {0};
    if (!given)
        return filter;
    field_enum(error, "filter.type", &maskline__v1__interaction_type__descriptor, (int)given->type);
    filter.type = (Maskline__Store__V1__InteractionType)given->type;
    field_enums(error, "filter.outbound_statuses", &maskline__v1__leg_status__descriptor,
                (const int *)given->outbound_statuses, given->n_outbound_statuses,
                &filter.outbound_statuses);
    struct time_range created = {0, 0};
    field_range(error, "filter.created", given->created, &created);
    filter.created_from = created.from;
    filter.created_to = created.to;
    return filter;
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListInteractionsRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    error_clear(error);
    struct page page;
    field_page(error, list->page_size, list->page_token, &page);
    struct interaction_filter filter = read_filter(error, list->filter);
    struct interaction_list found;
    if (error->code != STATUS_OK ||
        !interactions_list(view, masking_store(api->parts.masking), list->service, list->session,
                           &filter, &page, arena, &found, error))
        return false;
    Maskline__V1__ListInteractionsResponse response =
        MASKLINE__V1__LIST_INTERACTIONS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages,
                         interaction_message(arena, found.service->sid, found.interactions[i]));
    response.interactions = (Maskline__V1__Interaction **)messages.items;
    response.n_interactions = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_interactions_list_interactions_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListInteractionsRequest *request)
{
    read_later(data, call, request, list_read);
}

static void sent(void *data, const Maskline__Store__V1__Service *service,
                 const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__SendMessageResponse response = MASKLINE__V1__SEND_MESSAGE_RESPONSE__INIT;
    response.interaction = interaction_message(grpc_c_call_arena(call), service->sid, interaction);
    if (answer_fits(call))
        maskline_v1_interactions_send_message_reply(call, &response);
}

/* The media as records; NULL when the arena is full. */
static Maskline__Store__V1__Media **stored_media(struct arena *arena,
                                                 const Maskline__V1__SendMessageRequest *request)
{
    Maskline__Store__V1__Media **media = arena_array(arena, request->n_media, sizeof *media);
    for (size_t i = 0; media && i < request->n_media; i++) {
        media[i] = message_new(arena, &maskline__store__v1__media__descriptor);
        if (!media[i])
            return NULL;
        media[i]->url = request->media[i]->url;
        media[i]->content_type = request->media[i]->content_type;
    }
    return media;
}

static void send(void *data, struct grpc_c_call *call,
                 const Maskline__V1__SendMessageRequest *request)
{
    struct api *api = data;
    struct arena *arena = grpc_c_call_arena(call);
    struct error error;
    error_clear(&error);
    struct message_draft draft = {
        .service = request->service,
        .session = request->session,
        .participant = request->participant,
        .sender = request->sender,
        .body = request->body,
        .media_count = request->n_media,
    };
    field_media(&error, request->media, request->n_media);
    field_duration(&error, "max_life", request->max_life, &draft.max_life);
    /* The domain takes 0 for absent. */
    if (request->max_life && draft.max_life == 0 && error.code == STATUS_OK)
        error_field(&error, "max_life", "It must be more than 0.");
    if (request_is_bad(call, &error))
        return;
    Maskline__Store__V1__Media **media = stored_media(arena, request);
    if (!media) {
        answer_fits(call);
        return;
    }
    draft.media = (const Maskline__Store__V1__Media *const *)media;
    if (!request_identity(api->parts.masking, arena, &request->base, "SendMessage", &draft.request,
                          &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct message_draft *kept = keep_draft(call, &draft, sizeof draft);
    if (kept)
        interactions_send(api->parts.masking, kept, sent, call);
}

static void placed(void *data, const Maskline__Store__V1__Service *service,
                   const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__PlaceCallResponse response = MASKLINE__V1__PLACE_CALL_RESPONSE__INIT;
    response.interaction = interaction_message(grpc_c_call_arena(call), service->sid, interaction);
    if (answer_fits(call))
        maskline_v1_interactions_place_call_reply(call, &response);
}

static void place_call(void *data, struct grpc_c_call *call,
                       const Maskline__V1__PlaceCallRequest *request)
{
    struct api *api = data;
    struct error error;
    struct call_draft draft = {
        .service = request->service,
        .session = request->session,
        .participant = request->participant,
    };
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), &request->base, "PlaceCall",
                          &draft.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct call_draft *kept = keep_draft(call, &draft, sizeof draft);
    if (kept)
        calls_place(api->parts.masking, kept, placed, call);
}

static void ended(void *data, const Maskline__Store__V1__Service *service,
                  const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__EndCallResponse response = MASKLINE__V1__END_CALL_RESPONSE__INIT;
    response.interaction = interaction_message(grpc_c_call_arena(call), service->sid, interaction);
    if (answer_fits(call))
        maskline_v1_interactions_end_call_reply(call, &response);
}

static void end_call(void *data, struct grpc_c_call *call,
                     const Maskline__V1__EndCallRequest *request)
{
    struct api *api = data;
    struct interaction_name name = {request->service, request->session, request->interaction};
    struct interaction_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        calls_end(api->parts.masking, kept, ended, call);
}

static void redacted(void *data, const Maskline__Store__V1__Service *service,
                     const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__RedactInteractionResponse response =
        MASKLINE__V1__REDACT_INTERACTION_RESPONSE__INIT;
    response.interaction = interaction_message(grpc_c_call_arena(call), service->sid, interaction);
    if (answer_fits(call))
        maskline_v1_interactions_redact_interaction_reply(call, &response);
}

static void redact(void *data, struct grpc_c_call *call,
                   const Maskline__V1__RedactInteractionRequest *request)
{
    struct api *api = data;
    struct interaction_name name = {request->service, request->session, request->interaction};
    struct interaction_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        interactions_redact(api->parts.masking, kept, redacted, call);
}

static void deleted(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Interaction *interaction, const struct error *error)
{
    (void)service;
    (void)interaction;
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__DeleteInteractionResponse response =
        MASKLINE__V1__DELETE_INTERACTION_RESPONSE__INIT;
    maskline_v1_interactions_delete_interaction_reply(call, &response);
}

static void delete_interaction(void *data, struct grpc_c_call *call,
                               const Maskline__V1__DeleteInteractionRequest *request)
{
    struct api *api = data;
    struct interaction_name name = {request->service, request->session, request->interaction};
    struct interaction_name *kept = keep_draft(call, &name, sizeof name);
    if (kept)
        interactions_delete(api->parts.masking, kept, deleted, call);
}

void interactions_bind(struct api *api)
{
    api->interactions = (struct maskline_v1_interactions_service){
        .data = api,
        .get_interaction = get,
        .list_interactions = list,
        .send_message = send,
        .place_call = place_call,
        .end_call = end_call,
        .redact_interaction = redact,
        .delete_interaction = delete_interaction,
    };
}
