/*
 * What waits to be sent to a person, and its calls that live: once it is barred, they are looked at at once, and need not find out when
 * their time comes.
 */
#ifndef MASKLINE_SERVER_MASKING_BARS_PERSON_LETTERS_H
#define MASKLINE_SERVER_MASKING_BARS_PERSON_LETTERS_H

#include "server/masking/internal.h"

enum { PERSON_LETTERS_MOST = 32 };

struct person_letters {
    struct log_id log;
    bool more; /* there are more sessions than these */
    size_t count;
    struct {
        sid_bytes session, participant;
    } to[PERSON_LETTERS_MOST];
};

/* Writer's thread: the person's latest sessions that are active, and who it is in them. What waits in others is found out when it is
 * due; whether it talks in one of them is found out by a look at all calls. */
bool person_letters_find(struct rows *rows, const Maskline__Store__V1__Service *service,
                         const struct person *person, struct person_letters *ret_letters,
                         struct error *error);

/* After the bar is durable. */
void person_letters_hurry(struct masking *masking, const struct person_letters *letters);

#endif
