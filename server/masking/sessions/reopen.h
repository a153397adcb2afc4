/*
 * Opening a session again.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_REOPEN_H
#define MASKLINE_SERVER_MASKING_SESSIONS_REOPEN_H

#include "server/masking/internal.h"
#include "server/masking/sessions/metadata.h"

/* How long a session lives, in its record's terms. */
struct session_life {
    int64_t ttl;
    bool ttl_given;
    int64_t expire_date;
};

/* Opens an ended session with its participants and their numbers, which have to be in the pool, able, and free for these people. In one
 * that failed, who has lost a number gets another. The session is changed in place. `metadata`: what its own becomes; NULL: it stays. */
bool session_reopen(struct masking *masking, struct rows *rows,
                    const Maskline__Store__V1__Service *service,
                    Maskline__Store__V1__Session *session, const struct session_life *life,
                    const struct metadata *metadata, struct error *error);

#endif
