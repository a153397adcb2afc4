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
    BARS_MOST = 128,
    CAPS_MOST = 128,
    NOTED_MOST = 256,
    TAKES_MOST = 1024,
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
    unsigned named; /* when it got its name, in the order of such events */
    struct plain_person people[PLAIN_PEOPLE];
    int people_count;
    unsigned
        over; /* when the operation began: who has a number whose time is over, and nobody knows */
    int losing; /* the number that leaves its Service: others take its place, or the session fails; NONE */
    unsigned moved[PLAIN_PEOPLE];   /* how often who is written to there became another person */
    unsigned changed[PLAIN_PEOPLE]; /* how often it got another person or number */
    uint64_t calls, call_seconds;
    unsigned former[PLAIN_PEOPLE]; /* who was there before, as bits */
};

/* A person has a number for a session. */
struct m_hold {
    int service, session, participant;
    int person, number;
    int64_t taken, released; /* released 0: it has it still, as long as the session is active */
    int64_t until;           /* another number took its place: it is over then; 0: none did */
    bool replaced;           /* it was let go of because the person was replaced */
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

/* Of a notice there is no session: session, to and from are NONE. */
struct m_leg {
    int service, session;
    struct plain_sid sid;
    int message;
    bool media;
    int to;   /* participant */
    int from; /* participant; NONE: the Service */
    int as;   /* participant who stands as the sender of what the Service sends; NONE: nobody */
    unsigned author; /* who wrote it, as bits */
    unsigned moved;  /* m_session.moved of the recipient, when it was accepted */
    bool redacted, deleted;
    /* Of a call; its status is that of one that needs nothing sent. */
    bool call, connected, over, wished, told;
    bool never_rung;     /* it was refused, and its carrier was told of none */
    bool ends_now;       /* its end has to be told in this operation */
    unsigned changed[2]; /* m_session.changed of the two, when it was accepted */
    int64_t connect_time;
    uint64_t seconds;
    /* Of a notice. */
    int occasion, person, number, only_carrier;
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
    bool hurried;         /* its reader was barred since: what must not go ends at once */
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

/* Who gets no messages from a number (NONE: from none of the Service's), or does not reach `to` (NONE: reaches nobody, and is reached by
 * nobody). */
struct m_bar {
    int service;
    int person, number, to;
};

/* How much of its cap a person has used. */
struct m_cap {
    int service, person;
    int64_t since, count;
};

/* Who was told something: since when, how often. */
struct m_noted {
    int service, person, number, occasion;
    int64_t since;
    int count;
};

/* A call of the API that passed. */
struct m_take {
    int service, method;
    int64_t time;
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
    struct m_leg notice; /* that goes with it, when event.occasion is not 0 */
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
    struct m_bar opt_outs[BARS_MOST];
    int opt_out_count;
    struct m_bar blocks[BARS_MOST];
    int block_count;
    struct m_cap caps[CAPS_MOST];
    int cap_count;
    struct m_noted noted[NOTED_MOST];
    int noted_count;
    struct m_take takes[TAKES_MOST];
    int take_count;
    unsigned names;    /* how many were given */
    bool forgot_takes; /* a restart came since */
    struct m_expected expected[EXPECTED_MOST];
    int expected_count;
    struct m_told told[TOLD_MOST];
    int told_count;
    struct m_refusal refusals[REFUSALS_MOST];
    int refusal_count;
    const struct op *op; /* the present one */
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

/* Begins anew, of many operations in one. */
void m_deny_nothing(struct model *model);
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

/* A repeated request: it must be answered with the first one's SID. */
void m_check_repeat(struct model *model, const struct m_mark *mark, const struct answer *answer,
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
/* Ends it: holds are released. Whether that was noticed: an end by time is told later. */
void m_session_stop(struct model *model, struct m_session *session, int status, int reasons,
                    int64_t time, bool noticed);
void m_session_noticed(struct m_session *session, bool noticed);
/* What is past its time ends. */
void m_sessions_settle(struct model *model);
/* Everything of it is gone. */
void m_session_drop(struct model *model, struct m_session *session, int64_t time);
/* An end by time may be noticed at any moment from then on, and a session whose retention is over may go: whether the event tells of
 * that. */
bool m_notices_end(struct model *model, const struct event *event);
bool m_notices_purge(struct model *model, const struct event *event);
/* Whether the end of an earlier number's time is told. */
void m_old_over(const struct model *model, struct m_session *session);
bool m_notices_number(struct model *model, const struct event *event);
/* How often a number counts as used by this session: surely, and at most. */
void m_session_uses(const struct model *model, const struct m_session *session, int number,
                    bool *ret_surely, bool *ret_perhaps);
/* A number leaves the Service of a session that uses it. What becomes of the session is told: see m_renumbered, m_failed. */
void m_lose_number(struct model *model, int session, int number);
/* Whether the event tells that somebody got another number in the place of one that is lost, or that the session fails. */
bool m_renumbered(struct model *model, const struct event *event);
bool m_failed(struct model *model, const struct event *event);
/* In a session that failed, before it is opened again: the refusals when nothing takes the place of a number that is lost. */
bool m_is_lost(const struct model *model, int session, int participant);
void m_refuse_lost(struct model *model, int session, int participant);
void m_replace_lost(struct model *model, int session, const struct plain_session *seen);
/* An earlier number's time is over, by request, and told. */
void m_end_old(struct model *model, int session, int participant, int number);
/* A number that leaves a Service is kept from others for a time. */
void m_number_rests(const struct model *model, struct m_number *number,
                    const struct m_service *service);
/* A person has its numbers: those that it had in this session go on, others begin. */
void m_hold_take(struct model *model, int session, int participant, bool doubtful);
void m_hold_release(struct model *model, int session, int participant, int64_t time);
void m_holds_peers(struct model *model, int session);
/* Pairs that somebody has no more are released. */
void m_let_go(struct model *model, int session, int participant);

/* ---- who may have which number ---- */

struct wish {
    int service;
    int session; /* index; NONE: it is being made */
    int mode;
    unsigned persons;  /* as bits */
    bool channel;      /* some are in a channel */
    bool phone;        /* some are not */
    bool foreign;      /* some are not of the country with the code 1 */
    int code;          /* calling code of the first identifier */
    enum who home;     /* that identifier */
    unsigned partners; /* as bits */
    int with;          /* a number that a partner takes in the same operation; NONE: none */
    int has;           /* another than this is wanted; NONE: any */
    bool idle;         /* for a session that is made closed */
};
/* *ret_free_time: when a pair that is cooling down comes free; NONE: the rules leave that open. */
enum pair_state { PAIR_FREE, PAIR_DOUBTFUL, PAIR_COOLING, PAIR_USED };
enum pair_state m_pair_state(const struct model *model, const struct wish *wish, int number,
                             int *ret_rival, int64_t *ret_free_time);
/* The refusals that this participant of the operation may meet; participant NONE: it does not matter which one. */
void m_wish_refusals(struct model *model, const struct wish *wish, const struct op_person *person,
                     int participant);
/* The refusals when somebody takes over a number that another had; `sends`: it is written to from there. */
void m_wish_keeps(struct model *model, const struct wish *wish, int number, bool sends);
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
    BAR_OPTED_OUT = 1024,
    BAR_BLOCKED = 2048,
    BAR_REDACTED = 4096,
};

struct bars {
    int sure;    /* each of these bars it */
    int perhaps; /* the rules leave open whether these do */
};

struct bars m_bars_of(const struct model *model, const struct m_leg *leg);
/* Whom it goes to, as an address, and from which number. */
enum who m_leg_who(const struct model *model, const struct m_leg *leg);
int m_leg_number(const struct model *model, const struct m_leg *leg);
/* Whether both go to the same person of the same session, or are notices to one person. */
bool m_same_lane(const struct m_leg *a, const struct m_leg *b);
/* Nothing of it is told any more. */
bool m_leg_gone(const struct model *model, const struct m_leg *leg);
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
struct acceptance {
    int session;
    int from, as, to; /* participants; NONE: the Service, nobody */
    int64_t life;
    bool canceled; /* the recipient has opted out; nobody is rung */
    bool call;
};
void m_message_accept(struct model *model, const struct op *op, const struct acceptance *accepted);

/* What goes nowhere tells of the session that it would have belonged to, if one is known. */
void m_check_last(struct model *model, const struct event *event);

/* ---- who may not be written to ---- */

/* Any of these persons, of messages from this number; NONE: of all of the Service. */
bool m_opted_out(const struct model *model, int service, unsigned persons, int number);
/* From any of `from` (0: the Service itself) to any of `to`. */
bool m_blocked(const struct model *model, int service, unsigned from, unsigned to);
void m_opt_out(struct model *model, int service, int person, int number);
/* Whether there was one. */
bool m_opt_in(struct model *model, int service, int person, int number);
/* What waits for this person may be looked at at once. */
void m_hurry(struct model *model, int service, int person);

/* Guards, in their order: the first that refuses. */
enum m_guard {
    M_GUARD_NONE,
    M_GUARD_MODE,
    M_GUARD_OPT_OUT,
    M_GUARD_BLOCK,
    M_GUARD_PERSON_CAP,
    M_GUARD_SESSION_CAP,
};
enum m_guard m_guard(const struct model *model, int session, int from, int to, bool call,
                     int64_t *ret_free_time);
/* An interaction counts for a person's cap. */
void m_cap_count(struct model *model, int service, int person);

/* ---- coming in ---- */

/* Whose log tells of what comes to this number; NONE: no one's. *ret_resting: the number has left it. */
int m_owner_of(const struct model *model, const struct op *op, bool *ret_resting);
/* The refusals when nobody's log tells of it. */
void m_refuse_stray(struct model *model, const struct op *op);
/* Of who is itself a number of some pool. */
void m_refuse_loop(struct model *model, const struct op *op);
bool m_wrong_carrier(const struct m_number *number, int carrier);
/* By the route, and by guards. */
void m_refuse_routed(struct model *model, const struct op *op, int service,
                     struct acceptance *accepted);
void m_expect_rejected(struct model *model, const struct op *op, int service,
                       const struct answer *answer, bool told);

/* ---- calls ---- */

void m_call_created(struct model *model, struct m_leg *leg, const struct event *event);
void m_call_event(struct model *model, const struct event *event);
void m_call_end(struct model *model, struct m_leg *leg, const struct op *op);
void m_call_read(struct model *model, const struct m_leg *leg,
                 const struct plain_interaction *seen);

/* ---- notices ---- */

/* The text that whoever wrote to this number is told on this occasion; 0: none. */
int m_notice_text(const struct model *model, int service, const struct op *op,
                  enum occasion occasion);
/* The entry tells of such a notice, which is made when it comes. */
void m_notice_expect(struct model *model, struct m_expected *expected, int service,
                     const struct op *op, enum occasion occasion);
void m_notice_created(struct model *model, const struct m_expected *expected,
                      const struct event *event);
struct bars m_notice_bars(const struct model *model, const struct m_leg *leg);

/* ---- words ---- */

enum m_heard { M_HEARD_ON, M_HEARD_END };
/* What a text does that is a word; *ret_told: a notice was made. */
enum m_heard m_hear(struct model *model, const struct op *op, int service, bool *ret_told);

/* ---- names of sessions ---- */

/* The session of this name; NONE. */
int m_name_find(const struct model *model, int service, int name);
/* The refusals when a session (NONE: one that is being made) takes this name. */
void m_name_refusals(struct model *model, int service, int name, int session);
void m_name_take(struct model *model, int session);

/* ---- people ---- */

unsigned m_bits_of(const struct op_person *person);
struct wish m_wish_of(const struct op_person *person, int service, int session, int mode);
/* What is wrong with the addresses of a person; `index` among those of the operation. */
void m_refuse_identifiers(struct model *model, const struct op_person *person, int index);
/* Whether the number that somebody got is one that may be given. */
void m_check_given(struct model *model, const struct op_person *wanted,
                   const struct plain_person *seen, const struct wish *wish);
void m_check_session(struct model *model, const struct m_session *session,
                     const struct plain_session *seen);

/* ---- one function an operation ---- */

void m_do_service_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_service_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_service_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_numbers_add(struct model *model, const struct op *op, const struct answer *answer);
void m_do_number_add(struct model *model, const struct op *op, const struct answer *answer);
void m_do_number_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_number_remove(struct model *model, const struct op *op, const struct answer *answer);
void m_do_session_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_sessions_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_session_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_session_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_participant_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_participant_update(struct model *model, const struct op *op, const struct answer *answer);
void m_do_participant_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_inbound(struct model *model, const struct op *op, const struct answer *answer);
void m_do_send(struct model *model, const struct op *op, const struct answer *answer);
void m_do_redact(struct model *model, const struct op *op, const struct answer *answer);
void m_do_opt_out_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_opt_out_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_block_create(struct model *model, const struct op *op, const struct answer *answer);
void m_do_block_delete(struct model *model, const struct op *op, const struct answer *answer);
void m_do_rate(struct model *model, const struct op *op, const struct answer *answer);
void m_do_call(struct model *model, const struct op *op, const struct answer *answer);
void m_do_call_step(struct model *model, const struct op *op, const struct answer *answer);
void m_do_call_end(struct model *model, const struct op *op, const struct answer *answer);
void m_do_answer(struct model *model, const struct op *op, const struct answer *answer);
void m_do_receipt(struct model *model, const struct op *op, const struct answer *answer);
void m_do_carrier_ready(struct model *model, const struct op *op, const struct answer *answer);
void m_do_run(struct model *model, const struct op *op, const struct answer *answer);

#endif
