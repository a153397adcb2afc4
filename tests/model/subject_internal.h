/*
 * What the parts of the subject share.
 */
#ifndef MASKLINE_TESTS_MODEL_SUBJECT_INTERNAL_H
#define MASKLINE_TESTS_MODEL_SUBJECT_INTERNAL_H

#include "tests/model/convert.h"
#include "proto/c/sid.h"
#include "server/masking/ingress.h"
#include "server/masking/masking.h"
#include "tests/model/subject.h"

#include <pthread.h>

enum {
    ATTEMPTS_MOST = 1024, /* in one world */
    EVENTS_MOST = 1024,   /* of one operation */
    READ_MOST = 256,      /* rows of one list */
    ENTRIES_MOST = 1024,  /* of a log, that are remembered */
    MADE_MOST = 512,      /* interactions that are remembered */
    CALLS_MOST = 128,     /* in one world */
    HUNG_UP_MOST = 1024,  /* of one operation */
    SUBJECT_ARENA = 64 << 20,
};

/* An attempt, and what it takes to answer it and to tell of it later. */
struct kept_attempt {
    struct attempt plain;
    void *handle; /* NULL: it was answered, or a restart forgot it */
    char key[OUTBOUND_KEY_SIZE];
};

struct fake {
    struct carrier_port port;
    struct call_port calls;
    struct subject *subject;
    int index;
    enum attempt_mode mode;
};

struct kept_service {
    char sid[SID_LENGTH + 1];
    bool there;
    uint8_t bytes[SID_BYTES];
    uint64_t position; /* of its log, up to which it was read */
    uint64_t hashes[ENTRIES_MOST];
};

/* Where in which log an interaction was made, and whether it was taken out since. */
struct kept_interaction {
    struct plain_sid sid;
    int service;
    uint64_t position;
    bool redacted;
};

/* A call that a carrier was told to carry. */
struct kept_call {
    int message;
    int carrier;
    char key[CALL_KEY_SIZE];
    char sid[SID_LENGTH + 1];
};

struct kept_session {
    char sid[SID_LENGTH + 1];
    bool there;
    int service;
    int people_count;
    char people[PLAIN_PEOPLE][SID_LENGTH + 1];
};

struct subject {
    struct world world;
    char folder[256]; /* empty: in memory */
    struct manual_clock clock;
    int64_t latest; /* that the clock ever showed: time does not run back */
    uint64_t random;
    struct store *store;
    struct masking *masking;
    struct fake fakes[CARRIERS];

    struct kept_service services[LABELS];
    struct kept_session sessions[LABELS];
    char numbers[NUMBERS][SID_LENGTH + 1];
    struct kept_interaction made[MADE_MOST];
    int made_count;
    char said[MESSAGES][SID_LENGTH + 1]; /* the interaction that a message became, the latest */

    /* Carriers are asked on a thread of the domain's. */
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    int waiting; /* for so many answers */
    struct kept_attempt attempts[ATTEMPTS_MOST];
    int attempt_count, attempts_seen;

    /* Calls that carriers carry, and those that they were told to hang up. */
    struct kept_call calls[CALLS_MOST];
    int call_count;
    int hung_up[HUNG_UP_MOST], hung_up_count;
    int hung_up_shown[HUNG_UP_MOST];

    struct attempt shown[ATTEMPTS_MOST];
    struct event events[EVENTS_MOST];
    char wrong[512];
    struct arena *arena; /* of one operation or read */
    struct plain_service read_services[READ_MOST];
    struct plain_number read_numbers[READ_MOST];
    struct plain_session read_sessions[READ_MOST];
    struct plain_interaction read_interactions[READ_MOST];
    struct plain_bar read_bars[READ_MOST];
    struct answer more[OP_BATCH];
};

/* An operation under way. */
struct doing {
    struct subject *subject;
    const struct op *op;
    struct answer *answer;
};

/* Before an operation is handed in, and after. */
void subject_expect(struct subject *subject);
void subject_wait(struct subject *subject);
/* From `done`. */
void subject_answered(struct subject *subject);

/* What an operation's reference says to the domain; lives until the arena is reset. */
const char *subject_service_name(struct subject *subject, struct ref ref);
const char *subject_session_name(struct subject *subject, struct ref ref);

/* Ends the program: the test itself cannot go on. */
void subject_die(const char *what, const struct error *error) __attribute__((noreturn));

/* Opens and closes domain and store. */
void subject_open(struct subject *subject);
void subject_close(struct subject *subject, bool store_too);
/* What is on the disk now is all that is left. */
void subject_crash(struct subject *subject);
/* Sets the clock, perhaps back. */
void subject_set_clock(struct subject *subject, int64_t time);

/* The carriers that write down what they are asked to send (fake.c). */
void fakes_init(struct subject *subject);
void fakes_add(struct subject *subject);
/* How it carries calls (subject_call.c). */
void fake_calls_init(struct fake *fake);
/* Forgets attempts without a result: nobody will ask for it. */
void fakes_forget(struct subject *subject);
/* Gives a result to the attempt. */
void fake_answer(struct subject *subject, struct kept_attempt *attempt, enum attempt_mode outcome,
                 int64_t retry_after);

/* What a read ends with: the view is closed, and *ret_wrong says what went wrong, if anything did (subject_read.c). */
int subject_read_ended(struct subject *subject, struct view *view, bool ok,
                       const struct error *error, int count, const char **ret_wrong);

/* Each does operations of one or a few kinds, and waits (subject_ops.c says which). */
void subject_do_session_create(struct doing *doing);
void subject_do_sessions_create(struct doing *doing);
void subject_do_session_change(struct doing *doing);
void subject_do_participant(struct doing *doing);
void subject_do_participant_update(struct doing *doing);
void subject_do_inbound(struct doing *doing);
void subject_do_send(struct doing *doing);
void subject_do_redact(struct doing *doing);
void subject_do_opt_out(struct doing *doing);
void subject_do_block(struct doing *doing);
void subject_do_rate(struct doing *doing);
void subject_do_call(struct doing *doing);
void subject_do_call_step(struct doing *doing);
void subject_do_call_end(struct doing *doing);
void subject_do_answer(struct doing *doing);
void subject_do_receipt(struct doing *doing);
void subject_do_carrier_mode(struct doing *doing);
void subject_do_carrier_ready(struct doing *doing);
void subject_do_clock(struct doing *doing);
void subject_do_run(struct doing *doing);
void subject_do_restart(struct doing *doing);

/* The SID of the participant at this place, by the label of the operation's session (subject_message.c). */
const char *subject_participant(struct subject *subject, const struct op *op, int place);

/* A request_id that stands for this operation (subject_ops.c). */
struct request_id subject_request(struct subject *subject, const struct op *op, const char *method);

#endif
