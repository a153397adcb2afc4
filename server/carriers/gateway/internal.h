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

/* ---- what a program hands in ---- */

enum { IN_ID, IN_FROM, IN_TO, IN_BODY, IN_RECEIPT_CODE = IN_FROM, IN_RECEIPT_ID = IN_TO };

struct handed_in {
    struct gateway_attachment *attachment;
    struct handed_in *next; /* among the answers */
    struct text text;
    union {
        struct inbound_message message;
        struct receipt receipt;
    };
    enum gateway_output_kind kind;
    struct gateway_answer answer; /* reason: below */
    char reason[64];
};

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
    struct sending sending;
};

#endif
