/*
 * Requests for sessions, as the domain wants them: for the calls of one, and for streams of many.
 */
#ifndef MASKLINE_SERVER_API_SESSION_DRAFT_H
#define MASKLINE_SERVER_API_SESSION_DRAFT_H

#include "maskline/v1/sessions.pb-c.h"
#include "proto/c/arena.h"
#include "server/masking/sessions/sessions.h"

/* Points into the request and the arena. False: the error says which fields are bad, or that the arena is full. */
bool session_draft_read(struct masking *masking, struct arena *arena,
                        const Maskline__V1__CreateSessionRequest *request,
                        struct session_draft *ret_draft, struct error *error);

bool session_change_read(struct arena *arena, const Maskline__V1__UpdateSessionRequest *request,
                         struct session_change *ret_change, struct error *error);

#endif
