/*
 * Makes calls and measures how long each takes.
 *
 * Closed loop: so many connections, so many calls in flight on each; a call that ends begins the next.
 * Open loop: calls begin when a schedule says so, whatever became of earlier ones, and their time counts from then. When the
 * server stalls, the calls that should have begun in the meantime tell of it.
 *
 * What is called is the caller's business: `begin` starts one call and sees to it that load_done is called when it ends.
 */
#ifndef MASKLINE_CLIENT_BENCH_LOAD_H
#define MASKLINE_CLIENT_BENCH_LOAD_H

#include "client/bench/histogram.h"
#include "client/bench/schedule.h"
#include "client/rpc/client.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOAD_KINDS = 6, LOAD_CONNECTIONS_MOST = 1024, LOAD_SLOTS_MOST = 262144 };

struct load;

/* The place of one call in flight, used again by the next. It is the `data` of the call. */
struct slot {
    struct load *load;
    struct grpc_c_channel *channel;
    void *data;        /* load_options.data */
    uint64_t number;   /* of the call, from 0 */
    int64_t due_ns;    /* when it was to begin, on the monotonic clock */
    unsigned kind;     /* below LOAD_KINDS: `begin` sets it */
    unsigned item;     /* for `begin` and what ends the call */
    struct slot *next; /* of the free ones */
};

/* Starts a call; calls of one run are started one at a time. False: it could not, and load_done will not be called. */
typedef bool (*load_begin)(struct slot *slot);

struct load_options {
    const char *target;
    unsigned connections;
    unsigned in_flight; /* on each connection; of an open loop the most, beyond which calls wait */
    double seconds;
    uint64_t calls; /* end after so many, too; 0: time alone counts */
    double rate;    /* calls a second of an open loop; 0: a closed loop */
    enum arrivals arrivals;
    uint64_t seed;
    bool warm; /* before the clock starts, one call on each connection, which counts nowhere here */
    load_begin begin;
    void *data;
};

struct load_tally {
    struct histogram times; /* nanoseconds, of calls that went well or not */
    uint64_t failed;
};

struct load_result {
    struct load_tally kinds[LOAD_KINDS];
    uint64_t calls;
    uint64_t failed;
    uint64_t waited; /* of an open loop: calls that found too many in flight */
    double seconds;  /* until the last call ended */
    char first_failure[200];
};

/* Runs the load and fills the result, which is large; blocking. False when it could not begin, said to stderr. */
bool load_run(const struct load_options *options, struct load_result *ret_result);

/* The call of this slot has ended. On the client library's thread. */
void load_done(struct slot *slot, const struct grpc_c_status *status, bool ok);

#endif
