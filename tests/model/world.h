/*
 * The small world of the model test: a few numbers, people and carriers, and what can be done in it.
 *
 * An operation names things by labels ("s3" is the session that the operation with label 3 makes), so that a script still makes
 * sense when operations are taken out of it. A label that nothing was made under stands for a SID that never was. Times are microseconds; where an operation gives a
 * time it is the time itself, not a distance.
 */
#ifndef MASKLINE_TESTS_MODEL_WORLD_H
#define MASKLINE_TESTS_MODEL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NUMBERS = 4,
    CARRIERS = 2,
    NAMES = 3, /* unique names; 0 is none */
    PROVIDER_IDS = 6,
    REQUEST_IDS = 3, /* 0 is none */
    OP_PEOPLE = 3,   /* one more than a session may have */
    ADDRESS_TEXT = 24,
    LABELS = 128, /* of services, of sessions; 0 is never made */
    MESSAGES = 256,
};

#define SECOND      INT64_C(1000000)
#define HOUR        (3600 * SECOND)
#define WORLD_BEGIN INT64_C(1704067200000000)

/* Real addresses. E has two, which are one phone written in two ways. N1 to N4 are the proxy numbers as if they were somebody's. E and
 * N4 are of another country than the others. */
enum who {
    WHO_A,
    WHO_B,
    WHO_C,
    WHO_D,
    WHO_E,
    WHO_E_ALSO,
    WHO_N1,
    WHO_N4 = WHO_N1 + NUMBERS - 1,
    WHO_NOBODY, /* withheld */
    WHOS,
};

/* Two worlds with different tags share no address and no name: they can stand in one store. */
struct world {
    unsigned tag; /* below 10,000 */
};

void world_address(const struct world *world, enum who who, char ret_text[ADDRESS_TEXT]);
void world_number(const struct world *world, int number, char ret_text[ADDRESS_TEXT]);
/* WHOS, or -1 for a number, when the text is none of this world's. */
enum who world_who(const struct world *world, const char *text);
int world_number_of(const struct world *world, const char *text);
/* The person behind an address, from 0; the same for addresses of one phone. */
int world_person(enum who who);
/* The calling code of an address. */
int world_code(enum who who);
/* How near two addresses with the code 1 are. */
enum nearness { NEAR_COUNTRY, NEAR_REGION, NEAR_OVERLAY, NEAR_AREA };
enum nearness world_nearness(enum who a, enum who b);
const char *world_carrier(int carrier);
/* Name `name` (from 1) of a Service of this world, or of a session. */
void world_service_name(const struct world *world, int name, char ret_text[ADDRESS_TEXT]);
const char *world_session_name(int name);

/* Microseconds; -1: not given. Enums: 0 not given. */
struct settings {
    int64_t default_ttl, cool_down, late_window, max_life, grace, quarantine, idle_cap, retention;
    int mode;
    int selection;
    int level;    /* how near a number has to be */
    int matching; /* what happens when none is */
};

enum { MODE_BOTH = 1, MODE_TEXT = 2, MODE_VOICE = 3 };
enum { PREFER_STICKY = 1, AVOID_STICKY = 2 };
enum { LEVEL_COUNTRY = 1, LEVEL_AREA, LEVEL_OVERLAY, LEVEL_REGION, LEVEL_RADIUS };
enum { MATCHING_STRICT = 1, MATCHING_BEST_EFFORT = 2 };
enum { NUMBER_ACTIVE = 1, NUMBER_DRAINING = 2, NUMBER_LOCKED = 3 };
enum { CAN_SMS = 1, CAN_MMS = 2, CAN_VOICE = 4 };
enum { SESSION_OPEN = 1, SESSION_IN_PROGRESS = 2, SESSION_CLOSED = 3, SESSION_FAILED = 4 };

/* Which carriers a number names, in order; the last is one that is not configured. */
enum carrier_choice { BY_DEFAULT, BY_C1, BY_C2, BY_C1_C2, BY_C2_C1, BY_STRANGER, CARRIER_CHOICES };
/* Writes the carriers; returns how many. BY_DEFAULT gives none, BY_STRANGER gives -1. */
int world_carriers(enum carrier_choice choice, int ret_carriers[CARRIERS]);

enum op_kind {
    OP_SERVICE_CREATE,
    OP_SERVICE_UPDATE,
    OP_SERVICE_DELETE,
    OP_NUMBER_ADD,
    OP_NUMBER_UPDATE,
    OP_NUMBER_REMOVE,
    OP_SESSION_CREATE,
    OP_SESSION_UPDATE,
    OP_SESSION_DELETE,
    OP_PARTICIPANT_CREATE,
    OP_PARTICIPANT_DELETE,
    OP_INBOUND,
    OP_SEND,
    OP_ANSWER,
    OP_RECEIPT,
    OP_CARRIER_MODE,
    OP_CARRIER_READY,
    OP_CLOCK,
    OP_RUN,
    OP_RESTART,
    OP_KINDS,
};

/* What becomes of attempts: see ingress.h; HOLD waits for an OP_ANSWER. */
enum attempt_mode {
    MODE_HOLD,
    MODE_TAKE,
    MODE_REFUSE,
    MODE_RETRY,
    MODE_UNKNOWN,
    MODE_LOST,
    ATTEMPT_MODES,
};
enum receipt_kind {
    GOT_QUEUED,
    GOT_SENT,
    GOT_DELIVERED,
    GOT_UNDELIVERED,
    GOT_FAILED,
    RECEIPT_KINDS,
};

/* By name when that is not 0, else by label. A participant's session has both: it is looked for by name, and the participant is that
 * of the session with the label. */
struct ref {
    int label;
    int name;
};

struct op_person {
    enum who who[2];
    int who_count;
    int number; /* -1: to be chosen */
    bool number_by_sid;
};

struct op {
    enum op_kind kind;
    struct ref service, session;
    int label; /* of what is made */
    int name;
    struct settings settings;
    int request;
    int number;
    bool number_by_sid;
    int can;
    bool set_reserved, reserved;
    bool set_carriers;
    enum carrier_choice carriers;
    int state; /* of a number */
    bool force;
    bool crash; /* a restart with nothing written but what had to be */
    int mode, status;
    bool set_ttl, set_date, set_metadata;
    int metadata; /* one of a few; 0: none */
    int64_t ttl;  /* -1: none */
    int64_t date;
    struct op_person people[OP_PEOPLE];
    int people_count;
    int participant; /* of the session, in the order of joining, from 0 */
    int carrier;
    int provider;
    enum who from;
    int message; /* what is written; attempts and receipts name it */
    bool media;
    int64_t max_life; /* 0: the Service's */
    enum attempt_mode outcome;
    int64_t retry_after;
    enum receipt_kind receipt;
    bool stolen; /* a receipt that another carrier than the right one hands in */
    int64_t time;
};

struct op op_of(enum op_kind kind);

/* One line that says all of it, as "session.create s3 service=k1 A=? B=N2 ttl=60s". */
void op_print(const struct op *op, char *ret_text, size_t size);

#endif
