/*
 * Where the phone network and the domain meet, for calls. Carriers know it by ingress.h.
 *
 * A carrier hands in a call that came, is told a plan, and carries it out by itself: it announces, rings, whispers, asks for a key,
 * connects, and ends the call at its longest. It reports each step; the domain writes it down, and may say at any time that all of the
 * call is to be hung up. The domain places calls by the same plan. What the carrier does not report in time the domain ends by its own
 * clock, and says hang up again until it hears of an end.
 *
 * A call has two sides. Of one that came in, the first is who called, the second whom it is connected with. Of one that the domain places,
 * the first is rung first, and the second not before the first has picked up (and pressed the key, where one is asked for).
 *
 * Who may be rung can change while a call lives. So some steps are questions: a carrier rings a target but the first of a call that came
 * in, and connects, only after RINGING or PICKED_UP of it was taken without hang_up. One that cannot wait for the answer (no
 * CALL_CAN_ASK) rings the second side's first target alone and places no calls.
 *
 * Functions below and in call_port may be called from within each other and from within `done`; neither side holds a lock then that the
 * other might want. What they are given lives until they return, unless said otherwise. After carriers_stop nothing is handed in, place
 * says false and hang_up does nothing.
 */
#ifndef MASKLINE_SERVER_MASKING_INGRESS_CALLS_H
#define MASKLINE_SERVER_MASKING_INGRESS_CALLS_H

#include "proto/c/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct masking;

enum { CALL_KEY_SIZE = 128 };

/* A phone to be rung. */
struct call_target {
    /* The proxy number that is shown: with no other the carrier does not ring. */
    const char *caller_id;
    /* The real number. Show it to nobody but the network. */
    const char *number;
};

/* Rung in this order until one is picked up. */
struct call_party {
    const struct call_target *targets;
    size_t count; /* at most CALL_TARGETS */
};

enum { CALL_TARGETS = 16 };

/* What a carrier is to do. All texts are UTF-8, never NULL, and empty when there is nothing to say. Times are microseconds; what is
 * said does not count in any of them. */
struct call_plan {
    /* What progress and hang_up name; at most CALL_KEY_SIZE - 1 bytes. Reveals nobody. */
    const char *key;
    /* Of a call that came in: count is 0. */
    struct call_party first;
    /* At least one target. */
    struct call_party second;
    /* Told to the first side alone, before the second is rung. */
    const char *announcement;
    /* Told to the second side alone, once it has picked up and before they are connected. */
    const char *whisper;
    /* Who is rung has to press 1 within key_limit of being asked, or counts as not having picked up. Until then it hears nothing of the
     * other side, nor is heard. A carrier that cannot ask connects nobody by such a plan. */
    bool ask_key;
    int64_t key_limit;
    /* From when they are connected; consent_notice is told to both before. */
    bool record;
    const char *consent_notice;
    int64_t ring_limit;   /* of each target, until it is picked up */
    int64_t longest_call; /* from when they are connected: then all is hung up */
    int64_t expire_time;  /* since 1970: no target begins to ring after that */
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
    CALL_ACCEPTED, /* durable: the plan is to be carried out */
    CALL_REJECTED, /* durable too: it goes nowhere, for `reason` */
    CALL_UNDECIDED, /* nothing is known of it now, and nobody may be rung: reject it, or hand it in again */
};

struct inbound_call_result {
    enum call_outcome outcome;
    /* It is the answer to an earlier one with the same provider id: carry the plan out unless a call of that key is under way. */
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
    CALL_RINGING,   /* it is rung, or is to be: see above */
    CALL_PICKED_UP, /* and is told, and asked for the key, now or soon; with a key: it was pressed is CONNECTED, or for the first side,
                     * RINGING of the second */
    CALL_CONNECTED, /* the two talk. Of either side, once */
    CALL_COMPLETED, /* they talked, and one of them has hung up, or the carrier for both */
    CALL_BUSY,      /* its last target, as the two below */
    CALL_NO_ANSWER, /* nobody picked up within ring_limit, or pressed the key within key_limit, or it hung up before the two talked */
    CALL_FAILED,
    CALL_CANCELED, /* it is not rung any more: the other side gave up before the two talked, or the domain said hang up */
    CALL_GONE,     /* the carrier carries no such call (any more), and will not: both sides end */
};

/* What has happened. An end of either side is an end of the call: the other side's follows from it, and need not be reported. Steps may be
 * left out, and come late: what tells nothing new changes nothing. Of a call that came in, the first side's RINGING and PICKED_UP tell
 * nothing. */
struct call_progress {
    const char *carrier;
    const char *key;
    enum call_side side;
    enum call_status status;
    size_t target; /* which of the side's, from 0 */
    /* When it happened, microseconds since 1970; 0: now. Taken as no earlier than the step before and no later than now. */
    int64_t time;
    /* Of an end: how long they were connected, as the carrier counts; negative: the domain counts. Of no call that was never CONNECTED. */
    int64_t seconds;
    bool recorded;            /* of an end: there is a recording */
    const char *carrier_code; /* what the carrier calls a failure; may be empty */
    const char *provider_id;  /* of that side; may be empty */
};

struct call_answer {
    /* The call is to live no longer, or is not known: hang up all of it, go no further. */
    bool hang_up;
    /* NULL: it was taken, also when it told nothing new. NOT_FOUND: a key that never was; PERMISSION_DENIED: of another carrier;
     * INVALID_ARGUMENT: it cannot be; all others: nothing is known, hand it in again before going on. */
    const struct error *error;
};

/* Progress of one call in the order in which it happens. Any thread; `done` as above, and all of `progress` lives until then. */
void ingress_call_progress(struct masking *masking, const struct call_progress *progress,
                           void (*done)(void *data, const struct call_answer *answer), void *data);

/* ---- to the network ---- */

/* What a carrier can do in calls. */
enum call_ability {
    CALL_CAN_CARRY = 1 << 0, /* calls at all, now; without it nothing else counts */
    CALL_CAN_ASK = 1 << 1,   /* waits for answers, as said above */
    CALL_CAN_PLACE = 1 << 2,
    CALL_CAN_SPEAK = 1 << 3, /* announcement, whisper, consent_notice, notice: else all are empty */
    CALL_CAN_ASK_KEY = 1 << 4, /* else ask_key is false */
    CALL_CAN_RECORD = 1 << 5,  /* else record is false; so it is where it cannot speak */
};

/* A carrier's part in calls: in its carrier_port. All are called on any thread and must not block. */
struct call_port {
    /* The sum of enum call_ability. Asked for each call; takes leaf locks only. */
    unsigned (*abilities)(void *data);
    /* Carries out the plan, and reports; also that it could not: FAILED of the first side. False: surely nothing was done and nothing will
     * be. A key that is under way already: true. Each key once only. */
    bool (*place)(void *data, const struct call_plan *plan);
    /* Hangs up all of a call, rings nobody any more, and reports the end. Only after `place` or the call's `done` has returned, on
     * whichever thread. Of a key that the carrier does not carry: it reports GONE, and refuses to carry that key for the next 10 minutes.
     * Repeats are harmless. */
    void (*hang_up)(void *data, const char *key);
};

#endif
