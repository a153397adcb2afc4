#include "server/api/convert.h"
#include "server/api/drafts.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/metadata.h"
#include "server/api/reads.h"
#include "server/api/requests.h"

#include <stdio.h>

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

static void draft_participants(struct error *error, struct arena *arena,
                               const Maskline__V1__CreateSessionRequest *request,
                               struct session_draft *draft)
{
    struct participant_draft *participants =
        arena_array(arena, request->n_participants, sizeof *participants);
    if (!participants) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                  "The request is larger than the memory of one call.");
        return;
    }
    for (size_t i = 0; i < request->n_participants; i++) {
        char path[48];
        snprintf(path, sizeof path, "participants[%zu]", i);
        participants[i] = draft_participant(error, arena, path, request->participants[i]);
    }
    draft->participants = participants;
    draft->participant_count = request->n_participants;
}

/* What its request_id stands for: a map comes in any order, and is the same in each. */
static Maskline__V1__CreateSessionRequest in_order(
    struct arena *arena, const Maskline__V1__CreateSessionRequest *request,
    const struct metadata *metadata)
{
    Maskline__V1__CreateSessionRequest ordered = *request;
    struct message_list list =
        metadata_messages(arena, &maskline__v1__create_session_request__metadata_entry__descriptor,
                          metadata->items, metadata->count);
    ordered.metadata = (Maskline__V1__CreateSessionRequest__MetadataEntry **)list.items;
    ordered.n_metadata = list.count;
    return ordered;
}

static void read_metadata(struct error *error, struct arena *arena, void *const *entries,
                          size_t count, struct metadata *ret_metadata)
{
    if (!metadata_read(arena, entries, count, ret_metadata))
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", 0,
                  "The request is larger than the memory of one call.");
}

static void create(void *data, struct grpc_c_call *call,
                   const Maskline__V1__CreateSessionRequest *request)
{
    struct api *api = data;
    struct arena *arena = grpc_c_call_arena(call);
    struct error error;
    error_clear(&error);
    struct session_draft draft = {
        .service = request->service,
        .unique_name = request->unique_name,
        .mode = (Maskline__Store__V1__Mode)request->mode,
        .ttl_given = request->ttl,
        .status = (Maskline__Store__V1__SessionStatus)request->status,
    };
    field_enum(&error, "mode", &maskline__v1__session_mode__descriptor, (int)request->mode);
    field_enum(&error, "status", &maskline__v1__session_status__descriptor, (int)request->status);
    field_duration(&error, "ttl", request->ttl, &draft.ttl);
    field_expire_time(&error, request->expire_time, &draft.expire_time);
    draft_participants(&error, arena, request, &draft);
    read_metadata(&error, arena, (void *const *)request->metadata, request->n_metadata,
                  &draft.metadata);
    if (request_is_bad(call, &error))
        return;
    Maskline__V1__CreateSessionRequest ordered = in_order(arena, request, &draft.metadata);
    if (!request_identity(api->parts.masking, arena, &ordered.base, "CreateSession", &draft.request,
                          &error)) {
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

enum {
    CHANGES_STATUS = 1 << 0,
    CHANGES_TTL = 1 << 1,
    CHANGES_EXPIRE_TIME = 1 << 2,
    CHANGES_METADATA = 1 << 3,
};

static uint32_t changes_of(struct error *error, const Maskline__V1__UpdateSessionRequest *request)
{
    static const struct mask_path paths[] = {
        {"status", CHANGES_STATUS},
        {"ttl", CHANGES_TTL},
        {"expire_time", CHANGES_EXPIRE_TIME},
        {"metadata", CHANGES_METADATA},
        {NULL, 0},
    };
    if (!mask_given(request->update_mask))
        return (request->status != 0 ? CHANGES_STATUS : 0u) | (request->ttl ? CHANGES_TTL : 0u) |
               (request->expire_time ? CHANGES_EXPIRE_TIME : 0u) |
               (request->n_metadata ? CHANGES_METADATA : 0u);
    uint32_t changes = mask_changes(error, request->update_mask, paths);
    if (changes & CHANGES_STATUS && request->status == 0)
        error_field(error, "status", "update_mask names it, but it is not given.");
    return changes;
}

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
    error_clear(&error);
    uint32_t changes = changes_of(&error, request);
    struct session_change change = {
        .service = request->service,
        .session = request->session,
        .set_ttl = changes & CHANGES_TTL,
        .ttl_given = request->ttl,
        .set_expire_time = changes & CHANGES_EXPIRE_TIME,
        .set_metadata = changes & CHANGES_METADATA,
    };
    field_enum(&error, "status", &maskline__v1__session_status__descriptor, (int)request->status);
    field_duration(&error, "ttl", request->ttl, &change.ttl);
    field_expire_time(&error, request->expire_time, &change.expire_time);
    read_metadata(&error, grpc_c_call_arena(call), (void *const *)request->metadata,
                  request->n_metadata, &change.metadata);
    if (changes & CHANGES_STATUS)
        change.status = (Maskline__Store__V1__SessionStatus)request->status;
    if (request_is_bad(call, &error))
        return;
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
    };
}
