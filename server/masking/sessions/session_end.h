/*
 * Ending sessions, beside what internal.h declares.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_SESSION_END_H
#define MASKLINE_SERVER_MASKING_SESSIONS_SESSION_END_H

#include "server/masking/rows/rows.h"

/* Closes the session if it has ended by itself and nobody has noticed yet. */
bool session_close_expired(struct rows *rows, const Maskline__Store__V1__Service *service,
                           Maskline__Store__V1__Session *session, struct error *error);

#endif
