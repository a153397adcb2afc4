/*
 * The inside of the timers.
 */
#ifndef MASKLINE_SERVER_MASKING_TIMERS_TIMERS_INTERNAL_H
#define MASKLINE_SERVER_MASKING_TIMERS_TIMERS_INTERNAL_H

#include "server/masking/rows/table.h"
#include "server/masking/timers/timers.h"

#include <pthread.h>

enum {
    PIECE_SESSIONS = 64, /* that one command looks at */
    PIECE_CALLS = 128,   /* the same of calls */
    PIECE_PURGES = 16,   /* that one command deletes: each takes its interactions along */
};

#define LOG_AFTER_DELETION INT64_C(604800000000) /* how long a deleted Service's log can be read */
#define LOOK_AT_LOGS \
    INT64_C(3600000000) /* how often logs are looked at, and Services for new ones */

/* Where the walk through a Service's interactions goes on; zeroes: at the beginning. */
struct aging {
    sid_bytes session, interaction;
};

/* One Service. */
struct timer {
    struct table_link link; /* by log */
    struct log_id log;
    int64_t due;        /* when a piece is to run; INT64_MAX: never */
    int64_t floor;      /* no hint is earlier than this */
    int64_t trim_time;  /* when to look at the log, and for interactions that are too old */
    struct aging aging; /* how far that has come */
};

struct timers {
    struct masking *masking;
    pthread_mutex_t lock; /* for all below, but `thread` */
    pthread_cond_t wake;
    struct table table;
    size_t turn;      /* the bucket whose turn it is */
    int64_t next;     /* nothing is due before */
    int64_t discover; /* when to look for Services that nobody noted */
    bool kicked;
    bool stopping;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t running; /* who holds it runs what is due */
};

/* What is to be done for a Service. */
struct job {
    struct log_id log;
    int64_t floor;
    bool piece; /* else what is too old */
    struct aging aging;
};

/* ---- when to look (timers_due.c); all with the lock ---- */

/* NULL: there is none. */
struct timer *timer_find(struct timers *timers, const struct log_id *log);
/* Makes it, if need be. NULL: no memory. */
struct timer *timer_of(struct timers *timers, const struct log_id *log);
void timer_set(struct timers *timers, struct timer *timer, int64_t due);
/* One thing that is due, taken off the list; Services take turns. False: there is none; `timers->next` says when there will be. */
bool timers_take_due(struct timers *timers, int64_t now, struct job *ret_job);

/* ---- doing it ---- */

enum hint_kind { HINT_EXPIRY, HINT_PURGE, HINT_CALL };

/* The hint that a piece could not be done for. */
struct stuck {
    bool there;
    enum hint_kind kind;
    struct key key;
    sid_bytes session;
    sid_bytes interaction; /* of a call */
};

/* One command: as much of what is due for one Service as it may do. Decided on the writer's thread, waited for by who runs it. */
struct piece {
    struct command command;
    struct masking *masking;
    struct log_id log;
    int64_t floor;
    bool moves; /* it only has `stuck` come again later, which then holds up nothing else */
    struct stuck stuck;
    /* What the decision found. */
    unsigned ran;
    int64_t next; /* when the next piece is to run; INT64_MAX: never */
    int64_t new_floor;
    bool gone; /* there is no such Service any more */
    bool decided;
    struct error error;
    /* Completion. */
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_finished;
};

struct work {
    struct piece *piece;
    struct rows rows;
    Maskline__Store__V1__Service *service;
};

/* What is due of the Service's calls (timers_calls.c). */
bool calls_run_hints(struct work *work);
/* When the first is; INT64_MAX: none ever. */
bool calls_first_due(struct rows *rows, const uint8_t *service, int64_t *ret_due,
                     struct error *error);

bool piece_decide(struct command *command, struct txn *txn);
void piece_prefetch(struct command *command, struct view *view);

/* When the first hint of a Service is due, and whether something else is; by a view. */
bool piece_first_due(struct rows *rows, const Maskline__Store__V1__Service *service,
                     int64_t *ret_due, struct error *error);

/* Drops what is too old from a Service's log, if it is enough to be worth it. Returns 1 when it did. */
unsigned log_retain(struct masking *masking, const struct log_id *log);

/* Drops some of the interactions that a Service does not keep any more, from `aging` on, which moves; waits for it. AGING_MORE: it has not come
 * to the end yet. *ret_ran: how many it dropped. */
enum aging_result { AGING_DONE, AGING_MORE, AGING_FAILED };
enum aging_result interactions_age(struct masking *masking, const struct log_id *log,
                                   struct aging *aging, unsigned *ret_ran);

#endif
