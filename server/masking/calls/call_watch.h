/*
 * Calls that live, when something changes on which they depend: a session ends, somebody leaves, or is barred. They are looked at again by
 * a command of their own; those that may not live any more get a hang-up wish, and once a wish is durable, their carriers are told.
 *
 * Nothing is lost with this memory: a start looks at all that live, and the timers at each by its due time. A carrier is told to hang up
 * only after it was given the plan: commands are completed in the order in which they were decided.
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALL_WATCH_H
#define MASKLINE_SERVER_MASKING_CALLS_CALL_WATCH_H

#include "server/masking/calls/call_row.h"

/* NULL when there is no memory. */
struct calls *calls_new(struct masking *masking);
/* After pipeline_free. NULL is fine. */
void calls_free(struct calls *calls);

/* Carriers are there: looks at all calls that live. Those that this process's end has taken with it end. */
bool calls_start(struct calls *calls, struct error *error);

/* The store was opened anew after a write that failed: what that write was said not to have changed may have changed all the same. All calls
 * that live are looked at soon. Writer's thread; before the start it does nothing. */
void calls_rebuild(struct calls *calls);

/* The session's calls are to be looked at. Any thread, also within a decision: it happens after that. */
void call_watch_note(struct calls *calls, const struct log_id *log, const uint8_t *session);

/* The same of what a decision has changed, while its rows are derived. Writer's thread. */
void call_watch_derived(struct calls *calls, const struct log_id *log, const uint8_t *session);

/* This carrier is to be told to hang up this call, of which nothing else is known. As above. */
void call_watch_tell(struct calls *calls, const struct call_id *id, const char *carrier);

/* A carrier may have missed what it was told: all that live are looked at soon. Any thread. */
void calls_look_at_all(struct calls *calls);

/* Begins what was noted. Any thread. */
void calls_flush(struct calls *calls);

/* From time to time: begins what was noted, and what could not be done. Not on the writer's thread. */
void calls_tend(struct calls *calls);

/* The same, and waits until it is done; returns how many looks that were. */
unsigned calls_run_due(struct calls *calls);

#endif
