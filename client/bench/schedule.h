/*
 * When calls of an open loop are due, whatever became of the calls before: at even distances, or as independent callers would
 * come (a Poisson process).
 */
#ifndef MASKLINE_CLIENT_BENCH_SCHEDULE_H
#define MASKLINE_CLIENT_BENCH_SCHEDULE_H

#include "client/bench/chance.h"

#include <stdint.h>

enum arrivals { ARRIVALS_POISSON, ARRIVALS_CONSTANT };

struct schedule {
    enum arrivals arrivals;
    double rate; /* calls a second */
    struct chance chance;
    uint64_t count; /* told so far */
    double last;
};

/* `rate` is more than 0. */
void schedule_init(struct schedule *schedule, enum arrivals arrivals, double rate, uint64_t seed);

/* Seconds from the beginning to the next call; never runs back. */
double schedule_next(struct schedule *schedule);

#endif
