#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/sessions/joiner.h"
#include "server/masking/messages/legs.h"
#include "server/masking/rows/requests.h"
#include "server/masking/sessions/session_end.h"
#include "server/masking/sessions/session_name.h"
#include "server/masking/sessions/session_op.h"
#include "server/masking/sessions/session_routes.h"

#include <stdio.h>

_Static_assert(PARTICIPANTS_MOST == 2, "a refusal tells of one more place at most: look_on");

struct create {
    struct session_op base;
    const struct session_draft *draft;
    struct joiner joiners[PARTICIPANTS_MOST];
    size_t count;
    struct name_taken name;
    struct shortage shortage;
};

/* ---- form ---- */

static bool status_is_one(Maskline__Store__V1__SessionStatus status)
{
    switch (status) {
    case MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_UNSPECIFIED:
    case MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_OPEN:
    case MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_IN_PROGRESS:
    case MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_CLOSED:
        return true;
    default:
        return false;
    }
}

static void read_participants(struct create *create)
{
    struct error *error = &create->base.op.error;
    const struct session_draft *draft = create->draft;
    const uint8_t *hash_key = store_hash_key(create->base.op.masking->store);
    bool was_good = error->code == STATUS_OK;
    size_t first_bad = PARTICIPANTS_MOST;
    _Static_assert(PARTICIPANTS_MOST <= 10, "a digit says which");
    for (size_t i = 0; i < draft->participant_count && i < PARTICIPANTS_MOST; i++) {
        char path[32] = "participants[0]";
        path[sizeof "participants[" - 1] = (char)('0' + i);
        joiner_read(error, hash_key, path, &draft->participants[i], &create->joiners[i]);
        create->count++;
        if (error->code != STATUS_OK && first_bad == PARTICIPANTS_MOST)
            first_bad = i;
    }
    if (was_good && first_bad < PARTICIPANTS_MOST)
        error_metadata(error, "participant", "%zu", first_bad);
    if (error->code != STATUS_OK)
        return;
    if (draft->participant_count > PARTICIPANTS_MOST) {
        refuse(error, REFUSED_TOO_MANY_PARTICIPANTS);
    } else if (create->count == 2 && joiners_same(&create->joiners[0], &create->joiners[1])) {
        refuse(error, REFUSED_IDENTIFIER_IN_SESSION);
        error_metadata(error, "participant", "1");
    }
}

static void check_form(struct create *create)
{
    struct error *error = &create->base.op.error;
    const struct session_draft *draft = create->draft;
    if (draft->unique_name)
        form_name(error, "unique_name", draft->unique_name);
    if ((unsigned)draft->mode > MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY)
        error_field(error, "mode", "This is no mode.");
    if (draft->ttl_given)
        form_span(error, "ttl", draft->ttl, 0, SECONDS_MOST * INT64_C(1000000));
    if (draft->expire_time < 0)
        error_field(error, "expire_time", "This has passed.");
    if (!status_is_one(draft->status))
        error_field(error, "status", "OPEN, IN_PROGRESS or CLOSED.");
    metadata_form(error, &draft->metadata);
    form_request(error, &draft->request);
    read_participants(create);
}

/* ---- decision ---- */

/* A repeat gets the session as it was made. */
static bool answer_again(struct create *create, struct rows *rows, uint64_t position)
{
    struct session_op *op = &create->base;
    Maskline__Store__V1__Entry *entry;
    if (!request_answer(rows, op->service->sid.data, position, &entry, &op->op.error))
        return false;
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED)
        return refuse(&op->op.error, REFUSED_RECORD_UNREADABLE);
    op->session = entry->session_created->session;
    return true;
}

static bool take_name(struct create *create, struct rows *rows)
{
    struct session_op *op = &create->base;
    const char *name = create->draft->unique_name;
    create->name = (struct name_taken){.by_other = false};
    return !name || !*name ||
           session_name_take(rows, op->service, name, NULL, &create->name, &op->op.error);
}

static bool set_life(struct create *create, struct rows *rows,
                     Maskline__Store__V1__Session *session)
{
    const struct session_draft *draft = create->draft;
    const Maskline__Store__V1__Service *service = create->base.service;
    if (draft->expire_time && draft->expire_time <= rows->now) {
        error_clear(&create->base.op.error);
        return error_field(&create->base.op.error, "expire_time", "This has passed.");
    }
    session->ttl_given = draft->ttl_given;
    session->ttl = draft->ttl_given ? draft->ttl
                   : draft->expire_time || MUTANT("default_ttl_not_taken")
                       ? 0
                       : service->settings->default_ttl;
    session->expire_date = draft->expire_time;
    session->effective_expire_time = session_expire_time(service, session);
    return true;
}

static void set_status(struct create *create, struct rows *rows,
                       Maskline__Store__V1__Session *session)
{
    Maskline__Store__V1__SessionStatus status = create->draft->status;
    session->status = status ? status : MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_OPEN;
    if (session_open(session))
        return;
    session->closed_reason = MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_API;
    session->end_time = rows->now;
    session->purge_time = rows->now + create->base.service->settings->closed_session_retention;
}

static Maskline__Store__V1__Session *make(struct create *create, struct rows *rows)
{
    struct arena *arena = rows->arena;
    Maskline__Store__V1__Session *session = arena_alloc(arena, sizeof *session);
    uint8_t *sid = arena_alloc(arena, SID_BYTES);
    if (session)
        maskline__store__v1__session__init(session);
    if (!session || !sid) {
        refuse(&create->base.op.error, REFUSED_NO_MEMORY);
        return NULL;
    }
    txn_mint(rows->txn, sid);
    session->sid = (ProtobufCBinaryData){SID_BYTES, sid};
    if (create->draft->unique_name)
        session->unique_name = borrowed(create->draft->unique_name);
    session->mode =
        create->draft->mode ? create->draft->mode : create->base.service->settings->default_mode;
    session->create_time = session->update_time = rows->now;
    session->generation = 1;
    session->metadata = create->draft->metadata.items;
    session->n_metadata = create->draft->metadata.count;
    if (!set_life(create, rows, session))
        return NULL;
    set_status(create, rows, session);
    return session;
}

/* One has got no number, and is told what would do: what those behind need is said at once. */
static void look_on(struct create *create, struct rows *rows, const struct seat *refused,
                    size_t which)
{
    struct error *error = &create->base.op.error;
    for (size_t i = which + 1; i < create->count && create->shortage.one_would_do; i++) {
        struct shortage shortage = {.there_is = false};
        struct seat seat = *refused;
        struct choice choice;
        struct error ignored;
        error_clear(&ignored);
        seat.coming = &create->joiners[which];
        seat.shortage = &shortage;
        if (!joiner_number(create->base.op.masking, rows, &seat, &create->joiners[i], NULL, &choice,
                           &ignored))
            shortage_add(error, &create->shortage, &shortage);
    }
}

static bool seat_all(struct create *create, struct rows *rows,
                     Maskline__Store__V1__Session *session)
{
    struct session_op *op = &create->base;
    session->participants =
        arena_array(rows->arena, create->count, sizeof(Maskline__Store__V1__Participant *));
    if (!session->participants)
        return refuse(&op->op.error, REFUSED_NO_MEMORY);
    for (size_t i = 0; i < create->count; i++) {
        const struct seat seat = {
            .service = op->service,
            .session = session,
            .is_new = true,
            .coming = i + 1 < create->count ? &create->joiners[i + 1] : NULL,
            .shortage = &create->shortage,
        };
        if (!joiner_seat(op->op.masking, rows, &seat, &create->joiners[i],
                         &session->participants[i], &op->op.error)) {
            error_metadata(&op->op.error, "participant", "%zu", i);
            look_on(create, rows, &seat, i);
            return false;
        }
        session->n_participants++;
    }
    return true;
}

static bool append(struct create *create, struct rows *rows, Maskline__Store__V1__Session *session)
{
    struct error *error = &create->base.op.error;
    struct route_list routes;
    struct use_list uses = {NULL, 0};
    if (!session_routes(rows->arena, session, NULL, &routes) ||
        (session_open(session) && !session_uses(rows->arena, session, 1, &uses)))
        return refuse(error, REFUSED_NO_MEMORY);
    Maskline__Store__V1__SessionCreated created = MASKLINE__STORE__V1__SESSION_CREATED__INIT;
    created.session = session;
    created.taken = routes.items;
    created.n_taken = routes.count;
    created.uses = uses.items;
    created.n_uses = uses.count;
    created.name_listed = *session->unique_name && create->base.service->settings->reused_names;
    if (create->name.by_other)
        created.displaced = (ProtobufCBinaryData){SID_BYTES, create->name.before};
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = request_mark(rows, &create->draft->request);
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED;
    entry.session_created = &created;
    uint64_t position;
    return rows_append(rows, create->base.service->sid.data, &entry, &position, error);
}

static bool decide(struct op *base, struct rows *rows)
{
    struct create *create = (struct create *)base;
    struct session_op *op = &create->base;
    const struct session_draft *draft = create->draft;
    uint64_t position;
    rows->kept = base->masking->kept;
    if (!rows_find_active_service(rows, draft->service, &op->service, &base->error) ||
        !request_seen(rows, op->service->sid.data, &draft->request, &position, &base->error))
        return false;
    if (position)
        return answer_again(create, rows, position);
    Maskline__Store__V1__Session *session;
    create->shortage = (struct shortage){.there_is = false};
    if (!take_name(create, rows) || !(session = make(create, rows)))
        return false;
    /* So far nothing was written but what was due anyway. */
    if (!seat_all(create, rows, session))
        return shortage_tell(base, rows, op->service, NULL, &create->shortage);
    if (!append(create, rows, session))
        return false;
    op->session = session;
    op_note_session(base, op->service, session);
    return true;
}

static void warm(struct op *base, struct rows *rows)
{
    struct create *create = (struct create *)base;
    sid_bytes service;
    if (!rows_warm_service(rows, create->draft->service, service))
        return;
    for (size_t i = 0; i < create->count; i++)
        joiner_warm(rows, service, &create->joiners[i]);
}

void sessions_create(struct masking *masking, const struct session_draft *draft, session_done done,
                     void *data)
{
    struct create *create = session_op_new(masking, sizeof *create, done, data);
    if (!create)
        return;
    create->draft = draft;
    create->base.op.decide = decide;
    create->base.op.warm = warm;
    check_form(create);
    op_run(&create->base.op);
}
