/*
 * Whether a message may pass, once it is known whose it is. Guards are asked in a fixed order, and the first that refuses gives the
 * reason: the mode, who opted out, who is blocked, what is capped.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_GUARDS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_GUARDS_H

#include "server/masking/rows/rows.h"

struct guard_subject {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session *session;
    const Maskline__Store__V1__Participant *sender; /* NULL: the Service itself */
    Maskline__Store__V1__InteractionType type;
};

struct guard_refusal {
    const char *reason; /* UPPER_SNAKE, constant */
    int32_t original;   /* the original's code, or 0 */
};

/* False when a guard refuses. */
bool guards_pass(const struct guard_subject *subject, struct guard_refusal *ret_refusal);

/* Whether a closed session ended by its time, and not by somebody's hand. */
bool session_expired(const Maskline__Store__V1__Session *session);

#endif
