#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/sessions/joiner.h"
#include "server/masking/rows/requests.h"
#include "server/masking/derive/session_apply.h"
#include "server/masking/sessions/session_op.h"
#include "server/masking/sessions/session_routes.h"

#include <string.h>

/* ---- adding ---- */

struct addition {
    struct session_op base;
    const struct participant_add *add;
    struct joiner joiner;
};

/* A repeat gets the participant as it was added, in whatever has become of the session. */
static bool answer_again(struct addition *addition, struct rows *rows, uint64_t position)
{
    struct session_op *op = &addition->base;
    struct error *error = &op->op.error;
    Maskline__Store__V1__Entry *entry;
    Maskline__Store__V1__Session *session;
    if (!request_answer(rows, op->service->sid.data, position, &entry, error))
        return false;
    if (entry->change_case != MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED)
        return refuse(error, REFUSED_RECORD_UNREADABLE);
    const Maskline__Store__V1__ParticipantAdded *added = entry->participant_added;
    enum kv_found found =
        rows_session(rows, op->service->sid.data, added->session.data, &session, error);
    if (found == KV_FAILED)
        return false;
    if (found == KV_ABSENT) {
        session = arena_alloc(rows->arena, sizeof *session);
        if (!session)
            return refuse(error, REFUSED_NO_MEMORY);
        maskline__store__v1__session__init(session);
        session->sid = added->session;
    }
    session->n_participants = 0;
    op->session = session;
    return session_apply_added(session, added, session->update_time, rows->arena) ||
           refuse(error, REFUSED_NO_MEMORY);
}

/* Whether one more may come in, and this one. */
static bool check_room(struct addition *addition)
{
    const Maskline__Store__V1__Session *session = addition->base.session;
    struct error *error = &addition->base.op.error;
    size_t present = 0;
    if (!session_open(session))
        return refuse(error, REFUSED_SESSION_CLOSED);
    for (size_t i = 0; i < session->n_participants; i++) {
        if (session->participants[i]->delete_time)
            continue;
        present++;
        if (!MUTANT("person_joins_twice") && joiner_is(&addition->joiner, session->participants[i]))
            return refuse(error, REFUSED_IDENTIFIER_IN_SESSION);
    }
    bool room = (present < PARTICIPANTS_MOST || MUTANT("a_third_joins")) &&
                session->n_participants < PARTICIPANTS_EVER;
    return room || refuse(error, REFUSED_TOO_MANY_PARTICIPANTS);
}

static bool append_added(struct addition *addition, struct rows *rows,
                         Maskline__Store__V1__Participant *participant)
{
    struct session_op *op = &addition->base;
    struct error *error = &op->op.error;
    Maskline__Store__V1__ParticipantAdded added = MASKLINE__STORE__V1__PARTICIPANT_ADDED__INIT;
    added.session = op->session->sid;
    added.participant = participant;
    added.generation = participant->generation;
    struct route_list taken, changed;
    struct use_list uses;
    if (!session_apply_added(op->session, &added, rows->now, rows->arena) ||
        !session_routes(rows->arena, op->session, participant, &taken) ||
        !session_routes_but(rows->arena, op->session, participant, &changed) ||
        !session_uses_of(rows->arena, op->session, participant, 1, &uses))
        return refuse(error, REFUSED_NO_MEMORY);
    added.taken = taken.items;
    added.n_taken = taken.count;
    added.peers_changed = changed.items;
    added.n_peers_changed = changed.count;
    added.uses = uses.items;
    added.n_uses = uses.count;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.request = request_mark(rows, &addition->add->request);
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED;
    entry.participant_added = &added;
    entry_of_session(&entry, op->session);
    uint64_t position;
    return rows_append(rows, op->service->sid.data, &entry, &position, error);
}

static bool add_decide(struct op *base, struct rows *rows)
{
    struct addition *addition = (struct addition *)base;
    struct session_op *op = &addition->base;
    const struct participant_add *add = addition->add;
    uint64_t position;
    if (!rows_find_active_service(rows, add->service, &op->service, &base->error) ||
        !request_seen(rows, op->service->sid.data, &add->request, &position, &base->error))
        return false;
    if (position)
        return answer_again(addition, rows, position);
    if (!session_op_find(op, rows, add->service, add->session) || !check_room(addition))
        return false;
    Maskline__Store__V1__Session joined = *op->session;
    joined.generation += !MUTANT("joining_keeps_generation");
    struct shortage shortage = {.there_is = false};
    const struct seat seat = {.service = op->service, .session = &joined, .shortage = &shortage};
    Maskline__Store__V1__Participant *participant;
    if (!joiner_seat(base->masking, rows, &seat, &addition->joiner, &participant, &base->error))
        return shortage_tell(base, rows, op->service, op->session, &shortage);
    return append_added(addition, rows, participant);
}

static void add_warm(struct op *base, struct rows *rows)
{
    struct addition *addition = (struct addition *)base;
    sid_bytes service;
    if (session_op_warm(rows, addition->add->service, addition->add->session, service))
        joiner_warm(rows, service, &addition->joiner);
}

void participants_create(struct masking *masking, const struct participant_add *add,
                         session_done done, void *data)
{
    struct addition *addition = session_op_new(masking, sizeof *addition, done, data);
    if (!addition)
        return;
    addition->add = add;
    addition->base.op.decide = add_decide;
    addition->base.op.warm = add_warm;
    joiner_read(&addition->base.op.error, store_hash_key(masking->store), "participant",
                &add->participant, &addition->joiner);
    form_request(&addition->base.op.error, &add->request);
    op_run(&addition->base.op);
}

/* ---- removing ---- */

struct removal {
    struct session_op base;
    const char *service;
    const char *session;
    const char *participant;
};

static bool append_removed(struct removal *removal, struct rows *rows,
                           const Maskline__Store__V1__Participant *participant)
{
    struct session_op *op = &removal->base;
    struct error *error = &op->op.error;
    struct route_list released;
    struct use_list uses = {NULL, 0};
    if (!session_routes(rows->arena, op->session, participant, &released) ||
        (session_open(op->session) &&
         !session_uses_of(rows->arena, op->session, participant, -1, &uses)))
        return refuse(error, REFUSED_NO_MEMORY);
    Maskline__Store__V1__ParticipantRemoved removed =
        MASKLINE__STORE__V1__PARTICIPANT_REMOVED__INIT;
    removed.session = op->session->sid;
    removed.participant = participant->sid;
    removed.generation = op->session->generation + 1;
    removed.released = released.items;
    removed.n_released = released.count;
    removed.uses = uses.items;
    removed.n_uses = uses.count;
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_REMOVED;
    entry.participant_removed = &removed;
    entry_of_session(&entry, op->session);
    uint64_t position;
    if (!rows_append(rows, op->service->sid.data, &entry, &position, error))
        return false;
    session_apply_removed(op->session, &removed, rows->now);
    return true;
}

static bool remove_decide(struct op *base, struct rows *rows)
{
    struct removal *removal = (struct removal *)base;
    struct session_op *op = &removal->base;
    const Maskline__Store__V1__Participant *participant;
    if (!session_op_find(op, rows, removal->service, removal->session) ||
        !participants_find(op->session, removal->participant, &participant, &base->error))
        return false;
    return participant->delete_time || append_removed(removal, rows, participant);
}

static void remove_warm(struct op *base, struct rows *rows)
{
    const struct removal *removal = (const struct removal *)base;
    sid_bytes service;
    (void)session_op_warm(rows, removal->service, removal->session, service);
}

void participants_delete(struct masking *masking, const char *service, const char *session,
                         const char *participant, session_done done, void *data)
{
    struct removal *removal = session_op_new(masking, sizeof *removal, done, data);
    if (!removal)
        return;
    removal->service = service;
    removal->session = session;
    removal->participant = participant;
    removal->base.op.decide = remove_decide;
    removal->base.op.warm = remove_warm;
    op_run(&removal->base.op);
}

bool participants_find(const Maskline__Store__V1__Session *session, const char *participant,
                       const Maskline__Store__V1__Participant **ret_participant,
                       struct error *error)
{
    sid_bytes sid;
    if (!sid_parse("KP", participant, sid))
        return refuse(error, REFUSED_PARTICIPANT_SID);
    for (size_t i = 0; i < session->n_participants; i++) {
        if (session->participants[i]->sid.len == SID_BYTES &&
            !memcmp(session->participants[i]->sid.data, sid, SID_BYTES)) {
            *ret_participant = session->participants[i];
            return true;
        }
    }
    return refuse(error, REFUSED_PARTICIPANT_NOT_FOUND);
}
