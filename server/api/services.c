#include "server/api/convert.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/reads.h"
#include "server/api/requests.h"
#include "server/api/settings.h"
#include "server/masking/services/services.h"

static void created(void *data, const Maskline__Store__V1__Service *service,
                    const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__CreateServiceResponse response = MASKLINE__V1__CREATE_SERVICE_RESPONSE__INIT;
    response.service = service_message(grpc_c_call_arena(call), service);
    if (answer_fits(call))
        maskline_v1_services_create_service_reply(call, &response);
}

static void create(void *data, struct grpc_c_call *call,
                   const Maskline__V1__CreateServiceRequest *request)
{
    struct api *api = data;
    struct error error;
    error_clear(&error);
    struct service_draft draft = {
        .unique_name = request->unique_name,
        .settings = settings_read(&error, grpc_c_call_arena(call), &request->base,
                                  settings_set(&request->base)),
    };
    if (request_is_bad(call, &error))
        return;
    if (!request_identity(api->parts.masking, grpc_c_call_arena(call), &request->base,
                          "CreateService", &draft.request, &error)) {
        grpc_c_call_fail(call, &error);
        return;
    }
    struct service_draft *kept = keep_draft(call, &draft, sizeof draft);
    if (kept)
        services_create(api->parts.masking, kept, created, call);
}

static bool get_read(struct api *api, struct grpc_c_call *call, const void *request,
                     struct view *view, struct error *error)
{
    const Maskline__V1__GetServiceRequest *get = request;
    struct arena *arena = grpc_c_call_arena(call);
    Maskline__Store__V1__Service *service;
    if (!services_get(view, masking_store(api->parts.masking), get->service, arena, &service,
                      error))
        return false;
    Maskline__V1__GetServiceResponse response = MASKLINE__V1__GET_SERVICE_RESPONSE__INIT;
    response.service = service_message(arena, service);
    if (answer_fits(call))
        maskline_v1_services_get_service_reply(call, &response);
    return true;
}

static void get(void *data, struct grpc_c_call *call,
                const Maskline__V1__GetServiceRequest *request)
{
    read_here(data, call, request, get_read);
}

static bool list_read(struct api *api, struct grpc_c_call *call, const void *request,
                      struct view *view, struct error *error)
{
    const Maskline__V1__ListServicesRequest *list = request;
    struct arena *arena = grpc_c_call_arena(call);
    struct page page;
    error_clear(error);
    field_page(error, list->page_size, list->page_token, &page);
    struct service_list found;
    if (error->code != STATUS_OK ||
        !services_list(view, masking_store(api->parts.masking), &page, arena, &found, error))
        return false;
    Maskline__V1__ListServicesResponse response = MASKLINE__V1__LIST_SERVICES_RESPONSE__INIT;
    struct message_list messages = message_list_new(arena, found.count);
    for (size_t i = 0; i < found.count; i++)
        message_list_add(&messages, service_message(arena, found.services[i]));
    response.services = (Maskline__V1__Service **)messages.items;
    response.n_services = messages.count;
    response.next_page_token = found.next_token;
    if (answer_fits(call))
        maskline_v1_services_list_services_reply(call, &response);
    return true;
}

static void list(void *data, struct grpc_c_call *call,
                 const Maskline__V1__ListServicesRequest *request)
{
    read_later(data, call, request, list_read);
}

static void updated(void *data, const Maskline__Store__V1__Service *service,
                    const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__UpdateServiceResponse response = MASKLINE__V1__UPDATE_SERVICE_RESPONSE__INIT;
    response.service = service_message(grpc_c_call_arena(call), service);
    if (answer_fits(call))
        maskline_v1_services_update_service_reply(call, &response);
}

static void update(void *data, struct grpc_c_call *call,
                   const Maskline__V1__UpdateServiceRequest *request)
{
    struct api *api = data;
    struct error error;
    error_clear(&error);
    uint64_t changes =
        mask_given(request->update_mask)
            ? mask_changes(&error, request->update_mask, service_mask_paths())
            : settings_set(&request->base) | (*request->unique_name ? CHANGE_OF_NAME : 0);
    struct service_change change = {
        .service = request->service,
        .unique_name = changes & CHANGE_OF_NAME ? request->unique_name : NULL,
        .settings = settings_read(&error, grpc_c_call_arena(call), &request->base, changes),
    };
    if (request_is_bad(call, &error))
        return;
    struct service_change *kept = keep_draft(call, &change, sizeof change);
    if (kept)
        services_update(api->parts.masking, kept, updated, call);
}

static void deleted(void *data, const Maskline__Store__V1__Service *service,
                    const struct error *error)
{
    struct grpc_c_call *call = data;
    if (error) {
        grpc_c_call_fail(call, error);
        return;
    }
    Maskline__V1__DeleteServiceResponse response = MASKLINE__V1__DELETE_SERVICE_RESPONSE__INIT;
    response.service = service_message(grpc_c_call_arena(call), service);
    if (answer_fits(call))
        maskline_v1_services_delete_service_reply(call, &response);
}

static void delete_service(void *data, struct grpc_c_call *call,
                           const Maskline__V1__DeleteServiceRequest *request)
{
    struct api *api = data;
    services_delete(api->parts.masking, request->service, deleted, call);
}

void services_bind(struct api *api)
{
    api->services = (struct maskline_v1_services_service){
        .data = api,
        .create_service = create,
        .get_service = get,
        .list_services = list,
        .update_service = update,
        .delete_service = delete_service,
    };
}
