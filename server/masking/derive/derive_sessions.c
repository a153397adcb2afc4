#include "proto/c/fault.h"
#include "server/masking/derive/derive.h"
#include "server/masking/rows/forms.h"
#include "server/masking/derive/session_apply.h"

static const struct bytes NOTHING = {"", 0};

static bool put_session(struct deriving *d, const Maskline__Store__V1__Session *session,
                        enum row_timing timing)
{
    struct key key = key_session(d->tenant, d->service, session->sid.data);
    return derive_record(d, KV_LIVE, &key, &session->base, 0, timing);
}

static enum row_state old_session(struct deriving *d, const uint8_t *sid,
                                  Maskline__Store__V1__Session **ret_session)
{
    struct key key = key_session(d->tenant, d->service, sid);
    return derive_old_record(d, KV_LIVE, &key, &maskline__store__v1__session__descriptor,
                             ret_session);
}

static void look_at_calls(struct deriving *d, const Maskline__Store__V1__Session *session)
{
    if (session->n_live_calls && !MUTANT("calls_are_not_looked_at"))
        derive_calls_look(d, session->sid.data);
}

static bool put_persons(struct deriving *d, const uint8_t *session,
                        const Maskline__Store__V1__Participant *participant)
{
    for (size_t i = 0; i < participant->n_persons; i++) {
        struct person person;
        if (!derive_person(&participant->persons[i], &person))
            return false;
        struct key key = key_person_session(d->tenant, d->service, &person, session);
        if (!derive_text(d, KV_IDX, &key, NOTHING, ROW_LATER))
            return false;
    }
    return true;
}

static bool put_expiry(struct deriving *d, const uint8_t *session, int64_t time)
{
    if (!time)
        return true;
    struct key key = key_expiry(d->tenant, d->service, time, session);
    return derive_text(d, KV_IDX, &key, NOTHING, ROW_LATER);
}

static bool put_purge(struct deriving *d, const uint8_t *session, int64_t time)
{
    if (!time)
        return true;
    struct key key = key_purge(d->tenant, d->service, time, session);
    return derive_text(d, KV_IDX, &key, NOTHING, ROW_LATER);
}

static struct key name_key(struct deriving *d, const char *name)
{
    uint8_t hash[HASH_SIZE];
    name_hash(store_hash_key(d->masking->store), name, hash);
    return key_session_name(d->tenant, d->service, hash);
}

static bool put_name(struct deriving *d, const char *name, const uint8_t *session)
{
    if (!*name)
        return true;
    struct key key = name_key(d, name);
    return derive_text(d, KV_IDX, &key, (struct bytes){session, SID_BYTES}, ROW_LATER);
}

static struct key listed_key(struct deriving *d, const char *name, const uint8_t *session)
{
    uint8_t hash[HASH_SIZE];
    name_hash(store_hash_key(d->masking->store), name, hash);
    return key_name_session(d->tenant, d->service, hash, session);
}

static bool put_listed(struct deriving *d, const char *name, const uint8_t *session)
{
    struct key key = listed_key(d, name, session);
    return derive_text(d, KV_IDX, &key, NOTHING, ROW_LATER);
}

/* The index of all sessions of a name: this one's, and the one's that had it before. */
static bool put_names(struct deriving *d, const Maskline__Store__V1__SessionCreated *change)
{
    const char *name = change->session->unique_name;
    return put_name(d, name, change->session->sid.data) &&
           (!change->name_listed || put_listed(d, name, change->session->sid.data)) &&
           (!change->displaced.len || put_listed(d, name, change->displaced.data));
}

static bool put_created(struct deriving *d, const Maskline__Store__V1__Session *session)
{
    enum { FIELD_SESSION = 1 }; /* of SessionCreated */
    struct bytes packed;
    if (!derive_packed(d, FIELD_SESSION, &packed))
        return put_session(d, session, ROW_WITH_ENTRY);
    struct key key = key_session(d->tenant, d->service, session->sid.data);
    return derive_text(d, KV_LIVE, &key, packed, ROW_WITH_ENTRY);
}

static bool created(struct deriving *d, const Maskline__Store__V1__SessionCreated *change)
{
    const Maskline__Store__V1__Session *session = change->session;
    const uint8_t *sid = session->sid.data;
    for (size_t i = 0; i < session->n_participants; i++) {
        if (!put_persons(d, sid, session->participants[i]))
            return false;
    }
    bool open = session_open(session);
    return put_created(d, session) && put_names(d, change) &&
           derive_taken(d, sid, session->end_time, change->taken, change->n_taken) &&
           derive_uses(d, sid, true, change->uses, change->n_uses) &&
           put_expiry(d, sid, open ? session->effective_expire_time : 0) &&
           put_purge(d, sid, session->purge_time);
}

static bool updated(struct deriving *d, const Maskline__Store__V1__SessionUpdated *change)
{
    Maskline__Store__V1__Session *session;
    enum row_state old = old_session(d, change->session.data, &session);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT) {
        session_apply_updated(session, change, d->entry);
        if (!put_session(d, session, ROW_LATER))
            return false;
    }
    int64_t before = change->previous_expire_time;
    if (before && before != change->effective_expire_time) {
        struct key key = key_expiry(d->tenant, d->service, before, change->session.data);
        if (!derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER))
            return false;
    }
    return put_expiry(d, change->session.data, change->effective_expire_time);
}

static bool closed(struct deriving *d, const Maskline__Store__V1__SessionClosed *change)
{
    Maskline__Store__V1__Session *session;
    enum row_state old = old_session(d, change->session.data, &session);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT) {
        session_apply_closed(session, change, d->entry->time);
        look_at_calls(d, session);
        if (!put_session(d, session, ROW_LATER))
            return false;
    }
    return derive_released(d, change->session.data, change->end_time, change->released,
                           change->n_released) &&
           derive_uses(d, change->session.data, false, change->uses, change->n_uses) &&
           put_purge(d, change->session.data, change->purge_time);
}

static bool reopened(struct deriving *d, const Maskline__Store__V1__SessionReopened *change)
{
    Maskline__Store__V1__Session *session;
    enum row_state old = old_session(d, change->session.data, &session);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT) {
        session_apply_reopened(session, change, d->entry);
        if (!put_session(d, session, ROW_WITH_ENTRY))
            return false;
    }
    return put_name(d, change->unique_name, change->session.data) &&
           derive_taken(d, change->session.data, 0, change->taken, change->n_taken) &&
           derive_uses(d, change->session.data, false, change->uses, change->n_uses) &&
           put_expiry(d, change->session.data, change->effective_expire_time);
}

static bool drop_rows(struct deriving *d, const Maskline__Store__V1__SessionDeleted *change)
{
    const uint8_t *session = change->session.data;
    for (size_t i = 0; i < change->n_persons; i++) {
        struct person person;
        if (!derive_person(&change->persons[i], &person))
            return false;
        struct key key = key_person_session(d->tenant, d->service, &person, session);
        if (!derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER))
            return false;
    }
    for (size_t i = 0; i < change->n_interactions; i++) {
        if (change->interactions[i].len != SID_BYTES)
            return false;
        struct key key =
            key_interaction(d->tenant, d->service, session, change->interactions[i].data);
        if (!derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_LATER))
            return false;
    }
    struct key key = key_session(d->tenant, d->service, session);
    return derive_delete(d->derivation, KV_LIVE, key_bytes(&key), ROW_LATER);
}

static bool deleted(struct deriving *d, const Maskline__Store__V1__SessionDeleted *change)
{
    if (*change->unique_name) {
        struct key key = name_key(d, change->unique_name);
        if (!derive_name_gone(d, KV_IDX, &key, change->session.data))
            return false;
    }
    if (change->name_listed) {
        struct key key = listed_key(d, change->unique_name, change->session.data);
        if (!derive_delete(d->derivation, KV_IDX, key_bytes(&key), ROW_LATER))
            return false;
    }
    return drop_rows(d, change) && derive_forgotten(d, change) &&
           derive_calls_orphaned(d, change) &&
           derive_uses(d, change->session.data, false, change->uses, change->n_uses);
}

static bool participant_added(struct deriving *d,
                              const Maskline__Store__V1__ParticipantAdded *change)
{
    Maskline__Store__V1__Session *session;
    enum row_state old = old_session(d, change->session.data, &session);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT && (!session_apply_added(session, change, d->entry->time, d->arena) ||
                               !put_session(d, session, ROW_WITH_ENTRY)))
        return false;
    return put_persons(d, change->session.data, change->participant) &&
           derive_taken(d, change->session.data, 0, change->taken, change->n_taken) &&
           derive_peers(d, change->session.data, change->peers_changed, change->n_peers_changed) &&
           derive_uses(d, change->session.data, false, change->uses, change->n_uses);
}

static bool participant_removed(struct deriving *d,
                                const Maskline__Store__V1__ParticipantRemoved *change)
{
    Maskline__Store__V1__Session *session;
    enum row_state old = old_session(d, change->session.data, &session);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT) {
        session_apply_removed(session, change, d->entry->time);
        look_at_calls(d, session);
        if (!put_session(d, session, ROW_LATER))
            return false;
    }
    return derive_released(d, change->session.data, d->entry->time, change->released,
                           change->n_released) &&
           derive_uses(d, change->session.data, false, change->uses, change->n_uses);
}

static bool participant_updated(struct deriving *d,
                                const Maskline__Store__V1__ParticipantUpdated *change)
{
    Maskline__Store__V1__Session *session;
    const uint8_t *sid = change->session.data;
    enum row_state old = old_session(d, sid, &session);
    if (old == ROW_FAILED)
        return false;
    if (old == ROW_PRESENT && session_apply_replaced(session, change, d->entry->time)) {
        look_at_calls(d, session);
        if (!put_session(d, session, ROW_WITH_ENTRY))
            return false;
    }
    return put_persons(d, sid, change->participant) &&
           put_expiry(d, sid, participant_number_ends(change->participant)) &&
           derive_released(d, sid, d->entry->time, change->released, change->n_released) &&
           derive_taken(d, sid, 0, change->taken, change->n_taken) &&
           derive_peers(d, sid, change->peers_changed, change->n_peers_changed) &&
           derive_uses(d, change->session.data, false, change->uses, change->n_uses);
}

bool derive_sessions(struct deriving *d)
{
    const Maskline__Store__V1__Entry *entry = d->entry;
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED:
        return created(d, entry->session_created);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_UPDATED:
        return updated(d, entry->session_updated);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED:
        return closed(d, entry->session_closed);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_REOPENED:
        return reopened(d, entry->session_reopened);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_DELETED:
        return deleted(d, entry->session_deleted);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED:
        return participant_added(d, entry->participant_added);
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED:
        return participant_updated(d, entry->participant_updated);
    default:
        return participant_removed(d, entry->participant_removed);
    }
}
