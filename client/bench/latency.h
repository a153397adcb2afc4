/*
 * How long streams take.
 */
#ifndef MASKLINE_CLIENT_BENCH_LATENCY_H
#define MASKLINE_CLIENT_BENCH_LATENCY_H

#include "client/bench/load.h"
#include "client/bench/world.h"

/* The time of each text from when it was due to its event at the reader of its Service's stream; the texts themselves go as `load`
 * says, but for what is called. One stream for each Service; blocking. False, said to stderr, also when events are missing 30 s after the
 * last answer. `ret_result` tells of the texts' own answers. */
bool latency_of_events(const struct load_options *load, struct world *world,
                       struct load_result *ret_result, struct histogram *ret_times);

/* Messages to and fro on one stream of the bare echo, one at a time, for so long. */
bool latency_of_talk(const char *target, double seconds, struct histogram *ret_times,
                     double *ret_seconds);

#endif
