/*
 * The command line of maskline-bench.
 */
#ifndef MASKLINE_CLIENT_BENCH_OPTIONS_H
#define MASKLINE_CLIENT_BENCH_OPTIONS_H

#include "client/bench/mix.h"
#include "client/bench/schedule.h"

#include <stdbool.h>
#include <stdint.h>

enum { MIXES_MOST = 8, LOADS_MOST = 8, SERVICES_MOST = 4, ECHOES_MOST = 4, ROUNDS_MOST = 100 };

struct load_shape {
    unsigned connections;
    unsigned in_flight;
};

struct options {
    const char *folder; /* for stores; on the disk that counts */
    const char *server_program;
    const char *echo_program;
    const char *postgres; /* folder of PostgreSQL's programs; empty: not compared with */
    const char *json;     /* file, "-" for standard output; NULL: none */
    bool bars;            /* no mix was given: the whole table of bars */
    bool curve;           /* in place of all else: what choosing a number costs */
    bool curve_quick;
    struct mix mixes[MIXES_MOST];
    unsigned mix_count;
    struct load_shape loads[LOADS_MOST];
    unsigned load_count;
    unsigned services[SERVICES_MOST];
    unsigned services_count;
    unsigned echo_threads[ECHOES_MOST];
    unsigned echo_count;
    double seconds;
    unsigned rounds;
    double rate; /* 0: closed loop */
    enum arrivals arrivals;
    unsigned pairs;
    unsigned numbers;
    unsigned sessions;
    unsigned subscribers;
    unsigned events_rate;
    uint64_t seed;
    const char *const *server_arguments; /* behind --; NULL last */
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/* `arguments` ends in NULL and lives as long as the options. What is wrong is said to stderr, the help to stdout. */
enum options_result options_read(char *const *arguments, struct options *ret_options);

#endif
