/*
 * The outbox: legs that wait for an attempt, and attempts that wait for their result.
 *
 * What is durable stands in the store (a leg's state, its outbox row, marks of attempts begun); this is the memory beside it,
 * made again by outbox_rebuild. One thread of its own drives it: it asks the writer before each attempt, hands over to the carriers,
 * and has the results written. With manual_timers whoever calls outbox_run_due drives it.
 *
 * Order: the messages of one session to one recipient are handed over in the order in which they were accepted; one that waits to
 * be tried again holds back those after it, whichever carriers they go by. One that has come to its end, if only because nobody knows
 * what became of it, holds back none. What the network makes of two that were both handed over is its own affair.
 */
#ifndef MASKLINE_SERVER_MASKING_OUTBOX_OUTBOX_H
#define MASKLINE_SERVER_MASKING_OUTBOX_OUTBOX_H

#include "server/masking/ingress.h"
#include "server/masking/internal.h"

/* How much is held in memory and under way. What is beyond it stays in the store until there is room. */
struct outbox_limits {
    unsigned legs;      /* known in memory. 0: 200,000 */
    unsigned in_flight; /* attempts under way with one carrier. 0: 16,384 */
};

/* No thread runs yet, nothing is read. NULL when there is no memory. */
struct outbox *outbox_new(struct masking *masking, const struct outbox_limits *limits);

/* Takes up what is durable: at the start (the caller's thread) and after a failed write (the writer's). */
bool outbox_rebuild(struct outbox *outbox, struct view *view, struct error *error);

/* After pipeline_start. Begins the outbox's thread, unless timers are manual. */
bool outbox_start(struct outbox *outbox, struct error *error);

/* Begins no more attempts, has the results that came written, ends the thread. Before pipeline_free. */
void outbox_stop(struct outbox *outbox);

/* After pipeline_free. NULL is fine. */
void outbox_free(struct outbox *outbox);

/* Time has moved, or something else that attempts wait for. Any thread. */
void outbox_kick(struct outbox *outbox);

/* What waits for this participant is looked at now: something has changed that may end it. Any thread. */
void outbox_hurry(struct outbox *outbox, const uint8_t *session, const uint8_t *participant);

/* With manual timers: makes all attempts that are due now, and has the results that came written. Returns how many commands ran. */
unsigned outbox_run_due(struct outbox *outbox);

/* Around the completion of a group of commands, on the writer's thread: what it tells the outbox meanwhile is handed over at the end. */
void outbox_completing(struct outbox *outbox, bool begins);

/* The same as ingress_carrier_ready and ingress_sent. */
void outbox_carrier_ready(struct outbox *outbox, const char *carrier);
void outbox_sent(struct outbox *outbox, void *attempt, const struct send_result *result);

#endif
