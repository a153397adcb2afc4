/*
 * Where the phone network and the domain meet, for calls. Carriers know it by ingress.h.
 *
 * A carrier hands in a call that came, is told a plan, and carries it out by itself: it announces, rings, whispers, asks for a key,
 * connects, and ends the call at its longest. It reports each step; the domain writes it down, and may ask at any time that all of the
 * call is hung up. The domain places calls by the same plan. What the carrier does not report in time the domain ends by its own clock.
 *
 * A call has two sides. Of one that came in, the first is who called, the second whom it is connected with. Of one that the domain places,
 * the first is rung first, and the second not before the first has picked up (and pressed the key, where one is asked for).
 */
#ifndef MASKLINE_SERVER_MASKING_INGRESS_CALLS_H
#define MASKLINE_SERVER_MASKING_INGRESS_CALLS_H

#include "proto/c/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct masking;

enum { CALL_KEY_SIZE = 128 };

/* Somebody to be rung. */
struct call_party {
    /* The proxy number that is shown: with no other the carrier does not ring. */
    const char *caller_id;
    /* Real numbers, rung in this order until one is picked up. Show them to nobody but the network. */
    const char *const *numbers;
    size_t count;
};

/* What a carrier is to do. All texts are UTF-8, never NULL, and empty when there is nothing to say. Times are microseconds. */
struct call_plan {
    /* What progress and hang_up name; at most CALL_KEY_SIZE - 1 bytes. Reveals nobody. */
    const char *key;
    /* Of a call that came in: count is 0. */
    struct call_party first;
    /* At least one number. */
    struct call_party second;
    /* Told to the first side alone, before the second is rung. */
    const char *announcement;
    /* Told to the second side alone, once it has picked up and before they are connected. */
    const char *whisper;
    /* Who is rung has to press 1 once it has picked up, in what is left of its ring_limit, or counts as not having picked up. Until
     * then it hears nothing of the other side, nor is heard. */
    bool ask_key;
    /* From when they are connected; `consent` is told to both before. */
    bool record;
    const char *consent;
    int64_t ring_limit;  /* for each number */
    int64_t longest;     /* from when they are connected: then all is hung up */
    int64_t expire_time; /* since 1970: nobody is rung for the first time after that */
};

/* ---- from the network ---- */

/* A call that came in. All texts are UTF-8 and live until `done`. */
struct inbound_call {
    const char *carrier; /* the carrier's configured name */
    /* The carrier's own id of it, 1 to 255 bytes; the same id again gets the first answer. */
    const char *provider_id;
    const char *from; /* as the network says it: may be withheld, alphanumeric, rubbish */
    const char *to;   /* the number that was called */
};

enum call_outcome {
    CALL_ACCEPTED,  /* durable: the plan is to be carried out */
    CALL_REJECTED,  /* durable too: it goes nowhere, for `reason` */
    CALL_UNDECIDED, /* nobody may be rung: reject it, or hand it in again */
};

struct inbound_call_result {
    enum call_outcome outcome;
    /* It is the answer to an earlier one with the same provider id; a plan is the one that is being carried out already. */
    bool repeated;
    const char *reason; /* REJECTED: UPPER_SNAKE, as of messages, or CALL_ENDED of a repeat */
    int32_t original;   /* the original's code, or 0 */
    /* REJECTED: what the caller is told before the carrier hangs up; empty: nothing, it is rejected. */
    const char *notice;
    const struct call_plan *plan; /* ACCEPTED; lives until `done` returns */
    const struct error *error;    /* UNDECIDED: why */
};

/* Any thread; `done` is called once, on the writer's thread or at once on this one. */
void ingress_call(struct masking *masking, const struct inbound_call *call,
                  void (*done)(void *data, const struct inbound_call_result *result), void *data);

enum call_side {
    CALL_FIRST,
    CALL_SECOND,
};

enum call_status {
    CALL_RINGING,
    CALL_PICKED_UP, /* whispers, and the key, come now */
    CALL_CONNECTED, /* the two talk */
    CALL_COMPLETED, /* it had picked up, and it or the other side has hung up, or the carrier for both */
    CALL_BUSY,      /* of its last number, as the two below */
    CALL_NO_ANSWER, /* within ring_limit nobody picked up, or pressed the key */
    CALL_FAILED,
    CALL_CANCELED, /* it was not rung any more, or not to its end: the other side gave up, or the domain said hang up */
    CALL_GONE,     /* the carrier knows no such call (any more): both sides end */
};

/* What has happened. An end of either side is an end of the call: the other side's follows from it, and need not be reported. */
struct call_progress {
    const char *carrier;
    const char *key;
    enum call_side side;
    enum call_status status;
    size_t number; /* which of the side's numbers it is about, from 0 */
    /* Of an end: how long they were connected, as the carrier counts; negative: the domain counts. */
    int64_t seconds;
    bool recorded;            /* of an end: there is a recording */
    const char *carrier_code; /* what the carrier calls a failure; may be empty */
    const char *provider_id;  /* of that side; may be empty */
};

struct call_answer {
    /* The call is to live no longer, or is not known: hang up all of it. */
    bool hang_up;
    /* NULL: it was taken, also when it told nothing new. NOT_FOUND: a key that never was; PERMISSION_DENIED: of another carrier; else
     * hand it in again. */
    const struct error *error;
};

/* Progress of one call in the order in which it happens. Any thread; `done` as above. */
void ingress_call_progress(struct masking *masking, const struct call_progress *progress,
                           void (*done)(void *data, const struct call_answer *answer), void *data);

/* ---- to the network ---- */

/* A carrier's part in calls: in its carrier_port. All are called on any thread and must not block; the texts live until they return. */
struct call_port {
    /* Whether it can carry calls now. */
    bool (*ready)(void *data);
    /* Whether it can ask who picks up for a key. Asked for each call. */
    bool (*asks_keys)(void *data);
    /* Carries out the plan, and reports. False: surely nothing was done and nothing will be. A key that it has already: true. */
    bool (*place)(void *data, const struct call_plan *plan);
    /* Hangs up all of a call, rings nobody any more, and reports the end; of a key that it does not know: GONE. Repeats are harmless. */
    void (*hang_up)(void *data, const char *key);
};

#endif
