/*
 * The domain as carriers see it, for their tests: it notes what it is told, and answers as it is told to. It defines what
 * server/masking/ingress.h declares. One fake at a time.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_CARRIERS_FAKE_H
#define MASKLINE_TESTS_UNIT_SERVER_CARRIERS_FAKE_H

#include "server/masking/ingress.h"

#include <check.h>
#include <pthread.h>

enum { FAKE_ATTEMPTS = 20000, FAKE_NOTES = 20000, FAKE_CALLS = 20000, FAKE_TEXT = 96 };

/* An attempt of the fake's, and what became of it. Its address is what a carrier is given. */
struct fake_attempt {
    unsigned results; /* that came: it should be one */
    enum send_outcome outcome;
    int64_t retry_after;
    char provider_id[FAKE_TEXT];
    char carrier_code[FAKE_TEXT];
};

/* A text or a receipt that was handed in. */
struct fake_note {
    char id[FAKE_TEXT]; /* provider id; key */
    char from[FAKE_TEXT];
    char to[FAKE_TEXT];
    char body[FAKE_TEXT];
    size_t media_count;
    enum receipt_status status;
    char code[FAKE_TEXT];
    /* Held back: what answers it. */
    void (*message_done)(void *data, const struct inbound_result *result);
    void (*receipt_done)(void *data, const struct error *error);
    void *data;
};

/* A call that was handed in. */
struct fake_call {
    char id[FAKE_TEXT];
    char carrier[FAKE_TEXT];
    char from[FAKE_TEXT];
    char to[FAKE_TEXT];
    void (*done)(void *data, const struct inbound_call_result *result);
    void *data;
};

/* What was told of a call. */
struct fake_progress {
    char key[CALL_KEY_SIZE];
    /* "second RINGING 0"; of an end: "second COMPLETED 0 12s", with " recorded", and the carrier's code at last. */
    char text[FAKE_TEXT];
    char id[FAKE_TEXT];
    enum call_status status;
    int64_t time;
    const struct call_progress
        *progress; /* looked at once more when it is answered: it must live so long */
    void (*done)(void *data, const struct call_answer *answer);
    void *data;
};

struct masking {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct fake_attempt attempts[FAKE_ATTEMPTS];
    size_t attempt_count;
    size_t result_count;
    struct fake_note messages[FAKE_NOTES];
    size_t message_count;
    struct fake_note receipts[FAKE_NOTES];
    size_t receipt_count;
    bool hold;               /* answers wait for fake_answer */
    enum status_code refuse; /* what is handed in is answered with this error */
    bool reject;             /* texts are rejected */
    /* How calls are answered; its error and its repeated are as they are there. */
    struct inbound_call_result call_result;
    struct fake_call calls[FAKE_CALLS];
    size_t call_count;
    struct fake_progress progress[FAKE_NOTES];
    size_t progress_count;
    bool hang_up; /* what is told of calls is answered with this */
    const struct carrier_port *ports[8];
    size_t port_count;
    unsigned ready; /* how often a carrier said that it can send again */
    /* Called when it is, without the lock; may be NULL. */
    void (*on_ready)(void *data);
    void *on_ready_data;
};

struct masking *fake_new(void);
void fake_free(struct masking *fake);

/* Sends by a port. */
struct fake_attempt *fake_send(struct masking *fake, const struct carrier_port *port,
                               const char *key, const char *to, const char *body);
/* The same with all of it. */
struct fake_attempt *fake_send_message(struct masking *fake, const struct carrier_port *port,
                                       const struct outbound_message *message);

/* All that was told of a call from the `from`th progress on, each behind the key, with "; " between. */
const char *fake_told(struct masking *fake, size_t from, char *ret_text, size_t size);

/* Answers all that was held back, and holds back no more. */
void fake_answer(struct masking *fake);

/* Waits, 30 s at most, until a count has at least this value. */
void fake_await(struct masking *fake, const size_t *count, size_t at_least);
size_t fake_read(struct masking *fake, const size_t *count);

#endif
