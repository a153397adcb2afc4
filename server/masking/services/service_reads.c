#include "server/masking/errors.h"
#include "server/masking/rows/lists.h"
#include "server/masking/services/services.h"

bool services_get(struct view *view, const struct store *store, const char *service,
                  struct arena *arena, Maskline__Store__V1__Service **ret_service,
                  struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    return rows_find_service(&rows, service, ret_service, error);
}

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    (void)key;
    struct service_list *list = data;
    Maskline__Store__V1__Service *service =
        rows_record(rows, &maskline__store__v1__service__descriptor, value, error);
    if (!service)
        return false;
    if (service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETED) {
        list->services[list->count++] = service;
        *ret_taken = true;
    }
    return true;
}

bool services_list(struct view *view, const struct store *store, const struct page *page,
                   struct arena *arena, struct service_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    ret_list->count = 0;
    ret_list->services =
        arena_array(arena, page_rows(page), sizeof(Maskline__Store__V1__Service *));
    if (!ret_list->services)
        return refuse(error, REFUSED_NO_MEMORY);
    const struct listing listing = {
        .rows = &rows,
        .family = KV_META,
        .prefix = key_services(rows.tenant),
        .name = "services",
        .page = page,
        .look = look,
        .data = ret_list,
    };
    return list_page(&listing, ret_list->next_token, error);
}
