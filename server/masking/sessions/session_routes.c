#include "server/masking/sessions/session_routes.h"

#include "server/masking/rows/forms.h"

#include <string.h>

static bool same_bytes(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static bool same_number(const char *a, const char *b)
{
    struct address x = proxy_form(a), y = proxy_form(b);
    return !strcmp(x.text, y.text);
}

static size_t pairs_of(const Maskline__Store__V1__Participant *participant)
{
    return participant->n_persons * participant->n_bindings;
}

static size_t pairs_of_all(const Maskline__Store__V1__Session *session)
{
    size_t count = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        count += pairs_of(session->participants[i]);
    return count;
}

/* The persons at the other end of a participant. */
static bool peers_of(struct arena *arena, const Maskline__Store__V1__Session *session,
                     const Maskline__Store__V1__Participant *participant,
                     struct person_list *ret_list)
{
    size_t room = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        room += session->participants[i]->n_persons;
    *ret_list = (struct person_list){arena_array(arena, room, sizeof(ProtobufCBinaryData)), 0};
    if (!ret_list->items)
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *other = session->participants[i];
        if (other == participant || other->delete_time)
            continue;
        for (size_t j = 0; j < other->n_persons; j++)
            ret_list->items[ret_list->count++] = other->persons[j];
    }
    return true;
}

static bool add_route(struct arena *arena, struct route_list *list,
                      const Maskline__Store__V1__Participant *participant, size_t person,
                      size_t binding, const struct person_list *peers)
{
    Maskline__Store__V1__RouteChange *change = arena_alloc(arena, sizeof *change);
    if (!change)
        return false;
    maskline__store__v1__route_change__init(change);
    change->person = participant->persons[person];
    change->proxy_identifier = participant->bindings[binding]->proxy_identifier;
    change->participant = participant->sid;
    change->generation = participant->generation;
    change->peers = peers->items;
    change->n_peers = peers->count;
    list->items[list->count++] = change;
    return true;
}

static bool listed(const struct route_list *list, const ProtobufCBinaryData *person,
                   const char *proxy)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_bytes(&list->items[i]->person, person) &&
            same_number(list->items[i]->proxy_identifier, proxy))
            return true;
    }
    return false;
}

static bool add_participant(struct arena *arena, const Maskline__Store__V1__Participant *of,
                            const struct person_list *peers, struct route_list *list)
{
    for (size_t i = 0; i < of->n_persons; i++) {
        for (size_t j = 0; j < of->n_bindings; j++) {
            if (!listed(list, &of->persons[i], of->bindings[j]->proxy_identifier) &&
                !add_route(arena, list, of, i, j, peers))
                return false;
        }
    }
    return true;
}

static bool begin(struct arena *arena, const Maskline__Store__V1__Session *session,
                  struct route_list *ret_list)
{
    *ret_list = (struct route_list){
        arena_array(arena, pairs_of_all(session), sizeof(Maskline__Store__V1__RouteChange *)), 0};
    return ret_list->items;
}

static bool add_present(struct arena *arena, const Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__Participant *participant,
                        struct route_list *list)
{
    struct person_list peers;
    return participant->delete_time || (peers_of(arena, session, participant, &peers) &&
                                        add_participant(arena, participant, &peers, list));
}

bool session_routes(struct arena *arena, const Maskline__Store__V1__Session *session,
                    const Maskline__Store__V1__Participant *only, struct route_list *ret_list)
{
    if (!begin(arena, session, ret_list))
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if ((!only || participant == only) && !add_present(arena, session, participant, ret_list))
            return false;
    }
    return true;
}

bool session_routes_but(struct arena *arena, const Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__Participant *but, struct route_list *ret_list)
{
    if (!begin(arena, session, ret_list))
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if (participant != but && !add_present(arena, session, participant, ret_list))
            return false;
    }
    return true;
}

bool session_routes_ever(struct arena *arena, const Maskline__Store__V1__Session *session,
                         struct route_list *ret_list)
{
    static const struct person_list nobody;
    if (!begin(arena, session, ret_list))
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        if (!add_participant(arena, session->participants[i], &nobody, ret_list))
            return false;
    }
    return true;
}

/* ---- uses ---- */

static bool uses_listed(const struct use_list *list, const char *proxy)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_number(list->items[i]->proxy_identifier, proxy))
            return true;
    }
    return false;
}

static bool used_by_others(const Maskline__Store__V1__Session *session,
                           const Maskline__Store__V1__Participant *participant, const char *proxy)
{
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *other = session->participants[i];
        if (other == participant || other->delete_time)
            continue;
        for (size_t j = 0; j < other->n_bindings; j++) {
            if (same_number(other->bindings[j]->proxy_identifier, proxy))
                return true;
        }
    }
    return false;
}

static bool uses_begin(struct arena *arena, const Maskline__Store__V1__Session *session,
                       struct use_list *ret_list)
{
    size_t room = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        room += session->participants[i]->n_bindings;
    *ret_list =
        (struct use_list){arena_array(arena, room, sizeof(Maskline__Store__V1__UseChange *)), 0};
    return ret_list->items;
}

static bool add_uses(struct arena *arena, const Maskline__Store__V1__Session *session,
                     const Maskline__Store__V1__Participant *participant, bool alone, int64_t delta,
                     struct use_list *list)
{
    for (size_t i = 0; i < participant->n_bindings; i++) {
        char *proxy = participant->bindings[i]->proxy_identifier;
        if (uses_listed(list, proxy) || (alone && used_by_others(session, participant, proxy)))
            continue;
        Maskline__Store__V1__UseChange *change = arena_alloc(arena, sizeof *change);
        if (!change)
            return false;
        maskline__store__v1__use_change__init(change);
        change->proxy_identifier = proxy;
        change->delta = delta;
        list->items[list->count++] = change;
    }
    return true;
}

bool session_uses(struct arena *arena, const Maskline__Store__V1__Session *session, int64_t delta,
                  struct use_list *ret_list)
{
    if (!uses_begin(arena, session, ret_list))
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if (!participant->delete_time &&
            !add_uses(arena, session, participant, false, delta, ret_list))
            return false;
    }
    return true;
}

bool session_uses_of(struct arena *arena, const Maskline__Store__V1__Session *session,
                     const Maskline__Store__V1__Participant *participant, int64_t delta,
                     struct use_list *ret_list)
{
    return uses_begin(arena, session, ret_list) &&
           add_uses(arena, session, participant, true, delta, ret_list);
}

/* ---- persons ---- */

bool session_persons_ever(struct arena *arena, const Maskline__Store__V1__Session *session,
                          struct person_list *ret_list)
{
    size_t room = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        room += session->participants[i]->n_persons;
    *ret_list = (struct person_list){arena_array(arena, room, sizeof(ProtobufCBinaryData)), 0};
    if (!ret_list->items)
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        for (size_t j = 0; j < participant->n_persons; j++) {
            bool seen = false;
            for (size_t k = 0; k < ret_list->count && !seen; k++)
                seen = same_bytes(&ret_list->items[k], &participant->persons[j]);
            if (!seen)
                ret_list->items[ret_list->count++] = participant->persons[j];
        }
    }
    return true;
}
