/*
 * What the parts of the model share.
 */
#ifndef MASKLINE_TESTS_MODEL_INTERNAL_H
#define MASKLINE_TESTS_MODEL_INTERNAL_H

#include "tests/model/model_state.h"
#include "proto/c/error.h"

#include <string.h>

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
