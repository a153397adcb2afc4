/*
 * Somebody who gets no number: what was looked for, and the event of it.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_SHORTAGE_H
#define MASKLINE_SERVER_MASKING_NUMBERS_SHORTAGE_H

#include "server/masking/numbers/geo.h"
#include "server/masking/op.h"

enum { PLACE_SIZE = 64 };

struct shortage {
    bool there_is;     /* the refusal was for want of a number; else the rest says nothing */
    bool one_would_do; /* a new number of this place and these capabilities */
    struct geo geo;
    char place[PLACE_SIZE]; /* what it had to be near to; empty: the country */
    bool sms, voice;
    int64_t free_time;     /* when one comes free; 0: none rests */
    const char *asked_for; /* a number that cannot do it; NULL: one was to be chosen */
};

/* For an error that says what the first of two people of one request lacks: adds what the second lacks, when the number that
 * the first needs would not do for that one, too. */
void shortage_add(struct error *error, const struct shortage *first, const struct shortage *second);

/* For a decision that is about to be refused, by op->error: tells of the shortage, if it is one, and says so by returning true; the caller
 * is refused all the same. False: it is refused, and nothing is told. `session` is the one that exists; or NULL. */
bool shortage_tell(struct op *op, struct rows *rows, const Maskline__Store__V1__Service *service,
                   const Maskline__Store__V1__Session *session, const struct shortage *shortage);

#endif
