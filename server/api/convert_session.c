#include "server/api/convert.h"
#include "server/api/metadata.h"

static Maskline__V1__NumberChoice *choice_message(struct arena *arena,
                                                  const Maskline__Store__V1__Binding *binding)
{
    enum { RELAXATIONS = 31 };
    Maskline__V1__NumberChoice *message =
        message_new(arena, &maskline__v1__number_choice__descriptor);
    if (!message)
        return NULL;
    message->reason = (Maskline__V1__NumberChoiceReason)binding->choice_reason;
    message->matched_level = (Maskline__V1__GeoMatchLevel)binding->matched_level;
    if (!binding->relaxed)
        return message;
    message->relaxed = arena_array(arena, RELAXATIONS, sizeof *message->relaxed);
    for (unsigned i = 1; message->relaxed && i <= RELAXATIONS; i++)
        if (binding->relaxed & UINT32_C(1) << i)
            message->relaxed[message->n_relaxed++] = (Maskline__V1__NumberRelaxation)i;
    return message;
}

static Maskline__V1__Binding *binding_message(struct arena *arena,
                                              const Maskline__Store__V1__Binding *binding)
{
    Maskline__V1__Binding *message = message_new(arena, &maskline__v1__binding__descriptor);
    if (!message)
        return NULL;
    message->proxy_identifier = binding->proxy_identifier;
    message->proxy_identifier_sid = proxy_sid(arena, binding);
    message->peer_sid = message_sid(arena, "KP", binding->peer);
    message->since_time = message_time(arena, binding->since_time);
    message->until_time = message_time(arena, binding->until_time);
    if (binding->choice_reason)
        message->choice = choice_message(arena, binding);
    return message;
}

static void set_bindings(struct arena *arena, Maskline__V1__Participant *message,
                         const Maskline__Store__V1__Participant *participant)
{
    struct message_list list = message_list_new(arena, participant->n_bindings);
    for (size_t i = 0; i < participant->n_bindings; i++) {
        if (!participant->bindings[i]->ended)
            message_list_add(&list, binding_message(arena, participant->bindings[i]));
    }
    message->bindings = (Maskline__V1__Binding **)list.items;
    message->n_bindings = list.count;
    if (list.count == 0)
        return;
    message->proxy_identifier = message->bindings[0]->proxy_identifier;
    message->proxy_identifier_sid = message->bindings[0]->proxy_identifier_sid;
}

static Maskline__V1__Participant *participant_of(
    struct arena *arena, char *service_sid, char *session_sid,
    const Maskline__Store__V1__Participant *participant)
{
    Maskline__V1__Participant *message = message_new(arena, &maskline__v1__participant__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KP", participant->sid);
    message->service_sid = service_sid;
    message->session_sid = session_sid;
    message->identifiers = participant->identifiers;
    message->n_identifiers = participant->n_identifiers;
    if (participant->n_identifiers > 0)
        message->identifier = participant->identifiers[0];
    message->friendly_name = participant->friendly_name;
    set_bindings(arena, message, participant);
    message->create_time = message_time(arena, participant->create_time);
    message->update_time = message_time(arena, participant->update_time);
    message->delete_time = message_time(arena, participant->delete_time);
    return message;
}

Maskline__V1__Participant *participant_message(struct arena *arena,
                                               const Maskline__Store__V1__Service *service,
                                               const Maskline__Store__V1__Session *session,
                                               const Maskline__Store__V1__Participant *participant)
{
    return participant_of(arena, message_sid(arena, "KS", service->sid),
                          message_sid(arena, "KC", session->sid), participant);
}

static void set_participants(struct arena *arena, Maskline__V1__Session *message,
                             const Maskline__Store__V1__Session *session)
{
    struct message_list list = message_list_new(arena, session->n_participants);
    for (size_t i = 0; i < session->n_participants; i++)
        if (session->participants[i]->delete_time == 0)
            message_list_add(&list, participant_of(arena, message->service_sid, message->sid,
                                                   session->participants[i]));
    message->participants = (Maskline__V1__Participant **)list.items;
    message->n_participants = list.count;
}

Maskline__V1__Session *session_message(struct arena *arena,
                                       const Maskline__Store__V1__Service *service,
                                       const Maskline__Store__V1__Session *session)
{
    Maskline__V1__Session *message = message_new(arena, &maskline__v1__session__descriptor);
    if (!message)
        return NULL;
    message->sid = message_sid(arena, "KC", session->sid);
    message->service_sid = message_sid(arena, "KS", service->sid);
    message->unique_name = session->unique_name;
    message->status = (Maskline__V1__SessionStatus)session->status;
    message->mode = (Maskline__V1__SessionMode)session->mode;
    if (session->ttl_given)
        message->ttl = duration_new(arena, session->ttl);
    message->expire_time = message_time(arena, session->expire_date);
    message->effective_ttl = duration_new(arena, session->ttl);
    message->effective_expire_time = message_time(arena, session->effective_expire_time);
    message->create_time = message_time(arena, session->create_time);
    message->update_time = message_time(arena, session->update_time);
    message->start_time = message_time(arena, session->start_time);
    message->last_interaction_time = message_time(arena, session->last_interaction_time);
    message->end_time = message_time(arena, session->end_time);
    message->closed_reason = (Maskline__V1__SessionClosedReason)session->closed_reason;
    message->fail_reason = session->fail_reason;
    message->totals = message_new(arena, &maskline__v1__session_totals__descriptor);
    if (message->totals) {
        message->totals->messages = session->interaction_count - session->call_count;
        message->totals->calls = session->call_count;
        message->totals->call_duration = message_seconds(arena, session->call_seconds);
    }
    set_participants(arena, message, session);
    struct message_list metadata =
        metadata_messages(arena, &maskline__v1__session__metadata_entry__descriptor,
                          session->metadata, session->n_metadata);
    message->metadata = (Maskline__V1__Session__MetadataEntry **)metadata.items;
    message->n_metadata = metadata.count;
    return message;
}
