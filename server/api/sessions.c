#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/reads.h"
#include "server/api/session_batch.h"
#include "server/api/session_draft.h"

/* ---- create ---- */

static void created(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__CreateSessionResponse response = MASKLINE__V1__CREATE_SESSION_RESPONSE__INIT;
    response.session = session_message(grpc_c_call_arena(call), service, session);
    if (answer_fits(call))
        maskline_v1_sessions_create_session_reply(call, &response);
}

static void create(void *data, struct grpc_c_call *call,
                   const Maskline__V1__CreateSessionRequest *request)
{
    struct api *api = data;
    struct error error;
    struct session_draft draft;
    if (!session_draft_read(api->parts.masking, grpc_c_call_arena(call), request, &draft, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct session_draft *kept = keep_draft(call, &draft, sizeof draft);
    if (kept)
        sessions_create(api->parts.masking, kept, created, call);
}

/* ---- get and list ---- */

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetSessionRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct session_result found;
    if (!sessions_get(view, masking_store(api->parts.masking), get->service, get->session, arena,
                      &found, error))
        return false;
    Maskline__V1__GetSessionResponse response = MASKLINE__V1__GET_SESSION_RESPONSE__INIT;
    response.session = session_message(arena, found.service, found.session);
    if (answer_fits(call))
        maskline_v1_sessions_get_session_reply(call, &response);
    return true;
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetSessionRequest *request)
{
    read_here(data, call, request, get_read);
}

static struct session_filter read_filter(struct error *error,
                                         const Maskline__V1__SessionFilter *given)
{
    struct session_filter filter = {0};
    if (!given)
        return filter;
    field_enums(error, "filter.statuses", &maskline__v1__session_status__descriptor,
                (const int *)given->statuses, given->n_statuses, &filter.statuses);
    field_enum(error, "filter.mode", &maskline__v1__session_mode__descriptor, (int)given->mode);
    filter.mode = (Maskline__Store__V1__Mode)given->mode;
    filter.unique_name = given->unique_name;
    filter.identifier = given->identifier;
    field_range(error, "filter.created", given->created, &filter.created);
    field_range(error, "filter.ended", given->ended, &filter.ended);
    field_range(error, "filter.last_interaction", given->last_interaction,
                &filter.last_interaction);
    return filter;
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListSessionsRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    error_clear(error);
    struct page page;
    field_page(error, list->page_size, list->page_token, &page);
    struct session_filter filter = read_filter(error, list->filter);
    struct session_list found;
    if (error->code != STATUS_OK ||
        !sessions_list(view, masking_store(api->parts.masking), list->service, &filter, &page,
                       arena, &found, error))
        return false;
    Maskline__V1__ListSessionsResponse response = MASKLINE__V1__LIST_SESSIONS_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages, session_message(arena, found.service, found.sessions[i]));
    response.sessions = (Maskline__V1__Session **)messages.items;
    response.n_sessions = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_sessions_list_sessions_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListSessionsRequest *request)
{
    read_later(data, call, request, list_read);
}

/* ---- update and delete ---- */

static void updated(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__UpdateSessionResponse response = MASKLINE__V1__UPDATE_SESSION_RESPONSE__INIT;
    response.session = session_message(grpc_c_call_arena(call), service, session);
    if (answer_fits(call))
        maskline_v1_sessions_update_session_reply(call, &response);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateSessionRequest *request)
{
    struct api *api = data;
    struct error error;
    struct session_change change;
    if (!session_change_read(grpc_c_call_arena(call), request, &change, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct session_change *kept = keep_draft(call, &change, sizeof change);
    if (kept)
        sessions_update(api->parts.masking, kept, updated, call);
}

static void deleted(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    (void)service;
    (void)session;
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__DeleteSessionResponse response = MASKLINE__V1__DELETE_SESSION_RESPONSE__INIT;
    maskline_v1_sessions_delete_session_reply(call, &response);
}

static void delete_session(void *data, struct grpc_c_call *call,
                           const Maskline__V1__DeleteSessionRequest *request)
{
    struct api *api = data;
    sessions_delete(api->parts.masking, request->service, request->session, deleted, call);
}

void sessions_bind(struct api *api)
{
    api->sessions = (struct maskline_v1_sessions_service){
        .data = api,
        .create_session = create,
        .get_session = get,
        .list_sessions = list,
        .update_session = update,
        .delete_session = delete_session,
        .batch_sessions = session_batch,
    };
}
