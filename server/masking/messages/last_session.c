#include "server/masking/messages/last_session.h"

#include "proto/c/fault.h"

#include <string.h>

static bool set_participant(struct arena *arena, Maskline__Store__V1__Participant *told,
                            const Maskline__Store__V1__Participant *participant)
{
    maskline__store__v1__participant__init(told);
    told->sid = participant->sid;
    told->delete_time = participant->delete_time;
    if (!participant->n_bindings)
        return true;
    Maskline__Store__V1__Binding *binding = arena_alloc(arena, sizeof *binding);
    told->bindings = arena_array(arena, 1, sizeof(Maskline__Store__V1__Binding *));
    if (!binding || !told->bindings)
        return false;
    maskline__store__v1__binding__init(binding);
    binding->proxy_identifier = participant->bindings[0]->proxy_identifier;
    binding->number = participant->bindings[0]->number;
    told->bindings[0] = binding;
    told->n_bindings = 1;
    if (MUTANT("last_session_tells_who")) {
        told->identifiers = participant->identifiers;
        told->n_identifiers = participant->n_identifiers;
    }
    return true;
}

static bool set_participants(struct arena *arena, Maskline__Store__V1__Session *told,
                             const Maskline__Store__V1__Session *session,
                             const Maskline__Store__V1__Participant *sender)
{
    size_t most = session->n_participants;
    Maskline__Store__V1__Participant *participants = arena_array(arena, most, sizeof *participants);
    told->participants = arena_array(arena, most, sizeof(Maskline__Store__V1__Participant *));
    if (most && (!participants || !told->participants))
        return false;
    for (size_t i = 0; i < most; i++) {
        const Maskline__Store__V1__Participant *one = session->participants[i];
        if (one->delete_time && !(sender && !memcmp(one->sid.data, sender->sid.data, one->sid.len)))
            continue;
        Maskline__Store__V1__Participant *place = &participants[told->n_participants];
        if (!set_participant(arena, place, one))
            return false;
        told->participants[told->n_participants++] = place;
    }
    return true;
}

Maskline__Store__V1__Session *last_session(struct arena *arena,
                                           const Maskline__Store__V1__Session *session,
                                           const Maskline__Store__V1__Participant *sender)
{
    Maskline__Store__V1__Session *told = arena_alloc(arena, sizeof *told);
    if (!told)
        return NULL;
    maskline__store__v1__session__init(told);
    told->sid = session->sid;
    told->unique_name = session->unique_name;
    told->status = session->status;
    told->mode = session->mode;
    told->ttl = session->ttl;
    told->ttl_given = session->ttl_given;
    told->create_time = session->create_time;
    told->start_time = session->start_time;
    told->last_interaction_time = session->last_interaction_time;
    told->end_time = session->end_time;
    told->closed_reason = session->closed_reason;
    told->fail_reason = session->fail_reason;
    return set_participants(arena, told, session, sender) ? told : NULL;
}
