/*
 * A gateway: a program of somebody else's is the carrier, for as long as it is attached.
 *
 * One program at a time; the newest takes over. What is to be sent waits in a bounded queue until the program pulls it, and
 * then for its result; how both end without one stands at `gateway_detach`. Nothing is queued towards a program that does not
 * read: once as much as the bound was handed in and not told about, the reader of its stream must pause.
 *
 * A call to be placed is one program's: when that one goes, or has not said in 10 s that it took it, the gateway tells the domain how
 * the call ended, and no other program gets it. Calls live on while no program is there; what is to be hung up is told to the next one
 * that carries calls, and all of it again by the domain when it has attached.
 *
 * Thread-safe, but for free. `next` of one attachment belongs to one thread at a time.
 */
#ifndef MASKLINE_SERVER_CARRIERS_GATEWAY_GATEWAY_H
#define MASKLINE_SERVER_CARRIERS_GATEWAY_GATEWAY_H

#include "proto/c/arena.h"
#include "server/carriers/carrier.h"

enum {
    GATEWAY_ATTEMPTS = 8192, /* queued or waiting for a result; with more: RETRY */
    GATEWAY_HANDED_IN =
        4096, /* texts and receipts of one program that it was not told the result of */
    GATEWAY_WAIT_S =
        2, /* how long an attempt waits for a program to take it; then it is asked about again: RETRY */
    GATEWAY_RESULT_S = 30, /* how long a result is waited for */
    GATEWAY_CALLS =
        4096, /* to be placed, or whose end is to be told; with more: they are not placed */
    GATEWAY_PLACE_S = 10,     /* how long it may take until a program says that it took a call */
    GATEWAY_HANG_UPS = 16384, /* to be told; with more they wait until the domain asks again */
};
/* Of the same, in bytes. */
#define GATEWAY_ATTEMPT_BYTES   ((size_t)64 * 1024 * 1024)
#define GATEWAY_HANDED_IN_BYTES ((size_t)16 * 1024 * 1024)

struct gateway_attachment;

/* The attached program, as the gateway sees it. Both are called on any thread, without locks held, and not after gateway_detach has
 * returned; they must not block. */
struct gateway_program {
    bool honours_keys;
    void (*wake)(void *data);    /* gateway_next may have something, after it said LATER */
    void (*read_on)(void *data); /* there is room again, after a function below said false */
    void *data;
    unsigned call_abilities; /* the sum of enum call_ability */
    bool no_texts, no_media; /* what the numbers of its network cannot do */
};

/* Attaches a program; one that was attached is ended. What waits for the carrier is sent now.
 * Ask gateway_next first: a wake comes only after it said LATER. False: UNAVAILABLE when the server ends, RESOURCE_EXHAUSTED
 * without memory. */
bool gateway_attach(struct gateway *gateway, const struct gateway_program *program,
                    struct gateway_attachment **ret_attachment, bool *ret_took_over,
                    struct error *error);

/* The program sends no more: it is the carrier no longer. What it handed in is still answered; then `next` says ENDED with
 * STATUS_OK. */
void gateway_half_close(struct gateway_attachment *attachment);

/* The program is gone; frees the attachment, also from within a wake. NULL is fine. Attempts that it was given and that have no
 * result are LOST; so are they 30 s after they were given. Attempts that it was never given are made again later, or by the
 * program that took over. */
void gateway_detach(struct gateway_attachment *attachment);

/* ---- from the program; texts are copied ---- */

struct gateway_inbound {
    const char *provider_id;
    const char *from;
    const char *to;
    const char *body;
    const struct ingress_media *media;
    size_t media_count;
};

/* This and the next three always take what they are given. False: read no more from the program until read_on. */
bool gateway_inbound(struct gateway_attachment *attachment, const struct gateway_inbound *inbound);

struct gateway_receipt {
    const char *key;
    uint64_t tag;
    enum receipt_status status;
    const char *carrier_code;
    const char *provider_id;
};
bool gateway_receipt(struct gateway_attachment *attachment, const struct gateway_receipt *receipt);

struct gateway_inbound_call {
    const char *provider_id;
    const char *from;
    const char *to;
};
bool gateway_inbound_call(struct gateway_attachment *attachment,
                          const struct gateway_inbound_call *call);

struct gateway_progress {
    const char *key;
    uint64_t tag;
    enum call_side side;
    enum call_status status;
    size_t target;
    int64_t time;
    int64_t seconds;
    bool recorded;
    const char *carrier_code;
    const char *provider_id;
};
bool gateway_progress(struct gateway_attachment *attachment,
                      const struct gateway_progress *progress);

/* What became of a call that was to be placed. One that nobody waits for is ignored. */
void gateway_placed(struct gateway_attachment *attachment, const char *key, bool taken,
                    const char *carrier_code);

/* What became of an attempt. One that nobody waits for is ignored. */
void gateway_result(struct gateway_attachment *attachment, const char *key,
                    const struct send_result *result);

/* ---- to the program ---- */

enum gateway_output_kind {
    GATEWAY_SEND,
    GATEWAY_INBOUND_RESULT,
    GATEWAY_RECEIPT_RESULT,
    GATEWAY_CALL_RESULT,
    GATEWAY_PROGRESS_RESULT,
    GATEWAY_PLACE_CALL,
    GATEWAY_HANG_UP,
};

struct gateway_send {
    const char *key;
    const char *from;
    const char *to;
    const char *body;
    struct ingress_media *media;
    size_t media_count;
    int64_t expire_time;
};

struct gateway_answer {
    const char *id; /* the text's or the call's provider id; the receipt's or the progress's key */
    uint64_t tag;   /* the receipt's or the progress's */
    enum inbound_outcome outcome;
    const char *reason; /* UPPER_SNAKE; empty when ACCEPTED */
    int32_t original;
    bool repeated;
    const char *notice;           /* CALL_RESULT that is REJECTED; may be empty */
    const struct call_plan *plan; /* CALL_RESULT that is ACCEPTED; else NULL */
    bool hang_up;                 /* PROGRESS_RESULT */
};

struct gateway_output {
    enum gateway_output_kind kind;
    struct gateway_send send;     /* GATEWAY_SEND */
    struct call_plan plan;        /* GATEWAY_PLACE_CALL */
    const char *key;              /* GATEWAY_HANG_UP */
    struct gateway_answer answer; /* else */
};

/* Answers what cannot be handed in at all (bad fields). `kind` is one of the results. */
bool gateway_refuse(struct gateway_attachment *attachment, enum gateway_output_kind kind,
                    const struct gateway_answer *answer);

enum gateway_next {
    GATEWAY_OUTPUT,
    GATEWAY_LATER, /* wake will tell */
    GATEWAY_ENDED, /* *ret_status: OK after half-close; ABORTED CARRIER_TAKEN_OVER; UNAVAILABLE */
};

/* What the program is to be told next, copied into the arena. A send that it gives counts as handed over. */
enum gateway_next gateway_next(struct gateway_attachment *attachment, struct arena *arena,
                               struct gateway_output *ret_output, struct error *ret_status);

/* For the registry. */
extern const struct carrier_class gateway_class;

#endif
