/*
 * Why the domain refuses: the canonical code, the stable reason, the original's code and the words for people of every refusal, in one
 * table. Bad fields are not in it: they are error_field's (proto/c/error.h).
 */
#ifndef MASKLINE_SERVER_MASKING_ERRORS_H
#define MASKLINE_SERVER_MASKING_ERRORS_H

#include "proto/c/error.h"

enum refusal {
    REFUSED_NO_MEMORY,
    REFUSED_RECORD_UNREADABLE,
    REFUSED_INTERNAL,
    REFUSED_REQUEST_ID_REUSED,
    REFUSED_REQUEST_ANSWER_GONE,

    REFUSED_SERVICE_SID,
    REFUSED_SERVICE_NOT_FOUND,
    REFUSED_SERVICE_DELETED,
    REFUSED_SERVICE_NAME_TAKEN,
    REFUSED_COOL_DOWN_TOO_SHORT,

    REFUSED_NUMBER_SID,
    REFUSED_NUMBER_NOT_FOUND,
    REFUSED_PHONE_NUMBER,
    REFUSED_NUMBER_IN_SERVICE,
    REFUSED_NUMBER_IN_OTHER_SERVICE,
    REFUSED_NUMBER_NOT_AVAILABLE,
    REFUSED_NUMBER_IN_USE,
    REFUSED_POOL_FULL,

    REFUSED_SESSION_SID,
    REFUSED_SESSION_NOT_FOUND,
    REFUSED_SESSION_NAME_NOT_FOUND,
    REFUSED_SESSION_NAME_TAKEN,
    REFUSED_SESSION_CLOSED,
    REFUSED_STATUS_CHANGE,
    REFUSED_NUMBER_GONE,

    REFUSED_PARTICIPANT_SID,
    REFUSED_PARTICIPANT_NOT_FOUND,
    REFUSED_IDENTIFIER,
    REFUSED_IDENTIFIER_IN_SESSION,
    REFUSED_TOO_MANY_PARTICIPANTS,
    REFUSED_PARTICIPANT_REMOVED,
    REFUSED_TOO_MANY_CHANGES,

    REFUSED_POOL_EMPTY,
    REFUSED_NO_VOICE_NUMBER,
    REFUSED_NO_SMS_NUMBER,
    REFUSED_NO_COUNTRY_NUMBER,
    REFUSED_ONLY_RESERVED,
    REFUSED_ALL_IN_USE,

    REFUSED_PROXY_ELSEWHERE,
    REFUSED_PROXY_NOT_FOUND,
    REFUSED_OWN_NUMBER,
    REFUSED_NUMBER_NOT_ACTIVE,
    REFUSED_PAIR_IN_USE,
    REFUSED_PAIR_COOLING_DOWN,

    REFUSED_INTERACTION_SID,
    REFUSED_INTERACTION_NOT_FOUND,
    REFUSED_SESSION_EXPIRED,
    REFUSED_MODE,
    REFUSED_LOOP,
    REFUSED_MMS,
    REFUSED_MESSAGE_UNKNOWN,
    REFUSED_NOT_THIS_CARRIERS,
    REFUSED_NO_THREAD,

    REFUSALS,
};

/* Sets the error. Returns false always. */
bool refuse(struct error *error, enum refusal refusal);

/* The stable reason of a refusal. */
const char *refusal_reason(enum refusal refusal);

/* When what was refused will be possible: `free_time` in the metadata (RFC 3339) and how long to wait. Times in microseconds since 1970. */
void error_free_time(struct error *error, int64_t free_time, int64_t now);

#endif
