/*
 * Participants whose number is not their Service's any more get another one.
 *
 * What was asked for counts no more: the number is chosen, as for somebody who asks for none. A short code's and a channel sender's place
 * is taken by no other: these are only ever asked for.
 */
#ifndef MASKLINE_SERVER_MASKING_SESSIONS_RENUMBER_H
#define MASKLINE_SERVER_MASKING_SESSIONS_RENUMBER_H

#include "server/masking/internal.h"

enum renumbered {
    RENUMBERED_ALL, /* also when nobody needed another one */
    RENUMBERED_NONE, /* some participant's place is taken by no number: nothing was written, and the error says why */
    RENUMBERED_FAILED,
};

/* In an active session, whose number leaves: everybody who has it as the present one gets another, from now on; it is honoured no more.
 * The session is changed in place. */
enum renumbered session_renumber(struct masking *masking, struct rows *rows,
                                 const Maskline__Store__V1__Service *service,
                                 Maskline__Store__V1__Session *session, const char *proxy,
                                 struct error *error);

/* In a session that failed, before it is opened again: everybody whose present number is not in the pool, or about to leave it. No route
 * is taken yet. */
enum renumbered session_renumber_lost(struct masking *masking, struct rows *rows,
                                      const Maskline__Store__V1__Service *service,
                                      Maskline__Store__V1__Session *session, struct error *error);

#endif
