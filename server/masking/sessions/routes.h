/*
 * Who holds which number: the routes of persons, and what they mean for a session that a person is about to join.
 *
 * A route row stays when its session ends. It bars its pair as long as the session that it names is active, and after that for the
 * cool-down, counted from the instant of the end; but not for a session that joins the same two people.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_ROUTES_H
#define MASKLINE_SERVER_MASKING_SESSIONS_ROUTES_H

#include "server/masking/rows/rows.h"

/* How long a route of a deleted session stays: longer than the longest cool-down. */
#define ROUTE_KEPT (INT64_C(367) * 24 * 3600 * 1000000)

/* Somebody who is to be in a session. */
struct joining {
    const Maskline__Store__V1__Service *service;
    const uint8_t *session;       /* the session's SID: its own routes do not bar it */
    const struct person *persons; /* all identifiers of the one person */
    size_t count;
    const struct person *peers; /* who is at the other end; none: nobody yet */
    size_t peer_count;
};

enum pair_state {
    PAIR_FREE,
    PAIR_COOLING,
    PAIR_TAKEN, /* by another active session */
    PAIR_FAILED,
};

/* A number that a person has or had. */
struct pair {
    char proxy[ADDRESS_SIZE]; /* canonical */
    enum pair_state state;
    int64_t free_time; /* COOLING: when it ends */
    int64_t taken_time;
    sid_bytes session; /* TAKEN: which one */
};

/* What one route means for whoever joins. PAIR_FAILED: the store cannot be read. */
enum pair_state route_judge(struct rows *rows, const struct joining *joining,
                            const Maskline__Store__V1__Route *route, struct pair *ret_pair,
                            struct error *error);

/* The pair of this person and one number, over all identifiers: the worst of them. False: the store cannot be read. */
bool pair_find(struct rows *rows, const struct joining *joining, const char *proxy,
               struct pair *ret_pair, struct error *error);

/* All numbers that this person has or had, sorted by number; in the arena. */
struct pairs {
    struct pair *pairs;
    size_t count;
};
bool pairs_read(struct rows *rows, const struct joining *joining, struct pairs *ret_pairs,
                struct error *error);
/* Reads what pairs_read will read in a session of this Service, and judges nothing. */
void pairs_warm(struct rows *rows, const uint8_t *service, const struct person *persons,
                size_t count);
/* NULL: the person never had it. */
const struct pair *pairs_find(const struct pairs *pairs, const char *proxy);

#endif
