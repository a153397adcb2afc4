/*
 * After a run: waits until everything that was accepted has reached its phone, every send and receipt is in the log, and nothing is left
 * to be sent.
 */
#ifndef MASKLINE_CLIENT_BENCH_SETTLE_H
#define MASKLINE_CLIENT_BENCH_SETTLE_H

#include "client/bench/process.h"
#include "client/bench/world.h"

struct settled {
    double
        delivered_seconds; /* from the call to the last text at a phone; to one poll of samples exact */
    double recorded_seconds; /* from the call to the last event in a log */
    double
        cpu_seconds; /* of the server when that event was seen: what is asked afterwards is not its work */
    uint64_t events; /* in all logs */
};

/* Blocking. Polls a few pairs and Services, then asks all, and asks whether legs of theirs are not final. False, said to stderr, when texts are
 * missing at their phones or legs remain after a minute without progress. */
bool settle(struct world *world, pid_t server, struct settled *ret_settled);

#endif
