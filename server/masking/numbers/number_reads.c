#include "server/masking/errors.h"
#include "server/masking/rows/lists.h"
#include "server/masking/numbers/numbers.h"

#include <stdio.h>
#include <string.h>

bool numbers_get_kind(struct view *view, const struct store *store, const char *service,
                      const char *number, enum number_kind kind, struct arena *arena,
                      struct number_result *ret_result, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *found_service;
    Maskline__Store__V1__PhoneNumber *found;
    int64_t in_use;
    if (!rows_find_active_service(&rows, service, &found_service, error) ||
        !rows_find_number_kind(&rows, found_service, number, kind, &found, error) ||
        rows_use(&rows, found_service->pool.data, found->phone_number, &in_use, error) == KV_FAILED)
        return false;
    *ret_result = (struct number_result){.number = found, .in_use = in_use};
    return true;
}

bool numbers_get(struct view *view, const struct store *store, const char *service,
                 const char *number, struct arena *arena, struct number_result *ret_result,
                 struct error *error)
{
    return numbers_get_kind(view, store, service, number, NUMBER_PHONE, arena, ret_result, error);
}

struct number_listing {
    const struct number_filter *filter;
    struct number_list *list;
    Maskline__Store__V1__Service *service;
};

static bool passes(const Maskline__Store__V1__PhoneNumber *number,
                   const struct number_filter *filter)
{
    if (number_kind(number) != filter->kind)
        return false;
    if (filter->country && *filter->country && strcmp(number->country, filter->country) != 0)
        return false;
    if (filter->state && number->state != filter->state)
        return false;
    return !filter->by_reserved || !number->reserved == !filter->reserved;
}

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    (void)value;
    struct number_listing *listing = data;
    const uint8_t *pool = listing->service->pool.data;
    Maskline__Store__V1__PhoneNumber *number;
    int64_t in_use;
    sid_bytes sid;
    if (!key_last_sid(key, sid))
        return true;
    enum kv_found found = rows_number_by_sid(rows, pool, sid, &number, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    if (!passes(number, listing->filter))
        return true;
    if (rows_use(rows, pool, number->phone_number, &in_use, error) == KV_FAILED)
        return false;
    listing->list->numbers[listing->list->count++] =
        (struct number_result){.number = number, .in_use = in_use};
    *ret_taken = true;
    return true;
}

bool numbers_list(struct view *view, const struct store *store, const char *service,
                  const struct number_filter *filter, const struct page *page, struct arena *arena,
                  struct number_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    struct number_listing listing = {.filter = filter, .list = ret_list};
    if (!rows_find_active_service(&rows, service, &listing.service, error))
        return false;
    ret_list->count = 0;
    ret_list->numbers = arena_array(arena, page_rows(page), sizeof *ret_list->numbers);
    if (!ret_list->numbers)
        return refuse(error, REFUSED_NO_MEMORY);
    struct sid_text sid = sid_format("KS", listing.service->sid.data);
    char name[LIST_NAME_SIZE];
    snprintf(name, sizeof name, "numbers %d %s %s %d %d %d", (int)filter->kind, sid.text,
             filter->country ? filter->country : "", (int)filter->state, filter->by_reserved,
             filter->reserved);
    const struct listing scan = {
        .rows = &rows,
        .family = KV_IDX,
        .prefix = key_number_sids(rows.tenant, listing.service->pool.data),
        .name = name,
        .page = page,
        .look = look,
        .data = &listing,
    };
    return list_page(&scan, ret_list->next_token, error);
}
