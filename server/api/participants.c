#include "server/api/convert.h"
#include "server/api/drafts.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/reads.h"
#include "server/api/requests.h"

#include "proto/c/sid.h"

#include <string.h>

enum { PAGE_STANDARD = 50, PAGE_MOST = 1000 };

static void created(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__CreateParticipantResponse response =
        MASKLINE__V1__CREATE_PARTICIPANT_RESPONSE__INIT;
    response.participant = participant_message(grpc_c_call_arena(call), service, session,
                                               session->participants[session->n_participants - 1]);
    if (answer_fits(call))
        maskline_v1_participants_create_participant_reply(call, &response);
}

static void create(void *data, struct grpc_c_call *call,
                   const Maskline__V1__CreateParticipantRequest *request)
{
    struct api *api = data;
    struct arena *arena = grpc_c_call_arena(call);
    struct participant_add add = {.service = request->service, .session = request->session};
    struct error error;
    error_clear(&error);
    if (request->participant)
        add.participant = draft_participant(&error, arena, "participant", request->participant);
    else
        error_field(&error, "participant", "It is needed.");
    if (request_is_bad(call, &error))
        return;
    if (!request_identity(api->parts.masking, arena, &request->base, "CreateParticipant",
                          &add.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct participant_add *kept = keep_draft(call, &add, sizeof add);
    if (kept)
        participants_create(api->parts.masking, kept, created, call);
}

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetParticipantRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct session_result in;
    const Maskline__Store__V1__Participant *participant;
    if (!sessions_get(view, masking_store(api->parts.masking), get->service, get->session, arena,
                      &in, error) ||
        !participants_find(in.session, get->participant, &participant, error))
        return false;
    Maskline__V1__GetParticipantResponse response = MASKLINE__V1__GET_PARTICIPANT_RESPONSE__INIT;
    response.participant = participant_message(arena, in.service, in.session, participant);
    if (answer_fits(call))
        maskline_v1_participants_get_participant_reply(call, &response);
    return true;
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetParticipantRequest *request)
{
    read_here(data, call, request, get_read);
}

/* A page begins after the participant whose SID is the token: they all stand in the session's row, in the order of joining. */
static bool page_begin(const Maskline__Store__V1__Session *session, const char *token,
                       size_t *ret_begin, struct error *error)
{
    uint8_t sid[SID_BYTES];
    *ret_begin = 0;
    if (*token == '\0')
        return true;
    bool readable = sid_parse("KP", token, sid);
    for (size_t i = 0; readable && i < session->n_participants; i++)
        if (memcmp(session->participants[i]->sid.data, sid, SID_BYTES) == 0) {
            *ret_begin = i + 1;
            return true;
        }
    return error_field(error, "page_token", "It is not one of this list.");
}

static void set_page(struct arena *arena, const struct session_result *in,
                     const Maskline__V1__ListParticipantsRequest *request, size_t begin,
                     Maskline__V1__ListParticipantsResponse *response)
{
    size_t size = request->page_size == 0          ? PAGE_STANDARD
                  : request->page_size > PAGE_MOST ? PAGE_MOST
                                                   : (size_t)request->page_size;
    struct message_list messages = message_list_new(arena, size);
    ProtobufCBinaryData last = {0, NULL};
    for (size_t i = begin; i < in->session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = in->session->participants[i];
        if (participant->delete_time != 0 && !request->include_deleted)
            continue;
        if (messages.count == size) {
            response->next_page_token = message_sid(arena, "KP", last);
            break;
        }
        message_list_add(&messages,
                         participant_message(arena, in->service, in->session, participant));
        last = participant->sid;
    }
    response->participants = (Maskline__V1__Participant **)messages.items;
    response->n_participants = messages.count;
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListParticipantsRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    error_clear(error);
    struct page page;
    field_page(error, list->page_size, list->page_token, &page);
    struct session_result in;
    size_t begin;
    if (error->code != STATUS_OK ||
        !sessions_get(view, masking_store(api->parts.masking), list->service, list->session, arena,
                      &in, error) ||
        !page_begin(in.session, list->page_token, &begin, error))
        return false;
    Maskline__V1__ListParticipantsResponse response =
        MASKLINE__V1__LIST_PARTICIPANTS_RESPONSE__INIT;
    set_page(arena, &in, list, begin, &response);
    if (answer_fits(call))
        maskline_v1_participants_list_participants_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListParticipantsRequest *request)
{
    read_later(data, call, request, list_read);
}

/* The request lives as long as the call, and says which participant of the session that comes back is meant. */
struct meant {
    struct grpc_c_call *call;
    const char *participant;
};

static struct meant *meant_new(struct grpc_c_call *call, const char *participant)
{
    struct meant *meant = arena_alloc(grpc_c_call_arena(call), sizeof *meant);
    if (meant)
        *meant = (struct meant){call, participant};
    else
        answer_fits(call);
    return meant;
}

/* NULL: the call has failed. */
static Maskline__V1__Participant *meant_message(const struct meant *meant,
                                                const Maskline__Store__V1__Service *service,
                                                const Maskline__Store__V1__Session *session,
                                                const struct error *error)
{
    struct error why;
    const Maskline__Store__V1__Participant *participant;
    if (!error && !participants_find(session, meant->participant, &participant, &why))
        error = &why;
    if (error) {
        grpc_c_call_fail(meant->call, error);
        return NULL;
    }
    Maskline__V1__Participant *message =
        participant_message(grpc_c_call_arena(meant->call), service, session, participant);
    return answer_fits(meant->call) ? message : NULL;
}

enum {
    CHANGES_IDENTIFIERS = 1 << 0,
    CHANGES_FRIENDLY_NAME = 1 << 1,
    CHANGES_NUMBER = 1 << 2,
};

static uint64_t changes_of(struct error *error,
                           const Maskline__V1__UpdateParticipantRequest *request)
{
    static const struct mask_path paths[] = {
        {"identifier", CHANGES_IDENTIFIERS},      {"identifiers", CHANGES_IDENTIFIERS},
        {"friendly_name", CHANGES_FRIENDLY_NAME}, {"proxy_identifier", CHANGES_NUMBER},
        {"proxy_identifier_sid", CHANGES_NUMBER}, {NULL, 0},
    };
    const Maskline__V1__ParticipantSpec *spec = request->spec;
    if (mask_given(request->update_mask))
        return mask_changes(error, request->update_mask, paths);
    if (!spec)
        return 0;
    return (*spec->identifier || spec->n_identifiers ? CHANGES_IDENTIFIERS : 0u) |
           (*spec->friendly_name ? CHANGES_FRIENDLY_NAME : 0u) |
           (*spec->proxy_identifier || *spec->proxy_identifier_sid ? CHANGES_NUMBER : 0u);
}

static void updated(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct meant *meant = data;
    Maskline__V1__UpdateParticipantResponse response =
        MASKLINE__V1__UPDATE_PARTICIPANT_RESPONSE__INIT;
    response.participant = meant_message(meant, service, session, error);
    if (response.participant)
        maskline_v1_participants_update_participant_reply(meant->call, &response);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateParticipantRequest *request)
{
    struct api *api = data;
    struct arena *arena = grpc_c_call_arena(call);
    static const Maskline__V1__ParticipantSpec nothing = MASKLINE__V1__PARTICIPANT_SPEC__INIT;
    struct error error;
    error_clear(&error);
    uint64_t changes = changes_of(&error, request);
    struct participant_change change = {
        .service = request->service,
        .session = request->session,
        .participant = request->participant,
        .set_identifiers = changes & CHANGES_IDENTIFIERS,
        .set_friendly_name = changes & CHANGES_FRIENDLY_NAME,
        .set_proxy = changes & CHANGES_NUMBER,
        .draft = draft_of_change(&error, arena, "spec", request->spec ? request->spec : &nothing),
        .life_given = request->old_number_life,
    };
    field_duration(&error, "old_number_life", request->old_number_life, &change.old_number_life);
    if (request_is_bad(call, &error))
        return;
    if (!change.set_proxy)
        change.draft.proxy_identifier = change.draft.proxy_number_sid = "";
    struct participant_change *kept = keep_draft(call, &change, sizeof change);
    struct meant *meant = kept ? meant_new(call, request->participant) : NULL;
    if (meant)
        participants_update(api->parts.masking, kept, updated, meant);
}

static void deleted(void *data, const Maskline__Store__V1__Service *service,
                    const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct meant *meant = data;
    Maskline__V1__DeleteParticipantResponse response =
        MASKLINE__V1__DELETE_PARTICIPANT_RESPONSE__INIT;
    response.participant = meant_message(meant, service, session, error);
    if (response.participant)
        maskline_v1_participants_delete_participant_reply(meant->call, &response);
}

static void delete_participant(void *data, struct grpc_c_call *call,
                               const Maskline__V1__DeleteParticipantRequest *request)
{
    struct api *api = data;
    struct meant *meant = meant_new(call, request->participant);
    if (meant)
        participants_delete(api->parts.masking, request->service, request->session,
                            request->participant, deleted, meant);
}

void participants_bind(struct api *api)
{
    api->participants = (struct maskline_v1_participants_service){
        .data = api,
        .create_participant = create,
        .get_participant = get,
        .list_participants = list,
        .update_participant = update,
        .delete_participant = delete_participant,
    };
}
