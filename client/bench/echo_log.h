/*
 * What a durable echo does between a call and its answer: the call's bytes become a key in RocksDB, or several, those of all calls that
 * wait in one write with one fsync; and further keys after the answer, with no fsync of their own. No Maskline code is in it: a server
 * that writes as much has at least this to do.
 *
 * Aborts when the disk fails: what is measured then would be nothing.
 */
#ifndef MASKLINE_CLIENT_BENCH_ECHO_LOG_H
#define MASKLINE_CLIENT_BENCH_ECHO_LOG_H

#include "client/bench/echo_queue.h"

/* How many keys a call is. */
struct echo_log_keys {
    unsigned before; /* its answer; at least 1 */
    unsigned after;
};

/* Opens an empty store in `folder`, which is made, and starts the thread that writes. It takes what waits in the
 * queue, and calls `durable` for one item after the other. 0: no. */
int echo_log_start(const char *folder, struct echo_log_keys keys,
                   void (*durable)(struct echo_item *item));

#endif
