/*
 * A closed loop of calls: so many connections, so many calls in flight on each; a call that ends begins the next.
 */
#ifndef MASKLINE_CLIENT_BENCH_LOAD_H
#define MASKLINE_CLIENT_BENCH_LOAD_H

#include "client/rpc/client.h"

#include <stdbool.h>
#include <stdint.h>

struct load;

/* Begins one call on the channel, which calls load_done(load, slot, ...) when it ends; `number` counts calls from 0. */
typedef bool (*load_begin)(void *data, struct load *load, unsigned slot,
                           struct grpc_c_channel *channel, uint64_t number);

struct load_options {
    const char *target;
    unsigned connections;
    unsigned in_flight; /* on each connection */
    double seconds;
    load_begin begin;
    void *data;
};

struct load_result {
    uint64_t calls;
    uint64_t failed;
    double seconds;
    double p50_us, p99_us; /* of the calls' times */
    char first_failure[160];
};

/* Runs the loop; blocking. False when it could not begin. */
bool load_run(const struct load_options *options, struct load_result *ret_result);

/* A call of this slot has ended. On the client library's thread. */
void load_done(struct load *load, unsigned slot, const struct grpc_c_status *status, bool ok);

double now_seconds(void);

#endif
