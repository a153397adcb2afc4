/*
 * The routes and uses that a session's participants stand for, as entries have them. All lists are in the arena; false: it is full.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_SESSION_ROUTES_H
#define MASKLINE_SERVER_MASKING_SESSIONS_SESSION_ROUTES_H

#include "server/masking/rows/rows.h"

enum {
    PAIRS_EVER = 4096, /* of a session: all of them have to fit into the entry that deletes it */
};

struct route_list {
    Maskline__Store__V1__RouteChange **items;
    size_t count;
};

/* Of those who are in the session now, with their peers; `only` (a participant of it) or NULL: all of them. */
bool session_routes(struct arena *arena, const Maskline__Store__V1__Session *session,
                    const Maskline__Store__V1__Participant *only, struct route_list *ret_list);
/* Of all but this one. */
bool session_routes_but(struct arena *arena, const Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__Participant *but, struct route_list *ret_list);
/* Of all who were ever in it, each pair once; with pairs that there may never have been. */
bool session_routes_ever(struct arena *arena, const Maskline__Store__V1__Session *session,
                         struct route_list *ret_list);
/* How many these are at most. */
size_t session_pairs_ever(const Maskline__Store__V1__Session *session);
/* Those whose pair is not in the other list. */
bool routes_without(struct arena *arena, const struct route_list *list,
                    const struct route_list *without, struct route_list *ret_list);

struct use_list {
    Maskline__Store__V1__UseChange **items;
    size_t count;
};

/* The numbers in use, each once. */
bool session_uses(struct arena *arena, const Maskline__Store__V1__Session *session, int64_t delta,
                  struct use_list *ret_list);
/* Those that this participant alone uses. */
bool session_uses_of(struct arena *arena, const Maskline__Store__V1__Session *session,
                     const Maskline__Store__V1__Participant *participant, int64_t delta,
                     struct use_list *ret_list);

/* What a change of its participants changes. */
bool session_uses_changed(struct arena *arena, const Maskline__Store__V1__Session *before,
                          const Maskline__Store__V1__Session *after, struct use_list *ret_list);

/* All who were ever in it, each once. */
struct person_list {
    ProtobufCBinaryData *items;
    size_t count;
};
bool session_persons_ever(struct arena *arena, const Maskline__Store__V1__Session *session,
                          struct person_list *ret_list);

#endif
