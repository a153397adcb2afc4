/*
 * The inside of the outbox. All but the mail belongs to its driver: the one thread that is in outbox_step.
 */
#ifndef MASKLINE_SERVER_MASKING_OUTBOX_OUTBOX_INTERNAL_H
#define MASKLINE_SERVER_MASKING_OUTBOX_OUTBOX_INTERNAL_H

#include "server/masking/outbox/outbound_key.h"
#include "server/masking/outbox/outbox.h"
#include "server/masking/rows/table.h"
#include "server/masking/outbox/ports.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    CHECK_MOST = 64,         /* legs that one command asks about, results that one command writes */
    CHECKS_MOST = 64,        /* such commands under way */
    WAIT_HELD = 5 * 1000000, /* until a leg that waits for no time is looked at again */
    WAIT_REFUSED = 1000000,  /* until something that the store refused is tried again */
};

/* ---- mail: what other threads tell the driver ---- */

enum mail_kind { MAIL_LETTER, MAIL_CHECK, MAIL_ATTEMPT, MAIL_SETTLEMENT, MAIL_ERRAND };

struct mail {
    struct mail *next;
    enum mail_kind kind;
};

/* ---- letters: legs in memory ---- */

struct lane;

struct letter {
    struct table_link link; /* in outbox.letters, by leg */
    struct mail mail;
    struct letter *next; /* in outbox.ready, or in its lane */
    struct leg_id id;
    sid_bytes participant; /* whom it goes to */
    int64_t row_time;      /* of its outbox row */
    int64_t due;           /* when it is tried, while it waits */
    int64_t expire;        /* the end of its life; 0 until it was checked */
    struct port *port;     /* the carrier that it was tried with last, or waits for */
    bool held;             /* waits for something other than time */
    bool alone;            /* a command that asked about it and others failed */
    bool cold;             /* its rows are perhaps not in memory */
};

/* The letters of one session to one recipient that wait, in order. It exists only while there are any, or the first of them is being
 * tried. */
struct lane {
    struct table_link link; /* in outbox.lanes, by session and participant */
    sid_bytes session;      /* of notices, the Service */
    sid_bytes participant;
    struct letter *first;
    struct letter *last;
    struct letter *trying; /* of this lane, under way; the others wait for what becomes of it */
    struct lane *next;     /* in a list of parked or loading lanes */
    int64_t due;
    int64_t expire;      /* no letter's life ends before; INT64_MAX: none is known to end */
    unsigned heap_index; /* in outbox.heap, or LANE_NOWHERE */
    bool listed;         /* parked, or loading */
};
#define LANE_NOWHERE (~0u)

/* Lanes that wait for room with a carrier, the longest first. */
struct parked {
    struct lane *first;
    struct lane *last;
};

/* A lane that is to be looked at now. */
struct errand {
    struct mail mail;
    sid_bytes session;
    sid_bytes participant;
};

/* ---- attempts ---- */

enum verdict {
    VERDICT_SEND,
    VERDICT_WAIT, /* for something other than time: a locked number, a carrier that this server does not have */
    VERDICT_BUSY, /* the carrier has all the attempts that it may have */
    VERDICT_END,  /* the leg has come to its end; that is written */
    VERDICT_GONE, /* there is nothing to send (any more) */
};

struct attempt {
    struct mail mail;
    struct attempt *next; /* in outbox.sending or outbox.results */
    struct attempt *previous;
    struct letter *letter; /* NULL when it belongs to nobody here any more */
    struct leg_id id;
    struct port *port; /* NULL: of an attempt that is lost */
    uint32_t number;   /* from 1 */
    unsigned carriers; /* of the number, which take turns */
    bool marked;       /* as begun, durably: the mark goes with the result */
    bool made_before;  /* perhaps, by another life of this server */
    bool withdrawn;    /* was not handed over: only its mark goes */
    bool given_up;     /* its leg's life was over before its result came */
    struct outbound_message message;
    char key[OUTBOUND_KEY_SIZE];
    struct send_result result;
    char *texts; /* the result's */
    /* What its result made of the leg. */
    bool waits;
    int64_t due;
};

/* One leg in a check. */
struct checked {
    struct letter *letter;
    enum verdict verdict;
    struct attempt *attempt; /* SEND */
    struct port *port;       /* BUSY */
    int64_t expire;          /* of the interaction; 0: unknown */
};

/* May these be sent now? */
struct check {
    struct command command;
    struct mail mail;
    struct outbox *outbox;
    bool decided; /* false: nothing is known; the letters wait */
    unsigned count;
    struct checked items[CHECK_MOST];
};

/* Results on their way into the store. */
struct settlement {
    struct command command;
    struct mail mail;
    struct outbox *outbox;
    bool decided;
    unsigned count;
    struct attempt *attempts[CHECK_MOST];
};

/* ---- what did not fit ---- */

/* A Service with legs that are perhaps not in memory. */
struct backlog {
    struct table_link link; /* in outbox.backlogs, by log */
    struct log_id log;
    int64_t look_time; /* INT64_MAX: all are in memory */
    int64_t cursor;    /* a pass over its outbox rows goes on here */
};

struct outbox {
    struct masking *masking;
    struct outbox_limits limits;

    _Atomic(struct mail *) mail; /* the newest first */
    pthread_mutex_t lock;        /* for `wake` */
    pthread_cond_t wake;
    atomic_bool kicked;
    atomic_bool stopping;
    atomic_bool behind;     /* everything has to be read again */
    atomic_bool port_ready; /* one of those below */
    atomic_bool ports_ready[PORTS_MOST];
    pthread_mutex_t driving; /* who holds it is the driver */
    pthread_t thread;
    bool threaded;
    bool rebuilt;

    struct table letters;
    struct table lanes;
    struct lane **heap; /* by due */
    unsigned heap_count;
    unsigned heap_room;
    struct parked parked[PORTS_MOST];
    struct letter *ready; /* to be checked */
    struct letter **ready_last;
    struct attempt *sending; /* handed over, no result yet */
    struct attempt *results; /* to be written */
    struct attempt **results_last;
    int64_t results_time; /* not before */
    int64_t overdue_time; /* perhaps then the life of a leg that is being sent ends */
    struct table backlogs;
    int64_t backlog_time; /* none is looked at before */
    unsigned checks;      /* commands under way */
    unsigned checking;    /* letters in them */
    unsigned settling;    /* commands under way */
    unsigned settle_most; /* results in one command */
    unsigned ran;         /* since it was last asked for */
};

/* ---- outbox.c ---- */

/* Any thread. */
void outbox_post(struct outbox *outbox, struct mail *mail, enum mail_kind kind);

/* ---- outbox_step.c: the driver ---- */

/* Does all that can be done now without waiting. Returns the time at which more is to be done; INT64_MAX: not before mail. */
int64_t outbox_step(struct outbox *outbox);
/* Whether commands are under way whose end will come as mail. */
bool outbox_awaits(const struct outbox *outbox);
/* Frees the mail that nobody will read. */
void outbox_drop_mail(struct outbox *outbox);

/* ---- outbox_letters.c ---- */

struct letter *letter_new(const struct log_id *log, const uint8_t *session,
                          const uint8_t *interaction, uint32_t leg, const uint8_t *participant);
struct letter *letter_find(struct outbox *outbox, const uint8_t *interaction, uint32_t leg);
/* Takes the letter into memory, or frees it: when it is there already, or there is no room. */
bool letter_add(struct outbox *outbox, struct letter *letter);
/* Out of memory, for good. It is in no list. */
void letter_forget(struct outbox *outbox, struct letter *letter);
void letter_ready(struct outbox *outbox, struct letter *letter);

struct lane *lane_find(struct outbox *outbox, const struct letter *letter);
/* Whether one that was accepted before this still waits. */
bool lane_holds_back(const struct lane *lane, const struct letter *letter);
/* Puts a letter in its place in its lane, which is made when there is none; does not set when the lane is looked at. NULL: no memory, and
 * the letter was forgotten (its Service is behind then). */
struct lane *lane_insert(struct outbox *outbox, struct letter *letter);
/* Looks at the lane when its first letter is due. */
void lane_schedule(struct outbox *outbox, struct lane *lane);
/* The letter waits until its `due`. */
void letter_wait(struct outbox *outbox, struct letter *letter, int64_t now);
/* The letter waits until the carrier has room. */
void letter_park(struct outbox *outbox, struct letter *letter, struct port *port);
/* The letter was tried in vain and will wait; those after it wait from now on. */
void lane_hold(struct outbox *outbox, struct letter *letter);
/* The letter that was tried is on its way, or at its end: those that waited for it go on. */
void lane_release(struct outbox *outbox, struct letter *letter, int64_t now);
/* Lanes that are due: their letters become ready. Returns when the next one is; INT64_MAX: none. */
int64_t lanes_fire(struct outbox *outbox, int64_t now);
/* Lanes that wait for room, as far as there is some. */
void lanes_unpark(struct outbox *outbox);
/* Makes lanes due whose first letter is held, or waits for this carrier, or was last tried before the start. NULL: held only. */
void lanes_hurry(struct outbox *outbox, const struct port *port, int64_t now);
/* Makes all letters of that lane due, if there is one and it does not wait for room. */
void lane_hurry(struct outbox *outbox, const struct errand *errand, int64_t now);
/* Frees all letters and lanes. */
void letters_clear(struct outbox *outbox);

/* ---- attempt_check.c ---- */

/* On the writer's thread: may this leg be sent now? False: the decision cannot be made. */
bool attempt_check(struct outbox *outbox, struct rows *rows, struct checked *item,
                   struct error *error);

/* ---- attempts.c ---- */

/* Asks the writer about the letters that are ready, as many as may be under way. */
void checks_submit(struct outbox *outbox);
void check_finish(struct outbox *outbox, struct check *check, int64_t now);
void check_drop(struct check *check);
/* Gives an allowed attempt to its carrier. */
void attempt_hand_over(struct outbox *outbox, struct attempt *attempt);
void attempt_free(struct attempt *attempt);
/* Its result is there; perhaps from within the call that hands it over. */
void attempt_answered(const struct attempt *attempt);
/* Whether its result leaves its letter waiting. */
bool attempt_in_vain(const struct attempt *attempt);

/* ---- settle.c ---- */

/* A result is there: it is to be written. */
void attempt_settle(struct outbox *outbox, struct attempt *attempt);
/* An attempt of which nobody will say what became of it. The letter, if any, is in memory only so that it is not tried meanwhile. */
bool attempt_lost(struct outbox *outbox, const struct leg_id *id, uint32_t number,
                  struct letter *letter);
/* Legs whose life ended while their carrier had them. Returns when to look again. */
int64_t attempts_overdue(struct outbox *outbox, int64_t now);
void settlements_submit(struct outbox *outbox, int64_t now);
void settlement_finish(struct outbox *outbox, struct settlement *settlement, int64_t now);
void settlement_drop(struct settlement *settlement);

/* ---- outbox_backlog.c ---- */

/* Some of this Service's legs are not in memory; they are looked for at that time. */
void backlog_note(struct outbox *outbox, const struct log_id *log, int64_t time);
/* Reads what there is room for. Returns when to look again; INT64_MAX: no need. */
int64_t backlogs_read(struct outbox *outbox, int64_t now);
/* At the start: all Services are behind, and attempts that a crash cut off are lost. */
bool backlogs_rebuild(struct outbox *outbox, struct view *view, struct error *error);
void backlogs_clear(struct outbox *outbox);

#endif
