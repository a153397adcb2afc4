/*
 * Calls that come in: what comes after the steps that they share with texts (messages/inbound_way.h).
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALL_TAKE_H
#define MASKLINE_SERVER_MASKING_CALLS_CALL_TAKE_H

#include "server/masking/messages/accept.h"
#include "server/masking/messages/inbound.h"

enum { CALLS_LIVE_MOST = 8 /* of a session */ };

enum call_taken {
    CALL_TAKEN,     /* written down; in->result is set, and in->plan when somebody is to be rung */
    CALL_NOT_TAKEN, /* *ret_rejection says why; nothing is written */
    CALL_BROKEN,    /* it cannot be decided; in->error is set */
};
/* With the sender, the session (which becomes what it is after the call), the partner and a refusal of the guards in `acceptance`. */
enum call_taken call_take(struct inbound *in, struct rows *rows,
                          Maskline__Store__V1__Participant *caller, struct acceptance *acceptance,
                          enum rejection *ret_rejection);

/* A repeat of a call that was written down as an interaction. False: in->error is set. */
bool call_take_again(struct inbound *in, struct rows *rows,
                     const Maskline__Store__V1__Service *service,
                     const Maskline__Store__V1__Dedupe *row);

/* What is told to who called and was rejected, by the occasion; into in->spoken. */
bool call_say(struct inbound *in, struct rows *rows, const Maskline__Store__V1__Service *service,
              Maskline__Store__V1__NoticeOccasion occasion);

#endif
