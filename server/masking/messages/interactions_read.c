#include "server/masking/messages/interactions.h"

#include "server/masking/errors.h"
#include "server/masking/rows/rows.h"

#include <stdio.h>
#include <string.h>

enum {
    PAGE_DEFAULT = 50,
    PAGE_MOST = 1000,
    /* Rows that one page looks at, whatever its filter lets through. */
    SCAN_BUDGET = 5000,
    /* Of what was read for one page: clients take answers of 4 MiB as a rule. */
    PAGE_MEMORY = 2 * 1024 * 1024,
};

bool interactions_get(struct view *view, const struct store *store, const char *service,
                      const char *session, const char *interaction, struct arena *arena,
                      struct interaction_result *ret_result, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *its_service;
    Maskline__Store__V1__Session *its_session;
    Maskline__Store__V1__Interaction *found_row;
    uint8_t sid[SID_BYTES];
    if (!sid_parse("KI", interaction, sid))
        return refuse(error, REFUSED_INTERACTION_SID);
    if (!rows_find_active_service(&rows, service, &its_service, error) ||
        !rows_find_session(&rows, its_service, session, &its_session, error))
        return false;
    enum kv_found found = rows_interaction(&rows, its_service->sid.data, its_session->sid.data, sid,
                                           &found_row, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT)
        return refuse(error, REFUSED_INTERACTION_NOT_FOUND);
    *ret_result = (struct interaction_result){.service = its_service, .interaction = found_row};
    return true;
}

static bool passes(const Maskline__Store__V1__Interaction *interaction,
                   const struct interaction_filter *filter)
{
    if (filter->type && interaction->type != filter->type)
        return false;
    if (filter->created_from && interaction->create_time < filter->created_from)
        return false;
    if (filter->created_to && interaction->create_time >= filter->created_to)
        return false;
    if (!filter->outbound_statuses)
        return true;
    for (size_t i = 0; i < interaction->n_outbound; i++) {
        if (filter->outbound_statuses >> interaction->outbound[i]->status & 1)
            return true;
    }
    return false;
}

static bool page_size(const struct page *page, size_t *ret_size, struct error *error)
{
    if (page->size > PAGE_MOST)
        return error_field(error, "page_size", "is more than %d", PAGE_MOST);
    *ret_size = page->size ? page->size : PAGE_DEFAULT;
    return true;
}

/* The page's token says which list it is of: this session, with this filter. */
static void list_name(const Maskline__Store__V1__Session *session,
                      const struct interaction_filter *filter, char *ret_name, size_t room)
{
    struct sid_text sid = sid_format("KC", session->sid.data);
    snprintf(ret_name, room, "interactions %s %d %u %lld %lld", sid.text, (int)filter->type,
             filter->outbound_statuses, (long long)filter->created_from,
             (long long)filter->created_to);
}

struct listing {
    struct rows *rows;
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session *session;
    const struct interaction_filter *filter;
    struct interaction_list *list;
    size_t size;
};

/* Fills the page from the key on. *ret_more: the scan stopped before its end, and *ret_last is where. */
static bool fill(struct listing *listing, const struct key *from, struct key *ret_last,
                 bool *ret_more, struct error *error)
{
    struct rows *rows = listing->rows;
    struct key prefix =
        key_interactions(rows->tenant, listing->service->sid.data, listing->session->sid.data);
    struct bytes to = bytes_after(key_bytes(&prefix), rows->arena);
    struct scan *scan = rows_scan(rows, KV_LIVE, key_bytes(from), to, false);
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    unsigned looked = 0;
    size_t before = arena_used(rows->arena);
    for (; scan_valid(scan) && ok && looked < SCAN_BUDGET && listing->list->count < listing->size &&
           arena_used(rows->arena) - before < PAGE_MEMORY;
         scan_next(scan), looked++) {
        struct bytes key = scan_key(scan), value = scan_value(scan).bytes;
        Maskline__Store__V1__Interaction *interaction = maskline__store__v1__interaction__unpack(
            arena_allocator(rows->arena), value.size, value.data);
        ok = interaction && key.size <= sizeof ret_last->data;
        if (!ok)
            break;
        ret_last->size = key.size;
        memcpy(ret_last->data, key.data, key.size);
        if (passes(interaction, listing->filter))
            listing->list->interactions[listing->list->count++] = interaction;
    }
    *ret_more = scan_valid(scan);
    if (!ok)
        refuse(error, REFUSED_RECORD_UNREADABLE);
    else
        ok = scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

bool interactions_list(struct view *view, const struct store *store, const char *service,
                       const char *session, const struct interaction_filter *filter,
                       const struct page *page, struct arena *arena,
                       struct interaction_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *its_service;
    Maskline__Store__V1__Session *its_session;
    struct listing listing = {.rows = &rows, .filter = filter};
    if (!page_size(page, &listing.size, error) ||
        !rows_find_active_service(&rows, service, &its_service, error) ||
        !rows_find_session(&rows, its_service, session, &its_session, error))
        return false;
    struct interaction_list list = {.service = its_service};
    list.interactions = arena_array(arena, listing.size, sizeof *list.interactions);
    if (!list.interactions)
        return refuse(error, REFUSED_NO_MEMORY);
    listing.service = its_service;
    listing.session = its_session;
    listing.list = &list;
    char name[160];
    list_name(its_session, filter, name, sizeof name);
    struct key from = key_interactions(rows.tenant, its_service->sid.data, its_session->sid.data);
    struct key last = from;
    if (page->token && *page->token) {
        if (!page_token_read(page->token, rows.hash_key, name, &from, error))
            return false;
        /* The first key after it. */
        from.data[from.size++] = 0;
    }
    bool more = false;
    if (!fill(&listing, &from, &last, &more, error))
        return false;
    if (more && !page_token_write(&last, rows.hash_key, name, list.next_token))
        return error_set(error, STATUS_INTERNAL, "PAGE_TOKEN", 0, "The page's token does not fit.");
    *ret_list = list;
    return true;
}
