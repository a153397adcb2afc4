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

/* With those that it was before. */
static size_t pairs_of(const Maskline__Store__V1__Participant *participant)
{
    return (participant->n_persons + participant->n_former_persons) * participant->n_bindings;
}

size_t session_pairs_ever(const Maskline__Store__V1__Session *session)
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
                      const Maskline__Store__V1__Participant *participant,
                      const ProtobufCBinaryData *person,
                      const Maskline__Store__V1__Binding *binding, const struct person_list *peers)
{
    Maskline__Store__V1__RouteChange *change = arena_alloc(arena, sizeof *change);
    if (!change)
        return false;
    maskline__store__v1__route_change__init(change);
    change->person = *person;
    change->proxy_identifier = binding->proxy_identifier;
    change->until_time = binding->until_time;
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

/* `ever`: also by numbers whose time is over. */
static bool add_person(struct arena *arena, const Maskline__Store__V1__Participant *of,
                       const ProtobufCBinaryData *person, bool ever,
                       const struct person_list *peers, struct route_list *list)
{
    for (size_t i = 0; i < of->n_bindings; i++) {
        const Maskline__Store__V1__Binding *binding = of->bindings[i];
        if ((binding->ended && !ever) || listed(list, person, binding->proxy_identifier))
            continue;
        if (!add_route(arena, list, of, person, binding, peers))
            return false;
    }
    return true;
}

static bool add_participant(struct arena *arena, const Maskline__Store__V1__Participant *of,
                            bool ever, const struct person_list *peers, struct route_list *list)
{
    for (size_t i = 0; i < of->n_persons; i++) {
        if (!add_person(arena, of, &of->persons[i], ever, peers, list))
            return false;
    }
    for (size_t i = 0; ever && i < of->n_former_persons; i++) {
        if (!add_person(arena, of, &of->former_persons[i], ever, peers, list))
            return false;
    }
    return true;
}

static bool begin(struct arena *arena, const Maskline__Store__V1__Session *session,
                  struct route_list *ret_list)
{
    *ret_list = (struct route_list){
        arena_array(arena, session_pairs_ever(session), sizeof(Maskline__Store__V1__RouteChange *)),
        0};
    return ret_list->items;
}

static bool add_present(struct arena *arena, const Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__Participant *participant,
                        struct route_list *list)
{
    struct person_list peers;
    return participant->delete_time || (peers_of(arena, session, participant, &peers) &&
                                        add_participant(arena, participant, false, &peers, list));
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
        if (!add_participant(arena, session->participants[i], true, &nobody, ret_list))
            return false;
    }
    return true;
}

bool routes_without(struct arena *arena, const struct route_list *list,
                    const struct route_list *without, struct route_list *ret_list)
{
    *ret_list = (struct route_list){
        arena_array(arena, list->count, sizeof(Maskline__Store__V1__RouteChange *)), 0};
    if (!ret_list->items)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (!listed(without, &list->items[i]->person, list->items[i]->proxy_identifier))
            ret_list->items[ret_list->count++] = list->items[i];
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
            if (!other->bindings[j]->ended &&
                same_number(other->bindings[j]->proxy_identifier, proxy))
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
        if (participant->bindings[i]->ended || uses_listed(list, proxy) ||
            (alone && used_by_others(session, participant, proxy)))
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

bool session_uses_changed(struct arena *arena, const Maskline__Store__V1__Session *before,
                          const Maskline__Store__V1__Session *after, struct use_list *ret_list)
{
    struct use_list had, has;
    if (!session_uses(arena, before, -1, &had) || !session_uses(arena, after, 1, &has))
        return false;
    *ret_list = (struct use_list){
        arena_array(arena, had.count + has.count, sizeof(Maskline__Store__V1__UseChange *)), 0};
    if (!ret_list->items)
        return false;
    for (size_t i = 0; i < had.count; i++) {
        if (!uses_listed(&has, had.items[i]->proxy_identifier))
            ret_list->items[ret_list->count++] = had.items[i];
    }
    for (size_t i = 0; i < has.count; i++) {
        if (!uses_listed(&had, has.items[i]->proxy_identifier))
            ret_list->items[ret_list->count++] = has.items[i];
    }
    return true;
}

/* ---- persons ---- */

static void add_persons(struct person_list *list, const ProtobufCBinaryData *persons, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t j = 0; j < list->count && !seen; j++)
            seen = same_bytes(&list->items[j], &persons[i]);
        if (!seen)
            list->items[list->count++] = persons[i];
    }
}

bool session_persons_ever(struct arena *arena, const Maskline__Store__V1__Session *session,
                          struct person_list *ret_list)
{
    size_t room = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        room += session->participants[i]->n_persons + session->participants[i]->n_former_persons;
    *ret_list = (struct person_list){arena_array(arena, room, sizeof(ProtobufCBinaryData)), 0};
    if (!ret_list->items)
        return false;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        add_persons(ret_list, participant->persons, participant->n_persons);
        add_persons(ret_list, participant->former_persons, participant->n_former_persons);
    }
    return true;
}
