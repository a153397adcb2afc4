/*
 * What a gateway consists of. Not for anybody else.
 *
 * One lock, `gateway.lock`, guards everything but what is constant. It is not held while the domain is called, nor while a program
 * is woken. The worker's lock may be taken while it is held.
 */
#ifndef MASKLINE_SERVER_CARRIERS_GATEWAY_INTERNAL_H
#define MASKLINE_SERVER_CARRIERS_GATEWAY_INTERNAL_H

#include "server/carriers/gate.h"
#include "server/carriers/gateway/gateway.h"
#include "server/carriers/plan.h"
#include "server/carriers/text.h"
#include "server/carriers/waker.h"
#include "server/carriers/worker.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- attempts to send ---- */

enum { SEND_KEY, SEND_FROM, SEND_TO, SEND_BODY };

struct attempt {
    struct attempt *older, *newer; /* in its list */
    struct attempt *next_in_bucket;
    void *attempt; /* the domain's */
    struct text text;
    int64_t expire_time;
    bool relies_on_key;
    int64_t deadline;                 /* by the clock for timeouts */
    struct gateway_attachment *given; /* to whom; NULL: queued */
    struct send_result result;        /* once it is settled */
};

struct attempts {
    struct attempt *oldest, *newest;
};

/* Two lists by age, whose deadlines are in the same order, and a table of those handed over. */
struct sending {
    struct attempts queued;
    struct attempts handed;
    struct attempt **buckets; /* of those handed over, by key; the oldest of a key first */
    size_t count;
    size_t bytes;
};

bool sending_init(struct sending *sending);
void sending_done(struct sending *sending);

/* NULL when there is no room or no memory. */
struct attempt *sending_queue(struct sending *sending, const struct outbound_message *message,
                              void *attempt, int64_t deadline);
/* The oldest that is queued is the program's now. */
void sending_hand_over(struct sending *sending, struct gateway_attachment *to, int64_t deadline);
/* The oldest attempt with this key that the program was given, or NULL. */
struct attempt *sending_find(const struct sending *sending, const struct gateway_attachment *given,
                             const char *key);

/* Attempts that ended under the lock, and whose results are told without it. */
struct settled {
    struct attempts attempts;
};
/* It was never given to a program. */
void settle_queued(struct sending *sending, struct attempt *attempt, struct settled *settled);
/* It was, and no result came. */
void settle_lost(struct sending *sending, struct attempt *attempt, struct settled *settled);
void settle_all_queued(struct sending *sending, struct settled *settled);
/* Those that only a program that honours keys may have. */
void settle_all_relying(struct sending *sending, struct settled *settled);
void settle_all_given(struct sending *sending, const struct gateway_attachment *given,
                      struct settled *settled);
/* The caller has its result. */
void settle(struct sending *sending, struct attempt *attempt, const struct send_result *result,
            struct settled *settled);
/* Without the lock: tells the domain, and frees them. */
void settled_tell(struct settled *settled, struct masking *masking);

/* ---- calls to be placed, and to be hung up ---- */

struct placing {
    struct placing *older, *newer; /* in its list */
    struct placing *next_in_bucket;
    struct gateway *gateway;
    struct plan plan;
    struct gateway_attachment *program; /* whose it is; NULL: it has ended */
    bool handed;
    int64_t deadline; /* by the clock for timeouts; of an end: when it is told */
    enum call_status end;
    char carrier_code[257];
    struct call_progress progress; /* that tells its end */
};

struct placings {
    struct placing *oldest, *newest;
};

struct hanging_up {
    struct hanging_up *newer;
    struct hanging_up *next_in_bucket;
    uint64_t order; /* among this and the answers */
    char key[CALL_KEY_SIZE];
};

/* Lists by age. A call that has ended is told of by the worker. */
struct orders {
    struct placings queued;           /* not handed over yet */
    struct placings handed;           /* no result yet */
    struct placings ended;            /* not told to the domain yet, or to be told again */
    struct placing **placing_buckets; /* those that are queued or handed, by key */
    size_t placing_count;             /* also of those that the domain is being told of */
    struct hanging_up *oldest, *newest;
    struct hanging_up **buckets; /* by key */
    size_t hanging_up_count;
};

bool orders_init(struct orders *orders);
void orders_done(struct orders *orders);

/* The next that the worker has to do. */
int64_t orders_deadline(const struct orders *orders);
/* Those whose time is over end. Returns how many. The lock is held. */
unsigned orders_give_up(struct gateway *gateway, int64_t now);
/* Tells the domain of ends until `now`. Returns how many. Without the lock. */
unsigned orders_tell(struct gateway *gateway, int64_t now);
/* All calls of a program that goes. */
void orders_lose(struct gateway *gateway, const struct gateway_attachment *program);
/* The program has said something of a call: it has it. */
void orders_taken(struct gateway *gateway, const struct gateway_attachment *program,
                  const char *key);
/* Whether there is a call for the program to place, less what is too late by now. */
bool orders_have_call(struct gateway *gateway, const struct gateway_attachment *program);
/* The next one into the arena; false when that is full. */
bool orders_give_call(struct gateway *gateway, struct arena *arena,
                      struct gateway_output *ret_output);
/* Whether the program is to be told to hang up now: what it was answered before goes first. */
bool orders_have_hang_up(const struct gateway *gateway, const struct gateway_attachment *program);
bool orders_give_hang_up(struct gateway *gateway, struct arena *arena,
                         struct gateway_output *ret_output);

/* The carrier's part in calls. */
extern const struct call_port gateway_call_port;

/* ---- what a program hands in ---- */

enum { IN_ID, IN_FROM, IN_TO, IN_BODY, IN_RECEIPT_CODE = IN_FROM, IN_RECEIPT_ID = IN_TO };

struct handed_in {
    struct gateway_attachment *attachment;
    struct handed_in *next; /* among the answers */
    struct text text;
    union {
        struct inbound_message message;
        struct receipt receipt;
        struct inbound_call call;
        struct call_progress progress;
    };
    enum gateway_output_kind kind;
    struct gateway_answer answer; /* reason, notice and plan: below */
    char reason[64];
    char *notice;     /* NULL: none */
    struct plan plan; /* without memory: none */
    uint64_t order;   /* once it is among the answers */
};

/* A copy of what was handed in; NULL when there is no memory. */
struct handed_in *handed_in_new(enum gateway_output_kind kind, const char *const *strings,
                                size_t count, const struct ingress_media *media,
                                size_t media_count);
/* Has it handed to the domain by `hand`; NULL: there was no memory for it. False: read no more. */
bool hand_in(struct gateway_attachment *attachment, struct handed_in *in,
             void (*hand)(struct masking *masking, struct handed_in *in));
/* Its reason is copied; the rest of in->answer is the caller's affair. */
void set_reason(struct handed_in *in, const char *reason);
/* The domain has answered, on whatever thread; `whole` false: there was no memory for the answer. */
void handed_in_answered(struct handed_in *in, bool whole);

enum ended {
    NOT_ENDED,
    ENDED_TAKEN_OVER,
    ENDED_STOPPED,
    ENDED_NO_MEMORY,
};

struct gateway_attachment {
    struct gateway *gateway;
    struct gateway_program program;
    struct waker waker;
    unsigned refs; /* the program's, and one for each that it handed in and the domain has */
    enum ended ended;
    bool half_closed;
    bool waiting; /* next said LATER */
    bool paused;  /* the program was told to read no more */
    bool detached;
    bool answered_last; /* the last output was an answer: a send goes first now */
    bool placed_last;   /* likewise, of sends and calls */
    size_t handed_in;   /* that the program was not told about */
    size_t handed_in_bytes;
    struct handed_in *answers, *last_answer;
};

/* Wakes the program if it waits. The lock is held on entry and on return, and not in between; the attachment may be gone then. */
void attachment_wake(struct gateway_attachment *attachment);
/* It is the carrier no longer: settles what it was given, and what is queued. The lock is held. */
void attachment_end(struct gateway_attachment *attachment, enum ended ended,
                    struct settled *settled);
void attachment_unref(struct gateway_attachment *attachment);

/* The next answer into the arena; false when that is full. The lock is held. */
bool answer_give(struct gateway_attachment *attachment, struct arena *arena,
                 struct gateway_output *ret_output);
void answers_drop(struct gateway_attachment *attachment);
/* Whether a program that was told to pause may read on; then it counts as told. The lock is held. */
bool may_read_on(struct gateway_attachment *attachment);

struct gateway {
    const char *name;
    struct clock clock;    /* the server's */
    struct clock timeouts; /* how long things take */
    bool manual;
    struct masking *masking; /* set once, before traffic */
    struct worker *worker;
    struct gate gate; /* those who call the domain */
    pthread_mutex_t lock;
    bool stopped;
    struct gateway_attachment *current; /* NULL: nobody is attached */
    /* As the one that is attached says. Nobody is: true, since nothing is handed over. Written with the lock. */
    atomic_bool honours_keys;
    atomic_uint call_abilities; /* likewise; 0 */
    /* As the last one that attached has said; all, when none has: what nobody knows is not held against a number. */
    atomic_uint numbers_can;
    struct sending sending;
    struct orders orders;
    uint64_t told; /* answers and hang-ups so far */
};

#endif
