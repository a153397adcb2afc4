#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/lists.h"
#include "server/masking/sessions/sessions.h"

#include <stdio.h>
#include <string.h>

bool sessions_get(struct view *view, const struct store *store, const char *service,
                  const char *session, struct arena *arena, struct session_result *ret_result,
                  struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    Maskline__Store__V1__Service *found_service;
    Maskline__Store__V1__Session *found;
    if (!rows_find_active_service(&rows, service, &found_service, error) ||
        !rows_find_session(&rows, found_service, session, &found, error))
        return false;
    session_show(found_service, found, rows.now);
    *ret_result = (struct session_result){.service = found_service, .session = found};
    return true;
}

/* ---- lists ---- */

struct session_listing {
    const struct session_filter *filter;
    struct session_list *list;
    Maskline__Store__V1__Service *service;
    bool by_index;   /* the rows are of an index, and say which session */
    bool has_person; /* the filter names one */
    struct person person;
    char person_text[ADDRESS_SIZE];
};

static bool is_in(const ProtobufCBinaryData *persons, size_t count, const struct person *person)
{
    for (size_t i = 0; i < count; i++) {
        if (persons[i].len == PERSON_SIZE && !memcmp(persons[i].data, person->bytes, PERSON_SIZE))
            return true;
    }
    return false;
}

/* Is, or was before it was replaced. */
static bool is_participant(const Maskline__Store__V1__Session *session, const struct person *person)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if (is_in(participant->persons, participant->n_persons, person) ||
            is_in(participant->former_persons, participant->n_former_persons, person))
            return true;
    }
    return false;
}

static bool in_range(int64_t time, const struct time_range *range)
{
    if (!range->from && !range->to)
        return true;
    return time && time >= range->from && (!range->to || time < range->to);
}

static bool passes(const Maskline__Store__V1__Session *session,
                   const struct session_listing *listing)
{
    const struct session_filter *filter = listing->filter;
    if (filter->statuses && !(filter->statuses >> session->status & 1))
        return false;
    if (filter->mode && session->mode != filter->mode)
        return false;
    if (filter->unique_name && *filter->unique_name &&
        strcmp(session->unique_name, filter->unique_name) != 0)
        return false;
    if (listing->has_person && !MUTANT("filters_hold_apart") &&
        !is_participant(session, &listing->person))
        return false;
    return in_range(session->create_time, &filter->created) &&
           in_range(session->end_time, &filter->ended) &&
           in_range(session->last_interaction_time, &filter->last_interaction);
}

/* The session of a row: the row itself, or what it points to. NULL with no error: it is gone. */
static bool read_session(struct session_listing *listing, struct rows *rows, struct bytes key,
                         struct bytes value, Maskline__Store__V1__Session **ret_session,
                         struct error *error)
{
    const uint8_t *service = listing->service->sid.data;
    *ret_session = NULL;
    if (!listing->by_index) {
        *ret_session = rows_record(rows, &maskline__store__v1__session__descriptor, value, error);
        return *ret_session && rows_session_settle(rows, service, *ret_session, error) == KV_FOUND;
    }
    sid_bytes sid;
    if (!key_last_sid(key, sid))
        return true;
    return rows_session(rows, service, sid, ret_session, error) != KV_FAILED;
}

static bool look(void *data, struct rows *rows, struct bytes key, struct bytes value,
                 bool *ret_taken, struct error *error)
{
    struct session_listing *listing = data;
    Maskline__Store__V1__Session *session;
    if (!read_session(listing, rows, key, value, &session, error))
        return false;
    if (!session || session_purged(session, rows->now))
        return true;
    session_show(listing->service, session, rows->now);
    if (!passes(session, listing))
        return true;
    listing->list->sessions[listing->list->count++] = session;
    *ret_taken = true;
    return true;
}

/* The one that has the name, of a Service in which a name is had once. */
static bool list_holder(struct session_listing *listing, struct rows *rows, struct error *error)
{
    sid_bytes sid;
    const uint8_t *service = listing->service->sid.data;
    bool taken;
    enum kv_found found =
        rows_session_named(rows, service, listing->filter->unique_name, sid, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT;
    struct key key = key_session(rows->tenant, service, sid);
    return look(listing, rows, key_bytes(&key), (struct bytes){"", 0}, &taken, error);
}

static void list_name(const struct session_listing *listing, char ret_name[LIST_NAME_SIZE])
{
    const struct session_filter *filter = listing->filter;
    struct sid_text sid = sid_format("KS", listing->service->sid.data);
    snprintf(ret_name, LIST_NAME_SIZE, "sessions %s %u %d %lld %lld %lld %lld %lld %lld %s %s",
             sid.text, filter->statuses, (int)filter->mode, (long long)filter->created.from,
             (long long)filter->created.to, (long long)filter->ended.from,
             (long long)filter->ended.to, (long long)filter->last_interaction.from,
             (long long)filter->last_interaction.to, listing->person_text,
             filter->unique_name ? filter->unique_name : "");
}

/* By one index: the name's, else the person's; else all of the Service's sessions are gone through. */
static bool list_scan(struct session_listing *listing, struct rows *rows, const struct page *page,
                      struct error *error)
{
    const struct session_filter *filter = listing->filter;
    const uint8_t *service = listing->service->sid.data;
    char name[LIST_NAME_SIZE];
    list_name(listing, name);
    struct listing scan = {
        .rows = rows,
        .family = KV_LIVE,
        .prefix = key_sessions(rows->tenant, service),
        .name = name,
        .page = page,
        .since = filter->created.from,
        .until = filter->created.to,
        .look = look,
        .data = listing,
    };
    bool by_name = filter->unique_name && *filter->unique_name;
    listing->by_index = by_name || listing->has_person;
    if (listing->by_index)
        scan.family = KV_IDX;
    if (by_name) {
        uint8_t hash[HASH_SIZE];
        name_hash(rows->hash_key, filter->unique_name, hash);
        scan.prefix = key_name_sessions(rows->tenant, service, hash);
    } else if (listing->has_person) {
        scan.prefix = key_person_sessions(rows->tenant, service, &listing->person);
    }
    if (!list_page(&scan, listing->list->next_token, error))
        return false;
    /* A name that was never taken again has no such row. */
    bool first = !page->token || !*page->token;
    return !by_name || !first || listing->list->count || *listing->list->next_token ||
           list_holder(listing, rows, error);
}

static bool read_person(struct session_listing *listing, const struct rows *rows,
                        struct error *error)
{
    char canonical[CHANNEL_SIZE];
    const char *identifier = listing->filter->identifier;
    if (!identifier || !*identifier)
        return true;
    if (!identifier_parse(identifier, ADDRESS_STRICT, canonical)) {
        refuse(error, REFUSED_IDENTIFIER);
        return error_field(error, "filter.identifier",
                           "This is no number in E.164, and no address in a channel.");
    }
    listing->has_person = true;
    listing->person = person_of(rows->hash_key, canonical);
    struct address form = proxy_form(canonical);
    memcpy(listing->person_text, form.text, sizeof listing->person_text);
    return true;
}

bool sessions_list(struct view *view, const struct store *store, const char *service,
                   const struct session_filter *filter, const struct page *page,
                   struct arena *arena, struct session_list *ret_list, struct error *error)
{
    struct rows rows = rows_of_view(view, store, arena);
    struct session_listing listing = {.filter = filter, .list = ret_list};
    if (!rows_find_active_service(&rows, service, &listing.service, error) ||
        !read_person(&listing, &rows, error))
        return false;
    ret_list->service = listing.service;
    ret_list->count = 0;
    *ret_list->next_token = '\0';
    ret_list->sessions =
        arena_array(arena, page_rows(page), sizeof(const Maskline__Store__V1__Session *));
    if (!ret_list->sessions)
        return refuse(error, REFUSED_NO_MEMORY);
    return list_scan(&listing, &rows, page, error);
}
