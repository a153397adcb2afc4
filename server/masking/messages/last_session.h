/*
 * What the log tells of a session to which somebody wrote who reaches nobody by it any more.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_LAST_SESSION_H
#define MASKLINE_SERVER_MASKING_MESSAGES_LAST_SESSION_H

#include "server/masking/rows/rows.h"

/* A copy of its own fields and of those who are in it, without who the people are and without metadata; and of `sender`, when it has
 * been taken out (NULL: nobody is known to have written). In the arena; borrows from the session. NULL when there is no memory. */
Maskline__Store__V1__Session *last_session(struct arena *arena,
                                           const Maskline__Store__V1__Session *session,
                                           const Maskline__Store__V1__Participant *sender);

#endif
