/*
 * Who may take a name.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_SESSION_NAME_H
#define MASKLINE_SERVER_MASKING_SESSIONS_SESSION_NAME_H

#include "server/masking/rows/rows.h"

struct name_taken {
    bool by_other;    /* another session has it by now, and lets it go */
    sid_bytes before; /* by_other: which one */
    bool held;        /* the session itself has it already */
};

/* Whether a session may have this name: nobody else has it, or the Service lets it be taken from a session that has ended. What is in
 * its way and to be purged is removed. `session`: the SID of who is to have it, or NULL, a new one. False: SESSION_NAME_TAKEN, or a
 * read error. */
bool session_name_take(struct rows *rows, const Maskline__Store__V1__Service *service,
                       const char *name, const uint8_t *session, struct name_taken *ret_taken,
                       struct error *error);

#endif
