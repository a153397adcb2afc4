/*
 * Calls that the Service itself asks for. Those that come in: ingress_calls.h. Reading them: messages/interactions.h.
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALLS_H
#define MASKLINE_SERVER_MASKING_CALLS_CALLS_H

#include "server/masking/messages/interactions.h"

/* Texts live until `done`, as of all commands. */
struct call_draft {
    const char *service;
    const char *session;
    const char *participant; /* SID of who is rung first */
    struct request_id request;
};
/* Durable before the answer, and before anybody is rung. A repeat of the request gets the interaction as it was accepted. */
void calls_place(struct masking *masking, const struct call_draft *draft, interaction_done done,
                 void *data);

/* Has both sides hung up. The answer is as the call is then: it ends when its carrier says so, or half a minute later at the latest. A
 * call that has ended is answered as it is. */
void calls_end(struct masking *masking, const struct interaction_name *name, interaction_done done,
               void *data);

#endif
