/*
 * What the steps share that an inbound message or call goes (inbound_way.h): what they find out, and the end that a refusal is. No step
 * knows of another, nor of their order.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_RECEPTION_H
#define MASKLINE_SERVER_MASKING_MESSAGES_RECEPTION_H

#include "server/masking/messages/accept.h"
#include "server/masking/messages/inbound.h"
#include "server/masking/rows/known.h"

/* One step of the way. */
enum step {
    STEP_ON,     /* to the next one */
    STEP_END,    /* the result is known */
    STEP_BROKEN, /* the decision cannot be made; the error is set */
};

/* What the steps find out. */
struct reception {
    struct inbound *in;
    struct rows rows;
    struct holding holding;
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session;
    Maskline__Store__V1__Participant *sender;
    struct acceptance acceptance;
};

bool inbound_is_call(const struct inbound *in);

/* Refused, and nothing written of it. STEP_END. */
enum step inbound_settle(struct inbound *in, enum rejection rejection);

/* Refused for good, and written down: a repeat gets the same answer, and the Service's log tells of it. Once the owner is known. */
enum step inbound_reject(struct reception *r, enum rejection rejection);

#endif
