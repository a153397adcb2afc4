/*
 * Does what is due, on a thread of its own, or by hand in tests.
 */
#ifndef MASKLINE_SERVER_CARRIERS_WORKER_H
#define MASKLINE_SERVER_CARRIERS_WORKER_H

#include "proto/c/clock.h"
#include "proto/c/error.h"

#include <stdbool.h>
#include <stdint.h>

#define WORKER_NEVER INT64_MAX

struct worker;

/* `due` does what is due by `now`, adds to *done how many things that were, and returns when the next is: WORKER_NEVER when there
 * is none. It is called without locks, by one thread at a time. NULL when there is no memory. */
struct worker *worker_new(struct clock clock,
                          int64_t (*due)(void *data, int64_t now, unsigned *done), void *data);
/* After stop, or instead of start. NULL is fine. */
void worker_free(struct worker *worker);

/* Begins the thread. */
bool worker_start(struct worker *worker, struct error *error);

/* Ends the thread: `due` runs no more. Also without start, and twice; one thread. */
void worker_stop(struct worker *worker);

/* Something is due at `when`, perhaps sooner than what was known. Any thread, also with locks held. */
void worker_by(struct worker *worker, int64_t when);

/* The clock has moved by other than itself. Any thread. */
void worker_kick(struct worker *worker);

/* Instead of start: does all that is due, until nothing is; returns how many things that were. */
unsigned worker_run_due(struct worker *worker);

#endif
