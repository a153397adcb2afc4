/*
 * What happens by itself: sessions expire, closed ones are purged, deleted Services go in pieces, old events are dropped, calls end of which
 * no carrier tells the end.
 *
 * Rows of the expiry and purge indexes are hints: the session is looked at again before anything happens, and one that lives on gets
 * a hint at its later time. When that is stands in timers_due.h, which knows nothing of what happens then: the parts of the domain tell it,
 * and this here asks them.
 */
#ifndef MASKLINE_SERVER_MASKING_TIMERS_TIMERS_H
#define MASKLINE_SERVER_MASKING_TIMERS_TIMERS_H

#include "server/masking/timers/timers_due.h"

/* Finds out what is due next: at the start (the caller's thread) and after a failed write (the writer's). */
bool timers_rebuild(struct timers *timers, struct view *view, struct error *error);

/* After pipeline_start. Begins the timers' thread, unless timers are manual. */
bool timers_start(struct timers *timers, struct error *error);

/* Ends the thread. Before pipeline_free. */
void timers_stop(struct timers *timers);

/* With manual timers: runs all that is due now, until nothing is. Returns how many things ran. */
unsigned timers_run_due(struct timers *timers);

#endif
