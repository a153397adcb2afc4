/*
 * After a run: waits until everything that was accepted has reached its phone, every send and receipt is in the log, and nothing is
 * left to be sent.
 */
#ifndef MASKLINE_CLIENT_BENCH_SETTLE_H
#define MASKLINE_CLIENT_BENCH_SETTLE_H

#include "client/bench/process.h"
#include "client/bench/world.h"

/* Seconds from the call. */
struct settled {
    double delivered_seconds; /* until the sampled phones had all */
    double recorded_seconds;  /* until the last event was in a log */
    double cpu_seconds;       /* of the server by then: what is asked afterwards is not its work */
    uint64_t events;          /* in all logs */
};

/* Blocking. Polls a few pairs and Services until they are quiet, then asks all; at last it asks whether a leg in the sampled sessions is not
 * final. False, said to stderr, when texts are missing at their phones after a minute, or when such a leg is left. `server` is the
 * process whose CPU is told. */
bool settle(struct world *world, pid_t server, struct settled *ret_settled);

#endif
