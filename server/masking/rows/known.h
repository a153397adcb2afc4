/*
 * What every message needs and what changes seldom, in memory: numbers with the Services that hold them, and routes.
 *
 * It is read from the store when it is first needed and forgotten when an entry changes any of it, so that it never says what the
 * rows do not. It may be asked only by decisions that have not changed what they ask about. Writer's thread only.
 */
#ifndef MASKLINE_SERVER_MASKING_ROWS_KNOWN_H
#define MASKLINE_SERVER_MASKING_ROWS_KNOWN_H

#include "server/masking/rows/rows.h"

struct known;

/* NULL when there is no memory. */
struct known *known_new(void);
/* NULL is fine. */
void known_free(struct known *known);

/* At the start and after a failed write. */
bool known_rebuild(struct known *known, struct view *view, struct error *error);

/* An entry is derived that changes a Service or a number. */
void known_changed(struct known *known, const Maskline__Store__V1__Entry *entry);
/* A Service's row is deleted. */
void known_forget(struct known *known);

/* A decision begins: what is got from here on stays until the next one begins. */
void known_begin(struct known *known);

/* Whose number this is, of whichever tenant. ABSENT: nobody's. */
struct holding {
    uint32_t tenant;
    Maskline__Store__V1__ClaimState state;
    const Maskline__Store__V1__Service *service; /* NULL: gone */
    const Maskline__Store__V1__PhoneNumber
        *number; /* its row in the Service's pool; NULL: there is none */
};
enum kv_found known_number(struct known *known, struct rows *rows, const char *proxy,
                           struct holding *ret_holding, struct error *error);

/* Sets rows->service, too. */
enum kv_found known_service(struct known *known, struct rows *rows, const uint8_t *sid,
                            const Maskline__Store__V1__Service **ret_service, struct error *error);

/* Who dials a number: what a route's row says of it. */
struct route_fact {
    sid_bytes session;
    sid_bytes participant;
    uint64_t generation;
    int64_t until_time; /* from then on it is not honoured; 0: always */
};
enum kv_found known_route(struct known *known, struct rows *rows, const uint8_t *pool,
                          const struct person *person, const char *proxy,
                          struct route_fact *ret_fact, struct error *error);
/* A route's row is derived anew. */
void known_route_changed(struct known *known, const struct key *key);

/* Whether somebody holds this number now; a released one in its quarantine is held by nobody. */
enum kv_found known_held(struct known *known, struct rows *rows, const char *address,
                         struct error *error);

#endif
