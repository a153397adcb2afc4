/*
 * Where the phone network and the domain meet. Carriers know this header of the domain, and nothing else.
 *
 * Carriers hand in messages and receipts; the domain hands out messages to send. Calls: ingress_calls.h. Sessions, Services and who is
 * behind a number are not said here.
 */
#ifndef MASKLINE_SERVER_MASKING_INGRESS_H
#define MASKLINE_SERVER_MASKING_INGRESS_H

#include "proto/c/error.h"
#include "server/masking/ingress_calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct masking;

/* ---- from the network ---- */

struct ingress_media {
    const char *url;
    const char *content_type; /* may be empty */
};

/* A text that came in. All texts are UTF-8 and live until `done`. */
struct inbound_message {
    const char *carrier; /* the carrier's configured name */
    const char *
        provider_id; /* the carrier's own id of it, at most 255 bytes; the same id again gets the first answer */
    const char *from; /* as the network says it: may be withheld, alphanumeric, rubbish */
    const char *to;   /* the number that was texted */
    const char *body;
    const struct ingress_media *media;
    size_t media_count;
};

enum inbound_outcome {
    INBOUND_ACCEPTED, /* durable: the carrier may forget it */
    INBOUND_REJECTED, /* durable too: it goes nowhere, for `reason`; another try would get the same */
    INBOUND_FAILED,   /* nothing is known of it now: the carrier should hand it in again */
};

struct inbound_result {
    enum inbound_outcome outcome;
    bool repeated; /* this is the answer to an earlier one with the same provider id */
    const char *
        reason; /* REJECTED: UPPER_SNAKE, e.g. NO_ROUTE, SESSION_EXPIRED, MODE_REFUSED, LOOP, NUMBER_LOCKED */
    int32_t original;          /* the original's code, or 0 */
    const struct error *error; /* FAILED: why */
};

/* Any thread; `done` is called once, on the writer's thread or at once on this one. */
void ingress_message(struct masking *masking, const struct inbound_message *message,
                     void (*done)(void *data, const struct inbound_result *result), void *data);

enum receipt_status {
    RECEIPT_QUEUED,
    RECEIPT_SENT,
    RECEIPT_DELIVERED,
    RECEIPT_UNDELIVERED,
    RECEIPT_FAILED,
};

/* What the network says of a message that was sent. */
struct receipt {
    const char *carrier;
    const char *key; /* of the outbound message that it is about (below) */
    enum receipt_status status;
    const char *carrier_code; /* what the carrier calls it; may be empty */
    const char *provider_id;  /* may be empty */
};

/* A receipt that tells nothing new, or goes back, changes nothing and is fine. An error: a key that never was (NOT_FOUND), or that
 * this carrier was not given (PERMISSION_DENIED), or the store cannot take it now (hand it in again). */
void ingress_receipt(struct masking *masking, const struct receipt *receipt,
                     void (*done)(void *data, const struct error *error), void *data);

/* ---- to the network ---- */

enum { OUTBOUND_KEY_SIZE = 128 };

/* A message to send. Lives until `send` returns: a carrier that needs it longer copies it. */
struct outbound_message {
    const char *
        key; /* stable over attempts: the idempotency key, and what receipts name. Reveals nobody */
    const char *from; /* the proxy identifier */
    const char *to;   /* the real address: show it to nobody but the network */
    const char *body;
    const struct ingress_media *media;
    size_t media_count;
    int64_t expire_time; /* microseconds since 1970: worth nothing after that */
    /* idempotent() was true, and nothing else keeps it from being sent twice: a carrier that no longer knows keys again
     * answers RETRY. */
    bool relies_on_key;
};

enum send_outcome {
    SEND_TAKEN,   /* the network has it */
    SEND_REFUSED, /* surely not sent, and another try would not help */
    SEND_RETRY,   /* surely not sent; another try may help */
    SEND_UNKNOWN, /* nobody knows; a later receipt may tell */
    SEND_LOST, /* likewise, since no answer came: made again if it relies on the key, by the same carrier */
};

struct send_result {
    enum send_outcome outcome;
    const char *provider_id;  /* TAKEN; may be empty */
    const char *carrier_code; /* what the carrier calls the failure; may be empty */
    int64_t retry_after;      /* RETRY: microseconds, or 0 */
};

/* What a number of a carrier can do, as far as the carrier goes. */
enum number_ability {
    NUMBER_CAN_TEXT = 1 << 0,
    NUMBER_CAN_MEDIA = 1 << 1, /* texts with media */
    NUMBER_CAN_CALL = 1 << 2,
    NUMBER_CAN_ALL = NUMBER_CAN_TEXT | NUMBER_CAN_MEDIA | NUMBER_CAN_CALL,
};

/* One way into the network. Constant; lives until masking_free. */
struct carrier_port {
    void *data;
    const char *name;
    /* Whether a repeated key is recognised now: then an attempt whose result was lost is simply made again. Asked before each
     * attempt, on any thread; must not block. */
    bool (*idempotent)(void *data);
    /* What it was given is gone when this process ends: an attempt that a crash cuts off reaches nobody. */
    bool forgets;
    /* Begins one attempt; on a thread of the domain's, and must not block. The result comes by ingress_sent, exactly once, from
     * any thread, also from within this call. */
    void (*send)(void *data, const struct outbound_message *message, void *attempt);
    const struct call_port *calls; /* NULL: it never carries any */
    /* The sum of enum number_ability, of what its numbers can do unless said otherwise when they are added; asked then. NULL: all. Any
     * thread; takes leaf locks only. */
    unsigned (*numbers_can)(void *data);
};

/* Before any traffic; the first one is the default carrier. The names must differ. */
bool ingress_add_carrier(struct masking *masking, const struct carrier_port *port,
                         struct error *error);

/* The result of an attempt. Any thread. */
void ingress_sent(struct masking *masking, void *attempt, const struct send_result *result);

/* A carrier that could not send can send again: what waits for it is tried now. Any thread. */
void ingress_carrier_ready(struct masking *masking, const char *carrier);

#endif
