#include "server/masking/messages/interactions.h"

#include "server/masking/errors.h"
#include "server/masking/policies/age.h"
#include "server/masking/rows/lists.h"
#include "server/masking/rows/rows.h"

#include <stdio.h>

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
    if (found == KV_ABSENT || !interaction_kept(its_service->settings, found_row, rows.now))
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

/* The page's token says which list it is of: this session, with this filter. */
static void list_name(const Maskline__Store__V1__Session *session,
                      const struct interaction_filter *filter, char *ret_name, size_t room)
{
    struct sid_text sid = sid_format("KC", session->sid.data);
    snprintf(ret_name, room, "interactions %s %d %u %lld %lld", sid.text, (int)filter->type,
             filter->outbound_statuses, (long long)filter->created_from,
             (long long)filter->created_to);
}

struct looking {
    const struct interaction_filter *filter;
    struct interaction_list *list;
};

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    (void)key;
    struct looking *looking = data;
    const Maskline__Store__V1__Interaction *interaction =
        rows_record(rows, &maskline__store__v1__interaction__descriptor, value, error);
    if (!interaction)
        return false;
    *ret_taken = passes(interaction, looking->filter) &&
                 interaction_kept(looking->list->service->settings, interaction, rows->now);
    if (*ret_taken)
        looking->list->interactions[looking->list->count++] = interaction;
    return true;
}

bool interactions_list(struct view *view, const struct store *store, const char *service,
                       const char *session, const struct interaction_filter *filter,
                       const struct page *page, struct arena *arena,
                       struct interaction_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *its_service;
    Maskline__Store__V1__Session *its_session;
    if (!rows_find_active_service(&rows, service, &its_service, error) ||
        !rows_find_session(&rows, its_service, session, &its_session, error))
        return false;
    *ret_list = (struct interaction_list){.service = its_service};
    ret_list->interactions = arena_array(arena, page_rows(page), sizeof *ret_list->interactions);
    if (!ret_list->interactions)
        return refuse(error, REFUSED_NO_MEMORY);
    struct looking looking = {.filter = filter, .list = ret_list};
    char name[160];
    list_name(its_session, filter, name, sizeof name);
    const struct listing listing = {
        .rows = &rows,
        .family = KV_LIVE,
        .prefix = key_interactions(rows.tenant, its_service->sid.data, its_session->sid.data),
        .name = name,
        .page = page,
        .since = filter->created_from,
        .until = filter->created_to,
        .look = look,
        .data = &looking,
    };
    return list_page(&listing, ret_list->next_token, error);
}
