/*
 * A whole run: starts what is measured, measures it in turns, ends it.
 */
#ifndef MASKLINE_CLIENT_BENCH_RUN_H
#define MASKLINE_CLIENT_BENCH_RUN_H

#include "client/bench/options.h"
#include "client/bench/report.h"

#include <stdio.h>

struct run_options {
    const struct options *options;
    const char *folder; /* for stores; exists */
    const char *server_program;
    const char *echo_program;
    FILE *out; /* for people */
};

/* False, said to stderr, when something could not be started or a call failed; what was measured until then is in the report. */
bool run_all(const struct run_options *options, struct report *report);

#endif
