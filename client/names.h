/*
 * Who is who in the sessions of a Service: names for SIDs, asked for once and kept.
 */
#ifndef MASKLINE_CLIENT_NAMES_H
#define MASKLINE_CLIENT_NAMES_H

#include "client/cli.h"

#include "maskline/v1/events.pb-c.h"

struct names;

/* NULL when there is no memory. `cli` lives longer; its channel is used. */
struct names *names_new(struct cli *cli);
void names_free(struct names *names);

struct person {
    const char *name;  /* its friendly name; without one, the end of its SID: "KP..3f9a2c" */
    const char *proxy; /* the number that it dials and sees; empty: not known */
};

/* Of the session that the event is about. What they give lives until the next question. A server that does not answer is no error:
 * SIDs serve. */
const char *names_session(struct names *names, const Maskline__V1__Event *event);
struct person names_person(struct names *names, const Maskline__V1__Event *event,
                           const char *participant);

enum { SHORT_SID = 11 };

/* "KP..3f9a2c" of a SID. */
const char *short_sid(const char *sid, char ret_text[SHORT_SID]);

#endif
