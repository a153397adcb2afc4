/*
 * What the parts of the model share.
 */
#ifndef MASKLINE_TESTS_MODEL_INTERNAL_H
#define MASKLINE_TESTS_MODEL_INTERNAL_H

#include "tests/model/model.h"
#include "proto/c/error.h"

#include <string.h>

enum {
    SERVICES_MOST = 64,
    SESSIONS_MOST = 128,
    HOLDS_MOST = 512,
    LEGS_MOST = 256,
    SEEN_MOST = 256,
    MARKS_MOST = 256,
    EXPECTED_MOST = 512,
    REFUSALS_MOST = 48,
    RESULTS_MOST = 8,
    WRONG_TEXT = 1024,
    NONE = -1,
};

struct m_service {
    int label;
    struct plain_sid sid;
    int name;
    bool deleting, deleted;
    int64_t delete_time;
    struct settings settings;
};

/* A proxy number, in a pool or in none. */
struct m_number {
    int service; /* index; NONE: in no pool */
    struct plain_sid sid;
    int can, state;
    bool reserved;
    int carriers[CARRIERS];
    int carrier_count;
    int64_t create_time;
    int64_t quarantine_end; /* of one that is in no pool */
    int64_t rest_end; /* till then it may go back to the Service that it left, and to no other */
    int last_service; /* index, of one that is in no pool */
    /* Its Service was deleted, and the number may not have been let go of yet. */
    bool leaving;
};

struct m_session {
    int label;
    int service;
    struct plain_sid sid;
    int name;
    int status, mode;
    int reasons; /* why it may have ended: the sum of 1 << reason */
    bool number_removed;
    bool ttl_given;
    int64_t ttl, date;
    int64_t default_ttl; /* what the Service's default gave it */
    int64_t create_time, reopen_time, start_time, last_time;
    int64_t end_time, end_most; /* somewhere from, to */
    int64_t purge_least, purge_most;
    bool noticed; /* the log says that it has ended */
    bool gone;
    uint64_t interactions;
    int metadata, metadata_before; /* what it has, and had before the operation */
    unsigned
        opened; /* how often it was opened or closed: tells apart what was accepted before and after */
    struct plain_person people[PLAIN_PEOPLE];
    int people_count;
};

/* A person has a number for a session. */
struct m_hold {
    int service, session, participant;
    int person, number;
    int64_t taken, released; /* released 0: it has it still, as long as the session is active */
    unsigned peers;          /* persons at the other end when it was released, as bits */
    unsigned peers_ever;
    bool doubtful; /* whether it ever counted is left open */
};

/* The result of an attempt. */
struct m_result {
    int attempt; /* from 1 */
    int carrier;
    int carriers; /* that the number named then */
    enum attempt_mode mode;
    int64_t retry_after;
};

struct m_leg {
    int service, session;
    struct plain_sid sid;
    int message;
    bool media;
    int to;   /* participant */
    int from; /* participant; NONE: the Service */
    int status;
    int attempts;
    char reason[PLAIN_TEXT];
    int64_t create_time, expire_time, due_time, sent_time, final_time;
    unsigned opened;        /* m_session.opened when it was accepted */
    unsigned peers;         /* of the recipient, when it was accepted */
    int carriers[CARRIERS]; /* of the number, when it was accepted */
    int carrier_count;
    int turns;      /* how many carriers the number named at the latest attempt */
    int carrier;    /* of the latest attempt */
    bool under_way; /* handed over, no result yet */
    uint64_t order; /* of the latest attempt among all */
    /* Results that came and were not written yet, oldest first. */
    struct m_result results[RESULTS_MOST];
    int result_count;
    bool
        again; /* an attempt was lost with a carrier that knows a repeated one: it may be made again */
    bool lost; /* an attempt was lost with another carrier */
    int taken; /* how often the network surely took it */
    /* An attempt by c2 was lost that may have gone through: it is made again by c2, or its end is not known. */
    bool uncertain;
    /* A restart came since its latest attempt: which carrier it waits for may be forgotten. */
    bool restarted;
    bool ready;           /* a carrier that it may wait for said that it can send again */
    bool ready_surely;    /* the one that it waits for did */
    int passed_by;        /* a message that was sent before it in this operation; 0: none */
    bool given[CARRIERS]; /* which carriers know of it */
    /* A receipt came for it when no attempt was under way, and may have been taken for one's. */
    bool uncounted;
    /* So long those after it may be held back, although a receipt has settled it. */
    int64_t place_until;
    int receipt; /* the status that a receipt of this operation makes; 0: none */
    bool receipt_sure;
};

/* What was answered to a carrier's message id. */
struct m_seen {
    int service;
    int carrier, provider;
    enum who from;
    int number, message;
    bool media;
    int64_t time;
    bool accepted, early; /* early: refused before anybody looked whether it was seen */
    char reason[PLAIN_TEXT];
    int original;
};

/* A request_id that was used. */
struct m_mark {
    int service; /* NONE: the tenant's */
    enum op_kind method;
    int request;
    struct op op;
    int64_t time;
    struct plain_sid sid;
};

struct m_refusal {
    int code;
    const char *reason;
    int original; /* NONE: whatever */
    int participant;
    bool possible; /* it may be refused so, or be accepted */
};

struct m_expected {
    bool met, optional;
    struct event event;
    bool by_number, any_session;
};

/* An event of a refused call, and when it was told. */
enum { TOLD_MOST = 256 };
struct m_told {
    enum event_kind kind;
    int service; /* label */
    char reason[PLAIN_TEXT];
    int64_t time;
};

struct model {
    struct world world;
    int64_t now;
    struct m_service services[SERVICES_MOST];
    int service_count;
    struct m_number numbers[NUMBERS];
    struct m_session sessions[SESSIONS_MOST];
    int session_count;
    struct m_hold holds[HOLDS_MOST];
    int hold_count;
    struct m_leg legs[LEGS_MOST];
    int leg_count;
    struct m_seen seen[SEEN_MOST];
    int seen_count;
    struct m_mark marks[MARKS_MOST];
    int mark_count;
    struct m_expected expected[EXPECTED_MOST];
    int expected_count;
    struct m_told told[TOLD_MOST];
    int told_count;
    struct m_refusal refusals[REFUSALS_MOST];
    int refusal_count;
    /* What the next INTERACTION_CREATED makes. Its SID is zero where nobody was told it. */
    struct m_leg next;
    uint64_t order;
    char wrong[WRONG_TEXT];
};

/* ---- finding ---- */

/* Index, or NONE. A SID that is going or gone is found by find_service, too. */
int m_find_service(const struct model *model, struct ref ref);
int m_find_service_label(const struct model *model, int label);
int m_find_session(const struct model *model, int service, struct ref ref);
int m_find_session_label(const struct model *model, int label);
int m_find_session_sid(const struct model *model, const struct plain_sid *sid);
int m_find_participant(const struct m_session *session, const struct plain_sid *sid);
int m_find_leg(const struct model *model, const struct plain_sid *sid);

static inline bool session_runs(const struct m_session *session)
{
    return session->status == SESSION_OPEN || session->status == SESSION_IN_PROGRESS;
}

static inline bool leg_over(const struct m_leg *leg)
{
    return leg->status >= LEG_DELIVERED;
}

static inline bool person_in(const struct plain_person *person)
{
    return person->delete_time == 0;
}

/* Whom an operation on this session names, who may have left; NONE: nobody of it. */
int m_place_of(const struct m_session *session, const struct op *op);

/* Whether this real address is the person's. */
bool m_person_is(const struct plain_person *person, enum who who);
/* Its persons, as bits. */
unsigned m_person_bits(const struct plain_person *person);
/* Of all who are in the session, but for this one. */
unsigned m_peers_of(const struct m_session *session, int participant);

/* ---- refusals that the rules allow for this operation ---- */

void m_deny(struct model *model, int code, const char *reason, int original);
void m_deny_one(struct model *model, int code, const char *reason, int original, int participant);
void m_may_deny(struct model *model, int code, const char *reason, int original);
/* True when it was accepted, and rightly so. */
bool m_accepted(struct model *model, const struct answer *answer);

/* The Service that an operation names; NONE: it must be refused. */
int m_wanted_service(struct model *model, const struct op *op);
int m_wanted_session(struct model *model, const struct op *op, int service);

/* Whether this create was done before. MARK_REPEAT: with this SID. */
enum mark_state { MARK_NEW, MARK_REPEAT, MARK_REUSED, MARK_EITHER };
enum mark_state m_mark_look(const struct model *model, const struct op *op, int service,
                            const struct m_mark **ret_mark);
void m_mark_keep(struct model *model, const struct op *op, int service,
                 const struct plain_sid *sid);

/* ---- events ---- */

struct m_expected *m_expect(struct model *model, enum event_kind kind, int service, int session);
struct m_expected *m_expect_number(struct model *model, enum event_kind kind, int service,
                                   int number);

/* What the log tells of a refused call. */
void m_expect_refusal(struct model *model, const struct op *op, const struct answer *answer);
void m_note_told(struct model *model, const struct event *event);

/* ---- sessions ---- */

/* When it ends by time, and why; 0: never. */
int64_t m_session_deadline(const struct model *model, const struct m_session *session,
                           int *ret_reasons);
/* Ends it: holds are released. */
void m_session_stop(struct model *model, struct m_session *session, int status, int reasons,
                    int64_t time);
/* What is past its time ends. */
void m_sessions_settle(struct model *model);
/* Everything of it is gone. */
void m_session_drop(struct model *model, struct m_session *session, int64_t time);
/* An end by time may be noticed at any moment from then on, and a session whose retention is over may go: whether the event tells of
 * that. */
bool m_notices_end(struct model *model, const struct event *event);
bool m_notices_purge(struct model *model, const struct event *event);
/* A person begins to have its number. */
void m_hold_take(struct model *model, int session, int participant, bool doubtful);
void m_hold_release(struct model *model, int session, int participant, int64_t time);
void m_holds_peers(struct model *model, int session);

/* ---- who may have which number ---- */

struct wish {
    int service;
    int session; /* index; NONE: it is being made */
    int mode;
    unsigned persons;  /* as bits */
    int code;          /* calling code of the first identifier */
    enum who home;     /* that identifier */
    unsigned partners; /* as bits */
    int with;          /* a number that a partner takes in the same operation; NONE: none */
    bool idle;         /* for a session that is made closed */
};
/* *ret_free_time: when a pair that is cooling down comes free; NONE: the rules leave that open. */
enum pair_state { PAIR_FREE, PAIR_DOUBTFUL, PAIR_COOLING, PAIR_USED };
enum pair_state m_pair_state(const struct model *model, const struct wish *wish, int number,
                             int *ret_rival, int64_t *ret_free_time);
/* The refusals that this participant of the operation may meet; participant NONE: it does not matter which one. */
void m_wish_refusals(struct model *model, const struct wish *wish, const struct op_person *person,
                     int participant);
/* The refusals when a number cannot do what the session's mode needs. */
void m_wish_able(struct model *model, const struct wish *wish, int number);
/* Whether the number that was chosen is one that may be chosen. */
void m_wish_chosen(struct model *model, const struct wish *wish, int number);
/* What the refusal says about rivals and times. */
void m_wish_details(struct model *model, const struct wish *wish, const struct op_person *person,
                    const struct answer *answer);

/* ---- messages ---- */

/* Why a leg may not be sent now. */
enum bar {
    BAR_SERVICE = 1,
    BAR_GONE = 2,
    BAR_EXPIRED = 4,
    BAR_REMOVED = 8,
    BAR_CLOSED = 16,
    BAR_ROUTE = 32,
    BAR_LOOP = 64,
    BAR_MMS = 128,
    BAR_NUMBER = 256,
    BAR_LOCKED = 512, /* it waits */
};

struct bars {
    int sure;    /* each of these bars it */
    int perhaps; /* the rules leave open whether these do */
};

struct bars m_bars_of(const struct model *model, const struct m_leg *leg);
/* Whether it waits for an attempt. */
bool m_leg_waits(const struct m_leg *leg);
/* An earlier message of this session to the same person that is not handed over for good, or NULL. */
const struct m_leg *m_leg_ahead(const struct model *model, const struct m_leg *leg);

/* After an operation: whether all that had to be sent, written or given up was. */
void m_legs_end(struct model *model, const struct op *op);
void m_legs_restart(struct model *model, bool crash);
void m_leg_event(struct model *model, const struct event *event);
void m_leg_created(struct model *model, const struct event *event);
/* The session of a message, the recipient and so on; it is made when the log tells of it. */
void m_message_accept(struct model *model, int session, int from, int to, const struct op *op,
                      int64_t life);

/* ---- one function an operation ---- */

void m_do_service_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_service_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_service_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_number_add(struct model *model, const struct op *op, const struct answer *answer);
void m_do_number_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_number_remove(struct model *model, const struct op *op, const struct answer *answer);
void m_do_session_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_session_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_session_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_participant_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_participant_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_inbound(struct model *model, const struct op *op, const struct answer *answer);
void m_do_send(struct model *model, const struct op *op, const struct answer *answer);
void m_do_answer(struct model *model, const struct op *op, const struct answer *answer);
void m_do_receipt(struct model *model, const struct op *op, const struct answer *answer);
void m_do_carrier_ready(struct model *model, const struct op *op, const struct answer *answer);
void m_do_run(struct model *model, const struct op *op, const struct answer *answer);

#endif
