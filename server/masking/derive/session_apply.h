/*
 * What entries make of a session. The decision that writes an entry and the derivation of its rows both go through here, so that what
 * a caller is told and what is kept cannot differ. `time` is the entry's.
 */
#ifndef MASKLINE_SERVER_MASKING_DERIVE_SESSION_APPLY_H
#define MASKLINE_SERVER_MASKING_DERIVE_SESSION_APPLY_H

#include "server/masking/rows/rows.h"

void session_apply_updated(Maskline__Store__V1__Session *session,
                           const Maskline__Store__V1__SessionUpdated *updated,
                           const Maskline__Store__V1__Entry *entry);
void session_apply_closed(Maskline__Store__V1__Session *session,
                          const Maskline__Store__V1__SessionClosed *closed, int64_t time);
void session_apply_reopened(Maskline__Store__V1__Session *session,
                            const Maskline__Store__V1__SessionReopened *reopened,
                            const Maskline__Store__V1__Entry *entry);
/* The session's list of participants grows in the arena. False: it is full. */
bool session_apply_added(Maskline__Store__V1__Session *session,
                         const Maskline__Store__V1__ParticipantAdded *added, int64_t time,
                         struct arena *arena);
void session_apply_removed(Maskline__Store__V1__Session *session,
                           const Maskline__Store__V1__ParticipantRemoved *removed, int64_t time);
/* False: it has no such participant. */
bool session_apply_replaced(Maskline__Store__V1__Session *session,
                            const Maskline__Store__V1__ParticipantUpdated *updated, int64_t time);
/* What it changes, session_bytes.c changes in the row. */
void session_apply_interaction(Maskline__Store__V1__Session *session,
                               const Maskline__Store__V1__InteractionCreated *created,
                               int64_t time);
/* The same of a call, beside that: it lives, unless it has ended with that. False: the arena is full. */
bool session_apply_call(Maskline__Store__V1__Session *session,
                        const Maskline__Store__V1__InteractionCreated *created,
                        struct arena *arena);
/* The call has ended. */
void session_apply_call_ended(Maskline__Store__V1__Session *session,
                              const Maskline__Store__V1__CallChanged *changed);

#endif
