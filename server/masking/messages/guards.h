/*
 * Whether a message or call may pass, once it is known whose it is. Guards are asked in a fixed order, and the first that refuses gives the
 * reason: the mode, who opted out, who is blocked, what is capped.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_GUARDS_H
#define MASKLINE_SERVER_MASKING_MESSAGES_GUARDS_H

#include "server/masking/internal.h"

/* The original's code for a message to somebody who opted out. */
enum { ORIGINAL_OPTED_OUT = 21610 };

struct guard_subject {
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session *session;
    const Maskline__Store__V1__Participant *sender;      /* NULL: the Service itself */
    Maskline__Store__V1__Participant *const *recipients; /* at least one */
    size_t recipient_count;
    Maskline__Store__V1__InteractionType type;
};

enum guard_answer {
    GUARD_PASSES,
    GUARD_REFUSES,
    GUARD_BROKEN, /* the decision cannot be made; the error is set */
};

enum guard {
    GUARD_MODE,
    GUARD_OPT_OUT, /* all recipients have */
    GUARD_BLOCK,   /* from all recipients */
    GUARD_PERSON_CAP,
    GUARD_SESSION_CAP,
};

struct guard_refusal {
    enum guard guard;
    const char *reason; /* UPPER_SNAKE, constant */
    int32_t original;   /* the original's code, or 0 */
    int64_t free_time;  /* when it will pass; 0: that cannot be told */
};

/* Whose cap an interaction counts for: the sender's, or of what the Service sends, the recipient's. */
ProtobufCBinaryData guard_capped(const struct guard_subject *subject);

/* Writer's thread. */
enum guard_answer guards_ask(struct masking *masking, struct rows *rows,
                             const struct guard_subject *subject, struct guard_refusal *ret_refusal,
                             struct error *error);

/* The binding by which the words of that participant (NULL: of the Service) reach the recipient; NULL: there is none. */
const Maskline__Store__V1__Binding *binding_from(const Maskline__Store__V1__Participant *recipient,
                                                 const ProtobufCBinaryData *sender);

/* Whether a closed session ended by its time, and not by somebody's hand. */
bool session_expired(const Maskline__Store__V1__Session *session);

#endif
