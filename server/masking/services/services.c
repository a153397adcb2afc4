#include "server/masking/services/services.h"

#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/messages/legs.h"
#include "server/masking/op.h"
#include "server/masking/rows/requests.h"
#include "server/masking/services/service_hints.h"
#include "server/masking/services/service_settings.h"

#include <string.h>

struct service_op {
    struct op op;
    service_done done;
    void *data;
    const struct service_draft *draft;   /* create */
    const struct service_change *change; /* update */
    const char *name;                    /* delete */
    Maskline__Store__V1__Service *service;
    /* Of an update of the idle cap: sessions are gone through piece by piece. */
    bool changed, hinting;
    sid_bytes sid;
    struct key from;
};

static void tell(struct op *base, const struct error *error)
{
    struct service_op *op = (struct service_op *)base;
    op->done(op->data, error ? NULL : op->service, error);
}

static struct service_op *new_op(struct masking *masking, service_done done, void *data,
                                 bool (*decide)(struct op *op, struct rows *rows))
{
    struct service_op *op = op_new(masking, sizeof *op);
    if (!op) {
        struct error error;
        refuse(&error, REFUSED_NO_MEMORY);
        done(data, NULL, &error);
        return NULL;
    }
    op->op.tell = tell;
    op->op.decide = decide;
    op->done = done;
    op->data = data;
    return op;
}

/* ---- create ---- */

static bool answer_again(struct service_op *op, struct rows *rows, const uint8_t *sid)
{
    Maskline__Store__V1__Entry *entry;
    if (!request_answer(rows, sid, 1, &entry, &op->op.error))
        return false;
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED)
        return refuse(&op->op.error, REFUSED_RECORD_UNREADABLE);
    op->service = entry->service_created->service;
    return true;
}

static bool name_is_free(struct rows *rows, const char *name, struct error *error)
{
    sid_bytes sid;
    enum kv_found found = rows_service_named(rows, name, sid, error);
    if (found == KV_FOUND)
        refuse(error, REFUSED_SERVICE_NAME_TAKEN);
    return found == KV_ABSENT;
}

static Maskline__Store__V1__Service *make(struct service_op *op, struct rows *rows)
{
    struct arena *arena = rows->arena;
    Maskline__Store__V1__Service *service = arena_alloc(arena, sizeof *service);
    Maskline__Store__V1__Settings *settings = arena_alloc(arena, sizeof *settings);
    uint8_t *sid = arena_alloc(arena, SID_BYTES);
    if (!service || !settings || !sid) {
        refuse(&op->op.error, REFUSED_NO_MEMORY);
        return NULL;
    }
    struct service_settings standard = service_settings_default();
    maskline__store__v1__settings__init(settings);
    bool changed;
    if (!settings_change(arena, settings, &standard, &changed) ||
        !settings_change(arena, settings, &op->draft->settings, &changed)) {
        refuse(&op->op.error, REFUSED_NO_MEMORY);
        return NULL;
    }
    txn_mint(rows->txn, sid);
    maskline__store__v1__service__init(service);
    service->sid = service->pool = (ProtobufCBinaryData){SID_BYTES, sid};
    service->unique_name = borrowed(op->draft->unique_name);
    service->state = MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE;
    service->create_time = service->update_time = rows->now;
    service->settings = settings;
    return settings_agree(settings, &op->op.error) ? service : NULL;
}

static bool create_decide(struct op *base, struct rows *rows)
{
    struct service_op *op = (struct service_op *)base;
    bool seen;
    sid_bytes sid;
    if (!request_seen_service(rows, &op->draft->request, &seen, sid, &base->error))
        return false;
    if (seen)
        return answer_again(op, rows, sid);
    if (!name_is_free(rows, op->draft->unique_name, &base->error) ||
        !(op->service = make(op, rows)))
        return false;
    Maskline__Store__V1__ServiceCreated created = MASKLINE__STORE__V1__SERVICE_CREATED__INIT;
    created.service = op->service;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = request_mark(rows, &op->draft->request);
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED;
    entry.service_created = &created;
    uint64_t position;
    return rows_append(rows, op->service->sid.data, &entry, &position, &base->error);
}

void services_create(struct masking *masking, const struct service_draft *draft, service_done done,
                     void *data)
{
    struct service_op *op = new_op(masking, done, data, create_decide);
    if (!op)
        return;
    op->draft = draft;
    if (!draft->unique_name || !*draft->unique_name)
        error_field(&op->op.error, "unique_name", "This is needed.");
    else
        form_name(&op->op.error, "unique_name", draft->unique_name);
    settings_form(&op->op.error, &draft->settings);
    form_request(&op->op.error, &draft->request);
    op_run(&op->op);
}

/* ---- update ---- */

static bool append_update(struct service_op *op, struct rows *rows, const char *previous_name)
{
    Maskline__Store__V1__Service *service = op->service;
    Maskline__Store__V1__ServiceUpdated updated = MASKLINE__STORE__V1__SERVICE_UPDATED__INIT;
    if (previous_name) {
        updated.previous_name = borrowed(previous_name);
        service->unique_name = borrowed(op->change->unique_name);
    }
    service->update_time = rows->now;
    updated.service = service;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_UPDATED;
    entry.service_updated = &updated;
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, &op->op.error);
}

/* Before the idle cap changes. */
static bool close_ended(struct service_op *op, struct rows *rows)
{
    int64_t wanted = op->change->settings.idle_cap;
    int64_t purge;
    if (wanted == SETTING_UNSET || wanted == op->service->settings->idle_cap)
        return true;
    if (!service_close_ended(rows, op->service, &op->op.again, &purge, &op->op.error))
        return false;
    op_note(&op->op, op->service, purge);
    return true;
}

static bool change_service(struct service_op *op, struct rows *rows)
{
    const struct service_change *change = op->change;
    struct error *error = &op->op.error;
    op->changed = false;
    if (!rows_find_active_service(rows, change->service, &op->service, error))
        return false;
    Maskline__Store__V1__Service *service = op->service;
    int64_t idle_cap = service->settings->idle_cap;
    const char *name = service->unique_name;
    bool renamed = change->unique_name && strcmp(change->unique_name, name) != 0;
    if (!close_ended(op, rows))
        return false;
    if (op->op.again)
        return true;
    bool changed;
    if (!settings_change(rows->arena, service->settings, &change->settings, &changed))
        return refuse(error, REFUSED_NO_MEMORY);
    if ((changed && !settings_agree(service->settings, error)) ||
        (renamed && !name_is_free(rows, change->unique_name, error)))
        return false;
    memcpy(op->sid, service->sid.data, SID_BYTES);
    op->changed = true;
    op->op.again = service->settings->idle_cap && service->settings->idle_cap != idle_cap;
    return (!changed && !renamed) || append_update(op, rows, renamed ? name : NULL);
}

/* The idle cap holds for sessions that exist, too: the timers hear of their new end. What the rows say is told from the settings in any
 * case, so it does no harm when a crash or the Service's end comes between. */
static bool hint_sessions(struct service_op *op, struct rows *rows)
{
    struct error *error = &op->op.error;
    int64_t first;
    bool more;
    enum kv_found found = rows_service(rows, op->sid, &op->service, error);
    if (found == KV_ABSENT)
        refuse(error, REFUSED_SERVICE_DELETED);
    if (found != KV_FOUND)
        return false;
    struct key began = op->from;
    if (!service_hint_piece(rows, op->service, &op->from, &first, &more, error)) {
        op->from = began;
        return false;
    }
    op->op.again = more;
    op_note(&op->op, op->service, first);
    return true;
}

static bool update_decide(struct op *base, struct rows *rows)
{
    struct service_op *op = (struct service_op *)base;
    if (op->hinting)
        return hint_sessions(op, rows);
    bool ok = change_service(op, rows);
    op->hinting = ok && op->changed && base->again;
    return ok;
}

void services_update(struct masking *masking, const struct service_change *change,
                     service_done done, void *data)
{
    struct service_op *op = new_op(masking, done, data, update_decide);
    if (!op)
        return;
    op->change = change;
    if (change->unique_name && !*change->unique_name)
        error_field(&op->op.error, "unique_name", "This is needed.");
    else if (change->unique_name)
        form_name(&op->op.error, "unique_name", change->unique_name);
    settings_form(&op->op.error, &change->settings);
    op_run(&op->op);
}

/* ---- delete ---- */

static bool delete_decide(struct op *base, struct rows *rows)
{
    struct service_op *op = (struct service_op *)base;
    if (!rows_find_service(rows, op->name, &op->service, &base->error))
        return false;
    Maskline__Store__V1__Service *service = op->service;
    if (service->state != MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_ACTIVE)
        return true;
    Maskline__Store__V1__ServiceDeleting deleting = MASKLINE__STORE__V1__SERVICE_DELETING__INIT;
    deleting.service = service->sid;
    deleting.unique_name = service->unique_name;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETING;
    entry.service_deleting = &deleting;
    uint64_t position;
    if (!rows_append(rows, service->sid.data, &entry, &position, &base->error))
        return false;
    service->state = MASKLINE__STORE__V1__SERVICE_STATE__SERVICE_STATE_DELETING;
    service->update_time = service->delete_time = rows->now;
    op_note(base, service, rows->now);
    return true;
}

void services_delete(struct masking *masking, const char *service, service_done done, void *data)
{
    struct service_op *op = new_op(masking, done, data, delete_decide);
    if (!op)
        return;
    op->name = service;
    op_run(&op->op);
}
