#include "server/masking/sessions/session_numbers.h"

#include "proto/c/fault.h"
#include "server/masking/derive/session_apply.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/sessions/metadata.h"
#include "server/masking/sessions/session_routes.h"

#include <string.h>

static const Maskline__Store__V1__Participant *find(const Maskline__Store__V1__Session *session,
                                                    const ProtobufCBinaryData *sid)
{
    return session_participant(session, sid->data);
}

/* The session as it was, for comparing: its list of participants is its own. */
static bool copy_session(struct arena *arena, const Maskline__Store__V1__Session *session,
                         Maskline__Store__V1__Session *ret_copy)
{
    *ret_copy = *session;
    ret_copy->participants =
        arena_array(arena, session->n_participants, sizeof(Maskline__Store__V1__Participant *));
    if (!ret_copy->participants)
        return false;
    memcpy(ret_copy->participants, session->participants,
           session->n_participants * sizeof(Maskline__Store__V1__Participant *));
    return true;
}

static bool find_changes(struct arena *arena, const Maskline__Store__V1__Session *before,
                         const Maskline__Store__V1__Session *after,
                         Maskline__Store__V1__ParticipantUpdated *change)
{
    const Maskline__Store__V1__Participant *was = find(before, &change->participant->sid);
    struct route_list had, has, released, changed = {NULL, 0};
    struct use_list uses;
    if (!session_routes(arena, before, was, &had) ||
        !session_routes(arena, after, change->participant, &has) ||
        !routes_without(arena, &had, &has, &released) ||
        (was->identifiers != change->participant->identifiers &&
         !session_routes_but(arena, after, change->participant, &changed)) ||
        !session_uses_changed(arena, before, after, &uses))
        return false;
    if (was->generation != change->participant->generation) {
        change->taken = has.items;
        change->n_taken = has.count;
    }
    change->released = released.items;
    change->n_released = released.count;
    change->peers_changed = changed.items;
    change->n_peers_changed = changed.count;
    change->uses = uses.items;
    change->n_uses = uses.count;
    return true;
}

bool participant_append(struct rows *rows, const Maskline__Store__V1__Service *service,
                        Maskline__Store__V1__Session *session,
                        Maskline__Store__V1__ParticipantUpdated *change, struct error *error)
{
    Maskline__Store__V1__Session before;
    change->session = session->sid;
    if (!copy_session(rows->arena, session, &before) ||
        !session_apply_replaced(session, change, rows->now) ||
        !find_changes(rows->arena, &before, session, change))
        return refuse(error, REFUSED_NO_MEMORY);
    Maskline__Store__V1__Entry entry = MASKLINE__STORE__V1__ENTRY__INIT;
    entry.change_case = MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED;
    entry.participant_updated = change;
    entry_of_session(&entry, session);
    uint64_t position;
    return rows_append(rows, service->sid.data, &entry, &position, error);
}

/* ---- the end of numbers ---- */

static bool is_over(const struct rows *rows, const Maskline__Store__V1__Binding *binding,
                    const struct address *form)
{
    if (binding->ended || !binding->until_time)
        return false;
    if (!form)
        return binding->until_time <= rows->now;
    struct address other = proxy_form(binding->proxy_identifier);
    return !strcmp(other.text, form->text);
}

static bool any_over(const struct rows *rows, const Maskline__Store__V1__Participant *participant,
                     const struct address *form)
{
    for (size_t i = 0; i < participant->n_bindings && !participant->delete_time; i++) {
        if (is_over(rows, participant->bindings[i], form))
            return true;
    }
    return false;
}

static bool end_numbers(struct rows *rows, const Maskline__Store__V1__Service *service,
                        Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__Participant *participant,
                        const struct address *form, struct error *error)
{
    size_t count = participant->n_bindings;
    Maskline__Store__V1__Participant after = *participant;
    Maskline__Store__V1__Binding *bindings = arena_array(rows->arena, count, sizeof *bindings);
    after.bindings = arena_array(rows->arena, count, sizeof(Maskline__Store__V1__Binding *));
    Maskline__Store__V1__Participant *kept = arena_alloc(rows->arena, sizeof *kept);
    if (!bindings || !after.bindings || !kept)
        return refuse(error, REFUSED_NO_MEMORY);
    for (size_t i = 0; i < count; i++) {
        bindings[i] = *participant->bindings[i];
        if (is_over(rows, participant->bindings[i], form)) {
            bindings[i].ended = true;
            if (bindings[i].until_time > rows->now)
                bindings[i].until_time = rows->now;
        }
        after.bindings[i] = &bindings[i];
    }
    *kept = after;
    kept->update_time = rows->now;
    Maskline__Store__V1__ParticipantUpdated change = MASKLINE__STORE__V1__PARTICIPANT_UPDATED__INIT;
    change.participant = kept;
    change.generation = session->generation;
    change.number_ended = true;
    return participant_append(rows, service, session, &change, error);
}

bool session_end_numbers(struct rows *rows, const Maskline__Store__V1__Service *service,
                         Maskline__Store__V1__Session *session, const char *proxy,
                         struct error *error)
{
    struct address form = proxy_form(proxy ? proxy : "");
    if (MUTANT("old_numbers_never_end"))
        return true;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if (any_over(rows, participant, proxy ? &form : NULL) &&
            !end_numbers(rows, service, session, participant, proxy ? &form : NULL, error))
            return false;
    }
    return true;
}
