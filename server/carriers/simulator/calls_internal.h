/*
 * What calls of the simulated network consist of. Not for anybody but the files of calls.
 *
 * All is guarded by simulator.lock, and all functions are called with it held, unless they say otherwise. Steps of a call happen under
 * the lock, on whatever thread finds that it is time; the domain is told of them by the worker alone, one progress of a call after the
 * other. Before a phone rings, and when it was picked up, the call waits for the answer; that takes no time.
 */
#ifndef MASKLINE_SERVER_CARRIERS_SIMULATOR_CALLS_INTERNAL_H
#define MASKLINE_SERVER_CARRIERS_SIMULATOR_CALLS_INTERNAL_H

#include "server/carriers/plan.h"
#include "server/carriers/simulator/internal.h"

enum call_stage {
    STAGE_DIALS, /* the domain has not said yet what is to be done */
    STAGE_RUNS,
    STAGE_OVER, /* only its reports are left */
};

enum side_state {
    SIDE_WAITS,
    SIDE_TO_RING, /* the domain is asked whether it may ring */
    SIDE_RINGS,
    SIDE_PICKED_UP, /* the domain is asked whether it may go on */
    SIDE_ASKED,     /* the key is waited for */
    SIDE_TALKS,     /* there is nothing more to wait for */
};

struct side {
    enum side_state state;
    size_t target;         /* which is rung, or was last */
    struct handset *owner; /* whose number that is */
    struct handset *
        handset; /* the phone that rings or is in the call; NULL: none does, or a voicemail has picked up */
    bool voicemail; /* has picked up */
    bool by_itself; /* the phone was picked up by its behaviour */
    int64_t limit;  /* of ringing, or for the key */
    int64_t
        pick_up_time; /* this and the other two: WORKER_NEVER when it does not happen by itself */
    int64_t voicemail_time;
    int64_t hang_up_time;
};

struct report {
    enum call_side side;
    enum call_status status;
    size_t target;
    int64_t time;
    int64_t seconds;
    bool recorded;
    const char *code; /* lives for ever */
};

#define NO_QUESTION SIZE_MAX

struct call {
    struct simulator *simulator;
    struct call *older, *newer; /* of all */
    struct call *next_in_bucket;
    struct call *next_reporting;
    enum call_stage stage;
    char key[CALL_KEY_SIZE]; /* empty: none yet */
    char *id;                /* the network's */
    struct plan plan;
    struct side sides[2];
    bool connected;
    int64_t connect_time;
    bool given_up;          /* STAGE_DIALS: the caller has hung up */
    struct report *reports; /* room for all that can come */
    size_t report_room, report_count, reported;
    size_t question;               /* which report is one; NO_QUESTION: none */
    bool reporting;                /* in line, or handed in, or to be handed in again */
    struct call_progress progress; /* what is handed in */
    int64_t retry_time;            /* when it is handed in again; WORKER_NEVER: it is not */
    int64_t due;                   /* its place in the heap; WORKER_NEVER: it is not there */
    uint64_t order;                /* among those due at the same time */
    size_t heap_at;
};

/* ---- calls.c ---- */

/* NULL when there are too many, or no memory. */
struct call *call_new(struct simulator *simulator, const char *id);
/* The call with that key; NULL. */
struct call *call_find(const struct calls *calls, const char *key);
/* A key that no call has. */
void call_set_key(struct call *call, const char *key);
/* Copies the plan, and makes room for its reports. False without memory; then there is still room for one report. */
bool call_set_plan(struct call *call, const struct call_plan *plan);
void call_free(struct call *call);
/* Whether the domain was told of this key that no such call is carried. */
bool call_is_refused(const struct calls *calls, const char *key, int64_t now);

/* What entry points do first: the time, and all steps that were due by it. */
int64_t calls_enter(struct simulator *simulator);
/* And last: tells watches, and the worker. The lock is released in between. */
void calls_leave(struct simulator *simulator);

/* ---- call_steps.c ---- */

/* Something happens to a phone of the call; `handset` NULL: to nobody. */
void call_shows(struct call *call, struct handset *handset, enum simulated_call_event event,
                const char *other, const char *said, int64_t now);
/* The phone is in no call any more. */
void call_releases(struct call *call, enum call_side at, const char *why, int64_t now);

void call_begins(struct call *call, int64_t now);
/* It cannot be carried out, or nobody wants it any more: it is over before it began. */
void call_ends_at_once(struct call *call, enum call_status status, const char *code,
                       const char *why, int64_t now);
/* To be called after each of these: when it goes on by itself. */
void call_schedule(struct call *call);
/* What its time has come for: call->due. */
void call_step(struct call *call);
void call_is_picked_up(struct call *call, enum call_side at, int64_t now);
void call_key_pressed(struct call *call, enum call_side at, char key, int64_t now);
/* The domain has nothing against what it was asked. */
void call_goes_on(struct call *call, int64_t now);
/* By the phone of that side. */
void call_phone_hangs_up(struct call *call, enum call_side at, int64_t now);
/* By the domain. */
void call_is_hung_up(struct call *call, int64_t now);

/* ---- call_reports.c ---- */

/* To be told to the domain, behind what is to be told of the call already. */
void call_report(struct call *call, const struct report *report);
/* Its time to be handed in again has come. */
void call_report_again(struct call *call);

/* ---- call_quiet.c ---- */

/* The domain is to answer something of a call. */
void quiet_is_over(struct calls *calls);
/* It has, or will not. */
void quiet_again(struct calls *calls);
/* Calls back who waits, when it is time to. The lock is released in between. */
void quiet_tell(struct simulator *simulator);
void quiet_done(struct calls *calls);

/* ---- call_timers.c ---- */

/* Room in the heap for so many calls. */
bool timers_make_room(struct calls *calls, size_t count);
void timers_set(struct calls *calls, struct call *call, int64_t due);

#endif
