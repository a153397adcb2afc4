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
    struct subject *subject;
    int index;
    enum attempt_mode mode;
};

struct kept_service {
    char sid[SID_LENGTH + 1];
    bool there;
    uint8_t bytes[SID_BYTES];
    uint64_t position; /* of its log, up to which it was read */
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

    /* Carriers are asked on a thread of the domain's. */
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    bool waiting;
    struct kept_attempt attempts[ATTEMPTS_MOST];
    int attempt_count, attempts_seen;

    struct attempt shown[ATTEMPTS_MOST];
    struct event events[EVENTS_MOST];
    char wrong[512];
    struct arena *arena; /* of one operation or read */
    struct plain_service read_services[READ_MOST];
    struct plain_number read_numbers[READ_MOST];
    struct plain_session read_sessions[READ_MOST];
    struct plain_interaction read_interactions[READ_MOST];
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
/* Forgets attempts without a result: nobody will ask for it. */
void fakes_forget(struct subject *subject);
/* Gives a result to the attempt. */
void fake_answer(struct subject *subject, struct kept_attempt *attempt, enum attempt_mode outcome,
                 int64_t retry_after);

/* Operations on messages, carriers and time (subject_message.c). */
void subject_do_other(struct doing *doing);

/* The SID of the participant that an operation names, by the label of its session (subject_message.c). */
const char *subject_participant(struct subject *subject, const struct op *op);

/* A request_id that stands for this operation (subject_ops.c). */
struct request_id subject_request(struct subject *subject, const struct op *op, const char *method);

#endif
