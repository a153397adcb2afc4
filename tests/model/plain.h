/*
 * What is seen of the domain, in plain structs: no records, no pointers, addresses as who they are.
 */
#ifndef MASKLINE_TESTS_MODEL_PLAIN_H
#define MASKLINE_TESTS_MODEL_PLAIN_H

#include "tests/model/world.h"

enum {
    PLAIN_PEOPLE = 16,
    PLAIN_OLD = 6, /* earlier numbers of a participant */
    PLAIN_SID = 16,
    PLAIN_TEXT = 64,
};

struct plain_sid {
    uint8_t bytes[PLAIN_SID];
};

static inline bool sid_equal(const struct plain_sid *a, const struct plain_sid *b)
{
    return __builtin_memcmp(a->bytes, b->bytes, PLAIN_SID) == 0;
}

/* The numbers are those of the records (records.proto). */
enum { REASON_API = 1, REASON_TTL = 2, REASON_DATE = 3, REASON_IDLE = 4, REASON_SERVICE = 5 };
enum {
    LEG_RECEIVED = 1,
    LEG_QUEUED = 4,
    LEG_SENDING = 5,
    LEG_SENT = 6,
    LEG_DELIVERED = 7,
    LEG_UNDELIVERED = 8,
    LEG_UNKNOWN = 9,
    LEG_FAILED = 10,
    LEG_CANCELED = 11,
    LEG_INITIATED = 13,
    LEG_RINGING = 14,
    LEG_ANSWERED = 15,
    LEG_IN_PROGRESS = 16,
    LEG_COMPLETED = 17,
    LEG_BUSY = 18,
    LEG_NO_ANSWER = 19,
};

/* A number that a participant had before, newest first. */
struct plain_old {
    int number;
    int64_t until;
    bool ended; /* its end was noticed */
};

struct plain_person {
    struct plain_sid sid;
    enum who who[2];
    int who_count;
    int number; /* -1: none of this world's */
    struct plain_sid number_sid;
    struct plain_old old[PLAIN_OLD];
    int old_count; /* more than PLAIN_OLD: not all of them are here */
    int64_t create_time, delete_time;
};

struct plain_session {
    struct plain_sid sid;
    int name;
    int status, mode, reason;
    char fail_reason[PLAIN_TEXT];
    bool ttl_given;
    int64_t ttl, date, create_time, update_time, start_time, last_time, end_time, expire_time;
    uint64_t interactions, calls, call_seconds;
    int metadata;
    struct plain_person people[PLAIN_PEOPLE];
    int people_count;
};

struct plain_number {
    struct plain_sid sid;
    int number;
    int can, state;
    bool reserved;
    int carriers[CARRIERS];
    int carrier_count;
    int64_t in_use, create_time;
};

struct plain_service {
    struct plain_sid sid;
    int name;
    int state; /* 1 active, 2 deleting, 3 deleted */
    struct settings settings;
};

struct plain_leg {
    struct plain_sid participant;
    int status;
    int attempts;
    int carrier; /* -1: none */
    int64_t due_time, sent_time, final_time;
    char reason[PLAIN_TEXT];
    int original;
};

/* Of a call. */
struct plain_call {
    int64_t connect_time, end_time, hang_up_time;
    uint64_t seconds;
};

struct plain_interaction {
    struct plain_sid sid, session;
    int message;
    bool media;
    bool has_inbound, redacted;
    struct plain_sid sender; /* of what the Service sent as somebody; zeroes: none */
    struct plain_leg inbound, outbound;
    int outbound_count;
    int64_t create_time, expire_time;
    bool voice;
    struct plain_call call;
};

/* What a carrier is to do with a call that came. */
struct plain_plan {
    enum who targets[2];
    int count;
    int shown; /* the number that is shown to whoever is rung; -1: none of this world's */
};

/* Who gets no messages, from which number (-1: from none of the Service's); or what of whom does not reach whom (WHOS: nobody). */
struct plain_bar {
    enum who who, to;
    int number;
};

/* What a list of sessions is asked for. */
struct reading {
    unsigned statuses; /* the sum of 1 << status; 0: all */
    int name;          /* 0: any */
    enum who who;      /* WHOS: anybody */
    unsigned page;     /* how many at once */
};

/* What an operation was answered. */
struct answer {
    bool ok;
    int code; /* of the refusal */
    int original;
    char reason[PLAIN_TEXT];
    int participant;  /* which one a refusal is about; -1: it does not say */
    bool names_rival; /* the refusal names a session */
    struct plain_sid rival;
    int64_t free_time; /* the refusal says when a pair comes free; 0: it does not */
    /* What came back; which one depends on the operation. */
    struct plain_service service;
    struct plain_number number;
    struct plain_session session;
    struct plain_interaction interaction;
    /* To a carrier. */
    bool accepted, repeated;
    struct plain_plan plan;
    bool hang_up;
    int passed; /* calls that a rate let pass */
    bool leaks; /* the refusal tells somebody's real address */
    /* Of many in one: what the others were answered. */
    struct answer *more;
};

enum event_kind {
    EVENT_OTHER,
    EVENT_SERVICE_CREATED,
    EVENT_SERVICE_UPDATED,
    EVENT_SERVICE_DELETING,
    EVENT_SERVICE_DELETED,
    EVENT_NUMBER_ADDED,
    EVENT_NUMBER_UPDATED,
    EVENT_NUMBER_REMOVED,
    EVENT_SESSION_CREATED,
    EVENT_SESSION_UPDATED,
    EVENT_SESSION_CLOSED,
    EVENT_SESSION_REOPENED,
    EVENT_SESSION_DELETED,
    EVENT_PARTICIPANT_ADDED,
    EVENT_PARTICIPANT_REMOVED,
    EVENT_INTERACTION_CREATED,
    EVENT_LEG_CHANGED,
    EVENT_INBOUND_REJECTED,
    EVENT_WARNING,
    EVENT_EXHAUSTED,
    EVENT_PARTICIPANT_UPDATED,
    EVENT_KEYWORD,
    EVENT_OPT_OUT_ADDED,
    EVENT_OPT_OUT_REMOVED,
    EVENT_BLOCK_ADDED,
    EVENT_BLOCK_REMOVED,
    EVENT_REDACTED,
    EVENT_CALL_CHANGED,
    EVENT_KINDS,
};
const char *event_name(enum event_kind kind);

/* An entry of a log. */
struct event {
    int service; /* label */
    enum event_kind kind;
    uint64_t position;
    int64_t time;
    struct plain_sid session;     /* zeroes: none */
    struct plain_sid participant; /* zeroes: none */
    int number;                   /* -1: none */
    char reason[PLAIN_TEXT];
    int status, closed_reason;
    int64_t end_time, purge_time;
    bool forced, purged, service_deleted, first;
    int metadata;                         /* of its session */
    struct plain_interaction interaction; /* of INTERACTION_CREATED; its SID also of LEG_CHANGED */
    struct plain_leg leg;
    struct plain_sid last_session; /* that is told of; zeroes: none */
    /* A notice that goes with it, which is `interaction`; what it is for. */
    int occasion;
    bool person_replaced, number_replaced, number_ended;
    struct plain_person person; /* of PARTICIPANT_UPDATED, as it is now */
    bool deleted;               /* of REDACTED */
    struct plain_bar bar;       /* that came */
    int bars_added;             /* by a word */
    int bars_removed;           /* likewise */
};

/* What a carrier was asked to send. */
struct attempt {
    int carrier;
    struct plain_sid interaction;
    int from; /* number; -1: none of this world's */
    enum who to;
    int message;
    bool media;
    int64_t expire_time;
    bool leaks;                /* it shows somebody's real address other than its reader's */
    enum attempt_mode outcome; /* what it was answered at once; MODE_HOLD: nothing yet */
};

#endif
