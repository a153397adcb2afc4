/*
 * Events of calls that were refused: what an operator should know of, though nothing was changed. One a minute for each reason and what
 * it is about (warned.h).
 */
#ifndef MASKLINE_SERVER_MASKING_REFUSED_H
#define MASKLINE_SERVER_MASKING_REFUSED_H

#include "server/masking/internal.h"

struct refused_call {
    const char *reason; /* UPPER_SNAKE; constant */
    const struct error *why;
    const Maskline__Store__V1__Session *session; /* NULL: none */
    const char *proxy_identifier;                /* NULL: none */
};

/* Appends the warning, unless one like it was told of within the last minute. Writer's thread. False: it could not be appended, and the
 * decision is lost. What was written before it stays when it is appended: the decision has to end well, and say itself that it
 * refuses. */
bool refused_tell(struct masking *masking, struct rows *rows,
                  const Maskline__Store__V1__Service *service, const struct refused_call *call);

/* Of a message or call that a client asked for in this session: tells of it where the original warned of such, of a session that had
 * expired or that carries no such thing. False: nothing is told, or it could not be; the decision is refused by what it returns. */
bool refused_traffic_tell(struct masking *masking, struct rows *rows,
                          const Maskline__Store__V1__Service *service,
                          const Maskline__Store__V1__Session *session, const struct error *why);

#endif
