/* Reading the logs and what lists show. */
#include "tests/model/subject_internal.h"

#include "server/masking/messages/interactions.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/services/services.h"
#include "server/masking/sessions/sessions.h"
#include "storage/keys.h"

#include <stdio.h>
#include <string.h>

int subject_attempts(struct subject *subject, const struct attempt **ret_attempts)
{
    int count = 0;
    for (int i = subject->attempts_seen; i < subject->attempt_count; i++)
        subject->shown[count++] = subject->attempts[i].plain;
    subject->attempts_seen = subject->attempt_count;
    *ret_attempts = subject->shown;
    return count;
}

/* ---- logs ---- */

/* What a log once said it says for ever, but for what was taken out. */
static uint64_t hash_of(struct bytes bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.size; i++)
        hash = (hash ^ ((const uint8_t *)bytes.data)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool log_wrong(struct subject *subject, int service, uint64_t position, const char *what)
{
    snprintf(subject->wrong, sizeof(subject->wrong), "entry %llu of the log of k%d %s",
             (unsigned long long)position, service, what);
    return false;
}

static Maskline__Store__V1__Entry *entry_at(struct subject *subject, struct view *view, int service,
                                            uint64_t position, uint64_t *ret_hash)
{
    struct log_id log = key_log(TENANT_DEFAULT, subject->services[service].bytes);
    struct key key = key_log_entry(&log, position);
    struct kv_value value;
    struct error error;
    if (view_get(view, KV_LOG, key_bytes(&key), subject->arena, &value, &error) != KV_FOUND)
        return NULL;
    *ret_hash = hash_of(value.bytes);
    return maskline__store__v1__entry__unpack(arena_allocator(subject->arena), value.bytes.size,
                                              value.bytes.data);
}

/* Which interaction a message became, to be named later. */
static void note_said(struct subject *subject, const struct event *event)
{
    int message = event->interaction.message;
    if (event->kind == EVENT_INTERACTION_CREATED && message > 0 && message < MESSAGES)
        snprintf(subject->said[message], SID_LENGTH + 1, "%s",
                 sid_format("KI", event->interaction.sid.bytes).text);
}

/* And where that stands, and what was taken out. */
static void note_made(struct subject *subject, const struct event *event)
{
    if (event->kind == EVENT_INTERACTION_CREATED && subject->made_count < MADE_MOST)
        subject->made[subject->made_count++] = (struct kept_interaction){
            event->interaction.sid, event->service, event->position, false};
    for (int i = 0; i < subject->made_count && event->kind == EVENT_REDACTED; i++)
        if (sid_equal(&subject->made[i].sid, &event->interaction.sid))
            subject->made[i].redacted = true;
}

static bool read_entry(struct subject *subject, struct view *view, int service, uint64_t position,
                       struct event *ret_event)
{
    uint64_t hash = 0;
    Maskline__Store__V1__Entry *entry = entry_at(subject, view, service, position, &hash);
    if (!entry)
        return log_wrong(subject, service, position, "is not there");
    if (position < ENTRIES_MOST)
        subject->services[service].hashes[position] = hash;
    *ret_event = convert_entry(&subject->world, entry);
    ret_event->service = service;
    ret_event->position = position;
    note_said(subject, ret_event);
    note_made(subject, ret_event);
    return !entry_leaks(&subject->world, entry) ||
           log_wrong(subject, service, position, "holds a real number");
}

/* Whether the interaction that this entry made was taken out since: then nothing of what it said may be left. */
static bool retold(struct subject *subject, int service, uint64_t position,
                   const Maskline__Store__V1__Entry *entry)
{
    struct event event = convert_entry(&subject->world, entry);
    if (event.kind != EVENT_INTERACTION_CREATED || !event.interaction.redacted)
        return log_wrong(subject, service, position,
                         "says another thing than before, or tells what was taken out");
    return (!event.interaction.message && !event.interaction.media) ||
           log_wrong(subject, service, position, "tells what was taken out");
}

/* What was taken out is out of the log, too. */
static bool check_redacted(struct subject *subject, struct view *view,
                           const struct kept_interaction *made)
{
    uint64_t hash = 0;
    arena_reset(subject->arena);
    const Maskline__Store__V1__Entry *entry =
        entry_at(subject, view, made->service, made->position, &hash);
    return !made->redacted || !entry || retold(subject, made->service, made->position, entry);
}

bool subject_retell(struct subject *subject, const char **ret_wrong)
{
    struct view *view = view_open(subject->store);
    bool ok = view != NULL;
    for (int i = 0; ok && i < LABELS; i++) {
        const struct kept_service *kept = &subject->services[i];
        for (uint64_t at = 1; ok && kept->there && at <= kept->position && at < ENTRIES_MOST;
             at++) {
            uint64_t hash = 0;
            arena_reset(subject->arena);
            const Maskline__Store__V1__Entry *entry = entry_at(subject, view, i, at, &hash);
            /* What was there when it was read may have gone since, with its Service. */
            if (entry && hash != kept->hashes[at])
                ok = retold(subject, i, at, entry);
        }
    }
    for (int i = 0; ok && i < subject->made_count; i++)
        ok = check_redacted(subject, view, &subject->made[i]);
    view_close(view);
    *ret_wrong = subject->wrong;
    return ok;
}

/* All of one log that is new. */
static bool read_log(struct subject *subject, struct view *view, int service, int *count)
{
    struct kept_service *kept = &subject->services[service];
    struct log_id log = key_log(TENANT_DEFAULT, kept->bytes);
    uint64_t last = pipeline_position(masking_pipeline(subject->masking), &log);
    if (last < kept->position) {
        snprintf(subject->wrong, sizeof(subject->wrong), "the log of k%d became shorter", service);
        return false;
    }
    while (kept->position < last) {
        if (*count == EVENTS_MOST)
            subject_die("more happens than this test has room for", NULL);
        if (!read_entry(subject, view, service, kept->position + 1, &subject->events[*count]))
            return false;
        kept->position++;
        (*count)++;
    }
    return true;
}

bool subject_events(struct subject *subject, const struct event **ret_events, int *ret_count,
                    const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    if (!view)
        subject_die("no view", NULL);
    bool ok = true;
    int count = 0;
    for (int i = 0; ok && i < LABELS; i++)
        if (subject->services[i].there)
            ok = read_log(subject, view, i, &count);
    view_close(view);
    *ret_events = subject->events;
    *ret_count = count;
    *ret_wrong = subject->wrong;
    return ok;
}

/* ---- lists ---- */

static const struct page ALL = {.size = 1000, .token = ""};

/* What a read ends with. */
int subject_read_ended(struct subject *subject, struct view *view, bool ok,
                       const struct error *error, int count, const char **ret_wrong)
{
    view_close(view);
    *ret_wrong = NULL;
    if (ok)
        return count;
    snprintf(subject->wrong, sizeof(subject->wrong), "a list cannot be read: %s %s", error->reason,
             error->message);
    *ret_wrong = subject->wrong;
    return 0;
}

int subject_services(struct subject *subject, const struct plain_service **ret_services,
                     const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    struct service_list list;
    struct error error;
    bool ok = services_list(view, subject->store, &ALL, subject->arena, &list, &error);
    int count = 0;
    for (size_t i = 0; ok && i < list.count && count < READ_MOST; i++) {
        struct plain_service service = convert_service(&subject->world, list.services[i]);
        if (service.name)
            subject->read_services[count++] = service;
    }
    *ret_services = subject->read_services;
    return subject_read_ended(subject, view, ok, &error, count, ret_wrong);
}

int subject_numbers(struct subject *subject, int service, int kind,
                    const struct plain_number **ret_numbers, const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    struct number_filter filter = {.country = "", .kind = (enum number_kind)kind};
    struct number_list list;
    struct error error;
    bool ok = numbers_list(view, subject->store, subject->services[service].sid, &filter, &ALL,
                           subject->arena, &list, &error);
    int count = 0;
    for (size_t i = 0; ok && i < list.count && count < READ_MOST; i++)
        subject->read_numbers[count++] =
            convert_number(&subject->world, list.numbers[i].number, list.numbers[i].in_use);
    *ret_numbers = subject->read_numbers;
    return subject_read_ended(subject, view, ok, &error, count, ret_wrong);
}

/* One page; its token becomes the next page's. */
static bool read_sessions(struct subject *subject, struct view *view, int service,
                          const struct session_filter *filter, struct page *page, char *token,
                          int *count, struct error *error)
{
    struct session_list list;
    if (!sessions_list(view, subject->store, subject->services[service].sid, filter, page,
                       subject->arena, &list, error))
        return false;
    for (size_t i = 0; i < list.count && *count < READ_MOST; i++)
        subject->read_sessions[(*count)++] = convert_session(&subject->world, list.sessions[i]);
    memcpy(token, list.next_token, PAGE_TOKEN_SIZE);
    page->token = token;
    return true;
}

int subject_sessions(struct subject *subject, int service, const struct reading *reading,
                     const struct plain_session **ret_sessions, const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    char identifier[ADDRESS_TEXT] = "";
    if (reading->who != WHOS)
        world_address(&subject->world, reading->who, identifier);
    struct session_filter filter = {.statuses = reading->statuses,
                                    .unique_name = world_session_name(reading->name),
                                    .identifier = identifier};
    struct page page = {.size = reading->page, .token = ""};
    struct error error = {.reason = "NO_END"};
    char token[PAGE_TOKEN_SIZE];
    int count = 0;
    bool ok = true;
    int pages = 0;
    do
        ok = pages++ < READ_MOST &&
             read_sessions(subject, view, service, &filter, &page, token, &count, &error);
    while (ok && token[0]);
    *ret_sessions = subject->read_sessions;
    return subject_read_ended(subject, view, ok, &error, count, ret_wrong);
}

int subject_interactions(struct subject *subject, int session,
                         const struct plain_interaction **ret_interactions, const char **ret_wrong)
{
    arena_reset(subject->arena);
    struct view *view = view_open(subject->store);
    const struct kept_session *kept = &subject->sessions[session];
    struct interaction_filter filter = {.outbound_statuses = 0};
    struct interaction_list list;
    struct error error;
    bool ok = interactions_list(view, subject->store, subject->services[kept->service].sid,
                                kept->sid, &filter, &ALL, subject->arena, &list, &error);
    int count = 0;
    for (size_t i = 0; ok && i < list.count && count < READ_MOST; i++)
        subject->read_interactions[count++] = convert_interaction(list.interactions[i]);
    *ret_interactions = subject->read_interactions;
    return subject_read_ended(subject, view, ok, &error, count, ret_wrong);
}
