/*
 * Taking a message or call on: the one entry that it becomes, from a carrier or from the Service itself.
 */
#ifndef MASKLINE_SERVER_MASKING_MESSAGES_ACCEPT_H
#define MASKLINE_SERVER_MASKING_MESSAGES_ACCEPT_H

#include "server/masking/internal.h"

enum { RECIPIENTS_MOST = 16 };

struct acceptance {
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__Session *session; /* becomes what it is after the message */
    Maskline__Store__V1__Leg *inbound;     /* NULL: the Service sends */
    ProtobufCBinaryData
        sender; /* of what the Service sends: who stands as the sender; empty: itself */
    Maskline__Store__V1__Participant *recipients[RECIPIENTS_MOST];
    unsigned recipient_count;
    Maskline__Store__V1__Content *content;
    int64_t life; /* microseconds */
    /* Why nobody is to get it, and the original's code; constant. NULL: it is to be sent. */
    const char *canceled;
    int32_t canceled_code;
    /* Of what was put to somebody, and goes nowhere: it gets no outbound legs. NULL: all else. */
    Maskline__Store__V1__Interception *interception;
    /* Of a call: its record, which becomes the interaction's, and its outbound legs, one for each recipient. NULL: it is a message. */
    Maskline__Store__V1__Call *call;
    Maskline__Store__V1__Leg *call_legs[2];
    Maskline__Store__V1__LegStatus canceled_status; /* of a call that nobody is to get */
    ProtobufCBinaryData capped; /* whose cap it counts for, if the Service has one */
    /* Of a carrier's message, both or none. */
    uint8_t *dedupe_key;
    uint8_t *content_hash;
    Maskline__Store__V1__RequestId *request;
    int64_t hint_time; /* out: of an expiry hint that the timers have to know of; 0: none */
};

/* Texts and bytes are not copied: what the result points to lives as long as theirs. */
bool message_accept(struct rows *rows, struct acceptance *acceptance,
                    Maskline__Store__V1__Interaction **ret_interaction, struct error *error);

#endif
