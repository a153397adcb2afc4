/*
 * A change that a caller asked for: checked on the caller's thread, decided on the writer's, answered when it is durable.
 */
#ifndef MASKLINE_SERVER_MASKING_OP_H
#define MASKLINE_SERVER_MASKING_OP_H

#include "server/masking/internal.h"

struct op {
    struct command command;
    struct masking *masking;
    /* On the writer's thread, perhaps after an earlier try was undone. False: `error` says why. */
    bool (*decide)(struct op *op, struct rows *rows);
    /* Optional, on the caller's thread: reads what decide will read. */
    void (*warm)(struct op *op, struct rows *rows);
    /* Tells the caller: `error` is NULL when it went well. */
    void (*tell)(struct op *op, const struct error *error);
    struct error error;
    /* The caller is refused, as `error` says, and what decide wrote stays all the same; decide returns true. */
    bool refused;
    /* Not done yet: it is decided again, after what else waits. */
    bool again;
    bool decided;
    /* Something of this Service is due at this time: the timers hear of it. */
    struct log_id note_log;
    int64_t note_time;
};

/* Zeroed memory of this size, which begins with a struct op; NULL when there is none. */
void *op_new(struct masking *masking, size_t size);

/* Takes the op over. An error that is set in it already is told at once, on this thread. */
void op_run(struct op *op);

/* For decide: what is due when this is durable. 0: nothing. The earliest counts. */
void op_note(struct op *op, const Maskline__Store__V1__Service *service, int64_t time);
/* The same, of a session as it stands: its end, or its purge. */
void op_note_session(struct op *op, const Maskline__Store__V1__Service *service,
                     const Maskline__Store__V1__Session *session);

#endif
