#include "server/masking/messages/interactions.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/messages/legs.h"
#include "server/masking/op.h"
#include "server/masking/policies/age.h"
#include "server/masking/outbox/outbox.h"

#include <string.h>

/* Taking out what was said. The log is rewritten in the one place where it stands: the entry that made the interaction. */

struct redaction {
    struct op op;
    const struct interaction_name *name;
    interaction_done done;
    void *data;
    bool deletes;
    bool changes; /* it was not redacted, or not deleted, before */
    sid_bytes sid;
    Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Interaction *interaction;
};

/* What waits to be sent is canceled at once, and nothing that comes after it waits until its time. */
static void hurry(const struct redaction *redaction)
{
    const Maskline__Store__V1__Interaction *interaction = redaction->interaction;
    for (size_t i = 0; i < interaction->n_outbound; i++) {
        const Maskline__Store__V1__Leg *leg = interaction->outbound[i];
        if (leg_waits(leg) && !MUTANT("redacted_waits_for_its_time"))
            outbox_hurry(redaction->op.masking->outbox, interaction->session.data,
                         leg->participant.data);
    }
}

static void tell(struct op *base, const struct error *error)
{
    struct redaction *redaction = (struct redaction *)base;
    /* A repeat tries nothing sooner than its carrier asked for. */
    if (!error && redaction->changes)
        hurry(redaction);
    redaction->done(redaction->data, error ? NULL : redaction->service,
                    error ? NULL : redaction->interaction, error);
}

/* ---- the entry that made it ---- */

static enum kv_found read_entry(struct rows *rows, const struct log_id *log, uint64_t position,
                                struct kv_value *ret_value, struct error *error)
{
    struct key key = key_log_entry(log, position);
    return rows_get(rows, KV_LOG, &key, ret_value, error);
}

/* The first entry that is not older than that; entries are in order of time. `last + 1`: all are. */
static bool find_first(struct rows *rows, const struct log_id *log, uint64_t first, uint64_t last,
                       int64_t time, uint64_t *ret_position, struct error *error)
{
    uint64_t end = last + 1;
    while (first < end) {
        uint64_t middle = first + (end - first) / 2;
        struct kv_value value;
        enum kv_found found = read_entry(rows, log, middle, &value, error);
        if (found == KV_FAILED)
            return false;
        /* In a log, this is when the entry was written. What is trimmed is older. */
        if (found == KV_ABSENT || value.purge_after < time)
            first = middle + 1;
        else
            end = middle;
    }
    *ret_position = first;
    return true;
}

static bool is_its(const Maskline__Store__V1__Entry *entry, const uint8_t *interaction)
{
    return entry->change_case == MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED &&
           !memcmp(entry->interaction_created->interaction->sid.data, interaction, SID_BYTES);
}

static bool rewrite(struct rows *rows, const struct log_id *log, uint64_t position,
                    Maskline__Store__V1__Entry *entry, struct error *error)
{
    Maskline__Store__V1__Content nothing = MASKLINE__STORE__V1__CONTENT__INIT;
    entry->interaction_created->interaction->content = &nothing;
    entry->interaction_created->interaction->redact_time = rows->now;
    size_t size = maskline__store__v1__entry__get_packed_size(entry);
    uint8_t *packed = arena_alloc(rows->arena, size);
    if (!packed)
        return refuse(error, REFUSED_NO_MEMORY);
    maskline__store__v1__entry__pack(entry, packed);
    return txn_rewrite(rows->txn, log, position, (struct bytes){packed, size}, error);
}

static bool redact_log(struct redaction *redaction, struct rows *rows)
{
    struct error *error = &redaction->op.error;
    struct pipeline *pipeline = redaction->op.masking->pipeline;
    struct log_id log = key_log(rows->tenant, redaction->service->sid.data);
    int64_t time = redaction->interaction->create_time;
    uint64_t position, last = pipeline_position(pipeline, &log);
    if (!find_first(rows, &log, pipeline_oldest(pipeline, &log), last, time, &position, error))
        return false;
    for (; position <= last && !MUTANT("log_is_not_redacted"); position++) {
        struct kv_value value;
        enum kv_found found = read_entry(rows, &log, position, &value, error);
        if (found == KV_FAILED)
            return false;
        if (found == KV_ABSENT || value.purge_after > time)
            return true; /* it has left the log by its age */
        Maskline__Store__V1__Entry *entry =
            rows_record(rows, &maskline__store__v1__entry__descriptor, value.bytes, error);
        if (!entry)
            return false;
        if (is_its(entry, redaction->sid))
            return rewrite(rows, &log, position, entry, error);
    }
    return true;
}

/* ---- the change ---- */

static bool find(struct redaction *redaction, struct rows *rows)
{
    struct error *error = &redaction->op.error;
    const struct interaction_name *name = redaction->name;
    Maskline__Store__V1__Session *session;
    if (!rows_find_active_service(rows, name->service, &redaction->service, error) ||
        !rows_find_session(rows, redaction->service, name->session, &session, error))
        return false;
    enum kv_found found = rows_interaction(rows, redaction->service->sid.data, session->sid.data,
                                           redaction->sid, &redaction->interaction, error);
    if (found == KV_FOUND &&
        !interaction_kept(redaction->service->settings, redaction->interaction, rows->now))
        found = KV_ABSENT;
    return found == KV_FOUND ||
           (found == KV_ABSENT && refuse(error, REFUSED_INTERACTION_NOT_FOUND));
}

static bool decide(struct op *base, struct rows *rows)
{
    struct redaction *redaction = (struct redaction *)base;
    if (!find(redaction, rows))
        return false;
    Maskline__Store__V1__Interaction *interaction = redaction->interaction;
    if (redaction->deletes && interaction->call && !interaction->call->end_time &&
        !MUTANT("live_call_is_deleted"))
        return refuse(&base->error, REFUSED_CALL_LIVE);
    bool done_before = interaction->redact_time;
    if (done_before && !redaction->deletes)
        return true;
    if (!done_before && !redact_log(redaction, rows))
        return false;
    Maskline__Store__V1__InteractionRedacted redacted =
        MASKLINE__STORE__V1__INTERACTION_REDACTED__INIT;
    redacted.session = interaction->session;
    redacted.interaction = interaction->sid;
    redacted.deleted = redaction->deletes;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_REDACTED;
    entry.interaction_redacted = &redacted;
    entry.session_metadata = interaction->session_metadata;
    entry.n_session_metadata = interaction->n_session_metadata;
    uint64_t position;
    if (!rows_append(rows, redaction->service->sid.data, &entry, &position, &base->error))
        return false;
    Maskline__Store__V1__Content *nothing = arena_alloc(rows->arena, sizeof *nothing);
    if (!nothing)
        return refuse(&base->error, REFUSED_NO_MEMORY);
    maskline__store__v1__content__init(nothing);
    interaction->content = nothing;
    interaction->redact_time = rows->now;
    redaction->changes = true;
    return true;
}

static void run(struct masking *masking, const struct interaction_name *name, bool deletes,
                interaction_done done, void *data)
{
    struct redaction *redaction = op_new(masking, sizeof *redaction);
    if (!redaction) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, NULL, &error);
        return;
    }
    redaction->op.tell = tell;
    redaction->op.decide = decide;
    redaction->name = name;
    redaction->done = done;
    redaction->data = data;
    redaction->deletes = deletes;
    if (!sid_parse("KI", name->interaction, redaction->sid))
        refuse(&redaction->op.error, REFUSED_INTERACTION_SID);
    op_run(&redaction->op);
}

void interactions_redact(struct masking *masking, const struct interaction_name *name,
                         interaction_done done, void *data)
{
    run(masking, name, false, done, data);
}

void interactions_delete(struct masking *masking, const struct interaction_name *name,
                         interaction_done done, void *data)
{
    run(masking, name, true, done, data);
}
