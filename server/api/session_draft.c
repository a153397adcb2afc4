#include "server/api/session_draft.h"

#include "server/api/drafts.h"
#include "server/api/fields.h"
#include "server/api/masks.h"
#include "server/api/metadata.h"
#include "server/api/requests.h"

#include <stdio.h>

/* ---- create ---- */

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
        char path[48] = "participants[0]";
        if (i > 0)
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

bool session_draft_read(struct masking *masking, struct arena *arena,
                        const Maskline__V1__CreateSessionRequest *request,
                        struct session_draft *ret_draft, struct error *error)
{
    error_clear(error);
    struct session_draft draft = {
        .service = request->service,
        .unique_name = request->unique_name,
        .mode = (Maskline__Store__V1__Mode)request->mode,
        .ttl_given = request->ttl,
        .status = (Maskline__Store__V1__SessionStatus)request->status,
    };
    field_enum(error, "mode", &maskline__v1__session_mode__descriptor, (int)request->mode);
    field_enum(error, "status", &maskline__v1__session_status__descriptor, (int)request->status);
    field_duration(error, "ttl", request->ttl, &draft.ttl);
    field_expire_time(error, request->expire_time, &draft.expire_time);
    draft_participants(error, arena, request, &draft);
    read_metadata(error, arena, (void *const *)request->metadata, request->n_metadata,
                  &draft.metadata);
    if (error->code != STATUS_OK)
        return false;
    Maskline__V1__CreateSessionRequest ordered = in_order(arena, request, &draft.metadata);
    if (!request_identity(masking, arena, &ordered.base, "CreateSession", &draft.request, error))
        return false;
    *ret_draft = draft;
    return true;
}

/* ---- update ---- */

enum {
    CHANGES_STATUS = 1 << 0,
    CHANGES_TTL = 1 << 1,
    CHANGES_EXPIRE_TIME = 1 << 2,
    CHANGES_METADATA = 1 << 3,
};

static uint64_t changes_of(struct error *error, const Maskline__V1__UpdateSessionRequest *request)
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
    uint64_t changes = mask_changes(error, request->update_mask, paths);
    if (changes & CHANGES_STATUS && request->status == 0)
        error_field(error, "status", "update_mask names it, but it is not given.");
    return changes;
}

bool session_change_read(struct arena *arena, const Maskline__V1__UpdateSessionRequest *request,
                         struct session_change *ret_change, struct error *error)
{
    error_clear(error);
    uint64_t changes = changes_of(error, request);
    struct session_change change = {
        .service = request->service,
        .session = request->session,
        .set_ttl = changes & CHANGES_TTL,
        .ttl_given = request->ttl,
        .set_expire_time = changes & CHANGES_EXPIRE_TIME,
        .set_metadata = changes & CHANGES_METADATA,
    };
    field_enum(error, "status", &maskline__v1__session_status__descriptor, (int)request->status);
    field_duration(error, "ttl", request->ttl, &change.ttl);
    field_expire_time(error, request->expire_time, &change.expire_time);
    read_metadata(error, arena, (void *const *)request->metadata, request->n_metadata,
                  &change.metadata);
    if (changes & CHANGES_STATUS)
        change.status = (Maskline__Store__V1__SessionStatus)request->status;
    if (error->code != STATUS_OK)
        return false;
    *ret_change = change;
    return true;
}
