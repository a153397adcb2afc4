/*
 * What the model remembers.
 */
#ifndef MASKLINE_TESTS_MODEL_STATE_H
#define MASKLINE_TESTS_MODEL_STATE_H

#include "tests/model/model.h"

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
    bool by_end;             /* or because the session ended */
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

#endif
