/*
 * Many event streams at once: readers of the log as the servers of users are.
 */
#ifndef MASKLINE_CLIENT_BENCH_STREAMS_H
#define MASKLINE_CLIENT_BENCH_STREAMS_H

#include "maskline/v1/events.pb-c.h"

#include <stdbool.h>

struct streams;

struct streams_options {
    const char *target;
    unsigned connections;
    unsigned count;
    /* The SID of the Service that stream `index` follows, from now on. */
    const char *(*service)(void *data, unsigned index);
    /* A text was accepted; on the client library's thread. NULL: nobody asks. */
    void (*accepted)(void *data, const Maskline__V1__Event *event);
    void *data;
};

/* Opens them and waits until each has begun: nothing is missed from then on. NULL, said to stderr. */
struct streams *streams_open(const struct streams_options *options);

/* Ends them all, and waits for it. NULL is fine. */
void streams_close(struct streams *streams);

#endif
