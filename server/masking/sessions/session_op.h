/*
 * Changes of one session: what they have in common.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_SESSION_OP_H
#define MASKLINE_SERVER_MASKING_SESSIONS_SESSION_OP_H

#include "server/masking/op.h"
#include "server/masking/sessions/sessions.h"

struct session_op {
    struct op op;
    session_done done;
    void *data;
    /* The result, in the transaction's arena. */
    Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session;
};

/* A session_op of this size that tells `done`. NULL: `done` was told that there is no memory. */
void *session_op_new(struct masking *masking, size_t size, session_done done, void *data);

/* Finds the session in an active Service; one that has ended unnoticed is closed first, as of its end. */
bool session_op_find(struct session_op *op, struct rows *rows, const char *service,
                     const char *session);
/* Reads what session_op_find will read. False: there is no such Service. */
bool session_op_warm(struct rows *rows, const char *service, const char *session,
                     sid_bytes ret_service);

#endif
