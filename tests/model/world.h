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
    PHONES = 4,  /* numbers of a pool */
    NUMBERS = 6, /* with a short code and a sender's address in a channel */
    SHORT_CODE = PHONES,
    SENDER,
    CARRIERS = 2,
    NAMES = 3, /* unique names; 0 is none */
    PROVIDER_IDS = 6,
    REQUEST_IDS = 3, /* 0 is none */
    OP_PEOPLE = 6,   /* of three sessions; one may have two */
    OP_BATCH = 3,    /* of an operation that is many in one */
    ADDRESS_TEXT = 24,
    LABELS = 128, /* of services, of sessions; 0 is never made */
    MESSAGES = 256,
};

#define SECOND      INT64_C(1000000)
#define HOUR        (3600 * SECOND)
#define WORLD_BEGIN INT64_C(1704067200000000)

/* Real addresses. E has two, which are one phone written in two ways; F's is in a channel. N1 to N4 are the proxy numbers as if they were
 * somebody's. E and N4 are of another country than the others. */
enum who {
    WHO_A,
    WHO_B,
    WHO_C,
    WHO_D,
    WHO_E,
    WHO_E_ALSO,
    WHO_F,
    WHO_N1,
    WHO_N4 = WHO_N1 + PHONES - 1,
    WHO_NOBODY, /* withheld */
    WHOS,
};

/* What is written: messages are numbered from 1, and these are words. Notices have texts of the Service's own, one for each occasion, or
 * those that the server knows by itself. */
enum word {
    WORD_STOP = -1,
    WORD_START = -2,
    WORD_UNSTOP = -3,
    WORD_HELP = -4,
    WORD_PARE = -5, /* of a Service with words of its own */
    WORD_VALE = -6,
    WORD_STOP_IT = -7,   /* is none */
    WORD_STOP_SOFT = -8, /* otherwise written */
    WORD_LAST = WORD_STOP_SOFT,
    TEXT_NOTICE = -20,  /* less the occasion: the Service's own */
    TEXT_DEFAULT = -40, /* a notice that no Service wrote */
    TEXT_STRANGE = -41, /* not of this world */
};

/* The numbers are those of the records. */
enum occasion {
    NOTE_NONE,
    NOTE_OPT_OUT,
    NOTE_OPT_IN,
    NOTE_HELP,
    NOTE_MODE_REFUSED,
    NOTE_OUT_OF_SESSION,
    NOTE_UNAVAILABLE,
    OCCASIONS,
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
/* Whether somebody's real address stands in these bytes; `but`: that of this person may (WHOS: nobody's). */
bool world_leaks(const struct world *world, const void *bytes, size_t size, enum who but);
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

/* What a text says; TEXT_STRANGE: nothing of this world. 0: nothing. */
int world_text_read(const char *text);
/* "m7", "STOP" and the like. */
void world_text(int message, char ret_text[ADDRESS_TEXT]);
/* What kind of number it is. */
enum kind_of_number { KIND_PHONE, KIND_SHORT, KIND_CHANNEL };
enum kind_of_number world_kind(int number);

/* Settings that have a number: microseconds, or how many; -1: not given. */
#define WORLD_SETTINGS(X) \
    X(default_ttl)        \
    X(cool_down)          \
    X(late_window)        \
    X(max_life)           \
    X(grace)              \
    X(quarantine)         \
    X(idle_cap)           \
    X(retention)          \
    X(cap_period)         \
    X(person_cap)         \
    X(session_cap)        \
    X(rate)               \
    X(reuse_names)        \
    X(own_words)          \
    X(notices)            \
    X(silences)

/* Enums: 0 not given. Of `notices` and `silences`, which go together, 1 << occasion says that it has a text of the Service's own, or an
 * empty one. With `own_words` 1 the Service has other words than the server's. */
struct settings {
#define X(name) int64_t name;
    WORLD_SETTINGS(X)
#undef X
    int mode;
    int selection;
    int level;    /* how near a number has to be */
    int matching; /* what happens when none is */
    int keywords; /* whether words count */
    int scope;    /* of an opt-out */
};

enum { MODE_BOTH = 1, MODE_TEXT = 2, MODE_VOICE = 3 };
enum { PREFER_STICKY = 1, AVOID_STICKY = 2 };
enum { LEVEL_COUNTRY = 1, LEVEL_AREA, LEVEL_OVERLAY, LEVEL_REGION, LEVEL_RADIUS };
enum { MATCHING_STRICT = 1, MATCHING_BEST_EFFORT = 2 };
enum { KEYWORDS_HEARD = 1, KEYWORDS_IGNORED = 2 };
enum { SCOPE_SERVICE = 1, SCOPE_NUMBER = 2 };
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
    OP_NUMBERS_ADD,
    OP_SESSION_CREATE,
    OP_SESSIONS_CREATE,
    OP_SESSION_UPDATE,
    OP_SESSION_DELETE,
    OP_PARTICIPANT_CREATE,
    OP_PARTICIPANT_UPDATE,
    OP_PARTICIPANT_DELETE,
    OP_INBOUND,
    OP_SEND,
    OP_REDACT,
    OP_INTERACTION_DELETE,
    OP_OPT_OUT_CREATE,
    OP_OPT_OUT_DELETE,
    OP_BLOCK_CREATE,
    OP_BLOCK_DELETE,
    OP_RATE,
    OP_CALL,
    OP_CALL_STEP,
    OP_CALL_END,
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

/* What a carrier says of a side of a call, the one that called or the one that is rung; in this order. */
enum call_step {
    STEP_RINGING,
    STEP_PICKED_UP,
    STEP_CONNECTED,
    STEP_COMPLETED,
    STEP_BUSY,
    STEP_NO_ANSWER,
    STEP_FAILED,
    STEP_CANCELED,
    STEP_GONE,
    CALL_STEPS,
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
    int participant;             /* of the session, in the order of joining, from 0 */
    int sender;                  /* likewise, who stands as the sender; -1: the Service */
    bool set_people, set_number; /* of an update of a participant, by people[0] */
    int64_t life;                /* of the number that it had; -1: not given */
    int batch[OP_BATCH];         /* numbers; how many of them, or how many sessions */
    int batch_count;
    bool quietly; /* what has ended already is closed without an error */
    int carrier;
    int provider;
    enum who from, to; /* `to` WHOS: everybody */
    int method;        /* of the API, from 0; its rate is asked for, as often as batch_count says */
    int message;       /* what is written; attempts and receipts name it */
    bool media;
    int64_t max_life; /* 0: the Service's */
    enum attempt_mode outcome;
    int64_t retry_after;
    enum receipt_kind receipt;
    enum call_step step; /* of the call that `message` names, as an operation of a call does */
    bool second;         /* the side that is rung */
    bool stolen;         /* a receipt that another carrier than the right one hands in */
    int64_t time;
};

struct op op_of(enum op_kind kind);
/* The operation that is the nth of many in one. */
struct op op_entry(const struct op *op, int index);

const char *op_kind_name(enum op_kind kind);
/* One line that says all of it, as "session.create s3 service=k1 A=? B=N2 ttl=60s". */
void op_print(const struct op *op, char *ret_text, size_t size);

#endif
