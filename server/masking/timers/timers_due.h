/*
 * When what happens by itself is due: in memory, for each Service, when to look next. It calls no other part of the domain, so that all of
 * them may tell it something: that a time is due by timers_note (internal.h), that time has moved by timers_kick.
 */
#ifndef MASKLINE_SERVER_MASKING_TIMERS_TIMERS_DUE_H
#define MASKLINE_SERVER_MASKING_TIMERS_TIMERS_DUE_H

#include "server/masking/internal.h"

/* No thread runs yet. NULL when there is no memory. */
struct timers *timers_new(struct masking *masking);
/* After pipeline_free. NULL is fine. */
void timers_free(struct timers *timers);

/* Time has moved. Any thread. */
void timers_kick(struct timers *timers);

#endif
