/*
 * Numbers that participants had before the present ones: honoured for replies until their time is over.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_SESSION_NUMBERS_H
#define MASKLINE_SERVER_MASKING_SESSIONS_SESSION_NUMBERS_H

#include "server/masking/rows/rows.h"

/* Ends those whose time is over, or, when `proxy` is not NULL, those that are this number, whatever their time: their routes rest from then
 * on, and they are used no more. The session is changed in place. */
bool session_end_numbers(struct rows *rows, const Maskline__Store__V1__Service *service,
                         Maskline__Store__V1__Session *session, const char *proxy,
                         struct error *error);

/* Appends what a participant has become: `change` has the participant, the session's generation and what happened; routes and uses are
 * found here. The session is changed in place. */
bool participant_append(struct rows *rows, const Maskline__Store__V1__Service *service,
                        Maskline__Store__V1__Session *session,
                        Maskline__Store__V1__ParticipantUpdated *change, struct error *error);

#endif
