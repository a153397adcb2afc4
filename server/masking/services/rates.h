/*
 * How many API calls a Service takes: of each method so many a second, on average over any 5 s.
 *
 * What passed is counted in memory, by this server: a restart forgets it.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_RATES_H
#define MASKLINE_SERVER_MASKING_SERVICES_RATES_H

#include "server/masking/masking.h"

enum {
    RATE_MOST = 1000, /* calls a second that a Service can ask for */
    RATE_WINDOW = 5,  /* seconds */
};

/* Whether any Service has a limit, or had one: otherwise nobody need be asked. Any thread. */
bool rates_on(const struct masking *masking);

/* A client calls `method`, a text that lives as long as the program, for this Service (SID or name). False: RATE_LIMITED, with how long to
 * wait; it does not count then. A Service that does not exist has no limit. Any thread. */
bool rates_take(struct masking *masking, const char *service, const char *method,
                struct error *error);

#endif
