/*
 * Whether a call may live: asked when it is accepted, at each word of its carrier, and whenever something changes on which it depends.
 */
#ifndef MASKLINE_SERVER_MASKING_CALLS_CALL_CHECK_H
#define MASKLINE_SERVER_MASKING_CALLS_CALL_CHECK_H

#include "server/masking/calls/call_legs.h"
#include "server/masking/internal.h"

/* The two people of a call. */
struct call_people {
    Maskline__Store__V1__Participant *first, *second;
    /* Each one's proxy number for the other: what it sees, and calls back. */
    const Maskline__Store__V1__Binding *first_seat, *second_seat;
};

struct call_subject {
    struct masking *masking;
    struct rows *rows;
    const Maskline__Store__V1__Service *service;
    const Maskline__Store__V1__Session *session;
    struct call_people people;
    bool placed;
    bool connected; /* nobody is to be rung any more */
    struct error *error;
};

/* Why nobody of these may be rung, or talk; constant; NULL: nothing is against it. Of the people all is set. False: it cannot be decided. */
bool call_may_be(const struct call_subject *subject, const char **ret_reason);

/* Finds the people of a call as they are now, and asks the same. */
bool call_may_live(struct masking *masking, struct rows *rows,
                   const Maskline__Store__V1__Service *service,
                   const Maskline__Store__V1__Session *session, const struct call_sides *sides,
                   struct call_people *ret_people, const char **ret_reason, struct error *error);

#endif
