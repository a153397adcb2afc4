/*
 * What happens by itself: sessions expire, closed ones are purged, deleted Services go in pieces, old events are dropped, calls end of which
 * no carrier tells the end.
 *
 * Rows of the expiry and purge indexes are hints: the session is looked at again before anything happens, and one that lives on gets
 * a hint at its later time. In memory is only, for each Service, when to look next.
 */
#ifndef MASKLINE_SERVER_MASKING_TIMERS_TIMERS_H
#define MASKLINE_SERVER_MASKING_TIMERS_TIMERS_H

#include "server/masking/internal.h"

/* No thread runs yet. NULL when there is no memory. */
struct timers *timers_new(struct masking *masking);

/* Finds out what is due next: at the start (the caller's thread) and after a failed write (the writer's). */
bool timers_rebuild(struct timers *timers, struct view *view, struct error *error);

/* After pipeline_start. Begins the timers' thread, unless timers are manual. */
bool timers_start(struct timers *timers, struct error *error);

/* Ends the thread. Before pipeline_free. */
void timers_stop(struct timers *timers);
/* After pipeline_free. NULL is fine. */
void timers_free(struct timers *timers);

/* Time has moved. Any thread. */
void timers_kick(struct timers *timers);

/* With manual timers: runs all that is due now, until nothing is. Returns how many things ran. */
unsigned timers_run_due(struct timers *timers);

#endif
